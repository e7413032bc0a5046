//! The validity of a certificate (RFC 5280 section 4.1.2.5).
//!
//! Invariant: whole seconds, inside the validity of every certificate of the issuer's chain. It begins an hour ago, for clocks that run late.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::issuer::Issuer;

/// notBefore and notAfter, both inclusive.
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
    /// A certificate of the issuer's chain has expired.
    #[error("a certificate of the issuer's chain expired at {0}; renew it: countersign ca rotate")]
    IssuerExpired(OffsetDateTime),
    /// A certificate of the issuer's chain is not valid yet.
    #[error("a certificate of the issuer's chain is not valid before {0}")]
    IssuerNotYetValid(OffsetDateTime),
    /// The date is beyond the calendar.
    #[error("the validity is out of range")]
    OutOfRange,
}

/// Tolerance for clocks that run late.
pub const BACKDATING: Duration = Duration::HOUR;

impl Validity {
    /// A validity of `days` days that begins an hour ago, cut to the issuer's validity.
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
        // RFC 5280 section 4.1.2.5: both ends are inclusive.
        let lifetime = Duration::days(i64::from(days)) - Duration::SECOND;
        let not_after = not_before.checked_add(lifetime).ok_or(ValidityError::OutOfRange)?;
        Ok(Validity { not_before, not_after: not_after.min(issuer.not_after()) })
    }

    /// Cuts a reserved validity to the current issuer and the days granted now. Returns a fresh validity if the
    /// reserved one has expired or does not overlap the issuer's.
    pub fn refit(self, now: OffsetDateTime, days: u32, issuer: &Issuer) -> Result<Validity, ValidityError> {
        let fresh = Validity::choose(now, days, issuer)?;
        let not_before = self.not_before.max(issuer.not_before());
        let lifetime = Duration::days(i64::from(days)) - Duration::SECOND;
        let longest = not_before.checked_add(lifetime).ok_or(ValidityError::OutOfRange)?;
        let not_after = self.not_after.min(issuer.not_after()).min(longest);
        Ok(if not_after > now && not_before < not_after { Validity { not_before, not_after } } else { fresh })
    }
}
