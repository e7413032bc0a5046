//! Requests from submission to certificate on moto: the deployed template and the worker binaries on other servers than the
//! emulator's.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use end_to_end::{
    Asked, Mail, Mailbox, PATIENCE, PkiDir, Portal, Submission, csr_for, eventually, needed, policy,
    unique_host,
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use workflow::request::audit::{ChainHead, Event, verify};
use workflow::testing::sdk_at;

use super::lambda::{Deliveries, Delivery, Function, Gateway, Lambda};
use super::server::Server;
use super::template;
use crate::APPROVER;

const QUEUES: [&str; 7] = [
    "ValidateQueueUrl",
    "PersistQueueUrl",
    "NotifyQueueUrl",
    "AwaitApprovalQueueUrl",
    "SignQueueUrl",
    "DeliverQueueUrl",
    "DeadLettersUrl",
];

/// The end that a request is driven to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Scenario {
    Approved,
    Rejected,
    Expired,
    /// Another CSR is put into the row before the approval.
    Forged,
}

impl Scenario {
    const ALL: [Self; 4] = [Self::Approved, Self::Rejected, Self::Expired, Self::Forged];

    fn status(self) -> &'static str {
        match self {
            Self::Approved => "delivered",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Forged => "failed",
        }
    }

    fn execution(self) -> &'static str {
        if self == Self::Forged { "FAILED" } else { "SUCCEEDED" }
    }

    /// Subject of the mail to the requester about the end.
    fn subject(self) -> &'static str {
        match self {
            Self::Approved => "Your certificate",
            Self::Rejected => "was rejected",
            Self::Expired => "has expired",
            Self::Forged => "is held up",
        }
    }

    /// Subject of the approver's receipt.
    fn receipt(self) -> Option<&'static str> {
        match self {
            Self::Approved | Self::Forged => Some("You approved"),
            Self::Rejected => Some("You rejected"),
            Self::Expired => None,
        }
    }

    /// Events that the trail has exactly once; it has none of the others of [`MILESTONES`].
    fn milestones(self) -> &'static [&'static str] {
        match self {
            Self::Approved => {
                &["submitted", "stored", "asked", "decided", "reserved", "signed", "logged", "delivered"]
            }
            Self::Rejected => &["submitted", "stored", "asked", "decided", "rejected"],
            Self::Expired => &["submitted", "stored", "asked", "decided", "expired"],
            Self::Forged => &["submitted", "stored", "asked", "decided", "failed"],
        }
    }
}

const MILESTONES: [&str; 11] = [
    "submitted",
    "stored",
    "asked",
    "decided",
    "reserved",
    "signed",
    "logged",
    "delivered",
    "rejected",
    "expired",
    "failed",
];

/// The stack on moto, and everything around it.
struct Stand {
    moto: Server,
    outputs: BTreeMap<String, String>,
    portal: Portal,
    mailbox: Mailbox,
    housekeeping: std::sync::Arc<Function>,
    deliveries: Deliveries,
    sqs: aws_sdk_sqs::Client,
    sfn: aws_sdk_sfn::Client,
}

impl Stand {
    async fn start() -> Option<(Self, Lambda)> {
        let moto = Server::moto("second").await?;
        let gateway = Gateway::start().await;
        let outputs = template::create(&moto, &gateway.base());
        moto.aws(&["ses", "verify-email-identity", "--email-address", "countersign@example.com"]);
        let file = moto.folder.join("policy.toml");
        std::fs::write(&file, policy()).unwrap();
        moto.succeed(&["policy", "set", &file.display().to_string(), "--yes"]);
        moto.succeed(&["ca", "init"]);
        let lambda = Lambda::start(&moto).await;
        gateway.integrate(lambda.function("portal"));
        let sdk = sdk_at(&moto.endpoint);
        let stand = Self {
            outputs,
            portal: Portal::new(&format!("{}/", gateway.base())).with_mailbox(moto.mailbox()),
            mailbox: moto.mailbox(),
            housekeeping: lambda.function("housekeeping"),
            deliveries: lambda.deliveries.clone(),
            sqs: aws_sdk_sqs::Client::new(&sdk),
            sfn: aws_sdk_sfn::Client::new(&sdk),
            moto,
        };
        Some((stand, lambda))
    }

