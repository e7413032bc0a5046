//! Search for secrets in all logs, mails, histories and tables, after every flow at log level trace.

use std::collections::BTreeMap;

use end_to_end::{
    Asked, Broken, Mail, PATIENCE, Portal, RecordingProxy, SmtpAuthProxy, Stack, Submission, csr_for,
    eventually, key_and_csr_for, policy, unique_host,
};
use serde_json::json;

use crate::APPROVER;

const REMINDED: &str = r#"
[profiles.reminded]
description = "Reminds at once"
extended_key_usage = ["serverAuth"]
reminders = ["1s"]
"#;

/// Secrets and their descriptions.
#[derive(Default)]
struct Secrets(BTreeMap<String, &'static str>);

impl Secrets {
    fn add(&mut self, what: &'static str, secret: &str) {
        // Shorter strings are found by chance.
        assert!(secret.len() >= 16, "{what} is too short to be looked for");
        self.0.insert(secret.to_owned(), what);
    }

    /// Adds the base64 lines of a PEM document.
    fn add_pem(&mut self, what: &'static str, pem: &str) {
        let lines = pem.lines().filter(|line| line.len() > 40 && !line.starts_with("---"));
        lines.for_each(|line| self.add(what, line));
    }

    fn count(&self, what: &str) -> usize {
        self.0.values().filter(|one| **one == what).count()
    }

    /// Secrets in a text, except allowed ones.
    fn in_text(&self, place: &str, text: &str, may: &[&str]) -> Vec<String> {
        let held = self.0.iter().filter(|(secret, _)| text.contains(secret.as_str()));
        held.filter(|(secret, what)| !may.contains(&secret.as_str()) && !may.contains(what))
            .map(|(_, what)| format!("{what} is in {place}"))
            .collect()
    }
}

fn key_of(link: &str) -> &str {
    let key = link.trim_end_matches('/').rsplit(['/', '=']).next().unwrap();
    key.strip_suffix(".zip").unwrap_or(key)
}

fn approvals(mail: &Mail) -> Vec<String> {
    mail.links().into_iter().filter(|link| link.contains("/approvals/")).collect()
}

struct Tour<'a> {
    stack: &'a Stack,
    portal: Portal,
    secrets: Secrets,
    asked: Vec<Asked>,
}

