//! Lists of keys that are never certified, in the bucket of a stack.

use std::fs;
use std::path::{Path, PathBuf};

use aws_sdk_s3::primitives::ByteStream;
use workflow::aws::S3KeyLists;
use workflow::policy::Policy;
use workflow::policy::key_list::{KeyList, KeyListError};

use crate::error::{CliError, OrFail as _};
use crate::progress::{ProgressStep, say};
use crate::stack::Stack;
use crate::wording::count;

/// `countersign policy deny-keys`: stores one list of all files.
pub(super) async fn store(stack: &Stack, files: &[PathBuf]) -> Result<(), CliError> {
    let lists = files.iter().map(|file| read(file)).collect::<Result<Vec<_>, _>>()?;
    let list = KeyList::merged(lists);
    let digest = list.digest();
    let step = ProgressStep::begin(format!("Storing {}", count(list.len(), "key")));
    let put = stack
        .s3()
        .put_object()
        .bucket(&stack.bucket)
        .key(digest.object_key())
        .content_type("application/octet-stream")
        .body(ByteStream::from(list.as_bytes().to_vec()));
    put.send().await.or_fail(|| format!("cannot store {}", digest.object_key()), "")?;
    step.done(digest.object_key());
    say(
        "Put this line at the top of the policy (it replaces an older one), then run: countersign policy set FILE",
    );
    println!("denied_key_list = \"{digest}\"");
    Ok(())
}

fn read(file: &Path) -> Result<KeyList, CliError> {
    const FORMS: &str =
        "Name a list of badkeys, public keys in PEM, or text with the SHA-256 of a public key on each line.";
    const PUBLIC_KEYS: &str = "These commands print public keys: openssl pkey -in KEY -pubout, openssl x509 -in CERTIFICATE -pubkey -noout, openssl req -in CSR -pubkey -noout.";
    let bytes = fs::read(file).or_fail(|| format!("cannot read {}", file.display()), FORMS)?;
    let list = KeyList::read(&bytes);
    let advice = if matches!(list, Err(KeyListError::Block(..))) { PUBLIC_KEYS } else { FORMS };
    list.or_fail(|| file.display().to_string(), advice)
}

/// Fails if the stack does not have the list that a policy names.
pub(crate) async fn find_key_list(stack: &Stack, policy: &Policy) -> Result<(), CliError> {
    let Some(list) = policy.denied_key_list() else { return Ok(()) };
    let found = S3KeyLists::new(&stack.sdk, &stack.bucket).count(list).await;
    match found.or_fail(|| format!("cannot look for {}", list.object_key()), "")? {
        Some(_) => Ok(()),
        None => Err(CliError::new(
            format!("the stack has no list of keys {list}, which the policy names as denied_key_list"),
            "The policy in force was not changed. Store the list first: countersign policy deny-keys FILE.",
        )),
    }
}
