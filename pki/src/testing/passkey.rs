//! An authenticator and its browser, in software. Encodes without the code under test.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use der::Decode as _;
use der::asn1::UintRef;

use super::cbor::{cbor_bytes, cbor_integer, cbor_map, cbor_text};
use super::key::{TestKey, TestKeyPair};
use crate::webauthn::{Assertion, PasskeyAlgorithm, RelyingParty};

/// A passkey with its authenticator and its browser. Makes correct responses, unless it is told to make wrong ones.
#[derive(Clone)]
pub struct SoftPasskey {
    algorithm: PasskeyAlgorithm,
    key: TestKeyPair,
    credential_id: Vec<u8>,
    aaguid: [u8; 16],
    flags: u8,
    counter: u32,
    extensions: Option<Vec<u8>>,
    cose: Option<Vec<u8>>,
    client_data_type: Option<String>,
    origin: Option<String>,
    relying_party_id: Option<String>,
    is_cross_origin: bool,
    top_origin: Option<String>,
}

impl SoftPasskey {
    /// The flag UP: the user was present.
    pub const USER_PRESENT: u8 = 0x01;
    /// The flag UV: the user was verified.
    pub const USER_VERIFIED: u8 = 0x04;
    /// The flag BE: a backup is possible.
    pub const BACKUP_ELIGIBLE: u8 = 0x08;
    /// The flag BS: there is a backup.
    pub const BACKED_UP: u8 = 0x10;
    /// The flag AT: there is attested credential data.
    pub const ATTESTED_CREDENTIAL: u8 = 0x40;
    /// The flag ED: there are extensions.
    pub const EXTENSIONS: u8 = 0x80;

    /// A new passkey on one device, with user verification. An RSA key has 2048 bits.
    #[must_use]
    pub fn new(algorithm: PasskeyAlgorithm) -> SoftPasskey {
        let kind = match algorithm {
            PasskeyAlgorithm::Es256 => TestKey::EcP256,
            PasskeyAlgorithm::EdDsa => TestKey::Ed25519,
            PasskeyAlgorithm::Rs256 => TestKey::Rsa2048,
        };
        let key = TestKeyPair::generate(kind);
        SoftPasskey {
            algorithm,
            credential_id: sha256(key.spki())[..16].to_vec(),
            key,
            aaguid: *b"countersign-test",
            flags: Self::USER_PRESENT | Self::USER_VERIFIED,
            counter: 0,
            extensions: None,
            cose: None,
            client_data_type: None,
            origin: None,
            relying_party_id: None,
            is_cross_origin: false,
            top_origin: None,
        }
    }

    /// The credential ID.
    #[must_use]
    pub fn credential_id(&self) -> &[u8] {
        &self.credential_id
    }

    /// Another credential ID.
    #[must_use]
    pub fn with_credential_id(mut self, credential_id: &[u8]) -> SoftPasskey {
        self.credential_id = credential_id.to_vec();
        self
    }

    /// The flags UP, UV, BE and BS, exactly; AT and ED may be added.
    #[must_use]
    pub fn with_flags(mut self, flags: u8) -> SoftPasskey {
        self.flags = flags;
        self
    }

    /// The value of the signature counter.
    #[must_use]
    pub fn with_counter(mut self, counter: u32) -> SoftPasskey {
        self.counter = counter;
        self
    }

    /// The octets of the extensions, with the flag ED.
    #[must_use]
    pub fn with_extensions(mut self, octets: &[u8]) -> SoftPasskey {
        self.extensions = Some(octets.to_vec());
        self
    }

    /// Other octets in place of the COSE_Key.
    #[must_use]
    pub fn with_cose(mut self, octets: &[u8]) -> SoftPasskey {
        self.cose = Some(octets.to_vec());
        self
    }

    /// Another `type`.
    #[must_use]
    pub fn with_type(mut self, name: &str) -> SoftPasskey {
        self.client_data_type = Some(name.to_owned());
        self
    }

    /// Another origin.
    #[must_use]
    pub fn with_origin(mut self, origin: &str) -> SoftPasskey {
        self.origin = Some(origin.to_owned());
        self
    }

    /// Another relying party identifier.
    #[must_use]
    pub fn with_relying_party_id(mut self, id: &str) -> SoftPasskey {
        self.relying_party_id = Some(id.to_owned());
        self
    }

    /// `crossOrigin` is true.
    #[must_use]
    pub fn with_cross_origin(mut self) -> SoftPasskey {
        self.is_cross_origin = true;
        self
    }

    /// Adds `topOrigin`.
    #[must_use]
    pub fn with_top_origin(mut self, origin: &str) -> SoftPasskey {
        self.top_origin = Some(origin.to_owned());
        self
    }

    /// Another key of the same kind, with the same credential ID.
    #[must_use]
    pub fn with_other_key(mut self) -> SoftPasskey {
        self.key = TestKeyPair::generate(self.key.kind());
        self
    }

