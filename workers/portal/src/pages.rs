//! The pages. Each works without a script, on a phone, with a keyboard and with a screen reader.
//!
//! Invariant: everything from outside is escaped by the templates; a page of an approver never holds the key of the
//! link that opened it.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use time::OffsetDateTime;
use time::macros::format_description;
use workflow::csr::Name;
use workflow::finding::{Finding, Severity};
use workflow::request::rfc3339;

use crate::Portal;
use crate::assets::Paths;
use crate::problem::Problem;

mod form;
mod review;
mod status;

pub(crate) use form::FormPage;
pub(crate) use review::ReviewPage;
pub(crate) use status::{StatusPage, in_words};

/// What every page needs.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// The path of the base URL, with its trailing slash.
    pub(crate) base: String,
    pub(crate) assets: Paths,
}

impl Site {
    fn of(portal: &Portal) -> Self {
        let base = portal.base_url.path().to_owned();
        Self { assets: Paths::below(&base), base }
    }
}

/// An instant, for people and for the `time` element.
#[derive(Clone, Debug)]
pub(crate) struct Instant {
    pub(crate) machine: String,
    pub(crate) people: String,
}

impl Instant {
    fn of(at: OffsetDateTime) -> Self {
        let format = format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC");
        let people = at.to_offset(time::UtcOffset::UTC).format(format).unwrap_or_else(|_| rfc3339(at));
        Self { machine: rfc3339(at), people }
    }
}

/// A finding, with the word and the mark that its severity has on a page.
#[derive(Clone, Debug)]
pub(crate) struct Remark {
    pub(crate) class: &'static str,
    pub(crate) label: &'static str,
    pub(crate) detail: String,
    pub(crate) advice: String,
}

impl Remark {
    fn of(finding: &Finding) -> Self {
        let (class, label) = match finding.severity {
            Severity::Refused => ("refused", "Not allowed"),
            Severity::Warning => ("warning", "Look twice"),
            Severity::Ignored => ("ignored", "Left out"),
        };
        Self { class, label, detail: finding.detail.clone(), advice: finding.advice.clone() }
    }

    fn all(findings: &[Finding]) -> Vec<Self> {
        findings.iter().map(Self::of).collect()
    }
}

/// Names as people read them: internationalized ones in both forms.
fn names_for_people(names: &[String]) -> Vec<String> {
    names
        .iter()
        .map(|name| name.parse::<Name>().map_or_else(|_| name.clone(), |name| name.for_people()))
        .collect()
}

/// A hex digest in groups, so that it can be compared by eye.
fn grouped(hex: &str) -> String {
    hex.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
}

/// A usage such as `digitalSignature` in words.
fn usage_in_words(usage: &str) -> String {
    match usage {
        "serverAuth" => "TLS server".into(),
        "clientAuth" => "TLS client".into(),
        "digitalSignature" => "digital signature".into(),
        "keyEncipherment" => "key encipherment".into(),
        "keyAgreement" => "key agreement".into(),
        other => other.to_owned(),
    }
}

pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => {
            let mut response = (status, html).into_response();
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            response
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    site: Site,
    status: u16,
    title: &'a str,
    detail: &'a str,
}

/// The page of a problem that has no better place.
pub(crate) fn problem(portal: &Portal, problem: &Problem) -> Response {
    page(
        problem.status,
        &ProblemPage {
            site: Site::of(portal),
            status: problem.status.as_u16(),
            title: problem.title,
            detail: &problem.detail,
        },
    )
}
