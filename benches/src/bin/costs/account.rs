//! An account, fiftieth of a second by fiftieth: token buckets of quotas, environments of Lambda, and queues that count receives.
//!
//! Invariant: numbers of the stack are read from infra/template.yaml, statemachine.asl.json and the workers; quotas and
//! durations from benches/prices.toml. What is not known is assumed for the worse: a batch that Lambda throttles is gone
//! for the whole visibility time-out, SES takes no burst, and every look at a waiting request mails a reminder.

use std::collections::{BTreeMap, VecDeque};

use super::data::{Counted, Data};
use super::stack::{StackSpec, StepSpec};

/// Ticks of a second.
const SECOND: u64 = 50;
/// Time after which a browser or a script repeats a call that was turned away; it doubles, six times at most.
const CALL_AGAIN: u64 = 2 * SECOND;
/// Time for which Lambda polls a queue no more after a throttle.
const POLL_AGAIN: u64 = SECOND;
/// DescribeExecution calls of housekeeping in a tick: eight at once, of 50 ms each.
const LOOKS_A_TICK: u32 = 3;
/// Calls of the portal with a submission, and with a decision; the rest comes with the certificate.
const CALLS: u32 = 3;

/// The use of an account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Environments of Lambda that the account has.
    pub(crate) environments: u32,
    /// Those that other functions of the account use all the time.
    pub(crate) others: u32,
    /// Requests submitted at the beginning, as fast as the portal takes them.
    pub(crate) burst: u32,
    /// Seconds from one other request to the next, for an hour.
    pub(crate) seconds_between: u64,
    /// Requests that have been waiting for an approver since before, who are decided about within an hour.
    pub(crate) waiting: u32,
    /// Seconds from the mail to an approver to the decision; up to twice as many.
    pub(crate) decided_after: u64,
    /// True if the messages of a batch are worked on at the same time, and not one after the other.
    pub(crate) parallel: bool,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Course {
    /// Requests.
    pub(crate) requests: u32,
    /// Requests whose certificate was mailed.
    pub(crate) delivered: u32,
    /// Messages given up, by a worker at its last receive or by the queue.
    pub(crate) given_up: u32,
    /// Tasks that took longer than the state of the state machine allows.
    pub(crate) timed_out: u32,
    /// The most receives of a message.
    pub(crate) receives: u32,
    /// Calls of the portal that were answered 429 or 503, and repeated.
    pub(crate) turned_away: u32,
    /// Calls of Step Functions that were throttled, of this stack or of an operator at the console.
    pub(crate) throttled_calls: u32,
    /// Mails that SES throttled.
    pub(crate) throttled_mails: u32,
    /// Batches that Lambda throttled.
    pub(crate) throttled_batches: u32,
    /// The most environments in use.
    pub(crate) environments: u32,
    /// Seconds until the last certificate.
    pub(crate) seconds: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A task of the step with this number.
    Task(usize),
    /// An approver voted: the open task of the approval is reported.
    Voted,
    /// Housekeeping wants a look at a waiting request.
    Look,
}

#[derive(Clone, Copy, Debug)]
struct Message {
    kind: Kind,
    receives: u32,
    /// The tick in which its state was entered.
    entered: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Other,
    Submit,
    Vote,
}

#[derive(Debug)]
enum Event {
    /// A call of the portal, which was turned away so many times.
    Call(Call, u32),
    CallEnds,
    Visible(usize, Message),
    /// A worker is done with messages, or with this attempt of the SDK to mail for them.
    BatchEnds(usize, Vec<Message>, u32),
    Housekeeping,
    Looks(u32),
    Operator,
}

#[derive(Debug, Default)]
struct Queue {
    visible: VecDeque<Message>,
    running: u32,
    polls_from: u64,
}

/// Tokens of a quota.
struct Bucket {
    tokens: f64,
    a_tick: f64,
    size: f64,
}

impl Bucket {
    fn of(rate: f64, burst: f64) -> Self {
        Self { tokens: burst, a_tick: rate / SECOND as f64, size: burst.max(rate / SECOND as f64) }
    }

    fn refill(&mut self) {
        self.tokens = (self.tokens + self.a_tick).min(self.size);
    }

    fn take(&mut self) -> bool {
        let is_there = self.tokens >= 1.0;
        self.tokens -= if is_there { 1.0 } else { 0.0 };
        is_there
    }
}

