//! Signing in to the console, by a passkey or at the identity provider, and signing out.
//!
//! Invariant: GET begins nothing but a ticket; only a POST begins a session. The answer tells strangers nothing about who is one of the
//! policy.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use workflow::approval::passkey::NotProven;
use workflow::approval::sign_in::SignInError;
use workflow::approver_set::Identity;
use workflow::console::{ConsoleSession, ConsoleTicket, ConsoleVisitor, sign_in_nonce};
use workflow::decision::ReviewDigest;
use workflow::finding::Code;
use workflow::ids::RequestId;
use workflow::policy::Policy;
use workflow::texts::Message;

use super::call::{ConsoleCall, SESSION};
use super::sign_in_page::{TICKET, page, rules};
use crate::http::cross_site::refuse_cross_site;
use crate::http::fields::Fields;
use crate::http::passkey_fields::{evidence, octets};
use crate::http::problem::Problem;
use crate::http::sign_in_cookie::{PendingConsole, PendingSignIn, SignInPurpose, forget, refused};
use crate::locale::Locale;
use crate::pages::{self, ConsoleSignedInPage};
use crate::routes::sign_in::begin::{SignInToBegin, fetch_keys_for, lead_on, random_nonce};
use crate::state::Portal;

/// GET `/console/sign-in`. The first page of the console is this one too, for whoever is not signed in.
pub(super) async fn show(State(portal): State<Arc<Portal>>, locale: Locale) -> Result<Response, Problem> {
    let policy = portal.policies.current().await?;
    let mut response = page(&portal, &locale, &policy, None).await?;
    *response.status_mut() = StatusCode::OK;
    Ok(response)
}

/// POST `/console/sign-in`: with the answer of an authenticator, begins a session; else leads on to the identity provider.
pub(super) async fn sign_in(
    State(portal): State<Arc<Portal>>,
    locale: Locale,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    refuse_cross_site(&portal, &headers, "problem-console-cross-site")?;
    let policy = portal.policies.current().await?;
    if rules(&policy)?.identity() == Identity::Oidc {
        let nonce = random_nonce();
        let sign_in = SignInToBegin {
            request: RequestId::random(),
            purpose: SignInPurpose::Console(PendingConsole { console: true }),
            person: None,
            bound: sign_in_nonce(&portal.base_url, &nonce),
            nonce,
        };
        return lead_on(&portal, &locale, sign_in).await;
    }
    match by_passkey(&portal, &policy, &headers, &fields).await {
        Ok(visitor) => begin(&portal, &locale, visitor, Identity::Passkey).await,
        Err(problem) if problem.code == Code::PasskeyRefused => {
            page(&portal, &locale, &policy, Some(&problem)).await
        }
        Err(problem) => Err(problem),
    }
}

/// The person whose passkey signed the challenge of this browser's ticket.
async fn by_passkey(
    portal: &Portal,
    policy: &Policy,
    headers: &HeaderMap,
    fields: &Fields,
) -> Result<ConsoleVisitor, Problem> {
    let unknown = || Problem::new(Code::PasskeyRefused, "problem-console-passkey");
    let evidence = evidence(fields, ReviewDigest::from_text(""))?.ok_or(NotProven::NoEvidence)?;
    let handle = octets(fields, "userHandle")?;
    let (secret, now) = (portal.links.secret().await?, portal.clock.now());
    let ticket = TICKET.value(&portal.base_url, headers);
    let ticket = ticket.and_then(|text| ConsoleTicket::open(&text, secret, now));
    let ticket = ticket.filter(|ticket| ticket.nonce == evidence.nonce);
    let ticket = ticket.ok_or_else(|| Problem::new(Code::PasskeyRefused, "problem-console-ticket"))?;
    let visitor = ConsoleVisitor::of_user_handle(policy, &handle).ok_or_else(unknown)?;
    let passkeys = portal.people.passkeys(&policy.plus_tags().person(&visitor.person)).await?;
    match ticket.check(&portal.base_url, &evidence, &passkeys) {
        Ok(()) => Ok(visitor),
        // The same answer as for a stranger, so that nobody learns who has a passkey.
        Err(NotProven::UnknownPasskey) => Err(unknown()),
        Err(error) => Err(error.into()),
    }
}

