//! Issuing the certificate of a delegated OCSP responder.
//!
//! Invariant: as for other certificates, only a TBSCertificate that passed the linter is signed, here by the rules for
//! responders, and two other libraries read the signed bytes.

use super::cross_check::{CrossCheckError, cross_check_responder};
use super::issue::{IssueError, issue};
use super::lint::{LintError, lint_responder};
use super::{BuildError, Certificate, ResponderTemplate};
use crate::signer::Signer;

/// Why no certificate of a responder was issued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResponderError {
    /// A value does not fit.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The linter found broken rules.
    #[error("the certificate of the OCSP responder does not pass the linter: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Lint(Vec<LintError>),
    /// It was not signed.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// Another library reads other contents: a bug.
    #[error(transparent)]
    CrossCheck(#[from] CrossCheckError),
}

/// Builds, lints, signs and cross-checks the certificate of a responder.
///
/// # Errors
/// [`ResponderError`]; only a signer that is unavailable may pass with another try.
pub async fn issue_responder(
    signer: &dyn Signer,
    template: &ResponderTemplate<'_>,
) -> Result<Certificate, ResponderError> {
    let tbs = template.build(signer.algorithm())?;
    let linted = lint_responder(tbs, template).map_err(ResponderError::Lint)?;
    #[allow(clippy::disallowed_methods)] // A responder certificate has no request.
    let certificate = issue(signer, linted).await?;
    cross_check_responder(&certificate, template)?;
    Ok(certificate)
}
