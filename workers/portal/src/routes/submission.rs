//! A checked request, stored and answered: the end of every submission, of a certificate or of a standing approval.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::LOCATION;
use serde::Serialize;
use workflow::approval::LinkGiven;
use workflow::finding::Code;
use workflow::ids::RequestId;
use workflow::policy::Policy;
use workflow::request::Status;
use workflow::request::intake::{CheckedRequest, IntakeError};
use workflow::request::metric::Measure;
use workflow::texts::Message;

use crate::forms::submission::FieldError;
use crate::http::client_addr::ClientAddr;
use crate::http::negotiate::ResponseFormat;
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::pages;
use crate::routes::requests;
use crate::state::Portal;

/// The answer to a submission.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SubmittedAnswer {
    id: RequestId,
    status: Status,
    status_url: String,
}

/// Stores a checked request, and answers with its status page.
pub(super) async fn store(
    portal: &Portal,
    format: ResponseFormat,
    locale: &Locale,
    client: &ClientAddr,
    checked: CheckedRequest,
    policy: &Policy,
) -> Result<Response, Problem> {
    // The secret before the request: without a link there is no response, so nothing may be stored.
    let links = portal.links.secret().await?;
    let by = client.as_requester(checked.email());
    let submitted = portal.intake().submit(checked, policy, &by).await?;
    if !submitted.is_replay {
        portal.metrics.record(Measure::Submitted);
    }
    let request = submitted.request;
    let key = links.status_key(request.id(), LinkGiven::InAnswer);
    let status_url = portal.base_url.status(request.id(), &key);
    Ok(match format {
        ResponseFormat::Json => {
            let body = SubmittedAnswer {
                id: request.id(),
                status: request.shown_status(),
                status_url: status_url.clone(),
            };
            (StatusCode::ACCEPTED, [(LOCATION, status_url)], Json(body)).into_response()
        }
        ResponseFormat::Page => pages::see_status(portal, locale, request.id(), &key),
    })
}

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::TooManyUndecided { limit } => requests::too_many_undecided(limit),
            IntakeError::TooManyInAnHour { limit } => {
                let message = Message::new("problem-too-many-in-an-hour").with("limit", limit);
                Problem::new(Code::TryAgain, message).with_status(StatusCode::TOO_MANY_REQUESTS)
            }
            IntakeError::KeyReused(finding) => {
                Problem::from(finding).with_status(StatusCode::UNPROCESSABLE_ENTITY)
            }
            // The credential was right, and opens nothing more.
            IntakeError::StandingOver(error) => {
                Problem::from(error.finding()).with_status(StatusCode::FORBIDDEN)
            }
            IntakeError::Contended => Problem::new(Code::TryAgain, "problem-try-again"),
            IntakeError::Port(error) => error.into(),
        }
    }
}

/// The problem of a form with these errors.
pub(super) fn refusal(errors: &[FieldError]) -> Problem {
    Problem::of_findings(errors.iter().map(|error| error.finding.clone()).collect())
}
