//! Loopback ports, remembered from one start to the next so that mails already sent keep pointing at the portal.

use std::fs;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::failure::{Failure, OrFail as _};

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
    /// Those of the last start of the stack in this folder.
    pub(crate) fn of(folder: &Path) -> Self {
        let file = folder.join("ports.json");
        let remembered =
            fs::read(&file).ok().and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
        Self { file, remembered }
    }

    /// Listens on the port asked for; 0 means the one of the last time, or any.
    pub(crate) fn portal(&mut self, asked: u16) -> Result<TcpListener, Failure> {
        let listen = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        let listener = match asked {
            0 => listen(self.remembered.portal)
                .or_else(|_| listen(0))
                .or_fail(|| "no port is free".into(), "")?,
            port => listen(port).map_err(|error| match error.kind() {
                ErrorKind::AddrInUse => Failure::new(
                    format!("port {port} of 127.0.0.1 is taken"),
                    "Stop the program that uses it, or choose another with --port; 0 takes any that is free.",
                ),
                _ => Failure::new(
                    format!("cannot use port {port} of 127.0.0.1: {error}"),
                    "Choose another with --port.",
                ),
            })?,
        };
        self.remembered.portal =
            listener.local_addr().or_fail(|| "the portal has no port".into(), "")?.port();
        Ok(listener)
    }

    /// A port for the emulator.
    pub(crate) fn emulator(&mut self) -> Result<u16, Failure> {
        self.remembered.emulator = free(self.remembered.emulator)?;
        Ok(self.remembered.emulator)
    }

    /// A port for the mail catcher.
    pub(crate) fn smtp(&mut self) -> Result<u16, Failure> {
        self.remembered.smtp = free(self.remembered.smtp)?;
        Ok(self.remembered.smtp)
    }

    /// Remembers them for the next start.
    pub(crate) fn save(&self) -> Result<(), Failure> {
        let json = serde_json::to_vec(&self.remembered).or_fail(|| "cannot write the ports".into(), "")?;
        fs::write(&self.file, json).or_fail(|| format!("cannot write {}", self.file.display()), "")
    }
}

/// `preferred` where it is free, else any.
fn free(preferred: u16) -> Result<u16, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, preferred))
        .or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .or_fail(|| "no port is free".into(), "")?;
    Ok(listener.local_addr().or_fail(|| "no port is free".into(), "")?.port())
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
        let mut again = Ports::of(folder.path());
        assert_eq!(again.portal(0).unwrap().local_addr().unwrap().port(), portal);
        assert_eq!(again.emulator().unwrap(), emulator);
    }
}
