//! Renewal information (RFC 9773): when a client should renew a certificate.
//!
//! Invariant: the window of a certificate follows from its validity and serial number alone, so that all answers agree and many
//! certificates of one hour do not come back in one hour. Unless a renewal is urgent, it lies within the validity.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use time::{Duration, OffsetDateTime};

use super::problem::AcmeProblem;
use crate::base64url;
use crate::certificate::{Certificate, Serial, Validity};
use crate::sha256::sha256;

/// The name of a certificate in renewals (RFC 9773 section 4.1): the key identifier of its issuer, and its serial number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RenewalCertId {
    authority_key_identifier: Vec<u8>,
    serial: Serial,
}

/// When a certificate should be renewed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RenewalInfo {
    suggested_window: SuggestedWindow,
    #[serde(rename = "explanationURL", skip_serializing_if = "Option::is_none")]
    explanation_url: Option<String>,
    /// The seconds of the header Retry-After.
    #[serde(skip)]
    retry_after: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct SuggestedWindow {
    #[serde(serialize_with = "super::headers::rfc3339")]
    start: OffsetDateTime,
    #[serde(serialize_with = "super::headers::rfc3339")]
    end: OffsetDateTime,
}

impl RenewalCertId {
    /// The most octets of a key identifier: RFC 5280 section 4.2.1.2 has 20, and other methods up to SHA-512.
    const MAX_KEY_IDENTIFIER: usize = 64;

    /// The name of a certificate; `None` if it does not name the key of its issuer.
    #[must_use]
    pub fn of(certificate: &Certificate) -> Option<Self> {
        let authority_key_identifier = hex::decode(certificate.authority_key_identifier()?).ok()?;
        Some(Self { authority_key_identifier, serial: certificate.serial().clone() })
    }

    /// The key identifier of the issuer, in lower-case hex.
    #[must_use]
    pub fn authority_key_identifier(&self) -> String {
        hex::encode(&self.authority_key_identifier)
    }

    /// The serial number.
    #[must_use]
    pub fn serial(&self) -> &Serial {
        &self.serial
    }

    fn read(text: &str) -> Option<Self> {
        let (authority, serial) = text.split_once('.')?;
        let authority_key_identifier = base64url::decode(authority)?;
        let serial = Serial::from_integer(&base64url::decode(serial)?).ok()?;
        let fits = (1..=Self::MAX_KEY_IDENTIFIER).contains(&authority_key_identifier.len());
        let id = Self { authority_key_identifier, serial };
        // One text for each certificate: a serial number has no zeros that DER does not demand.
        (fits && id.to_string() == text).then_some(id)
    }
}

impl fmt::Display for RenewalCertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // RFC 9773 section 4.1: the content octets of the INTEGER, with the zero in front of a set first bit.
        let octets = self.serial.octets();
        let zero: &[u8] = if octets[0] & 0x80 == 0 { &[] } else { &[0] };
        let serial = base64url::encode([zero, octets].concat());
        write!(f, "{}.{serial}", base64url::encode(&self.authority_key_identifier))
    }
}

impl FromStr for RenewalCertId {
    type Err = AcmeProblem;

    fn from_str(text: &str) -> Result<Self, AcmeProblem> {
        Self::read(text).ok_or_else(|| {
            AcmeProblem::malformed(
                "a certificate is named by the key identifier of its issuer and its serial number, each in base64url without padding, with a dot between (RFC 9773 section 4.1)",
            )
        })
    }
}

impl Serialize for RenewalCertId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl RenewalInfo {
    /// How often a client asks, unless the certificate lives for a short time.
    const INTERVAL: Duration = Duration::hours(6);

    /// A window at about two thirds of the validity, at a place that follows from the serial number.
    #[must_use]
    pub fn in_time(validity: &Validity, serial: &Serial, explanation_url: Option<String>) -> Self {
        let life = (validity.not_after - validity.not_before).whole_seconds().max(3);
        // 2/3 of the life, less or more by 1/30 of it; then a window of 1/50, in which clients choose a moment.
        let digest = sha256(serial.octets());
        let place = i64::from(u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]));
        let spread = life / 15;
        let offset = life * 2 / 3 - spread / 2 + ((i128::from(spread) * i128::from(place)) >> 32) as i64;
        let start = validity.not_before.saturating_add(Duration::seconds(offset));
        let end = start.saturating_add(Duration::seconds((life / 50).max(1)));
        // RFC 9773 section 4.3.2: clients clamp to between a minute and a day.
        let retry_after = Self::INTERVAL.whole_seconds().min(life / 50).max(60);
        Self { suggested_window: SuggestedWindow { start, end }, explanation_url, retry_after }
    }

    /// A window in the past: RFC 9773 section 4.2 has clients renew at once. For a certificate that is revoked, whose issuer
    /// is replaced, or whose standing approval ends soon.
    #[must_use]
    pub fn at_once(now: OffsetDateTime, explanation_url: Option<String>) -> Self {
        let start = now.saturating_sub(Duration::hours(2));
        let end = now.saturating_sub(Duration::hours(1));
        let retry_after = Self::INTERVAL.whole_seconds();
        Self { suggested_window: SuggestedWindow { start, end }, explanation_url, retry_after }
    }

    /// The first moment of the window.
    #[must_use]
    pub fn start(&self) -> OffsetDateTime {
        self.suggested_window.start
    }

    /// The last moment of the window.
    #[must_use]
    pub fn end(&self) -> OffsetDateTime {
        self.suggested_window.end
    }

    /// The seconds of the header Retry-After, which the response must have.
    #[must_use]
    pub fn retry_after(&self) -> i64 {
        self.retry_after
    }
}
