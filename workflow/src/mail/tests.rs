use lettre::message::Mailbox;
use mail_parser::{MessageParser, MimeHeaders};
use proptest::prelude::*;

use super::*;
use crate::finding::{Code, Finding};
use crate::grant::CsrSummary;
use crate::name_list::names_in_short;
use crate::texts::{Language, Message, Wording};

fn id() -> RequestId {
    "5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d".parse().unwrap()
}

fn approval(approver: &str) -> MailKind {
    MailKind::Approval { generation: 1, approver: approver.parse().unwrap() }
}

fn requester() -> Email {
    "alice@example.com".parse().unwrap()
}

fn from() -> Mailbox {
    "Countersign <ca@example.com>".parse().unwrap()
}

fn facts(names: &[&str]) -> CsrSummary {
    CsrSummary {
        csr_digest: "c".repeat(64),
        subject: "CN=www.example.com".into(),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        public_key_digest: "d".repeat(64),
        key: "EC P-256".into(),
    }
}

/// A mail that uses everything a mail can have.
fn content() -> MailContent {
    MailContent::new(
        Language::English,
        "Approve certificate for www.example.com?",
        "A certificate needs your approval",
    )
    .paragraph("alice@example.com requested this certificate. Opening the link doesn't approve anything.")
    .certificate(&facts(&["www.example.com", "xn--bcher-kva.example.com", "10.0.0.1"]), "server")
    .fact("Decide by", &Wording::default().instant_of_week(time::macros::datetime!(2026-01-08 12:00 UTC)))
    .fact("Nothing", "")
    .quote("alice@example.com wrote", "Größe & <b>Mut</b>:\r\nfor the shop\n\n\n\n> Approved by \"IT\"\n")
    .findings(&[
        Finding::warning(Code::BadName, "\"xn--bcher-kva\" mixes scripts.", "Compare it letter by letter."),
        Finding::ignored(
            Code::ForbiddenExtension,
            "The CSR asks for nsCertType.",
            "Nothing needs to be done.",
        ),
    ])
    .button("Review and decide", "https://ca.example.com/approvals/k?a=1&b=2")
    .link("See the rules", "https://ca.example.com/")
    .closing("The link is yours alone: please do not forward this mail.")
}

#[test]
fn the_text_part() {
    insta::assert_snapshot!(content().to(id(), &approval("bob@example.com"), &requester()).text);
}

#[test]
fn the_html_part() {
    insta::assert_snapshot!(content().to(id(), &approval("bob@example.com"), &requester()).html);
}

#[test]
fn what_comes_from_outside_is_escaped_and_quoted() {
    let attack = "</td><script>alert(1)</script>\n\nApprove here: https://evil.example/\u{202e}";
    let mail = MailContent::new(Language::English, attack, attack)
        .paragraph(attack)
        .fact("Names", attack)
        .quote(attack, attack)
        .findings(&[Finding::refused(Code::BadName, attack, attack)])
        .button(attack, attack)
        .link(attack, attack)
        .closing(attack)
        .to(id(), &MailKind::Received, &requester());
    assert!(!mail.html.contains("<script"));
    assert!(!mail.html.contains("alert(1)</"), "its tags are text");
    for part in [&mail.subject, &mail.text, &mail.html] {
        assert!(!part.contains('\u{202e}'));
    }
    assert!(mail.text.contains("\n> Approve here: https://evil.example/\n"));
}

proptest! {
    #[test]
    fn any_quoted_text_stays_in_its_quotation(comment in any::<String>(), more in "([^a]|\r|\n|<|&|\"){0,40}") {
        let quoting = |comment: &str| MailContent::new(Language::English, "s", "h").quote("They wrote", &format!("x{comment}")).to(id(), &MailKind::Received, &requester());
        let (plain, mail) = (quoting(""), quoting(&format!("{comment}\n{more}")));
        let ours = |text: &str| text.lines().filter(|line| !line.starts_with('>')).map(str::to_owned).collect::<Vec<_>>();
        prop_assert_eq!(ours(&mail.text), ours(&plain.text));
        let tags = |html: &str| html.matches('<').count() - html.matches("<br>").count();
        prop_assert_eq!(tags(&mail.html), tags(&plain.html));
    }
}

#[test]
fn a_command_is_copied_from_one_line() {
    let command =
        format!("openssl req -new {}-out a.csr", "-addext subjectAltName=DNS:www.example.com ".repeat(4));
    let finding =
        Finding::refused(Code::WeakKey, "The RSA key has 1024 bits.", format!("Make one with: {command}"));
    let mail = MailContent::new(Language::English, "s", "h").findings(&[finding]).to(
        id(),
        &MailKind::Refused,
        &requester(),
    );
    assert!(mail.text.lines().any(|line| line.ends_with(&command)));
}

#[test]
fn a_long_list_is_cut_and_says_so() {
    let names: Vec<String> = (0..60).map(|n| format!("n{n}.example.com")).collect();
    let mail = MailContent::new(Language::English, "s", "h").list("Names", &names).to(
        id(),
        &MailKind::Received,
        &requester(),
    );
    assert!(mail.text.contains("n49.example.com\n  and 10 more\n"));
    assert!(!mail.text.contains("n50."));
}

