//! Findings for private keys in a field: the format and the encodings, and nothing of the key.

use pki::private_key::{DetectedKey, KeyEncoding, KeyFormat, PrivateKeyError};

use super::{Code, Finding};
use crate::texts::{Message, Value};

/// The finding for a field with a private key, or one that cannot be searched for one.
pub(crate) fn private_key_in(field: &str, error: &PrivateKeyError) -> Finding {
    match error {
        PrivateKeyError::Found(key) => Finding::refused(
            Code::PrivateKeySubmitted,
            Message::new("finding-private-key").with("field", field).with("key", describe(key)),
            Message::new("finding-private-key-advice"),
        ),
        PrivateKeyError::TooDeep => Finding::refused(
            Code::BadRequest,
            Message::new("finding-too-deep").with("field", field),
            Message::new("finding-too-deep-advice"),
        ),
    }
}

fn describe(key: &DetectedKey) -> Message {
    let format = Message::new("finding-private-key-format").with("format", format_name(key.format));
    if key.encodings.is_empty() {
        return format;
    }
    let encoding = |encoding: &KeyEncoding| {
        Value::from(Message::new("finding-key-encoding").with("encoding", encoding_name(*encoding)))
    };
    let encodings = Value::list("finding-key-encodings", key.encodings.iter().rev().map(encoding));
    Message::new("finding-private-key-encoded").with("format", format).with("encodings", encodings)
}

/// The format as the texts select it.
fn format_name(format: KeyFormat) -> &'static str {
    match format {
        KeyFormat::Pkcs8 => "pkcs8",
        KeyFormat::EncryptedPkcs8 => "encrypted-pkcs8",
        KeyFormat::Pkcs1 => "pkcs1",
        KeyFormat::Sec1 => "sec1",
        KeyFormat::Dsa => "dsa",
        KeyFormat::OpenSsh => "openssh",
        KeyFormat::Ssh2 => "ssh2",
        KeyFormat::Putty => "putty",
        KeyFormat::Pkcs12 => "pkcs12",
        KeyFormat::JavaKeyStore => "java",
        KeyFormat::Jwk => "jwk",
        KeyFormat::Xml => "xml",
        KeyFormat::Numbers => "numbers",
        KeyFormat::Pgp => "pgp",
        KeyFormat::Windows => "windows",
        KeyFormat::Labelled => "labelled",
    }
}

/// The encoding as the texts select it.
fn encoding_name(encoding: KeyEncoding) -> &'static str {
    match encoding {
        KeyEncoding::Pem => "pem",
        KeyEncoding::Base64 => "base64",
        KeyEncoding::Hex => "hex",
        KeyEncoding::Percent => "percent",
        KeyEncoding::Backslash => "backslash",
        KeyEncoding::CharacterReferences => "references",
        KeyEncoding::QuotedPrintable => "quoted-printable",
        KeyEncoding::Utf16 => "utf16",
        KeyEncoding::Compressed => "compressed",
        KeyEncoding::NumberList => "numbers",
        KeyEncoding::Base32 => "base32",
    }
}
