//! The real rows, approvals and policies behind the numbers of a state, and the real rules that change them.
//!
//! Invariant: each rule is pure, so it runs once for each of its inputs, and its result is kept. Two rows have one number if
//! no rule of the model tells them apart ([`World::summary`], [`approval_summary`]): the first of them stands for both.
//! Times of events, the audit trail, the count of writes and the order of votes are left out. Of a decision only its kind is
//! kept, and for each policy whether its votes are enough; its votes are compared with the approval when it is written.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use pki::certificate::Validity;
use pki::issuer::Issuer;
use time::{Duration, OffsetDateTime};
use workflow::approval::coverage::{NotCovered, RelatedRows, Voters, covers};
use workflow::approval::{Approval, VoteInput};
use workflow::decision::{ApprovalDigest, Decision};
use workflow::mail_kind::MailKind;
use workflow::message::TaskToken;
use workflow::policy::Policy;
use workflow::ports::Clock as _;
use workflow::request::audit::Origin;
use workflow::request::renewal::{approver_set, approvers_in_force};
use workflow::request::{Request, Status};
use workflow::stand_in::day_of;
use workflow::testing::{InMemoryBackend, passkeys};

use super::checker::SmallMap;
use super::properties;
use super::standing::Standing;
use super::state::{Answer, Number, Place, RowChange, Voter};
use super::values::{Staff, answer, approval_summary, email, ending, enough_for, serial, shown};

/// The part of the policies that allows standing approvals.
const STANDING: &str = "\n[profiles.server.standing]\nmax = \"90d\"\nmost = 500\n";

/// A change of an approval.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ApprovalChange {
    /// Keeps the token of this execution.
    Keep(usize),
    /// By the approvers of this policy; true approves.
    Vote(Voter, bool, u8),
    Withdraw,
    Expire,
    /// Forgets the tokens if they are all in this approval.
    Forget(Number),
}

/// The result of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    To(Number),
    Unchanged,
    Rejected,
}

/// The real values.
pub(crate) struct World {
    staff: Staff,
    /// The standing approval above the row.
    pub(crate) standing: Option<Standing>,
    policies: [Arc<Policy>; 2],
    issuer: Issuer,
    begin: OffsetDateTime,
    rows: RefCell<Values<Request>>,
    approvals: RefCell<Values<Option<Approval>>>,
    row_changes: RefCell<SmallMap<(Number, RowChange, bool), Changed>>,
    approval_changes: RefCell<SmallMap<(Number, ApprovalChange, bool), Changed>>,
    covered: RefCell<SmallMap<(Number, u8), Option<Answer>>>,
    /// The property that a rule broke when it ran last.
    broken: Cell<Option<&'static str>>,
}

/// Values by number.
struct Values<T> {
    all: Vec<T>,
    numbers: HashMap<String, Number>,
}

impl<T> Values<T> {
    fn new(first: T) -> Self {
        Self { all: vec![first], numbers: HashMap::new() }
    }

    fn number(&mut self, summary: String, value: T) -> Number {
        let next = Number::try_from(self.all.len()).unwrap();
        let number = *self.numbers.entry(summary).or_insert(next);
        if number == next {
            self.all.push(value);
        }
        number
    }
}

