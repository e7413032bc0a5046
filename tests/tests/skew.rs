//! The whole flow in memory, each worker with its own clock: clock skew of minutes is harmless, and the slow checks
//! of a key run once.
//!
//! The test takes the place of the state machine and gives each step its task, in the order of statemachine.asl.json.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use await_approval::AwaitApproval;
use deliver::Deliver;
use housekeeping::Housekeeping;
use persist::Persist;
use pki::certificate::Certificate;
use pki::key::prime_tests;
use pki::testing::{self as test_pki, TestKey};
use sign::Sign;
use time::Duration;
use validate::Validate;
use workflow::approval::BaseUrl;
use workflow::approval::voting::Voting;
use workflow::decision::{Decision, ReviewDigest};
use workflow::ids::RequestId;
use workflow::message::RecheckMessage;
use workflow::message::TaskToken;
use workflow::ports::{Clock, ExecutionState};
use workflow::request::audit::Origin;
use workflow::request::intake::NewRequest;
use workflow::request::{Status, execution_name};
use workflow::requester::Requester;
use workflow::runtime::step::{NoInput, Progress, Step, Task};
use workflow::store::update_approval;
use workflow::testing::{InMemoryBackend, Skewed, fixtures, passkeys};
use workflow::texts::Language;
use workflow::wire_name::WireName;

/// Skew of each worker's clock.
#[derive(Clone, Copy, Debug)]
struct Skews {
    await_approval: Duration,
    portal: Duration,
    sign: Duration,
    deliver: Duration,
    housekeeping: Duration,
}

const NO_SKEW: Skews = Skews {
    await_approval: Duration::ZERO,
    portal: Duration::ZERO,
    sign: Duration::ZERO,
    deliver: Duration::ZERO,
    housekeeping: Duration::ZERO,
};

struct Flow {
    backend: Arc<InMemoryBackend>,
    skews: Skews,
    id: RequestId,
}

impl Flow {
    fn new(skews: Skews) -> Self {
        let backend = InMemoryBackend::new();
        let id = backend.request_at(Status::Submitted);
        Self { backend, skews, id }
    }

    /// A request under a standing approval.
    fn under_standing(skews: Skews) -> Self {
        let backend = InMemoryBackend::new();
        backend.set_policy(&fixtures::standing_policy());
        let terms = r#"{"kind":"grant","names":[".example.com"],"days":30,"certificates":3}"#;
        let approval = backend.standing_approval(terms);
        let csr = test_pki::csr(&["www.example.com"]);
        let row = backend.unsaved_under_at(approval.id(), &csr, Status::Submitted);
        let id = row.id();
        backend.put(row);
        backend.put_standing(approval);
        Self { backend, skews, id }
    }

    /// A request that came in by intake, as through the portal.
    async fn submitted(csr_text: &str) -> Self {
        let backend = InMemoryBackend::new();
        let request = NewRequest {
            requester: Ok(Requester::Person("requester@example.com".parse().unwrap())),
            comment: String::new(),
            csr_text: csr_text.to_owned(),
            profile: None,
            replaces: None,
            standing: None,
            language: Language::English,
            idempotency_key: None,
        };
        backend.trust_requesters();
        let checked = request.check(&backend.policy(), Some(backend.issuer_certificate())).unwrap();
        let base_url = passkeys::base_url();
        let intake = backend.intake(&base_url);
        let submitted = intake.submit(checked, &backend.policy(), &Origin::worker("test")).await.unwrap();
        Self { backend, skews: NO_SKEW, id: submitted.request.id() }
    }

    /// Evaluates the request for a review, as the portal does when an approver opens the link.
    async fn review(&self) {
        let voting = Voting {
            requests: &*self.backend,
            names: &*self.backend,
            approvals: &*self.backend,
            issuers: &*self.backend,
            policies: &*self.backend,
            people: &*self.backend,
            base_url: &passkeys::base_url(),
            approval_queue: &*self.backend,
            clock: &*self.backend,
        };
        voting.content(&self.backend.request(self.id).unwrap()).await.unwrap();
    }

    fn clock(&self, skew: Duration) -> Arc<dyn Clock> {
        Arc::new(Skewed(self.backend.clone(), skew))
    }

    fn task<S: WireName, I>(&self, state: &str, attempt: u32, input: I) -> Task<S, I> {
        let mut task = fixtures::task(self.id, state, &format!("{state} {attempt}"), input);
        task.execution = execution_name(self.id, attempt);
        task
    }

    fn await_approval(&self) -> AwaitApproval {
        AwaitApproval {
            requests: self.backend.clone(),
            names: self.backend.clone(),
            approvals: self.backend.clone(),
            policies: self.backend.clone(),
            issuers: self.backend.clone(),
            tasks: self.backend.clone(),
            notify_queue: self.backend.clone(),
            mailer: self.backend.clone(),
            base_url: BaseUrl::parse("https://ca.example.com").unwrap(),
            metrics: self.backend.clone(),
            clock: self.clock(self.skews.await_approval),
        }
    }

