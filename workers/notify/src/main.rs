//! The Lambda function of the states Notify*.

use std::sync::Arc;

use notify::Notify;
use workflow::ports::SystemClock;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    workflow::runtime::lambda::serve(|aws| {
        Ok(Notify {
            requests: aws.requests()?,
            names: aws.names()?,
            policies: aws.policies()?,
            links: aws.link_secret()?,
            operators: aws.operators()?,
            mailer: aws.mailer()?,
            codes: aws.enrolment_codes()?,
            base_url: aws.base_url()?,
            clock: Arc::new(SystemClock),
        })
    })
    .await
}
