//! The artefacts of a deployment: builds the workers and creates the bucket for their packages.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::processor::Processor;
use crate::aws_cli::AwsCli;
use crate::build;
use crate::error::{CliError, OrFail as _};
use crate::progress::say;

/// Creates the bucket of artefacts if it is missing: private and, except on an emulator, for TLS only.
pub(super) async fn ensure_bucket(
    aws: &AwsCli,
    bucket: &str,
    region: &str,
    emulator: bool,
) -> Result<(), CliError> {
    let found = aws.find(&["s3api", "head-bucket", "--bucket", bucket]).await.map_err(|failure| {
        // The answer of HeadBucket has a status and no body.
        if !failure.to_string().contains("(403)") {
            return failure;
        }
        CliError::new(
            format!(
                "the bucket {bucket} belongs to another account, or these credentials lack s3:ListBucket on it"
            ),
            "Bucket names are unique among all AWS accounts: choose another with --artefacts BUCKET.",
        )
    })?;
    if found.is_some() {
        return Ok(());
    }
    let constraint = format!("LocationConstraint={region}");
    let mut create = vec!["s3api", "create-bucket", "--bucket", bucket];
    if region != "us-east-1" {
        create.extend(["--create-bucket-configuration", &constraint]);
    }
    aws.json(&create).await?;
    let all = "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true";
    aws.json(&[
        "s3api",
        "put-public-access-block",
        "--bucket",
        bucket,
        "--public-access-block-configuration",
        all,
    ])
    .await?;
    if !emulator {
        let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": [{
            "Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
            "Resource": [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")],
            "Condition": { "Bool": { "aws:SecureTransport": "false" } },
        }] });
        aws.json(&["s3api", "put-bucket-policy", "--bucket", bucket, "--policy", &policy.to_string()])
            .await?;
    }
    Ok(())
}

/// Builds each worker by itself, with only the features that it needs: docs/performance.md measures these builds.
pub(super) async fn cargo_lambda(repository: &Path, processor: Processor) -> Result<(), CliError> {
    let advice = "Install it with: pip install cargo-lambda (or cargo install cargo-lambda), and try again.";
    let names = build::names(repository)?;
    for (at, name) in names.iter().enumerate() {
        say(format!("Building {name} with cargo lambda, {} of {}", at + 1, names.len()));
        let status = Command::new("cargo")
            .args(cargo_lambda_arguments(name, processor))
            .current_dir(repository)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .status()
            .await
            .or_fail(|| "cannot run cargo lambda".into(), advice)?;
        if !status.success() {
            return Err(CliError::new(format!("cargo lambda did not build {name}"), advice));
        }
    }
    Ok(())
}

/// Arguments of the build. They name the processor, since this machine may have the other one, and the package, since it is no default
/// member of the workspace.
pub(super) fn cargo_lambda_arguments(name: &str, processor: Processor) -> [&str; 6] {
    let option = match processor {
        Processor::Arm64 => "--arm64",
        Processor::X86 => "--x86-64",
    };
    ["lambda", "build", "--release", option, "--package", name]
}

/// Creates the folder for packaged templates if it is missing.
pub(super) fn tempfolder(repository: &Path) -> Result<PathBuf, CliError> {
    let folder = repository.join("target/deployment");
    std::fs::create_dir_all(&folder).or_fail(|| format!("cannot make {}", folder.display()), "")?;
    Ok(folder)
}
