//! One request at the console: its facts, its timeline, its votes with their proofs, its trail, and what an operator can do.

use askama::Template;
use workflow::approval::passkey::NotProven;
use workflow::approval::review::ApprovalProgress;
use workflow::approval::standing::StandingApproval;
use workflow::certificate::reason_text;
use workflow::decision::{Decision, Evidence, Vote};
use workflow::policy::{Policy, RevocationRules};
use workflow::ports::StateVisit;
use workflow::request::audit::{Actor, Event};
use workflow::request::{Request, Status};
use workflow::texts::Message;

use super::super::names::{self, NamesView};
use super::super::picture::{Machine, StateMachinePicture};
use super::super::status::headline;
use super::super::{Instant, RevocationFacts, Site, shown};
use super::action::ConsoleAction;
use super::frame::ConsoleFrame;
use super::overview::still_needed;
use super::rows::status_text;
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::state::Portal;

/// What the page is about.
pub(crate) struct RequestAtConsole {
    pub(crate) request: Request,
    /// Its trail, in order.
    pub(crate) trail: Vec<Event>,
    /// What does not agree between row and trail.
    pub(crate) defects: Vec<String>,
    /// How far an undecided request is.
    pub(crate) progress: Option<ApprovalProgress>,
    /// The votes, and whether what proves each is right.
    pub(crate) proofs: Vec<(Vote, Result<(), NotProven>)>,
    /// The states that its execution entered.
    pub(crate) visits: Vec<StateVisit>,
    /// Those of the execution that revokes the certificate, if there is one.
    pub(crate) revocation_visits: Option<Vec<StateVisit>>,
    /// The standing approval, if it asked for one.
    pub(crate) standing: Option<StandingApproval>,
}

/// One step of the timeline.
struct TimelineStep {
    class: &'static str,
    label: String,
    at: Instant,
}

/// One vote.
struct VoteFacts {
    approver: String,
    approves: bool,
    /// In whose place.
    place: String,
    at: Instant,
    reason: String,
    proof: String,
    is_wrong: bool,
}

/// One event of the trail.
struct TrailLine {
    number: u64,
    at: Instant,
    event: &'static str,
    actor: String,
    source: String,
    detail: String,
}

/// What an operator did, and why.
struct OperationFacts {
    what: String,
    by: String,
    at: Instant,
    reason: String,
}

