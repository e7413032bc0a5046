//! `/signed-in`: the way back from the identity provider, and the decision or the confirmation that the sign-in proves.
//!
//! Invariant: GET trades the code for an ID token and shows what it is for; only the POST of its form decides or confirms.
//! Both need the cookie of the browser that began. A sign-in is good for the one hash that is in its token.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode};
use serde::Deserialize;
use workflow::approval::VoteInput;
use workflow::approval::voting::ResolvedLink;
use workflow::decision::IdTokenEvidence;
use workflow::email::Email;
use workflow::finding::Code;
use workflow::policy::OidcSettings;
use workflow::ports::{AuthorizationCode, ProviderMetadata, Redeemed};
use workflow::request::input::missing;
use workflow::texts::{Language, Message};

use super::approvals::{after_vote, cast, fetch_keys, resolve, vote_of};
use super::{confirmation, console};
use crate::http::client_addr::ClientAddr;
use crate::http::cross_site::refuse_cross_site;
use crate::http::fields::Fields;
use crate::http::problem::Problem;
use crate::http::sign_in_cookie::{PendingSignIn, PendingVote, SignInPurpose, forget, refused};
use crate::locale::Locale;
use crate::pages::{self, SignedInPage};
use crate::state::Portal;

pub(super) mod begin;

use begin::provider_failed;

