//! The parameter of a receiver: its address, and the secrets that sign its webhooks (Standard Webhooks 1.0).
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>
//!
//! Invariant: neither address nor secret is printed. A receiver has at most two secrets, the newest first; while it has two,
//! each message has a signature by each.

use std::fmt::Write as _;

use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::address::{AddressError, ReceiverAddress};
use crate::secret::Secret;

/// The prefix of a secret as text.
const PREFIX: &str = "whsec_";
/// The octets of a new secret. The specification takes 24 to 64.
const LENGTH: usize = 32;
/// The most secrets of a receiver: the one in use, and the one before.
pub const MAX_SECRETS: usize = 2;

/// A secret that signs webhooks.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(Secret<Vec<u8>>);

impl SigningSecret {
    /// A new secret; `None` without randomness.
    pub fn random() -> Option<Self> {
        let mut octets = vec![0; LENGTH];
        rand::fill(&mut octets).ok()?;
        Some(Self(Secret::new(octets)))
    }

    /// Reads `whsec_` with 24 to 64 octets in base64; `None` for other texts.
    pub fn parse(text: &str) -> Option<Self> {
        let octets = STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
        (24..=64).contains(&octets.len()).then(|| Self(Secret::new(octets)))
    }

    /// The text, for the operator and for the parameter.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(self.0.expose()))
    }

    /// The signature of a message: HMAC-SHA256 over its id, its time in seconds and its body.
    fn signature(&self, id: &str, at: OffsetDateTime, body: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.expose());
        let signed = format!("{id}.{}.{body}", at.unix_timestamp());
        format!("v1,{}", STANDARD.encode(hmac::sign(&key, signed.as_bytes())))
    }
}

/// The address of a receiver and its secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct ReceiverParameter {
    /// Where messages are sent.
    pub address: ReceiverAddress,
    /// The secrets, the newest first.
    pub secrets: Vec<SigningSecret>,
}

/// The JSON of the parameter.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredReceiver {
    url: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    secrets: Vec<String>,
}

impl ReceiverParameter {
    /// Reads the value of the parameter.
    ///
    /// # Errors
    /// One line without the value.
    pub fn read(value: &str, takes_loopback: bool) -> Result<Self, String> {
        let stored: StoredReceiver =
            serde_json::from_str(value).map_err(|_| "it is not what countersign webhooks set writes")?;
        let address = ReceiverAddress::parse(&stored.url, takes_loopback)
            .map_err(|error: AddressError| error.to_string())?;
        let secrets: Option<Vec<SigningSecret>> =
            stored.secrets.iter().map(|text| SigningSecret::parse(text)).collect();
        let secrets = secrets.filter(|all| all.len() <= MAX_SECRETS);
        Ok(Self { address, secrets: secrets.ok_or("its signing secrets cannot be read")? })
    }

    /// The value of the parameter.
    pub fn expose(&self) -> String {
        let secrets = self.secrets.iter().map(SigningSecret::expose).collect();
        let stored = StoredReceiver { url: self.address.expose().to_string(), secrets };
        serde_json::to_string(&stored).unwrap_or_default()
    }

    /// Puts a new secret in front; the last one before it still signs.
    pub fn rotate(&mut self, new: SigningSecret) {
        self.secrets.insert(0, new);
        self.secrets.truncate(MAX_SECRETS);
    }

    /// The header `webhook-signature`: a signature by each secret. `None` without a secret.
    pub fn signatures(&self, id: &str, at: OffsetDateTime, body: &str) -> Option<String> {
        let mut header = String::new();
        for secret in &self.secrets {
            let space = if header.is_empty() { "" } else { " " };
            let _ = write!(header, "{space}{}", secret.signature(id, at, body));
        }
        (!header.is_empty()).then_some(header)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    fn parameter(secrets: &[&str]) -> ReceiverParameter {
        ReceiverParameter {
            address: ReceiverAddress::parse("https://hooks.example.com/xyz", false).unwrap(),
            secrets: secrets.iter().map(|text| SigningSecret::parse(text).unwrap()).collect(),
        }
    }

    /// The example of the specification.
    const EXAMPLE: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn the_signature_is_that_of_the_specification() {
        let at = OffsetDateTime::from_unix_timestamp(1_614_265_330).unwrap();
        let signed =
            parameter(&[EXAMPLE]).signatures("msg_p5jXN8AQM9LWM0D4loKWxJek", at, r#"{"test": 2432232314}"#);
        assert_eq!(signed.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn two_secrets_make_two_signatures_and_a_third_ends_the_first() {
        let mut parameter = parameter(&[]);
        let at = datetime!(2026-01-01 12:00 UTC);
        assert_eq!(parameter.signatures("m", at, "{}"), None);
        let all: Vec<SigningSecret> = (0..3).map(|_| SigningSecret::random().unwrap()).collect();
        for secret in &all {
            parameter.rotate(secret.clone());
        }
        assert!(parameter.secrets == [all[2].clone(), all[1].clone()]);
        let header = parameter.signatures("m", at, "{}").unwrap();
        let own = |secret: &SigningSecret| secret.signature("m", at, "{}");
        assert_eq!(header, format!("{} {}", own(&all[2]), own(&all[1])));
    }

    #[test]
    fn what_is_stored_is_read_again_and_nothing_else() {
        let parameter = parameter(&[EXAMPLE]);
        let value = parameter.expose();
        assert!(ReceiverParameter::read(&value, false).unwrap() == parameter);
        for bad in [
            "",
            "https://hooks.example.com/xyz",
            r#"{"url":"http://hooks.example.com/xyz"}"#,
            r#"{"url":"https://hooks.example.com/xyz","secrets":["xyz"]}"#,
            r#"{"url":"https://hooks.example.com/xyz","secrets":["whsec_eHl6"]}"#,
            r#"{"url":"https://hooks.example.com/xyz","more":1}"#,
            &format!(
                r#"{{"url":"https://hooks.example.com/xyz","secrets":["{EXAMPLE}","{EXAMPLE}","{EXAMPLE}"]}}"#
            ),
        ] {
            let said = ReceiverParameter::read(bad, false).err().unwrap();
            assert!(!said.contains("xyz") && !said.contains("whsec"), "{said}");
        }
    }

    proptest! {
        #[test]
        fn a_secret_round_trips(octets in prop::collection::vec(any::<u8>(), 0..80)) {
            let text = format!("{PREFIX}{}", STANDARD.encode(&octets));
            let read = SigningSecret::parse(&text);
            prop_assert_eq!(read.is_some(), (24..=64).contains(&octets.len()));
            if let Some(secret) = read {
                prop_assert_eq!(secret.expose(), text);
            }
        }

        #[test]
        fn no_text_makes_reading_panic(text in "\\PC{0,80}") {
            let _ = SigningSecret::parse(&text);
            prop_assert!(ReceiverParameter::read(&text, true).is_err());
        }
    }
}
