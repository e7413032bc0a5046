//! Findings for texts that are not one request: the kind of the text or the place of the damage, and advice.

use pki::error::{OtherText, TextError, TextForm};
use pki::private_key::PrivateKeyError;

use super::private_key::private_key_in;
use super::{Code, Finding, is_unfit_to_show};
use crate::texts::{Message, Value};

const BEGIN_REQUEST: &str = "-----BEGIN CERTIFICATE REQUEST-----";
const END_REQUEST: &str = "-----END CERTIFICATE REQUEST-----";
/// Makes the request again with the same key.
pub(super) const AGAIN: &str = "openssl req -new -key key.pem -out request.csr";

/// The field with the text of a request.
const CSR_FIELD: &str = "csrContent";

/// General advice on how to make a request.
pub(super) fn how_to() -> Message {
    const COMMAND: &str = "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out \
         request.csr -subj /CN=www.example.com -addext subjectAltName=DNS:www.example.com";
    Message::new("finding-how-to").with("begin", BEGIN_REQUEST).with("command", COMMAND)
}

pub(super) fn not_a_csr(detail: impl Into<Message>, advice: Message) -> Finding {
    Finding::refused(Code::NotACsr, detail.into(), advice)
}

impl From<TextError> for Finding {
    fn from(error: TextError) -> Self {
        let message = Message::new;
        match error {
            TextError::PrivateKey(key) => private_key_in(CSR_FIELD, &PrivateKeyError::Found(key)),
            TextError::TooDeep => private_key_in(CSR_FIELD, &PrivateKeyError::TooDeep),
            TextError::TooLarge { bytes, max } => Finding::refused(
                Code::TooLarge,
                message("finding-text-too-large").with("bytes", bytes).with("most", max),
                message("finding-send-alone"),
            ),
            TextError::Empty => not_a_csr(message("finding-no-text"), how_to()),
            TextError::SeveralRequests(count) => not_a_csr(
                message("finding-several-requests").with("count", count),
                message("finding-one-by-one"),
            ),
            TextError::SeveralBlocks(labels) => not_a_csr(
                message("finding-several-blocks")
                    .with("count", labels.len())
                    .with("labels", describe_labels(&labels)),
                message("finding-send-alone"),
            ),
            TextError::SshKey => not_a_csr(message("finding-ssh-key"), how_to()),
            TextError::DamagedBegin => not_a_csr(
                message("finding-damaged-begin"),
                message("finding-damaged-begin-advice").with("begin", BEGIN_REQUEST),
            ),
            TextError::NoRequest => not_a_csr(message("finding-no-csr"), how_to()),
            TextError::OtherPem(label) => {
                not_a_csr(message("finding-is-other-pem").with("label", describe_labels(&[label])), how_to())
            }
            TextError::CutOff => not_a_csr(
                message("finding-cut-off"),
                message("finding-cut-off-advice").with("end", END_REQUEST),
            ),
            TextError::NotBase64(found) => not_a_csr(
                match found {
                    Some((line, character)) => message("finding-no-base64-character")
                        .with("line", line)
                        .with("character", describe_character(character)),
                    None => message("finding-no-base64"),
                },
                choose_file(),
            ),
            TextError::LineLength { line, length, usual } => not_a_csr(
                message("finding-line-length").with("line", line).with("count", length).with("usual", usual),
                choose_file(),
            ),
            TextError::Rewritten(form) => not_a_csr(
                message("finding-rewritten").with("how", rewritten(form)),
                message("finding-rewritten-advice"),
            ),
            TextError::Certificate => not_a_csr(
                message("finding-certificate"),
                message("finding-certificate-advice")
                    .with("convert", "openssl x509 -x509toreq")
                    .with("make", "openssl req -new"),
            ),
            TextError::PublicKey => not_a_csr(message("finding-public-key"), with_its_key()),
            TextError::Other(other) => {
                let (detail, advice) = instead(other);
                not_a_csr(message(detail), advice)
            }
        }
    }
}

/// Choosing the file comes before making the request again: most faults of a text are those of copying it.
pub(super) fn choose_file() -> Message {
    Message::new("finding-choose-file").with("command", AGAIN)
}

/// Advice for a public key without a request.
fn with_its_key() -> Message {
    Message::new("finding-public-key-advice").with("command", AGAIN)
}

