//! Flows that together use every permission of every role.

use end_to_end::{Asked, Stack, Submission, csr_for};
use pki::testing::{OcspHash, OcspSaid, ocsp_request, ocsp_said, ocsp_single};
use reqwest::Method;
use serde_json::{Value, json};

use super::logged;
use super::roles::Permission;
use crate::{APPROVER, acme, console, credentials, grants, notices, passkeys, sign_ins};

/// Host of all requests, so that reviews find earlier ones.
const HOST: &str = "least-privilege.example.com";

/// Part of the log line for a task that has already ended.
const OVER: &str = "was already finished";

fn queue(stack: &Stack, worker: &str) -> String {
    stack.endpoints()["queues"][worker].as_str().unwrap().to_owned()
}

fn send(stack: &Stack, queue: &str, message: &Value) {
    stack.aws(&["sqs", "send-message", "--queue-url", queue, "--message-body", &message.to_string()]);
}

/// Runs the flow that uses this permission; panics on failure.
pub(super) async fn run(stack: &Stack, worker: &str, permission: &Permission) {
    let is_of = |worker: &str| {
        let queue = queue(stack, worker);
        permission.resource.ends_with(queue.rsplit('/').next().unwrap())
    };
    let (resource, action) = (permission.resource.as_str(), permission.action.as_str());
    match (worker, action) {
        ("Sign", _) if resource.ends_with("/crl/*") => revocation_list(stack).await,
        ("Sign", _) if resource.ends_with("/ocsp/*") => responder(stack).await,
        ("Ocsp", _) => status(stack).await,
        ("Acme", "sqs:SendMessage") => acme::extended(stack).await,
        ("Acme", "dynamodb:Query") if resource.ends_with("/byPerson") => acme::extended(stack).await,
        ("Acme", "s3:GetObject") if resource.ends_with("/log/receipt/*") => {
            acme::before_its_row_says_so(stack).await
        }
        ("Acme", _) => acme::by_program(stack).await,
        ("Deliver", "ssm:PutParameter") => new_log(stack).await,
        ("Housekeeping", "sqs:SendMessage") if is_of("sign") => revocation_list(stack).await,
        ("Housekeeping", "sqs:SendMessage") if is_of("notify") => end(stack).await,
        ("Housekeeping" | "Notify", "dynamodb:BatchGetItem") => end(stack).await,
        ("Housekeeping" | "Notify", "dynamodb:Query")
            if resource.contains("NamesTable") || resource.ends_with("/byExpiry") =>
        {
            end(stack).await;
        }
        ("Notify", "events:PutEvents" | "sqs:SendMessage") => told(stack).await,
        ("Notify", "ssm:GetParameter") if resource.contains("/webhooks/") => told(stack).await,
        ("Notify", "ssm:GetParameter") => end(stack).await,
        ("Notify", "s3:GetObject") if resource.ends_with("/policy/*") => end(stack).await,
        ("Persist", "s3:PutObject") => _ = revocation(stack).await,
        ("DeadLetter", _) => dead_letter(stack).await,
        ("Housekeeping", _) if resource.contains("Revocation") => lost_revocation(stack).await,
        ("Portal", "states:GetExecutionHistory") if resource.contains("Revocation") => {
            let revoked = revocation(stack).await;
            console::open(stack, &format!("console/requests/{}", revoked.id)).await;
        }
        ("Portal", "states:GetExecutionHistory") => console::read(stack).await,
        ("Portal", "s3:GetObject") if resource.ends_with("/crl/*") => console::read(stack).await,
        ("Portal", "dynamodb:Query")
            if resource.contains("AuditTable")
                || ["/byExpiry", "/byUntold"].iter().any(|index| resource.ends_with(index)) =>
        {
            console::read(stack).await;
        }
        ("Portal", "dynamodb:Query") if resource.ends_with("/bySerial") => {
            unknown_certificate(stack).await;
        }
        ("AwaitApproval" | "Portal", "dynamodb:Query") if resource.ends_with("/byStatus") => {
            inbox(stack).await;
        }
        ("Persist", "s3:GetObject") if resource.ends_with("/signed-certificate/*") => {
            _ = revocation(stack).await;
        }
        ("Portal", "ssm:GetParameter") if resource.ends_with("/oidc-client-secret") => {
            sign_ins::by_program(stack).await;
        }
        ("Housekeeping" | "Notify", _) if resource.contains("GrantsTable") => {
            grants::stated(stack, &certificate(stack).await).await;
        }
        _ if resource.contains("GrantsTable") => credentials::by_program(stack).await,
        _ if resource.contains("PeopleTable") => passkeys::by_program(stack).await,
        ("Portal", "sqs:SendMessage") if is_of("sign") => passkeys::by_program(stack).await,
        ("Sign", "dynamodb:Query") => _ = revocation(stack).await,
        _ if resource.contains("Revocation") => _ = revocation(stack).await,
        ("Housekeeping", "ssm:GetParameter") => renewal(stack).await,
        ("Housekeeping", "s3:GetObject") if resource.contains("/policy/") => {
            renewal(stack).await;
        }
        ("Housekeeping", _) => housekeeping(stack).await,
        (_, "states:SendTaskFailure") => bad_message(stack, worker).await,
        ("AwaitApproval", "sqs:SendMessage") => reminder(stack).await,
        ("AwaitApproval", "dynamodb:UpdateItem") => expiry(stack).await,
        ("Notify", "sns:Publish") => failure_notice(stack).await,
        ("Portal", "sqs:SendMessage" | "dynamodb:Query")
        | ("Notify", "dynamodb:Query" | "dynamodb:UpdateItem" | "dynamodb:PutItem") => {
            let asked = certificate(stack).await;
            overview(stack, &asked).await;
        }
        _ => _ = certificate(stack).await,
    }
}

