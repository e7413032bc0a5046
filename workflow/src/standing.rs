//! The terms of a standing approval: names, days, and a number of certificates. Approvers agree to them once, and
//! certificates inside are signed without asking again.
//!
//! Invariant: terms are canonical. Each name comes once, in order and in lower case, so equal terms have equal digests.
//! [`StandingTerms::read`] returns every finding about the text alone; the policy evaluates the terms.

mod credential;
mod end_order;
mod name;

use serde::{Deserialize, Serialize};

use crate::finding::{Code, Finding};
use crate::ids::RequestId;
use crate::texts::Message;
use crate::wire_names;

pub use credential::StandingCredential;
pub use end_order::StandingEndOrder;
pub use name::StandingName;

/// The largest text with terms: that of the largest CSR.
const MAX_TERMS_BYTES: usize = 8 * 1024;
/// The most names: as many as approvers read.
const MAX_STANDING_NAMES: usize = 100;

/// The kind of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestKind {
    /// A certificate for the key of a CSR. Rows of earlier versions name no kind.
    #[default]
    Certificate,
    /// A standing approval.
    Grant,
}

wire_names!(RequestKind: "kind of request" { Certificate => "certificate", Grant => "grant" });

impl RequestKind {
    /// A text in the words for this kind.
    #[must_use]
    pub fn message(self, id: &'static str) -> Message {
        Message::new(id).with("kind", self.as_str())
    }
}

/// The terms of a standing approval. The profile stands beside them, as in every request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "Unchecked")]
pub struct StandingTerms {
    names: Vec<StandingName>,
    days: u32,
    certificates: u32,
    /// Not in rows of earlier versions, nor in terms that a person asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    extends: Option<RequestId>,
}

/// Terms before the checks.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Unchecked {
    names: Vec<String>,
    days: u32,
    certificates: u32,
    #[serde(default)]
    extends: Option<RequestId>,
}

/// The text of a submission.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TermsText {
    kind: RequestKind,
    names: Vec<String>,
    days: u32,
    certificates: u32,
}

impl StandingTerms {
    /// Reads JSON: `{"kind": "grant", "names": [".web.example.com"], "days": 90, "certificates": 500}`.
    ///
    /// # Errors
    /// Every finding about the text.
    pub fn read(text: &str) -> Result<Self, Vec<Finding>> {
        let bytes = text.len();
        if bytes > MAX_TERMS_BYTES {
            let detail =
                Message::new("finding-terms-too-large").with("bytes", bytes).with("most", MAX_TERMS_BYTES);
            return Err(vec![Finding::refused(Code::TooLarge, detail, Message::new("finding-terms-split"))]);
        }
        let unreadable = |at: Option<&serde_json::Error>| {
            let (line, column) = at.map_or((1, 1), |error| (error.line(), error.column()));
            let detail = Message::new("finding-terms-unreadable").with("line", line).with("column", column);
            let example = r#"{"kind":"grant","names":["www.example.com"],"days":90,"certificates":50}"#;
            let advice = Message::new("finding-terms-unreadable-advice").with("example", example);
            vec![Finding::refused(Code::BadRequest, detail, advice)]
        };
        let TermsText { kind, names, days, certificates } =
            serde_json::from_str(text).map_err(|error| unreadable(Some(&error)))?;
        match kind {
            RequestKind::Grant => Self::of(names, days, certificates),
            RequestKind::Certificate => Err(unreadable(None)),
        }
    }

    /// Terms with these names, as people write them, days and number of certificates.
    ///
    /// # Errors
    /// Every finding; one about days or certificates names its field.
    pub fn of(names: Vec<String>, days: u32, certificates: u32) -> Result<Self, Vec<Finding>> {
        Unchecked { names, days, certificates, extends: None }.check()
    }

