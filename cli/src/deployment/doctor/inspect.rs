//! The resources of a deployed stack in AWS, compared with the stack's template.
//!
//! Invariant: nothing is changed. Each difference is one line, with the command that removes it. A resource that these
//! credentials may not read is a note; the others are still checked.

use futures_util::{StreamExt as _, stream};

use super::check::{Check, CheckResult};
use crate::aws_cli::AwsCli;
use crate::deployment::deployed::{DeployedResource, DeployedStack};
use crate::error::CliError;

mod api;
mod functions;
mod operators;
mod queues;
mod storage;

#[cfg(test)]
mod tests;

/// Maximum number of concurrent calls: each is a process of the AWS command line.
const AT_ONCE: usize = 8;

/// Findings about one resource; none if it is as it should be.
type Found = Result<Vec<Check>, CliError>;

/// One inspection of a stack.
#[derive(Clone, Copy)]
struct Inspection<'a> {
    aws: &'a AwsCli,
    stack: &'a DeployedStack,
    /// True for an emulator, which does not store all settings.
    emulated: bool,
}

/// Checks every resource of a type that `about` names, and the alarms. Returns the findings, and a line for each kind without any.
pub(super) async fn inspect(aws: &AwsCli, stack: &DeployedStack, emulated: bool) -> Vec<Check> {
    let inspection = Inspection { aws, stack, emulated };
    let known = stack.resources().iter().filter_map(|one| Some((about(&one.kind)?, one)));
    let looks = known.map(|(about, one)| async move { (about, inspection.look(about, one).await) });
    let mut results: Vec<(&'static str, Found)> = stream::iter(looks).buffered(AT_ONCE).collect().await;
    results.push(("alarms", inspection.alarms().await));
    summarise(results)
}

/// The name of the check for a type of resource.
fn about(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "AWS::Lambda::Function" => "functions",
        "AWS::Lambda::EventSourceMapping" => "event sources",
        "AWS::SQS::Queue" => "queues",
        "AWS::DynamoDB::Table" => "tables",
        "AWS::S3::Bucket" => "bucket",
        "AWS::ApiGateway::Stage" => "API",
        "AWS::Scheduler::Schedule" | "AWS::Events::Rule" => "schedules",
        "AWS::SNS::Topic" => "operators",
        "AWS::SES::ConfigurationSet" => "mail events",
        "AWS::StepFunctions::StateMachine" => "state machine",
        _ => return None,
    })
}

impl Inspection<'_> {
    async fn look(&self, about: &'static str, one: &DeployedResource) -> Found {
        match one.kind.as_str() {
            "AWS::Lambda::Function" => self.function(about, one).await,
            "AWS::Lambda::EventSourceMapping" => self.event_source(about, one).await,
            "AWS::SQS::Queue" => self.queue(about, one).await,
            "AWS::DynamoDB::Table" => self.table(about, one).await,
            "AWS::S3::Bucket" => self.bucket(about, one).await,
            "AWS::ApiGateway::Stage" => self.stage(about, one).await,
            "AWS::Scheduler::Schedule" => self.schedule(about, one).await,
            "AWS::Events::Rule" => self.rule(about, one).await,
            "AWS::SNS::Topic" => self.subscriptions(about, one).await,
            "AWS::SES::ConfigurationSet" => self.mail_events(about, one).await,
            "AWS::StepFunctions::StateMachine" => self.state_machine(about, one).await,
            _ => Ok(Vec::new()),
        }
    }

    /// The check of a resource that was deleted, though CloudFormation lists it. A deployment does not make it again, since
    /// CloudFormation only compares templates.
    fn gone(&self, about: &'static str, one: &DeployedResource, again: &str) -> Check {
        let what = format!("{} is gone: there is no {}", one.name, one.id);
        let docs = "\"A missing resource\" in docs/operations/deploy.md";
        let advice = if again.is_empty() {
            format!("See {docs}.")
        } else {
            format!("Make it again: {again}; see {docs}.")
        };
        Check::wrong(about, what, advice)
    }
}

/// The findings of each kind, in the order of the kinds.
fn summarise(results: Vec<(&'static str, Found)>) -> Vec<Check> {
    let mut order: Vec<&'static str> = Vec::new();
    for (about, _) in &results {
        if !order.contains(about) {
            order.push(about);
        }
    }
    let mut checks = Vec::new();
    for about in order {
        let of_kind = || results.iter().filter(|(one, _)| *one == about);
        let number = of_kind().count();
        let (mut found, mut unread) = (Vec::new(), Vec::new());
        for (_, result) in of_kind() {
            match result {
                Ok(some) => found.extend(some.iter()),
                Err(error) => unread.push(error.to_string()),
            }
        }
        if let Some(first) = unread.first() {
            let told = format!("{} of {number} could not be read: {first}", unread.len());
            checks.push(Check::note(about, told, ""));
        } else if found.iter().all(|check| check.verdict == CheckResult::Note) {
            let told = if number == 1 {
                "as in the template".into()
            } else {
                format!("{number} as in the template")
            };
            checks.push(Check::good(about, told));
        }
        checks.extend(found.into_iter().cloned());
    }
    checks
}
