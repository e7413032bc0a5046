//! The values of digits: hexadecimal, and base32 (RFC 4648 sections 8 and 6).

const NO_DIGIT: u8 = 0xff;

/// The value of each byte, by alphabets of the same digits; [`NO_DIGIT`] for all others.
const fn values(alphabets: &[&[u8]]) -> [u8; 256] {
    let mut values = [NO_DIGIT; 256];
    let mut of = 0;
    while of < alphabets.len() {
        let mut value = 0;
        while value < alphabets[of].len() {
            values[alphabets[of][value] as usize] = value as u8;
            value += 1;
        }
        of += 1;
    }
    values
}

/// The value of a hexadecimal digit.
pub(crate) fn hex_digit(digit: u8) -> Option<u8> {
    const VALUES: [u8; 256] = values(&[b"0123456789abcdef", b"0123456789ABCDEF"]);
    let value = VALUES[usize::from(digit)];
    (value != NO_DIGIT).then_some(value)
}

/// The octet of two hexadecimal digits.
pub(crate) fn hex_octet(high: u8, low: u8) -> Option<u8> {
    Some(hex_digit(high)? << 4 | hex_digit(low)?)
}

/// The value of a digit of base32.
pub(crate) fn base32_digit(digit: u8) -> Option<u8> {
    const VALUES: [u8; 256] = values(&[b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"]);
    let value = VALUES[usize::from(digit)];
    (value != NO_DIGIT).then_some(value)
}

/// The octets of digits of base32; the bits of an incomplete octet are left out. Other characters count as zero.
pub(crate) fn base32_octets(digits: &[u8], octets: &mut Vec<u8>) {
    let value = |digit: &u8| u64::from(base32_digit(*digit).unwrap_or_default());
    let (eights, rest) = digits.as_chunks::<8>();
    octets.reserve(eights.len() * 5 + 5);
    for eight in eights {
        let bits = eight.iter().fold(0, |bits, digit| bits << 5 | value(digit));
        octets.extend_from_slice(&bits.to_be_bytes()[3..]);
    }
    let bits = rest.iter().fold(0, |bits, digit| bits << 5 | value(digit)) << (5 * (8 - rest.len()));
    octets.extend_from_slice(&bits.to_be_bytes()[3..][..rest.len() * 5 / 8]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_hexadecimal_digits_are_an_octet() {
        assert_eq!([hex_octet(b'4', b'b'), hex_octet(b'B', b'4')], [Some(0x4b), Some(0xb4)]);
        assert_eq!([hex_octet(b'+', b'1'), hex_octet(b'1', b'g')], [None, None]);
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (text, octets) in
            [("", ""), ("MY======", "f"), ("MZXW6===", "foo"), ("MZXW6YTBOI======", "foobar")]
        {
            let mut read = Vec::new();
            base32_octets(text.trim_end_matches('=').as_bytes(), &mut read);
            assert_eq!(read, octets.as_bytes());
        }
    }
}