    /// Runs the states before the decision.
    async fn begin(&self, attempt: u32) {
        self.store(attempt).await;
        let waiting =
            self.await_approval().run(self.task("AwaitApproval", attempt, NoInput {})).await.unwrap();
        assert_eq!(waiting, Progress::Waiting, "{:?}", self.skews);
    }

    /// Runs the states before approvers are asked.
    async fn store(&self, attempt: u32) -> Option<RequestId> {
        let validate = Validate {
            requests: self.backend.clone(),
            policies: self.backend.clone(),
            issuers: self.backend.clone(),
        };
        validate.run(self.task("Validate", attempt, Default::default())).await.unwrap();
        let persist = Persist {
            requests: self.backend.clone(),
            names: self.backend.clone(),
            policies: self.backend.clone(),
            issuers: self.backend.clone(),
            certificates: self.backend.clone(),
            compromised_keys: self.backend.clone(),
            revocations: self.backend.clone(),
            metrics: self.backend.clone(),
            clock: self.backend.clone(),
        };
        let stored = persist.run(self.task("Persist", attempt, persist::PersistInput::default())).await;
        match stored.unwrap() {
            Progress::Done(output) => output.covered_by,
            Progress::Waiting => None,
        }
    }

    /// Votes as the portal does, and sends the message that follows.
    async fn approve(&self) {
        let now = self.clock(self.skews.portal).now();
        let voted = update_approval(&*self.backend, self.id, |approval| {
            let shown = ReviewDigest::from_text("shown");
            approval.vote(
                &fixtures::vote_input(Decision::Approve, &shown, None),
                &shown,
                &approval.approver_set.clone(),
                now,
            )
        });
        voted.await.unwrap();
        self.await_approval().recheck(RecheckMessage::look(self.id)).await.unwrap();
    }

    /// Runs the states after the decision.
    async fn end(&self, attempt: u32) {
        let sign = Sign {
            requests: self.backend.clone(),
            standing: self.backend.clone(),
            standing_ends: self.backend.clone(),
            policies: self.backend.clone(),
            certificates: self.backend.clone(),
            names: self.backend.clone(),
            issuers: self.backend.clone(),
            revocations: self.backend.clone(),
            lists: self.backend.clone(),
            responders: self.backend.clone(),
            people: self.backend.clone(),
            provider: self.backend.clone(),
            base_url: passkeys::base_url(),
            publication_url: None,
            clock: self.clock(self.skews.sign),
        };
        sign.run(self.task("Sign", attempt, NoInput {})).await.unwrap();
        let deliver = Deliver {
            requests: self.backend.clone(),
            standing: self.backend.clone(),
            certificates: self.backend.clone(),
            issuers: self.backend.clone(),
            log_files: self.backend.clone(),
            log_keys: self.backend.clone(),
            receipts: self.backend.clone(),
            policies: self.backend.clone(),
            links: self.backend.clone(),
            mailer: self.backend.clone(),
            base_url: BaseUrl::parse("https://ca.example.com").unwrap(),
            metrics: self.backend.clone(),
            clock: self.clock(self.skews.deliver),
        };
        deliver.run(self.task("Deliver", attempt, NoInput {})).await.unwrap();
    }

    async fn run_housekeeping(&self) -> housekeeping::Report {
        let worker = Housekeeping {
            requests: self.backend.clone(),
            executions: self.backend.clone(),
            revocation_executions: self.backend.clone(),
            approval_queue: self.backend.clone(),
            issuers: self.backend.clone(),
            lists: self.backend.clone(),
            sign_queue: self.backend.clone(),
            standing: self.backend.clone(),
            names: self.backend.clone(),
            policies: self.backend.clone(),
            notify_queue: self.backend.clone(),
            metrics: self.backend.clone(),
            clock: self.clock(self.skews.housekeeping),
        };
        worker.run().await
    }

    /// Asserts one certificate that is valid by every clock, and a history that only goes forward.
    fn check(&self) {
        self.check_way(&[
            Status::Submitted,
            Status::PendingApproval,
            Status::Approved,
            Status::Issued,
            Status::Delivered,
        ]);
    }

    /// Like [`Flow::check`], for another way.
    fn check_way(&self, forward: &[Status]) {
        let row = self.backend.request(self.id).unwrap();
        let went: Vec<Status> = row.history().iter().map(|entry| entry.status).collect();
        assert_eq!(went, forward, "{:?}", self.skews);
        assert_eq!(self.backend.steps_backwards(), []);
        let certificates = self.backend.certificates();
        assert_eq!(certificates.len(), 1, "{:?}", self.skews);
        let certificate = Certificate::from_pem(certificates.values().next().unwrap()).unwrap();
        for skew in EXTREMES {
            let now = self.backend.now() + skew;
            assert!(certificate.not_before() <= now, "{:?}", self.skews);
            assert!(now < certificate.not_after(), "{:?}", self.skews);
        }
    }
}

