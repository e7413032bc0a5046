//! What a policy has in the bucket, where every worker reads it: a document larger than a parameter, and a list of keys.

use std::process::Output;

use end_to_end::{
    ExclusiveStack, PkiDir, Stack, Submission, csr_for, needed, policy, repository, unique_host,
};
use serde_json::Value;

use crate::APPROVER;

/// The test policy with thousands of denied keys, one of them with the SHA-256 `denied`.
fn with_a_long_list(denied: &str) -> String {
    let digests: String = (0..4000).map(|number| format!("\"{number:064x}\",\n")).collect();
    policy().replacen("denied_keys = []", &format!("denied_keys = [{digests}\"{denied}\"]"), 1)
}

fn parameter(stack: &Stack) -> String {
    let name = stack.endpoint("policyParameter");
    let answer: Value =
        serde_json::from_slice(&stack.aws(&["ssm", "get-parameter", "--name", name])).unwrap();
    answer["Parameter"]["Value"].as_str().unwrap().to_owned()
}

fn shown(stack: &Stack) -> Output {
    stack.countersign(&["policy", "show"])
}

/// Asserts failure with one line, and returns it.
fn said(output: &Output) -> String {
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

#[tokio::test]
async fn a_large_policy_is_read_from_the_bucket() {
    let (stack, dir) = (ExclusiveStack::take().await, PkiDir::new());
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let denied = Submission::of(&csr_for(&[&unique_host()]));
    let link = mailbox.approval_link(&portal.ask(&denied).await, APPROVER).await;
    let review = portal.json(&link).await.expect(200).json();
    let large = with_a_long_list(review["publicKeyDigest"].as_str().unwrap());
    assert!(large.len() > 200_000);
    // The initial policy of test stacks is larger than a parameter.
    let small = std::fs::read_to_string(repository().join("infra/policy.toml")).unwrap();
    stack.set_policy("small.toml", &small);
    assert_eq!(parameter(&stack), small, "a small one is in its parameter");

    stack.set_policy("large.toml", &large);
    let reference = parameter(&stack);
    assert!(reference.starts_with(&format!("s3://{}/policy/", stack.endpoint("bucket"))), "{reference}");
    assert_eq!(String::from_utf8(shown(&stack).stdout).unwrap(), large);
    portal.submit(&denied).await.problem(422, "weak_key");
    // Validate, Persist, AwaitApproval and Sign read it, each under its own role.
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    portal.decide(&link, "approve", "").await.expect(200);
    portal.until(&asked, "delivered").await;
    let row = stack.row(&asked.id);
    assert!(reference.contains(row["policyVersion"].as_str().unwrap()), "{row:#}");

    // A policy over the size limit is rejected.
    let huge = format!("{large}#{}", "x".repeat(1024 * 1024));
    let file = dir.write("huge.toml", huge).display().to_string();
    assert!(said(&stack.countersign(&["policy", "set", &file])).contains("at most 1048576"));
    assert_eq!(parameter(&stack), reference);

    // An altered object is rejected.
    let key = &reference[reference.find("policy/").unwrap()..];
    let other = dir.write("other.toml", policy()).display().to_string();
    let bucket = stack.endpoint("bucket");
    stack.aws(&["s3api", "put-object", "--bucket", bucket, "--key", key, "--body", &other]);
    assert!(said(&shown(&stack)).contains("does not hold the policy with that SHA-256"));
    stack.aws(&["s3api", "delete-object", "--bucket", bucket, "--key", key]);
    assert!(said(&shown(&stack)).contains(key));

    stack.set_policy("small.toml", &small);
    assert_eq!(parameter(&stack), small);
    portal.submit(&denied).await.expect(202);
    stack.set_policy("initial.toml", &policy());
}

#[tokio::test]
async fn a_list_of_denied_keys_is_stored_and_every_worker_looks_into_it() {
    let Some([openssl]) = needed([("openssl", "openssl")]) else { return };
    let (stack, dir) = (ExclusiveStack::take().await, PkiDir::new());
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let digests: String = (0..50_000).map(|number| format!("{number:08x}{:056x}\n", 0)).collect();
    let file = |name: &str, content: &str| dir.write(name, content).display().to_string();
    let (digests, csr) = (file("digests.txt", &digests), file("denied.csr", &csr_for(&[&unique_host()])));
    let key = dir.path("denied.pub").display().to_string();
    dir.succeed(&openssl, &["req", "-in", &csr, "-pubkey", "-noout", "-out", &key]);

    assert!(said(&stack.countersign(&["policy", "deny-keys", &csr])).contains("openssl req -in CSR -pubkey"));
    let stored = stack.countersign(&["policy", "deny-keys", &digests, &key]);
    let line = String::from_utf8(stored.stdout).unwrap();
    assert!(line.starts_with("denied_key_list = \""), "{line}");
    let progress = String::from_utf8_lossy(&stored.stderr).into_owned();
    assert!(progress.contains("50001 keys"), "{progress}");

    let before = parameter(&stack);
    let other = format!("denied_key_list = \"{}\"\n{}", "0".repeat(64), policy());
    let refused = stack.countersign(&["policy", "set", "--yes", &file("other.toml", &other)]);
    assert!(!refused.status.success());
    let last = String::from_utf8_lossy(&refused.stderr).lines().last().unwrap_or_default().to_owned();
    assert!(last.contains("Store the list first"), "{last}");
    assert_eq!(parameter(&stack), before);

    stack.set_policy("listed.toml", &format!("{line}{}", policy()));
    let denied = Submission::of(&std::fs::read_to_string(&csr).unwrap());
    portal.submit(&denied).await.problem(422, "weak_key");
    // Validate, Persist, AwaitApproval and Sign look into it, each under its own role.
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    portal.decide(&link, "approve", "").await.expect(200);
    portal.until(&asked, "delivered").await;

    // Without its list, the policy grants nothing.
    let object = format!("policy/{}.keys", line.split('"').nth(1).unwrap());
    stack.aws(&["s3api", "delete-object", "--bucket", stack.endpoint("bucket"), "--key", &object]);
    let other = Submission::of(&csr_for(&[&unique_host()]));
    portal.submit(&other).await.problem(503, "try_again");
    assert!(stack.countersign(&["policy", "deny-keys", &digests, &key]).status.success());
    portal.submit(&other).await.expect(202);
    stack.set_policy("initial.toml", &policy());
}
