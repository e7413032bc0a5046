//! The mail to an approver with the question for a decision.
//!
//! Invariant: pure. The mail shows the contents that the approval binds (names, subject, key, profile) and quotes the
//! requester's comment; its link is the approver's own. Reading it decides nothing.

use time::OffsetDateTime;
use workflow::approval::history::RequestHistory;
use workflow::approval::review::NeededApprovals;
use workflow::approval::words;
use workflow::approver_set::ApproverSet;
use workflow::email::Email;
use workflow::finding::Finding;
use workflow::mail::MailContent;
use workflow::name_list::names_in_short;
use workflow::request::Request;
use workflow::request::renewal::RenewalDifferences;
use workflow::texts::{Language, Message, Wording};

/// The reason for a mail to an approver.
#[derive(Clone, Copy)]
pub(crate) enum Asking {
    /// A new request.
    First,
    /// A reminder of an undecided request.
    Again,
}

/// What the mails say about a request; the same to every approver.
pub(crate) struct AskingFacts<'a> {
    pub(crate) request: &'a Request,
    /// The days of validity, if the policy grants the request.
    pub(crate) validity_days: Option<u32>,
    pub(crate) findings: &'a [Finding],
    pub(crate) differences: Option<&'a RenewalDifferences>,
    pub(crate) history: RequestHistory,
    pub(crate) needed: Vec<NeededApprovals>,
    pub(crate) quorum: usize,
    /// The approvers by the policy in force, who say who stands in for whom.
    pub(crate) in_force: ApproverSet,
    pub(crate) is_escalated: bool,
    pub(crate) now: OffsetDateTime,
    /// The time until which all links work.
    pub(crate) expires_at: OffsetDateTime,
}

impl Asking {
    /// The content of the mail to the approver, whose own link is `link`.
    pub(crate) fn content(
        self,
        wording: Wording,
        facts: &AskingFacts<'_>,
        approver: &Email,
        link: &str,
    ) -> MailContent {
        let language = wording.language;
        let request = facts.request;
        let person = request.email().as_str();
        let names = names_in_short(language, &request.requested_names());
        let (subject, heading, text) = match self {
            Self::First => ("mail-decide-subject", "mail-decide-heading", "mail-decide"),
            Self::Again => ("mail-remind-subject", "mail-remind-heading", "mail-remind"),
        };
        let say = |id| request.kind().message(id).with("person", person);
        let text = say(text).with("asked", wording.day(request.registration_date()));
        let content =
            MailContent::new(language, &say(subject).with("names", names), &say(heading)).paragraph(&text);
        let stands_in = facts.in_force.stand_ins_of(approver, facts.is_escalated, facts.now);
        let content =
            stands_in.into_iter().fold(content, |content, one| content.paragraph(&words::stands_in(one)));
        facts
            .summarised(content, language, approver)
            .button(&Message::new("mail-review"), link)
            .content_of(request, facts.history.new_names())
            .fact(&Message::new("mail-requester"), person)
            .fact(&Message::new("mail-asked-on"), &wording.instant_of_week(request.registration_date()))
            .fact(&Message::new("mail-decide-by"), &wording.instant_of_week(facts.expires_at))
            .renewal(wording, facts.differences)
            .quote_start(&Message::new("mail-they-wrote").with("person", person), request.comment())
            .findings_for_approver(facts.findings)
            .closing(&Message::new("mail-link-is-yours"))
            .closing(&Message::new("mail-unexpected"))
    }
}

