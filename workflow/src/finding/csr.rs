//! Findings for errors in the structure, the keys and the parts of a request.

use pki::error::{
    CommonNameError, CsrError, CsrWarning, DerError, DerFault, ExtensionError, KeyError, SignatureError,
    StructureError, WeakKeyError,
};

use super::csr_text::{AGAIN, choose_file, how_to, not_a_csr};
use super::keys::{new_key, supported_keys};
use super::{Code, Finding, quoted};
use crate::texts::Message;

/// Findings for all errors of a request: errors of the request as a whole come before errors of its parts.
pub fn findings(errors: impl IntoIterator<Item = CsrError>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = errors.into_iter().map(Finding::from).collect();
    findings.sort_by_key(|finding| finding.code);
    findings
}

impl From<CsrError> for Finding {
    fn from(error: CsrError) -> Self {
        match error {
            CsrError::Text(error) => error.into(),
            CsrError::Structure(error) => error.into(),
            CsrError::Key(error) => error.into(),
            CsrError::WeakKey(error) => error.into(),
            CsrError::Signature(error) => error.into(),
            CsrError::Name(error) => error.into(),
            CsrError::CommonName(error) => error.into(),
            CsrError::Extension(error) => error.into(),
        }
    }
}

/// Adds the place and the broken rule of an encoding, to a message with the values `at` and `fault`.
fn not_der(detail: Message, error: DerError) -> (Message, Message) {
    let message = Message::new;
    let fault = match error.fault {
        DerFault::CutOff => message("finding-der-cut-off"),
        DerFault::TrailingBytes(count) => message("finding-der-more").with("count", count),
        DerFault::Length => message("finding-der-length"),
        DerFault::Tag => message("finding-der-tag"),
        DerFault::Form => message("finding-der-form"),
        DerFault::Boolean => message("finding-der-boolean"),
        DerFault::Integer => message("finding-der-integer"),
        DerFault::Bits => message("finding-der-bits"),
        DerFault::Null => message("finding-der-null"),
        DerFault::Identifier => message("finding-der-identifier"),
        DerFault::Depth => message("finding-der-depth"),
    };
    let detail = detail.with("at", error.at).with("fault", fault);
    (detail, message("finding-der-advice").with("command", AGAIN))
}

impl From<StructureError> for Finding {
    fn from(error: StructureError) -> Self {
        let message = Message::new;
        match error {
            StructureError::TooLarge { bytes, max } => Finding::refused(
                Code::TooLarge,
                message("finding-request-too-large").with("bytes", bytes).with("most", max),
                message("finding-fewer-names"),
            ),
            StructureError::Malformed => not_a_csr(message("finding-not-well-formed"), choose_file()),
            StructureError::TrailingBytes(1) => not_a_csr(message("finding-one-more-byte"), choose_file()),
            StructureError::TrailingBytes(count) => {
                not_a_csr(message("finding-more-bytes").with("count", count), choose_file())
            }
            StructureError::NotDer(error) => {
                let (detail, advice) = not_der(message("finding-no-der"), error);
                not_a_csr(detail, advice)
            }
            StructureError::Version => not_a_csr(message("finding-version"), how_to()),
            StructureError::SignatureOctets => not_a_csr(message("finding-signature-octets"), how_to()),
        }
    }
}

