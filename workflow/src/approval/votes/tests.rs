use time::Duration;
use time::macros::{date, datetime};

use super::*;
use crate::approver_set::{GroupQuorum, Identity, PlusTags};
use crate::stand_in::StandIn;

const NOW: OffsetDateTime = datetime!(2026-01-01 12:00:00 UTC);

fn email(text: &str) -> Email {
    text.parse().unwrap()
}

fn approval(quorum: usize) -> Approval {
    let members = vec![email("a@example.com"), email("b@example.com"), email("c@example.com")];
    let approver_set = ApproverSet {
        quorums: vec![GroupQuorum { group: None, members, quorum }],
        escalation_approvers: vec![],
        plus_tags: PlusTags::Same,
        identity: Identity::Mail,
        stand_ins: Vec::new(),
        oidc_groups: Vec::new(),
        requester: None,
    };
    let digest = ApprovalDigest::from_text("d1");
    Approval::ask(RequestId::random(), digest, approver_set, NOW, NOW + Duration::days(7))
}

fn vote_input(who: &str, decision: Decision) -> VoteInput {
    VoteInput {
        approver: email(who),
        decision,
        review_digest: ReviewDigest::from_text("r1"),
        reason: None,
        oidc_groups: Vec::new(),
        evidence: None,
    }
}

fn vote(approval: &mut Approval, who: &str, decision: Decision) -> Result<VoteResult, VoteError> {
    approval.vote(
        &vote_input(who, decision),
        &ReviewDigest::from_text("r1"),
        &approval.approver_set.clone(),
        NOW,
    )
}

#[test]
fn the_quorum_approves_and_one_rejection_ends_it() {
    let mut approval = approval(2);
    assert_eq!(vote(&mut approval, "a@example.com", Decision::Approve), Ok(VoteResult::Recorded));
    assert_eq!(approval.outcome, None);
    for spelling in ["A@EXAMPLE.COM", "a+phone@example.com"] {
        assert_eq!(vote(&mut approval, spelling, Decision::Approve), Ok(VoteResult::Repeated), "counts once");
    }
    assert_eq!(approval.outcome, None);
    assert_eq!(approval.undecided(NOW), [email("b@example.com"), email("c@example.com")]);
    let mut rejected = approval.clone();
    assert_eq!(vote(&mut approval, "b@example.com", Decision::Approve), Ok(VoteResult::Recorded));
    assert_eq!(approval.outcome, Some(Outcome::Approved));
    assert_eq!(vote(&mut rejected, "b@example.com", Decision::Reject), Ok(VoteResult::Recorded));
    assert_eq!(rejected.outcome, Some(Outcome::Rejected));
}

#[test]
fn what_stands_is_not_decided_otherwise() {
    let mut approval = approval(1);
    vote(&mut approval, "a@example.com", Decision::Approve).unwrap();
    let standing = approval.clone();
    assert_eq!(vote(&mut approval, "b@example.com", Decision::Approve), Ok(VoteResult::Repeated));
    assert_eq!(
        vote(&mut approval, "b@example.com", Decision::Reject),
        Err(VoteError::AlreadyDecided(Outcome::Approved))
    );
    assert_eq!(approval.withdraw(NOW), Err(VoteError::AlreadyDecided(Outcome::Approved)));
    assert!(!approval.expire(NOW + Duration::days(8)));
    assert!(!approval.escalate(vec![email("z@example.com")], NOW));
    assert!(!approval.renew_links(2, standing.approver_set.clone()));
    assert_eq!(approval, standing);
}

#[test]
fn every_task_that_asked_is_kept_once_and_not_without_bound() {
    let mut approval = approval(1);
    for token in ["t1", "t2", "t1", "t2"] {
        approval.keep(&TaskToken::new(token));
    }
    let tokens: Vec<_> = approval.tokens().map(TaskToken::expose).collect();
    assert_eq!(tokens, ["t2", "t1"], "a message that comes again changes nothing");
    for number in 0..100 {
        approval.keep(&TaskToken::new(format!("n{number}")));
    }
    assert_eq!(approval.tokens().count(), MAX_EARLIER_TOKENS + 1);
    assert_eq!(approval.tokens().next().unwrap().expose(), "n99");
}

