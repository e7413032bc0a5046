//! infra/template.yaml, as far as the command reads it: its parameters, and the definition of the API.
//!
//! Invariant: this is no YAML parser. Sections begin at column 0 and entries at column 2, as the template is written;
//! tests compare what is read with the template.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use aws_lc_rs::digest;
use serde_json::Value;

use super::Parameters;
use super::stack_status;
use crate::error::{CliError, OrFail as _};

/// The text of the template.
pub(crate) struct StackTemplate(String);

impl StackTemplate {
    /// Reads the template of the repository.
    pub(crate) fn read(repository: &Path) -> Result<Self, CliError> {
        let file = repository.join("infra/template.yaml");
        let text = fs::read_to_string(&file)
            .or_fail(|| format!("cannot read {}", file.display()), "Run this inside the repository.")?;
        Ok(Self(text))
    }

    /// The text.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Name and text of each entry of a section; comments and empty lines are left out.
    pub(super) fn entries(&self, section: &str) -> Vec<(&str, Vec<&str>)> {
        let heading = format!("{section}:");
        let body = self.0.lines().skip_while(|line| *line != heading).skip(1);
        let lines = body.take_while(|line| line.is_empty() || line.starts_with([' ', '#']));
        let mut entries: Vec<(&str, Vec<&str>)> = Vec::new();
        for line in lines.filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')) {
            match line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')) {
                Some(rest) => {
                    let (name, value) = rest.split_once(':').unwrap_or((rest, ""));
                    entries.push((name, vec![value.trim()]));
                }
                None => {
                    if let Some((_, lines)) = entries.last_mut() {
                        lines.push(line);
                    }
                }
            }
        }
        entries
    }

    /// The parameters with their defaults.
    pub(super) fn defaults(&self) -> BTreeMap<&str, &str> {
        let mut defaults = BTreeMap::new();
        for (name, lines) in self.entries("Parameters") {
            let default = lines.iter().find_map(|line| line.strip_prefix("    Default:"));
            defaults.insert(name, default.unwrap_or_default().trim().trim_matches('"'));
        }
        defaults
    }

    /// Refuses names that are no parameter of the template: the AWS command line ignores them.
    pub(super) fn refuse_unknown(&self, named: &Parameters) -> Result<(), CliError> {
        let defaults = self.defaults();
        let Some((unknown, _)) = named.others.iter().find(|(name, _)| !defaults.contains_key(name.as_str()))
        else {
            return Ok(());
        };
        let nearest = defaults
            .keys()
            .min_by_key(|name| strsim::levenshtein(&name.to_ascii_lowercase(), &unknown.to_ascii_lowercase()))
            .unwrap_or(&"");
        Err(CliError::new(
            format!("infra/template.yaml has no parameter {unknown}"),
            format!("The nearest is {nearest}; nothing was built or changed."),
        ))
    }

    /// The value of each parameter after a deployment: named, else deployed, else the default.
    pub(super) fn values(&self, named: &Parameters, deployed: Option<&Value>) -> BTreeMap<String, String> {
        let value = |name: &str, default: &str| {
            let deployed = || deployed.and_then(|stack| stack_status::parameter(stack, name));
            named.value(name).or_else(deployed).unwrap_or(default).to_owned()
        };
        let defaults = self.defaults();
        defaults.iter().map(|(name, default)| ((*name).to_owned(), value(name, default))).collect()
    }
}

/// Logical name of the API's deployment in the template.
pub(super) const API_DEPLOYMENT: &str = "ApiDeployment";

/// True if a deployment of the API takes a snapshot of resources of this type.
pub(super) fn is_in_the_snapshot(kind: &str) -> bool {
    kind.strip_prefix("AWS::ApiGateway::").is_some_and(|kind| !OUTSIDE_OF_THE_SNAPSHOT.contains(&kind))
}

/// Types of API Gateway's resources that are no part of the snapshot which a deployment takes.
const OUTSIDE_OF_THE_SNAPSHOT: [&str; 4] = ["Deployment", "Stage", "DomainName", "BasePathMapping"];

impl StackTemplate {
    /// The resources that a deployment of the API takes a snapshot of: name and text.
    fn api(&self) -> Vec<(&str, Vec<&str>)> {
        let belongs = |lines: &[&str]| {
            let kind = lines.iter().find_map(|line| line.strip_prefix("    Type: AWS::ApiGateway::"));
            kind.is_some_and(|kind| !OUTSIDE_OF_THE_SNAPSHOT.contains(&kind.trim()))
        };
        self.entries("Resources").into_iter().filter(|(_, lines)| belongs(lines)).collect()
    }

    /// Logical name of the API's deployment, with a digest of everything in its snapshot: the resources, and the values of the
    /// parameters that they name, also through conditions. So another definition or policy makes another deployment, and
    /// CloudFormation points the stage at it.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-deployment.html>
    pub(super) fn api_deployment(&self, value: &dyn Fn(&str) -> Option<String>) -> String {
        let (defaults, conditions) = (self.defaults(), self.entries("Conditions"));
        let mut texts: Vec<String> =
            self.api().into_iter().map(|(name, lines)| format!("{name}:\n{}", lines.join("\n"))).collect();
        let mut seen: Vec<&str> = Vec::new();
        let mut at = 0;
        // Each condition found adds its own text, in which further conditions and parameters are looked for.
        while at < texts.len() {
            let text = texts[at].clone();
            let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).collect();
            for (name, lines) in conditions.iter().filter(|(name, _)| words.contains(name)) {
                if !seen.contains(name) {
                    seen.push(name);
                    texts.push(lines.join("\n"));
                }
            }
            for (name, default) in defaults.iter().filter(|(name, _)| words.contains(name)) {
                if !seen.contains(name) {
                    seen.push(name);
                    texts.push(format!("{name}={:?}", value(name).unwrap_or_else(|| (*default).to_owned())));
                }
            }
            at += 1;
        }
        let digest = digest::digest(&digest::SHA256, texts.join("\n").as_bytes());
        format!("{API_DEPLOYMENT}{}", hex::encode(&digest.as_ref()[..6]))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::checkout;

