//! Orders, authorizations and challenges.

use pki::testing::csr;
use serde_json::{Value, json};
use time::Duration;
use workflow::testing::fixtures::{policy_after_approver_left, standing_policy};

use crate::stand::{BASE, Signing, Stand, TERMS, identifiers, is};

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_order_is_born_ready_with_valid_authorizations_and_challenges() {
    let stand = Stand::new();
    let client = stand.client().await;
    let names = ["www.example.com", "*.web.example.com", "10.1.2.3"];
    let (url, order) = client.order(&stand, &names).await;
    assert_eq!((&order["status"], &order["profile"]), (&json!("ready"), &json!("server")));
    assert_eq!(order["identifiers"], identifiers(&names));
    assert_eq!(order["expires"], "2026-01-08T12:00:00Z");
    assert_eq!(order["finalize"], format!("{url}/finalize"));
    assert!(order.get("certificate").is_none() && order.get("error").is_none());
    assert_eq!(client.read(&stand, &url).await.json(), order);
    let expected = [
        ("www.example.com", false, vec!["http-01", "dns-01", "tls-alpn-01"]),
        ("web.example.com", true, vec!["dns-01"]),
        ("10.1.2.3", false, vec!["http-01", "tls-alpn-01"]),
    ];
    let authorizations = texts(&order["authorizations"]);
    assert_eq!(authorizations.len(), 3);
    for (authorization, (value, is_wildcard, types)) in authorizations.iter().zip(expected) {
        let read = client.read(&stand, authorization).await.json();
        assert_eq!((&read["status"], &read["identifier"]["value"]), (&json!("valid"), &json!(value)));
        assert_eq!(read.get("wildcard").is_some(), is_wildcard);
        let challenges = read["challenges"].as_array().unwrap();
        assert_eq!(challenges.iter().map(|one| one["type"].as_str().unwrap()).collect::<Vec<_>>(), types);
        for challenge in challenges {
            let url = challenge["url"].as_str().unwrap();
            for reply in [client.read(&stand, url).await, client.post(&stand, url, &json!({})).await] {
                assert_eq!((reply.status, &reply.json()), (200, challenge));
                assert_eq!(reply.links("up"), std::slice::from_ref(authorization));
            }
        }
    }
    let missing = client.read(&stand, &format!("{}/http-01", authorizations[1])).await;
    assert_eq!(missing.problem(), is(404, "malformed"), "a wildcard has DNS only");
    let missing = client.read(&stand, &format!("{}3", authorizations[0].strip_suffix('0').unwrap())).await;
    assert_eq!(missing.problem(), is(404, "malformed"));
}

#[tokio::test]
async fn names_outside_the_standing_approval_are_refused_and_asked_for_once() {
    let stand = Stand::new();
    let client = stand.client().await;
    let ordered = ["shop.example.com", "www.example.com", "web.example.com", "10.1.2.4"];
    let mut ids = Vec::new();
    for names in [ordered, ["10.1.2.4", "web.example.com", "shop.example.com", "www.example.com"]] {
        let reply = client.try_order(&stand, &names).await;
        assert_eq!(reply.problem(), is(403, "rejectedIdentifier"));
        let problem = reply.json();
        let outside: Vec<&str> = problem["subproblems"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                assert_eq!(one["type"], "urn:ietf:params:acme:error:rejectedIdentifier");
                one["identifier"]["value"].as_str().unwrap()
            })
            .collect();
        let expected: Vec<&str> = names.into_iter().filter(|name| *name != "www.example.com").collect();
        assert_eq!(outside, expected);
        let detail = problem["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(outside[0]) && detail.contains("and 2 more"), "{detail}");
        ids.push(detail.split("by request ").nth(1).unwrap()[..36].to_owned());
    }
    assert_eq!(ids[0], ids[1], "the same names are one request");
    let filed = stand.filed.0.lock().unwrap().clone();
    let [(wanted, id)] = &filed[..] else { panic!("{filed:?}") };
    assert_eq!(
        (wanted.join(" "), id.to_string()),
        ("10.1.2.4 shop.example.com web.example.com".into(), ids[0].clone())
    );
    assert!(stand.backend.acme_orders().is_empty());
}

#[tokio::test]
async fn without_requests_for_more_names_the_client_is_told_where_to_ask() {
    let mut stand = Stand::new();
    stand.server.extensions = None;
    let reply = stand.client().await.try_order(&stand, &["shop.example.com"]).await;
    assert_eq!(reply.problem(), is(403, "rejectedIdentifier"));
    let detail = reply.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("https://pki.example.com/live/"), "{detail}");
}

