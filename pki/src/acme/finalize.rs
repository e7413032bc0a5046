//! The CSR of an order (RFC 8555 section 7.4).
//!
//! Invariant: a CSR that [`check_csr`] accepts asks for the identifiers of its order, for no other name anywhere, and for
//! nothing in its subject but one of them.

use super::error_type::AcmeErrorType;
use super::identifier::AcmeIdentifier;
use super::problem::AcmeProblem;
use super::request::VerifiedRequest;
use crate::base64url;
use crate::csr::{Csr, RequestedExtension};
use crate::key::PublicKey;
use crate::name::Name;
use crate::text::quoted;

/// The most reasons in one problem.
const MAX_REASONS: usize = 5;

/// Reads the CSR of a request to finalize an order.
///
/// # Errors
/// `malformed` if it is not there or not base64url; `badCSR` with the reasons if it is no request, or a weak one.
pub fn read_csr(request: &VerifiedRequest) -> Result<Csr, AcmeProblem> {
    let text = request.payload().object()?.required_text("csr")?;
    let der = base64url::decode(text).ok_or_else(|| {
        AcmeProblem::malformed(
            "the member \"csr\" is not base64url without padding; send the DER of the request, without the lines of PEM",
        )
    })?;
    Csr::from_der(der).map_err(|errors| {
        let mut reasons: Vec<String> = errors.iter().take(MAX_REASONS).map(ToString::to_string).collect();
        if errors.len() > MAX_REASONS {
            reasons.push(format!("{} more", errors.len() - MAX_REASONS));
        }
        bad_csr(format!("the CSR cannot be used: {}", reasons.join("; ")))
    })
}

/// Checks that a CSR asks for the identifiers of its order, and is not made with the key of the account.
///
/// # Errors
/// `badCSR`.
pub fn check_csr(
    csr: &Csr,
    identifiers: &[AcmeIdentifier],
    account_key: &PublicKey,
) -> Result<(), AcmeProblem> {
    // RFC 8555 section 11.1: a certificate key that is an account key lets each of its holders act as the other one.
    if csr.key() == account_key {
        return Err(bad_csr("the CSR has the key of the account; make a key of its own for the certificate"));
    }
    for part in csr.extensions() {
        // A standing approval covers names only. No other part of a subject was approved, such as an e-mail address.
        if let RequestedExtension::SubjectPart(text) = part {
            return Err(bad_csr(format!("the subject of the CSR has {text}; leave the subject empty")));
        }
    }
    if let Some(error) = csr.unusable_names().first() {
        return Err(bad_csr(format!("a name in the CSR cannot be used: {error}")));
    }
    let is_ordered = |name: &Name| identifiers.iter().any(|identifier| identifier.name() == name);
    if let Some(name) = csr.names().iter().find(|name| !is_ordered(name)) {
        let name = quoted(&name.text());
        return Err(bad_csr(format!(
            "the CSR has the name {name}, which the order does not have; order it, or leave it out"
        )));
    }
    if let Some(identifier) = identifiers.iter().find(|identifier| !csr.names().contains(identifier.name())) {
        let name = quoted(&identifier.name().text());
        return Err(bad_csr(format!(
            "the CSR lacks {name}, which the order has; put it into subjectAltName"
        )));
    }
    // A common name that is no DNS name or address is not among the names.
    if let Some(text) = csr.common_name()
        && !text.parse::<Name>().is_ok_and(|name| is_ordered(&name))
    {
        let name = quoted(text);
        return Err(bad_csr(format!("the common name {name} is not in the order; leave the subject empty")));
    }
    Ok(())
}

fn bad_csr(detail: impl Into<String>) -> AcmeProblem {
    AcmeProblem::new(AcmeErrorType::BadCsr, detail)
}