const EXTREMES: [Duration; 3] = [Duration::minutes(-10), Duration::ZERO, Duration::minutes(10)];

#[tokio::test]
async fn the_flow_comes_to_the_same_end_by_any_clocks() {
    for number in 0..EXTREMES.len().pow(5) {
        let skew = |digit: u32| EXTREMES[number / EXTREMES.len().pow(digit) % EXTREMES.len()];
        let flow = Flow::new(Skews {
            await_approval: skew(0),
            portal: skew(1),
            sign: skew(2),
            deliver: skew(3),
            housekeeping: skew(4),
        });
        let arn = flow.backend.request(flow.id).unwrap().execution().arn.clone();
        flow.backend.put_execution(&arn, ExecutionState::Running);
        flow.begin(1).await;
        assert_eq!(flow.run_housekeeping().await.restarted, 0, "{:?}", flow.skews);
        flow.approve().await;
        flow.end(1).await;
        assert_eq!(flow.run_housekeeping().await.checked, 0, "{:?}", flow.skews);
        flow.check();
    }
}

/// Housekeeping with a fast clock restarts a request whose first execution is about to start: both run.
#[tokio::test]
async fn two_executions_of_one_request_come_to_one_end() {
    let skews = Skews { housekeeping: Duration::minutes(10), ..NO_SKEW };
    let flow = Flow::new(skews);
    assert_eq!(flow.run_housekeeping().await.restarted, 1);
    flow.begin(2).await;
    flow.begin(1).await;
    flow.approve().await;
    let told: Vec<TaskToken> = flow.backend.results().into_iter().map(|(token, _)| token).collect();
    assert_eq!(told, [TaskToken::new("AwaitApproval 1"), TaskToken::new("AwaitApproval 2")]);
    flow.end(1).await;
    let mails = flow.backend.mails().len();
    flow.end(2).await;
    assert_eq!(flow.backend.mails().len(), mails, "nothing is mailed twice");
    flow.check();
}

/// The prime test takes milliseconds, so that it runs in intake and in no step after it (docs/decisions/0070).
#[tokio::test]
async fn the_prime_test_runs_once_a_request() {
    let csr = test_pki::csr_with(TestKey::Rsa2048, "", &["www.example.com"]);
    let before = prime_tests();
    let flow = Flow::submitted(&csr).await;
    assert_eq!(prime_tests() - before, 1, "in intake");
    flow.begin(1).await;
    flow.review().await;
    flow.approve().await;
    flow.end(1).await;
    assert_eq!(prime_tests() - before, 1, "in no step");
    assert_eq!(flow.backend.request(flow.id).unwrap().status(), Status::Delivered);
}

/// A row of version 0.1.0 has no record of its key: the steps check it until one of them writes the record.
#[tokio::test]
async fn a_row_without_a_record_is_checked_again() {
    let flow = Flow::submitted(&test_pki::csr_with(TestKey::Rsa2048, "", &["www.example.com"])).await;
    flow.backend.alter(flow.id, |row| row.checked_key = None);
    let before = prime_tests();
    flow.begin(1).await;
    let begun = prime_tests();
    assert_eq!(begun - before, 2, "in Validate and in Persist, which writes the record");
    flow.approve().await;
    flow.end(1).await;
    assert_eq!(prime_tests(), begun);
}

/// Under a standing approval no approver is asked, nobody is mailed, and a second execution changes nothing.
#[tokio::test]
async fn a_certificate_under_a_standing_approval_comes_to_the_same_end_by_any_clocks() {
    for number in 0..EXTREMES.len().pow(3) {
        let skew = |digit: u32| EXTREMES[number / EXTREMES.len().pow(digit) % EXTREMES.len()];
        let skews = Skews { sign: skew(0), deliver: skew(1), housekeeping: skew(2), ..NO_SKEW };
        let flow = Flow::under_standing(skews);
        let standing = flow.backend.request(flow.id).unwrap().standing();
        for attempt in [1, 2] {
            assert_eq!(flow.store(attempt).await, standing);
            flow.end(attempt).await;
        }
        flow.check_way(&[Status::Submitted, Status::Approved, Status::Issued, Status::Delivered]);
        assert_eq!(flow.backend.mails(), []);
        assert_eq!(flow.backend.standing(standing.unwrap()).unwrap().used(), 1, "{skews:?}");
        assert_eq!(flow.run_housekeeping().await.checked, 0);
    }
}
