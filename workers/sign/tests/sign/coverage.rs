//! Every path of a request to the CA key, and on each of them every attack on its approval: nothing is signed.
//!
//! Invariant: the paths differ only in how the row was made; Sign judges all of them by one function. A new path is a new
//! [`Path`], for which the compiler then demands a policy and a row.

use std::sync::Arc;

use pki::testing::{self as test_pki, CaMaker, TestKey};
use time::Duration;
use workflow::decision::{Decision, Outcome, Vote};
use workflow::ids::RequestId;
use workflow::request::{Ending, Request, Status};
use workflow::runtime::step::ErrorName::{self, NotApproved, Refused};
use workflow::testing::InMemoryBackend;
use workflow::testing::fixtures::standing_policy;

use super::approved::{alter_decision, ask_as, decided, without_decision};
use super::outcomes::{assert_refused, assert_signed_once};
use super::sign;

const POLICY: &str = include_str!("../../../../infra/policy.toml");
const NAME: &str = "www.example.com";
/// The terms of the standing approval.
pub(super) const TERMS: &str = r#"{"kind":"grant","names":[".web.example.com","www.example.com","10.0.0.1"],"days":30,"certificates":3}"#;

/// How an approved request comes to Sign.
#[derive(Clone, Copy, Debug)]
pub(super) enum Path {
    /// From the form or the API.
    Form,
    /// As the renewal of a delivered certificate, for which the policy asks for fewer approvals.
    Renewal,
    /// In a second execution, which housekeeping started.
    Restart,
    /// Failed, and tried again by an operator.
    Retry,
    /// From a backup of another stack.
    Import,
    /// Under a standing approval: nobody decided about the request itself.
    Standing,
}

pub(super) const PATHS: [Path; 6] =
    [Path::Form, Path::Renewal, Path::Restart, Path::Retry, Path::Import, Path::Standing];

impl Path {
    /// The policy under which the one vote of the row is enough.
    pub(super) fn policy(self) -> String {
        match self {
            Self::Form | Self::Restart | Self::Retry | Self::Import => POLICY.to_owned(),
            Self::Standing => standing_policy(),
            Self::Renewal => {
                two_approvals(POLICY).replace("[lifecycle]", "[lifecycle]\nrenewal.approvals = 1")
            }
        }
    }

    /// A policy that asks for two approvals on this path.
    fn policy_of_two(self) -> String {
        match self {
            Self::Standing => two_approvals(&standing_policy()),
            _ => two_approvals(POLICY),
        }
    }

    /// A backend with an approved request that came this way.
    pub(super) fn approved(self) -> (Arc<InMemoryBackend>, RequestId) {
        let backend = InMemoryBackend::new();
        let id = match self {
            Self::Form => backend.request_at(Status::Approved),
            Self::Renewal => {
                let old = backend.request_at(Status::Delivered);
                backend.renewal_at(&test_pki::csr(&[NAME]), Status::Approved, old).id()
            }
            Self::Restart => {
                let mut row = backend.request(backend.request_at(Status::Approved)).unwrap();
                assert!(row.restarted(2, "arn:2".into(), row.registration_date()));
                put(&backend, row)
            }
            Self::Retry => {
                let mut row = backend.request(backend.request_at(Status::Approved)).unwrap();
                let now = row.registration_date();
                row.end(Ending::because(Status::Failed, "the CA was away"), now).unwrap();
                row.retry(|attempt| format!("arn:{attempt}"), now).unwrap();
                put(&backend, row)
            }
            Self::Import => {
                let there = InMemoryBackend::new();
                let row = there.request(there.request_at(Status::Approved)).unwrap();
                let exported = serde_json::to_value(&row).unwrap();
                let imported: Request = serde_json::from_value(exported).unwrap();
                put(&backend, imported.run_as("arn:imported".into()))
            }
            Self::Standing => {
                backend.set_policy(&standing_policy());
                let approval = backend.standing_approval(TERMS);
                let id = put(&backend, backend.unsaved_under(approval.id(), &test_pki::csr(&[NAME])));
                backend.put_standing(approval);
                id
            }
        };
        backend.set_policy(&self.policy());
        assert_eq!(backend.request(id).unwrap().status(), Status::Approved, "{self:?}");
        (backend, id)
    }
}

