//! Names outside a standing approval: the request of an extension that has them, and what the client reads about it.

use async_trait::async_trait;
use pki::acme::AcmeIdentifier;
use time::OffsetDateTime;
use workflow::acme::{AcmeAccountId, ExtensionPause};
use workflow::approval::BaseUrl;
use workflow::approval::standing::StandingApproval;
use workflow::ids::RequestId;
use workflow::ports::PortError;
use workflow::request::audit::Origin;

/// The names that an account ordered, and that its standing approval does not have.
#[derive(Clone, Debug)]
pub struct WantedNames {
    /// The account.
    pub account: AcmeAccountId,
    /// The standing approval of the account.
    pub standing: RequestId,
    /// The standing approval whose terms are extended: that of the account, or its latest extension.
    pub base: StandingApproval,
    /// The names, sorted: the same order has the same names.
    pub names: Vec<String>,
    /// The caller, for the audit trail.
    pub by: Origin,
}

/// A request of an extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiledExtension {
    /// The request.
    pub request_id: RequestId,
    /// Whom it waits for, in words.
    pub waits: String,
}

/// What became of names outside a standing approval.
#[derive(Clone, Debug, PartialEq)]
pub enum ExtensionState {
    /// A request for all of them is not decided yet.
    Filed(FiledExtension),
    /// A request for other names is not decided yet, and one is asked for at a time.
    OtherOpen(FiledExtension),
    /// Another call is about to file a request for other names.
    Contended,
    /// An extension came to nothing, and programs do not ask for another one yet.
    Paused(ExtensionPause),
    /// The policy or the issuer allows no such extension.
    NotAllowed {
        /// The names at fault, each with the reason in words.
        names: Vec<(String, String)>,
        /// The first reason, in words.
        reason: String,
    },
    /// The requester has as many requests as the policy allows; the reason in words.
    Limited(String),
}

/// Files the requests of extensions.
#[async_trait]
pub trait ExtensionRequests: Send + Sync {
    /// Files the request on behalf of the requester of the standing approval, unless one for these names is open. Idempotent:
    /// clients order again and again, and approvers are asked once.
    async fn file(&self, wanted: &WantedNames) -> Result<ExtensionState, PortError>;
}

impl ExtensionState {
    /// A sentence about all names, and what to do.
    pub(crate) fn sentence(&self, base_url: &BaseUrl) -> String {
        let by_person = format!(
            "take the names out of the order, or ask for a standing approval that has them at {base_url}"
        );
        match self {
            Self::Filed(filed) => format!(
                "an extension that has them is asked for by request {}: {}; order again when it is approved",
                filed.request_id, filed.waits
            ),
            Self::OtherOpen(filed) => format!(
                "an extension for other names is asked for by request {}, and these are asked for when that one is decided: {}",
                filed.request_id, filed.waits
            ),
            Self::Contended => {
                "another order is about to ask for other names, and these are asked for after them; order again in a minute".to_owned()
            }
            Self::Paused(ExtensionPause { declined, is_same, until }) => {
                let what = if *is_same { "the same names" } else { "others" };
                format!(
                    "the extension of request {} is {}, and programs ask for {what} after {} at the earliest, so that approvers are not asked over and over; {by_person}",
                    declined.request_id,
                    declined.status,
                    day(*until),
                )
            }
            Self::NotAllowed { reason, .. } => {
                format!("no extension is asked for, since the policy allows none that has them: {reason} {by_person}")
            }
            Self::Limited(reason) => {
                format!("no extension is asked for, since {reason}; order again when some of them are decided, or {by_person}")
            }
        }
    }

    /// What is said about one of the names.
    pub(crate) fn about(&self, name: &AcmeIdentifier, standing: RequestId) -> String {
        let outside = format!("not in the standing approval {standing}");
        let name = name.name().to_string();
        match self {
            Self::Filed(filed) => {
                format!("{outside}; asked for by request {}: {}", filed.request_id, filed.waits)
            }
            Self::OtherOpen(_) | Self::Contended => format!("{outside}; not asked for yet"),
            Self::Paused(pause) => {
                format!("{outside}; not asked for before {}", day(pause.until))
            }
            Self::NotAllowed { names, .. } => match names.iter().find(|(one, _)| *one == name) {
                Some((_, reason)) => format!("{outside}; cannot be asked for: {reason}"),
                None => format!("{outside}; not asked for"),
            },
            Self::Limited(_) => format!("{outside}; not asked for"),
        }
    }
}

/// A time as a log of a client shows it.
pub(crate) fn day(at: OffsetDateTime) -> String {
    let (date, time) = (at.date(), at.time());
    format!("{date} {:02}:{:02} UTC", time.hour(), time.minute())
}
