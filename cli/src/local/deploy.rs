//! Deploys infra/template.yaml on the emulator with the AWS command line, in the same two steps as on AWS.
//!
//! Invariant: template, definition, workers and parameters of the last deployment are stored as text. The steps are
//! skipped only if all of them are unchanged.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::aws_cli::AwsCli;
use crate::deployment::package;
use crate::error::{CliError, OrFail as _};
use crate::progress::ProgressStep;
use crate::stack;

/// The name of the local stack.
pub(crate) const STACK: &str = "countersign";
const ARTIFACTS: &str = "countersign-artifacts";

/// Deploys the stack if something has changed, and returns its outputs.
pub(crate) async fn deploy(
    aws: &AwsCli,
    repository: &Path,
    folder: &Path,
    workers: &str,
    parameters: &BTreeMap<&str, String>,
) -> Result<BTreeMap<String, String>, CliError> {
    let step = ProgressStep::begin("Deploying infra/template.yaml");
    let read = |path: PathBuf| {
        fs::read_to_string(&path)
            .or_fail(|| format!("cannot read {}", path.display()), "Run this inside the repository.")
    };
    let template = read(repository.join("infra/template.yaml"))?;
    let definition = read(repository.join("statemachine.asl.json"))?;
    let revocation = read(repository.join("infra/revocation.asl.json"))?;
    let wanted = format!("{parameters:?}\n{workers}\n{template}\n{definition}\n{revocation}");
    let remembered = folder.join("deployed.txt");
    let described = describe(aws, repository).await;
    let unchanged = fs::read_to_string(&remembered).is_ok_and(|text| text == wanted);
    if let (true, Ok(outputs)) = (unchanged, &described) {
        step.done("nothing has changed");
        return Ok(outputs.clone());
    }
    // Removed before the deployment: an interrupted one must not count as done.
    let _ = fs::remove_file(&remembered);
    step.detail("packaging the workers");
    if aws.run(repository, &["s3api", "head-bucket", "--bucket", ARTIFACTS]).await.is_err() {
        aws.run(repository, &["s3api", "create-bucket", "--bucket", ARTIFACTS]).await?;
    }
    let value = |name: &str| parameters.get(name).cloned();
    let code = package::CodeSource::Zips;
    let packaged = package::package(aws, repository, code, ARTIFACTS, folder, &value).await?;
    let packaged = packaged.display().to_string();
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
        CliError::new(
            failure.to_string(),
            format!("To start from scratch, remove {}.", folder.join("state").display()),
        )
    })?;
    let outputs = describe(aws, repository).await?;
    fs::write(&remembered, wanted).or_fail(|| format!("cannot write {}", remembered.display()), "")?;
    step.done(format!("stack {STACK}"));
    Ok(outputs)
}

async fn describe(aws: &AwsCli, directory: &Path) -> Result<BTreeMap<String, String>, CliError> {
    let json = aws
        .run(directory, &["cloudformation", "describe-stacks", "--stack-name", STACK, "--output", "json"])
        .await?;
    stack::outputs(&json)
}
