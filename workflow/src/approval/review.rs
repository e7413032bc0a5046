//! The review of a request: the information that an approver sees before a vote.
//!
//! Invariant: the digest of a review is computed from the displayed contents, so a vote binds exactly these contents.

use pki::issuer::Issuer;
use serde::Serialize;
use time::OffsetDateTime;

use super::Approval;
use super::history::{Anomaly, LiveCertificate, RequestHistory};
use super::question::Question;
use crate::approver_set::{ApproverSet, Identity, MissingApprovals};
use crate::decision::{ApprovalDigest, Outcome, ReviewDigest, Vote};
use crate::email::Email;
use crate::finding::Finding;
use crate::grant::CsrSummary;
use crate::ids::RequestId;
use crate::policy::{Policy, Profile};
use crate::request::renewal::RenewalDifferences;
use crate::request::{Request, RequestContent, Status};
use crate::stand_in::StandIn;
use crate::standing::{RequestKind, StandingTerms};
use crate::texts::Language;

/// The contents that a vote binds: what is asked for, and its evaluation by the policy in force.
#[derive(Clone, Debug)]
pub struct ReviewContent {
    /// The digest that an approval of the current row would bind.
    pub binds: ApprovalDigest,
    /// The digest of these contents.
    pub digest: ReviewDigest,
    reviewed: Reviewed,
    findings: Vec<Finding>,
}

/// What the request asks for, as the approver sees it.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Reviewed {
    /// A certificate.
    Certificate(Box<ReviewedCertificate>),
    /// A standing approval.
    #[serde(rename = "grant")]
    Standing(ReviewedTerms),
}

/// A certificate that is asked for.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReviewedCertificate {
    /// The subject (RFC 4514).
    pub subject: String,
    /// The subject alternative names.
    pub names: Vec<String>,
    /// The key in words.
    pub key: String,
    /// Lower-case hex SHA-256 of the SubjectPublicKeyInfo.
    pub public_key_digest: String,
    /// Lower-case hex SHA-256 of the CSR.
    pub csr_digest: String,
    /// What a renewal replaces, and the differences.
    #[serde(rename = "renews", skip_serializing_if = "Option::is_none")]
    pub differences: Option<RenewalDifferences>,
    /// The days of validity, if the policy grants the request.
    pub validity_days: Option<u32>,
    /// The granted key usages.
    pub key_usage: Vec<String>,
    /// The granted extended key usages.
    pub extended_key_usage: Vec<String>,
}

/// The terms of a standing approval that is asked for, and the most that may come of it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReviewedTerms {
    /// The names and suffixes.
    pub names: Vec<String>,
    /// The days from the approval to the end.
    pub days: u32,
    /// The most certificates.
    pub certificates: u32,
    /// The days of validity of each certificate, if the policy allows the terms.
    pub validity_days: Option<u32>,
}

impl ReviewedTerms {
    /// The most days from the approval to the end of the last certificate, if the policy allows the terms.
    pub fn days_of_last(&self) -> Option<u32> {
        Some(self.days.saturating_add(self.validity_days?))
    }
}

impl Reviewed {
    /// The kind of request.
    pub fn kind(&self) -> RequestKind {
        match self {
            Self::Certificate(_) => RequestKind::Certificate,
            Self::Standing(_) => RequestKind::Grant,
        }
    }

    /// The names.
    pub fn names(&self) -> &[String] {
        match self {
            Self::Certificate(certificate) => &certificate.names,
            Self::Standing(terms) => &terms.names,
        }
    }

    /// The certificate that is asked for.
    pub fn certificate(&self) -> Option<&ReviewedCertificate> {
        match self {
            Self::Certificate(certificate) => Some(certificate),
            Self::Standing(_) => None,
        }
    }

    /// The terms of the standing approval that is asked for.
    pub fn terms(&self) -> Option<&ReviewedTerms> {
        match self {
            Self::Certificate(_) => None,
            Self::Standing(terms) => Some(terms),
        }
    }
}

