//! The mail with an approver's question to the requester.
//!
//! Invariant: pure. The question is quoted: it is free text of a person. The approver is not named; the status page
//! names approvers as far as the policy allows.

use workflow::mail::MailContent;
use workflow::message::QuestionText;
use workflow::name_list::names_in_short;
use workflow::request::Request;
use workflow::texts::Message;

pub(crate) fn content(request: &Request, text: &QuestionText, status_link: &str) -> MailContent {
    let language = request.language();
    let all = request.known_names();
    let names = names_in_short(language, &all);
    MailContent::new(
        language,
        &Message::new("mail-question-subject").with("names", names),
        &Message::new("mail-question-heading"),
    )
    .paragraph(&Message::new("mail-question"))
    .quote(&Message::new("mail-they-ask"), text.expose())
    .names(&all)
    .button(&Message::new("mail-question-answer"), status_link)
    .closing(&Message::new("mail-question-key"))
}

#[cfg(test)]
mod tests {
    use workflow::mail_kind::MailKind;
    use workflow::request::Status;
    use workflow::testing::InMemoryBackend;
    use workflow::texts::Language;

    use super::*;

    #[test]
    fn the_question_is_quoted_in_both_languages() {
        let backend = InMemoryBackend::new();
        let csr = pki::testing::csr(&["www.example.com"]);
        let id = "5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d".parse().unwrap();
        for language in Language::ALL {
            let request =
                backend.unsaved_request(&csr, Status::PendingApproval).altered(|row| row.language = language);
            let text = QuestionText::new("Which shop is it for?\n<b>Which</b>?");
            let mail = content(&request, &text, "https://ca.example.com/requests/x?key=y");
            let mail = mail.to(id, &MailKind::Question(1), request.email());
            assert!(!mail.html.contains("<b>Which"));
            insta::assert_snapshot!(
                format!("question.{language}"),
                format!("Subject: {}\n\n{}", mail.subject, mail.text)
            );
        }
    }
}