/// One request from submission to certificate.
pub(super) async fn certificate(stack: &Stack) -> Asked {
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[HOST]))).await;
    approve(stack, &asked).await;
    mailbox.mail(&asked.id, &asked.email, "Your certificate").await;
    portal.get(&asked.status_url.replace("?key=", "/certificate.zip?key="), "*/*").await.expect(200);
    portal.get("ca.pem", "*/*").await.expect(200);
    asked
}

/// A program and the bus are told of a request.
async fn told(stack: &Stack) {
    let asked = certificate(stack).await;
    for name in ["program", "bus"] {
        logged(stack, &[&asked.id, &format!("told {name} that")]).await;
    }
}

/// Names a program and the bus in the policy.
pub(super) fn name_receivers(stack: &Stack, program: &str) {
    let notices = "[notices.program]\nkind = \"webhook\"\nevents = [\"issued\"]\n[notices.bus]\nkind = \"eventbridge\"\nevents = [\"issued\"]\n";
    stack.set_policy("receivers.toml", &format!("{}{notices}", end_to_end::policy()));
    notices::done(notices::webhooks(stack, &["set", "program"], program));
    notices::done(notices::webhooks(stack, &["secret", "program"], ""));
}

/// Housekeeping reminds the approvers of an undecided request and mails its requester.
async fn reminder(stack: &Stack) {
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[HOST])).with_profile("reminding")).await;
    mailbox.approval_link(&asked, APPROVER).await;
    end_to_end::eventually(
        "the requester to be told that it takes longer",
        end_to_end::PATIENCE,
        async || {
            stack.housekeeping();
            let told = mailbox.about(&asked.id).iter().filter(|mail| mail.to == asked.email).count();
            (told > 1).then_some(())
        },
    )
    .await;
}

