//! The links in mails to a requester.

use workflow::approval::{BaseUrl, StatusKey};
use workflow::request::Request;

/// The links of a requester to a request.
pub(crate) struct RequesterLinks {
    /// To its page.
    pub(crate) status: String,
    /// To the form with its values.
    pub(crate) again: String,
}

impl RequesterLinks {
    /// The links with this key, which only mails have.
    pub(crate) fn of(base_url: &BaseUrl, request: &Request, key: &StatusKey) -> Self {
        Self { status: base_url.status(request.id(), key), again: base_url.again(request.id(), key) }
    }
}
