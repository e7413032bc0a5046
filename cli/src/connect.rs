//! `countersign connect`: opens a tunnel to a private portal, an SSM session that forwards a port.
//!
//! Invariant: the port listens on the loopback interface only, and only while the command runs. Requires
//! `ssm:StartSession` on the instance of the proxy and on the document [`DOCUMENT`].

use std::net::{Ipv4Addr, TcpListener};
use std::process::Stdio;

use serde_json::json;
use tokio::process::Command;

use crate::aws_cli::{AwsCli, endpoint, region};
use crate::error::{CliError, OrFail as _};
use crate::progress::say;
use crate::stack::{output_of, outputs};

const DOCUMENT: &str = "AWS-StartPortForwardingSession";

/// `countersign connect`.
#[derive(Debug, clap::Args)]
pub(crate) struct ConnectOptions {
    /// Name of the stack of infra/private/network.yaml
    #[arg(long, value_name = "NAME", default_value = "countersign-network")]
    network: String,
    /// Region of the stack [default: the region of the AWS configuration]
    #[arg(long, value_parser = region)]
    region: Option<String>,
    /// Port on this machine; links in mails work on the port of BaseUrl only
    #[arg(long, default_value_t = 8080, value_parser = clap::value_parser!(u16).range(1024..))]
    port: u16,
    /// Endpoint of the AWS API, such as an emulator's [default: the endpoint of AWS]
    #[arg(long, value_name = "URL", value_parser = endpoint)]
    endpoint_url: Option<String>,
}

/// Runs `countersign connect` until the session ends.
pub(crate) async fn run(options: ConnectOptions) -> Result<(), CliError> {
    let aws = AwsCli::of_operator(options.region.as_deref(), options.endpoint_url.as_deref());
    let which = ["cloudformation", "describe-stacks", "--stack-name", &options.network];
    let described = aws.find(&which).await?.ok_or_else(|| {
        CliError::new(
            format!("there is no stack {}", options.network),
            "Name the stack of infra/private/network.yaml with --network.",
        )
    })?;
    let outputs = outputs(described.to_string().as_bytes())?;
    let instance = outputs.get("ProxyInstance").ok_or_else(|| {
        CliError::new(
            format!("the network {} has no proxy yet", options.network),
            "Deploy it again with the parameter ApiId, as docs/operations/private-network.md says.",
        )
    })?;
    let remote = output_of(&outputs, "ProxyPort")?;
    // The plugin reports a port in use late and in many lines.
    TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).map_err(|error| {
        CliError::new(
            format!("port {} of 127.0.0.1 is not free: {error}", options.port),
            "Stop the program that uses it, or choose another with --port.",
        )
    })?;
    println!("http://localhost:{}/", options.port);
    say("Ctrl-C closes the tunnel.");
    let parameters =
        json!({ "portNumber": [remote], "localPortNumber": [options.port.to_string()] }).to_string();
    let mut command = Command::new("aws");
    command.args(["ssm", "start-session", "--target", instance, "--document-name", DOCUMENT]);
    command.args(["--parameters", &parameters]);
    if let Some(region) = &options.region {
        command.args(["--region", region]);
    }
    if let Some(endpoint) = &options.endpoint_url {
        command.env("AWS_ENDPOINT_URL", endpoint);
    }
    let advice = "Install version 2 of the AWS command line, and its Session Manager plugin.";
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .or_fail(|| "cannot run aws".into(), advice)?
        .wait_with_output()
        .await
        .or_fail(|| "cannot wait for aws".into(), "")?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(explain(&told, instance))
}

/// Turns the error of `aws ssm start-session` into one line with advice.
fn explain(told: &str, instance: &str) -> CliError {
    if told.contains("SessionManagerPlugin is not found") {
        return CliError::new(
            "the Session Manager plugin of the AWS command line is missing",
            "Install it: https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html",
        );
    }
    if told.contains("TargetNotConnected") {
        return CliError::new(
            format!("the proxy {instance} is not connected to SSM"),
            "It takes two minutes after its start. If that does not help, reboot it with: aws ec2 reboot-instances --instance-ids ID.",
        );
    }
    if told.contains("AccessDenied") {
        return CliError::new(
            format!("these credentials may not open a session to {instance}"),
            format!("They need ssm:StartSession on the instance and on the document {DOCUMENT}."),
        );
    }
    CliError::new(format!("the session ended: {}", told.trim()), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_there_is_no_session_is_one_line() {
        for (told, expected) in [
            ("SessionManagerPlugin is not found. Please refer to", "Install it"),
            (
                "An error occurred (TargetNotConnected) when calling the StartSession operation: i-1 is not connected.",
                "reboot",
            ),
            (
                "An error occurred (AccessDeniedException) when calling the StartSession operation",
                "ssm:StartSession",
            ),
            ("Cannot perform\nthis", "Cannot perform this"),
        ] {
            let failure = explain(told, "i-1").to_string();
            assert!(failure.contains(expected) && !failure.contains('\n'), "{failure}");
        }
    }
}
