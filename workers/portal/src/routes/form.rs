//! The form: shown, previewed and submitted.
//!
//! Invariant: only `POST /requests` stores anything; `workflow::request::intake` checks and stores. On an error, a
//! person gets the form back, filled in, with the errors above it; a program gets a problem with every finding.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri};
use pki::issuer::Issuer;
use serde::Serialize;
use workflow::approval::credentials::StandingByCredential;
use workflow::finding::{Code, Finding};
use workflow::grant::Grant;
use workflow::ids::IssuerId;
use workflow::policy::Policy;
use workflow::ports::PortError;
use workflow::standing::RequestKind;

use crate::forms::submission::{FieldError, SubmissionForm};
use crate::http::bearer;
use crate::http::client_addr::ClientAddr;
use crate::http::fields::Fields;
use crate::http::negotiate::ResponseFormat;
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::pages::{self, FormPage};
use crate::routes::draft::{WrongForm, drafted, is_draft};
use crate::routes::requests::{self, AskedBefore};
use crate::routes::submission::{refusal, store};
use crate::routes::{renewal, terms};
use crate::state::Portal;

/// GET `/`; with `again` and `key` of a request, filled in with its values and with its preview; with `renew` and `key`,
/// all but the CSR.
pub(crate) async fn show(
    State(portal): State<Arc<Portal>>,
    locale: Locale,
    uri: Uri,
) -> Result<Response, Problem> {
    let policy = portal.policies.current().await?;
    if terms::is_asked_for(&uri)? {
        return Ok(terms::show(&portal, &locale, &policy, None));
    }
    let now = portal.clock.now();
    let form = match requests::asked_before(&portal, &uri).await? {
        Some(AskedBefore::Again(request)) if request.terms().is_some() => {
            return Ok(terms::show(&portal, &locale, &policy, Some(&request)));
        }
        Some(AskedBefore::Again(request)) => SubmissionForm::again(&request),
        Some(AskedBefore::Renew(opened)) => SubmissionForm::renewing(*opened, now),
        None => SubmissionForm::default(),
    };
    let page = FormPage::new(&portal, &locale, &policy, &form);
    let refusal = form.replaced.as_ref().and_then(|replaced| replaced.request.not_renewable(&policy, now));
    let Some(finding) = refusal else {
        let page = previewed(&portal, page, &form).await?;
        return Ok(pages::page(StatusCode::OK, locale.language, &page));
    };
    let problem = Problem::from(finding.clone());
    let page = page.with_errors(&[FieldError { field: "replaces", finding }], &problem);
    Ok(pages::page(problem.status, locale.language, &page))
}

/// The form with the preview of the CSR that it is filled in with, or with what is wrong with that by now.
async fn previewed<'a>(
    portal: &Portal,
    page: FormPage<'a>,
    form: &SubmissionForm,
) -> Result<FormPage<'a>, Problem> {
    if form.csr_content.is_empty() {
        return Ok(page);
    }
    let policy = portal.policies.for_csr(&form.csr_content).await?;
    let issuer = portal.issuers.in_force(&IssuerId::DEFAULT).await?;
    Ok(match form.preview(&policy, issuer.as_ref(), Vec::new()) {
        Ok(preview) => page.with_preview(&preview, &policy, issuer.as_ref(), portal.clock.now()),
        Err(errors) => {
            let problem = refusal(&errors);
            page.with_errors(&errors, &problem)
        }
    })
}

/// The JSON of a preview.
#[derive(Serialize)]
struct PreviewBody<'a> {
    #[serde(flatten)]
    grant: &'a Grant,
    findings: &'a [Finding],
}

/// POST `/requests/preview`. Stores nothing. A browser that only changes the language of a page sends the field `draft`
/// ([`drafted`]).
pub(crate) async fn preview(
    State(portal): State<Arc<Portal>>,
    format: ResponseFormat,
    locale: Locale,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    if terms::kind_of(&fields)? == RequestKind::Grant {
        return terms::preview(&portal, format, &locale, &headers, &fields).await;
    }
    let FormEvaluation { form, policy, issuer, result } =
        evaluate(&portal, &headers, &fields, None, SubmissionForm::preview).await?;
    let preview = match result {
        Ok(preview) => preview,
        Err(wrong) if is_draft(&fields, format) => {
            let page = FormPage::new(&portal, &locale, &policy, &form);
            return Ok(match drafted(wrong, |field| form.is_blank(field)) {
                None => pages::page(StatusCode::OK, locale.language, &page),
                Some((errors, problem)) => {
                    pages::page(problem.status, locale.language, &page.with_errors(&errors, &problem))
                }
            });
        }
        Err((errors, problem)) => {
            return form_again(&portal, &locale, &policy, format, &form, errors, problem);
        }
    };
    match format {
        ResponseFormat::Json => {
            Ok(Json(PreviewBody { grant: &preview.grant, findings: &preview.findings }).into_response())
        }
        ResponseFormat::Page => {
            let now = portal.clock.now();
            let page = FormPage::new(&portal, &locale, &policy, &form).with_preview(
                &preview,
                &policy,
                issuer.as_ref(),
                now,
            );
            Ok(pages::page(StatusCode::OK, locale.language, &page))
        }
    }
}

