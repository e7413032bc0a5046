//! Clocks that differ by minutes do no harm: the whole flow in memory, each worker with a clock of its own.
//!
//! The state machine is played by the test: it gives each step its task, in the order of statemachine.asl.json.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use await_approval::AwaitApproval;
use deliver::Deliver;
use housekeeping::Housekeeping;
use persist::Persist;
use pki::certificate::Certificate;
use sign::Sign;
use time::Duration;
use validate::Validate;
use workflow::approval::BaseUrl;
use workflow::decision::{Decision, ReviewDigest};
use workflow::ids::RequestId;
use workflow::message::RecheckMessage;
use workflow::message::TaskToken;
use workflow::ports::{Clock, ExecutionState};
use workflow::request::{Status, execution_name};
use workflow::runtime::step::{NoInput, Progress, Step, Task};
use workflow::store::update_approval;
use workflow::testing::{Skewed, World, journey};
use workflow::wire_name::WireName;

/// How far each clock is ahead.
#[derive(Clone, Copy, Debug)]
struct Skews {
    await_approval: Duration,
    portal: Duration,
    sign: Duration,
    deliver: Duration,
    housekeeping: Duration,
}

struct Flow {
    world: Arc<World>,
    skews: Skews,
    id: RequestId,
}

impl Flow {
    fn new(skews: Skews) -> Self {
        let world = World::new();
        let id = world.request_at(Status::Submitted);
        Self { world, skews, id }
    }

    fn clock(&self, skew: Duration) -> Arc<dyn Clock> {
        Arc::new(Skewed(self.world.clone(), skew))
    }

    fn task<S: WireName, I>(&self, state: &str, attempt: u32, input: I) -> Task<S, I> {
        let mut task = journey::task(self.id, state, &format!("{state} {attempt}"), input);
        task.execution = execution_name(self.id, attempt);
        task
    }

    fn await_approval(&self) -> AwaitApproval {
        AwaitApproval {
            requests: self.world.clone(),
            approvals: self.world.clone(),
            policies: self.world.clone(),
            archive: self.world.clone(),
            tasks: self.world.clone(),
            notify_queue: self.world.clone(),
            mailer: self.world.clone(),
            base_url: BaseUrl::parse("https://ca.example.com").unwrap(),
            metrics: self.world.clone(),
            clock: self.clock(self.skews.await_approval),
        }
    }

    /// The states up to the decision.
    async fn begin(&self, attempt: u32) {
        let validate = Validate {
            requests: self.world.clone(),
            policies: self.world.clone(),
            archive: self.world.clone(),
        };
        validate.run(self.task("Validate", attempt, Default::default())).await.unwrap();
        let persist = Persist {
            requests: self.world.clone(),
            names: self.world.clone(),
            policies: self.world.clone(),
            archive: self.world.clone(),
            metrics: self.world.clone(),
            clock: self.world.clone(),
        };
        persist.run(self.task("Persist", attempt, persist::Input::default())).await.unwrap();
        let waiting =
            self.await_approval().run(self.task("AwaitApproval", attempt, NoInput {})).await.unwrap();
        assert_eq!(waiting, Progress::Waiting, "{:?}", self.skews);
    }

    /// The vote, as the portal records it, and the nudge that follows.
    async fn approve(&self) {
        let now = self.clock(self.skews.portal).now();
        let voted = update_approval(&*self.world, self.id, |approval| {
            let shown = ReviewDigest::from_text("shown");
            approval.vote(&journey::vote_input(Decision::Approve, &shown, None), &shown, now)
        });
        voted.await.unwrap();
        self.await_approval().recheck(RecheckMessage::look(self.id)).await.unwrap();
    }

    /// The states after the decision.
    async fn end(&self, attempt: u32) {
        let sign = Sign {
            requests: self.world.clone(),
            policies: self.world.clone(),
            archive: self.world.clone(),
            ca_key: self.world.clone(),
            clock: self.clock(self.skews.sign),
        };
        sign.run(self.task("Sign", attempt, NoInput {})).await.unwrap();
        let deliver = Deliver {
            requests: self.world.clone(),
            archive: self.world.clone(),
            links: self.world.clone(),
            mailer: self.world.clone(),
            base_url: BaseUrl::parse("https://ca.example.com").unwrap(),
            metrics: self.world.clone(),
            clock: self.clock(self.skews.deliver),
        };
        deliver.run(self.task("Deliver", attempt, NoInput {})).await.unwrap();
    }

    async fn keep_house(&self) -> housekeeping::Report {
        let worker = Housekeeping {
            requests: self.world.clone(),
            executions: self.world.clone(),
            approval_queue: self.world.clone(),
            archive: self.world.clone(),
            metrics: self.world.clone(),
            clock: self.clock(self.skews.housekeeping),
        };
        worker.run().await
    }

    /// One certificate, valid now by every clock, and a row that went forward.
    fn check(&self) {
        let row = self.world.request(self.id).unwrap();
        let went: Vec<Status> = row.history().iter().map(|entry| entry.status).collect();
        let forward =
            [Status::Submitted, Status::PendingApproval, Status::Approved, Status::Issued, Status::Delivered];
        assert_eq!(went, forward, "{:?}", self.skews);
        assert_eq!(self.world.steps_backwards(), []);
        let certificates = self.world.certificates();
        assert_eq!(certificates.len(), 1, "{:?}", self.skews);
        let certificate = Certificate::from_pem(certificates.values().next().unwrap()).unwrap();
        for skew in EXTREMES {
            let now = self.world.now() + skew;
            assert!(certificate.not_before() <= now && now < certificate.not_after(), "{:?}", self.skews);
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
        let arn = flow.world.request(flow.id).unwrap().execution().arn.clone();
        flow.world.put_execution(&arn, ExecutionState::Running);
        flow.begin(1).await;
        assert_eq!(flow.keep_house().await.restarted, 0, "{:?}", flow.skews);
        flow.approve().await;
        flow.end(1).await;
        assert_eq!(flow.keep_house().await.seen, 0, "{:?}", flow.skews);
        flow.check();
    }
}

/// Housekeeping that is ahead takes a request for lost whose first execution is only about to start: both run.
#[tokio::test]
async fn two_executions_of_one_request_come_to_one_end() {
    let skews = Skews {
        await_approval: Duration::ZERO,
        portal: Duration::ZERO,
        sign: Duration::ZERO,
        deliver: Duration::ZERO,
        housekeeping: Duration::minutes(10),
    };
    let flow = Flow::new(skews);
    assert_eq!(flow.keep_house().await.restarted, 1);
    flow.begin(2).await;
    flow.begin(1).await;
    flow.approve().await;
    let told: Vec<TaskToken> = flow.world.results().into_iter().map(|(token, _)| token).collect();
    assert_eq!(told, [TaskToken::new("AwaitApproval 1"), TaskToken::new("AwaitApproval 2")]);
    flow.end(1).await;
    let mails = flow.world.mails().len();
    flow.end(2).await;
    assert_eq!(flow.world.mails().len(), mails, "nothing is mailed twice");
    flow.check();
}
