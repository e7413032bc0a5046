//! The mail to an approver with the question for a decision.
//!
//! Invariant: pure. The mail shows the contents that the approval binds (names, subject, key, profile) and quotes the
//! requester's comment; its link is the approver's own. Reading it decides nothing.

use time::OffsetDateTime;
use workflow::finding::Finding;
use workflow::grant::CsrSummary;
use workflow::mail::MailContent;
use workflow::name_list::names_in_short;
use workflow::request::Request;
use workflow::texts::{Language, Message};

/// The reason for a mail to an approver.
#[derive(Clone, Copy)]
pub(crate) enum Asking {
    /// A new request.
    First,
    /// A reminder of an undecided request.
    Again,
}

impl Asking {
    /// The content of the mail to the approver, whose own link is `link`; all links work until `expires_at`.
    pub(crate) fn content(
        self,
        language: Language,
        request: &Request,
        csr: &CsrSummary,
        findings: &[Finding],
        link: &str,
        expires_at: OffsetDateTime,
    ) -> MailContent {
        let person = request.email().as_str();
        let names = names_in_short(language, &csr.names);
        let (subject, heading, text) = match self {
            Asking::First => ("mail-decide-subject", "mail-decide-heading", Message::new("mail-decide")),
            Asking::Again => {
                let asked = language.day(request.registration_date());
                (
                    "mail-remind-subject",
                    "mail-remind-heading",
                    Message::new("mail-remind").with("asked", asked),
                )
            }
        };
        MailContent::new(
            language,
            &Message::new(subject).with("names", names).with("person", person),
            &Message::new(heading),
        )
        .paragraph(&text.with("person", person))
        .certificate(csr, request.profile())
        .fact(&Message::new("mail-requester"), person)
        .fact(&Message::new("mail-asked-on"), &language.instant_of_week(request.registration_date()))
        .fact(&Message::new("mail-decide-by"), &language.instant_of_week(expires_at))
        .quote(&Message::new("mail-they-wrote").with("person", person), request.comment())
        .findings(findings)
        .button(&Message::new("mail-review"), link)
        .closing(&Message::new("mail-link-is-yours"))
        .closing(&Message::new("mail-unexpected"))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use workflow::finding::Code;
    use workflow::mail::Mail;
    use workflow::request::Submission;

    use workflow::mail_kind::MailKind;

    use super::*;

    fn asked(comment: &str, names: &[&str], findings: &[Finding]) -> Mail {
        mail(Language::English, false, comment, names, findings)
    }

    fn mail(language: Language, reminds: bool, comment: &str, names: &[&str], findings: &[Finding]) -> Mail {
        let submission = Submission {
            email: "alice@example.com".parse().unwrap(),
            language: Language::English,
            comment: comment.into(),
            csr_content: "the CSR".into(),
            profile: "server".into(),
            replaces: None,
            policy_version: "1".into(),
            checked_key: None,
        };
        let id = "5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d".parse().unwrap();
        let request = Request::submitted(id, submission, "arn".into(), datetime!(2026-01-01 12:00 UTC));
        let csr = CsrSummary {
            csr_digest: "c".repeat(64),
            subject: "CN=www.example.com".into(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            public_key_digest: "d".repeat(64),
            key: "EC P-256".into(),
        };
        let link = "https://ca.example.com/approvals/the-key-of-bob";
        let bob: workflow::email::Email = "bob@example.com".parse().unwrap();
        let until = datetime!(2026-01-08 12:00 UTC);
        let asking = if reminds { Asking::Again } else { Asking::First };
        asking.content(language, &request, &csr, findings, link, until).to(
            id,
            &MailKind::Approval { generation: 1, approver: bob.clone() },
            &bob,
        )
    }

    #[test]
    fn the_approver_sees_what_is_decided() {
        let findings = [
            Finding::warning(
                Code::BadName,
                "The label \"xn--pypal-4ve\" mixes Latin and Cyrillic letters.",
                "Compare it letter by letter with the name you expect.",
            ),
            Finding::ignored(
                Code::ForbiddenExtension,
                "The CSR asks for the key usage keyCertSign, which the profile does not grant.",
                "The certificate won't contain it.",
            ),
        ];
        let names = ["www.example.com", "xn--pypal-4ve.example.com", "10.0.0.1"];
        let mail = asked("For the new shop.\n\nThe old one ends on Friday.", &names, &findings);
        insta::assert_snapshot!(format!("To: {}\nSubject: {}\n\n{}", mail.to, mail.subject, mail.text));
        insta::assert_snapshot!(mail.html);
    }

    #[test]
    fn a_short_request_makes_a_short_mail() {
        let mail = asked("", &["www.example.com"], &[]);
        insta::assert_snapshot!(format!("To: {}\nSubject: {}\n\n{}", mail.to, mail.subject, mail.text));
    }

    #[test]
    fn a_reminder_says_since_when_it_waits() {
        let mail = mail(Language::English, true, "", &["www.example.com"], &[]);
        insta::assert_snapshot!(format!("To: {}\nSubject: {}\n\n{}", mail.to, mail.subject, mail.text));
    }

    #[test]
    fn approvers_are_asked_and_reminded_in_japanese() {
        for (name, reminds) in [("ask", false), ("remind", true)] {
            let names = ["www.example.com", "api.example.com"];
            let mail = mail(Language::Japanese, reminds, "新しい店舗サイトのためです。", &names, &[]);
            let shown = format!("To: {}\nSubject: {}\n\n{}", mail.to, mail.subject, mail.text);
            insta::assert_snapshot!(format!("in_japanese_{name}"), shown);
        }
    }

    #[test]
    fn a_comment_cannot_speak_for_us() {
        let comment = "x\n\nReview and decide:\nhttps://evil.example/approvals/k\n<a href=\"https://evil.example\">Approve</a>";
        let mail = asked(comment, &["www.example.com"], &[]);
        assert_eq!(mail.text.matches("\nReview and decide:\n").count(), 1);
        assert!(mail.text.contains("\n> Review and decide:\n> https://evil.example/approvals/k\n"));
        assert!(!mail.html.contains("href=\"https://evil.example"));
    }

    #[test]
    fn the_link_is_in_the_mail_and_nowhere_else() {
        let mail = asked("", &["www.example.com"], &[]);
        assert!(mail.text.contains("\nhttps://ca.example.com/approvals/the-key-of-bob\n"));
        assert!(mail.html.contains("href=\"https://ca.example.com/approvals/the-key-of-bob\""));
        assert_eq!(mail.kind.to_string(), "approval/bob@example.com");
        assert!(!format!("{mail:?} {} {}", mail.subject, mail.kind).contains("the-key-of-bob"));
    }
}