impl World {
    pub(crate) fn new(staff: Staff) -> Self {
        let backend = InMemoryBackend::new();
        let policies = staff.seats().map(|(seats, quorum)| {
            let approvers: Vec<String> = seats.iter().map(|seat| email(seat[0]).to_string()).collect();
            let text = include_str!("../../../infra/policy.toml")
                .replace("[\"approver@example.com\"]", &format!("{approvers:?}"))
                .replace("quorum = 1 ", &format!("quorum = {quorum} "))
                .replace("limit = \"7d\" ", "limit = \"30d\" ");
            let text = if staff == Staff::Standing { text + STANDING } else { text };
            let stand_ins = seats.iter().flat_map(|seat| seat[1..].iter().map(|by| (seat[0], *by)));
            let (from, until) = (day_of(backend.now()), day_of(backend.now() + Duration::days(2)));
            let stand_ins = stand_ins.map(|(person, by)| {
                let (person, by) = (email(person), email(by));
                format!("\n[[stand_ins]]\nfor = \"{person}\"\nby = \"{by}\"\nfrom = \"{from}\"\nuntil = \"{until}\"\n")
            });
            backend.set_policy(&stand_ins.fold(text, |text, entry| text + &entry));
            backend.policy()
        });
        assert_ne!(policies[0].version(), policies[1].version());
        assert!(policies.iter().all(|policy| policy.profile(None).unwrap().limit().as_secs() == 30 * 86_400));
        if staff == Staff::Standing {
            let (standing, row) = Standing::new(staff, &policies);
            return Self::of(staff, policies, backend.latest_issuer(), row, Some(standing));
        }
        // A row as Persist leaves it.
        let mut row = backend.unsaved_request(&pki::testing::csr(&["www.example.com"]), Status::Submitted);
        let begin = row.registration_date();
        let evaluated = row.evaluate(&policies[0], None, None).unwrap();
        row.record_csr(evaluated.csr_summary(), Some(evaluated.checked_key), policies[0].version(), begin);
        Self::of(staff, policies, backend.latest_issuer(), row, None)
    }

    fn of(
        staff: Staff,
        policies: [Arc<Policy>; 2],
        issuer: Issuer,
        mut row: Request,
        standing: Option<Standing>,
    ) -> Self {
        let begin = row.registration_date();
        row.take_events(&Origin::worker("persist"));
        let first = Values { all: vec![row], numbers: HashMap::new() };
        Self {
            staff,
            standing,
            policies,
            issuer,
            begin,
            rows: RefCell::new(first),
            approvals: RefCell::new(Values::new(None)),
            row_changes: RefCell::default(),
            approval_changes: RefCell::default(),
            covered: RefCell::default(),
            broken: Cell::new(None),
        }
    }

    /// The state in which an execution begins to wait for the model: nobody is asked under a standing approval.
    pub(crate) fn begins_at(&self) -> Place {
        if self.standing.is_some() { Place::Sign } else { Place::AwaitApproval }
    }

    /// A day after the question, or after every limit: the approval period, and the time-out of AwaitApproval.
    fn now(&self, is_late: bool) -> OffsetDateTime {
        self.begin + Duration::days(if is_late { 31 } else { 1 })
    }

    fn policy(&self, version: u8) -> &Policy {
        &self.policies[usize::from(version) - 1]
    }

    pub(crate) fn row<T>(&self, number: Number, read: impl FnOnce(&Request) -> T) -> T {
        read(&self.rows.borrow().all[usize::from(number)])
    }

    pub(crate) fn status(&self, row: Number) -> Status {
        self.row(row, Request::status)
    }

    /// The execution that reserved the serial.
    pub(crate) fn serial(&self, row: Number) -> Option<usize> {
        self.row(row, |row| (0..2).find(|of| row.serial() == Some(&serial(*of))))
    }

    /// An approval that exists.
    pub(crate) fn approval<T>(&self, number: Number, read: impl FnOnce(&Approval) -> T) -> T {
        read(self.approvals.borrow().all[usize::from(number)].as_ref().unwrap())
    }

    /// The executions whose tokens the approval has, sorted.
    pub(crate) fn tokens(&self, approval: Number) -> Vec<usize> {
        let of = |token: &TaskToken| token.expose().parse().unwrap();
        let mut tokens: Vec<usize> = self.approval(approval, |it| it.tokens().map(of).collect());
        tokens.sort_unstable();
        tokens
    }

    pub(crate) fn create_approval(&self, row: Number, policy: u8, of: usize) -> Number {
        let (policy, now) = (self.policy(policy), self.now(false));
        let mut approval = self.row(row, |row| {
            let csr = row.csr().unwrap();
            let approvers = approver_set(policy, &row.renewal_terms(csr), None).unwrap();
            let limit = policy.profile(Some(row.profile())).unwrap().limit();
            let digest = ApprovalDigest::of(row.id(), row.profile(), csr, row.replaces());
            Approval::ask(row.id(), digest, approvers, now, now + limit)
        });
        approval.keep(&TaskToken::new(of.to_string()));
        self.approvals.borrow_mut().number(approval_summary(self.staff, &approval), Some(approval))
    }

