//! `countersign destroy`: removes the stack, and keeps its tables, bucket, secrets and keys.

use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::deployed::{self, DeployedResource};
use super::stack_status::{self, StackStatus};
use super::{DeploymentTarget, confirmed};
use crate::aws_cli::AwsCli;
use crate::error::{CliError, OrFail as _};
use crate::progress::{ProgressStep, say};
use crate::stack::no_stack;

/// `countersign destroy`.
#[derive(Debug, clap::Args)]
pub(crate) struct Destroy {
    #[command(flatten)]
    target: DeploymentTarget,
    /// Destroy the stack although certificates that it issued are still valid
    #[arg(long)]
    with_live_certificates: bool,
    /// Destroy the stack although requests are open: they end without a certificate, and without an e-mail about it
    #[arg(long)]
    with_open_requests: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Rate at which executions are stopped. StopExecution has a quota of the whole account, in most regions a bucket of 500 that is refilled
/// by 25 a second; ListExecutions is refilled by 5 a second.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
struct Pace {
    at_once: usize,
    /// First pause after a throttled call, and the pause between two lists of running executions.
    pause: Duration,
    /// Maximum number of lists of running executions.
    rounds: usize,
}

/// One process of the command line takes about half a second, so four at once make some eight calls a second.
const PACE: Pace = Pace { at_once: 4, pause: Duration::from_secs(2), rounds: 150 };
/// Attempts to stop an execution while the call is throttled; each pause is twice the one before.
const ATTEMPTS: u32 = 6;

const TABLE: &str = "AWS::DynamoDB::Table";

/// Runs `countersign destroy`.
pub(crate) async fn run(destroy: Destroy) -> Result<(), CliError> {
    remove(&destroy.target.aws(), &destroy, &PACE).await
}

async fn remove(aws: &AwsCli, destroy: &Destroy, pace: &Pace) -> Result<(), CliError> {
    let name = &destroy.target.stack;
    let found = aws.find(&["cloudformation", "describe-stacks", "--stack-name", name]).await?;
    let found = found.filter(|found| found["Stacks"][0]["StackStatus"] != "DELETE_COMPLETE");
    let found = found.ok_or_else(|| no_stack(name))?;
    let described = &found["Stacks"][0];
    let status = StackStatus::read(name, described);
    match &status {
        StackStatus::Ready(_) if !destroy.with_live_certificates => refuse_live(aws, described).await?,
        // Remains of a failed attempt have issued nothing.
        StackStatus::Ready(_)
        | StackStatus::Absent
        | StackStatus::NeverMade(_)
        | StackStatus::HalfRemoved(_) => {}
        StackStatus::Stuck(obstacle) => return Err(CliError::new(&obstacle.what, &obstacle.advice)),
    }
    let never_made = matches!(status, StackStatus::NeverMade(_));
    let resources = Resources::of(aws, name).await?;
    let machine = resources.id("StateMachine");
    let open = match machine {
        Some(machine) => running(aws, machine).await?.len(),
        None => 0,
    };
    if open > 0 && !destroy.with_open_requests {
        return Err(CliError::new(
            format!("{open} requests of the stack are open"),
            "Their requesters would get neither a certificate nor an e-mail, and all links would stop working. See countersign requests list; \
             to destroy the stack anyway, add --with-open-requests.",
        ));
    }
    if never_made {
        refuse_rows(aws, &resources).await?;
    }
    let requests = if open > 0 { format!(" {open} requests end undecided.") } else { String::new() };
    let rest = if never_made { "It was never made." } else { "Its tables, bucket and secrets stay." };
    confirmed(&format!("Remove the stack {name}?{requests} {rest}"), destroy.yes)?;
    if described["EnableTerminationProtection"] == true {
        let lift = ["cloudformation", "update-termination-protection", "--no-enable-termination-protection"];
        aws.json(&[&lift[..], &["--stack-name", name]].concat()).await?;
    }
    if let Some(machine) = machine {
        end_requests(aws, machine, resources.id("HousekeepingTimer"), pace).await?;
    }
    let step = ProgressStep::begin("Removing the stack");
    if never_made {
        remove_never_made(aws, name, &resources, pace).await?;
        step.done(name);
        return name_leftovers(aws, &resources).await;
    }
    delete(aws, name, machine, &[], pace).await?;
    step.done(name);
    say(
        "These stay: they are the record of the issued certificates. docs/operations/deploy.md says how to remove them too:",
    );
    for kind in [TABLE, "AWS::S3::Bucket", "AWS::SecretsManager::Secret", "AWS::KMS::Key"] {
        for id in resources.of_type(kind) {
            println!("{id}");
        }
    }
    for line in left_outside(aws, name, described).await {
        println!("{line}");
    }
    Ok(())
}

/// Policy, key of the log, secrets, KMS aliases, log groups and packages that CloudFormation does not remove with the stack. An item that cannot be
/// read is omitted: the stack is gone already.
async fn left_outside(aws: &AwsCli, name: &str, described: &Value) -> Vec<String> {
    let mut left = ["policy", "log/key"].map(|parameter| format!("/countersign/{name}/{parameter}")).to_vec();
    for secret in ["ca-key", "root-key"].map(|key| format!("countersign/{name}/{key}")) {
        let describe = ["secretsmanager", "describe-secret", "--secret-id", &secret];
        if let Ok(Some(_)) = aws.find(&describe).await {
            left.push(secret);
        }
    }
    let aliases = aws.json(&["kms", "list-aliases"]).await.unwrap_or_default();
    for alias in aliases["Aliases"].as_array().into_iter().flatten() {
        let Some(alias_name) = alias["AliasName"].as_str() else { continue };
        let ours = ["ca", "root"].map(|key| format!("alias/countersign-{name}-{key}"));
        // Former keys have aliases below these names.
        let is_ours = |ours: &String| {
            alias_name
                .strip_prefix(ours.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '-']))
        };
        if ours.iter().any(is_ours) {
            let key = alias["TargetKeyId"].as_str().unwrap_or_default();
            left.push(format!("{alias_name}, the KMS key {key}: $1 a month"));
        }
    }
    for prefix in [format!("/aws/lambda/{name}-"), format!("/aws/vendedlogs/states/{name}")] {
        let groups = aws.json(&["logs", "describe-log-groups", "--log-group-name-prefix", &prefix]).await;
        let groups = groups.unwrap_or_default();
        let names = groups["logGroups"].as_array().into_iter().flatten();
        left.extend(names.filter_map(|group| group["logGroupName"].as_str().map(str::to_owned)));
    }
    let arn = described["StackId"].as_str().unwrap_or_default();
    if let [_, _, _, region, account, ..] = arn.split(':').collect::<Vec<_>>()[..] {
        let bucket = format!("countersign-artefacts-{account}-{region}");
        if let Ok(Some(_)) = aws.find(&["s3api", "head-bucket", "--bucket", &bucket]).await {
            left.push(format!("{bucket}, the packages of every stack in this account and region"));
        }
    }
    left
}

