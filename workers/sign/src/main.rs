//! The Lambda function of the states Sign and PublishCrl.

use std::sync::Arc;

use sign::Sign;
use workflow::ports::SystemClock;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    workflow::runtime::lambda::serve(|aws| {
        Ok(Sign {
            requests: aws.requests()?,
            standing: aws.standing_approvals()?,
            standing_ends: aws.standing_ends()?,
            policies: aws.policies()?,
            certificates: aws.certificates()?,
            names: aws.names()?,
            issuers: aws.signing_issuers()?,
            revocations: aws.revocations()?,
            lists: aws.lists()?,
            responders: aws.responders()?,
            people: aws.people_writer()?,
            provider: aws.identity_provider(),
            base_url: aws.base_url()?,
            publication_url: aws.publication_url()?,
            clock: Arc::new(SystemClock),
        })
    })
    .await
}
