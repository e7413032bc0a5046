//! The mail that asks one approver for a decision.
//!
//! Invariant: pure. It shows what the approval binds (names, subject, key, profile) and what the requester wrote, as a
//! quotation; its link is the approver's own. Reading it decides nothing.

use time::OffsetDateTime;
use workflow::finding::Finding;
use workflow::mail::{Letter, names_in_short, on_day, with_time};
use workflow::request::{Facts, Request};

/// The letter that asks the approver whose own link is `link`; it works until `expires_at`.
pub(crate) fn ask(
    request: &Request,
    facts: &Facts,
    findings: &[Finding],
    link: &str,
    expires_at: OffsetDateTime,
) -> Letter {
    let requester = &request.email;
    let letter = Letter::new(
        &format!("Please decide: {} for {requester}", names_in_short(&facts.names)),
        "A certificate waits for your decision",
    )
    .paragraph(&format!(
        "{requester} asks for this certificate. Open the link to see the whole request, then approve or reject it. \
         Opening it decides nothing yet."
    ));
    asked_for(letter, request, facts, findings, link, expires_at)
}

/// The letter that reminds an approver; its link works as well as those in earlier mails.
pub(crate) fn remind(
    request: &Request,
    facts: &Facts,
    findings: &[Finding],
    link: &str,
    expires_at: OffsetDateTime,
) -> Letter {
    let requester = &request.email;
    let letter = Letter::new(
        &format!("Reminder: {} for {requester} waits for your decision", names_in_short(&facts.names)),
        "A certificate still waits for your decision",
    )
    .paragraph(&format!(
        "{requester} asked for this certificate on {}, and nobody has decided yet. Open the link to see the whole \
         request, then approve or reject it. Opening it decides nothing yet.",
        on_day(request.registration_date)
    ));
    asked_for(letter, request, facts, findings, link, expires_at)
}

fn asked_for(
    letter: Letter,
    request: &Request,
    facts: &Facts,
    findings: &[Finding],
    link: &str,
    expires_at: OffsetDateTime,
) -> Letter {
    let requester = &request.email;
    letter
        .certificate(facts, &request.profile)
        .fact("Requester", requester.as_str())
        .fact("Asked on", &with_time(request.registration_date))
        .fact("Decide by", &with_time(expires_at))
        .quote(&format!("{requester} wrote"), &request.comment)
        .findings(findings)
        .button("Review and decide", link)
        .closing("The link is yours alone and decides in your name: please do not forward this mail.")
        .closing("Is the request, or one of its names, unexpected? Then ask the requester, or reject it.")
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use workflow::finding::Code;
    use workflow::mail::Mail;
    use workflow::request::Submission;

    use super::*;

    fn asked(comment: &str, names: &[&str], findings: &[Finding]) -> Mail {
        mail(false, comment, names, findings)
    }

    fn mail(reminds: bool, comment: &str, names: &[&str], findings: &[Finding]) -> Mail {
        let submission = Submission {
            email: "alice@example.com".parse().unwrap(),
            comment: comment.into(),
            csr_content: "the CSR".into(),
            profile: "server".into(),
            policy_version: "1".into(),
        };
        let id = "5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d".parse().unwrap();
        let request = Request::submitted(id, submission, "arn".into(), datetime!(2026-01-01 12:00 UTC));
        let facts = Facts {
            csr_digest: "c".repeat(64),
            subject: "CN=www.example.com".into(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            public_key_digest: "d".repeat(64),
            key: "EC P-256".into(),
            policy_version: "1".into(),
        };
        let link = "https://ca.example.com/approvals/the-key-of-bob";
        let bob = "bob@example.com".parse().unwrap();
        let until = datetime!(2026-01-08 12:00 UTC);
        let write = if reminds { remind } else { ask };
        write(&request, &facts, findings, link, until).to(id, "approval/bob@example.com", &bob)
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
                "The certificate comes without it.",
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
        let mail = mail(true, "", &["www.example.com"], &[]);
        insta::assert_snapshot!(format!("To: {}\nSubject: {}\n\n{}", mail.to, mail.subject, mail.text));
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
        assert_eq!(mail.occasion, "approval/bob@example.com");
        assert!(!format!("{mail:?} {} {}", mail.subject, mail.occasion).contains("the-key-of-bob"));
    }
}
