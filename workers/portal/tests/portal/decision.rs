//! GET and POST `/approvals/{key}`.

use pki::testing as test_pki;
use serde_json::{Value, json};
use time::Duration;
use workflow::approver_set::{ApproverSet, GroupQuorum};
use workflow::decision::Outcome;
use workflow::ids::RequestId;
use workflow::message::RecheckMessage;
use workflow::ports::Clock;
use workflow::request::audit::{EventKind, verify};
use workflow::request::{Ending, Status};

use crate::site::{FORM, Site};

fn vote_input(site: &Site, id: RequestId, decision: &str) -> Value {
    json!({"decision": decision, "digest": site.shown(id), "reason": "Because."})
}

#[tokio::test]
async fn reading_never_decides() {
    let site = Site::new();
    let (id, link) = site.pending();
    // The first opening of the link is recorded, once; nothing else changes.
    site.get(&link).await;
    let events: Vec<_> = site.backend.audit(id).into_iter().map(|event| event.event).collect();
    assert_eq!(events.iter().filter(|event| **event == EventKind::Viewed).count(), 1);
    let before = (site.backend.approval(id), site.backend.requests());
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"] {
        let query = format!("{link}?decision=approve&digest={}", site.shown(id));
        let body = format!("decision=approve&digest={}", site.shown(id));
        let headers =
            [("content-type", FORM), ("accept", "application/json"), ("sec-fetch-site", "same-origin")];
        let answer = site.call(method, &query, &headers, body).await;
        let expected = if matches!(method, "GET" | "HEAD") { 200 } else { 405 };
        assert_eq!(answer.status.as_u16(), expected, "{method}");
        if method == "PUT" {
            answer.is_problem(405, "bad_request");
            assert!(answer.header("allow").contains("POST"), "{:?}", answer.headers);
        }
    }
    assert_eq!((site.backend.approval(id), site.backend.requests()), before);
    assert!(site.backend.rechecks().is_empty());
}

#[tokio::test]
async fn an_approval_is_recorded_once_and_repeating_it_is_harmless() {
    let site = Site::new();
    let (id, link) = site.pending();
    let first = site.post(&link, &vote_input(&site, id, "approve")).await;
    assert_eq!(first.status, 200, "{}", first.text());
    let body = first.json();
    assert_eq!(body["requestId"], id.to_string());
    assert_eq!((&body["decision"], &body["outcome"]), (&json!("approve"), &json!("approved")));
    assert_eq!(body["votes"][0]["approver"], "approver@example.com");
    assert_eq!(site.post(&link, &vote_input(&site, id, "approve")).await.json(), body);
    assert_eq!(site.backend.approval(id).unwrap().votes.len(), 1);
    assert_eq!(
        site.backend.rechecks(),
        [RecheckMessage::look(id), RecheckMessage::look(id)],
        "a nudge that was lost is mended by repeating"
    );
    site.post(&link, &vote_input(&site, id, "reject")).await.is_problem(409, "already_decided");
    let page = site
        .submit(&link, &[("decision", "reject"), ("digest", &site.shown(id)), ("reason", "No.")])
        .await
        .is_page(409);
    assert!(
        page.contains("The request is already approved") && !page.contains("value=\"approve\""),
        "the request again, without buttons"
    );
    let after = site.browse(&link).await.is_page(200);
    assert!(after.contains("Approved") && !after.contains("value=\"approve\""));
    assert_eq!(site.get(&link).await.json()["outcome"], "approved");
}

#[tokio::test]
async fn a_rejection_keeps_its_reason() {
    let site = Site::new();
    let (id, link) = site.pending();
    let page = site
        .submit(&link, &[("decision", "reject"), ("digest", &site.shown(id)), ("reason", " Not ours.\r\n")])
        .await;
    assert!(page.is_page(200).contains("Rejected"));
    let approval = site.backend.approval(id).unwrap();
    assert_eq!(approval.outcome, Some(Outcome::Rejected));
    assert_eq!(approval.votes[0].reason.as_deref(), Some("Not ours."));
    site.post(&link, &vote_input(&site, id, "approve")).await.is_problem(409, "already_decided");
}

