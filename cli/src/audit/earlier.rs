//! The trails of an earlier export, as evidence from outside of the stack.

use std::collections::BTreeMap;
use std::path::Path;

use workflow::backup::Record;
use workflow::ids::RequestId;
use workflow::request::audit::{AuditError, ChainHead, Event};

use crate::backup::{damaged, open};
use crate::error::CliError;

/// The end of each trail in an export. The whole file is read, so it is complete and unaltered.
pub(super) fn heads(file: &Path) -> Result<BTreeMap<RequestId, ChainHead>, CliError> {
    let mut reader = open(file)?;
    let mut heads = BTreeMap::new();
    while let Some(record) = reader.record().map_err(|error| damaged(file, error))? {
        if let Record::Request(row) = record {
            heads.insert(row.value().id(), row.value().audit().clone());
        }
    }
    Ok(heads)
}

/// Checks that a trail begins with the trail of the export.
pub(super) fn continues(head: &ChainHead, events: &[Event]) -> Option<AuditError> {
    let last = head.number.checked_sub(1).and_then(|index| usize::try_from(index).ok());
    let same = last.and_then(|index| events.get(index)).is_some_and(|event| event.hash == head.hash);
    (!same && head.number > 0).then_some(AuditError::SetBack(head.number))
}
