//! Passkeys: set up and used in a browser, by a program, and by somebody who stole the portal.

use std::collections::BTreeMap;

use end_to_end::{
    Asked, Axe, Browser, PATIENCE, Stack, Submission, csr_for, eventually, needed, unique_host,
};
use serde_json::{Value, json};
use workflow::approval::BaseUrl;
use workflow::approval::passkey::VoteMeaning;
use workflow::decision::{ApprovalDigest, Decision, ReviewDigest};
use workflow::testing::passkeys::PasskeyHolder;

use crate::looked_at::{looked_at, looked_at_in_japanese};

/// The approvers of the profile `proven`.
const IN_BROWSER: &str = "keyholder@example.com";
const BY_PROGRAM: &str = "holder2@example.com";

fn base_url(stack: &Stack) -> BaseUrl {
    BaseUrl::parse(stack.endpoint("portal")).unwrap()
}

async fn ask(stack: &Stack, approver: &str) -> (Asked, String) {
    let submission = Submission::of(&csr_for(&[&unique_host()])).with_profile("proven");
    let asked = stack.portal().ask(&submission).await;
    let link = stack.mailbox().approval_link(&asked, approver).await;
    (asked, link)
}

/// The code of the latest mail to an address that this one does not have.
pub(crate) async fn code(stack: &Stack, address: &str, before: &[String]) -> String {
    eventually("the mail with the code", PATIENCE, async || {
        let mut codes = codes(stack, address).into_iter().filter(|code| !before.contains(code));
        codes.next()
    })
    .await
}

pub(crate) fn codes(stack: &Stack, address: &str) -> Vec<String> {
    let mails = stack.mailbox().to(address);
    let mails = mails.iter().filter(|mail| mail.subject.contains("Code for your new passkey"));
    let is_code = |word: &&str| word.len() == 19 && word.matches('-').count() == 3;
    mails.filter_map(|mail| mail.text.split_whitespace().find(is_code).map(str::to_owned)).collect()
}

fn has_passkey(stack: &Stack, credential: &str) -> bool {
    let all = stack.countersign_json(&["people", "list", "--json"]);
    all.as_array().unwrap().iter().any(|one| one["credentialId"] == credential)
}

/// Makes a passkey and types the code from the mail, as a program does. Returns the answer.
async fn confirm(stack: &Stack, link: &str, holder: &PasskeyHolder) -> Value {
    let (client_data, attestation) = holder.answer(&base_url(stack));
    let body =
        json!({"clientDataJSON": client_data.to_string(), "attestationObject": attestation.to_string()});
    let before = codes(stack, holder.address.as_str());
    let begun = stack.portal().post(link, &body).await.expect(202).json();
    assert_eq!(begun["needs"], "code");
    let code = code(stack, holder.address.as_str(), &before).await;
    let body = json!({"enrolment": begun["enrolment"], "code": code});
    stack.portal().post(link, &body).await.expect(202).json()
}

/// Waits until Sign has added the passkey.
async fn is_added(stack: &Stack, holder: &PasskeyHolder) {
    let credential = holder.enrolment().credential_id.to_string();
    eventually("the passkey to be added", PATIENCE, async || has_passkey(stack, &credential).then_some(()))
        .await;
}

/// An approval with the signature of a passkey.
async fn signed_approval(stack: &Stack, link: &str, asked: &Asked, holder: &PasskeyHolder) -> Value {
    let review = stack.portal().json(link).await.expect(200).json();
    let digest = ReviewDigest::from_text(review["digest"].as_str().unwrap());
    let meaning = VoteMeaning {
        base_url: &base_url(stack),
        request_id: asked.id.parse().unwrap(),
        binds: &ApprovalDigest::from_text(review["approvalDigest"].as_str().unwrap()),
        decision: Decision::Approve,
        reason: None,
    };
    let evidence = holder.evidence(&meaning, &digest);
    json!({
        "decision": "approve", "digest": digest, "nonce": evidence.nonce,
        "credential": evidence.credential_id, "authenticatorData": evidence.authenticator_data,
        "clientDataJSON": evidence.client_data_json, "signature": evidence.signature,
    })
}

