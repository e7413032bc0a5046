//! A question of an approver to the requester, and the answer, as the approval keeps them.
//!
//! Invariant: the text of a recorded question or answer never changes. [`questions`](super::questions) records them.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::decision::Outcome;
use crate::email::Email;

/// The most questions about one request.
pub const MAX_QUESTIONS: usize = 10;

/// A question of an approver to the requester.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// Its number: 1 for the first about the request.
    pub number: u32,
    /// The approver who asks.
    pub approver: Email,
    /// The question, in the approver's words.
    #[serde(rename = "question")]
    pub text: String,
    /// The time of the question, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub asked_at: OffsetDateTime,
    /// The requester's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<QuestionAnswer>,
}

/// The requester's answer to a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuestionAnswer {
    /// The answer, in the requester's words.
    pub text: String,
    /// The time of the answer, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// The reason why a question or an answer was not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
    /// The request is decided.
    #[error("the request is {0}")]
    Decided(Outcome),
    /// The requester withdrew the request.
    #[error("the request was withdrawn")]
    Withdrawn,
    /// The approval period is over.
    #[error("the time to decide is over")]
    Expired,
    /// The person is not an approver of the request.
    #[error("not an approver of this request")]
    NotAnApprover,
    /// There are [`MAX_QUESTIONS`] already.
    #[error("there are {MAX_QUESTIONS} questions already")]
    TooMany,
    /// No question has this number.
    #[error("there is no such question")]
    NoSuchQuestion,
    /// The question has another answer already.
    #[error("the question is answered")]
    Answered,
}
