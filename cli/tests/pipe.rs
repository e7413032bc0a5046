//! Standard output of the command when its reader has gone.

#![allow(clippy::unwrap_used)] // A test may.

use std::process::{Command, Stdio};

#[test]
fn a_reader_that_stops_early_ends_the_command_quietly() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["policy", "check", concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/policy.toml")])
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(141));
}
