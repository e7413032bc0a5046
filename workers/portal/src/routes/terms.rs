//! The form of a standing approval: shown, previewed and submitted, on the paths of the form of a certificate.
//!
//! Invariant: as there, only `POST /requests` stores anything.

use std::sync::Arc;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri};
use serde::Serialize;
use url::form_urlencoded;
use workflow::finding::{Code, Finding};
use workflow::ids::IssuerId;
use workflow::policy::{Policy, Profile};
use workflow::request::Request;
use workflow::request::intake::CheckedRequest;
use workflow::standing::{RequestKind, StandingTerms};
use workflow::texts::Message;

use super::draft::{WrongForm, drafted, is_draft};
use super::submission::{refusal, store};
use crate::forms::submission::FieldError;
use crate::forms::terms::TermsForm;
use crate::http::client_addr::ClientAddr;
use crate::http::fields::Fields;
use crate::http::negotiate::ResponseFormat;
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::pages::{self, TermsPage};
use crate::state::Portal;

/// The kind of request that the fields make: a certificate, if they name none.
///
/// # Errors
/// 400, if they name an unknown one.
pub(super) fn kind_of(fields: &Fields) -> Result<RequestKind, Problem> {
    read_kind(fields.text("kind").map_err(Problem::from)?.as_deref())
}

/// True if the address of the form asks for that of a standing approval: `?kind=grant`.
///
/// # Errors
/// 400, if it names an unknown kind.
pub(super) fn is_asked_for(uri: &Uri) -> Result<bool, Problem> {
    let query = uri.query().unwrap_or_default();
    let kind = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "kind");
    Ok(read_kind(kind.as_ref().map(|(_, kind)| kind.as_ref()))? == RequestKind::Grant)
}

fn read_kind(text: Option<&str>) -> Result<RequestKind, Problem> {
    let unknown = |_| {
        let finding = Finding::refused(
            Code::BadRequest,
            Message::new("finding-unknown-kind"),
            Message::new("finding-unknown-kind-advice"),
        );
        Problem::from(finding)
    };
    text.map_or(Ok(RequestKind::default()), |text| text.trim().parse().map_err(unknown))
}

/// GET `/?kind=grant`, and `/?again=` with the key of a request of a standing approval: filled in with its values.
pub(super) fn show(portal: &Portal, locale: &Locale, policy: &Policy, again: Option<&Request>) -> Response {
    let form = again.map(TermsForm::again).unwrap_or_default();
    pages::page(StatusCode::OK, locale.language, &TermsPage::new(portal, locale, policy, &form))
}

/// The JSON of a preview.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TermsPreview<'a> {
    kind: &'static str,
    profile: &'a str,
    #[serde(flatten)]
    terms: &'a StandingTerms,
    validity_days: Option<u32>,
}

/// POST `/requests/preview` with `kind=grant`. Stores nothing.
pub(super) async fn preview(
    portal: &Portal,
    format: ResponseFormat,
    locale: &Locale,
    headers: &HeaderMap,
    fields: &Fields,
) -> Result<Response, Problem> {
    let (form, policy, checked) = evaluate(portal, locale, headers, fields).await?;
    let checked = match checked {
        Ok(checked) => checked,
        Err(wrong) if is_draft(fields, format) => {
            let page = TermsPage::new(portal, locale, &policy, &form);
            return Ok(match drafted(wrong, |field| form.is_blank(field)) {
                None => pages::page(StatusCode::OK, locale.language, &page),
                Some((errors, problem)) => {
                    pages::page(problem.status, locale.language, &page.with_errors(&errors, &problem))
                }
            });
        }
        Err((errors, problem)) => return form_again(portal, locale, &policy, format, &form, errors, problem),
    };
    let Some(terms) = checked.terms() else { return Err(Problem::new(Code::TryAgain, "problem-try-again")) };
    let profile = policy.profile(Some(checked.profile())).ok();
    let validity_days = profile.map(Profile::validity_days);
    Ok(match format {
        ResponseFormat::Json => Json(TermsPreview {
            kind: RequestKind::Grant.as_str(),
            profile: checked.profile(),
            terms,
            validity_days,
        })
        .into_response(),
        ResponseFormat::Page => {
            let page = TermsPage::new(portal, locale, &policy, &form).with_preview(terms, profile);
            pages::page(StatusCode::OK, locale.language, &page)
        }
    })
}

/// POST `/requests` with `kind=grant`.
pub(super) async fn submit(
    portal: &Portal,
    format: ResponseFormat,
    locale: &Locale,
    client: &ClientAddr,
    headers: &HeaderMap,
    fields: &Fields,
) -> Result<Response, Problem> {
    let (form, policy, checked) = evaluate(portal, locale, headers, fields).await?;
    let stored = match checked {
        Ok(checked) => store(portal, format, locale, client, checked, &policy).await,
        Err((errors, problem)) => {
            tracing::info!(code = %problem.code, "a submission was refused");
            return form_again(portal, locale, &policy, format, &form, errors, problem);
        }
    };
    stored.or_else(|problem| form_again(portal, locale, &policy, format, &form, Vec::new(), problem))
}

type CheckedTerms = Result<CheckedRequest, WrongForm>;

/// Reads a form, and checks it by the policy and the issuer in force.
async fn evaluate(
    portal: &Portal,
    locale: &Locale,
    headers: &HeaderMap,
    fields: &Fields,
) -> Result<(TermsForm, Arc<Policy>, CheckedTerms), Problem> {
    let (form, errors) = TermsForm::read(fields, headers);
    let policy = portal.policies.current().await?;
    let checked = match portal.issuers.in_force(&IssuerId::DEFAULT).await {
        Ok(issuer) => form.check(&policy, issuer.as_ref(), locale.language, errors).map_err(|errors| {
            let problem = refusal(&errors);
            (errors, problem)
        }),
        Err(error) => Err((Vec::new(), error.into())),
    };
    Ok((form, policy, checked))
}

/// Returns the form, filled in, with the errors above it, to a person; the problem to a program.
fn form_again(
    portal: &Portal,
    locale: &Locale,
    policy: &Policy,
    format: ResponseFormat,
    form: &TermsForm,
    errors: Vec<FieldError>,
    problem: Problem,
) -> Result<Response, Problem> {
    match format {
        ResponseFormat::Json => Err(problem),
        ResponseFormat::Page => Ok(pages::page(
            problem.status,
            locale.language,
            &TermsPage::new(portal, locale, policy, form).with_errors(&errors, &problem),
        )),
    }
}
