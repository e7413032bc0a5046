use std::time::{Duration, SystemTime};

use super::super::maildir::Attachment;
use super::*;

fn mail(id: &str, to: &str, subject: &str, text: &str, html: Option<&str>) -> Caught {
    Caught {
        id: id.to_owned(),
        at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_796_000_000),
        message_id: format!("{id}@countersign"),
        from: "countersign@example.com".to_owned(),
        to: to.to_owned(),
        subject: subject.to_owned(),
        text: text.to_owned(),
        html: html.map(str::to_owned),
        attachments: Vec::new(),
    }
}

/// An approver's mails, a requester's with a file, and a long one of a stranger.
fn mails() -> Vec<Caught> {
    let link = "Open http://localhost:8080/approvals/KEY";
    let html = "<p>Your request was <strong>approved</strong>.</p>";
    let mut issued = mail(
        "3.host",
        "alice@example.com",
        "Your certificate for www.example.com",
        "It is attached.",
        Some(html),
    );
    issued.attachments = ["certificate.zip", "expiry.ics"]
        .map(|name| Attachment { name: name.to_owned(), bytes: vec![0; 7] })
        .into();
    let long = "a".repeat(200);
    vec![
        mail("4.host", "approver@example.com", "Approve certificate for www.example.com?", link, Some(html)),
        issued,
        mail("2.host", "a+b@example.com", &long, link, None),
        mail("1.host", "approver@example.com", "<script>alert(1)</script>", link, None),
    ]
}

#[test]
fn the_pages_of_the_mailbox() {
    let mails = mails();
    let pages = [list(&[]), list(&mails), view(&mails[1]), view(&mails[3])];
    for page in &pages {
        for part in
            ["<header>", "<main>", "<nav aria-label=\"Pages\">", "<html lang=\"en\">", "<h1>", "<title>"]
        {
            assert_eq!(page.matches(part).count(), 1, "{part}: {page}");
        }
        assert!(!page.contains("<script>") && !page.contains("style="), "{page}");
        // Only where no script does it.
        assert!(!page.replace("<noscript><meta http-equiv=\"refresh\"", "").contains("http-equiv"), "{page}");
    }
    insta::assert_snapshot!(pages.join("\n"));
}

#[test]
fn an_approver_finds_the_newest_mail_by_one_link() {
    let page = list(&mails());
    for (path, address) in
        [("approver%40example.com", "approver@example.com"), ("a%2Bb%40example.com", "a+b@example.com")]
    {
        let link = format!("href=\"/_mailbox/newest/{path}\">Newest for approver {address}</a>");
        assert_eq!(page.matches(&link).count(), 1, "{page}");
    }
    // A requester has no such link, and nobody has one before the first mail.
    assert!(!page.contains("newest/alice") && !list(&[]).contains("Newest for"));
    assert!(page.find("Newest for").unwrap() < page.find("id=\"mails\"").unwrap());
}

#[test]
fn a_mail_is_shown_as_html_first_and_its_text_is_folded() {
    let page = view(&mails()[1]);
    let place = |part: &str| page.find(part).unwrap_or_else(|| panic!("{part}: {page}"));
    assert!(place("<iframe") < place("<details"), "{page}");
    assert!(page.contains("href=\"/_mailbox/3.host/attachments/1\">Download expiry.ics (7 bytes)"), "{page}");
    let plain = view(&mails()[3]);
    assert!(!plain.contains("<iframe") && !plain.contains("<details"), "{plain}");
    assert!(plain.contains("<pre>Open <a href="), "{plain}");
}

#[test]
fn text_is_escaped_and_its_links_are_links() {
    assert_eq!(
        linked("See <http://localhost:8080/a?b=1&c=2>."),
        "See &lt;<a href=\"http://localhost:8080/a?b=1&amp;c=2\" rel=noreferrer>http://localhost:8080/a?b=1&amp;c=2</a>&gt;."
    );
    assert_eq!(linked("<script>alert('x')</script>"), "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
    assert_eq!(linked("http://"), "<a href=\"http://\" rel=noreferrer>http://</a>");
}
