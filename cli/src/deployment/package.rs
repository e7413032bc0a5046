//! The template, made ready: workers and definition uploaded, and named in it.
//!
//! The local stack, an emulator and AWS all come by here.

use std::fs;
use std::path::{Path, PathBuf};

use super::template::{API_DEPLOYMENT, StackTemplate};
use crate::aws_cli::AwsCli;
use crate::build;
use crate::error::{CliError, OrFail as _};

/// Places of the workers' code.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum CodeSource {
    /// Zips that are there already, beside the folders.
    Zips,
    /// The folders, zipped on the way.
    Folders,
}

/// Uploads the files of the template, and writes the template with their addresses in the bucket. `value` is the value of a parameter, if it
/// differs from the default.
pub(crate) async fn package(
    aws: &AwsCli,
    repository: &Path,
    code: CodeSource,
    bucket: &str,
    folder: &Path,
    value: &dyn Fn(&str) -> Option<String>,
) -> Result<PathBuf, CliError> {
    let template = StackTemplate::read(repository)?;
    let (local, packaged) = (folder.join("template.yaml"), folder.join("packaged.yaml"));
    fs::write(&local, located(&template, repository, code, value)?)
        .or_fail(|| format!("cannot write {}", local.display()), "")?;
    let (from, to) = (local.display().to_string(), packaged.display().to_string());
    let upload = ["--s3-bucket", bucket, "--output-template-file", &to];
    aws.run(repository, &[&["cloudformation", "package", "--template-file", &from][..], &upload].concat())
        .await?;
    Ok(packaged)
}

/// The template with the paths that `package` looks up, absolute, and with a deployment of the API that is named by its content.
fn located(
    template: &StackTemplate,
    repository: &Path,
    code: CodeSource,
    value: &dyn Fn(&str) -> Option<String>,
) -> Result<String, CliError> {
    let mut located = template
        .text()
        .replace(API_DEPLOYMENT, &template.api_deployment(value))
        .replace("../statemachine.asl.json", &repository.join("statemachine.asl.json").display().to_string())
        .replace(
            "../infra/revocation.asl.json",
            &repository.join("infra/revocation.asl.json").display().to_string(),
        );
    for name in build::names(repository)? {
        let path = match code {
            CodeSource::Zips => build::zip_of(repository, &name),
            CodeSource::Folders => repository.join("target/lambda").join(&name),
        };
        located = located.replace(&format!("../target/lambda/{name}/"), &path.display().to_string());
    }
    Ok(located)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_template_is_left_relative_and_nothing_else_changes() {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(1).unwrap();
        let template = StackTemplate::read(repository).unwrap();
        for code in [CodeSource::Zips, CodeSource::Folders] {
            let located = located(&template, repository, code, &|_| None).unwrap();
            assert!(!located.contains("../"), "{located}");
            let template = template.text();
            let changed: Vec<&str> = template
                .lines()
                .zip(located.lines())
                .filter(|(one, other)| one != other)
                .map(|(one, _)| one.trim())
                .collect();
            assert_eq!(template.lines().count(), located.lines().count());
            let expected =
                ["CodeUri:", "DefinitionUri:", "ApiDeployment:", "DeploymentId: !Ref ApiDeployment", "#"];
            assert!(
                changed.iter().all(|line| expected.iter().any(|expected| line.starts_with(expected))),
                "{changed:?}"
            );
        }
    }

    #[test]
    fn the_stage_names_the_deployment_of_the_policy_that_is_deployed() {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(1).unwrap();
        let template = StackTemplate::read(repository).unwrap();
        let stage_of = |networks: &str| {
            let value = |name: &str| (name == "AllowedCidrs").then(|| networks.to_owned());
            let located = located(&template, repository, CodeSource::Folders, &value).unwrap();
            let id = template.api_deployment(&value);
            assert_eq!(located.matches(&format!("\n  {id}:\n")).count(), 1, "the deployment is there once");
            assert!(located.contains(&format!("      DeploymentId: !Ref {id}\n")), "the stage names it");
            id
        };
        assert_ne!(stage_of("192.0.2.0/24"), stage_of("198.51.100.0/24"));
    }
}
