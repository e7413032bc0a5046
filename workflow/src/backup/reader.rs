//! Reads an export record by record. Reading to the end proves that the file is complete and unaltered.

use std::io::{BufRead, BufReader, Read};

use aws_lc_rs::digest::{Context, SHA256};
use serde::Deserialize;

use super::record::{Line, short};
use super::{BrokenTrail, Counts, ExportError, FORMAT, Header, LONGEST_LINE, Manifest, Record};
use crate::request::audit::Event;
use crate::request::verify_request;

/// Reads an export.
pub struct Reader<R> {
    input: BufReader<R>,
    hash: Context,
    /// The number of lines read.
    lines: u64,
    counts: Counts,
    header: Header,
    /// The events since the last row of a request.
    trail: Vec<Event>,
    broken: Vec<BrokenTrail>,
    manifest: Option<Manifest>,
}

/// The fields of the first line in every format.
#[derive(Deserialize)]
struct AnyHeader {
    format: u64,
}

impl<R: Read> Reader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`ExportError::NotAnExport`], [`ExportError::Format`], [`ExportError::Io`].
    pub fn open(input: R) -> Result<Self, ExportError> {
        let mut input = BufReader::new(input);
        let line = match line(&mut input, 1) {
            Ok(Some(line)) => line,
            Ok(None) | Err(ExportError::TooLong(_) | ExportError::Cut(_)) => {
                return Err(ExportError::NotAnExport);
            }
            Err(error) => return Err(error),
        };
        let any: AnyHeader = serde_json::from_slice(&line).map_err(|_| ExportError::NotAnExport)?;
        if any.format != u64::from(FORMAT) {
            return Err(ExportError::Format(any.format));
        }
        let header = serde_json::from_slice(&line).map_err(|_| ExportError::NotAnExport)?;
        let mut hash = Context::new(&SHA256);
        hash.update(&line);
        Ok(Self {
            input,
            hash,
            lines: 1,
            counts: Counts::default(),
            header,
            trail: Vec::new(),
            broken: Vec::new(),
            manifest: None,
        })
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The broken audit trails among the records read so far.
    pub fn broken(&self) -> &[BrokenTrail] {
        &self.broken
    }

    /// The manifest, after [`Reader::record`] returned `None`.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref()
    }

    /// Reads the next record; `None` at the end, after the manifest was verified.
    ///
    /// # Errors
    /// See [`ExportError`].
    pub fn record(&mut self) -> Result<Option<Record>, ExportError> {
        if self.manifest.is_some() {
            return Ok(None);
        }
        let number = self.lines + 1;
        let bytes = line(&mut self.input, number)?.ok_or(ExportError::Cut(self.lines))?;
        self.lines = number;
        let wrong = |why: String| ExportError::Line { line: number, why };
        let parsed: Line =
            serde_json::from_slice(&bytes).map_err(|error| wrong(short(&error.to_string())))?;
        match parsed.record().map_err(wrong)? {
            Ok(record) => {
                record.harmless(&bytes)?;
                self.hash.update(&bytes);
                self.counts.count(&record);
                self.follow(&record)?;
                Ok(Some(record))
            }
            Err((counts, sha256)) => {
                self.close(Manifest { counts, sha256 })?;
                Ok(None)
            }
        }
    }

    /// Checks the order: the events of a request, then its row.
    fn follow(&mut self, record: &Record) -> Result<(), ExportError> {
        match record {
            Record::Event(event) => {
                let event = event.value();
                if let Some(first) = self.trail.first().filter(|first| first.request_id != event.request_id) {
                    return Err(ExportError::Stray(first.request_id));
                }
                self.trail.push(event.clone());
            }
            Record::Request(row) => {
                let row = row.value();
                if let Some(first) = self.trail.first().filter(|first| first.request_id != row.id()) {
                    return Err(ExportError::Stray(first.request_id));
                }
                let wrong = verify_request(row, &self.trail);
                self.trail.clear();
                if !wrong.is_empty() {
                    self.broken.push(BrokenTrail { request_id: row.id(), wrong });
                }
            }
            _ => self.nothing_open()?,
        }
        Ok(())
    }

    fn nothing_open(&self) -> Result<(), ExportError> {
        self.trail.first().map_or(Ok(()), |first| Err(ExportError::Stray(first.request_id)))
    }

    fn close(&mut self, manifest: Manifest) -> Result<(), ExportError> {
        if manifest.sha256 != hex::encode(self.hash.clone().finish()) {
            return Err(ExportError::Altered);
        }
        if manifest.counts != self.counts {
            return Err(ExportError::Miscounted);
        }
        self.nothing_open()?;
        if !self.input.fill_buf()?.is_empty() {
            return Err(ExportError::Surplus(self.lines + 1));
        }
        self.manifest = Some(manifest);
        Ok(())
    }
}

/// Reads the next line with its line feed; `None` at the end of the input. A line without a line feed was cut off.
fn line(input: &mut impl BufRead, number: u64) -> Result<Option<Vec<u8>>, ExportError> {
    let mut line = Vec::new();
    // Limits the memory for a line without end.
    let limit = LONGEST_LINE as u64 + 1;
    input.take(limit).read_until(b'\n', &mut line)?;
    match line.last() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(line)),
        Some(_) if line.len() as u64 == limit => Err(ExportError::TooLong(number)),
        Some(_) => Err(ExportError::Cut(number)),
    }
}
