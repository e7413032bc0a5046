//! Programs that a test needs and a machine may not have.

use std::io::Write as _;
use std::path::PathBuf;

/// Set by .ci/run, which installs everything: then a missing program is a failure.
const NO_SKIPS: &str = "COUNTERSIGN_NO_SKIPS";

/// Where the program is, if it is installed. Looks into the folders of system programs too.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/local/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// The programs that the calling test needs, each given with its Debian package; nothing where one is missing, and that is
/// said even where the output of tests is captured.
pub fn needed<const N: usize>(programs: [(&str, &str); N]) -> Option<[PathBuf; N]> {
    let found = programs.map(|(program, package)| find(program).ok_or((program, package)));
    if let Some(Err((program, package))) = found.iter().find(|found| found.is_err()) {
        let thread = std::thread::current();
        let message = format!(
            "SKIPPED {}: {program} is not installed; install it with: apt-get install {package}",
            thread.name().unwrap_or("a test")
        );
        assert!(std::env::var_os(NO_SKIPS).is_none(), "{message}");
        // Not eprintln!, which the test runner would keep to itself.
        let _ = writeln!(std::io::stderr(), "{message}");
    }
    let found: Vec<PathBuf> = found.into_iter().flatten().collect();
    found.try_into().ok()
}
