//! Statements and news of standing approvals, from housekeeping's order to the mail.
#![allow(clippy::unwrap_used)] // A test may.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use housekeeping::{Housekeeping, Report};
use notify::{Failures, Notify, Receivers};
use pki::testing as test_pki;
use proptest::prelude::*;
use time::{Duration, OffsetDateTime};
use workflow::approval::BaseUrl;
use workflow::ids::RequestId;
use workflow::mail_kind::{MailKind, StandingNotice};
use workflow::message::RecheckMessage;
use workflow::ports::{Clock as _, Requests as _};
use workflow::request::Status;
use workflow::request::audit::Origin;
use workflow::runtime::step::Step as _;
use workflow::store::{StandingEnding, end_standing};
use workflow::testing::fixtures::{policy_after_approver_left, standing_policy};
use workflow::testing::{InMemoryBackend, faults};

const TERMS: &str = r#"{"kind":"grant","names":["www.example.com"],"days":30,"certificates":100}"#;
/// Five minutes, like the schedule.
const RUN: Duration = Duration::minutes(5);

fn backend() -> Arc<InMemoryBackend> {
    let backend = InMemoryBackend::new();
    backend.set_policy(&standing_policy());
    backend
}

async fn run(backend: &Arc<InMemoryBackend>) -> Report {
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
    worker.run().await
}

fn notify(backend: &Arc<InMemoryBackend>) -> Notify {
    Notify {
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
    }
}

/// The runs of an hour and a little more: each standing approval has its turn.
async fn an_hour(backend: &Arc<InMemoryBackend>) -> Report {
    let mut sum = Report::default();
    for _ in 0..13 {
        let report = run(backend).await;
        sum.statements_due += report.statements_due;
        sum.news_due += report.news_due;
        sum.errors += report.errors;
        backend.advance(RUN);
    }
    sum
}

fn orders(backend: &InMemoryBackend) -> Vec<RecheckMessage> {
    let mut all = backend.rechecks();
    all.retain(|message| matches!(message.mail, Some(MailKind::Statement(_))));
    all
}

/// The orders of news, each once.
fn news(backend: &InMemoryBackend) -> BTreeSet<StandingNotice> {
    let kind = |message: RecheckMessage| match message.mail {
        Some(MailKind::Standing(notice)) => Some(notice),
        _ => None,
    };
    backend.rechecks().into_iter().filter_map(kind).collect()
}

/// The orders of mails, from this message on. There are others: of revocation lists.
fn mail_orders(backend: &InMemoryBackend, from: usize) -> Vec<RecheckMessage> {
    let mut all = backend.rechecks().split_off(from);
    all.retain(|message| matches!(message.mail, Some(MailKind::Statement(_) | MailKind::Standing(_))));
    all
}

async fn tell(backend: &Arc<InMemoryBackend>) {
    for message in mail_orders(backend, 0) {
        notify(backend).recheck(message).await.unwrap();
    }
}

fn issue(backend: &InMemoryBackend, id: RequestId) -> RequestId {
    backend.issued_under(id, &test_pki::csr(&["www.example.com"]))
}

async fn end(backend: &InMemoryBackend, id: RequestId) {
    let ports = StandingEnding { standing: backend, requests: backend, writer: backend };
    end_standing(ports, id, &Origin::operator("olivia"), "Over.", backend.now()).await.unwrap();
}

fn is_open(backend: &InMemoryBackend, id: RequestId) -> bool {
    backend.request(id).unwrap().has_open_standing()
}

#[tokio::test]
async fn a_statement_is_asked_for_once_a_week_is_over_and_something_was_issued() {
    let backend = backend();
    let id = backend.granted(TERMS);
    let quiet = backend.granted(TERMS);
    issue(&backend, id);
    backend.advance(Duration::days(7) - Duration::hours(2));
    assert_eq!(an_hour(&backend).await.statements_due, 0, "before the week is over");
    backend.advance(Duration::hours(1));
    let report = an_hour(&backend).await;
    assert_eq!(report.errors, 0);
    assert!(report.statements_due >= 1);
    assert!(orders(&backend).iter().all(|order| *order == RecheckMessage::mail(id, MailKind::Statement(1))));
    assert!(is_open(&backend, id) && is_open(&backend, quiet));
}

