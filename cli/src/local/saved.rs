//! The state that the emulator saves when it stops: one file for each service.
//!
//! Invariant: a stop counts as saved only if the file of every service of the stack was replaced. A stack whose CA was
//! lost with its state never gets another CA by itself.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::ca::KeyBackend;
use crate::error::CliError;

/// Services that every deployed stack uses, by the names of the emulator's files.
const SERVICES: [&str; 9] =
    ["cloudformation", "dynamodb", "iam", "lambda", "s3", "secretsmanager", "sqs", "ssm", "stepfunctions"];
/// File that records that a CA was created, and the place of its key. It is in the folder of the state: to remove the state
/// is to begin anew.
const CA_MARKER: &str = "ca-created";

/// Identity of a file: the emulator replaces the file of a service when it saves it.
type FileId = (u64, i64, i64);

/// The saved state of a stack, as it was before the emulator stopped.
pub(super) struct SavedState {
    folder: PathBuf,
    before: BTreeMap<&'static str, Option<FileId>>,
}

impl SavedState {
    /// Reads which files exist.
    pub(super) fn of(folder: &Path) -> Self {
        let before = services(folder).map(|service| (service, id(folder, service))).collect();
        Self { folder: folder.to_owned(), before }
    }

    /// Fails if a service was not saved since `of`.
    pub(super) fn require_newer(&self) -> Result<(), CliError> {
        let kept = self.before.iter().filter(|(service, before)| {
            let now = id(&self.folder, service);
            now.is_none() || now == **before
        });
        let kept: Vec<&str> = kept.map(|(service, _)| *service).collect();
        if kept.is_empty() {
            return Ok(());
        }
        let log = self.folder.join("emulator.log");
        let why = fs::read_to_string(&log).unwrap_or_default();
        let why =
            why.lines().rev().find_map(|line| line.split_once("failed to save ")).map(|(_, why)| why.trim());
        let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
        Err(CliError::new(
            format!("the state could not be saved: {}{why}", kept.join(", ")),
            format!("See {}. What changed since the last start is lost.", log.display()),
        ))
    }
}

fn state(folder: &Path) -> PathBuf {
    folder.join("state")
}

fn id(folder: &Path, service: &str) -> Option<FileId> {
    let file = fs::metadata(state(folder).join(format!("{service}.json"))).ok()?;
    file.is_file().then(|| (file.ino(), file.mtime(), file.mtime_nsec()))
}

/// The services whose state the stack needs.
fn services(folder: &Path) -> impl Iterator<Item = &'static str> {
    let kms = ca_key(folder) == Some(KeyBackend::Kms);
    SERVICES.into_iter().chain(kms.then_some("kms"))
}

/// The place of the CA key, if a CA was created in this folder.
pub(super) fn ca_key(folder: &Path) -> Option<KeyBackend> {
    let place = fs::read_to_string(state(folder).join(CA_MARKER)).ok()?;
    [KeyBackend::Secret, KeyBackend::Kms].into_iter().find(|backend| backend.parameter() == place.trim())
}

/// Records that the stack has a CA.
pub(super) fn record_ca(folder: &Path, place: KeyBackend) -> Result<(), CliError> {
    super::atomic::replace(&state(folder), CA_MARKER, place.parameter().as_bytes())
}

/// Fails if a CA was created in this folder and the state with its key was not saved.
pub(super) fn require_ca_state(folder: &Path) -> Result<(), CliError> {
    if ca_key(folder).is_none() {
        return Ok(());
    }
    let lost: Vec<&str> = services(folder).filter(|service| id(folder, service).is_none()).collect();
    if lost.is_empty() {
        return Ok(());
    }
    Err(CliError::new(
        format!(
            "a CA was created in {}, and the state with its key was not saved ({} missing)",
            folder.display(),
            lost.join(", ")
        ),
        format!(
            "Certificates of that CA stay valid, but it can sign nothing any more. To begin again with a new CA and no requests, remove {}.",
            state(folder).display()
        ),
    ))
}

