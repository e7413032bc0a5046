//! The operator's command: runs the local stack, and shows what any stack is doing.
//!
//! Results go to standard output, everything else to standard error. A failure ends in one line and exit code 1.

// A command prints.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;

use clap::Parser;

#[macro_use]
mod output;

mod approval_row;
mod approvals;
mod audit;
mod aws_cli;
mod backup;
mod build;
mod ca;
mod certificates;
mod checkout;
mod confirm;
mod connect;
mod deployment;
#[cfg(test)]
mod documented;
mod endpoints;
mod error;
mod executions;
mod grants;
mod local;
mod log;
mod moment;
mod people;
mod policy;
mod progress;
mod receipt;
mod requests;
mod revocation_reason;
mod stack;
mod step;
mod table;
mod timeline;
mod venv;
mod webhooks;
mod wording;

/// A private certificate authority: a second person approves every certificate
#[derive(Debug, Parser)]
#[command(name = "countersign", version)]
enum Command {
    /// Runs the whole stack on this machine, on an AWS emulator
    Local(local::LocalOptions),
    /// Shows the changes that a deployment to AWS would make
    Plan(deployment::DeploymentPlan),
    /// Creates or updates a stack on AWS
    Deploy(deployment::Deploy),
    /// Deletes a stack; tables, bucket and secrets are retained
    Destroy(deployment::Destroy),
    /// Checks the requirements of a deployment and the state of a stack
    Doctor(deployment::Doctor),
    /// Opens a tunnel to a private portal
    Connect(connect::ConnectOptions),
    /// Lists, shows and retries requests
    #[command(subcommand)]
    Requests(requests::RequestsCommand),
    /// Lists and shows certificates, and those that end soon
    #[command(subcommand)]
    Certificates(certificates::CertificatesCommand),
    /// Lists, shows and ends standing approvals
    #[command(subcommand)]
    Grants(grants::GrantsCommand),
    /// Lists executions, or shows the timeline of a request
    Executions(executions::ExecutionsOptions),
    /// Shows the approvers of a request and their votes, and sends new links
    #[command(subcommand)]
    Approvals(approvals::ApprovalsCommand),
    /// Lists and removes the passkeys of approvers, and vouches for new ones
    #[command(subcommand)]
    People(people::PeopleCommand),
    /// Sets, lists, removes and tests the addresses of chats and webhooks
    #[command(subcommand)]
    Webhooks(webhooks::WebhooksCommand),
    /// Verifies or exports the audit trail
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Shows and checks the log of certificates
    #[command(subcommand)]
    Log(log::LogCommand),
    /// Checks the receipt of a certificate
    #[command(subcommand)]
    Receipt(receipt::ReceiptCommand),
    /// Creates, imports, shows and rotates the key and certificate of the CA
    #[command(subcommand)]
    Ca(ca::CaCommand),
    /// Checks, activates and shows issuance policies
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Exports the data of a stack to a file, without keys
    Export(backup::ExportOptions),
    /// Imports an export into an empty stack and continues its requests
    Import(backup::ImportOptions),
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Command::parse() {
        Command::Local(options) => local::run(options).await,
        Command::Plan(options) => deployment::plan(options).await,
        Command::Deploy(options) => deployment::deploy(options).await,
        Command::Destroy(options) => deployment::destroy(options).await,
        Command::Doctor(options) => deployment::doctor(options).await,
        Command::Connect(options) => connect::run(options).await,
        Command::Requests(command) => requests::run(command).await,
        Command::Certificates(command) => certificates::run(command).await,
        Command::Grants(command) => grants::run(command).await,
        Command::Executions(options) => executions::run(options).await,
        Command::Approvals(command) => approvals::run(command).await,
        Command::People(command) => people::run(command).await,
        Command::Webhooks(command) => webhooks::run(command).await,
        Command::Audit(command) => audit::run(command).await,
        Command::Log(command) => log::run(command).await,
        Command::Receipt(command) => receipt::run(command).await,
        Command::Ca(command) => ca::run(command).await,
        Command::Policy(command) => policy::run(command).await,
        Command::Export(options) => backup::export(options).await,
        Command::Import(options) => backup::import(options).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("countersign: {failure}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Command::command().debug_assert();
    }

    fn refusal(arguments: &[&str]) -> String {
        let line = ["countersign"].iter().chain(arguments);
        Command::try_parse_from(line).unwrap_err().to_string()
    }

    #[test]
    fn the_help_lists_every_status() {
        let help = refusal(&["requests", "list", "--help"]);
        for status in workflow::request::Status::ALL {
            assert!(help.contains(status.as_str()), "{status} is missing in: {help}");
        }
    }

    #[test]
    fn a_limit_is_at_least_one() {
        for command in [["requests", "list"].as_slice(), &["executions"]] {
            for limit in ["0", "-1"] {
                let said = refusal(&[command, &["--limit", limit]].concat());
                assert!(said.contains(&format!("{limit} is not in 1..")), "{said}");
            }
        }
    }

    #[test]
    fn a_stack_on_aws_has_no_local_folder() {
        let said = refusal(&["requests", "list", "--stack", "x", "--dir", "y"]);
        assert!(said.contains("cannot be used with"), "{said}");
    }
}
