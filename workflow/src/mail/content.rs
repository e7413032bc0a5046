//! The composer of all mails: renders one content as a text part and an HTML part.
//!
//! Invariant: both parts have the same content. Text from outside is cleaned in both and escaped in HTML; free text of
//! a person is quoted, so that it cannot pass for text of Countersign. A mail is in one language. Never fails.

use askama::Template;

use super::{Mail, plain};
use crate::email::Email;
use crate::finding::{Finding, Severity};
use crate::grant::CsrSummary;
use crate::ids::RequestId;
use crate::mail_kind::MailKind;
use crate::name_list::{ListedName, NameList};
use crate::request::Request;
use crate::standing::{StandingName, StandingTerms};
use crate::texts::{Language, Message};

/// The most lines of one fact; the pages show all.
const MAX_LINES: usize = 50;
/// The most certificates that are listed one by one.
pub const MAX_CERTIFICATES: usize = 20;
/// Names of a mail that has its button first.
const NAMES_IN_BRIEF: usize = 5;
/// The most lines and characters of a quotation that is cut.
const MAX_QUOTED: (usize, usize) = (8, 600);

/// A text of a mail: a message, rendered in the language of the mail, or literal text.
pub trait MailText {
    /// The text.
    fn text_in(&self, language: Language) -> String;
}

impl MailText for Message {
    fn text_in(&self, language: Language) -> String {
        language.say(self)
    }
}

impl MailText for str {
    fn text_in(&self, _: Language) -> String {
        self.to_owned()
    }
}

impl MailText for String {
    fn text_in(&self, _: Language) -> String {
        self.clone()
    }
}

/// The content of a mail to one person, built in reading order.
#[derive(Clone)]
pub struct MailContent {
    language: Language,
    subject: String,
    heading: String,
    paragraphs: Vec<String>,
    /// If there is a summary, it and the button come before everything else.
    summary: Vec<Fact>,
    facts: Vec<Fact>,
    quotes: Vec<Fact>,
    findings: Vec<FindingShown>,
    certificates: Vec<CertificateLine>,
    more_certificates: Option<String>,
    button: Option<LinkButton>,
    links: Vec<LinkButton>,
    closing: Vec<String>,
}

/// A certificate in a mail about several.
#[derive(Clone, Debug)]
pub struct CertificateLine {
    /// Its names in short.
    pub names: String,
    /// What is said about it.
    pub detail: String,
    /// The link to its page, for its requester.
    pub page: Option<String>,
}

#[derive(Clone)]
struct Fact {
    label: String,
    lines: Vec<String>,
}

#[derive(Clone)]
struct FindingShown {
    meaning: String,
    detail: String,
    advice: String,
}

#[derive(Clone)]
struct LinkButton {
    label: String,
    url: String,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Html<'a> {
    content: &'a MailContent,
    button_fails: String,
    signature: &'a str,
    no_replies: String,
}

impl MailContent {
    /// A mail in this language, with this subject line and this heading.
    pub fn new(
        language: Language,
        subject: &(impl MailText + ?Sized),
        heading: &(impl MailText + ?Sized),
    ) -> Self {
        Self {
            language,
            subject: plain::one_line(&subject.text_in(language)),
            heading: plain::clean(&heading.text_in(language)),
            paragraphs: Vec::new(),
            summary: Vec::new(),
            facts: Vec::new(),
            quotes: Vec::new(),
            findings: Vec::new(),
            certificates: Vec::new(),
            more_certificates: None,
            button: None,
            links: Vec::new(),
            closing: Vec::new(),
        }
    }

    /// Adds a paragraph below the heading.
    #[must_use]
    pub fn paragraph(mut self, text: &(impl MailText + ?Sized)) -> Self {
        self.paragraphs.push(self.shown(text));
        self
    }

