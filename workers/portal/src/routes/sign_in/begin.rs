//! The beginning of a sign-in: from the review, or from the page of an unconfirmed request, to the identity provider.
//!
//! Invariant: the provider learns a hash and the person's address, and no key of a link. The answer is a
//! page that leads on, not a redirect: `form-action` of the content security policy would stop a form that ends at another
//! site, and at every site behind that one.

use axum::response::Response;
use http::StatusCode;
use http::header::SET_COOKIE;
use url::Url;
use uuid::Uuid;
use workflow::approval::sign_in::{ProviderKey, SignInError, SignInNonce, code_challenge};
use workflow::email::Email;
use workflow::finding::Code;
use workflow::ids::RequestId;
use workflow::message::RecheckMessage;
use workflow::policy::OidcSettings;
use workflow::ports::{PortError, ProviderMetadata};

use crate::http::problem::Problem;
use crate::http::sign_in_cookie::{PendingSignIn, SignInPurpose};
use crate::locale::Locale;
use crate::pages::{self, SignInPage};
use crate::state::Portal;

/// A sign-in that is to begin.
pub(in crate::routes) struct SignInToBegin<'a> {
    pub(in crate::routes) request: RequestId,
    pub(in crate::routes) purpose: SignInPurpose,
    /// The person who is to sign in; `None` if it may be any member of a group.
    pub(in crate::routes) person: Option<&'a Email>,
    /// The random text in the nonce of the ID token.
    pub(in crate::routes) nonce: String,
    /// The nonce of the ID token.
    pub(in crate::routes) bound: SignInNonce,
}

/// Sends a person to the identity provider.
pub(in crate::routes) async fn lead_on(
    portal: &Portal,
    locale: &Locale,
    sign_in: SignInToBegin<'_>,
) -> Result<Response, Problem> {
    let policy = portal.policies.current().await?;
    let settings = policy.oidc().ok_or(SignInError::NoProvider)?;
    // While the person signs in, Sign fetches the keys that are to prove it.
    let keys = portal.people.provider_keys(&settings.issuer).await?;
    if ProviderKey::are_old(&keys, portal.clock.now()) {
        portal.sign_queue.recheck(&RecheckMessage::provider_keys(sign_in.request)).await?;
    }
    let metadata = portal.provider.metadata(&settings.issuer).await.map_err(provider_failed)?;
    let SignInToBegin { purpose, person, nonce, bound, .. } = sign_in;
    let language = locale.language.code();
    let pending =
        PendingSignIn { purpose, state: random(), verifier: random(), nonce, language: language.to_owned() };
    let mut url = authorization(portal, settings, &metadata, &pending, &bound);
    if let Some(person) = person {
        url.query_pairs_mut().append_pair("login_hint", person.as_str());
    }
    url.query_pairs_mut().append_pair("ui_locales", language);
    let page = SignInPage::new(portal, locale, &pending.purpose, &url);
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
    nonce: &SignInNonce,
) -> Url {
    let mut url = metadata.authorization_endpoint.clone();
    let scope = if settings.claim == OidcSettings::EMAIL { "openid email" } else { "openid email profile" };
    let scope = format!("{scope} {}", settings.scope);
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &settings.client_id)
        .append_pair("redirect_uri", &portal.base_url.signed_in())
        .append_pair("scope", scope.trim_end())
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
pub(in crate::routes) fn provider_failed(error: PortError) -> Problem {
    tracing::error!(%error, "the identity provider did not answer");
    Problem::new(Code::TryAgain, "problem-sign-in-provider")
}

/// Has Sign fetch the provider's keys, if the error is about them.
pub(in crate::routes) async fn fetch_keys_for(
    portal: &Portal,
    id: RequestId,
    error: SignInError,
) -> Result<bool, Problem> {
    if error.is_about_keys() {
        portal.sign_queue.recheck(&RecheckMessage::provider_keys(id)).await?;
    }
    Ok(error.is_about_keys())
}

/// The random text in the nonce of an ID token. Shorter, since the cookie has to hold it beside a reason.
pub(in crate::routes) fn random_nonce() -> String {
    Uuid::new_v4().simple().to_string()
}

/// A text of 244 random bits, of characters that need no encoding.
fn random() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}