    fn template() -> StackTemplate {
        StackTemplate::read(&checkout::repository()).unwrap()
    }

    fn named(others: &[(&str, &str)]) -> Parameters {
        let others = others.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Parameters { mail_from: None, operators_email: None, others, yes_few_environments: false }
    }

    #[test]
    fn every_parameter_of_the_template_is_read_with_its_default() {
        let template = template();
        let defaults = template.defaults();
        let section = template.text().split("\nRules:").next().unwrap();
        assert_eq!(defaults.len(), section.matches("\n    Type: ").count());
        for (name, default) in [
            ("Architecture", "arm64"),
            ("DeletionProtection", "true"),
            ("BaseUrl", ""),
            ("ThrottleRate", "25"),
        ] {
            assert_eq!(defaults[name], default, "{name}");
        }
    }

    #[test]
    fn an_unknown_parameter_is_refused_with_the_nearest_name() {
        for (unknown, nearest) in [
            ("AllowedCidr", "AllowedCidrs"),
            ("architecture", "Architecture"),
            ("MailForm", "MailFrom"),
            ("ApiVpcEndpiont", "ApiVpcEndpoint"),
        ] {
            let told = template().refuse_unknown(&named(&[("LogLevel", "info"), (unknown, "x")]));
            let told = told.unwrap_err().to_string();
            assert!(told.contains(&format!("no parameter {unknown}. The nearest is {nearest};")), "{told}");
        }
        assert!(template().refuse_unknown(&named(&[("LogLevel", "info"), ("MailFrom", "x")])).is_ok());
    }

    #[test]
    fn a_deployed_parameter_stays_as_it_is_unless_another_is_named() {
        let deployed = json!({ "Parameters": [
            { "ParameterKey": "Architecture", "ParameterValue": "x86_64" },
            { "ParameterKey": "GoneFromTheTemplate", "ParameterValue": "x" },
        ] });
        let template = template();
        let architecture = |named: &Parameters, deployed: Option<&Value>| {
            template.values(named, deployed)["Architecture"].clone()
        };
        assert_eq!(architecture(&named(&[]), None), "arm64");
        assert_eq!(architecture(&named(&[]), Some(&deployed)), "x86_64");
        assert_eq!(architecture(&named(&[("Architecture", "arm64")]), Some(&deployed)), "arm64");
        assert!(!template.values(&named(&[]), Some(&deployed)).contains_key("GoneFromTheTemplate"));
    }

    #[test]
    fn another_policy_of_the_api_is_another_deployment() {
        let template = template();
        let of = |named: &[(&str, &str)]| {
            template.api_deployment(&|name| {
                named.iter().find(|(one, _)| *one == name).map(|(_, value)| (*value).to_owned())
            })
        };
        let default = of(&[]);
        assert!(
            default.starts_with(API_DEPLOYMENT) && default.len() == API_DEPLOYMENT.len() + 12,
            "{default}"
        );
        assert!(default.chars().all(|c| c.is_ascii_alphanumeric()), "{default}");
        assert_eq!(of(&[]), default);
        assert_eq!(of(&[("AllowedCidrs", "0.0.0.0/0,::/0")]), default, "the default, named");
        assert_eq!(of(&[("ThrottleRate", "7"), ("LogLevel", "debug")]), default, "no part of the snapshot");
        let one = of(&[("AllowedCidrs", "192.0.2.0/24")]);
        let two = of(&[("AllowedCidrs", "192.0.2.0/25")]);
        let private = of(&[("ApiVpcEndpoint", "vpce-0123")]);
        let all = [&default, &one, &two, &private];
        assert!(all.iter().enumerate().all(|(at, id)| !all[..at].contains(id)), "{all:?}");
    }

    #[test]
    fn another_definition_of_the_api_is_another_deployment_and_a_comment_is_not() {
        let of = |text: &str| StackTemplate(text.to_owned()).api_deployment(&|_| None);
        let template = template();
        let text = template.text();
        let changed = |from: &str, to: &str| {
            assert!(text.contains(from), "{from}");
            of(&text.replacen(from, to, 1))
        };
        for (from, to) in [
            ("BinaryMediaTypes: [\"*/*\"]", "BinaryMediaTypes: []"),
            ("NotIpAddress", "IpAddress"),
            ("PathPart: \"{proxy+}\"", "PathPart: \"{other+}\""),
            ("      AuthorizationType: NONE", "      AuthorizationType: AWS_IAM"),
            ("  LimitsNetworks: !Not", "  LimitsNetworks: !Or"),
        ] {
            assert_ne!(changed(from, to), of(text), "{from}");
        }
        assert_eq!(changed("      # What is not refused is allowed", "      # Another comment"), of(text));
        assert_eq!(changed("ReservedConcurrentExecutions", "Other"), of(text));
    }

    #[test]
    fn the_deployment_waits_for_everything_in_its_snapshot() {
        let template = template();
        let resources = template.entries("Resources");
        let (_, deployment) = resources.iter().find(|(name, _)| *name == API_DEPLOYMENT).unwrap();
        let text = deployment.join("\n");
        for (name, lines) in template.api() {
            // The path comes before its method.
            let is_path = lines.iter().any(|line| line.contains("AWS::ApiGateway::Resource"));
            assert!(is_path || text.contains(name), "{API_DEPLOYMENT} does not depend on {name}");
        }
    }
}
