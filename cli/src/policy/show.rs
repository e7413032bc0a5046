//! `policy show`: the policy in force as it was written, or as values.

use serde_json::{Map, Value};

use crate::error::{CliError, OrFail as _};
use crate::output::{Cell, Document, OutputOptions};

/// Prints a policy.
pub(super) fn run(text: &str, output: &OutputOptions) -> Result<(), CliError> {
    if output.is_for_people() {
        print!("{text}");
        return Ok(());
    }
    let table: toml::Table = toml::from_str(text).or_fail(|| "cannot read the policy in force".into(), "")?;
    let value = as_json(toml::Value::Table(table));
    let mut rows = Vec::new();
    flatten("", &value, &mut rows);
    output.print(&Document::new().spreadsheet(&["NAME", "VALUE"], rows), &value)
}

/// The same value in JSON, which has no dates.
fn as_json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(value) => value.into(),
        toml::Value::Datetime(at) => at.to_string().into(),
        toml::Value::Array(values) => values.into_iter().map(as_json).collect(),
        toml::Value::Table(table) => {
            table.into_iter().map(|(name, value)| (name, as_json(value))).collect::<Map<_, _>>().into()
        }
    }
}

/// One row for each value that holds no others, with its path.
fn flatten(path: &str, value: &Value, rows: &mut Vec<Vec<Cell>>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(table) => table.iter().for_each(|(name, value)| flatten(&below(name), value, rows)),
        Value::Array(values) => {
            values
                .iter()
                .enumerate()
                .for_each(|(index, value)| flatten(&below(&index.to_string()), value, rows));
        }
        Value::String(text) => rows.push(vec![Cell::text(path), Cell::text(text.as_str())]),
        value => rows.push(vec![Cell::text(path), Cell::text(value.to_string())]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_its_path() {
        let text = "default = \"server\"\n[profiles.server]\napprovers = [\"a\", \"b\"]\nsince = 2026-11-30\ndays = 9\n";
        let value = as_json(toml::Value::Table(toml::from_str(text).unwrap()));
        assert_eq!(value["profiles"]["server"]["since"], "2026-11-30");
        let mut rows = Vec::new();
        flatten("", &value, &mut rows);
        let expected = [
            ("default", "server"),
            ("profiles.server.approvers.0", "a"),
            ("profiles.server.approvers.1", "b"),
            ("profiles.server.days", "9"),
            ("profiles.server.since", "2026-11-30"),
        ];
        assert_eq!(rows, expected.map(|(name, value)| vec![Cell::text(name), Cell::text(value)]));
    }
}
