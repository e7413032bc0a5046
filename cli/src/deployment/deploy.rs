//! `countersign plan` and `countersign deploy`.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::artefacts::{cargo_lambda, ensure_bucket, tempfolder};
use super::changes::{Changes, ParameterChanges, all_changes};
use super::chosen_policy::{self, PolicyOptions};
use super::constraints;
use super::interrupt::{after_the_change, before_the_change, during_the_change, or_interrupted};
use super::package::{self, CodeSource};
use super::processor::Processor;
use super::stack_status::{self, StackStatus};
use super::template::StackTemplate;
use super::{Artefacts, DeploymentTarget, Parameters, confirmed, doctor, outside, self_test};
use crate::aws_cli::AwsCli;
use crate::error::CliError;
use crate::output::{Document, OutputOptions};
use crate::progress::{ProgressStep, say};
use crate::{build, ca, checkout, policy, venv};

/// `countersign plan`.
#[derive(Debug, clap::Args)]
pub(crate) struct DeploymentPlan {
    #[command(flatten)]
    target: DeploymentTarget,
    #[command(flatten)]
    parameters: Parameters,
    #[command(flatten)]
    artefacts: Artefacts,
    #[command(flatten)]
    output: OutputOptions,
}

/// `countersign deploy`.
#[derive(Debug, clap::Args)]
pub(crate) struct Deploy {
    #[command(flatten)]
    target: DeploymentTarget,
    #[command(flatten)]
    parameters: Parameters,
    #[command(flatten)]
    artefacts: Artefacts,
    /// Issuance policy to put in force [default: infra/policy.toml where the stack has none yet]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Deploy although the policy names approvers at example domains, where no mail is delivered
    #[arg(long)]
    yes_example_approvers: bool,
    /// Organisation that the CA is named after, where one has to be made
    #[arg(long, value_name = "NAME", default_value = "Countersign")]
    organisation: String,
    /// Do it without asking
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    self_test: self_test::SelfTestOptions,
}

/// A change set that is ready to run.
struct Prepared {
    aws: AwsCli,
    repository: PathBuf,
    upload: Upload,
    /// The ARN of the change set; `None` if nothing changes.
    change_set: Option<String>,
    /// The parameters that change.
    parameters: ParameterChanges,
    is_new: bool,
    /// True if the tables are protected after the creation of the stack.
    protect_later: bool,
}

/// The packaged template, and the bucket it goes through.
struct Upload {
    packaged: String,
    bucket: String,
}

/// Shows the changes of a deployment and makes none.
pub(crate) async fn plan(plan: DeploymentPlan) -> Result<(), CliError> {
    let found = examined(&plan.target, &plan.parameters).await?;
    let prepared = prepare(&plan.target, &plan.parameters, &plan.artefacts, found).await?;
    let Some(change_set) = &prepared.change_set else {
        let (_, value) = all_changes(&ParameterChanges::default(), &Changes::default());
        let document = Document::list(&["CHANGE", "RESOURCE", "TYPE"], Vec::new(), "Nothing would change.");
        return plan.output.print(&document, &value);
    };
    let changes = describe(&prepared.aws, change_set).await?;
    let (document, value) = all_changes(&prepared.parameters, &changes);
    plan.output.print(&document, &value)?;
    forget(&prepared, &plan.target, change_set).await?;
    say(format!("The packages stay in the bucket {}; the stack is unchanged.", prepared.upload.bucket));
    changes.keep_the_data(&prepared.parameters)
}

/// Deploys: asks, changes the stack, then sets up policy and CA.
pub(crate) async fn deploy(deploy: Deploy) -> Result<(), CliError> {
    let target = &deploy.target;
    let prepared = or_interrupted(prepare_all(&deploy), before_the_change).await?;
    let described = change_stack(&prepared, target, deploy.yes).await?;
    or_interrupted(complete(&deploy, &described), || after_the_change(target)).await
}

