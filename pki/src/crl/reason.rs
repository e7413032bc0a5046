//! Reasons of revocations (RFC 5280 section 5.3.1).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The reason of a revocation.
///
/// `removeFromCRL` is left out: it occurs in delta CRLs only. So is `aACompromise`: there are no attribute authorities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RevocationReason {
    /// No reason was given. RFC 5280 wants the entry without a reason then.
    Unspecified,
    /// The private key is known, or may be known, to others.
    KeyCompromise,
    /// The same, of the certificate of a CA.
    CaCompromise,
    /// Names in the certificate have changed.
    AffiliationChanged,
    /// Another certificate has taken its place.
    Superseded,
    /// The certificate is no longer used.
    CessationOfOperation,
    /// The certificate is on hold: it may become valid again.
    CertificateHold,
    /// A privilege in the certificate was withdrawn.
    PrivilegeWithdrawn,
}

/// A text names no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no reason of a revocation")]
pub struct ReasonError;

impl RevocationReason {
    /// All reasons for certificates that are not of a CA, by their number.
    pub const ALL: [RevocationReason; 7] = [
        RevocationReason::Unspecified,
        RevocationReason::KeyCompromise,
        RevocationReason::AffiliationChanged,
        RevocationReason::Superseded,
        RevocationReason::CessationOfOperation,
        RevocationReason::CertificateHold,
        RevocationReason::PrivilegeWithdrawn,
    ];

    /// The name in RFC 5280.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            RevocationReason::Unspecified => "unspecified",
            RevocationReason::KeyCompromise => "keyCompromise",
            RevocationReason::CaCompromise => "cACompromise",
            RevocationReason::AffiliationChanged => "affiliationChanged",
            RevocationReason::Superseded => "superseded",
            RevocationReason::CessationOfOperation => "cessationOfOperation",
            RevocationReason::CertificateHold => "certificateHold",
            RevocationReason::PrivilegeWithdrawn => "privilegeWithdrawn",
        }
    }

    /// The value of CRLReason.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            RevocationReason::Unspecified => 0,
            RevocationReason::KeyCompromise => 1,
            RevocationReason::CaCompromise => 2,
            RevocationReason::AffiliationChanged => 3,
            RevocationReason::Superseded => 4,
            RevocationReason::CessationOfOperation => 5,
            RevocationReason::CertificateHold => 6,
            RevocationReason::PrivilegeWithdrawn => 9,
        }
    }

    /// The reason with this value of CRLReason, for a certificate that is not of a CA.
    #[must_use]
    pub fn from_number(number: u64) -> Option<RevocationReason> {
        RevocationReason::ALL.into_iter().find(|reason| u64::from(reason.number()) == number)
    }

    /// The reason with this value of CRLReason; unspecified for any other value.
    pub(super) fn of_number(number: u8) -> RevocationReason {
        let mut all = RevocationReason::ALL.into_iter().chain([RevocationReason::CaCompromise]);
        all.find(|reason| reason.number() == number).unwrap_or(RevocationReason::Unspecified)
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RevocationReason {
    type Err = ReasonError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        RevocationReason::ALL.into_iter().find(|reason| reason.as_str() == text).ok_or(ReasonError)
    }
}

impl Serialize for RevocationReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for RevocationReason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
