//! The Maildir of the mail catcher: one file for each mail, never changed after its creation.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use mail_parser::{Address, Message, MessageParser, MimeHeaders as _};

/// A Maildir.
pub(crate) struct Maildir {
    folder: PathBuf,
}

/// One caught mail.
pub(crate) struct Caught {
    /// Name of its file.
    pub(crate) id: String,
    /// Time of its receipt.
    pub(crate) at: SystemTime,
    /// Its Message-ID, which begins with the id of the request.
    pub(crate) message_id: String,
    /// Its sender.
    pub(crate) from: String,
    /// Its recipients.
    pub(crate) to: String,
    /// Its subject line.
    pub(crate) subject: String,
    /// Its text part.
    pub(crate) text: String,
    /// Its HTML part.
    pub(crate) html: Option<String>,
    /// Its attachments.
    pub(crate) attachments: Vec<Attachment>,
}

/// An attachment of a mail.
pub(crate) struct Attachment {
    /// Its name.
    pub(crate) name: String,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

impl Caught {
    /// True if it has a link of an approver.
    pub(super) fn is_for_approver(&self) -> bool {
        self.text.contains("/approvals/")
    }
}

impl Maildir {
    /// Names the Maildir in `folder`, which need not exist yet.
    pub(crate) fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Returns all mails, newest first.
    pub(crate) fn mails(&self) -> Vec<Caught> {
        let mut mails: Vec<Caught> = self.files().iter().filter_map(|path| read(path)).collect();
        mails.sort_by(|one, other| other.at.cmp(&one.at).then_with(|| other.id.cmp(&one.id)));
        mails
    }

    /// Returns a mail. The id is compared with the names of the files, so it cannot name a file outside of the Maildir.
    pub(crate) fn mail(&self, id: &str) -> Option<Caught> {
        self.files()
            .iter()
            .find(|path| path.file_name().is_some_and(|name| name == id))
            .and_then(|path| read(path))
    }

    /// Returns the newest mail with a link of this approver.
    pub(super) fn newest_for_approver(&self, address: &str) -> Option<Caught> {
        self.mails().into_iter().find(|mail| mail.is_for_approver() && mail.to == address)
    }

    fn files(&self) -> Vec<PathBuf> {
        ["new", "cur"]
            .into_iter()
            .filter_map(|part| std::fs::read_dir(self.folder.join(part)).ok())
            .flat_map(|entries| entries.flatten())
            .map(|entry| entry.path())
            .filter(|path| path.is_file())
            .collect()
    }
}

fn read(path: &Path) -> Option<Caught> {
    let bytes = std::fs::read(path).ok()?;
    let message: Message<'_> = MessageParser::default().parse(&bytes)?;
    Some(Caught {
        id: path.file_name()?.to_str()?.to_owned(),
        at: std::fs::metadata(path).ok()?.modified().ok()?,
        message_id: message.message_id().unwrap_or_default().to_owned(),
        from: addresses(message.from()),
        to: addresses(message.to()),
        subject: message.subject().unwrap_or("(no subject)").to_owned(),
        text: message.body_text(0).unwrap_or_default().into_owned(),
        html: message.body_html(0).map(std::borrow::Cow::into_owned),
        attachments: message
            .attachments()
            .map(|part| Attachment {
                name: part.attachment_name().unwrap_or("attachment").to_owned(),
                bytes: part.contents().to_vec(),
            })
            .collect(),
    })
}

fn addresses(address: Option<&Address<'_>>) -> String {
    let all = address.into_iter().flat_map(|address| address.iter()).filter_map(|one| one.address());
    all.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_read_and_an_id_leads_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("new")).unwrap();
        let mail = "Message-ID: <abc.1@x>\r\nFrom: ca@example.com\r\nTo: a@example.com\r\nSubject: Hello\r\n\r\nhttp://localhost/x\r\n";
        std::fs::write(folder.path().join("new/1.2.host"), mail).unwrap();
        std::fs::write(folder.path().join("secret"), mail).unwrap();
        let maildir = Maildir::new(folder.path());
        let mails = maildir.mails();
        assert_eq!(mails.len(), 1);
        assert_eq!((mails[0].to.as_str(), mails[0].subject.as_str()), ("a@example.com", "Hello"));
        assert!(mails[0].message_id.starts_with("abc."));
        assert!(mails[0].text.contains("http://localhost/x"));
        assert!(maildir.mail("1.2.host").is_some());
        assert!(maildir.mail("../secret").is_none());
    }

    #[test]
    fn the_newest_mail_of_an_approver_is_found_among_all() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("new")).unwrap();
        let put = |id: &str, to: &str, link: &str, minute: u64| {
            let path = folder.path().join("new").join(id);
            std::fs::write(&path, format!("To: {to}\r\nSubject: {id}\r\n\r\nhttp://localhost/{link}\r\n"))
                .unwrap();
            let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(60 * minute);
            std::fs::File::options().write(true).open(&path).unwrap().set_modified(at).unwrap();
        };
        put("first", "a@example.com", "approvals/one", 1);
        put("second", "a@example.com", "approvals/two", 2);
        put("third", "a@example.com", "requests/three", 3);
        put("fourth", "b@example.com", "approvals/four", 4);
        let newest =
            |address: &str| Maildir::new(folder.path()).newest_for_approver(address).map(|mail| mail.id);
        assert_eq!(newest("a@example.com").as_deref(), Some("second"));
        assert_eq!(newest("b@example.com").as_deref(), Some("fourth"));
        assert_eq!(newest("c@example.com"), None);
    }
}
