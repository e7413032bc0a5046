//! The Lambda function of the schedule.

use std::sync::Arc;

use housekeeping::{Housekeeping, Report};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use workflow::ports::SystemClock;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    workflow::runtime::log::start(env!("CARGO_CRATE_NAME"));
    let worker = &workflow::runtime::lambda::configured(|aws| {
        Ok(Housekeeping {
            requests: aws.requests()?,
            executions: aws.executions()?,
            revocation_executions: aws.revocation_executions()?,
            approval_queue: aws.approval_queue()?,
            issuers: aws.issuers()?,
            lists: aws.lists()?,
            sign_queue: aws.sign_queue()?,
            standing: aws.standing_approvals()?,
            names: aws.names()?,
            policies: aws.policies()?,
            notify_queue: aws.notify_queue()?,
            metrics: aws.metrics()?,
            clock: Arc::new(SystemClock),
        })
    })?;
    lambda_runtime::run(service_fn(move |_: LambdaEvent<serde_json::Value>| async move {
        Ok::<Report, Error>(worker.run().await)
    }))
    .await
}