/// The row has no summary of its CSR yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the row has no summary of its CSR")]
pub struct CsrNotRead;

impl ReviewContent {
    /// Evaluates the request by `policy` and by the issuer that would sign. `replaced` is the request that it renews, if
    /// there is one.
    ///
    /// # Errors
    /// [`CsrNotRead`] before Persist has written the summary of the CSR.
    pub fn of(
        request: &Request,
        policy: &Policy,
        issuer: Option<&Issuer>,
        replaced: Option<&Request>,
    ) -> Result<Self, CsrNotRead> {
        let binds = request.approval_digest().ok_or(CsrNotRead)?;
        match request.content() {
            RequestContent::Certificate(certificate) => {
                let csr = certificate.csr.as_ref().ok_or(CsrNotRead)?;
                Ok(Self::of_certificate(binds, csr, request, policy, issuer, replaced))
            }
            RequestContent::Standing(terms) => Ok(Self::of_terms(binds, terms, request, policy, issuer)),
        }
    }

    fn of_certificate(
        binds: ApprovalDigest,
        csr: &CsrSummary,
        request: &Request,
        policy: &Policy,
        issuer: Option<&Issuer>,
        replaced: Option<&Request>,
    ) -> Self {
        let (grant, findings) = match request.evaluate(policy, issuer, replaced) {
            Ok(evaluated) => (Some(evaluated.grant), evaluated.findings),
            Err(refusal) => (None, refusal.0),
        };
        let validity_days = grant.as_ref().map(|grant| grant.validity_days);
        let differences = replaced
            .and_then(|replaced| RenewalDifferences::of(replaced, request.profile(), csr, validity_days));
        let bound = differences.as_ref().map(RenewalDifferences::bound_fields);
        let digest = ReviewDigest::of(&binds, grant.as_ref(), &findings, bound.as_deref());
        let (key_usage, extended_key_usage) =
            grant.map(|grant| (grant.key_usage, grant.extended_key_usage)).unwrap_or_default();
        let csr = csr.clone();
        let reviewed = Reviewed::Certificate(Box::new(ReviewedCertificate {
            subject: csr.subject,
            names: csr.names,
            key: csr.key,
            public_key_digest: csr.public_key_digest,
            csr_digest: csr.csr_digest,
            differences,
            validity_days,
            key_usage,
            extended_key_usage,
        }));
        Self { binds, digest, reviewed, findings }
    }

    fn of_terms(
        binds: ApprovalDigest,
        terms: &StandingTerms,
        request: &Request,
        policy: &Policy,
        issuer: Option<&Issuer>,
    ) -> Self {
        let findings =
            request.evaluate_terms(policy, issuer).err().map(|refusal| refusal.0).unwrap_or_default();
        let profile = policy.profile(Some(request.profile())).ok().filter(|_| findings.is_empty());
        let validity_days = profile.map(Profile::validity_days);
        let digest = ReviewDigest::of_terms(&binds, validity_days, &findings);
        let reviewed = Reviewed::Standing(ReviewedTerms {
            names: terms.names_as_text(),
            days: terms.days(),
            certificates: terms.certificates(),
            validity_days,
        });
        Self { binds, digest, reviewed, findings }
    }

    /// What is asked for.
    pub fn reviewed(&self) -> &Reviewed {
        &self.reviewed
    }

    /// The days of validity of a certificate, if the policy grants the request.
    pub fn validity_days(&self) -> Option<u32> {
        match &self.reviewed {
            Reviewed::Certificate(certificate) => certificate.validity_days,
            Reviewed::Standing(terms) => terms.validity_days,
        }
    }

    /// The findings of the policy.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What a renewal replaces, and the differences.
    pub fn differences(&self) -> Option<&RenewalDifferences> {
        self.reviewed.certificate()?.differences.as_ref()
    }

