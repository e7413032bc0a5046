//! A simulated year of certificates: housekeeping and notify run every day, and the mails are those that the rule says.
//!
//! Invariant: the rule here is written in whole days and shares no code with the workers. Everything happens at noon, so
//! that a day is a step; each step has as many runs as certificates have turns.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // A test may.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use housekeeping::Housekeeping;
use notify::{Failures, Notify, Receivers};
use time::{Duration, OffsetDateTime};
use workflow::approval::BaseUrl;
use workflow::ids::RequestId;
use workflow::mail_kind::MailKind;
use workflow::ports::{Clock as _, NameIndex as _, NameRow};
use workflow::request::{Request, Status};
use workflow::runtime::step::Step as _;
use workflow::testing::InMemoryBackend;

/// Length of the simulation; certificates are issued in all of it.
const DAYS: i64 = 365;
/// Runs of housekeeping on each day.
const RUNS: i64 = 5;
const TEAM: &str = "pki-team@example.com";
const REMIND: [i64; 4] = [30, 14, 7, 1];
const ESCALATION: i64 = 7;

/// A certificate of the simulation; times are days since the start.
#[derive(Clone, Debug)]
struct Certificate {
    id: RequestId,
    person: String,
    profile: &'static str,
    names: Vec<String>,
    issued: i64,
    end: i64,
    revoked: Option<i64>,
    reminded: BTreeSet<i64>,
    escalated: Option<i64>,
}

impl Certificate {
    /// The reminders in the second half of its life.
    fn reminders(&self) -> impl Iterator<Item = i64> + use<> {
        let life = self.end - self.issued;
        REMIND.into_iter().filter(move |reminder| reminder * 2 <= life)
    }

    fn is_in_use(&self, day: i64) -> bool {
        self.issued <= day && day < self.end && self.revoked.is_none_or(|revoked| day < revoked)
    }

    /// The last reminder at or before this day, or `ahead` days later.
    fn reached(&self, day: i64, ahead: i64) -> Option<i64> {
        self.reminders().filter(|reminder| self.end - day - ahead <= *reminder).last()
    }

    fn due_reminder(&self, day: i64, ahead: i64) -> Option<i64> {
        let reached = self.reached(day, ahead)?;
        let later = self.reminded.iter().any(|reminded| *reminded <= reached);
        (!later).then_some(reached)
    }

    fn due_escalation(&self, day: i64, ahead: i64) -> Option<i64> {
        let at = self.reminders().find(|reminder| *reminder <= ESCALATION)?;
        (self.escalated.is_none() && self.end - day - ahead <= at).then_some(at)
    }

    fn is_replaced(&self, all: &[Certificate], day: i64) -> bool {
        all.iter().any(|other| {
            other.is_in_use(day)
                && other.profile == self.profile
                && other.end > self.end
                && self.names.iter().all(|name| other.names.contains(name))
                && other.reached(day, 1).is_none()
        })
    }
}

/// The number of mails of this day by the rule: one for each requester, and one for the team. Records them.
fn mails_by_the_rule(all: &mut [Certificate], day: i64) -> usize {
    let is_open: Vec<bool> = all.iter().map(|one| one.is_in_use(day) && !one.is_replaced(all, day)).collect();
    let people: BTreeSet<String> = all
        .iter()
        .zip(&is_open)
        .filter(|(one, is_open)| **is_open && one.due_reminder(day, 0).is_some())
        .map(|(one, _)| one.person.clone())
        .collect();
    let team =
        all.iter().zip(&is_open).any(|(one, is_open)| *is_open && one.due_escalation(day, 0).is_some());
    for (one, _) in all.iter_mut().zip(&is_open).filter(|(_, is_open)| **is_open) {
        if people.contains(&one.person) {
            one.reminded.extend(one.due_reminder(day, 1));
        }
        if team {
            one.escalated = one.escalated.or(one.due_escalation(day, 1));
        }
    }
    people.len() + usize::from(team)
}

