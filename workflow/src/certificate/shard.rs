//! Shards of an issuer's revocation list: one of N lists, each for a part of the certificates.
//!
//! Invariant: the shard of a certificate follows from its serial and from the number of shards when it was issued, and its
//! address has both, so a later number changes nothing about it. Each shard of N has every revoked serial that falls to it, of
//! whichever number its certificate was issued under: whoever publishes need not know that number. Decision 0129.

use std::fmt;

use pki::certificate::Serial;

use crate::policy::MAX_LIST_SHARDS;

/// The folder of revocation lists, in the bucket and in addresses.
pub const LISTS: &str = "crl/";

/// One of the shards of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard {
    /// From 1 on.
    number: u16,
    of: u16,
}

/// A list in the bucket: the whole list of an issuer, or a shard of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListName {
    /// The issuer's subject key identifier, in hexadecimal.
    pub key_identifier: String,
    /// `None` for the whole list.
    pub shard: Option<Shard>,
}

impl Shard {
    /// The shard of a certificate among so many; `None` if there are too few or too many.
    #[must_use]
    pub fn of_serial(serial: &Serial, of: u16) -> Option<Shard> {
        if !(2..=MAX_LIST_SHARDS).contains(&of) {
            return None;
        }
        // The octets at the end of a serial are random.
        let low = serial.octets().iter().rev().take(8).rev();
        let low = low.fold(0_u64, |number, octet| number << 8 | u64::from(*octet));
        let number = u16::try_from(low % u64::from(of)).ok()? + 1;
        Some(Shard { number, of })
    }

    /// All shards of a list of so many; none if there are too few or too many.
    pub fn all(of: u16) -> impl Iterator<Item = Shard> {
        let last = if (2..=MAX_LIST_SHARDS).contains(&of) { of } else { 0 };
        (1..=last).map(move |number| Shard { number, of })
    }

    /// The number of shards.
    #[must_use]
    pub fn of(self) -> u16 {
        self.of
    }

    /// True if a revoked certificate belongs on this shard.
    #[must_use]
    pub fn has(self, serial: &Serial) -> bool {
        Shard::of_serial(serial, self.of) == Some(self)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}of{}", self.number, self.of)
    }
}

impl ListName {
    /// The whole list of an issuer with this subject key identifier.
    #[must_use]
    pub fn whole(key_identifier: impl Into<String>) -> ListName {
        ListName { key_identifier: key_identifier.into(), shard: None }
    }

    /// True if a revoked certificate of the issuer belongs on this list.
    #[must_use]
    pub fn has(&self, serial: &Serial) -> bool {
        self.shard.is_none_or(|shard| shard.has(serial))
    }

    /// The path in the bucket and in addresses.
    #[must_use]
    pub fn path(&self) -> String {
        let Self { key_identifier, shard } = self;
        shard.map_or_else(
            || format!("{LISTS}{key_identifier}.crl"),
            |shard| format!("{LISTS}{key_identifier}-{shard}.crl"),
        )
    }

    /// Reads a path; `None` if no list has it.
    #[must_use]
    pub fn from_path(path: &str) -> Option<ListName> {
        let name = path.strip_prefix(LISTS)?.strip_suffix(".crl")?;
        let Some((key_identifier, shard)) = name.split_once('-') else {
            return Some(ListName { key_identifier: name.to_owned(), shard: None });
        };
        let (number, of) = shard.split_once("of")?;
        let shard = Shard { number: number.parse().ok()?, of: of.parse().ok()? };
        let read = ListName { key_identifier: key_identifier.to_owned(), shard: Some(shard) };
        // Nothing but what `path` writes, without signs and zeros in front.
        (Shard::all(shard.of).any(|one| one == shard) && read.path() == path).then_some(read)
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;

    use super::*;

    fn serials(count: usize) -> Vec<Serial> {
        let random = SystemRandom::new();
        (0..count).map(|_| Serial::random(&random).unwrap()).collect()
    }

    #[test]
    fn each_serial_is_on_one_shard_whatever_the_number() {
        for of in [2, 3, 8, 255, 256, MAX_LIST_SHARDS] {
            for serial in serials(50) {
                let having: Vec<Shard> = Shard::all(of).filter(|shard| shard.has(&serial)).collect();
                assert_eq!(having, [Shard::of_serial(&serial, of).unwrap()], "{serial} of {of}");
            }
        }
    }

    #[test]
    fn the_shard_of_a_serial_never_changes() {
        // Certificates that are out have these addresses.
        for (serial, of, expected) in [
            ("01", 8, "2of8"),
            ("4f010203", 8, "4of8"),
            ("4f0102030405060708090a0b0c0d0e0f10111213", 8, "4of8"),
            ("4f0102030405060708090a0b0c0d0e0f10111213", 1_000, "260of1000"),
        ] {
            let shard = Shard::of_serial(&serial.parse().unwrap(), of).unwrap();
            assert_eq!(shard.to_string(), expected, "{serial}");
        }
    }

    #[test]
    fn shards_are_of_about_one_size() {
        const OF: u16 = 8;
        const EACH: usize = 1_000;
        let mut counts = [0_usize; OF as usize];
        for serial in serials(usize::from(OF) * EACH) {
            counts[usize::from(Shard::of_serial(&serial, OF).unwrap().number) - 1] += 1;
        }
        // Six standard deviations of a binomial distribution are 180.
        assert!(counts.iter().all(|count| count.abs_diff(EACH) < 200), "{counts:?}");
    }

    #[test]
    fn one_shard_is_none() {
        let serial = "01".parse().unwrap();
        for of in [0, 1, MAX_LIST_SHARDS + 1] {
            assert_eq!((Shard::of_serial(&serial, of), Shard::all(of).count()), (None, 0), "{of}");
        }
    }

    #[test]
    fn a_path_is_read_as_it_is_written_and_no_other() {
        let whole = ListName { key_identifier: "0a0b".into(), shard: None };
        let shards = Shard::all(8).map(|shard| ListName { shard: Some(shard), ..whole.clone() });
        for name in shards.chain([whole.clone()]) {
            assert_eq!(ListName::from_path(&name.path()), Some(name));
        }
        assert_eq!(whole.path(), "crl/0a0b.crl");
        for wrong in [
            "crl/0a0b-0of8.crl",
            "crl/0a0b-9of8.crl",
            "crl/0a0b-1of1.crl",
            "crl/0a0b-01of8.crl",
            "crl/0a0b-+1of8.crl",
            "crl/0a0b-1of8.pem",
            "crl/0a0b-.crl",
            "0a0b.crl",
        ] {
            assert_eq!(ListName::from_path(wrong), None, "{wrong}");
        }
    }
}