    /// Drives a request to its end.
    async fn run(&self, scenario: Scenario) -> (Scenario, Asked) {
        let host = unique_host();
        let submission = Submission::of(&csr_for(&[&host]));
        let submission =
            if scenario == Scenario::Expired { submission.with_profile("brief") } else { submission };
        let asked = self.portal.ask(&submission).await;
        let link = self.mailbox.approval_link(&asked, APPROVER).await;
        match scenario {
            Scenario::Approved => {
                self.portal.decide(&link, "approve", "").await.expect(200);
            }
            Scenario::Rejected => {
                self.portal.decide(&link, "reject", "The old host is still in use.").await.expect(200);
            }
            Scenario::Expired => {
                eventually("the link to end", PATIENCE, async || {
                    (self.portal.json(&link).await.status == 410).then_some(())
                })
                .await;
                // moto's CloudFormation makes no schedule.
                self.housekeeping.invoke(json!({})).await;
            }
            Scenario::Forged => {
                self.portal.until(&asked, "pending_approval").await;
                self.forge(&asked, &csr_for(&[&host]));
                self.portal.decide(&link, "approve", "").await.expect(200);
            }
        }
        self.portal.until(&asked, scenario.status()).await;
        (scenario, asked)
    }

    fn forge(&self, asked: &Asked, csr: &str) {
        let key = json!({ "id": { "S": asked.id } }).to_string();
        let values = json!({ ":csr": { "S": csr } }).to_string();
        let table = &self.outputs["CertificatesTable"];
        let update = ["dynamodb", "update-item", "--table-name", table, "--key", &key];
        let csr = ["--update-expression", "SET csrContent = :csr", "--expression-attribute-values", &values];
        self.moto.aws(&[&update[..], &csr].concat());
    }

    /// Subscribes a new queue to the operators' topic, and returns its URL.
    async fn operator(&self) -> String {
        let queue = self.sqs.create_queue().queue_name("operator").send().await.unwrap().queue_url.unwrap();
        let topic = &self.outputs["OperatorsTopicArn"];
        let arn = "arn:aws:sqs:us-east-1:123456789012:operator";
        let subscribe = ["sns", "subscribe", "--protocol", "sqs", "--topic-arn", topic];
        self.moto.aws(&[&subscribe[..], &["--notification-endpoint", arn]].concat());
        queue
    }

    /// Waits until every queue is empty and no execution runs, and returns the status of each execution by its ARN.
    async fn rest(&self) -> BTreeMap<String, String> {
        eventually("the queues to be empty and the executions to end", PATIENCE, async || {
            let depths = join_all(QUEUES.map(|queue| self.depth(&self.outputs[queue]))).await;
            let executions = self.executions().await;
            let running = executions.values().any(|status| status == "RUNNING");
            (depths.iter().sum::<u64>() == 0 && !running).then_some(executions)
        })
        .await
    }

    async fn executions(&self) -> BTreeMap<String, String> {
        let machine = &self.outputs["StateMachineArn"];
        let listed = self.sfn.list_executions().state_machine_arn(machine).send().await.unwrap();
        let all = listed.executions.into_iter();
        all.map(|one| (one.execution_arn, one.status.as_str().to_owned())).collect()
    }

    /// Number of messages in a queue, invisible and delayed ones included.
    async fn depth(&self, queue: &str) -> u64 {
        let asked = self.sqs.get_queue_attributes().queue_url(queue).attribute_names(Attribute::All).send();
        let attributes = asked.await.unwrap().attributes.unwrap();
        let number = |name: &Attribute| attributes[name].parse::<u64>().unwrap();
        number(&Attribute::ApproximateNumberOfMessages)
            + number(&Attribute::ApproximateNumberOfMessagesNotVisible)
            + number(&Attribute::ApproximateNumberOfMessagesDelayed)
    }

