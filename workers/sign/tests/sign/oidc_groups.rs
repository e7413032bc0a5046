//! A policy whose approvers are a group of the identity provider: on every path, Sign signs only what a member approved.
//!
//! The attacker of these tests may write everything in the row, as in [`super::sign_ins`], and has any ID token.

use std::sync::Arc;

use serde_json::{Value, json};
use workflow::decision::{ReviewDigest, Vote};
use workflow::ids::RequestId;
use workflow::runtime::step::ErrorName::{self, NotApproved, Refused};
use workflow::testing::InMemoryBackend;
use workflow::testing::sign_in::{TestProvider, asking_for_sign_ins};

use super::approved::{alter_decision, ask_as, decided};
use super::coverage::{PATHS, Path};
use super::meaning::Meaning;
use super::outcomes::{assert_refused, assert_signed_once};

const GROUP: &str = "PKI approvers";
const MEMBER: &str = "member@example.com";
const MAILBOX: &str = "pki@example.com";

/// A backend with a request that a member of the group approved.
pub(super) struct Case {
    backend: Arc<InMemoryBackend>,
    id: RequestId,
    path: Path,
    provider: TestProvider,
}

/// The policy of the path, with one approval of the group for each that it asked for.
fn policy(path: Path) -> String {
    let mut policy = asking_for_sign_ins(&path.policy());
    for (approvers, quorum) in [
        ("[\"approver@example.com\"]", "quorum = 1 "),
        ("[\"approver@example.com\", \"other@example.com\"]", "quorum = 2 "),
    ] {
        let approval = format!("approval = [{{ group = \"pki\", {} }}]", quorum.trim_end());
        if policy.contains(&format!("approvers = {approvers}")) && policy.contains(quorum) {
            policy = policy.replace(&format!("approvers = {approvers}"), &approval).replace(quorum, "");
        }
    }
    let group = format!("[groups]\npki = {{ oidc_group = \"{GROUP}\", mail = \"{MAILBOX}\" }}\n\n[people]");
    policy.replacen("[people]", &group, 1)
}

impl Case {
    async fn new(path: Path) -> Self {
        let (backend, id) = path.approved();
        backend.set_policy(&policy(path));
        let case = Self { backend, id, path, provider: TestProvider::default() };
        case.provider.record(&case.backend).await;
        case.alter(|vote| {
            vote.approver = MEMBER.parse().unwrap();
            vote.oidc_groups = vec![GROUP.to_owned()];
        });
        case.state(json!([GROUP]), MEMBER);
        case
    }

    fn alter(&self, change: impl Fn(&mut Vote)) {
        alter_decision(&self.backend, self.id, |decision| change(&mut decision.votes[0]));
    }

    /// Replaces the ID token by one of a person with these groups.
    fn state(&self, groups: Value, address: &str) {
        let meaning = Meaning::of(&self.backend, self.id);
        let at = decided(&self.backend, self.id).1.votes[0].at;
        let evidence =
            self.provider.evidence_with(&meaning.borrowed(), &ReviewDigest::from_text("r"), |nonce| {
                let mut claims = TestProvider::claims(address, nonce, at);
                claims["groups"] = groups.clone();
                claims
            });
        self.alter(|vote| vote.evidence = Some(evidence.clone().into()));
    }

    fn set_policy(&self, from: &str, to: &str) {
        let policy = policy(self.path);
        assert!(policy.contains(from), "{from}");
        self.backend.set_policy(&policy.replace(from, to));
    }
}

pub(super) type Attack = fn(&Case);

/// What a stolen portal can put into the row, and what may change before Sign.
pub(super) const ATTACKS: [(&str, ErrorName, Attack); 9] = [
    ("a token without groups", NotApproved, |case| case.state(Value::Null, MEMBER)),
    ("a token with other groups", NotApproved, |case| case.state(json!(["pki approvers", "PKI"]), MEMBER)),
    ("a group more in the vote than in the token", NotApproved, |case| {
        case.alter(|vote| vote.oidc_groups.push("x".into()));
    }),
    ("a member whose vote names no group", Refused, |case| case.alter(|vote| vote.oidc_groups.clear())),
    ("the sign-in of another member", NotApproved, |case| case.state(json!([GROUP]), "other@example.com")),
    ("the mailbox itself, which is no person", Refused, |case| {
        case.alter(|vote| {
            vote.approver = MAILBOX.parse().unwrap();
            vote.oidc_groups.clear();
        });
        case.state(json!([GROUP]), MAILBOX);
    }),
    ("a member's own request", Refused, |case| {
        ask_as(&case.backend, case.id, &MEMBER.parse().unwrap());
    }),
    ("a group that the policy does not name any more", Refused, |case| {
        case.set_policy(&format!("\"{GROUP}\""), "\"Others\"");
    }),
    ("another claim in the policy", NotApproved, |case| {
        case.set_policy(
            "client_id = \"countersign\"",
            "client_id = \"countersign\", groups_claim = \"roles\"",
        );
    }),
];

#[tokio::test]
async fn on_every_path_the_vote_of_a_member_is_signed() {
    for path in PATHS {
        let case = Case::new(path).await;
        assert_signed_once(&case.backend, case.id, &format!("{path:?}")).await;
    }
}

#[tokio::test]
async fn on_every_path_nothing_is_signed_that_no_member_approved() {
    for path in PATHS {
        for (what, expected, attack) in ATTACKS {
            let case = Case::new(path).await;
            attack(&case);
            assert_refused(&case.backend, case.id, expected, &format!("{path:?}, {what}")).await;
        }
    }
}