/// Runs `load` until everything is done, for a day at most.
pub(crate) fn run(data: &Data, counted: &Counted, stack: &StackSpec, load: Load) -> Course {
    let quota = |name: &str| Bucket::of(data.quotas[name].rate, data.quotas[name].burst);
    let mut account = Account {
        load,
        stack,
        portal_calls: data.usage.workers["portal"].invocations as u32,
        burst_ticks: SECOND as f64
            * (f64::from(CALLS) / counted.throttle.0).max(1.0 / counted.submission_throttle.0),
        portal_ticks: ticks(data.usage.workers["portal"].milliseconds),
        now: 0,
        seed: 1,
        in_use: 0,
        events: BTreeMap::new(),
        queues: stack.workers.iter().map(|_| Queue::default()).collect(),
        waiting: load.waiting,
        portal: Bucket::of(counted.throttle.0, counted.throttle.1),
        submissions: Bucket::of(counted.submission_throttle.0, counted.submission_throttle.1),
        start: quota("start_execution"),
        task: quota("send_task"),
        describe: quota("describe_execution"),
        history: quota("get_execution_history"),
        mail: quota("ses_rate"),
        course: Course { requests: load.burst + load.waiting, ..Course::default() },
    };
    account.plan();
    while account.now < 24 * 3_600 * SECOND && account.course.delivered < account.course.requests {
        account.tick();
    }
    account.course.seconds = account.now / SECOND;
    account.course
}

struct Account<'a> {
    load: Load,
    stack: &'a StackSpec,
    portal_calls: u32,
    /// Ticks between the submissions of a burst: as fast as the portal takes them in the long run.
    burst_ticks: f64,
    portal_ticks: u64,
    now: u64,
    seed: u64,
    in_use: u32,
    events: BTreeMap<u64, Vec<Event>>,
    queues: Vec<Queue>,
    /// Requests that wait for an approver.
    waiting: u32,
    portal: Bucket,
    submissions: Bucket,
    start: Bucket,
    task: Bucket,
    describe: Bucket,
    history: Bucket,
    mail: Bucket,
    course: Course,
}

