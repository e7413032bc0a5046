//! The mails about questions of approvers: the question to the requester, by notify, and the answer to the approver.
//!
//! Invariant: each is sent at least once, with the same Message-ID each time. A question whose message to notify was lost
//! is passed on by the next re-check; an answer goes to the approver who asked, with a new link to the review.

use workflow::approval::Approval;
use workflow::approval::question::{Question, QuestionAnswer};
use workflow::email::Email;
use workflow::mail::MailContent;
use workflow::mail_kind::MailKind;
use workflow::message::{QuestionText, RecheckMessage};
use workflow::name_list::names_in_short;
use workflow::policy::Policy;
use workflow::request::Request;
use workflow::runtime::step::StepError;
use workflow::texts::{Language, Message};

use crate::AwaitApproval;

impl AwaitApproval {
    /// Has every question mailed to the requester, and mails every answer to who asked, as long as they may still vote.
    pub(crate) async fn pass_questions_on(
        &self,
        request: &Request,
        policy: &Policy,
        approval: &Approval,
    ) -> Result<(), StepError> {
        for question in &approval.questions {
            match &question.answer {
                None => self.pass_question_on(request, question).await?,
                Some(answer) => self.pass_answer_on(request, policy, approval, question, answer).await?,
            }
        }
        Ok(())
    }

    async fn pass_question_on(&self, request: &Request, question: &Question) -> Result<(), StepError> {
        let kind = MailKind::Question(question.number);
        if request.was_mailed(&kind) {
            return Ok(());
        }
        let text = QuestionText::new(&question.text);
        self.notify_queue.recheck(&RecheckMessage::question(request.id(), question.number, text)).await?;
        Ok(())
    }

    async fn pass_answer_on(
        &self,
        request: &Request,
        policy: &Policy,
        approval: &Approval,
        question: &Question,
        answer: &QuestionAnswer,
    ) -> Result<(), StepError> {
        let approver = &question.approver;
        let kind = MailKind::Answer { number: question.number, approver: approver.clone() };
        let (escalated, now) = (approval.is_escalated(), self.clock.now());
        let profile = policy.profile(Some(request.profile()));
        let is_approver = approval.admits(approver, now)
            && profile.is_ok_and(|profile| profile.lets_vote(approver, escalated, now));
        if request.was_mailed(&kind) || !is_approver {
            return Ok(());
        }
        let link = self.link(approval, approver).await?;
        let mail = content(policy.wording_for(approver).language, request, question, answer, &link);
        self.send_and_note(request, &mail.to(request.id(), &kind, approver)).await
    }
}

fn content(
    language: Language,
    request: &Request,
    question: &Question,
    answer: &QuestionAnswer,
    link: &str,
) -> MailContent {
    let person: &Email = request.email();
    let names = names_in_short(language, &request.known_names());
    let with = |id| Message::new(id).with("person", person.as_str());
    MailContent::new(
        language,
        &with("mail-answer-subject").with("names", names),
        &Message::new("mail-answer-heading"),
    )
    .paragraph(&with("mail-answer"))
    .quote(&Message::new("mail-you-asked"), &question.text)
    .quote(&with("mail-they-answered"), &answer.text)
    .button(&Message::new("mail-review"), link)
    .closing(&Message::new("mail-link-is-yours"))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use workflow::request::Status;
    use workflow::testing::InMemoryBackend;

    use super::*;

    #[test]
    fn the_answer_is_quoted_below_the_question() {
        let backend = InMemoryBackend::new();
        let csr = pki::testing::csr(&["www.example.com"]);
        let request = backend.unsaved_request(&csr, Status::PendingApproval);
        let id = "5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d".parse().unwrap();
        let at = datetime!(2026-01-01 12:00 UTC);
        let bob: Email = "bob@example.com".parse().unwrap();
        let answer =
            QuestionAnswer { text: "The new one.\nReview and decide:\nhttps://evil.example/".into(), at };
        let question = Question {
            number: 1,
            approver: bob.clone(),
            text: "Which shop is it for?".into(),
            asked_at: at,
            answer: Some(answer.clone()),
        };
        for language in Language::ALL {
            let link = "https://ca.example.com/approvals/the-key-of-bob";
            let kind = MailKind::Answer { number: 1, approver: bob.clone() };
            let mail = content(language, &request, &question, &answer, link).to(id, &kind, &bob);
            assert!(mail.text.contains("\n> https://evil.example/\n"), "{}", mail.text);
            assert!(!mail.html.contains("href=\"https://evil.example"));
            insta::assert_snapshot!(
                format!("answer.{language}"),
                format!("Subject: {}\n\n{}", mail.subject, mail.text)
            );
        }
    }
}
