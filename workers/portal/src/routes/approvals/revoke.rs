//! POST `/approvals/{key}` with the decision `revoke`: an approver revokes the certificate.
//!
//! Invariant: a link outlives the decision, so the policy in force says whether its holder is still an approver.

use axum::response::Response;
use http::StatusCode;
use pki::crl::RevocationReason;
use time::OffsetDateTime;
use workflow::approval::voting::{ResolvedLink, VotingError};
use workflow::email::Email;
use workflow::policy::Policy;
use workflow::request::Request;

use crate::http::client_addr::ClientAddr;
use crate::http::fields::Fields;
use crate::http::negotiate::ResponseFormat;
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::pages::{self, ReviewPage};
use crate::routes::revocations::{answer, order};
use crate::state::Portal;

/// The reasons for which a person may revoke the certificate of a request at this time, as an approver of its profile or
/// as a stand-in; none if the policy in force does not list the person.
pub(super) fn reasons_of(
    policy: &Policy,
    request: &Request,
    approver: &Email,
    now: OffsetDateTime,
) -> Vec<RevocationReason> {
    match is_approver(policy, request, approver, now) {
        true => policy.revocation().approver().to_vec(),
        false => Vec::new(),
    }
}

/// True if the policy in force lets the person vote on requests of this profile.
fn is_approver(policy: &Policy, request: &Request, person: &Email, now: OffsetDateTime) -> bool {
    let profile = policy.profile(Some(request.profile()));
    profile.is_ok_and(|profile| profile.lets_vote(person, true, now))
}

pub(super) async fn revoke(
    portal: &Portal,
    format: ResponseFormat,
    locale: &Locale,
    client: &ClientAddr,
    resolved: ResolvedLink,
    fields: &Fields,
) -> Result<Response, Problem> {
    let policy = portal.policies.current().await?;
    let approver = resolved.link.approver.clone();
    let now = portal.clock.now();
    let allowed = reasons_of(&policy, &resolved.request, &approver, now);
    if !is_approver(&policy, &resolved.request, &approver, now) {
        return Err(VotingError::NoSuchLink.into());
    }
    let by = client.as_approver(&approver);
    let revoked = portal.revocations().revoke(&resolved.request, &order(fields)?, &allowed, &by).await?;
    match format {
        ResponseFormat::Json => Ok(answer(&revoked)),
        ResponseFormat::Page => {
            let voting = portal.voting();
            let content = voting.content(&revoked).await?;
            let review = voting.review(resolved, content).await?;
            let page = ReviewPage::new(portal, locale, &review, &[]);
            let page = page.with_certificate(&revoked, &allowed, portal.clock.now());
            Ok(pages::page(StatusCode::OK, locale.language, &page))
        }
    }
}
