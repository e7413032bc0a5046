//! The state of the model: numbers of real rows, and what is under way.

/// The number of a row or an approval in [`World`](super::world::World). 0 is no approval.
pub(crate) type Number = u16;

/// The state of the state machine in which an execution is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Place {
    NotStarted,
    AwaitApproval,
    Sign,
    Deliver,
    RecordRefusal,
    RecordRejection,
    RecordExpiry,
    RecordFailure,
    Ended,
}

/// The states with tasks.
pub(crate) const TASKS: [Place; 7] = [
    Place::AwaitApproval,
    Place::Sign,
    Place::Deliver,
    Place::RecordRefusal,
    Place::RecordRejection,
    Place::RecordExpiry,
    Place::RecordFailure,
];

/// One execution of the state machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Run {
    pub(crate) place: Place,
    /// True if the message of the task in `place` has left the queue.
    pub(crate) is_acknowledged: bool,
    /// A bit for each state that was entered: its message may come late.
    pub(crate) entered: u16,
}

impl Run {
    pub(crate) fn enter(&mut self, place: Place) {
        *self = Run { place, is_acknowledged: false, entered: self.entered | 1 << place as u16 };
    }

    pub(crate) fn has_entered(self, place: Place) -> bool {
        self.entered & 1 << place as u16 != 0
    }

    pub(crate) fn is_running(self) -> bool {
        !matches!(self.place, Place::NotStarted | Place::Ended)
    }
}

/// A row that a process has read. Stale once somebody else wrote it: the condition of a write then fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Read {
    pub(crate) number: Number,
    pub(crate) is_stale: bool,
}

/// The people who vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Voter {
    A,
    B,
    /// Leaves the policy.
    C,
}

/// A process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A worker with the task of an execution (0 or 1).
    Task(usize, Place),
    /// Await-approval with a message without a task.
    Recheck,
    /// The portal with a vote; true approves.
    Vote(Voter, bool),
    /// The portal with a withdrawal.
    Withdrawal,
    /// Housekeeping, which starts the second execution.
    Restart,
    /// Housekeeping, after the last execution.
    GiveUp,
}

/// The answer to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Answer {
    Approved,
    Rejected,
    Expired,
    Done,
    /// `Request.Refused`.
    Refused,
    /// Any other error.
    Error,
}

/// A change of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum RowChange {
    Ask,
    /// Copies the decision of this approval.
    Decide(Number),
    /// With the serial of an execution.
    Reserve(usize),
    /// With this certificate.
    Issued(u8),
    Delivered,
    End(Place),
    Restarted,
}

/// An update of a row, as in `workflow::store`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Writes from a row that was read before.
    Known,
    /// Reads the row again.
    Read,
    /// Writes from a row that was just read.
    Write,
}

/// The next effect of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Effect {
    ReadRow,
    ReadPolicy,
    /// The standing approval, and the use for the request.
    ReadStanding,
    /// Writes the use, with the number on the standing approval.
    Count,
    CreateApproval,
    ReadApproval,
    WriteApproval,
    Update(RowChange, Phase),
    ReadOutcome,
    WriteExpiry,
    Tell(usize),
    ReadTokens,
    ForgetTokens,
    ReadCertificate,
    Sign,
    StoreCertificate,
    Mail,
    StartExecution,
    Report(Answer),
}

/// A process between two effects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Process {
    pub(crate) kind: Kind,
    pub(crate) next: Effect,
    pub(crate) row: Option<Read>,
    pub(crate) approval: Option<Read>,
    pub(crate) standing: Option<Read>,
    /// The version of the policy that it read; 0 if none.
    pub(crate) policy: u8,
    /// The certificate that it holds; 0 if none.
    pub(crate) certificate: u8,
    /// True if it made the approval.
    pub(crate) is_first: bool,
    /// True if its clock showed the end of the approval period when it looked.
    pub(crate) is_late: bool,
}

impl Process {
    pub(crate) fn new(kind: Kind, next: Effect) -> Self {
        Self {
            kind,
            next,
            row: None,
            approval: None,
            standing: None,
            policy: 0,
            certificate: 0,
            is_first: false,
            is_late: false,
        }
    }

    pub(crate) fn then(self, next: Effect) -> Self {
        Self { next, ..self }
    }
}

