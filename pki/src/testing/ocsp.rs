//! OCSP requests, and the statuses in answers, written and read without the code under test.

use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

use super::encode::{oid, sequence, tlv};
use crate::issuer::Issuer;

/// The hash of a CertID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OcspHash {
    /// SHA-1, as in RFC 5019.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512, which is not answered.
    Sha512,
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OcspSaid {
    /// No status: the OCSPResponseStatus.
    Error(u8),
    /// The statuses: 0 is good, 2 unknown; revoked is 1, with the number of its reason, 0 if there is none.
    Statuses(Vec<(u8, u8)>),
}

/// A Request about a certificate of an issuer, by the content of its serial.
#[must_use]
pub fn ocsp_single(issuer: &Issuer, serial: &[u8], hash: OcspHash) -> Vec<u8> {
    let (id, algorithm): (_, &Algorithm) = match hash {
        OcspHash::Sha1 => ("1.3.14.3.2.26", &SHA1_FOR_LEGACY_USE_ONLY),
        OcspHash::Sha256 => ("2.16.840.1.101.3.4.2.1", &SHA256),
        OcspHash::Sha512 => ("2.16.840.1.101.3.4.2.3", &aws_lc_rs::digest::SHA512),
    };
    let hashed = |octets: &[u8]| tlv(4, digest(algorithm, octets).as_ref());
    let hash = sequence(&[oid(id), tlv(5, &[])]);
    let content = match serial {
        [first, ..] if first & 0x80 != 0 => [&[0], serial].concat(),
        _ => serial.to_vec(),
    };
    let name = hashed(issuer.subject_der());
    sequence(&[sequence(&[hash, name, hashed(issuer.key().bits()), tlv(2, &content)])])
}

/// A request with these Requests.
#[must_use]
pub fn ocsp_request(requests: &[Vec<u8>], nonce: Option<&[u8]>) -> Vec<u8> {
    let nonce = nonce.map(|nonce| sequence(&[oid("1.3.6.1.5.5.7.48.1.2"), tlv(4, &tlv(4, nonce))]));
    let extensions = nonce.map(|one| tlv(0xa2, &sequence(&[one]))).unwrap_or_default();
    sequence(&[sequence(&[sequence(requests), extensions])])
}

/// Reads an answer.
///
/// # Panics
/// If it is no OCSPResponse.
#[must_use]
pub fn ocsp_said(answer: &[u8]) -> OcspSaid {
    let outer = elements(elements(answer)[0].1);
    let status = outer[0].1[0];
    if status != 0 {
        assert_eq!(outer.len(), 1, "an error has no more than its number");
        return OcspSaid::Error(status);
    }
    // [0], ResponseBytes, OCTET STRING, BasicOCSPResponse, ResponseData
    let bytes = elements(elements(outer[1].1)[0].1);
    let data = elements(elements(elements(bytes[1].1)[0].1)[0].1);
    let responses = data.iter().find(|(tag, _)| *tag == 0x30).expect("responses");
    let statuses = elements(responses.1).into_iter().map(|(_, single)| {
        let (tag, content) = elements(single)[1];
        let reason = if tag == 0xa1 { elements(content).get(1).map(|(_, reason)| reason[2]) } else { None };
        (tag & 0x1f, reason.unwrap_or(0))
    });
    OcspSaid::Statuses(statuses.collect())
}

/// The elements in some octets: tag and content.
fn elements(mut octets: &[u8]) -> Vec<(u8, &[u8])> {
    let mut all = Vec::new();
    while let [tag, first, rest @ ..] = octets {
        let (length, rest) = match first {
            short if *short < 0x80 => (usize::from(*short), rest),
            long => {
                let (length, rest) = rest.split_at(usize::from(long & 0x7f));
                (length.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet)), rest)
            }
        };
        let (content, rest) = rest.split_at(length);
        all.push((*tag, content));
        octets = rest;
    }
    all
}
