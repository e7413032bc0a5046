//! Lists of certificates in the table of names.

use serde_json::{Value, json};
use time::macros::datetime;
use workflow::aws::DynamoNames;
use workflow::ports::{
    CertificateList, CertificateListing, ListPart, ListedCertificate, NameIndex as _, NameRow, domain_order,
};

use crate::{IDS, server};

const END: &str = "2027-01-01T00:00:00Z";

fn listed(under: &str) -> ListedCertificate {
    let (under, not_after) = (under.to_owned(), datetime!(2027-01-01 0:00 UTC));
    ListedCertificate { under, not_after, id: IDS[0].parse().unwrap() }
}

/// Two pages of two entries and one, with one of a newer version.
fn entries(_: &str, asked: &Value) -> Value {
    let entry = |under: &str| json!({ "name": { "S": "@domains" }, "requestId": { "S": format!("list/{under}\t{END}\t{}", IDS[0]) } });
    let newer = json!({ "name": { "S": "@domains" }, "requestId": { "S": "list/?" } });
    match asked["ExclusiveStartKey"]["requestId"]["S"].as_str() {
        Some(start) if start.contains(".b\t") => json!({ "Items": [entry("com.example.c")] }),
        _ => json!({
            "Items": [entry("com.example.a"), newer, entry("com.example.b")],
            "LastEvaluatedKey": entry("com.example.b"),
        }),
    }
}

#[tokio::test]
async fn the_names_below_a_domain_are_one_query() {
    let (sdk, calls) = server(entries).await;
    let names = DynamoNames::new(&sdk, "names");
    let part = ListPart {
        prefix: domain_order(".example.com"),
        after: Some(listed("com.example.0")),
        ..ListPart::all(CertificateList::Domains)
    };
    let found = names.listed(&part, 3).await.unwrap();
    assert_eq!(found, ["com.example.a", "com.example.b", "com.example.c"].map(listed));
    let calls = calls.lock().unwrap();
    assert_eq!(calls.len(), 2);
    let asked = &calls[0].1;
    assert_eq!(asked["KeyConditionExpression"], "#list = :list AND begins_with(#entry, :prefix)");
    assert_eq!(
        asked["ExpressionAttributeValues"],
        json!({ ":list": { "S": "@domains" }, ":prefix": { "S": "list/com.example." } })
    );
    assert_eq!(
        asked["ExclusiveStartKey"],
        json!({ "name": { "S": "@domains" }, "requestId": { "S": format!("list/com.example.0\t{END}\t{}", IDS[0]) } })
    );
}

#[tokio::test]
async fn a_list_by_end_begins_where_it_is_asked_to() {
    let (sdk, calls) = server(|_, _| json!({ "Items": [] })).await;
    let part = ListPart {
        ends_from: Some(datetime!(2027-01-01 0:00 UTC)),
        ..ListPart::all(CertificateList::Profile("server".to_owned()))
    };
    assert_eq!(DynamoNames::new(&sdk, "names").listed(&part, 50).await.unwrap(), []);
    let asked = calls.lock().unwrap().remove(0).1;
    assert_eq!(asked["KeyConditionExpression"], "#list = :list AND #entry >= :from");
    assert_eq!(
        asked["ExpressionAttributeValues"],
        json!({ ":list": { "S": "@profile/server" }, ":from": { "S": format!("list/{END}") } })
    );
    assert_eq!(asked["Limit"], 50);
}

/// DynamoDB refuses a start outside of the condition: "The provided starting key is outside query boundaries".
#[tokio::test]
async fn an_entry_outside_of_the_part_is_no_start() {
    let (sdk, calls) = server(|_, _| json!({ "Items": [] })).await;
    let names = DynamoNames::new(&sdk, "names");
    let ended = ListPart {
        ends_from: Some(datetime!(2027-01-01 0:00:01 UTC)),
        after: Some(listed("")),
        ..ListPart::all(CertificateList::Profile("server".to_owned()))
    };
    let before = ListPart {
        prefix: "com.example.".to_owned(),
        after: Some(listed("com.example")),
        ..ListPart::all(CertificateList::Domains)
    };
    for part in [&ended, &before] {
        assert_eq!(names.listed(part, 50).await.unwrap(), []);
    }
    let over = ListPart { after: Some(listed("com.examplf")), ..before };
    assert_eq!(names.listed(&over, 50).await.unwrap(), []);
    let calls = calls.lock().unwrap();
    assert_eq!(calls.len(), 2, "the last part is over without a call");
    assert!(calls.iter().all(|(_, asked)| asked["ExclusiveStartKey"].is_null()));
}

#[tokio::test]
async fn names_and_lists_of_a_certificate_are_one_batch() {
    let (sdk, calls) = server(|_, _| json!({ "UnprocessedItems": {} })).await;
    let names = ["www.example.com".to_owned(), "example.com".to_owned()];
    let requester = "alice@example.com".parse().unwrap();
    let (not_after, id) = (datetime!(2027-01-01 0:00 UTC), IDS[0].parse().unwrap());
    let listing = CertificateListing {
        names: &names,
        not_after,
        id,
        requester: &requester,
        profile: "server",
        issuer: Some("ab12"),
    };
    let rows = [NameRow::of_certificate(&names, not_after, id), NameRow::of_lists(&listing)].concat();
    DynamoNames::new(&sdk, "names").enter(&rows).await.unwrap();
    let calls = calls.lock().unwrap();
    assert_eq!((calls.len(), calls[0].1["RequestItems"]["names"].as_array().unwrap().len()), (1, 11));
}
