//! Questions of approvers and the answers, on the review and on the status page.

use workflow::approval::question::Question;
use workflow::email::Email;
use workflow::texts::Message;

use super::{Markup, Site, shown};

/// One question.
pub(super) struct QuestionView {
    pub(super) number: u32,
    pub(super) asked: Markup,
    pub(super) text: String,
    /// Who answered and when, and the answer.
    pub(super) answer: Option<(Markup, String)>,
    /// The language of the answer, most likely, if it may be another than that of the page.
    pub(super) lang: Option<&'static str>,
}

impl QuestionView {
    /// The questions, for an approver.
    pub(super) fn for_approver(
        site: &Site,
        questions: &[Question],
        requester: &Email,
        requester_lang: &'static str,
    ) -> Vec<Self> {
        let view = |one: &Question| {
            let asked = Message::new("review-question-asked").with("approver", one.approver.as_str());
            let answered = || Message::new("review-question-answered").with("requester", requester.as_str());
            Self { lang: Some(requester_lang), ..Self::of(site, one, asked, answered) }
        };
        questions.iter().map(view).collect()
    }

    /// The questions, for the requester: no approver is named.
    pub(super) fn for_requester(site: &Site, questions: &[Question]) -> Vec<Self> {
        let answered = || Message::new("status-question-answered");
        questions
            .iter()
            .map(|one| Self::of(site, one, Message::new("status-question-asked"), answered))
            .collect()
    }

    fn of(site: &Site, one: &Question, asked: Message, answered: impl Fn() -> Message) -> Self {
        let answer = one.answer.as_ref().map(|answer| {
            (site.markup(answered()).time("at", &site.instant(answer.at)), shown(&answer.text))
        });
        Self {
            number: one.number,
            asked: site.markup(asked).time("at", &site.instant(one.asked_at)),
            text: shown(&one.text),
            answer,
            lang: None,
        }
    }
}