#[tokio::test]
async fn the_profile_is_that_of_the_standing_approval() {
    let stand = Stand::new();
    let client = stand.client().await;
    let url = format!("{BASE}/new-order");
    let order =
        |profile: &str| json!({ "identifiers": identifiers(&["www.example.com"]), "profile": profile });
    assert_eq!(client.post(&stand, &url, &order("server")).await.status, 201);
    assert_eq!(client.post(&stand, &url, &order("")).await.status, 201);
    for other in ["client", "no-such-profile"] {
        assert_eq!(
            client.post(&stand, &url, &order(other)).await.problem(),
            is(400, "invalidProfile"),
            "{other}"
        );
    }
}

#[tokio::test]
async fn nothing_is_ordered_under_a_standing_approval_that_ended_or_is_used_up() {
    let stand = Stand::new();
    let ended = stand.client().await;
    let (waiting, _) = ended.order(&stand, &["www.example.com"]).await;
    stand.end(stand.backend.acme_accounts()[0].standing()).await;
    assert_eq!(ended.try_order(&stand, &["www.example.com"]).await.problem(), is(403, "unauthorized"));
    let late = ended.finalize(&stand, &waiting, &csr(&["www.example.com"])).await;
    assert_eq!(late.problem(), is(403, "unauthorized"), "nor is an order that waits");
    assert_eq!(ended.read(&stand, &waiting).await.status, 200, "reading goes on");
    assert!(stand.signer.submitted.lock().unwrap().is_empty());
    // One certificate, which is counted.
    let terms = TERMS.replace("400", "1");
    let credential = stand.grant(&terms).await;
    let client = crate::stand::Client::register(&stand, &credential).await;
    let policy = stand.backend.policy();
    let counted = workflow::store::count_use(
        &*stand.backend,
        credential.standing,
        workflow::ids::RequestId::random(),
        &policy,
        stand.server.clock.now(),
    );
    counted.await.unwrap();
    let reply = client.try_order(&stand, &["www.example.com"]).await;
    assert_eq!(reply.problem(), is(403, "unauthorized"));
    assert!(reply.body.contains("no certificates left"), "{}", reply.body);
}

/// Sign would refuse it later; the client hears it before it makes a key.
#[tokio::test]
async fn nothing_is_ordered_once_the_approvers_have_left() {
    let stand = Stand::new();
    let client = stand.client().await;
    let (waiting, _) = client.order(&stand, &["www.example.com"]).await;
    let left = policy_after_approver_left();
    stand.backend.set_policy(&left);
    let refused = client.try_order(&stand, &["www.example.com"]).await;
    assert_eq!(refused.problem(), is(403, "unauthorized"));
    assert!(
        refused.body.contains("approvals") && refused.body.contains("no longer enough"),
        "{}",
        refused.body
    );
    let late = client.finalize(&stand, &waiting, &csr(&["www.example.com"])).await;
    assert_eq!(late.problem(), is(403, "unauthorized"));
    assert!(stand.signer.submitted.lock().unwrap().is_empty());
    stand.backend.set_policy(&standing_policy());
    assert_eq!(client.try_order(&stand, &["www.example.com"]).await.status, 201, "they are back");
}

#[tokio::test]
async fn an_order_ends_with_its_time() {
    let stand = Stand::new();
    let client = stand.client().await;
    let (url, order) = client.order(&stand, &["www.example.com"]).await;
    stand.backend.advance(Duration::days(7) - Duration::SECOND);
    assert_eq!(client.read(&stand, &url).await.json()["status"], "ready");
    stand.backend.advance(Duration::SECOND);
    let over = client.read(&stand, &url).await.json();
    assert_eq!(over["status"], "invalid");
    assert!(over["error"]["detail"].as_str().unwrap().contains("expired"));
    let authorization = client.read(&stand, order["authorizations"][0].as_str().unwrap()).await.json();
    assert_eq!(authorization["status"], "expired");
    let late = client.finalize(&stand, &url, &csr(&["www.example.com"])).await;
    assert_eq!(late.problem(), is(403, "orderNotReady"));
}

