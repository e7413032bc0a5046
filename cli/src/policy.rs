//! The issuance policy of a stack.
//!
//! Invariant: only a policy that parses is activated. It is stored in an SSM parameter, or in the bucket if it is too
//! large for that.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_ssm::types::{ParameterTier, ParameterType};
use time::OffsetDateTime;
use workflow::aws::PolicyStore;
use workflow::policy::{Pointer, Policy, PolicyNote};
use workflow::stand_in::day_of;

use crate::confirm::confirmed;
use crate::error::{CliError, OrFail as _};
use crate::output::OutputOptions;
use crate::progress::{ProgressStep, say};
use crate::stack::{Stack, StackSelector};

mod effects;
mod explain;
mod key_lists;
mod report;
mod show;
mod summary;

use effects::Effects;
pub(crate) use effects::removed_approvers;
use explain::ExplainOptions;
pub(crate) use key_lists::find_key_list;
use report::Source;
use summary::summary;

/// Largest value of a standard parameter, in bytes; larger ones cost money.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html>
const PARAMETER_BYTES: usize = 4 * 1024;

/// Limit for a minimal diff; after it, the diff may be longer than necessary.
const DIFF_TIMEOUT: Duration = Duration::from_secs(1);

/// `countersign policy`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum PolicyCommand {
    /// Checks a policy and prints a summary of its profiles, or explains what it does to a request
    Check {
        /// The policy, as TOML
        file: PathBuf,
        #[command(flatten)]
        request: ExplainOptions,
        #[command(flatten)]
        output: OutputOptions,
    },
    /// Shows the changes of a policy and its effects on open requests, and activates it; workers read it within a minute
    Set {
        /// The policy, as TOML
        file: PathBuf,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Stores a list of keys that are never certified, and prints the line of a policy that names it
    DenyKeys {
        /// Lists of badkeys, public keys in PEM, or text with the SHA-256 of a public key on each line
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Prints the policy in force, as TOML unless another form is asked for
    Show {
        #[command(flatten)]
        output: OutputOptions,
        #[command(flatten)]
        which: StackSelector,
    },
}

/// Runs `countersign policy`.
pub(crate) async fn run(command: PolicyCommand) -> Result<(), CliError> {
    match command {
        PolicyCommand::Check { file, request, output } => {
            let (text, policy, notes) = read_with_notes(&file)?;
            if let Some(explained) = request.run(&policy)? {
                output.print(&explained.document, &explained.value)?;
                return explained.verdict;
            }
            let (document, value) = summary(&policy);
            output.print(&document, &value)?;
            eprint!("{}", after_blank_line(&Source { file: &file, text: &text }.notes(&notes)));
            Ok(())
        }
        PolicyCommand::Set { file, yes, which } => {
            let (text, policy, notes) = read_with_notes(&file)?;
            eprint!("{}", Source { file: &file, text: &text }.notes(&notes));
            set(&which.find().await?, &file, &text, &policy, yes).await
        }
        PolicyCommand::DenyKeys { files, which } => key_lists::store(&which.find().await?, &files).await,
        PolicyCommand::Show { output, which } => {
            show::run(&text_in_force(&which.find().await?).await?, &output)
        }
    }
}

/// Shows changes and effects of a policy, asks, and activates it.
async fn set(stack: &Stack, file: &Path, text: &str, policy: &Policy, yes: bool) -> Result<(), CliError> {
    let current = document(stack).await.unwrap_or_else(|failure| {
        say(failure.to_string());
        Some(String::new())
    });
    if current.as_deref() == Some(text) {
        println!("Version {} is in force already.", policy.version());
        return Ok(());
    }
    find_key_list(stack, policy).await?;
    let mut resend = Vec::new();
    if let Some(current) = &current {
        eprint!("{}", difference(current, text, &file.display().to_string()));
        let effects = Effects::of(stack, Policy::parse(current).ok(), policy.clone()).await?;
        eprint!("{}", effects.report());
        resend.extend(effects.without_links());
        confirmed("Activate this policy?", yes)?;
    }
    put(stack, text).await?;
    println!("Version {} is in force.", policy.version());
    if !resend.is_empty() {
        say("Ask the approvers of this policy in place of the removed ones:");
        resend.iter().for_each(|id| say(format!("countersign approvals resend {id}")));
    }
    Ok(())
}

/// The changed lines of a policy, as a unified diff.
fn difference(current: &str, new: &str, file: &str) -> String {
    let diff = similar::TextDiff::configure().timeout(DIFF_TIMEOUT).diff_lines(current, new);
    diff.unified_diff().context_radius(2).header("in force", file).to_string()
}

/// Activates `chosen`, or `default` if the stack has no policy yet.
pub(crate) async fn put_when_needed(
    stack: &Stack,
    chosen: Option<&Path>,
    default: &Path,
) -> Result<(), CliError> {
    let current = held(stack, &shelf(stack)).await?;
    if current.is_some() && chosen.is_none() {
        return Ok(());
    }
    let file = chosen.unwrap_or(default);
    let (text, policy) = read(file)?;
    if current.is_some_and(|current| current == parameter_for(stack, &text)) {
        return Ok(());
    }
    find_key_list(stack, &policy).await?;
    let step = ProgressStep::begin("Activating the policy");
    put(stack, &text).await?;
    step.done(format!("{}, version {}", file.display(), policy.version()));
    Ok(())
}

fn after_blank_line(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("\n{text}") }
}

