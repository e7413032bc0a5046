//! The mailbox page: the caught mails, for trying the flow in a browser.
//!
//! Invariant: a mail is untrusted. Its text is escaped, its HTML is in a sandboxed frame without scripts, and its
//! attachments are downloads.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::get;

mod maildir;
mod page;

pub(crate) use maildir::{Caught, Maildir};

type Mails = State<Arc<Maildir>>;

/// The pages below `/_mailbox/`.
pub(super) fn router(folder: PathBuf) -> Router {
    Router::new()
        .route("/_mailbox", get(|| async { Redirect::to("/_mailbox/") }))
        .route("/_mailbox/", get(list))
        .route("/_mailbox/mailbox.css", get(|| async { asset("text/css", page::STYLE) }))
        .route("/_mailbox/mailbox.js", get(|| async { asset("text/javascript", page::SCRIPT) }))
        .route("/_mailbox/newest/{address}", get(newest))
        .route("/_mailbox/{id}", get(view))
        .route("/_mailbox/{id}/html", get(html))
        .route("/_mailbox/{id}/attachments/{number}", get(attachment))
        .with_state(Arc::new(Maildir::new(folder)))
}

async fn list(State(mails): Mails) -> Response {
    protected(Html(page::list(&mails.mails())).into_response(), page::POLICY)
}

/// Leads to the newest mail with a link of an approver. The address of this page stays the same while mails come.
async fn newest(State(mails): Mails, Path(address): Path<String>) -> Redirect {
    let newest = mails.newest_for_approver(&address);
    Redirect::to(&newest.map_or_else(|| "/_mailbox/".to_owned(), |mail| page::path(&mail)))
}

fn asset(content_type: &'static str, text: &'static str) -> Response {
    protected(([(header::CONTENT_TYPE, content_type)], text).into_response(), page::POLICY)
}

async fn view(State(mails): Mails, Path(id): Path<String>) -> Response {
    match mails.mail(&id) {
        Some(mail) => protected(Html(page::view(&mail)).into_response(), page::POLICY),
        None => Redirect::to("/_mailbox/").into_response(),
    }
}

async fn html(State(mails): Mails, Path(id): Path<String>) -> Response {
    match mails.mail(&id).and_then(|mail| mail.html) {
        Some(html) => protected(Html(page::framed(&html)).into_response(), page::FRAMED_POLICY),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn attachment(State(mails): Mails, Path((id, number)): Path<(String, usize)>) -> Response {
    let Some(file) = mails.mail(&id).and_then(|mail| mail.attachments.into_iter().nth(number)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let name: String =
        file.name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')).collect();
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    let disposition = disposition.unwrap_or(HeaderValue::from_static("attachment"));
    let content_type = HeaderValue::from_static("application/octet-stream");
    protected(
        ([(header::CONTENT_TYPE, content_type), (header::CONTENT_DISPOSITION, disposition)], file.bytes)
            .into_response(),
        page::POLICY,
    )
}

fn protected(mut response: Response, policy: &'static str) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
