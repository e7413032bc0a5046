//! From pasted text to the DER of exactly one certificate signing request.
//!
//! Accepts PEM with either label (RFC 7468 section 7) among other text, with CRLF, a byte order mark or lost line
//! breaks, or plain base64 of the DER. Invariant: a private key in any shape is recognised first, before any other
//! rule, and neither it nor any other part of the text appears in a finding. Fails with one finding: what the text is
//! instead, and what to do.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::Csr;
use super::shape::{self, Shape};
use crate::finding::{Code, Finding};
use crate::texts::{Message, Value};

/// Mail programs and forms lose padding, so it is optional.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

const BEGIN_REQUEST: &str = "-----BEGIN CERTIFICATE REQUEST-----";
const END_REQUEST: &str = "-----END CERTIFICATE REQUEST-----";

/// How to make a request, for findings that have nothing better to advise.
pub(super) fn how_to() -> Message {
    const COMMAND: &str = "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out \
         request.csr -subj /CN=www.example.com -addext subjectAltName=DNS:www.example.com";
    Message::new("finding-how-to").with("begin", BEGIN_REQUEST).with("command", COMMAND)
}

/// The DER of the one request in `text`.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, Finding> {
    let mut blocks = blocks(text);
    if names_a_private_key(text) || blocks.iter().any(|block| block.holds_private_key()) {
        return Err(private_key());
    }
    if text.len() > Csr::MAX_BYTES {
        return Err(Finding::refused(
            Code::TooLarge,
            Message::new("finding-text-too-large").with("bytes", text.len()).with("most", Csr::MAX_BYTES),
            Message::new("finding-send-alone"),
        ));
    }
    if text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').is_empty() {
        return Err(not_a_csr(Message::new("finding-no-text"), how_to()));
    }
    let is_armored = |block: &Block| !matches!(block.label.as_deref(), None | Some("EC PARAMETERS"));
    let mut armored: Vec<Block> = blocks.extract_if(.., |block| is_armored(block)).collect();
    match armored.as_mut_slice() {
        [] => bare(&mut blocks, text),
        [block] => request(block),
        several => {
            let requests = several.iter().filter(|block| block.is_request()).count();
            Err(if requests > 1 {
                several_requests(requests)
            } else {
                let labels: Vec<&str> = several.iter().filter_map(|block| block.label.as_deref()).collect();
                not_a_csr(
                    Message::new("finding-several-blocks")
                        .with("count", several.len())
                        .with("labels", describe_labels(&labels)),
                    Message::new("finding-send-alone"),
                )
            })
        }
    }
}

fn private_key() -> Finding {
    Finding::refused(
        Code::PrivateKeySubmitted,
        Message::new("finding-private-key"),
        Message::new("finding-private-key-advice"),
    )
}

fn several_requests(count: usize) -> Finding {
    let detail = Message::new("finding-several-requests").with("count", count);
    not_a_csr(detail, Message::new("finding-one-by-one"))
}

fn not_a_csr(detail: Message, advice: Message) -> Finding {
    Finding::refused(Code::NotACsr, detail, advice)
}

/// Labels of a private key that is not in a PEM block that can be read: cut off, mangled, or of another tool.
fn names_a_private_key(text: &str) -> bool {
    // Requests have none of these words, and looking for them makes no copy.
    if !["PRIVATE", "rivate", "PuTTY", "\"kty\""].iter().any(|word| text.contains(word)) {
        return false;
    }
    let upper = Zeroizing::new(text.to_ascii_uppercase());
    let json_key = upper.contains("\"KTY\"") && upper.contains("\"D\"");
    let putty = upper.contains("PUTTY-USER-KEY-FILE") || upper.contains("PRIVATE-LINES:");
    upper.contains("PRIVATE KEY--") || putty || json_key
}

/// A PEM block, or (without a label) a run of base64 outside of any.
struct Block {
    label: Option<String>,
    /// Whether the END line is there.
    complete: bool,
    /// Nothing when the body is no base64.
    der: Option<Zeroizing<Vec<u8>>>,
    /// What the body is, read as far as it is base64.
    shape: Shape,
}

