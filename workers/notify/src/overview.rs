//! The mail that leads a requester to all requests of their address.
//!
//! Invariant: pure. It goes to the address of the request and nowhere else, and says nothing of any request: whoever may
//! read that mailbox may see them.

use time::OffsetDateTime;
use workflow::mail::{Letter, with_time};

/// The letter; its link works until `until`.
pub(crate) fn letter(link: &str, until: OffsetDateTime) -> Letter {
    Letter::new("Your certificates", "Your certificates and requests")
        .paragraph(&format!(
            "Somebody, most likely you, asked for the list of the certificates of this address. The link works until {}.",
            with_time(until)
        ))
        .button("Show my certificates", link)
        .closing("Was it not you? Then there is nothing to do: only this mail leads to the list.")
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_way_to_the_list_is_short() {
        let letter = letter("https://ca.example.com/mine/the-key", datetime!(2026-01-01 13:00 UTC));
        let mail = letter.to(
            "5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d".parse().unwrap(),
            "overview",
            &"alice@example.com".parse().unwrap(),
        );
        insta::assert_snapshot!(format!("Subject: {}\n\n{}", mail.subject, mail.text));
    }
}
