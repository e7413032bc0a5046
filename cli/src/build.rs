//! The workers' binaries: built by cargo, placed at `target/lambda/<worker>/bootstrap` for AWS Lambda, and zipped
//! once for all local stacks.
//!
//! Invariant: a binary or a zip is replaced by a rename, so a concurrent reader sees a complete file, old or new. A
//! zip has the modification time of its binary and is created again if the times differ.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::SystemTime;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::error::{CliError, OrFail as _};
use crate::progress::ProgressStep;
use crate::venv::{self, Venv};

const ZIP: &str = include_str!("zip.py");

/// Identity of the built workers; changes with any of them.
pub(crate) type Fingerprint = String;

/// Returns the names of the workers: the folders of `workers/`.
pub(crate) fn names(repository: &Path) -> Result<Vec<String>, CliError> {
    let folder = repository.join("workers");
    let entries = fs::read_dir(&folder)
        .or_fail(|| format!("cannot read {}", folder.display()), "Run this inside the repository.")?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    Ok(names)
}

/// Returns the path of the zip of a worker's binary.
pub(crate) fn zip_of(repository: &Path, name: &str) -> PathBuf {
    repository.join("target/lambda").join(format!("{name}.zip"))
}

/// Builds, places and zips all workers.
pub(crate) async fn build(repository: &Path, release: bool, venv: &Venv) -> Result<Fingerprint, CliError> {
    let names = names(repository)?;
    let binaries = cargo(repository, &names, release).await?;
    let step = ProgressStep::begin("Packing the workers");
    let folder = repository.join("target/lambda");
    fs::create_dir_all(&folder).or_fail(|| format!("cannot make {}", folder.display()), "")?;
    let _lock = venv::lock(&folder.join(".lock")).await?;
    let mut fingerprint = String::new();
    let mut stale = Vec::new();
    for name in &names {
        let missing = || CliError::new(format!("cargo built no binary {name}"), "Look at its Cargo.toml.");
        let bootstrap = lay_out(binaries.get(name).ok_or_else(missing)?, &folder.join(name))?;
        fingerprint.push_str(&format!("{name} {}\n", identity(&bootstrap).unwrap_or_default()));
        let zip = zip_of(repository, name);
        if modified(&zip).is_none() || modified(&zip) != modified(&bootstrap) {
            stale.push((bootstrap, zip));
        }
    }
    pack(venv, &stale).await?;
    step.done(format!("{} in target/lambda", names.len()));
    Ok(fingerprint)
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

/// Returns modification time and size of a binary, which differ between builds.
fn identity(path: &Path) -> Option<String> {
    Some(format!("{:?} {}", modified(path)?, fs::metadata(path).ok()?.len()))
}

async fn pack(venv: &Venv, stale: &[(PathBuf, PathBuf)]) -> Result<(), CliError> {
    if stale.is_empty() {
        return Ok(());
    }
    let fresh = |zip: &Path| zip.with_extension("zip.new");
    let arguments = stale.iter().flat_map(|(bootstrap, zip)| [bootstrap.clone(), fresh(zip)]);
    let output = Command::new(&venv.python)
        .args(["-c", ZIP])
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .or_fail(
            || format!("cannot run {}", venv.python.display()),
            "Remove the virtual environment and try again.",
        )?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(CliError::new(
            format!("the workers cannot be zipped: {}", errors.lines().last().unwrap_or_default()),
            "",
        ));
    }
    for (bootstrap, zip) in stale {
        let made = fresh(zip);
        let time = modified(bootstrap).unwrap_or_else(SystemTime::now);
        File::options()
            .write(true)
            .open(&made)
            .and_then(|file| file.set_modified(time))
            .and_then(|()| fs::rename(&made, zip))
            .or_fail(|| format!("cannot write {}", zip.display()), "")?;
    }
    Ok(())
}

#[derive(Deserialize)]
struct CargoMessage {
    reason: String,
    target: Option<CargoTarget>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct CargoTarget {
    name: String,
}

async fn cargo(
    repository: &Path,
    names: &[String],
    release: bool,
) -> Result<BTreeMap<String, PathBuf>, CliError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(&cargo);
    // Cargo writes its progress to standard error; its JSON messages name the binaries.
    command.args(["build", "--message-format", "json-render-diagnostics"]);
    if release {
        // The features of the workers alone, as they are deployed.
        command.args(["--release", "--bins"]);
    } else {
        // The features of the whole workspace, as in `cargo test`, so that both share their builds.
        command.arg("--workspace");
    }
    for name in names {
        command.args([if release { "-p" } else { "--bin" }, name]);
    }
    eprintln!("  ... Building the workers");
    let mut process = command
        .current_dir(repository)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .or_fail(
            || format!("cannot run {}", cargo.to_string_lossy()),
            "Install Rust from https://rustup.rs and try again.",
        )?;
    let mut binaries = BTreeMap::new();
    if let Some(output) = process.stdout.take() {
        let mut lines = BufReader::new(output).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let Ok(message) = serde_json::from_str::<CargoMessage>(&line) else {
                continue;
            };
            if let (true, Some(target), Some(file)) =
                (message.reason == "compiler-artifact", message.target, message.executable)
            {
                binaries.insert(target.name, file);
            }
        }
    }
    let status = process.wait().await.or_fail(|| "cannot wait for cargo".into(), "")?;
    if status.success() {
        Ok(binaries)
    } else {
        Err(CliError::new("the workers do not build", "See the messages of cargo above."))
    }
}

/// Places `binary` in `folder` as `bootstrap`. Idempotent.
fn lay_out(binary: &Path, folder: &Path) -> Result<PathBuf, CliError> {
    let bootstrap = folder.join("bootstrap");
    if identity(binary).is_none() || identity(&bootstrap) != identity(binary) {
        fs::create_dir_all(folder).or_fail(|| format!("cannot make {}", folder.display()), "")?;
        let fresh = folder.join(".bootstrap");
        let _ = fs::remove_file(&fresh);
        // A hard link keeps the modification time of the build; another file system needs a copy.
        fs::hard_link(binary, &fresh)
            .or_else(|_| fs::copy(binary, &fresh).map(|_| ()))
            .and_then(|()| fs::rename(&fresh, &bootstrap))
            .or_fail(|| format!("cannot write {}", bootstrap.display()), "")?;
    }
    Ok(bootstrap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_is_laid_out_again_when_it_changed_and_only_then() {
        let folder = tempfile::tempdir().unwrap();
        let (binary, out) = (folder.path().join("sign"), folder.path().join("lambda/sign"));
        fs::write(&binary, "one").unwrap();
        let first = identity(&lay_out(&binary, &out).unwrap());
        assert_eq!(identity(&lay_out(&binary, &out).unwrap()), first);
        fs::remove_file(&binary).unwrap();
        fs::write(&binary, "another").unwrap();
        assert_ne!(identity(&lay_out(&binary, &out).unwrap()), first);
        assert_eq!(fs::read_to_string(out.join("bootstrap")).unwrap(), "another");
    }
}
