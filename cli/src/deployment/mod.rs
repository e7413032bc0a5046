//! A stack on AWS: the commands doctor, plan, deploy and destroy. With `--endpoint-url`, the stack is on an emulator.
//!
//! Invariant: nothing is changed before the operator has seen the changes, and a deployment never replaces or removes a
//! resource with data. The next command reports an interruption, with the way to continue.

use std::path::PathBuf;

use crate::aws_cli::{AwsCli, endpoint, region};
use crate::checkout::usual_stack;
use crate::confirm::confirmed;

mod artefacts;
mod changes;
mod chosen_policy;
mod constraints;
mod deploy;
mod deployed;
mod destroy;
mod doctor;
mod interrupt;
mod outside;
pub(crate) mod package;
mod processor;
mod self_test;
mod stack_status;
mod template;

pub(crate) use deploy::{Deploy, DeploymentPlan, deploy, plan};
pub(crate) use destroy::{Destroy, run as destroy};
pub(crate) use doctor::{Doctor, run as doctor};

/// Which stack, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct DeploymentTarget {
    /// Name of the stack [env: COUNTERSIGN_STACK]
    #[arg(long, value_name = "NAME", default_value_t = usual_stack(), value_parser = stack_name)]
    pub(crate) stack: String,
    /// Region of the stack [default: the one of the AWS configuration]
    #[arg(long, value_parser = region)]
    pub(crate) region: Option<String>,
    /// Endpoint to use in place of AWS's own, such as an emulator's
    #[arg(long, value_name = "URL", value_parser = endpoint)]
    pub(crate) endpoint_url: Option<String>,
}

impl DeploymentTarget {
    fn aws(&self) -> AwsCli {
        AwsCli::of_operator(self.region.as_deref(), self.endpoint_url.as_deref())
    }

    fn which(&self) -> crate::stack::StackSelector {
        crate::stack::StackSelector::on_aws_named(&self.stack, self.region.clone(), self.endpoint_url.clone())
    }
}

/// Parameters of the template.
#[derive(Debug, clap::Args)]
pub(crate) struct Parameters {
    /// Sender of all mails, an identity that SES has verified [default: as it is]
    #[arg(long, value_name = "ADDRESS")]
    mail_from: Option<String>,
    /// Address for messages about failures [default: unchanged]
    #[arg(long, value_name = "ADDRESS")]
    operators_email: Option<String>,
    /// Any other parameter of infra/template.yaml; can be repeated [default: as it is]
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = assignment)]
    others: Vec<(String, String)>,
    /// Go on though the account has too few Lambda environments for bursts of requests
    #[arg(long)]
    yes_few_environments: bool,
}

impl Parameters {
    /// `NAME=VALUE` of all that were named.
    fn overrides(&self) -> Vec<String> {
        let named = [("MailFrom", &self.mail_from), ("OperatorsEmail", &self.operators_email)];
        let named = named.into_iter().filter_map(|(name, value)| value.as_ref().map(|value| (name, value)));
        let others = self.others.iter().map(|(name, value)| (name.as_str(), value));
        named.chain(others).map(|(name, value)| format!("{name}={value}")).collect()
    }

    /// The value that was named for a parameter.
    fn value(&self, parameter: &str) -> Option<&str> {
        if parameter == "MailFrom" && self.mail_from.is_some() {
            return self.mail_from.as_deref();
        }
        self.others.iter().find(|(name, _)| name == parameter).map(|(_, value)| value.as_str())
    }
}

/// The way by which the template gets the code of the workers.
#[derive(Debug, clap::Args)]
pub(crate) struct Artefacts {
    /// Bucket for the packages; created if it is missing [default: countersign-artefacts-<account>-<region>]
    #[arg(long = "artefacts", value_name = "BUCKET")]
    bucket: Option<String>,
    /// Virtual environment with the zip program of the local stack, for an emulator [default: .local/venv in the repository]
    #[arg(long, value_name = "FOLDER", hide = true)]
    venv: Option<PathBuf>,
}

/// CloudFormation takes 128 characters; the names of functions, which begin with it, have 64, of which the longest worker takes 15.
fn stack_name(text: &str) -> Result<String, String> {
    let good = text.len() <= 49
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if good {
        Ok(text.to_owned())
    } else {
        Err("a name is at most 49 letters, digits and hyphens, a letter first".into())
    }
}

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_parameters_are_checked_before_the_question() {
        assert!(stack_name("countersign").is_ok() && stack_name("9x").is_err() && stack_name("a b").is_err());
        assert!(stack_name(&"x".repeat(50)).is_err());
        assert_eq!(assignment("A=b=c"), Ok(("A".into(), "b=c".into())));
        assert!(assignment("A").is_err());
    }
}
