//! `countersign doctor`: checks the prerequisites of a deployment and of a running stack, with the command that meets each.
//!
//! The checks are functions of AWS's answers, so answers that no emulator gives are tested too.

use serde_json::Value;

use self::check::{Check, CheckResult};
use self::inspect::inspect;
use self::mail::{configuration_set, mail};
use self::names::clash;
use super::constraints::refuse_bad_values;
use super::deployed::DeployedStack;
use super::stack_status::{self, StackStatus};
use super::template::StackTemplate;
use super::{DeploymentTarget, Parameters};
use crate::aws_cli::AwsCli;
use crate::checkout;
use crate::error::CliError;
use crate::output::{Cell, Document, OutputOptions, Tone};

mod check;
mod inspect;
mod mail;
mod names;
mod network;
mod receivers;
mod secrets;
mod sign_ins;

/// Lambda environments that the workers may use at once: the queues, the dead-letter queue, and some portals.
const ENVIRONMENTS: u64 = 60;

/// Minimum of Lambda environments: 33 for the queues and a dozen for portals. With fewer, the workers compete: Lambda throttles a
/// message until it has been received too often, and its request fails although no worker saw it.
const FEWEST: u64 = 45;

/// `countersign doctor`.
#[derive(Debug, clap::Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    target: DeploymentTarget,
    #[command(flatten)]
    parameters: Parameters,
    /// Availability zone for a private network, checked for its endpoints; can be repeated
    #[arg(long = "zone", value_name = "ZONE")]
    zones: Vec<String>,
    #[command(flatten)]
    output: OutputOptions,
}

/// The results of all checks.
#[derive(Debug)]
pub(super) struct Findings {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) status: StackStatus,
    checks: Vec<Check>,
}

impl Findings {
    /// Prints the notes on standard error, then fails with the first check that is wrong.
    pub(super) fn refuse_what_is_wrong(&self) -> Result<(), CliError> {
        for check in self.checks.iter().filter(|check| check.verdict == CheckResult::Note) {
            let told = CliError::new(&check.found, &check.advice);
            crate::progress::say(format!("{}: {told}", check.about));
        }
        self.fail_if_wrong()
    }

    /// Fails with the first check that is wrong.
    fn fail_if_wrong(&self) -> Result<(), CliError> {
        match self.checks.iter().find(|check| check.verdict == CheckResult::Wrong) {
            Some(check) => Err(CliError::new(&check.found, &check.advice)),
            None => Ok(()),
        }
    }
}

/// Runs `countersign doctor`.
pub(crate) async fn run(doctor: Doctor) -> Result<(), CliError> {
    let aws = doctor.target.aws();
    let mut findings = examine(&aws, &doctor.target, &doctor.parameters).await?;
    let zones = network::zones(&aws, &findings.region, &checkout::repository(), &doctor.zones).await?;
    findings.checks.extend(zones);
    if let Some(described) = findings.status.deployed() {
        let deployed = running(&aws, &doctor.target, described).await;
        findings.checks.extend(deployed);
    }
    let headings = ["VERDICT", "CHECK", "FOUND", "WHAT TO DO"];
    let document = Document::new().table(&headings, findings.checks.iter().map(cells).collect());
    doctor.output.print(&document, &findings.checks)?;
    findings.fail_if_wrong()
}

fn cells(check: &Check) -> Vec<Cell> {
    let verdict = match check.verdict {
        CheckResult::Good => Cell::state("ok", Tone::Good),
        CheckResult::Note => Cell::state("note", Tone::Waiting),
        CheckResult::Wrong => Cell::state("WRONG", Tone::Bad),
    };
    vec![
        verdict,
        Cell::text(check.about),
        Cell::uncut(check.found.as_str()),
        Cell::uncut(check.advice.as_str()),
    ]
}

/// Checks a deployed stack: secrets, policy, CA, and every resource. A part that cannot be read is a note; the others are checked.
async fn running(aws: &AwsCli, target: &DeploymentTarget, described: &Value) -> Vec<Check> {
    let mut checks = or_note("secrets", secrets::inside(aws, target, described).await);
    match DeployedStack::read(aws, &target.stack, described).await {
        Ok(stack) => checks.extend(inspect(aws, &stack, target.endpoint_url.is_some()).await),
        Err(error) => checks.extend(or_note("resources", Err(error))),
    }
    checks
}

