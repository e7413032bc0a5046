//! A deployed stack as CloudFormation has it: the processed template, the parameters, and the resources.
//!
//! Invariant: a value that cannot be computed here is unknown and is not compared. Ids come from CloudFormation; ARNs are
//! built in the form that AWS documents.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::aws_cli::AwsCli;
use crate::error::{CliError, OrFail as _};

/// A resource of the stack.
#[derive(Debug)]
pub(super) struct DeployedResource {
    /// Its name in the template.
    pub(super) name: String,
    pub(super) kind: String,
    /// Its physical id: the value of `Ref` for most types.
    pub(super) id: String,
    /// Time of its last change by CloudFormation.
    pub(super) changed: Option<OffsetDateTime>,
}

/// Template, parameters and resources.
pub(super) struct DeployedStack {
    template: Value,
    parameters: BTreeMap<String, String>,
    resources: Vec<DeployedResource>,
    name: String,
    /// Partition, region and account, from the ARN of the stack.
    place: [String; 3],
}

/// A value of the template; `None` for `AWS::NoValue`.
type Resolved = Result<Option<Value>, Unknown>;

/// Error for a value that cannot be computed from template, parameters and resources.
#[derive(Debug)]
struct Unknown;

impl DeployedStack {
    /// Reads template and resources of a stack that `describe-stacks` described.
    pub(super) async fn read(aws: &AwsCli, name: &str, described: &Value) -> Result<Self, CliError> {
        let get = ["cloudformation", "get-template", "--stack-name", name, "--template-stage", "Processed"];
        let answer = aws.json(&get).await?;
        let template = match &answer["TemplateBody"] {
            // The command line prints a template in YAML as text; after a transform it is JSON.
            Value::String(text) => serde_json::from_str(text)
                .or_fail(|| format!("the processed template of {name} is no JSON"), "")?,
            template => template.clone(),
        };
        Ok(Self::new(template, described, &list(aws, name).await?))
    }

    /// Combines the answers of the AWS command line.
    pub(super) fn new(template: Value, described: &Value, listed: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let stack_arn = text(&described["StackId"]);
        let mut parts = stack_arn.split(':').skip(1);
        let partition = parts.next().unwrap_or("aws").to_owned();
        let (region, account) = (parts.nth(1).unwrap_or_default(), parts.next().unwrap_or_default());
        let parameters = described["Parameters"].as_array().into_iter().flatten();
        Self {
            template,
            parameters: parameters
                .map(|one| (text(&one["ParameterKey"]), text(&one["ParameterValue"])))
                .collect(),
            resources: present(listed),
            name: text(&described["StackName"]),
            place: [partition, region.to_owned(), account.to_owned()],
        }
    }

    /// All resources.
    pub(super) fn resources(&self) -> &[DeployedResource] {
        &self.resources
    }

    /// The resource with this name in the template.
    pub(super) fn resource(&self, name: &str) -> Option<&DeployedResource> {
        self.resources.iter().find(|one| one.name == name)
    }

    /// A parameter.
    pub(super) fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    /// The value of a property by the template; `None` if the template does not set it or the value is unknown.
    pub(super) fn property(&self, of: &DeployedResource, name: &str) -> Option<Value> {
        self.resolve(self.raw(of, name)?).ok()?
    }

    /// The fields of a property that is an object, by the template; fields with unknown values are omitted.
    pub(super) fn fields(&self, of: &DeployedResource, path: &[&str]) -> Map<String, Value> {
        let mut value = self.raw(of, path[0]);
        for name in &path[1..] {
            value = value.and_then(|value| value.get(name));
        }
        let fields = value.and_then(Value::as_object).into_iter().flatten();
        fields.filter_map(|(name, value)| Some((name.clone(), self.resolve(value).ok()??))).collect()
    }

    /// The resource that a property refers to.
    pub(super) fn referred(&self, of: &DeployedResource, property: &str) -> Option<&DeployedResource> {
        self.resource(self.raw(of, property)?["Ref"].as_str()?)
    }

    /// True if the template sets this environment variable of the function.
    pub(super) fn has_variable(&self, of: &DeployedResource, name: &str) -> bool {
        self.raw(of, "Environment").is_some_and(|environment| environment["Variables"].get(name).is_some())
    }

    fn raw(&self, of: &DeployedResource, property: &str) -> Option<&Value> {
        self.template["Resources"][&of.name]["Properties"].get(property)
    }

