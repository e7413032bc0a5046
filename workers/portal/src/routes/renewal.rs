//! The request that a submission renews: opened by the key of its link.
//!
//! Invariant: an unknown id, a wrong key and a key that does not open the certificate get the same finding, so a
//! submission tells nothing about requests of others.

use workflow::approval::opened::OpenedRequest;
use workflow::finding::{Code, Finding};
use workflow::ids::RequestId;
use workflow::ports::PortError;
use workflow::request::input::missing;
use workflow::request::intake::ReplacedRequest;
use workflow::texts::Message;

use crate::forms::submission::{FieldError, SubmissionForm};
use crate::state::Portal;

/// The request that the form renews; `None` if it renews none. The inner error is what is wrong with the fields.
pub(crate) async fn replaced(
    portal: &Portal,
    form: &SubmissionForm,
) -> Result<Result<Option<ReplacedRequest>, FieldError>, PortError> {
    // Under a standing approval, the form says that it renews nothing.
    if form.standing.is_some() {
        return Ok(Ok(None));
    }
    let key = match (form.replaces.as_str(), &form.replaces_key) {
        ("", None) => return Ok(Ok(None)),
        ("", Some(_)) => return Ok(Err(lacking("replaces", "finding-give-replaces"))),
        (_, None) => return Ok(Err(lacking("replacesKey", "finding-give-replaces-key"))),
        (_, Some(key)) => key.expose(),
    };
    let opened = match form.replaces.parse::<RequestId>() {
        Ok(id) => OpenedRequest::open(&*portal.requests, &*portal.links, &*portal.clock, id, key).await?,
        Err(_) => None,
    };
    Ok(match opened.filter(OpenedRequest::may_download) {
        Some(opened) => Ok(Some(ReplacedRequest { request: opened.request, at: portal.clock.now() })),
        None => {
            let detail = Message::new("finding-renewal-unknown");
            let advice = Message::new("finding-renewal-unknown-advice");
            Err(FieldError { field: "replaces", finding: Finding::refused(Code::BadRequest, detail, advice) })
        }
    })
}

/// The page has no field of either name: both are hidden, below one heading.
fn lacking(field: &str, advice: &'static str) -> FieldError {
    FieldError { field: "replaces", finding: missing(field, advice) }
}
