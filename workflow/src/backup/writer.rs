//! Writes an export record by record.

use std::io::Write;

use aws_lc_rs::digest::{Context, SHA256};

use super::record::Line;
use super::{Counts, ExportError, Header, LONGEST_LINE, Manifest, Record};

/// Writes an export. Without [`Writer::finish`] it has no manifest, and readers refuse it.
pub struct Writer<W> {
    output: W,
    hash: Context,
    counts: Counts,
}

impl<W: Write> Writer<W> {
    /// Begins an export.
    ///
    /// # Errors
    /// [`ExportError::Io`].
    pub fn begin(output: W, header: &Header) -> Result<Self, ExportError> {
        let mut writer = Self { output, hash: Context::new(&SHA256), counts: Counts::default() };
        writer.line(serde_json::to_vec(header).map_err(std::io::Error::from)?)?;
        Ok(writer)
    }

    /// Adds a record.
    ///
    /// # Errors
    /// [`ExportError::Io`]; [`ExportError::Secret`] for a record with a secret; [`ExportError::TooLong`].
    pub fn put(&mut self, record: &Record) -> Result<(), ExportError> {
        let line = serde_json::to_vec(&Line::from(record)).map_err(std::io::Error::from)?;
        record.harmless(&line)?;
        if line.len() >= LONGEST_LINE {
            return Err(ExportError::TooLong(self.counts.records() + 2));
        }
        self.counts.count(record);
        self.line(line)
    }

    /// Writes the manifest, and returns the output.
    ///
    /// # Errors
    /// [`ExportError::Io`].
    pub fn finish(mut self) -> Result<(W, Manifest), ExportError> {
        let manifest = Manifest { counts: self.counts, sha256: hex::encode(self.hash.clone().finish()) };
        let line = Line::Manifest { counts: manifest.counts, sha256: manifest.sha256.clone() };
        self.line(serde_json::to_vec(&line).map_err(std::io::Error::from)?)?;
        self.output.flush()?;
        Ok((self.output, manifest))
    }

    fn line(&mut self, mut line: Vec<u8>) -> Result<(), ExportError> {
        line.push(b'\n');
        self.hash.update(&line);
        self.output.write_all(&line)?;
        Ok(())
    }
}