/// Deletes the stack. Executions that begin meanwhile are stopped, since CloudFormation waits for them: a state machine is deleted only
/// when its executions have ended. <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html>
async fn delete(
    aws: &AwsCli,
    name: &str,
    machine: Option<&str>,
    options: &[&str],
    pace: &Pace,
) -> Result<(), CliError> {
    aws.json(&[&["cloudformation", "delete-stack", "--stack-name", name][..], options].concat()).await?;
    let late = async {
        loop {
            // AWS sends this command no event about a new execution.
            tokio::time::sleep(pace.pause * 10).await;
            if let Some(machine) = machine {
                // A failure here shows in the result of the wait below.
                let _ = stop_all(aws, machine, pace).await;
            }
        }
    };
    let waiting = ["cloudformation", "wait", "stack-delete-complete", "--stack-name", name];
    let waited = tokio::select! {
        waited = aws.json(&waiting) => waited,
        () = late => Ok(Value::Null),
    };
    if waited.is_ok() {
        return Ok(());
    }
    let why = stack_status::first_failure(aws, name)
        .await
        .unwrap_or_else(|| format!("see aws cloudformation describe-stack-events --stack-name {name}"));
    Err(CliError::new(
        format!("not all of the stack could be removed: {why}"),
        format!("Mend the cause, then run countersign destroy --stack {name} again."),
    ))
}

