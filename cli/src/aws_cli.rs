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
    } else if says(&["Could not connect to the endpoint", "Invalid endpoint", "Connect timeout"]) {
        CliError::new(format!("aws {what}: {last}"), "Check the region (--region) and the network.")
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

#[cfg(test)]
mod tests {
    use super::*;

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
