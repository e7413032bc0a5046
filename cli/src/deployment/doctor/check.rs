//! One line of `countersign doctor`.

use serde::Serialize;
use serde_json::Value;

use crate::deployment::deployed::text_of;

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum CheckResult {
    Good,
    /// The stack works; the operator should read it.
    Note,
    Wrong,
}

/// One check and its result.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Check {
    #[serde(rename = "check")]
    pub(super) about: &'static str,
    pub(super) verdict: CheckResult,
    pub(super) found: String,
    pub(super) advice: String,
}

impl Check {
    pub(super) fn good(about: &'static str, found: impl Into<String>) -> Self {
        Self { about, verdict: CheckResult::Good, found: found.into(), advice: String::new() }
    }

    pub(super) fn note(about: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { about, verdict: CheckResult::Note, found: found.into(), advice: advice.into() }
    }

    pub(super) fn wrong(about: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { about, verdict: CheckResult::Wrong, found: found.into(), advice: advice.into() }
    }
}

/// Differences between the template and AWS: "MemorySize is 128, not 256".
#[derive(Default)]
pub(super) struct Differences(Vec<String>);

impl Differences {
    /// Records a difference between the value in AWS and the expected one. `None`, for a value that the template does not set or that
    /// is unknown, is not compared.
    pub(super) fn compare(&mut self, what: &str, expected: Option<&Value>, found: &Value) {
        if let Some(expected) = expected.filter(|expected| !is_same(expected, found)) {
            self.0.push(match expected {
                Value::Null => format!("{what} is {}, but not set in the template", shown(found)),
                _ => format!("{what} is {}, not {}", shown(found), shown(expected)),
            });
        }
    }

    /// True if nothing differs.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The differences in one line.
    pub(super) fn joined(&self) -> String {
        self.0.join("; ")
    }
}

/// True for the same value. A number or boolean equals its text; an answer may have more fields than the template.
fn is_same(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => expected
            .iter()
            .all(|(name, expected)| found.get(name).is_some_and(|found| is_same(expected, found))),
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len()
                && expected.iter().zip(found).all(|(expected, found)| is_same(expected, found))
        }
        (Value::Null, Value::Null) => true,
        _ => text_of(expected).is_some_and(|expected| text_of(found) == Some(expected)),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "not set".into(),
        Value::Array(all) if all.iter().all(|one| text_of(one).is_some()) => {
            all.iter().filter_map(text_of).collect::<Vec<_>>().join(", ")
        }
        value => text_of(value).unwrap_or_else(|| value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_the_same_in_either_spelling() {
        for (expected, found) in [
            (json!("256"), json!(256)),
            (json!(true), json!("true")),
            (json!({ "a": 1 }), json!({ "a": "1", "more": 2 })),
            (json!(["x"]), json!(["x"])),
        ] {
            assert!(is_same(&expected, &found), "{expected} {found}");
        }
        for (expected, found) in
            [(json!("256"), json!(128)), (json!(1), json!(null)), (json!(["x"]), json!(["x", "y"]))]
        {
            assert!(!is_same(&expected, &found), "{expected} {found}");
        }
        let mut differences = Differences::default();
        differences.compare("Timeout", Some(&json!(30)), &json!(3));
        differences.compare("Role", None, &json!("x"));
        differences.compare("Architectures", Some(&json!(["arm64"])), &json!(["x86_64"]));
        assert_eq!(differences.joined(), "Timeout is 3, not 30; Architectures is x86_64, not arm64");
    }
}
