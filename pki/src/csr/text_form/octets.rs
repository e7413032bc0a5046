//! Octets that a form held: as the text that they are, or as base64 of a whole SEQUENCE of DER.
//!
//! Invariant: other octets are left out, such as those of one line of a request. Among such lines, one in some hundred is a
//! short value of DER by chance, of a tag that no request has. So only a SEQUENCE counts.

use std::io::Read as _;

use base64::Engine;
use flate2::read::{DeflateDecoder, GzDecoder};

use super::super::Csr;
use super::super::base64_text::BASE64;
use super::super::der_kind;
use super::has_controls;
use crate::strict_der;

/// The compressed data inside of compressed data that is opened, at most.
const MAX_COMPRESSIONS: usize = 2;

/// The tag of a SEQUENCE (X.690 section 8.9).
const SEQUENCE: u8 = 0x30;

/// The text for these octets; `None` if they are neither text nor one whole SEQUENCE of DER, as a request, a key and a
/// certificate are.
pub(super) fn text_of(octets: Vec<u8>) -> Option<String> {
    let mut octets = octets;
    for _ in 0..MAX_COMPRESSIONS {
        match inflated(&octets) {
            Some(inflated) => octets = inflated,
            None => break,
        }
    }
    // UTF-16; the NULs are another form.
    if is_utf_16(&octets) {
        return Some(String::from_utf8_lossy(&octets).into_owned());
    }
    match String::from_utf8(octets) {
        Ok(text) => is_text(&text).then_some(text),
        Err(error) => {
            let octets = error.into_bytes();
            let is_value = octets.first() == Some(&SEQUENCE) && strict_der::check(&octets).is_ok();
            is_value.then(|| BASE64.encode(octets))
        }
    }
}

/// Like [`text_of`], for octets that more octets may follow, as the readable column of a dump or its padding.
pub(super) fn text_of_padded(mut octets: Vec<u8>) -> Option<String> {
    // A SEQUENCE of a request's length: no text begins so.
    if matches!(octets.as_slice(), [0x30, 0x81 | 0x82, ..])
        && let Some(length) = der_kind::whole_length(&octets)
    {
        octets.truncate(length);
    }
    text_of(octets)
}

/// True for UTF-16 with its byte order mark. Every second octet of a request is a NUL then; text around it may have fewer.
fn is_utf_16(octets: &[u8]) -> bool {
    let has_mark = matches!(octets, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    has_mark && octets.iter().filter(|octet| **octet == 0).count() * 4 > octets.len()
}

fn is_text(text: &str) -> bool {
    const SHORTEST: usize = 32;
    text.len() >= SHORTEST && !has_controls(text)
}

/// The content of gzip (RFC 1952), or of a zip archive with one file; at most the length of a request's text.
fn inflated(octets: &[u8]) -> Option<Vec<u8>> {
    let mut inflated = Vec::new();
    let most = Csr::MAX_BYTES as u64 + 1;
    match octets {
        [0x1f, 0x8b, 8, ..] => GzDecoder::new(octets).take(most).read_to_end(&mut inflated).ok()?,
        [b'P', b'K', 3, 4, ..] => {
            let (is_stored, data) = only_file(octets)?;
            match is_stored {
                true => data.take(most).read_to_end(&mut inflated).ok()?,
                false => DeflateDecoder::new(data).take(most).read_to_end(&mut inflated).ok()?,
            }
        }
        _ => return None,
    };
    (inflated.len() <= Csr::MAX_BYTES).then_some(inflated)
}

/// The data of the only file of a zip archive, and whether it is stored as it is. APPNOTE sections 4.3.7 and 4.3.16.
fn only_file(archive: &[u8]) -> Option<(bool, &[u8])> {
    const END_OF_DIRECTORY: usize = 22;
    let short = |at: usize| archive.get(at..)?.first_chunk().map(|two| u16::from_le_bytes(*two));
    let long = |octets: &[u8], at: usize| {
        usize::try_from(u32::from_le_bytes(*octets.get(at..)?.first_chunk()?)).ok()
    };
    let end = archive.len().checked_sub(END_OF_DIRECTORY)?;
    if !archive[end..].starts_with(b"PK\x05\x06") || short(end + 10)? != 1 {
        return None;
    }
    let entry = archive.get(long(archive, end + 16)?..)?;
    let length = long(entry, 20)?;
    let data = 30 + usize::from(short(26)?) + usize::from(short(28)?);
    let data = archive.get(data..data.checked_add(length)?)?;
    match short(8)? {
        0 => Some((true, data)),
        8 => Some((false, data)),
        _ => None,
    }
}
