//! What the review page says of other requests: what is unusual, and which certificates are in use.

use workflow::approval::history::{Anomaly, LiveCertificate, RelatedRequest};
use workflow::approval::words;
use workflow::texts::Message;

use super::names::{self, NamesView};
use super::{Instant, Markup, Site};

/// Something new or unusual.
pub(super) struct Unusual {
    /// The CSS class: red if another person has the same.
    pub(super) class: &'static str,
    pub(super) text: String,
    pub(super) related: Vec<Related>,
}

/// Another request with the same key or a same name.
pub(super) struct Related {
    pub(super) title: String,
    /// All names, if the title has not all.
    pub(super) names: Option<NamesView>,
    pub(super) about: Markup,
    pub(super) id: String,
    pub(super) is_of_other: bool,
    pub(super) asks_you: bool,
}

/// One certificate in use.
pub(super) struct Live {
    pub(super) title: String,
    /// All names, if the title has not all.
    pub(super) names: Option<NamesView>,
    pub(super) email: String,
    pub(super) not_after: Instant,
    pub(super) serial: String,
    pub(super) same_key: bool,
}

impl Unusual {
    pub(super) fn of(site: &Site, one: &Anomaly, count: usize) -> Self {
        let related = match one {
            Anomaly::KnownKey { related, .. } | Anomaly::NamesInProgress { related, .. } => {
                related.as_slice()
            }
            _ => &[],
        };
        Self {
            class: if words::has_other_requester(related) { "refused" } else { "warning" },
            text: words::unusual(site.language, one, count),
            related: related.iter().map(|one| Related::of(site, one)).collect(),
        }
    }
}

impl Related {
    pub(super) fn of(site: &Site, one: &RelatedRequest) -> Self {
        let (title, names) = names::title(site, &one.names);
        let status = site.say(Message::new("status-in-words").with("status", one.status.as_str()));
        let about = Message::new("unusual-related").with("email", one.email.as_str()).with("status", status);
        Self {
            title,
            names,
            about: site.markup(about).time("at", &site.instant(one.registration_date)),
            id: one.id.to_string(),
            is_of_other: one.other_requester,
            asks_you: one.asks_you,
        }
    }
}

impl Live {
    pub(super) fn of(site: &Site, one: &LiveCertificate) -> Self {
        let (title, names) = names::title(site, &one.names);
        Self {
            title,
            names,
            email: one.email.to_string(),
            not_after: site.instant(one.not_after),
            serial: one.serial.to_string(),
            same_key: one.same_key,
        }
    }
}
/// The names in no earlier request.
pub(super) fn new_names(anomalies: &[Anomaly]) -> &[String] {
    let new = anomalies.iter().find_map(|one| match one {
        Anomaly::FirstRequest { names } => Some(names.as_slice()),
        _ => None,
    });
    new.unwrap_or_default()
}
