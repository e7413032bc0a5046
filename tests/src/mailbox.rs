//! The Maildir of the local stack.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use mail_parser::{MessageParser, MimeHeaders as _};

use crate::{Asked, PATIENCE, eventually};

/// The folder that catches all mails.
#[derive(Clone)]
pub struct Mailbox {
    folder: PathBuf,
}

/// One mail.
#[derive(Clone)]
pub struct Mail {
    /// Time of arrival.
    pub at: SystemTime,
    /// Begins with the request's id.
    pub message_id: String,
    /// Its recipient.
    pub to: String,
    /// Its subject line.
    pub subject: String,
    /// Its text part.
    pub text: String,
    /// Its HTML part.
    pub html: String,
    /// Its files, by name.
    pub attachments: Vec<(String, Vec<u8>)>,
    /// The headers that ask for no automatic answer: `Auto-Submitted` and `X-Auto-Response-Suppress`.
    pub no_answer: [Option<String>; 2],
}

impl Mailbox {
    /// The Maildir in `folder`.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    fn all(&self) -> impl Iterator<Item = Mail> {
        let entries = std::fs::read_dir(self.folder.join("new")).into_iter().flatten().flatten();
        entries.filter_map(|entry| Mail::read(&entry.path()))
    }

    /// All mails about one request.
    pub fn about(&self, id: &str) -> Vec<Mail> {
        self.all().filter(|mail| mail.message_id.starts_with(id)).collect()
    }

    /// All mails to one address.
    pub fn to(&self, address: &str) -> Vec<Mail> {
        self.all().filter(|mail| mail.to == address).collect()
    }

    /// Waits for the mail about `id` to `to` with `subject` in its subject line.
    pub async fn mail(&self, id: &str, to: &str, subject: &str) -> Mail {
        let what = format!("a mail about {id} to {to} with \"{subject}\" in its subject");
        let is_it = |mail: &Mail| mail.to == to && mail.subject.contains(subject);
        eventually(&what, PATIENCE, async || self.about(id).into_iter().find(is_it)).await
    }

    /// Waits for the mail that asks the requester to confirm, and returns its link.
    pub async fn confirmation_link(&self, asked: &Asked) -> String {
        let what = format!("the mail that asks {} to confirm {}", asked.email, asked.id);
        eventually(&what, PATIENCE, async || {
            let mails = self.about(&asked.id).into_iter().filter(|mail| mail.to == asked.email);
            mails.into_iter().find_map(|mail| mail.confirmation_link())
        })
        .await
    }

    /// Waits for the approver's mail and returns its link.
    pub async fn approval_link(&self, asked: &Asked, approver: &str) -> String {
        let mail = self.mail(&asked.id, approver, "Approve ").await;
        let link = mail.links().into_iter().find(|link| link.contains("/approvals/"));
        link.unwrap_or_else(|| panic!("the approver's mail has no link"))
    }
}

impl Mail {
    /// The mail in a file of the Maildir.
    pub fn read(file: &Path) -> Option<Self> {
        let at = std::fs::metadata(file).ok()?.modified().ok()?;
        let message = MessageParser::default().parse(&std::fs::read(file).ok()?)?.into_owned();
        let to = message.to().and_then(|to| to.first()).and_then(|to| to.address());
        Some(Self {
            at,
            message_id: message.message_id()?.to_owned(),
            to: to?.to_owned(),
            subject: message.subject()?.to_owned(),
            text: message.body_text(0).unwrap_or_default().into_owned(),
            html: message.body_html(0).unwrap_or_default().into_owned(),
            no_answer: ["Auto-Submitted", "X-Auto-Response-Suppress"]
                .map(|name| message.header(name)?.as_text().map(str::to_owned)),
            attachments: message
                .attachments()
                .map(|file| (file.attachment_name().unwrap_or_default().to_owned(), file.contents().to_vec()))
                .collect(),
        })
    }

    /// Id of the request that the mail is about.
    pub fn request_id(&self) -> &str {
        self.message_id.get(..36).unwrap_or_default()
    }

    /// Every link of the text part and of the HTML part (unescaped), each once.
    pub fn links(&self) -> Vec<String> {
        let html = self.html.replace("&#61;", "=").replace("&#38;", "&").replace("&amp;", "&");
        let mut links = Vec::new();
        for part in [&self.text, &html] {
            for (start, _) in part.match_indices("http") {
                let link: &str = part[start..]
                    .split([' ', '\r', '\n', '\t', '"', '\'', '<', '>', ')'])
                    .next()
                    .unwrap_or("");
                if (link.starts_with("http://") || link.starts_with("https://"))
                    && !links.iter().any(|known| known == link)
                {
                    links.push(link.to_owned());
                }
            }
        }
        links
    }

    /// The link that confirms a request.
    pub fn confirmation_link(&self) -> Option<String> {
        self.links().into_iter().find(|link| link.contains("/confirm?key="))
    }

    /// Content of an attachment.
    pub fn attachment(&self, name: &str) -> &[u8] {
        let file = self.attachments.iter().find(|(file, _)| file == name);
        &file.unwrap_or_else(|| panic!("the mail \"{}\" has no {name}", self.subject)).1
    }
}
