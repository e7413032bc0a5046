//! `log show`: the head of the log.

use super::keys::{find, no_log};
use super::read::checkpoint;
use crate::error::CliError;
use crate::stack::Stack;
use crate::table;

/// Runs the command.
pub(super) async fn run(stack: &Stack, note_alone: bool) -> Result<(), CliError> {
    let key = find(stack).await?.ok_or_else(no_log)?;
    let (note, checkpoint) = checkpoint(stack, &key).await?.ok_or_else(no_log)?;
    if note_alone {
        print!("{note}");
        return Ok(());
    }
    let keys = key.verifiers();
    let mut facts = vec![
        ("log", checkpoint.origin.clone()),
        ("certificates", checkpoint.size.to_string()),
        ("root", checkpoint.root.to_string()),
    ];
    facts.extend(
        keys.iter()
            .enumerate()
            .map(|(place, key)| (if place == 0 { "key" } else { "former key" }, key.to_string())),
    );
    let rows: Vec<Vec<String>> =
        facts.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    print!("{}", table::aligned(&["", ""], &rows).trim_start_matches('\n'));
    Ok(())
}
