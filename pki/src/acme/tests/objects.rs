//! Objects as clients receive them.

use std::collections::BTreeMap;

use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::*;
use crate::base64url;
use crate::certificate::{Certificate, Serial, Validity};
use crate::issuer::Issuer;
use crate::testing::CaMaker;

fn urls() -> AcmeUrls {
    AcmeUrls::new("https://pki.example.com/acme/")
}

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_800_000_000 + seconds).unwrap()
}

fn identifier(name: &str) -> AcmeIdentifier {
    AcmeIdentifier::from_name(name.parse().unwrap()).unwrap()
}

fn json_of(object: &impl serde::Serialize) -> Value {
    serde_json::to_value(object).unwrap()
}

#[test]
fn the_directory_names_each_resource() {
    let profiles =
        BTreeMap::from([("tls-server".to_owned(), "https://pki.example.com/#tls-server".to_owned())]);
    let meta = DirectoryMeta { external_account_required: true, profiles, ..DirectoryMeta::default() };
    assert_eq!(
        json_of(&DirectoryObject::new(&urls(), meta)),
        json!({
            "newNonce": "https://pki.example.com/acme/new-nonce",
            "newAccount": "https://pki.example.com/acme/new-account",
            "newOrder": "https://pki.example.com/acme/new-order",
            "revokeCert": "https://pki.example.com/acme/revoke-cert",
            "keyChange": "https://pki.example.com/acme/key-change",
            "renewalInfo": "https://pki.example.com/acme/renewal-info",
            "meta": {
                "externalAccountRequired": true,
                "profiles": { "tls-server": "https://pki.example.com/#tls-server" },
            },
        })
    );
}

#[test]
fn the_url_of_an_account_gives_its_id() {
    let urls = urls();
    assert_eq!(urls.account_id(&urls.account("Az09-_")), Ok("Az09-_"));
    for wrong in [
        "",
        "a1",
        "https://pki.example.com/acme/account/",
        "https://pki.example.com/acme/account/a1/orders",
        "https://pki.example.com/acme/account/a.b",
        "https://pki.example.com/acme/order/a1",
        "http://pki.example.com/acme/account/a1",
        "https://pki.example.com.evil.example/acme/account/a1",
        &urls.account(&"a".repeat(65)),
    ] {
        assert_eq!(kind(urls.account_id(wrong)), (AcmeErrorType::AccountDoesNotExist, 400), "{wrong}");
    }
}

#[test]
fn all_urls_differ_and_are_below_the_base() {
    let urls = urls();
    let mut all = vec![
        urls.directory(),
        urls.new_nonce(),
        urls.new_account(),
        urls.new_order(),
        urls.revoke_cert(),
        urls.key_change(),
        urls.renewal_info(),
        urls.account("a"),
        urls.orders("a"),
        urls.order("a"),
        urls.finalize("a"),
        urls.certificate("a"),
        urls.alternate("a", 1),
        urls.authorization("a", 0),
    ];
    all.extend(ChallengeType::ALL.map(|challenge| urls.challenge("a", 0, challenge)));
    assert!(all.iter().all(|url| url.starts_with("https://pki.example.com/acme/")));
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
}

#[test]
fn an_account_has_the_binding_that_it_was_made_with() {
    let mut account = AccountObject {
        status: AccountStatus::Valid,
        contact: Vec::new(),
        external_account_binding: None,
        orders: urls().orders("a1"),
    };
    let orders = "https://pki.example.com/acme/account/a1/orders";
    assert_eq!(json_of(&account), json!({ "status": "valid", "orders": orders }));
    account.contact = vec!["mailto:a@example.com".into()];
    account.external_account_binding = Some(json!({ "protected": "x" }));
    account.status = AccountStatus::Deactivated;
    assert_eq!(
        json_of(&account),
        json!({
            "status": "deactivated", "contact": ["mailto:a@example.com"], "orders": orders,
            "externalAccountBinding": { "protected": "x" },
        })
    );
}