impl Block {
    fn new(label: Option<&str>, complete: bool, body: &str) -> Block {
        let mut dense = Zeroizing::new(String::with_capacity(body.len()));
        for line in body.split('\n') {
            // Nearly always, all that is blank is the end of a line: then nothing is looked at character by character.
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.bytes().all(|b| b.is_ascii_graphic()) {
                dense.push_str(line);
            } else {
                line.split(is_blank).for_each(|run| dense.push_str(run));
            }
        }
        let der = BASE64.decode(dense.as_bytes()).ok().map(Zeroizing::new);
        let shape = match &der {
            Some(der) => shape::of(der),
            // Cut off or mangled: as far as it goes.
            None => {
                let digits = dense.bytes().take_while(|b| is_base64(*b) && *b != b'=').count();
                let start = BASE64.decode(&dense.as_bytes()[..digits - digits % 4]).map(Zeroizing::new);
                start.map_or(Shape::Unknown, |start| shape::of(&start))
            }
        };
        if shape == Shape::Request {
            // Nothing secret, and wiping it takes longer than reading it.
            drop(std::mem::take(&mut *dense));
        }
        Block { label: label.map(str::to_owned), complete, der, shape }
    }

    /// Its content, which is neither copied nor wiped any more.
    fn take(&mut self) -> Option<Vec<u8>> {
        self.der.as_mut().map(|der| std::mem::take(&mut **der))
    }

    fn holds_private_key(&self) -> bool {
        self.label.as_deref().is_some_and(|label| label.to_ascii_uppercase().contains("PRIVATE KEY"))
            || self.shape == Shape::PrivateKey
    }

    /// RFC 7468 section 7: the label, and the one older tools write.
    fn is_request(&self) -> bool {
        matches!(self.label.as_deref(), Some("CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST"))
    }
}

/// Cuts the text into PEM blocks and the runs of base64 lines between them.
fn blocks(text: &str) -> Vec<Block> {
    const BEGIN: &str = "-----BEGIN ";
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(BEGIN) {
        let (before, from) = rest.split_at(at);
        runs(before, &mut found);
        let from = &from[BEGIN.len()..];
        let Some((label, body)) = from.split_once("-----").filter(|(label, _)| is_label(label)) else {
            rest = from;
            continue;
        };
        let end = format!("-----END {label}-----");
        let (body, complete, after) = match body.split_once(&end) {
            Some((body, after)) => (body, true, after),
            // The next block begins, or the text ends: this one was cut off.
            None => {
                let cut = body.find(BEGIN).unwrap_or(body.len());
                (&body[..cut], false, &body[cut..])
            }
        };
        found.push(Block::new(Some(label), complete, body));
        rest = after;
    }
    runs(rest, &mut found);
    found
}

/// RFC 7468 section 3 allows any printable character but the hyphen here; labels in use have upper case letters,
/// digits and spaces.
fn is_label(label: &str) -> bool {
    !label.is_empty() && label.len() <= 64 && label.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
}

/// Joins neighbouring lines of base64 and keeps those that could be something.
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

/// One word of base64, or several long ones where line breaks turned into spaces; not a sentence.
fn is_base64_line(line: &str) -> bool {
    const SHORTEST_WORD: usize = 16;
    let mut words = line.split_ascii_whitespace().rev();
    words.next().is_some_and(|last| last.bytes().all(is_base64))
        && words.all(|word| word.len() >= SHORTEST_WORD && word.bytes().all(is_base64))
}

fn is_base64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')
}

/// White space, and what mail programs and editors put in its place.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}')
}