/// A new passkey, and a certificate that it approves.
pub(crate) async fn by_program(stack: &Stack) {
    let (asked, link) = ask(stack, BY_PROGRAM).await;
    remove(stack, BY_PROGRAM);
    let holder = PasskeyHolder::new(BY_PROGRAM);
    assert_eq!(confirm(stack, &link, &holder).await["needs"], "nothing");
    is_added(stack, &holder).await;
    let vote = signed_approval(stack, &link, &asked, &holder).await;
    stack.portal().post(&link, &vote).await.expect(200);
    stack.portal().until(&asked, "delivered").await;
}

/// Removes the passkeys of a person: otherwise one more would need a vouch.
fn remove(stack: &Stack, address: &str) {
    let _ = stack.countersign(&["people", "remove", address, "--yes"]);
}

#[tokio::test]
async fn an_approver_sets_a_passkey_up_in_a_browser_and_signs_the_decision() {
    let Some(programs) = needed([("chromium", "chromium"), ("chromedriver", "chromium-driver")]) else {
        return;
    };
    let Some(axe) = Axe::installed() else { return };
    let stack = Stack::shared().await;
    let (asked, link) = ask(stack, IN_BROWSER).await;
    let browser = Browser::start(&programs, true).await;
    browser.add_authenticator().await;
    let mut wrong = Vec::new();
    let mut check = async |name: &str| {
        wrong.extend(looked_at(&axe, &browser, name, "en").await);
        if READ.contains(&name) {
            wrong.extend(looked_at_in_japanese(&axe, &browser, name).await);
        }
    };

    browser.page.goto(&link).await.unwrap();
    browser.element("main h1").await;
    check("review-without-passkey").await;
    browser.leave(".actions a.button").await;
    browser.element("form[data-passkey=new]").await;
    check("passkey-new").await;
    browser.leave("form[data-passkey=new] button").await;
    browser.element("#code").await;
    check("passkey-code").await;
    browser.fill("#code", "0000-0000-0000-0000").await;
    browser.leave("main form button").await;
    browser.element(".error[role=alert]").await;
    check("passkey-code-wrong").await;
    browser.fill("#code", &code(stack, IN_BROWSER, &[]).await).await;
    browser.leave("main form button").await;
    browser.element(".banner.good").await;
    check("passkey-done").await;
    // The page of the link, once Sign has added the passkey.
    eventually("the review to ask for a signature", PATIENCE, async || {
        browser.page.goto(&link).await.unwrap();
        browser.element("main h1").await;
        let signs = "return document.querySelector('form[data-passkey=vote]') !== null";
        (browser.page.execute(signs, vec![]).await.unwrap() == json!(true)).then_some(())
    })
    .await;
    check("review-with-passkey").await;
    browser.fill("#reason", " Checked with the team.\n").await;
    browser.leave("button[value=approve]").await;
    browser.element(".banner.good").await;
    stack.portal().until(&asked, "delivered").await;

    // A second passkey, for which the first one vouches.
    let second = PasskeyHolder::new(IN_BROWSER);
    let before = codes(stack, IN_BROWSER);
    let confirmed = confirm(stack, &link, &second).await;
    assert_eq!(confirmed["needs"], "own-or-others");
    let vouch = confirmed["vouchLink"].as_str().unwrap();
    // The page of the person and that of the one who vouches show the same fingerprint.
    browser.page.goto(&link).await.unwrap();
    browser.element("main h1").await;
    let typed = json!({"enrolment": confirmed["enrolment"], "code": code(stack, IN_BROWSER, &before).await});
    browser.page.execute(SUBMIT, vec![typed]).await.unwrap();
    let fingerprint = browser.element("main dd code").await.text().await.unwrap();
    check("passkey-vouch").await;
    browser.page.goto(vouch).await.unwrap();
    browser.element("#address").await;
    check("vouch-address").await;
    browser.page.goto(&format!("{vouch}&address={IN_BROWSER}")).await.unwrap();
    browser.element("form[data-passkey=vouch]").await;
    assert_eq!(browser.element("main dd code").await.text().await.unwrap(), fingerprint);
    check("vouch").await;
    browser.leave("form[data-passkey=vouch] button").await;
    browser.element(".banner.good").await;
    check("vouch-done").await;
    is_added(stack, &second).await;
    browser.close().await;
    assert!(wrong.is_empty(), "{wrong:#?}");

    let verified = stack.countersign(&["approvals", "verify", &asked.id]);
    let told = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(verified.status.success(), "{told}{}", String::from_utf8_lossy(&verified.stderr));
    assert!(told.contains("signed by passkey"), "{told}");
    let row = stack.row(&asked.id);
    let vote = &row["decision"]["votes"][0];
    assert_eq!(vote["reason"], "Checked with the team.");
    altered(stack, &asked);
}

