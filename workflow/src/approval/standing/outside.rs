//! The part of a certificate that is outside of a standing approval, and what is said about it and about one that is over.

use std::fmt;

use super::{StandingApproval, StandingError};
use crate::email::Email;
use crate::finding::{Code, Finding, quoted};
use crate::policy::Policy;
use crate::texts::Message;

/// The part of a certificate that is outside of a standing approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutsidePart {
    /// Another profile.
    Profile,
    /// A name that is none of the terms.
    Names,
    /// Another requester.
    Requester,
}

impl fmt::Display for OutsidePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Profile => "another profile",
            Self::Names => "other names",
            Self::Requester => "another requester",
        })
    }
}

impl StandingApproval {
    /// The first part of a certificate that is outside. The subject needs no check: beside fixed parts of the profile it has
    /// only one of the names.
    pub fn outside(
        &self,
        policy: &Policy,
        requester: &Email,
        profile: &str,
        names: &[String],
    ) -> Option<OutsidePart> {
        match () {
            () if profile != self.profile() => Some(OutsidePart::Profile),
            () if !policy.plus_tags().same_person(requester, self.requester()) => {
                Some(OutsidePart::Requester)
            }
            () if !self.terms().cover(names) => Some(OutsidePart::Names),
            () => None,
        }
    }

    /// The finding about the part of a certificate with these names that is outside, in words for the requester.
    #[must_use]
    pub fn finding_outside(&self, part: OutsidePart, names: &[String]) -> Finding {
        let detail = match part {
            OutsidePart::Profile => {
                Message::new("finding-outside-grant-profile").with("profile", self.profile())
            }
            // Neither address is told to whoever has the other.
            OutsidePart::Requester => Message::new("finding-outside-grant-requester"),
            OutsidePart::Names => {
                let is_outside = |name: &&String| !self.terms().cover(std::slice::from_ref(*name));
                let first = names.iter().find(is_outside).map(|name| quoted(name)).unwrap_or_default();
                Message::new("finding-outside-grant-name").with("name", first)
            }
        };
        Finding::refused(Code::OutsideGrant, detail, Message::new("finding-outside-grant-advice"))
    }
}

impl StandingError {
    /// Every value.
    const ALL: [Self; 5] = [Self::NotAllowed, Self::Ended, Self::Over, Self::ApproversLeft, Self::UsedUp];

    /// The error with this text, as Sign reports it to the state machine.
    #[must_use]
    pub fn of_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|error| error.to_string() == text)
    }

    /// The finding in words for the requester.
    #[must_use]
    pub fn finding(self) -> Finding {
        let (code, detail) = match self {
            Self::NotAllowed => (Code::GrantOver, "finding-grant-not-allowed"),
            Self::Ended => (Code::GrantOver, "finding-grant-ended"),
            Self::Over => (Code::GrantOver, "finding-grant-over"),
            Self::ApproversLeft => (Code::GrantOver, "finding-grant-approvers-left"),
            Self::UsedUp => (Code::GrantUsedUp, "finding-grant-used-up"),
        };
        Finding::refused(code, Message::new(detail), Message::new("finding-grant-advice"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::Language;

    #[test]
    fn what_sign_reports_is_read_back() {
        for error in StandingError::ALL {
            assert_eq!(StandingError::of_text(&error.to_string()), Some(error));
        }
        assert_eq!(StandingError::of_text("name_not_allowed"), None);
    }

    #[test]
    fn each_end_has_its_own_words() {
        let words: std::collections::BTreeSet<_> = StandingError::ALL
            .into_iter()
            .flat_map(|error| Language::ALL.map(|language| error.finding().detail_in(language).into_owned()))
            .collect();
        assert_eq!(words.len(), StandingError::ALL.len() * Language::ALL.len());
    }
}
