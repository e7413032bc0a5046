//! The operator's command: runs the local stack, and shows what any stack is doing.
//!
//! Results go to standard output, everything else to standard error. A failure ends in one line and an exit code:
//! [`EXIT_CODES`].

// A command prints.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser};

#[macro_use]
mod output;

mod approval_row;
mod approvals;
mod arguments;
mod audit;
mod aws_cli;
mod backup;
mod build;
mod ca;
mod certificate;
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
mod portal_client;
mod progress;
mod receipt;
mod request_id;
mod request_rows;
mod requests;
mod revocation_reason;
mod shell;
mod stack;
mod step;
mod timeline;
mod trust;
mod venv;
mod votes;
mod webhooks;
mod wording;

/// What a script learns from the command.
const EXIT_CODES: &str = "Exit codes:
  0    done; a check found nothing wrong
  1    failed, or a check found something; the last line on standard error says what
  2    the command line is wrong; nothing was done
  141  the reader of standard output went away

Environment:
  COUNTERSIGN_STACK  the stack on AWS, where --stack is not given
  COUNTERSIGN_DIR    the folder of the local stack, where --dir is not given
  COUNTERSIGN_PORTAL the address of the portal for certificate request, where --portal is not given
  NO_COLOR           no colours on a terminal
  AWS_PROFILE, AWS_REGION and others of the AWS command line: account, credentials and region";

/// A private certificate authority: a second person approves every certificate
#[derive(Debug, Parser)]
#[command(name = "countersign", version, after_help = EXIT_CODES)]
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
    /// Requests a certificate for yourself, from the key to the saved file
    #[command(subcommand)]
    Certificate(certificate::CertificateCommand),
    /// Lists, shows, gets and revokes certificates
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
    /// Makes this machine trust a CA
    #[command(subcommand)]
    Trust(trust::TrustCommand),
    /// Prints the completions for a shell
    Completions(shell::CompletionsOptions),
    /// Writes the manual pages to a folder
    Man(shell::ManOptions),
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
        Command::Certificate(command) => certificate::run(command).await,
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
        Command::Trust(command) => trust::run(command),
        Command::Completions(options) => shell::completions(Command::command(), &options),
        Command::Man(options) => shell::man(Command::command(), &options),
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
        for option in [["--stack", "x"], ["--region", "eu-west-1"], ["--endpoint-url", "http://localhost:1"]]
        {
            let said = refusal(&[&["requests", "list", "--dir", "y"], &option[..]].concat());
            assert!(said.contains("cannot be used with"), "{said}");
        }
    }

    #[test]
    fn what_is_no_id_is_refused_in_words() {
        for command in [["requests", "show"], ["approvals", "show"], ["audit", "verify"]] {
            let said = refusal(&[&command[..], &["www.example.com"]].concat());
            assert!(said.contains("not a request id") && !said.contains("UUID"), "{said}");
        }
    }

    /// Each command without subcommands, with its path.
    fn leaves(command: &clap::Command, path: &str, found: &mut Vec<(String, clap::Command)>) {
        for below in command.get_subcommands() {
            let path = format!("{path} {}", below.get_name());
            if below.has_subcommands() {
                leaves(below, &path, found)
            } else {
                found.push((path, below.clone()))
            }
        }
    }

    #[test]
    fn every_command_that_shows_something_has_each_form_of_output() {
        let (mut all, mut with) = (Vec::new(), 0);
        leaves(&Command::command(), "", &mut all);
        for (path, command) in &all {
            let has = |long: &str| command.get_arguments().any(|argument| argument.get_long() == Some(long));
            let shows = ["list", "expiring", "show", "verify", "executions", "doctor", "plan", "check"];
            let shows = shows.iter().any(|word| path.ends_with(&format!(" {word}"))) || path == " log audit";
            assert_eq!(has("output"), shows, "{path}");
            assert_eq!(has("json") && has("wide"), shows, "{path}");
            with += usize::from(shows);
        }
        assert!(with >= 19, "only {with} of {}", all.len());
    }
}
