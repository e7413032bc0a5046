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

/// The text of a question, in a message. Never shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QuestionText(#[serde(serialize_with = "crate::secret::exposed")] Secret<String>);

impl QuestionText {
    /// Wraps the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Secret::new(text.into()))
    }

    /// Returns the text, for the mail.
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
    /// For notify and await-approval: the address whose overview is asked for. Anybody may have typed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<Email>,
    /// For sign: the subject key identifier (lower-case hex) of the issuer whose revocation list is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// For notify: the enrolment whose code is due. For sign: a proof of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<Box<EnrolmentMessage>>,
    /// For sign: the keys of the identity provider are to be fetched. Of which one, only the policy says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub provider_keys: bool,
    /// For sign: the standing approval of the request is to be ended. Whether its requester wants that, and why, the row says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub end_standing: bool,
    /// For notify: the question that is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<QuestionText>,
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
            provider_keys: false,
            end_standing: false,
            question: None,
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

    /// Asks notify to mail a question of an approver to the requester.
    pub fn question(request_id: RequestId, number: u32, text: QuestionText) -> Self {
        Self { question: Some(text), ..Self::mail(request_id, MailKind::Question(number)) }
    }

    /// Asks notify to mail the overview to this address, if it has requests.
    pub fn overview(requester: Email) -> Self {
        Self { requester: Some(requester), ..Self::mail(RequestId::random(), MailKind::Overview) }
    }

    /// Asks await-approval to mail this approver the link to everything that waits for them.
    pub fn inbox(approver: Email) -> Self {
        let kind = MailKind::Inbox { approver: approver.clone() };
        Self { requester: Some(approver), ..Self::mail(RequestId::random(), kind) }
    }

    /// Asks notify to mail the code of an enrolment, or sign to check a proof of it. `request_id` is of the link on whose
    /// page it began.
    pub fn enrolment(request_id: RequestId, message: EnrolmentMessage) -> Self {
        let mail = (message.code.is_none() && message.vouch.is_none()).then_some(MailKind::Enrolment);
        Self { enrolment: Some(Box::new(message)), mail, ..Self::look(request_id) }
    }

    /// Asks sign to fetch the keys of the identity provider of the policy. `request_id` is of the decision that needs them.
    pub fn provider_keys(request_id: RequestId) -> Self {
        Self { provider_keys: true, ..Self::look(request_id) }
    }

    /// Asks sign to end a standing approval, as its requester ordered in the row.
    pub fn end_standing(request_id: RequestId) -> Self {
        Self { end_standing: true, ..Self::look(request_id) }
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
