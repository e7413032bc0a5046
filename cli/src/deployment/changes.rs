//! The changes of a deployment, and the refusal of a change that would lose data.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::stack_status::parameter;
use crate::error::CliError;
use crate::output::{Cell, Document};

/// Types of resources that hold data.
const STATEFUL: [&str; 4] =
    ["AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SecretsManager::Secret", "AWS::KMS::Key"];

/// One change to one resource.
#[derive(Debug, PartialEq, Serialize)]
struct Change {
    action: String,
    name: String,
    kind: String,
    replaced: bool,
    /// Parameters that cause it.
    causes: Vec<String>,
}

/// All changes of a change set.
#[derive(Debug, Default, Serialize)]
pub(super) struct Changes(Vec<Change>);

impl Changes {
    /// Reads what `aws cloudformation describe-change-set` printed.
    pub(super) fn read(described: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let one = |change: &Value| {
            let change = &change["ResourceChange"];
            Change {
                action: text(&change["Action"]),
                name: text(&change["LogicalResourceId"]),
                kind: text(&change["ResourceType"]),
                replaced: matches!(change["Replacement"].as_str(), Some("True" | "Conditional")),
                causes: causes(&change["Details"]),
            }
        };
        let mut all: Vec<Change> = described["Changes"].as_array().into_iter().flatten().map(one).collect();
        all.sort_by(|one, other| (&one.action, &one.name).cmp(&(&other.action, &other.name)));
        Self(all)
    }

    /// One row for each changed resource.
    fn rows(&self) -> Vec<Vec<Cell>> {
        let row = |change: &Change| {
            let action = if change.replaced { "Replace" } else { change.action.as_str() };
            vec![Cell::text(action), Cell::text(change.name.as_str()), Cell::text(change.kind.as_str())]
        };
        self.0.iter().map(row).collect()
    }

    /// Fails if a resource with data would be removed or replaced.
    pub(super) fn keep_the_data(&self, parameters: &ParameterChanges) -> Result<(), CliError> {
        let lost = |change: &&Change| {
            STATEFUL.contains(&change.kind.as_str()) && (change.replaced || change.action == "Remove")
        };
        let lost: Vec<&Change> = self.0.iter().filter(lost).collect();
        if lost.is_empty() {
            return Ok(());
        }
        let mut causes: Vec<&str> =
            lost.iter().flat_map(|change| change.causes.iter().map(String::as_str)).collect();
        causes.sort_unstable();
        causes.dedup();
        if causes.is_empty() {
            causes = parameters.0.iter().map(|change| change.name.as_str()).collect();
        }
        let by = match causes[..] {
            [] => "this deployment".into(),
            _ => format!("the change of {}", causes.join(", ")),
        };
        let names: Vec<&str> = lost.iter().map(|change| change.name.as_str()).collect();
        let advice = if causes.contains(&"Encryption") {
            "Nothing was changed. Encryption is chosen when a stack is made: leave it as it is, or deploy another stack with it and bring the data there with countersign export and import."
        } else {
            "Nothing was changed. Leave the parameter or the template as it is, or bring the data into another stack with countersign export and import."
        };
        Err(CliError::new(
            format!("{by} could replace or remove {}, and lose the data in them", names.join(", ")),
            advice,
        ))
    }
}

/// The parameters that cause a change, from its details.
fn causes(details: &Value) -> Vec<String> {
    let details = details.as_array().into_iter().flatten();
    let by_parameter = details.filter(|detail| detail["ChangeSource"] == "ParameterReference");
    by_parameter.filter_map(|detail| detail["CausingEntity"].as_str().map(str::to_owned)).collect()
}

/// One parameter before and after.
#[derive(Debug, PartialEq, Serialize)]
struct ParameterChange {
    name: String,
    before: String,
    after: String,
}

/// The parameters that a deployment changes; for a new stack, those that differ from the default.
#[derive(Debug, Default, Serialize)]
pub(super) struct ParameterChanges(Vec<ParameterChange>);

impl ParameterChanges {
    /// Compares the deployed stack, or the defaults, with the values after the deployment.
    pub(super) fn of(
        deployed: Option<&Value>,
        after: &BTreeMap<String, String>,
        defaults: &BTreeMap<&str, &str>,
    ) -> Self {
        let before = |name: &str| {
            let default = defaults.get(name).copied().unwrap_or_default();
            deployed.and_then(|stack| parameter(stack, name)).unwrap_or(default).to_owned()
        };
        let change = |(name, after): (&String, &String)| {
            let before = before(name);
            (before != *after).then(|| ParameterChange { name: name.clone(), before, after: after.clone() })
        };
        Self(after.iter().filter_map(change).collect())
    }