#[tokio::test]
async fn one_that_is_over_is_settled_after_its_last_statement_and_not_looked_at_again() {
    for is_ended in [true, false] {
        let backend = backend();
        let id = backend.granted(TERMS);
        backend.advance(Duration::days(29));
        issue(&backend, id);
        if is_ended {
            end(&backend, id).await;
        } else {
            backend.advance(Duration::days(2));
        }
        assert!(an_hour(&backend).await.statements_due >= 1);
        assert!(is_open(&backend, id), "its certificate was in no statement");
        tell(&backend).await;
        let told = if is_ended { StandingNotice::Ended } else { StandingNotice::Ending };
        // The end by time was to be told before: nobody looked at that time.
        let kinds: Vec<MailKind> = backend.mails().into_iter().map(|mail| mail.kind).collect();
        let expected: &[MailKind] = match is_ended {
            true => &[MailKind::Standing(told), MailKind::Statement(1)],
            false => &[MailKind::Statement(1)],
        };
        assert_eq!(kinds, expected);
        backend.advance(Duration::days(7));
        assert_eq!(an_hour(&backend).await.statements_due, 0);
        assert!(!is_open(&backend, id));
        assert!(backend.open_standing(10).await.unwrap().is_empty());
        let calls = backend.calls().len();
        an_hour(&backend).await;
        assert!(!backend.calls()[calls..].iter().any(|call| call.starts_with("standing: find")));
    }
}

#[tokio::test]
async fn news_are_asked_for_until_they_are_told_and_never_again() {
    let backend = backend();
    let id = backend.granted(TERMS);
    assert_eq!((an_hour(&backend).await.news_due, news(&backend).len()), (0, 0));
    backend.advance(Duration::days(15));
    assert!(an_hour(&backend).await.news_due >= 1);
    an_hour(&backend).await;
    assert_eq!(news(&backend), BTreeSet::from([StandingNotice::Ending]));
    tell(&backend).await;
    assert_eq!((an_hour(&backend).await.news_due, backend.mails().len()), (0, 1));
    for _ in 0..80 {
        issue(&backend, id);
    }
    an_hour(&backend).await;
    tell(&backend).await;
    let kinds = |backend: &InMemoryBackend| {
        backend.mails().iter().map(|mail| mail.kind.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&backend), ["standing/ending", "standing/nearly-used", "statement/80"]);
    // A policy without the approvers, then the one of before, then an end.
    backend.set_policy(&policy_after_approver_left());
    an_hour(&backend).await;
    tell(&backend).await;
    backend.set_policy(&standing_policy());
    assert_eq!(an_hour(&backend).await.news_due, 0);
    end(&backend, id).await;
    an_hour(&backend).await;
    tell(&backend).await;
    assert_eq!(kinds(&backend)[3..], ["standing/stopped", "standing/ended"]);
    backend.advance(Duration::days(8));
    assert_eq!(an_hour(&backend).await.news_due, 0);
    assert!(!is_open(&backend, id));
}

#[tokio::test]
async fn one_that_was_ended_stays_open_until_its_requester_was_told() {
    let backend = backend();
    let id = backend.granted(TERMS);
    end(&backend, id).await;
    backend.advance(Duration::days(20));
    assert!(an_hour(&backend).await.news_due >= 1);
    assert!(is_open(&backend, id));
    tell(&backend).await;
    an_hour(&backend).await;
    assert!(!is_open(&backend, id));
    assert_eq!(backend.mails().len(), 1);
}

#[tokio::test]
async fn many_standing_approvals_take_turns_and_none_is_left_out() {
    let backend = backend();
    for _ in 0..60 {
        let id = backend.granted(TERMS);
        issue(&backend, id);
    }
    backend.advance(Duration::days(8));
    let before = backend.calls().len();
    run(&backend).await;
    let read = backend.calls()[before..].iter().filter(|call| *call == "standing: find").count();
    assert!(read < 30, "{read} in one run");
    for _ in 0..11 {
        backend.advance(RUN);
        run(&backend).await;
    }
    let asked: BTreeSet<RequestId> = orders(&backend).iter().map(|order| order.request_id).collect();
    assert_eq!(asked.len(), 60);
}

#[tokio::test]
async fn one_that_is_missing_in_its_table_does_not_hide_another() {
    let backend = backend();
    let missing = backend.granted(TERMS);
    let id = backend.granted(TERMS);
    issue(&backend, id);
    backend.forget_standing(missing);
    backend.advance(Duration::days(8));
    let report = an_hour(&backend).await;
    assert!(report.statements_due >= 1);
    assert!(is_open(&backend, missing), "its statements are due again once the table is restored");
}

