//! The template, made ready: workers and definition uploaded, and named in it.
//!
//! The local stack, an emulator and AWS all come by here.

use std::fs;
use std::path::{Path, PathBuf};

use super::template::Template;
use crate::aws_cli::AwsCli;
use crate::build;
use crate::error::{CliError, OrFail as _};

/// Where the template finds the code of the workers.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum CodeSource {
    /// Zips that are there already, beside the folders.
    Zips,
    /// The folders, zipped on the way.
    Folders,
}

/// Uploads what the template names, and writes to `packaged` the template that names what was uploaded.
pub(crate) async fn package(
    aws: &AwsCli,
    repository: &Path,
    code: CodeSource,
    bucket: &str,
    folder: &Path,
) -> Result<PathBuf, CliError> {
    let template = Template::read(repository)?;
    let (local, packaged) = (folder.join("template.yaml"), folder.join("packaged.yaml"));
    fs::write(&local, located(template.text(), repository, code)?)
        .or_fail(|| format!("cannot write {}", local.display()), "")?;
    let (from, to) = (local.display().to_string(), packaged.display().to_string());
    let upload = ["--s3-bucket", bucket, "--output-template-file", &to];
    aws.run(repository, &[&["cloudformation", "package", "--template-file", &from][..], &upload].concat())
        .await?;
    Ok(packaged)
}

/// The template with the paths that `package` looks up, absolute.
fn located(template: &str, repository: &Path, code: CodeSource) -> Result<String, CliError> {
    let mut located = template
        .replace("../statemachine.asl.json", &repository.join("statemachine.asl.json").display().to_string());
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
        let template = fs::read_to_string(repository.join("infra/template.yaml")).unwrap();
        for code in [CodeSource::Zips, CodeSource::Folders] {
            let located = located(&template, repository, code).unwrap();
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
}
