//! The Lambda function of the states Persist and Record*.

use std::sync::Arc;

use persist::Persist;
use workflow::ports::SystemClock;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    workflow::runtime::lambda::serve(|aws| {
        Ok(Persist {
            requests: aws.requests()?,
            names: aws.names()?,
            policies: aws.policies()?,
            issuers: aws.issuers()?,
            certificates: aws.certificates()?,
            compromised_keys: aws.compromised_keys()?,
            revocations: aws.revocation_writer()?,
            metrics: aws.metrics()?,
            clock: Arc::new(SystemClock),
        })
    })
    .await
}
