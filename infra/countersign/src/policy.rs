//! The issuance policy of a stack: checked before it is put in force, and read by every worker from SSM.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_ssm::types::{ParameterTier, ParameterType};
use workflow::policy::Policy;

use crate::failure::{Failure, OrFail as _};
use crate::progress::Step;
use crate::stack::{Stack, Which};
use crate::table;

/// What SSM takes, in bytes.
const MAX_BYTES: usize = 8 * 1024;

/// `countersign policy`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Reads a policy and says what it would allow, or what is wrong with it
    Check {
        /// The policy, as TOML
        file: PathBuf,
    },
    /// Puts a policy in force; running workers see it within a minute
    Set {
        /// The policy, as TOML
        file: PathBuf,
        #[command(flatten)]
        which: Which,
    },
}

/// Runs `countersign policy`.
pub(crate) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Check { file } => {
            let (_, policy) = read(&file)?;
            print!("{}", summary(&policy));
            Ok(())
        }
        Command::Set { file, which } => {
            let (text, policy) = read(&file)?;
            let stack = which.find().await?;
            put(&stack, text).await?;
            println!("Version {} is in force.", policy.version());
            Ok(())
        }
    }
}

/// Puts `chosen` in force, or `default` where the stack has no policy yet.
pub(crate) async fn put_when_needed(
    stack: &Stack,
    chosen: Option<&Path>,
    default: &Path,
) -> Result<(), Failure> {
    let ssm = aws_sdk_ssm::Client::new(&stack.sdk);
    let current = match ssm.get_parameter().name(&stack.policy_parameter).send().await {
        Ok(answer) => answer.parameter.and_then(|parameter| parameter.value),
        Err(error) if error.as_service_error().is_some_and(|error| error.is_parameter_not_found()) => None,
        Err(error) => {
            return Err(error)
                .or_fail(|| format!("cannot read the parameter {}", stack.policy_parameter), "");
        }
    };
    if current.is_some() && chosen.is_none() {
        return Ok(());
    }
    let file = chosen.unwrap_or(default);
    let (text, policy) = read(file)?;
    if current.as_deref() == Some(&text) {
        return Ok(());
    }
    let step = Step::begin("Putting the policy in force");
    put(stack, text).await?;
    step.done(format!("{}, version {}", file.display(), policy.version()));
    Ok(())
}

fn read(file: &Path) -> Result<(String, Policy), Failure> {
    let text = fs::read_to_string(file).or_fail(
        || format!("cannot read {}", file.display()),
        "Name a policy in TOML, such as infra/policy.toml.",
    )?;
    let policy = Policy::parse(&text)
        .or_fail(|| file.display().to_string(), "See infra/policy.toml for an example.")?;
    if text.len() > MAX_BYTES {
        return Err(Failure::new(
            format!("{} has {} bytes; {MAX_BYTES} is the limit", file.display(), text.len()),
            "Shorten it.",
        ));
    }
    Ok((text, policy))
}

async fn put(stack: &Stack, text: String) -> Result<(), Failure> {
    aws_sdk_ssm::Client::new(&stack.sdk)
        .put_parameter()
        .name(&stack.policy_parameter)
        .r#type(ParameterType::String)
        .tier(ParameterTier::IntelligentTiering)
        .overwrite(true)
        .value(text)
        .send()
        .await
        .map(|_| ())
        .or_fail(|| format!("cannot write the parameter {}", stack.policy_parameter), "")
}

fn summary(policy: &Policy) -> String {
    let rows: Vec<Vec<String>> = policy
        .profiles()
        .map(|profile| {
            vec![
                profile.name().to_owned(),
                format!("{} days", profile.validity_days()),
                format!("{} of {}", profile.quorum(), profile.approvers().join(", ")),
                span(profile.limit()),
                profile.description().to_owned(),
            ]
        })
        .collect();
    let table = table::aligned(&["PROFILE", "VALID", "APPROVED BY", "WITHIN", "FOR"], &rows);
    format!("Version {}\n\n{table}", policy.version())
}

fn span(limit: Duration) -> String {
    let seconds = limit.as_secs();
    [(86_400, "d"), (3_600, "h"), (60, "m")]
        .into_iter()
        .find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit))
        .map_or_else(|| format!("{seconds}s"), |(unit, letter)| format!("{}{letter}", seconds / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_written_as_in_the_policy() {
        let of = |seconds| span(Duration::from_secs(seconds));
        assert_eq!([of(604_800), of(129_600), of(10), of(90)], ["7d", "36h", "10s", "90s"]);
    }

    #[test]
    fn the_default_policy_is_one() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy.toml");
        let (_, policy) = read(&file).unwrap();
        assert!(summary(&policy).contains("server"));
    }
}