/// Housekeeping sees that a certificate ends, and notify reminds its requester.
async fn end(stack: &Stack) {
    // A name of its own: another certificate of the same name would replace this one.
    let name = format!("{}.{HOST}", uuid::Uuid::new_v4());
    let asked = stack.portal().ask(&Submission::of(&csr_for(&[&name]))).await;
    approve(stack, &asked).await;
    let (now, text) = (time::OffsetDateTime::now_utc(), |text: &str| json!({ "S": text }));
    let day = |days| text(&workflow::timestamp::rfc3339(now + time::Duration::days(days)));
    let key = json!({ "id": text(&asked.id) }).to_string();
    let values = json!({ ":from": day(-100), ":until": day(10), ":one": { "N": "1" } }).to_string();
    let table = stack.endpoint("requestsTable");
    let update = ["dynamodb", "update-item", "--table-name", table, "--key", &key];
    let expression = "SET notBefore = :from, notAfter = :until, version = version + :one";
    let what = ["--update-expression", expression, "--expression-attribute-values", &values];
    stack.aws(&[&update[..], &what].concat());
    // Repeated: the emulator prints the log of an invocation with the next one.
    end_to_end::eventually("the mail that reminds", end_to_end::PATIENCE, async || {
        stack.housekeeping();
        let mails = stack.mailbox().about(&asked.id);
        mails.iter().any(|mail| mail.to == asked.email && mail.subject.contains("ends")).then_some(())
    })
    .await;
}

/// Housekeeping expires an undecided request.
async fn expiry(stack: &Stack) {
    let portal = stack.portal();
    let asked = portal.ask(&Submission::of(&csr_for(&[HOST])).with_profile("brief")).await;
    end_to_end::eventually("the request to expire", end_to_end::PATIENCE, async || {
        stack.housekeeping();
        (portal.status(&asked).await["status"] == "expired").then_some(())
    })
    .await;
}

/// The overview of a requester, by the mailed link.
async fn overview(stack: &Stack, asked: &Asked) {
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    portal.post("mine", &json!({ "email": asked.email })).await.expect(202);
    let link = end_to_end::eventually("the mail with the overview", end_to_end::PATIENCE, async || {
        let mails = mailbox.to(&asked.email);
        mails.iter().flat_map(|mail| mail.links()).find(|link| link.contains("/mine/"))
    })
    .await;
    portal.json(&link).await.expect(200);
}

/// Everything that waits for an approver, by the mailed link.
async fn inbox(stack: &Stack) {
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[HOST]))).await;
    mailbox.approval_link(&asked, APPROVER).await;
    portal.until(&asked, "pending_approval").await;
    portal.post("approvals", &json!({ "email": APPROVER })).await.expect(202);
    let link = end_to_end::eventually("the mail with the list", end_to_end::PATIENCE, async || {
        let mails = mailbox.to(APPROVER);
        mails.iter().flat_map(|mail| mail.links()).find(|link| link.contains("/approvals/mine/"))
    })
    .await;
    portal.json(&link).await.expect(200);
}

/// The notification of a failed request to the operators, by NotifyFailed.
async fn failure_notice(stack: &Stack) {
    let asked = certificate(stack).await;
    let message = json!({
        "taskToken": "over", "executionId": "x", "state": "NotifyFailed", "retryCount": 0,
        "input": { "requestId": asked.id, "error": "Step.Exhausted", "cause": "a test" },
    });
    send(stack, &queue(stack, "notify"), &message);
    logged(stack, &[&asked.id, "NotifyFailed", OVER]).await;
}

/// Sets the template's policy on the operators' topic. Without a policy, every principal of the account may publish.
pub(super) fn topic_as_on_aws(stack: &Stack) {
    let topic = output(stack, "OperatorsTopicArn");
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Sid": "Alarms", "Effect": "Allow", "Principal": { "Service": "cloudwatch.amazonaws.com" },
        "Action": "sns:Publish", "Resource": topic,
    }] });
    let set = ["sns", "set-topic-attributes", "--topic-arn", &topic, "--attribute-name", "Policy"];
    stack.aws(&[&set[..], &["--attribute-value", &policy.to_string()]].concat());
}

