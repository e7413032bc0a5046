//! The form, what would come of it, and its submission.
//!
//! Invariant: a request is stored whole or not at all, and only after everything about it was checked; the answer to
//! a repeated submission is the answer to the first. Once the row is stored, a flow that does not start is no failure
//! of the submission: housekeeping starts it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderMap, StatusCode, Uri};
use serde::Serialize;
use time::Duration;
use workflow::finding::{Code, Finding};
use workflow::grant::Grant;
use workflow::ids::{IssuerId, RequestId};
use workflow::policy::{LONGEST_LIMIT, Policy};
use workflow::ports::Saved;
use workflow::request::{Request, Status, Submission, execution_name};
use workflow::texts::{Language, Message};

use crate::Portal;
use crate::caller::Caller;
use crate::fields::Fields;
use crate::negotiate::Wants;
use crate::pages::{self, FormPage};
use crate::problem::Problem;
use crate::reader::Reader;
use crate::requests;
use crate::submission::{Accepted, Draft, Trouble};

/// How much longer than approvers have at most a request can lie that nobody has decided: until housekeeping ends it.
const OVERDUE: Duration = Duration::days(1);

/// GET `/`; with `again` and `key` of a request, filled in with what that asked for.
pub(crate) async fn show(
    State(portal): State<Arc<Portal>>,
    reader: Reader,
    uri: Uri,
) -> Result<Response, Problem> {
    let policy = portal.policies.current().await?;
    let draft = match requests::asked_before(&portal, &uri).await? {
        Some(request) => Draft::again(&request),
        None => Draft::default(),
    };
    let page = FormPage::new(&portal, &reader, &policy, &draft);
    Ok(pages::page(StatusCode::OK, reader.language, &page))
}

/// What would be issued.
#[derive(Serialize)]
struct Preview<'a> {
    #[serde(flatten)]
    grant: &'a Grant,
    findings: &'a [Finding],
}

/// POST `/requests/preview`. Stores nothing.
pub(crate) async fn preview(
    State(portal): State<Arc<Portal>>,
    wants: Wants,
    reader: Reader,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let (draft, mut wrong) = Draft::read(&fields, &headers);
    let policy = portal.policies.current().await?;
    let issuer = match portal.issuers.in_force(&IssuerId::DEFAULT).await {
        Ok(issuer) => issuer,
        Err(error) => return form_again(&portal, &reader, &policy, wants, &draft, Vec::new(), error.into()),
    };
    let prospect = match draft.prospect(&policy, issuer.as_ref()) {
        Ok(prospect) if wrong.is_empty() => prospect,
        other => {
            let more = other.err().unwrap_or_default();
            let already = !wrong.is_empty();
            wrong.extend(more.into_iter().filter(|one| !(already && one.finding.code == Code::MissingField)));
            return Err(refusal(&wrong))
                .or_else(|problem| form_again(&portal, &reader, &policy, wants, &draft, wrong, problem));
        }
    };
    match wants {
        Wants::Json => {
            Ok(Json(Preview { grant: &prospect.grant, findings: &prospect.findings }).into_response())
        }
        Wants::Page => {
            let page = FormPage::new(&portal, &reader, &policy, &draft).with_prospect(&prospect);
            Ok(pages::page(StatusCode::OK, reader.language, &page))
        }
    }
}

/// The answer to a submission.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Submitted {
    id: RequestId,
    status: Status,
    status_url: String,
}

/// POST `/requests`.
pub(crate) async fn submit(
    State(portal): State<Arc<Portal>>,
    wants: Wants,
    reader: Reader,
    caller: Caller,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let (draft, wrong) = Draft::read(&fields, &headers);
    let policy = portal.policies.current().await?;
    let issuer = match portal.issuers.in_force(&IssuerId::DEFAULT).await {
        Ok(issuer) => issuer,
        Err(error) => return form_again(&portal, &reader, &policy, wants, &draft, Vec::new(), error.into()),
    };
    let accepted = match draft.accept(&policy, issuer.as_ref(), wrong) {
        Ok(accepted) => accepted,
        Err(wrong) => {
            let problem = refusal(&wrong);
            tracing::info!(code = %problem.code, "a submission was refused");
            return form_again(&portal, &reader, &policy, wants, &draft, wrong, problem);
        }
    };
    // The link first: without it the requester could not be answered, so nothing is stored.
    let submitted = async {
        let key = portal.links.secret().await?.status_key(accepted.id);
        within_limit(&portal, &policy, &accepted).await?;
        let request = store(&portal, &policy, &draft, &accepted, reader.language, &caller).await?;
        Ok::<_, Problem>((key, request))
    };
    let (key, request) = match submitted.await {
        Ok(submitted) => submitted,
        Err(problem) => return form_again(&portal, &reader, &policy, wants, &draft, Vec::new(), problem),
    };
    start(&portal, &request).await;
    let status_url = portal.base_url.status(request.id(), &key);
    Ok(match wants {
        Wants::Json => {
            let body =
                Submitted { id: request.id(), status: request.status(), status_url: status_url.clone() };
            (StatusCode::ACCEPTED, [(LOCATION, status_url)], Json(body)).into_response()
        }
        Wants::Page => pages::see_status(&portal, &reader, request.id(), &key),
    })
}

