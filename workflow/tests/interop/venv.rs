//! The Python programs: a virtual environment at pinned versions, made once and kept under target/.
//!
//! Invariant: a copy of the list of versions is written last, so an environment that carries the present list is
//! complete. A lock keeps two test programs from making it at once: the tests of the worker acme use this file, too.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::missing::Missing;

const REQUIREMENTS: &str = include_str!("requirements.txt");

/// Its interpreter.
pub(crate) fn python() -> Result<PathBuf, Missing> {
    static READY: OnceLock<Result<PathBuf, Missing>> = OnceLock::new();
    READY.get_or_init(make).clone()
}

fn make() -> Result<PathBuf, Missing> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("interop-venv");
    let python = folder.join("bin/python");
    let marker = folder.join("countersign-requirements.txt");
    fs::create_dir_all(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let lock = File::create(folder.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    if python.exists() && fs::read_to_string(&marker).is_ok_and(|text| text == REQUIREMENTS) {
        return Ok(python);
    }
    run(
        Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder),
        "apt-get install python3-venv",
    )?;
    let list = folder.join("requirements.txt");
    fs::write(&list, REQUIREMENTS).unwrap();
    run(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r"])
            .arg(&list),
        "Python 3.10 or later and PyPI are needed",
    )?;
    fs::write(&marker, REQUIREMENTS).unwrap();
    Ok(python)
}

fn run(command: &mut Command, remedy: &str) -> Result<(), Missing> {
    let missing = |what: String| Missing { what, remedy: remedy.to_owned() };
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|_| missing(format!("{program} is not installed")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(missing(format!("{program} failed ({})", said.lines().last().unwrap_or("without a word"))))
}
