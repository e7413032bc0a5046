//! The Lambda function of the states Notify*, and behind the stream of the audit trail.

use std::sync::Arc;

use notify::{Failures, Notify, Receivers};
use workflow::ports::SystemClock;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    workflow::runtime::lambda::serve_and_follow(|aws| {
        Ok(Notify {
            requests: aws.requests()?,
            standing: aws.standing_approvals()?,
            names: aws.names()?,
            policies: aws.policies()?,
            links: aws.link_secret()?,
            operators: aws.operators()?,
            mailer: aws.mailer()?,
            codes: aws.enrolment_codes()?,
            receivers: Receivers {
                queue: aws.own_queue()?,
                parameters: aws.receiver_parameters(),
                caller: aws.webhook_caller(),
                bus: aws.event_bus(),
                failures: Failures::default(),
            },
            base_url: aws.base_url()?,
            clock: Arc::new(SystemClock),
        })
    })
    .await
}
