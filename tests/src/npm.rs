//! Packages of the npm registry for tests, at pinned versions, below `target/`.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::{needed, repository};

/// Installs a package once, without running its scripts, and returns its folder. Returns `None`, with a message, if npm is missing.
pub fn npm_package(name: &str, version: &str) -> Option<PathBuf> {
    let folder = repository().join("target").join(format!("{name}-{version}"));
    let module = folder.join("node_modules").join(name);
    if !module.join("package.json").is_file() {
        let [npm] = needed([("npm", "npm")])?;
        fs::create_dir_all(&folder).unwrap();
        let output = Command::new(npm)
            .args(["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"])
            .arg(&folder)
            .arg(format!("{name}@{version}"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "npm cannot install {name}: {said}");
    }
    Some(module)
}
