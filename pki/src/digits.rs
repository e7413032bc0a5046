//! The values of digits: hexadecimal, and base32 (RFC 4648 sections 8 and 6).

/// The value of a hexadecimal digit.
pub(crate) fn hex_digit(digit: u8) -> Option<u8> {
    const NO_DIGIT: u8 = 0xff;
    const VALUES: [u8; 256] = {
        let mut values = [NO_DIGIT; 256];
        let mut value = 0;
        while value < 16 {
            values[b"0123456789abcdef"[value as usize] as usize] = value;
            values[b"0123456789ABCDEF"[value as usize] as usize] = value;
            value += 1;
        }
        values
    };
    let value = VALUES[usize::from(digit)];
    (value != NO_DIGIT).then_some(value)
}

/// The octet of two hexadecimal digits.
pub(crate) fn hex_octet(high: u8, low: u8) -> Option<u8> {
    Some(hex_digit(high)? << 4 | hex_digit(low)?)
}

/// The value of a digit of base32.
pub(crate) fn base32_digit(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'2'..=b'7' => Some(digit - b'2' + 26),
        _ => None,
    }
}

/// The octets of a text in base32. Skips all other characters, and the bits of an incomplete octet.
pub(crate) fn base32_octets(text: &[u8]) -> impl Iterator<Item = u8> {
    let (mut bits, mut count) = (0_u32, 0);
    text.iter().filter_map(|byte| base32_digit(*byte)).filter_map(move |digit| {
        bits = bits << 5 | u32::from(digit);
        count += 5;
        (count >= 8).then(|| {
            count -= 8;
            (bits >> count & 0xff) as u8
        })
    })
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
            assert_eq!(base32_octets(text.as_bytes()).collect::<Vec<_>>(), octets.as_bytes());
        }
    }
}