/// Refuses tables with rows in a stack that was never made: they would be deleted with it.
async fn refuse_rows(aws: &AwsCli, resources: &Resources) -> Result<(), CliError> {
    for table in resources.of_type(TABLE) {
        let scan = ["dynamodb", "scan", "--table-name", table, "--select", "COUNT", "--limit", "1"];
        let found = aws.find(&[&scan[..], &["--no-paginate"]].concat()).await?;
        if found.is_some_and(|found| found["Count"].as_u64().unwrap_or_default() > 0) {
            return Err(CliError::new(
                format!("the table {table} has rows, although its stack was never made"),
                "Nothing was changed. Copy what you need, delete the rows, and try again.",
            ));
        }
    }
    Ok(())
}

/// A creation that failed is taken back with its tables, which protected tables refuse: the rollback fails, and so would the deletion.
/// The last resort leaves behind what cannot be deleted.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteStack.html>
async fn remove_never_made(
    aws: &AwsCli,
    name: &str,
    resources: &Resources,
    pace: &Pace,
) -> Result<(), CliError> {
    for table in resources.of_type(TABLE) {
        aws.find(&["dynamodb", "update-table", "--table-name", table, "--no-deletion-protection-enabled"])
            .await?;
    }
    let Err(failure) = delete(aws, name, None, &[], pace).await else {
        return Ok(());
    };
    say(format!("{failure}"));
    say("Removing the stack without the resources that cannot be removed.");
    delete(aws, name, None, &["--deletion-mode", "FORCE_DELETE_STACK"], pace).await
}

/// Prints the resources that remain of a stack that was never made.
async fn name_leftovers(aws: &AwsCli, resources: &Resources) -> Result<(), CliError> {
    for table in resources.of_type(TABLE) {
        let found = aws.find(&["dynamodb", "describe-table", "--table-name", table]).await?;
        if found.is_some_and(|found| found["Table"]["TableStatus"] != "DELETING") {
            println!(
                "An empty table is left; remove it with: aws dynamodb delete-table --table-name {table}"
            );
        }
    }
    for bucket in resources.of_type("AWS::S3::Bucket") {
        if aws.find(&["s3api", "head-bucket", "--bucket", bucket]).await?.is_some() {
            println!("A bucket is left; remove it with: aws s3 rb s3://{bucket}");
        }
    }
    Ok(())
}

/// Resources of a stack.
struct Resources(Vec<DeployedResource>);

impl Resources {
    async fn of(aws: &AwsCli, stack: &str) -> Result<Self, CliError> {
        let mut all = deployed::resources(aws, stack).await?;
        // A resource whose creation failed may have no id.
        all.retain(|one| !one.id.is_empty());
        Ok(Self(all))
    }

    /// The id of the resource with this name in the template.
    fn id(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|one| one.name == name).map(|one| one.id.as_str())
    }

    /// The ids of all resources of a type.
    fn of_type(&self, kind: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |one| one.kind == kind).map(|one| one.id.as_str())
    }
}

/// The ARNs of all running executions. The command line follows the pages.
async fn running(aws: &AwsCli, machine: &str) -> Result<Vec<String>, CliError> {
    let list =
        ["stepfunctions", "list-executions", "--state-machine-arn", machine, "--status-filter", "RUNNING"];
    let listed = aws.find(&list).await?.unwrap_or_default();
    let all = listed["executions"].as_array().into_iter().flatten();
    Ok(all.filter_map(|one| one["executionArn"].as_str().map(str::to_owned)).collect())
}

/// Ends every execution. Housekeeping starts those of open requests again, so it is switched off first.
async fn end_requests(aws: &AwsCli, machine: &str, timer: Option<&str>, pace: &Pace) -> Result<(), CliError> {
    let schedule = match timer {
        Some(timer) => aws.find(&["scheduler", "get-schedule", "--name", timer]).await?,
        None => None,
    };
    if let Some(schedule) = &schedule {
        set_schedule(aws, schedule, "DISABLED").await?;
    }
    let step = ProgressStep::begin("Ending the executions");
    match stop_all(aws, machine, pace).await {
        Ok(stopped) => {
            step.done(format!("{stopped} stopped"));
            Ok(())
        }
        Err(failure) => {
            // The stack stays in use, so housekeeping must run again.
            let undone = match &schedule {
                Some(schedule) => set_schedule(aws, schedule, "ENABLED").await.is_ok(),
                None => true,
            };
            let housekeeping = if undone {
                "housekeeping runs as before, and starts the requests again whose executions were stopped"
            } else {
                "housekeeping is switched off: enable the stack's schedule in the console of EventBridge Scheduler"
            };
            Err(CliError::new(failure.to_string(), format!("The stack is still there; {housekeeping}.")))
        }
    }
}