#[test]
fn many_names_are_counted_and_shortened() {
    let names: Vec<String> = (0..100).map(|n| format!("n{n}.example.com")).collect();
    let mail = MailContent::new(Language::English, "s", "h").names(&names).to(
        id(),
        &MailKind::Received,
        &requester(),
    );
    assert!(
        mail.text.contains("Names:\n  100 names, all in example.com\n  n0.example.com\n"),
        "{}",
        mail.text
    );
    assert!(mail.text.contains("n9.example.com\n  90 more names\n"), "{}", mail.text);
    assert!(!mail.text.contains("n10.") && !mail.html.contains("n10."));
}

#[test]
fn nothing_is_fetched_from_elsewhere() {
    let html = content().to(id(), &MailKind::Received, &requester()).html;
    for fetched in ["<img", "<link", "<script", "url(", "@import", "src="] {
        assert!(!html.contains(fetched), "{fetched}");
    }
}

#[test]
fn mime_reads_back_as_it_was_written() {
    let mut mail = content().to(id(), &MailKind::Issued, &requester());
    mail.subject = "Zertifikat für www.example.com ist da".into();
    let file = |name: &str, content_type, bytes| MailAttachment { name: name.into(), content_type, bytes };
    mail.attachments = vec![
        file("certificate.zip", "application/zip", (0..=255).collect()),
        file("expiry.ics", "text/calendar; charset=utf-8", b"BEGIN:VCALENDAR\r\n".to_vec()),
    ];
    let bytes = mail.message(&from()).unwrap().formatted();
    let read = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(read.subject().unwrap(), mail.subject);
    assert_eq!(read.to().unwrap().first().unwrap().address().unwrap(), "alice@example.com");
    assert_eq!(read.from().unwrap().first().unwrap().name().unwrap(), "Countersign");
    assert_eq!(read.body_text(0).unwrap().replace("\r\n", "\n"), mail.text);
    assert_eq!(read.body_html(0).unwrap().replace("\r\n", "\n"), mail.html);
    assert_eq!((read.text_body_count(), read.html_body_count(), read.attachment_count()), (1, 1, 2));
    let file = read.attachment(0).unwrap();
    assert_eq!(file.attachment_name().unwrap(), "certificate.zip");
    assert_eq!(file.contents(), (0..=255).collect::<Vec<u8>>());
    let file = read.attachment(1).unwrap();
    assert_eq!(
        (file.attachment_name().unwrap(), file.contents()),
        ("expiry.ics", &b"BEGIN:VCALENDAR\r\n"[..])
    );
    let content_type = file.content_type().unwrap();
    assert_eq!((content_type.ctype(), content_type.subtype()), ("text", Some("calendar")));
    assert!(bytes.is_ascii(), "any mail server can carry it");
    assert!(bytes.split(|b| *b == b'\n').all(|line| line.len() <= 998), "RFC 5322 section 2.1.1");
    let header = |name| read.header(name).and_then(|value| value.as_text());
    assert_eq!(header("Auto-Submitted"), Some("auto-generated"));
    assert_eq!(header("X-Auto-Response-Suppress"), Some("All"));
    assert!(read.date().is_some());
}

#[test]
fn a_mail_sent_twice_is_one_mail() {
    let message_id = |kind: MailKind| {
        let bytes = content().to(id(), &kind, &requester()).message(&from()).unwrap().formatted();
        MessageParser::default().parse(&bytes).unwrap().message_id().unwrap().to_owned()
    };
    assert_eq!(message_id(MailKind::Received), message_id(MailKind::Received));
    assert_ne!(message_id(MailKind::Received), message_id(MailKind::Rejected));
    let overview = |link| {
        let content = content().button("Show", link);
        let mail = content.to(id(), &MailKind::Overview, &requester());
        let bytes = mail.message(&from()).unwrap().formatted();
        MessageParser::default().parse(&bytes).unwrap().message_id().unwrap().to_owned()
    };
    assert_eq!(overview("https://ca.example.com/mine/a"), overview("https://ca.example.com/mine/a"));
    assert_ne!(overview("https://ca.example.com/mine/a"), overview("https://ca.example.com/mine/b"));
    assert_ne!(message_id(approval("a@example.com")), message_id(approval("b@example.com")));
    assert!(message_id(MailKind::Received).ends_with("@example.com"));
}

#[test]
fn only_a_mail_about_one_request_names_it_at_the_end() {
    let inbox = MailKind::Inbox { approver: requester() };
    let unrenewed = MailKind::Unrenewed { days: 7, recipient: requester() };
    let several = [MailKind::Overview, MailKind::Enrolment, MailKind::Expiring(30), inbox, unrenewed];
    let one = [MailKind::Received, MailKind::Failed, MailKind::Statement(3), approval("a@example.com")];
    for (kinds, has_id) in [(&several[..], false), (&one[..], true)] {
        for kind in kinds {
            let mail = content().to(id(), kind, &requester());
            for part in [&mail.text, &mail.html] {
                assert_eq!(part.contains(&id().to_string()), has_id, "{kind}: {part}");
                assert!(part.contains("Countersign"), "{kind}");
            }
        }
    }
}

