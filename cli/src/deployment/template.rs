//! infra/template.yaml, as far as the command reads it: its parameters, and the definition of the API.
//!
//! Invariant: this is no YAML parser. Sections begin at column 0 and entries at column 2, as the template is written;
//! tests compare what is read with the template.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::Parameters;
use super::stack_status;
use crate::error::{CliError, OrFail as _};

/// The text of the template.
pub(crate) struct Template(String);

impl Template {
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
    fn entries(&self, section: &str) -> Vec<(&str, Vec<&str>)> {
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

    /// The value of each parameter after a deployment: the one that was named, else the deployed one, else the default.
    pub(super) fn values(&self, named: &Parameters, deployed: Option<&Value>) -> BTreeMap<String, String> {
        let value = |name: &str, default: &str| {
            let deployed = || deployed.and_then(|stack| stack_status::parameter(stack, name));
            named.value(name).or_else(deployed).unwrap_or(default).to_owned()
        };
        let defaults = self.defaults();
        defaults.iter().map(|(name, default)| ((*name).to_owned(), value(name, default))).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::checkout;

    fn template() -> Template {
        Template::read(&checkout::repository()).unwrap()
    }

    fn named(others: &[(&str, &str)]) -> Parameters {
        let others = others.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Parameters { mail_from: None, operators_email: None, others }
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
            ("ThrottleRate", "50"),
        ] {
            assert_eq!(defaults[name], default, "{name}");
        }
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
}