/// POST `/requests`. With the credential of a standing approval, nobody is asked.
pub(crate) async fn submit(
    State(portal): State<Arc<Portal>>,
    format: ResponseFormat,
    locale: Locale,
    client: ClientAddr,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let standing = opened_standing(&portal, &headers).await?;
    if terms::kind_of(&fields)? == RequestKind::Grant {
        if standing.is_some() {
            return Err(Problem::new(Code::BadRequest, "problem-credential-for-certificates"));
        }
        return terms::submit(&portal, format, &locale, &client, &headers, &fields).await;
    }
    let check = |form: &SubmissionForm, policy: &Policy, issuer: Option<&Issuer>, errors| {
        form.check(policy, issuer, locale.language, errors).inspect_err(|errors: &Vec<FieldError>| {
            tracing::info!(code = %refusal(errors).code, "a submission was refused");
        })
    };
    let FormEvaluation { form, policy, result, .. } =
        evaluate(&portal, &headers, &fields, standing, check).await?;
    let checked = match result {
        Ok(checked) => checked,
        Err((errors, problem)) => {
            return form_again(&portal, &locale, &policy, format, &form, errors, problem);
        }
    };
    match store(&portal, format, &locale, &client, checked, &policy).await {
        Ok(response) => Ok(response),
        Err(problem) => form_again(&portal, &locale, &policy, format, &form, Vec::new(), problem),
    }
}

/// The standing approval that the credential of the request opens; `None` if it has none.
///
/// # Errors
/// 401 for any credential that opens nothing.
async fn opened_standing(
    portal: &Portal,
    headers: &HeaderMap,
) -> Result<Option<StandingByCredential>, Problem> {
    let Some(credential) = bearer::credential(headers)? else { return Ok(None) };
    match portal.credentials().open(credential.expose()).await? {
        Some(opened) => Ok(Some(opened)),
        None => {
            tracing::info!(code = %Code::CredentialRefused, "a submission was refused");
            Err(bearer::refused())
        }
    }
}

/// A form, the policy in force, and the result of the evaluation: a value, or what is wrong.
struct FormEvaluation<T> {
    form: SubmissionForm,
    policy: Arc<Policy>,
    /// The issuer in force, if there is one.
    issuer: Option<Issuer>,
    result: Result<T, WrongForm>,
}

/// Reads a form, and evaluates it by the policy and the issuer in force.
async fn evaluate<T>(
    portal: &Portal,
    headers: &HeaderMap,
    fields: &Fields,
    standing: Option<StandingByCredential>,
    check: impl FnOnce(&SubmissionForm, &Policy, Option<&Issuer>, Vec<FieldError>) -> Result<T, Vec<FieldError>>,
) -> Result<FormEvaluation<T>, Problem> {
    let (form, mut errors) = SubmissionForm::read(fields, headers);
    let mut form = form.under(standing);
    let policy = portal.policies.for_csr(&form.csr_content).await?;
    let ports = async {
        let issuer = portal.issuers.in_force(&IssuerId::DEFAULT).await?;
        Ok::<_, PortError>((issuer, renewal::replaced(portal, &form).await?))
    };
    let (issuer, result) = match ports.await {
        Ok((issuer, replaced)) => {
            form = form.with_replaced(replaced.unwrap_or_else(|error| {
                errors.push(error);
                None
            }));
            let checked = check(&form, &policy, issuer.as_ref(), errors).map_err(|errors| {
                let problem = refusal(&errors);
                (errors, problem)
            });
            (issuer, checked)
        }
        Err(error) => (None, Err((Vec::new(), error.into()))),
    };
    Ok(FormEvaluation { form, policy, issuer, result })
}

/// Returns the form, filled in, with the errors above it, to a person; the problem to a program.
fn form_again(
    portal: &Portal,
    locale: &Locale,
    policy: &Policy,
    format: ResponseFormat,
    form: &SubmissionForm,
    errors: Vec<FieldError>,
    problem: Problem,
) -> Result<Response, Problem> {
    match format {
        ResponseFormat::Json => Err(problem),
        ResponseFormat::Page => Ok(pages::page(
            problem.status,
            locale.language,
            &FormPage::new(portal, locale, policy, form).with_errors(&errors, &problem),
        )),
    }
}
