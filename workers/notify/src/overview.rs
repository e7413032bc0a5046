//! The mail with the link to all requests of an address.
//!
//! Invariant: pure. The mail goes only to that address, and contains nothing of any request.

use time::OffsetDateTime;
use workflow::mail::MailContent;
use workflow::texts::{Message, Wording};

/// The content of the mail; its link works until `until`.
pub(crate) fn content(wording: Wording, link: &str, until: OffsetDateTime) -> MailContent {
    let until = wording.instant_of_week(until);
    let heading = Message::new("mail-overview-heading");
    MailContent::new(wording.language, &Message::new("mail-overview-subject"), &heading)
        .paragraph(&Message::new("mail-overview").with("until", until))
        .button(&Message::new("mail-overview-show"), link)
        .closing(&Message::new("mail-overview-not-you"))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use workflow::texts::Language;

    use super::*;

    fn shown(language: Language) -> String {
        let wording = Wording::utc(language);
        let content =
            content(wording, "https://ca.example.com/mine/the-key", datetime!(2026-01-01 13:00 UTC));
        let mail = content.to(
            "5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d".parse().unwrap(),
            &workflow::mail_kind::MailKind::Overview,
            &"alice@example.com".parse().unwrap(),
        );
        format!("Subject: {}\n\n{}", mail.subject, mail.text)
    }

    #[test]
    fn the_way_to_the_list_is_short() {
        insta::assert_snapshot!(shown(Language::English));
    }

    #[test]
    fn the_way_to_the_list_in_japanese() {
        insta::assert_snapshot!(shown(Language::Japanese));
    }
}
