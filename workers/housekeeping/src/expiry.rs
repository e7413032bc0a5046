//! Certificates that end: counts them, and asks notify for the mails that are due.
//!
//! Invariant: reads index entries of certificates that end within the longest reminder, and at most
//! [`CERTIFICATES_PER_RUN`] rows. Decides nothing: notify looks at each certificate again, and records each reminder.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use time::{Duration, OffsetDateTime};
use workflow::email::Email;
use workflow::mail_kind::MailKind;
use workflow::message::RecheckMessage;
use workflow::policy::{Lifecycle, Policy};
use workflow::ports::{EndingCertificate, PortError};
use workflow::request::expiring::is_replaced;
use workflow::request::metric::Measure;
use workflow::request::{Request, Status};

use crate::turns::{USUAL_TURNS, turn, turns};
use crate::{CONCURRENCY, Housekeeping, Report, SCAN_LIMIT};

/// Most certificates whose rows are read in one run.
const CERTIFICATES_PER_RUN: usize = 600;
/// Certificates in one run, about, that reached a reminder a short time ago.
const FRESH_PER_RUN: usize = 400;
/// Certificates in one run, about, of all others, which may have missed a reminder.
const OTHERS_PER_RUN: usize = 150;
/// The fewest of them.
const MIN_OTHERS: usize = 25;
/// The time for which a reminder counts as fresh: twelve runs. A run that fails loses nothing.
const FRESH: Duration = Duration::HOUR;
/// A metric costs the share of the hours in which it is written; the number of certificates that end changes slowly.
const HOURS_BETWEEN_MEASURES: u8 = 6;
/// Rows read at once.
const BATCH: usize = 100;

impl Housekeeping {
    /// Asks notify for the mails about certificates that end, one for each recipient.
    pub(crate) async fn remind(&self, report: &mut Report) -> Result<(), PortError> {
        let (now, policy) = (self.clock.now(), self.policies.current().await?);
        let Some(longest) = policy.lifecycle().longest() else { return Ok(()) };
        let mut ends = Vec::new();
        for status in [Status::Issued, Status::Delivered] {
            ends.extend(self.requests.ending(status, now, now + longest, SCAN_LIMIT).await?);
        }
        if now.hour().is_multiple_of(HOURS_BETWEEN_MEASURES) {
            self.metrics.record(Measure::Expiring(ends.len()));
        }
        let mut due = BTreeMap::new();
        for ends in chosen(ends, policy.lifecycle(), now).chunks(BATCH) {
            let ids: Vec<_> = ends.iter().map(|end| end.id).collect();
            let mut rows = self.requests.find_all(&ids).await?;
            rows.retain(|row| !mails(row, &policy, now).is_empty());
            for rows in rows.chunks(CONCURRENCY) {
                let replaced = rows
                    .iter()
                    .map(|row| is_replaced(&*self.requests, &*self.names, policy.lifecycle(), row, now));
                for (row, is_replaced) in rows.iter().zip(try_join_all(replaced).await?) {
                    if !is_replaced {
                        let mails = mails(row, &policy, now).into_iter();
                        due.extend(mails.map(|(to, kind)| (to, RecheckMessage::mail(row.id(), kind))));
                    }
                }
            }
        }
        for message in due.values() {
            self.notify_queue.recheck(message).await?;
            report.reminders_due += 1;
        }
        Ok(())
    }
}

/// A mail that a person may be due: a requester, or another recipient.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Recipient {
    Requester(Email),
    Other(Email),
}

/// The mails that are due about one certificate.
fn mails(row: &Request, policy: &Policy, now: OffsetDateTime) -> Vec<(Recipient, MailKind)> {
    let lifecycle = policy.lifecycle();
    let reminder = row.due_reminder(lifecycle, now, Duration::ZERO);
    let to_requester =
        reminder.map(|days| (Recipient::Requester(row.email().clone()), MailKind::Expiring(days)));
    let escalation = |recipient: Email| {
        let days = row.due_escalation(lifecycle, &recipient, now, Duration::ZERO)?;
        Some((Recipient::Other(recipient.clone()), MailKind::Unrenewed { days, recipient }))
    };
    let to_others = policy.escalation_recipients(row.profile()).into_iter().filter_map(escalation);
    to_requester.into_iter().chain(to_others).collect()
}

/// The certificates of this run: those that reached a reminder within the last hour, and a part of the others, which
/// advances with every run. So a run of many certificates stays short, and a lost mail is asked for again.
fn chosen(
    ends: Vec<EndingCertificate>,
    lifecycle: &Lifecycle,
    now: OffsetDateTime,
) -> Vec<EndingCertificate> {
    let is_fresh = |end: &EndingCertificate| {
        lifecycle.reminders().iter().any(|reminder| {
            let since = now - (end.not_after - Duration::days((*reminder).into()));
            (Duration::ZERO..FRESH).contains(&since)
        })
    };
    let (fresh, others): (Vec<_>, Vec<_>) = ends.into_iter().partition(is_fresh);
    let of_fresh = turns(fresh.len(), FRESH_PER_RUN);
    let of_others = turns(others.len(), MIN_OTHERS).min(USUAL_TURNS).max(turns(others.len(), OTHERS_PER_RUN));
    let id = |end: &EndingCertificate| end.id;
    let mut chosen = turn(fresh, of_fresh, now, id);
    chosen.extend(turn(others, of_others, now, id));
    chosen.truncate(CERTIFICATES_PER_RUN);
    chosen
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use time::macros::datetime;
    use workflow::ids::RequestId;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    fn ends(count: usize, left: impl Fn(usize) -> Duration) -> Vec<EndingCertificate> {
        (0..count)
            .map(|number| EndingCertificate { id: RequestId::random(), not_after: NOW + left(number) })
            .collect()
    }

    #[test]
    fn a_run_of_very_many_certificates_is_bounded_and_all_get_their_turn() {
        let lifecycle = Lifecycle::default();
        let many = ends(16_000, |number| Duration::hours(25) + Duration::seconds(150 * number as i64));
        let mut seen = BTreeSet::new();
        for run in 0..131 {
            let chosen = chosen(many.clone(), &lifecycle, NOW + Duration::minutes(5) * run);
            assert!(chosen.len() <= CERTIFICATES_PER_RUN, "{}", chosen.len());
            seen.extend(chosen.into_iter().map(|end| end.id));
        }
        assert_eq!(seen.len(), many.len());
        for left in [14, 20] {
            let at_once = chosen(ends(200_000, |_| Duration::days(left)), &lifecycle, NOW).len();
            assert!((1..=CERTIFICATES_PER_RUN).contains(&at_once), "{at_once}");
        }
    }

    #[test]
    fn a_few_certificates_are_all_looked_at_in_every_run() {
        for left in [14, 20] {
            assert_eq!(chosen(ends(25, |_| Duration::days(left)), &Lifecycle::default(), NOW).len(), 25);
        }
    }

    #[test]
    fn a_certificate_that_just_reached_a_reminder_does_not_wait_for_its_turn() {
        let mut many = ends(5_000, |_| Duration::days(20));
        for (place, left) in [(100, Duration::days(30)), (2_000, Duration::days(14) - Duration::minutes(59))]
        {
            many[place].not_after = NOW + left;
        }
        let chosen: BTreeSet<_> =
            chosen(many.clone(), &Lifecycle::default(), NOW).into_iter().map(|end| end.id).collect();
        assert!(chosen.contains(&many[100].id) && chosen.contains(&many[2_000].id));
    }
}
