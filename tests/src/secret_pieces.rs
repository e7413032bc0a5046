//! Pieces of secret octets in the encodings in which they could leave a browser.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The pieces to look for.
#[derive(Default)]
pub struct SecretPieces(Vec<Vec<u8>>);

impl SecretPieces {
    /// Adds secret octets: raw, in hexadecimal digits, and in base64 at any place of a longer text.
    pub fn add(&mut self, secret: &[u8]) {
        let mut texts = vec![hex::encode(secret), hex::encode_upper(secret)];
        // The digits of base64 depend on the place of the first octet, modulo 3; the last ones on what follows.
        for skipped in 0..3 {
            let whole: Vec<u8> = secret[skipped..].chunks_exact(3).flatten().copied().collect();
            texts.extend([STANDARD_NO_PAD.encode(&whole), URL_SAFE_NO_PAD.encode(&whole)]);
        }
        self.0.extend(texts.iter().flat_map(|text| text.as_bytes().windows(16).step_by(4)).map(<[u8]>::to_vec));
        self.0.extend(secret.windows(8).map(<[u8]>::to_vec));
    }

    /// The number of pieces.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// True if a piece is in these octets, as they are or decoded.
    pub fn are_in(&self, octets: &[u8]) -> bool {
        let has_piece = |octets: &[u8]| self.0.iter().any(|piece| contains(octets, piece));
        has_piece(octets) || has_piece(&joined(octets))
    }
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
