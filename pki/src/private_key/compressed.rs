//! gzip and zlib, which Helm and others put between two layers of base64.

use std::io::Read as _;

use flate2::read::{GzDecoder, ZlibDecoder};
use memchr::memmem;

/// The bytes that a beginning counts for, whatever is behind it: a decoder costs as much as passing over so many.
pub(super) const START_COST: usize = 16 * 1024;

/// RFC 1952 section 2.3.1: ID1, ID2, and the only method.
const GZIP: [u8; 3] = [0x1f, 0x8b, 8];

/// The places where compressed data may begin.
pub(super) fn starts(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let zlib = is_zlib(bytes).then_some(0);
    zlib.into_iter().chain(memmem::find_iter(bytes, &GZIP))
}

/// RFC 1950 section 2.2: method and window, and a checksum of both octets.
fn is_zlib(bytes: &[u8]) -> bool {
    matches!(bytes, [0x78, flags, ..] if (0x7800 + u16::from(*flags)).is_multiple_of(31) && flags & 0x20 == 0)
}

/// What is readable of the data: at most `most` bytes and one more.
pub(super) fn inflate(bytes: &[u8], most: usize) -> Vec<u8> {
    let mut octets = Vec::new();
    let most = most as u64 + 1;
    // Cut-off data is read up to its end.
    let _ = match bytes.starts_with(&GZIP) {
        true => GzDecoder::new(bytes).take(most).read_to_end(&mut octets),
        false => ZlibDecoder::new(bytes).take(most).read_to_end(&mut octets),
    };
    octets
}