impl Tour<'_> {
    async fn ask(&mut self, profile: &str) -> Asked {
        let (key, csr) = key_and_csr_for(&[&unique_host()]);
        let comment = format!("Said in confidence {}.", uuid::Uuid::new_v4());
        let submission =
            Submission { comment: comment.clone(), ..Submission::of(&csr).with_profile(profile) };
        let asked = self.portal.ask(&submission).await;
        self.secrets.add("a comment", &comment);
        self.secrets.add_pem("a requester's private key", &key);
        self.secrets.add_pem("a CSR", &csr);
        self.secrets.add("a status link", key_of(&asked.status_url));
        self.asked.push(asked.clone());
        asked
    }

    async fn link(&self, asked: &Asked) -> String {
        self.stack.mailbox().approval_link(asked, APPROVER).await
    }

    async fn decide(&self, asked: &Asked, decision: &str) {
        self.portal
            .decide(&self.link(asked).await, decision, "Because of a private reason.")
            .await
            .expect(200);
    }

    /// Runs every path of the flow.
    async fn all(&mut self) {
        let delivered = self.ask("server").await;
        self.decide(&delivered, "approve").await;
        let rejected = self.ask("server").await;
        self.decide(&rejected, "reject").await;
        let expired = self.ask("brief").await;
        let withdrawn = self.ask("server").await;
        self.link(&withdrawn).await;
        self.portal.until(&withdrawn, "pending_approval").await;
        self.portal.post(&withdrawn.status_url.replace('?', "/cancel?"), &json!({})).await.expect(200);
        let renewed = self.ask("server").await;
        self.link(&renewed).await;
        self.portal.until(&renewed, "pending_approval").await;
        let output = self.stack.countersign(&["approvals", "resend", &renewed.id]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let reminded = self.ask("reminded").await;
        self.link(&reminded).await;
        self.portal.until(&delivered, "delivered").await;
        self.portal.until(&rejected, "rejected").await;
        self.portal.until(&withdrawn, "withdrawn").await;
        for suffix in ["", ".pem", ".zip"] {
            let url = delivered.status_url.replace('?', &format!("/certificate{suffix}?"));
            self.portal.get(&url, "*/*").await.expect(200);
        }
        eventually("reminder and expiry", PATIENCE, async || {
            self.stack.housekeeping();
            let status = self.portal.status(&expired).await;
            let mails = self.stack.mailbox().about(&reminded.id);
            let reminded = mails.iter().filter(|mail| mail.to == APPROVER).count() > 1;
            (status["status"] == "expired" && reminded).then_some(())
        })
        .await;
        let mails = eventually("the new link", PATIENCE, async || {
            let mails = self.stack.mailbox().about(&renewed.id);
            (mails.iter().filter(|mail| !approvals(mail).is_empty()).count() > 1).then_some(mails)
        })
        .await;
        assert!(mails.len() > 2);
        self.overview(&delivered).await;
        self.questions().await;
        self.inbox().await;
        self.nonsense(&delivered).await;
        self.faults().await;
    }

    /// Opens the overview of a requester.
    async fn overview(&mut self, asked: &Asked) {
        self.portal.post("mine", &json!({ "email": asked.email })).await.expect(202);
        let link = eventually("the way to the list", PATIENCE, async || {
            let mails = self.stack.mailbox().to(&asked.email);
            mails.iter().flat_map(Mail::links).find(|link| link.contains("/mine/"))
        })
        .await;
        self.secrets.add("a link to a list", key_of(&link));
        self.portal.json(&link).await.expect(200);
    }

    /// Has an approver ask the requester, who answers.
    async fn questions(&mut self) {
        let asked = self.ask("server").await;
        let link = self.link(&asked).await;
        self.portal.until(&asked, "pending_approval").await;
        let [question, answer] = ["Asked", "Answered"].map(|said| {
            let text = format!("{said} in confidence {}.", uuid::Uuid::new_v4());
            self.secrets.add("a question", &text);
            text
        });
        self.portal.post(&link, &json!({ "decision": "ask", "question": question })).await.expect(200);
        let mail = self.stack.mailbox().mail(&asked.id, &asked.email, "A question about").await;
        let status = mail.links().into_iter().find(|link| link.contains("/requests/")).unwrap();
        self.secrets.add("a mailed status link", key_of(&status));
        let answered = json!({ "number": 1, "answer": answer });
        self.portal.post(&status.replace('?', "/answer?"), &answered).await.expect(200);
        self.stack.mailbox().mail(&asked.id, APPROVER, "answered your question").await;
    }

    /// Opens the list of what waits for the approver.
    async fn inbox(&mut self) {
        self.portal.post("approvals", &json!({ "email": APPROVER })).await.expect(202);
        let link = eventually("the link to the list of the approver", PATIENCE, async || {
            let mails = self.stack.mailbox().to(APPROVER);
            mails.iter().flat_map(Mail::links).find(|link| link.contains("/approvals/mine/"))
        })
        .await;
        self.secrets.add("a list of an approver", key_of(&link));
        self.portal.json(&link).await.expect(200);
    }

    /// Sends invalid links, invalid messages and a private key.
    async fn nonsense(&mut self, asked: &Asked) {
        let link = self.link(asked).await;
        for path in [format!("{link}x"), format!("{}x", asked.status_url), "approvals/wrong".into()] {
            self.portal.json(&path).await.problem(404, "not_found");
        }
        let (key, _) = key_and_csr_for(&["www.example.com"]);
        self.secrets.add_pem("a requester's private key", &key);
        self.portal.submit(&Submission::of(&key)).await.problem(422, "private_key_submitted");
        let token = format!("bearer-{}", uuid::Uuid::new_v4());
        self.secrets.add("a task token", &token);
        let queue = self.stack.endpoints()["queues"]["sign"].as_str().unwrap();
        for body in [format!("no message {token}"), json!({ "taskToken": token, "input": 7 }).to_string()] {
            self.stack.aws_json(&["sqs", "send-message", "--queue-url", queue, "--message-body", &body]);
        }
    }

    /// Runs a request with an altered row, and one with a broken worker.
    async fn faults(&mut self) {
        let stack = self.stack;
        let tampered = self.ask("server").await;
        let link = self.link(&tampered).await;
        self.portal.until(&tampered, "pending_approval").await;
        let key = json!({ "id": { "S": tampered.id } }).to_string();
        let csr = csr_for(&[&unique_host()]);
        self.secrets.add_pem("a CSR", &csr);
        let forged = json!({ ":csr": { "S": csr } }).to_string();
        let update =
            ["dynamodb", "update-item", "--table-name", stack.endpoint("requestsTable"), "--key", &key];
        let exchange =
            ["--update-expression", "SET csrContent = :csr", "--expression-attribute-values", &forged];
        stack.aws(&[&update[..], &exchange].concat());
        self.portal.decide(&link, "approve", "").await.expect(200);
        self.portal.until(&tampered, "failed").await;

        let dead = self.ask("server").await;
        let link = self.link(&dead).await;
        self.portal.until(&dead, "pending_approval").await;
        let sign = Broken::worker(stack, "sign");
        let queue = stack.endpoints()["queues"]["sign"].as_str().unwrap();
        let at_once = json!({ "VisibilityTimeout": "1" }).to_string();
        stack.aws(&["sqs", "set-queue-attributes", "--queue-url", queue, "--attributes", &at_once]);
        self.portal.decide(&link, "approve", "").await.expect(200);
        self.portal.until(&dead, "failed").await;
        sign.mend();
        let output = stack.countersign(&["requests", "retry", &dead.id]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.portal.until(&dead, "delivered").await;
        stack.mailbox().mail(&dead.id, &dead.email, "Your certificate").await;
    }
}

/// Secrets that a mail may hold: the approval link for an approver, but not in the receipt of a vote; the status link for a
/// requester.
fn its_own<'a>(mail: &'a Mail, asked: &'a [Asked], links: &'a [String]) -> Vec<&'a str> {
    if mail.to == APPROVER {
        let is_receipt = ["You approved", "You rejected"].iter().any(|one| mail.subject.starts_with(one));
        assert_eq!(links.is_empty(), is_receipt, "links in a mail to an approver: {}", mail.subject);
        assert!(links.len() <= 1, "a mail to an approver has one link: {}", mail.subject);
        return links.iter().map(|link| key_of(link)).chain(["a comment", "a question"]).collect();
    }
    assert_eq!(links, [""; 0], "an approver's link is in a mail to {}", mail.to);
    let own = asked.iter().filter(|one| one.email == mail.to).map(|one| key_of(&one.status_url));
    own.chain(["a link to a list", "a mailed status link", "a comment", "a question"]).collect()
}

