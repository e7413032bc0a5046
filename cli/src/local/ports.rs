//! Loopback ports, stored from one start to the next so that links in earlier mails keep working.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{CliError, OrFail as _};

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Remembered {
    portal: u16,
    emulator: u16,
    smtp: u16,
}

/// The ports of one stack.
pub(crate) struct Ports {
    file: PathBuf,
    remembered: Remembered,
}

impl Ports {
    /// Reads the ports of the last start in this folder.
    pub(crate) fn of(folder: &Path) -> Self {
        let file = folder.join("ports.json");
        let remembered =
            fs::read(&file).ok().and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
        Self { file, remembered }
    }

    /// Listens on the port `asked`; 0 means the port of the last start, or any free port.
    pub(crate) fn portal(&mut self, asked: u16) -> Result<TcpListener, CliError> {
        let listener = match asked {
            0 => free(self.remembered.portal)?,
            port => listen(port).map_err(|error| match error.kind() {
                ErrorKind::AddrInUse => CliError::new(
                    format!("port {port} of 127.0.0.1 is taken"),
                    "Stop the program that uses it, or choose another with --port; 0 means any free port.",
                ),
                _ => CliError::new(
                    format!("cannot use port {port} of 127.0.0.1: {error}"),
                    "Choose another with --port.",
                ),
            })?,
        };
        self.remembered.portal = port_of(&listener)?;
        Ok(listener)
    }

    /// Returns a port for the emulator.
    pub(crate) fn emulator(&mut self) -> Result<u16, CliError> {
        self.remembered.emulator = port_of(&free(self.remembered.emulator)?)?;
        Ok(self.remembered.emulator)
    }

    /// Returns a port for the mail catcher.
    pub(crate) fn smtp(&mut self) -> Result<u16, CliError> {
        self.remembered.smtp = port_of(&free(self.remembered.smtp)?)?;
        Ok(self.remembered.smtp)
    }

    /// Stores the ports for the next start.
    pub(crate) fn save(&self) -> Result<(), CliError> {
        let json = serde_json::to_vec(&self.remembered).or_fail(|| "cannot write the ports".into(), "")?;
        fs::write(&self.file, json).or_fail(|| format!("cannot write {}", self.file.display()), "")
    }
}

/// Ports to choose from. Below the ephemeral ports of Linux (from 32768) and other systems (from 49152): an outgoing
/// connection could occupy one of those before it is used, or while the stack is stopped.
const RANGE: std::ops::Range<u16> = 12_000..32_000;

fn listen(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

/// Listens on `preferred` if it is set and free, else on a random port of [`RANGE`].
fn free(preferred: u16) -> Result<TcpListener, CliError> {
    const ATTEMPTS: usize = 100;
    let any = || {
        let [high, low, ..] = uuid::Uuid::new_v4().into_bytes();
        RANGE.start + u16::from_be_bytes([high, low]) % (RANGE.end - RANGE.start)
    };
    Some(preferred)
        .filter(|port| *port > 0)
        .into_iter()
        .chain(std::iter::repeat_with(any).take(ATTEMPTS))
        .find_map(|port| listen(port).ok())
        .ok_or_else(|| CliError::new("no port of 127.0.0.1 is free".to_owned(), ""))
}

fn port_of(listener: &TcpListener) -> Result<u16, CliError> {
    Ok(listener.local_addr().or_fail(|| "a listener has no port".into(), "")?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_remembered_and_a_taken_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut ports = Ports::of(folder.path());
        let listener = ports.portal(0).unwrap();
        let (portal, emulator) = (listener.local_addr().unwrap().port(), ports.emulator().unwrap());
        ports.save().unwrap();
        let taken = Ports::of(folder.path()).portal(portal).unwrap_err().to_string();
        assert!(taken.contains(&format!("port {portal} of 127.0.0.1 is taken")), "{taken}");
        drop(listener);
        // A process that another test starts holds a copy of every socket until its own program runs, so a port may be taken for a
        // moment longer.
        let again = || {
            let mut again = Ports::of(folder.path());
            (again.portal(0).unwrap().local_addr().unwrap().port(), again.emulator().unwrap())
        };
        let taken_up = std::iter::repeat_with(again).take(1000).any(|ports| ports == (portal, emulator));
        assert!(taken_up, "{portal} and {emulator} are not taken up again");
        assert!([portal, emulator, ports.smtp().unwrap()].iter().all(|port| RANGE.contains(port)));
    }
}