fn put(backend: &InMemoryBackend, row: Request) -> RequestId {
    let id = row.id();
    backend.put(row);
    id
}

fn two_approvals(policy: &str) -> String {
    policy
        .replace("[\"approver@example.com\"]", "[\"approver@example.com\", \"other@example.com\"]")
        .replace("quorum = 1 ", "quorum = 2 ")
}

pub(super) type Attack = fn(&Arc<InMemoryBackend>, RequestId, Path);

/// Everything that must not be signed, with the error that ends the execution.
pub(super) const ATTACKS: [(&str, ErrorName, Attack); 22] = [
    ("other names", NotApproved, |backend, id, _| {
        backend.alter(id, |row| row.csr_content = Some(csr(&["admin.example.com"])))
    }),
    ("a name more", NotApproved, |backend, id, _| {
        backend.alter(id, |row| row.csr_content = Some(csr(&[NAME, "x.example.com"])))
    }),
    ("another key", NotApproved, |backend, id, _| {
        backend.alter(id, |row| row.csr_content = Some(csr(&[NAME])))
    }),
    ("another profile", NotApproved, |backend, id, _| backend.alter(id, |row| row.profile = "client".into())),
    ("an issuer that may not certify the names", Refused, |backend, _, _| {
        let ca = CaMaker::new(TestKey::EcP256)
            .lifetime(Duration::days(3_650), Duration::days(7_300))
            .name_constraints(&["example.org"], &[]);
        backend.rotate_to(&ca.self_signed());
    }),
    ("an approval that expired", NotApproved, |backend, id, _| {
        alter_decision(backend, id, |decision| decision.outcome = Outcome::Expired);
    }),
    ("a rejection", NotApproved, |backend, id, _| {
        alter_decision(backend, id, |decision| decision.outcome = Outcome::Rejected);
    }),
    ("no decision", NotApproved, |backend, id, _| without_decision(backend, id)),
    ("no votes", Refused, |backend, id, _| alter_decision(backend, id, |decision| decision.votes.clear())),
    ("a vote that rejects", Refused, |backend, id, _| {
        alter_decision(backend, id, |decision| decision.votes[0].decision = Decision::Reject);
    }),
    ("the requester's own vote", Refused, |backend, id, _| {
        ask_as(backend, id, &decided(backend, id).1.votes[0].approver);
    }),
    ("the vote of nobody in the policy", Refused, |backend, id, _| {
        alter_decision(backend, id, |decision| {
            decision.votes[0].approver = "mallory@example.com".parse().unwrap();
        });
    }),
    ("an approver who has left", Refused, |backend, _, path| {
        backend.set_policy(&path.policy().replace("\"approver@example.com\"", "\"third@example.com\""));
    }),
    ("one person twice where two are asked", Refused, |backend, id, path| {
        alter_decision(backend, id, |decision| {
            let mut again = decision.votes[0].clone();
            again.approver = "approver+2@example.com".parse().unwrap();
            decision.votes.push(again);
        });
        backend.set_policy(&path.policy_of_two());
    }),
    ("a policy that does not allow the names any more", Refused, |backend, _, path| {
        backend.set_policy(&path.policy().replace("example.com\"", "example.edu\""));
    }),
    ("the approval of another request", NotApproved, |backend, id, path| {
        let other = match path {
            Path::Standing => backend.standing_approval(TERMS).decision().clone(),
            _ => backend.unsaved_request(&csr(&[NAME]), Status::Approved).decision().unwrap().clone(),
        };
        alter_decision(backend, id, |decision| *decision = other);
    }),
    ("a stand-in before the first day", Refused, |backend, id, path| {
        stood_in(backend, id, path, (1, 9), true)
    }),
    ("a stand-in after the last day", Refused, |backend, id, path| {
        stood_in(backend, id, path, (-9, -1), true)
    }),
    ("a stand-in whom the policy does not name any more", Refused, |backend, id, path| {
        stood_in(backend, id, path, (-9, 9), true);
        backend.set_policy(&path.policy());
    }),
    ("a stand-in who votes on their own request", Refused, |backend, id, path| {
        stood_in(backend, id, path, (-9, 9), true);
        ask_as(backend, id, &STAND_IN.parse().unwrap());
    }),
    ("an approver and their stand-in where two are asked", Refused, |backend, id, path| {
        stood_in(backend, id, path, (-9, 9), false);
        alter_decision(backend, id, |decision| {
            let votes = &mut decision.votes;
            let absent = votes[0].approver.clone();
            votes.push(Vote {
                approver: STAND_IN.parse().unwrap(),
                stands_in_for: vec![absent],
                oidc_groups: Vec::new(),
                ..votes[0].clone()
            });
        });
        let entry = stand_in(backend, id, (-9, 9));
        backend.set_policy(&format!("{}{entry}", path.policy_of_two()));
    }),
    ("another request that it replaces", NotApproved, |backend, id, _| {
        let other = backend.request_at(Status::Delivered);
        backend.alter(id, |row| row.replaces = Some(other));
    }),
];