/// Checks, builds, uploads, and creates the change set: all steps before the question.
async fn prepare_all(deploy: &Deploy) -> Result<Prepared, CliError> {
    let target = &deploy.target;
    let found = examined(target, &deploy.parameters).await?;
    let default = checkout::repository().join("infra/policy.toml");
    let options = PolicyOptions {
        chosen: deploy.policy.as_deref(),
        default: &default,
        example_approvers: deploy.yes_example_approvers,
        self_test: &deploy.self_test,
    };
    chosen_policy::check(&target.aws(), target, &options).await?;
    prepare(target, &deploy.parameters, &deploy.artefacts, found).await
}

/// Sets up policy and CA of a deployed stack, and tests it.
async fn complete(deploy: &Deploy, described: &Value) -> Result<(), CliError> {
    let target = &deploy.target;
    let default = checkout::repository().join("infra/policy.toml");
    let stack = target.which().find().await?;
    policy::put_when_needed(&stack, deploy.policy.as_deref(), &default)
        .await
        .map_err(|error| incomplete(target, error))?;
    ca::create_when_missing(&stack, &deploy.organisation).await.map_err(|error| incomplete(target, error))?;
    let portal = stack_status::output(described, "PortalUrl").unwrap_or_default().to_owned();
    println!("Portal  {portal}");
    // An emulator ignores the resource policy of the API.
    if target.endpoint_url.is_none() {
        outside::check(described, &target.which().region().await?).await?;
    }
    self_test::run(&deploy.self_test, &portal).await
}

/// An error after the stack was deployed.
fn incomplete(target: &DeploymentTarget, error: CliError) -> CliError {
    CliError::new(
        format!("the stack {} is deployed, but cannot be used yet: {error}", target.stack),
        "Then run the same countersign deploy again: it continues with this step.",
    )
}

/// Asks, executes the change set, protects the stack, and returns its description.
async fn change_stack(prepared: &Prepared, target: &DeploymentTarget, yes: bool) -> Result<Value, CliError> {
    let aws = &prepared.aws;
    match &prepared.change_set {
        None => say("Nothing of the stack changes."),
        Some(change_set) => {
            let changes = describe(aws, change_set).await?;
            eprint!("{}", all_changes(&prepared.parameters, &changes).0.plain_text());
            let question =
                format!("{} the stack {}?", if prepared.is_new { "Make" } else { "Change" }, target.stack);
            let allowed =
                changes.keep_the_data(&prepared.parameters).and_then(|()| confirmed(&question, yes));
            if let Err(failure) = allowed {
                forget(prepared, target, change_set).await?;
                return Err(failure);
            }
            carry_out(aws, target, change_set, prepared.is_new).await?;
        }
    }
    protect(prepared, target).await.map_err(|failure| {
        CliError::new(
            format!(
                "the stack {} is deployed, but not protected against deletion yet: {failure}",
                target.stack
            ),
            "Run countersign deploy again: it protects the stack and continues.",
        )
    })
}

/// Protects the tables of a new stack, and the stack itself. Returns the stack's description.
async fn protect(prepared: &Prepared, target: &DeploymentTarget) -> Result<Value, CliError> {
    let aws = &prepared.aws;
    if prepared.protect_later {
        let step = ProgressStep::begin("Protecting the tables");
        let overrides = [format!("{PROTECTION}=true")];
        let change_set = change_set(aws, &prepared.repository, target, &prepared.upload, &overrides).await?;
        if let Some(change_set) = change_set {
            let changes = describe(aws, &change_set).await?;
            changes.keep_the_data(&ParameterChanges::default())?;
            carry_out(aws, target, &change_set, false).await?;
        }
        step.done("");
    }
    let mut described =
        aws.json(&["cloudformation", "describe-stacks", "--stack-name", &target.stack]).await?;
    let described = described["Stacks"][0].take();
    // The emulator has no such call.
    if described["EnableTerminationProtection"] != true && target.endpoint_url.is_none() {
        let switch = ["cloudformation", "update-termination-protection", "--enable-termination-protection"];
        aws.json(&[&switch[..], &["--stack-name", &target.stack]].concat()).await?;
    }
    Ok(described)
}

