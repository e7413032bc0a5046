//! Private keys by their text: labels, the key files of PuTTY, JSON Web Keys, XML, and printed numbers.
//!
//! A label counts although the key behind it is damaged: the requester meant to send a key.

use memchr::{memchr, memmem};

use super::places::Places;
use super::{KeyEncoding, KeyFormat};

/// The format of the first private key in the text; [`KeyEncoding::Pem`] if it has a label.
pub(super) fn find(text: &[u8]) -> Option<(KeyFormat, Option<KeyEncoding>)> {
    if let Some(found) = private(text) {
        return Some(found);
    }
    let has = |word: &str| memmem::find(text, word.as_bytes()).is_some();
    let unlabelled = |format| Some((format, None));
    if has("PuTTY-User-Key-File") {
        return unlabelled(KeyFormat::Putty);
    }
    // RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1: the private exponent or scalar; a symmetric key.
    if has_member_with(text, b"kty", b'd') || (has_word(text, b"oct") && has_member_with(text, b"kty", b'k'))
    {
        return unlabelled(KeyFormat::Jwk);
    }
    let has_element = |name: &str| has(&format!("<{name}>")) || has(&format!(":{name}>"));
    if has("Modulus") && (has("InverseQ") || has_element("D") || has_member_with(text, b"Modulus", b'D')) {
        return unlabelled(KeyFormat::Xml);
    }
    if has("DSAKeyValue") && has_element("X") {
        return unlabelled(KeyFormat::Xml);
    }
    // The key files of BIND, and of age.
    if has("Private-key-format: v") || has("AGE-SECRET-KEY-1") {
        return unlabelled(KeyFormat::Labelled);
    }
    // The dump of an RSA or DSA key by openssl asn1parse has six integers at least; a certificate has one.
    if has("prim:") && has("hl=") && memmem::find_iter(text, b"INTEGER").take(6).count() == 6 {
        return unlabelled(KeyFormat::Numbers);
    }
    // RFC 1421 section 4.6.1: the headers of encrypted keys of OpenSSL.
    (has("DEK-Info:") || has("Proc-Type: 4,ENCRYPTED"))
        .then_some((KeyFormat::Labelled, Some(KeyEncoding::Pem)))
}

/// Looks at every place of a word that begins like "private".
fn private(text: &[u8]) -> Option<(KeyFormat, Option<KeyEncoding>)> {
    let (mut labels, mut numbers) = (Labels::default(), Numbers::default());
    Places::of([b'V', b'v'], text).find_map(|v| {
        let at = v.checked_sub(3)?;
        if !matches!(&text[at..=v], b"PRIV" | b"priv" | b"Priv") {
            return None;
        }
        if let Some(format) = labels.format(text, at) {
            return Some((format, Some(KeyEncoding::Pem)));
        }
        if starts_with(&text[at..], b"private-lines:") {
            return Some((KeyFormat::Putty, None));
        }
        if has_value(&text[at..]) {
            return Some((KeyFormat::Labelled, None));
        }
        // Base64 in front of a fingerprint has the four letters by chance, but not "private".
        let is_word = starts_with(&text[at..], b"private") || !has_alphanumeric_before(text, at);
        (is_word && numbers.has_one(text, at)).then_some((KeyFormat::Numbers, None))
    })
}

/// True for `PrivateKey = ...`, as WireGuard and others write it: a name, and the digits of base64 or hexadecimal of at
/// least 32 octets.
fn has_value(rest: &[u8]) -> bool {
    /// The most blanks, quotation marks and signs between name and value.
    const MAX_GAP: usize = 6;
    const MIN_DIGITS: usize = 43;
    let name = ["privatekey", "private key", "private_key", "private-key"];
    let Some(name) = name.iter().find(|name| starts_with(rest, name.as_bytes())) else { return false };
    let rest = &rest[name.len()..];
    let gap = rest.iter().take(MAX_GAP).take_while(|byte| b" \t\"'=:".contains(byte)).count();
    let is_digit = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    let digits = || rest[gap..].iter().take(MIN_DIGITS).take_while(is_digit).count();
    rest[..gap].iter().any(|byte| matches!(byte, b'=' | b':')) && digits() == MIN_DIGITS
}

/// The labels of a text, asked for in ascending order: no byte in front of them is looked at twice.
#[derive(Default)]
struct Labels {
    /// The bytes before this place are known.
    passed: usize,
    /// The place behind the last byte that is not part of a label.
    words: usize,
    /// The place of the last BEGIN or END.
    beginning: Option<usize>,
}

