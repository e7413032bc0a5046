//! The operator's command for standing approvals, and the weekly mail about them.

use aws_sdk_sqs::config::Region;
use end_to_end::{Asked, PATIENCE, PkiDir, Stack, eventually, needed};
use housekeeping::looks_at_standing;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use workflow::aws::{DynamoRequests, DynamoStanding};
use workflow::ids::RequestId;
use workflow::ports::{Requests as _, Saved, StandingApprovals as _};
use workflow::request::Status;
use workflow::standing::StandingTerms;
use workflow::store::count_use;
use workflow::testing::fixtures::standing_policy;
use workflow::testing::{InMemoryBackend, sdk_at};

use crate::certificates::issue;

const TERMS: &str = r#"{"kind":"grant","names":["www.example.com"],"days":30,"certificates":3}"#;

/// Puts a standing approval into the tables of the stack, approved eight days ago, under which this certificate was counted.
async fn put_grant(stack: &Stack, id: RequestId, asked: &Asked) {
    let backend = InMemoryBackend::new();
    backend.set_policy(&standing_policy());
    backend.set_now(OffsetDateTime::now_utc() - Duration::days(8));
    backend.put_grant(id, StandingTerms::read(TERMS).unwrap(), Status::Delivered);
    let region = Region::new(stack.endpoint("region").to_owned());
    let sdk = sdk_at(stack.endpoint("awsEndpoint")).into_builder().region(region).build();
    let requests = DynamoRequests::new(&sdk, stack.endpoint("requestsTable"), stack.endpoint("auditTable"));
    let table = DynamoStanding::new(&sdk, stack.endpoint("grantsTable"));
    let row = backend.request(id).unwrap();
    assert_eq!(requests.create(&row, &backend.audit(id)).await.unwrap(), Saved::Yes);
    assert_eq!(table.create(&backend.standing(id).unwrap()).await.unwrap(), Saved::Yes);
    let now = OffsetDateTime::now_utc();
    count_use(&table, id, asked.id.parse().unwrap(), &backend.policy(), now).await.unwrap();
    let grant = json!({ ":grant": { "S": id.to_string() } }).to_string();
    let key = json!({ "id": { "S": asked.id } }).to_string();
    let update = ["dynamodb", "update-item", "--table-name", stack.endpoint("requestsTable"), "--key", &key];
    let name = [
        "--update-expression",
        "SET #grant = :grant",
        "--expression-attribute-names",
        "{\"#grant\":\"grant\"}",
    ];
    stack.aws(&[&update[..], &name, &["--expression-attribute-values", &grant]].concat());
}

/// Housekeeping finds a standing approval whose statement is due, and notify mails it.
pub(crate) async fn stated(stack: &Stack, asked: &Asked) {
    let now = OffsetDateTime::now_utc();
    // The second one in case that the next turn begins meanwhile.
    let ids = [now, now + Duration::minutes(5)].map(|at| {
        let mut some = std::iter::repeat_with(RequestId::random);
        some.find(|id| looks_at_standing(*id, at)).expect("one of eleven is looked at")
    });
    for id in ids {
        put_grant(stack, id, asked).await;
    }
    stack.housekeeping();
    eventually("a statement", PATIENCE, async || {
        ids.iter().any(|id| stack.row(&id.to_string()).to_string().contains("statement/1")).then_some(())
    })
    .await;
}

fn listed(stack: &Stack, id: RequestId, more: &[&str]) -> Option<Value> {
    let all = stack.countersign_json(&[&["grants", "list", "--json"], more].concat());
    all.as_array().unwrap().iter().find(|one| one["id"] == id.to_string()).cloned()
}

/// Runs the command, and returns what it printed: standard output if it succeeds, else the error.
fn said(stack: &Stack, arguments: &[&str]) -> Result<String, String> {
    let output = stack.countersign(arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

#[tokio::test]
async fn a_standing_approval_is_shown_reported_and_ended_with_its_certificates() {
    let Some([openssl]) = needed([("openssl", "openssl")]) else { return };
    // The row of the standing approval is made by hand, so its history is not that of its trail: not on the shared stack, whose
    // trails others verify.
    let (stack, dir) = (&Stack::start("grants").await, PkiDir::new());
    let ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    let asked = issue(stack, &dir, &openssl, &ec, "www.example.com", &[], "server").await;
    let id = RequestId::random();
    put_grant(stack, id, &asked).await;
    let whole = id.to_string();

    let line = listed(stack, id, &[]).expect("it is in the list");
    assert_eq!((&line["used"], &line["most"]), (&json!(1), &json!(3)));
    let shown = said(stack, &["grants", "show", &whole[..13]]).unwrap();
    let serial = stack.row(&asked.id)["serial"].as_str().unwrap().to_owned();
    assert!(shown.contains(&serial) && shown.contains("valid") && shown.contains(&asked.id), "{shown}");

    // As housekeeping asks for it.
    let queue = stack.endpoints()["queues"]["notify"].as_str().unwrap();
    let order = json!({ "requestId": whole, "occasion": "statement/1" }).to_string();
    for _ in 0..2 {
        stack.aws_json(&["sqs", "send-message", "--queue-url", queue, "--message-body", &order]);
    }
    let mail = stack.mailbox().mail(&whole, "requester@example.com", "A certificate was issued").await;
    assert!(mail.text.contains(&serial) && mail.text.contains("1 of 3"), "{}", mail.text);

    let end = ["grants", "end", &whole, "--reason", "The shop closes.", "--revoke"];
    assert!(said(stack, &end).unwrap_err().contains("add --yes"));
    let ended = said(stack, &[&end[..], &["--yes"]].concat()).unwrap();
    assert!(ended.contains("Nothing more is signed under it."), "{ended}");
    assert!(ended.contains(&format!("Revoked the certificate of request {}.", asked.id)), "{ended}");
    let row = eventually("the certificate to be revoked", PATIENCE, async || {
        let row = stack.row(&asked.id);
        (row["status"] == "revoked").then_some(row)
    })
    .await;
    let revocation = &row["revocation"];
    assert_eq!([&revocation["reason"], &revocation["comment"]], ["cessationOfOperation", "The shop closes."]);
    let again = said(stack, &[&end[..], &["--yes"]].concat()).unwrap();
    assert!(again.contains("was ended already") && again.contains("1 revoked before"), "{again}");
    assert_eq!(listed(stack, id, &[]), None);
    assert_eq!(listed(stack, id, &["--all"]).unwrap()["state"], "ended");
    let trail = said(stack, &["audit", "export", &whole]).unwrap();
    assert_eq!(trail.matches("\"grant_ended\"").count(), 1, "{trail}");
    assert!(!trail.contains("The shop closes."), "{trail}");
    let mails = stack.mailbox().about(&whole);
    assert_eq!(mails.iter().filter(|mail| mail.subject.starts_with("A certificate was issued")).count(), 1);

    let unknown = said(stack, &["grants", "show", &asked.id]).unwrap_err();
    assert!(unknown.contains("asks for no standing approval"), "{unknown}");
}
