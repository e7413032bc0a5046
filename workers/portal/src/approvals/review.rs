//! GET `/approvals/{key}`: everything an approver needs to decide.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use serde::Serialize;
use time::OffsetDateTime;
use workflow::approver_set::Lacking;
use workflow::decision::{ApprovalDigest, Outcome, ReviewDigest, Vote};
use workflow::email::Email;
use workflow::finding::{Code, Finding};
use workflow::grant::CsrSummary;
use workflow::grant::Grant;
use workflow::ids::RequestId;
use workflow::request::audit::{EventKind, PendingEvent};
use workflow::request::{Request, Status};
use workflow::store::{issuer_in_force, update_approval_audited};

use super::known::{Known, LiveCertificate, Unusual};
use super::{Opened, open};
use crate::Portal;
use crate::caller::Caller;
use crate::negotiate::Wants;
use crate::pages::{self, ReviewPage};
use crate::problem::Problem;
use crate::reader::Reader;

/// The review, as JSON; the page shows the same.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Review {
    pub(crate) request_id: RequestId,
    pub(crate) status: Status,
    pub(crate) digest: ReviewDigest,
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
    pub(crate) lacking: Vec<Lacking>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) registration_date: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) expires_at: OffsetDateTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<Outcome>,
    /// The requester withdrew the request.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) withdrawn: bool,
    pub(crate) live_certificates: Vec<LiveCertificate>,
    pub(crate) unusual: Vec<Unusual>,
}

pub(crate) async fn review(
    State(portal): State<Arc<Portal>>,
    wants: Wants,
    reader: Reader,
    caller: Caller,
    method: Method,
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
    let verdict = Verdict::of(&portal, &opened.request).await?;
    if method != Method::HEAD {
        note_view(&portal, &opened, &caller, &verdict.digest).await;
    }
    let review = Review::with(&portal, opened, verdict).await?;
    Ok(match wants {
        Wants::Json => Json(review).into_response(),
        Wants::Page => {
            pages::page(StatusCode::OK, reader.language, &ReviewPage::new(&portal, &reader, &review))
        }
    })
}

pub(super) fn expired() -> Problem {
    Problem::new(Code::Expired, "problem-expired")
}

impl Review {
    pub(super) async fn of(portal: &Portal, opened: Opened) -> Result<Self, Problem> {
        let verdict = Verdict::of(portal, &opened.request).await?;
        Self::with(portal, opened, verdict).await
    }

    async fn with(portal: &Portal, opened: Opened, verdict: Verdict) -> Result<Self, Problem> {
        let Opened { link, approval, request } = opened;
        let Verdict { digest, csr, grant, findings, .. } = verdict;
        let known = Known::of(portal, &request, &csr.public_key_digest).await?;
        Ok(Review {
            request_id: request.id(),
            status: request.status(),
            digest,
            approver: link.approver,
            requester: request.email().clone(),
            comment: request.comment().to_owned(),
            profile: request.profile().to_owned(),
            subject: csr.subject,
            names: csr.names,
            key: csr.key,
            public_key_digest: csr.public_key_digest,
            csr_digest: csr.csr_digest,
            validity_days: grant.as_ref().map(|grant| grant.validity_days),
            key_usage: grant.as_ref().map(|grant| grant.key_usage.clone()).unwrap_or_default(),
            extended_key_usage: grant.map(|grant| grant.extended_key_usage).unwrap_or_default(),
            findings,
            lacking: approval.lacking(),
            quorum: approval.electorate.quorum(),
            votes: approval.votes,
            registration_date: request.registration_date(),
            expires_at: approval.expires_at,
            outcome: approval.outcome,
            withdrawn: approval.withdrawn,
            live_certificates: known.live,
            unusual: known.unusual,
        })
    }

    /// Whether a vote would still count.
    pub(crate) fn is_open(&self) -> bool {
        self.outcome.is_none() && !self.status.is_terminal()
    }
}

/// What a review shows beside the row, and what a vote is given in view of.
pub(super) struct Verdict {
    /// What the approval would bind, of the row as it is now.
    pub(super) binds: ApprovalDigest,
    pub(super) digest: ReviewDigest,
    csr: CsrSummary,
    grant: Option<Grant>,
    findings: Vec<Finding>,
}

impl Verdict {
    /// The verdict of the policy now in force: the one that will hold when the certificate is signed.
    pub(super) async fn of(portal: &Portal, request: &Request) -> Result<Self, Problem> {
        let Some(csr) = request.csr() else {
            tracing::error!(request.id = %request.id(), "an approval without a CSR summary");
            return Err(Problem::new(Code::TryAgain, "problem-still-being-read"));
        };
        let policy = portal.policies.current().await?;
        let issuer = issuer_in_force(&*portal.archive).await?;
        let (grant, findings) = match request.judged_by(&policy, issuer.as_ref()) {
            Ok(judged) => (Some(judged.grant), judged.findings),
            Err(refusal) => (None, refusal.0),
        };
        let binds = ApprovalDigest::of(request.id(), request.profile(), csr);
        let digest = ReviewDigest::of(&binds, grant.as_ref(), &findings);
        Ok(Self { binds, digest, csr: csr.clone(), grant, findings })
    }
}

/// Notes that the approver has opened the review, once. Showing it does not depend on that.
async fn note_view(portal: &Portal, opened: &Opened, caller: &Caller, shown: &ReviewDigest) {
    if opened.approval.outcome.is_some() || opened.approval.viewed_by.contains(&opened.link.approver) {
        return;
    }
    let (now, approver) = (portal.clock.now(), &opened.link.approver);
    let by = caller.as_approver(approver);
    let id = opened.request.id();
    let noted = update_approval_audited(&*portal.approvals, &*portal.requests, id, &by, |approval| {
        let entry = PendingEvent::new(EventKind::Viewed, now).with_digest(shown.as_str());
        ((), approval.viewed(approver).then_some(entry))
    })
    .await;
    if let Err(error) = noted {
        tracing::warn!(request.id = %id, %error, "shown, but not noted in the audit trail");
    }
}
