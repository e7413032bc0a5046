//! Accounts (RFC 8555 sections 7.1.2 and 7.3).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::binding::ExternalAccountBinding;
use super::error_type::AcmeErrorType;
use super::payload::PayloadObject;
use super::problem::AcmeProblem;
use super::request::VerifiedRequest;
use crate::name::Name;
use crate::text::quoted;

/// The contact URLs of an account, at most.
pub const MAX_CONTACTS: usize = 10;

/// The request for a new account.
///
/// RFC 8555 section 7.3.1: if the key already has an account, the answer is that account, and the rest of the request does not
/// matter. So the caller looks for the account first.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAccount {
    /// `mailto` URLs, each with one address.
    pub contact: Vec<String>,
    /// True if the client agreed to the terms of service.
    pub terms_of_service_agreed: bool,
    /// True if no account is to be made.
    pub only_return_existing: bool,
    /// The binding to a key that the server gave out.
    pub external_account_binding: Option<ExternalAccountBinding>,
}

/// The request to change an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountUpdate {
    /// The new contact URLs, if they change; none if the client wants to have none.
    pub contact: Option<Vec<String>>,
    /// True if the account is to be deactivated, which cannot be undone.
    pub deactivate: bool,
}

/// The status of an account (RFC 8555 section 7.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountStatus {
    /// In use.
    Valid,
    /// Deactivated by its client.
    Deactivated,
    /// Deactivated by the server.
    Revoked,
}

/// An account as clients get it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountObject {
    /// The status.
    pub status: AccountStatus,
    /// The contact URLs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contact: Vec<String>,
    /// RFC 8555 section 7.3.4: the binding that was verified, as it arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_account_binding: Option<Value>,
    /// The URL of the list of orders.
    pub orders: String,
}

impl NewAccount {
    /// Reads the request. The MAC of the binding is still to be verified.
    ///
    /// # Errors
    /// `malformed`, `unsupportedContact`, `invalidContact`, `badSignatureAlgorithm`.
    pub fn read(request: &VerifiedRequest) -> Result<Self, AcmeProblem> {
        let members = request.payload().object()?;
        let binding = members.object("externalAccountBinding")?;
        Ok(Self {
            contact: contact(members)?.unwrap_or_default(),
            terms_of_service_agreed: members.flag("termsOfServiceAgreed")?,
            only_return_existing: members.flag("onlyReturnExisting")?,
            external_account_binding: binding
                .map(|binding| ExternalAccountBinding::read(binding, request.url()))
                .transpose()?,
        })
    }
}

impl AccountUpdate {
    /// Reads the request.
    ///
    /// # Errors
    /// `malformed`, `unsupportedContact`, `invalidContact`.
    pub fn read(request: &VerifiedRequest) -> Result<Self, AcmeProblem> {
        let members = request.payload().object()?;
        // RFC 8555 section 7.3.2: any other status is ignored. Clients send the account back with one member changed.
        let deactivate = members.text("status")? == Some("deactivated");
        Ok(Self { contact: contact(members)?, deactivate })
    }
}

fn contact(members: &PayloadObject) -> Result<Option<Vec<String>>, AcmeProblem> {
    let Some(list) = members.list("contact")? else {
        return Ok(None);
    };
    if list.len() > MAX_CONTACTS {
        let detail = format!("there are {} contact URLs; at most {MAX_CONTACTS} are kept", list.len());
        return Err(AcmeProblem::new(AcmeErrorType::InvalidContact, detail));
    }
    let not_text = || AcmeProblem::malformed("the member \"contact\" is not a list of texts");
    let urls = list.iter().map(|url| mailto(url.as_str().ok_or_else(not_text)?));
    urls.collect::<Result<_, _>>().map(Some)
}

/// Reads a contact URL: `mailto` with one address and nothing else (RFC 8555 section 7.3, RFC 6068).
fn mailto(url: &str) -> Result<String, AcmeProblem> {
    let (scheme, address) = url.split_once(':').unwrap_or((url, ""));
    if !scheme.eq_ignore_ascii_case("mailto") {
        let detail = format!("the contact {} is not supported; use mailto:name@example.com", quoted(url));
        return Err(AcmeProblem::new(AcmeErrorType::UnsupportedContact, detail));
    }
    let invalid = |why: String| {
        let detail = format!(
            "the contact {} cannot be used: {why}; write one address and nothing else, as in mailto:name@example.com",
            quoted(url)
        );
        AcmeProblem::new(AcmeErrorType::InvalidContact, detail)
    };
    // RFC 6068 section 2: header fields follow a question mark; other characters may be percent-encoded.
    if address.contains(['?', '%']) {
        return Err(invalid("header fields and percent-encoding are not supported".to_owned()));
    }
    let name = Name::email(address).map_err(|error| invalid(error.to_string()))?;
    Ok(format!("mailto:{name}"))
}
