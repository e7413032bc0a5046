//! CBOR (RFC 8949), written by hand.

fn head(major: u8, number: u64) -> Vec<u8> {
    let octets = number.to_be_bytes();
    let (info, length) = match number {
        0..24 => return vec![major << 5 | octets[7]],
        24..0x100 => (24, 1),
        0x100..0x1_0000 => (25, 2),
        0x1_0000..0x1_0000_0000 => (26, 4),
        _ => (27, 8),
    };
    [&[major << 5 | info], &octets[8 - length..]].concat()
}

fn length(items: usize) -> u64 {
    u64::try_from(items).unwrap()
}

/// An integer.
pub(crate) fn cbor_integer(number: i64) -> Vec<u8> {
    if number < 0 { head(1, (-1 - number).unsigned_abs()) } else { head(0, number.unsigned_abs()) }
}

/// A byte string.
pub(crate) fn cbor_bytes(octets: &[u8]) -> Vec<u8> {
    [head(2, length(octets.len())), octets.to_vec()].concat()
}

/// A text string.
pub(crate) fn cbor_text(text: &str) -> Vec<u8> {
    [head(3, length(text.len())), text.as_bytes().to_vec()].concat()
}

/// An array of encoded items.
#[cfg(test)]
pub(crate) fn cbor_array(items: &[Vec<u8>]) -> Vec<u8> {
    [head(4, length(items.len())), items.concat()].concat()
}

/// A map of encoded keys and values, in this order.
pub(crate) fn cbor_map(entries: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let content: Vec<u8> = entries.iter().flat_map(|(key, value)| [&key[..], value].concat()).collect();
    [head(5, length(entries.len())), content].concat()
}
