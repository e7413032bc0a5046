//! What travels on queues: the token of a task, and the message that asks a worker to look at a request again.

use serde::{Deserialize, Serialize};

use crate::ids::RequestId;
use crate::secret::Secret;

/// A Step Functions task token: a bearer secret, never shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskToken(#[serde(serialize_with = "crate::secret::exposed")] Secret<String>);

impl TaskToken {
    /// Wraps the token.
    pub fn new(token: impl Into<String>) -> Self {
        Self(Secret::new(token.into()))
    }

    /// The token, for the call to Step Functions and for its table.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// What lies on a queue that is no task: a request to look at, and perhaps why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecheckMessage {
    /// Which request.
    pub request_id: RequestId,
    /// For await-approval: all links are to be replaced by those of this generation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<u32>,
    /// For notify: the occasion of the mail that is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occasion: Option<String>,
}

impl RecheckMessage {
    /// Look again.
    pub fn look(request_id: RequestId) -> Self {
        Self { request_id, links: None, occasion: None }
    }

    /// Send new links, of this generation.
    pub fn links(request_id: RequestId, generation: u32) -> Self {
        Self { links: Some(generation), ..Self::look(request_id) }
    }

    /// Send the mail of this occasion.
    pub fn mail(request_id: RequestId, occasion: impl Into<String>) -> Self {
        Self { occasion: Some(occasion.into()), ..Self::look(request_id) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_token_is_stored_as_its_text_and_not_shown() {
        let token = TaskToken::new("AQB4");
        assert_eq!(serde_json::to_string(&token).unwrap(), "\"AQB4\"");
        assert_eq!(serde_json::from_str::<TaskToken>("\"AQB4\"").unwrap(), token);
        assert_eq!(format!("{token:?}"), "TaskToken(redacted)");
    }
}