impl Labels {
    /// The longest part of a label in front of `PRIVATE KEY`, with BEGIN.
    const MAX: usize = 40;

    /// The format that a label names: `PRIVATE KEY` behind BEGIN or END, or in front of dashes.
    fn format(&mut self, text: &[u8], at: usize) -> Option<KeyFormat> {
        let rest = &text[at..];
        let is_upper = rest.starts_with(b"PRIVATE");
        let rest = rest.get(7..).filter(|_| starts_with(rest, b"private"))?;
        let rest = rest.strip_prefix(&[*rest.first().filter(|byte| is_blank(**byte))?])?;
        let rest = rest.get(3..).filter(|_| starts_with(rest, b"key"))?;
        let behind =
            rest.iter().position(|byte| !is_blank(*byte)).map_or(&rest[rest.len()..], |at| &rest[at..]);
        let rest = behind.get(5..).filter(|_| starts_with(behind, b"block")).unwrap_or(rest);
        let is_upper = is_upper && text[..at].iter().rev().take(6).all(|byte| !byte.is_ascii_lowercase());
        let blanks = rest.iter().take(2).take_while(|byte| matches!(byte, b' ' | b'+')).count();
        // A sentence may have two dashes behind "private key", and "begin" in front of it; a label is in capitals.
        let has_dashes = rest.starts_with(b"----") || (is_upper && rest[blanks..].starts_with(b"--"));
        let is_label = has_dashes || (is_upper && self.has_beginning(text, at));
        if !is_label {
            return None;
        }
        let in_front = &text[at.saturating_sub(Self::MAX)..at];
        let words =
            in_front.iter().rposition(|byte| !is_of_label(*byte)).map_or(in_front, |at| &in_front[at + 1..]);
        Some(named(&words.to_ascii_uppercase()))
    }

    /// True if BEGIN or END is among the words in front of this place.
    fn has_beginning(&mut self, text: &[u8], at: usize) -> bool {
        let front = at.saturating_sub(Self::MAX);
        for place in self.passed.max(front)..at {
            let word = |word: &[u8]| {
                (place + 1).checked_sub(word.len()).filter(|start| starts_with(&text[*start..], word))
            };
            let beginning = match text[place] {
                b'n' | b'N' => word(b"begin"),
                b' ' => word(b"end "),
                byte => {
                    self.words = if is_of_label(byte) { self.words } else { place + 1 };
                    None
                }
            };
            self.beginning = beginning.or(self.beginning);
        }
        self.passed = at;
        self.beginning.is_some_and(|beginning| beginning >= self.words.max(front))
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'+' | b'_' | b'-' | b'\t')
}

fn is_of_label(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || is_blank(byte)
}

/// The format that the words of a label name.
fn named(words: &[u8]) -> KeyFormat {
    const NAMES: [(&str, KeyFormat); 7] = [
        ("OPENSSH", KeyFormat::OpenSsh),
        ("SSH2", KeyFormat::Ssh2),
        ("ENCRYPTED", KeyFormat::EncryptedPkcs8),
        ("PGP", KeyFormat::Pgp),
        ("RSA", KeyFormat::Pkcs1),
        ("DSA", KeyFormat::Dsa),
        ("EC ", KeyFormat::Sec1),
    ];
    let found = NAMES.into_iter().find(|(name, _)| memmem::find(words, name.as_bytes()).is_some());
    found.map_or(KeyFormat::Pkcs8, |(_, format)| format)
}

fn starts_with(text: &[u8], lower_case: &[u8]) -> bool {
    text.get(..lower_case.len()).is_some_and(|start| start.eq_ignore_ascii_case(lower_case))
}

/// The printed numbers of a text, asked for in ascending order: the searches pass over the text once.
#[derive(Default)]
struct Numbers {
    colon: Next,
    octet: Next,
}