    /// Lower-case hex SHA-256 of the SubjectPublicKeyInfo; `None` of a standing approval.
    pub fn public_key_digest(&self) -> Option<&str> {
        self.reviewed.certificate().map(|certificate| certificate.public_key_digest.as_str())
    }
}

/// The approvals that a group has yet to give.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NeededApprovals {
    /// The group, and the number of approvals.
    #[serde(flatten)]
    pub missing: MissingApprovals,
    /// Approvers who can give one.
    pub approvers: Vec<Email>,
    /// The entries of those among them who can give one only in the place of another.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stand_ins: Vec<StandIn>,
}

/// How far the approval of a request is.
#[derive(Debug, PartialEq, Eq)]
pub struct ApprovalProgress {
    /// The number of approvals needed in all.
    pub quorum: usize,
    /// The approvals still missing.
    pub needed: Vec<NeededApprovals>,
}

impl ApprovalProgress {
    /// The progress of `approval` at this time; `in_force` are the approvers by the policy in force.
    pub fn of(approval: &Approval, in_force: Option<&ApproverSet>, now: OffsetDateTime) -> Self {
        let in_force = in_force.unwrap_or(&approval.approver_set);
        Self {
            quorum: approval.approver_set.quorum().max(in_force.quorum()),
            needed: needed_approvals(approval, in_force, now),
        }
    }

    /// The number of approvals that count.
    pub fn approvals(&self) -> usize {
        self.quorum.saturating_sub(self.needed.iter().map(|group| group.missing.approvals).sum())
    }
}

/// A review, as JSON; the page shows the same.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// The request.
    pub request_id: RequestId,
    /// The status of the request.
    pub status: Status,
    /// The digest that a vote must repeat.
    pub digest: ReviewDigest,
    /// The digest that the approval binds; a passkey signs it beside the other.
    #[serde(rename = "approvalDigest")]
    pub binds: ApprovalDigest,
    /// The proof that a vote needs.
    pub identity: Identity,
    /// The approver who received the link.
    pub approver: Email,
    /// The group of the identity provider that shares the link, if it is no person's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc_group: Option<String>,
    /// Those in whose place the approver decides now, and until when.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stands_in: Vec<StandIn>,
    /// The requester.
    pub requester: Email,
    /// The requester's comment.
    pub comment: String,
    /// The language of the requester, and so most likely of the comment.
    #[serde(skip)]
    pub requester_language: Language,
    /// The name of the profile.
    pub profile: String,
    /// What is asked for.
    #[serde(flatten)]
    pub reviewed: Reviewed,
    /// The findings of the policy in force.
    pub findings: Vec<Finding>,
    /// The votes so far.
    pub votes: Vec<Vote>,
    /// The approvals needed.
    pub quorum: usize,
    /// The approvals still missing, by group, and who can give them.
    #[serde(rename = "lacking")]
    pub needed: Vec<NeededApprovals>,
    /// Questions to the requester, and the answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<Question>,
    /// The time at which the request was accepted, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub registration_date: OffsetDateTime,
    /// The end of the approval period, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// The outcome, once decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// True if the requester withdrew the request.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
    /// Valid certificates for one of the names, or for the key.
    pub live_certificates: Vec<LiveCertificate>,
    /// True if there are more valid certificates than `live_certificates` has.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub more_live_certificates: bool,
    /// Properties that most requests do not have.
    #[serde(rename = "unusual")]
    pub anomalies: Vec<Anomaly>,
}

