//! Requests of any status, made by the rules of [`Request`] and the policy in force.

use std::sync::Arc;

use futures_util::FutureExt as _;
use time::Duration;

use crate::approval::coverage::{Voters, covers_terms};
use crate::approval::standing::StandingApproval;
use crate::approval::{Approval, BaseUrl, VoteInput};
use crate::approver_set::{ApproverSet, GroupQuorum, Identity, PlusTags};
use crate::decision::{Decision, ReviewDigest};
use crate::email::Email;
use crate::ids::RequestId;
use crate::message::TaskToken;
use crate::policy::key_list::KeyList;
use crate::ports::{Clock, Executions, Issuers};
use crate::request::audit::{Actor, EventKind, Origin, PendingEvent};
use crate::request::intake::Intake;
use crate::request::{
    Ending, Request, RequestContent, RevocationOrder, Status, Submission, execution_name,
    revocation_execution_name,
};
use crate::runtime::step::Task;
use crate::standing::StandingTerms;
use crate::store::{CertificateLog, count_use, record_revocation};
use crate::testing::InMemoryBackend;
use crate::testing::passkeys::base_url;
use crate::texts::Language;
use crate::wire_name::WireName;
use pki::certificate::{Serial, Template, Validity, issue, lint};
use pki::crl::RevocationReason;
use pki::csr::Csr;
use pki::testing as test_pki;

/// The approver of infra/policy.toml.
pub fn approver() -> Email {
    "approver@example.com".parse().expect("an address")
}

/// An approver set with [`approver`] alone.
pub fn approver_set() -> ApproverSet {
    let quorums = vec![GroupQuorum { group: None, members: vec![approver()], quorum: 1 }];
    ApproverSet {
        quorums,
        escalation_approvers: Vec::new(),
        plus_tags: PlusTags::Same,
        identity: Identity::Mail,
        stand_ins: Vec::new(),
        oidc_groups: Vec::new(),
        requester: None,
    }
}

/// A vote of [`approver`] on the review `shown`.
pub fn vote_input(decision: Decision, shown: &ReviewDigest, reason: Option<&str>) -> VoteInput {
    VoteInput {
        approver: approver(),
        decision,
        review_digest: shown.clone(),
        reason: reason.map(str::to_owned),
        oidc_groups: Vec::new(),
        evidence: None,
    }
}

/// A task of a state for a request, with a token of its own.
pub fn task<S: WireName, I>(id: RequestId, state: &str, token: &str, input: I) -> Task<S, I> {
    Task {
        request_id: id,
        state: S::from_wire_name(state).expect("a state of the worker"),
        execution: format!("arn:{id}"),
        token: TaskToken::new(token),
        input,
    }
}

/// The default policy of infra/policy.toml, with standing approvals of at most 90 days and 500 certificates for servers.
pub fn standing_policy() -> String {
    let policy = include_str!("../../../infra/policy.toml");
    format!("{policy}\n[profiles.server.standing]\nmax = \"90d\"\nmost = 500\n")
}

/// [`standing_policy`] after [`approver`] has left it.
pub fn policy_after_approver_left() -> String {
    standing_policy().replace(approver().as_str(), "other@example.com")
}

/// Terms that [`standing_policy`] allows.
pub const TERMS: &str =
    r#"{"kind":"grant","names":[".web.example.com","www.example.com"],"days":30,"certificates":20}"#;

/// A backend with [`standing_policy`].
pub fn standing_backend() -> Arc<InMemoryBackend> {
    let backend = InMemoryBackend::new();
    backend.set_policy(&standing_policy());
    backend
}

/// A list with the keys of CSRs.
pub fn key_list(csrs: &[&str]) -> KeyList {
    let digest = |csr: &&str| Csr::read(csr).expect("a CSR").key().digest();
    let lines: Vec<String> = csrs.iter().map(digest).collect();
    KeyList::read(lines.join("\n").as_bytes()).expect("digests")
}

