//! The operator's command: runs the local stack, and shows what any stack is doing.
//!
//! Results go to standard output, everything else to standard error. A failure is one line and exit code 1.

// Printing is what a command is for.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;

use clap::Parser;

mod approvals;
mod audit;
mod aws_cli;
mod backup;
mod build;
mod ca;
mod checkout;
mod connect;
mod deployment;
mod error;
mod executions;
mod local;
mod policy;
mod progress;
mod requests;
mod stack;
mod table;
mod venv;

/// A private certificate authority in which a second person signs off
#[derive(Debug, Parser)]
#[command(name = "countersign", version)]
enum Command {
    /// Runs the whole stack on this machine, on an AWS emulator
    Local(local::LocalOptions),
    /// Shows what a deployment to AWS would change
    Plan(deployment::DeploymentPlan),
    /// Deploys to AWS: makes a stack, or changes it
    Deploy(deployment::Deploy),
    /// Takes a stack away from AWS; tables, bucket and secrets stay
    Destroy(deployment::Destroy),
    /// Checks what a deployment and a stack on AWS need
    Doctor(deployment::Doctor),
    /// Opens the way to the portal of a private network
    Connect(connect::ConnectOptions),
    /// Lists and shows requests
    #[command(subcommand)]
    Requests(requests::RequestsCommand),
    /// Lists executions, or shows the timeline of a request's
    Executions(executions::ExecutionsOptions),
    /// Shows who is asked about a request, and sends new links
    #[command(subcommand)]
    Approvals(approvals::ApprovalsCommand),
    /// Checks or prints the audit trail
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Makes, imports, shows and rotates the key and certificate of the CA
    #[command(subcommand)]
    Ca(ca::CaCommand),
    /// Checks an issuance policy, or puts one in force
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Writes everything that a stack knows into one file, without keys
    Export(backup::ExportOptions),
    /// Makes an empty stack what an exported one was, and goes on from there
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
        Command::Executions(options) => executions::run(options).await,
        Command::Approvals(command) => approvals::run(command).await,
        Command::Audit(command) => audit::run(command).await,
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
}
