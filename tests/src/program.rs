//! External programs that tests need.

use std::io::Write as _;
use std::path::PathBuf;

/// Set by .ci/run, which installs every program: a missing one then fails the test.
const NO_SKIPS: &str = "COUNTERSIGN_NO_SKIPS";

/// Path of the program, if installed. Searches the folders of system programs too.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/local/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// Paths of the programs that the calling test needs, each with its Debian package. Returns `None` if one is missing,
/// with a message that the test runner does not capture.
pub fn needed<const N: usize>(programs: [(&str, &str); N]) -> Option<[PathBuf; N]> {
    let found = programs.map(|(program, package)| find(program).ok_or((program, package)));
    if let Some(Err((program, package))) = found.iter().find(|found| found.is_err()) {
        let thread = std::thread::current();
        let message = format!(
            "SKIPPED {}: {program} is not installed; install it with: apt-get install {package}",
            thread.name().unwrap_or("a test")
        );
        assert!(std::env::var_os(NO_SKIPS).is_none(), "{message}");
        // The test runner captures eprintln!.
        let _ = writeln!(std::io::stderr(), "{message}");
    }
    let found: Vec<PathBuf> = found.into_iter().flatten().collect();
    found.try_into().ok()
}
