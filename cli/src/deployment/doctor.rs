//! `countersign doctor`: checks the prerequisites of a deployment and of a running stack, and says how to meet them.
//!
//! The checks are functions of AWS's answers, so answers that no emulator gives are tested too.

use serde_json::Value;

use super::stack_status::{self, StackStatus};
use super::template::StackTemplate;
use super::{DeploymentTarget, Parameters};
use crate::aws_cli::AwsCli;
use crate::error::CliError;
use crate::{checkout, table};

/// Lambda environments that the workers may use at once: the queues, the dead-letter queue, and some portals.
const ENVIRONMENTS: u64 = 60;

/// The fewest with which the workers do not take each other's: 33 of the queues and a dozen portals. With fewer, Lambda throttles a
/// message until it has been received too often, and a request fails that no worker has seen.
const FEWEST: u64 = 45;

/// `countersign doctor`.
#[derive(Debug, clap::Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    target: DeploymentTarget,
    #[command(flatten)]
    parameters: Parameters,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum CheckResult {
    Good,
    /// It works, but the operator should know.
    Note,
    Wrong,
}

/// One thing that was looked at.
#[derive(Debug)]
struct Check {
    about: &'static str,
    verdict: CheckResult,
    found: String,
    advice: String,
}

impl Check {
    fn good(about: &'static str, found: impl Into<String>) -> Self {
        Self { about, verdict: CheckResult::Good, found: found.into(), advice: String::new() }
    }

    fn note(about: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { about, verdict: CheckResult::Note, found: found.into(), advice: advice.into() }
    }

    fn wrong(about: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { about, verdict: CheckResult::Wrong, found: found.into(), advice: advice.into() }
    }
}

/// All that was found.
#[derive(Debug)]
pub(super) struct Findings {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) status: StackStatus,
    checks: Vec<Check>,
}

impl Findings {
    /// Fails with the first thing that is wrong; says the others on standard error.
    pub(super) fn refuse_what_is_wrong(&self) -> Result<(), CliError> {
        for check in self.checks.iter().filter(|check| check.verdict == CheckResult::Note) {
            crate::progress::say(format!("{}: {}. {}", check.about, check.found, check.advice));
        }
        match self.checks.iter().find(|check| check.verdict == CheckResult::Wrong) {
            Some(check) => Err(CliError::new(check.found.clone(), check.advice.clone())),
            None => Ok(()),
        }
    }
}

/// Runs `countersign doctor`.
pub(crate) async fn run(doctor: Doctor) -> Result<(), CliError> {
    let findings = examine(&doctor.target.aws(), &doctor.target, &doctor.parameters).await?;
    let row = |check: &Check| {
        let verdict = match check.verdict {
            CheckResult::Good => "ok",
            CheckResult::Note => "note",
            CheckResult::Wrong => "WRONG",
        };
        vec![verdict.to_owned(), check.about.to_owned(), check.found.clone(), check.advice.clone()]
    };
    print!(
        "{}",
        table::aligned(
            &["", "CHECK", "FOUND", "WHAT TO DO"],
            &findings.checks.iter().map(row).collect::<Vec<_>>()
        )
    );
    findings.refuse_what_is_wrong()
}