    fn resolve(&self, value: &Value) -> Resolved {
        match value {
            Value::Array(all) => {
                let mut resolved = Vec::new();
                for one in all {
                    resolved.extend(self.resolve(one)?);
                }
                Ok(Some(Value::Array(resolved)))
            }
            Value::Object(fields) => match fields.iter().next() {
                Some((name, argument))
                    if fields.len() == 1 && (name == "Ref" || name.starts_with("Fn::")) =>
                {
                    self.call(name, argument)
                }
                _ => {
                    let mut resolved = Map::new();
                    for (name, value) in fields {
                        if let Some(value) = self.resolve(value)? {
                            resolved.insert(name.clone(), value);
                        }
                    }
                    Ok(Some(Value::Object(resolved)))
                }
            },
            scalar => Ok(Some(scalar.clone())),
        }
    }

    fn call(&self, name: &str, argument: &Value) -> Resolved {
        match name {
            "Ref" => self.reference(argument.as_str().ok_or(Unknown)?),
            "Fn::If" => {
                let branch = if self.condition(argument[0].as_str().ok_or(Unknown)?)? { 1 } else { 2 };
                self.resolve(&argument[branch])
            }
            "Fn::GetAtt" => {
                let (name, attribute) = match argument {
                    Value::String(text) => text.split_once('.').ok_or(Unknown)?,
                    _ => (argument[0].as_str().ok_or(Unknown)?, argument[1].as_str().ok_or(Unknown)?),
                };
                self.attribute(name, attribute).map(|text| Some(Value::String(text)))
            }
            "Fn::Sub" => self.substituted(argument).map(|text| Some(Value::String(text))),
            "Fn::Join" => {
                let parts = self.resolve(&argument[1])?.ok_or(Unknown)?;
                let parts: Option<Vec<String>> =
                    parts.as_array().ok_or(Unknown)?.iter().map(text_of).collect();
                let between = argument[0].as_str().ok_or(Unknown)?;
                Ok(Some(Value::String(parts.ok_or(Unknown)?.join(between))))
            }
            "Fn::Split" => {
                let text = self.resolve(&argument[1])?.as_ref().and_then(text_of).ok_or(Unknown)?;
                let between = argument[0].as_str().ok_or(Unknown)?;
                Ok(Some(text.split(between).map(Value::from).collect()))
            }
            "Fn::Select" => {
                let at: usize = text_of(&argument[0]).and_then(|at| at.parse().ok()).ok_or(Unknown)?;
                let all = self.resolve(&argument[1])?.ok_or(Unknown)?;
                all.get(at).cloned().map(Some).ok_or(Unknown)
            }
            _ => Err(Unknown),
        }
    }

    fn reference(&self, name: &str) -> Resolved {
        let [partition, region, account] = &self.place;
        let text = match name {
            "AWS::NoValue" => return Ok(None),
            "AWS::StackName" => self.name.clone(),
            "AWS::Partition" => partition.clone(),
            "AWS::Region" => region.clone(),
            "AWS::AccountId" => account.clone(),
            "AWS::URLSuffix" => "amazonaws.com".into(),
            _ => match self.parameters.get(name) {
                Some(value) if self.is_list(name) => {
                    return Ok(Some(value.split(',').map(Value::from).collect()));
                }
                Some(value) => value.clone(),
                None => self.resource(name).ok_or(Unknown)?.id.clone(),
            },
        };
        Ok(Some(Value::String(text)))
    }

    fn is_list(&self, parameter: &str) -> bool {
        self.template["Parameters"][parameter]["Type"] == "CommaDelimitedList"
    }

    fn attribute(&self, name: &str, attribute: &str) -> Result<String, Unknown> {
        let resource = self.resource(name).ok_or(Unknown)?;
        let id = &resource.id;
        let [partition, region, account] = &self.place;
        let arn = |service: &str, rest: &str| format!("arn:{partition}:{service}:{region}:{account}:{rest}");
        Ok(match (resource.kind.as_str(), attribute) {
            ("AWS::SQS::Queue", "Arn") => arn("sqs", last_part(id)),
            ("AWS::SQS::Queue", "QueueName") => last_part(id).to_owned(),
            ("AWS::DynamoDB::Table", "Arn") => arn("dynamodb", &format!("table/{id}")),
            ("AWS::Lambda::Function", "Arn") => arn("lambda", &format!("function:{id}")),
            ("AWS::Logs::LogGroup", "Arn") => arn("logs", &format!("log-group:{id}:*")),
            ("AWS::KMS::Key", "Arn") => arn("kms", &format!("key/{id}")),
            ("AWS::IAM::Role", "Arn") => format!("arn:{partition}:iam::{account}:role/{id}"),
            ("AWS::S3::Bucket", "Arn") => format!("arn:{partition}:s3:::{id}"),
            ("AWS::SecretsManager::Secret", "Id") if id.starts_with("arn:") => id.clone(),
            _ => return Err(Unknown),
        })
    }

