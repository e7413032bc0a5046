//! The table `acme` on the wire.

use pki::acme::{NonceKey, OrderStatus, RenewalCertId, SpendableNonce};
use pki::csr::Csr;
use pki::testing::{TestKey, TestKeyPair, csr};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use workflow::acme::{AcmeAccount, AcmeAccountId, AcmeExtensions, AcmeOrder, AcmeOrderId, OrderTerms};
use workflow::aws::DynamoAcme;
use workflow::ids::RequestId;
use workflow::ports::{AcmeStore as _, OrderName, PortError, Saved};
use workflow::testing::acme::{key_of, saved_account, saved_order};
use workflow::testing::item::attribute;

use super::standing::{cancelled, text};
use super::{Calls, server};

const NOW: OffsetDateTime = time::macros::datetime!(2026-01-01 12:00 UTC);

fn order() -> AcmeOrder {
    saved_order(&saved_account(), &["www.example.com"], NOW)
}

fn name(order: &AcmeOrder) -> OrderName {
    OrderName { account: order.account().clone(), order: order.id().clone() }
}

fn certificate() -> RenewalCertId {
    "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE".parse().unwrap()
}

fn nonce() -> SpendableNonce {
    let key = NonceKey::from_secret(&[1; 32]);
    let made = key.make(&aws_lc_rs::rand::SystemRandom::new(), NOW).unwrap();
    key.check(&made, NOW).unwrap()
}

fn only(calls: &Calls) -> (String, Value) {
    let calls = calls.lock().unwrap();
    let [call] = &calls[..] else { panic!("{calls:?}") };
    call.clone()
}

/// The writes of a transaction: operation, key or item, and condition.
fn writes(asked: &Value) -> Vec<(String, Value, String)> {
    let written = |one: &Value| {
        let (operation, of) = one.as_object().unwrap().iter().next().unwrap();
        let place = of.get("Key").unwrap_or(&of["Item"]);
        let place = json!([place["key"]["S"], place["item"]["S"]]);
        (operation.clone(), place, of["ConditionExpression"].as_str().unwrap().to_owned())
    };
    asked["TransactItems"].as_array().unwrap().iter().map(written).collect()
}

fn put(key: String, item: impl ToString) -> (String, Value, String) {
    ("Put".into(), json!([key, item.to_string()]), "attribute_not_exists(#key)".into())
}

fn update(key: String, item: impl ToString) -> (String, Value, String) {
    ("Update".into(), json!([key, item.to_string()]), "#version = :version".into())
}

#[tokio::test]
async fn a_nonce_is_spent_by_one_call_and_by_each_of_its_repetitions() {
    let (sdk, calls) = server(|_, _| json!({})).await;
    let (table, nonce) = (DynamoAcme::new(&sdk, "acme"), nonce());
    assert_eq!(table.spend(&nonce).await.unwrap(), Saved::Yes);
    assert_eq!(table.spend(&nonce).await.unwrap(), Saved::Yes);
    let calls = calls.lock().unwrap().clone();
    let attempts: Vec<&Value> = calls
        .iter()
        .map(|(operation, asked)| {
            assert_eq!((operation.as_str(), &asked["TableName"]), ("putitem", &json!("acme")));
            assert_eq!(asked["ConditionExpression"], "attribute_not_exists(#key) OR #attempt = :attempt");
            let item = &asked["Item"];
            assert_eq!(
                (&item["key"], &item["item"]),
                (&text(format!("nonce#{}", nonce.id())), &text("nonce"))
            );
            assert_eq!(item["expires"], json!({ "N": (NOW + Duration::HOUR).unix_timestamp().to_string() }));
            assert_eq!(item["attempt"], asked["ExpressionAttributeValues"][":attempt"]);
            &item["attempt"]
        })
        .collect();
    assert_ne!(attempts[0], attempts[1], "each call has an attempt of its own, so the second one is refused");
    let (sdk, _) = server(|_, _| json!({ "__type": "ConditionalCheckFailedException" })).await;
    assert_eq!(DynamoAcme::new(&sdk, "acme").spend(&nonce).await.unwrap(), Saved::Conflict);
}