impl From<SignatureError> for Finding {
    fn from(error: SignatureError) -> Self {
        let message = Message::new;
        let resign = || {
            message("finding-resign")
                .with("command", "openssl req -new -sha256 -key key.pem -out request.csr")
        };
        let unknown = |what: Message| {
            let detail = message("finding-unknown-signature").with("what", what);
            Finding::refused(Code::BadSignature, detail, resign())
        };
        let bad = |detail: Message| {
            let advice = message("finding-signature-advice").with("command", AGAIN);
            Finding::refused(Code::BadSignature, detail, advice)
        };
        match error {
            SignatureError::WeakDigest(digest) => Finding::refused(
                Code::WeakSignature,
                message("finding-weak-digest").with("digest", digest),
                resign(),
            ),
            SignatureError::Algorithm(oid) => {
                unknown(message("finding-signature-algorithm").with("algorithm", oid))
            }
            SignatureError::Parameters => unknown(message("finding-signature-parameters")),
            SignatureError::PssMalformed => unknown(message("finding-signature-pss-malformed")),
            SignatureError::PssDigest(oid) => {
                unknown(message("finding-signature-pss-digest").with("digest", oid))
            }
            SignatureError::PssUnusual => unknown(message("finding-signature-pss-unusual")),
            SignatureError::OtherKind(kind) => {
                bad(message("finding-signature-other-kind").with("key", kind.to_string()))
            }
            SignatureError::Wrong => bad(message("finding-signature-wrong")),
        }
    }
}

impl From<CommonNameError> for Finding {
    fn from(error: CommonNameError) -> Self {
        let message = Message::new;
        let bad = |detail: Message, advice| Finding::refused(Code::BadName, detail, Message::new(advice));
        match error {
            CommonNameError::Several => {
                bad(message("finding-several-common-names"), "finding-several-common-names-advice")
            }
            CommonNameError::NotText => {
                bad(message("finding-common-name-no-text"), "finding-common-name-no-text-advice")
            }
            CommonNameError::Character { name, character } => bad(
                message("finding-common-name-character")
                    .with("name", quoted(&name))
                    .with("character", format!("U+{:04X}", u32::from(character))),
                "finding-common-name-character-advice",
            ),
            CommonNameError::TooLong { count, max } => bad(
                message("finding-common-name-long").with("count", count).with("most", max),
                "finding-common-name-long-advice",
            ),
            CommonNameError::NoNames(common_name) => Finding::refused(
                Code::BadName,
                match common_name {
                    Some(text) => message("finding-no-san").with("name", quoted(&text)),
                    None => message("finding-no-names"),
                },
                message("finding-no-names-advice")
                    .with("command", "-addext subjectAltName=DNS:www.example.com,IP:192.0.2.10"),
            ),
        }
    }
}

impl From<ExtensionError> for Finding {
    fn from(error: ExtensionError) -> Self {
        let message = Message::new;
        let malformed = |detail: Message| {
            Finding::refused(Code::ForbiddenExtension, detail, message("finding-extension-advice"))
        };
        let attribute = |detail: Message| {
            let advice = message("finding-attribute-advice").with("command", AGAIN);
            Finding::refused(Code::ForbiddenExtension, detail, advice)
        };
        match error {
            ExtensionError::Unreadable => malformed(message("finding-extensions-unreadable")),
            ExtensionError::Twice(name) => {
                malformed(message("finding-extension-twice").with("extension", name))
            }
            ExtensionError::UnreadableExtension(name) => {
                malformed(message("finding-extension-unreadable").with("extension", name))
            }
            ExtensionError::NotDer { what, error } => {
                let (detail, advice) = not_der(message("finding-value-no-der").with("what", what), error);
                Finding::refused(Code::ForbiddenExtension, detail, advice)
            }
            ExtensionError::AttributeTwice(name) => {
                attribute(message("finding-attribute-twice").with("attribute", name))
            }
            ExtensionError::AttributeValues { attribute: name, count: 0 } => {
                attribute(message("finding-attribute-none").with("attribute", name))
            }
            ExtensionError::AttributeValues { attribute: name, count } => {
                attribute(message("finding-attribute-values").with("attribute", name).with("count", count))
            }
            ExtensionError::TooManyNames { count, max } => Finding::refused(
                Code::TooLarge,
                message("finding-too-many-names").with("count", count).with("most", max),
                message("finding-spread-names"),
            ),
        }
    }
}

