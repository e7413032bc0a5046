//! Findings on a page: one verdict, the findings to look at, and one list of what is left out of the certificate.

use workflow::finding::{Finding, Severity};
use workflow::texts::Message;

use super::Site;

/// A finding on a page: the label and the CSS class of its severity, and its texts.
#[derive(Clone, Debug)]
pub(crate) struct FindingView {
    pub(crate) class: &'static str,
    pub(crate) label: String,
    pub(crate) detail: String,
    /// Without the command.
    pub(crate) advice: String,
    /// The command at the end of the advice.
    pub(crate) command: Option<String>,
}

impl FindingView {
    pub(super) fn of(site: &Site, finding: &Finding) -> Self {
        let (class, label) = match finding.severity {
            Severity::Refused => ("refused", "remark-refused"),
            Severity::Warning => ("warning", "remark-warning"),
            Severity::Ignored => ("ignored", "remark-ignored"),
        };
        let (advice, command) = finding.advice_and_command(site.language);
        Self {
            class,
            label: site.text(label),
            detail: finding.detail_in(site.language).into_owned(),
            advice,
            command: command.map(str::to_owned),
        }
    }

    /// For an approver: without the advice for the requester. The advice of a warning is for whoever reads it.
    fn for_approver(site: &Site, finding: &Finding) -> Self {
        let view = Self::of(site, finding);
        match finding.severity {
            Severity::Warning => view,
            Severity::Refused | Severity::Ignored => Self { advice: String::new(), command: None, ..view },
        }
    }
}

/// The findings about a request, as the template `remarks.html` shows them.
pub(super) struct RemarkList {
    /// The findings that have a box each.
    pub(super) single: Vec<FindingView>,
    /// The box of what is left out.
    pub(super) left_out: Option<LeftOutParts>,
}

/// What is left out of the certificate.
pub(super) struct LeftOutParts {
    pub(super) heading: String,
    pub(super) parts: Vec<String>,
}

impl RemarkList {
    /// For the requester.
    pub(super) fn of<'a>(site: &Site, findings: impl IntoIterator<Item = &'a Finding>) -> Self {
        let part = |finding: &Finding| {
            let what = finding.left_out_in(site.language);
            match finding.granting_profiles() {
                Some(profiles) => {
                    site.say(Message::new("left-out-elsewhere").with("what", what).with("profiles", profiles))
                }
                None => what,
            }
        };
        Self::with(site, findings, |finding| FindingView::of(site, finding), part)
    }

    /// For an approver: without the advice for the requester.
    pub(super) fn for_approver<'a>(site: &Site, findings: impl IntoIterator<Item = &'a Finding>) -> Self {
        let part = |finding: &Finding| finding.left_out_in(site.language);
        Self::with(site, findings, |finding| FindingView::for_approver(site, finding), part)
    }

    fn with<'a>(
        site: &Site,
        findings: impl IntoIterator<Item = &'a Finding>,
        single: impl Fn(&Finding) -> FindingView,
        part: impl Fn(&Finding) -> String,
    ) -> Self {
        let is_left_out = |finding: &&Finding| finding.severity == Severity::Ignored;
        let (left_out, others): (Vec<_>, Vec<_>) = findings.into_iter().partition(is_left_out);
        let heading = Message::new("left-out-title").with("count", left_out.len());
        Self {
            single: others.into_iter().map(single).collect(),
            left_out: (!left_out.is_empty()).then(|| LeftOutParts {
                heading: site.say(heading),
                parts: left_out.into_iter().map(part).collect(),
            }),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.single.is_empty() && self.left_out.is_none()
    }
}

/// The line above the findings: whether the policy allows the request.
pub(super) struct VerdictLine {
    pub(super) class: &'static str,
    pub(super) text: String,
}

impl VerdictLine {
    pub(super) fn allowed(text: String) -> Self {
        Self { class: "fine", text }
    }

    pub(super) fn refused(text: String) -> Self {
        Self { class: "loud", text }
    }
}
