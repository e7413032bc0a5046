//! A change set: what a deployment would do, and whether it may.

use serde_json::Value;

use crate::error::CliError;
use crate::table;

/// Types of resources that hold data.
const STATEFUL: [&str; 4] =
    ["AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SecretsManager::Secret", "AWS::KMS::Key"];

/// One change to one resource.
#[derive(Debug, PartialEq)]
struct Change {
    action: String,
    name: String,
    kind: String,
    replaced: bool,
}

/// All changes of a change set.
#[derive(Debug)]
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
            }
        };
        let mut all: Vec<Change> = described["Changes"].as_array().into_iter().flatten().map(one).collect();
        all.sort_by(|one, other| (&one.action, &one.name).cmp(&(&other.action, &other.name)));
        Self(all)
    }

    /// The changes as a table, and how many of each kind there are.
    pub(super) fn show(&self) -> String {
        let row = |change: &Change| {
            let action = if change.replaced { "Replace".to_owned() } else { change.action.clone() };
            vec![action, change.name.clone(), change.kind.clone()]
        };
        table::aligned(&["CHANGE", "RESOURCE", "TYPE"], &self.0.iter().map(row).collect::<Vec<_>>())
    }

    /// Refuses what would take data away. A new resource takes nothing away.
    pub(super) fn keep_the_data(&self) -> Result<(), CliError> {
        let lost = |change: &&Change| {
            STATEFUL.contains(&change.kind.as_str()) && (change.replaced || change.action == "Remove")
        };
        let names: Vec<&str> = self.0.iter().filter(lost).map(|change| change.name.as_str()).collect();
        if names.is_empty() {
            return Ok(());
        }
        Err(CliError::new(
            format!(
                "this would put another in the place of {}, or none, and with it away what is in there",
                names.join(", ")
            ),
            "Nothing was changed. Deploy a template that leaves it as it is, or move the data first.",
        ))
    }
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

    #[test]
    fn what_holds_data_is_neither_replaced_nor_removed() {
        for kind in STATEFUL {
            assert!(changes("Add", kind, None).keep_the_data().is_ok());
            assert!(changes("Modify", kind, Some("False")).keep_the_data().is_ok());
            for (action, replacement) in
                [("Modify", Some("True")), ("Modify", Some("Conditional")), ("Remove", None)]
            {
                let told = changes(action, kind, replacement).keep_the_data().unwrap_err().to_string();
                assert!(told.contains("Thing"), "{told}");
            }
        }
        assert!(changes("Modify", "AWS::SQS::Queue", Some("True")).keep_the_data().is_ok());
        assert!(changes("Modify", "AWS::SQS::Queue", Some("True")).show().contains("Replace"));
    }
}
