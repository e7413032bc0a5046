//! The log of [`InMemoryBackend`].

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use async_trait::async_trait;
use pki::certificate::Serial;
use zeroize::Zeroizing;

use super::InMemoryBackend;
use crate::ports::{LogFile, LogFiles, LogKeys, PortError, Receipts, Saved};
use crate::transparency::{LogEntry, LogKey};

/// The stored files, receipts and key.
#[derive(Clone, Default)]
pub(super) struct StoredLog {
    /// By path, with the number of writes.
    files: BTreeMap<String, (Vec<u8>, u64)>,
    receipts: BTreeMap<String, String>,
    key: Option<Zeroizing<String>>,
    /// Texts of all checkpoints.
    checkpoints: Vec<String>,
}

impl InMemoryBackend {
    /// The files of the log, by path.
    pub fn log_files(&self) -> BTreeMap<String, Vec<u8>> {
        self.state().log.files.iter().map(|(path, (octets, _))| (path.clone(), octets.clone())).collect()
    }

    /// Replaces a file of the log, or removes it, as a person with access to the bucket could.
    pub fn put_log_file(&self, path: &str, octets: Option<&[u8]>) {
        let mut state = self.state();
        match octets {
            Some(octets) => _ = state.log.files.insert(path.to_owned(), (octets.to_vec(), u64::MAX)),
            None => _ = state.log.files.remove(path),
        }
    }

    /// Every checkpoint that was ever written, oldest first.
    pub fn checkpoints(&self) -> Vec<String> {
        self.state().log.checkpoints.clone()
    }

    /// The receipts by serial.
    pub fn receipts(&self) -> BTreeMap<String, String> {
        self.state().log.receipts.clone()
    }

    /// The key of the log, if there is one.
    pub fn stored_log_key(&self) -> Option<LogKey> {
        let text = self.state().log.key.clone()?;
        LogKey::from_text(text).ok()
    }

    /// Replaces the key of the log.
    pub fn put_log_key(&self, key: Option<&LogKey>) {
        self.state().log.key = key.map(|key| key.text().expose().clone());
    }

    /// The entries of the longest bundle of each tile, in order. Panics on one that is no entry of a certificate.
    pub fn log_entries(&self) -> Vec<LogEntry> {
        let state = self.state();
        let mut bundles = BTreeMap::<u64, pki::tlog::EntryBundle>::new();
        for (path, (octets, _)) in &state.log.files {
            let Some(rest) = path.strip_prefix("tile/entries/") else { continue };
            // Tests have fewer than 256,000 entries.
            let number = rest.split('.').next().and_then(|number| number.parse().ok()).expect("a number");
            let bundle = pki::tlog::EntryBundle::from_octets(octets).expect("a bundle");
            let known = bundles.entry(number).or_default();
            if bundle.entries().len() > known.entries().len() {
                *known = bundle;
            }
        }
        let all = bundles.values().flat_map(|bundle| bundle.entries());
        all.map(|entry| LogEntry::from_octets(entry).expect("an entry")).collect()
    }
}

#[async_trait]
impl LogFiles for InMemoryBackend {
    async fn read(&self, path: &str) -> Result<Option<LogFile>, PortError> {
        self.call("log", "read", |state| {
            let (octets, version) = state.log.files.get(path)?.clone();
            Some(LogFile { octets, version: version.to_string() })
        })
    }

    async fn create(&self, path: &str, octets: &[u8]) -> Result<Saved, PortError> {
        self.call("log", "create", |state| match state.log.files.entry(path.to_owned()) {
            Entry::Occupied(_) => Saved::Conflict,
            Entry::Vacant(file) => {
                file.insert((octets.to_vec(), 1));
                state.log.note_checkpoint(path, octets);
                Saved::Yes
            }
        })
    }

    async fn replace(&self, path: &str, version: &str, octets: &[u8]) -> Result<Saved, PortError> {
        self.call("log", "replace", |state| match state.log.files.get_mut(path) {
            Some((stored, number)) if number.to_string() == version => {
                (*stored, *number) = (octets.to_vec(), number.wrapping_add(1));
                state.log.note_checkpoint(path, octets);
                Saved::Yes
            }
            _ => Saved::Conflict,
        })
    }

    async fn write(&self, path: &str, octets: &[u8]) -> Result<(), PortError> {
        self.call("log", "write", |state| {
            state.log.files.insert(path.to_owned(), (octets.to_vec(), 1));
        })
    }
}

impl StoredLog {
    fn note_checkpoint(&mut self, path: &str, octets: &[u8]) {
        if path == "checkpoint" {
            self.checkpoints.push(String::from_utf8_lossy(octets).into_owned());
        }
    }
}

#[async_trait]
impl LogKeys for InMemoryBackend {
    async fn log_key(&self) -> Result<LogKey, PortError> {
        let text = self.call("log key", "log key", |state| {
            let made = || LogKey::make("ca.example.com/log").expect("a key").text().expose().clone();
            state.log.key.get_or_insert_with(made).clone()
        })?;
        LogKey::from_text(text).map_err(|error| PortError::new("read the key of the log", error))
    }
}

#[async_trait]
impl Receipts for InMemoryBackend {
    async fn receipt(&self, serial: &Serial) -> Result<Option<String>, PortError> {
        self.call("receipts", "receipt", |state| state.log.receipts.get(&serial.to_string()).cloned())
    }

    async fn store_receipt(&self, serial: &Serial, receipt: &str) -> Result<String, PortError> {
        self.call("receipts", "store", |state| {
            state.log.receipts.entry(serial.to_string()).or_insert_with(|| receipt.to_owned()).clone()
        })
    }
}
