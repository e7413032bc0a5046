//! Instants in tables, the audit trail and certificates: UTC, in whole seconds.

use time::OffsetDateTime;

/// The instant in UTC without its fraction of a second.
pub fn whole_seconds(at: OffsetDateTime) -> OffsetDateTime {
    at.to_offset(time::UtcOffset::UTC).replace_nanosecond(0).unwrap_or(at)
}

/// The instant as RFC 3339 text in UTC, in whole seconds.
pub fn rfc3339(at: OffsetDateTime) -> String {
    whole_seconds(at).format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}