/// Begins a session, and leads to the console.
async fn begin(
    portal: &Portal,
    locale: &Locale,
    visitor: ConsoleVisitor,
    identity: Identity,
) -> Result<Response, Problem> {
    let now = portal.clock.now();
    tracing::info!(identity = identity.as_str(), "somebody signed in to the console");
    let session = ConsoleSession::begin(visitor, identity, now)
        .ok_or_else(|| Problem::new(Code::TryAgain, "problem-not-answered"))?;
    let mut response = to_console(portal, locale);
    let cookie = SESSION.header(&portal.base_url, &session.seal(portal.links.secret().await?));
    response.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
    if let Some(removal) = TICKET.removal(&portal.base_url) {
        response.headers_mut().append(SET_COOKIE, removal);
    }
    Ok(response)
}

fn to_console(portal: &Portal, locale: &Locale) -> Response {
    let path = format!("{}console{}", portal.base_url.path(), locale.only_lang());
    (StatusCode::SEE_OTHER, [(LOCATION, path)]).into_response()
}

/// POST `/console/sign-out`.
pub(super) async fn sign_out(call: ConsoleCall, fields: Fields) -> Result<Response, Problem> {
    call.ensure_own_form(&fields).await?;
    let mut response = to_console(&call.portal, &call.locale);
    if let Some(removal) = SESSION.removal(&call.portal.base_url) {
        response.headers_mut().append(SET_COOKIE, removal);
    }
    Ok(response)
}

/// GET `/signed-in` of a person who opens the console: who signed in, and the button that opens it.
pub(in crate::routes) async fn show_signed_in(
    portal: &Portal,
    locale: &Locale,
    pending: &PendingSignIn,
    token: &str,
) -> Result<Response, Problem> {
    let page = |person: &str| ConsoleSignedInPage::new(portal, locale, person, token);
    match visitor_of(portal, pending, token).await {
        Ok(visitor) => Ok(pages::page(StatusCode::OK, locale.language, &page(visitor.person.as_str()))),
        // Nothing is lost: the same button tries again, once Sign has fetched the key.
        Err(problem) if problem.code == Code::TryAgain => {
            Ok(pages::page(StatusCode::OK, locale.language, &page("").with_problem(&problem)))
        }
        Err(problem) => Err(problem),
    }
}

/// POST `/signed-in` of a person who opens the console.
pub(in crate::routes) async fn open_signed_in(
    portal: &Portal,
    locale: &Locale,
    pending: &PendingSignIn,
    token: &str,
) -> Result<Response, Problem> {
    match visitor_of(portal, pending, token).await {
        Ok(visitor) => {
            let mut response = begin(portal, locale, visitor, Identity::Oidc).await?;
            let mut removal = HeaderMap::new();
            forget(&mut removal, &portal.base_url);
            for value in removal.values() {
                response.headers_mut().append(SET_COOKIE, value.clone());
            }
            Ok(response)
        }
        Err(problem) if problem.code == Code::TryAgain => {
            let page = ConsoleSignedInPage::new(portal, locale, "", token).with_problem(&problem);
            Ok(pages::page(problem.status, locale.language, &page))
        }
        Err(problem) => Err(problem),
    }
}

/// The person whom the provider names.
async fn visitor_of(
    portal: &Portal,
    pending: &PendingSignIn,
    token: &str,
) -> Result<ConsoleVisitor, Problem> {
    let policy = portal.policies.current().await?;
    let rules = rules(&policy)?;
    let settings = policy.oidc().filter(|_| rules.identity() == Identity::Oidc);
    let settings = settings.ok_or_else(|| refused("problem-sign-in-no-provider"))?;
    let keys = portal.people.provider_keys(&settings.issuer).await?;
    let proof = (token, pending.nonce.as_str());
    let visitor = ConsoleVisitor::signed_in(&policy, &keys, &portal.base_url, proof, portal.clock.now());
    match visitor {
        Ok(visitor) => Ok(visitor),
        Err(SignInError::OtherPerson) => Err(refused(Message::new("problem-console-stranger"))),
        Err(error) => {
            fetch_keys_for(portal, RequestId::random(), error).await?;
            Err(error.into())
        }
    }
}
