//! One composer for every mail: what is to be said goes in once, the text part and the HTML part come out complete.
//!
//! Invariant: both parts say the same. Whatever comes from outside is cleaned in both and escaped in HTML; a text that a
//! person wrote is quoted, so that it cannot pass for words of ours. Never fails.

use askama::Template;
use time::OffsetDateTime;
use time::macros::format_description;

use super::{Mail, plain};
use crate::csr::Name;
use crate::finding::{Finding, Severity};
use crate::request::{Email, Facts, RequestId};

/// The most lines that one fact shows; the pages show all.
const MAX_LINES: usize = 50;

/// A letter to one person. Built in the order in which it is read.
#[derive(Clone)]
pub struct Letter {
    subject: String,
    heading: String,
    paragraphs: Vec<String>,
    facts: Vec<Fact>,
    quotes: Vec<Fact>,
    findings: Vec<FindingShown>,
    button: Option<Link>,
    links: Vec<Link>,
    closing: Vec<String>,
}

#[derive(Clone)]
struct Fact {
    label: String,
    lines: Vec<String>,
}

#[derive(Clone)]
struct FindingShown {
    meaning: &'static str,
    code: &'static str,
    detail: String,
    advice: String,
}

#[derive(Clone)]
struct Link {
    label: String,
    url: String,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Html<'a> {
    letter: &'a Letter,
    request_id: &'a str,
}

impl Letter {
    /// A letter with this subject line and this heading.
    pub fn new(subject: &str, heading: &str) -> Self {
        Self {
            subject: plain::one_line(subject),
            heading: plain::clean(heading),
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
    pub fn paragraph(mut self, text: &str) -> Self {
        self.paragraphs.push(plain::clean(text));
        self
    }

    /// Adds a row to the table of facts; an empty one is left out.
    #[must_use]
    pub fn fact(self, label: &str, value: &str) -> Self {
        self.list(label, [value])
    }

    /// Adds a row of several lines to the table of facts; an empty one is left out.
    #[must_use]
    pub fn list<T: AsRef<str>>(mut self, label: &str, values: impl IntoIterator<Item = T>) -> Self {
        let mut lines: Vec<String> = values.into_iter().map(|value| plain::clean(value.as_ref())).collect();
        lines.retain(|line| !line.is_empty());
        if lines.len() > MAX_LINES {
            let more = lines.len() - MAX_LINES;
            lines.truncate(MAX_LINES);
            lines.push(format!("and {more} more"));
        }
        if !lines.is_empty() {
            self.facts.push(Fact { label: label.to_owned(), lines });
        }
        self
    }

    /// Adds names; internationalized ones stand in both forms.
    #[must_use]
    pub fn names(self, names: &[String]) -> Self {
        let for_people =
            |name: &String| name.parse().map_or_else(|_| name.clone(), |name: Name| name.for_people());
        self.list("Names", names.iter().map(for_people))
    }

    /// Adds what would be certified: names, subject, key and profile.
    #[must_use]
    pub fn certificate(self, facts: &Facts, profile: &str) -> Self {
        self.names(&facts.names)
            .fact("Subject", &facts.subject)
            .fact("Key", &facts.key)
            .fact("Profile", profile)
    }

    /// Adds what a person wrote, as a quotation; nothing is added where they wrote nothing.
    #[must_use]
    pub fn quote(mut self, label: &str, text: &str) -> Self {
        let lines = plain::lines(text);
        if !lines.is_empty() {
            self.quotes.push(Fact { label: plain::clean(label), lines });
        }
        self
    }

    /// Adds findings, each with its advice.
    #[must_use]
    pub fn findings(mut self, findings: &[Finding]) -> Self {
        self.findings.extend(findings.iter().map(|finding| FindingShown {
            meaning: match finding.severity {
                Severity::Refused => "Refused",
                Severity::Warning => "Look twice",
                Severity::Ignored => "Not granted",
            },
            code: finding.code.as_str(),
            detail: plain::clean(&finding.detail),
            advice: plain::clean(&finding.advice),
        }));
        self
    }

    /// Sets the one thing to do.
    #[must_use]
    pub fn button(mut self, label: &str, url: &str) -> Self {
        self.button = Some(Link { label: plain::clean(label), url: plain::clean(url) });
        self
    }

    /// Adds a link beside the button.
    #[must_use]
    pub fn link(mut self, label: &str, url: &str) -> Self {
        self.links.push(Link { label: plain::clean(label), url: plain::clean(url) });
        self
    }

    /// Adds a paragraph at the end.
    #[must_use]
    pub fn closing(mut self, text: &str) -> Self {
        self.closing.push(plain::clean(text));
        self
    }

    /// The mail that takes the letter to `to`.
    pub fn to(&self, request_id: RequestId, occasion: &str, to: &Email) -> Mail {
        Mail {
            request_id,
            occasion: occasion.to_owned(),
            to: to.clone(),
            subject: self.subject.clone(),
            text: self.text(request_id),
            html: self.html(request_id),
            attachment: None,
        }
    }

    fn text(&self, request_id: RequestId) -> String {
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
                // Never wrapped: it may hold a command, which is copied from here.
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
        // "-- " begins a signature (RFC 3676 section 4.3).
        out.push_str(&format!("-- \nCountersign, request {request_id}\n"));
        out
    }

    fn html(&self, request_id: RequestId) -> String {
        Html { letter: self, request_id: &request_id.to_string() }
            .render()
            .expect("strings are written into a string, which does not fail")
    }
}

/// The names in one breath: the first one, and how many more.
pub fn names_in_short(names: &[String]) -> String {
    match names {
        [] => "a certificate".to_owned(),
        [name] => name.clone(),
        [name, more @ ..] => format!("{name} and {} more", more.len()),
    }
}

/// A day in words, such as `1 January 2026`; UTC.
pub fn on_day(at: OffsetDateTime) -> String {
    let format = format_description!("[day padding:none] [month repr:long] [year]");
    at.to_offset(time::UtcOffset::UTC).format(format).unwrap_or_default()
}

/// An instant in words, such as `Thursday, 1 January 2026, 12:00 UTC`.
pub fn with_time(at: OffsetDateTime) -> String {
    let format =
        format_description!("[weekday], [day padding:none] [month repr:long] [year], [hour]:[minute] UTC");
    at.to_offset(time::UtcOffset::UTC).format(format).unwrap_or_default()
}