/// The message for a text of another kind, and the advice.
fn instead(other: OtherText) -> (&'static str, Message) {
    let message = Message::new;
    let request_file = |id| message(id).with("begin", BEGIN_REQUEST);
    match other {
        OtherText::Crl => ("finding-is-crl", how_to()),
        OtherText::Pkcs7 => ("finding-is-pkcs7", how_to()),
        OtherText::Cmc => (
            "finding-is-cmc",
            message("finding-is-cmc-advice")
                .with("setting", "RequestType = PKCS10")
                .with("command", "certreq -new"),
        ),
        OtherText::Crmf => ("finding-is-crmf", with_its_key()),
        OtherText::Spkac => ("finding-is-spkac", with_its_key()),
        OtherText::OpenPgp => ("finding-is-pgp", how_to()),
        OtherText::Jwk => ("finding-is-jwk", with_its_key()),
        OtherText::PrintedRequest => ("finding-is-printed", request_file("finding-is-printed-advice")),
        OtherText::PrintedStructure => ("finding-is-structure", request_file("finding-is-printed-advice")),
        OtherText::Path => ("finding-is-path", request_file("finding-is-path-advice")),
        OtherText::Command => ("finding-is-command", request_file("finding-is-command-advice")),
        OtherText::Url => ("finding-is-url", request_file("finding-is-url-advice")),
        OtherText::Email => ("finding-is-email", request_file("finding-is-email-advice")),
        OtherText::WebPage => ("finding-is-web-page", request_file("finding-is-web-page-advice")),
        OtherText::Picture => ("finding-is-picture", request_file("finding-is-document-advice")),
        OtherText::Pdf => ("finding-is-pdf", request_file("finding-is-document-advice")),
        OtherText::OfficeFile => ("finding-is-office-file", request_file("finding-is-document-advice")),
        OtherText::Compressed => ("finding-is-compressed", request_file("finding-is-compressed-advice")),
    }
}

/// A character in words: as it is if it can be seen, else its name or its number.
fn describe_character(c: char) -> Message {
    let name = match c {
        '\0' => Some("finding-character-nul"),
        '\u{1b}' => Some("finding-character-escape"),
        '\u{ad}' => Some("finding-character-soft-hyphen"),
        '\u{200c}' | '\u{200d}' | '\u{2060}' => Some("finding-character-joiner"),
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some("finding-character-direction")
        }
        '\u{fffd}' => Some("finding-character-lost"),
        _ => None,
    };
    let number = format!("U+{:04X}", u32::from(c));
    match name {
        Some(name) => Message::new(name).with("number", number),
        None if is_unfit_to_show(c) => Message::new("finding-character-invisible").with("number", number),
        None if c.is_ascii() => Message::new("finding-character").with("character", c.to_string()),
        // Letters of other scripts look like those of base64.
        None => {
            Message::new("finding-character-number").with("character", c.to_string()).with("number", number)
        }
    }
}

/// The change that was made to a text, in words.
fn rewritten(form: TextForm) -> Message {
    Message::new(match form {
        TextForm::Invisible => "finding-form-invisible",
        TextForm::Escapes => "finding-form-escapes",
        TextForm::HtmlEntities => "finding-form-html",
        TextForm::PercentEncoding => "finding-form-percent",
        TextForm::QuotedPrintable => "finding-form-quoted-printable",
        TextForm::Base64OfPem => "finding-form-base64",
        TextForm::Base32 => "finding-form-base32",
        TextForm::Hexadecimal => "finding-form-hex",
        TextForm::Numbers => "finding-form-numbers",
        TextForm::OtherCharacters => "finding-form-full-width",
        TextForm::OtherBegin => "finding-form-begin",
        TextForm::Quotes => "finding-form-quotes",
        TextForm::LostPlus => "finding-form-lost-plus",
    })
}

/// Quotes only common labels: any other label is arbitrary text.
fn describe_labels(labels: &[String]) -> Value {
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
    let known = |label: &String| {
        if KNOWN.contains(&label.as_str()) {
            Value::from(label.as_str())
        } else {
            Message::new("finding-another-pem").into()
        }
    };
    Value::list("finding-list", labels.iter().map(known))
}
