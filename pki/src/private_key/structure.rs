//! Private keys by their octets, at any place among others.
//!
//! A structure is recognised by its first elements: a key that is cut off is a key. Each place is looked at in
//! constant time.

use memchr::memmem;

use super::KeyFormat;
use super::places::Places;

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// The first private key among the octets.
pub(super) fn find(bytes: &[u8]) -> Option<KeyFormat> {
    if let Some(format) = Places::of([SEQUENCE], bytes).find_map(|at| der(&bytes[at..])) {
        return Some(format);
    }
    let has_pgp = || Places::of([0x94, 0x95, 0xc5], bytes).any(|at| is_pgp(&bytes[at..]));
    let has_java = || {
        let magic = [[0xfe, 0xed, 0xfe, 0xed], [0xce, 0xce, 0xce, 0xce]];
        magic.iter().any(|magic| memmem::find_iter(bytes, magic).any(|at| is_key_store(&bytes[at + 4..])))
    };
    if memmem::find(bytes, b"openssh-key-v1\0").is_some() {
        Some(KeyFormat::OpenSsh)
    } else if memmem::find_iter(bytes, &[0x3f, 0x6f, 0xf9, 0xeb]).any(|at| is_ssh2(&bytes[at + 4..])) {
        Some(KeyFormat::Ssh2)
    } else if has_java() {
        Some(KeyFormat::JavaKeyStore)
    } else if has_pgp() {
        Some(KeyFormat::Pgp)
    } else if is_of_windows(bytes) {
        Some(KeyFormat::Windows)
    } else {
        None
    }
}

/// True for a key blob of Windows: PRIVATEKEYBLOB and PVK of CryptoAPI, which openssl writes too (MSBLOB, PVK), and
/// BCRYPT_RSAKEY_BLOB and BCRYPT_ECCKEY_BLOB of CNG.
fn is_of_windows(bytes: &[u8]) -> bool {
    const PVK: [u8; 4] = [0x1e, 0xf1, 0xb5, 0xb0];
    let number = |rest: &[u8]| rest.first_chunk::<4>().map(|four| u32::from_le_bytes(*four));
    let is_pvk = |at: usize| matches!(bytes.get(at + 4..at + 12), Some([0, 0, 0, 0, 1 | 2, 0, 0, 0]));
    if memmem::find_iter(bytes, &PVK).any(is_pvk) {
        return true;
    }
    // The magic number of a private key, and bits or octets behind it.
    let is_blob = |at: usize| match bytes[at..].first_chunk::<4>() {
        Some(b"RSA2" | b"RSA3" | b"DSS2" | b"DSS4") => {
            number(&bytes[at + 4..]).is_some_and(|bits| (512..=16_384).contains(&bits) && bits % 8 == 0)
        }
        // ECDSA and ECDH, on P-256, P-384 and P-521.
        Some(b"ECS2" | b"ECS4" | b"ECS6" | b"ECK2" | b"ECK4" | b"ECK6") => {
            matches!(number(&bytes[at + 4..]), Some(32 | 48 | 66))
        }
        _ => false,
    };
    [&b"RSA"[..], b"DSS", b"ECS", b"ECK"]
        .iter()
        .any(|beginning| memmem::find_iter(bytes, beginning).any(is_blob))
}

/// The format of a DER SEQUENCE that is a private key.
fn der(bytes: &[u8]) -> Option<KeyFormat> {
    let outer = content(bytes, SEQUENCE)?;
    match outer.inside {
        [INTEGER, 1, version, rest @ ..] => versioned(*version, rest),
        // EncryptedPrivateKeyInfo: an algorithm that derives a key from a password, and the ciphertext.
        [SEQUENCE, ..] => {
            let algorithm = content(outer.inside, SEQUENCE)?;
            is_password_based(algorithm.inside).then_some(KeyFormat::EncryptedPkcs8)
        }
        _ => None,
    }
}

fn versioned(version: u8, rest: &[u8]) -> Option<KeyFormat> {
    match (version, rest.first()?) {
        // RFC 5958 section 2: the algorithm, and the key in an OCTET STRING. In a certificate of version 1 with the
        // serial 0 or 1 the issuer follows the algorithm; in a request the subject is in this place.
        (0 | 1, &SEQUENCE) => {
            let algorithm = content(rest, SEQUENCE)?;
            content(algorithm.inside, OBJECT_IDENTIFIER)?;
            matches!(algorithm.after.first(), None | Some(&OCTET_STRING)).then_some(KeyFormat::Pkcs8)
        }
        // RFC 8017 appendix A.1.2: the modulus, and an exponent that is much shorter. In a DSA key they are p and q.
        (0 | 1, &INTEGER) => {
            let first = content(rest, INTEGER)?;
            let second = content(first.after, INTEGER);
            let is_dsa = second.is_some_and(|second| (16..=40).contains(&second.length));
            (first.length >= 32).then_some(if is_dsa { KeyFormat::Dsa } else { KeyFormat::Pkcs1 })
        }
        // RFC 5915 section 3: as many octets as the order of the curve.
        (1, &OCTET_STRING) => {
            let scalar = content(rest, OCTET_STRING)?;
            (14..=72).contains(&scalar.length).then_some(KeyFormat::Sec1)
        }
        // RFC 7292 section 4: the content is data, or signed data.
        (3, &SEQUENCE) => {
            const PKCS7: &[u8] = &[OBJECT_IDENTIFIER, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7];
            let info = content(rest, SEQUENCE)?;
            info.inside
                .strip_prefix(PKCS7)
                .is_some_and(|last| matches!(last, [1 | 2, ..]))
                .then_some(KeyFormat::Pkcs12)
        }
        _ => None,
    }
}

