//! One name of a standing approval: a DNS name, an IP address, or everything below a suffix.

use std::fmt;

use pki::name::Name;
use serde::{Serialize, Serializer};

use crate::dns_rule::DnsRule;
use crate::finding::{Code, Finding, about_name};
use crate::texts::Message;

/// A name, or a suffix that stands for every DNS name below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StandingName {
    /// This DNS name or IP address.
    Exactly(Name),
    /// Every DNS name below this one, written `.web.example.com`; wildcards too.
    Below(String),
}

impl StandingName {
    /// Reads a name as people write it.
    ///
    /// # Errors
    /// The finding about a name that is not valid, or of a kind that no standing approval has.
    pub fn read(text: &str) -> Result<Self, Finding> {
        let Some(suffix) = text.strip_prefix('.') else {
            let name: Name = text.parse()?;
            return match name {
                Name::Dns(_) | Name::Ip(_) => Ok(Self::Exactly(name)),
                Name::Email(_) | Name::Uri(_) => Err(Finding::refused(
                    Code::BadName,
                    about_name("finding-terms-name-kind", &name),
                    Message::new("finding-terms-name-kind-advice"),
                )),
            };
        };
        // Two labels at least: nobody owns a top-level domain.
        match Name::dns(suffix)? {
            Name::Dns(suffix) if !suffix.starts_with("*.") => Ok(Self::Below(suffix)),
            wildcard => Err(Finding::refused(
                Code::BadName,
                about_name("finding-terms-wildcard-suffix", &wildcard),
                Message::new("finding-terms-wildcard-suffix-advice"),
            )),
        }
    }

    /// True if `name` is this name, or one below the suffix.
    #[must_use]
    pub fn covers(&self, name: &Name) -> bool {
        match (self, name) {
            (Self::Exactly(own), _) => own == name,
            (Self::Below(suffix), Name::Dns(name)) => DnsRule::Below(suffix.clone()).covers(name),
            (Self::Below(_), _) => false,
        }
    }
}

impl fmt::Display for StandingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(name) => name.fmt(f),
            Self::Below(suffix) => write!(f, ".{suffix}"),
        }
    }
}

impl Serialize for StandingName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
