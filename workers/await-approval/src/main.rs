//! The Lambda function of the state AwaitApproval.

use std::sync::Arc;

use await_approval::AwaitApproval;
use workflow::ports::SystemClock;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    workflow::runtime::lambda::serve(|aws| {
        Ok(AwaitApproval {
            requests: aws.requests()?,
            names: aws.names()?,
            approvals: aws.approvals()?,
            policies: aws.policies()?,
            issuers: aws.issuers()?,
            tasks: aws.tasks(),
            notify_queue: aws.notify_queue()?,
            mailer: aws.mailer()?,
            base_url: aws.base_url()?,
            metrics: aws.metrics()?,
            clock: Arc::new(SystemClock),
        })
    })
    .await
}