/// A row whose reason was altered is found by `approvals verify`.
fn altered(stack: &Stack, asked: &Asked) {
    let key = json!({ "id": { "S": asked.id } }).to_string();
    let update = ["dynamodb", "update-item", "--table-name", stack.endpoint("requestsTable"), "--key", &key];
    let set = |reason: &str| {
        let values = json!({ ":reason": { "S": reason } }).to_string();
        let what = ["--update-expression", "SET decision.votes[0].reason = :reason"];
        stack.aws(&[&update[..], &what, &["--expression-attribute-values", &values]].concat());
    };
    set("Another reason.");
    let verified = stack.countersign(&["approvals", "verify", &asked.id]);
    assert!(!verified.status.success());
    assert!(String::from_utf8_lossy(&verified.stderr).contains("not proven"));
    // Other tests verify every row.
    set("Checked with the team.");
}

/// Sends a form with these fields to the open page.
const SUBMIT: &str = "const form = document.body.appendChild(document.createElement('form'));
    form.method = 'post';
    for (const [name, value] of Object.entries(arguments[0])) {
        Object.assign(form.appendChild(document.createElement('input')), { name, value });
    }
    form.submit();";

/// The pages that a GET brings, which can be read again in another language.
const READ: [&str; 5] =
    ["review-without-passkey", "passkey-new", "review-with-passkey", "vouch-address", "vouch"];

#[tokio::test]
async fn a_passkey_is_set_up_and_used_by_a_program() {
    let stack = Stack::shared().await;
    by_program(stack).await;
    whoever_has_the_roles_of_portal_and_await_approval_gets_nothing_signed(stack).await;
}

