//! Seats: who fills which, compared with trying every assignment.

use proptest::prelude::*;
use time::macros::{date, datetime};

use super::*;

fn email(text: &str) -> Email {
    text.parse().unwrap()
}

fn people(names: &str) -> Vec<Email> {
    names.chars().map(|name| email(&format!("{name}@example.com"))).collect()
}

fn approver_set(quorums: &[(&str, usize)]) -> ApproverSet {
    let quorums = quorums.iter().map(|(members, quorum)| GroupQuorum {
        group: Some((*members).to_owned()),
        members: people(members),
        quorum: *quorum,
    });
    ApproverSet {
        quorums: quorums.collect(),
        escalation_approvers: Vec::new(),
        plus_tags: PlusTags::Same,
        identity: Identity::Mail,
        stand_ins: Vec::new(),
        oidc_groups: Vec::new(),
        requester: None,
    }
}

fn is_enough(approver_set: &ApproverSet, approving: &str) -> bool {
    approver_set.missing_approvals(&people(approving)).is_empty()
}

#[test]
fn two_of_three_are_any_two() {
    let approver_set = approver_set(&[("abc", 2)]);
    assert!(is_enough(&approver_set, "ab") && is_enough(&approver_set, "ca"));
    assert!(
        !is_enough(&approver_set, "a") && !is_enough(&approver_set, "aa") && !is_enough(&approver_set, "xy")
    );
}

#[test]
fn a_member_of_two_groups_takes_one_seat_where_it_helps() {
    let approver_set = approver_set(&[("ab", 1), ("bc", 1)]);
    assert!(!is_enough(&approver_set, "b"), "one person is not two");
    assert!(
        is_enough(&approver_set, "ba") && is_enough(&approver_set, "bc") && is_enough(&approver_set, "ac")
    );
    let missing = approver_set.missing_approvals(&people("a"));
    assert_eq!(missing, [MissingApprovals { group: Some("bc".into()), approvals: 1 }]);
    assert_eq!(approver_set.approvers(), people("abc"));
}

#[test]
fn spellings_of_one_address_are_one_person() {
    let same = approver_set(&[("ab", 2)]);
    let twice = [email("A@EXAMPLE.com"), email("a+ca@example.com")];
    assert!(!same.missing_approvals(&twice).is_empty());
    let distinct = ApproverSet {
        quorums: vec![GroupQuorum { group: None, members: twice.to_vec(), quorum: 2 }],
        plus_tags: PlusTags::Distinct,
        ..same
    };
    assert!(distinct.missing_approvals(&twice).is_empty());
    assert_eq!(PlusTags::Same.person(&email("+x@example.com")), "+x@example.com");
}

#[test]
fn substitutes_vote_once_the_request_is_escalated() {
    let approver_set =
        ApproverSet { escalation_approvers: people("z"), ..approver_set(&[("a", 1), ("b", 1)]) };
    assert!(!approver_set.has_voter(&people("z")[0], false) && approver_set.has_voter(&people("z")[0], true));
    assert!(
        is_enough(&approver_set, "az") && is_enough(&approver_set, "zb") && !is_enough(&approver_set, "z")
    );
}

/// True if the seats can be filled, by trying every assignment of votes to seats, each for every person it may count for.
fn by_trying(approver_set: &ApproverSet, approving: &[Approving]) -> bool {
    fn fill(set: &ApproverSet, slots: &[usize], left: &[Approving], used: &[Email]) -> bool {
        let Some((slot, rest)) = slots.split_first() else { return true };
        let same = |one: &Email, other: &Email| set.plus_tags.same_person(one, other);
        left.iter().any(|one| {
            let others: Vec<Approving> =
                left.iter().filter(|other| !same(&other.voter, &one.voter)).cloned().collect();
            let free = one.seats_of.iter().filter(|person| !used.iter().any(|it| same(it, person)));
            let mut sitting = free.filter(|person| set.may_sit(person, *slot));
            let is_member = one.mailboxes(set).any(|mailbox| set.may_sit(mailbox, *slot));
            sitting.any(|person| fill(set, rest, &others, &[used, std::slice::from_ref(person)].concat()))
                || (is_member && fill(set, rest, &others, used))
        })
    }
    let slots: Vec<usize> = approver_set
        .quorums
        .iter()
        .enumerate()
        .flat_map(|(index, group)| std::iter::repeat_n(index, group.quorum))
        .collect();
    fill(approver_set, &slots, approving, &[])
}

const AT: OffsetDateTime = datetime!(2026-12-24 12:00 UTC);

/// An entry for the days around [`AT`].
fn stand_in(person: char, by: char) -> StandIn {
    let address = |name: char| email(&format!("{name}@example.com"));
    StandIn {
        person: address(person),
        by: address(by),
        from: date!(2026 - 12 - 20),
        until: date!(2027 - 01 - 06),
    }
}