    /// An RSA key of another length.
    ///
    /// # Panics
    /// If the key is not an RSA key.
    #[must_use]
    pub fn with_rsa(mut self, kind: TestKey) -> SoftPasskey {
        assert_eq!(self.algorithm, PasskeyAlgorithm::Rs256);
        self.key = TestKeyPair::generate(kind);
        self
    }

    /// Registers the passkey: clientDataJSON and attestationObject.
    #[must_use]
    pub fn create(&self, party: &RelyingParty, challenge: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let object = Self::attestation_object(&self.authenticator_data(party, true));
        (self.client_data("webauthn.create", party, challenge), object)
    }

    /// Signs a challenge.
    #[must_use]
    pub fn get(&self, party: &RelyingParty, challenge: &[u8]) -> Assertion {
        let client_data_json = self.client_data("webauthn.get", party, challenge);
        self.sign(self.authenticator_data(party, false), client_data_json)
    }

    /// clientDataJSON of a `type`, as browsers write it.
    #[must_use]
    pub fn client_data(&self, name: &str, party: &RelyingParty, challenge: &[u8]) -> Vec<u8> {
        let name = self.client_data_type.as_deref().unwrap_or(name);
        let challenge = URL_SAFE_NO_PAD.encode(challenge);
        let origin = self.origin.as_deref().unwrap_or(&party.origin);
        let top = self.top_origin.as_ref().map(|top| format!(r#","topOrigin":"{top}""#)).unwrap_or_default();
        let is_cross_origin = self.is_cross_origin;
        format!(
            r#"{{"type":"{name}","challenge":"{challenge}","origin":"{origin}","crossOrigin":{is_cross_origin}{top}}}"#
        )
        .into_bytes()
    }

    /// authenticatorData, with attested credential data or without.
    #[must_use]
    pub fn authenticator_data(&self, party: &RelyingParty, has_credential: bool) -> Vec<u8> {
        let mut flags = self.flags;
        let mut rest = Vec::new();
        if has_credential {
            flags |= Self::ATTESTED_CREDENTIAL;
            rest.extend(self.aaguid);
            rest.extend(u16::try_from(self.credential_id.len()).unwrap().to_be_bytes());
            rest.extend(&self.credential_id);
            rest.extend(self.cose.clone().unwrap_or_else(|| self.cose_key()));
        }
        if let Some(extensions) = &self.extensions {
            flags |= Self::EXTENSIONS;
            rest.extend(extensions);
        }
        let id = self.relying_party_id.as_deref().unwrap_or(&party.id);
        [&sha256(id.as_bytes())[..], &[flags], &self.counter.to_be_bytes(), &rest].concat()
    }

    /// An attestationObject without attestation.
    #[must_use]
    pub fn attestation_object(authenticator_data: &[u8]) -> Vec<u8> {
        cbor_map(&[
            (cbor_text("fmt"), cbor_text("none")),
            (cbor_text("attStmt"), cbor_map(&[])),
            (cbor_text("authData"), cbor_bytes(authenticator_data)),
        ])
    }

    /// Signs any octets.
    #[must_use]
    pub fn sign(&self, authenticator_data: Vec<u8>, client_data_json: Vec<u8>) -> Assertion {
        let message = [&authenticator_data[..], &sha256(&client_data_json)].concat();
        Assertion { signature: self.key.sign(&message), authenticator_data, client_data_json }
    }

    /// The COSE_Key.
    #[must_use]
    pub fn cose_key(&self) -> Vec<u8> {
        let bits = subject_public_key(self.key.spki());
        let (kty, parameters) = match self.algorithm {
            PasskeyAlgorithm::Es256 => {
                let (x, y) = bits[1..].split_at(32);
                (2, vec![cbor_integer(1), cbor_bytes(x), cbor_bytes(y)])
            }
            PasskeyAlgorithm::EdDsa => (1, vec![cbor_integer(6), cbor_bytes(&bits)]),
            PasskeyAlgorithm::Rs256 => {
                // RSAPublicKey: modulus and exponent.
                let numbers = Vec::<UintRef<'_>>::from_der(&bits).unwrap();
                (3, numbers.iter().map(|number| cbor_bytes(number.as_bytes())).collect())
            }
        };
        let labels = [1, 3, -1, -2, -3].into_iter().map(cbor_integer);
        let values = [cbor_integer(kty), cbor_integer(self.algorithm.cose_number())];
        cbor_map(&labels.zip(values.into_iter().chain(parameters)).collect::<Vec<_>>())
    }
}

/// The content of subjectPublicKey.
fn subject_public_key(spki: &[u8]) -> Vec<u8> {
    use x509_parser::prelude::FromDer as _;
    let (_, spki) = x509_parser::x509::SubjectPublicKeyInfo::from_der(spki).unwrap();
    spki.subject_public_key.data.to_vec()
}

fn sha256(octets: &[u8]) -> Vec<u8> {
    digest(&SHA256, octets).as_ref().to_vec()
}