#[tokio::test]
async fn an_authorization_that_is_given_up_ends_its_order() {
    let stand = Stand::new();
    let client = stand.client().await;
    let (url, order) = client.order(&stand, &["www.example.com", "a.web.example.com"]).await;
    let authorizations = texts(&order["authorizations"]);
    let wrong = client.post(&stand, &authorizations[1], &json!({ "status": "valid" })).await;
    assert_eq!(wrong.problem(), is(400, "malformed"));
    for _ in 0..2 {
        let given_up = client.post(&stand, &authorizations[1], &json!({ "status": "deactivated" })).await;
        assert_eq!((given_up.status, &given_up.json()["status"]), (200, &json!("deactivated")));
    }
    assert_eq!(client.read(&stand, &authorizations[0]).await.json()["status"], "valid");
    let order = client.read(&stand, &url).await.json();
    assert_eq!((&order["status"], &order["error"]["status"]), (&json!("invalid"), &json!(403)));
    let late = client.finalize(&stand, &url, &csr(&["www.example.com", "a.web.example.com"])).await;
    assert_eq!(late.problem(), is(403, "orderNotReady"));
}

#[tokio::test]
async fn the_list_of_orders_has_pages_and_no_invalid_ones() {
    let stand = Stand::new();
    let (client, other) = (stand.client().await, stand.client().await);
    other.order(&stand, &["www.example.com"]).await;
    let mut made = Vec::new();
    for _ in 0..60 {
        stand.backend.advance(Duration::SECOND);
        made.push(client.order(&stand, &["www.example.com"]).await);
    }
    let (given_up, object) = made.remove(7);
    let authorization = object["authorizations"][0].as_str().unwrap();
    client.post(&stand, authorization, &json!({ "status": "deactivated" })).await;
    let mut next = Some(format!("{}/orders", client.acme.account_url));
    let (mut listed, mut sizes) = (Vec::new(), Vec::new());
    while let Some(url) = next {
        let page = client.read(&stand, &url).await;
        assert_eq!(page.status, 200, "{page:?}");
        sizes.push(texts(&page.json()["orders"]).len());
        listed.extend(texts(&page.json()["orders"]));
        next = page.links("next").pop();
    }
    let expected: Vec<String> = made.into_iter().rev().map(|(url, _)| url).collect();
    assert_eq!(listed, expected);
    assert!(!listed.contains(&given_up));
    assert_eq!(sizes, [50, 9]);
}

#[tokio::test]
async fn an_order_may_replace_a_certificate_of_its_account_once() {
    let stand = Stand::new();
    let (client, other) = (stand.client().await, stand.client().await);
    let names = ["www.example.com", "a.web.example.com"];
    let replaced = async |client: &crate::stand::Client| {
        let (_, chain) = client.certificate(&stand, &names).await;
        crate::certificates::renewal_id(&chain)
    };
    let (own, foreign) = (replaced(&client).await, replaced(&other).await);
    let url = format!("{BASE}/new-order");
    let order =
        |names: &[&str], replaces: &str| json!({ "identifiers": identifiers(names), "replaces": replaces });
    let mut answers = Vec::new();
    for (what, names, replaces) in [
        ("of another account", &["www.example.com"], foreign.as_str()),
        ("unknown", &["www.example.com"], "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"),
        ("without a common name", &["b.web.example.com"], own.as_str()),
    ] {
        let reply = client.post(&stand, &url, &order(names, replaces)).await;
        assert_eq!(reply.problem(), is(400, "malformed"), "{what}");
        answers.push(reply.body);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    let first = client.post(&stand, &url, &order(&["b.web.example.com", "www.example.com"], &own)).await;
    assert_eq!((first.status, &first.json()["replaces"]), (201, &json!(own)));
    let second = client.post(&stand, &url, &order(&["www.example.com"], &own)).await;
    assert_eq!(second.problem(), is(409, "alreadyReplaced"));
    assert_eq!(second.header("location"), first.header("location"));
    // An order that came to nothing gives its place up.
    let authorization = first.json()["authorizations"][0].as_str().unwrap().to_owned();
    client.post(&stand, &authorization, &json!({ "status": "deactivated" })).await;
    let third = client.post(&stand, &url, &order(&["www.example.com"], &own)).await;
    assert_eq!(third.status, 201, "{third:?}");
    let fourth = client.post(&stand, &url, &order(&["www.example.com"], &own)).await;
    assert_eq!(fourth.header("location"), third.header("location"));
}

#[tokio::test]
async fn of_many_orders_that_replace_one_certificate_at_once_one_is_made() {
    let stand = Stand::new();
    stand.signs(Signing::AtOnce);
    let client = stand.client().await;
    let (_, chain) = client.certificate(&stand, &["www.example.com"]).await;
    let payload = json!({ "identifiers": identifiers(&["www.example.com"]), "replaces": crate::certificates::renewal_id(&chain) });
    let url = format!("{BASE}/new-order");
    let calls = (0..20).map(|_| client.post(&stand, &url, &payload));
    let mut statuses: Vec<u16> =
        futures_util::future::join_all(calls).await.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!((statuses[0], statuses[1], statuses.len()), (201, 409, 20));
}