    /// Adds a row to the summary, unless all values are empty. In a mail with a summary, the button comes right after it.
    #[must_use]
    pub fn summary<T: AsRef<str>>(
        mut self,
        label: &(impl MailText + ?Sized),
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        let before = self.facts.len();
        self = self.list(label, values);
        let added = self.facts.split_off(before);
        self.summary.extend(added);
        self
    }

    /// Adds a row to the table of facts, unless the value is empty.
    #[must_use]
    pub fn fact(self, label: &(impl MailText + ?Sized), value: &str) -> Self {
        self.list(label, [value])
    }

    /// Adds a row of several lines to the table of facts, unless all values are empty.
    #[must_use]
    pub fn list<T: AsRef<str>>(
        mut self,
        label: &(impl MailText + ?Sized),
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        let mut lines: Vec<String> = values.into_iter().map(|value| plain::clean(value.as_ref())).collect();
        lines.retain(|line| !line.is_empty());
        if lines.len() > MAX_LINES {
            let more = lines.len() - MAX_LINES;
            lines.truncate(MAX_LINES);
            lines.push(self.shown(&Message::new("mail-more-lines").with("more", more)));
        }
        if !lines.is_empty() {
            let label = label.text_in(self.language);
            self.facts.push(Fact { label, lines });
        }
        self
    }

    /// Adds names. Of many names, the mail has the number, the groups and the first ones; the pages show all.
    #[must_use]
    pub fn names(self, names: &[String]) -> Self {
        let list = NameList::of(names);
        let (heading, fold) = (list.heading(self.language), list.fold(self.language));
        let names = list.first.into_iter().map(|name| name.shown);
        self.list(&Message::new("mail-names"), heading.into_iter().chain(names).chain(fold))
    }

    /// Adds the contents of the certificate as [`MailContent::certificate`] does, with fewer names; the `new` ones are
    /// marked.
    fn certificate_in_brief(self, facts: &CsrSummary, profile: &str, new: &[String]) -> Self {
        self.names_in_brief(&facts.names, new).of_certificate(facts, profile)
    }

    /// Adds what the request asks for, with few names; the `new` ones are marked.
    #[must_use]
    pub fn content_of(self, request: &Request, new: &[String]) -> Self {
        match (request.csr(), request.terms()) {
            (Some(csr), _) => self.certificate_in_brief(csr, request.profile(), new),
            (None, Some(terms)) => self.terms_in_brief(terms, request.profile(), new),
            (None, None) => self.names_in_brief(&request.requested_names(), new),
        }
    }

    fn terms_in_brief(self, terms: &StandingTerms, profile: &str, new: &[String]) -> Self {
        self.names_in_brief(&terms.names_as_text(), new).of_terms(terms, profile)
    }

    /// Adds the terms of a standing approval: names, days, the most certificates, and the profile.
    #[must_use]
    pub fn terms(self, terms: &StandingTerms, profile: &str) -> Self {
        self.names(&terms.names_as_text()).of_terms(terms, profile)
    }

    fn of_terms(self, terms: &StandingTerms, profile: &str) -> Self {
        let days = self.language.say(&Message::new("standing-days").with("days", terms.days()));
        let most = Message::new("standing-most").with("certificates", terms.certificates());
        let most = self.language.say(&most);
        let has_suffix = terms.names().iter().any(|name| matches!(name, StandingName::Below(_)));
        let content = match has_suffix {
            true => self.paragraph(&Message::new("standing-suffix-hint")),
            false => self,
        };
        content
            .fact(&Message::new("mail-standing-days"), &days)
            .fact(&Message::new("mail-standing-most"), &most)
            .fact(&Message::new("mail-profile"), profile)
    }

