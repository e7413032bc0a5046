//! The virtual environment of the local stack: Python programs at pinned versions.
//!
//! Invariant: a copy of `requirements.txt` is written last, so an environment with the current copy is complete. A file
//! lock prevents two commands from creating the same environment at once.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::error::{CliError, OrFail as _};
use crate::progress::ProgressStep;

const REQUIREMENTS: &str = include_str!("../requirements.txt");
const OLDEST: (u32, u32) = (3, 10);

/// A complete environment.
pub(crate) struct Venv {
    /// Its interpreter.
    pub(crate) python: PathBuf,
}

impl Venv {
    /// Creates the environment in `folder`. Idempotent.
    pub(crate) async fn ready(folder: &Path) -> Result<Self, CliError> {
        let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
        let marker = folder.join("countersign-requirements.txt");
        let complete =
            || python.exists() && fs::read_to_string(&marker).is_ok_and(|text| text == REQUIREMENTS);
        let parent = folder.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(parent)
            .or_fail(|| format!("cannot make {}", parent.display()), "Choose another --dir or --venv.")?;
        let lock = lock(&folder.with_extension("lock")).await?;
        if !complete() {
            let step = ProgressStep::begin("Installing the AWS emulator, for the first time only");
            let version = make(folder, &python, &step).await?;
            fs::write(&marker, REQUIREMENTS).or_fail(|| format!("cannot write {}", marker.display()), "")?;
            step.done(format!("ministack, awscli and aiosmtpd on Python {version}"));
        }
        drop(lock);
        Ok(Self { python })
    }
}

/// Waits until no other command holds the lock. Dropping the file releases it.
pub(crate) async fn lock(path: &Path) -> Result<File, CliError> {
    let file = File::create(path)
        .or_fail(|| format!("cannot write {}", path.display()), "Choose another --dir or --venv.")?;
    let doing = format!("cannot lock {}", path.display());
    let locked = tokio::task::spawn_blocking(move || file.lock().map(|()| file)).await;
    locked.or_fail(|| doing.clone(), "")?.or_fail(|| doing, "")
}

async fn make(folder: &Path, python: &Path, step: &ProgressStep) -> Result<String, CliError> {
    let (system, version) = system_python().await?;
    let made = Command::new(&system)
        .args(["-m", "venv", "--clear"])
        .arg(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .or_fail(|| format!("cannot run {system}"), "")?;
    if !made.status.success() {
        let text =
            format!("{}{}", String::from_utf8_lossy(&made.stdout), String::from_utf8_lossy(&made.stderr));
        return Err(if text.contains("ensurepip") || text.contains("No module named venv") {
            CliError::new(
                format!("{system} {version} has no venv module"),
                "On Debian and Ubuntu: apt-get install python3-venv. Then run this again.",
            )
        } else {
            CliError::new(format!("{system} -m venv {} failed: {}", folder.display(), last_line(&text)), "")
        });
    }
    install(folder, python, step).await?;
    Ok(version)
}

/// Returns the first interpreter on the PATH of a supported version, and its version.
async fn system_python() -> Result<(String, String), CliError> {
    let mut too_old = None;
    for name in ["python3", "python", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"] {
        let script = "import sys; print(sys.version_info[0], sys.version_info[1])";
        let output =
            Command::new(name).args(["-c", script]).stdin(Stdio::null()).kill_on_drop(true).output().await;
        let Ok(output) = output else { continue };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut numbers = text.split_whitespace().filter_map(|number| number.parse().ok());
        let (Some(major), Some(minor)) = (numbers.next(), numbers.next()) else {
            continue;
        };
        if (major, minor) >= OLDEST {
            return Ok((name.to_owned(), format!("{major}.{minor}")));
        }
        too_old = Some(format!("{name} is version {major}.{minor}"));
    }
    let advice = "The local stack needs Python 3.10 or later: on Debian and Ubuntu, apt-get install python3 python3-venv; on a Mac, brew install python.";
    Err(CliError::new(too_old.unwrap_or_else(|| "there is no python3 on the PATH".into()), advice))
}

async fn install(folder: &Path, python: &Path, step: &ProgressStep) -> Result<(), CliError> {
    let list = folder.join("requirements.txt");
    fs::write(&list, REQUIREMENTS).or_fail(|| format!("cannot write {}", list.display()), "")?;
    let mut pip = Command::new(python)
        .args([
            "-m",
            "pip",
            "install",
            "--no-input",
            "--disable-pip-version-check",
            "--progress-bar",
            "off",
            "-r",
        ])
        .arg(&list)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .or_fail(|| format!("cannot run pip with {}", python.display()), "")?;
    let errors = pip.stderr.take();
    let errors = tokio::spawn(async move {
        let mut text = String::new();
        if let Some(mut errors) = errors {
            let _ = tokio::io::AsyncReadExt::read_to_string(&mut errors, &mut text).await;
        }
        text
    });
    if let Some(output) = pip.stdout.take() {
        let mut lines = BufReader::new(output).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            step.detail(&line);
        }
    }
    let status = pip.wait().await.or_fail(|| "cannot wait for pip".into(), "")?;
    if status.success() {
        return Ok(());
    }
    let text = errors.await.unwrap_or_default();
    let offline = [
        "Failed to establish a new connection",
        "Temporary failure in name resolution",
        "Max retries exceeded",
        "Name or service not known",
        "NewConnectionError",
        "ProxyError",
        "(from versions: none)",
    ];
    Err(if offline.iter().any(|sign| text.contains(sign)) {
        CliError::new(
            "pip cannot reach the Python package index",
            "The first start needs a network. Check it, or set HTTPS_PROXY or PIP_INDEX_URL, then run this again.",
        )
    } else {
        CliError::new(
            format!("pip install failed: {}", last_line(&text)),
            format!("Run it by hand: {} -m pip install -r {}", python.display(), list.display()),
        )
    })
}

fn last_line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines
        .iter()
        .rev()
        .find(|line| line.starts_with("ERROR"))
        .or(lines.last())
        .map_or_else(|| "no output".into(), |line| (*line).to_owned())
}