impl From<&CsrWarning> for Finding {
    fn from(warning: &CsrWarning) -> Self {
        let confusable = |id, label: &str, name: &str| {
            Finding::warning(
                Code::BadName,
                Message::new(id).with("label", quoted(label)).with("name", name),
                Message::new("finding-look-alike-advice"),
            )
        };
        match warning {
            CsrWarning::CommonNameLeftOut(name) => Finding::ignored(
                Code::BadName,
                Message::new("finding-common-name-left-out").with("name", quoted(name)),
                Message::new("finding-common-name-left-out-advice"),
            ),
            CsrWarning::MixedScripts { label, name } => confusable("finding-mixed-scripts", label, name),
            CsrWarning::LooksLatin { label, name } => confusable("finding-look-alike", label, name),
        }
    }
}

impl From<KeyError> for Finding {
    fn from(error: KeyError) -> Self {
        let message = Message::new;
        let unsupported = error.is_unsupported();
        let detail = match error {
            KeyError::Malformed => message("finding-key-malformed"),
            KeyError::NotDer => message("finding-key-not-der"),
            KeyError::Octets => message("finding-key-octets"),
            KeyError::RsaTooLong { bits, max } => {
                message("finding-rsa-too-long").with("bits", bits).with("most", max)
            }
            KeyError::RsaParameters => message("finding-rsa-parameters"),
            KeyError::RsaMalformed => message("finding-rsa-malformed"),
            KeyError::EcExplicit => message("finding-ec-explicit"),
            KeyError::EcCurve(curve) => message("finding-ec-curve").with("curve", curve),
            KeyError::EcCompressed => message("finding-ec-compressed"),
            KeyError::EcPoint(kind) => message("finding-ec-no-point").with("key", kind.to_string()),
            KeyError::NotOnCurve(kind) => message("finding-not-on-curve").with("key", kind.to_string()),
            KeyError::Ed25519Malformed => message("finding-ed25519-malformed"),
            KeyError::PssOnly => message("finding-key-pss"),
            KeyError::OtherKind(kind) => message("finding-key-kind").with("kind", kind),
        };
        if unsupported {
            Finding::refused(Code::UnsupportedKey, detail, supported_keys())
        } else {
            Finding::refused(Code::WeakKey, detail, new_key())
        }
    }
}

impl From<WeakKeyError> for Finding {
    fn from(error: WeakKeyError) -> Self {
        let message = Message::new;
        // An exponent may exceed the numbers of messages.
        let exponent = |id, exponent: u64| message(id).with("exponent", exponent.to_string());
        let usual_exponent = || message("finding-rsa-exponent-advice").with("advice", new_key());
        let weak = |detail: Message| Finding::refused(Code::WeakKey, detail, new_key());
        match error {
            WeakKeyError::RsaTooShort { bits, min } => Finding::refused(
                Code::WeakKey,
                message("finding-rsa-too-short").with("bits", bits).with("fewest", min),
                message("finding-rsa-new-key").with(
                    "command",
                    "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem",
                ),
            ),
            WeakKeyError::RsaOddSize(bits) => weak(message("finding-rsa-odd-size").with("bits", bits)),
            WeakKeyError::RsaExponentOctets(count) => Finding::refused(
                Code::UnsupportedKey,
                message("finding-rsa-exponent-octets").with("count", count),
                usual_exponent(),
            ),
            WeakKeyError::RsaExponentLarge(value) => Finding::refused(
                Code::UnsupportedKey,
                exponent("finding-rsa-exponent-large", value),
                usual_exponent(),
            ),
            WeakKeyError::RsaExponentSmall(value) => weak(exponent("finding-rsa-exponent-small", value)),
            WeakKeyError::RsaDivisible(prime) => {
                weak(message("finding-rsa-divisible").with("prime", prime.to_string()))
            }
            WeakKeyError::RsaRoca => weak(message("finding-rsa-roca")),
            WeakKeyError::RsaSquare => weak(message("finding-rsa-square")),
            WeakKeyError::RsaClose => weak(message("finding-rsa-close")),
            WeakKeyError::RsaPrime => weak(message("finding-rsa-prime")),
            WeakKeyError::Ed25519SmallOrder => weak(message("finding-ed25519-small-order")),
        }
    }
}
