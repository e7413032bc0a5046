//! `log show`: the head of the log.

use serde_json::json;

use super::keys::{find, no_log};
use super::read::checkpoint;
use crate::error::CliError;
use crate::output::{Document, FactSheet, OutputOptions};
use crate::stack::Stack;

/// Runs the command.
pub(super) async fn run(stack: &Stack, note_alone: bool, output: &OutputOptions) -> Result<(), CliError> {
    let key = find(stack).await?.ok_or_else(no_log)?;
    let (note, checkpoint) = checkpoint(stack, &key).await?.ok_or_else(no_log)?;
    if note_alone {
        print!("{note}");
        return Ok(());
    }
    let keys: Vec<String> = key.verifiers().iter().map(ToString::to_string).collect();
    let facts = FactSheet::new()
        .with("Log", checkpoint.origin.as_str())
        .with("Certificates", checkpoint.size.to_string())
        .with("Root", checkpoint.root.to_string())
        .with_all(
            keys.iter()
                .enumerate()
                .map(|(place, key)| (if place == 0 { "Key" } else { "Former key" }, key.as_str())),
        );
    let value = json!({
        "log": checkpoint.origin,
        "certificates": checkpoint.size,
        "root": checkpoint.root.to_string(),
        "keys": keys,
    });
    output.print(&Document::new().facts(facts), &value)
}
