//! The keys of the log.

use pki::tlog::NoteVerifier;
use workflow::aws::SsmLogKey;
use workflow::transparency::LogKey;

use crate::confirm::confirmed;
use crate::error::{CliError, OrFail as _};
use crate::stack::Stack;

/// The store of the key.
fn store(stack: &Stack) -> SsmLogKey {
    SsmLogKey::new(&stack.sdk, &stack.log_key_parameter(), &stack.portal_url)
}

/// The key of the log; `None` before the first certificate.
pub(super) async fn find(stack: &Stack) -> Result<Option<LogKey>, CliError> {
    let doing = || format!("cannot read the parameter {}", stack.log_key_parameter());
    store(stack).find().await.or_fail(doing, "")
}

/// The public keys of a stack's log.
pub(crate) async fn public_keys(stack: &Stack) -> Result<Vec<NoteVerifier>, CliError> {
    find(stack).await?.map(|key| key.verifiers()).ok_or_else(no_log)
}

/// The error before the first certificate.
pub(super) fn no_log() -> CliError {
    CliError::new("the stack has no log yet", "The first certificate that is delivered begins it.")
}

/// `log rotate-key`: makes another key. Without the private key, the public keys before it have to be given.
pub(super) async fn rotate(stack: &Stack, lost: &[NoteVerifier], yes: bool) -> Result<(), CliError> {
    let made = || "cannot make a key".to_owned();
    let key = match lost {
        [] => find(stack).await?.ok_or_else(no_log)?.rotated().or_fail(made, "")?,
        [last, ..] => LogKey::with_origin(last.name(), lost).or_fail(made, "Give keys of one log alone.")?,
    };
    confirmed(&format!("Make another key for the log {}?", key.origin()), yes)?;
    let doing = || format!("cannot store the parameter {}", stack.log_key_parameter());
    let _ = store(stack).store(&key, true).await.or_fail(doing, "Nothing was changed.")?;
    println!(
        "The key of the log is now the first of these. Publish it; keep the others, for earlier receipts."
    );
    print!("{key}");
    Ok(())
}
