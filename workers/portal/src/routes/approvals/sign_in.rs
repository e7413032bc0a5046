//! The beginning of a sign-in: from the review to the identity provider.
//!
//! Invariant: the provider learns the hash of the decision and the approver's address, and no key of a link. The answer is a
//! page that leads on, not a redirect: `form-action` of the content security policy would stop a form that ends at another
//! site, and at every site behind that one.

use axum::response::Response;
use http::StatusCode;
use http::header::SET_COOKIE;
use url::Url;
use uuid::Uuid;
use workflow::approval::passkey::{NotProven, VoteMeaning};
use workflow::approval::review::ReviewContent;
use workflow::approval::sign_in::{DecisionNonce, ProviderKey, SignInError, code_challenge};
use workflow::approval::voting::{ResolvedLink, VotingError};
use workflow::approval::{VoteError, VoteInput};
use workflow::finding::Code;
use workflow::message::RecheckMessage;
use workflow::policy::OidcSettings;
use workflow::ports::{PortError, ProviderMetadata};

use crate::http::problem::Problem;
use crate::http::review_path::ReviewPath;
use crate::http::sign_in_cookie::PendingSignIn;
use crate::locale::Locale;
use crate::pages::{self, SignInPage};
use crate::state::Portal;

/// Sends the approver to the identity provider, to sign in for this vote.
pub(super) async fn begin(
    portal: &Portal,
    locale: &Locale,
    resolved: &ResolvedLink,
    link: &ReviewPath,
    vote_input: &VoteInput,
    content: &ReviewContent,
) -> Result<Response, Problem> {
    if let Some(outcome) = resolved.approval.outcome {
        return Err(VotingError::Vote(VoteError::AlreadyDecided(outcome)).into());
    }
    if vote_input.review_digest != content.digest {
        return Err(VotingError::Vote(VoteError::StaleDigest).into());
    }
    let (id, policy) = (resolved.request.id(), portal.policies.current().await?);
    let settings = policy.oidc().ok_or(NotProven::SignIn(SignInError::NoProvider))?;
    // While the person signs in, Sign fetches the keys that are to prove it.
    let keys = portal.people.provider_keys(&settings.issuer).await?;
    if ProviderKey::are_old(&keys, portal.clock.now()) {
        portal.sign_queue.recheck(&RecheckMessage::provider_keys(id)).await?;
    }
    let metadata = portal.provider.metadata(&settings.issuer).await.map_err(provider_failed)?;
    let pending = PendingSignIn {
        link: link.clone(),
        state: random(),
        verifier: random(),
        decision: vote_input.decision.as_str().to_owned(),
        digest: vote_input.review_digest.to_string(),
        reason: vote_input.reason.clone().unwrap_or_default(),
        nonce: Uuid::new_v4().simple().to_string(),
        language: locale.language.code().to_owned(),
    };
    let meaning = VoteMeaning {
        base_url: &portal.base_url,
        request_id: id,
        binds: &content.binds,
        decision: vote_input.decision,
        reason: vote_input.reason.as_deref(),
    };
    let nonce = DecisionNonce::of(&meaning, &vote_input.review_digest, &pending.nonce);
    let mut url = authorization(portal, settings, &metadata, &pending, &nonce);
    url.query_pairs_mut()
        .append_pair("login_hint", vote_input.approver.as_str())
        .append_pair("ui_locales", locale.language.code());
    let page = SignInPage::new(portal, locale, &url);
    let mut response = pages::page(StatusCode::OK, locale.language, &page);
    response.headers_mut().insert(SET_COOKIE, pending.to_header(&portal.base_url)?);
    Ok(response)
}

/// The authentication request: OpenID Connect Core 1.0 section 3.1.2.1, with PKCE (RFC 7636 section 4.3).
fn authorization(
    portal: &Portal,
    settings: &OidcSettings,
    metadata: &ProviderMetadata,
    pending: &PendingSignIn,
    nonce: &DecisionNonce,
) -> Url {
    let mut url = metadata.authorization_endpoint.clone();
    let scope = if settings.claim == OidcSettings::EMAIL { "openid email" } else { "openid email profile" };
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &settings.client_id)
        .append_pair("redirect_uri", &portal.base_url.signed_in())
        .append_pair("scope", scope)
        .append_pair("state", &pending.state)
        .append_pair("nonce", &nonce.to_string())
        .append_pair("code_challenge", &code_challenge(&pending.verifier))
        .append_pair("code_challenge_method", "S256");
    if let Some(max_age) = settings.max_age {
        url.query_pairs_mut().append_pair("max_age", &max_age.as_secs().to_string());
    }
    url
}

/// The provider did not answer: the cause goes to the log, not to the person.
pub(crate) fn provider_failed(error: PortError) -> Problem {
    tracing::error!(%error, "the identity provider did not answer");
    Problem::new(Code::TryAgain, "problem-sign-in-provider")
}

/// Has Sign fetch the provider's keys, if the error is about them.
pub(in crate::routes) async fn fetch_keys(
    portal: &Portal,
    resolved: &ResolvedLink,
    error: &VotingError,
) -> Result<bool, Problem> {
    let VotingError::NotProven(NotProven::SignIn(error)) = error else { return Ok(false) };
    if error.is_about_keys() {
        portal.sign_queue.recheck(&RecheckMessage::provider_keys(resolved.request.id())).await?;
    }
    Ok(error.is_about_keys())
}

/// A text of 244 random bits, of characters that need no encoding.
fn random() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}
