//! The log of certificates: its files, its key, and the receipts.

use async_trait::async_trait;
use pki::certificate::Serial;

use super::{PortError, Saved};
use crate::transparency::LogKey;

/// A file of the log, with its version: the condition of its replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// The content.
    pub octets: Vec<u8>,
    /// The version.
    pub version: String,
}

/// The files of the log (C2SP tlog-tiles), by their path below the prefix of the log. Reads are consistent.
#[async_trait]
pub trait LogFiles: Send + Sync {
    /// A file.
    async fn read(&self, path: &str) -> Result<Option<LogFile>, PortError>;
    /// Writes a file that does not exist; conflicts if it does.
    async fn create(&self, path: &str, octets: &[u8]) -> Result<Saved, PortError>;
    /// Writes a file in place of the one with this version; conflicts if there is another one, or none.
    async fn replace(&self, path: &str, version: &str, octets: &[u8]) -> Result<Saved, PortError>;
    /// Writes a file whose content follows from its path. Idempotent.
    async fn write(&self, path: &str, octets: &[u8]) -> Result<(), PortError>;
}

/// The key of the log.
#[async_trait]
pub trait LogKeys: Send + Sync {
    /// The key in force. Makes one if there is none: of two callers, both get the one of the first.
    async fn log_key(&self) -> Result<LogKey, PortError>;
}

/// The receipts of certificates.
#[async_trait]
pub trait Receipts: Send + Sync {
    /// The receipt of a certificate.
    async fn receipt(&self, serial: &Serial) -> Result<Option<String>, PortError>;
    /// Stores the receipt of a certificate, unless there is one. Returns the stored receipt.
    async fn store_receipt(&self, serial: &Serial, receipt: &str) -> Result<String, PortError>;
}
