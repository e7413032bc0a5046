//! The model: which steps a state has, and which properties hold.

use workflow::request::Status;

use super::checker::{Model, Transition};
use super::effects::{Done, Effects, Mutation, report};
use super::properties;
use super::state::{Action, Answer, Effect, Kind, Place, Process, Read, RowChange, Run, State, TASKS, Voter};
use super::world::World;

/// Every vote that somebody may cast; true approves.
const VOTES: [(Voter, bool); 4] = [(Voter::A, true), (Voter::B, true), (Voter::B, false), (Voter::C, true)];

/// Approving and issuing of one request.
pub(crate) struct Approving<'a> {
    effects: Effects<'a>,
    /// The faults of one run: crashes, lost answers, late messages, failed and stopped executions.
    faults: u8,
}

impl<'a> Approving<'a> {
    pub(crate) fn new(world: &'a World, faults: u8, mutation: Option<Mutation>) -> Self {
        Self { effects: Effects { world, mutation }, faults }
    }

    fn world(&self) -> &World {
        self.effects.world
    }

    fn status(&self, state: &State) -> Status {
        self.world().status(state.row)
    }

    /// The steps of the processes at work.
    fn work(&self, state: &State, add: &mut impl FnMut(Action, bool, Option<&'static str>, State)) {
        for slot in 0..state.processes.len() {
            let Some(Process { kind, next, .. }) = state.processes[slot] else { continue };
            let Done { state: after, breaks, faults } = self.effects.next(state, slot);
            add(Action::Does(kind, next), false, breaks, after);
            if let Some([answer_lost, died]) = faults {
                add(Action::AnswerLost(kind, next), true, None, answer_lost);
                add(Action::CrashAfter(kind, next), true, None, died);
            }
            // The message of a task comes again, since it was not acknowledged.
            let mut died = *state;
            died.processes[slot] = None;
            add(Action::CrashBefore(kind, next), true, None, died);
        }
    }

    /// The processes that may begin. Each does at once what it does before its first write.
    fn begin(&self, state: &State, add: &mut impl FnMut(Action, bool, Option<&'static str>, State)) {
        let Some(slot) = state.processes.iter().position(Option::is_none) else { return };
        let mut begin = |process: Process, is_late_message: bool, is_fault: bool| {
            let mut after = *state;
            after.processes[slot] = Some(Process { is_late: state.is_late, ..process });
            let (after, breaks) = self.effects.until_write(&after, slot);
            let kind = process.kind;
            let action = if is_late_message { Action::BeginsAgain(kind) } else { Action::Begins(kind) };
            add(action, is_fault, breaks, after);
        };
        let is_at_work = |kind| state.processes.iter().flatten().any(|one| one.kind == kind);
        for (of, run) in state.runs.iter().enumerate() {
            for place in TASKS.into_iter().filter(|place| run.place == *place || run.has_entered(*place)) {
                let kind = Kind::Task(of, place);
                let is_due = run.place == place && !run.is_acknowledged && !is_at_work(kind);
                begin(Process::new(kind, Effect::ReadRow), !is_due, !is_due);
            }
        }
        if state.approval != 0 {
            // Housekeeping sends one at any time, and the portal after a vote.
            let is_due = self.is_rechecked(state);
            begin(Process::new(Kind::Recheck, Effect::ReadOutcome), !is_due, !is_due);
        }
        if state.approval != 0 && self.is_open(state) {
            // The link of a person who has left may have been opened before.
            for (voter, approves) in
                VOTES.into_iter().filter(|(it, _)| self.world().admits(state.approval, *it))
            {
                begin(Process::new(Kind::Vote(voter, approves), Effect::ReadPolicy), false, false);
            }
            begin(Process::new(Kind::Withdrawal, Effect::ReadApproval), false, false);
        }
        self.housekeeping(state, |process, is_fault| begin(process, false, is_fault));
    }

    /// True if housekeeping sends a message to await-approval.
    fn is_rechecked(&self, state: &State) -> bool {
        let attempt = self.world().row(state.row, |row| row.execution().attempt);
        !self.effects.has(Mutation::NoHousekeeping)
            && matches!(self.status(state), Status::PendingApproval | Status::Approved)
            && state.runs[attempt as usize - 1].is_running()
    }

    /// True if links were mailed and still open a review without a decision.
    fn is_open(&self, state: &State) -> bool {
        let status = self.status(state);
        self.world().outcome(state.approval).is_none() && status != Status::Submitted && !status.is_terminal()
    }

    fn housekeeping(&self, state: &State, mut begin: impl FnMut(Process, bool)) {
        if self.effects.has(Mutation::NoHousekeeping) || self.status(state).is_terminal() {
            return;
        }
        let attempt = self.world().row(state.row, |row| row.execution().attempt);
        let row = Some(Read { number: state.row, is_stale: false });
        match (attempt, state.runs) {
            (1, [first, _]) => {
                // DescribeExecution may answer wrongly while the execution runs: that is the fault.
                let restart = Process::new(Kind::Restart, Effect::StartExecution);
                begin(Process { row, ..restart }, first.place != Place::Ended);
            }
            (_, [_, Run { place: Place::Ended, .. }]) => {
                let end = RowChange::End(Place::RecordFailure);
                let end = Effect::Update(end, super::state::Phase::Known);
                begin(Process { row, ..Process::new(Kind::GiveUp, end) }, false);
            }
            _ => {}
        }
    }

    /// The state without what no later step depends on.
    fn normal(&self, state: State) -> State {
        let counts_conditionally = !self.effects.has(Mutation::CountedUnconditionally);
        let mut state =
            state.without_stale_reads(|change| self.effects.is_unconditional(change), counts_conditionally);
        let status = self.status(&state);
        // The policy matters to votes and to Sign.
        if status.is_terminal() || status == Status::Issued {
            state.policy = 2;
        }
        // The time matters to votes and to the time-out, which may come at once after a late decision.
        if state.approval != 0 && self.world().outcome(state.approval).is_some() {
            state.is_late = true;
        }
        // Nobody is asked under a standing approval, so no time is over.
        if self.world().standing.is_some() {
            state.is_late = true;
        }
        // A request that has ended does not change: what can still go wrong is the end of its executions.
        if status.is_terminal() {
            state.faults_left = 0;
        }
        // Messages come late by a fault.
        if state.faults_left == 0 {
            state.runs.iter_mut().for_each(|run| run.entered = 0);
        }
        state.normal()
    }

    /// Steps of nobody at work.
    fn surroundings(&self, state: &State, add: &mut impl FnMut(Action, bool, Option<&'static str>, State)) {
        if state.policy == 1 {
            add(Action::PolicyChanges, false, None, State { policy: 2, ..*state });
        }
        if let Some(standing) = &self.world().standing
            && !standing.is_ended(state.standing)
        {
            let mut after = *state;
            after.write_standing(standing.end(state.standing));
            add(Action::StandingEnds, false, None, after);
        }
        if !state.is_late {
            add(Action::TimePasses, false, None, State { is_late: true, ..*state });
        }
        for (of, run) in state.runs.iter().enumerate().filter(|(_, run)| run.is_running()) {
            let mut after = *state;
            if run.place == Place::AwaitApproval && state.is_late {
                after.runs[of].enter(Place::RecordExpiry);
                add(Action::TimesOut(of), false, None, after);
            }
            let mut after = *state;
            report(&mut after, of, run.place, Answer::Error);
            add(Action::Exhausted(of), true, None, after);
            let mut after = *state;
            after.runs[of].place = Place::Ended;
            add(Action::Stopped(of), true, None, after);
        }
    }

    /// The property that the change from a state to the next breaks.
    fn change_breaks(&self, before: &State, after: &State) -> Option<&'static str> {
        let (old, new) = (before.stored, after.stored);
        if (0..2).any(|serial| old[serial] != 0 && old[serial] != new[serial]) {
            return Some(properties::CERTIFICATE_STAYS);
        }
        if !self.world().keeps_decision(before.row, after.row) {
            return Some(properties::DECISION_STAYS);
        }
        if !self.world().keeps_votes(before.approval, after.approval) {
            return Some(properties::VOTE_STAYS);
        }
        // Without a fault so far, and without a second execution.
        let fails = self.status(before) == Status::Approved && self.status(after) == Status::Failed;
        (fails && before.faults_left == self.faults && before.runs[1].place == Place::NotStarted)
            .then_some(properties::FAILS_BY_FAULTS)
    }
}

impl Model for Approving<'_> {
    type State = State;
    type Action = Action;

    fn initial(&self) -> State {
        let none = Run { place: Place::NotStarted, is_acknowledged: false, entered: 0 };
        let mut first = none;
        first.enter(self.world().begins_at());
        State {
            row: 0,
            approval: 0,
            standing: 0,
            is_counted: false,
            stored: [0; 2],
            policy: 1,
            is_late: false,
            runs: [first, none],
            processes: [None; 2],
            faults_left: self.faults,
        }
    }

    fn steps(&self, state: &State, found: &mut Vec<Transition<State, Action>>) {
        let mut add = |action, is_fault, breaks: Option<&'static str>, next: State| {
            // The second execution begins without one.
            let costs = is_fault && !matches!(action, Action::Begins(Kind::Restart));
            if costs && state.faults_left == 0 {
                return;
            }
            let next = State { faults_left: state.faults_left - u8::from(costs), ..next };
            let breaks =
                breaks.or_else(|| self.world().broken()).or_else(|| self.change_breaks(state, &next));
            found.push(Transition { action, is_fault, breaks, next: self.normal(next) });
        };
        self.work(state, &mut add);
        self.begin(state, &mut add);
        self.surroundings(state, &mut add);
    }

    fn breaks(&self, state: &State) -> Option<&'static str> {
        let certificates = state.stored.iter().filter(|one| **one != 0).count();
        if certificates > 1 {
            return Some(properties::ONE_CERTIFICATE);
        }
        if let Some(standing) = &self.world().standing {
            let is_counted_once = standing.used(state.standing) == u32::from(state.is_counted);
            if !is_counted_once || certificates > 0 && !state.is_counted {
                return Some(properties::COUNTED);
            }
        }
        let status = self.status(state);
        if status.has_certificate()
            && self.world().serial(state.row).is_none_or(|serial| state.stored[serial] == 0)
        {
            return Some(properties::ISSUED_IS_STORED);
        }
        (status == Status::Refused && certificates > 0).then_some(properties::NOTHING_LEFT)
    }

    fn end(&self, state: &State) -> Option<&'static str> {
        let is_end = self.status(state).is_terminal()
            && state.runs.iter().all(|run| !run.is_running())
            && state.processes.iter().all(Option::is_none);
        is_end.then(|| self.status(state).as_str())
    }
}