impl Numbers {
    /// True for a printed private number: `priv:`, `privateExponent:` or `private key:`, and octets in hexadecimal, with
    /// at most the end of a line and the prefix of the next one between them.
    fn has_one(&mut self, text: &[u8], at: usize) -> bool {
        /// The longest name, up to the colon.
        const MAX_NAME: usize = 24;
        const MAX_GAP: usize = 48;
        /// Octets that are no number of lines, hours or ports.
        const MIN_OCTETS: usize = 8;
        let is_octet =
            |octet: &[u8]| matches!(octet, [a, b, b':'] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
        let colon = self.colon.at_or_after(at, || memchr(b':', &text[at..]));
        if colon - at >= MAX_NAME {
            return false;
        }
        let value = colon + 1;
        let first = self.octet.at_or_after(value, || {
            let rest = &text[value..];
            Places::of([b':'], rest).find_map(|colon| {
                let start = colon.checked_sub(2)?;
                is_octet(&rest[start..=colon]).then_some(start)
            })
        });
        first - value < MAX_GAP
            && text.get(first..first + 3 * MIN_OCTETS).is_some_and(|octets| octets.chunks(3).all(is_octet))
    }
}

/// The next place of something. It is searched for anew only when it is left behind.
#[derive(Default)]
struct Next(Option<usize>);

impl Next {
    /// The first place from here on, or the largest number if there is none. `from` never decreases; `search` returns
    /// the distance from it.
    fn at_or_after(&mut self, from: usize, search: impl FnOnce() -> Option<usize>) -> usize {
        match self.0 {
            Some(place) if place >= from => place,
            _ => *self.0.insert(search().map_or(usize::MAX, |distance| from + distance)),
        }
    }
}

/// True if the text has a word: letters and digits around one are another word, or base64 that has it by chance.
fn has_word(text: &[u8], word: &[u8]) -> bool {
    words(text, word).next().is_some()
}

/// What follows each such word.
fn words<'a>(text: &'a [u8], word: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    Places::of([word[0]], text).filter_map(move |at| {
        let rest = text[at..].strip_prefix(word)?;
        let is_whole =
            !has_alphanumeric_before(text, at) && !rest.first().is_some_and(u8::is_ascii_alphanumeric);
        is_whole.then_some(rest)
    })
}

fn has_alphanumeric_before(text: &[u8], at: usize) -> bool {
    at.checked_sub(1).is_some_and(|before| text[before].is_ascii_alphanumeric())
}

/// True if the text has the member of a private number, and the member that tells what key it is of.
///
/// The number is `"d": "..."` of JSON, or `d: ...` of YAML; or `d = "..."` if the other member has its `=` too: an
/// attribute (`<path d="...">`) is no member of the JSON beside it.
fn has_member_with(text: &[u8], other: &[u8], name: u8) -> bool {
    if !has_word(text, other) {
        return false;
    }
    let mut is_assigned = false;
    let is_member = Places::of([name], text).any(|at| {
        if at.checked_sub(1).is_some_and(|before| is_digit(text[before])) {
            return false;
        }
        match after_name(&text[at + 1..]) {
            [b':', rest @ ..] => is_number(rest),
            [b'=', rest @ ..] => {
                is_assigned |= is_number(rest);
                false
            }
            _ => false,
        }
    });
    is_member || (is_assigned && words(text, other).any(|rest| matches!(after_name(rest), [b'=', ..])))
}

/// True if a private number follows the separator: digits of base64 to the end of the value, or many of them.
fn is_number(rest: &[u8]) -> bool {
    /// No private number has fewer digits, where quotation marks do not show that it is a value.
    const MIN_BARE: usize = 20;
    let value = after_blanks(rest);
    let quoted = value.split_first().filter(|(first, _)| is_mark(first)).map(|(_, quoted)| quoted);
    let digits = quoted.unwrap_or(value);
    let length = digits.iter().take(MIN_BARE).take_while(|byte| is_digit(**byte)).count();
    // The text may be cut off, the line wrapped, and the end escaped. A word of a sentence or a drawing is no number.
    let is_ended = || match digits.get(length) {
        None => true,
        Some(byte) => is_mark(byte) || matches!(byte, b'\n' | b'\r' | b'\\' | b'=' | b'&' | b'%'),
    };
    length == MIN_BARE || (quoted.is_some() && length > 0 && is_ended())
}

/// True for a digit of base64 or base64url.
fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'+' | b'/')
}

fn is_mark(byte: &u8) -> bool {
    matches!(byte, b'"' | b'\'')
}

/// The text without blanks, line breaks, and the `+` of a diff or a form in front of it.
fn after_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take(8).take_while(|byte| byte.is_ascii_whitespace() || **byte == b'+').count();
    &text[blanks..]
}

/// What follows a name and its quotation mark.
fn after_name(rest: &[u8]) -> &[u8] {
    after_blanks(&rest[usize::from(rest.first().is_some_and(is_mark))..])
}
