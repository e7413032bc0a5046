//! The rules of questions and answers in an approval.
//!
//! Invariant: pure, and idempotent. A question decides nothing, and only an undecided approval has new ones.

use time::OffsetDateTime;

use super::Approval;
use super::question::{MAX_QUESTIONS, Question, QuestionAnswer, QuestionError};
use crate::decision::Outcome;
use crate::email::Email;
use crate::timestamp::whole_seconds;

impl Approval {
    /// Records a question, and returns its number. The same question of the same approver is recorded once; the second
    /// value is true if it is new.
    ///
    /// # Errors
    /// See [`QuestionError`]; nothing changes then.
    pub fn question(
        &mut self,
        approver: &Email,
        text: &str,
        now: OffsetDateTime,
    ) -> Result<(u32, bool), QuestionError> {
        if !self.admits(approver, now) {
            return Err(QuestionError::NotAnApprover);
        }
        let is_it = |one: &&Question| one.approver == *approver && one.text == text;
        if let Some(known) = self.questions.iter().find(is_it) {
            return Ok((known.number, false));
        }
        self.ensure_open(now)?;
        if self.questions.len() >= MAX_QUESTIONS {
            return Err(QuestionError::TooMany);
        }
        let number = self.questions.last().map_or(1, |last| last.number.saturating_add(1));
        self.questions.push(Question {
            number,
            approver: approver.clone(),
            text: text.to_owned(),
            asked_at: whole_seconds(now),
            answer: None,
        });
        Ok((number, true))
    }

    /// Records the answer to a question. Idempotent; returns true if anything changed.
    ///
    /// # Errors
    /// See [`QuestionError`]; nothing changes then.
    pub fn answer(&mut self, number: u32, text: &str, now: OffsetDateTime) -> Result<bool, QuestionError> {
        let is_open = self.ensure_open(now);
        let question = self.questions.iter_mut().find(|one| one.number == number);
        let question = question.ok_or(QuestionError::NoSuchQuestion)?;
        match &question.answer {
            Some(answer) if answer.text == text => return Ok(false),
            Some(_) => return Err(QuestionError::Answered),
            None => is_open?,
        }
        question.answer = Some(QuestionAnswer { text: text.to_owned(), at: whole_seconds(now) });
        Ok(true)
    }

    fn ensure_open(&self, now: OffsetDateTime) -> Result<(), QuestionError> {
        match self.outcome {
            Some(_) if self.withdrawn => Err(QuestionError::Withdrawn),
            Some(Outcome::Expired) => Err(QuestionError::Expired),
            Some(outcome) => Err(QuestionError::Decided(outcome)),
            None if self.is_over(now) => Err(QuestionError::Expired),
            None => Ok(()),
        }
    }
}
