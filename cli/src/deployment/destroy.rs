//! `countersign destroy`: takes the stack away, and leaves what must outlive it.

use aws_sdk_dynamodb::types::{AttributeValue, Select};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::stack_status::{self, StackStatus};
use super::{DeploymentTarget, confirmed};
use crate::error::{CliError, OrFail as _};
use crate::progress::{ProgressStep, say};
use crate::stack::Stack;

/// `countersign destroy`.
#[derive(Debug, clap::Args)]
pub(crate) struct Destroy {
    #[command(flatten)]
    target: DeploymentTarget,
    /// Do it though certificates that it issued are still valid
    #[arg(long)]
    with_live_certificates: bool,
    /// Do it without asking
    #[arg(long)]
    yes: bool,
}

/// Runs `countersign destroy`.
pub(crate) async fn run(destroy: Destroy) -> Result<(), CliError> {
    let (target, aws) = (&destroy.target, destroy.target.aws());
    let name = &target.stack;
    let found = aws.find(&["cloudformation", "describe-stacks", "--stack-name", name]).await?;
    let found = found.filter(|found| found["Stacks"][0]["StackStatus"] != "DELETE_COMPLETE");
    let found = found.ok_or_else(|| {
        CliError::new(
            format!("there is no stack {name}"),
            "Name it with --stack, and its region with --region.",
        )
    })?;
    match StackStatus::read(name, &found["Stacks"][0]) {
        StackStatus::Ready(_) => {
            let live = live(&target.which().find().await?).await?;
            if live > 0 && !destroy.with_live_certificates {
                return Err(CliError::new(
                    format!("{live} of its certificates are still valid"),
                    "Nobody could look them up afterwards. Say --with-live-certificates where that is what you want.",
                ));
            }
        }
        // Remains of a failed attempt have issued nothing.
        StackStatus::Absent | StackStatus::NeverMade(_) | StackStatus::HalfRemoved(_) => {}
        StackStatus::Stuck(obstacle) => return Err(CliError::new(obstacle.what, obstacle.advice)),
    }
    let question = format!("Remove the stack {name}? Its tables, bucket and secrets stay.");
    confirmed(&question, destroy.yes)?;
    let resources = aws.json(&["cloudformation", "describe-stack-resources", "--stack-name", name]).await?;
    let step = ProgressStep::begin("Removing the stack");
    aws.json(&["cloudformation", "delete-stack", "--stack-name", name]).await?;
    if aws.json(&["cloudformation", "wait", "stack-delete-complete", "--stack-name", name]).await.is_err() {
        let why = stack_status::first_failure(&aws, name)
            .await
            .unwrap_or_else(|| "its events have the reason".into());
        return Err(CliError::new(
            format!("not all of the stack could be removed: {why}"),
            format!("Mend the cause, then run countersign destroy --stack {name} again."),
        ));
    }
    step.done(name);
    say(
        "What stays, because it is the record of what was issued; docs/operations/deploy.md says how to remove it too:",
    );
    for resource in resources["StackResources"].as_array().into_iter().flatten() {
        let (kind, id) = (resource["ResourceType"].as_str(), resource["PhysicalResourceId"].as_str());
        if let (Some("AWS::DynamoDB::Table" | "AWS::S3::Bucket" | "AWS::SecretsManager::Secret"), Some(id)) =
            (kind, id)
        {
            println!("{id}");
        }
    }
    println!("countersign/{name}/ca-key\n/countersign/{name}/policy");
    Ok(())
}

/// How many certificates are valid today.
async fn live(stack: &Stack) -> Result<i64, CliError> {
    let now = OffsetDateTime::now_utc().format(&Rfc3339).or_fail(|| "no time".into(), "")?;
    let client = aws_sdk_dynamodb::Client::new(&stack.sdk);
    let mut count = 0;
    for status in ["issued", "delivered"] {
        let mut pages = client
            .query()
            .table_name(&stack.requests_table)
            .index_name("byExpiry")
            .select(Select::Count)
            .key_condition_expression("#status = :status AND notAfter > :now")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":status", AttributeValue::S(status.into()))
            .expression_attribute_values(":now", AttributeValue::S(now.clone()))
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            count += i64::from(page.or_fail(|| "cannot count the certificates".into(), "")?.count);
        }
    }
    Ok(count)
}
