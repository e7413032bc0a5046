//! Certificates under a standing approval: signed without asking anybody, and never more than were approved.
//!
//! These tests write the rows that sign and intake would write; `credentials` has the way from the form on.

use std::collections::BTreeSet;

use end_to_end::{PATIENCE, PkiDir, Stack, csr_for, eventually, files_in_zip, unique_host};
use futures_util::future::join_all;
use serde_json::{Value, json};
use time::OffsetDateTime;
use workflow::approval::standing::{StandingApproval, StandingError};
use workflow::approval::{LinkGiven, LinkSecret};
use workflow::aws::DynamoStanding;
use workflow::ids::RequestId;
use workflow::policy::Policy;
use workflow::request::Status;
use workflow::request::audit::{Actor, Origin};
use workflow::store::{UpdateError, count_use};
use workflow::testing::fixtures::standing_policy;
use workflow::testing::item::item;
use workflow::testing::{InMemoryBackend, sdk_at};

/// Terms for every test host, and so many certificates.
fn terms(certificates: u32) -> String {
    format!(r#"{{"kind":"grant","names":[".example.com"],"days":30,"certificates":{certificates}}}"#)
}

/// Writes a row into a table of the stack.
fn put(stack: &Stack, table: &str, row: &Value) {
    let put = ["dynamodb", "put-item", "--table-name", stack.endpoint(table), "--item", &row.to_string()];
    stack.aws(&put);
}

fn put_approval(stack: &Stack, approval: &StandingApproval) {
    put(stack, "grantsTable", &item(approval, &[("item", "approval")]));
}

/// A backend with the policy and the clock of the stack.
fn backend() -> std::sync::Arc<InMemoryBackend> {
    let backend = InMemoryBackend::new();
    backend.set_policy(&standing_policy());
    backend.set_now(OffsetDateTime::now_utc());
    backend
}

/// Puts a standing approval into the stack, as sign does, with so many counted certificates.
pub(crate) fn add_standing_approval(stack: &Stack, terms: &str, counted: usize) -> StandingApproval {
    let backend = backend();
    let mut approval = backend.standing_approval(terms);
    for _ in 0..counted {
        let at = approval.from();
        let counted = approval.count(RequestId::random(), &backend.policy(), at).unwrap();
        let key = format!("use#{}", counted.request_id);
        put(stack, "grantsTable", &item(&counted, &[("item", &key)]));
    }
    put_approval(stack, &approval);
    approval
}

/// Puts a request under a standing approval into the stack, as intake does, and starts its execution. Returns its id.
fn ask_under(stack: &Stack, approval: &StandingApproval) -> String {
    let csr = csr_for(&[&unique_host()]);
    let row = backend().unsaved_under_at(approval.id(), &csr, Status::Submitted);
    let id = row.id().to_string();
    let machine = stack.endpoint("stateMachineArn");
    let arn = format!("{}:{id}", machine.replacen(":stateMachine:", ":execution:", 1));
    let mut row = row.run_as(arn);
    let by = Origin::caller(Actor::requester(row.email()), None);
    for event in row.take_events(&by) {
        put(stack, "auditTable", &item(&event, &[]));
    }
    put(stack, "requestsTable", &item(&row, &[]));
    let input = json!({ "requestId": id }).to_string();
    let start =
        ["stepfunctions", "start-execution", "--state-machine-arn", machine, "--name", &id, "--input"];
    stack.aws(&[&start[..], &[&input]].concat());
    id
}

async fn until(stack: &Stack, id: &str, status: &str) -> Value {
    eventually(&format!("{id} to be {status}"), PATIENCE, async || {
        let row = stack.row(id);
        assert!(row["status"] == status || row["status"] != "failed", "{row:#}");
        (row["status"] == status).then_some(row)
    })
    .await
}

/// The zip of a request, by the link of the answer to whoever sent it.
async fn zip(stack: &Stack, id: &str) -> Vec<u8> {
    let get = ["secretsmanager", "get-secret-value", "--secret-id", stack.endpoint("linkSecret")];
    let secret = stack.aws_json(&get)["SecretString"].as_str().unwrap().to_owned();
    let key = LinkSecret::new(&secret).unwrap().status_key(id.parse().unwrap(), LinkGiven::InAnswer);
    let portal = stack.portal();
    let page = portal.get(&format!("requests/{id}?key={}", key.expose()), "text/html").await.expect(200);
    assert!(page.text().contains("It wasn't sent by e-mail"), "{}", page.text());
    portal.get(&format!("requests/{id}/certificate.zip?key={}", key.expose()), "*/*").await.expect(200).body
}

fn said(stack: &Stack, arguments: &[&str]) -> (bool, String) {
    let output = stack.countersign(arguments);
    let text = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned();
    (output.status.success(), text)
}

#[tokio::test]
async fn a_certificate_under_a_standing_approval_asks_nobody_and_mails_nobody() {
    let stack = Stack::start("standing").await;
    let approval = add_standing_approval(&stack, &terms(2), 0);
    let ids = [ask_under(&stack, &approval), ask_under(&stack, &approval)];
    for id in &ids {
        let row = until(&stack, id, "delivered").await;
        let history =
            row["history"].as_array().unwrap().iter().map(|entry| entry["status"].as_str().unwrap());
        assert!(history.eq(["submitted", "approved", "issued", "delivered"]), "{row:#}");
        assert_eq!((&row["mails"], &row["decision"]), (&json!({}), &Value::Null), "{row:#}");
        assert!(stack.mailbox().about(id).is_empty());
        let (whole, text) = said(&stack, &["audit", "verify", id]);
        assert!(whole, "{text}");
        let (_, trail) = said(&stack, &["audit", "export", id]);
        let covered = format!("\"detail\":\"{}\"", approval.id());
        assert_eq!(trail.matches("\"covered\"").count(), 1, "{trail}");
        assert!(trail.contains(&covered), "{trail}");
    }
    // What the requester, or the machine, downloads has a receipt about the approval of the terms.
    let zip = zip(&stack, &ids[0]).await;
    let receipt = files_in_zip(&zip).into_iter().find(|(name, _)| name == "receipt.json").unwrap().1;
    let receipt: Value = serde_json::from_slice(&receipt).unwrap();
    assert_eq!(receipt["approval"]["standing"], json!(approval.id().to_string()));
    assert_eq!(receipt["approval"]["digest"], json!(approval.digest().to_string()));
    let folder = PkiDir::new();
    let file = folder.write("certificate.zip", &zip).display().to_string();
    let (right, text) = said(&stack, &["receipt", "verify", &file]);
    assert!(right && text.contains(&format!("the standing approval {}", approval.id())), "{text}");
    let (agrees, text) = said(&stack, &["log", "audit"]);
    assert!(agrees && text.contains("2 entries"), "{text}");

    // All are counted: the third is refused, and the requester is told why.
    let third = ask_under(&stack, &approval);
    let row = until(&stack, &third, "refused").await;
    assert_eq!(row["code"], "grant_used_up", "{row:#}");
    stack.mailbox().mail(&third, row["email"].as_str().unwrap(), "").await;
    // An operator ends another one.
    let mut ended = add_standing_approval(&stack, &terms(2), 0);
    ended.end(&Actor::operator("olivia"), "A server was stolen.", OffsetDateTime::now_utc());
    put_approval(&stack, &ended);
    let row = until(&stack, &ask_under(&stack, &ended), "refused").await;
    assert_eq!(row["code"], "grant_over", "{row:#}");

    // A use that is removed, so that another certificate could be signed, is found.
    let key = json!({ "id": { "S": approval.id().to_string() }, "item": { "S": format!("use#{}", ids[1]) } });
    let delete = ["dynamodb", "delete-item", "--table-name", stack.endpoint("grantsTable"), "--key"];
    stack.aws(&[&delete[..], &[&key.to_string()]].concat());
    let (agrees, text) = said(&stack, &["log", "audit"]);
    assert!(!agrees && text.contains("was not counted under the standing approval"), "{text}");
}

#[tokio::test]
async fn a_race_for_a_standing_approval_never_exceeds_its_number_on_the_wire() {
    let stack = Stack::shared().await;
    let id = add_standing_approval(stack, &terms(7), 0).id();
    let table = DynamoStanding::new(&sdk_at(stack.endpoint("awsEndpoint")), stack.endpoint("grantsTable"));
    let policy = Policy::parse(&standing_policy()).unwrap();
    let count = async |request: RequestId| {
        loop {
            match count_use(&table, id, request, &policy, OffsetDateTime::now_utc()).await {
                Err(UpdateError::Port(_)) => {}
                Ok((_, counted)) => return Some(counted.number),
                Err(UpdateError::Rejected(StandingError::UsedUp)) => return None,
                Err(error) => panic!("{error:?}"),
            }
        }
    };
    let requests: Vec<RequestId> = (0..50).map(|_| RequestId::random()).collect();
    let counted = join_all(requests.iter().map(|request| count(*request))).await;
    let numbers: BTreeSet<u32> = counted.iter().flatten().copied().collect();
    assert_eq!((numbers, counted.iter().flatten().count()), ((1..=7).collect(), 7));
    // Each message comes again.
    let again = join_all(requests.iter().map(|request| count(*request))).await;
    assert_eq!(again, counted);
}
