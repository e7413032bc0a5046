//! A form that is still being filled in, sent along with a change of the language of its page.
//!
//! Invariant: it comes back as it was, without what a private key was in, and stores nothing.

use workflow::finding::Code;

use crate::forms::submission::FieldError;
use crate::http::fields::Fields;
use crate::http::negotiate::ResponseFormat;
use crate::http::problem::Problem;
use crate::routes::submission::refusal;

/// What is wrong with a form: the errors of its fields, and the problem for a program.
pub(super) type WrongForm = (Vec<FieldError>, Problem);

/// True if a browser only changes the language of the page, and the form is still being filled in.
pub(super) fn is_draft(fields: &Fields, format: ResponseFormat) -> bool {
    matches!(format, ResponseFormat::Page) && fields.text("draft").ok().flatten().is_some()
}

/// What is said about a draft: nothing about fields that are empty, except for those emptied here.
pub(super) fn drafted((errors, problem): WrongForm, is_blank: impl Fn(&str) -> bool) -> Option<WrongForm> {
    if errors.is_empty() {
        return Some((errors, problem));
    }
    let is_said =
        |error: &FieldError| error.finding.code == Code::PrivateKeySubmitted || !is_blank(error.field);
    let errors: Vec<FieldError> = errors.into_iter().filter(is_said).collect();
    let problem = refusal(&errors);
    (!errors.is_empty()).then_some((errors, problem))
}
