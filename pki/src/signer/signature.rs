//! Verification of signatures: proof of possession of a request (RFC 2986 section 4.2), and the links of a chain (RFC
//! 5280 section 6.1.3).
//!
//! Invariant: any supported key goes with any supported digest, such as P-384 with SHA-256. Fails with a
//! [`SignatureError`].

use aws_lc_rs::signature::{self as alg, RsaPssSaltLength, VerificationAlgorithm};
use der::asn1::{AnyRef, ObjectIdentifier};
use der::{DecodeValue as _, Header, Reader as _, Sequence, SliceReader, Tag as DerTag};
use x509_parser::asn1_rs::{Any, Tag};
use x509_parser::signature_algorithm::SignatureAlgorithm;
use x509_parser::x509::AlgorithmIdentifier;

use crate::error::SignatureError;
use crate::key::{KeyKind, PublicKey};
use crate::oid::{dotted, is};

/// A secure digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digest {
    Sha256,
    Sha384,
    Sha512,
}

/// The signature scheme of an AlgorithmIdentifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    RsaPkcs1(Digest),
    RsaPss { digest: Digest, salt: u16 },
    Ecdsa(Digest),
    Ed25519,
}

/// RSASSA-PSS-params. The defaults of digest and mask are SHA-1, which is not accepted.
#[derive(Sequence)]
struct PssParameters<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    digest: PssAlgorithm<'a>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT")]
    mask: PssMask<'a>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    salt: Option<u16>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    trailer: Option<u8>,
}

#[derive(Sequence)]
struct PssAlgorithm<'a> {
    oid: ObjectIdentifier,
    parameters: Option<AnyRef<'a>>,
}

#[derive(Sequence)]
struct PssMask<'a> {
    oid: ObjectIdentifier,
    digest: PssAlgorithm<'a>,
}

impl PssParameters<'_> {
    /// True for the content of the SEQUENCE, to its last octet.
    fn is_content(content: &[u8]) -> bool {
        let Ok(length) = der::Length::try_from(content.len()) else {
            return false;
        };
        let Ok(mut reader) = SliceReader::new(content) else {
            return false;
        };
        let header = Header::new(DerTag::Sequence, length);
        PssParameters::decode_value(&mut reader, header).is_ok() && reader.is_finished()
    }
}

/// The secure algorithms without parameters.
const FIT: [(ObjectIdentifier, Scheme); 7] = [
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11"), Scheme::RsaPkcs1(Digest::Sha256)),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12"), Scheme::RsaPkcs1(Digest::Sha384)),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13"), Scheme::RsaPkcs1(Digest::Sha512)),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"), Scheme::Ecdsa(Digest::Sha256)),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3"), Scheme::Ecdsa(Digest::Sha384)),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4"), Scheme::Ecdsa(Digest::Sha512)),
    (ObjectIdentifier::new_unwrap("1.3.101.112"), Scheme::Ed25519),
];

impl Scheme {
    /// Reads the AlgorithmIdentifier of a signature (RFC 8017 appendix C, RFC 5758 section 3.2, RFC 8410 section 3).
    pub(crate) fn read(algorithm: &AlgorithmIdentifier<'_>) -> Result<Scheme, SignatureError> {
        if let Some((_, scheme)) = FIT.iter().find(|(known, _)| is(&algorithm.algorithm, known)) {
            // RFC 4055 section 5: NULL for RSA; RFC 5758 section 3.2 and RFC 8410 section 3: absent. Some write NULL for ECDSA.
            let parameters = algorithm.parameters.as_ref();
            let is_null = |any: &Any<'_>| any.tag() == Tag::Null && any.data.is_empty();
            return match parameters {
                Some(any) if *scheme == Scheme::Ed25519 || !is_null(any) => Err(SignatureError::Parameters),
                _ => Ok(*scheme),
            };
        }
        match dotted(&algorithm.algorithm).as_str() {
            "1.2.840.113549.1.1.10" => Scheme::read_pss(algorithm),
            "1.2.840.113549.1.1.2" => Err(SignatureError::WeakDigest("MD2")),
            "1.2.840.113549.1.1.3" => Err(SignatureError::WeakDigest("MD4")),
            "1.2.840.113549.1.1.4" => Err(SignatureError::WeakDigest("MD5")),
            "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" | "1.2.840.10045.4.1" | "1.2.840.10040.4.3" => {
                Err(SignatureError::WeakDigest("SHA-1"))
            }
            "1.2.840.113549.1.1.14" | "1.2.840.10045.4.3.1" => Err(SignatureError::WeakDigest("SHA-224")),
            other => Err(SignatureError::Algorithm(other.to_owned())),
        }
    }