#[test]
fn late_stale_and_foreign_votes_change_nothing() {
    let mut approval = approval(2);
    let fresh = approval.clone();
    let yes = vote_input("a@example.com", Decision::Approve);
    let current = ReviewDigest::from_text("r1");
    assert_eq!(
        approval.vote(&yes, &current, &approval.approver_set.clone(), approval.expires_at),
        Err(VoteError::Expired)
    );
    assert_eq!(
        approval.vote(&yes, &ReviewDigest::from_text("r2"), &approval.approver_set.clone(), NOW),
        Err(VoteError::StaleDigest)
    );
    assert_eq!(vote(&mut approval, "d@example.com", Decision::Approve), Err(VoteError::NotAnApprover));
    assert_eq!(approval, fresh);
    vote(&mut approval, "a@example.com", Decision::Approve).unwrap();
    assert_eq!(vote(&mut approval, "a@example.com", Decision::Reject), Err(VoteError::VotedOtherwise));
    assert_eq!(
        approval.vote(&yes, &ReviewDigest::from_text("r2"), &approval.approver_set.clone(), NOW),
        Ok(VoteResult::Repeated),
        "a repeated vote stands, also if the review has changed since"
    );
}

#[test]
fn an_undecided_approval_expires_once() {
    let mut approval = approval(1);
    assert!(!approval.expire(NOW));
    assert!(approval.expire(approval.expires_at));
    assert!(!approval.expire(approval.expires_at));
    assert_eq!(vote(&mut approval, "a@example.com", Decision::Approve), Err(VoteError::Expired));
    assert_eq!(approval.withdraw(NOW), Err(VoteError::Expired));
    assert_eq!(approval.decision().unwrap().outcome, Outcome::Expired);
}

#[test]
fn a_withdrawn_request_is_rejected_without_a_vote() {
    let mut approval = approval(1);
    assert_eq!(approval.withdraw(NOW), Ok(true));
    assert_eq!(approval.withdraw(NOW), Ok(false));
    let decision = approval.decision().unwrap();
    assert_eq!((decision.outcome, decision.withdrawn, decision.votes.len()), (Outcome::Rejected, true, 0));
    for decision in [Decision::Approve, Decision::Reject] {
        assert_eq!(vote(&mut approval, "a@example.com", decision), Err(VoteError::Withdrawn));
    }
}

#[test]
fn substitutes_vote_after_the_escalation_only() {
    let mut approval = approval(1);
    let substitute = email("z@example.com");
    assert_eq!(vote(&mut approval, "z@example.com", Decision::Approve), Err(VoteError::NotAnApprover));
    assert!(approval.escalate(vec![substitute.clone()], NOW));
    assert!(!approval.escalate(vec![substitute.clone()], NOW), "once");
    assert!(approval.undecided(NOW).contains(&substitute));
    assert_eq!(vote(&mut approval, "z@example.com", Decision::Approve), Ok(VoteResult::Recorded));
    assert_eq!(approval.outcome, Some(Outcome::Approved));
}

#[test]
fn links_are_renewed_one_generation_at_a_time() {
    let mut approval = approval(1);
    let approver_set = approval.approver_set.clone();
    assert!(!approval.renew_links(3, approver_set.clone()) && !approval.renew_links(1, approver_set.clone()));
    assert!(approval.renew_links(2, approver_set.clone()) && !approval.renew_links(2, approver_set));
    assert_eq!(approval.generation, 2);
}

/// As [`approval`], by another policy: these members, this quorum.
fn in_force(members: &[&str], quorum: usize) -> ApproverSet {
    let members = members.iter().map(|one| email(&format!("{one}@example.com"))).collect();
    ApproverSet {
        quorums: vec![GroupQuorum { group: None, members, quorum }],
        escalation_approvers: Vec::new(),
        plus_tags: PlusTags::Same,
        identity: Identity::Mail,
        stand_ins: Vec::new(),
        oidc_groups: Vec::new(),
        requester: None,
    }
}

#[test]
fn the_stricter_of_the_question_and_the_policy_in_force_decides() {
    let shown = ReviewDigest::from_text("r1");
    let of = |who: &str| vote_input(&format!("{who}@example.com"), Decision::Approve);
    // The quorum of the question, and the members and the quorum in force when b approves after a.
    for (quorum, members, now, outcome) in [
        (2, &["a", "b", "c"][..], 2, Some(Outcome::Approved)),
        (2, &["b", "c"], 2, None),
        (2, &["a", "b", "c"], 1, Some(Outcome::Approved)),
        (2, &["b", "c"], 1, None),
        (2, &["a", "b", "c"], 3, None),
    ] {
        let mut approval = approval(quorum);
        vote(&mut approval, "a@example.com", Decision::Approve).unwrap();
        approval.vote(&of("b"), &shown, &in_force(members, now), NOW).unwrap();
        assert_eq!(approval.outcome, outcome, "{quorum} then, {now} of {members:?} in force");
        assert_eq!(approval.missing_approvals(&in_force(members, now)).is_empty(), outcome.is_some());
    }
    // Who joined later was not asked; the seats of the question are filled by those who were.
    let mut approval = approval(1);
    assert_eq!(approval.vote(&of("d"), &shown, &in_force(&["d"], 1), NOW), Err(VoteError::NotAnApprover));
}

