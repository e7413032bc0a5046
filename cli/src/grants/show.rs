//! `grants show`: one standing approval, from its rows and those of the certificates under it.

use std::collections::HashMap;

use serde::Serialize;
use time::OffsetDateTime;
use workflow::approval::standing::{StandingApproval, StandingUse};
use workflow::decision::{Decision, Vote};
use workflow::ids::RequestId;
use workflow::ports::Requests as _;
use workflow::request::Request;
use workflow::store::standing_uses;
use workflow::timestamp::rfc3339;

use super::view::{APPROVERS_LEFT, StandingView};
use super::{requests_table, table, unreadable};
use crate::certificates::{left, state};
use crate::error::{CliError, OrFail as _, ROW_OF_ANOTHER_VERSION};
use crate::output::{Cell, Document, FactSheet, OutputOptions};
use crate::policy;
use crate::stack::Stack;
use crate::votes::votes_as_facts;

/// One certificate that was counted.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CountedCertificate {
    #[serde(flatten)]
    counted: StandingUse,
    /// Its state, or the status of its request without a certificate.
    status: String,
    serial: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    not_after: Option<OffsetDateTime>,
    names: Vec<String>,
}

/// A standing approval with its certificates.
#[derive(Debug, Serialize)]
struct StandingWithUses<'a> {
    #[serde(flatten)]
    view: &'a StandingView<'a>,
    uses: &'a [CountedCertificate],
}

/// Runs `grants show`.
pub(super) async fn show(
    stack: &Stack,
    approval: &StandingApproval,
    output: &OutputOptions,
) -> Result<(), CliError> {
    let (policy, now) = (policy::in_force(stack).await?, OffsetDateTime::now_utc());
    let view = StandingView::of(approval, &policy, now);
    let uses = standing_uses(&table(stack), approval.id()).await.or_fail(|| unreadable(stack), "")?;
    let ids: Vec<RequestId> = uses.iter().map(|one| one.request_id).collect();
    let rows = requests_table(stack).find_all(&ids).await;
    let rows =
        rows.or_fail(|| format!("cannot read the table {}", stack.requests_table), ROW_OF_ANOTHER_VERSION)?;
    let uses = counted(uses, rows, now);
    let document = document(&view, &uses, now);
    output.print(&document, &StandingWithUses { view: &view, uses: &uses })
}

fn document(view: &StandingView<'_>, uses: &[CountedCertificate], now: OffsetDateTime) -> Document {
    let document = Document::new().facts(facts(view, now));
    let headings = ["NO", "COUNTED", "STATUS", "SERIAL", "ENDS", "REQUEST", "NAMES"];
    let document = document.table(&headings, uses.iter().map(cells).collect());
    if uses.is_empty() { document.line("No certificates so far.") } else { document }
}

fn counted(uses: Vec<StandingUse>, rows: Vec<Request>, now: OffsetDateTime) -> Vec<CountedCertificate> {
    let rows: HashMap<RequestId, Request> = rows.into_iter().map(|row| (row.id(), row)).collect();
    let certificate = |counted: StandingUse| {
        // A use alone says nothing about a certificate.
        let row = rows.get(&counted.request_id).filter(|row| row.standing() == Some(counted.standing));
        let signed = row.filter(|row| row.is_signed());
        CountedCertificate {
            status: match (row, signed) {
                (_, Some(row)) => state(row, now).to_owned(),
                (Some(row), None) => row.shown_status().to_string(),
                (None, None) => "of no request under it".to_owned(),
            },
            serial: signed.and_then(Request::serial).map(ToString::to_string),
            not_after: signed.and_then(Request::not_after),
            names: row.map(|row| row.names().to_vec()).unwrap_or_default(),
            counted,
        }
    };
    uses.into_iter().map(certificate).collect()
}

fn facts(view: &StandingView<'_>, now: OffsetDateTime) -> FactSheet {
    let approval = view.approval;
    let left = Some(left(view.until, now)).filter(|left| !left.is_empty());
    let until = left.map_or(rfc3339(view.until), |left| format!("{} ({left} left)", rfc3339(view.until)));
    let terms = approval.terms();
    let is_less =
        view.most < terms.certificates() || (approval.ended().is_none() && view.until < approval.until());
    let approved = is_less.then(|| {
        let approved = format!("{} certificates until {}", terms.certificates(), rfc3339(approval.until()));
        format!("{approved}; the policy in force allows less")
    });
    let why = (view.state == APPROVERS_LEFT).then_some(
        "too few of those who approved it are approvers by the policy in force: nothing is signed under it",
    );
    let ended = approval.ended();
    let approvals: Vec<Vote> =
        approval.decision().votes.iter().filter(|vote| vote.decision == Decision::Approve).cloned().collect();
    FactSheet::new()
        .with("Standing approval", approval.id().to_string())
        .with("State", Cell::state(view.state, view.tone()))
        .with("Requester", approval.requester().to_string())
        .with("Profile", approval.profile())
        .with("Certificates", view.used())
        .with("From", rfc3339(approval.from()))
        .with("Until", until)
        .with_some("Approved for", approved)
        .with_some("Why", why)
        .with_some("Extends", terms.extends().map(|extended| extended.to_string()))
        .with_some("Ended", ended.map(|end| format!("{}, by {}: {}", rfc3339(end.at), end.by, end.reason)))
        .with_all(terms.names_as_text().into_iter().map(|name| ("Name", name)))
        .with_all(votes_as_facts(&approvals))
}

