//! A child process that ends with this process.
//!
//! Invariant: a shell holds the other end of a pipe. When this process drops the guard, ends, crashes or is killed,
//! the pipe closes and the shell sends SIGTERM. The child has its own process group, so that Ctrl-C reaches the tests
//! alone.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};

const SHELL: &str = r#"
exec 3<&0 </dev/null
"$@" 3<&- &
program=$!
{ cat <&3 >/dev/null; kill -TERM "$program"; } 2>/dev/null &
watcher=$!
exec 3<&-
wait "$program"
status=$?
kill "$watcher" 2>/dev/null
exit "$status"
"#;

/// The running program.
pub struct ChildGuard {
    shell: Child,
    pipe: Option<ChildStdin>,
}

impl ChildGuard {
    /// Starts the program with its output in `log`.
    pub fn start(program: &Path, arguments: &[&str], log: &Path) -> Self {
        let output = File::create(log).unwrap();
        let mut shell = Command::new("sh")
            .args(["-c", SHELL, "child-guard"])
            .arg(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .process_group(0)
            .spawn()
            .unwrap();
        let pipe = shell.stdin.take();
        Self { shell, pipe }
    }

    /// Exit status, if it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.shell.try_wait().unwrap()
    }

    /// Sends SIGTERM and waits for the end.
    pub fn stop(mut self) -> ExitStatus {
        drop(self.pipe.take());
        self.shell.wait().unwrap()
    }
}

impl Drop for ChildGuard {
    fn drop(&mut self) {
        drop(self.pipe.take());
        let _ = self.shell.wait();
    }
}