impl AskingFacts<'_> {
    /// Adds the summary: the validity, what is new or unusual, certificates in use, and the approvals so far.
    fn summarised(&self, content: MailContent, language: Language, approver: &Email) -> MailContent {
        let (history, count) = (&self.history, self.request.requested_names().len());
        let validity = match self.validity_days {
            Some(days) => language.say(&Message::new("days").with("days", days)),
            None => language.text("mail-not-granted"),
        };
        let mut unusual: Vec<String> =
            history.anomalies.iter().map(|one| words::unusual(language, one, count)).collect();
        if unusual.is_empty() {
            unusual.push(language.text("mail-nothing-unusual"));
        }
        let live = (!history.live.is_empty()).then(|| {
            let id = if history.has_more_live { "mail-live-more" } else { "mail-live" };
            language.say(&Message::new(id).with("count", history.live.len()))
        });
        let missing: usize = self.needed.iter().map(|one| one.missing.approvals).sum();
        let so_far = Message::new("review-approvals")
            .with("approvals", self.quorum.saturating_sub(missing))
            .with("quorum", self.quorum);
        let shown = |one: &Email| words::approver_or_you(language, one, approver);
        let needed = words::still_needed(language, &self.needed, shown);
        content
            .summary(&self.request.kind().message("mail-validity"), [validity])
            .summary(&Message::new("review-unusual"), unusual)
            .summary(&Message::new("mail-in-use"), live)
            .summary(&Message::new("mail-approvals"), std::iter::once(language.say(&so_far)).chain(needed))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};
    use workflow::approval::history::Anomaly;
    use workflow::approver_set::MissingApprovals;
    use workflow::finding::Code;
    use workflow::grant::CsrSummary;
    use workflow::mail::Mail;
    use workflow::request::{RequestContent, Submission};
    use workflow::stand_in::StandIn;
    use workflow::testing::fixtures;

    use workflow::mail_kind::MailKind;

    use super::*;

    fn asked(comment: &str, names: &[&str], findings: &[Finding]) -> Mail {
        mail(Language::English, false, comment, names, findings)
    }

    fn mail(language: Language, reminds: bool, comment: &str, names: &[&str], findings: &[Finding]) -> Mail {
        mail_to(language, reminds, comment, names, findings, false)
    }

    /// As [`mail`]; `stands_in` for a mail to somebody who stands in for an approver.
    fn mail_to(
        language: Language,
        reminds: bool,
        comment: &str,
        names: &[&str],
        findings: &[Finding],
        stands_in: bool,
    ) -> Mail {
        let submission = Submission {
            email: "alice@example.com".parse().unwrap(),
            language: Language::English,
            comment: comment.into(),
            content: RequestContent::certificate("the CSR".into(), None, None),
            profile: "server".into(),
            policy_version: "1".into(),
        };
        let id = "5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d".parse().unwrap();
        let now = datetime!(2026-01-01 12:00 UTC);
        let mut request = Request::submitted(id, submission, "arn".into(), now);
        let csr = CsrSummary {
            csr_digest: "c".repeat(64),
            subject: "CN=www.example.com".into(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            public_key_digest: "d".repeat(64),
            key: "EC P-256".into(),
        };
        let first = csr.names[..1].to_vec();
        request.record_csr(csr, None, "1", now);
        let link = "https://ca.example.com/approvals/the-key-of-bob";
        let [bob, carol]: [Email; 2] =
            ["bob@example.com", "carol@example.com"].map(|address| address.parse().unwrap());
        let missing = MissingApprovals { group: Some("platform".into()), approvals: 1 };
        let stand_ins = match stands_in {
            true => vec![StandIn {
                person: fixtures::approver(),
                by: bob.clone(),
                from: date!(2025 - 12 - 20),
                until: date!(2026 - 01 - 06),
            }],
            false => Vec::new(),
        };
        let facts = AskingFacts {
            request: &request,
            validity_days: Some(365),
            findings,
            differences: None,
            history: RequestHistory {
                live: Vec::new(),
                has_more_live: false,
                anomalies: vec![Anomaly::FirstRequest { names: first }],
            },
            needed: vec![NeededApprovals {
                missing,
                approvers: vec![bob.clone(), carol],
                stand_ins: Vec::new(),
            }],
            quorum: 2,
            in_force: ApproverSet { stand_ins, ..fixtures::approver_set() },
            is_escalated: false,
            now,
            expires_at: datetime!(2026-01-08 12:00 UTC),
        };
        let asking = if reminds { Asking::Again } else { Asking::First };
        asking.content(Wording::utc(language), &facts, &bob, link).to(
            id,
            &MailKind::Approval { generation: 1, approver: bob.clone() },
            &bob,
        )
    }

    #[test]
    fn many_names_and_a_long_comment_are_cut_and_the_button_comes_first() {
        let names: Vec<String> = (0..100).map(|n| format!("n{n}.shop.example.com")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let text = asked(&"A line.\n".repeat(40), &names, &[]).text;
        let (before, after) = text.split_once("/approvals/the-key-of-bob").unwrap();
        assert!(before.lines().count() < 30, "{before}");
        assert!(
            after.contains("95 more names") && after.matches(".shop.example.com").count() == 5,
            "{after}"
        );
        assert_eq!(after.matches("> A line.").count(), 8, "{after}");
        assert_eq!(text.matches("/approvals/the-key-of-bob").count(), 1);
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
    fn a_stand_in_reads_for_whom_and_until_when() {
        for (language, says) in [
            (Language::English, "\nYou stand in for approver@example.com until 6 January 2026.\n"),
            (Language::Japanese, "\nあなたは2026年1月6日まで、approver@example.com さんの代理です。\n"),
        ] {
            let mail = mail_to(language, false, "", &["www.example.com"], &[], true);
            assert!(mail.text.contains(says), "{}", mail.text);
            let own = mail_to(language, false, "", &["www.example.com"], &[], false);
            assert!(!own.text.contains("6 January") && !own.text.contains("1月6日"), "{}", own.text);
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
