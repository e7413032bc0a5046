//! Free space of the disk that holds the folder of a local stack.

use std::convert::Infallible;
use std::path::Path;
use std::time::Duration;

use crate::error::{CliError, OrFail as _};
use crate::progress::say;

/// Free space that a start requires, in bytes. A new stack takes 250 MB; its state is written beside the former one.
const NEEDED: u64 = 500 * MEGABYTE;
/// Free space below which a running stack warns, in bytes. Saving the state takes less.
const SCARCE: u64 = 100 * MEGABYTE;
const MEGABYTE: u64 = 1_000_000;
/// Interval of the checks of the disk, which reports no event.
const INTERVAL: Duration = Duration::from_secs(10);

/// Fails if the disk of `folder` has too little space for a start.
pub(super) fn require_space(folder: &Path) -> Result<(), CliError> {
    enough(folder, free(folder)?)
}

fn enough(folder: &Path, free: u64) -> Result<(), CliError> {
    if free >= NEEDED {
        return Ok(());
    }
    Err(CliError::new(
        format!(
            "the disk of {} has {} MB free; a local stack needs {} MB",
            folder.display(),
            free / MEGABYTE,
            NEEDED / MEGABYTE
        ),
        "Free some space, or choose a folder on another disk with --dir.",
    ))
}

/// Prints a line each time the disk of `folder` becomes almost full. Never completes.
pub(super) async fn watch(folder: &Path) -> Infallible {
    let mut turns = tokio::time::interval(INTERVAL);
    let mut scarce = false;
    loop {
        turns.tick().await;
        if let Some(warning) = free(folder).ok().and_then(|free| warning(folder, free, &mut scarce)) {
            say(warning);
        }
    }
}

/// The line to print; `scarce` is true if it was printed and the space is still scarce.
fn warning(folder: &Path, free: u64, scarce: &mut bool) -> Option<String> {
    let before = std::mem::replace(scarce, free < SCARCE);
    (*scarce && !before).then(|| {
        format!(
            "The disk of {} is almost full ({} MB free). Free some space before you stop the stack: it saves its state when it stops.",
            folder.display(),
            free / MEGABYTE
        )
    })
}

fn free(folder: &Path) -> Result<u64, CliError> {
    let disk = rustix::fs::statvfs(folder);
    let disk = disk.or_fail(|| format!("cannot read the free space of {}", folder.display()), "")?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_on_a_full_disk_is_refused_with_the_size_it_needs() {
        let folder = Path::new("/somewhere");
        let said = enough(folder, 180_900_000).unwrap_err().to_string();
        assert!(said.contains("/somewhere has 180 MB free; a local stack needs 500 MB"), "{said}");
        assert!(enough(folder, 500 * MEGABYTE).is_ok());
        assert!(free(&std::env::temp_dir()).unwrap() > 0);
    }

    #[test]
    fn a_disk_that_becomes_full_is_reported_once() {
        let (folder, mut scarce) = (Path::new("/somewhere"), false);
        let mut said = |megabytes: u64| warning(folder, megabytes * MEGABYTE, &mut scarce);
        assert_eq!(said(600), None);
        let first = said(99).unwrap();
        assert!(first.contains("99 MB free") && first.contains("before you stop"), "{first}");
        assert_eq!(said(3), None);
        assert_eq!(said(100), None);
        assert!(said(0).is_some());
    }
}