/// The first of two equal votes may end the request between any two calls of the second one.
#[tokio::test]
async fn a_repeated_vote_is_harmless_however_far_the_flow_got_meanwhile() {
    let before = Site::new();
    let (id, link) = before.pending();
    let vote = vote_input(&before, id, "reject");
    let after = before.copy();
    assert_eq!(after.post(&link, &vote).await.status, 200);
    let mut row = after.backend.request(id).unwrap();
    let now = after.backend.now();
    row.record_decision(after.backend.approval(id).unwrap().decision().unwrap(), now).unwrap();
    row.end(Ending::because(Status::Rejected, "Because."), now).unwrap();
    after.backend.put(row);
    let (first, last) = (before.backend.calls().len(), after.backend.calls().len());
    assert!(last > first + 4, "a vote makes calls");
    for number in first..=last {
        let site = before.copy();
        site.backend.become_at(number, &after.backend);
        let answer = site.post(&link, &vote).await;
        assert_eq!(answer.status, 200, "at call {}: {}", number - first, answer.text());
        assert_eq!(answer.json()["outcome"], "rejected");
        assert_eq!(answer.json()["votes"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_stale_digest_is_a_conflict_and_shows_the_request_again() {
    let site = Site::new();
    let (id, link) = site.pending();
    let stale = "0".repeat(64);
    site.post(&link, &json!({"decision": "approve", "digest": stale}))
        .await
        .is_problem(409, "already_decided");
    let page = site.submit(&link, &[("decision", "approve"), ("digest", &stale)]).await.is_page(409);
    assert!(page.contains("Please review it again") && page.contains(&site.shown(id)));
    assert_eq!(site.backend.approval(id).unwrap().outcome, None);
}

#[tokio::test]
async fn the_digest_is_of_what_is_shown_not_of_what_was_stored_before() {
    let site = Site::new();
    let (id, link) = site.pending();
    site.backend.alter(id, |row| row.names.push("evil.example.com".into()));
    let shown = site.get(&link).await.json()["digest"].as_str().unwrap().to_owned();
    assert_ne!(shown, site.shown(id));
    site.post(&link, &json!({"decision": "approve", "digest": shown}))
        .await
        .is_problem(409, "already_decided");
    assert_eq!(site.backend.approval(id).unwrap().outcome, None);
}

#[tokio::test]
async fn malformed_votes_change_nothing() {
    let site = Site::new();
    let (id, link) = site.pending();
    let good = site.shown(id);
    for (body, code) in [
        (json!({}), "missing_field"),
        (json!({"decision": "approve"}), "missing_field"),
        (json!({"digest": good}), "missing_field"),
        (json!({"decision": "maybe", "digest": good}), "bad_request"),
        (json!({"decision": true, "digest": good}), "bad_request"),
        (json!({"decision": "reject", "digest": good, "reason": "x".repeat(2001)}), "bad_request"),
        (json!({"decision": "reject", "digest": good, "reason": "\u{1b}"}), "bad_request"),
    ] {
        site.post(&link, &body).await.is_problem(400, code);
    }
    let key = json!({"decision": "reject", "digest": good, "reason": test_pki::root().key_pem});
    site.post(&link, &key).await.is_problem(422, "private_key_submitted");
    assert_eq!(site.backend.approval(id).unwrap().version, 1);
    assert!(site.backend.rechecks().is_empty());
}

#[tokio::test]
async fn after_the_limit_nothing_is_decided() {
    let site = Site::new();
    let (id, link) = site.pending();
    let vote = vote_input(&site, id, "approve");
    site.backend.advance(Duration::days(7));
    site.get(&link).await.is_problem(410, "expired");
    site.post(&link, &vote).await.is_problem(410, "expired");
    assert!(site.browse(&link).await.is_page(410).contains("No decision was made on this request in time"));
    assert_eq!(site.backend.approval(id).unwrap().outcome, None);

    let (id, link) = site.pending();
    site.post(&link, &vote_input(&site, id, "approve")).await;
    site.backend.advance(Duration::days(30));
    assert_eq!(site.get(&link).await.json()["outcome"], "approved", "a decision stays readable");
}

#[tokio::test]
async fn every_link_that_opens_nothing_gives_the_same_answer() {
    let site = Site::new();
    let (id, link) = site.pending();
    let own = site.link_of(id, "requester@example.com");
    let former = site.link_of(id, "former@example.com");
    let unknown = format!("/approvals/{}", "A".repeat(43));
    let cut = &link[..link.len() - 1];
    let longer = format!("{link}A");
    let mut answers = Vec::new();
    for path in
        [own.as_str(), &former, &unknown, cut, &longer, "/approvals/x", "/approvals/%ff", "/approvals/%0a"]
    {
        answers.push(site.get(path).await.is_problem(404, "not_found"));
        site.post(path, &vote_input(&site, id, "approve")).await.is_problem(404, "not_found");
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    assert_eq!(site.backend.approval(id).unwrap().outcome, None);
}

#[tokio::test]
async fn forms_of_other_sites_are_refused_and_our_own_are_not() {
    let site = Site::new();
    let (id, link) = site.pending();
    let vote = |headers: &'static [(&'static str, &'static str)]| {
        let body = format!("decision=approve&digest={}", site.shown(id));
        let mut all = vec![("content-type", FORM), ("accept", "application/json")];
        all.extend(headers);
        let (site, link) = (&site, &link);
        async move { site.call("POST", link, &all, body).await }
    };
    vote(&[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")])
        .await
        .is_problem(403, "bad_request");
    vote(&[("origin", "https://evil.example"), ("host", "pki.example.com")])
        .await
        .is_problem(403, "bad_request");
    // A value that no browser sends for our own pages proves nothing; then the origin decides.
    for headers in [
        &[("sec-fetch-site", "Cross-Site")][..],
        &[("sec-fetch-site", "same-site"), ("origin", "null")],
        &[("sec-fetch-site", "x"), ("origin", "https://evil.example")],
        &[("sec-fetch-site", "")],
    ] {
        vote(headers).await.is_problem(403, "bad_request");
    }
    assert_eq!(site.backend.approval(id).unwrap().outcome, None);
    for headers in [
        &[("sec-fetch-site", "same-site"), ("origin", "https://pki.example.com")][..],
        &[("sec-fetch-site", "same-origin"), ("origin", "null")],
        &[("origin", "null")],
        &[("origin", "https://pki.example.com")],
        &[("origin", "http://localhost:8080"), ("host", "localhost:8080")],
        &[],
    ] {
        assert_eq!(vote(headers).await.status, 200);
    }
}

#[tokio::test]
async fn a_request_that_has_ended_is_not_decided() {
    let site = Site::new();
    let (id, link) = site.pending();
    site.backend.alter(id, |row| row.status = Status::Failed);
    site.post(&link, &vote_input(&site, id, "approve")).await.is_problem(409, "already_decided");
    assert!(!site.browse(&link).await.is_page(200).contains("value=\"approve\""));
    assert_eq!(site.backend.approval(id).unwrap().outcome, None);
}

#[tokio::test]
async fn a_vote_stands_even_if_the_flow_is_not_woken() {
    let site = Site::new();
    let (id, link) = site.pending();
    site.backend.fail_next("worker queue", 1);
    assert_eq!(site.post(&link, &vote_input(&site, id, "approve")).await.status, 200);
    assert_eq!(site.backend.approval(id).unwrap().outcome, Some(Outcome::Approved));

    let (id, link) = site.pending();
    let vote = vote_input(&site, id, "approve");
    site.backend.fail_next("approvals", 1);
    site.post(&link, &vote).await.is_problem(503, "try_again");
    assert_eq!(site.backend.approval(id).unwrap().outcome, None);
}

#[tokio::test]
async fn a_quorum_of_two_needs_two_people() {
    let site = Site::new();
    let (id, link) = site.pending();
    let mut approval = site.backend.approval(id).unwrap();
    let group = &mut approval.approver_set.quorums[0];
    group.quorum = 2;
    group.members.push("second@example.com".parse().unwrap());
    site.backend.set_policy(&include_str!("../../../../infra/policy.toml").replace(
        "approvers = [\"approver@example.com\"]",
        "approvers = [\"approver@example.com\", \"second@example.com\"]",
    ));
    site.backend.put_approval(approval, []);
    let second = site.link_of(id, "second@example.com");
    let page = site.submit(&link, &[("decision", "approve"), ("digest", &site.shown(id))]).await.is_page(200);
    let missing = "1 of 2 approvals so far. Still needed: 1 approval (second@example.com).<";
    assert!(page.contains(missing), "{page}");
    assert!(site.browse(&link).await.is_page(200).contains(missing), "on reload");
    assert_eq!(site.backend.approval(id).unwrap().outcome, None);
    assert!(!site.browse(&link).await.is_page(200).contains("value=\"approve\""), "one vote a person");
    site.post(&link, &vote_input(&site, id, "reject")).await.is_problem(409, "already_decided");
    assert_eq!(site.post(&second, &vote_input(&site, id, "approve")).await.json()["outcome"], "approved");
}

#[tokio::test]
async fn a_rejection_needs_a_reason() {
    let site = Site::new();
    let (id, link) = site.pending();
    let vote = json!({"decision": "reject", "digest": site.shown(id)});
    site.post(&link, &vote).await.is_problem(400, "missing_field");
    assert!(site.backend.approval(id).unwrap().votes.is_empty());
    site.post(&link, &vote_input(&site, id, "reject")).await;
    assert_eq!(site.backend.approval(id).unwrap().outcome, Some(Outcome::Rejected));
}

#[tokio::test]
async fn a_verdict_that_changed_is_shown_again_and_nothing_is_decided() {
    let site = Site::new();
    let (id, link) = site.pending();
    let vote = vote_input(&site, id, "approve");
    let policy = include_str!("../../../../infra/policy.toml");
    site.backend.set_policy(&policy.replace("validity_days = 365", "validity_days = 30"));
    site.post(&link, &vote).await.is_problem(409, "already_decided");
    assert!(site.backend.approval(id).unwrap().votes.is_empty());
    // A policy change that leaves the review unchanged does not reject the vote.
    site.backend.set_policy(&format!("{policy}\n# a remark"));
    assert_eq!(site.post(&link, &vote).await.status, 200);
}

#[tokio::test]
async fn an_approver_removed_from_the_policy_can_neither_vote_nor_read() {
    let site = Site::new();
    let (id, link) = site.pending();
    let vote = vote_input(&site, id, "approve");
    let policy = include_str!("../../../../infra/policy.toml");
    site.backend.set_policy(&policy.replace("approver@example.com", "successor@example.com"));
    site.post(&link, &vote).await.is_problem(404, "not_found");
    site.get(&link).await.is_problem(404, "not_found");
    assert!(site.backend.approval(id).unwrap().votes.is_empty());
}

#[tokio::test]
async fn links_of_an_earlier_generation_are_dead() {
    let site = Site::new();
    let (id, link) = site.pending();
    let vote = vote_input(&site, id, "approve");
    let mut approval = site.backend.approval(id).unwrap();
    let approver_set = approval.approver_set.clone();
    assert!(approval.renew_links(2, approver_set));
    site.backend.put_approval(approval, []);
    site.get(&link).await.is_problem(404, "not_found");
    site.post(&link, &vote).await.is_problem(404, "not_found");
    assert_eq!(site.post(&site.link(id), &vote).await.status, 200);
}

#[tokio::test]
async fn the_requester_never_votes_in_any_spelling() {
    let site = Site::new();
    let policy = include_str!("../../../../infra/policy.toml");
    site.backend.set_policy(&policy.replace(
        "approvers = [\"approver@example.com\"]",
        "approvers = [\"approver@example.com\", \"Requester+ca@example.com\"]",
    ));
    let (id, _) = site.pending();
    let mut approval = site.backend.approval(id).unwrap();
    // Also if a fault has listed the requester as an approver.
    approval.approver_set.quorums[0].members.push("Requester+ca@example.com".parse().unwrap());
    site.backend.put_approval(approval, []);
    for who in ["requester@example.com", "REQUESTER@example.com", "Requester+ca@example.com"] {
        let link = site.link_of(id, who);
        site.get(&link).await.is_problem(404, "not_found");
        site.post(&link, &vote_input(&site, id, "approve")).await.is_problem(404, "not_found");
    }
    assert!(site.backend.approval(id).unwrap().votes.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_contradicting_votes_at_once_end_in_one_decision() {
    let site = Site::new();
    let members: Vec<String> = (0..50).map(|n| format!("a{n}@example.com")).collect();
    let policy = include_str!("../../../../infra/policy.toml");
    site.backend.set_policy(&policy.replace("[\"approver@example.com\"]", &format!("{members:?}")));
    let (id, _) = site.pending();
    let mut approval = site.backend.approval(id).unwrap();
    let group = GroupQuorum {
        group: None,
        members: members.iter().map(|one| one.parse().unwrap()).collect(),
        quorum: 1,
    };
    approval.approver_set = ApproverSet { quorums: vec![group], ..approval.approver_set };
    site.backend.put_approval(approval, []);
    let votes: Vec<_> = members
        .iter()
        .enumerate()
        .map(|(n, who)| {
            let link = site.link_of(id, who);
            let vote = vote_input(&site, id, if n % 2 == 0 { "approve" } else { "reject" });
            // One approver in two tabs: both votes use the same link.
            let other = vote_input(&site, id, if n % 2 == 0 { "reject" } else { "approve" });
            (link, vote, other)
        })
        .collect();
    let answers = futures_util::future::join_all(
        votes.iter().flat_map(|(link, vote, other)| [site.post(link, vote), site.post(link, other)]),
    )
    .await;
    let approval = site.backend.approval(id).unwrap();
    let outcome = approval.outcome.unwrap();
    assert_eq!(approval.votes.len(), 1, "the first one decides, and no other is recorded");
    for answer in answers {
        match answer.status.as_u16() {
            200 => assert_eq!(answer.json()["outcome"], json!(outcome)),
            409 => drop(answer.is_problem(409, "already_decided")),
            // All conditional writes lost against concurrent ones: an error, and nothing recorded.
            503 => drop(answer.is_problem(503, "try_again")),
            other => panic!("{other}: {}", answer.text()),
        }
    }
    assert_eq!(verify(id, &site.backend.audit(id), site.backend.request(id).unwrap().audit()), []);
}

#[tokio::test]
async fn approvals_that_are_still_needed_are_named_by_group_in_one_sentence() {
    let site = Site::new();
    let (id, link) = site.pending();
    let mut approval = site.backend.approval(id).unwrap();
    let quorums = &mut approval.approver_set.quorums;
    quorums[0].group = Some("security".to_owned());
    let members = ["second@example.com", "third@example.com"].map(|one| one.parse().unwrap()).to_vec();
    quorums.push(GroupQuorum { group: Some("platform".to_owned()), members, quorum: 2 });
    site.backend.set_policy(&include_str!("../../../../infra/policy.toml").replace(
        "approvers = [\"approver@example.com\"]",
        "approvers = [\"approver@example.com\", \"second@example.com\", \"third@example.com\"]",
    ));
    site.backend.put_approval(approval, []);
    let page = site.browse(&link).await.is_page(200);
    let missing = "0 of 3 approvals so far. Still needed: 1 from security (you), 2 from platform (second@example.com, third@example.com).";
    assert!(page.contains(missing), "{page}");
    let page = site.browse(&format!("{link}?lang=ja")).await.is_page(200);
    assert!(page.contains("あと security から1件 (あなた)、platform から2件 (second@example.com、third@example.com) の承認が必要です。"), "{page}");

    let voted =
        site.submit(&link, &[("decision", "approve"), ("digest", &site.shown(id))]).await.is_page(200);
    let again = site.browse(&link).await.is_page(200);
    for page in [voted, again] {
        assert!(page.contains("1 of 3 approvals so far. Still needed: 2 from platform (second@example.com, third@example.com).<"), "{page}");
    }
}