#[test]
fn an_order_leaves_out_what_it_does_not_have() {
    let urls = urls();
    let mut order = OrderObject {
        status: OrderStatus::Ready,
        expires: at(0) + Duration::milliseconds(7),
        identifiers: vec![identifier("www.example.com")],
        profile: Some("tls-server".into()),
        replaces: None,
        error: None,
        authorizations: vec![urls.authorization("o1", 0)],
        finalize: urls.finalize("o1"),
        certificate: None,
    };
    assert_eq!(
        json_of(&order),
        json!({
            "status": "ready", "expires": "2027-01-15T08:00:00Z", "profile": "tls-server",
            "identifiers": [{ "type": "dns", "value": "www.example.com" }],
            "authorizations": ["https://pki.example.com/acme/authorization/o1/0"],
            "finalize": "https://pki.example.com/acme/order/o1/finalize",
        })
    );
    order.status = OrderStatus::Invalid;
    order.error = Some(AcmeProblem::new(AcmeErrorType::ServerInternal, "it failed"));
    order.certificate = Some(urls.certificate("o1"));
    order.replaces = Some("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE".parse().unwrap());
    let written = json_of(&order);
    assert_eq!(
        written["error"],
        json!({ "type": "urn:ietf:params:acme:error:serverInternal", "detail": "it failed", "status": 500 })
    );
    assert_eq!(written["replaces"], "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
    assert_eq!(json_of(&OrdersList { orders: vec![urls.order("o1")] })["orders"][0], urls.order("o1"));
}

#[test]
fn an_authorization_is_born_valid_with_challenges() {
    let urls = urls();
    let of = |name: &str| {
        let object = AuthorizationObject::new(
            &identifier(name),
            AuthorizationStatus::Valid,
            at(0),
            at(60),
            |challenge| urls.challenge("o1", 2, challenge),
        );
        json_of(&object)
    };
    let types = |written: &Value| -> Vec<String> {
        let all = written["challenges"].as_array().unwrap();
        all.iter().map(|one| one["type"].as_str().unwrap().to_owned()).collect()
    };
    let plain = of("www.example.com");
    assert_eq!(types(&plain), ["http-01", "dns-01", "tls-alpn-01"]);
    assert_eq!(plain.get("wildcard"), None);
    assert_eq!((&plain["status"], &plain["expires"]), (&json!("valid"), &json!("2027-01-15T08:01:00Z")));
    for challenge in plain["challenges"].as_array().unwrap() {
        assert_eq!(
            (&challenge["status"], &challenge["validated"]),
            (&json!("valid"), &json!("2027-01-15T08:00:00Z"))
        );
        assert_eq!(base64url::decode(challenge["token"].as_str().unwrap()).unwrap().len(), 32);
        assert!(challenge["url"].as_str().unwrap().ends_with(challenge["type"].as_str().unwrap()));
    }
    let wildcard = of("*.example.com");
    assert_eq!(wildcard["identifier"], json!({ "type": "dns", "value": "example.com" }));
    assert_eq!((types(&wildcard), &wildcard["wildcard"]), (vec!["dns-01".to_owned()], &json!(true)));
    assert_eq!(types(&of("192.0.2.1")), ["http-01", "tls-alpn-01"]);
}

#[test]
fn each_problem_has_its_urn_and_no_null() {
    let mut seen = std::collections::HashSet::new();
    for error_type in AcmeErrorType::ALL {
        let problem = AcmeProblem::new(error_type, "detail");
        assert_eq!(
            json_of(&problem),
            json!({ "type": error_type.urn(), "detail": "detail", "status": error_type.status() })
        );
        assert!(error_type.urn().starts_with("urn:ietf:params:acme:error:") && seen.insert(error_type.urn()));
        assert!((400..=500).contains(&error_type.status()));
    }
    for (problem, status) in [
        (AcmeProblem::deactivated_account(), 401),
        (AcmeProblem::not_found(), 404),
        (AcmeProblem::method_not_allowed(), 405),
    ] {
        assert_eq!(problem.status(), status);
    }
    assert_eq!(AcmeProblem::malformed("\u{e9}".repeat(5_000)).detail().chars().count(), 1_000);
    let written = |name: &str| identifier(name).to_object();
    let one = |error_type, name| Subproblem { error_type, detail: "x".into(), identifier: written(name) };
    let rejected = vec![one(AcmeErrorType::RejectedIdentifier, "www.example.com")];
    let problem = AcmeProblem::of_identifiers("Alice was asked", rejected);
    assert_eq!(
        json_of(&problem),
        json!({
            "type": "urn:ietf:params:acme:error:rejectedIdentifier", "detail": "Alice was asked", "status": 403,
            "subproblems": [{
                "type": "urn:ietf:params:acme:error:rejectedIdentifier", "detail": "x",
                "identifier": { "type": "dns", "value": "www.example.com" },
            }],
        })
    );
}

/// RFC 9773 section 4.1: the example.
#[test]
fn the_name_of_a_certificate_is_that_of_the_example() {
    let text = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE";
    let id: RenewalCertId = text.parse().unwrap();
    assert_eq!(id.authority_key_identifier(), "69885b6b87464041e1b37b847ba0ae2cde01c8d4");
    assert_eq!((id.serial().to_string().as_str(), id.to_string().as_str()), ("87654321", text));
    for wrong in [
        "",
        ".",
        "aYhba4dGQEHhs3uEe6CuLN4ByNQ",
        "aYhba4dGQEHhs3uEe6CuLN4ByNQ.",
        ".AIdlQyE",
        "aYhba4dGQEHhs3uEe6CuLN4ByNQ=.AIdlQyE",
        "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE.",
        // Negative; with a zero too many; zero.
        "aYhba4dGQEHhs3uEe6CuLN4ByNQ.h2VDIQ",
        "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AAU",
        "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AA",
    ] {
        assert!(wrong.parse::<RenewalCertId>().is_err(), "{wrong}");
    }
    let ca = CaMaker::new(TestKey::EcP256).named("Root");
    let below = CaMaker::new(TestKey::EcP256).named("Below").der_below(&ca);
    let certificate = Certificate::from_der(below).unwrap();
    let id = RenewalCertId::of(&certificate).unwrap();
    assert_eq!(id.to_string().parse(), Ok(id.clone()));
    assert_eq!(
        (Some(id.authority_key_identifier()), id.serial()),
        (certificate.authority_key_identifier(), certificate.serial())
    );
}

#[test]
fn windows_are_spread_by_serial_and_within_the_validity() {
    for days in [1, 7, 90, 365] {
        let validity = Validity { not_before: at(0), not_after: at(days * 86_400) };
        let random = aws_lc_rs::rand::SystemRandom::new();
        let life = validity.not_after - validity.not_before;
        let mut starts = Vec::new();
        for _ in 0..300 {
            let serial = Serial::random(&random).unwrap();
            let info = RenewalInfo::in_time(&validity, &serial, None);
            assert_eq!(
                info,
                RenewalInfo::in_time(&validity, &serial, None),
                "the same for the same certificate"
            );
            let place = (info.start() - validity.not_before) / life;
            assert!((0.63..=0.71).contains(&place), "{place}");
            assert!(info.start() < info.end() && info.end() < validity.not_after);
            assert!((60..=21_600).contains(&info.retry_after()));
            starts.push(place);
        }
        let (least, most) =
            (starts.iter().copied().fold(1.0, f64::min), starts.iter().copied().fold(0.0, f64::max));
        assert!(most - least > 0.05, "{least} {most}");
    }
    // A certificate of an hour, and one of a second.
    for seconds in [3_600, 1] {
        let validity = Validity { not_before: at(0), not_after: at(seconds) };
        let info = RenewalInfo::in_time(&validity, &"01".parse().unwrap(), None);
        assert!(info.start() < info.end() && info.retry_after() >= 60);
    }
}

#[test]
fn an_urgent_renewal_is_in_the_past_and_explained() {
    let info = RenewalInfo::at_once(at(0), Some("https://pki.example.com/why".into()));
    assert!(info.end() < at(0));
    assert_eq!(
        json_of(&info),
        json!({
            "suggestedWindow": { "start": "2027-01-15T06:00:00Z", "end": "2027-01-15T07:00:00Z" },
            "explanationURL": "https://pki.example.com/why",
        })
    );
}

#[test]
fn links_and_chains_are_written() {
    assert_eq!(link("https://a.example/x", LinkRelation::Index), "<https://a.example/x>;rel=\"index\"");
    let relations = [
        (LinkRelation::Up, "up"),
        (LinkRelation::Next, "next"),
        (LinkRelation::Alternate, "alternate"),
        (LinkRelation::Help, "help"),
    ];
    for (relation, name) in relations {
        assert!(link("u", relation).ends_with(&format!("rel=\"{name}\"")));
    }
    let (root, between) =
        (CaMaker::new(TestKey::EcP256).named("Root"), CaMaker::new(TestKey::EcP256).named("Between"));
    let pem = |der: &[u8]| crate::testing::pem("CERTIFICATE", der);
    let leaf = CaMaker::new(TestKey::EcP256).named("Leaf");
    let count = |chain: &str| chain.matches("BEGIN CERTIFICATE").count();
    // Below an intermediate, the root is left out; below the root, it is there.
    let issuer = Issuer::from_pem(&(pem(&between.der_below(&root)) + &pem(&root.root_der()))).unwrap();
    let certificate = Certificate::from_der(leaf.der_below(&between)).unwrap();
    let chain = certificate_chain(&certificate, &issuer);
    assert!(chain.starts_with(&certificate.pem()));
    assert_eq!(count(&chain), 2);
    let issuer = Issuer::from_pem(&pem(&root.root_der())).unwrap();
    let certificate = Certificate::from_der(leaf.der_below(&root)).unwrap();
    assert_eq!(count(&certificate_chain(&certificate, &issuer)), 2);
}