    /// One row for each changed parameter.
    fn rows(&self) -> Vec<Vec<Cell>> {
        let shown = |text: &str| Cell::text(if text.is_empty() { "(empty)" } else { text });
        let row = |one: &ParameterChange| {
            vec![Cell::text(one.name.as_str()), shown(&one.before), shown(&one.after)]
        };
        self.0.iter().map(row).collect()
    }
}

/// The changes for people and programs.
pub(super) fn all_changes(parameters: &ParameterChanges, changes: &Changes) -> (Document, Value) {
    let headings = ["CHANGE", "RESOURCE", "TYPE"];
    let document = Document::new()
        .table(&["PARAMETER", "BEFORE", "AFTER"], parameters.rows())
        .table(&headings, changes.rows())
        .spreadsheet(&headings, changes.rows());
    (document, json!({ "parameters": parameters, "resources": changes }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changes(action: &str, kind: &str, replacement: Option<&str>) -> Changes {
        let mut change = json!({ "Action": action, "LogicalResourceId": "Thing", "ResourceType": kind });
        if let Some(replacement) = replacement {
            change["Replacement"] = json!(replacement);
        }
        Changes::read(&json!({ "Changes": [{ "Type": "Resource", "ResourceChange": change }] }))
    }

    fn shown(parameters: &ParameterChanges, changes: &Changes) -> String {
        all_changes(parameters, changes).0.plain_text()
    }

    #[test]
    fn what_holds_data_is_neither_replaced_nor_removed() {
        let none = ParameterChanges::default();
        for kind in STATEFUL {
            assert!(changes("Add", kind, None).keep_the_data(&none).is_ok());
            assert!(changes("Modify", kind, Some("False")).keep_the_data(&none).is_ok());
            for (action, replacement) in
                [("Modify", Some("True")), ("Modify", Some("Conditional")), ("Remove", None)]
            {
                let told = changes(action, kind, replacement).keep_the_data(&none).unwrap_err().to_string();
                assert!(told.contains("Thing"), "{told}");
            }
        }
        assert!(changes("Modify", "AWS::SQS::Queue", Some("True")).keep_the_data(&none).is_ok());
        let replaced = shown(&none, &changes("Modify", "AWS::SQS::Queue", Some("True")));
        assert!(replaced.contains("Replace"), "{replaced}");
    }

    #[test]
    fn a_refusal_names_the_parameter_that_causes_it() {
        let change = |details: Value| {
            Changes::read(&json!({ "Changes": [{ "ResourceChange": {
                "Action": "Modify", "LogicalResourceId": "Bucket", "ResourceType": "AWS::S3::Bucket",
                "Replacement": "Conditional", "Details": details,
            } }] }))
        };
        let deployed = json!({ "Parameters": [
            { "ParameterKey": "Encryption", "ParameterValue": "aws-owned" },
            { "ParameterKey": "LogLevel", "ParameterValue": "debug" },
        ] });
        let after = [("Encryption", "customer-key"), ("LogLevel", "debug"), ("Tracing", "yes")];
        let after = after.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let parameters = ParameterChanges::of(Some(&deployed), &after, &BTreeMap::from([("Tracing", "yes")]));
        assert_eq!(
            shown(&parameters, &Changes::default()),
            "PARAMETER   BEFORE     AFTER\nEncryption  aws-owned  customer-key\n"
        );
        for details in
            [json!(null), json!([{ "ChangeSource": "ParameterReference", "CausingEntity": "Encryption" }])]
        {
            let told = change(details).keep_the_data(&parameters).unwrap_err().to_string();
            assert!(told.starts_with("the change of Encryption could replace or remove Bucket"), "{told}");
            assert!(told.contains("chosen when a stack is made"), "{told}");
        }
        let new = ParameterChanges::of(
            None,
            &[("Tracing".to_owned(), "no".to_owned())].into(),
            &BTreeMap::from([("Tracing", "yes")]),
        );
        let new = shown(&new, &Changes::default());
        assert!(new.contains("Tracing    yes     no"), "{new}");
    }
}
