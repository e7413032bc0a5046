//! The reasons of a revocation, as they are typed.

use pki::crl::RevocationReason;

/// Reads one of these reasons, by its name in RFC 5280, in either case.
///
/// # Errors
/// One line with all names.
pub(crate) fn one_of(reasons: &[RevocationReason], text: &str) -> Result<RevocationReason, String> {
    let found = reasons.iter().find(|reason| reason.as_str().eq_ignore_ascii_case(text));
    found.copied().ok_or_else(|| {
        let names: Vec<&str> = reasons.iter().map(|reason| reason.as_str()).collect();
        format!("one of {}", names.join(", "))
    })
}
