//! One effect of a process, in the order of `workers/await-approval`, `workers/sign`, `workers/deliver`, `workers/persist`,
//! `workers/housekeeping`, `workflow::approval::voting` and `workflow::store`.

use workflow::request::Status;

use super::effects::{Effects, Mutation, report};
use super::properties;
use super::standing::Coverage;
use super::state::{Answer, Effect, Kind, Number, Phase, Place, Process, Read, RowChange, State};
use super::world::{ApprovalChange, Changed, World};

/// A process at work, in its place.
pub(super) struct Work<'a> {
    pub(super) effects: &'a Effects<'a>,
    pub(super) state: State,
    pub(super) slot: usize,
    pub(super) process: Process,
    pub(super) breaks: Option<&'static str>,
    pub(super) faults: Option<[State; 2]>,
}

/// What the process does next; `None` if it is done.
pub(super) type Next = Option<Process>;

impl Work<'_> {
    fn world(&self) -> &World {
        self.effects.world
    }

    /// Does the effect.
    pub(super) fn run(&mut self) -> Next {
        let it = self.process;
        match it.next {
            Effect::ReadRow => self.read_row(),
            Effect::ReadPolicy => self.read_policy(),
            Effect::ReadStanding => self.read_standing(),
            Effect::Count => self.count(),
            Effect::CreateApproval => {
                let asked = Effect::Update(RowChange::Ask, Phase::Known);
                let Kind::Task(of, _) = it.kind else { unreachable!() };
                if self.state.approval != 0 {
                    return Some(Process { policy: 0, ..it.then(Effect::ReadApproval) });
                }
                let created = self.world().create_approval(self.state.row, it.policy, of);
                let lost = Some(Process { policy: 0, ..it.then(Effect::ReadApproval) });
                self.write(lost, |state| state.write_approval(created));
                Some(Process { policy: 0, is_first: true, ..it.then(asked) })
            }
            Effect::ReadApproval => self.read_approval(),
            Effect::WriteApproval => self.write_approval(),
            Effect::Update(change, phase) => self.update(change, phase),
            Effect::ReadOutcome => self.read_outcome(),
            Effect::WriteExpiry => {
                let again = Some(Process { approval: None, ..it.then(Effect::ReadOutcome) });
                if self.is_stale(it.approval) {
                    return again;
                }
                let changed = self.changed(it.approval, ApprovalChange::Expire);
                let Changed::To(number) = changed else { unreachable!("it was not decided") };
                self.write(again, |state| state.write_approval(number));
                self.settle(number)
            }
            Effect::Tell(index) => {
                let tokens = self.world().tokens(it.approval.unwrap().number);
                let Some(of) = tokens.get(index) else { return Some(it.then(Effect::ReadTokens)) };
                let outcome = self.world().outcome(it.approval.unwrap().number).unwrap();
                report(&mut self.state, *of, Place::AwaitApproval, outcome);
                Some(it.then(if index + 1 < tokens.len() {
                    Effect::Tell(index + 1)
                } else {
                    Effect::ReadTokens
                }))
            }
            Effect::ReadTokens => {
                let known = it.approval.unwrap().number;
                let current = self.state.approval;
                let forgotten = self.world().change_approval(current, ApprovalChange::Forget(known), false);
                // Keeps the approval whose tokens were told; from here on, stale if the current one changes.
                let approval = Some(Read { number: known, is_stale: false });
                matches!(forgotten, Changed::To(_))
                    .then(|| Process { approval, ..it.then(Effect::ForgetTokens) })
            }
            Effect::ForgetTokens => {
                if self.is_stale(it.approval) {
                    return Some(it.then(Effect::ReadTokens));
                }
                let known = it.approval.unwrap().number;
                let current = self.state.approval;
                let forgotten = self.world().change_approval(current, ApprovalChange::Forget(known), false);
                let Changed::To(number) = forgotten else { return None };
                self.write(Some(it.then(Effect::ReadTokens)), |state| state.write_approval(number));
                None
            }
            Effect::ReadCertificate => {
                let serial = self.world().serial(it.row.unwrap().number).unwrap();
                let certificate = self.state.stored[serial];
                let is_delivery = it.kind.is_of(Place::Deliver);
                let next = match (certificate, is_delivery) {
                    // A transient error: the message comes again.
                    (0, true) => return None,
                    (0, false) => Effect::Sign,
                    (_, true) => Effect::Mail,
                    (_, false) => Effect::Update(RowChange::Issued(certificate), Phase::Known),
                };
                let policy = if next == Effect::Sign { it.policy } else { 0 };
                Some(Process {
                    certificate: if is_delivery { certificate } else { 0 },
                    policy,
                    ..it.then(next)
                })
            }
            Effect::Sign => {
                let (row, Kind::Task(of, _)) = (it.row.unwrap().number, it.kind) else { unreachable!() };
                if !self.world().has_enough_votes(row, it.policy) {
                    self.breaks = Some(properties::COVERED);
                }
                let serial = self.world().serial(row).unwrap();
                let certificate = u8::try_from(1 + 2 * serial + of).unwrap();
                Some(Process { certificate, policy: 0, ..it.then(Effect::StoreCertificate) })
            }
            Effect::StoreCertificate => {
                let serial = self.world().serial(it.row.unwrap().number).unwrap();
                let stored = match self.state.stored[serial] {
                    0 => it.certificate,
                    _ if self.effects.has(Mutation::CertificateOverwritten) => it.certificate,
                    earlier => earlier,
                };
                self.state.stored[serial] = stored;
                let issued = Effect::Update(RowChange::Issued(stored), Phase::Known);
                Some(Process { certificate: 0, ..it.then(issued) })
            }
            Effect::Mail => {
                if !self.state.stored.contains(&it.certificate) {
                    self.breaks = Some(properties::MAILED_AS_STORED);
                }
                Some(Process {
                    certificate: 0,
                    ..it.then(Effect::Update(RowChange::Delivered, Phase::Known))
                })
            }
            Effect::StartExecution => {
                // A second call with one name does nothing.
                if self.state.runs[1].place == Place::NotStarted {
                    self.state.runs[1].enter(self.world().begins_at());
                }
                Some(it.then(Effect::Update(RowChange::Restarted, Phase::Known)))
            }
            Effect::Report(answer) => {
                let Kind::Task(of, place) = it.kind else { unreachable!() };
                report(&mut self.state, of, place, answer);
                None
            }
        }
    }

    fn read_row(&mut self) -> Next {
        let it = self.process;
        let Kind::Task(of, place) = it.kind else { unreachable!() };
        let row = self.state.row;
        let status = self.world().status(row);
        let report = |answer| Some(it.then(Effect::Report(answer)));
        let read = Process { row: Some(Read { number: row, is_stale: false }), ..it };
        match place {
            Place::AwaitApproval => match self.world().settled(row) {
                Some(answer) => report(answer),
                None => Some(read.then(Effect::ReadPolicy)),
            },
            Place::Sign => match status {
                Status::Issued | Status::Delivered => report(Answer::Done),
                Status::Approved => Some(read.then(Effect::ReadPolicy)),
                _ => report(Answer::Error),
            },
            Place::Deliver => match status {
                Status::Issued => Some(read.then(Effect::ReadCertificate)),
                Status::Delivered => report(Answer::Done),
                _ => report(Answer::Error),
            },
            // Out of date: the request has been restarted since.
            Place::RecordFailure if of == 0 && self.world().row(row, |row| row.execution().attempt > 1) => {
                report(Answer::Done)
            }
            _ => Some(read.then(Effect::Update(RowChange::End(place), Phase::Known))),
        }
    }

    fn read_policy(&mut self) -> Next {
        let it = self.process;
        let policy = self.state.policy;
        let Kind::Task(of, place) = it.kind else {
            // A vote.
            return Some(Process { policy, ..it.then(Effect::ReadApproval) });
        };
        if place == Place::AwaitApproval {
            return Some(match self.state.approval {
                0 => Process { policy, ..it.then(Effect::CreateApproval) },
                _ => it.then(Effect::ReadApproval),
            });
        }
        let row = it.row.unwrap().number;
        // Sign looks for a stored certificate before it asks for coverage.
        if let Some(serial) = self.world().serial(row)
            && self.state.stored[serial] != 0
        {
            let issued = Effect::Update(RowChange::Issued(self.state.stored[serial]), Phase::Known);
            return Some(it.then(issued));
        }
        let is_ignored = self.effects.has(Mutation::CoverageIgnored);
        if self.world().standing.is_some() && !is_ignored {
            return Some(Process { policy, ..it.then(Effect::ReadStanding) });
        }
        match self.world().not_covered(row, policy) {
            Some(answer) if !is_ignored => Some(Process { row: None, ..it.then(Effect::Report(answer)) }),
            _ => self.covered(of, policy),
        }
    }

    /// What Sign does with a certificate that is covered.
    fn covered(&self, of: usize, policy: u8) -> Next {
        let it = Process { standing: None, policy, ..self.process };
        Some(it.then(match self.world().serial(it.row.unwrap().number) {
            Some(_) => Effect::ReadCertificate,
            None => Effect::Update(RowChange::Reserve(of), Phase::Known),
        }))
    }

    fn read_standing(&mut self) -> Next {
        let (it, number) = (self.process, self.state.standing);
        let Kind::Task(of, _) = it.kind else { unreachable!() };
        let standing = self.world().standing.as_ref().unwrap();
        let row = it.row.unwrap().number;
        let is_counted = self.state.is_counted;
        match self.world().row(row, |row| standing.coverage(row, it.policy, number, is_counted)) {
            Coverage::Covered => self.covered(of, it.policy),
            Coverage::NotCounted => {
                Some(Process { standing: Some(Read { number, is_stale: false }), ..it.then(Effect::Count) })
            }
            Coverage::Not(answer) => {
                Some(Process { row: None, standing: None, policy: 0, ..it.then(Effect::Report(answer)) })
            }
        }
    }

    /// As `count_use` of `workflow::store`: the use and the number are one transaction.
    fn count(&mut self) -> Next {
        let again = Some(Process { standing: None, ..self.process.then(Effect::ReadStanding) });
        if self.is_stale(self.process.standing) && !self.effects.has(Mutation::CountedUnconditionally) {
            return again;
        }
        let counted = self.world().standing.as_ref().unwrap().count(self.state.standing);
        self.write(again, |state| {
            state.write_standing(counted);
            state.is_counted = true;
        });
        again
    }

    /// The change that the process makes to the approval.
    fn approval_change(&self) -> ApprovalChange {
        match self.process.kind {
            Kind::Task(of, _) => ApprovalChange::Keep(of),
            Kind::Vote(voter, approves) => {
                let former = self.effects.has(Mutation::VotesOfFormerApproversCounted);
                ApprovalChange::Vote(voter, approves, if former { 1 } else { self.process.policy })
            }
            _ => ApprovalChange::Withdraw,
        }
    }

    /// What comes after the change of the approval.
    fn after_approval(&self) -> Next {
        let it = Process { approval: None, policy: 0, is_late: false, ..self.process };
        // The portal sends a message now; housekeeping sends one at any time.
        matches!(it.kind, Kind::Task(..)).then(|| it.then(Effect::Update(RowChange::Ask, Phase::Known)))
    }

    fn read_approval(&mut self) -> Next {
        let it = self.process;
        let read = |number| Some(Read { number, is_stale: false });
        // The portal writes an event to the trail of the row in the same transaction.
        let row = if matches!(it.kind, Kind::Task(..)) { it.row } else { read(self.state.row) };
        match self.changed(read(self.state.approval), self.approval_change()) {
            Changed::Rejected => None,
            Changed::Unchanged => self.after_approval(),
            Changed::To(_) => {
                let approval = read(self.state.approval);
                Some(Process { row, approval, ..it.then(Effect::WriteApproval) })
            }
        }
    }

    fn write_approval(&mut self) -> Next {
        let it = self.process;
        let is_task = matches!(it.kind, Kind::Task(..));
        let mut again = Process { approval: None, ..it.then(Effect::ReadApproval) };
        if !is_task {
            again.row = None;
        }
        if self.is_stale(it.approval) || !is_task && self.is_stale(it.row) {
            return Some(again);
        }
        let Changed::To(number) = self.changed(it.approval, self.approval_change()) else { unreachable!() };
        self.write(Some(again), |state| {
            state.write_approval(number);
            if !is_task {
                state.write_row(state.row);
            }
        });
        if matches!(it.kind, Kind::Vote(..))
            && self.world().outcome(number) == Some(Answer::Approved)
            && !self.world().is_approved_by_enough(number, it.policy)
        {
            self.breaks = Some(properties::ENOUGH_VOTES);
        }
        self.after_approval()
    }

    /// As `update_known_request` and `update_request` of `workflow::store`.
    fn update(&mut self, change: RowChange, phase: Phase) -> Next {
        let it = self.process;
        let late = it.is_late;
        let again = Some(Process { row: None, ..it.then(Effect::Update(change, Phase::Read)) });
        if phase != Phase::Read
            && let Some(read) = it.row
            && let Changed::To(number) = self.world().change_row(read.number, change, late)
        {
            if self.is_stale(it.row) && !self.effects.is_unconditional(change) {
                return again;
            }
            self.write(again, |state| state.write_row(number));
            return self.after_update(change, number);
        }
        let row = self.state.row;
        match self.world().change_row(row, change, late) {
            Changed::To(_) => {
                let read = Some(Read { number: row, is_stale: false });
                Some(Process { row: read, ..it.then(Effect::Update(change, Phase::Write)) })
            }
            Changed::Unchanged => self.after_update(change, row),
            Changed::Rejected => {
                let keeps_ending = matches!(change, RowChange::End(_) | RowChange::Decide(_));
                if keeps_ending && self.world().status(row).is_terminal() {
                    return self.after_update(change, row);
                }
                matches!(it.kind, Kind::Task(..)).then(|| Process {
                    row: None,
                    approval: None,
                    policy: 0,
                    ..it.then(Effect::Report(Answer::Error))
                })
            }
        }
    }

    fn after_update(&mut self, change: RowChange, row: Number) -> Next {
        let it = Process { row: None, is_late: false, ..self.process };
        match change {
            RowChange::Ask if it.is_first => self.wait(),
            RowChange::Ask => Some(it.then(Effect::ReadOutcome)),
            RowChange::Decide(approval) => Some(match it.kind {
                Kind::Recheck => it.then(Effect::Tell(0)),
                _ => {
                    let outcome = self.world().outcome(approval).unwrap();
                    Process { approval: None, ..it.then(Effect::Report(outcome)) }
                }
            }),
            RowChange::Reserve(_) => {
                let row = Some(Read { number: row, is_stale: false });
                Some(Process { row, ..it.then(Effect::ReadCertificate) })
            }
            RowChange::Issued(_) | RowChange::Delivered => Some(it.then(Effect::Report(Answer::Done))),
            RowChange::End(_) if it.kind == Kind::GiveUp => None,
            RowChange::End(_) => Some(it.then(Effect::Report(Answer::Done))),
            RowChange::Restarted => None,
        }
    }

    fn read_outcome(&mut self) -> Next {
        let current = self.state.approval;
        if current == 0 {
            return self.wait();
        }
        // The clock is read here, and not again in this process.
        self.process.is_late = self.state.is_late;
        let read = Some(Read { number: current, is_stale: false });
        if let Changed::To(_) = self.changed(read, ApprovalChange::Expire) {
            return Some(Process { approval: read, ..self.process.then(Effect::WriteExpiry) });
        }
        self.settle(current)
    }

    /// Goes on with an approval that is as expired as it can be.
    fn settle(&mut self, approval: Number) -> Next {
        if self.world().outcome(approval).is_none() {
            return self.wait();
        }
        self.process.is_late = false;
        let known = Some(Read { number: approval, is_stale: false });
        let decide = Effect::Update(RowChange::Decide(approval), Phase::Read);
        Some(Process { approval: known, row: None, ..self.process.then(decide) })
    }

    /// Ends without a report: the task stays open, and its message leaves the queue.
    fn wait(&mut self) -> Next {
        if let Kind::Task(of, place) = self.process.kind
            && self.state.runs[of].place == place
        {
            self.state.runs[of].is_acknowledged = true;
        }
        None
    }

    fn changed(&self, approval: Option<Read>, change: ApprovalChange) -> Changed {
        self.world().change_approval(approval.unwrap().number, change, self.process.is_late)
    }

    fn is_stale(&self, read: Option<Read>) -> bool {
        read.is_some_and(|read| read.is_stale)
    }

    /// Writes, and notes the state in which the writer takes its write for a conflict and goes on with `again`.
    fn write(&mut self, again: Next, write: impl FnOnce(&mut State)) {
        self.state.processes[self.slot] = None;
        write(&mut self.state);
        let died = self.state;
        let mut answer_lost = died;
        answer_lost.processes[self.slot] = again;
        self.faults = Some([answer_lost, died]);
    }
}

impl Kind {
    fn is_of(self, place: Place) -> bool {
        matches!(self, Kind::Task(_, of) if of == place)
    }
}
