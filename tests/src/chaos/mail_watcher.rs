//! The Maildir, read once a file: thousands of mails are looked for hundreds of times.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use crate::{Mail, Stack};

/// All mails so far, by request.
#[derive(Clone)]
pub struct MailWatcher {
    folder: PathBuf,
    read: Arc<Mutex<Read>>,
}

#[derive(Default)]
struct Read {
    files: HashSet<OsString>,
    by_request: HashMap<String, Vec<Mail>>,
}

impl MailWatcher {
    /// That of a stack.
    pub fn of(stack: &Stack) -> Self {
        let folder = PathBuf::from(stack.endpoint("mailbox")).join("new");
        Self { folder, read: Arc::default() }
    }

    /// Reads what came since.
    pub fn look(&self) {
        let mut read = self.read.lock().unwrap();
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if read.files.contains(&entry.file_name()) {
                continue;
            }
            // A mail is whole when it is in this folder, so what cannot be read is none.
            read.files.insert(entry.file_name());
            if let Some(mail) = Mail::read(&entry.path()) {
                read.by_request.entry(mail.request_id().to_owned()).or_default().push(mail);
            }
        }
    }

    /// The mails about a request, as of the last look.
    pub fn about(&self, id: &str) -> Vec<Mail> {
        self.read.lock().unwrap().by_request.get(id).cloned().unwrap_or_default()
    }
}