    fn names_in_brief(self, names: &[String], new: &[String]) -> Self {
        let list = NameList::with_new(names, new);
        let tag = self.language.text("names-new-tag");
        let heading = list.heading(self.language);
        let more = list.count().saturating_sub(NAMES_IN_BRIEF);
        let fold = (more > 0).then(|| self.shown(&Message::new("names-more").with("more", more)));
        let marked = |name: &ListedName| match name.is_new {
            true => format!("{} ({tag})", name.shown),
            false => name.shown.clone(),
        };
        let names: Vec<String> = list.iter().take(NAMES_IN_BRIEF).map(marked).collect();
        self.list(&Message::new("mail-names"), heading.into_iter().chain(names).chain(fold))
    }

    /// Adds the contents of the certificate: names, subject, key and profile.
    #[must_use]
    pub fn certificate(self, facts: &CsrSummary, profile: &str) -> Self {
        self.names(&facts.names).of_certificate(facts, profile)
    }

    fn of_certificate(self, facts: &CsrSummary, profile: &str) -> Self {
        self.fact(&Message::new("mail-subject"), &facts.subject)
            .fact(&Message::new("mail-key"), &facts.key)
            .fact(&Message::new("mail-profile"), profile)
    }

    /// Adds free text of a person as a quotation, unless it is empty.
    #[must_use]
    pub fn quote(mut self, label: &(impl MailText + ?Sized), text: &str) -> Self {
        let lines = plain::lines(text);
        if !lines.is_empty() {
            let label = self.shown(label);
            self.quotes.push(Fact { label, lines });
        }
        self
    }

    /// Like [`MailContent::quote`], with the beginning of a long text only.
    #[must_use]
    pub fn quote_start(self, label: &(impl MailText + ?Sized), text: &str) -> Self {
        let (lines, characters) = MAX_QUOTED;
        let start: String = text.split_inclusive('\n').take(lines).collect();
        let start: String = start.chars().take(characters).collect();
        if start.len() < text.len() {
            return self.quote(label, &format!("{}\n…", start.trim_end()));
        }
        self.quote(label, text)
    }