#[tokio::test]
async fn an_account_is_written_with_its_key_and_its_credential() {
    let (sdk, calls) = server(|_, _| json!({})).await;
    let account = saved_account();
    assert_eq!(DynamoAcme::new(&sdk, "acme").create_account(&account).await.unwrap(), Saved::Yes);
    let (operation, asked) = only(&calls);
    assert_eq!(operation, "transactwriteitems");
    let expected = [
        put(format!("account#{}", account.id()), "account"),
        put(format!("key#{}", account.key_digest()), "account"),
        put(format!("binding#{}.1", account.standing()), "account"),
    ];
    assert_eq!(writes(&asked), expected);
    let items = asked["TransactItems"].as_array().unwrap();
    let row = &items[0]["Put"]["Item"];
    assert_eq!((&row["grant"], &row["status"]), (&text(account.standing()), &text("valid")));
    assert_eq!((&row["version"], &row["thumbprint"]), (&json!({ "N": "1" }), &text(account.thumbprint())));
    for entry in &items[1..] {
        assert_eq!(entry["Put"]["Item"]["account"], text(account.id()));
    }
}

#[tokio::test]
async fn a_new_key_is_taken_and_the_former_one_given_back_together() {
    let (sdk, calls) = server(|_, _| json!({})).await;
    let mut account = saved_account();
    let before = account.key_digest().to_owned();
    account.change_key(&key_of(&TestKeyPair::generate(TestKey::Ed25519)));
    assert_eq!(DynamoAcme::new(&sdk, "acme").save_key(&account, &before).await.unwrap(), Saved::Yes);
    let (_, asked) = only(&calls);
    let removed =
        ("Delete".to_owned(), json!([format!("key#{before}"), "account"]), "#account = :account".to_owned());
    let expected = [
        update(format!("account#{}", account.id()), "account"),
        put(format!("key#{}", account.key_digest()), "account"),
        removed,
    ];
    assert_eq!(writes(&asked), expected);
    assert_eq!(
        asked["TransactItems"][2]["Delete"]["ExpressionAttributeValues"][":account"],
        text(account.id())
    );
}

#[tokio::test]
async fn an_order_is_in_the_partition_of_its_account() {
    let (sdk, calls) = server(|_, _| json!({})).await;
    let order = order();
    assert_eq!(DynamoAcme::new(&sdk, "acme").create_order(&order, None).await.unwrap(), Saved::Yes);
    let (operation, asked) = only(&calls);
    assert_eq!(
        (operation.as_str(), &asked["ConditionExpression"]),
        ("putitem", &json!("attribute_not_exists(#key)"))
    );
    let row = &asked["Item"];
    assert_eq!(
        (&row["key"], &row["item"]),
        (&text(format!("account#{}", order.account())), &text(format!("order#{}", order.id())))
    );
    assert_eq!(
        (&row["status"], &row["identifiers"]),
        (&text("ready"), &json!({ "L": [text("www.example.com")] }))
    );
    assert!(row["expires"]["N"].is_string() && row.get("csr").is_none());
}

#[tokio::test]
async fn an_order_that_replaces_a_certificate_is_the_only_one_unless_it_takes_the_place_of_another() {
    let account = saved_account();
    let terms = OrderTerms {
        standing: account.standing(),
        identifiers: order().identifiers().cloned().collect(),
        profile: "server".into(),
        replaces: Some(certificate()),
    };
    let order = AcmeOrder::new(AcmeOrderId::random(NOW).unwrap(), &account, terms, NOW + Duration::DAY, NOW);
    let before = AcmeOrderId::random(NOW).unwrap();
    for (instead_of, condition) in [
        (None, "attribute_not_exists(#key)"),
        (Some(&before), "attribute_not_exists(#key) OR #order = :before"),
    ] {
        let (sdk, calls) = server(|_, _| json!({})).await;
        assert_eq!(DynamoAcme::new(&sdk, "acme").create_order(&order, instead_of).await.unwrap(), Saved::Yes);
        let (_, asked) = only(&calls);
        let of_order = put(format!("account#{}", account.id()), format!("order#{}", order.id()));
        let of_replaced =
            ("Put".into(), json!([format!("replaces#{}", certificate()), "order"]), condition.into());
        assert_eq!(writes(&asked), [of_order, of_replaced]);
        let put = &asked["TransactItems"][1]["Put"];
        assert_eq!(
            (&put["Item"]["account"], &put["Item"]["order"]),
            (&text(account.id()), &text(order.id()))
        );
        let values = put["ExpressionAttributeValues"].get(":before");
        assert_eq!(values, instead_of.map(text).as_ref());
    }
}

