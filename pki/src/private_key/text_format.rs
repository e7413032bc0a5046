//! Private keys by their text: labels, the key files of PuTTY, JSON Web Keys, XML, and printed numbers.
//!
//! A label counts although the key behind it is damaged: the requester meant to send a key.

use memchr::{memchr_iter, memmem};

use super::{KeyEncoding, KeyFormat};

/// The format of the first private key in the text; [`KeyEncoding::Pem`] if it has a label.
pub(super) fn find(text: &[u8]) -> Option<(KeyFormat, Option<KeyEncoding>)> {
    let labelled = || ["PRIV", "priv", "Priv"].iter().find_map(|word| private(text, word.as_bytes()));
    if let Some(found) = labelled() {
        return Some(found);
    }
    let has = |word: &str| memmem::find(text, word.as_bytes()).is_some();
    let unlabelled = |format| Some((format, None));
    if has("PuTTY-User-Key-File") {
        return unlabelled(KeyFormat::Putty);
    }
    // RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1: the private exponent or scalar; a symmetric key.
    if has("kty") && (has_member(text, b'd') || (has("oct") && has_member(text, b'k'))) {
        return unlabelled(KeyFormat::Jwk);
    }
    let has_element = |name: &str| has(&format!("<{name}>")) || has(&format!(":{name}>"));
    if has("Modulus") && (has("InverseQ") || has_element("D") || has_member(text, b'D')) {
        return unlabelled(KeyFormat::Xml);
    }
    if has("DSAKeyValue") && has_element("X") {
        return unlabelled(KeyFormat::Xml);
    }
    // RFC 1421 section 4.6.1: the headers of encrypted keys of OpenSSL.
    (has("DEK-Info:") || has("Proc-Type: 4,ENCRYPTED"))
        .then_some((KeyFormat::Labelled, Some(KeyEncoding::Pem)))
}

/// Looks at every place of a word that begins like "private".
fn private(text: &[u8], beginning: &[u8]) -> Option<(KeyFormat, Option<KeyEncoding>)> {
    memmem::find_iter(text, beginning).find_map(|at| {
        let (before, rest) = text.split_at(at);
        if let Some(format) = label(before, rest) {
            return Some((format, Some(KeyEncoding::Pem)));
        }
        if starts_with(rest, b"private-lines:") {
            return Some((KeyFormat::Putty, None));
        }
        is_number(rest).then_some((KeyFormat::Numbers, None))
    })
}

/// The format that a label names: `PRIVATE KEY` behind BEGIN or END, or in front of dashes.
fn label(before: &[u8], rest: &[u8]) -> Option<KeyFormat> {
    /// The longest part of a label in front of `PRIVATE KEY`, with BEGIN.
    const MAX_LABEL: usize = 40;
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'+' | b'_' | b'-' | b'\t');
    let is_upper = rest.starts_with(b"PRIVATE");
    let rest = rest.get(7..).filter(|_| starts_with(rest, b"private"))?;
    let rest = rest.strip_prefix(&[*rest.first().filter(|byte| is_blank(byte))?])?;
    let rest = rest.get(3..).filter(|_| starts_with(rest, b"key"))?;
    let behind = rest.iter().position(|byte| !is_blank(byte)).map_or(&rest[rest.len()..], |at| &rest[at..]);
    let rest = match behind.get(5..).filter(|_| starts_with(behind, b"block")) {
        Some(rest) => rest,
        None => rest,
    };
    let in_front = &before[before.len().saturating_sub(MAX_LABEL)..];
    let is_label = |byte: &u8| byte.is_ascii_alphanumeric() || is_blank(byte);
    let words = in_front.iter().rposition(|byte| !is_label(byte)).map_or(in_front, |at| &in_front[at + 1..]);
    let words = words.to_ascii_uppercase();
    let has = |word: &str| memmem::find(&words, word.as_bytes()).is_some();
    let is_upper = is_upper && in_front.iter().rev().take(6).all(|byte| !byte.is_ascii_lowercase());
    let blanks = rest.iter().take(2).take_while(|byte| matches!(byte, b' ' | b'+')).count();
    // A sentence may have two dashes behind "private key", and "begin" in front of it; a label is in capitals.
    let has_dashes = rest.starts_with(b"----") || (is_upper && rest[blanks..].starts_with(b"--"));
    if !has_dashes && !(is_upper && (has("BEGIN") || has("END "))) {
        return None;
    }
    Some(if has("OPENSSH") {
        KeyFormat::OpenSsh
    } else if has("SSH2") {
        KeyFormat::Ssh2
    } else if has("ENCRYPTED") {
        KeyFormat::EncryptedPkcs8
    } else if has("PGP") {
        KeyFormat::Pgp
    } else if has("RSA") {
        KeyFormat::Pkcs1
    } else if has("DSA") {
        KeyFormat::Dsa
    } else if has("EC ") {
        KeyFormat::Sec1
    } else {
        KeyFormat::Pkcs8
    })
}

fn starts_with(text: &[u8], lower_case: &[u8]) -> bool {
    text.get(..lower_case.len()).is_some_and(|start| start.eq_ignore_ascii_case(lower_case))
}

/// True for a printed private number: `priv:`, `privateExponent:` or `private key:`, and octets in hexadecimal, with at
/// most the end of a line and the prefix of the next one between them.
fn is_number(rest: &[u8]) -> bool {
    /// The longest name, up to the colon.
    const MAX_NAME: usize = 24;
    const MAX_GAP: usize = 48;
    /// Octets that are no number of lines, hours or ports.
    const MIN_OCTETS: usize = 8;
    let name = rest.iter().take(MAX_NAME).position(|byte| *byte == b':');
    let Some(value) = name.map(|length| &rest[length + 1..]) else { return false };
    let is_octet =
        |octet: &[u8]| matches!(octet, [a, b, b':'] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
    let first = value.windows(3).take(MAX_GAP).position(|window| window[2] == b':' && is_octet(window));
    first.is_some_and(|first| {
        value[first..].chunks(3).take(MIN_OCTETS).filter(|octet| is_octet(octet)).count() == MIN_OCTETS
    })
}

/// True if the text has a member of this name with a value: `"d": "..."` of JSON, or `d: ...` of YAML.
fn has_member(text: &[u8], name: u8) -> bool {
    /// No private number has fewer digits, where quotation marks do not show that it is a value.
    const MIN_BARE: usize = 20;
    let is_mark = |byte: &u8| matches!(byte, b'"' | b'\'');
    let skip = |rest: &[u8]| {
        rest.iter().take(8).take_while(|byte| byte.is_ascii_whitespace() || **byte == b'+').count()
    };
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'+' | b'/');
    memchr_iter(name, text).any(|at| {
        let before = at.checked_sub(1).map(|before| text[before]);
        if before.is_some_and(|before| is_digit(&before)) {
            return false;
        }
        let rest = &text[at + 1..];
        let rest = &rest[usize::from(rest.first().is_some_and(is_mark))..];
        let rest = &rest[skip(rest)..];
        let [b':' | b'=', rest @ ..] = rest else { return false };
        let value = &rest[skip(rest)..];
        match value {
            [mark, value @ ..] if is_mark(mark) => value.first().is_some_and(is_digit),
            _ => value.len() >= MIN_BARE && value[..MIN_BARE].iter().all(is_digit),
        }
    })
}
