//! Problem documents (RFC 8555 section 6.7, RFC 7807).
//!
//! Invariant: the detail says what to do, and holds no key, token or nonce. Members without a value are left out: certbot
//! fails on `"subproblems": null`.

use serde::{Serialize, Serializer};

use super::error_type::AcmeErrorType;
use super::identifier::IdentifierObject;
use crate::jose::JwsAlgorithm;

/// The most characters of a detail. Errors of names repeat the name, which may be as long as a request.
const MAX_DETAIL_CHARS: usize = 1_000;

/// An error as clients get it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}: {detail}", .error_type.urn())]
pub struct AcmeProblem {
    #[serde(rename = "type", serialize_with = "urn")]
    error_type: AcmeErrorType,
    detail: String,
    status: u16,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subproblems: Vec<Subproblem>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    algorithms: Vec<&'static str>,
}

/// The error of one identifier (RFC 8555 section 6.7.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subproblem {
    /// The type.
    #[serde(rename = "type", serialize_with = "urn")]
    pub error_type: AcmeErrorType,
    /// The error and its remedy, in English.
    pub detail: String,
    /// The identifier.
    pub identifier: IdentifierObject,
}

fn urn<S: Serializer>(error_type: &AcmeErrorType, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(error_type.urn())
}

impl AcmeProblem {
    /// A problem with the usual status of its type.
    #[must_use]
    pub fn new(error_type: AcmeErrorType, detail: impl Into<String>) -> Self {
        Self {
            error_type,
            detail: detail.into().chars().take(MAX_DETAIL_CHARS).collect(),
            status: error_type.status(),
            subproblems: Vec::new(),
            algorithms: Vec::new(),
        }
    }

    /// A malformed request.
    #[must_use]
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(AcmeErrorType::Malformed, detail)
    }

    /// A request that the client is not allowed to make.
    #[must_use]
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(AcmeErrorType::Unauthorized, detail)
    }

    /// RFC 8555 section 7.3.6: 401 for any request of a deactivated account.
    #[must_use]
    pub fn deactivated_account() -> Self {
        let detail = "the account is deactivated; register another one, with another key";
        Self { status: 401, ..Self::unauthorized(detail) }
    }

    /// RFC 8555 section 6.3: 405 for GET, but for the directory and new nonces.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        let detail =
            "the method is not allowed here; send a signed POST, with an empty payload to read (POST-as-GET)";
        Self { status: 405, ..Self::malformed(detail) }
    }

    /// The URL has no resource.
    #[must_use]
    pub fn not_found() -> Self {
        let detail = "this URL has no resource; use the URLs of the directory and of the objects";
        Self { status: 404, ..Self::malformed(detail) }
    }

    /// RFC 8555 section 7.3.5: 409 if another account has the new key; the response has the URL of that account in Location.
    #[must_use]
    pub fn key_in_use() -> Self {
        let detail = "another account has this key; make another one";
        Self { status: 409, ..Self::malformed(detail) }
    }

    /// RFC 8555 section 6.2: 415 for another Content-Type.
    #[must_use]
    pub(super) fn media_type() -> Self {
        let detail = "the Content-Type is not supported; send the request as application/jose+json";
        Self { status: 415, ..Self::malformed(detail) }
    }

    /// The body is longer than the limit.
    #[must_use]
    pub(super) fn too_large(limit: usize) -> Self {
        let detail = format!("the request is too long; at most {limit} bytes are read");
        Self { status: 413, ..Self::malformed(detail) }
    }

    /// RFC 8555 section 6.2: the algorithms that are supported are named.
    #[must_use]
    pub(super) fn bad_algorithm(accepted: &[&'static str]) -> Self {
        let detail =
            format!("the algorithm \"alg\" is not supported here; use one of {}", accepted.join(", "));
        let problem = Self::new(AcmeErrorType::BadSignatureAlgorithm, detail);
        Self { algorithms: accepted.to_vec(), ..problem }
    }

    /// The account's key signs by another algorithm.
    #[must_use]
    pub(super) fn other_algorithm(usual: JwsAlgorithm) -> Self {
        Self::bad_algorithm(&[usual.name()])
    }

    /// One problem for several identifiers: of their common type, or `compound`.
    #[must_use]
    pub fn of_identifiers(detail: impl Into<String>, subproblems: Vec<Subproblem>) -> Self {
        let mut types = subproblems.iter().map(|one| one.error_type);
        let first = types.next().unwrap_or(AcmeErrorType::Malformed);
        let error_type = if types.all(|one| one == first) { first } else { AcmeErrorType::Compound };
        Self { subproblems, ..Self::new(error_type, detail) }
    }

    /// The same problem of a part of the request.
    #[must_use]
    pub(super) fn within(mut self, part: &str) -> Self {
        self.detail = format!("{part}: {}", self.detail);
        self
    }

    /// The type.
    #[must_use]
    pub fn error_type(&self) -> AcmeErrorType {
        self.error_type
    }

    /// The status of the response.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The error and its remedy, in English.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The errors of single identifiers.
    #[must_use]
    pub fn subproblems(&self) -> &[Subproblem] {
        &self.subproblems
    }
}
