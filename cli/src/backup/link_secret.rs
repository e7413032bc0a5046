//! The secret that requesters' links derive from, in a file of its own.
//!
//! The secret opens the status page of every request. Invariant: an export never contains it.

use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use workflow::approval::LinkSecret;
use workflow::aws::SecretsManager;
use zeroize::Zeroizing;

use crate::error::{CliError, OrFail as _};
use crate::stack::{Stack, no_output};

fn id(stack: &Stack) -> Result<&str, CliError> {
    stack.link_secret.as_deref().ok_or_else(|| no_output("LinkSecretId"))
}

/// Reads the secret of the stack.
pub(super) async fn current(stack: &Stack) -> Result<Zeroizing<String>, CliError> {
    let id = id(stack)?;
    SecretsManager::new(&stack.sdk, id).text().await.or_fail(|| format!("cannot read the secret {id}"), "")
}

/// Writes the secret into a file that only its owner may read, or to standard output.
pub(super) fn save(secret: &str, to: &Path) -> Result<(), CliError> {
    let doing = || format!("cannot write the link secret to {}", to.display());
    if to == Path::new("-") {
        print!("{}", secret);
        return Ok(());
    }
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
        .or_fail(doing, "Name a file that is not there yet.")?;
    file.write_all(secret.as_bytes()).and_then(|()| file.sync_all()).or_fail(doing, "")
}

/// Reads the secret from a file or from standard input.
pub(super) fn read(from: &Path) -> Result<Zeroizing<String>, CliError> {
    let doing = || format!("cannot read the link secret from {}", from.display());
    let mut text = Zeroizing::new(String::new());
    if from == Path::new("-") {
        std::io::stdin().lock().read_to_string(&mut text).or_fail(doing, "")?;
    } else {
        let mut file = std::fs::File::open(from).or_fail(doing, "")?;
        file.read_to_string(&mut text).or_fail(doing, "")?;
    }
    let text = Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned());
    LinkSecret::new(&text).map_err(|why| CliError::new(format!("{}: {why}", from.display()), ""))?;
    Ok(text)
}

/// Stores the secret in the stack. Returns true if the stack had another one.
pub(super) async fn put(stack: &Stack, secret: &str) -> Result<bool, CliError> {
    if current(stack).await?.as_str() == secret {
        return Ok(false);
    }
    let id = id(stack)?;
    let put = aws_sdk_secretsmanager::Client::new(&stack.sdk)
        .put_secret_value()
        .secret_id(id)
        .secret_string(secret);
    put.send().await.or_fail(|| format!("cannot store the secret {id}"), "")?;
    Ok(true)
}