/// An action that is possible now.
struct ActionForm {
    /// The value of `action`.
    name: &'static str,
    title: String,
    text: String,
    button: String,
    /// Names in RFC 5280, and texts, for a revocation.
    reasons: Vec<(&'static str, String)>,
    /// True if it cannot be undone.
    is_final: bool,
}

#[derive(Template)]
#[template(path = "console/request.html")]
pub(crate) struct ConsoleRequestPage {
    site: Site,
    frame: ConsoleFrame,
    id: String,
    title: String,
    names: NamesView,
    status: String,
    class: &'static str,
    /// Whom it waits for.
    waits_for: Option<String>,
    /// The reason of the end.
    reason: Option<String>,
    requester: String,
    profile: String,
    comment: String,
    asked_at: Instant,
    expires_at: Option<Instant>,
    serial: Option<String>,
    not_after: Option<Instant>,
    used: Option<String>,
    revocation: Option<RevocationFacts>,
    execution: String,
    /// The page of the execution in the Step Functions console.
    execution_url: Option<String>,
    /// The state machines, with the place of the request.
    pictures: Vec<StateMachinePicture>,
    steps: Vec<TimelineStep>,
    votes: Vec<VoteFacts>,
    defects: Vec<String>,
    trail: Vec<TrailLine>,
    verdict: String,
    operations: Vec<OperationFacts>,
    actions: Vec<ActionForm>,
    action: String,
    problem: Option<String>,
}

impl ConsoleRequestPage {
    pub(crate) fn new(
        portal: &Portal,
        locale: &Locale,
        frame: ConsoleFrame,
        about: &RequestAtConsole,
        policy: &Policy,
    ) -> Self {
        let (site, now) = (Site::of(portal, locale), portal.clock.now());
        let request = &about.request;
        let all = request.requested_names();
        let is_signed = request.is_signed();
        let verdict = if about.defects.is_empty() { "console-audit-good" } else { "console-audit-bad" };
        let used = about.standing.as_ref().map(|standing| {
            let used = Message::new("console-used").with("used", standing.used());
            site.say(used.with("most", standing.terms().certificates()))
        });
        Self {
            id: request.id().to_string(),
            title: names::in_short(&site, &all),
            names: NamesView::of_names(&site, &all),
            status: status_text(&site, request),
            class: headline(request.shown_status()).0,
            waits_for: about.progress.as_ref().and_then(|progress| still_needed(&site, progress)),
            reason: request.reason().map(shown),
            requester: request.email().to_string(),
            profile: request.profile().to_owned(),
            comment: shown(request.comment()),
            asked_at: site.instant(request.registration_date()),
            expires_at: request
                .expires_at()
                .filter(|_| request.status() == Status::PendingApproval)
                .map(|at| site.instant(at)),
            serial: request.serial().filter(|_| is_signed).map(ToString::to_string),
            not_after: request.not_after().filter(|_| is_signed).map(|at| site.instant(at)),
            used,
            revocation: RevocationFacts::of(&site, request),
            execution: request.execution().arn.clone(),
            execution_url: execution_url(&request.execution().arn),
            pictures: pictures(&site, about),
            steps: request
                .shown_history()
                .iter()
                .map(|entry| TimelineStep {
                    class: headline(entry.status).0,
                    label: site.say(Message::new("console-status").with("status", entry.status.as_str())),
                    at: site.instant(entry.at),
                })
                .collect(),
            votes: about.proofs.iter().map(|(vote, proven)| vote_facts(&site, vote, *proven)).collect(),
            defects: about.defects.clone(),
            trail: about.trail.iter().map(|event| line(&site, event)).collect(),
            verdict: site.say(Message::new(verdict).with("count", about.trail.len())),
            operations: operations(&site, request),
            actions: if frame.may_act { actions(&site, about, policy, now) } else { Vec::new() },
            action: format!("{}console/requests/{}{}", site.base, request.id(), site.only_lang),
            problem: None,
            frame,
            site,
        }
    }

