//! Messages on queues: the token of a task, and the message that asks a worker to re-check a request.

use serde::{Deserialize, Serialize};

use crate::email::Email;
use crate::enrolment::EnrolmentMessage;
use crate::ids::RequestId;
use crate::mail_kind::MailKind;
use crate::receiver::NoticeMessage;
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

    /// Returns the text of the token, for the call to Step Functions and for its table.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// A message without a task token: asks a worker to re-check a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecheckMessage {
    /// The request. An overview is of an address and a revocation list of an issuer: their messages have a random id.
    pub request_id: RequestId,
    /// For await-approval: the generation of the links that replace all earlier links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<u32>,
    /// For notify: the mail that is due.
    #[serde(default, rename = "occasion", skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailKind>,
    /// For notify: the address whose overview is asked for. Anybody may have typed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<Email>,
    /// For sign: the subject key identifier (lower-case hex) of the issuer whose revocation list is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// For notify: the enrolment whose code is due. For sign: a proof of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<Box<EnrolmentMessage>>,
    /// For notify: the event of the request that a receiver is told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Box<NoticeMessage>>,
}

impl RecheckMessage {
    /// Asks for a re-check only.
    pub fn look(request_id: RequestId) -> Self {
        Self {
            request_id,
            links: None,
            mail: None,
            requester: None,
            issuer: None,
            enrolment: None,
            notice: None,
        }
    }

    /// Asks await-approval for new links, of this generation.
    pub fn links(request_id: RequestId, generation: u32) -> Self {
        Self { links: Some(generation), ..Self::look(request_id) }
    }

    /// Asks notify to send a mail.
    pub fn mail(request_id: RequestId, kind: MailKind) -> Self {
        Self { mail: Some(kind), ..Self::look(request_id) }
    }

    /// Asks notify to mail the overview to this address, if it has requests.
    pub fn overview(requester: Email) -> Self {
        Self { requester: Some(requester), ..Self::mail(RequestId::random(), MailKind::Overview) }
    }

    /// Asks notify to mail the code of an enrolment, or sign to check a proof of it. `request_id` is of the link on whose
    /// page it began.
    pub fn enrolment(request_id: RequestId, message: EnrolmentMessage) -> Self {
        let mail = (message.code.is_none() && message.vouch.is_none()).then_some(MailKind::Enrolment);
        Self { enrolment: Some(Box::new(message)), mail, ..Self::look(request_id) }
    }

    /// Asks notify to tell a receiver of an event.
    pub fn notice(request_id: RequestId, notice: NoticeMessage) -> Self {
        Self { notice: Some(Box::new(notice)), ..Self::look(request_id) }
    }

    /// Asks sign to publish the revocation list of an issuer anew.
    pub fn publish_list(key_identifier: String) -> Self {
        Self { issuer: Some(key_identifier), ..Self::look(RequestId::random()) }
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
