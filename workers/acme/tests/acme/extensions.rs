//! Names outside a standing approval, with the real intake: the extension is asked for once, and works once it is approved.

use std::sync::Arc;

use acme::filing::ExtensionFiling;
use pki::testing::csr;
use serde_json::json;
use time::Duration;
use workflow::acme::{OTHER_NAMES_PAUSE, SAME_NAMES_PAUSE};
use workflow::ids::RequestId;
use workflow::ports::{AcmeStore as _, Clock as _, StandingApprovals as _};
use workflow::request::audit::{Actor, EventKind};
use workflow::request::{Request, Status};
use workflow::standing::RequestKind;
use workflow::testing::FaultPoint;
use workflow::testing::fixtures::standing_policy;

use crate::intake::intake;
use crate::stand::{BASE, Client, Reply, Stand, TERMS, identifiers, is};

/// A policy whose requesters need not confirm.
fn unproven_policy() -> String {
    standing_policy().replace("requesters = \"mail\"", "requesters = \"none\"")
}

/// A stand with the real filing of extensions.
fn stand_with(policy: &str) -> Stand {
    let mut stand = Stand::new();
    stand.backend.set_policy(policy);
    let requests = intake(&stand);
    stand.server.intake = requests.clone();
    stand.server.extensions = Some(Arc::new(ExtensionFiling { requests, store: stand.backend.clone() }));
    stand
}

fn stand() -> Stand {
    stand_with(&unproven_policy())
}

fn standing_of(stand: &Stand) -> RequestId {
    stand.backend.acme_accounts()[0].standing()
}

/// The requests of extensions.
fn filed(stand: &Stand) -> Vec<Request> {
    let rows = stand.backend.requests();
    rows.into_iter().filter(|row| row.terms().is_some_and(|terms| terms.extends().is_some())).collect()
}

