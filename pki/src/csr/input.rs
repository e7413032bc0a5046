//! From pasted text to the DER of exactly one certificate signing request.
//!
//! Accepts PEM with either label (RFC 7468 section 7) among other text, with CRLF, a byte order mark or lost line
//! breaks, and plain base64 of the DER, with or without damaged BEGIN and END lines. A text of another form is taken if
//! it is a request when the form is undone ([`text_form`]). Reading takes time linear in the length of the text.
//!
//! Invariant: a private key of any kind is rejected before all other rules, and no part of its text enters an error.
//! Fails with a [`TextError`] that names the kind of text found instead.

use base64::Engine;
use zeroize::Zeroizing;

use super::Csr;
use super::base64_text::{BASE64, is_base64};
use super::der_kind::{self, DerKind};
use super::text_form;
use crate::error::{TextError, TextForm};
use crate::private_key::{self, DetectedKey, KeyFormat};
use crate::strict_der;

/// Returns the DER of the one request in `text`, as it is or after undoing the forms that it shows.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, TextError> {
    /// The most forms around each other, such as a PEM text in base64 in a string of JSON.
    const MAX_FORMS: usize = 6;
    let as_it_is = plain(text);
    let may_be_another = |read: &Result<Vec<u8>, TextError>| match read {
        Ok(der) => strict_der::check(der).is_err(),
        Err(error) => is_unspecific(error),
    };
    if !may_be_another(&as_it_is) {
        return as_it_is;
    }
    let mut first = None;
    let mut last = None;
    let mut current = Zeroizing::new(String::new());
    for _ in 0..MAX_FORMS {
        let shown = if first.is_none() { text } else { &current };
        let Some((form, undone)) = text_form::undo(shown) else { break };
        first = first.or(Some(form));
        let read = plain(&undone);
        if !may_be_another(&read) {
            return read;
        }
        (current, last) = (undone, read.err());
    }
    let is_about_a_request = text.contains("BEGIN") || current.contains("BEGIN");
    match (as_it_is, first) {
        // Marks like those of a quotation stand in many texts.
        (Err(error), Some(TextForm::Quotes)) if last.as_ref() == Some(&error) => Err(error),
        (Err(_), Some(form)) if is_about_a_request => Err(TextError::Rewritten(form)),
        (as_it_is, _) => as_it_is,
    }
}

/// True for an error that another form of the text may explain.
fn is_unspecific(error: &TextError) -> bool {
    matches!(
        error,
        TextError::NoRequest
            | TextError::DamagedBegin
            | TextError::CutOff
            | TextError::NotBase64(_)
            | TextError::OtherPem(_)
    )
}

/// Returns the DER of the one request in `text`.
fn plain(text: &str) -> Result<Vec<u8>, TextError> {
    private_key::refuse(text)?;
    let mut blocks = blocks(text);
    if text.len() > Csr::MAX_BYTES {
        return Err(TextError::TooLarge { bytes: text.len(), max: Csr::MAX_BYTES });
    }
    if text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').is_empty() {
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
        Block { label: label.map(str::to_owned), complete, der, kind, stray }
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

#[cfg(test)]
thread_local! {
    /// The bytes that searches of this thread looked at.
    static LOOKED_AT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
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
    const BEGIN: &str = "-----BEGIN ";
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
    if let Some(other) = blocks.iter().map(|block| block.kind).find(|kind| *kind != DerKind::Unknown) {
        return Err(instead(other));
    }
    if text.trim_start().starts_with("ssh-") || text.contains("BEGIN SSH2") {
        return Err(TextError::SshKey);
    }
    if text.contains("BEGIN") && text.contains("CERTIFICATE REQUEST") {
        return Err(TextError::DamagedBegin);
    }
    Err(TextError::NoRequest)
}

/// Returns the DER of the request in the only PEM block.
fn request(block: &mut Block) -> Result<Vec<u8>, TextError> {
    let label = block.label.as_deref().unwrap_or_default();
    if !block.is_request() {
        return Err(match (label, block.kind) {
            ("CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE", _) => instead(DerKind::Certificate),
            ("PUBLIC KEY" | "RSA PUBLIC KEY", _) => instead(DerKind::PublicKey),
            ("X509 CRL" | "PKCS7" | "CMS", _) => instead(DerKind::OtherSigned),
            (_, DerKind::Unknown | DerKind::Request) => TextError::OtherPem(label.to_owned()),
            (_, kind) => instead(kind),
        });
    }
    if !block.complete {
        return Err(TextError::CutOff);
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
        DerKind::OtherSigned => TextError::OtherSigned,
        DerKind::Request | DerKind::Unknown => TextError::NoRequest,
    }
}

#[cfg(test)]
mod tests;
