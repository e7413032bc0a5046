//! Index of the Maildir that reads each file once: tests look up thousands of mails hundreds of times.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use crate::{Mail, Stack};

/// Mails by request.
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
    /// Watcher of a stack's mailbox.
    pub fn of(stack: &Stack) -> Self {
        let folder = PathBuf::from(stack.endpoint("mailbox")).join("new");
        Self { folder, read: Arc::default() }
    }

    /// Reads new files.
    pub fn look(&self) {
        let mut read = self.read.lock().unwrap();
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if read.files.contains(&entry.file_name()) {
                continue;
            }
            // Files in `new` are complete: one that cannot be parsed is no mail.
            read.files.insert(entry.file_name());
            if let Some(mail) = Mail::read(&entry.path()) {
                read.by_request.entry(mail.request_id().to_owned()).or_default().push(mail);
            }
        }
    }

    /// Mails to an address, as of the last `look`.
    pub fn to(&self, address: &str) -> Vec<Mail> {
        let read = self.read.lock().unwrap();
        read.by_request.values().flatten().filter(|mail| mail.to == address).cloned().collect()
    }

    /// Mails about a request, as of the last `look`.
    pub fn about(&self, id: &str) -> Vec<Mail> {
        self.read.lock().unwrap().by_request.get(id).cloned().unwrap_or_default()
    }
}
