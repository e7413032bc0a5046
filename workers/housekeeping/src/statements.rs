//! Standing approvals: asks notify for the statements and the news that are due, tells sign again of ends that their requesters ordered,
//! and settles standing approvals that are over.
//!
//! Invariant: reads an index of open standing approvals, and rows of those whose turn it is; never the rows of other requests.
//! Decides nothing: notify looks again, and records each mail. One that is over stays open until everything under it was in a
//! statement, and its requester was told of its end.

use time::OffsetDateTime;
use workflow::approval::standing_news::standing_news;
use workflow::ids::RequestId;
use workflow::mail_kind::MailKind;
use workflow::message::RecheckMessage;
use workflow::policy::Policy;
use workflow::ports::PortError;
use workflow::request::Request;
use workflow::request::audit::Origin;
use workflow::runtime::step::StepError;
use workflow::store::update_known_request;

use crate::turns::{is_turn, turn, turns};
use crate::{Housekeeping, Report};

/// Most open standing approvals that are listed: about 300 bytes each.
const LISTED: usize = 10_000;
/// Rows read in one run, about.
const ROWS_PER_RUN: usize = 50;
/// The fewest turns: each standing approval is looked at about once an hour, since a mail may be late by that.
const MIN_TURNS: usize = 11;

/// True if a run at this time looks at the standing approval with this id, while there are few.
pub fn looks_at_standing(id: RequestId, now: OffsetDateTime) -> bool {
    is_turn(id, MIN_TURNS, now)
}

impl Housekeeping {
    /// Asks for the mails that are due. An error of one standing approval does not affect the others.
    pub(crate) async fn statements(&self, report: &mut Report) -> Result<(), PortError> {
        let now = self.clock.now();
        let open = self.requests.open_standing(LISTED).await?;
        let of = turns(open.len(), ROWS_PER_RUN).max(MIN_TURNS);
        let ids: Vec<_> = turn(open, of, now, |one| one.id).into_iter().map(|one| one.id).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let policy = self.policies.current().await?;
        for row in self.requests.find_all(&ids).await?.iter().filter(|row| row.has_open_standing()) {
            if let Err(error) = self.look_at_standing(row, &policy, report).await {
                tracing::warn!(request.id = %row.id(), %error, "cannot look at the standing approval {}", row.id());
                report.errors += 1;
            }
        }
        Ok(())
    }

    async fn look_at_standing(
        &self,
        row: &Request,
        policy: &Policy,
        report: &mut Report,
    ) -> Result<(), StepError> {
        let (id, now) = (row.id(), self.clock.now());
        let Some(approval) = self.standing.find(id).await? else {
            tracing::error!(request.id = %id, "request {id} was granted, and the table of standing approvals does not have it");
            return Ok(());
        };
        // The portal told sign; its message may be lost.
        if row.end_asked().is_some() && approval.ended().is_none() {
            self.sign_queue.recheck(&RecheckMessage::end_standing(id)).await?;
        }
        let news = standing_news(row, &approval, policy, now);
        for notice in &news {
            self.notify_queue.recheck(&RecheckMessage::mail(id, MailKind::Standing(*notice))).await?;
            report.news_due += 1;
        }
        if !row.is_statement_due(now) {
            return Ok(());
        }
        if approval.used() > row.last_reported() {
            let statement = RecheckMessage::mail(id, MailKind::Statement(approval.used()));
            self.notify_queue.recheck(&statement).await?;
            report.statements_due += 1;
        } else if approval.is_over(now) && news.is_empty() {
            let by = Origin::worker("housekeeping");
            update_known_request(&*self.requests, row, &by, |row| row.settle_standing(now)).await?;
        }
        Ok(())
    }
}