fn cells(one: &CountedCertificate) -> Vec<Cell> {
    vec![
        Cell::text(one.counted.number.to_string()),
        Cell::since(one.counted.at),
        Cell::text(one.status.as_str()),
        Cell::serial(one.serial.as_ref()),
        Cell::day(one.not_after),
        Cell::id(one.counted.request_id),
        Cell::names(&one.names),
    ]
}

#[cfg(test)]
mod tests {
    use pki::testing as test_pki;
    use time::Duration;
    use workflow::policy::Policy;
    use workflow::ports::Clock as _;
    use workflow::request::Status;
    use workflow::request::audit::Actor;
    use workflow::testing::InMemoryBackend;
    use workflow::testing::fixtures::{policy_after_approver_left, standing_policy};

    use super::*;

    const TERMS: &str =
        r#"{"kind":"grant","names":["www.example.com",".web.example.com"],"days":30,"certificates":50}"#;

    fn shown(approval: &StandingApproval, policy: &Policy, now: OffsetDateTime) -> String {
        Document::new().facts(facts(&StandingView::of(approval, policy, now), now)).plain_text()
    }

    #[test]
    fn terms_approvers_and_certificates_are_shown() {
        let backend = InMemoryBackend::new();
        backend.set_policy(&standing_policy());
        let id = backend.granted(TERMS);
        let under: Vec<_> = (0..3)
            .map(|number| backend.issued_under(id, &test_pki::csr(&[&format!("h{number}.web.example.com")])))
            .collect();
        backend.alter(under[1], |row| row.status = Status::Revoked);
        backend.alter(under[2], |row| (row.status, row.signed_date) = (Status::Failed, None));
        let (approval, now) = (backend.standing(id).unwrap(), backend.now() + Duration::DAY);
        let policy = backend.policy();
        let text = shown(&approval, &policy, now);
        for line in [
            format!("Standing approval  {id}"),
            "Certificates       3 of 50".to_owned(),
            "Until              2026-01-31T12:00:00Z (29 d left)".to_owned(),
            "Name               .web.example.com".to_owned(),
            "Approved           2026-01-01T12:00:00Z  approver@example.com".to_owned(),
        ] {
            assert!(text.lines().any(|found| found == line), "{line}: {text}");
        }
        assert!(!text.contains("Approved for"), "{text}");
        let mut uses = backend.standing_uses();
        uses.sort_by_key(|one| one.number);
        let rows: Vec<Request> = under.iter().map(|id| backend.request(*id).unwrap()).collect();
        let serial = rows[0].serial().unwrap().to_string();
        let view = StandingView::of(&approval, &policy, now);
        let table = document(&view, &counted(uses, rows, now), now).plain_text();
        let lines: Vec<&str> = table.lines().skip_while(|line| !line.starts_with("NO ")).collect();
        assert!(
            lines[1].contains("valid")
                && lines[1].contains(&serial)
                && lines[1].ends_with("h0.web.example.com"),
            "{table}"
        );
        assert!(lines[2].contains("revoked") && lines[3].contains("failed"), "{table}");
        assert!(lines[3].contains(&under[2].to_string()), "{table}");
    }

    #[test]
    fn that_approvers_left_and_what_it_extends_is_shown() {
        let backend = InMemoryBackend::new();
        backend.set_policy(&standing_policy());
        let base = backend.granted(TERMS);
        let extension = backend.granted_extension(base, "shop.example.com");
        let (approval, now) = (backend.standing(extension).unwrap(), backend.now());
        let shown = |backend: &InMemoryBackend| shown(&approval, &backend.policy(), now);
        let living = shown(&backend);
        assert!(living.contains(&format!("Extends            {base}")), "{living}");
        assert!(!living.contains("nothing is signed"), "{living}");
        backend.set_policy(&policy_after_approver_left());
        let left = shown(&backend);
        assert!(left.contains("approvers left") && left.contains("nothing is signed under it"), "{left}");
    }

    #[test]
    fn an_end_is_shown_with_its_actor_and_reason_and_a_stricter_policy_is_named() {
        let backend = InMemoryBackend::new();
        backend.set_policy(&standing_policy());
        let (mut approval, now) = (backend.standing_approval(TERMS), backend.now());
        backend.set_policy(&standing_policy().replace("most = 500", "most = 5"));
        let policy = backend.policy();
        let text = shown(&approval, &policy, now);
        assert!(
            text.contains("50 certificates until 2026-01-31T12:00:00Z; the policy in force allows less"),
            "{text}"
        );
        approval.end(&Actor::operator("olivia"), "The shop closes.", now);
        let text = shown(&approval, &policy, now);
        assert!(text.contains("2026-01-01T12:00:00Z, by operator:olivia: The shop closes."), "{text}");
        let view = StandingView::of(&approval, &policy, now);
        let text = document(&view, &[], now).plain_text();
        assert!(text.ends_with("\n\nNo certificates so far.\n"), "{text}");
    }
}