/// Refuses one request more of an address of which too many wait already. One that was accepted before is answered as it
/// was then. Several that come in the same moment may all be taken: it is a bound on floods, not an account
/// (docs/decisions/0031).
async fn within_limit(portal: &Portal, policy: &Policy, accepted: &Accepted) -> Result<(), Problem> {
    let (limit, since) = (policy.pending_limit(), portal.clock.now() - LONGEST_LIMIT - OVERDUE);
    if portal.requests.undecided_of(&accepted.email, since, limit).await? < limit
        || portal.requests.find(accepted.id).await?.is_some()
    {
        return Ok(());
    }
    tracing::warn!(limit, "an address has too many requests that wait");
    let message = Message::new("problem-too-many-waiting").with("limit", limit);
    Err(Problem::new(Code::TryAgain, message).with_status(StatusCode::TOO_MANY_REQUESTS))
}

async fn store(
    portal: &Portal,
    policy: &Policy,
    draft: &Draft,
    accepted: &Accepted,
    language: Language,
    caller: &Caller,
) -> Result<Request, Problem> {
    let submission = Submission {
        email: accepted.email.clone(),
        comment: draft.comment.clone(),
        csr_content: draft.csr_content.clone(),
        profile: accepted.prospect.profile.clone(),
        policy_version: policy.version().to_owned(),
        checked_key: Some(accepted.prospect.checked_key.clone()),
        language,
    };
    let arn = portal.executions.arn(&execution_name(accepted.id, 1));
    let mut request = Request::submitted(accepted.id, submission, arn, portal.clock.now());
    let events = request.take_events(&caller.as_requester(request.email()));
    match portal.requests.create(&request, &events).await? {
        Saved::Yes => {
            tracing::info!(request.id = %request.id(), profile = request.profile(), policy.version = policy.version(), "submitted");
            Ok(request)
        }
        Saved::Conflict => match portal.requests.find(accepted.id).await? {
            Some(stored) if draft.is(&stored, accepted) => {
                tracing::info!(request.id = %stored.id(), status = %stored.status(), "submitted again");
                Ok(stored)
            }
            Some(_) => Err(Problem::from(Finding::refused(
                Code::BadRequest,
                Message::new("finding-key-used"),
                Message::new("finding-key-used-advice"),
            ))
            .with_status(StatusCode::UNPROCESSABLE_ENTITY)),
            None => Err(Problem::new(Code::TryAgain, "problem-try-again")),
        },
    }
}

async fn start(portal: &Portal, request: &Request) {
    if request.status().is_terminal() || request.execution().attempt > 1 {
        return;
    }
    if let Err(error) = portal.executions.start(&execution_name(request.id(), 1), request.id()).await {
        tracing::error!(request.id = %request.id(), %error, "stored, but not started; housekeeping will");
    }
}

fn refusal(wrong: &[Trouble]) -> Problem {
    Problem::of_findings(wrong.iter().map(|trouble| trouble.finding.clone()).collect())
}

/// A person gets the form back, filled in, with what is wrong above it.
fn form_again(
    portal: &Portal,
    reader: &Reader,
    policy: &Policy,
    wants: Wants,
    draft: &Draft,
    wrong: Vec<Trouble>,
    problem: Problem,
) -> Result<Response, Problem> {
    match wants {
        Wants::Json => Err(problem),
        Wants::Page => Ok(pages::page(
            problem.status,
            reader.language,
            &FormPage::new(portal, reader, policy, draft).with_troubles(wrong, &problem),
        )),
    }
}
