//! Failed requests: no certificate, a mail to the requester, a notification with the cause to the operators.

use end_to_end::{PATIENCE, Stack, Submission, csr_for, eventually, unique_host};
use serde_json::{Value, json};

use crate::APPROVER;

/// A queue that is subscribed to the operators' topic.
fn operators(stack: &Stack) -> String {
    let described =
        stack.aws_json(&["cloudformation", "describe-stacks", "--stack-name", stack.endpoint("stack")]);
    let outputs = described["Stacks"][0]["Outputs"].as_array().unwrap();
    let topic = outputs.iter().find(|output| output["OutputKey"] == "OperatorsTopicArn").unwrap();
    let queue = stack.aws_json(&["sqs", "create-queue", "--queue-name", "operators-of-the-tests"]);
    let queue = queue["QueueUrl"].as_str().unwrap().to_owned();
    let attributes = stack.aws_json(&[
        "sqs",
        "get-queue-attributes",
        "--queue-url",
        &queue,
        "--attribute-names",
        "QueueArn",
    ]);
    let (topic, queue_arn) =
        (topic["OutputValue"].as_str().unwrap(), attributes["Attributes"]["QueueArn"].as_str().unwrap());
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Service": "sns.amazonaws.com" }, "Action": "sqs:SendMessage",
        "Resource": queue_arn, "Condition": { "ArnEquals": { "aws:SourceArn": topic } },
    }] });
    let attributes = json!({ "Policy": policy.to_string() }).to_string();
    stack.aws(&["sqs", "set-queue-attributes", "--queue-url", &queue, "--attributes", &attributes]);
    let subscribe =
        ["sns", "subscribe", "--protocol", "sqs", "--topic-arn", topic, "--notification-endpoint", queue_arn];
    stack.aws(&subscribe);
    queue
}

#[tokio::test]
async fn a_csr_that_was_exchanged_after_the_approval_is_not_signed() {
    let stack = Stack::shared().await;
    let (portal, mailbox, host) = (stack.portal(), stack.mailbox(), unique_host());
    let queue = operators(stack);
    let asked = portal.ask(&Submission::of(&csr_for(&[&host]))).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    portal.until(&asked, "pending_approval").await;

    // The same name with another key, written directly to the table.
    let key = json!({ "id": { "S": asked.id } }).to_string();
    let forged = json!({ ":csr": { "S": csr_for(&[&host]) } }).to_string();
    let update = ["dynamodb", "update-item", "--table-name", stack.endpoint("requestsTable"), "--key", &key];
    let exchange = ["--update-expression", "SET csrContent = :csr", "--expression-attribute-values", &forged];
    stack.aws(&[&update[..], &exchange].concat());
    portal.decide(&link, "approve", "").await.expect(200);

    let status = portal.until(&asked, "failed").await;
    assert!(status.get("serial").is_none(), "{status:#}");
    let certificate = asked.status_url.replace("?key=", "/certificate?key=");
    portal.json(&certificate).await.problem(404, "not_found");
    let mail = mailbox.mail(&asked.id, &asked.email, "is held up").await;
    assert!(mail.text.contains("It's nothing you did"), "{}", mail.text);

    let execution = eventually("the execution to fail", PATIENCE, async || {
        let executions = stack.countersign_json(&["executions", &asked.id, "--json"]);
        let last = executions.as_array().unwrap().last().unwrap().clone();
        (last["status"] != "RUNNING").then_some(last)
    })
    .await;
    assert_eq!(execution["status"], "FAILED", "{execution:#}");
    let arn = execution["arn"].as_str().unwrap();
    let shown = String::from_utf8(stack.countersign(&["requests", "show", &asked.id]).stdout).unwrap();
    let cause = shown.lines().find(|line| line.starts_with("Cause ")).unwrap_or_else(|| panic!("{shown}"));
    assert!(cause.contains("Sign: Request.NotApproved: "), "{cause}");

    // Other tests may notify operators too; each message is received once.
    let told = eventually("the operators to be told", PATIENCE, async || {
        let receive = ["sqs", "receive-message", "--max-number-of-messages", "10", "--queue-url", &queue];
        let output = stack.aws(&receive);
        let messages: Value = serde_json::from_slice(&output).ok()?;
        let bodies = messages["Messages"].as_array()?.iter().filter_map(|message| message["Body"].as_str());
        bodies.map(str::to_owned).find(|body| body.contains(&asked.id))
    })
    .await;
    assert!(told.contains(arn), "{told}");
    assert!(told.contains("NotApproved"), "{told}");
    assert!(!told.contains(&asked.email), "{told}");
    assert!(!told.contains(&portal.base), "{told}");
}