/// UpdateSchedule resets every field that is not named, so all fields of GetSchedule are passed on.
/// <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_UpdateSchedule.html>
async fn set_schedule(aws: &AwsCli, schedule: &Value, state: &str) -> Result<(), CliError> {
    let mut update = schedule.clone();
    if let Some(update) = update.as_object_mut() {
        for answered_only in ["Arn", "CreationDate", "LastModificationDate"] {
            update.remove(answered_only);
        }
        update.insert("State".into(), json!(state));
    }
    aws.json(&["scheduler", "update-schedule", "--cli-input-json", &update.to_string()]).await.map(|_| ())
}

/// Stops executions until none runs; returns how many were stopped.
async fn stop_all(aws: &AwsCli, machine: &str, pace: &Pace) -> Result<usize, CliError> {
    let mut stopped = 0;
    for _ in 0..pace.rounds {
        let running = running(aws, machine).await?;
        if running.is_empty() {
            return Ok(stopped);
        }
        stopped += running.len();
        let stops = running.iter().map(|execution| stop(aws, execution, pace));
        stream::iter(stops).buffer_unordered(pace.at_once).try_collect::<()>().await?;
        // Executions end a moment after the call, and AWS sends this command no event about it.
        tokio::time::sleep(pace.pause).await;
    }
    Err(CliError::new("executions go on although they were stopped", ""))
}

async fn stop(aws: &AwsCli, execution: &str, pace: &Pace) -> Result<(), CliError> {
    let mut pause = pace.pause;
    for attempt in 1..=ATTEMPTS {
        let stop = ["stepfunctions", "stop-execution", "--execution-arn", execution];
        let why = ["--error", "Stack.Removed", "--cause", "countersign destroy"];
        match aws.find(&[&stop[..], &why].concat()).await {
            // `None`: the execution has ended by itself.
            Ok(_) => return Ok(()),
            Err(failure) if attempt < ATTEMPTS && is_throttled(&failure) => {
                // AWS does not say when it takes calls again.
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}

fn is_throttled(failure: &CliError) -> bool {
    let told = failure.to_string();
    ["ThrottlingException", "TooManyRequestsException", "Rate exceeded"]
        .iter()
        .any(|sign| told.contains(sign))
}

/// Fails if certificates of the stack are still valid. The name of the table is an output of the stack, so this works for stacks of
/// other versions.
async fn refuse_live(aws: &AwsCli, described: &Value) -> Result<(), CliError> {
    let consent = "To destroy the stack anyway, add --with-live-certificates.";
    let table = stack_status::output(described, "CertificatesTable").ok_or_else(|| {
        CliError::new(
            "the certificates cannot be counted: the stack has no output CertificatesTable",
            consent,
        )
    })?;
    let now = OffsetDateTime::now_utc().format(&Rfc3339).or_fail(|| "no time".into(), "")?;
    let mut live = 0;
    for status in ["issued", "delivered"] {
        let values = json!({ ":status": { "S": status }, ":now": { "S": now } }).to_string();
        let query = ["dynamodb", "query", "--table-name", table, "--index-name", "byExpiry"];
        let condition = ["--key-condition-expression", "#status = :status AND notAfter > :now"];
        let names = ["--expression-attribute-names", r##"{"#status":"status"}"##];
        let values = ["--expression-attribute-values", &values, "--select", "COUNT"];
        // The command line follows the pages and adds up the counts.
        let counted = aws.json(&[&query[..], &condition, &names, &values].concat()).await;
        let counted = counted
            .map_err(|failure| CliError::new(format!("cannot count the certificates: {failure}"), consent))?;
        live += counted["Count"].as_i64().unwrap_or_default();
    }
    if live > 0 {
        return Err(CliError::new(
            format!("{live} of its certificates are still valid"),
            format!("They could not be looked up afterwards. {consent}"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
