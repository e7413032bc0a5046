//! The standing approval above the row, with its uses, where [`Staff::Standing`] approved one.
//!
//! Number 0 is the standing approval as it was approved; the real rules make the others.

use std::cell::RefCell;
use std::sync::Arc;

use pki::issuer::Issuer;
use time::OffsetDateTime;
use workflow::approval::coverage::{NotCovered, RelatedRows, UsedStanding, Voters, covers};
use workflow::approval::standing::{StandingApproval, StandingUse};
use workflow::policy::Policy;
use workflow::request::audit::Actor;
use workflow::request::{Request, Status};
use workflow::testing::fixtures::standing_policy;
use workflow::testing::{InMemoryBackend, passkeys};

use super::state::{Answer, Number, Voter};
use super::values::{Staff, email, enough_for};

const TERMS: &str = r#"{"kind":"grant","names":["www.example.com"],"days":90,"certificates":1}"#;

/// What the standing approval says about the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coverage {
    Covered,
    /// Everything but the count.
    NotCounted,
    Not(Answer),
}

pub(crate) struct Standing {
    staff: Staff,
    policies: [Arc<Policy>; 2],
    issuer: Issuer,
    at: OffsetDateTime,
    counted: StandingUse,
    approvals: RefCell<Vec<StandingApproval>>,
}

impl Standing {
    /// A standing approval by A, and a row under it as Persist leaves it.
    pub(crate) fn new(staff: Staff, policies: &[Arc<Policy>; 2]) -> (Self, Request) {
        let backend = InMemoryBackend::new();
        backend.set_policy(&standing_policy());
        let approval = backend.standing_approval(TERMS);
        // The votes are no part of what the approval binds.
        let approval = approval
            .altered(|row| row["decision"]["votes"][0]["approver"] = email(Voter::A).to_string().into());
        let csr = pki::testing::csr(&["www.example.com"]);
        let row = backend.unsaved_under_at(approval.id(), &csr, Status::Approved);
        let at = row.registration_date();
        let counted = approval.clone().count(row.id(), &policies[0], at).unwrap();
        let standing = Self {
            staff,
            policies: policies.clone(),
            issuer: backend.latest_issuer(),
            at,
            counted,
            approvals: RefCell::new(vec![approval]),
        };
        (standing, row)
    }

    fn approval(&self, number: Number) -> StandingApproval {
        self.approvals.borrow()[usize::from(number)].clone()
    }

    fn number(&self, approval: StandingApproval) -> Number {
        let mut all = self.approvals.borrow_mut();
        let known = all.iter().position(|one| *one == approval);
        let number = known.unwrap_or_else(|| {
            all.push(approval);
            all.len() - 1
        });
        Number::try_from(number).unwrap()
    }

    /// The number of uses that the standing approval has.
    pub(crate) fn used(&self, number: Number) -> u32 {
        self.approval(number).used()
    }

    pub(crate) fn is_ended(&self, number: Number) -> bool {
        self.approval(number).ended().is_some()
    }

    /// The standing approval with one more use.
    pub(crate) fn count(&self, number: Number) -> Number {
        let mut approval = self.approval(number);
        // Without the rule, for a count that nothing checks.
        if approval.count(self.counted.request_id, &self.policies[0], self.at).is_err() {
            approval = approval.altered(|row| row["used"] = (row["used"].as_u64().unwrap() + 1).into());
        }
        self.number(approval)
    }

    pub(crate) fn end(&self, number: Number) -> Number {
        let mut approval = self.approval(number);
        approval.end(&Actor::operator("olivia"), "Over.", self.at);
        self.number(approval)
    }

    /// True if the votes for the standing approval are enough by the policy.
    pub(crate) fn has_enough_votes(&self, policy: u8) -> bool {
        enough_for(self.staff, &self.approval(0).decision().votes)[usize::from(policy) - 1]
    }

    pub(crate) fn coverage(&self, row: &Request, policy: u8, number: Number, is_counted: bool) -> Coverage {
        let (approval, policy) = (self.approval(number), &self.policies[usize::from(policy) - 1]);
        let base_url = passkeys::base_url();
        let voters = Voters { base_url: &base_url, passkeys: &[], provider_keys: &[] };
        let counted = is_counted.then_some(&self.counted);
        let standing = Some(UsedStanding { approval: &approval, counted, at: self.at });
        match covers(row, RelatedRows { replaced: None, standing }, policy, &self.issuer, voters) {
            Ok(_) => Coverage::Covered,
            Err(NotCovered::NotCounted) => Coverage::NotCounted,
            Err(NotCovered::NotGranted(_) | NotCovered::TooFew | NotCovered::NotAlive(_)) => {
                Coverage::Not(Answer::Refused)
            }
            Err(_) => Coverage::Not(Answer::Error),
        }
    }
}