/// The parameter by which tables refuse to be deleted.
const PROTECTION: &str = "DeletionProtection";

/// When the tables are protected, and by which parameter of the change set.
#[derive(Debug, PartialEq)]
enum TableProtection {
    /// By the parameter, as named now or as deployed before.
    AsItIs,
    /// A new stack: its tables are made unprotected, so that CloudFormation can remove them if the creation fails.
    Later,
    /// The creation of the stack was interrupted before its tables were protected.
    Now,
}

impl TableProtection {
    fn of(status: &StackStatus, parameters: &Parameters) -> Self {
        let named = parameters.value(PROTECTION);
        match status {
            _ if named == Some("false") => Self::AsItIs,
            StackStatus::Absent => Self::Later,
            // The stack itself is protected last, even if the operator wants unprotected tables.
            StackStatus::Ready(described)
                if named.is_none()
                    && stack_status::parameter(described, PROTECTION) == Some("false")
                    && described["EnableTerminationProtection"] == false =>
            {
                Self::Now
            }
            _ => Self::AsItIs,
        }
    }

    /// Puts the parameter into those of the change set.
    fn apply(&self, overrides: &mut Vec<String>) {
        let value = match self {
            Self::AsItIs => return,
            Self::Later => "false",
            Self::Now => "true",
        };
        overrides.retain(|one| !one.starts_with(&format!("{PROTECTION}=")));
        overrides.push(format!("{PROTECTION}={value}"));
    }
}

/// Checks the requirements; fails if one is not met.
async fn examined(target: &DeploymentTarget, parameters: &Parameters) -> Result<doctor::Findings, CliError> {
    let found = doctor::examine(&target.aws(), target, parameters).await?;
    found.refuse_what_is_wrong()?;
    Ok(found)
}

/// Builds, uploads, and makes the change set.
async fn prepare(
    target: &DeploymentTarget,
    parameters: &Parameters,
    artefacts: &Artefacts,
    found: doctor::Findings,
) -> Result<Prepared, CliError> {
    let (aws, repository) = (target.aws(), checkout::repository());
    let mut overrides = parameters.overrides();
    let protection = TableProtection::of(&found.status, parameters);
    protection.apply(&mut overrides);
    let template = StackTemplate::read(&repository)?;
    let values = template.values(parameters, found.status.deployed());
    let code = match &target.endpoint_url {
        // An emulator runs the functions on this machine.
        Some(endpoint) => {
            let venv = artefacts.venv.clone().unwrap_or_else(|| repository.join(".local/venv"));
            let venv = venv::Venv::ready(&std::path::absolute(&venv).unwrap_or(venv)).await?;
            build::build(&repository, false, &venv).await?;
            let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
            overrides.extend([format!("EndpointUrl={endpoint}"), format!("Architecture={architecture}")]);
            CodeSource::Zips
        }
        None => {
            let processor = Processor::of(values.get("Architecture").map_or("", String::as_str))?;
            cargo_lambda(&repository, processor).await?;
            processor.check(&repository)?;
            CodeSource::Folders
        }
    };
    let bucket = match &artefacts.bucket {
        Some(bucket) => bucket.clone(),
        None => format!("countersign-artefacts-{}-{}", found.account, found.region),
    };
    let step = ProgressStep::begin("Uploading the workers");
    ensure_bucket(&aws, &bucket, &found.region, target.endpoint_url.is_some()).await?;
    let folder = tempfolder(&repository)?;
    let packaged =
        package::package(&aws, &repository, code, &bucket, &folder, &|name| values.get(name).cloned())
            .await?;
    step.done(format!("to {bucket}"));
    let step = ProgressStep::begin("Computing the changes");
    let upload = Upload { packaged: packaged.display().to_string(), bucket };
    let change_set = change_set(&aws, &repository, target, &upload, &overrides).await?;
    step.done(if change_set.is_some() { "" } else { "nothing" });
    let is_new = found.status == StackStatus::Absent;
    let protect_later = protection == TableProtection::Later;
    let parameters = ParameterChanges::of(found.status.deployed(), &values, &template.defaults());
    Ok(Prepared { aws, repository, upload, change_set, parameters, is_new, protect_later })
}