    fn substituted(&self, argument: &Value) -> Result<String, Unknown> {
        let (text, given) = match argument {
            Value::String(text) => (text.as_str(), &Value::Null),
            _ => (argument[0].as_str().ok_or(Unknown)?, &argument[1]),
        };
        let mut parts = text.split("${");
        let mut substituted = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').ok_or(Unknown)?;
            let value = match (given.get(name), name.strip_prefix('!')) {
                (_, Some(literal)) => format!("${{{literal}}}"),
                (Some(value), None) => self.text(value)?,
                (None, None) => match name.split_once('.') {
                    Some((name, attribute)) => self.attribute(name, attribute)?,
                    None => self.reference(name)?.as_ref().and_then(text_of).ok_or(Unknown)?,
                },
            };
            substituted += &value;
            substituted += rest;
        }
        Ok(substituted)
    }

    fn text(&self, value: &Value) -> Result<String, Unknown> {
        self.resolve(value)?.as_ref().and_then(text_of).ok_or(Unknown)
    }

    fn condition(&self, name: &str) -> Result<bool, Unknown> {
        self.is_met(self.template["Conditions"].get(name).ok_or(Unknown)?)
    }

    fn is_met(&self, condition: &Value) -> Result<bool, Unknown> {
        let (name, argument) = condition.as_object().and_then(|one| one.iter().next()).ok_or(Unknown)?;
        let each = || argument.as_array().into_iter().flatten().map(|one| self.is_met(one));
        match name.as_str() {
            "Condition" => self.condition(argument.as_str().ok_or(Unknown)?),
            "Fn::Equals" => Ok(self.text(&argument[0])? == self.text(&argument[1])?),
            "Fn::Not" => self.is_met(&argument[0]).map(|met| !met),
            "Fn::And" => each().try_fold(true, |all, one| Ok(all && one?)),
            "Fn::Or" => each().try_fold(false, |any, one| Ok(any || one?)),
            _ => Err(Unknown),
        }
    }
}

/// Reads the resources of a stack.
pub(super) async fn resources(aws: &AwsCli, stack: &str) -> Result<Vec<DeployedResource>, CliError> {
    Ok(present(&list(aws, stack).await?))
}

/// Lists the resources of a stack. `describe-stack-resources` returns the first hundred only; the command line follows the pages of
/// this call.
async fn list(aws: &AwsCli, stack: &str) -> Result<Value, CliError> {
    aws.json(&["cloudformation", "list-stack-resources", "--stack-name", stack]).await
}

/// The listed resources that have not been deleted.
fn present(listed: &Value) -> Vec<DeployedResource> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let listed = listed["StackResourceSummaries"].as_array().into_iter().flatten();
    let one = |one: &Value| DeployedResource {
        name: text(&one["LogicalResourceId"]),
        kind: text(&one["ResourceType"]),
        id: text(&one["PhysicalResourceId"]),
        changed: time_of(&one["LastUpdatedTimestamp"]),
    };
    listed.filter(|one| one["ResourceStatus"] != "DELETE_COMPLETE").map(one).collect()
}

