//! Functions and their event sources.

use serde_json::{Value, json};

use super::{Found, Inspection};
use crate::deployment::deployed::DeployedResource;
use crate::deployment::doctor::check::{Check, Differences};

/// Properties with the same name and form in the template and in the answer.
const COMPARED: [&str; 5] = ["Timeout", "MemorySize", "Role", "Architectures", "Handler"];

impl Inspection<'_> {
    pub(super) async fn function(&self, about: &'static str, one: &DeployedResource) -> Found {
        let get = ["lambda", "get-function", "--function-name", &one.id];
        let Some(found) = self.aws.find(&get).await? else {
            return Ok(vec![self.gone(about, one, "")]);
        };
        let configuration = &found["Configuration"];
        let mut checks = self.state(about, one, configuration);
        let mut differences = Differences::default();
        for property in COMPARED {
            let expected = self.stack.property(one, property);
            differences.compare(property, expected.as_ref(), &configuration[property]);
        }
        if !differences.is_empty() {
            let name = &one.id;
            let option = |option: &str, property: &str| {
                let value = self.stack.property(one, property)?;
                (!value.is_array()).then(|| format!(" --{option} {}", value.to_string().trim_matches('"')))
            };
            let options = [
                ("timeout", "Timeout"),
                ("memory-size", "MemorySize"),
                ("role", "Role"),
                ("handler", "Handler"),
            ];
            let options: String =
                options.iter().filter_map(|(name, property)| option(name, property)).collect();
            checks.push(Check::wrong(
                about,
                format!("{name}: {}", differences.joined()),
                format!(
                    "Deploying again does not change it. Set it back: aws lambda update-function-configuration --function-name {name}{options}; another architecture needs another build: countersign deploy --parameter Architecture=..."
                ),
            ));
        }
        checks.extend(self.variables(about, one, &configuration["Environment"]["Variables"]));
        // A function with a reserved concurrency of 0 never runs.
        let reserved = &found["Concurrency"]["ReservedConcurrentExecutions"];
        let expected = self.stack.property(one, "ReservedConcurrentExecutions").unwrap_or_default();
        let mut differences = Differences::default();
        differences.compare("the reserved concurrency", Some(&expected), reserved);
        if !differences.is_empty() {
            let name = &one.id;
            let command = match expected.as_u64().or_else(|| expected.as_str()?.parse().ok()) {
                Some(number) => format!(
                    "put-function-concurrency --function-name {name} --reserved-concurrent-executions {number}"
                ),
                None => format!("delete-function-concurrency --function-name {name}"),
            };
            let found = format!("{name}: {}", differences.joined());
            checks.push(Check::wrong(about, found, format!("Set it back: aws lambda {command}.")));
        }
        Ok(checks)
    }

    fn state(&self, about: &'static str, one: &DeployedResource, configuration: &Value) -> Vec<Check> {
        let text = |name: &str| configuration[name].as_str().unwrap_or_default();
        let failed = text("State") == "Failed" || text("LastUpdateStatus") == "Failed";
        if !failed {
            return Vec::new();
        }
        let why = [text("StateReason"), text("LastUpdateStatusReason")].join(" ");
        vec![Check::wrong(
            about,
            format!("{} cannot run: {}", one.id, why.trim()),
            "Fix the cause, then change a parameter that every function has, such as LogLevel, and deploy.",
        )]
    }

    /// The check of the environment variables. None of them is secret.
    fn variables(&self, about: &'static str, one: &DeployedResource, found: &Value) -> Option<Check> {
        let expected = self.stack.fields(one, &["Environment", "Variables"]);
        let wrong = expected.iter().filter(|(name, value)| found.get(name.as_str()) != Some(value));
        let mut differing: Vec<String> = wrong
            .map(|(name, value)| {
                let value = value.as_str().unwrap_or_default();
                match found.get(name.as_str()).and_then(Value::as_str) {
                    Some(found) => format!("{name} is \"{found}\", not \"{value}\""),
                    None => format!("{name} is missing, \"{value}\" in the template"),
                }
            })
            .collect();
        let ours = |name: &&String| name.starts_with("COUNTERSIGN_") && !self.stack.has_variable(one, name);
        let added = found.as_object().into_iter().flatten().map(|(name, _)| name).filter(ours);
        differing.extend(added.map(|name| format!("{name} is not in the template")));
        (!differing.is_empty()).then(|| {
            Check::wrong(
                about,
                format!("{}: {}", one.id, differing.join("; ")),
                "Deploying again does not change it. Set it back in the Lambda console, or deploy twice: with another --parameter LogLevel, then with the present one.",
            )
        })
    }

    pub(super) async fn event_source(&self, about: &'static str, one: &DeployedResource) -> Found {
        let get = ["lambda", "get-event-source-mapping", "--uuid", &one.id];
        let Some(found) = self.aws.find(&get).await? else {
            return Ok(vec![self.gone(about, one, "")]);
        };
        let mut differences = Differences::default();
        let state = found["State"].as_str().unwrap_or_default();
        if matches!(state, "Disabled" | "Disabling") {
            differences.compare("State", Some(&json!("Enabled")), &found["State"]);
        }
        for property in ["BatchSize", "ScalingConfig", "FunctionResponseTypes"] {
            let expected = self.stack.property(one, property);
            differences.compare(property, expected.as_ref(), &found[property]);
        }
        if differences.is_empty() {
            return Ok(Vec::new());
        }
        let function = found["FunctionArn"].as_str().unwrap_or_default();
        let function = function.rsplit(":function:").next().unwrap_or_default();
        let option = |option: &str, property: &str| {
            let value = self.stack.property(one, property)?;
            let value = value["MaximumConcurrency"]
                .as_u64()
                .map_or(value.clone(), |most| json!(format!("MaximumConcurrency={most}")));
            Some(format!(" --{option} {}", value.to_string().trim_matches(['"', '[', ']'])))
        };
        let options = [
            ("batch-size", "BatchSize"),
            ("scaling-config", "ScalingConfig"),
            ("function-response-types", "FunctionResponseTypes"),
        ];
        let options: String = options.iter().filter_map(|(name, property)| option(name, property)).collect();
        Ok(vec![Check::wrong(
            about,
            format!("the event source of {function}: {}", differences.joined()),
            format!(
                "Set it back: aws lambda update-event-source-mapping --uuid {} --enabled{options}.",
                one.id
            ),
        )])
    }
}
