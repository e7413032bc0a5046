//! What is wrong with a form: a summary above it, and the errors at its fields.
//!
//! Invariant: the hint of a field has the id `hint-FIELD` and its errors `error-FIELD`, `error-FIELD-2`, ...; the control names
//! all of them in `aria-describedby`.

use workflow::texts::Message;

use super::Site;
use super::findings::FindingView;
use crate::forms::submission::FieldError;
use crate::http::problem::Problem;

/// One entry of the summary.
pub(super) struct Complaint {
    pub(super) field: &'static str,
    pub(super) remark: FindingView,
}

/// An error as it stands at its field.
pub(super) struct ErrorAtField<'a> {
    pub(super) id: String,
    pub(super) detail: &'a str,
}

/// All of it; nothing by default.
#[derive(Default)]
pub(super) struct Complaints {
    /// The heading of the summary; `None` if there is none.
    pub(super) heading: Option<String>,
    /// The problem, if no field has an error.
    pub(super) notice: Option<String>,
    pub(super) all: Vec<Complaint>,
    /// True if the reader needs to know how a CSR is made.
    pub(super) asks_for_another_csr: bool,
}

impl Complaints {
    pub(super) fn of(site: &Site, wrong: &[FieldError], problem: &Problem) -> Self {
        let heading = match wrong.len() {
            0 | 1 => problem.title(site.language),
            several => site.say(Message::new("form-several-wrong").with("count", several)),
        };
        Self {
            heading: Some(heading),
            notice: wrong.is_empty().then(|| problem.detail(site.language)),
            all: wrong
                .iter()
                .map(|error| Complaint { field: error.field, remark: FindingView::of(site, &error.finding) })
                .collect(),
            asks_for_another_csr: wrong.iter().any(|error| error.finding.asks_for_another_csr()),
        }
    }

    /// The errors of one field.
    pub(super) fn errors(&self, field: &str) -> Vec<ErrorAtField<'_>> {
        let own = self.all.iter().filter(|complaint| complaint.field == field);
        own.enumerate()
            .map(|(index, complaint)| ErrorAtField {
                id: match index {
                    0 => format!("error-{field}"),
                    further => format!("error-{field}-{}", further + 1),
                },
                detail: &complaint.remark.detail,
            })
            .collect()
    }

    pub(super) fn is_wrong(&self, field: &str) -> bool {
        self.all.iter().any(|complaint| complaint.field == field)
    }

    /// The attributes of a control that tie it to `hint`, the id of an element, and to its errors. In HTML; nothing in it is from
    /// outside.
    pub(super) fn attributes(&self, field: &str, hint: &str) -> String {
        let errors = self.errors(field);
        let hint = Some(hint).filter(|hint| !hint.is_empty());
        let described: Vec<&str> =
            hint.into_iter().chain(errors.iter().map(|error| error.id.as_str())).collect();
        let mut attributes = String::new();
        if !described.is_empty() {
            attributes.push_str(&format!(" aria-describedby=\"{}\"", described.join(" ")));
        }
        if !errors.is_empty() {
            attributes.push_str(" aria-invalid=\"true\"");
        }
        attributes
    }
}