/// Returns the checks, or a note with the error.
fn or_note(about: &'static str, checks: Result<Vec<Check>, CliError>) -> Vec<Check> {
    checks.unwrap_or_else(|error| vec![Check::note(about, format!("could not be read: {error}"), "")])
}

/// Checks the requirements of a deployment. Fails if a parameter is not allowed or a call of AWS fails.
pub(super) async fn examine(
    aws: &AwsCli,
    target: &DeploymentTarget,
    parameters: &Parameters,
) -> Result<Findings, CliError> {
    let template = StackTemplate::read(&checkout::repository())?;
    template.refuse_unknown(parameters)?;
    refuse_bad_values(&template, parameters)?;
    let caller = aws.json(&["sts", "get-caller-identity"]).await?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (account, arn) = (text(&caller["Account"]), text(&caller["Arn"]));
    let region = target.which().region().await?;
    let mut checks =
        vec![credentials(&arn), partition(&arn).unwrap_or_else(|| Check::good("region", &region))];
    let status = StackStatus::of(aws, target).await?;
    checks.push(match (&status, status.obstacle()) {
        (_, Some(obstacle)) => Check::wrong("stack", &obstacle.what, &obstacle.advice),
        (StackStatus::Ready(described), None) => Check::good("stack", text(&described["StackStatus"])),
        _ => Check::good("stack", format!("there is no stack {} yet", target.stack)),
    });
    let deployed = status.deployed();
    let value = |name: &str| {
        parameters
            .value(name)
            .or_else(|| deployed.and_then(|stack| stack_status::parameter(stack, name)))
            .map(str::to_owned)
    };
    if value("MailTransport").as_deref() == Some("smtp") {
        checks.push(Check::good("mail", format!("by {}", value("SmtpEndpoint").unwrap_or_default())));
    } else {
        checks.extend(mail(aws, &region, value("MailFrom").as_deref()).await?);
        if let Some(set) = value("ConfigurationSet").filter(|set| !set.is_empty()) {
            checks.push(configuration_set(aws, &set).await?);
        }
    }
    let settings = aws.json(&["lambda", "get-account-settings"]).await?;
    // The limit of an emulator differs from AWS's.
    let accepted = parameters.yes_few_environments || target.endpoint_url.is_some();
    checks.push(concurrency(&settings, accepted));
    checks.extend(network::network(aws, &value).await?);
    match &status {
        StackStatus::Absent => checks.extend(clash(aws, &target.stack, &value).await?),
        StackStatus::Ready(described) => {
            checks.extend(secrets::outside(aws, &target.stack, described).await?)
        }
        _ => {}
    }
    Ok(Findings { account, region, status, checks })
}

fn credentials(arn: &str) -> Check {
    if arn.ends_with(":root") && !arn.contains(":000000000000:") {
        Check::note(
            "credentials",
            arn,
            "These are the account's root user; use a role that may deploy and no more",
        )
    } else {
        Check::good("credentials", arn)
    }
}

/// Refuses other partitions than the commercial one. Workers trust the roots of its endpoints only (docs/decisions/0052), and the
/// network template names its services.
fn partition(arn: &str) -> Option<Check> {
    let partition = arn.split(':').nth(1).unwrap_or_default();
    matches!(partition, "aws-cn" | "aws-us-gov" | "aws-iso" | "aws-iso-b" | "aws-eusc").then(|| {
        Check::wrong(
            "region",
            format!("these credentials are of the partition {partition}, in which Countersign cannot run"),
            "Use an account and a region of the partition aws.",
        )
    })
}

fn concurrency(settings: &Value, accepted: bool) -> Check {
    let found = settings["AccountLimit"]["ConcurrentExecutions"].as_u64().unwrap_or_default();
    let more = "aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000";
    let told = format!("the account has {found} environments; the workers take up to {ENVIRONMENTS}");
    match found {
        ENVIRONMENTS.. => Check::good("Lambda", format!("{found} environments at once")),
        _ if found >= FEWEST || accepted => {
            Check::note("Lambda", told, format!("Bursts then wait. Ask for more: {more}"))
        }
        _ => Check::wrong(
            "Lambda",
            told,
            format!(
                "Bursts would fail requests that no worker has seen. Ask for more, which takes days in a new account: {more}. To go on anyway, add --yes-few-environments."
            ),
        ),
    }
}

#[cfg(test)]
mod tests;
