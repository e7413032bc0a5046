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
use workflow::ids::RequestId;
use workflow::policy::{LONGEST_LIMIT, Policy};
use workflow::ports::Saved;
use workflow::request::{Request, Status, Submission, execution_name};
use workflow::store::issuer_in_force;
use workflow::texts::{Language, Message};

use crate::forms::submission::{Accepted, FieldError, SubmissionForm};
use crate::http::client_addr::ClientAddr;
use crate::http::fields::Fields;
use crate::http::negotiate::ResponseFormat;
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::pages::{self, FormPage};
use crate::routes::requests;
use crate::state::Portal;

/// How much longer than approvers have at most a request can lie that nobody has decided: until housekeeping ends it.
const OVERDUE: Duration = Duration::days(1);

/// GET `/`; with `again` and `key` of a request, filled in with what that asked for.
pub(crate) async fn show(
    State(portal): State<Arc<Portal>>,
    locale: Locale,
    uri: Uri,
) -> Result<Response, Problem> {
    let policy = portal.policies.current().await?;
    let form = match requests::asked_before(&portal, &uri).await? {
        Some(request) => SubmissionForm::again(&request),
        None => SubmissionForm::default(),
    };
    let page = FormPage::new(&portal, &locale, &policy, &form);
    Ok(pages::page(StatusCode::OK, locale.language, &page))
}

/// The JSON of a preview.
#[derive(Serialize)]
struct PreviewBody<'a> {
    #[serde(flatten)]
    grant: &'a Grant,
    findings: &'a [Finding],
}

/// POST `/requests/preview`. Stores nothing.
pub(crate) async fn preview(
    State(portal): State<Arc<Portal>>,
    format: ResponseFormat,
    locale: Locale,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let (form, mut wrong) = SubmissionForm::read(&fields, &headers);
    let policy = portal.policies.current().await?;
    let issuer = match issuer_in_force(&*portal.archive).await {
        Ok(issuer) => issuer,
        Err(error) => return form_again(&portal, &locale, &policy, format, &form, Vec::new(), error.into()),
    };
    let preview = match form.preview(&policy, issuer.as_ref()) {
        Ok(preview) if wrong.is_empty() => preview,
        other => {
            let more = other.err().unwrap_or_default();
            let already = !wrong.is_empty();
            wrong.extend(more.into_iter().filter(|one| !(already && one.finding.code == Code::MissingField)));
            return Err(refusal(&wrong))
                .or_else(|problem| form_again(&portal, &locale, &policy, format, &form, wrong, problem));
        }
    };
    match format {
        ResponseFormat::Json => {
            Ok(Json(PreviewBody { grant: &preview.grant, findings: &preview.findings }).into_response())
        }
        ResponseFormat::Page => {
            let page = FormPage::new(&portal, &locale, &policy, &form).with_preview(&preview);
            Ok(pages::page(StatusCode::OK, locale.language, &page))
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
    format: ResponseFormat,
    locale: Locale,
    client: ClientAddr,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let (form, wrong) = SubmissionForm::read(&fields, &headers);
    let policy = portal.policies.current().await?;
    let issuer = match issuer_in_force(&*portal.archive).await {
        Ok(issuer) => issuer,
        Err(error) => return form_again(&portal, &locale, &policy, format, &form, Vec::new(), error.into()),
    };
    let accepted = match form.accept(&policy, issuer.as_ref(), wrong) {
        Ok(accepted) => accepted,
        Err(wrong) => {
            let problem = refusal(&wrong);
            tracing::info!(code = %problem.code, "a submission was refused");
            return form_again(&portal, &locale, &policy, format, &form, wrong, problem);
        }
    };
    // The link first: without it the requester could not be answered, so nothing is stored.
    let submitted = async {
        let key = portal.links.secret().await?.status_key(accepted.id);
        within_limit(&portal, &policy, &accepted).await?;
        let request = store(&portal, &policy, &form, &accepted, locale.language, &client).await?;
        Ok::<_, Problem>((key, request))
    };
    let (key, request) = match submitted.await {
        Ok(submitted) => submitted,
        Err(problem) => return form_again(&portal, &locale, &policy, format, &form, Vec::new(), problem),
    };
    start(&portal, &request).await;
    let status_url = portal.base_url.status(request.id(), &key);
    Ok(match format {
        ResponseFormat::Json => {
            let body =
                Submitted { id: request.id(), status: request.status(), status_url: status_url.clone() };
            (StatusCode::ACCEPTED, [(LOCATION, status_url)], Json(body)).into_response()
        }
        ResponseFormat::Page => pages::see_status(&portal, &locale, request.id(), &key),
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
    form: &SubmissionForm,
    accepted: &Accepted,
    language: Language,
    client: &ClientAddr,
) -> Result<Request, Problem> {
    let submission = Submission {
        email: accepted.email.clone(),
        comment: form.comment.clone(),
        csr_content: form.csr_content.clone(),
        profile: accepted.preview.profile.clone(),
        policy_version: policy.version().to_owned(),
        checked_key: Some(accepted.preview.checked_key.clone()),
        language,
    };
    let arn = portal.executions.arn(&execution_name(accepted.id, 1));
    let mut request = Request::submitted(accepted.id, submission, arn, portal.clock.now());
    let events = request.take_events(&client.as_requester(request.email()));
    match portal.requests.create(&request, &events).await? {
        Saved::Yes => {
            tracing::info!(request.id = %request.id(), profile = request.profile(), policy.version = policy.version(), "submitted");
            Ok(request)
        }
        Saved::Conflict => match portal.requests.find(accepted.id).await? {
            Some(stored) if form.is(&stored, accepted) => {
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

fn refusal(wrong: &[FieldError]) -> Problem {
    Problem::of_findings(wrong.iter().map(|error| error.finding.clone()).collect())
}

/// A person gets the form back, filled in, with what is wrong above it.
fn form_again(
    portal: &Portal,
    locale: &Locale,
    policy: &Policy,
    format: ResponseFormat,
    form: &SubmissionForm,
    wrong: Vec<FieldError>,
    problem: Problem,
) -> Result<Response, Problem> {
    match format {
        ResponseFormat::Json => Err(problem),
        ResponseFormat::Page => Ok(pages::page(
            problem.status,
            locale.language,
            &FormPage::new(portal, locale, policy, form).with_errors(wrong, &problem),
        )),
    }
}