/// Looks at everything. Fails only where AWS cannot be asked at all.
pub(super) async fn examine(
    aws: &AwsCli,
    target: &DeploymentTarget,
    parameters: &Parameters,
) -> Result<Findings, CliError> {
    StackTemplate::read(&checkout::repository())?.refuse_unknown(parameters)?;
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
    }
    let settings = aws.json(&["lambda", "get-account-settings"]).await?;
    // The limit of an emulator differs from AWS's.
    let accepted = parameters.yes_few_environments || target.endpoint_url.is_some();
    checks.push(concurrency(&settings, accepted));
    match &status {
        StackStatus::Absent => checks.extend(clash(aws, &target.stack, &value).await?),
        StackStatus::Ready(described) => checks.extend(secrets(aws, &target.stack, described).await?),
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

async fn mail(aws: &AwsCli, region: &str, from: Option<&str>) -> Result<Vec<Check>, CliError> {
    let Some(from) = from else {
        return Ok(vec![Check::wrong(
            "sender",
            "nothing says who sends the mails",
            "Name an address that SES has verified with --mail-from.",
        )]);
    };
    let account = match aws.json(&["sesv2", "get-account"]).await {
        Ok(account) => account,
        // The call before, for the credentials, reached the region.
        Err(failure) if failure.to_string().contains("Could not connect to the endpoint") => {
            return Ok(vec![Check::wrong(
                "SES",
                format!("there is no SES in {region}"),
                "Choose a region that has it with --region, or a relay with --parameter MailTransport=smtp and SmtpEndpoint.",
            )]);
        }
        Err(failure) => return Err(failure),
    };
    let mut identities = Vec::new();
    for name in identities_of(from) {
        let found = aws.find(&["sesv2", "get-email-identity", "--email-identity", name]).await?;
        identities.extend(found.map(|found| (name, found)));
    }
    Ok(vec![identity(from, &identities), sandbox(&account)])
}

/// The identities that let SES send from an address: itself, its domain, and the domains above it.
/// <https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html>
fn identities_of(from: &str) -> Vec<&str> {
    let mut names = vec![from];
    let mut domain = from.rsplit('@').next().unwrap_or_default();
    while let Some((_, above)) = domain.split_once('.') {
        names.push(domain);
        domain = above;
    }
    names
}

fn identity(from: &str, identities: &[(&str, Value)]) -> Check {
    let verified = identities.iter().find(|(_, identity)| identity["VerifiedForSendingStatus"] == true);
    if let Some((name, identity)) = verified {
        // SES applies it to each mail, though no call names it, and asks for the permission to use it.
        return match identity["ConfigurationSetName"].as_str() {
            Some(set) => Check::good("sender", format!("{from}, by {name} with the configuration set {set}")),
            None => Check::good("sender", format!("{from}, by {name}")),
        };
    }
    let domain = from.rsplit('@').next().unwrap_or_default();
    match identities {
        [] => Check::wrong(
            "sender",
            format!("SES knows neither {from} nor {domain}"),
            format!(
                "Run aws sesv2 create-email-identity --email-identity {domain} and set the DNS records that it names."
            ),
        ),
        [(name, _), ..] => Check::wrong(
            "sender",
            format!("SES has not verified {name} yet, by which {from} would send"),
            format!("Set the DNS records of {name}, or follow the link in the mail from AWS, and try again."),
        ),
    }
}

fn sandbox(account: &Value) -> Check {
    if account["SendingEnabled"] != true || account["EnforcementStatus"] == "SHUTDOWN" {
        return Check::wrong(
            "SES",
            "SES has stopped this account from sending",
            "See the reason in the SES console.",
        );
    }
    let quota = account["SendQuota"]["Max24HourSend"].as_f64().unwrap_or_default();
    if account["ProductionAccessEnabled"] == true {
        Check::good("SES", format!("{quota:.0} mails a day"))
    } else {
        Check::note(
            "SES",
            format!("SES is in the sandbox: {quota:.0} mails a day, to verified addresses only"),
            "Ask for production access: aws sesv2 put-account-details --production-access-enabled --mail-type TRANSACTIONAL --website-url URL",
        )
    }
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
                "Bursts would fail requests that no worker has seen. Ask for more, which takes days in a new account: {more}; or say --yes-few-environments."
            ),
        ),
    }
}