/// An approval by `voter` at this time that says whom it is for.
fn approval(voter: char, people: &str, at: OffsetDateTime) -> Vote {
    Vote {
        approver: email(&format!("{voter}@example.com")),
        decision: Decision::Approve,
        reason: None,
        at,
        stands_in_for: people.chars().map(|name| email(&format!("{name}@example.com"))).collect(),
        oidc_groups: Vec::new(),
        evidence: None,
    }
}

/// The same, by a member of the group whose mailbox is that of `m`.
fn by_member(vote: Vote) -> Vote {
    Vote { oidc_groups: vec!["PKI approvers".into()], ..vote }
}

/// The set, in which `m` is the mailbox of a group of the identity provider.
fn with_group(set: ApproverSet) -> ApproverSet {
    let group = OidcGroup { name: "PKI approvers".into(), mail: email("m@example.com") };
    ApproverSet { oidc_groups: vec![group], requester: Some(email("r@example.com")), ..set }
}

fn are_enough(set: &ApproverSet, votes: &[Vote]) -> bool {
    set.missing_given(set.counted(votes, false)).is_empty()
}

#[test]
fn an_approver_and_their_stand_in_fill_one_seat() {
    let set = ApproverSet { stand_ins: vec![stand_in('a', 'c')], ..approver_set(&[("ab", 2)]) };
    assert!(are_enough(&set, &[approval('c', "a", AT), approval('b', "", AT)]));
    assert!(!are_enough(&set, &[approval('c', "a", AT), approval('a', "", AT)]), "one seat");
    // An approver in their own right has one seat, however many people they stand in for.
    let set = ApproverSet { stand_ins: vec![stand_in('a', 'b')], ..approver_set(&[("ab", 2)]) };
    assert!(!are_enough(&set, &[approval('b', "a", AT)]));
    assert!(are_enough(&set, &[approval('b', "a", AT), approval('a', "", AT)]));
    let set = ApproverSet {
        stand_ins: vec![stand_in('a', 'c'), stand_in('b', 'c')],
        ..approver_set(&[("a", 1), ("b", 1)])
    };
    assert!(!are_enough(&set, &[approval('c', "ab", AT)]));
    assert!(are_enough(&set, &[approval('c', "ab", AT), approval('a', "", AT)]), "moves to the other seat");
}

#[test]
fn members_of_a_group_of_the_provider_take_its_seats() {
    let set = with_group(approver_set(&[("m", 2)]));
    let member = |name| by_member(approval(name, "", AT));
    assert!(are_enough(&set, &[member('x'), member('y')]));
    assert!(!are_enough(&set, &[member('x'), member('x')]), "one person is not two");
    assert!(!are_enough(&set, &[member('x'), approval('y', "", AT)]), "no member");
    assert!(!are_enough(&set, &[member('x'), member('r')]), "the requester");
    assert!(!are_enough(&set, &[member('x'), approval('m', "", AT)]), "a mailbox is no person");
    assert!(!are_enough(&set, &[member('x'), approval('y', "m", AT)]), "nobody stands in for a mailbox");
    let other = Vote { oidc_groups: vec!["pki approvers".into()], ..member('y') };
    assert!(!are_enough(&set, &[member('x'), other]), "another group");
    // A person of the list who is a member too takes one seat, where it helps.
    let set = with_group(approver_set(&[("a", 1), ("m", 1)]));
    assert!(!are_enough(&set, &[member('a')]) && are_enough(&set, &[member('a'), member('x')]));
    assert!(are_enough(&set, &[approval('a', "", AT), member('x')]));
    assert!(!are_enough(&set, &[approval('a', "", AT)]) && !are_enough(&set, &[member('x'), member('y')]));
    // How many members there are, only the provider knows.
    assert_eq!(with_group(approver_set(&[("m", 9)])).never_filled(), []);
    assert_eq!(with_group(approver_set(&[("m", 9), ("ab", 3)])).never_filled()[0].approvals, 1);
    let escalating =
        ApproverSet { escalation_approvers: people("m"), ..with_group(approver_set(&[("a", 1)])) };
    assert!(!are_enough(&escalating, &[member('x')]) && are_enough_escalated(&escalating, &[member('x')]));
}

#[test]
fn a_quorum_that_nobody_could_reach_costs_nothing() {
    let set = approver_set(&[("ab", usize::MAX)]);
    assert_eq!(set.missing_approvals(&people("ab"))[0].approvals, usize::MAX - 2);
}