    fn row(&self, asked: &Asked) -> Value {
        serde_json::from_slice(&self.moto.succeed(&["requests", "show", &asked.id, "--json"])).unwrap()
    }

    fn check_trail(&self, scenario: Scenario, asked: &Asked, row: &Value) {
        let exported = self.moto.succeed(&["audit", "export", &asked.id]);
        let lines = String::from_utf8(exported).unwrap();
        let trail: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let events: Vec<Event> =
            trail.iter().map(|event| serde_json::from_value(event.clone()).unwrap()).collect();
        let head: ChainHead = serde_json::from_value(row["audit"].clone()).unwrap();
        assert_eq!(verify(asked.id.parse().unwrap(), &events, &head), [], "{scenario:?}: {lines}");
        for milestone in MILESTONES {
            let times = trail.iter().filter(|event| event["event"] == milestone).count();
            let expected = usize::from(scenario.milestones().contains(&milestone));
            assert_eq!(times, expected, "{scenario:?}, {milestone}: {lines}");
        }
        let serials =
            trail.iter().filter(|event| ["reserved", "signed"].iter().any(|is| event["event"] == *is));
        for event in serials {
            assert_eq!(event["detail"], row["serial"], "{event}");
        }
    }

    /// Each mail was sent once. Two kinds may be repeated, as the same mail: the one that asks to confirm, which is not recorded,
    /// and the receipt of a vote, which is recorded after it was sent. Returns the mail about the end.
    async fn check_mails(&self, scenario: Scenario, asked: &Asked) -> Mail {
        if let Some(subject) = scenario.receipt() {
            self.mailbox.mail(&asked.id, APPROVER, subject).await;
        }
        let mails = self.mailbox.about(&asked.id);
        let (confirm, mails): (Vec<Mail>, Vec<Mail>) =
            mails.into_iter().partition(|mail| mail.confirmation_link().is_some());
        let is_receipt =
            |mail: &Mail| scenario.receipt().is_some_and(|subject| mail.subject.contains(subject));
        let (receipts, mails): (Vec<Mail>, Vec<Mail>) = mails.into_iter().partition(is_receipt);
        for (repeated, to) in [(confirm, asked.email.as_str()), (receipts, APPROVER)] {
            let is_same = |mail: &Mail| mail.to == to && mail.message_id == repeated[0].message_id;
            assert!(repeated.iter().all(is_same), "{scenario:?}: repetitions are one mail to {to}");
        }
        let all: Vec<(&str, &str)> =
            mails.iter().map(|mail| (mail.to.as_str(), mail.subject.as_str())).collect();
        let to = |address: &str| all.iter().filter(|(to, _)| *to == address).count();
        assert_eq!((to(&asked.email), to(APPROVER), all.len()), (1, 1, 2), "a link and the end: {all:?}");
        let end =
            mails.iter().find(|mail| mail.to == asked.email && mail.subject.contains(scenario.subject()));
        end.unwrap_or_else(|| panic!("{scenario:?}: {all:?}")).clone()
    }