/// Makes a change set of the packaged template. Returns its ARN, or `None` if nothing changes.
async fn change_set(
    aws: &AwsCli,
    repository: &Path,
    target: &DeploymentTarget,
    upload: &Upload,
    overrides: &[String],
) -> Result<Option<String>, CliError> {
    let mut arguments =
        vec!["cloudformation", "deploy", "--no-execute-changeset", "--no-fail-on-empty-changeset"];
    arguments.extend(["--template-file", &upload.packaged, "--stack-name", &target.stack]);
    arguments.extend(["--s3-bucket", &upload.bucket]);
    arguments.extend(["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]);
    if !overrides.is_empty() {
        arguments.push("--parameter-overrides");
        arguments.extend(overrides.iter().map(String::as_str));
    }
    let said = aws.run(repository, &arguments).await;
    let said =
        said.or_else(|failure| Err(constraints::explain(&StackTemplate::read(repository)?, failure)))?;
    Ok(change_set_of(&String::from_utf8_lossy(&said)))
}

/// The ARN of the change set in the output of `aws cloudformation deploy --no-execute-changeset`.
fn change_set_of(said: &str) -> Option<String> {
    said.split_whitespace()
        .find(|word| word.starts_with("arn:") && word.contains(":changeSet/"))
        .map(str::to_owned)
}

async fn describe(aws: &AwsCli, change_set: &str) -> Result<Changes, CliError> {
    let described =
        aws.json(&["cloudformation", "describe-change-set", "--change-set-name", change_set]).await?;
    Ok(Changes::read(&described))
}

/// Deletes the change set, and the empty stack that CloudFormation made for it.
async fn forget(prepared: &Prepared, target: &DeploymentTarget, change_set: &str) -> Result<(), CliError> {
    let aws = &prepared.aws;
    aws.json(&["cloudformation", "delete-change-set", "--change-set-name", change_set]).await?;
    if prepared.is_new {
        aws.json(&["cloudformation", "delete-stack", "--stack-name", &target.stack]).await?;
    }
    Ok(())
}

async fn carry_out(
    aws: &AwsCli,
    target: &DeploymentTarget,
    change_set: &str,
    is_new: bool,
) -> Result<(), CliError> {
    let step = ProgressStep::begin("Deploying");
    aws.json(&["cloudformation", "execute-change-set", "--change-set-name", change_set]).await?;
    let until = if is_new { "stack-create-complete" } else { "stack-update-complete" };
    let wait = ["cloudformation", "wait", until, "--stack-name", &target.stack];
    let waiting = async { Ok(aws.json(&wait).await) };
    let waited = or_interrupted(waiting, || during_the_change(target, until)).await?;
    if waited.is_ok() {
        step.done(format!("stack {}", target.stack));
        return Ok(());
    }
    let why = stack_status::first_failure(aws, &target.stack).await.unwrap_or_else(|| {
        format!("see aws cloudformation describe-stack-events --stack-name {}", target.stack)
    });
    let failure = format!("the deployment failed: {why}");
    let status = StackStatus::of(aws, target).await?;
    Err(match status.obstacle() {
        Some(obstacle) => CliError::new(format!("{failure}; {}", obstacle.what), &obstacle.advice),
        None if status == StackStatus::Absent => {
            CliError::new(failure, "Nothing is left of it. Fix the cause and deploy again.")
        }
        None => CliError::new(failure, "The stack is unchanged. Fix the cause and deploy again."),
    })
}

#[cfg(test)]
mod tests;
