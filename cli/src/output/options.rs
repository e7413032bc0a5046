//! The options of every command that prints a list or facts.

use serde::Serialize;

use super::document::Document;
use super::view::OutputView;
use crate::error::{CliError, OrFail as _};

/// The form of the answer.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputOptions {
    /// Form of the output
    #[arg(long, value_enum, value_name = "FORM", default_value_t = OutputForm::Table)]
    output: OutputForm,
    /// The same as --output json
    #[arg(long, conflicts_with = "output")]
    json: bool,
    /// On a terminal, show ids and times whole and cut nothing, as for a program
    #[arg(long)]
    wide: bool,
}

/// A form of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum OutputForm {
    /// Aligned text, for people
    Table,
    /// JSON with every field, for programs
    Json,
    /// Comma-separated values, for spreadsheets: the list or, without a list, the facts
    Csv,
}

impl OutputOptions {
    /// Prints an answer: `value` is its JSON.
    pub(crate) fn print(&self, document: &Document, value: &impl Serialize) -> Result<(), CliError> {
        match self.form() {
            OutputForm::Table => print!("{}", document.text(&OutputView::of_standard_output(self.wide))),
            OutputForm::Csv => print!("{}", document.csv()),
            OutputForm::Json => println!(
                "{}",
                serde_json::to_string_pretty(value).or_fail(|| "cannot write JSON".into(), "")?
            ),
        }
        Ok(())
    }

    /// True if people read the answer.
    pub(crate) fn is_for_people(&self) -> bool {
        self.form() == OutputForm::Table
    }

    /// True if only the JSON of an answer is printed, so that its document may be empty.
    pub(crate) fn is_json(&self) -> bool {
        self.form() == OutputForm::Json
    }

    fn form(&self) -> OutputForm {
        if self.json { OutputForm::Json } else { self.output }
    }
}

/// At most `limit` of the rows, and true if there are more.
pub(crate) fn cut<T>(rows: &mut Vec<T>, limit: usize) -> bool {
    let more = rows.len() > limit;
    rows.truncate(limit);
    more
}

/// Says on standard error that a list was cut off.
pub(crate) fn cut_off(shown: usize) {
    eprintln!("{shown} shown; more with --limit.");
}

/// Says on standard error where a list that was cut off goes on.
pub(crate) fn listed_until(shown: usize, cursor: &str) {
    eprintln!("{shown} shown; go on with: --after {cursor}");
}