const STAND_IN: &str = "carol@example.com";

/// The entry by which carol stands in for the one approver, from and until so many days after the vote.
fn stand_in(backend: &InMemoryBackend, id: RequestId, (from, until): (i64, i64)) -> String {
    let voted = decided(backend, id).1.votes[0].at;
    let day = |days| workflow::stand_in::day_of(voted + Duration::days(days));
    format!(
        "\n[[stand_ins]]\nfor = \"approver@example.com\"\nby = \"{STAND_IN}\"\nfrom = \"{}\"\nuntil = \"{}\"\n",
        day(from),
        day(until)
    )
}

/// Puts the entry into the policy; if `has_voted`, the one vote is of carol, for the approver.
fn stood_in(backend: &InMemoryBackend, id: RequestId, path: Path, days: (i64, i64), has_voted: bool) {
    backend.set_policy(&format!("{}{}", path.policy(), stand_in(backend, id, days)));
    if has_voted {
        alter_decision(backend, id, |decision| {
            let vote = &mut decision.votes[0];
            vote.stands_in_for = vec![vote.approver.clone()];
            vote.approver = STAND_IN.parse().unwrap();
        });
    }
}

fn csr(names: &[&str]) -> String {
    test_pki::csr(names)
}

#[tokio::test]
async fn on_every_path_what_is_approved_is_signed_once() {
    for path in PATHS {
        let (backend, id) = path.approved();
        assert_signed_once(&backend, id, &format!("{path:?}")).await;
    }
}

#[tokio::test]
async fn on_every_path_the_vote_of_a_stand_in_on_their_days_is_enough() {
    for path in PATHS {
        for days in [(0, 0), (-9, 0), (0, 9)] {
            let (backend, id) = path.approved();
            stood_in(&backend, id, path, days, true);
            sign(&backend, id).await.unwrap_or_else(|error| panic!("{path:?}, {days:?}: {error:?}"));
        }
    }
}

#[tokio::test]
async fn on_every_path_no_attack_on_the_approval_is_signed() {
    for path in PATHS {
        for (what, expected, attack) in ATTACKS {
            let (backend, id) = path.approved();
            attack(&backend, id, path);
            assert_refused(&backend, id, expected, &format!("{path:?}, {what}")).await;
        }
    }
}

#[tokio::test]
async fn a_race_on_every_path_ends_in_one_certificate() {
    for path in PATHS {
        let (backend, id) = path.approved();
        let (one, other) = tokio::join!(sign(&backend, id), sign(&backend, id));
        assert_eq!(one.unwrap(), other.unwrap(), "{path:?}");
        assert_eq!(backend.certificates().len(), 1, "{path:?}");
    }
}