/// A generator of the same numbers in every run (Knuth's MMIX).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }
}

/// Certificates of all lives, among them renewals by the same and by other people, with fewer and with more names, of
/// another profile, issued together, and revoked ones.
fn certificates(numbers: &mut Numbers) -> Vec<Certificate> {
    let mut all = Vec::new();
    let mut number = 0;
    while all.len() < 420 {
        number += 1;
        let issued = i64::try_from(numbers.below(DAYS.unsigned_abs() + 200)).unwrap() - 200;
        let life = numbers.one_of(&[1, 2, 7, 14, 30, 47, 60, 90, 90, 200, 365]);
        let first = Certificate {
            id: RequestId::random(),
            person: format!("person-{}@example.com", numbers.below(25)),
            profile: "server",
            names: (0..=numbers.below(3)).map(|name| format!("host-{number}-{name}.example.com")).collect(),
            issued,
            end: issued + life,
            revoked: (numbers.below(12) == 0).then(|| issued + life - life / 4),
            reminded: BTreeSet::new(),
            escalated: None,
        };
        let mut younger = first.clone();
        younger.id = RequestId::random();
        younger.revoked = None;
        younger.issued = first.end - i64::try_from(numbers.below(20)).unwrap().min(life);
        younger.end = younger.issued + life;
        let is_renewed = match numbers.below(10) {
            0..=3 => true,
            4 => {
                younger.names.push(format!("more-{number}.example.com"));
                true
            }
            5 => younger.names.len() > 1 && younger.names.pop().is_some(),
            6 => {
                younger.profile = "client";
                true
            }
            7 => {
                younger.person = "somebody-else@example.com".into();
                younger.revoked = Some(younger.issued + 3);
                true
            }
            // Two servers with a certificate of the same name each.
            8 => {
                (younger.issued, younger.end) = (first.issued + 1, first.end + 1);
                true
            }
            _ => false,
        };
        all.push(first);
        all.extend(is_renewed.then_some(younger));
    }
    all
}

struct Year {
    backend: Arc<InMemoryBackend>,
    start: OffsetDateTime,
    template: Request,
    seen: usize,
}

impl Year {
    async fn issue(&self, one: &Certificate) {
        let at = |day| self.start + Duration::days(day);
        let row = self.template.clone().altered(|row| {
            (row.id, row.profile) = (one.id, one.profile.to_owned());
            (row.email, row.names) = (one.person.parse().unwrap(), one.names.clone());
            (row.not_before, row.not_after) = (Some(at(one.issued)), Some(at(one.end)));
        });
        self.backend.put(row);
        self.backend.enter(&NameRow::of_certificate(&one.names, at(one.end), one.id)).await.unwrap();
    }