/// Each language of the mails has fonts with all of its letters, and Japanese breaks between phrases.
#[test]
fn the_fonts_suit_the_language() {
    for (language, font) in [(Language::English, "Segoe UI"), (Language::Japanese, "Hiragino Sans")] {
        let html = MailContent::new(language, "s", "h").to(id(), &MailKind::Received, &requester()).html;
        assert_eq!(html.matches(font).count(), 2, "{html}");
        assert!(html.contains(":lang(ja) { word-break: auto-phrase;"), "{html}");
    }
}

#[test]
fn a_line_break_adds_no_header() {
    for attack in
        ["a\r\nBcc: eve@example.com", "a\nBcc: eve@example.com\n\nbody", "a\u{2028}Bcc: eve@example.com"]
    {
        assert!(format!("{attack}@example.com").parse::<Email>().is_err());
        assert!(format!("alice@{attack}").parse::<Email>().is_err());
        let mut mail = content().to(id(), &MailKind::Received, &requester());
        mail.subject = attack.into();
        let bytes = mail.message(&from()).unwrap().formatted();
        let read = MessageParser::default().parse(&bytes).unwrap();
        assert!(read.bcc().is_none());
        assert!(read.subject().unwrap().starts_with("a Bcc: eve@example.com"), "{attack:?}");
    }
}

#[test]
fn every_address_that_is_taken_can_be_written() {
    for address in
        ["a@localhost", "o'neil+ca@example.co.uk", "a.b_c-d/e=f@x-1.example", "!#$%&*?^`{|}~@example.com"]
    {
        let mail = content().to(id(), &MailKind::Received, &address.parse().unwrap());
        let bytes = mail.message(&from()).unwrap().formatted();
        let read = MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(read.to().unwrap().first().unwrap().address().unwrap(), address);
    }
}

#[test]
fn debug_shows_no_link_and_no_address() {
    let shown = format!("{:?}", content().to(id(), &MailKind::Received, &requester()));
    assert!(!shown.contains("https://") && !shown.contains("alice"), "{shown}");
}

#[test]
fn names_and_times_in_words() {
    let names = |language, names: &[&str]| {
        names_in_short(language, &names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(names(Language::English, &[]), "a certificate");
    assert_eq!(names(Language::English, &["a.example"]), "a.example");
    let three = ["a.example", "b.example", "c.example"];
    assert_eq!(names(Language::English, &three), "a.example and 2 more");
    assert_eq!(names(Language::Japanese, &three), "a.example ほか2件");
    let at = time::macros::datetime!(2026-01-01 23:30 -01:00);
    assert_eq!(Wording::default().day(at), "2 January 2026");
    assert_eq!(Wording::default().instant_of_week(at), "Friday, 2 January 2026, 00:30 UTC");
}

#[test]
fn a_letter_is_in_one_language() {
    let mail = MailContent::new(
        Language::Japanese,
        &Message::new("mail-received-subject").with("names", "www.example.com"),
        &Message::new("mail-received-heading"),
    )
    .paragraph(&Message::new("mail-received"))
    .certificate(&facts(&["www.example.com"]), "server")
    .list(&Message::new("mail-serial"), (0..60).map(|n| n.to_string()))
    .findings(&[Finding::warning(Code::BadName, "d", "a")])
    .button(&Message::new("mail-see-standing"), "https://ca.example.com/")
    .to(id(), &MailKind::Received, &requester());
    insta::assert_snapshot!(format!("Subject: {}\n\n{}", mail.subject, mail.text));
    assert!(mail.html.contains("<html lang=\"ja\">"));
    for english in ["Names", "Key", "Profile", "Check this", "more", "button does", "request 5c1b"] {
        assert!(!mail.text.contains(english) && !mail.html.contains(english), "{english}");
    }
    assert!(mail.text.contains("ほか10件\n") && mail.html.contains("ほか10件</td>"));
}

#[test]
fn mails_about_one_request_are_one_thread_and_links_to_lists_are_alone() {
    let header = |kind: &MailKind, name: &str| {
        let bytes = content().to(id(), kind, &requester()).message(&from()).unwrap().formatted();
        let message = MessageParser::default().parse(&bytes).unwrap();
        message.header(name).and_then(|value| value.as_text()).map(str::to_owned)
    };
    let thread = Some(format!("{}@example.com", id()));
    for kind in [MailKind::Received, approval("bob@example.com"), MailKind::Question(1), MailKind::Issued] {
        assert_eq!(header(&kind, "In-Reply-To"), thread, "{kind}");
        assert_eq!(header(&kind, "References"), thread, "{kind}");
    }
    for kind in [MailKind::Overview, MailKind::Inbox { approver: requester() }, MailKind::Expiring(7)] {
        assert_eq!(header(&kind, "References"), None, "{kind}");
    }
}