/// The last part of a queue's URL: its name.
pub(super) fn last_part(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

/// A scalar as text. Templates and answers may write the same number or boolean as JSON or as text.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// A time as the AWS command line prints it: text in version 2, seconds in version 1. Lambda writes the offset without a colon.
pub(super) fn time_of(value: &Value) -> Option<OffsetDateTime> {
    let Value::String(text) = value else {
        #[allow(clippy::cast_possible_truncation)]
        let milliseconds = (value.as_f64()? * 1000.0) as i128;
        return OffsetDateTime::from_unix_timestamp_nanos(milliseconds * 1_000_000).ok();
    };
    let text = match text.len().checked_sub(5).and_then(|at| text.split_at_checked(at)) {
        Some((time, offset)) if offset.starts_with(['+', '-']) && !offset.contains(':') => {
            format!("{time}{}:{}", &offset[..3], &offset[3..])
        }
        _ => text.clone(),
    };
    OffsetDateTime::parse(&text, &Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stack(properties: Value) -> DeployedStack {
        let template = json!({
            "Parameters": { "Networks": { "Type": "CommaDelimitedList" } },
            "Conditions": {
                "OnAws": { "Fn::Equals": [{ "Ref": "EndpointUrl" }, ""] },
                "OnEmulator": { "Fn::Not": [{ "Condition": "OnAws" }] },
                "Both": { "Fn::And": [{ "Condition": "OnAws" }, { "Condition": "OnEmulator" }] },
                "One": { "Fn::Or": [{ "Condition": "OnAws" }, { "Condition": "OnEmulator" }] },
            },
            "Resources": { "Thing": { "Properties": properties } },
        });
        let described = json!({
            "StackId": "arn:aws:cloudformation:eu-central-1:123456789012:stack/ca/x", "StackName": "ca",
            "Parameters": [
                { "ParameterKey": "EndpointUrl", "ParameterValue": "" },
                { "ParameterKey": "Networks", "ParameterValue": "a,b" },
            ],
        });
        let listed = json!({ "StackResourceSummaries": [
            { "LogicalResourceId": "Thing", "ResourceType": "AWS::Lambda::Function", "PhysicalResourceId": "ca-thing" },
            { "LogicalResourceId": "Queue", "ResourceType": "AWS::SQS::Queue", "PhysicalResourceId": "https://sqs/1/ca-queue" },
            { "LogicalResourceId": "Gone", "ResourceType": "AWS::SQS::Queue", "ResourceStatus": "DELETE_COMPLETE" },
        ] });
        DeployedStack::new(template, &described, &listed)
    }

    #[test]
    fn values_of_the_template_are_worked_out() {
        let of = |value: Value| {
            let stack = stack(json!({ "P": value }));
            stack.property(stack.resource("Thing").unwrap(), "P")
        };
        for (value, expected) in [
            (json!({ "Ref": "Queue" }), json!("https://sqs/1/ca-queue")),
            (json!({ "Ref": "Networks" }), json!(["a", "b"])),
            (json!({ "Fn::Join": ["+", { "Ref": "Networks" }] }), json!("a+b")),
            (json!({ "Fn::GetAtt": "Queue.Arn" }), json!("arn:aws:sqs:eu-central-1:123456789012:ca-queue")),
            (
                json!({ "Fn::GetAtt": ["Thing", "Arn"] }),
                json!("arn:aws:lambda:eu-central-1:123456789012:function:ca-thing"),
            ),
            (
                json!({ "Fn::Sub": "/x/${AWS::StackName}-${Queue.QueueName}/${!y}" }),
                json!("/x/ca-ca-queue/${y}"),
            ),
            (
                json!({ "Fn::Sub": ["${a}/${AWS::AccountId}", { "a": { "Ref": "AWS::Region" } }] }),
                json!("eu-central-1/123456789012"),
            ),
            (json!({ "Fn::If": ["OnAws", "1", "2"] }), json!("1")),
            (json!({ "Fn::If": ["Both", "1", "2"] }), json!("2")),
            (json!({ "Fn::If": ["One", "1", "2"] }), json!("1")),
            (json!({ "Fn::Select": [1, { "Fn::Split": [":", "a:b:c"] }] }), json!("b")),
            (
                json!({ "a": { "Ref": "AWS::NoValue" }, "b": [1, { "Ref": "AWS::NoValue" }] }),
                json!({ "b": [1] }),
            ),
        ] {
            assert_eq!(of(value.clone()), Some(expected), "{value}");
        }
        for unknown in [
            json!({ "Ref": "Gone" }),
            json!({ "Fn::GetAtt": "Thing.Other" }),
            json!({ "Fn::ImportValue": "x" }),
        ] {
            assert_eq!(of(unknown.clone()), None, "{unknown}");
        }
    }

    #[test]
    fn times_are_read_as_either_version_of_the_command_line_prints_them() {
        let noon = time_of(&json!("2026-01-01T12:00:00+00:00")).unwrap();
        for same in
            [json!("2026-01-01T13:00:00.000+0100"), json!("2026-01-01T12:00:00Z"), json!(1_767_268_800)]
        {
            assert_eq!(time_of(&same), Some(noon), "{same}");
        }
        assert_eq!(time_of(&json!(1_767_268_800.5)).unwrap() - noon, time::Duration::milliseconds(500));
        for other in [json!(null), json!(""), json!("soon"), json!("über+0100")] {
            assert_eq!(time_of(&other), None, "{other}");
        }
    }

    #[test]
    fn one_unknown_field_hides_no_other() {
        let stack = stack(json!({ "Environment": { "Variables": {
            "A": { "Ref": "Queue" }, "B": { "Fn::GetAtt": "Gone.Arn" }, "C": { "Ref": "AWS::NoValue" },
        } } }));
        let fields = stack.fields(stack.resource("Thing").unwrap(), &["Environment", "Variables"]);
        assert_eq!(Value::Object(fields), json!({ "A": "https://sqs/1/ca-queue" }));
    }
}
