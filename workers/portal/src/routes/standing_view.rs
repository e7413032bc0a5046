//! A standing approval in the answers to programs.

use pki::certificate::Serial;
use serde::Serialize;
use workflow::finding::{Code, Finding};
use workflow::ids::RequestId;
use workflow::request::audit::ActorRole;
use workflow::request::{Request, Status};
use workflow::timestamp::rfc3339;

use crate::standing::{ListedUse, StandingStatus};

/// The standing approval of a request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StandingJson<'a> {
    used: u32,
    most: u32,
    until: String,
    /// Why nothing more is signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    over: Option<OverJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<EndJson<'a>>,
    /// When the requester ordered an end that is not done yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    ending_since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<CredentialJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificates: Option<Vec<UseJson<'a>>>,
}

#[derive(Serialize)]
struct OverJson {
    code: Code,
    detail: String,
}

#[derive(Serialize)]
struct EndJson<'a> {
    at: String,
    /// The kind of person, not the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<ActorRole>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

/// The latest credential, without anything secret.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CredentialJson {
    number: u32,
    made_at: String,
}

/// One certificate.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UseJson<'a> {
    number: u32,
    request_id: RequestId,
    counted_at: String,
    names: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<&'a Serial>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after: Option<String>,
}

impl<'a> StandingJson<'a> {
    pub(super) fn of(request: &Request, standing: &'a StandingStatus) -> Self {
        let over = standing.outlook.over.map(|over| {
            let Finding { code, detail, .. } = over.finding();
            OverJson { code, detail }
        });
        let order = request.end_asked().filter(|_| standing.is_ending(request));
        Self {
            used: standing.approval.used(),
            most: standing.outlook.most,
            until: rfc3339(standing.outlook.until),
            over,
            ended: standing.end().map(|(end, reason)| EndJson {
                at: rfc3339(end.at),
                by: end.by.role(),
                reason,
            }),
            ending_since: order.map(|order| rfc3339(order.at)),
            credential: request.credential().map(|credential| CredentialJson {
                number: credential.number,
                made_at: rfc3339(credential.made_at),
            }),
            certificates: standing.newest.as_ref().map(|newest| newest.iter().map(UseJson::of).collect()),
        }
    }
}

impl<'a> UseJson<'a> {
    fn of(one: &'a ListedUse) -> Self {
        let row = one.request.as_ref();
        let signed = row.filter(|row| row.is_signed());
        Self {
            number: one.counted.number,
            request_id: one.counted.request_id,
            counted_at: rfc3339(one.counted.at),
            names: row.map(Request::names).unwrap_or_default(),
            status: row.map(Request::shown_status),
            serial: signed.and_then(Request::serial),
            not_after: signed.and_then(Request::not_after).map(rfc3339),
        }
    }
}