fn output(stack: &Stack, key: &str) -> String {
    let described =
        stack.aws(&["cloudformation", "describe-stacks", "--stack-name", stack.endpoint("stack")]);
    let described: Value = serde_json::from_slice(&described).unwrap();
    let outputs = described["Stacks"][0]["Outputs"].as_array().unwrap();
    outputs.iter().find(|output| output["OutputKey"] == key).unwrap()["OutputValue"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// A message that the worker fails.
async fn bad_message(stack: &Stack, worker: &str) {
    let id = uuid::Uuid::new_v4().to_string();
    let message = json!({
        "taskToken": "over", "executionId": "x", "state": "NoSuchState", "retryCount": 0,
        "input": { "requestId": id },
    });
    let kebab = if worker == "AwaitApproval" { "await-approval".to_owned() } else { worker.to_lowercase() };
    send(stack, &queue(stack, &kebab), &message);
    logged(stack, &[&id, OVER]).await;
}

/// A message in the dead-letter queue.
async fn dead_letter(stack: &Stack) {
    let id = uuid::Uuid::new_v4().to_string();
    let message = json!({
        "taskToken": "over", "executionId": "x", "state": "Sign", "retryCount": 0,
        "input": { "requestId": id },
    });
    send(stack, &output(stack, "DeadLettersUrl"), &message);
    logged(stack, &[&id, "its message is dead"]).await;
}

/// Housekeeping misses the list of the CA, which was removed, and sign publishes one.
async fn revocation_list(stack: &Stack) {
    let bucket = stack.endpoint("bucket");
    stack.aws(&["s3", "rm", "--recursive", &format!("s3://{bucket}/crl/")]);
    stack.housekeeping();
    end_to_end::eventually("the revocation list", end_to_end::PATIENCE, async || {
        let list = ["s3api", "list-objects-v2", "--bucket", bucket, "--prefix", "crl/"];
        let listed = stack.aws_json(&list)["Contents"].as_array().map_or(0, Vec::len);
        (listed == 2).then_some(())
    })
    .await;
}

/// The requester revokes a certificate.
async fn revocation(stack: &Stack) -> Asked {
    let asked = certificate(stack).await;
    let revoke = asked.status_url.replacen('?', "/revoke?", 1);
    stack.portal().post(&revoke, &json!({ "reason": "keyCompromise" })).await.expect(200);
    end_to_end::eventually("the revocation to be listed", end_to_end::PATIENCE, async || {
        stack.portal().status(&asked).await["revocation"]["listedAt"].is_string().then_some(())
    })
    .await;
    asked
}

async fn approve(stack: &Stack, asked: &Asked) {
    let portal = stack.portal();
    let link = stack.mailbox().approval_link(asked, APPROVER).await;
    portal.until(asked, "pending_approval").await;
    portal.decide(&link, "approve", "").await.expect(200);
    portal.until(asked, "delivered").await;
}

/// Housekeeping asks the policy what becomes of a certificate that was renewed.
async fn renewal(stack: &Stack) {
    let (old, portal) = (certificate(stack).await, stack.portal());
    let submission = Submission { email: old.email.clone(), ..Submission::of(&csr_for(&[HOST])) };
    let mut body = submission.json();
    body["replaces"] = json!(old.id);
    body["replacesKey"] = json!(old.status_url.split_once("key=").unwrap().1);
    let answer = portal.post("requests", &body).await.expect(202).json();
    let asked = portal.confirm(Asked::of(&answer, &submission)).await;
    approve(stack, &asked).await;
    stack.housekeeping();
    assert!(stack.row(&asked.id)["replacedAt"].is_string(), "it is settled: the policy revokes nothing");
}

/// The holder of the key of a certificate that nobody issued here revokes it.
async fn unknown_certificate(stack: &Stack) {
    let maker = pki::testing::CaMaker::new(pki::testing::TestKey::EcP256);
    let url = format!("{}revocations", stack.portal().base);
    let jws = workflow::testing::jws::revocation(maker.key_pair(), &maker.root_der(), json!(1), &url);
    stack.portal().post("revocations", &jws).await.expect(404);
}

/// Housekeeping starts a revocation whose execution is not there.
async fn lost_revocation(stack: &Stack) {
    let asked = certificate(stack).await;
    let machine = stack.endpoint("revocationStateMachineArn");
    let missing = workflow::aws::execution_arn(machine, &format!("{}-revoke", asked.id));
    let (text, number) = (|text: &str| json!({ "S": text }), |number: &str| json!({ "N": number }));
    let record = json!({ "M": {
        "reason": text("superseded"), "by": text("operator:test"), "acceptedAt": text("2026-01-01T00:00:00Z"),
        "executionArn": text(&missing),
        "executionAttempt": number("1"), "executionStarted": text("2026-01-01T00:00:00Z"),
    } });
    let key = json!({ "id": text(&asked.id) }).to_string();
    let values = json!({ ":record": record, ":yes": text("yes"), ":one": number("1") }).to_string();
    let table = stack.endpoint("requestsTable");
    let update = ["dynamodb", "update-item", "--table-name", table, "--key", &key];
    let expression = "SET revocation = :record, untold = :yes, version = version + :one";
    let what = ["--update-expression", expression, "--expression-attribute-values", &values];
    stack.aws(&[&update[..], &what].concat());
    stack.housekeeping();
    assert_eq!(stack.row(&asked.id)["revocation"]["executionAttempt"], 2);
}

/// Sign renews a responder, which was removed, with the list.
async fn responder(stack: &Stack) {
    let path = format!("/countersign/{}/ocsp", stack.endpoint("stack"));
    let responders = || {
        let all = stack.aws_json(&["ssm", "get-parameters-by-path", "--path", &path]);
        let names = all["Parameters"].as_array().unwrap().iter();
        names.map(|one| one["Name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for name in responders() {
        stack.aws(&["ssm", "delete-parameter", "--name", &name]);
    }
    revocation_list(stack).await;
    end_to_end::eventually("the OCSP responder", end_to_end::PATIENCE, async || {
        (responders().len() == 1).then_some(())
    })
    .await;
}

/// The first certificate of a log: the one before it was removed, with its key.
async fn new_log(stack: &Stack) {
    let key = format!("/countersign/{}/log/key", stack.endpoint("stack"));
    stack.aws(&["ssm", "delete-parameter", "--name", &key]);
    stack.aws(&["s3", "rm", "--recursive", &format!("s3://{}/log/", stack.endpoint("bucket"))]);
    certificate(stack).await;
}

/// The status of a certificate that was never issued.
async fn status(stack: &Stack) {
    let portal = stack.portal();
    let chain = portal.get("ca.pem", "*/*").await.expect(200).text();
    let issuer = pki::issuer::Issuer::from_pem(&chain).unwrap();
    let request = ocsp_request(&[ocsp_single(&issuer, &[0x41, 2], OcspHash::Sha1)], None);
    let headers = [("content-type", "application/ocsp-request")];
    let answer = portal.send(Method::POST, "ocsp", &headers, request).await.expect(200);
    assert_eq!(ocsp_said(&answer.body), OcspSaid::Statuses(vec![(2, 0)]));
}

/// A waiting request, and one whose execution was stopped.
async fn housekeeping(stack: &Stack) {
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[HOST]))).await;
    let lost = portal.ask(&Submission::of(&csr_for(&[HOST]))).await;
    for one in [&asked, &lost] {
        mailbox.approval_link(one, APPROVER).await;
        portal.until(one, "pending_approval").await;
    }
    let execution = stack.row(&lost.id)["executionArn"].as_str().unwrap().to_owned();
    stack.aws(&["stepfunctions", "stop-execution", "--execution-arn", &execution]);
    stack.housekeeping();
    let again = stack.row(&lost.id)["executionArn"].as_str().unwrap().to_owned();
    assert_ne!(again, execution, "housekeeping starts a lost request again");
}