    /// RSASSA-PSS-params (RFC 8017 appendix A.2.3).
    fn read_pss(algorithm: &AlgorithmIdentifier<'_>) -> Result<Scheme, SignatureError> {
        let Ok(SignatureAlgorithm::RSASSA_PSS(parameters)) = SignatureAlgorithm::try_from(algorithm) else {
            return Err(SignatureError::PssMalformed);
        };
        let digest = match parameters.hash_algorithm_oid().to_id_string().as_str() {
            "2.16.840.1.101.3.4.2.1" => Digest::Sha256,
            "2.16.840.1.101.3.4.2.2" => Digest::Sha384,
            "2.16.840.1.101.3.4.2.3" => Digest::Sha512,
            "1.3.14.3.2.26" => return Err(SignatureError::WeakDigest("SHA-1")),
            "2.16.840.1.101.3.4.2.4" => return Err(SignatureError::WeakDigest("SHA-224")),
            other => return Err(SignatureError::PssDigest(other.to_owned())),
        };
        let mask = parameters.mask_gen_algorithm().map_err(|_| SignatureError::PssMalformed)?;
        let same_digest = mask.hash.to_id_string() == parameters.hash_algorithm_oid().to_id_string();
        let salt = u16::try_from(parameters.salt_length()).ok();
        match salt {
            Some(salt) if same_digest && parameters.trailer_field() == 1 => {
                // x509-parser reads an OBJECT IDENTIFIER under any tag.
                let any = algorithm.parameters.as_ref();
                let typed = any.is_some_and(|any| PssParameters::is_content(any.data));
                if typed { Ok(Scheme::RsaPss { digest, salt }) } else { Err(SignatureError::PssMalformed) }
            }
            _ => Err(SignatureError::PssUnusual),
        }
    }
}

/// Checks that `signature` over `message` was made with the private key of `key`.
pub(crate) fn verify(
    key: &PublicKey,
    scheme: Scheme,
    message: &[u8],
    signature: &[u8],
) -> Result<(), SignatureError> {
    let spki = key.spki_der();
    let valid = match (key.kind(), scheme) {
        (KeyKind::Rsa { .. }, Scheme::RsaPkcs1(digest)) => {
            let algorithm = match digest {
                Digest::Sha256 => &alg::RSA_PKCS1_2048_8192_SHA256,
                Digest::Sha384 => &alg::RSA_PKCS1_2048_8192_SHA384,
                Digest::Sha512 => &alg::RSA_PKCS1_2048_8192_SHA512,
            };
            algorithm.verify_sig(spki, message, signature)
        }
        (KeyKind::Rsa { .. }, Scheme::RsaPss { digest, salt }) => {
            let algorithm = match digest {
                Digest::Sha256 => alg::RSA_PSS_2048_8192_SHA256,
                Digest::Sha384 => alg::RSA_PSS_2048_8192_SHA384,
                Digest::Sha512 => alg::RSA_PSS_2048_8192_SHA512,
            };
            algorithm
                .with_pss_salt_length(RsaPssSaltLength::Custom(salt))
                .verify_sig(spki, message, signature)
        }
        (KeyKind::EcP256, Scheme::Ecdsa(digest)) => {
            let algorithm = match digest {
                Digest::Sha256 => &alg::ECDSA_P256_SHA256_ASN1,
                Digest::Sha384 => &alg::ECDSA_P256_SHA384_ASN1,
                Digest::Sha512 => &alg::ECDSA_P256_SHA512_ASN1,
            };
            algorithm.verify_sig(spki, message, signature)
        }
        (KeyKind::EcP384, Scheme::Ecdsa(digest)) => {
            let algorithm = match digest {
                Digest::Sha256 => &alg::ECDSA_P384_SHA256_ASN1,
                Digest::Sha384 => &alg::ECDSA_P384_SHA384_ASN1,
                Digest::Sha512 => &alg::ECDSA_P384_SHA512_ASN1,
            };
            algorithm.verify_sig(spki, message, signature)
        }
        (KeyKind::EcP521, Scheme::Ecdsa(digest)) => {
            let algorithm = match digest {
                Digest::Sha256 => &alg::ECDSA_P521_SHA256_ASN1,
                Digest::Sha384 => &alg::ECDSA_P521_SHA384_ASN1,
                Digest::Sha512 => &alg::ECDSA_P521_SHA512_ASN1,
            };
            algorithm.verify_sig(spki, message, signature)
        }
        (KeyKind::Ed25519, Scheme::Ed25519) => alg::ED25519.verify_sig(key.bits(), message, signature),
        (kind, _) => {
            return Err(SignatureError::OtherKind(kind));
        }
    };
    valid.map_err(|_| SignatureError::Wrong)
}

/// True if the verifier accepts the key; it refuses points off the curve, for one.
pub(crate) fn is_readable(key: &PublicKey) -> bool {
    use aws_lc_rs::signature::ParsedPublicKey;
    let algorithm: &'static dyn VerificationAlgorithm = match key.kind() {
        KeyKind::Rsa { .. } => &alg::RSA_PKCS1_2048_8192_SHA256,
        KeyKind::EcP256 => &alg::ECDSA_P256_SHA256_ASN1,
        KeyKind::EcP384 => &alg::ECDSA_P384_SHA384_ASN1,
        KeyKind::EcP521 => &alg::ECDSA_P521_SHA512_ASN1,
        KeyKind::Ed25519 => return ParsedPublicKey::new(&alg::ED25519, key.bits()).is_ok(),
    };
    ParsedPublicKey::new(algorithm, key.spki_der()).is_ok()
}
