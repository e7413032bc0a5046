//! The AWS command line of the operator or of the local stack.
//!
//! Invariant: standard output of a call may hold a secret and is never part of an error. An error is one line, made
//! from standard error.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::Value;
use tokio::process::Command;

use crate::error::{CliError, OrFail as _};

#[cfg(test)]
pub(crate) mod scripted;

/// The region of the emulated account.
pub(crate) const REGION: &str = "us-east-1";
/// The emulator's root user. Not a secret: the emulator is reachable from this machine only.
pub(crate) const ROOT_KEY: (&str, &str) = ("test", "test");

/// Program, arguments and environment of the AWS command line.
pub(crate) struct AwsCli {
    program: PathBuf,
    /// Arguments before the command.
    before: Vec<String>,
    /// Arguments after the command: the region.
    after: Vec<String>,
    /// True if it runs without the operator's environment.
    own: bool,
    variables: Vec<(&'static str, String)>,
}

impl AwsCli {
    /// Returns the command line of the local stack's virtual environment, without the operator's settings.
    pub(crate) fn of_emulator(python: &Path, folder: &Path, endpoint: &str) -> Self {
        let variables = [
            ("HOME", folder.join("tmp").display().to_string()),
            ("AWS_CONFIG_FILE", "/dev/null".into()),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".into()),
            ("AWS_ACCESS_KEY_ID", ROOT_KEY.0.into()),
            ("AWS_SECRET_ACCESS_KEY", ROOT_KEY.1.into()),
            ("AWS_DEFAULT_REGION", REGION.into()),
            ("AWS_EC2_METADATA_DISABLED", "true".into()),
            ("AWS_ENDPOINT_URL", endpoint.into()),
            ("AWS_PAGER", String::new()),
        ];
        Self {
            program: python.to_owned(),
            before: vec!["-m".into(), "awscli".into()],
            after: Vec::new(),
            own: true,
            variables: variables.into(),
        }
    }

    /// Returns the operator's command line, with their credentials.
    pub(crate) fn of_operator(region: Option<&str>, endpoint: Option<&str>) -> Self {
        let after =
            region.into_iter().flat_map(|region| ["--region".to_owned(), region.to_owned()]).collect();
        // Not --endpoint-url: "cloudformation package" ignores it and uploads to AWS.
        let endpoint = endpoint.map(|endpoint| ("AWS_ENDPOINT_URL", endpoint.to_owned()));
        let mut variables = vec![("AWS_PAGER", String::new())];
        variables.extend(endpoint);
        Self { program: "aws".into(), before: Vec::new(), after, own: false, variables }
    }

    /// Runs `aws ARGUMENTS` in `directory` and returns its standard output.
    pub(crate) async fn run(&self, directory: &Path, arguments: &[&str]) -> Result<Vec<u8>, CliError> {
        let output = self.output(directory, arguments).await?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let what = arguments.iter().take(2).copied().collect::<Vec<_>>().join(" ");
        Err(explain(&what, &String::from_utf8_lossy(&output.stderr)))
    }

    /// Like `run`, but parses the output as JSON; null for an empty output.
    pub(crate) async fn json(&self, arguments: &[&str]) -> Result<Value, CliError> {
        let printed = self.run(Path::new("."), &[arguments, &["--output", "json"]].concat()).await?;
        if printed.iter().all(u8::is_ascii_whitespace) {
            return Ok(Value::Null);
        }
        let what = arguments.iter().take(2).copied().collect::<Vec<_>>().join(" ");
        serde_json::from_slice(&printed).or_fail(|| format!("aws {what} printed no JSON"), "")
    }

    /// Like `json`; returns `None` if the resource does not exist.
    pub(crate) async fn find(&self, arguments: &[&str]) -> Result<Option<Value>, CliError> {
        let output = self.output(Path::new("."), &[arguments, &["--output", "json"]].concat()).await?;
        if output.status.success() {
            // Some calls print nothing for a resource that exists.
            return Ok(Some(serde_json::from_slice(&output.stdout).unwrap_or_default()));
        }
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        let absent = ["NotFound", "does not exist", "DoesNotExist", "(404)", "Not Found", "NoSuch"];
        if absent.iter().any(|sign| error.contains(sign)) {
            return Ok(None);
        }
        let what = arguments.iter().take(2).copied().collect::<Vec<_>>().join(" ");
        Err(explain(&what, &error))
    }

