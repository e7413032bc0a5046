//! The Lambda function of the state Deliver.

use std::sync::Arc;

use deliver::Deliver;
use workflow::ports::SystemClock;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    workflow::runtime::lambda::serve(|aws| {
        Ok(Deliver {
            requests: aws.requests()?,
            standing: aws.standing_approvals()?,
            certificates: aws.certificates()?,
            issuers: aws.issuers()?,
            log_files: aws.log_files()?,
            log_keys: aws.log_keys()?,
            receipts: aws.receipts()?,
            policies: aws.policies()?,
            links: aws.link_secret()?,
            mailer: aws.mailer()?,
            base_url: aws.base_url()?,
            metrics: aws.metrics()?,
            clock: Arc::new(SystemClock),
        })
    })
    .await
}
