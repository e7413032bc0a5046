//! The mail catcher: an SMTP server on the loopback interface that stores every mail in a Maildir and sends none.

use std::path::Path;

use super::child::Child;
use crate::error::{CliError, OrFail as _};
use crate::venv::Venv;

/// Starts the mail catcher and waits until it accepts connections.
pub(crate) async fn start(venv: &Venv, folder: &Path, mailbox: &Path, port: u16) -> Result<Child, CliError> {
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
    child.answers(async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()).await?;
    Ok(child)
}
