//! Texts of the catalogue that contain HTML elements.
//!
//! Invariant: all elements come from the catalogue (a test allows only `code` and `strong`), except the `time` element
//! made here; every value is escaped.

use std::fmt;

use askama::filters::{Escaper, Html, HtmlSafe};
use workflow::texts::{Language, Message};

/// An instant, for people and for the `time` element.
#[derive(Clone, Debug)]
pub(crate) struct Instant {
    pub(crate) machine: String,
    pub(crate) people: String,
}

/// A text in HTML.
pub(super) struct Markup {
    language: Language,
    /// The message, with escaped values.
    message: Message,
}

impl Markup {
    pub(super) fn new(language: Language, message: Message) -> Self {
        Self { language, message: message.map_texts(escaped) }
    }

    /// Adds a `time` element as a value.
    pub(super) fn time(mut self, name: &'static str, at: &Instant) -> Self {
        let element = format!("<time datetime=\"{}\">{}</time>", escaped(&at.machine), escaped(&at.people));
        self.message = self.message.with(name, element);
        self
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Writing to a string does not fail.
    let _ = Html.write_escaped_str(&mut out, text);
    out
}

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.language.say(&self.message))
    }
}

impl HtmlSafe for Markup {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_and_marks_are_not() {
        let said = Message::new("review-asks").with("requester", "<b>&\"'").with("profile", "<code>");
        let markup = Markup::new(Language::English, said).to_string();
        assert_eq!(
            markup,
            "Requested by <strong>&#60;b&#62;&#38;&#34;&#39;</strong> · <strong>&#60;code&#62;</strong> profile"
        );
    }
}