    /// Changes an approval by its rules.
    pub(crate) fn change_approval(&self, approval: Number, change: ApprovalChange, is_late: bool) -> Changed {
        let key = (approval, change, is_late);
        if let Some(known) = self.approval_changes.borrow().get(&key) {
            return *known;
        }
        let (before, now) = (self.approval(approval, Approval::clone), self.now(is_late));
        let mut after = before.clone();
        let is_allowed = match change {
            ApprovalChange::Keep(of) => {
                after.keep(&TaskToken::new(of.to_string()));
                true
            }
            ApprovalChange::Vote(voter, approves, policy) => {
                let input = VoteInput {
                    approver: email(voter),
                    decision: if approves { Decision::Approve } else { Decision::Reject },
                    review_digest: shown(),
                    reason: None,
                    oidc_groups: Vec::new(),
                    evidence: None,
                };
                let in_force = self.row(0, |row| {
                    approvers_in_force(self.policy(policy), &row.renewal_terms(row.csr().unwrap()), None)
                });
                after.vote(&input, &shown(), &in_force.unwrap(), now).is_ok()
            }
            ApprovalChange::Withdraw => after.withdraw(now).is_ok(),
            ApprovalChange::Expire => {
                after.expire(now);
                true
            }
            ApprovalChange::Forget(known) => {
                let known = self.tokens(known);
                if self.tokens(approval).iter().all(|token| known.contains(token)) {
                    after.forget_tokens();
                }
                true
            }
        };
        if !after.votes.starts_with(&before.votes)
            || before.outcome.is_some() && after.outcome != before.outcome
        {
            self.broken.set(Some(properties::VOTE_STAYS));
        }
        let changed = match is_allowed {
            false => Changed::Rejected,
            true if after == before => Changed::Unchanged,
            true => Changed::To(
                self.approvals.borrow_mut().number(approval_summary(self.staff, &after), Some(after)),
            ),
        };
        self.approval_changes.borrow_mut().insert(key, changed);
        changed
    }

    /// Changes a row by its rules.
    pub(crate) fn change_row(&self, row: Number, change: RowChange, is_late: bool) -> Changed {
        let key = (row, change, is_late);
        if let Some(known) = self.row_changes.borrow().get(&key) {
            return *known;
        }
        let (before, now) = (self.row(row, Request::clone), self.now(is_late));
        let mut after = before.clone();
        let validity = || Validity::choose(self.now(false), 90, &self.issuer).unwrap();
        let result = match change {
            RowChange::Ask => after.ask_approvers(self.now(true), now),
            RowChange::Decide(approval) => {
                after.record_decision(self.approval(approval, Approval::decision).unwrap(), now)
            }
            RowChange::Reserve(of) => after.reserve(serial(of), validity(), now).map(|_| ()),
            RowChange::Issued(certificate) => after.issued(&certificate.to_string(), validity(), now),
            RowChange::Delivered => {
                if after.is_delivered_by_mail() {
                    after.mailed(&MailKind::Issued, now);
                }
                after.delivered(now)
            }
            RowChange::End(place) => after.end(ending(place, &before), now),
            RowChange::Restarted => {
                after.restarted(2, "second".to_owned(), now);
                Ok(())
            }
        };
        if before.decision().is_some() && after.decision() != before.decision() {
            self.broken.set(Some(properties::DECISION_STAYS));
        }
        if let RowChange::Decide(approval) = change
            && result.is_ok()
            && before.decision().is_none()
            && !self
                .approval(approval, |it| after.decision().is_some_and(|decision| decision.votes == it.votes))
        {
            self.broken.set(Some(properties::ALL_VOTES));
        }
        let changed = match result {
            Err(_) => Changed::Rejected,
            Ok(()) if after == before => Changed::Unchanged,
            Ok(()) => {
                after.take_events(&Origin::worker("model"));
                let summary = self.summary(&after);
                Changed::To(self.rows.borrow_mut().number(summary, after))
            }
        };
        self.row_changes.borrow_mut().insert(key, changed);
        changed
    }

    /// The answer of Sign if the approval does not cover the certificate.
    pub(crate) fn not_covered(&self, row: Number, policy: u8) -> Option<Answer> {
        let key = (row, policy);
        if let Some(known) = self.covered.borrow().get(&key) {
            return *known;
        }
        let answer = self.row(row, |row| self.coverage(row, policy));
        self.covered.borrow_mut().insert(key, answer);
        answer
    }