fn in_mails(stack: &Stack, secrets: &Secrets, asked: &[Asked]) -> Vec<String> {
    let mut found = Vec::new();
    let people = asked.iter().map(|one| one.email.as_str()).chain([APPROVER]);
    for mail in people.flat_map(|person| stack.mailbox().to(person)) {
        let links = approvals(&mail);
        let own = its_own(&mail, asked, &links);
        let place = format!("the mail \"{}\"", mail.subject);
        let text = format!("{}\n{}\n{}", mail.subject, mail.text, mail.html.replace("&#61;", "="));
        found.extend(secrets.in_text(&place, &text, &own));
    }
    found
}

/// Secrets in inputs, outputs, errors and causes of all executions. The emulator omits messages to queues, which hold
/// the task token; AWS records them as parameters of TaskScheduled.
fn in_histories(stack: &Stack, secrets: &Secrets) -> Vec<String> {
    let machine = stack.endpoint("stateMachineArn");
    let listed = stack.aws_json(&["stepfunctions", "list-executions", "--state-machine-arn", machine]);
    let (mut found, mut events) = (Vec::new(), 0);
    for execution in listed["executions"].as_array().unwrap() {
        let arn = execution["executionArn"].as_str().unwrap();
        let describe = ["stepfunctions", "describe-execution", "--execution-arn", arn];
        let history =
            ["stepfunctions", "get-execution-history", "--include-execution-data", "--execution-arn", arn];
        let history = stack.aws_json(&history);
        events += history["events"].as_array().unwrap().len();
        let text = format!("{}{history}", stack.aws_json(&describe));
        found.extend(secrets.in_text("an execution", &text, &[]));
    }
    assert!(events > 100, "{events} events were looked at");
    found
}

fn in_tables(stack: &Stack, secrets: &Secrets) -> Vec<String> {
    let mut found = Vec::new();
    // Rows of requests store CSR and comment, approvals store task tokens.
    for (table, may) in [
        ("requestsTable", &["a CSR", "a comment"][..]),
        ("approvalsTable", &["a task token", "a question"]),
        ("auditTable", &[]),
        ("namesTable", &[]),
    ] {
        let rows = stack.aws_json(&["dynamodb", "scan", "--table-name", stack.endpoint(table)]);
        assert!(!rows["Items"].as_array().unwrap().is_empty(), "{table} is empty");
        found.extend(secrets.in_text(table, &rows.to_string(), may));
    }
    found
}