    pub(crate) fn with_problem(self, problem: &Problem) -> Self {
        Self { problem: Some(problem.detail(self.site.language)), ..self }
    }
}

/// The state machines, with the place of the request in each.
fn pictures(site: &Site, about: &RequestAtConsole) -> Vec<StateMachinePicture> {
    let request = &about.request;
    let is_running = request.status().is_in_flow();
    let of_request = StateMachinePicture::of(site, Machine::Request, &about.visits, is_running);
    let of_revocation = about.revocation_visits.as_ref().map(|visits| {
        StateMachinePicture::of(site, Machine::Revocation, visits, request.has_open_revocation())
    });
    std::iter::once(of_request).chain(of_revocation).collect()
}

/// What operators did, with their reasons: the end of the standing approval comes last, since nothing follows it.
fn operations(site: &Site, request: &Request) -> Vec<OperationFacts> {
    let facts = |operation: &str, by: String, at, reason: &str| OperationFacts {
        what: site.say(Message::new("console-operation").with("operation", operation)),
        by,
        at: site.instant(at),
        reason: shown(reason),
    };
    let recorded = request.operations().iter();
    let recorded = recorded.map(|one| facts(one.operation.as_str(), one.by.to_string(), one.at, &one.reason));
    let ended = request.end_asked().and_then(|order| {
        let by = Actor::operator(order.operator.as_deref()?).to_string();
        Some(facts(ConsoleAction::End.as_str(), by, order.at, &order.reason))
    });
    recorded.chain(ended).collect()
}

/// What is possible now.
fn actions(
    site: &Site,
    about: &RequestAtConsole,
    policy: &Policy,
    now: time::OffsetDateTime,
) -> Vec<ActionForm> {
    let request = &about.request;
    let form = |action: ConsoleAction, [title, text, button]: [&'static str; 3], is_final: bool| ActionForm {
        name: action.as_str(),
        title: site.text(title),
        text: site.text(text),
        button: site.text(button),
        reasons: Vec::new(),
        is_final,
    };
    let mut actions = Vec::new();
    if request.status() == Status::PendingApproval && about.progress.is_some() {
        let texts = ["console-resend", "console-resend-text", "console-resend-button"];
        actions.push(form(ConsoleAction::Resend, texts, false));
    }
    if request.status() == Status::Failed {
        actions.push(form(
            ConsoleAction::Retry,
            ["console-retry", "console-retry-text", "console-retry-button"],
            false,
        ));
    }
    if request.is_revocable(now) {
        let reasons = RevocationRules::OPERATOR.iter();
        let reasons = reasons.map(|reason| (reason.as_str(), site.text(reason_text(*reason)))).collect();
        let texts = ["console-revoke", "console-revoke-text", "console-revoke-button"];
        actions.push(ActionForm { reasons, ..form(ConsoleAction::Revoke, texts, true) });
    }
    let is_alive = about.standing.as_ref().is_some_and(|standing| standing.ensure_alive(policy, now).is_ok());
    if is_alive && request.end_asked().is_none() {
        actions.push(form(
            ConsoleAction::End,
            ["console-end", "console-end-text", "console-end-button"],
            true,
        ));
    }
    actions
}

fn vote_facts(site: &Site, vote: &Vote, proven: Result<(), NotProven>) -> VoteFacts {
    let is_wrong = !matches!(proven, Ok(()) | Err(NotProven::NoEvidence));
    let proof = match (proven, &vote.evidence) {
        (Ok(()), Some(Evidence::Passkey(evidence))) => {
            Message::new("console-proof-passkey").with("id", evidence.credential_id.to_string())
        }
        (Ok(()), Some(Evidence::IdToken(_))) => Message::new("console-proof-oidc"),
        (Ok(()) | Err(NotProven::NoEvidence), _) => Message::new("console-proof-mail"),
        (Err(error), _) => Message::new("console-proof-wrong").with("why", error.to_string()),
    };
    let people: Vec<String> = vote.stands_in_for.iter().map(ToString::to_string).collect();
    VoteFacts {
        approver: vote.approver.to_string(),
        approves: vote.decision == Decision::Approve,
        place: people.join(&site.text("list-separator")),
        at: site.instant(vote.at),
        reason: vote.reason.as_deref().map(shown).unwrap_or_default(),
        proof: site.say(proof),
        is_wrong,
    }
}

fn line(site: &Site, event: &Event) -> TrailLine {
    TrailLine {
        number: event.number,
        at: site.instant(event.at),
        event: event.event.as_str(),
        actor: event.actor.to_string(),
        source: event.source.clone().unwrap_or_default(),
        detail: event.detail.as_deref().map(shown).unwrap_or_default(),
    }
}

/// The page of an execution in the console of AWS; `None` for an ARN of an emulator, which has none.
fn execution_url(arn: &str) -> Option<String> {
    let parts: Vec<&str> = arn.split(':').collect();
    let ["arn", partition, "states", region, account, "execution", ..] = parts.as_slice() else {
        return None;
    };
    let is_plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_:".contains(&b));
    if account.bytes().all(|b| b == b'0') || !is_plain(arn) {
        return None;
    }
    let domain = match *partition {
        "aws" => "console.aws.amazon.com",
        "aws-cn" => "console.amazonaws.cn",
        "aws-us-gov" => "console.amazonaws-us-gov.com",
        _ => return None,
    };
    Some(format!("https://{region}.{domain}/states/home?region={region}#/v2/executions/details/{arn}"))
}

#[cfg(test)]
mod tests {
    use super::execution_url;

    #[test]
    fn executions_on_aws_have_a_page_and_others_have_none() {
        let arn = |partition: &str, account: &str| {
            format!("arn:{partition}:states:eu-central-1:{account}:execution:countersign:5c1b0d9e-r2")
        };
        let on_aws = arn("aws", "123456789012");
        assert_eq!(
            execution_url(&on_aws).unwrap(),
            format!(
                "https://eu-central-1.console.aws.amazon.com/states/home?region=eu-central-1#/v2/executions/details/{on_aws}"
            )
        );
        assert!(execution_url(&arn("aws-cn", "123456789012")).unwrap().contains("console.amazonaws.cn/"));
        for none in
            [arn("aws", "000000000000"), arn("aws-x", "123456789012"), String::new(), "arn:a\"".into()]
        {
            assert_eq!(execution_url(&none), None, "{none}");
        }
        assert_eq!(execution_url(&on_aws.replace("r2", "\"><script>")), None);
    }
}
