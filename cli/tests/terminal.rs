//! The command at a terminal: its width and its colours.

#![allow(clippy::unwrap_used)] // A test may.

use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Runs the command with a terminal of this width as its standard output, and returns what that shows.
fn at_terminal(columns: u16, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    tcsetwinsize(&master, Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let terminal = OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.args(arguments).env_remove("NO_COLOR").env("TERM", "xterm").envs(variables.iter().copied());
    let mut child = command.stdin(Stdio::null()).stdout(terminal).stderr(Stdio::null()).spawn().unwrap();
    // The command has the only other end of the terminal now.
    drop(command);
    let (mut shown, mut master) = (Vec::new(), File::from(master));
    // Linux reports an error where the last other end is closed.
    let _ = master.read_to_end(&mut shown);
    child.wait().unwrap();
    String::from_utf8(shown).unwrap().replace("\r\n", "\n")
}

const POLICY: [&str; 3] = ["policy", "check", concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/policy.toml")];

#[test]
fn lines_are_cut_to_the_terminal_unless_they_are_wanted_whole() {
    let narrow = at_terminal(60, &POLICY, &[]);
    let longest = |text: &str| text.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(narrow.contains('…') && longest(&narrow) <= 60, "{narrow}");
    let wide = at_terminal(60, &[&POLICY[..], &["--wide"]].concat(), &[]);
    assert!(!wide.contains('…') && longest(&wide) > 60, "{wide}");
}

#[test]
fn the_help_has_colours_unless_the_environment_refuses() {
    let coloured = at_terminal(80, &["--help"], &[]);
    let plain = at_terminal(80, &["--help"], &[("NO_COLOR", "1")]);
    assert!(coloured.contains("\u{1b}[") && !plain.contains('\u{1b}'), "{plain}");
}
