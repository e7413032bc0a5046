//! What a shell and `man` know about the command: completions and pages, made from the same definition as the help.

use std::path::{Path, PathBuf};

use crate::error::{CliError, OrFail as _};
use crate::output;

/// `countersign completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsOptions {
    /// The shell
    shell: clap_complete::Shell,
}

/// `countersign man`.
#[derive(Debug, clap::Args)]
pub(crate) struct ManOptions {
    /// Folder for the pages, such as /usr/local/share/man/man1; created if it is missing
    folder: PathBuf,
}

/// Prints the completions of a command for a shell.
pub(crate) fn completions(mut command: clap::Command, options: &CompletionsOptions) -> Result<(), CliError> {
    let (name, mut script) = (command.get_name().to_owned(), Vec::new());
    clap_complete::generate(options.shell, &mut command, name, &mut script);
    output::write_octets(&script);
    Ok(())
}

/// Writes a page for a command and for each of its subcommands.
pub(crate) fn man(command: clap::Command, options: &ManOptions) -> Result<(), CliError> {
    let folder = &options.folder;
    let doing = || format!("cannot write into {}", folder.display());
    std::fs::create_dir_all(folder).or_fail(doing, "Name another folder.")?;
    clap_mangen::generate_to(command, folder).or_fail(doing, "Name another folder.")?;
    println!("{}", written(folder)?);
    Ok(())
}

fn written(folder: &Path) -> Result<String, CliError> {
    let entries = std::fs::read_dir(folder).or_fail(|| format!("cannot read {}", folder.display()), "")?;
    let is_page = |name: &str| name.starts_with("countersign") && name.ends_with(".1");
    let pages = entries.flatten().filter(|entry| entry.file_name().to_str().is_some_and(is_page)).count();
    Ok(format!(
        "Wrote {pages} pages to {}. Read the first with: man {}/countersign.1",
        folder.display(),
        folder.display()
    ))
}
