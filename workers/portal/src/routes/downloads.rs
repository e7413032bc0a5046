//! The certificate of a request, as the files that people and programs want.
//!
//! Invariant: only a link that opens the certificate gets a file, and each file is in the audit trail before it is sent.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, Method, Uri};
use workflow::finding::Code;
use workflow::mail::bundle;
use workflow::request::download::{DownloadError, DownloadFormat};
use workflow::texts::Message;

use super::requests::{needs_mailed_link, open};
use crate::http::client_addr::ClientAddr;
use crate::http::negotiate::prefers_zip;
use crate::http::problem::Problem;
use crate::state::Portal;

/// The media type of PEM files.
pub(super) const PEM: &str = "application/x-pem-file";

/// The holder of a link asks for a file.
pub(crate) struct FileRequest {
    client: ClientAddr,
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
    method: Method,
}

impl<S: Send + Sync> FromRequestParts<S> for FileRequest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self {
            client: ClientAddr::from_request_parts(parts, state).await?,
            id: Path::from_request_parts(parts, state).await,
            uri: parts.uri.clone(),
            method: parts.method.clone(),
        })
    }
}

/// GET `/requests/{id}/certificate?key=`: PEM or zip, by `Accept`.
pub(crate) async fn certificate(
    portal: State<Arc<Portal>>,
    headers: HeaderMap,
    file: FileRequest,
) -> Result<Response, Problem> {
    if prefers_zip(&headers) { zip(portal, file).await } else { pem(portal, file).await }
}

/// GET `/requests/{id}/certificate.pem?key=`.
pub(crate) async fn pem(State(portal): State<Arc<Portal>>, file: FileRequest) -> Result<Response, Problem> {
    let file = file.download(&portal, DownloadFormat::Pem).await?;
    Ok(attachment(PEM, "certificate.pem", file))
}

/// GET `/requests/{id}/certificate.der?key=`.
pub(crate) async fn der(State(portal): State<Arc<Portal>>, file: FileRequest) -> Result<Response, Problem> {
    let file = file.download(&portal, DownloadFormat::Der).await?;
    // RFC 2585 section 4.1.
    Ok(attachment("application/pkix-cert", "certificate.der", file))
}

/// GET `/requests/{id}/fullchain.pem?key=`.
pub(crate) async fn fullchain(
    State(portal): State<Arc<Portal>>,
    file: FileRequest,
) -> Result<Response, Problem> {
    let file = file.download(&portal, DownloadFormat::Fullchain).await?;
    Ok(attachment(PEM, "fullchain.pem", file))
}

/// GET `/requests/{id}/ca.pem?key=`.
pub(crate) async fn chain(State(portal): State<Arc<Portal>>, file: FileRequest) -> Result<Response, Problem> {
    let file = file.download(&portal, DownloadFormat::Chain).await?;
    Ok(attachment(PEM, "ca.pem", file))
}

/// GET `/requests/{id}/certificate.zip?key=`.
pub(crate) async fn zip(State(portal): State<Arc<Portal>>, file: FileRequest) -> Result<Response, Problem> {
    let file = file.download(&portal, DownloadFormat::Zip).await?;
    Ok(attachment(bundle::CONTENT_TYPE, bundle::FILE_NAME, file))
}

impl FileRequest {
    /// The file for the holder of the link. A HEAD is no download.
    async fn download(self, portal: &Portal, format: DownloadFormat) -> Result<Vec<u8>, Problem> {
        let opened = open(portal, self.id, &self.uri).await?;
        if !opened.may_download() {
            return Err(needs_mailed_link());
        }
        let request = opened.request;
        let downloads = portal.downloads();
        let file = downloads.file(&request, format).await?;
        if self.method != Method::HEAD {
            downloads.record(&request, format, &self.client.as_requester(request.email())).await?;
        }
        Ok(file)
    }
}

impl From<DownloadError> for Problem {
    fn from(error: DownloadError) -> Self {
        match error {
            DownloadError::NoCertificate(status) => {
                let detail = if status.is_terminal() {
                    "problem-no-certificate"
                } else {
                    "problem-no-certificate-yet"
                };
                Problem::new(Code::NotFound, Message::new(detail).with("status", status.as_str()))
            }
            DownloadError::NotInArchive => Problem::new(Code::TryAgain, "problem-unreadable-certificate"),
            DownloadError::NoZip => Problem::new(Code::TryAgain, "problem-no-zip"),
            DownloadError::NoSuchRequest => Problem::no_such_link(),
            DownloadError::Port(error) => error.into(),
        }
    }
}

pub(super) fn attachment(media_type: &'static str, name: &str, content: impl IntoResponse) -> Response {
    let headers = [
        (CONTENT_TYPE, media_type.to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, content).into_response()
}
