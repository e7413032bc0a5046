//! Orders (RFC 8555 sections 7.1.3 and 7.4, RFC 9773 section 5, draft-ietf-acme-profiles section 4).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use super::identifier::{AcmeIdentifier, IdentifierObject};
use super::payload::{PayloadObject, missing};
use super::problem::{AcmeProblem, Subproblem};
use super::renewal::RenewalCertId;
use super::request::VerifiedRequest;
use crate::csr::MAX_NAMES;

/// The most characters of the name of a profile; no profile has a longer one.
const MAX_PROFILE_CHARS: usize = 64;

/// The most bytes of an identifier; a DNS name has at most 253. Wrong ones are repeated in the answer.
const MAX_IDENTIFIER_BYTES: usize = 255;

/// The request for a new order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// The identifiers of the certificate: at least one, in the client's order, without duplicates.
    pub identifiers: Vec<AcmeIdentifier>,
    /// The name of the profile; `None` for the default profile.
    pub profile: Option<String>,
    /// RFC 9773 section 5: the certificate that the new one replaces.
    pub replaces: Option<RenewalCertId>,
}

/// The status of an order (RFC 8555 section 7.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OrderStatus {
    /// Authorizations are missing.
    Pending,
    /// The CSR may be sent.
    Ready,
    /// The certificate is being issued.
    Processing,
    /// The certificate is there.
    Valid,
    /// There will be no certificate.
    Invalid,
}

/// An order as clients get it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderObject {
    /// The status.
    pub status: OrderStatus,
    /// The end of the order.
    #[serde(serialize_with = "super::headers::rfc3339")]
    pub expires: OffsetDateTime,
    /// The identifiers of the certificate.
    pub identifiers: Vec<AcmeIdentifier>,
    /// The profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The certificate that the new one replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<RenewalCertId>,
    /// Why there will be no certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<AcmeProblem>,
    /// The URLs of the authorizations, one for each identifier.
    pub authorizations: Vec<String>,
    /// The URL to which the CSR is sent.
    pub finalize: String,
    /// The URL of the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

/// A page of the orders of an account (RFC 8555 section 7.1.2.1). The next page is a [`LinkRelation::Next`](super::LinkRelation).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrdersList {
    /// The URLs of orders.
    pub orders: Vec<String>,
}

impl NewOrder {
    /// Reads the request.
    ///
    /// # Errors
    /// `malformed`, `unsupportedIdentifier` or `compound`, with a subproblem for each identifier that is wrong.
    pub fn read(request: &VerifiedRequest) -> Result<Self, AcmeProblem> {
        let members = request.payload().object()?;
        // RFC 8555 section 7.4: no certificate with other contents than those requested; so it is refused, not ignored.
        for name in ["notBefore", "notAfter"] {
            if members.value(name).is_some() {
                return Err(AcmeProblem::malformed(format!(
                    "\"{name}\" is not supported: the profile sets the validity; leave it out, or order another profile"
                )));
            }
        }
        let identifiers = identifiers(members)?;
        let replaces = members.text("replaces")?.map(str::parse::<RenewalCertId>).transpose()?;
        let profile = members.text("profile")?.filter(|name| !name.is_empty());
        if profile.is_some_and(|name| name.chars().count() > MAX_PROFILE_CHARS) {
            return Err(AcmeProblem::malformed(
                "the member \"profile\" is too long for the name of a profile",
            ));
        }
        Ok(Self { identifiers, profile: profile.map(str::to_owned), replaces })
    }
}

fn identifiers(members: &PayloadObject) -> Result<Vec<AcmeIdentifier>, AcmeProblem> {
    let list = members.list("identifiers")?.ok_or_else(|| missing("identifiers"))?;
    if list.is_empty() || list.len() > MAX_NAMES {
        let detail = format!("an order has 1 to {MAX_NAMES} identifiers, and this one has {}", list.len());
        return Err(AcmeProblem::malformed(detail));
    }
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for value in list {
        let object = identifier_object(value)?;
        match AcmeIdentifier::try_from(&object) {
            Ok(identifier) if !found.contains(&identifier) => found.push(identifier),
            Ok(_) => {}
            Err(error) => {
                wrong.push(Subproblem {
                    error_type: error.error_type(),
                    detail: error.to_string(),
                    identifier: object,
                });
            }
        }
    }
    if wrong.is_empty() {
        return Ok(found);
    }
    // Clients print the detail; few of them print the subproblems.
    let first = &wrong[0];
    let others =
        if wrong.len() > 1 { format!("; {} more, see subproblems", wrong.len() - 1) } else { String::new() };
    Err(AcmeProblem::of_identifiers(format!("an identifier cannot be used: {}{others}", first.detail), wrong))
}

fn identifier_object(value: &Value) -> Result<IdentifierObject, AcmeProblem> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    match (text("type"), text("value")) {
        (Some(kind), Some(value)) if kind.len().max(value.len()) > MAX_IDENTIFIER_BYTES => {
            Err(AcmeProblem::malformed(format!(
                "an identifier is longer than the {MAX_IDENTIFIER_BYTES} bytes that are read"
            )))
        }
        (Some(kind), Some(value)) => Ok(IdentifierObject { kind, value }),
        _ => Err(AcmeProblem::malformed(
            "the member \"identifiers\" is not a list of objects with the texts \"type\" and \"value\"",
        )),
    }
}