/// The DER of a text without any PEM label.
fn bare(blocks: &mut [Block], text: &str) -> Result<Vec<u8>, Finding> {
    let mut requests: Vec<Vec<u8>> =
        blocks.iter_mut().filter(|block| block.shape == Shape::Request).filter_map(Block::take).collect();
    match requests.as_mut_slice() {
        [der] => return Ok(std::mem::take(der)),
        [] => {}
        several => {
            return Err(several_requests(several.len()));
        }
    }
    if let Some(other) = blocks.iter().map(|block| block.shape).find(|shape| *shape != Shape::Unknown) {
        return Err(instead(other));
    }
    if text.trim_start().starts_with("ssh-") || text.contains("BEGIN SSH2") {
        return Err(not_a_csr(Message::new("finding-ssh-key"), how_to()));
    }
    if text.contains("BEGIN") && text.contains("CERTIFICATE REQUEST") {
        return Err(not_a_csr(
            Message::new("finding-damaged-begin"),
            Message::new("finding-damaged-begin-advice").with("begin", BEGIN_REQUEST),
        ));
    }
    Err(not_a_csr(Message::new("finding-no-csr"), how_to()))
}

/// The DER of the one PEM block.
fn request(block: &mut Block) -> Result<Vec<u8>, Finding> {
    let label = block.label.as_deref().unwrap_or_default();
    if !block.is_request() {
        return Err(match (label, block.shape) {
            ("CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE", _) => instead(Shape::Certificate),
            ("PUBLIC KEY" | "RSA PUBLIC KEY", _) => instead(Shape::PublicKey),
            ("X509 CRL" | "PKCS7" | "CMS", _) => instead(Shape::OtherSigned),
            (_, Shape::Unknown | Shape::Request) => not_a_csr(
                Message::new("finding-is-other-pem").with("label", describe_labels(&[label])),
                how_to(),
            ),
            (_, shape) => instead(shape),
        });
    }
    if !block.complete {
        return Err(not_a_csr(
            Message::new("finding-cut-off"),
            Message::new("finding-cut-off-advice").with("end", END_REQUEST),
        ));
    }
    match (block.take(), block.shape) {
        (None, _) => {
            Err(not_a_csr(Message::new("finding-no-base64"), Message::new("finding-no-base64-advice")))
        }
        (Some(der), Shape::Request | Shape::Unknown) => Ok(der),
        (Some(_), other) => Err(instead(other)),
    }
}

/// What to say to somebody who sent something else.
fn instead(shape: Shape) -> Finding {
    match shape {
        Shape::PrivateKey => private_key(),
        Shape::Certificate => not_a_csr(
            Message::new("finding-certificate"),
            Message::new("finding-certificate-advice")
                .with("convert", "openssl x509 -x509toreq")
                .with("make", "openssl req -new"),
        ),
        Shape::PublicKey => not_a_csr(
            Message::new("finding-public-key"),
            Message::new("finding-public-key-advice")
                .with("command", "openssl req -new -key key.pem -out request.csr"),
        ),
        Shape::OtherSigned => not_a_csr(Message::new("finding-other-signed"), how_to()),
        Shape::Request | Shape::Unknown => not_a_csr(Message::new("finding-no-csr"), how_to()),
    }
}

/// Only labels that are in common use are repeated; any other could hold anything.
fn describe_labels(labels: &[&str]) -> Value {
    const KNOWN: [&str; 12] = [
        "CERTIFICATE",
        "CERTIFICATE REQUEST",
        "NEW CERTIFICATE REQUEST",
        "TRUSTED CERTIFICATE",
        "X509 CRL",
        "PKCS7",
        "CMS",
        "PUBLIC KEY",
        "RSA PUBLIC KEY",
        "DH PARAMETERS",
        "ATTRIBUTE CERTIFICATE",
        "PGP PUBLIC KEY BLOCK",
    ];
    let known = |label: &&str| {
        if KNOWN.contains(label) { Value::from(*label) } else { Message::new("finding-another-pem").into() }
    };
    Value::list("finding-list", labels.iter().map(known))
}

/// A PEM block: its label, and its content unless that is no base64.
pub(crate) type Armored = (String, Option<Zeroizing<Vec<u8>>>);

/// The complete PEM blocks of a text, for certificates and for keys that belong here.
pub(crate) fn armored(text: &str) -> Vec<Armored> {
    let complete = blocks(text).into_iter().filter(|block| block.complete);
    complete.filter_map(|block| block.label.map(|label| (label, block.der))).collect()
}
