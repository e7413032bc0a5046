//! Queues: their attributes, and dead letters.

use serde_json::{Value, json};

use super::{Found, Inspection};
use crate::deployment::deployed::{DeployedResource, last_part, text_of};
use crate::deployment::doctor::check::{Check, Differences};

/// Properties with the same name and form in the template and in the answer.
const COMPARED: [&str; 2] = ["VisibilityTimeout", "MessageRetentionPeriod"];

impl Inspection<'_> {
    pub(super) async fn queue(&self, about: &'static str, one: &DeployedResource) -> Found {
        let get = ["sqs", "get-queue-attributes", "--queue-url", &one.id, "--attribute-names", "All"];
        let (name, wanted) = (last_part(&one.id), self.wanted(one));
        let Some(found) = self.aws.find(&get).await? else {
            let again = format!("aws sqs create-queue --queue-name {name} --attributes '{wanted}'");
            return Ok(vec![self.gone(about, one, &again)]);
        };
        let found = &found["Attributes"];
        let mut differences = Differences::default();
        for property in COMPARED {
            let expected = self.stack.property(one, property);
            differences.compare(property, expected.as_ref(), &found[property]);
        }
        let redrive: Value =
            serde_json::from_str(found["RedrivePolicy"].as_str().unwrap_or("null")).unwrap_or_default();
        let expected = self.stack.property(one, "RedrivePolicy");
        let has_dead_letter_queue = expected.is_some();
        differences.compare("RedrivePolicy", expected.as_ref(), &redrive);
        let mut checks = Vec::new();
        if !differences.is_empty() {
            let command =
                format!("aws sqs set-queue-attributes --queue-url {} --attributes '{wanted}'", one.id);
            let found = format!("the queue {name}: {}", differences.joined());
            checks.push(Check::wrong(about, found, format!("Set it back: {command}.")));
        }
        let number = |name: &str| found[name].as_str().and_then(|text| text.parse().ok()).unwrap_or(0u64);
        let messages =
            number("ApproximateNumberOfMessages") + number("ApproximateNumberOfMessagesNotVisible");
        if !has_dead_letter_queue && messages > 0 {
            checks.push(Check::note(
                about,
                format!("{messages} dead letters are on {name}"),
                "See DeadLettersAlarm in docs/operations/alarms.md.",
            ));
        }
        Ok(checks)
    }

    /// The attributes of the template, as the AWS command line takes them.
    fn wanted(&self, one: &DeployedResource) -> Value {
        let mut wanted = serde_json::Map::new();
        for property in COMPARED.into_iter().chain(["RedrivePolicy", "KmsMasterKeyId"]) {
            let value = self.stack.property(one, property);
            wanted.extend(value.map(|value| {
                let text = text_of(&value).unwrap_or_else(|| value.to_string());
                (property.to_owned(), json!(text))
            }));
        }
        Value::Object(wanted)
    }
}
