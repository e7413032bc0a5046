//! The link of a review: in a path, and in the cookie of a sign-in.

use serde::{Deserialize, Serialize};

/// The key of a link to one request, or the key of a list and a request in it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReviewPath {
    /// The key. A bearer secret.
    pub(crate) key: String,
    /// The request, if the key is of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
}