/// The authentication response: OpenID Connect Core 1.0 section 3.1.2.5, and `iss` of RFC 9207.
#[derive(Deserialize)]
pub(crate) struct SignInQuery {
    #[serde(default)]
    state: String,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

/// GET: who signed in, and for what.
pub(crate) async fn show(
    State(portal): State<Arc<Portal>>,
    locale: Locale,
    method: Method,
    headers: HeaderMap,
    Query(query): Query<SignInQuery>,
) -> Result<Response, Problem> {
    // A code works once, and is not for whoever asks for headers.
    if method == Method::HEAD {
        return Ok(StatusCode::OK.into_response());
    }
    let pending = PendingSignIn::of(&portal.base_url, &headers)?;
    let locale = pending.locale(&locale);
    if query.state != pending.state {
        return Err(refused("problem-sign-in-state"));
    }
    let policy = portal.policies.current().await?;
    let settings = policy.oidc().ok_or_else(|| refused("problem-sign-in-no-provider"))?;
    let metadata = portal.provider.metadata(&settings.issuer).await.map_err(provider_failed)?;
    let code = code_of(&query, settings, &metadata)?;
    let code = AuthorizationCode {
        code,
        verifier: pending.verifier.clone(),
        redirect_uri: portal.base_url.signed_in(),
    };
    // A link that stopped working uses no code.
    let resolved = match &pending.purpose {
        SignInPurpose::Vote(vote) => Some((resolve(&portal, &vote.link).await?, vote)),
        SignInPurpose::Confirm(_) | SignInPurpose::Console(_) => None,
    };
    let token = match portal.provider.redeem(settings, &code).await.map_err(provider_failed)? {
        Redeemed::IdToken(token) => token,
        Redeemed::Refused(error) => return Err(not_redeemed(&error)),
    };
    let Some((resolved, vote)) = resolved else {
        return match &pending.purpose {
            SignInPurpose::Console(_) => console::show_signed_in(&portal, &locale, &pending, &token).await,
            _ => confirmation::show_signed_in(&portal, &locale, &pending, &token).await,
        };
    };
    let vote_input = vote.with_token(&resolved.link.approver, &pending.nonce, &token)?;
    let (vote_input, problem) = prove(&portal, &resolved, vote_input).await?;
    let page = SignedInPage::new(&portal, &locale, &resolved, &vote_input, &token);
    let page = match &problem {
        Some(problem) => page.with_problem(problem),
        None => page,
    };
    Ok(pages::page(StatusCode::OK, locale.language, &page))
}

/// POST: the decision, or the confirmation.
pub(crate) async fn decide(
    State(portal): State<Arc<Portal>>,
    locale: Locale,
    client: ClientAddr,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    refuse_cross_site(&portal, &headers, "problem-cross-site")?;
    let pending = PendingSignIn::of(&portal.base_url, &headers)?;
    let locale = pending.locale(&locale);
    let token = fields.text("idToken")?.ok_or_else(|| missing("idToken", "finding-give-id-token"))?;
    let vote = match &pending.purpose {
        SignInPurpose::Vote(vote) => vote,
        SignInPurpose::Confirm(_) => {
            return confirmation::confirm_signed_in(&portal, &locale, &client, &pending, &token).await;
        }
        SignInPurpose::Console(_) => {
            return console::open_signed_in(&portal, &locale, &pending, &token).await;
        }
    };
    let mut resolved = resolve(&portal, &vote.link).await?;
    let vote_input = vote.with_token(&resolved.link.approver, &pending.nonce, &token)?;
    let mut content = None;
    match cast(&portal, &resolved, &vote_input, &client, &mut content).await {
        Ok(approval) => {
            resolved.approval = approval;
            let mut response = after_vote(&portal, &locale, resolved, content, vote_input.decision).await?;
            forget(response.headers_mut(), &portal.base_url);
            Ok(response)
        }
        // Nothing is lost: the same button tries again.
        Err(problem) if problem.code == Code::TryAgain => {
            let page = SignedInPage::new(&portal, &locale, &resolved, &vote_input, &token);
            Ok(pages::page(problem.status, locale.language, &page.with_problem(&problem)))
        }
        Err(problem) => Err(problem),
    }
}

impl PendingVote {
    /// The vote, with the token as its proof.
    fn with_token(&self, approver: &Email, nonce: &str, token: &str) -> Result<VoteInput, Problem> {
        let vote_input = vote_of(&self.decision, &self.digest, &self.reason, Vec::new(), approver)?;
        let evidence = IdTokenEvidence {
            id_token: token.to_owned(),
            nonce: nonce.to_owned(),
            review_digest: vote_input.review_digest.clone(),
        };
        Ok(VoteInput { evidence: Some(evidence.into()), ..vote_input })
    }
}

impl PendingSignIn {
    /// The locale of the page on which the sign-in began.
    fn locale(&self, locale: &Locale) -> Locale {
        locale.continuing(Language::from_tag(&self.language).unwrap_or(locale.language))
    }
}

/// The code of the response, if it is a good one from this issuer.
fn code_of(
    query: &SignInQuery,
    settings: &OidcSettings,
    metadata: &ProviderMetadata,
) -> Result<String, Problem> {
    // RFC 9207 section 2.4: another issuer, or none where this one names itself.
    match query.iss.as_deref() {
        Some(issuer) if issuer != settings.issuer.as_str() => return Err(refused("problem-sign-in-issuer")),
        None if metadata.names_issuer => return Err(refused("problem-sign-in-issuer")),
        _ => {}
    }
    if let Some(error) = &query.error {
        let error: String = error.chars().filter(|c| c.is_ascii_lowercase() || *c == '_').take(64).collect();
        tracing::warn!(error, "the identity provider ended a sign-in: {error}");
        return Err(refused(Message::new("problem-sign-in-declined").with("error", error)));
    }
    query.code.clone().ok_or_else(|| refused("problem-sign-in-state"))
}

/// RFC 6749 section 5.2: a code that was used already, or a client that the provider does not know.
fn not_redeemed(error: &str) -> Problem {
    if error == "invalid_grant" {
        return refused("problem-sign-in-code");
    }
    tracing::error!(error, "the identity provider gives no token to this client: {error}");
    refused(Message::new("problem-sign-in-client").with("error", error))
}

/// Checks the proof before it is shown, and returns the vote of the person whom it names. With a problem if only the
/// provider's key is missing yet, which Sign then fetches.
async fn prove(
    portal: &Portal,
    resolved: &ResolvedLink,
    vote_input: VoteInput,
) -> Result<(VoteInput, Option<Problem>), Problem> {
    let voting = portal.voting();
    let content = voting.content(&resolved.request).await?;
    match voting.prove(&resolved.request, &vote_input, &content).await {
        Ok(proven) => Ok((proven, None)),
        Err(error) => {
            let is_about_keys = fetch_keys(portal, resolved, &error).await?;
            let problem = Problem::from(error);
            if is_about_keys { Ok((vote_input, Some(problem))) } else { Err(problem) }
        }
    }
}
