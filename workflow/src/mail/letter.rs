//! The composer of all mails: renders one content as a text part and an HTML part.
//!
//! Invariant: both parts have the same content. Text from outside is cleaned in both and escaped in HTML; free text of
//! a person is quoted, so that it cannot pass for text of Countersign. A letter is in one language. Never fails.

use askama::Template;

use super::{Mail, plain};
use crate::email::Email;
use crate::finding::{Finding, Severity};
use crate::grant::CsrSummary;
use crate::ids::RequestId;
use crate::mail_kind::MailKind;
use crate::texts::{Language, Message};
use pki::name::Name;

/// The most lines of one fact; the pages show all.
const MAX_LINES: usize = 50;

/// Words of a letter: a message of the catalogue, or plain text.
pub trait Words {
    /// The words in a language.
    fn said_in(&self, language: Language) -> String;
}

impl Words for Message {
    fn said_in(&self, language: Language) -> String {
        language.say(self)
    }
}

impl Words for str {
    fn said_in(&self, _: Language) -> String {
        self.to_owned()
    }
}

impl Words for String {
    fn said_in(&self, _: Language) -> String {
        self.clone()
    }
}

/// A letter to one person, built in reading order.
#[derive(Clone)]
pub struct Letter {
    language: Language,
    subject: String,
    heading: String,
    paragraphs: Vec<String>,
    facts: Vec<Fact>,
    quotes: Vec<Fact>,
    findings: Vec<FindingShown>,
    button: Option<LinkButton>,
    links: Vec<LinkButton>,
    closing: Vec<String>,
}

#[derive(Clone)]
struct Fact {
    label: String,
    lines: Vec<String>,
}

#[derive(Clone)]
struct FindingShown {
    meaning: String,
    code: &'static str,
    detail: String,
    advice: String,
}

#[derive(Clone)]
struct LinkButton {
    label: String,
    url: String,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Html<'a> {
    letter: &'a Letter,
    button_fails: String,
    signature: &'a str,
}

impl Letter {
    /// A letter in this language, with this subject line and this heading.
    pub fn new(language: Language, subject: &(impl Words + ?Sized), heading: &(impl Words + ?Sized)) -> Self {
        Self {
            language,
            subject: plain::one_line(&subject.said_in(language)),
            heading: plain::clean(&heading.said_in(language)),
            paragraphs: Vec::new(),
            facts: Vec::new(),
            quotes: Vec::new(),
            findings: Vec::new(),
            button: None,
            links: Vec::new(),
            closing: Vec::new(),
        }
    }

    /// Adds a paragraph below the heading.
    #[must_use]
    pub fn paragraph(mut self, text: &(impl Words + ?Sized)) -> Self {
        self.paragraphs.push(self.words(text));
        self
    }

    /// Adds a row to the table of facts, unless the value is empty.
    #[must_use]
    pub fn fact(self, label: &(impl Words + ?Sized), value: &str) -> Self {
        self.list(label, [value])
    }

    /// Adds a row of several lines to the table of facts, unless all values are empty.
    #[must_use]
    pub fn list<T: AsRef<str>>(
        mut self,
        label: &(impl Words + ?Sized),
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        let mut lines: Vec<String> = values.into_iter().map(|value| plain::clean(value.as_ref())).collect();
        lines.retain(|line| !line.is_empty());
        if lines.len() > MAX_LINES {
            let more = lines.len() - MAX_LINES;
            lines.truncate(MAX_LINES);
            lines.push(self.words(&Message::new("mail-more-lines").with("more", more)));
        }
        if !lines.is_empty() {
            let label = label.said_in(self.language);
            self.facts.push(Fact { label, lines });
        }
        self
    }

    /// Adds names; internationalized names in both forms.
    #[must_use]
    pub fn names(self, names: &[String]) -> Self {
        let for_people =
            |name: &String| name.parse().map_or_else(|_| name.clone(), |name: Name| name.for_people());
        self.list(&Message::new("mail-names"), names.iter().map(for_people))
    }

    /// Adds the contents of the certificate: names, subject, key and profile.
    #[must_use]
    pub fn certificate(self, facts: &CsrSummary, profile: &str) -> Self {
        self.names(&facts.names)
            .fact(&Message::new("mail-subject"), &facts.subject)
            .fact(&Message::new("mail-key"), &facts.key)
            .fact(&Message::new("mail-profile"), profile)
    }