/// The attacker has the roles of the portal and of await-approval, with all that they may write.
async fn whoever_has_the_roles_of_portal_and_await_approval_gets_nothing_signed(stack: &Stack) {
    let (portal, await_approval) = (Stolen::role(stack, "Portal"), Stolen::role(stack, "AwaitApproval"));
    // A passkey of the attacker's own.
    let mallory = PasskeyHolder::new(BY_PROGRAM);
    let passkey = mallory.passkey(time::OffsetDateTime::now_utc());
    let item = json!({
        "person": { "S": passkey.person }, "item": { "S": format!("passkey#{}", passkey.credential_id) },
        "credentialId": { "S": passkey.credential_id }, "publicKey": { "S": passkey.public_key },
        "counter": { "N": "0" }, "addedAt": { "S": "2026-01-01T00:00:00Z" },
    })
    .to_string();
    let put = ["dynamodb", "put-item", "--table-name", stack.endpoint("peopleTable"), "--item", &item];
    for role in [&portal, &await_approval] {
        let refused = role.aws(stack, &put);
        assert!(refused.contains("AccessDenied"), "{}: {refused}", role.name);
    }
    for evidence in [false, true] {
        let (asked, link) = ask(stack, BY_PROGRAM).await;
        let vote = signed_approval(stack, &link, &asked, &mallory).await;
        let review = stack.portal().json(&link).await.expect(200).json();
        let mut forged = json!({
            "M": {
                "approver": { "S": BY_PROGRAM }, "decision": { "S": "approve" },
                "at": { "S": "2026-01-01T00:00:00Z" },
            }
        });
        if evidence {
            forged["M"]["evidence"] = json!({ "M": {
                "credentialId": { "S": vote["credential"] }, "nonce": { "S": vote["nonce"] },
                "reviewDigest": { "S": vote["digest"] }, "signature": { "S": vote["signature"] },
                "authenticatorData": { "S": vote["authenticatorData"] },
                "clientDataJson": { "S": vote["clientDataJSON"] },
            } });
        }
        assert_eq!(review["identity"], "passkey");
        let key = json!({ "key": { "S": format!("request#{}", asked.id) } }).to_string();
        let values = json!({
            ":votes": { "L": [forged] }, ":outcome": { "S": "approved" }, ":at": { "S": "2026-01-01T00:00:00Z" },
            ":one": { "N": "1" },
        })
        .to_string();
        let update =
            ["dynamodb", "update-item", "--table-name", stack.endpoint("approvalsTable"), "--key", &key];
        let set = "SET votes = :votes, outcome = :outcome, decidedAt = :at, version = version + :one";
        let what = ["--update-expression", set, "--expression-attribute-values", &values];
        let said = portal.aws(stack, &[&update[..], &what].concat());
        assert!(!said.contains("error"), "the portal may write approvals: {said}");
        let queue = stack.endpoints()["queues"]["await-approval"].as_str().unwrap();
        let message = json!({ "requestId": asked.id }).to_string();
        let send = ["sqs", "send-message", "--queue-url", queue, "--message-body", &message];
        let said = portal.aws(stack, &send);
        assert!(said.contains("MessageId"), "the portal may wake await-approval: {said}");
        // Without evidence the vote does not count; evidence that is wrong is an alarm for operators.
        stack.portal().until(&asked, if evidence { "failed" } else { "refused" }).await;
        let row = stack.row(&asked.id);
        assert_eq!(row["serial"], Value::Null, "evidence {evidence}: {row:#}");
    }
}

/// Credentials of a worker's role.
struct Stolen {
    name: &'static str,
    credentials: Value,
}

impl Stolen {
    fn role(stack: &Stack, name: &'static str) -> Self {
        let stack_name = stack.endpoint("stack");
        let logical = format!("{name}Role");
        let described = stack.aws_json(&[
            "cloudformation",
            "describe-stack-resource",
            "--stack-name",
            stack_name,
            "--logical-resource-id",
            &logical,
        ]);
        let role = described["StackResourceDetail"]["PhysicalResourceId"].as_str().unwrap().to_owned();
        let arn = stack.aws_json(&["iam", "get-role", "--role-name", &role]);
        let arn = arn["Role"]["Arn"].as_str().unwrap().to_owned();
        let assume = ["sts", "assume-role", "--role-arn", &arn, "--role-session-name", "stolen"];
        Self { name, credentials: stack.aws_json(&assume)["Credentials"].clone() }
    }

    /// Runs the AWS command line with the credentials; returns all that it says.
    fn aws(&self, stack: &Stack, arguments: &[&str]) -> String {
        let text = |field: &str| self.credentials[field].as_str().unwrap();
        let credentials = BTreeMap::from([
            ("AWS_ACCESS_KEY_ID", text("AccessKeyId")),
            ("AWS_SECRET_ACCESS_KEY", text("SecretAccessKey")),
            ("AWS_SESSION_TOKEN", text("SessionToken")),
        ]);
        let output = stack.aws_as(credentials, arguments);
        let said = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&said).into_owned()
    }
}
