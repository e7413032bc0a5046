use serde_json::json;
use time::macros::datetime;

use super::*;
use crate::policy::ConsoleRole;
use crate::testing::passkeys::{PasskeyHolder, base_url};
use crate::testing::sign_in::TestProvider;

const NOW: OffsetDateTime = datetime!(2026-11-30 12:00 UTC);

fn policy(identity: &str) -> Policy {
    let text = format!(
        "[people]\noidc = {{ issuer = \"{}\", client_id = \"{}\" }}\n[groups]\npki = {{ oidc_group = \"PKI\", mail = \"pki@example.com\" }}\n\
         [console]\nidentity = \"{identity}\"\noperators = [\"olivia@example.com\"]\nauditors = [\"a@example.com\"{}]\n\
         [profiles.server]\napprovers = [\"Olivia@example.com\"]\nnames.dns.allow = [\"example.com\"]\n",
        crate::testing::sign_in::ISSUER,
        crate::testing::sign_in::CLIENT,
        if identity == "oidc" { ", \"pki\"" } else { "" }
    );
    Policy::parse(&text).unwrap()
}

#[test]
fn the_provider_names_the_visitor_and_their_groups() {
    let (provider, policy, base_url) = (TestProvider::default(), policy("oidc"), base_url());
    let keys = [provider.row(NOW, NOW)];
    let sign_in = |address: &str, groups: &[&str], random: &str| {
        let mut claims = TestProvider::claims(address, &sign_in_nonce(&base_url, "r").to_string(), NOW);
        claims["groups"] = json!(groups);
        let token = provider.key.token(&claims);
        ConsoleVisitor::signed_in(&policy, &keys, &base_url, (&token, random), NOW)
    };
    let role =
        |visitor: &ConsoleVisitor| policy.console().unwrap().role(visitor.listed.as_ref(), &visitor.groups);
    let olivia = sign_in("olivia@example.com", &["Others"], "r").unwrap();
    assert_eq!(role(&olivia), Some(ConsoleRole::Operator));
    assert!(olivia.groups.is_empty(), "groups that the policy does not name are nobody's business");
    let eve = sign_in("eve@example.com", &["PKI"], "r").unwrap();
    assert_eq!((role(&eve), eve.listed), (Some(ConsoleRole::Auditor), None));
    assert_eq!(sign_in("eve@example.com", &[], "r"), Err(SignInError::OtherPerson));
    // At the provider, this can be another account than olivia@example.com; as a member of the group it is an auditor, no more.
    assert_eq!(sign_in("olivia+x@example.com", &[], "r"), Err(SignInError::OtherPerson));
    let tagged = sign_in("olivia+x@example.com", &["PKI"], "r").unwrap();
    assert_eq!(role(&tagged), Some(ConsoleRole::Auditor));
    assert!(matches!(sign_in("olivia@example.com", &[], "s"), Err(SignInError::Token(_))), "another sign-in");
}

#[test]
fn an_authenticator_names_the_account_and_signs_the_challenge_of_the_ticket() {
    let (policy, base_url) = (policy("passkey"), base_url());
    let secret = LinkSecret::new(&"s".repeat(64)).unwrap();
    let handle = |address: &str| Base64Url(digest(&SHA256, address.as_bytes()).as_ref().to_vec());
    let person = |address: &str| {
        ConsoleVisitor::of_user_handle(&policy, &handle(address)).map(|visitor| visitor.person.to_string())
    };
    assert_eq!(person("olivia@example.com").as_deref(), Some("olivia@example.com"));
    // Set up as an approver, whom the policy spells in another way.
    assert_eq!(person("Olivia@example.com").as_deref(), Some("olivia@example.com"));
    assert_eq!([person("eve@example.com"), person("")], [None, None]);
    let olivia = PasskeyHolder::new("olivia@example.com");
    let ticket = ConsoleTicket::new("n".into(), NOW);
    let opened = ConsoleTicket::open(&ticket.seal(&secret), &secret, NOW).unwrap();
    let evidence = olivia.opens_console(&base_url, &opened.nonce);
    let check = |ticket: &ConsoleTicket, holder: &PasskeyHolder| {
        ticket.check(&base_url, &evidence, &[holder.passkey(NOW)])
    };
    assert_eq!(check(&opened, &olivia), Ok(()));
    assert_eq!(check(&opened, &PasskeyHolder::new("eve@example.com")), Err(NotProven::UnknownPasskey));
    assert!(check(&ConsoleTicket::new("m".into(), NOW), &olivia).is_err());
    assert!(ConsoleTicket::open(&ticket.seal(&secret), &secret, NOW + ConsoleTicket::LIFETIME).is_none());
}
