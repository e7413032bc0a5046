//! Questions of approvers to the requester, and the answers.
//!
//! Invariant: question and answer are recorded by a conditional write together with an event that has the digest of the
//! text; if the message to await-approval is then lost, a repetition or housekeeping sends it.

use time::OffsetDateTime;

use super::Approval;
use super::question::QuestionError;
use crate::email::Email;
use crate::framed_hash::FramedHash;
use crate::ids::RequestId;
use crate::message::RecheckMessage;
use crate::ports::{Approvals, Clock, PortError, Requests, WorkerQueue};
use crate::request::audit::{EventKind, Origin, PendingEvent};
use crate::store::{UpdateError, update_approval_audited};

/// The ports of questions and answers.
pub struct Questions<'a> {
    /// The rows.
    pub requests: &'a dyn Requests,
    /// The approvals.
    pub approvals: &'a dyn Approvals,
    /// The queue of await-approval, which has the mails sent.
    pub approval_queue: &'a dyn WorkerQueue,
    /// The time.
    pub clock: &'a dyn Clock,
}

/// The reason why a question or an answer failed.
#[derive(Debug, thiserror::Error)]
pub enum AskingError {
    /// The request has no approval.
    #[error("the request has no approval")]
    NoApproval,
    /// The approval rejects it.
    #[error(transparent)]
    Question(#[from] QuestionError),
    /// A port failed; the caller can try again.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl Questions<'_> {
    /// Records a question on behalf of `by`, and returns the approval and the number of the question. Idempotent.
    ///
    /// # Errors
    /// See [`AskingError`]; nothing is recorded then.
    pub async fn ask(
        &self,
        id: RequestId,
        approver: &Email,
        text: &str,
        by: &Origin,
    ) -> Result<(Approval, u32), AskingError> {
        let now = self.clock.now();
        let asked = update_approval_audited(self.approvals, self.requests, id, by, |approval| {
            let (number, is_new) = approval.question(approver, text, now)?;
            Ok((number, is_new.then(|| event(EventKind::QuestionAsked, number, text, now))))
        });
        let asked = asked.await.map_err(AskingError::of)?;
        tracing::info!(request.id = %id, "an approver asked question {} about request {id}", asked.value);
        self.wake(id).await;
        Ok((asked.row, asked.value))
    }

    /// Records an answer on behalf of `by`. Idempotent.
    ///
    /// # Errors
    /// See [`AskingError`]; nothing is recorded then.
    pub async fn answer(
        &self,
        id: RequestId,
        number: u32,
        text: &str,
        by: &Origin,
    ) -> Result<(), AskingError> {
        let now = self.clock.now();
        let answered = update_approval_audited(self.approvals, self.requests, id, by, |approval| {
            let is_new = approval.answer(number, text, now)?;
            Ok(((), is_new.then(|| event(EventKind::QuestionAnswered, number, text, now))))
        });
        answered.await.map_err(AskingError::of)?;
        tracing::info!(request.id = %id, "the requester answered question {number} about request {id}");
        self.wake(id).await;
        Ok(())
    }

    async fn wake(&self, id: RequestId) {
        if let Err(error) = self.approval_queue.recheck(&RecheckMessage::look(id)).await {
            tracing::error!(request.id = %id, %error, "a question about request {id} or its answer is recorded, but await-approval got no message; housekeeping will send it");
        }
    }
}

impl AskingError {
    fn of(error: UpdateError<QuestionError>) -> Self {
        match error {
            UpdateError::Missing(_) => Self::NoApproval,
            UpdateError::Rejected(error) => Self::Question(error),
            UpdateError::Port(error) => Self::Port(error),
        }
    }
}

/// The event of a question or an answer: its number, and the digest of its text.
fn event(kind: EventKind, number: u32, text: &str, now: OffsetDateTime) -> PendingEvent {
    let mut hash = FramedHash::new("countersign question 1");
    hash.field(text);
    PendingEvent::new(kind, now).with_digest(hash.finish()).with_detail(number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::approval::question::MAX_QUESTIONS;
    use crate::decision::Outcome;
    use crate::request::Status;
    use crate::request::audit::Actor;
    use crate::testing::{InMemoryBackend, fixtures};

    fn questions(backend: &InMemoryBackend) -> Questions<'_> {
        Questions { requests: backend, approvals: backend, approval_queue: backend, clock: backend }
    }

    fn approver(backend: &InMemoryBackend, id: RequestId) -> Email {
        backend.approval(id).unwrap().approver_set.approvers().remove(0)
    }

    fn count(backend: &InMemoryBackend, id: RequestId, kind: EventKind) -> usize {
        backend.audit(id).iter().filter(|event| event.event == kind).count()
    }

    #[tokio::test]
    async fn a_question_and_its_answer_are_recorded_once() {
        let backend = InMemoryBackend::new();
        let id = backend.request_at(Status::PendingApproval);
        let bob = approver(&backend, id);
        let by = Origin::caller(Actor::approver(&bob), None);
        for _ in 0..2 {
            let (_, number) = questions(&backend).ask(id, &bob, "Which shop?", &by).await.unwrap();
            assert_eq!(number, 1);
        }
        for _ in 0..2 {
            questions(&backend).answer(id, 1, "The new one.", &by).await.unwrap();
        }
        let approval = backend.approval(id).unwrap();
        assert_eq!(approval.questions.len(), 1);
        assert_eq!(approval.questions[0].answer.as_ref().unwrap().text, "The new one.");
        assert_eq!(count(&backend, id, EventKind::QuestionAsked), 1);
        assert_eq!(count(&backend, id, EventKind::QuestionAnswered), 1);
        assert!(approval.outcome.is_none(), "it decides nothing");
        assert_eq!(backend.rechecks().len(), 4);
        let other = questions(&backend).answer(id, 1, "Another one.", &by).await.unwrap_err();
        assert!(matches!(other, AskingError::Question(QuestionError::Answered)), "{other:?}");
        let none = questions(&backend).answer(id, 2, "What?", &by).await.unwrap_err();
        assert!(matches!(none, AskingError::Question(QuestionError::NoSuchQuestion)), "{none:?}");
        for event in backend.audit(id) {
            let event = serde_json::to_string(&event).unwrap();
            assert!(!event.contains("shop?") && !event.contains("new one"), "{event}");
        }
    }

    #[test]
    fn only_approvers_ask_and_only_while_it_is_undecided() {
        let backend = InMemoryBackend::new();
        let id = backend.request_at(Status::PendingApproval);
        let (bob, now) = (approver(&backend, id), Clock::now(&*backend));
        let mut approval = backend.approval(id).unwrap();
        let stranger = "stranger@example.com".parse().unwrap();
        assert_eq!(approval.question(&stranger, "Why?", now), Err(QuestionError::NotAnApprover));
        for number in 1..=MAX_QUESTIONS {
            assert_eq!(approval.question(&bob, &format!("{number}?"), now), Ok((number as u32, true)));
        }
        assert_eq!(approval.question(&bob, "One more?", now), Err(QuestionError::TooMany));
        let late = approval.expires_at;
        assert_eq!(approval.question(&bob, "Late?", late), Err(QuestionError::Expired));
        assert_eq!(approval.answer(1, "Late.", late), Err(QuestionError::Expired));
        assert_eq!(approval.answer(1, "In time.", now), Ok(true));
        approval.withdraw(now).unwrap();
        assert_eq!(approval.question(&bob, "Still?", now), Err(QuestionError::Withdrawn));
        assert_eq!(approval.question(&bob, "1?", now), Ok((1, false)), "a repetition changes nothing");
        let mut decided = backend.approval(id).unwrap();
        let shown = crate::decision::ReviewDigest::from_text("shown");
        let vote = fixtures::vote_input(crate::decision::Decision::Reject, &shown, None);
        decided.vote(&vote, &shown, &decided.approver_set.clone(), now).unwrap();
        let error = decided.question(&bob, "Why?", now).unwrap_err();
        assert_eq!(error, QuestionError::Decided(Outcome::Rejected));
    }
}