    /// Adds findings for an approver: without the advice for the requester. The advice of a warning is for whoever reads it.
    #[must_use]
    pub fn findings_for_approver(self, findings: &[Finding]) -> Self {
        let first = self.findings.len();
        let mut content = self.findings(findings);
        for (shown, finding) in content.findings[first..].iter_mut().zip(findings) {
            if finding.severity != Severity::Warning {
                shown.advice.clear();
            }
        }
        content
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
            detail: plain::clean(&finding.detail_in(language)),
            advice: plain::clean(&finding.advice_in(language)),
        }));
        self
    }

    /// Adds certificates, of many the first ones.
    #[must_use]
    pub fn certificates(mut self, all: impl ExactSizeIterator<Item = CertificateLine>) -> Self {
        let more = all.len().saturating_sub(MAX_CERTIFICATES);
        self.certificates = all
            .take(MAX_CERTIFICATES)
            .map(|one| CertificateLine {
                names: plain::clean(&one.names),
                detail: plain::clean(&one.detail),
                page: one.page.map(|page| plain::clean(&page)),
            })
            .collect();
        self.more_certificates =
            (more > 0).then(|| self.shown(&Message::new("mail-more-lines").with("more", more)));
        self
    }

    /// Sets the button: the one action of the letter.
    #[must_use]
    pub fn button(mut self, label: &(impl MailText + ?Sized), url: &str) -> Self {
        self.button = Some(LinkButton { label: self.shown(label), url: plain::clean(url) });
        self
    }

    /// Adds a link below the button.
    #[must_use]
    pub fn link(mut self, label: &(impl MailText + ?Sized), url: &str) -> Self {
        self.links.push(LinkButton { label: self.shown(label), url: plain::clean(url) });
        self
    }

    /// Adds a paragraph at the end.
    #[must_use]
    pub fn closing(mut self, text: &(impl MailText + ?Sized)) -> Self {
        self.closing.push(self.shown(text));
        self
    }

    /// The text in the language of the mail, cleaned.
    fn shown(&self, text: &(impl MailText + ?Sized)) -> String {
        plain::clean(&text.text_in(self.language))
    }

    /// The mail with this letter to `to`.
    pub fn to(&self, request_id: RequestId, kind: &MailKind, to: &Email) -> Mail {
        let signature = self.signature(request_id, kind);
        Mail {
            request_id,
            kind: kind.clone(),
            to: to.clone(),
            subject: self.subject.clone(),
            text: self.text(&signature),
            html: self.html(&signature),
            attachments: Vec::new(),
        }
    }

    /// The button, if it comes before the facts.
    fn first_button(&self) -> Option<&LinkButton> {
        self.button.as_ref().filter(|_| !self.summary.is_empty())
    }

    /// The button, if it comes after the facts.
    fn last_button(&self) -> Option<&LinkButton> {
        self.button.as_ref().filter(|_| self.summary.is_empty())
    }

    /// The last lines name the request, in a mail about one.
    fn signature(&self, request_id: RequestId, kind: &MailKind) -> String {
        if kind.is_about_one_request() {
            self.shown(&Message::new("mail-signature").with("id", request_id.to_string()))
        } else {
            "Countersign".to_owned()
        }
    }

    /// The fonts: for Japanese, fonts with kana, kanji and Latin letters, so that their weights agree.
    fn fonts(&self) -> &'static str {
        match self.language {
            Language::English => {
                "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
            }
            Language::Japanese => {
                "'Hiragino Sans','Yu Gothic UI','Noto Sans JP','Noto Sans CJK JP',Meiryo,sans-serif"
            }
        }
    }

    fn no_replies(&self) -> String {
        self.shown(&Message::new("mail-no-replies"))
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
        let link = |out: &mut String, link: &LinkButton| {
            out.push_str(&format!("{}:\n{}\n\n", link.label, link.url));
        };
        let facts = |out: &mut String, facts: &[Fact]| {
            for fact in facts {
                match fact.lines.as_slice() {
                    [value] => plain::wrap(out, &format!("{}: ", fact.label), "  ", value),
                    values => {
                        plain::wrap(out, "", "", &format!("{}:", fact.label));
                        values.iter().for_each(|value| plain::wrap(out, "  ", "  ", value));
                    }
                }
            }
            if !facts.is_empty() {
                out.push('\n');
            }
        };
        facts(&mut out, &self.summary);
        if let Some(button) = self.first_button() {
            link(&mut out, button);
        }
        facts(&mut out, &self.facts);
        for quote in &self.quotes {
            plain::wrap(&mut out, "", "", &format!("{}:", quote.label));
            quote.lines.iter().for_each(|line| plain::wrap(&mut out, "> ", "> ", line));
            out.push('\n');
        }
        for finding in &self.findings {
            plain::wrap(&mut out, "* ", "  ", &format!("{}: {}", finding.meaning, finding.detail));
            if !finding.advice.is_empty() {
                // Not wrapped: it may contain a command to copy.
                out.push_str(&format!("  {}\n", finding.advice));
            }
            out.push('\n');
        }
        for one in &self.certificates {
            plain::wrap(&mut out, "* ", "  ", &one.names);
            plain::wrap(&mut out, "  ", "  ", &one.detail);
            out.extend(one.page.iter().map(|page| format!("  {page}\n")));
            out.push('\n');
        }
        if let Some(more) = &self.more_certificates {
            paragraph(&mut out, more);
        }
        for one in self.last_button().into_iter().chain(&self.links) {
            link(&mut out, one);
        }
        for text in &self.closing {
            paragraph(&mut out, text);
        }
        // RFC 3676 section 4.3: "-- " begins a signature.
        out.push_str(&format!("-- \n{signature}\n"));
        plain::wrap(&mut out, "", "", &self.no_replies());
        out
    }

    fn html(&self, signature: &str) -> String {
        let button_fails = self.shown(&Message::new("mail-button-fails"));
        Html { content: self, button_fails, signature, no_replies: self.no_replies() }
            .render()
            .expect("writing strings into a string does not fail")
    }
}
