//! IPv4 addresses inside IPv6 addresses.
//!
//! Invariant: pure. Each form is one of an RFC by which a host or a translator on the way reaches the IPv4 address.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The IPv4 addresses that packets to `address` may reach. Empty for an address without one.
#[must_use]
pub fn embedded_ipv4(address: Ipv6Addr) -> Vec<Ipv4Addr> {
    let s = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    let last = v4(s[6], s[7]);
    match s {
        // The unspecified address and the loopback address are no IPv4-compatible ones.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => vec![],
        // RFC 4291 section 2.5.5: IPv4-compatible and IPv4-mapped. RFC 2765 section 2.1: IPv4-translated.
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] | [0, 0, 0, 0, 0xffff, 0, ..] => vec![last],
        // RFC 6052 section 2.1: the well-known prefix of translators.
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => vec![last],
        // RFC 8215: translators with prefixes of their own, of 48, 56, 64 or 96 bits (RFC 6052 section 2.2).
        [0x64, 0xff9b, 1, ..] => {
            let octets = address.octets();
            let places = [[6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12], [12, 13, 14, 15]];
            places.map(|place| Ipv4Addr::from(place.map(|at: usize| octets[at]))).to_vec()
        }
        // RFC 3056 section 2: 6to4.
        [0x2002, high, low, ..] => vec![v4(high, low)],
        // RFC 4380 section 4: Teredo, the server and the client, whose bits are inverted.
        [0x2001, 0, high, low, ..] => vec![v4(high, low), v4(!s[6], !s[7])],
        // RFC 5214 section 6.1: ISATAP.
        [_, _, _, _, 0 | 0x200, 0x5efe, ..] => vec![last],
        _ => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_10_0_0_1_is_found() {
        for text in [
            "::10.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:0:10.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1:a00:0:100::",
            "64:ff9b:1:a:0:1::",
            "64:ff9b:1:0:a:0:100:0",
            "64:ff9b:1::a00:1",
            "2002:a00:1::",
            "2002:a00:1:5::7",
            "2001:0:a00:1::",
            "2001::f5ff:fffe",
            "fe80::5efe:10.0.0.1",
            "2001:db8::200:5efe:10.0.0.1",
        ] {
            let found = embedded_ipv4(text.parse().unwrap());
            assert!(found.contains(&Ipv4Addr::new(10, 0, 0, 1)), "{text}: {found:?}");
        }
    }

    #[test]
    fn an_address_of_ipv6_alone_has_none() {
        for text in ["::", "::1", "2001:db8::a00:1", "fd00::10.0.0.1", "fe80::1", "2003:a00:1::"] {
            assert_eq!(embedded_ipv4(text.parse().unwrap()), [] as [Ipv4Addr; 0], "{text}");
        }
    }
}
