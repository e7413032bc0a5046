//! `grants show`: one standing approval, from its rows and those of the certificates under it.

use std::collections::HashMap;

use serde::Serialize;
use time::OffsetDateTime;
use workflow::approval::standing::{StandingApproval, StandingUse};
use workflow::decision::{Decision, Vote};
use workflow::ids::RequestId;
use workflow::name_list::names_in_short;
use workflow::ports::Requests as _;
use workflow::request::Request;
use workflow::store::standing_uses;
use workflow::texts::Language;

use super::view::{APPROVERS_LEFT, StandingView};
use super::{requests_table, table, unreadable};
use crate::certificates::{left, state};
use crate::error::{CliError, OrFail as _, ROW_OF_ANOTHER_VERSION};
use crate::policy;
use crate::requests::{instant, print_json};
use crate::stack::Stack;
use crate::table::aligned;

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
pub(super) async fn show(stack: &Stack, approval: &StandingApproval, json: bool) -> Result<(), CliError> {
    let (policy, now) = (policy::in_force(stack).await?, OffsetDateTime::now_utc());
    let view = StandingView::of(approval, &policy, now);
    let uses = standing_uses(&table(stack), approval.id()).await.or_fail(|| unreadable(stack), "")?;
    let ids: Vec<RequestId> = uses.iter().map(|one| one.request_id).collect();
    let rows = requests_table(stack).find_all(&ids).await;
    let rows =
        rows.or_fail(|| format!("cannot read the table {}", stack.requests_table), ROW_OF_ANOTHER_VERSION)?;
    let uses = counted(uses, rows, now);
    if json {
        return print_json(&StandingWithUses { view: &view, uses: &uses });
    }
    print!("{}", facts(&view, now));
    print!("\n{}", certificates(&uses));
    Ok(())
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

fn facts(view: &StandingView<'_>, now: OffsetDateTime) -> String {
    let approval = view.approval;
    let left = Some(left(view.until, now)).filter(|left| !left.is_empty());
    let until = left.map_or(instant(view.until), |left| format!("{} ({left} left)", instant(view.until)));
    let mut facts = vec![
        ("standing approval", approval.id().to_string()),
        ("state", view.state.to_owned()),
        ("requester", approval.requester().to_string()),
        ("profile", approval.profile().to_owned()),
        ("certificates", view.used()),
        ("from", instant(approval.from())),
        ("until", until),
    ];
    let terms = approval.terms();
    if view.most < terms.certificates() || (approval.ended().is_none() && view.until < approval.until()) {
        let approved = format!("{} certificates until {}", terms.certificates(), instant(approval.until()));
        facts.push(("approved for", format!("{approved}; the policy in force allows less")));
    }
    if view.state == APPROVERS_LEFT {
        let why = "too few of those who approved it are approvers by the policy in force: nothing is signed under it";
        facts.push(("why", why.to_owned()));
    }
    if let Some(extended) = approval.terms().extends() {
        facts.push(("extends", extended.to_string()));
    }
    if let Some(end) = approval.ended() {
        facts.push(("ended", format!("{}, by {}: {}", instant(end.at), end.by, end.reason)));
    }
    facts.extend(terms.names_as_text().into_iter().map(|name| ("name", name)));
    let approved = |vote: &&Vote| vote.decision == Decision::Approve;
    let votes = approval.decision().votes.iter().filter(approved);
    facts.extend(
        votes.map(|vote| {
            ("approved", format!("{}  {}{}", instant(vote.at), vote.approver, vote.in_place_of()))
        }),
    );
    let rows: Vec<Vec<String>> =
        facts.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    aligned(&["", ""], &rows).trim_start_matches('\n').to_owned()
}

fn certificates(uses: &[CountedCertificate]) -> String {
    if uses.is_empty() {
        return "No certificates so far.\n".to_owned();
    }
    let cells = |one: &CountedCertificate| {
        vec![
            one.counted.number.to_string(),
            instant(one.counted.at),
            one.status.clone(),
            one.serial.clone().unwrap_or_default(),
            one.not_after.map(instant).unwrap_or_default(),
            one.counted.request_id.to_string(),
            match one.names.as_slice() {
                [] => String::new(),
                names => names_in_short(Language::English, names),
            },
        ]
    };
    let rows: Vec<Vec<String>> = uses.iter().map(cells).collect();
    aligned(&["NO", "COUNTED", "STATUS", "SERIAL", "ENDS", "REQUEST", "NAMES"], &rows)
}

#[cfg(test)]
mod tests {
    use pki::testing as test_pki;
    use time::Duration;
    use workflow::ports::Clock as _;
    use workflow::request::Status;
    use workflow::request::audit::Actor;
    use workflow::testing::InMemoryBackend;
    use workflow::testing::fixtures::{policy_after_approver_left, standing_policy};

    use super::*;

    const TERMS: &str =
        r#"{"kind":"grant","names":["www.example.com",".web.example.com"],"days":30,"certificates":50}"#;

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
        let shown = facts(&StandingView::of(&approval, &policy, now), now);
        for line in [
            format!("standing approval  {id}"),
            "certificates       3 of 50".to_owned(),
            "until              2026-01-31T12:00:00Z (29 d left)".to_owned(),
            "name               .web.example.com".to_owned(),
            "approved           2026-01-01T12:00:00Z  approver@example.com".to_owned(),
        ] {
            assert!(shown.lines().any(|found| found == line), "{line}: {shown}");
        }
        assert!(!shown.contains("approved for"), "{shown}");
        let mut uses = backend.standing_uses();
        uses.sort_by_key(|one| one.number);
        let rows: Vec<Request> = under.iter().map(|id| backend.request(*id).unwrap()).collect();
        let serial = rows[0].serial().unwrap().to_string();
        let table = certificates(&counted(uses, rows, now));
        let lines: Vec<&str> = table.lines().collect();
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
        let shown =
            |backend: &InMemoryBackend| facts(&StandingView::of(&approval, &backend.policy(), now), now);
        let living = shown(&backend);
        assert!(living.contains(&format!("extends            {base}")), "{living}");
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
        let shown = facts(&StandingView::of(&approval, &policy, now), now);
        assert!(
            shown.contains("50 certificates until 2026-01-31T12:00:00Z; the policy in force allows less"),
            "{shown}"
        );
        approval.end(&Actor::operator("olivia"), "The shop closes.", now);
        let shown = facts(&StandingView::of(&approval, &policy, now), now);
        assert!(shown.contains("2026-01-01T12:00:00Z, by operator:olivia: The shop closes."), "{shown}");
        assert_eq!(certificates(&[]), "No certificates so far.\n");
    }
}
