//! `grants list`.

use futures_util::StreamExt as _;
use time::OffsetDateTime;
use workflow::approval::standing::StandingApproval;
use workflow::ports::{Requests as _, StandingApprovals as _};

use super::view::StandingView;
use super::{requests_table, table, unreadable};
use crate::certificates::left;
use crate::error::{CliError, OrFail as _};
use crate::output::{Cell, Document, OutputOptions};
use crate::policy;
use crate::stack::Stack;

/// Standing approvals read at once.
const CONCURRENCY: usize = 16;
/// Most that are listed: more than a CA has.
const LISTED: usize = 10_000;

/// Runs `grants list`.
pub(super) async fn list(stack: &Stack, all: bool, output: &OutputOptions) -> Result<(), CliError> {
    let (policy, now) = (policy::in_force(stack).await?, OffsetDateTime::now_utc());
    let mut approvals = match all {
        true => table(stack).all().await.or_fail(|| unreadable(stack), "")?,
        false => open(stack).await?,
    };
    approvals.retain(|approval| all || !approval.is_over(now));
    approvals.sort_by_key(|approval| (approval.until(), approval.id()));
    let views: Vec<StandingView<'_>> =
        approvals.iter().map(|approval| StandingView::of(approval, &policy, now)).collect();
    let cells = views.iter().map(|view| cells(view, now)).collect();
    let headings = ["ID", "STATE", "USED", "ENDS", "LEFT", "REQUESTER", "PROFILE", "NAMES"];
    output.print(&Document::list(&headings, cells, "No standing approvals."), &views)
}

/// Those that the index of open standing approvals lists, as housekeeping reads them.
async fn open(stack: &Stack) -> Result<Vec<StandingApproval>, CliError> {
    let listed = requests_table(stack).open_standing(LISTED).await;
    let listed = listed.or_fail(|| format!("cannot read the table {}", stack.requests_table), "")?;
    let table = &table(stack);
    let mut found = futures_util::stream::iter(&listed)
        .map(|one| async move { table.find(one.id).await })
        .buffered(CONCURRENCY);
    let mut approvals = Vec::with_capacity(listed.len());
    while let Some(approval) = found.next().await {
        approvals.extend(approval.or_fail(|| unreadable(stack), "")?);
    }
    Ok(approvals)
}

fn cells(view: &StandingView<'_>, now: OffsetDateTime) -> Vec<Cell> {
    let approval = view.approval;
    vec![
        Cell::id(approval.id()),
        Cell::state(view.state, view.tone()),
        Cell::text(view.used()),
        Cell::day(Some(view.until)),
        Cell::text(left(view.until, now)),
        Cell::text(approval.requester().to_string()),
        Cell::text(approval.profile()),
        Cell::names(&approval.terms().names_as_text()),
    ]
}

#[cfg(test)]
mod tests {
    use workflow::ports::Clock as _;
    use workflow::testing::InMemoryBackend;
    use workflow::testing::fixtures::standing_policy;

    use super::*;
    use crate::output::Tone;

    #[test]
    fn a_line_says_of_whom_for_what_how_many_and_until_when() {
        let backend = InMemoryBackend::new();
        backend.set_policy(&standing_policy());
        let terms =
            r#"{"kind":"grant","names":["www.example.com",".web.example.com"],"days":30,"certificates":50}"#;
        let approval = backend.standing_approval(terms);
        let view = StandingView::of(&approval, &backend.policy(), backend.now());
        let cells = cells(&view, backend.now());
        assert_eq!(
            cells[1..],
            [
                Cell::state("living", Tone::Good),
                Cell::text("0 of 50"),
                Cell::day(Some(time::macros::datetime!(2026-01-31 12:00 UTC))),
                Cell::text("30 d"),
                Cell::text("requester@example.com"),
                Cell::text("server"),
                Cell::in_short("www.example.com .web.example.com", "www.example.com and 1 more"),
            ]
        );
    }
}
