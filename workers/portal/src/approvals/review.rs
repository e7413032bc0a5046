//! GET `/approvals/{key}`: everything an approver needs to decide.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use futures_util::future::try_join_all;
use http::StatusCode;
use serde::Serialize;
use time::OffsetDateTime;
use workflow::decision::{ApprovalDigest, Outcome, Vote};
use workflow::finding::{Code, Finding};
use workflow::issuance::Serial;
use workflow::judgement::issuer_in_force;
use workflow::policy::Grant;
use workflow::request::{Email, Request, RequestId, Status};

use super::{Opened, open};
use crate::Portal;
use crate::negotiate::Wants;
use crate::pages::{self, ReviewPage};
use crate::problem::Problem;

/// Of how many names live certificates are looked up.
const NAMES: usize = 10;
/// How many earlier requests of a name or a key are looked at.
const EARLIER: usize = 50;

/// The review, as JSON; the page shows the same.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Review {
    pub(crate) request_id: RequestId,
    pub(crate) status: Status,
    pub(crate) digest: ApprovalDigest,
    pub(crate) approver: Email,
    pub(crate) requester: Email,
    pub(crate) comment: String,
    pub(crate) profile: String,
    pub(crate) subject: String,
    pub(crate) names: Vec<String>,
    pub(crate) key: String,
    pub(crate) public_key_digest: String,
    pub(crate) csr_digest: String,
    pub(crate) validity_days: Option<u32>,
    pub(crate) key_usage: Vec<String>,
    pub(crate) extended_key_usage: Vec<String>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) votes: Vec<Vote>,
    pub(crate) quorum: usize,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) registration_date: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) expires_at: OffsetDateTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<Outcome>,
    pub(crate) live_certificates: Vec<LiveCertificate>,
}

/// A certificate in use for one of the names, or for the key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LiveCertificate {
    pub(crate) id: RequestId,
    pub(crate) serial: Serial,
    pub(crate) names: Vec<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) not_after: OffsetDateTime,
    pub(crate) email: Email,
    pub(crate) same_key: bool,
}

pub(crate) async fn review(
    State(portal): State<Arc<Portal>>,
    wants: Wants,
    key: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let opened = open(&portal, key).await?;
    let over = match opened.approval.outcome {
        Some(outcome) => outcome == Outcome::Expired,
        None => opened.approval.is_over(portal.clock.now()),
    };
    if over {
        return Err(expired());
    }
    let review = Review::of(&portal, opened).await?;
    Ok(match wants {
        Wants::Json => Json(review).into_response(),
        Wants::Page => pages::page(StatusCode::OK, &ReviewPage::new(&portal, &review)),
    })
}

pub(super) fn expired() -> Problem {
    Problem::new(
        Code::Expired,
        "This request was not decided in time, so there is nothing to decide any more. The requester has been told, and may ask again.",
    )
}

impl Review {
    pub(super) async fn of(portal: &Portal, opened: Opened) -> Result<Self, Problem> {
        let Opened { link, approval, request } = opened;
        let Some(facts) = request.facts() else {
            tracing::error!(request.id = %request.id, "an approval without facts");
            return Err(Problem::new(
                Code::TryAgain,
                "The request is still being read. Please try again in a moment.",
            ));
        };
        let (grant, findings) = judged(portal, &request).await?;
        let live_certificates = live(portal, &request, &facts.public_key_digest).await?;
        Ok(Review {
            request_id: request.id,
            status: request.status,
            digest: ApprovalDigest::of(request.id, &request.profile, &facts),
            approver: link.approver,
            requester: request.email,
            comment: request.comment,
            profile: request.profile,
            subject: facts.subject,
            names: facts.names,
            key: facts.key,
            public_key_digest: facts.public_key_digest,
            csr_digest: facts.csr_digest,
            validity_days: grant.as_ref().map(|grant| grant.validity_days),
            key_usage: grant.as_ref().map(|grant| grant.key_usage.clone()).unwrap_or_default(),
            extended_key_usage: grant.map(|grant| grant.extended_key_usage).unwrap_or_default(),
            findings,
            votes: approval.votes,
            quorum: approval.quorum,
            registration_date: request.registration_date,
            expires_at: approval.expires_at,
            outcome: approval.outcome,
            live_certificates,
        })
    }

    /// Whether a vote would still count.
    pub(crate) fn is_open(&self) -> bool {
        self.outcome.is_none() && !self.status.is_terminal()
    }
}

/// The verdict of the policy now in force: the one that will hold when the certificate is signed.
async fn judged(portal: &Portal, request: &Request) -> Result<(Option<Grant>, Vec<Finding>), Problem> {
    let policy = portal.policies.current().await?;
    let issuer = issuer_in_force(&*portal.archive).await?;
    Ok(match request.judged_by(&policy, issuer.as_ref()) {
        Ok(judged) => (Some(judged.grant), judged.findings),
        Err(refusal) => (None, refusal.0),
    })
}

async fn live(
    portal: &Portal,
    request: &Request,
    public_key_digest: &str,
) -> Result<Vec<LiveCertificate>, Problem> {
    let now = portal.clock.now();
    let by_name =
        try_join_all(request.names.iter().take(NAMES).map(|name| portal.names.of(name, EARLIER))).await?;
    let same_key = portal.requests.with_key(public_key_digest, EARLIER).await?;
    let known: BTreeSet<_> = same_key.iter().map(|one| one.id).chain([request.id]).collect();
    let others: BTreeSet<_> = by_name.into_iter().flatten().filter(|id| !known.contains(id)).collect();
    let same_name = try_join_all(others.into_iter().map(|id| portal.requests.find(id))).await?;
    let mut live: Vec<_> = same_key
        .into_iter()
        .map(|one| (true, one))
        .chain(same_name.into_iter().flatten().map(|one| (false, one)))
        .filter(|(_, one)| one.id != request.id && one.status.has_certificate())
        .filter_map(|(same_key, one)| {
            Some(LiveCertificate {
                id: one.id,
                serial: one.serial?,
                not_after: one.not_after.filter(|not_after| *not_after > now)?,
                names: one.names,
                email: one.email,
                same_key,
            })
        })
        .collect();
    live.sort_by_key(|one| std::cmp::Reverse(one.not_after));
    Ok(live)
}