#[tokio::test]
async fn a_csr_is_reserved_together_with_the_way_from_its_request() {
    let (sdk, calls) = server(|_, _| json!({})).await;
    let (mut order, table) = (order(), DynamoAcme::new(&sdk, "acme"));
    order.reserve(&Csr::read(&csr(&["www.example.com"])).unwrap(), NOW).unwrap();
    assert_eq!(table.save_order(&order).await.unwrap(), Saved::Yes);
    let of_order = update(format!("account#{}", order.account()), format!("order#{}", order.id()));
    // The same row again, if the order is changed while it is processed.
    let condition = "attribute_not_exists(#key) OR #order = :before".to_owned();
    let of_request =
        ("Put".to_owned(), json!([format!("request#{}", order.request_id()), "order"]), condition);
    assert_eq!(writes(&only(&calls).1), [of_order.clone(), of_request]);
    calls.lock().unwrap().clear();
    order.issued();
    assert_eq!(table.save_order(&order).await.unwrap(), Saved::Yes);
    let asked = only(&calls).1;
    assert_eq!(writes(&asked), [of_order]);
    // The CSR is removed: its request has it.
    let update = &asked["TransactItems"][0]["Update"];
    let expression = update["UpdateExpression"].as_str().unwrap();
    let removed = expression.split_once(" REMOVE ").unwrap().1;
    assert_eq!(update["ExpressionAttributeNames"][removed], "csr");
}

#[tokio::test]
async fn rows_are_read_consistently_and_lead_from_one_to_the_other() {
    fn answer(_: &str, asked: &Value) -> Value {
        assert_eq!(asked["ConsistentRead"], json!(true));
        let (account, order) = (fixed_account(), fixed_order());
        let key = asked["Key"]["key"]["S"].as_str().unwrap();
        let item = asked["Key"]["item"]["S"].as_str().unwrap();
        let entry = json!({ "key": key, "item": item, "account": account.id(), "order": order.id() });
        let row = match (key.split_once('#').unwrap().0, item.split('#').next().unwrap()) {
            ("account", "account") => serde_json::to_value(&account).unwrap(),
            ("account", "order") => serde_json::to_value(&order).unwrap(),
            ("key" | "binding", "account") | ("request" | "replaces", "order") => entry,
            other => panic!("{other:?}"),
        };
        json!({ "Item": attribute(&row)["M"] })
    }
    let (sdk, _) = server(answer).await;
    let (table, account, order) = (DynamoAcme::new(&sdk, "acme"), fixed_account(), fixed_order());
    assert_eq!(table.account(account.id()).await.unwrap().as_ref(), Some(&account));
    assert_eq!(table.account_of_key(account.key_digest()).await.unwrap().as_ref(), Some(account.id()));
    assert_eq!(table.account_of_binding("x.1").await.unwrap().as_ref(), Some(account.id()));
    assert_eq!(table.order(&name(&order)).await.unwrap().as_ref(), Some(&order));
    let expected = OrderName { account: account.id().clone(), order: order.id().clone() };
    assert_eq!(table.order_of_request(RequestId::random()).await.unwrap().as_ref(), Some(&expected));
    assert_eq!(table.replacement(&certificate()).await.unwrap(), Some(expected));
    let (sdk, _) = server(|_, _| json!({})).await;
    let table = DynamoAcme::new(&sdk, "acme");
    assert!(table.account(account.id()).await.unwrap().is_none());
    assert!(table.order_of_request(RequestId::random()).await.unwrap().is_none());
}

/// One account in all calls of a test program.
fn fixed_account() -> AcmeAccount {
    static ACCOUNT: std::sync::OnceLock<AcmeAccount> = std::sync::OnceLock::new();
    ACCOUNT.get_or_init(saved_account).clone()
}

fn fixed_order() -> AcmeOrder {
    static ORDER: std::sync::OnceLock<AcmeOrder> = std::sync::OnceLock::new();
    ORDER.get_or_init(|| saved_order(&fixed_account(), &["www.example.com"], NOW)).clone()
}

/// The id of order number `number`; they are listed from the last one on.
fn numbered(number: usize) -> AcmeOrderId {
    format!("{number:044x}").parse().unwrap()
}