/// Returns the place of the CA key: `chosen`, else the place at the last start. Fails if the key would be left behind
/// without `new_key`.
pub(super) fn place_of_ca_key(
    folder: &Path,
    chosen: Option<KeyBackend>,
    new_key: bool,
) -> Result<KeyBackend, CliError> {
    let current = ca_key(folder);
    let place = chosen.or(current).unwrap_or(KeyBackend::Secret);
    match current {
        Some(current) if current != place && !new_key => Err(CliError::new(
            format!(
                "the CA key of this stack is in {}, and a key cannot move to {}",
                current.name(),
                place.name()
            ),
            "Nothing was changed. To keep the CA, leave --ca-key out. To change it, add --new-ca-key: nothing is signed then until countersign ca rotate has created a new root, which everyone who trusts the CA needs.",
        )),
        _ => Ok(place),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack_with(saved: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(state(folder.path())).unwrap();
        saved.iter().for_each(|service| save(folder.path(), service));
        folder
    }

    fn save(folder: &Path, service: &str) {
        let file = state(folder).join(format!("{service}.json"));
        let fresh = file.with_extension("tmp");
        fs::write(&fresh, "{}").unwrap();
        fs::rename(fresh, file).unwrap();
    }

    #[test]
    fn a_service_that_was_not_saved_is_named_with_the_reason() {
        let folder = stack_with(&SERVICES);
        let before = SavedState::of(folder.path());
        let others = SERVICES.into_iter().filter(|service| *service != "dynamodb");
        others.for_each(|service| save(folder.path(), service));
        let log = "x\nERROR Persistence: failed to save dynamodb: [Errno 28] No space left on device\n";
        fs::write(folder.path().join("emulator.log"), log).unwrap();
        let said = before.require_newer().unwrap_err().to_string();
        assert!(said.contains("could not be saved: dynamodb (dynamodb: [Errno 28] No space"), "{said}");
        assert!(said.contains("emulator.log"), "{said}");
        save(folder.path(), "dynamodb");
        assert!(before.require_newer().is_ok());
    }

    #[test]
    fn a_first_state_that_was_not_saved_is_found_too() {
        let folder = stack_with(&[]);
        let before = SavedState::of(folder.path());
        assert!(before.require_newer().is_err());
        SERVICES.into_iter().for_each(|service| save(folder.path(), service));
        assert!(before.require_newer().is_ok());
    }

    #[test]
    fn a_lost_ca_is_not_replaced_by_another() {
        let folder = stack_with(&[]);
        assert!(require_ca_state(folder.path()).is_ok());
        record_ca(folder.path(), KeyBackend::Kms).unwrap();
        SERVICES.into_iter().for_each(|service| save(folder.path(), service));
        let said = require_ca_state(folder.path()).unwrap_err().to_string();
        assert!(said.contains("(kms missing)") && said.contains("remove"), "{said}");
        save(folder.path(), "kms");
        assert!(require_ca_state(folder.path()).is_ok());
    }

    #[test]
    fn a_ca_key_is_left_behind_only_on_purpose() {
        let folder = stack_with(&[]);
        let place = |chosen, new_key| place_of_ca_key(folder.path(), chosen, new_key);
        let (secret, kms) = (KeyBackend::Secret, KeyBackend::Kms);
        assert_eq!(place(None, false).unwrap(), secret);
        assert_eq!(place(Some(kms), false).unwrap(), kms);
        record_ca(folder.path(), kms).unwrap();
        assert_eq!(place(None, false).unwrap(), kms);
        let said = place(Some(secret), false).unwrap_err().to_string();
        assert!(said.contains("is in KMS") && said.contains("cannot move to Secrets Manager"), "{said}");
        assert!(said.contains("new root") && said.contains("--new-ca-key"), "{said}");
        assert_eq!(place(Some(secret), true).unwrap(), secret);
    }
}