impl InMemoryBackend {
    /// The log of certificates with this backend for every port.
    pub fn certificate_log(&self) -> CertificateLog<'_> {
        CertificateLog { files: self, keys: self, receipts: self, requests: self, standing: self }
    }

    /// Intake with this backend for every port.
    pub fn intake<'a>(&'a self, base_url: &'a BaseUrl) -> Intake<'a> {
        Intake {
            requests: self,
            executions: self,
            notify_queue: self,
            links: self,
            people: self,
            base_url,
            clock: self,
        }
    }

    /// Issues the certificate of a request from its row, like Sign (PEM).
    pub fn certificate_of(&self, request: &Request) -> String {
        let (policy, issuer) = (self.policy(), &self.latest_issuer());
        let evaluated = request.evaluate(&policy, Some(issuer), None).expect("the policy grants it");
        let contents = evaluated.grant.contents();
        // The in-memory backend is always ready.
        let signer = Issuers::signer(self, issuer).now_or_never().expect("ready").expect("a key");
        let template = Template {
            csr: &evaluated.csr,
            contents: &contents,
            issuer,
            algorithm: signer.algorithm(),
            serial: request.serial().expect("a serial"),
            validity: &request.validity().expect("a validity"),
            publication: policy.publication(),
        };
        let linted = lint(template.build().expect("fits"), issuer, &evaluated.csr, &contents);
        #[allow(clippy::disallowed_methods)] // Fixtures have no approval.
        let issued = issue(&*signer, linted.expect("lints")).now_or_never().expect("ready");
        issued.expect("a certificate").pem()
    }

    /// Stores a request with its certificate; `status` is issued or delivered.
    pub fn request_with_certificate(&self, status: Status) -> RequestId {
        self.certificate_for(&test_pki::csr(&["www.example.com"]), status)
    }

    /// Like [`InMemoryBackend::request_with_certificate`], for a CSR.
    pub fn certificate_for(&self, csr: &str, status: Status) -> RequestId {
        let request = self.unsaved_request(csr, status);
        let id = request.id();
        self.put_certificate(request.serial().expect("a serial"), &self.certificate_of(&request));
        self.put(request);
        id
    }

    /// Stores a delivered request with its certificate, and accepts the revocation of it by the requester.
    pub fn accepted_revocation(&self, reason: RevocationReason) -> RequestId {
        let id = self.request_with_certificate(Status::Delivered);
        let mut row = self.request(id).expect("stored");
        let (order, by) = (RevocationOrder { reason, comment: None }, Actor::requester(row.email()));
        let arn = Executions::arn(self, &revocation_execution_name(id, 1));
        row.accept_revocation(&order, &by, arn, self.now()).expect("allowed");
        self.put(row);
        id
    }

    /// Stores a request whose certificate is revoked, and recorded as such.
    pub fn revoked_request(&self, reason: RevocationReason) -> RequestId {
        let id = self.accepted_revocation(reason);
        let (issuer, origin) = (self.latest_issuer().key_identifier(), Origin::worker("persist"));
        let recorded = record_revocation(self, self, id, &issuer, &origin, self.now());
        recorded.now_or_never().expect("ready").expect("recorded");
        id
    }

    /// Stores a request for `www.example.com` of this status, and returns its id.
    pub fn request_at(&self, status: Status) -> RequestId {
        let request = self.unsaved_request(&test_pki::csr(&["www.example.com"]), status);
        let id = request.id();
        self.put(request);
        id
    }

    /// Makes a request with this CSR and status without storing it. Stores its approval, if any.
    pub fn unsaved_request(&self, csr: &str, status: Status) -> Request {
        self.unsaved(RequestContent::certificate(csr.to_owned(), None, None), status)
    }

    /// Stores a request with this CSR and status that renews another one, and returns it.
    pub fn renewal_at(&self, csr: &str, status: Status, replaces: RequestId) -> Request {
        let request = self.unsaved(RequestContent::certificate(csr.to_owned(), None, Some(replaces)), status);
        self.put(request.clone());
        self.request(request.id()).expect("stored")
    }

    /// Makes a request of a standing approval with these terms (JSON) and this status, which is not revoked, without storing it.
    /// Stores its approval, if any.
    pub fn unsaved_grant(&self, terms: &str, status: Status) -> Request {
        let terms = StandingTerms::read(terms).expect("terms");
        self.unsaved(RequestContent::Standing(terms), status)
    }

    /// Stores a request of [`TERMS`] with this status, and returns its id.
    pub fn grant_at(&self, status: Status) -> RequestId {
        let request = self.unsaved_grant(TERMS, status);
        let id = request.id();
        self.put(request);
        id
    }

    /// The standing approval with these terms (JSON), approved by [`approver`] now. Not stored.
    pub fn standing_approval(&self, terms: &str) -> StandingApproval {
        let request = self.unsaved_grant(terms, Status::Approved);
        let base_url = base_url();
        let voters = Voters { base_url: &base_url, passkeys: &[], provider_keys: &[] };
        covers_terms(&request, &self.policy(), self.issuer_certificate(), voters).expect("approved")
    }

    /// Stores the request of a standing approval with these terms (JSON) and the standing approval itself, approved by
    /// [`approver`] now, and returns their id.
    pub fn granted(&self, terms: &str) -> RequestId {
        let id = RequestId::random();
        self.put_grant(id, StandingTerms::read(terms).expect("terms"), Status::Delivered);
        id
    }

    /// Stores the standing approval that extends another one by a name, as [`InMemoryBackend::granted`], and returns its id.
    pub fn granted_extension(&self, of: RequestId, name: &str) -> RequestId {
        let base = self.standing(of).expect("stored");
        let terms = base.extended(of, &self.policy(), &[name.to_owned()]).expect("terms");
        let id = RequestId::random();
        self.put_grant(id, terms, Status::Delivered);
        id
    }

    /// Stores the request of a standing approval with these terms and this status under this id, and the standing approval, if it
    /// was approved.
    pub fn put_grant(&self, id: RequestId, terms: StandingTerms, status: Status) {
        let request = self.unsaved_as(id, RequestContent::Standing(terms), status);
        if status.has_certificate() {
            let base_url = base_url();
            let voters = Voters { base_url: &base_url, passkeys: &[], provider_keys: &[] };
            let approval = covers_terms(&request, &self.policy(), self.issuer_certificate(), voters);
            self.put_standing(approval.expect("approved"));
        }
        self.put(request);
    }

    /// Stores a delivered certificate with this CSR that was counted under a standing approval.
    pub fn issued_under(&self, standing: RequestId, csr: &str) -> RequestId {
        let (request, policy) = (self.unsaved_under_at(standing, csr, Status::Delivered), self.policy());
        let id = request.id();
        self.put_certificate(request.serial().expect("a serial"), &self.certificate_of(&request));
        self.put(request);
        let counted = count_use(self, standing, id, &policy, self.now());
        counted.now_or_never().expect("ready").expect("counted");
        id
    }

    /// Makes an approved request of a certificate with this CSR under a standing approval, without storing it.
    pub fn unsaved_under(&self, standing: RequestId, csr: &str) -> Request {
        self.unsaved_under_at(standing, csr, Status::Approved)
    }

    /// Makes a request of a certificate with this CSR and status under a standing approval, without storing it.
    pub fn unsaved_under_at(&self, standing: RequestId, csr: &str, status: Status) -> Request {
        self.unsaved(RequestContent::certificate(csr.to_owned(), None, None).under(standing), status)
    }

    fn unsaved(&self, content: RequestContent, status: Status) -> Request {
        self.unsaved_as(RequestId::random(), content, status)
    }

    fn unsaved_as(&self, id: RequestId, content: RequestContent, status: Status) -> Request {
        let now = self.now();
        let policy = self.policy();
        let submission = Submission {
            email: "requester@example.com".parse().expect("an address"),
            language: Language::default(),
            comment: "For the web shop.".into(),
            content,
            profile: policy.profile(None).expect("a default profile").name().to_owned(),
            policy_version: policy.version().to_owned(),
        };
        let arn = Executions::arn(self, &execution_name(id, 1));
        if status == Status::Unconfirmed {
            return Request::unconfirmed(id, submission, arn, Some("192.0.2.1".to_owned()), now);
        }
        let mut request = Request::submitted(id, submission, arn, now);
        if status == Status::Submitted {
            return request;
        }
        if status == Status::Refused {
            request.end(Ending::because(status, "not allowed"), now).expect("allowed");
            return request;
        }
        if request.certificate().is_some() {
            let evaluated = request.evaluate(&policy, None, None).expect("the policy grants it");
            request.record_csr(evaluated.csr_summary(), Some(evaluated.checked_key), policy.version(), now);
        }
        if request.standing().is_some() {
            return self.covered(request, status);
        }
        let expires_at = now + Duration::days(7);
        let digest = request.approval_digest().expect("recorded");
        let shown = ReviewDigest::from_text("shown");
        let mut approval = Approval::ask(id, digest, approver_set(), now, expires_at);
        request.ask_approvers(expires_at, now).expect("allowed");
        let voted = |decision| PendingEvent::new(EventKind::Voted, now).with_detail(decision);
        match status {
            Status::PendingApproval => {}
            Status::Expired => {
                approval.expire(expires_at);
                request.record_decision(approval.decision().expect("decided"), now).expect("allowed");
                request.end(Ending::because(status, "no decision"), now).expect("allowed");
            }
            Status::Failed => request.end(Ending::because(status, "broken"), now).expect("allowed"),
            Status::Withdrawn => {
                approval.withdraw(now).expect("undecided");
                request.note(PendingEvent::new(EventKind::Withdrawn, now));
                request.record_decision(approval.decision().expect("decided"), now).expect("allowed");
                request.end(Ending::because(status, "You withdrew the request."), now).expect("allowed");
            }
            Status::Rejected => {
                approval
                    .vote(
                        &vote_input(Decision::Reject, &shown, Some("Not ours.")),
                        &shown,
                        &approver_set(),
                        now,
                    )
                    .expect("a vote");
                request.note(voted("reject"));
                request.record_decision(approval.decision().expect("decided"), now).expect("allowed");
                request.end(Ending::because(status, "Not ours."), now).expect("allowed");
            }
            _ => {
                approval
                    .vote(&vote_input(Decision::Approve, &shown, None), &shown, &approver_set(), now)
                    .expect("a vote");
                request.note(voted("approve"));
                request.record_decision(approval.decision().expect("decided"), now).expect("allowed");
            }
        }
        self.put_approval(approval, []);
        self.after_approval(&mut request, status);
        request
    }

    /// The request under a standing approval, from the summary of its CSR on.
    fn covered(&self, mut request: Request, status: Status) -> Request {
        let now = self.now();
        request.cover(now).expect("allowed");
        if status == Status::Failed {
            request.end(Ending::because(status, "broken"), now).expect("allowed");
        }
        self.after_approval(&mut request, status);
        request
    }

    /// Brings an approved request to a later status.
    fn after_approval(&self, request: &mut Request, status: Status) {
        let (id, now) = (request.id(), self.now());
        if request.terms().is_some() && matches!(status, Status::Issued | Status::Delivered) {
            request.granted(now).expect("allowed");
        } else if matches!(status, Status::Issued | Status::Delivered | Status::Revoked) {
            let serial = Serial::random(&aws_lc_rs::rand::SystemRandom::new()).expect("randomness");
            let validity = Validity::choose(now, 365, self.issuer_certificate()).expect("a validity");
            request.reserve(serial, validity, now).expect("allowed");
            request.issued(&"f".repeat(64), validity, now).expect("allowed");
        }
        if matches!(status, Status::Delivered | Status::Revoked) {
            request.delivered(now).expect("allowed");
        }
        if status == Status::Revoked {
            let order = RevocationOrder { reason: RevocationReason::Superseded, comment: None };
            let (by, arn) =
                (Actor::requester(request.email()), Executions::arn(self, &revocation_execution_name(id, 1)));
            request.accept_revocation(&order, &by, arn, now).expect("allowed");
            request.revoked(&self.latest_issuer().key_identifier(), now).expect("allowed");
        }
    }
}
