//! Deploys infra/template.yaml on the emulator with the AWS command line, in the same two steps as on AWS.
//!
//! Invariant: what was deployed is remembered as text; the steps are left out only while template, definition, workers
//! and parameters are the very same.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tokio::process::Command;

use super::emulator::{REGION, ROOT_KEY};
use super::venv::Venv;
use super::workers;
use crate::failure::{Failure, OrFail as _};
use crate::progress::Step;
use crate::stack;

/// The name of the local stack.
pub(crate) const STACK: &str = "countersign";
const ARTIFACTS: &str = "countersign-artifacts";

/// The AWS command line of the virtual environment, pointed at the emulator.
pub(crate) struct AwsCli {
    python: PathBuf,
    endpoint: String,
    home: PathBuf,
}

impl AwsCli {
    /// For the emulator at `endpoint`.
    pub(crate) fn new(venv: &Venv, folder: &Path, endpoint: &str) -> Self {
        Self { python: venv.python.clone(), endpoint: endpoint.to_owned(), home: folder.join("tmp") }
    }

    /// Runs `aws ARGUMENTS` and returns what it printed.
    pub(crate) async fn run(&self, directory: &Path, arguments: &[&str]) -> Result<Vec<u8>, Failure> {
        let output = self.output(directory, arguments).await?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(Failure::new(
            format!(
                "aws {} failed: {}",
                arguments.iter().take(2).copied().collect::<Vec<_>>().join(" "),
                text.trim()
            ),
            "",
        ))
    }

    async fn output(&self, directory: &Path, arguments: &[&str]) -> Result<Output, Failure> {
        Command::new(&self.python)
            .args(["-m", "awscli"])
            .args(arguments)
            .current_dir(directory)
            .env_clear()
            .envs(std::env::vars().filter(|(name, _)| matches!(name.as_str(), "PATH" | "LANG" | "LC_ALL")))
            .env("HOME", &self.home)
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_ACCESS_KEY_ID", ROOT_KEY.0)
            .env("AWS_SECRET_ACCESS_KEY", ROOT_KEY.1)
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_PAGER", "")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .or_fail(
                || format!("cannot run {}", self.python.display()),
                "Remove the virtual environment and try again.",
            )
    }
}

/// Deploys what is not deployed yet, and returns the stack's outputs.
pub(crate) async fn deploy(
    aws: &AwsCli,
    repository: &Path,
    folder: &Path,
    workers: &str,
    parameters: &BTreeMap<&str, String>,
) -> Result<BTreeMap<String, String>, Failure> {
    let step = Step::begin("Deploying infra/template.yaml");
    let read = |path: PathBuf| {
        fs::read_to_string(&path)
            .or_fail(|| format!("cannot read {}", path.display()), "Run this inside the repository.")
    };
    let template = read(repository.join("infra/template.yaml"))?;
    let definition = read(repository.join("statemachine.asl.json"))?;
    let wanted = format!("{parameters:?}\n{workers}\n{template}\n{definition}");
    let remembered = folder.join("deployed.txt");
    let described = describe(aws, repository).await;
    let unchanged = fs::read_to_string(&remembered).is_ok_and(|text| text == wanted);
    if let (true, Ok(outputs)) = (unchanged, &described) {
        step.done("nothing has changed");
        return Ok(outputs.clone());
    }
    // What is remembered must never be more than what is there.
    let _ = fs::remove_file(&remembered);
    step.detail("packaging the workers");
    if aws.run(repository, &["s3api", "head-bucket", "--bucket", ARTIFACTS]).await.is_err() {
        aws.run(repository, &["s3api", "create-bucket", "--bucket", ARTIFACTS]).await?;
    }
    let packaged = folder.join("packaged.yaml").display().to_string();
    let local = folder.join("template.yaml");
    fs::write(&local, located(&template, repository)?)
        .or_fail(|| format!("cannot write {}", local.display()), "")?;
    let template = local.display().to_string();
    aws.run(
        repository,
        &[
            "cloudformation",
            "package",
            "--template-file",
            &template,
            "--s3-bucket",
            ARTIFACTS,
            "--output-template-file",
            &packaged,
        ],
    )
    .await?;
    step.detail("deploying the stack");
    let parameters: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut arguments = vec![
        "cloudformation",
        "deploy",
        "--template-file",
        &packaged,
        "--stack-name",
        STACK,
        "--s3-bucket",
        ARTIFACTS,
    ];
    arguments.extend([
        "--capabilities",
        "CAPABILITY_IAM",
        "CAPABILITY_AUTO_EXPAND",
        "--no-fail-on-empty-changeset",
        "--parameter-overrides",
    ]);
    arguments.extend(parameters.iter().map(String::as_str));
    aws.run(repository, &arguments).await.map_err(|failure| {
        Failure::new(
            failure.to_string(),
            format!("To begin anew, remove {}.", folder.join("state").display()),
        )
    })?;
    let outputs = describe(aws, repository).await?;
    fs::write(&remembered, wanted).or_fail(|| format!("cannot write {}", remembered.display()), "")?;
    step.done(format!("stack {STACK}"));
    Ok(outputs)
}

/// The template with the paths that `package` looks up: absolute, and of the zips that are there already.
fn located(template: &str, repository: &Path) -> Result<String, Failure> {
    let mut located = template
        .replace("../statemachine.asl.json", &repository.join("statemachine.asl.json").display().to_string());
    for name in workers::names(repository)? {
        let zip = workers::zip_of(repository, &name).display().to_string();
        located = located.replace(&format!("../target/lambda/{name}/"), &zip);
    }
    Ok(located)
}

async fn describe(aws: &AwsCli, directory: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let json = aws
        .run(directory, &["cloudformation", "describe-stacks", "--stack-name", STACK, "--output", "json"])
        .await?;
    stack::outputs(&json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_template_is_left_relative_and_nothing_else_changes() {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        let template = fs::read_to_string(repository.join("infra/template.yaml")).unwrap();
        let located = located(&template, repository).unwrap();
        assert!(!located.contains("../"), "{located}");
        let changed: Vec<&str> = template
            .lines()
            .zip(located.lines())
            .filter(|(one, other)| one != other)
            .map(|(one, _)| one.trim())
            .collect();
        assert_eq!(template.lines().count(), located.lines().count());
        assert!(
            changed.iter().all(|line| line.starts_with("CodeUri:") || line.starts_with("DefinitionUri:")),
            "{changed:?}"
        );
    }
}
