//! From pasted text to the DER of exactly one certificate signing request.
//!
//! Accepts PEM with either label (RFC 7468 section 7) among other text, with CRLF, a byte order mark or lost line
//! breaks, and plain base64 of the DER, with or without damaged BEGIN and END lines. Other forms are in
//! [`super::readings`]. Reading takes time linear in the length of the text.
//!
//! Invariant: a private key of any kind is rejected before all other rules, and no part of its text enters an error.
//! Fails with a [`TextError`] that names the kind of text found instead.

use base64::Engine;
use zeroize::Zeroizing;

use super::Csr;
use super::base64_text::{BASE64, is_base64};
use super::der_kind::{self, DerKind};
use crate::error::{OtherText, TextError};
use crate::pem_block::BEGIN;
use crate::private_key::{self, DetectedKey, KeyFormat};

/// Returns the DER of the one request in `text`, as it stands.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, TextError> {
    private_key::refuse(text)?;
    let mut blocks = blocks(text);
    if text.len() > Csr::MAX_BYTES {
        return Err(TextError::TooLarge { bytes: text.len(), max: Csr::MAX_BYTES });
    }
    if is_empty(text) {
        return Err(TextError::Empty);
    }
    let is_armored = |block: &Block| !matches!(block.label.as_deref(), None | Some("EC PARAMETERS"));
    let mut armored: Vec<Block> = blocks.extract_if(.., |block| is_armored(block)).collect();
    match armored.as_mut_slice() {
        [] => bare(&mut blocks, text),
        [block] => request(block),
        several => {
            let requests = several.iter().filter(|block| block.is_request()).count();
            Err(if requests > 1 {
                TextError::SeveralRequests(requests)
            } else {
                TextError::SeveralBlocks(several.iter().filter_map(|block| block.label.clone()).collect())
            })
        }
    }
}

/// True if the text has blanks and byte order marks only.
pub(super) fn is_empty(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c == '\u{feff}')
}

/// A PEM block, or (without a label) base64 lines outside of PEM.
struct Block {
    label: Option<String>,
    /// True if the block has its END line.
    complete: bool,
    /// `None` if the body is not base64.
    der: Option<Zeroizing<Vec<u8>>>,
    /// The kind of the body's DER, read up to the first character that is not base64.
    kind: DerKind,
    /// The first character that is not base64, with its line in the block.
    stray: Option<(usize, char)>,
    /// The error of a line that is longer or shorter than the others.
    irregular: Option<TextError>,
}

impl Block {
    fn new(label: Option<&str>, complete: bool, body: &str) -> Block {
        let mut dense = Zeroizing::new(String::with_capacity(body.len()));
        for line in body.split('\n') {
            // Fast path: most lines have no blanks inside.
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.bytes().all(|b| b.is_ascii_graphic()) {
                dense.push_str(line);
            } else {
                line.split(is_blank).for_each(|run| dense.push_str(run));
            }
        }
        let der = BASE64.decode(dense.as_bytes()).ok().map(Zeroizing::new);
        let kind = match &der {
            Some(der) => der_kind::of(der),
            // Cut off or damaged: read the valid start.
            None => {
                let digits = dense.bytes().take_while(|b| is_base64(*b) && *b != b'=').count();
                let start = BASE64.decode(&dense.as_bytes()[..digits - digits % 4]).map(Zeroizing::new);
                start.map_or(DerKind::Unknown, |start| der_kind::of(&start))
            }
        };
        if kind == DerKind::Request {
            // A request is not secret, and wiping takes longer than reading.
            drop(std::mem::take(&mut *dense));
        }
        let stray = if der.is_none() { stray(body) } else { None };
        let is_whole = der.as_ref().is_some_and(|der| der_kind::is_whole(der));
        let irregular = if is_whole { None } else { irregular_line(body) };
        Block { label: label.map(str::to_owned), complete, der, kind, stray, irregular }
    }

    /// Moves the DER out, without a copy and without wiping.
    fn take(&mut self) -> Option<Vec<u8>> {
        self.der.as_mut().map(|der| std::mem::take(&mut **der))
    }