    async fn output(&self, directory: &Path, arguments: &[&str]) -> Result<Output, CliError> {
        let mut command = Command::new(&self.program);
        command.args(&self.before).args(arguments).args(&self.after).current_dir(directory);
        // The command line takes SQS's endpoint from this option only.
        let endpoint = self.variables.iter().find(|(name, _)| *name == "AWS_ENDPOINT_URL");
        if let (Some((_, endpoint)), Some(&"sqs")) = (endpoint, arguments.first()) {
            command.args(["--endpoint-url", endpoint]);
        }
        if self.own {
            let kept =
                std::env::vars().filter(|(name, _)| matches!(name.as_str(), "PATH" | "LANG" | "LC_ALL"));
            command.env_clear().envs(kept);
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let advice = if self.own {
            "Remove the virtual environment and try again."
        } else {
            "Install version 2 of the AWS command line."
        };
        let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await;
        output.or_fail(|| format!("cannot run {}", self.program.display()), advice)
    }
}

/// Reads the name of a region.
pub(crate) fn region(text: &str) -> Result<String, String> {
    let mut parts = text.split('-');
    let is_word = |part: &str| part.len() >= 2 && part.bytes().all(|b| b.is_ascii_lowercase());
    let number = parts.next_back().unwrap_or_default();
    let words: Vec<&str> = parts.collect();
    if words.len() >= 2
        && words.iter().all(|word| is_word(word))
        && number.len() == 1
        && number.bytes().all(|b| b.is_ascii_digit())
    {
        Ok(text.to_owned())
    } else {
        Err("a region is written like eu-central-1".into())
    }
}

/// Reads the address of an endpoint.
pub(crate) fn endpoint(text: &str) -> Result<String, String> {
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(text.to_owned()),
        _ => Err("an endpoint is written like http://127.0.0.1:4566".into()),
    }
}

/// Turns standard error of a call into one line with advice.
fn explain(what: &str, error: &str) -> CliError {
    let says = |signs: &[&str]| signs.iter().any(|sign| error.contains(sign));
    let last = error.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no message").trim();
    if says(&["Unable to locate credentials", "NoCredentials", "could not be found"]) {
        CliError::new(
            "there are no AWS credentials",
            "Sign in with aws sso login or aws configure, or name a profile in AWS_PROFILE.",
        )
    } else if says(&["ExpiredToken", "Token has expired", "has expired or is otherwise invalid"]) {
        CliError::new("the AWS credentials have expired", "Sign in again, for example with aws sso login.")
    } else if says(&[
        "InvalidClientTokenId",
        "UnrecognizedClient",
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
        "AuthFailure",
    ]) {
        CliError::new("AWS rejects these credentials", "Check AWS_PROFILE and the other AWS_ variables.")
    } else if let Some(address) = unreachable(error) {
        // An emulator's address has a port or is no name of AWS.
        if address.contains(".amazonaws.com") {
            CliError::new(
                format!("AWS does not answer at {address}"),
                "Check the region (--region) and the network: the name of the region may be misspelt, or the region not enabled in this account.",
            )
        } else {
            CliError::new(
                format!("nothing answers at {address}"),
                "Check --endpoint-url and AWS_ENDPOINT_URL: is the emulator running?",
            )
        }
    } else if says(&["Invalid endpoint"]) {
        CliError::new(format!("aws {what}: {last}"), "Check the region (--region) and --endpoint-url.")
    } else if says(&["You must specify a region"]) {
        CliError::new("no region is configured", "Name it with --region.")
    } else if says(&["AccessDenied", "not authorized to perform", "UnauthorizedOperation"]) {
        let action = error
            .split_once("not authorized to perform: ")
            .and_then(|(_, rest)| rest.split_whitespace().next());
        CliError::new(
            format!("these credentials may not {}", action.unwrap_or(what)),
            "docs/operations/deploy.md lists the required permissions.",
        )
    } else {
        CliError::new(format!("aws {what} failed: {}", error.trim()), "")
    }
}

/// The address that a call could not connect to, of the region's service or of an endpoint.
fn unreachable(error: &str) -> Option<&str> {
    let signs = ["Could not connect to the endpoint URL: \"", "Connect timeout on endpoint URL: \""];
    let url = signs.iter().find_map(|sign| error.split_once(sign))?.1.split('"').next()?;
    // Paths may hold keys of objects.
    let host_ends = url.find("://").and_then(|at| url[at + 3..].find('/').map(|end| at + 3 + end));
    Some(&url[..host_ends.unwrap_or(url.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_and_endpoints_are_checked_before_a_call() {
        for good in ["eu-central-1", "us-gov-west-1", "ap-southeast-5"] {
            assert!(region(good).is_ok(), "{good}");
        }
        for bad in ["Frankfurt", "eu-central", "eu-central-1a", "", "eu--1", "--x-1"] {
            assert!(region(bad).is_err(), "{bad}");
        }
        for good in ["http://127.0.0.1:4566", "https://vpce-1.sqs.eu-central-1.vpce.amazonaws.com"] {
            assert!(endpoint(good).is_ok(), "{good}");
        }
        for bad in ["127.0.0.1:4566", "localhost", "ftp://x", "http://", ""] {
            assert!(endpoint(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_error_of_the_command_line_becomes_one_line_with_advice() {
        for (error, expected) in [
            (
                "\nUnable to locate credentials. You can configure credentials by running \"aws configure\".\n",
                "there are no AWS credentials",
            ),
            (
                "An error occurred (ExpiredToken) when calling the GetCallerIdentity operation: x",
                "have expired",
            ),
            (
                "An error occurred (InvalidClientTokenId) when calling the GetCallerIdentity operation: x",
                "AWS rejects",
            ),
            (
                "Could not connect to the endpoint URL: \"https://sts.eu-nowhere-1.amazonaws.com/\"",
                "Check the region",
            ),
            (
                "Could not connect to the endpoint URL: \"http://127.0.0.1:9/a/key\"",
                "nothing answers at http://127.0.0.1:9. Check --endpoint-url",
            ),
            ("You must specify a region. You can also configure your region", "--region"),
            (
                "An error occurred (AccessDenied) when calling x: User: y is not authorized to perform: ses:GetAccount on z",
                "may not ses:GetAccount.",
            ),
            ("something\nelse", "aws sts get failed: something else"),
        ] {
            let told = explain("sts get", error).to_string();
            assert!(told.contains(expected) && !told.contains('\n'), "{told}");
        }
    }
}
