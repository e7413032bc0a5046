//! The page of a problem without a page of its own: what happened, and a next step for its reader.
//!
//! Invariant: the same page for every invalid link. It has nothing of the address but the kind of its reader.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use workflow::texts::Message;

use super::{Site, page};
use crate::http::problem::Problem;
use crate::locale::{Locale, PageReader};
use crate::state::Portal;

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    site: Site,
    /// True for what happens as a matter of course, such as a link that has ended: nobody made a mistake.
    is_calm: bool,
    status: u16,
    title: String,
    detail: String,
    /// The path of the next step, below the base.
    next_path: &'static str,
    next_text: String,
}

/// The page of a problem.
pub(crate) fn problem(portal: &Portal, locale: &Locale, problem: &Problem) -> Response {
    let language = locale.language;
    let locale = &locale.without_query();
    let site = if locale.has_page { Site::of(portal, locale) } else { Site::of_form(portal, locale) };
    let (next_path, next_text) = match locale.reader {
        PageReader::Approver => ("approvals", "problem-next-approver"),
        PageReader::Requester => ("mine", "problem-next-requester"),
        PageReader::Unknown => ("", "form-title"),
    };
    let page_of_problem = ProblemPage {
        // A link that is old, a request that somebody has decided.
        is_calm: matches!(problem.status, StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::CONFLICT),
        status: problem.status.as_u16(),
        title: problem.title(language),
        detail: problem.detail(language),
        next_path,
        next_text: site.text(next_text),
        site,
    };
    page(problem.status, language, &page_of_problem)
}