/// The only request of an extension.
fn the_filed(stand: &Stand) -> Request {
    let mut all = filed(stand);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// The detail of a refusal for names outside.
async fn refused(stand: &Stand, client: &Client, names: &[&str]) -> String {
    detail(&client.try_order(stand, names).await)
}

fn detail(reply: &Reply) -> String {
    assert_eq!(reply.problem(), is(403, "rejectedIdentifier"), "{reply:?}");
    reply.json()["detail"].as_str().unwrap().to_owned()
}

/// Decides about a request of an extension.
fn decide(stand: &Stand, id: RequestId, status: Status) {
    let terms = stand.backend.request(id).unwrap().terms().unwrap().clone();
    stand.backend.put_grant(id, terms, status);
}

#[tokio::test]
async fn the_terms_of_now_and_the_new_names_are_asked_for_once_on_behalf_of_the_requester() {
    let stand = stand();
    let client = stand.client().await;
    let standing = standing_of(&stand);
    for names in [["shop.example.com", "www.example.com"], ["www.example.com", "shop.example.com"]] {
        for _ in 0..3 {
            let reply = client.try_order(&stand, &names).await;
            let request = the_filed(&stand);
            let said = detail(&reply);
            assert!(said.starts_with("\"shop.example.com\": not in the standing approval"), "{said}");
            assert!(said.contains(&format!("request {}: its status is submitted", request.id())), "{said}");
            let subproblems = reply.json()["subproblems"].clone();
            assert_eq!(subproblems.as_array().unwrap().len(), 1, "{subproblems}");
            assert_eq!(subproblems[0]["identifier"]["value"], "shop.example.com");
            let about = subproblems[0]["detail"].as_str().unwrap();
            assert!(about.contains(&request.id().to_string()) && about.contains("submitted"), "{about}");
        }
    }
    let (request, approval) = (the_filed(&stand), stand.backend.standing(standing).unwrap());
    let terms = request.terms().unwrap();
    assert_eq!((request.kind(), terms.extends()), (RequestKind::Grant, Some(standing)));
    assert_eq!(terms.names_beyond(approval.terms()), ["shop.example.com"]);
    assert_eq!(approval.terms().names_beyond(terms), Vec::<String>::new());
    assert_eq!(
        (terms.days(), terms.certificates()),
        (approval.terms().days(), approval.terms().certificates())
    );
    assert_eq!((request.email(), request.profile()), (approval.requester(), approval.profile()));
    assert!(request.comment().contains("shop.example.com"), "{}", request.comment());
    let event = stand.backend.audit(request.id()).remove(0);
    assert_eq!((event.event, event.actor), (EventKind::Submitted, Actor::requester(approval.requester())));
    assert_eq!(stand.backend.executions().len(), 1);
    assert!(stand.backend.acme_orders().is_empty());
}

#[tokio::test]
async fn who_is_asked_is_said_and_neither_a_key_nor_a_person() {
    let stand = stand();
    let client = stand.client().await;
    refused(&stand, &client, &["shop.example.com"]).await;
    let id = the_filed(&stand).id();
    decide(&stand, id, Status::PendingApproval);
    let said = client.try_order(&stand, &["shop.example.com"]).await.body;
    let approvers = stand
        .backend
        .policy()
        .profile(None)
        .unwrap()
        .approver_set_for(&"requester@example.com".parse().unwrap());
    let count = approvers.unwrap().quorums[0].members.len();
    let waits =
        format!("its status is pending_approval: it waits for 1 of {count} approvers, until 2026-01-08");
    assert!(said.contains(&waits), "{said}");
    assert!(!said.contains('@') && !said.contains("key=") && !said.contains("/requests/"), "{said}");
}

#[tokio::test]
async fn the_next_run_succeeds_once_the_extension_is_approved() {
    let stand = stand();
    let client = stand.client().await;
    let standing = standing_of(&stand);
    let names = ["shop.example.com", "www.example.com"];
    refused(&stand, &client, &names).await;
    let extension = the_filed(&stand).id();
    decide(&stand, extension, Status::Delivered);
    let (order, _) = client.order(&stand, &names).await;
    let csr = csr(&names);
    client.finalize(&stand, &order, &csr).await;
    let row = &stand.backend.acme_orders()[0];
    let request = stand.backend.request(row.request_id()).unwrap();
    // Sign holds the certificate against the one that has its names.
    assert_eq!((row.standing(), request.standing()), (extension, Some(extension)));
    stand.signer.sign(request.id());
    assert_eq!(client.read(&stand, &order).await.json()["status"], "valid");
    // Names of before go on under the one of before, while it lasts, and then under the extension.
    client.order(&stand, &["www.example.com"]).await;
    let orders = stand.backend.acme_orders();
    assert!(orders.iter().any(|order| order.standing() == standing), "{orders:?}");
    let altered = stand.backend.standing(standing).unwrap().altered(|row| row["used"] = 400.into());
    stand.backend.put_standing(altered);
    client.order(&stand, &["www.example.com"]).await;
    let under = stand.backend.acme_orders();
    assert_eq!(under.iter().filter(|order| order.standing() == extension).count(), 2, "{under:?}");
}

#[tokio::test]
async fn an_extension_is_extended_with_the_names_of_both() {
    let stand = stand();
    let client = stand.client().await;
    let standing = standing_of(&stand);
    refused(&stand, &client, &["shop.example.com"]).await;
    let first = the_filed(&stand).id();
    decide(&stand, first, Status::Delivered);
    refused(&stand, &client, &["shop.example.com", "mail.example.com"]).await;
    let second = filed(&stand).into_iter().find(|row| row.id() != first).unwrap();
    let terms = second.terms().unwrap();
    assert_eq!(terms.extends(), Some(standing), "accounts are bound to that one");
    let base = stand.backend.standing(standing).unwrap();
    assert_eq!(terms.names_beyond(base.terms()), ["mail.example.com", "shop.example.com"]);
    // Until it is decided, and if it is rejected, the first one goes on.
    client.order(&stand, &["shop.example.com"]).await;
    decide(&stand, second.id(), Status::Rejected);
    client.order(&stand, &["shop.example.com"]).await;
    assert!(stand.backend.acme_orders().iter().all(|order| order.standing() == first));
}

#[tokio::test]
async fn one_extension_is_open_at_a_time() {
    let stand = stand();
    let (client, other) = (stand.client().await, stand.client().await);
    refused(&stand, &client, &["shop.example.com", "mail.example.com"]).await;
    let id = the_filed(&stand).id();
    let part = refused(&stand, &client, &["shop.example.com"]).await;
    assert!(part.contains(&format!("is asked for by request {id}")), "{part}");
    for number in 0..20 {
        let said = refused(&stand, &client, &[&format!("h{number}.example.com")]).await;
        assert!(said.contains("for other names") && said.contains(&id.to_string()), "{said}");
    }
    assert_eq!(filed(&stand).len(), 1);
    // Another standing approval is another matter.
    refused(&stand, &other, &["shop.example.com"]).await;
    assert_eq!(filed(&stand).len(), 2);
}

#[tokio::test]
async fn the_requester_confirms_where_the_policy_asks_for_it() {
    let stand = stand_with(&standing_policy());
    let client = stand.client().await;
    for _ in 0..3 {
        let said = refused(&stand, &client, &["shop.example.com"]).await;
        assert!(said.contains("its status is unconfirmed"), "{said}");
    }
    let request = the_filed(&stand);
    assert_eq!(request.status(), Status::Unconfirmed);
    assert!(stand.backend.executions().is_empty());
    assert_eq!(stand.backend.rechecks().len(), 1, "one mail");
    // Nobody confirms: it lapses, and is not asked for again at once.
    stand.backend.advance(Duration::DAY);
    let said = refused(&stand, &client, &["shop.example.com"]).await;
    assert!(said.contains("is expired") && said.contains("the same names"), "{said}");
    stand.backend.forget_request(request.id());
    let said = refused(&stand, &client, &["shop.example.com"]).await;
    assert!(said.contains("is expired"), "{said}");
    assert!(filed(&stand).is_empty() && stand.backend.rechecks().len() == 1);
}

#[tokio::test]
async fn a_rejected_extension_is_not_asked_for_again_for_a_while() {
    let stand = stand();
    let client = stand.client().await;
    refused(&stand, &client, &["shop.example.com"]).await;
    let first = the_filed(&stand).id();
    decide(&stand, first, Status::Rejected);
    let said = refused(&stand, &client, &["shop.example.com"]).await;
    let says = format!(
        "the extension of request {first} is rejected, and programs ask for the same names after 2026-01-31 12:00 UTC"
    );
    assert!(said.contains(&says) && said.contains("at https://pki.example.com/live/"), "{said}");
    let said = refused(&stand, &client, &["mail.example.com"]).await;
    assert!(said.contains("ask for others after 2026-01-02 12:00 UTC"), "{said}");
    stand.backend.advance(OTHER_NAMES_PAUSE);
    refused(&stand, &client, &["mail.example.com"]).await;
    let second = filed(&stand).into_iter().find(|row| row.id() != first).unwrap().id();
    decide(&stand, second, Status::Withdrawn);
    stand.backend.advance(SAME_NAMES_PAUSE - Duration::DAY * 2);
    let said = refused(&stand, &client, &["shop.example.com"]).await;
    assert!(said.contains(&first.to_string()), "{said}");
    stand.backend.advance(Duration::DAY);
    let said = refused(&stand, &client, &["shop.example.com"]).await;
    assert!(said.contains("is asked for by request"), "{said}");
    assert_eq!(filed(&stand).len(), 3);
}

#[tokio::test]
async fn names_that_the_policy_does_not_allow_are_refused_and_not_asked_for() {
    let stand = stand();
    let client = stand.client().await;
    let reply = client.try_order(&stand, &["shop.example.com", "shop.invalid.com"]).await;
    let said = detail(&reply);
    assert!(
        said.contains("the policy allows none that has them") && said.contains("shop.invalid.com"),
        "{said}"
    );
    let problem = reply.json();
    let about = |at: usize| problem["subproblems"][at]["detail"].as_str().unwrap().to_owned();
    assert!(about(0).ends_with("not asked for") && about(1).contains("cannot be asked for: "), "{problem}");
    assert!(filed(&stand).is_empty());
    assert!(stand.backend.acme_extensions(standing_of(&stand)).is_none());
}

#[tokio::test]
async fn more_names_than_approvers_read_are_not_asked_for() {
    let stand = stand();
    let client = stand.client().await;
    let names: Vec<String> = (0..98).map(|number| format!("h{number}.example.com")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let said = refused(&stand, &client, &names).await;
    assert!(said.contains("no extension is asked for") && said.contains("100"), "{said}");
    assert!(filed(&stand).is_empty());
}

#[tokio::test]
async fn the_bounds_of_the_policy_in_force_apply_to_the_extension() {
    let stand = stand();
    let client = stand.client().await;
    stand
        .backend
        .set_policy(&unproven_policy().replace("\"90d\"", "\"10d\"").replace("most = 500", "most = 7"));
    refused(&stand, &client, &["shop.example.com"]).await;
    let request = the_filed(&stand);
    let terms = request.terms().unwrap();
    assert_eq!((terms.days(), terms.certificates()), (10, 7));
}

#[tokio::test]
async fn the_limits_of_a_requester_hold_for_extensions_too() {
    let stand = stand_with(&unproven_policy().replace("pending_limit = 200", "pending_limit = 1"));
    let (client, other) = (stand.client().await, stand.client().await);
    refused(&stand, &client, &["shop.example.com"]).await;
    for _ in 0..3 {
        let said = refused(&stand, &other, &["shop.example.com"]).await;
        assert!(said.contains("no extension is asked for, since the requester has 1 undecided"), "{said}");
    }
    let first = the_filed(&stand).id();
    decide(&stand, first, Status::Delivered);
    refused(&stand, &other, &["shop.example.com"]).await;
    assert_eq!(filed(&stand).len(), 2);
}

#[tokio::test]
async fn an_end_of_the_standing_approval_ends_its_extensions_for_its_accounts() {
    let stand = stand();
    let client = stand.client().await;
    let standing = standing_of(&stand);
    refused(&stand, &client, &["shop.example.com"]).await;
    let extension = the_filed(&stand).id();
    decide(&stand, extension, Status::Delivered);
    let (order, _) = client.order(&stand, &["shop.example.com"]).await;
    let (reserved, _) = client.order(&stand, &["shop.example.com"]).await;
    stand.backend.fail_next("issuers", 1);
    assert_eq!(client.finalize(&stand, &reserved, &csr(&["shop.example.com"])).await.status, 500);
    stand.end(standing).await;
    let late = client.try_order(&stand, &["shop.example.com"]).await;
    assert_eq!(late.problem(), is(403, "unauthorized"));
    let late = client.finalize(&stand, &order, &csr(&["shop.example.com"])).await;
    assert_eq!(late.problem(), is(403, "unauthorized"));
    let ended = client.read(&stand, &reserved).await.json();
    assert!(ended["error"]["detail"].as_str().unwrap().contains("was ended"), "{ended}");
    assert!(stand.requests().is_empty());
}

#[tokio::test]
async fn an_account_uses_no_standing_approval_that_is_no_extension_of_its_own() {
    let stand = stand();
    let client = stand.client().await;
    let standing = standing_of(&stand);
    let foreign = TERMS.replace("www.example.com", "shop.example.com");
    let (foreign, other) = (stand.backend.granted(&foreign), stand.backend.granted(TERMS));
    let of_other = stand.backend.granted_extension(other, "shop.example.com");
    // Whoever can write the table leads the account there.
    for approval in [foreign, of_other] {
        let mut row = workflow::acme::AcmeExtensions::new(standing);
        let terms = stand.backend.standing(approval).unwrap().terms().clone();
        let account = stand.backend.acme_accounts()[0].id().clone();
        row.ask(approval, &account, &["shop.example.com".into()], terms, stand.backend.now());
        stand.backend.put_acme_extensions(row);
        let reply = client.try_order(&stand, &["shop.example.com"]).await;
        assert_eq!(reply.problem(), is(403, "rejectedIdentifier"));
    }
    // Nor one of another requester or profile that says so.
    let own = stand.backend.granted_extension(standing, "shop.example.com");
    let row = stand.backend.standing(own).unwrap();
    for (column, value) in [("requester", "mallory@example.com"), ("profile", "client")] {
        let altered = row.altered(|row| row[column] = value.into());
        let base = stand.backend.standing(standing).unwrap();
        assert!(row.is_extension_of(&base, &stand.backend.policy()));
        assert!(!altered.is_extension_of(&base, &stand.backend.policy()), "{column}");
    }
    assert!(stand.backend.acme_orders().is_empty());
}

#[tokio::test]
async fn another_profile_is_refused_before_an_extension_is_asked_for() {
    let stand = stand();
    let client = stand.client().await;
    let payload = json!({ "identifiers": identifiers(&["shop.example.com"]), "profile": "client" });
    let reply = client.post(&stand, &format!("{BASE}/new-order"), &payload).await;
    assert_eq!(reply.problem(), is(400, "invalidProfile"));
    assert!(filed(&stand).is_empty());
}

#[tokio::test]
async fn of_fifty_orders_at_once_one_extension_is_asked_for() {
    let stand = stand();
    let client = stand.client().await;
    let names: Vec<String> = (0..50).map(|number| format!("h{}.example.com", number % 5)).collect();
    let orders: Vec<[&str; 1]> = names.iter().map(|name| [name.as_str()]).collect();
    let calls = orders.iter().map(|names| client.try_order(&stand, names));
    let answers = futures_util::future::join_all(calls).await;
    assert!(answers.iter().all(|answer| answer.problem() == is(403, "rejectedIdentifier")));
    assert_eq!((filed(&stand).len(), stand.backend.executions().len()), (1, 1));
}

/// Each call of a port fails once, before or after its effect; the client comes again.
#[tokio::test]
async fn one_fault_anywhere_files_one_extension() {
    let way = async |stand: &Stand, fault: Option<(usize, FaultPoint)>| {
        let client = stand.client().await;
        let first = stand.backend.calls().len();
        if let Some((call, point)) = fault {
            stand.backend.fail_at(first + call, point);
        }
        for _ in 0..2 {
            let reply = client.try_order(stand, &["shop.example.com"]).await;
            assert!([403, 500].contains(&reply.status), "{fault:?} {reply:?}");
        }
        let calls = stand.backend.calls().len() - first;
        let said = refused(stand, &client, &["shop.example.com"]).await;
        assert!(said.contains("is asked for by request"), "{fault:?} {said}");
        calls
    };
    let calls = way(&stand(), None).await;
    assert!(calls > 15, "{calls}");
    for call in 0..calls {
        for point in [FaultPoint::Before, FaultPoint::After] {
            let stand = stand();
            way(&stand, Some((call, point))).await;
            let id = the_filed(&stand).id();
            let row = stand.backend.extensions(standing_of(&stand)).await.unwrap().unwrap();
            assert_eq!(row.asked().map(|asked| asked.request_id), Some(id), "{call} {point:?}");
            decide(&stand, id, Status::Delivered);
            assert!(stand.backend.find(id).await.unwrap().is_some());
        }
    }
}