// The proxies must go on while the test makes blocking calls.
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_written_anywhere_at_log_level_trace() {
    let folder = Stack::folder("leaks");
    let (recorder, relay) = (RecordingProxy::start(&folder).await, SmtpAuthProxy::start(&folder).await);
    let (by_way_of, smtp) = (recorder.url(), relay.url());
    const CREDENTIALS: &str = "/countersign/smtp";
    let options = [
        ["--log-level", "trace"],
        ["--aws-by-way-of", &by_way_of],
        ["--smtp-by-way-of", &smtp],
        ["--smtp-credentials", CREDENTIALS],
    ];
    let stack = Stack::start_in(folder, &options.concat()).await;
    let put = ["ssm", "put-parameter", "--type", "SecureString", "--name", CREDENTIALS];
    stack.aws(&[&put[..], &["--value", &SmtpAuthProxy::credentials()]].concat());
    stack.set_policy("reminded.toml", &(policy() + REMINDED));
    let mut tour =
        Tour { stack: &stack, portal: stack.portal(), secrets: Secrets::default(), asked: Vec::new() };
    tour.all().await;
    let Tour { mut secrets, asked, .. } = tour;

    for secret in [stack.endpoint("linkSecret"), stack.endpoint("caSecret")] {
        let value = stack.aws_json(&["secretsmanager", "get-secret-value", "--secret-id", secret]);
        let value = value["SecretString"].as_str().unwrap();
        match value.contains("PRIVATE KEY") {
            true => secrets.add_pem("the key of the CA", value),
            false => secrets.add("the link secret", value),
        }
    }
    let log_key = format!("/countersign/{}/log/key", stack.endpoint("stack"));
    let log_key = stack.aws_json(&["ssm", "get-parameter", "--with-decryption", "--name", &log_key]);
    secrets.add_pem("the key of the log", log_key["Parameter"]["Value"].as_str().unwrap());
    secrets.add("the password of the mail server", SmtpAuthProxy::PASSWORD);
    secrets.add("the password of the mail server", SmtpAuthProxy::SAID);
    recorder.tokens().iter().for_each(|token| secrets.add("a task token", token));
    let rows = stack.aws_json(&["dynamodb", "scan", "--table-name", stack.endpoint("approvalsTable")]);
    for token in rows["Items"].as_array().unwrap().iter().filter_map(|row| row["taskToken"]["S"].as_str()) {
        secrets.add("a task token", token);
    }
    let links: Vec<String> = stack.mailbox().to(APPROVER).iter().flat_map(approvals).collect();
    links.iter().for_each(|link| secrets.add("an approver's link", key_of(link)));
    // Asserts that the search has input.
    assert!(relay.asked() > 5, "mails were sent with the password");
    for (what, least) in [
        ("a task token", 30),
        ("an approver's link", 10),
        ("a status link", 8),
        ("a link to a list", 1),
        ("a requester's private key", 8),
        ("the key of the CA", 1),
        ("the link secret", 1),
        ("a CSR", 8),
    ] {
        assert!(secrets.count(what) >= least, "{} of {what}", secrets.count(what));
    }
    let logs = stack.logs();
    for worker in ["workflow::runtime::lambda", "portal::", "await_approval", "housekeeping", "dead_letter"] {
        assert!(logs.contains(&format!("\"target\":\"{worker}")), "the log of {worker} is looked at");
    }
    assert!(logs.contains("send the mail: "), "the refused password is in the log of a worker as a failure");

    // Mails and tables hold addresses; logs and executions must not.
    let mut addresses = Secrets::default();
    addresses.add("an approver's address", APPROVER);
    asked.iter().for_each(|one| addresses.add("a requester's address", &one.email));
    let mut found = secrets.in_text("a log", &logs, &[]);
    found.extend(addresses.in_text("a log", &logs, &[]));
    found.extend(in_histories(&stack, &addresses));
    found.extend(in_mails(&stack, &secrets, &asked));
    found.extend(in_histories(&stack, &secrets));
    found.extend(in_tables(&stack, &secrets));
    assert_eq!(found, Vec::<String>::new());
}