    /// These names and more, as an extension of the standing approval `of`: programs with a credential of that one may then use
    /// this one, too. Only the ACME server asks for one.
    ///
    /// # Errors
    /// As [`StandingTerms::of`].
    pub fn extended(
        &self,
        of: RequestId,
        more: &[String],
        days: u32,
        certificates: u32,
    ) -> Result<Self, Vec<Finding>> {
        let names = self.names_as_text().into_iter().chain(more.iter().cloned()).collect();
        Unchecked { names, days, certificates, extends: Some(of) }.check()
    }

    /// The names, in order.
    #[must_use]
    pub fn names(&self) -> &[StandingName] {
        &self.names
    }

    /// The days from the approval to the end; at least one.
    #[must_use]
    pub fn days(&self) -> u32 {
        self.days
    }

    /// The most certificates; at least one.
    #[must_use]
    pub fn certificates(&self) -> u32 {
        self.certificates
    }

    /// The standing approval that these terms extend.
    #[must_use]
    pub fn extends(&self) -> Option<RequestId> {
        self.extends
    }

    /// The names that other terms lack, as text, in order.
    #[must_use]
    pub fn names_beyond(&self, other: &Self) -> Vec<String> {
        let is_in = |name: &&StandingName| match name {
            StandingName::Exactly(name) => other.names.iter().any(|one| one.covers(name)),
            StandingName::Below(_) => other.names.contains(name),
        };
        self.names.iter().filter(|name| !is_in(name)).map(ToString::to_string).collect()
    }

    /// True if there are names, and each of them, as text, is one of the names or below one of the suffixes. A text that is
    /// no name is outside.
    #[must_use]
    pub fn cover(&self, names: &[String]) -> bool {
        let is_covered = |text: &String| {
            let name: Option<pki::name::Name> = text.parse().ok();
            name.is_some_and(|name| self.names.iter().any(|one| one.covers(&name)))
        };
        !names.is_empty() && names.iter().all(is_covered)
    }

    /// The names as text, in order.
    #[must_use]
    pub fn names_as_text(&self) -> Vec<String> {
        self.names.iter().map(ToString::to_string).collect()
    }
}

impl Unchecked {
    fn check(self) -> Result<StandingTerms, Vec<Finding>> {
        let mut findings = Vec::new();
        let mut names: Vec<StandingName> = Vec::new();
        for text in &self.names {
            match StandingName::read(text) {
                Ok(name) => names.push(name),
                Err(finding) => findings.push(finding),
            }
        }
        names.sort();
        names.dedup();
        if self.names.is_empty() {
            let (detail, advice) =
                (Message::new("finding-terms-no-names"), Message::new("finding-terms-no-names-advice"));
            findings.push(Finding::refused(Code::MissingField, detail, advice));
        }
        if names.len() > MAX_STANDING_NAMES {
            let detail = Message::new("finding-terms-too-many-names")
                .with("count", names.len())
                .with("most", MAX_STANDING_NAMES);
            findings.push(Finding::refused(Code::TooLarge, detail, Message::new("finding-terms-split")));
        }
        if self.days == 0 {
            findings.push(not_positive("days"));
        }
        if self.certificates == 0 {
            findings.push(not_positive("certificates"));
        }
        let Self { days, certificates, extends, .. } = self;
        if findings.is_empty() {
            Ok(StandingTerms { names, days, certificates, extends })
        } else {
            Err(findings)
        }
    }
}

fn not_positive(field: &'static str) -> Finding {
    let detail = Message::new("finding-terms-zero").with("field", field);
    Finding::refused(Code::BadRequest, detail, Message::new("finding-terms-zero-advice"))
}

/// For rows: the first finding.
impl TryFrom<Unchecked> for StandingTerms {
    type Error = String;

    fn try_from(unchecked: Unchecked) -> Result<Self, String> {
        unchecked
            .check()
            .map_err(|findings| findings.into_iter().map(|finding| finding.detail).take(1).collect())
    }
}

#[cfg(test)]
mod tests;
