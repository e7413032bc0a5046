//! Requests at any point of their journey, made by the rules of [`Request`] and the policy in force.

use time::Duration;

use crate::approval::{Approval, Electorate};
use crate::decision::{ApprovalDigest, Decision};
use crate::issuance::{Serial, Validity};
use crate::ports::{Clock, TaskToken};
use crate::request::{Email, Ending, Request, RequestId, Status, Submission, execution_name};
use crate::step::Task;
use crate::testing::{World, pki};

/// The approver whom infra/policy.toml names.
pub fn approver() -> Email {
    "approver@example.com".parse().expect("an address")
}

/// Nobody but [`approver`].
pub fn electorate() -> Electorate {
    Electorate { approvers: vec![approver()], quorum: 1 }
}

/// A task of a state for a request, with a token of its own.
pub fn task<I>(id: RequestId, state: &str, token: &str, input: I) -> Task<I> {
    Task {
        request_id: id,
        state: state.into(),
        execution: format!("arn:{id}"),
        token: TaskToken::new(token),
        input,
    }
}

impl World {
    /// Stores a request for `www.example.com` that has come as far as `status`, and gives back its id.
    pub fn request_at(&self, status: Status) -> RequestId {
        let request = self.journey(&pki::csr(&["www.example.com"]), status);
        let id = request.id;
        self.put(request);
        id
    }

    /// A request with this CSR that has come as far as `status`; not stored. Where there is an approval, that is stored.
    pub fn journey(&self, csr: &str, status: Status) -> Request {
        let now = self.now();
        let id = RequestId::random();
        let policy = self.policy();
        let submission = Submission {
            email: "requester@example.com".parse().expect("an address"),
            comment: "For the web shop.".into(),
            csr_content: csr.to_owned(),
            profile: policy.profile(None).expect("a default profile").name().to_owned(),
            policy_version: policy.version().to_owned(),
        };
        let arn = crate::ports::Executions::arn(self, &execution_name(id, 1));
        let mut request = Request::submitted(id, submission, arn, now);
        if status == Status::Submitted {
            return request;
        }
        if status == Status::Refused {
            request.end(Ending::because(status, "not allowed"), now).expect("allowed");
            return request;
        }
        request.record_facts(request.judged_by(&policy, None).expect("the policy grants it").facts(&policy));
        let facts = request.facts().expect("recorded");
        let expires_at = now + Duration::days(7);
        let digest = ApprovalDigest::of(id, &request.profile, &facts);
        let mut approval = Approval::ask(id, digest.clone(), electorate(), now, expires_at);
        request.ask_approvers(expires_at, now).expect("allowed");
        match status {
            Status::PendingApproval => {}
            Status::Expired => request.end(Ending::because(status, "nobody decided"), now).expect("allowed"),
            Status::Failed => request.end(Ending::because(status, "broken"), now).expect("allowed"),
            Status::Rejected => {
                approval
                    .vote(&approver(), Decision::Reject, &digest, Some("Not ours.".into()), now)
                    .expect("a vote");
                request.record_decision(approval.decision().expect("decided"), now).expect("allowed");
                request.end(Ending::because(status, "Not ours."), now).expect("allowed");
            }
            _ => {
                approval.vote(&approver(), Decision::Approve, &digest, None, now).expect("a vote");
                request.record_decision(approval.decision().expect("decided"), now).expect("allowed");
            }
        }
        self.put_approval(approval, []);
        if matches!(status, Status::Issued | Status::Delivered) {
            let serial = Serial::random(&aws_lc_rs::rand::SystemRandom::new()).expect("randomness");
            let validity = Validity::choose(now, 365, self.issuer_certificate()).expect("a validity");
            request.reserve(serial, validity).expect("allowed");
            request.issued(validity, now).expect("allowed");
        }
        if status == Status::Delivered {
            request.delivered(now).expect("allowed");
        }
        request
    }
}
