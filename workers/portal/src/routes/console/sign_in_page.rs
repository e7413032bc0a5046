//! The page for signing in to the console, for whoever is not signed in.
//!
//! Invariant: it says nothing about who is one of the policy.

use axum::response::Response;
use http::StatusCode;
use http::header::SET_COOKIE;
use workflow::approver_set::Identity;
use workflow::console::ConsoleTicket;
use workflow::policy::{ConsoleRules, Policy};

use crate::http::cookie::OwnCookie;
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::pages::{self, ConsoleSignInPage};
use crate::routes::sign_in::begin::random_nonce;
use crate::state::Portal;

/// What begins a sign-in with a passkey, for the time of one.
pub(super) const TICKET: OwnCookie =
    OwnCookie { name: "console_ticket", same_site: "Strict", max_age: Some(300) };

/// The page for signing in, with what was wrong with the last attempt.
pub(super) async fn page(
    portal: &Portal,
    locale: &Locale,
    policy: &Policy,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let rules = rules(policy)?;
    let ticket = (rules.identity() == Identity::Passkey)
        .then(|| ConsoleTicket::new(random_nonce(), portal.clock.now()));
    let page = ConsoleSignInPage::new(portal, locale, ticket.as_ref().map(|ticket| ticket.nonce.as_str()));
    let page = match problem {
        Some(problem) => page.with_problem(problem),
        None => page,
    };
    let status = problem.map_or(StatusCode::FORBIDDEN, |problem| problem.status);
    let mut response = pages::page(status, locale.language, &page);
    if let Some(ticket) = ticket {
        let cookie = TICKET.header(&portal.base_url, &ticket.seal(portal.links.secret().await?));
        response.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
    }
    Ok(response)
}

/// The rules of the console.
pub(super) fn rules(policy: &Policy) -> Result<&ConsoleRules, Problem> {
    policy.console().ok_or_else(Problem::no_such_page)
}