/// A state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) row: Number,
    pub(crate) approval: Number,
    /// The standing approval, and whether the certificate is counted.
    pub(crate) standing: Number,
    pub(crate) is_counted: bool,
    /// The bucket: for each serial its certificate; 0 if none.
    pub(crate) stored: [u8; 2],
    /// The version of the policy in force.
    pub(crate) policy: u8,
    /// True if the approval period is over.
    pub(crate) is_late: bool,
    pub(crate) runs: [Run; 2],
    pub(crate) processes: [Option<Process>; 2],
    /// The faults that may still happen.
    pub(crate) faults_left: u8,
}

impl State {
    /// Sorts the processes, since their places mean nothing.
    pub(crate) fn normal(mut self) -> Self {
        self.processes.sort_unstable();
        self
    }

    /// A process whose next write will fail reads again in its place: what it read before means nothing any more.
    /// `is_unconditional` are writes that do not fail; `is_conditional` if counting a use is none of them.
    pub(crate) fn without_stale_reads(
        mut self,
        is_unconditional: impl Fn(RowChange) -> bool,
        is_conditional: bool,
    ) -> Self {
        for process in self.processes.iter_mut().flatten() {
            let is_stale = |read: Option<Read>| read.is_some_and(|read| read.is_stale);
            let is_task = matches!(process.kind, Kind::Task(..));
            match process.next {
                Effect::Update(change, _) if is_stale(process.row) && !is_unconditional(change) => {
                    (process.next, process.row) = (Effect::Update(change, Phase::Read), None);
                }
                Effect::WriteApproval if is_stale(process.approval) || !is_task && is_stale(process.row) => {
                    (process.next, process.approval) = (Effect::ReadApproval, None);
                    process.row = process.row.filter(|_| is_task);
                }
                Effect::WriteExpiry if is_stale(process.approval) => {
                    (process.next, process.approval) = (Effect::ReadOutcome, None);
                    process.is_late = false;
                }
                Effect::ForgetTokens if is_stale(process.approval) => process.next = Effect::ReadTokens,
                Effect::Count if is_stale(process.standing) && is_conditional => {
                    (process.next, process.standing) = (Effect::ReadStanding, None);
                }
                _ => {}
            }
            // The time matters to these writes.
            process.is_late &= matches!(
                process.next,
                Effect::WriteApproval | Effect::WriteExpiry | Effect::Update(RowChange::End(_), _)
            );
            // Where the approval is not written, only its tokens and outcome matter.
            if !matches!(process.next, Effect::WriteApproval | Effect::WriteExpiry | Effect::ForgetTokens) {
                process.approval = process.approval.map(|it| Read { is_stale: false, ..it });
            }
            // A row that is stale gives the serial; a serial does not change.
            let row = self.row;
            if matches!(process.next, Effect::StoreCertificate | Effect::Mail) {
                process.row = process.row.map(|it| if it.is_stale { Read { number: row, ..it } } else { it });
            }
        }
        self
    }

    /// Writes the row; what others read of it is stale.
    pub(crate) fn write_row(&mut self, number: Number) {
        self.row = number;
        self.processes
            .iter_mut()
            .flatten()
            .flat_map(|one| &mut one.row)
            .for_each(|read| read.is_stale = true);
    }

    /// Writes the standing approval; what others read of it is stale.
    pub(crate) fn write_standing(&mut self, number: Number) {
        self.standing = number;
        self.processes
            .iter_mut()
            .flatten()
            .flat_map(|one| &mut one.standing)
            .for_each(|read| read.is_stale = true);
    }

    /// Writes the approval; what others read of it is stale.
    pub(crate) fn write_approval(&mut self, number: Number) {
        self.approval = number;
        self.processes
            .iter_mut()
            .flatten()
            .flat_map(|one| &mut one.approval)
            .for_each(|read| read.is_stale = true);
    }
}

/// A step of the model.
#[allow(dead_code)] // Its fields are for traces.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    /// A process does its next effect.
    Does(Kind, Effect),
    /// The write took effect, but its writer hears of a conflict.
    AnswerLost(Kind, Effect),
    CrashBefore(Kind, Effect),
    CrashAfter(Kind, Effect),
    Begins(Kind),
    /// A message comes twice or late.
    BeginsAgain(Kind),
    PolicyChanges,
    /// An operator ends the standing approval.
    StandingEnds,
    TimePasses,
    TimesOut(usize),
    /// The last receive failed, or the task timed out.
    Exhausted(usize),
    Stopped(usize),
}