/// Resources that exist under a name that the stack needs, without being its own: creating the stack would fail.
async fn clash(
    aws: &AwsCli,
    stack: &str,
    value: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Check>, CliError> {
    let secret = format!("countersign/{stack}/ca-key");
    let kept = aws.find(&["secretsmanager", "describe-secret", "--secret-id", &secret]).await?;
    let names = match taken(aws, stack, value).await? {
        Some((what, remove)) => Check::wrong(
            "names",
            format!("{what} is there already, without the stack"),
            format!("Delete it with aws {remove}, or choose another --stack."),
        ),
        None => Check::good("names", format!("{stack}-* is free")),
    };
    Ok(vec![names, ca_key(&secret, kept.as_ref(), false)])
}

/// The first name that is taken, and the command that removes its resource.
async fn taken(
    aws: &AwsCli,
    stack: &str,
    value: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<(String, String)>, CliError> {
    let prefix = format!("/aws/lambda/{stack}-");
    let states = format!("/aws/vendedlogs/states/{stack}");
    let workers = crate::build::names(&checkout::repository())?;
    let ours =
        |name: &str| name == states || workers.iter().any(|worker| name == format!("{prefix}{worker}"));
    for prefix in [&prefix, &states] {
        let groups = aws.json(&["logs", "describe-log-groups", "--log-group-name-prefix", prefix]).await?;
        let mut names = groups["logGroups"].as_array().into_iter().flatten();
        let name = names.find_map(|group| group["logGroupName"].as_str().filter(|name| ours(name)));
        if let Some(name) = name {
            return Ok(Some((
                format!("the log group {name}"),
                format!("logs delete-log-group --log-group-name {name}"),
            )));
        }
    }
    let alias = format!("alias/countersign-{stack}-data");
    if value("Encryption").as_deref() == Some("customer-key")
        && aws.find(&["kms", "describe-key", "--key-id", &alias]).await?.is_some()
    {
        return Ok(Some((
            format!("the KMS alias {alias}"),
            format!("kms delete-alias --alias-name {alias}"),
        )));
    }
    if value("Dashboard").as_deref() == Some("yes")
        && aws.find(&["cloudwatch", "get-dashboard", "--dashboard-name", stack]).await?.is_some()
    {
        return Ok(Some((
            format!("the dashboard {stack}"),
            format!("cloudwatch delete-dashboards --dashboard-names {stack}"),
        )));
    }
    Ok(None)
}

/// Parts of a stack that are outside of it, or that a person could delete.
async fn secrets(aws: &AwsCli, stack: &str, described: &Value) -> Result<Vec<Check>, CliError> {
    let mut checks = Vec::new();
    let resource = [
        "cloudformation",
        "describe-stack-resource",
        "--stack-name",
        stack,
        "--logical-resource-id",
        "LinkSecret",
    ];
    // A stack of a version before may lack it.
    let resource = aws.find(&resource).await?.unwrap_or_default();
    if let Some(id) = resource["StackResourceDetail"]["PhysicalResourceId"].as_str() {
        let found = aws.find(&["secretsmanager", "describe-secret", "--secret-id", id]).await?;
        checks.push(link_secret(id, found.as_ref()));
    }
    if stack_status::output(described, "CaKey") == Some("secret") {
        let secret = stack_status::output(described, "CaSecret").unwrap_or_default();
        let found = aws.find(&["secretsmanager", "describe-secret", "--secret-id", secret]).await?;
        checks.push(ca_key(secret, found.as_ref(), true));
    }
    let Some(parameter) = stack_status::output(described, "PolicyParameter") else {
        checks.push(Check::note(
            "version",
            format!("the stack {stack} is of another version: it has no output PolicyParameter"),
            "countersign deploy brings it to this version; or use the countersign that it was deployed with",
        ));
        return Ok(checks);
    };
    checks.push(match aws.find(&["ssm", "get-parameter", "--name", parameter]).await? {
        Some(_) => Check::good("policy", parameter),
        None => Check::note(
            "policy",
            format!("there is no parameter {parameter}"),
            "countersign deploy puts the default in force; your own: countersign policy set",
        ),
    });
    Ok(checks)
}

fn link_secret(id: &str, found: Option<&Value>) -> Check {
    match found {
        Some(secret) if secret["DeletedDate"].is_null() => Check::good("link secret", "there"),
        Some(_) => Check::wrong(
            "link secret",
            "the secret of the status links is being deleted",
            format!("Fetch it back: aws secretsmanager restore-secret --secret-id {id}"),
        ),
        None => Check::wrong(
            "link secret",
            "the secret of the status links is gone, and CloudFormation does not know",
            format!(
                "Make another: aws secretsmanager create-secret --name {} --secret-string \"$(openssl rand -hex 32)\"; links already mailed to requesters stop working.",
                name_of(id)
            ),
        ),
    }
}

/// The name in the ARN of a secret, without the six characters that Secrets Manager adds.
fn name_of(id: &str) -> &str {
    let name = id.rsplit(":secret:").next().unwrap_or(id);
    if id.contains(":secret:") { name.rsplit_once('-').map_or(name, |(name, _)| name) } else { name }
}

fn ca_key(secret: &str, found: Option<&Value>, deployed: bool) -> Check {
    match found {
        Some(found) if !found["DeletedDate"].is_null() => Check::wrong(
            "CA key",
            format!("the secret {secret} is being deleted"),
            format!("Fetch it back: aws secretsmanager restore-secret --secret-id {secret}"),
        ),
        Some(_) => Check::good("CA key", secret),
        None if deployed => Check::note(
            "CA key",
            "there is no CA yet",
            "countersign deploy makes one; your own: countersign ca init or ca import",
        ),
        None => Check::good("CA key", "will be made"),
    }
}

#[cfg(test)]
mod tests;
