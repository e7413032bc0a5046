//! POST `/requests/{id}/revoke?key=` and POST `/revocations`: a certificate is revoked. An approver revokes by POST
//! `/approvals/{key}`.
//!
//! Invariant: the key of a link, or a signature by the key of the certificate, is checked before anything is told about the
//! certificate. The policy says who may revoke for which reason; a key compromise that is proven by a signature is accepted
//! in any case.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Uri};
use pki::crl::RevocationReason;
use serde::Serialize;
use workflow::certificate::revoking::RevocationError;
use workflow::certificate::{KeyProofError, ProvenRevocation};
use workflow::finding::{Code, Finding};
use workflow::ids::RequestId;
use workflow::request::input::{missing, private_key, unfit_text};
use workflow::request::{Request, RevocationOrder, Status};
use workflow::texts::Message;

use super::requests::{ensure_mailed, open};
use super::revocation_view::RevocationView;
use crate::http::client_addr::ClientAddr;
use crate::http::cross_site::refuse_cross_site;
use crate::http::fields::Fields;
use crate::http::negotiate::ResponseFormat;
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::pages;
use crate::state::Portal;

/// The answer to a revocation.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RevocationAnswer {
    id: RequestId,
    status: Status,
    revocation: Option<RevocationView>,
}

/// The answer to a program.
pub(crate) fn answer(request: &Request) -> Response {
    let revocation = RevocationView::of(request);
    Json(RevocationAnswer { id: request.id(), status: request.shown_status(), revocation }).into_response()
}

/// POST `/requests/{id}/revoke?key=`: the requester revokes the certificate.
pub(crate) async fn by_requester(
    State(portal): State<Arc<Portal>>,
    format: ResponseFormat,
    locale: Locale,
    (client, headers): (ClientAddr, HeaderMap),
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
    fields: Fields,
) -> Result<Response, Problem> {
    refuse_cross_site(&portal, &headers, "problem-revoke-cross-site")?;
    let opened = open(&portal, id, &uri).await?;
    ensure_mailed(&opened, "problem-revoke-by-mail")?;
    let (request, policy) = (opened.request, portal.policies.current().await?);
    let (order, by) = (order(&fields)?, client.as_requester(request.email()));
    let revoked = portal.revocations().revoke(&request, &order, policy.revocation().requester(), &by).await?;
    Ok(match format {
        ResponseFormat::Json => answer(&revoked),
        ResponseFormat::Page => pages::see_status(&portal, &locale, request.id(), &opened.key),
    })
}

/// POST `/revocations`: the holder of the private key revokes the certificate.
pub(crate) async fn by_key_holder(
    State(portal): State<Arc<Portal>>,
    client: ClientAddr,
    fields: Fields,
) -> Result<Response, Problem> {
    let mut parts = Vec::new();
    for field in ["protected", "payload", "signature"] {
        let text = fields.text(field)?.ok_or_else(|| missing(field, "finding-give-jws"))?;
        parts.push(text.into_owned());
    }
    let url = format!("{}revocations", portal.base_url);
    let proven = ProvenRevocation::read(&parts[0], &parts[1], &parts[2], &url)
        .map_err(|error| proof_problem(error, &url))?;
    let unknown = || Problem::new(Code::NotFound, "problem-no-such-certificate");
    let serial = proven.certificate.serial();
    let request = portal.requests.with_serial(serial).await?.ok_or_else(unknown)?;
    let stored = portal.certificates.certificate(serial).await?.ok_or_else(unknown)?;
    if stored.trim() != proven.certificate.pem().trim() {
        return Err(unknown());
    }
    let policy = portal.policies.current().await?;
    let mut allowed = policy.revocation().key_holder().to_vec();
    allowed.push(RevocationReason::KeyCompromise);
    let order = RevocationOrder { reason: proven.reason, comment: None };
    let revoked = portal.revocations().revoke(&request, &order, &allowed, &client.as_key_holder()).await?;
    Ok(answer(&revoked))
}

fn proof_problem(error: KeyProofError, url: &str) -> Problem {
    match error {
        KeyProofError::Malformed(part) => {
            Problem::new(Code::BadRequest, Message::new("problem-jws-malformed").with("part", part))
        }
        KeyProofError::Algorithm(name) => {
            Problem::new(Code::BadRequest, Message::new("problem-jws-algorithm").with("algorithm", name))
        }
        KeyProofError::Url => {
            Problem::new(Code::BadRequest, Message::new("problem-jws-url").with("url", url))
        }
        KeyProofError::Reason => Problem::of_findings(vec![no_reason()]),
        KeyProofError::Signature => Problem::new(Code::BadSignature, "problem-jws-signature"),
    }
}

/// Reads reason and comment.
pub(crate) fn order(fields: &Fields) -> Result<RevocationOrder, Problem> {
    let mut wrong = Vec::new();
    let reason = match fields.text("reason") {
        Ok(Some(name)) => match name.trim().parse::<RevocationReason>() {
            Ok(reason) => Some(reason),
            Err(_) => {
                wrong.push(no_reason());
                None
            }
        },
        Ok(None) => {
            wrong.push(missing("reason", "finding-give-revocation-reason"));
            None
        }
        Err(finding) => {
            wrong.push(finding);
            None
        }
    };
    let comment = match fields.text("comment") {
        Ok(text) => text.map(|text| text.trim().replace("\r\n", "\n")),
        Err(finding) => {
            wrong.push(finding);
            None
        }
    };
    if let Some(comment) = &comment {
        wrong.extend(private_key("comment", comment).or_else(|| unfit_text("comment", comment)));
    }
    match reason {
        Some(reason) if wrong.is_empty() => Ok(RevocationOrder { reason, comment }),
        _ => Err(Problem::of_findings(wrong)),
    }
}

/// The finding of a text that names no reason.
pub(super) fn no_reason() -> Finding {
    let known = RevocationReason::ALL.map(RevocationReason::as_str).join(", ");
    Finding::refused(
        Code::BadRequest,
        Message::new("finding-no-revocation-reason"),
        Message::new("finding-no-revocation-reason-advice").with("known", known),
    )
}

impl From<RevocationError> for Problem {
    fn from(error: RevocationError) -> Self {
        match error {
            RevocationError::NoCertificate(status) => {
                let message = Message::new("problem-nothing-to-revoke").with("status", status.as_str());
                Problem::new(Code::NotRevocable, message)
            }
            RevocationError::Ended(_) => Problem::new(Code::NotRevocable, "problem-revoke-ended"),
            RevocationError::NotAllowed(reason) => {
                let message = Message::new("problem-revocation-not-allowed").with("reason", reason.as_str());
                Problem::new(Code::RevocationNotAllowed, message)
            }
            RevocationError::Port(error) => error.into(),
        }
    }
}