#[test]
fn a_stand_in_counts_on_the_days_of_the_policy_and_for_whom_the_vote_says() {
    let set = ApproverSet { stand_ins: vec![stand_in('a', 'c')], ..approver_set(&[("a", 1)]) };
    for (at, counts) in [
        (datetime!(2026-12-19 23:59:59 UTC), false),
        (datetime!(2026-12-20 00:00:00 UTC), true),
        (datetime!(2027-01-06 23:59:59 UTC), true),
        (datetime!(2027-01-07 00:00:00 UTC), false),
    ] {
        assert_eq!(are_enough(&set, &[approval('c', "a", at)]), counts, "{at}");
        assert_eq!(set.admits(&email("c@example.com"), false, at), counts, "{at}");
    }
    assert!(!are_enough(&set, &[approval('c', "", AT)]), "the vote does not say so");
    assert!(!are_enough(&set, &[approval('d', "a", AT)]), "somebody else stands in");
    assert!(!are_enough(&ApproverSet { stand_ins: vec![], ..set.clone() }, &[approval('c', "a", AT)]));
    // Nobody takes over what a stand-in stands in for.
    let chain = ApproverSet { stand_ins: vec![stand_in('a', 'c'), stand_in('c', 'd')], ..set };
    assert!(!are_enough(&chain, &[approval('d', "ac", AT)]));
    assert!(!chain.admits(&email("d@example.com"), false, AT));
}

#[test]
fn a_stand_in_for_an_escalation_approver_votes_after_the_escalation() {
    let set = ApproverSet {
        escalation_approvers: people("z"),
        stand_ins: vec![stand_in('z', 'c')],
        ..approver_set(&[("a", 1)])
    };
    let carol = email("c@example.com");
    assert!(!set.admits(&carol, false, AT) && set.admits(&carol, true, AT));
    assert!(set.counted(&[approval('c', "z", AT)], false).is_empty());
    assert!(set.missing_given(set.counted(&[approval('c', "z", AT)], true)).is_empty());
}

#[test]
fn a_row_without_stand_ins_is_written_as_before_and_read() {
    let set = approver_set(&[("ab", 1)]);
    let row = serde_json::to_string(&set).unwrap();
    assert!(!row.contains("standIns"), "{row}");
    assert_eq!(serde_json::from_str::<ApproverSet>(&row).unwrap(), set);
    let set = ApproverSet { stand_ins: vec![stand_in('a', 'c')], ..set };
    let row = serde_json::to_string(&set).unwrap();
    assert_eq!(serde_json::from_str::<ApproverSet>(&row).unwrap(), set);
    let vote = serde_json::to_string(&approval('b', "", AT)).unwrap();
    assert!(!vote.contains("standsInFor") && !vote.contains("oidcGroups"), "{vote}");
    assert!(!row.contains("oidcGroups") && !row.contains("requester"), "{row}");
    let set = with_group(set);
    let row = serde_json::to_string(&set).unwrap();
    assert_eq!(serde_json::from_str::<ApproverSet>(&row).unwrap(), set);
}

proptest! {
    #[test]
    fn seats_are_filled_whenever_they_can_be(
        groups in proptest::collection::vec(("[a-em]{1,3}", 1usize..3), 1..4),
        approving in "[a-f]{0,3}",
        escalation_approvers in "[d-f]{0,1}",
        stand_ins in proptest::collection::vec("[a-f][c-g]", 0..4),
        standing in "[c-g]{0,2}",
        members in "[a-h]{0,2}",
    ) {
        let quorums: Vec<(&str, usize)> =
            groups.iter().map(|(members, quorum)| (members.as_str(), *quorum)).collect();
        let pair = |text: &String| (text.chars().next().unwrap(), text.chars().nth(1).unwrap());
        let approver_set = ApproverSet {
            escalation_approvers: people(&escalation_approvers),
            stand_ins: stand_ins.iter().map(pair).map(|(person, by)| stand_in(person, by)).collect(),
            ..with_group(approver_set(&quorums))
        };
        // Each person votes once; a stand-in claims to be for everybody, of which the set lets some count.
        let mut names: Vec<char> = approving.chars().chain(standing.chars()).chain(members.chars()).collect();
        names.sort_unstable();
        names.dedup();
        let votes: Vec<Vote> = names
            .into_iter()
            .map(|name| {
                let vote = approval(name, if standing.contains(name) { "abcdef" } else { "" }, AT);
                if members.contains(name) { by_member(vote) } else { vote }
            })
            .collect();
        let counted: Vec<Approving> =
            approver_set.counted(&votes, true).into_iter().map(|vote| approver_set.approving(vote)).collect();
        prop_assert_eq!(are_enough_escalated(&approver_set, &votes), by_trying(&approver_set, &counted));
        // A vote more never takes a seat away.
        let fewer = approver_set.missing_given(approver_set.counted(&votes[..votes.len() / 2], true));
        let more = approver_set.missing_given(approver_set.counted(&votes, true));
        let sum = |missing: &[MissingApprovals]| missing.iter().map(|one| one.approvals).sum::<usize>();
        prop_assert!(sum(&more) <= sum(&fewer));
        // No more seats than voters, and than people whose seats are taken.
        let filled = approver_set.quorum() - sum(&more);
        let seats_of = approver_set.distinct(counted.iter().flat_map(|one| &one.seats_of));
        prop_assert!(filled <= counted.len() && filled <= seats_of.len() + members.len());
    }
}

fn are_enough_escalated(set: &ApproverSet, votes: &[Vote]) -> bool {
    set.missing_given(set.counted(votes, true)).is_empty()
}
