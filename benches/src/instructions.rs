//! Instruction counts by callgrind of valgrind: the same on every machine and under any load, except for random keys
//! and hash tables.

use std::process::{Command, Stdio};

use tempfile::NamedTempFile;

/// A callgrind run and its output file.
pub struct Counter(NamedTempFile);

impl Default for Counter {
    fn default() -> Self {
        Counter(NamedTempFile::new().unwrap())
    }
}

impl Counter {
    /// valgrind with its arguments.
    #[must_use]
    pub fn around(&self) -> Vec<String> {
        let out = format!("--callgrind-out-file={}", self.0.path().display());
        // Most code of a start runs once, so translation dominates: the simplest translation is fastest.
        ["valgrind", "--quiet", "--tool=callgrind", "--read-inline-info=no", "--vex-iropt-level=0", &out]
            .map(str::to_owned)
            .to_vec()
    }

    /// Number of executed instructions.
    #[must_use]
    pub fn count(&self) -> u64 {
        let written = std::fs::read_to_string(self.0.path()).unwrap();
        let total = written.lines().find_map(|line| {
            line.strip_prefix("totals: ").or_else(|| line.strip_prefix("summary: "))?.trim().parse().ok()
        });
        total.unwrap_or_else(|| panic!("callgrind wrote no total"))
    }
}

/// Number of executed instructions of a program that ends by itself.
#[must_use]
pub fn of(program: &std::path::Path, arguments: &[&str]) -> u64 {
    let counter = Counter::default();
    let around = counter.around();
    let status = Command::new(&around[0])
        .args(&around[1..])
        .arg(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .unwrap_or_else(|error| {
            panic!("valgrind does not run ({error}); on Debian: apt-get install valgrind")
        });
    assert!(status.success(), "{} {arguments:?} failed under valgrind", program.display());
    counter.count()
}
