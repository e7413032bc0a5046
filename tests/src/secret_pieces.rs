//! Pieces of secret octets in the encodings in which they could leave a browser.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Octets of a secret that are not found by chance.
const RAW: usize = 8;
/// Digits of a secret that are not found by chance.
const DIGITS: usize = 16;

/// The pieces to look for.
#[derive(Default)]
pub struct SecretPieces {
    raw: HashSet<Vec<u8>>,
    digits: HashSet<Vec<u8>>,
}

impl SecretPieces {
    /// Adds secret octets: raw, in hexadecimal digits, in base64 at any place of a longer text, as in PEM, and in base64 of that.
    pub fn add(&mut self, secret: &[u8]) {
        self.raw.extend(secret.windows(RAW).map(<[u8]>::to_vec));
        let once = in_base64(secret);
        let twice = once.iter().flat_map(|text| in_base64(text.as_bytes()));
        let hexadecimal = [hex::encode(secret), hex::encode_upper(secret)];
        for text in hexadecimal.iter().cloned().chain(twice).chain(once.iter().cloned()) {
            self.digits.extend(text.as_bytes().windows(DIGITS).map(<[u8]>::to_vec));
        }
    }

    /// The number of pieces.
    pub fn count(&self) -> usize {
        self.raw.len() + self.digits.len()
    }

    /// True if a piece is in these octets, as they are or decoded.
    pub fn are_in(&self, octets: &[u8]) -> bool {
        let has_piece = |octets: &[u8]| {
            octets.windows(RAW).any(|window| self.raw.contains(window))
                || octets.windows(DIGITS).any(|window| self.digits.contains(window))
        };
        has_piece(octets) || has_piece(&joined(octets))
    }
}

/// The digits of base64 depend on the place of the first octet, modulo 3; the last ones on what follows.
fn in_base64(octets: &[u8]) -> Vec<String> {
    (0..3)
        .flat_map(|skipped| {
            let whole: Vec<u8> = octets[skipped..].chunks_exact(3).flatten().copied().collect();
            [STANDARD_NO_PAD.encode(&whole), URL_SAFE_NO_PAD.encode(&whole)]
        })
        .collect()
}

/// Percent-decoded, and without the gaps between digits.
pub fn joined(octets: &[u8]) -> Vec<u8> {
    let text: String = octets.iter().map(|octet| char::from(*octet)).collect();
    let mut parts = text.split('%');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(octet) => plain.extend([char::from(octet).to_string().as_str(), &part[2..]]),
            None => plain.extend(["%", part]),
        }
    }
    plain.chars().filter(|c| !c.is_whitespace() && *c != ':').map(|c| c as u32 as u8).collect()
}

/// True if the piece is somewhere in the octets.
pub fn contains(octets: &[u8], piece: &[u8]) -> bool {
    octets.windows(piece.len()).any(|window| window == piece)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_every_form_and_nothing_else_is() {
        let secret: Vec<u8> = (0..48_u8).map(|octet| octet.wrapping_mul(37) ^ 0x5a).collect();
        let mut pieces = SecretPieces::default();
        pieces.add(&secret);
        for before in 0..6 {
            let longer = [&b"before"[..before], &secret, b"behind"].concat();
            let base64 = STANDARD_NO_PAD.encode(&longer);
            let lines: Vec<&str> =
                (0..base64.len()).step_by(32).map(|at| &base64[at..base64.len().min(at + 32)]).collect();
            let pem = lines.join("\r\n");
            let percent: String = longer.iter().map(|octet| format!("%{octet:02x}")).collect();
            for form in [
                hex::encode(&longer),
                percent,
                STANDARD_NO_PAD.encode(&pem),
                URL_SAFE_NO_PAD.encode(&longer),
                pem,
            ] {
                assert!(pieces.are_in(form.as_bytes()), "{form}");
            }
            assert!(pieces.are_in(&longer));
        }
        let other: Vec<u8> = (0..200_u8).collect();
        assert!(!pieces.are_in(&other) && !pieces.are_in(hex::encode(other).as_bytes()));
    }
}
