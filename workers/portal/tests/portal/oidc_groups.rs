//! Members of a group of the identity provider vote through the link of their shared mailbox.

use serde_json::json;
use workflow::approver_set::{ApproverSet, GroupQuorum, OidcGroup};
use workflow::decision::Outcome;
use workflow::ids::RequestId;
use workflow::request::audit::EventKind;
use workflow::testing::fixtures::approver;
use workflow::testing::sign_in::TestProvider;

use crate::sign_ins::{begin, policy, post_form, says, site};
use crate::site::Site;

const GROUP: &str = "PKI approvers";

/// A site with a request that waits for two of the group, whose mailbox is that of [`approver`].
async fn waiting() -> (Site, TestProvider, RequestId, String) {
    let (site, provider) = site().await;
    let (id, link) = site.pending();
    let group =
        format!("[groups]\npki = {{ oidc_group = \"{GROUP}\", mail = \"{}\" }}\n[people]", approver());
    let policy = policy().replacen("[people]", &group, 1);
    let policy = policy.replace(
        "approvers = [\"approver@example.com\"]\nquorum = 1 ",
        "approval = [{ group = \"pki\", quorum = 2 }] ",
    );
    assert!(policy.contains("group = \"pki\""), "{policy}");
    site.backend.set_policy(&policy);
    let mut approval = site.backend.approval(id).unwrap();
    approval.approver_set = ApproverSet {
        quorums: vec![GroupQuorum { group: Some("pki".into()), members: vec![approver()], quorum: 2 }],
        oidc_groups: vec![OidcGroup { name: GROUP.into(), mail: approver() }],
        requester: Some(site.backend.request(id).unwrap().email().clone()),
        ..approval.approver_set
    };
    site.backend.put_approval(approval, []);
    (site, provider, id, link)
}

#[tokio::test]
async fn members_decide_as_themselves_and_each_once() {
    let (site, provider, id, link) = waiting().await;
    let review = site.browse(&link).await.is_page(200);
    assert!(review.contains(&format!("for the group {GROUP}")), "{review}");
    for (n, member) in ["one@example.com", "One@example.com", "two@example.com"].into_iter().enumerate() {
        let begun = begin(&site, &link, id, "approve", "").await;
        assert!(!begun.asked.contains_key("login_hint"), "a mailbox does not sign in: {:?}", begun.asked);
        let token = begun.finish(&site, &provider, |claims| {
            claims["email"] = json!(member);
            claims["groups"] = json!([GROUP, "Everybody"]);
        });
        let page = begun.back(&site, &[]).await.is_page(200);
        assert!(page.contains(member) && !page.contains(approver().as_str()), "{page}");
        let said = ["Your approval is recorded", "Your approval is recorded", "Approved"][n];
        says(&post_form(&site, "/signed-in", &begun.cookie, &[("idToken", &token)]).await, 200, said);
        let approval = site.backend.approval(id).unwrap();
        assert_eq!(approval.votes.len(), [1, 1, 2][n], "{member}");
        assert_eq!(approval.outcome, [None, None, Some(Outcome::Approved)][n], "{member}");
        assert!(approval.votes.iter().all(|vote| vote.oidc_groups == [GROUP]));
    }
    let voters: Vec<String> =
        site.backend.approval(id).unwrap().votes.iter().map(|vote| vote.approver.to_string()).collect();
    assert_eq!(voters, ["one@example.com", "two@example.com"]);
    let trail = site.backend.audit(id);
    let voted: Vec<String> = trail
        .iter()
        .filter(|event| event.event == EventKind::Voted)
        .map(|event| event.actor.to_string())
        .collect();
    assert!(voted.len() == 2 && voted[0].contains("one@example.com"), "{voted:?}");
}

#[tokio::test]
async fn who_is_no_member_or_asked_themselves_decides_nothing() {
    let (site, provider, id, link) = waiting().await;
    let requester = site.backend.request(id).unwrap().email().to_string();
    let mailbox = approver().to_string();
    for (email, groups, said) in [
        ("one@example.com", json!(["pki approvers"]), "name you as a member"),
        ("one@example.com", json!(null), "name you as a member"),
        (mailbox.as_str(), json!([]), "name you as a member"),
        (requester.as_str(), json!([GROUP]), "made this request yourself"),
    ] {
        let begun = begin(&site, &link, id, "approve", "").await;
        let token = begun.finish(&site, &provider, |claims| {
            claims["email"] = json!(email);
            claims["groups"] = groups.clone();
        });
        says(&begun.back(&site, &[]).await, 403, said);
        says(&post_form(&site, "/signed-in", &begun.cookie, &[("idToken", &token)]).await, 403, said);
        assert!(site.backend.approval(id).unwrap().votes.is_empty(), "{email} {groups}");
    }
}