    fn coverage(&self, row: &Request, policy: u8) -> Option<Answer> {
        // The policies of the model ask for no proof.
        let base_url = passkeys::base_url();
        let voters = Voters { base_url: &base_url, passkeys: &[], provider_keys: &[] };
        match covers(row, RelatedRows::default(), self.policy(policy), &self.issuer, voters) {
            Ok(_) => None,
            Err(
                NotCovered::NotApproved
                | NotCovered::Another
                | NotCovered::NotProven(_)
                | NotCovered::RequesterNotProven(_)
                | NotCovered::Outside(_)
                | NotCovered::NotCounted,
            ) => Some(Answer::Error),
            Err(NotCovered::NotGranted(_) | NotCovered::TooFew | NotCovered::NotAlive(_)) => {
                Some(Answer::Refused)
            }
        }
    }

    fn summary(&self, row: &Request) -> String {
        let parts = (row.status(), row.serial(), row.execution().attempt, row.was_mailed(&MailKind::Issued));
        let ending = row.ending().map(|ending| ending.status);
        let decision = row.decision().map(|it| {
            let covered = it.is_approval().then(|| [1, 2].map(|policy| self.coverage(row, policy)));
            (it.outcome, it.withdrawn, enough_for(self.staff, &it.votes), covered)
        });
        format!("{parts:?} {ending:?} {decision:?}")
    }

    /// The property that a rule broke since the last call.
    pub(crate) fn broken(&self) -> Option<&'static str> {
        self.broken.take()
    }

    /// True if the votes in the row are enough by the policy.
    pub(crate) fn has_enough_votes(&self, row: Number, policy: u8) -> bool {
        if let Some(standing) = &self.standing {
            return standing.has_enough_votes(policy);
        }
        self.row(row, |row| {
            row.decision().is_some_and(|it| enough_for(self.staff, &it.votes)[usize::from(policy) - 1])
        })
    }

    /// Like [`World::has_enough_votes`], for an approval.
    pub(crate) fn is_approved_by_enough(&self, approval: Number, policy: u8) -> bool {
        self.approval(approval, |it| enough_for(self.staff, &it.votes)[usize::from(policy) - 1])
    }

    pub(crate) fn admits(&self, approval: Number, voter: Voter) -> bool {
        self.approval(approval, |it| {
            it.approver_set.admits(&email(voter), it.is_escalated(), self.now(false))
                && it.vote_of(&email(voter)).is_none()
        })
    }

    /// True if a row keeps the decision that it had.
    pub(crate) fn keeps_decision(&self, before: Number, after: Number) -> bool {
        let decision = |number| {
            self.row(number, |row| {
                row.decision().map(|it| (it.outcome, it.withdrawn, enough_for(self.staff, &it.votes)))
            })
        };
        before == after || decision(before).is_none_or(|before| decision(after) == Some(before))
    }

    /// True if an approval keeps its outcome, and one without an outcome its votes.
    pub(crate) fn keeps_votes(&self, before: Number, after: Number) -> bool {
        if before == 0 || before == after {
            return true;
        }
        self.approval(before, |before| {
            self.approval(after, |after| match (before.outcome, after.outcome) {
                (None, None) => before.votes.iter().all(|vote| after.votes.contains(vote)),
                (None, Some(_)) => true,
                (Some(_), _) => (after.outcome, after.withdrawn) == (before.outcome, before.withdrawn),
            })
        })
    }

    /// The answer for a row past the decision, as await-approval gives it.
    pub(crate) fn settled(&self, row: Number) -> Option<Answer> {
        self.row(row, |row| match row.status() {
            Status::Approved | Status::Issued | Status::Delivered => Some(Answer::Approved),
            Status::Rejected | Status::Withdrawn => Some(Answer::Rejected),
            Status::Expired => Some(Answer::Expired),
            _ => row.decision().map(|decision| answer(decision.outcome)),
        })
    }

    /// The answer for a decided approval.
    pub(crate) fn outcome(&self, approval: Number) -> Option<Answer> {
        self.approval(approval, |it| it.outcome.map(answer))
    }
}