impl Review {
    /// The review of `request` for one approver at this time; `in_force` are the approvers by the policy in force.
    pub fn new(
        approver: Email,
        request: &Request,
        approval: Approval,
        in_force: Option<&ApproverSet>,
        content: ReviewContent,
        history: RequestHistory,
        now: OffsetDateTime,
    ) -> Self {
        let ReviewContent { binds, digest, reviewed, findings } = content;
        // What was decided stays as it was decided.
        let in_force = in_force.filter(|_| approval.outcome.is_none()).unwrap_or(&approval.approver_set);
        let progress = ApprovalProgress::of(&approval, Some(in_force), now);
        let stands_in = in_force.stand_ins_of(&approver, approval.is_escalated(), now);
        Self {
            request_id: request.id(),
            status: request.shown_status(),
            digest,
            binds,
            identity: in_force.identity,
            oidc_group: in_force.oidc_group(&approver).map(|group| group.name.clone()),
            stands_in: stands_in.into_iter().cloned().collect(),
            approver,
            requester: request.email().clone(),
            comment: request.comment().to_owned(),
            requester_language: request.language(),
            profile: request.profile().to_owned(),
            reviewed,
            findings,
            needed: progress.needed,
            quorum: progress.quorum,
            votes: approval.votes.iter().map(Vote::without_evidence).collect(),
            questions: approval.questions,
            registration_date: request.registration_date(),
            expires_at: approval.expires_at,
            outcome: approval.outcome,
            withdrawn: approval.withdrawn,
            live_certificates: history.live,
            more_live_certificates: history.has_more_live,
            anomalies: history.anomalies,
        }
    }

    /// The number of approvals that count.
    pub fn approvals(&self) -> usize {
        self.quorum.saturating_sub(self.needed.iter().map(|group| group.missing.approvals).sum())
    }

    /// True if a vote would still count.
    pub fn is_open(&self) -> bool {
        self.outcome.is_none() && !self.status.is_terminal()
    }
}

/// The approvals that are missing, by group, and who can give them at this time. `in_force` are the approvers by the policy
/// in force.
pub fn needed_approvals(
    approval: &Approval,
    in_force: &ApproverSet,
    now: OffsetDateTime,
) -> Vec<NeededApprovals> {
    let who = |missing: MissingApprovals| {
        let (mut approvers, mut stand_ins) = (Vec::new(), Vec::new());
        for (approver, entries) in approval.who_may_approve(missing.group.as_deref(), in_force, now) {
            // In the spelling of the approver, since both are shown together.
            stand_ins.extend(entries.into_iter().map(|one| StandIn { by: approver.clone(), ..one.clone() }));
            approvers.push(approver);
        }
        NeededApprovals { missing, approvers, stand_ins }
    };
    approval.missing_approvals(in_force).into_iter().map(who).collect()
}

#[cfg(test)]
mod tests {
    use pki::testing as test_pki;

    use super::*;
    use crate::policy::Policy;
    use crate::testing::InMemoryBackend;

    #[test]
    fn a_row_without_a_summary_has_no_review() {
        let backend = InMemoryBackend::new();
        let request = backend.unsaved_request(&test_pki::csr(&["www.example.com"]), Status::Submitted);
        assert_eq!(ReviewContent::of(&request, &backend.policy(), None, None).unwrap_err(), CsrNotRead);
    }

    #[test]
    fn the_digest_follows_the_policy_and_the_bound_digest_does_not() {
        let backend = InMemoryBackend::new();
        let request = backend.unsaved_request(&test_pki::csr(&["www.example.com"]), Status::PendingApproval);
        let policy = backend.policy();
        let before = ReviewContent::of(&request, &policy, None, None).unwrap();
        assert_eq!(ReviewContent::of(&request, &policy, None, None).unwrap().digest, before.digest);
        let approval = backend.approval(request.id()).unwrap();
        assert_eq!(before.binds, approval.digest);

        let shorter =
            include_str!("../../../infra/policy.toml").replace("validity_days = 365", "validity_days = 30");
        let after = ReviewContent::of(&request, &Policy::parse(&shorter).unwrap(), None, None).unwrap();
        assert_ne!(after.digest, before.digest);
        assert_eq!(after.binds, before.binds);
    }
}