/// Reads a policy from a file. Shows every mistake; the error is the first one.
pub(crate) fn read(file: &Path) -> Result<(String, Policy), CliError> {
    read_with_notes(file).map(|(text, policy, _)| (text, policy))
}

fn read_with_notes(file: &Path) -> Result<(String, Policy, Vec<PolicyNote>), CliError> {
    let text = fs::read_to_string(file).or_fail(
        || format!("cannot read {}", file.display()),
        "Name a policy in TOML, such as infra/policy.toml.",
    )?;
    let (policy, notes) = Policy::parse_with_notes(&text, day_of(OffsetDateTime::now_utc()))
        .inspect_err(|errors| {
            // The error itself, the last line, shows a single mistake without a place.
            if errors.all().len() > 1 || errors.line().is_some() {
                eprint!("{}", Source { file, text: &text }.mistakes(errors));
            }
        })
        .or_fail(|| file.display().to_string(), "See infra/policy.toml for an example.")?;
    Ok((text, policy, notes))
}

/// Returns the policy in force.
pub(crate) async fn in_force(stack: &Stack) -> Result<Policy, CliError> {
    Policy::parse(&text_in_force(stack).await?).or_fail(
        || "cannot read the policy in force".into(),
        "Activate a policy with: countersign policy set FILE.",
    )
}

/// Returns the policy in force as TOML.
async fn text_in_force(stack: &Stack) -> Result<String, CliError> {
    document(stack).await?.ok_or_else(|| {
        CliError::new(
            format!("there is no parameter {}", stack.policy_parameter),
            "Activate a policy with: countersign policy set FILE.",
        )
    })
}

/// Returns the policy in force as TOML, or `None` if the stack has no policy yet.
pub(crate) async fn document(stack: &Stack) -> Result<Option<String>, CliError> {
    let shelf = shelf(stack);
    let Some(held) = held(stack, &shelf).await? else {
        return Ok(None);
    };
    shelf.document(held).await.map(Some).or_fail(
        || format!("the parameter {} does not lead to a policy", stack.policy_parameter),
        "Activate a policy with: countersign policy set FILE.",
    )
}

fn shelf(stack: &Stack) -> PolicyStore {
    PolicyStore::new(&stack.sdk, &stack.policy_parameter)
}

/// Returns the current value of the parameter.
async fn held(stack: &Stack, shelf: &PolicyStore) -> Result<Option<String>, CliError> {
    shelf.parameter().await.or_fail(|| format!("cannot read the parameter {}", stack.policy_parameter), "")
}

/// Returns the new value of the parameter: the document if it fits, else a pointer to it.
fn parameter_for(stack: &Stack, document: &str) -> String {
    // SSM reads `{{` as the beginning of the name of another parameter.
    if document.len() <= PARAMETER_BYTES && !document.contains("{{") {
        document.to_owned()
    } else {
        Pointer::to(document, &stack.bucket).to_string()
    }
}

/// Activates a policy whose list of keys, if it names one, is stored. Writes the object first, so that the parameter never
/// names a missing object.
pub(crate) async fn put(stack: &Stack, document: &str) -> Result<(), CliError> {
    let value = parameter_for(stack, document);
    if value != document {
        let pointer = Pointer::to(document, &stack.bucket);
        let put = stack
            .s3()
            .put_object()
            .bucket(pointer.bucket())
            .key(pointer.key())
            .content_type("application/toml")
            .body(ByteStream::from(document.as_bytes().to_vec()));
        put.send()
            .await
            .or_fail(|| format!("cannot store {pointer}"), "The policy in force was not changed.")?;
    }
    aws_sdk_ssm::Client::new(&stack.sdk)
        .put_parameter()
        .name(&stack.policy_parameter)
        .r#type(ParameterType::String)
        // Not "standard": a parameter of the tier "advanced" cannot return to it.
        .tier(ParameterTier::IntelligentTiering)
        .overwrite(true)
        .value(value)
        .send()
        .await
        .map(|_| ())
        .or_fail(|| format!("cannot write the parameter {}", stack.policy_parameter), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_shows_the_changed_lines() {
        let diff = difference("a\nb\nc\n", "a\nB\nc\n", "new.toml");
        assert_eq!(diff, "--- in force\n+++ new.toml\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
    }

    #[test]
    fn the_default_policy_is_valid() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/policy.toml");
        let (_, policy) = read(&file).unwrap();
        assert!(summary(&policy).0.plain_text().contains("server"));
    }
}
