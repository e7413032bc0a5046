//! Bearer secrets stay out of logs, tables and mails where they do not belong.

use end_to_end::{Stack, Submission, csr_for, unique_host};
use serde_json::Value;

use crate::APPROVER;

/// All rows of a table, in DynamoDB's JSON.
fn rows(stack: &Stack, table: &str) -> Vec<Value> {
    let scan = stack.aws(&["dynamodb", "scan", "--table-name", stack.endpoint(table)]);
    let scan: Value = serde_json::from_slice(&scan).unwrap();
    scan["Items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn links_tokens_and_requests_stay_out_of_logs_and_link_keys_out_of_tables() {
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let submission =
        Submission { comment: "Said in confidence.".into(), ..Submission::of(&csr_for(&[&unique_host()])) };
    let asked = portal.ask(&submission).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    portal.until(&asked, "pending_approval").await;
    let approvals = rows(stack, "approvalsTable");
    let token_of = |row: &Value| Some(row["taskToken"]["S"].as_str()?.to_owned());
    let tokens: Vec<String> = approvals.iter().filter_map(token_of).collect();
    assert!(!tokens.is_empty(), "a request waits, so there is a token");
    for path in [link.as_str(), &asked.status_url, &format!("{link}x"), "approvals/wrong"] {
        portal.json(path).await;
    }
    portal.decide(&link, "approve", "").await.expect(200);
    portal.until(&asked, "delivered").await;
    mailbox.mail(&asked.id, &asked.email, "Your certificate").await;

    let logs = stack.logs();
    assert!(logs.contains(&format!("\"request.id\":\"{}\"", asked.id)), "the workers' logs are included");
    let link_key = link.rsplit('/').next().unwrap();
    let status_key = asked.status_url.rsplit('=').next().unwrap();
    let mut secrets = vec![
        ("an approver's link", link_key.to_owned()),
        ("a requester's link", status_key.to_owned()),
        ("a comment", submission.comment.clone()),
    ];
    secrets.extend(
        submission.csr.lines().filter(|line| line.len() == 64).map(|line| ("a CSR", line.to_owned())),
    );
    secrets.extend(tokens.iter().map(|token| ("a task token", token.clone())));
    for (what, secret) in &secrets {
        assert!(!logs.contains(secret), "{what} is in the logs");
    }

    let requests = rows(stack, "requestsTable");
    let tables = format!("{}{}", Value::from(requests.clone()), Value::from(approvals));
    assert!(!tables.contains(link_key), "a link is in a table");
    assert!(!tables.contains(status_key), "a link is in a table");
    let requests = Value::from(requests).to_string();
    assert!(tokens.iter().all(|token| !requests.contains(token)), "a task token is in the requests table");
    let mails: String =
        mailbox.about(&asked.id).iter().map(|mail| format!("{}{}", mail.text, mail.html)).collect();
    assert!(tokens.iter().all(|token| !mails.contains(token)), "a task token is in a mail");
}

#[tokio::test]
async fn every_line_of_a_step_names_its_request() {
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    portal.decide(&link, "reject", "No.").await.expect(200);
    portal.until(&asked, "rejected").await;
    let logs = stack.logs();
    let lines: Vec<Value> = logs.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let in_steps: Vec<&Value> = lines.iter().filter(|line| line["span"]["name"] == "step").collect();
    assert!(!in_steps.is_empty());
    for line in in_steps {
        let id = line["span"]["request.id"].as_str().and_then(|id| uuid::Uuid::try_parse(id).ok());
        assert!(id.is_some(), "{line}");
        assert!(line["level"].is_string(), "{line}");
        assert!(line["timestamp"].is_string(), "{line}");
    }
}
