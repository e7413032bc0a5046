//! The key of the log, with the name of the log and the public keys before it.
//!
//! ```text
//! origin ca.example.com/log/5f3a9c01
//! former ca.example.com/log/5f3a9c01+c74f20a3+ARpc2Q... (a line for each former key)
//! -----BEGIN PRIVATE KEY----- ...
//! ```
//!
//! Invariant: the name stays when the key changes: it is one tree. The private key is never shown.

use std::fmt;

use pki::tlog::{NoteKey, NoteKeyError, NoteVerifier};
use zeroize::Zeroizing;

use crate::secret::Secret;

const ORIGIN: &str = "origin ";
const FORMER: &str = "former ";

/// The key of the log.
#[derive(Debug)]
pub struct LogKey {
    text: Secret<Zeroizing<String>>,
    key: NoteKey,
    former: Vec<NoteVerifier>,
}

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogKeyError {
    /// The line with the name is missing.
    #[error("the name of the log is missing")]
    NoOrigin,
    /// A key cannot be read.
    #[error(transparent)]
    Key(#[from] NoteKeyError),
    /// A former key is of another log.
    #[error("a former key is of another log")]
    OtherLog,
}

impl LogKey {
    /// Makes a key and a name for a new log: `prefix`, a slash and eight random digits.
    ///
    /// # Errors
    /// [`LogKeyError::Key`].
    pub fn make(prefix: &str) -> Result<Self, LogKeyError> {
        let random = uuid::Uuid::new_v4().simple().to_string();
        Self::with_origin(&format!("{prefix}/{}", &random[..8]), &[])
    }

    /// Makes another key for the same log. The key before it becomes a former one.
    ///
    /// # Errors
    /// [`LogKeyError::Key`].
    pub fn rotated(&self) -> Result<Self, LogKeyError> {
        Self::with_origin(self.origin(), &self.verifiers())
    }

    /// Makes a key for a log whose keys so far are known by their public keys alone.
    ///
    /// # Errors
    /// [`LogKeyError`].
    pub fn with_origin(origin: &str, former: &[NoteVerifier]) -> Result<Self, LogKeyError> {
        let mut text = Zeroizing::new(format!("{ORIGIN}{origin}\n"));
        former.iter().for_each(|key| text.push_str(&format!("{FORMER}{key}\n")));
        text.push_str(&NoteKey::generate_pem()?);
        Self::from_text(text)
    }

    /// Reads the lines and the key.
    ///
    /// # Errors
    /// [`LogKeyError`].
    pub fn from_text(text: Zeroizing<String>) -> Result<Self, LogKeyError> {
        let origin = text.lines().find_map(|line| line.strip_prefix(ORIGIN)).ok_or(LogKeyError::NoOrigin)?;
        let former = text.lines().filter_map(|line| line.strip_prefix(FORMER));
        let former = former.map(str::parse).collect::<Result<Vec<NoteVerifier>, _>>()?;
        if former.iter().any(|key| key.name() != origin) {
            return Err(LogKeyError::OtherLog);
        }
        let key = NoteKey::from_pem(origin, &text)?;
        Ok(Self { key, former, text: Secret::new(text) })
    }

    /// The lines and the key.
    pub fn text(&self) -> &Secret<Zeroizing<String>> {
        &self.text
    }

    /// The name of the log.
    pub fn origin(&self) -> &str {
        self.key.verifier().name()
    }

    /// The key that signs.
    pub fn key(&self) -> &NoteKey {
        &self.key
    }

    /// The public keys of the log, the one in force first.
    pub fn verifiers(&self) -> Vec<NoteVerifier> {
        [self.key.verifier()].into_iter().chain(&self.former).cloned().collect()
    }
}

/// The public keys, a line for each.
impl fmt::Display for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.verifiers().iter().try_for_each(|key| writeln!(f, "{key}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back_and_never_shown() {
        let first = LogKey::make("ca.example.com/log").unwrap();
        assert!(first.origin().starts_with("ca.example.com/log/"), "{}", first.origin());
        let third = first.rotated().unwrap().rotated().unwrap();
        let read = LogKey::from_text(third.text().expose().clone()).unwrap();
        assert_eq!((read.origin(), read.verifiers().len()), (first.origin(), 3));
        assert_eq!(read.verifiers(), third.verifiers());
        assert_eq!(read.verifiers()[2], first.verifiers()[0]);
        assert!(!format!("{read:?}{read}").contains("PRIVATE"), "{read:?}");
        // A standard parameter of SSM.
        assert!(third.text().expose().len() < 4096);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let text = LogKey::make("a/log").unwrap().text().expose().to_string();
        let read = |text: &str| LogKey::from_text(Zeroizing::new(text.to_owned())).unwrap_err();
        assert_eq!(read(""), LogKeyError::NoOrigin);
        assert_eq!(read(text.split_once('\n').unwrap().1), LogKeyError::NoOrigin);
        assert_eq!(read(text.lines().next().unwrap()), LogKeyError::Key(NoteKeyError::Private));
        assert_eq!(read(&format!("former x\n{text}")), LogKeyError::Key(NoteKeyError::Malformed));
        let other = LogKey::make("b/log").unwrap().verifiers().remove(0);
        assert_eq!(read(&format!("former {other}\n{text}")), LogKeyError::OtherLog);
    }
}
