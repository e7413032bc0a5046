//! The cookie that carries a decision, the confirmation of a request, or the wish to open the console, through a sign-in at the identity provider.
//!
//! Invariant: nothing about a sign-in is stored. The browser keeps what began it, so that nobody else can end it: `state`
//! and the verifier of PKCE are in this cookie alone, and the key of the link goes neither to the provider nor
//! into a page. The cookie proves nothing by itself: everything in it is checked as if it came in a form.

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};
use pki::base64url::Base64Url;
use serde::{Deserialize, Serialize};
use workflow::approval::BaseUrl;
use workflow::finding::Code;
use workflow::ids::RequestId;
use workflow::texts::Message;

use super::cookie::OwnCookie;
use super::problem::Problem;
use super::review_path::ReviewPath;

/// The bytes of the value, at most. RFC 6265 section 6.1: a browser keeps a cookie of 4,096 bytes.
const MAX_BYTES: usize = 3_900;
/// Kept for the time of a sign-in. `Lax`: the browser comes back from another site, by a link.
const SIGN_IN: OwnCookie = OwnCookie { name: "sign_in", same_site: "Lax", max_age: Some(600) };

/// What somebody is signing in for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum SignInPurpose {
    /// The confirmation of a request.
    Confirm(PendingConfirmation),
    /// A vote.
    Vote(PendingVote),
    /// The console.
    Console(PendingConsole),
}

/// A request whose requester is signing in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PendingConfirmation {
    pub(crate) request: RequestId,
    /// The key of the link on whose page the sign-in began. A bearer secret.
    pub(crate) key: String,
}

/// An operator or auditor is signing in to the console.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PendingConsole {
    /// Always true: it tells this purpose from the others.
    pub(crate) console: bool,
}

/// A decision whose approver is signing in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PendingVote {
    /// The link on whose page the sign-in began.
    pub(crate) link: ReviewPath,
    pub(crate) decision: String,
    pub(crate) digest: String,
    #[serde(default)]
    pub(crate) reason: String,
}

/// A sign-in that a browser began.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PendingSignIn {
    #[serde(flatten)]
    pub(crate) purpose: SignInPurpose,
    /// The value that the provider gives back (RFC 6749 section 10.12).
    pub(crate) state: String,
    /// The verifier of PKCE (RFC 7636 section 4.1).
    pub(crate) verifier: String,
    /// The random text in the nonce of the ID token.
    pub(crate) nonce: String,
    /// The language of the pages.
    pub(crate) language: String,
}

impl PendingSignIn {
    /// Reads the cookie of a request.
    ///
    /// # Errors
    /// A problem: there is none, so the sign-in began in another browser or too long ago.
    pub(crate) fn of(base_url: &BaseUrl, headers: &HeaderMap) -> Result<Self, Problem> {
        let value = SIGN_IN.value(base_url, headers).and_then(|value| Base64Url::from_text(&value));
        let read = value.and_then(|value| serde_json::from_slice::<Self>(value.octets()).ok());
        read.ok_or_else(|| refused("problem-sign-in-cookie"))
    }

    /// The header that sets the cookie.
    ///
    /// # Errors
    /// A problem: the reason is too long to be kept.
    pub(crate) fn to_header(&self, base_url: &BaseUrl) -> Result<HeaderValue, Problem> {
        let json = serde_json::to_vec(self).unwrap_or_default();
        let value = Base64Url(json).to_string();
        let too_long = || Problem::new(Code::BadRequest, "problem-sign-in-reason");
        if value.len() > MAX_BYTES {
            return Err(too_long());
        }
        SIGN_IN.header(base_url, &value).ok_or_else(too_long)
    }
}

/// The header that removes the cookie.
pub(crate) fn forget(headers: &mut HeaderMap, base_url: &BaseUrl) {
    headers.extend(SIGN_IN.removal(base_url).map(|value| (SET_COOKIE, value)));
}

/// A sign-in that cannot be used.
pub(crate) fn refused(detail: impl Into<Message>) -> Problem {
    Problem::new(Code::SignInRefused, detail)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A vote is kept as before requesters could sign in: a sign-in may be under way while a stack is updated.
    #[test]
    fn votes_and_confirmations_are_told_apart() {
        let common = json!({"state": "s", "verifier": "v", "nonce": "n", "language": "en"});
        let read = |more: serde_json::Value| {
            let mut all = common.clone();
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let read = serde_json::from_value::<PendingSignIn>(all.clone()).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), all);
            read.purpose
        };
        let vote = read(json!({"link": {"key": "k"}, "decision": "approve", "digest": "d", "reason": ""}));
        assert!(matches!(vote, SignInPurpose::Vote(_)));
        let confirm = read(json!({"request": "5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d", "key": "k"}));
        assert!(matches!(confirm, SignInPurpose::Confirm(_)));
        assert!(matches!(read(json!({"console": true})), SignInPurpose::Console(_)));
    }
}