    /// One run of housekeeping, and the messages that it sent to notify.
    async fn run(&mut self) {
        let backend = &self.backend;
        let worker = Housekeeping {
            requests: backend.clone(),
            executions: backend.clone(),
            revocation_executions: backend.clone(),
            approval_queue: backend.clone(),
            issuers: backend.clone(),
            lists: backend.clone(),
            sign_queue: backend.clone(),
            standing: backend.clone(),
            names: backend.clone(),
            policies: backend.clone(),
            notify_queue: backend.clone(),
            metrics: backend.clone(),
            clock: backend.clone(),
        };
        assert_eq!(worker.run().await.errors, 0);
        let notify = Notify {
            requests: backend.clone(),
            standing: backend.clone(),
            names: backend.clone(),
            policies: backend.clone(),
            links: backend.clone(),
            operators: backend.clone(),
            mailer: backend.clone(),
            codes: backend.clone(),
            receivers: Receivers {
                queue: backend.clone(),
                parameters: None,
                caller: backend.clone(),
                bus: None,
                failures: Failures::default(),
            },
            base_url: BaseUrl::parse("https://ca.example.com/").unwrap(),
            clock: backend.clone(),
        };
        let messages = backend.rechecks().split_off(self.seen);
        self.seen += messages.len();
        for message in messages.into_iter().filter(|message| message.mail.is_some()) {
            // SQS may deliver a message twice.
            notify.recheck(message.clone()).await.unwrap();
            notify.recheck(message).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_year_of_certificates_has_the_mails_that_the_rule_says() {
    for seed in [16, 17, 18] {
        simulate(seed).await;
    }
}

async fn simulate(seed: u64) {
    let backend = InMemoryBackend::new();
    let policy = include_str!("../../../infra/policy.toml");
    backend.set_policy(&policy.replace("[lifecycle]", &format!("[lifecycle]\nescalate_to = \"{TEAM}\"")));
    // The CA's list is not the matter here.
    backend.without_issuer();
    let template = backend.unsaved_request(&pki::testing::csr(&["www.example.com"]), Status::Delivered);
    let mut year = Year { start: backend.now(), backend, template, seen: 0 };
    let mut all = certificates(&mut Numbers(seed));
    for one in all.iter().filter(|one| one.issued < 0) {
        year.issue(one).await;
    }
    let (mut sent, mut days_with_mails) = (0, 0);
    for day in 0..DAYS {
        year.backend.set_now(year.start + Duration::days(day));
        for one in &all {
            if one.issued == day {
                year.issue(one).await;
            }
            // A revocation of a certificate that has none yet would be of an earlier life.
            if one.revoked.is_some_and(|revoked| revoked == day || (day == 0 && revoked < 0))
                && year.backend.request(one.id).is_some()
            {
                year.backend.alter(one.id, |row| row.status = Status::Revoked);
            }
        }
        for run in 0..RUNS {
            year.backend.set_now(
                year.start + Duration::days(day) + Duration::minutes(5) * i32::try_from(run).unwrap(),
            );
            year.run().await;
        }
        let by_the_rule = mails_by_the_rule(&mut all, day);
        let mails = year.backend.mails().len() - sent;
        assert_eq!(mails, by_the_rule, "day {day}");
        sent += mails;
        days_with_mails += usize::from(mails > 0);
    }
    // Each row has recorded what the rule says, and no mail is a repetition.
    let recorded = |one: &Certificate| -> BTreeSet<String> {
        year.backend.request(one.id).map(|row| row.mails().keys().cloned().collect()).unwrap_or_default()
    };
    for one in &all {
        let reminded = one.reminded.iter().map(|days| format!("expiring/{days}d"));
        let escalated = one.escalated.iter().map(|days| format!("unrenewed/{days}d/{TEAM}"));
        assert_eq!(recorded(one), reminded.chain(escalated).collect(), "{one:?}");
    }
    let mails = year.backend.mails();
    let ids: BTreeSet<(RequestId, String)> =
        mails.iter().map(|mail| (mail.request_id, mail.kind.to_string())).collect();
    assert_eq!(ids.len(), mails.len());
    let mut by_kind = BTreeMap::<String, usize>::new();
    for mail in &mails {
        let kind = match &mail.kind {
            MailKind::Unrenewed { .. } => "unrenewed".to_owned(),
            kind => kind.to_string(),
        };
        *by_kind.entry(kind).or_default() += 1;
    }
    println!(
        "seed {seed}: {} certificates, {sent} mails on {days_with_mails} days: {by_kind:?}; reminded {} times, escalated {}",
        all.len(),
        all.iter().map(|one| one.reminded.len()).sum::<usize>(),
        all.iter().filter(|one| one.escalated.is_some()).count(),
    );
    assert!(by_kind.len() == 5 && sent > 200, "{by_kind:?}");
    let silent = all.iter().filter(|one| one.reminded.is_empty() && one.reminders().next().is_some());
    assert!(silent.count() > 20, "renewals and revocations keep certificates silent");
}
