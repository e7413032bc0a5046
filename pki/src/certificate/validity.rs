//! The time a certificate is valid (RFC 5280 section 4.1.2.5).
//!
//! Invariant: whole seconds, inside the issuer's own validity. It begins an hour back, because clocks differ.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::issuer::Issuer;

/// From when until when, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Validity {
    /// notBefore.
    #[serde(with = "time::serde::rfc3339")]
    pub not_before: OffsetDateTime,
    /// notAfter.
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
}

/// Why no validity can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValidityError {
    /// The issuer has ended.
    #[error("the issuer's certificate ended at {0}; a new one is needed: countersign ca rotate")]
    IssuerExpired(OffsetDateTime),
    /// The issuer has not begun.
    #[error("the issuer's certificate begins at {0} only")]
    IssuerNotYetValid(OffsetDateTime),
    /// Beyond the calendar.
    #[error("the validity is out of range")]
    OutOfRange,
}

/// How far clocks may differ.
const BACKDATING: Duration = Duration::HOUR;

impl Validity {
    /// That many days from an hour ago on, cut to the issuer's own validity.
    pub fn choose(now: OffsetDateTime, days: u32, issuer: &Issuer) -> Result<Validity, ValidityError> {
        if issuer.not_after() <= now {
            return Err(ValidityError::IssuerExpired(issuer.not_after()));
        }
        if issuer.not_before() > now {
            return Err(ValidityError::IssuerNotYetValid(issuer.not_before()));
        }
        let out_of_range = |_| ValidityError::OutOfRange;
        let now = now.to_offset(time::UtcOffset::UTC).replace_nanosecond(0).map_err(out_of_range)?;
        let not_before = (now - BACKDATING).max(issuer.not_before());
        // Both ends are inclusive, so the last second is one less.
        let lifetime = Duration::days(i64::from(days)) - Duration::SECOND;
        let not_after = not_before.checked_add(lifetime).ok_or(ValidityError::OutOfRange)?;
        Ok(Validity { not_before, not_after: not_after.min(issuer.not_after()) })
    }

    /// Fits a reserved validity to the issuer that signs now and to the days granted now; a fresh validity if the reserved
    /// one has ended or does not fit at all.
    pub fn refit(self, now: OffsetDateTime, days: u32, issuer: &Issuer) -> Result<Validity, ValidityError> {
        let fresh = Validity::choose(now, days, issuer)?;
        let not_before = self.not_before.max(issuer.not_before());
        let lifetime = Duration::days(i64::from(days)) - Duration::SECOND;
        let longest = not_before.checked_add(lifetime).ok_or(ValidityError::OutOfRange)?;
        let not_after = self.not_after.min(issuer.not_after()).min(longest);
        Ok(if not_after > now && not_before < not_after { Validity { not_before, not_after } } else { fresh })
    }
}
