//! Files that are never seen half written.

use std::fs;
use std::path::Path;

use crate::error::{CliError, OrFail as _};

/// Writes a file atomically: a reader finds the former content or the new one.
pub(super) fn replace(folder: &Path, name: &str, content: &[u8]) -> Result<(), CliError> {
    let (file, fresh) = (folder.join(name), folder.join(format!(".{name}")));
    fs::write(&fresh, content)
        .and_then(|()| fs::rename(&fresh, &file))
        .or_fail(|| format!("cannot write {}", file.display()), "")
}
