//! POST `/approvals/{key}` with the decision `revoke`: an approver revokes the certificate.
//!
//! Invariant: a link outlives the decision, so the policy in force says whether its holder is still an approver.

use axum::response::Response;
use http::StatusCode;
use pki::crl::RevocationReason;
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

/// The reasons for which a person may revoke the certificate of a request, as an approver of its profile; none if the
/// policy in force does not list the person.
pub(super) fn reasons_of(policy: &Policy, request: &Request, approver: &Email) -> Vec<RevocationReason> {
    let profile = policy.profile(Some(request.profile()));
    match profile.is_ok_and(|profile| profile.lets_vote(approver, true)) {
        true => policy.revocation().approver().to_vec(),
        false => Vec::new(),
    }
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
    let allowed = reasons_of(&policy, &resolved.request, &approver);
    let profile = policy.profile(Some(resolved.request.profile()));
    if !profile.is_ok_and(|profile| profile.lets_vote(&approver, true)) {
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