    /// Number of versions of each object below `signed-certificate/`, by key.
    fn certificates(&self) -> BTreeMap<String, usize> {
        let bucket = &self.outputs["Bucket"];
        let list = ["s3api", "list-object-versions", "--bucket", bucket, "--prefix", "signed-certificate/"];
        let listed = self.moto.aws(&list);
        let mut versions = BTreeMap::new();
        for version in listed["Versions"].as_array().into_iter().flatten() {
            *versions.entry(version["Key"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        versions
    }
}

/// Asserts that OpenSSL accepts the mailed certificate, and that it has this serial.
fn check_certificate(openssl: &std::path::Path, mail: &Mail, serial: &str) {
    let dir = PkiDir::new();
    dir.unzip(mail.attachment("certificate.zip"));
    let verify = ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "ca.pem", "certificate.pem"];
    assert!(dir.succeed(openssl, &verify).contains("certificate.pem: OK"));
    let printed = dir.succeed(openssl, &["x509", "-in", "certificate.pem", "-noout", "-serial"]);
    assert_eq!(printed.trim().to_lowercase(), format!("serial={serial}"));
}

/// Asserts that each message was processed twice, and that the messages were of these states.
fn check_deliveries(deliveries: &Deliveries) {
    let deliveries = deliveries.lock().unwrap();
    let state = |delivery: &Delivery| {
        let body: Value = serde_json::from_str(&delivery.body).unwrap();
        body["state"].as_str().map(str::to_owned)
    };
    for delivery in deliveries.values() {
        assert_eq!(delivery.times, 2, "{delivery:?}");
    }
    let states: BTreeSet<String> = deliveries.values().filter_map(state).collect();
    let expected = [
        "AwaitApproval",
        "Deliver",
        "NotifyExpired",
        "NotifyFailed",
        "NotifyReceived",
        "NotifyRejected",
        "Persist",
        "RecordExpiry",
        "RecordFailure",
        "RecordRejection",
        "Sign",
        "Validate",
    ];
    assert!(states.iter().eq(expected), "{states:?}");
}

#[tokio::test]
async fn requests_end_alike_on_a_second_engine_that_delivers_each_message_twice() {
    let Some([openssl]) = needed([("openssl", "openssl")]) else {
        return;
    };
    let Some((stand, mut lambda)) = Stand::start().await else {
        return;
    };
    let operator = stand.operator().await;
    let run = async {
        let scenarios = Scenario::ALL.into_iter().chain([Scenario::Approved]);
        let ended = join_all(scenarios.map(|scenario| stand.run(scenario))).await;
        (ended, stand.rest().await)
    };
    let (ended, executions) = tokio::select! {
        ended = run => ended,
        why = lambda.failed() => panic!("{why}; see {}", stand.moto.folder.display()),
    };

    check_deliveries(&stand.deliveries);
    assert_eq!(executions.len(), ended.len(), "{executions:?}");
    let mut serials = BTreeSet::new();
    for (scenario, asked) in &ended {
        let row = stand.row(asked);
        assert_eq!(row["status"], scenario.status(), "{row:#}");
        assert_eq!(executions[row["executionArn"].as_str().unwrap()], scenario.execution(), "{row:#}");
        stand.check_trail(*scenario, asked, &row);
        let mail = stand.check_mails(*scenario, asked).await;
        if *scenario == Scenario::Approved {
            let serial = row["serial"].as_str().unwrap().to_owned();
            check_certificate(&openssl, &mail, &serial);
            serials.insert(serial);
        }
    }
    assert_eq!(serials.len(), 2, "each certificate has its own serial");
    let stored = stand.certificates();
    assert!(stored.values().all(|versions| *versions == 1), "{stored:?}");
    let of: BTreeSet<String> = stored.keys().map(|key| key.split('/').nth(1).unwrap().to_owned()).collect();
    assert_eq!(of, serials, "{stored:?}");
    let (bucket, key) = (&stand.outputs["Bucket"], stored.keys().next().unwrap());
    let put = ["s3api", "put-object", "--bucket", bucket, "--key", key, "--if-none-match", "*"];
    let refused = stand.moto.try_aws(&put).unwrap_err();
    assert!(refused.contains("PreconditionFailed"), "a certificate is written once: {refused}");
    // The forged row, and no other, differs from its trail.
    let verified = stand.moto.countersign(&["audit", "verify"]);
    let told = String::from_utf8(verified.stdout).unwrap();
    let forged = &ended.iter().find(|(scenario, _)| *scenario == Scenario::Forged).unwrap().1.id;
    let expected =
        format!("{forged}: the row was altered: its column csrContent differs from the audit trail");
    assert!(!verified.status.success() && told.lines().eq([expected.as_str()]), "{told}");
    assert_eq!(stand.depth(&operator).await, 1, "the operators are told about the failure once");
    stand.moto.check_log();
}
