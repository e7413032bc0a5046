//! The effects of the workers, the portal and housekeeping, each as one step.
//!
//! The effects themselves are in [`Work`]. What one does to a row or an approval is a call of the real rule in [`World`].
//!
//! A step of a process is one effect that others can see, with the reads after it ([`Effects::is_immediate`]): other
//! processes come in between each read and the write that follows. Every write is conditional, so a process that read too
//! early reads again, as one that read later.

use super::state::{Answer, Effect, Phase, Place, Process, RowChange, State};
use super::work::Work;
use super::world::{Changed, World};

/// A mistake, put into the model on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutation {
    /// Sign does not ask whether the approval covers the certificate.
    CoverageIgnored,
    /// Sign writes the serial without the condition on the version of the row.
    SerialReservedUnconditionally,
    /// The portal counts votes by the first policy.
    VotesOfFormerApproversCounted,
    /// The bucket takes a second certificate of one serial.
    CertificateOverwritten,
    /// Sign counts a certificate without the conditions on the standing approval and on the use.
    CountedUnconditionally,
    /// Housekeeping sends no messages and starts nothing.
    NoHousekeeping,
}

/// The result of an effect.
pub(crate) struct Done {
    pub(crate) state: State,
    pub(crate) breaks: Option<&'static str>,
    /// If it was a write: the state if its answer was lost, and the state if the process died after it.
    pub(crate) faults: Option<[State; 2]>,
}

pub(crate) struct Effects<'a> {
    pub(crate) world: &'a World,
    pub(crate) mutation: Option<Mutation>,
}

impl Effects<'_> {
    /// Does the next effect of the process in this place, and what it does before its next write.
    pub(crate) fn next(&self, state: &State, slot: usize) -> Done {
        let mut done = self.effect(state, slot);
        if let Some([answer_lost, _]) = &mut done.faults {
            *answer_lost = self.until_write(answer_lost, slot).0;
        }
        let (state, breaks) = self.until_write(&done.state, slot);
        Done { state, breaks: done.breaks.or(breaks), ..done }
    }

    /// Does everything that the process does before its next write.
    pub(crate) fn until_write(&self, state: &State, slot: usize) -> (State, Option<&'static str>) {
        let (mut state, mut breaks) = (*state, None);
        while state.processes[slot].is_some_and(|process| self.is_immediate(&process)) {
            let done = self.effect(&state, slot);
            state = done.state;
            breaks = breaks.or(done.breaks);
        }
        (state, breaks)
    }

    /// True if the next effect of the process is a read, or is the last one after a write.
    fn is_immediate(&self, process: &Process) -> bool {
        match (process.next, process.row) {
            (Effect::Update(_, Phase::Read), _) => true,
            (Effect::Update(change, _), Some(read)) => {
                let changed = self.world.change_row(read.number, change, process.is_late);
                !matches!(changed, Changed::To(_))
            }
            (
                Effect::CreateApproval
                | Effect::WriteApproval
                | Effect::WriteExpiry
                | Effect::Tell(_)
                | Effect::ForgetTokens
                | Effect::Count
                | Effect::StoreCertificate
                | Effect::Mail,
                _,
            ) => false,
            _ => true,
        }
    }

    fn effect(&self, state: &State, slot: usize) -> Done {
        let process = state.processes[slot].unwrap();
        let mut work = Work { effects: self, state: *state, slot, process, breaks: None, faults: None };
        let next = work.run();
        work.state.processes[slot] = next;
        Done { state: work.state, breaks: work.breaks, faults: work.faults }
    }

    pub(crate) fn is_unconditional(&self, change: RowChange) -> bool {
        self.has(Mutation::SerialReservedUnconditionally) && matches!(change, RowChange::Reserve(_))
    }

    pub(crate) fn has(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }
}

/// Ends a task, as the state machine goes on. A report to a task that has ended does nothing.
pub(crate) fn report(state: &mut State, of: usize, place: Place, answer: Answer) {
    let run = &mut state.runs[of];
    if run.place != place {
        return;
    }
    run.enter(match (place, answer) {
        (Place::AwaitApproval, Answer::Approved) => Place::Sign,
        (Place::AwaitApproval, Answer::Rejected) => Place::RecordRejection,
        (Place::AwaitApproval, Answer::Expired) => Place::RecordExpiry,
        (Place::Sign, Answer::Done) => Place::Deliver,
        (Place::AwaitApproval | Place::Sign, Answer::Refused) => Place::RecordRefusal,
        (Place::RecordFailure, _) | (_, Answer::Done) => Place::Ended,
        _ => Place::RecordFailure,
    });
}