    /// RFC 7468 section 7: the label of a request, or the label of older tools.
    fn is_request(&self) -> bool {
        matches!(self.label.as_deref(), Some("CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST"))
    }
}

/// The first character of a body that is not base64, with its line; the BEGIN line is the first.
fn stray(body: &str) -> Option<(usize, char)> {
    let is_known = |c: char| is_blank(c) || u8::try_from(c).is_ok_and(is_base64);
    body.split('\n')
        .enumerate()
        .find_map(|(at, line)| line.chars().find(|c| !is_known(*c)).map(|c| (at + 1, c)))
}

/// The error of the one line whose length differs from that of the others; the last line may be shorter.
fn irregular_line(body: &str) -> Option<TextError> {
    let mut lines: Vec<(usize, usize)> = body
        .split('\n')
        .enumerate()
        .map(|(at, line)| (at + 1, line.trim_matches(is_blank).chars().count()))
        .filter(|(_, length)| *length > 0)
        .collect();
    let (last, last_length) = lines.pop()?;
    let mut lengths: Vec<usize> = lines.iter().map(|(_, length)| *length).collect();
    lengths.sort_unstable();
    let usual = *lengths.get(lengths.len() / 2)?;
    let mut odd = lines.into_iter().filter(|(_, length)| *length != usual);
    let (line, length) = match (odd.next(), odd.next()) {
        (Some(odd), None) => odd,
        (None, _) if last_length > usual => (last, last_length),
        _ => return None,
    };
    Some(TextError::LineLength { line, length, usual })
}

#[cfg(test)]
thread_local! {
    /// The bytes that searches of this thread looked at.
    pub(super) static LOOKED_AT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// [`str::find`]. Tests count the bytes that it looks at.
fn find(text: &str, pattern: &str) -> Option<usize> {
    let at = text.find(pattern);
    #[cfg(test)]
    LOOKED_AT.with(|all| all.set(all.get() + at.map_or(text.len(), |at| at + pattern.len())));
    at
}

/// Splits the text into PEM blocks and the base64 lines between them. A block ends at its END line, or is cut off where
/// the next block begins, so that no part of the text is searched more than a few times.
fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = find(rest, BEGIN) {
        let (before, from) = rest.split_at(at);
        runs(before, &mut found);
        let from = &from[BEGIN.len()..];
        let label = find(from, "-----").map(|at| &from[..at]).filter(|label| is_label(label));
        let Some(label) = label else {
            rest = from;
            continue;
        };
        let body = &from[label.len() + "-----".len()..];
        let (body, next) = body.split_at(find(body, BEGIN).unwrap_or(body.len()));
        let end = format!("-----END {label}-----");
        let (body, complete, after) = match find(body, &end) {
            Some(at) => (&body[..at], true, &rest[rest.len() - next.len() - (body.len() - at - end.len())..]),
            None => (body, false, next),
        };
        found.push(Block::new(Some(label), complete, body));
        rest = after;
    }
    runs(rest, &mut found);
    found
}

/// True if a text can be a label. RFC 7468 section 3 allows any printable character but the hyphen.
fn is_label(label: &str) -> bool {
    !label.is_empty() && label.len() <= 64 && label.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
}

/// Joins neighbouring base64 lines into blocks without a label; skips short ones.
fn runs(text: &str, found: &mut Vec<Block>) {
    const SHORTEST: usize = 32;
    let mut run = Zeroizing::new(String::new());
    for line in text.lines().map(|line| line.trim_matches(is_blank)).chain([""]) {
        let continues = is_base64_line(line);
        if continues {
            run.push_str(line);
        }
        if !run.is_empty() && (!continues || line.ends_with('=')) {
            if run.len() >= SHORTEST {
                found.push(Block::new(None, true, &run));
            }
            run = Zeroizing::new(String::new());
        }
    }
}