/// s@example.com stands in for a@example.com on the day of [`NOW`] and the next one.
fn stands_in(set: ApproverSet) -> ApproverSet {
    let entry = StandIn {
        person: email("a@example.com"),
        by: email("s@example.com"),
        from: date!(2026 - 01 - 01),
        until: date!(2026 - 01 - 02),
    };
    ApproverSet { stand_ins: vec![entry], ..set }
}

#[test]
fn a_stand_in_votes_in_the_place_of_another_and_both_count_once() {
    let shown = ReviewDigest::from_text("r1");
    let by = |who: &str| vote_input(who, Decision::Approve);
    let mut approval = approval(2);
    let in_force = stands_in(approval.approver_set.clone());
    let stand_in = email("s@example.com");
    assert_eq!(
        approval.vote(&by("s@example.com"), &shown, &in_force, NOW),
        Err(VoteError::NotAnApprover),
        "the row does not have the entry yet"
    );
    assert!(
        approval.replace_stand_ins(&in_force.stand_ins) && !approval.replace_stand_ins(&in_force.stand_ins)
    );
    assert!(approval.undecided(NOW).contains(&stand_in));
    assert!(!approval.undecided(NOW + Duration::days(2)).contains(&stand_in));
    let late = approval.clone().vote(&by("s@example.com"), &shown, &in_force, NOW + Duration::days(2));
    assert_eq!(late, Err(VoteError::NotAnApprover));
    assert_eq!(approval.stood_in_until(&stand_in, NOW), None);
    let until = approval.stood_in_until(&stand_in, NOW + Duration::days(2));
    assert_eq!(until, Some(date!(2026 - 01 - 02)));

    approval.vote(&by("s@example.com"), &shown, &in_force, NOW).unwrap();
    assert_eq!(approval.votes[0].event_detail(), "approve for a@example.com");
    // The seat is taken: nobody reminds the one who is away, who may still vote.
    assert_eq!(approval.undecided(NOW), [email("b@example.com"), email("c@example.com")]);
    let may = |approval: &Approval, in_force: &ApproverSet| -> Vec<String> {
        let who = approval.who_may_approve(None, in_force, NOW);
        who.into_iter().map(|(one, entries)| format!("{one} {}", entries.len())).collect()
    };
    assert_eq!(may(&approval, &in_force), ["b@example.com 0", "c@example.com 0"]);
    approval.vote(&by("a@example.com"), &shown, &in_force, NOW).unwrap();
    assert_eq!((approval.outcome, approval.votes.len()), (None, 2), "one seat");
    // Without the entry, the vote does not count any more.
    let mut left = approval.clone();
    let without = ApproverSet { stand_ins: Vec::new(), ..in_force.clone() };
    assert!(left.replace_stand_ins(&[]));
    assert_eq!(may(&left, &without), ["b@example.com 0", "c@example.com 0"]);
    assert_eq!(left.missing_approvals(&without)[0].approvals, 1);
    approval.vote(&by("b@example.com"), &shown, &in_force, NOW).unwrap();
    assert_eq!(approval.outcome, Some(Outcome::Approved));
}

#[test]
fn whoever_stands_in_is_named_with_the_person_and_the_absent_one_is_asked_again_without_the_entry() {
    let shown = ReviewDigest::from_text("r1");
    let mut approval = approval(1);
    let in_force = stands_in(in_force(&["a", "b", "c"], 2));
    approval.replace_stand_ins(&in_force.stand_ins);
    let who = approval.who_may_approve(None, &in_force, NOW);
    let (last, entries) = who.last().unwrap();
    assert_eq!((who.len(), last, entries[0]), (4, &email("s@example.com"), &in_force.stand_ins[0]));
    approval.vote(&vote_input("s@example.com", Decision::Approve), &shown, &in_force, NOW).unwrap();
    assert!(!approval.waits_for(&email("a@example.com"), NOW));
    approval.replace_stand_ins(&[]);
    assert!(approval.waits_for(&email("a@example.com"), NOW));
}