impl Account<'_> {
    /// The calls that do not depend on the course.
    fn plan(&mut self) {
        let hour = 3_600 * SECOND;
        for number in 0..self.load.burst {
            self.calls((f64::from(number) * self.burst_ticks) as u64, Call::Submit, CALLS);
        }
        if self.load.seconds_between > 0 {
            for at in (0..hour).step_by((self.load.seconds_between * SECOND) as usize) {
                self.course.requests += 1;
                self.calls(at, Call::Submit, CALLS);
            }
        }
        for number in 0..u64::from(self.load.waiting) {
            self.calls(number * hour / u64::from(self.load.waiting), Call::Vote, CALLS);
        }
        for at in (0..24 * hour).step_by((self.stack.housekeeping_seconds * SECOND) as usize) {
            self.at(at, Event::Housekeeping);
        }
        for at in (0..hour).step_by(SECOND as usize) {
            self.at(at, Event::Operator);
        }
    }

    fn at(&mut self, tick: u64, event: Event) {
        self.events.entry(tick).or_default().push(event);
    }

    /// Some calls of the portal, the last of which is `call`, a second apart.
    fn calls(&mut self, from: u64, call: Call, count: u32) {
        for number in 1..=u64::from(count) {
            let call = if number == u64::from(count) { call } else { Call::Other };
            self.at(from + number * SECOND, Event::Call(call, 0));
        }
    }

    fn tick(&mut self) {
        for bucket in [
            &mut self.portal,
            &mut self.submissions,
            &mut self.start,
            &mut self.task,
            &mut self.describe,
            &mut self.history,
            &mut self.mail,
        ] {
            bucket.refill();
        }
        for event in self.events.remove(&self.now).unwrap_or_default() {
            self.happen(event);
        }
        for worker in 0..self.queues.len() {
            self.poll(worker);
        }
        self.now += 1;
    }

    /// An environment, if one is free.
    fn environment(&mut self) -> bool {
        let is_free = self.in_use + self.load.others < self.load.environments;
        self.in_use += u32::from(is_free);
        self.course.environments = self.course.environments.max(self.in_use);
        is_free
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Call(call, attempts) => {
                let throttle = if call == Call::Submit { &mut self.submissions } else { &mut self.portal };
                if !throttle.take() || !self.environment() {
                    self.course.turned_away += 1;
                    let later = (CALL_AGAIN << attempts.min(6)) as f64 * (0.5 + self.random() / 2.0);
                    return self.at(self.now + later as u64, Event::Call(call, attempts + 1));
                }
                self.at(self.now + self.portal_ticks, Event::CallEnds);
                match call {
                    Call::Other => {}
                    Call::Submit => {
                        // Housekeeping starts what the portal could not.
                        self.course.throttled_calls += u32::from(!self.start.take());
                        self.enter(0);
                    }
                    Call::Vote => {
                        self.waiting -= 1;
                        self.send(Kind::Voted);
                    }
                }
            }
            Event::CallEnds => self.in_use -= 1,
            Event::Visible(worker, message) => self.queues[worker].visible.push_back(message),
            Event::BatchEnds(worker, messages, attempt) => {
                let (mailed, throttled) = messages.into_iter().partition::<Vec<_>, _>(|message| {
                    let mails = message.kind != Kind::Voted && self.stack.workers[worker].mails;
                    !mails || self.mail.take()
                });
                self.course.throttled_mails += throttled.len() as u32;
                for message in mailed {
                    self.work(worker, message);
                }
                if !throttled.is_empty() && attempt < self.stack.attempts {
                    // The standard mode of the SDK: a second that doubles, times a random number.
                    let later = (SECOND << (attempt - 1)) as f64 * self.random();
                    return self
                        .at(self.now + 1 + later as u64, Event::BatchEnds(worker, throttled, attempt + 1));
                }
                for message in throttled {
                    self.postpone(worker, message);
                }
                self.in_use -= 1;
                self.queues[worker].running -= 1;
            }
            Event::Housekeeping => self.looks(self.waiting.min(self.stack.looks)),
            Event::Looks(left) => self.looks(left),
            Event::Operator => {
                self.course.throttled_calls += u32::from(!self.describe.take());
                self.course.throttled_calls += u32::from(!self.history.take());
            }
        }
    }

    /// Housekeeping asks for the executions of `left` requests.
    fn looks(&mut self, left: u32) {
        let now = left.min(LOOKS_A_TICK);
        for _ in 0..now {
            if self.describe.take() {
                self.send(Kind::Look);
            } else {
                self.course.throttled_calls += 1;
            }
        }
        if left > now {
            self.at(self.now + 1, Event::Looks(left - now));
        }
    }

    fn step(&self, kind: Kind) -> &StepSpec {
        match kind {
            Kind::Task(step) => &self.stack.steps[step],
            Kind::Voted | Kind::Look => &self.stack.steps[self.stack.approval],
        }
    }

    fn enter(&mut self, step: usize) {
        if step == self.stack.steps.len() {
            self.course.delivered += 1;
            return self.calls(self.now, Call::Other, self.portal_calls.saturating_sub(2 * CALLS));
        }
        self.send(Kind::Task(step));
    }

    fn send(&mut self, kind: Kind) {
        let worker = self.step(kind).worker;
        self.queues[worker].visible.push_back(Message { kind, receives: 0, entered: self.now });
    }

    /// Lambda receives batches and invokes, as far as the concurrency of the source goes.
    fn poll(&mut self, worker: usize) {
        let spec = &self.stack.workers[worker];
        while self.queues[worker].running < spec.at_once
            && self.queues[worker].polls_from <= self.now
            && !self.queues[worker].visible.is_empty()
        {
            let mut batch = Vec::new();
            while batch.len() < spec.batch as usize
                && let Some(mut message) = self.queues[worker].visible.pop_front()
            {
                message.receives += 1;
                if message.receives > spec.receives {
                    self.course.given_up += 1;
                    continue;
                }
                self.course.receives = self.course.receives.max(message.receives);
                batch.push(message);
            }
            if batch.is_empty() {
                continue;
            }
            if self.environment() {
                self.queues[worker].running += 1;
                let one_by_one = if self.load.parallel { 1.0 } else { batch.len() as f64 };
                let ends = self.now + ticks(spec.milliseconds * one_by_one);
                self.at(ends, Event::BatchEnds(worker, batch, 1));
            } else {
                self.course.throttled_batches += 1;
                self.queues[worker].polls_from = self.now + POLL_AGAIN;
                for message in batch {
                    self.at(self.now + spec.visibility * SECOND, Event::Visible(worker, message));
                }
            }
        }
    }

    /// What a worker did with a message, at the end of the batch.
    fn work(&mut self, worker: usize, message: Message) {
        let opens = message.kind == Kind::Task(self.stack.approval);
        let reports = message.kind != Kind::Look && !opens;
        if reports && !self.task.take() {
            self.course.throttled_calls += 1;
            return self.postpone(worker, message);
        }
        match message.kind {
            Kind::Look => {}
            Kind::Task(_) if opens => {
                self.waiting += 1;
                let after = self.load.decided_after as f64 * (1.0 + self.random()) * SECOND as f64;
                self.calls(self.now + after as u64, Call::Vote, CALLS);
            }
            Kind::Voted => self.enter(self.stack.approval + 1),
            Kind::Task(step) => {
                let late = self.now - message.entered > self.stack.steps[step].timeout * SECOND;
                self.course.timed_out += u32::from(late);
                self.enter(step + 1);
            }
        }
    }

    /// A worker at its last receive gives up; else the message comes back after a while that doubles, with jitter.
    fn postpone(&mut self, worker: usize, message: Message) {
        if message.receives >= self.stack.workers[worker].receives {
            self.course.given_up += 1;
            return;
        }
        let doubled = self.stack.first_postponement << (message.receives - 1).min(16);
        let seconds = doubled.min(self.stack.longest_postponement);
        let later = (seconds * SECOND) as f64 * (1.0 - self.random() / 2.0);
        self.at(self.now + later as u64, Event::Visible(worker, message));
    }

    /// A number from 0 to 1 by a linear congruential generator: the same course in each run.
    fn random(&mut self) -> f64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.seed >> 33) as f64 / f64::from(1_u32 << 31)
    }
}

fn ticks(milliseconds: f64) -> u64 {
    ((milliseconds * SECOND as f64 / 1_000.0).ceil() as u64).max(1)
}

#[cfg(test)]
mod tests;