/// True for one base64 word, or several long ones (line breaks that turned into spaces); false for a sentence.
fn is_base64_line(line: &str) -> bool {
    const SHORTEST_WORD: usize = 16;
    let mut words = line.split_ascii_whitespace().rev();
    words.next().is_some_and(|last| last.bytes().all(is_base64))
        && words.all(|word| word.len() >= SHORTEST_WORD && word.bytes().all(is_base64))
}

/// True for white space, and for the invisible characters that mail programs and editors insert.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}')
}

/// Returns the DER of the request in a text without PEM labels.
fn bare(blocks: &mut [Block], text: &str) -> Result<Vec<u8>, TextError> {
    let mut requests: Vec<Vec<u8>> =
        blocks.iter_mut().filter(|block| block.kind == DerKind::Request).filter_map(Block::take).collect();
    match requests.as_mut_slice() {
        [der] => return Ok(std::mem::take(der)),
        [] => {}
        several => {
            return Err(TextError::SeveralRequests(several.len()));
        }
    }
    // Ordinary text can look like the start of DER. Only a key counts although it is not whole.
    let is_known = |block: &&Block| match block.kind {
        DerKind::Unknown => false,
        DerKind::Other(_) | DerKind::PublicKey => {
            block.der.as_ref().is_some_and(|der| der_kind::is_whole(der))
        }
        _ => true,
    };
    if let Some(other) = blocks.iter().find(is_known).map(|block| block.kind) {
        return Err(instead(other));
    }
    if is_ssh_key(text) {
        return Err(TextError::SshKey);
    }
    if text.contains("BEGIN") && text.contains("CERTIFICATE REQUEST") {
        return Err(TextError::DamagedBegin);
    }
    Err(TextError::NoRequest)
}

/// True for a public key of SSH: a line as in `authorized_keys`, or RFC 4716.
fn is_ssh_key(text: &str) -> bool {
    const KINDS: [&str; 4] = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"];
    let first = text.split_whitespace().take(4).find(|word| KINDS.iter().any(|kind| word.starts_with(kind)));
    first.is_some() && text.contains(" AAAA") || text.contains("BEGIN SSH2")
}

/// Returns the DER of the request in the only PEM block.
fn request(block: &mut Block) -> Result<Vec<u8>, TextError> {
    let label = block.label.as_deref().unwrap_or_default();
    if !block.is_request() {
        return Err(match (label, block.kind) {
            ("CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE", _) => instead(DerKind::Certificate),
            ("PUBLIC KEY" | "RSA PUBLIC KEY", _) => instead(DerKind::PublicKey),
            ("X509 CRL", _) => instead(DerKind::Other(OtherText::Crl)),
            ("PKCS7" | "PKCS #7 SIGNED DATA" | "CMS", DerKind::Unknown | DerKind::Request) => {
                instead(DerKind::Other(OtherText::Pkcs7))
            }
            (label, _) if label.starts_with("PGP ") => instead(DerKind::Other(OtherText::OpenPgp)),
            (_, DerKind::Unknown | DerKind::Request) => TextError::OtherPem(label.to_owned()),
            (_, kind) => instead(kind),
        });
    }
    let is_whole =
        block.kind == DerKind::Request && block.der.as_ref().is_some_and(|der| der_kind::is_whole(der));
    if !block.complete && !is_whole {
        return Err(TextError::CutOff);
    }
    if let Some(error) = block.irregular.take().filter(|_| block.stray.is_none()) {
        return Err(error);
    }
    match (block.take(), block.kind) {
        (None, _) => Err(TextError::NotBase64(block.stray)),
        (Some(der), DerKind::Request | DerKind::Unknown) => Ok(der),
        (Some(_), other) => Err(instead(other)),
    }
}

/// The error for DER of another kind.
fn instead(kind: DerKind) -> TextError {
    match kind {
        DerKind::PrivateKey => {
            TextError::PrivateKey(DetectedKey { format: KeyFormat::Labelled, encodings: Vec::new() })
        }
        DerKind::Certificate => TextError::Certificate,
        DerKind::PublicKey => TextError::PublicKey,
        DerKind::Other(other) => TextError::Other(other),
        DerKind::Request | DerKind::Unknown => TextError::NoRequest,
    }
}
