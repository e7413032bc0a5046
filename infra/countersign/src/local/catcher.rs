//! The mail catcher: an SMTP server on the loopback interface that puts every mail into a Maildir and sends nothing.

use std::path::Path;
use std::time::Duration;

use super::child::Child;
use super::venv::Venv;
use crate::failure::{Failure, OrFail as _};

/// Starts it, and waits until it takes mails.
pub(crate) async fn start(venv: &Venv, folder: &Path, mailbox: &Path, port: u16) -> Result<Child, Failure> {
    for part in ["cur", "new", "tmp"] {
        let path = mailbox.join(part);
        std::fs::create_dir_all(&path)
            .or_fail(|| format!("cannot make {}", path.display()), "Choose another --dir.")?;
    }
    let arguments = [
        "aiosmtpd",
        "-n",
        "-c",
        "aiosmtpd.handlers.Mailbox",
        &mailbox.display().to_string(),
        "-l",
        &format!("127.0.0.1:{port}"),
    ];
    let arguments = arguments.map(str::to_owned);
    let mut child = Child::start("mail catcher", &venv.python, &arguments, &[], &folder.join("mail.log"))?;
    for _ in 0..6_000 {
        if let Some(failure) = child.gone() {
            return Err(failure);
        }
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return Ok(child);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(Failure::new("the mail catcher does not answer", "Look at mail.log in the stack's folder."))
}