#[tokio::test]
async fn settling_survives_every_fault() {
    faults::fault_sweep(
        "SettleStanding",
        |backend| {
            backend.set_policy(&standing_policy());
            backend.granted(TERMS);
            backend.advance(Duration::days(31));
        },
        |backend| async move {
            for _ in 0..11 {
                run(&backend).await;
                backend.advance(RUN);
            }
            let open = backend.requests().iter().any(|row| row.has_open_standing());
            if open { Err("it is still open") } else { Ok(()) }
        },
    )
    .await;
}

/// The days of a standing approval, and the certificates that were issued on each.
fn lives() -> impl Strategy<Value = (Vec<u8>, Option<usize>)> {
    (prop::collection::vec(prop_oneof![3 => Just(0_u8), 1 => 1..4_u8], 30), prop::option::of(1..30_usize))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Housekeeping runs every two hours, and each message arrives twice.
    #[test]
    fn each_certificate_is_in_one_mail_and_a_week_is_between_two_mails((days, ends_on) in lives()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (mails, issued, open) = runtime.block_on(live(&days, ends_on));
        let times: Vec<OffsetDateTime> = mails.values().copied().collect();
        prop_assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= Duration::WEEK), "{:?}", times);
        prop_assert_eq!(mails.keys().max().copied().unwrap_or_default(), issued);
        prop_assert!(!open);
    }
}

/// Returns the mails by their last certificate, with their times; the number of certificates; and whether it is still open.
async fn live(days: &[u8], ends_on: Option<usize>) -> (BTreeMap<u32, OffsetDateTime>, u32, bool) {
    let backend = backend();
    let id = backend.granted(TERMS);
    let (mut mails, mut issued, mut told) = (BTreeMap::new(), 0, BTreeSet::new());
    for (day, certificates) in days.iter().chain(std::iter::repeat(&0)).take(60).enumerate() {
        let is_living = day < 30 && ends_on.is_none_or(|end| day < end);
        if is_living {
            for _ in 0..*certificates {
                issue(&backend, id);
                issued += 1;
            }
        } else if ends_on == Some(day) {
            end(&backend, id).await;
        }
        for _ in 0..12 {
            let seen = backend.rechecks().len();
            assert_eq!(run(&backend).await.errors, 0);
            for order in mail_orders(&backend, seen) {
                let before = backend.mails().len();
                notify(&backend).recheck(order.clone()).await.unwrap();
                notify(&backend).recheck(order).await.unwrap();
                for mail in &backend.mails()[before..] {
                    let last = match &mail.kind {
                        MailKind::Statement(last) => *last,
                        MailKind::Standing(notice) => {
                            assert!(told.insert(*notice), "{notice} twice");
                            continue;
                        }
                        other => panic!("{other}"),
                    };
                    let listed = mail.text.matches("\n* www.example.com\n").count();
                    let after = mails.keys().max().copied().unwrap_or_default();
                    assert_eq!(listed, usize::try_from(last - after).unwrap().min(20));
                    assert_eq!(mails.insert(last, backend.now()), None, "one mail");
                }
            }
            backend.advance(Duration::hours(2));
        }
    }
    assert_eq!(backend.request(id).unwrap().status(), Status::Delivered);
    assert_eq!(told.contains(&StandingNotice::Ended), ends_on.is_some());
    (mails, issued, is_open(&backend, id))
}

#[tokio::test]
async fn sign_is_told_again_of_an_end_that_its_requester_ordered_until_it_is_ended() {
    let backend = backend();
    let id = backend.granted(TERMS);
    backend.alter(id, |row| {
        let at = row.registration_date;
        row.end_asked =
            Some(workflow::standing::StandingEndOrder { at, reason: "Over.".into(), operator: None });
    });
    let told = |backend: &InMemoryBackend| {
        let all = backend.rechecks();
        all.iter().filter(|message| **message == RecheckMessage::end_standing(id)).count()
    };
    assert_eq!(an_hour(&backend).await.errors, 0);
    let first = told(&backend);
    assert!(first >= 1, "about once an hour");
    end(&backend, id).await;
    an_hour(&backend).await;
    assert_eq!(told(&backend), first);
}