/// True for PBES1 and PBES2 (RFC 8018 appendix A), and for the algorithms of PKCS#12 (RFC 7292 appendix C).
fn is_password_based(algorithm: &[u8]) -> bool {
    const RSADSI: [u8; 6] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d];
    let Some(identifier) = content(algorithm, OBJECT_IDENTIFIER) else { return false };
    match identifier.inside.strip_prefix(&RSADSI) {
        Some([1, 5, last]) => matches!(last, 1 | 3 | 4 | 6 | 10 | 11 | 13),
        Some([1, 12, 1, 1..=6]) => true,
        _ => false,
    }
}

/// An element without its tag.
struct Element<'a> {
    /// The announced length; the octets may end before.
    length: usize,
    inside: &'a [u8],
    after: &'a [u8],
}

/// The first element, if it has this tag.
fn content(bytes: &[u8], tag: u8) -> Option<Element<'_>> {
    let [first, length, rest @ ..] = bytes else { return None };
    if *first != tag {
        return None;
    }
    let (length, rest) = match (*length, rest) {
        (length @ 0..=0x7f, rest) => (usize::from(length), rest),
        // X.690 section 8.1.3.6: the indefinite length of BER, in bundles of old tools.
        (0x80, rest) => (usize::MAX, rest),
        (0x81, [a, rest @ ..]) => (usize::from(*a), rest),
        (0x82, [a, b, rest @ ..]) => (usize::from(u16::from_be_bytes([*a, *b])), rest),
        (0x83, [a, b, c, rest @ ..]) => (u32::from_be_bytes([0, *a, *b, *c]) as usize, rest),
        _ => return None,
    };
    let (inside, after) = rest.split_at(length.min(rest.len()));
    Some(Element { length, inside, after })
}

/// True for a key store with a key among its first entries. `rest` follows the magic number.
fn is_key_store(rest: &[u8]) -> bool {
    /// Certificates that are passed over on the way to a key. A store with more counts as one with a key.
    const MAX_CERTIFICATES: u32 = 16;
    let number = |bytes: &[u8]| bytes.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes));
    let walk = || -> Option<bool> {
        if !matches!(number(rest)?, 1 | 2) {
            return Some(false);
        }
        let count = number(&rest[4..])?;
        let mut entry = &rest[8..];
        for _ in 0..count.min(MAX_CERTIFICATES) {
            match number(entry)? {
                1 | 3 => return Some(true),
                2 => {}
                _ => return Some(false),
            }
            // The alias, a date, the type of the certificate, and the certificate.
            let text = |bytes: &[u8]| {
                bytes.first_chunk::<2>().map(|bytes| 2 + usize::from(u16::from_be_bytes(*bytes)))
            };
            let after_date = entry.get(4 + text(entry.get(4..)?)? + 8..)?;
            let certificate = after_date.get(text(after_date)?..)?;
            entry = certificate.get(4 + number(certificate)? as usize..)?;
        }
        Some(count > MAX_CERTIFICATES)
    };
    walk().unwrap_or(false)
}

/// True for a key of ssh.com. `rest` follows the magic number: a length, and the type of the key.
fn is_ssh2(rest: &[u8]) -> bool {
    let type_name = rest.get(8..).unwrap_or_default();
    [&b"if-modn{"[..], b"dl-modp{"].iter().any(|known| type_name.starts_with(known))
}

/// RFC 9580 sections 4.2 and 5.5.3: a packet of a secret key, version 4 or 6, made in this century, and the first
/// number or the curve of its public key.
fn is_pgp(bytes: &[u8]) -> bool {
    const MIN_SECONDS: u32 = 946_684_800;
    const MAX_SECONDS: u32 = 2_200_000_000;
    let (length, body) = match bytes {
        [0x94, length, body @ ..] => (usize::from(*length), body),
        [0x95, a, b, body @ ..] => (usize::from(u16::from_be_bytes([*a, *b])), body),
        [0xc5, length @ 0..=191, body @ ..] => (usize::from(*length), body),
        [0xc5, a @ 192..=223, b, body @ ..] => (((usize::from(*a) - 192) << 8) + usize::from(*b) + 192, body),
        _ => return false,
    };
    let [version @ (4 | 6), a, b, c, d, algorithm, rest @ ..] = body else { return false };
    let is_time = (MIN_SECONDS..MAX_SECONDS).contains(&u32::from_be_bytes([*a, *b, *c, *d]));
    let is_known = match (version, algorithm, rest) {
        // The bits of a modulus or a prime, and its first octet. The second INTEGER of an ECDSA signature begins with
        // 02 21 00 or 02 31 00: no tool makes keys of 0x2100 or 0x3100 bits.
        (4, 1..=3 | 16 | 17, [a, b, 0x80..=0xff, ..]) => {
            let bits = u16::from_be_bytes([*a, *b]);
            let is_usual = match bits {
                1024..=4096 => bits.is_multiple_of(256),
                4097..=16384 => bits.is_multiple_of(1024),
                _ => false,
            };
            is_usual && length > usize::from(bits / 8)
        }
        (4, 18 | 19 | 22, [5..=10, 0x2a | 0x2b, ..]) => true,
        // Version 6 gives the octets of the public key.
        (6, 1..=3, [0, 0, 1..=8, _, ..]) | (6, 25..=28, [0, 0, 0, 32 | 56 | 57, ..]) => true,
        _ => false,
    };
    is_time && is_known && (40..=16 * 1024).contains(&length)
}