    /// Adds free text of a person as a quotation, unless it is empty.
    #[must_use]
    pub fn quote(mut self, label: &(impl Words + ?Sized), text: &str) -> Self {
        let lines = plain::lines(text);
        if !lines.is_empty() {
            let label = self.words(label);
            self.quotes.push(Fact { label, lines });
        }
        self
    }

    /// Adds findings, each with its advice.
    #[must_use]
    pub fn findings(mut self, findings: &[Finding]) -> Self {
        let language = self.language;
        self.findings.extend(findings.iter().map(|finding| FindingShown {
            meaning: language.text(match finding.severity {
                Severity::Refused => "mail-severity-refused",
                Severity::Warning => "mail-severity-warning",
                Severity::Ignored => "mail-severity-ignored",
            }),
            code: finding.code.as_str(),
            detail: plain::clean(&finding.detail_in(language)),
            advice: plain::clean(&finding.advice_in(language)),
        }));
        self
    }

    /// Sets the button: the one action of the letter.
    #[must_use]
    pub fn button(mut self, label: &(impl Words + ?Sized), url: &str) -> Self {
        self.button = Some(LinkButton { label: self.words(label), url: plain::clean(url) });
        self
    }

    /// Adds a link below the button.
    #[must_use]
    pub fn link(mut self, label: &(impl Words + ?Sized), url: &str) -> Self {
        self.links.push(LinkButton { label: self.words(label), url: plain::clean(url) });
        self
    }

    /// Adds a paragraph at the end.
    #[must_use]
    pub fn closing(mut self, text: &(impl Words + ?Sized)) -> Self {
        self.closing.push(self.words(text));
        self
    }

    /// Words in the language of the letter, cleaned.
    fn words(&self, words: &(impl Words + ?Sized)) -> String {
        plain::clean(&words.said_in(self.language))
    }

    /// The mail with this letter to `to`.
    pub fn to(&self, request_id: RequestId, kind: &MailKind, to: &Email) -> Mail {
        Mail {
            request_id,
            kind: kind.clone(),
            to: to.clone(),
            subject: self.subject.clone(),
            text: self.text(&self.signature(request_id)),
            html: self.html(&self.signature(request_id)),
            attachment: None,
        }
    }

    fn signature(&self, request_id: RequestId) -> String {
        self.words(&Message::new("mail-signature").with("id", request_id.to_string()))
    }

    fn text(&self, signature: &str) -> String {
        let mut out = String::new();
        let paragraph = |out: &mut String, text: &str| {
            plain::wrap(out, "", "", text);
            out.push('\n');
        };
        paragraph(&mut out, &self.heading);
        for text in &self.paragraphs {
            paragraph(&mut out, text);
        }
        for fact in &self.facts {
            match fact.lines.as_slice() {
                [value] => plain::wrap(&mut out, &format!("{}: ", fact.label), "  ", value),
                values => {
                    plain::wrap(&mut out, "", "", &format!("{}:", fact.label));
                    values.iter().for_each(|value| plain::wrap(&mut out, "  ", "  ", value));
                }
            }
        }
        if !self.facts.is_empty() {
            out.push('\n');
        }
        for quote in &self.quotes {
            plain::wrap(&mut out, "", "", &format!("{}:", quote.label));
            quote.lines.iter().for_each(|line| plain::wrap(&mut out, "> ", "> ", line));
            out.push('\n');
        }
        for finding in &self.findings {
            plain::wrap(
                &mut out,
                "* ",
                "  ",
                &format!("{} ({}): {}", finding.meaning, finding.code, finding.detail),
            );
            if !finding.advice.is_empty() {
                // Not wrapped: it may contain a command to copy.
                out.push_str(&format!("  {}\n", finding.advice));
            }
            out.push('\n');
        }
        for link in self.button.iter().chain(&self.links) {
            out.push_str(&format!("{}:\n{}\n\n", link.label, link.url));
        }
        for text in &self.closing {
            paragraph(&mut out, text);
        }
        // RFC 3676 section 4.3: "-- " begins a signature.
        out.push_str(&format!("-- \n{signature}\n"));
        out
    }

    fn html(&self, signature: &str) -> String {
        Html { letter: self, button_fails: self.words(&Message::new("mail-button-fails")), signature }
            .render()
            .expect("writing strings into a string does not fail")
    }
}

/// The names in short: the first name, and the number of the others.
pub fn names_in_short(language: Language, names: &[String]) -> String {
    match names {
        [] => language.text("mail-some-certificate"),
        [name] => name.clone(),
        [name, more @ ..] => {
            language.say(&Message::new("mail-names-in-short").with("name", name).with("more", more.len()))
        }
    }
}
