//! Execution histories and metrics: small, and without personal data except the request's id.

use end_to_end::{Asked, PATIENCE, Stack, Submission, csr_for, eventually, unique_host};
use serde_json::{Value, json};

use crate::APPROVER;

/// Maximum length in bytes of an input or output: ids, digests, codes and dates.
const MOST_DATA: usize = 600;

/// Every string in the event details of an execution, with its field name.
fn texts(stack: &Stack, asked: &Asked) -> Vec<(String, String)> {
    let executions = stack.countersign_json(&["executions", &asked.id, "--json"]);
    let arn = executions[0]["arn"].as_str().unwrap();
    let history = stack.aws(&["stepfunctions", "get-execution-history", "--execution-arn", arn]);
    let history: Value = serde_json::from_slice(&history).unwrap();
    let mut texts = Vec::new();
    for event in history["events"].as_array().unwrap() {
        for details in event.as_object().unwrap().values().filter_map(Value::as_object) {
            let fields =
                details.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
            texts.extend(fields);
        }
    }
    texts
}

#[tokio::test]
async fn inputs_and_outputs_are_small_and_without_personal_data() {
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let mut said = vec![APPROVER.to_owned(), "@".to_owned(), "BEGIN CERTIFICATE".to_owned()];
    let mut all = Vec::new();
    for (decision, end) in [("approve", "delivered"), ("reject", "rejected"), ("approve", "failed")] {
        let host = unique_host();
        let submission =
            Submission { comment: "Said in confidence.".into(), ..Submission::of(&csr_for(&[&host])) };
        let asked = portal.ask(&submission).await;
        let link = mailbox.approval_link(&asked, APPROVER).await;
        portal.until(&asked, "pending_approval").await;
        if end == "failed" {
            // Another key for the same name: the approved CSR is not the one to sign.
            let key = json!({ "id": { "S": asked.id } }).to_string();
            let forged = json!({ ":csr": { "S": csr_for(&[&host]) } }).to_string();
            let update =
                ["dynamodb", "update-item", "--table-name", stack.endpoint("requestsTable"), "--key", &key];
            let csr =
                ["--update-expression", "SET csrContent = :csr", "--expression-attribute-values", &forged];
            stack.aws(&[&update[..], &csr].concat());
        }
        portal.decide(&link, decision, "Because I say so.").await.expect(200);
        portal.until(&asked, end).await;
        eventually("the execution to end", PATIENCE, async || {
            let executions = stack.countersign_json(&["executions", &asked.id, "--json"]);
            (executions[0]["status"] != "RUNNING").then_some(())
        })
        .await;
        said.extend([host, submission.email, submission.comment, "Because I say so.".into()]);
        said.extend(submission.csr.lines().filter(|line| line.len() == 64).map(str::to_owned));
        said.push(link.rsplit('/').next().unwrap().to_owned());
        said.push(asked.status_url.rsplit('=').next().unwrap().to_owned());
        let texts = texts(stack, &asked);
        assert!(texts.iter().any(|(name, text)| name == "input" && text.contains(&asked.id)), "{texts:?}");
        assert!(texts.iter().any(|(name, text)| name == "output" && text.contains("decision")), "{texts:?}");
        all.extend(texts);
    }
    for (name, text) in &all {
        for secret in &said {
            assert!(!text.contains(secret.as_str()), "{name} says {secret}: {text}");
        }
        if name == "input" || name == "output" {
            assert!(text.len() <= MOST_DATA, "{name} of {} bytes: {text}", text.len());
        }
    }
    assert!(
        all.iter().any(|(name, text)| name == "error" && text == "Request.NotApproved"),
        "the failure is in a history"
    );
}

#[tokio::test]
async fn the_workers_measure_what_becomes_of_a_request_without_naming_it() {
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    portal.decide(&link, "approve", "").await.expect(200);
    portal.until(&asked, "delivered").await;
    stack.housekeeping();
    let wanted = ["CaDaysLeft", "Requests", "SecondsToCertificate", "SecondsToDecision", "Submissions"];
    let measured = eventually("the measurements to be in the log", PATIENCE, async || {
        let logs = stack.logs();
        let lines =
            logs.lines().filter_map(|line| serde_json::from_str::<Value>(&line[line.find('{')?..]).ok());
        // `deployment` creates another stack in the account.
        let ours = |line: &Value| line.get("_aws").is_some() && line["Stack"] == stack.endpoint("stack");
        let lines: Vec<Value> = lines.filter(ours).collect();
        wanted.iter().all(|name| lines.iter().any(|line| line.get(*name).is_some())).then_some(lines)
    })
    .await;
    for line in &measured {
        let fields = line.as_object().unwrap();
        let known = |name: &String| {
            let at_times = ["_aws", "Stack", "Outcome", "CertificatesExpiring"];
            wanted.contains(&name.as_str()) || at_times.contains(&name.as_str())
        };
        assert!(fields.keys().all(known), "{line}");
    }
    let ca = measured.iter().filter_map(|line| line["CaDaysLeft"].as_f64());
    assert!(ca.into_iter().all(|days| days > 300.0), "the local CA is valid for years");
}
