//! Python virtual environments for tests, at pinned versions, below `target/`.
//!
//! Invariant: a copy of the list of versions is written last, so an environment with the current list is complete. A
//! file lock keeps two test processes from making one environment at once.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::{needed, repository};

/// Makes the environment `name` from the lines of a requirements.txt, or reuses it, and returns its interpreter.
/// Returns `None`, with a message, if Python is missing.
pub fn python_with(name: &str, requirements: &str) -> Option<PathBuf> {
    let [system] = needed([("python3", "python3-venv")])?;
    let all = repository().join("target").join("venv");
    let folder = all.join(name);
    let (python, marker) = (folder.join("bin/python"), folder.join("complete.txt"));
    fs::create_dir_all(&all).unwrap();
    let lock = File::create(folder.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    if python.exists() && fs::read_to_string(&marker).is_ok_and(|text| text == requirements) {
        return Some(python);
    }
    succeed(Command::new(system).args(["-m", "venv", "--clear"]).arg(&folder));
    let list = folder.join("requirements.txt");
    fs::write(&list, requirements).unwrap();
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r"];
    succeed(Command::new(&python).args(install).arg(&list));
    fs::write(&marker, requirements).unwrap();
    Some(python)
}

fn succeed(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed (python3-venv and PyPI are needed):\n{said}");
}
