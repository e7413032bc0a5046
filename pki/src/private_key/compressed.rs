//! gzip, zlib and zip, which Helm and people put between two layers of base64.

use std::io::Read as _;

use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};
use memchr::{memchr_iter, memmem};

/// The bytes that each beginning counts for: to start a decoder costs as much as to pass over so many.
pub(super) const START_COST: usize = 16 * 1024;

/// RFC 1952 section 2.3.1: ID1, ID2, and the only method.
const GZIP: [u8; 3] = [0x1f, 0x8b, 8];

/// APPNOTE section 4.3.7: the signature of a file in an archive.
const ZIP: [u8; 4] = *b"PK\x03\x04";

/// The octets of a zip header in front of the name, and the method of compression in it.
const ZIP_HEADER: usize = 30;
const DEFLATE: [u8; 2] = [8, 0];

/// The places where compressed data may begin.
pub(super) fn starts(bytes: &[u8]) -> impl Iterator<Item = usize> {
    // Decoders put a line break between two runs.
    let runs = [0].into_iter().chain(memchr_iter(b'\n', bytes).map(|end| end + 1));
    let zlib = runs.filter(|start| is_zlib(&bytes[*start..]));
    zlib.chain(memmem::find_iter(bytes, &GZIP)).chain(memmem::find_iter(bytes, &ZIP))
}

/// RFC 1950 section 2.2: method and window, and a checksum of both octets.
fn is_zlib(bytes: &[u8]) -> bool {
    matches!(bytes, [0x78, flags, ..] if (0x7800 + u16::from(*flags)).is_multiple_of(31) && flags & 0x20 == 0)
}

/// The data of the first file of an archive, if it is compressed; else it stands in the archive as it is.
fn file(archive: &[u8]) -> Option<&[u8]> {
    let header = archive.get(..ZIP_HEADER)?;
    let length = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
    (header[8..10] == DEFLATE).then_some(())?;
    archive.get(ZIP_HEADER + length(26) + length(28)..)
}

/// The readable start of the data: at most `most` bytes and one more.
pub(super) fn inflate(bytes: &[u8], most: usize) -> Vec<u8> {
    let mut octets = Vec::new();
    let most = most as u64 + 1;
    // Cut-off data is read up to its end.
    let _ = if bytes.starts_with(&GZIP) {
        GzDecoder::new(bytes).take(most).read_to_end(&mut octets)
    } else if bytes.starts_with(&ZIP) {
        file(bytes).map_or(Ok(0), |data| DeflateDecoder::new(data).take(most).read_to_end(&mut octets))
    } else {
        ZlibDecoder::new(bytes).take(most).read_to_end(&mut octets)
    };
    octets
}
