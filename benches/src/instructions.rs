//! Counting instructions with valgrind's callgrind: the same on every machine, however busy, up to what chance does to
//! keys and hash tables.

use std::process::{Command, Stdio};

use tempfile::NamedTempFile;

/// A program to run around another, and where it writes what it counted.
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
        // Most code of a start runs once, so that valgrind's time goes into translating it: the plainest translation is quickest.
        ["valgrind", "--quiet", "--tool=callgrind", "--read-inline-info=no", "--vex-iropt-level=0", &out]
            .map(str::to_owned)
            .to_vec()
    }

    /// The instructions that the program executed.
    #[must_use]
    pub fn count(&self) -> u64 {
        let written = std::fs::read_to_string(self.0.path()).unwrap();
        let total = written.lines().find_map(|line| {
            line.strip_prefix("totals: ").or_else(|| line.strip_prefix("summary: "))?.trim().parse().ok()
        });
        total.unwrap_or_else(|| panic!("callgrind wrote no total"))
    }
}

/// The instructions of a program that ends by itself.
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
