//! The rules of enrolments: who has to confirm an approver's passkey before it counts.
//!
//! Invariant: the portal decides nothing about an enrolment. Sign alone, after its own check, writes the passkey into the
//! table `people`. A first passkey needs the code in the mail to the address, and where the policy says so the
//! passkey of another approver. One more needs the passkey that is there, or those of two others: a mailbox alone
//! replaces no passkey.

use std::collections::BTreeSet;

use time::{Duration, OffsetDateTime};

use super::BaseUrl;
use super::passkey::{NotProven, Passkey};
use crate::approver_set::PlusTags;
use crate::email::Email;
use crate::enrolment::{Enrolment, EnrolmentId, EnrolmentProof, Vouch};
use crate::policy::{EnrolmentRule, Policy};
use crate::timestamp::whole_seconds;

/// The time for which the code in the mail works.
pub const CODE_LIFETIME: Duration = Duration::HOUR;
/// Others who have to vouch for a passkey of a person who has one already.
const VOUCHERS_OF_ANOTHER: usize = 2;

impl Enrolment {
    /// The passkey that the enrolment adds.
    pub fn passkey(&self, plus_tags: PlusTags, vouched_by: Vec<String>, now: OffsetDateTime) -> Passkey {
        Passkey {
            person: plus_tags.person(&self.address),
            credential_id: self.credential_id.clone(),
            public_key: self.public_key.clone(),
            counter: self.counter,
            added_at: whole_seconds(now),
            vouched_by,
        }
    }
}

impl Vouch {
    /// Checks the signature; `passkeys` are those of the voucher.
    ///
    /// # Errors
    /// [`NotProven`].
    pub fn check(
        &self,
        base_url: &BaseUrl,
        enrolment: &EnrolmentId,
        passkeys: &[Passkey],
    ) -> Result<(), NotProven> {
        let challenge = Self::challenge(base_url.as_str(), enrolment, &self.evidence.nonce);
        self.evidence.check(base_url, &challenge, passkeys)
    }
}

/// What an enrolment still needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnrolmentNeeds {
    /// Nothing: the passkey can be added.
    Nothing,
    /// The code in the mail.
    Code,
    /// The passkey of another approver.
    AnotherApprover,
    /// The passkey that the person has, or those of so many more others.
    OwnOrOthers(usize),
}

/// What an enrolment still needs, given its proofs and the passkeys that the person has.
pub fn needs(
    policy: &Policy,
    enrolment: &Enrolment,
    existing: &[Passkey],
    proofs: &[EnrolmentProof],
) -> EnrolmentNeeds {
    let person = policy.plus_tags().person(&enrolment.address);
    if !proofs.contains(&EnrolmentProof::Code) {
        return EnrolmentNeeds::Code;
    }
    let vouchers = || {
        proofs.iter().filter_map(|proof| match proof {
            EnrolmentProof::Vouch(voucher) => Some(voucher),
            _ => None,
        })
    };
    // A person who has left the policy vouches for nobody.
    let others: BTreeSet<&String> =
        vouchers().filter(|voucher| **voucher != person && lists(policy, voucher)).collect();
    let others = others.len();
    let is_by_operator = proofs.iter().any(|proof| matches!(proof, EnrolmentProof::Operator(_)));
    match (existing.is_empty(), policy.enrolment()) {
        _ if is_by_operator => EnrolmentNeeds::Nothing,
        (true, EnrolmentRule::Mail) => EnrolmentNeeds::Nothing,
        (true, EnrolmentRule::Vouched) if others > 0 => EnrolmentNeeds::Nothing,
        (true, EnrolmentRule::Vouched) => EnrolmentNeeds::AnotherApprover,
        (false, _) if vouchers().any(|voucher| *voucher == person) => EnrolmentNeeds::Nothing,
        (false, _) if others >= VOUCHERS_OF_ANOTHER => EnrolmentNeeds::Nothing,
        (false, _) => EnrolmentNeeds::OwnOrOthers(VOUCHERS_OF_ANOTHER - others),
    }
}

/// True if the policy lists a person as an approver of any profile. Only these vouch for others.
pub fn lists(policy: &Policy, person: &str) -> bool {
    person
        .parse::<Email>()
        .is_ok_and(|address| policy.profiles().any(|profile| profile.lists(&address, true)))
}

/// True if a person may set up a passkey, and ask what waits for them: the policy lists them as an approver, for the console, or as a
/// stand-in whose last day is not over. A stand-in may prepare before the first day.
pub fn may_enrol(policy: &Policy, person: &str, now: OffsetDateTime) -> bool {
    let stands_in = |address: &Email| {
        let is_own = |by: &Email| policy.plus_tags().same_person(by, address);
        policy.stand_ins().iter().any(|one| is_own(&one.by) && !one.is_over(now))
    };
    let opens_console = |address: &Email| policy.console().is_some_and(|rules| rules.lists(address));
    let may = |address: &Email| stands_in(address) || opens_console(address);
    lists(policy, person) || person.parse::<Email>().is_ok_and(|address| may(&address))
}

#[cfg(test)]
mod tests;