/// Answers as DynamoDB does, with pages of at most four orders; the account has ten.
fn paged(_: &str, asked: &Value) -> Value {
    let condition = "#key = :key AND begins_with(#item, :orders)";
    assert_eq!(
        (&asked["KeyConditionExpression"], &asked["ScanIndexForward"]),
        (&json!(condition), &json!(false))
    );
    assert!(
        asked.get("FilterExpression").is_none(),
        "a filter leaves out what is read and paid for: {asked}"
    );
    let start = asked["ExclusiveStartKey"]["item"]["S"].as_str();
    let begin =
        start.map_or(10, |item| usize::from_str_radix(item.strip_prefix("order#").unwrap(), 16).unwrap());
    let limit = usize::try_from(asked["Limit"].as_u64().unwrap()).unwrap().min(4);
    let numbers: Vec<usize> = (0..begin).rev().take(limit).collect();
    let at = workflow::timestamp::rfc3339(NOW);
    let row = |number: &usize| json!({ "id": text(numbered(*number)), "status": text("ready"), "madeAt": text(&at), "endsAt": text(&at) });
    let mut answer = json!({ "Items": numbers.iter().map(row).collect::<Vec<_>>() });
    if numbers.len() == limit {
        let last = numbered(*numbers.last().unwrap());
        answer["LastEvaluatedKey"] = json!({ "key": asked["ExpressionAttributeValues"][":key"], "item": text(format!("order#{last}")) });
    }
    answer
}

#[tokio::test]
async fn orders_are_listed_from_the_newest_on_by_pages() {
    let (sdk, calls) = server(paged).await;
    let (table, account) = (DynamoAcme::new(&sdk, "acme"), AcmeAccountId::random().unwrap());
    let (mut before, mut pages) = (None, Vec::new());
    loop {
        let page = table.orders(&account, before.as_ref(), 6).await.unwrap();
        assert!(page.orders.iter().all(|order| order.status == OrderStatus::Ready));
        pages.push(page.orders.iter().map(|order| order.id.clone()).collect::<Vec<_>>());
        match page.next {
            Some(next) => before = Some(next),
            None => break,
        }
    }
    let expected: Vec<AcmeOrderId> = (0..10).rev().map(numbered).collect();
    assert_eq!(pages.concat(), expected);
    assert_eq!(pages[0].len(), 6);
    for (operation, asked) in calls.lock().unwrap().iter() {
        assert_eq!(operation, "query");
        assert_eq!(asked["ExpressionAttributeValues"][":key"], text(format!("account#{account}")));
    }
}

#[tokio::test]
async fn a_writer_that_came_first_is_a_conflict_and_a_fault_is_an_error() {
    let (account, order) = (saved_account(), order());
    let mut processing = order.clone();
    processing.reserve(&Csr::read(&csr(&["www.example.com"])).unwrap(), NOW).unwrap();
    let refused: fn(&str, &Value) -> Value = |operation, _| match operation {
        "transactwriteitems" => cancelled(&["None", "ConditionalCheckFailed"]),
        _ => json!({ "__type": "ConditionalCheckFailedException" }),
    };
    let broken: fn(&str, &Value) -> Value = |_, _| json!({ "__type": "ResourceNotFoundException" });
    for (answer, expected) in [(refused, Some(Saved::Conflict)), (broken, None)] {
        let (sdk, _) = server(answer).await;
        let table = DynamoAcme::new(&sdk, "acme");
        let said = |saved: Result<Saved, PortError>| assert_eq!(saved.ok(), expected);
        said(table.spend(&nonce()).await);
        said(table.create_account(&account).await);
        said(table.save_account(&account).await);
        said(table.save_key(&account, "before").await);
        said(table.create_order(&order, None).await);
        said(table.save_order(&processing).await);
        let extensions = AcmeExtensions::new(RequestId::random());
        said(table.create_extensions(&extensions).await);
        said(table.save_extensions(&extensions).await);
    }
}

#[tokio::test]
async fn the_extensions_of_a_standing_approval_are_one_row_by_its_id() {
    let (sdk, calls) = server(|_, _| json!({})).await;
    let (table, standing) = (DynamoAcme::new(&sdk, "acme"), RequestId::random());
    let extensions = AcmeExtensions::new(standing);
    assert_eq!(table.extensions(standing).await.unwrap(), None);
    assert_eq!(table.create_extensions(&extensions).await.unwrap(), Saved::Yes);
    assert_eq!(table.save_extensions(&extensions).await.unwrap(), Saved::Yes);
    let (key, item) = (text(format!("extensions#{standing}")), text("extensions"));
    let calls = calls.lock().unwrap().clone();
    let [(read, by), (create, row), (save, saved)] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!([read.as_str(), create, save], ["getitem", "putitem", "updateitem"]);
    assert_eq!((&by["Key"]["key"], &by["ConsistentRead"]), (&key, &json!(true)));
    assert_eq!((&row["Item"]["key"], &row["Item"]["item"]), (&key, &item));
    assert_eq!(row["ConditionExpression"], "attribute_not_exists(#key)");
    assert_eq!((&saved["Key"]["key"], &saved["ConditionExpression"]), (&key, &json!("#version = :version")));
}
