//! The Lambda function behind the ACME directory.

use std::sync::Arc;

use acme::filing::ExtensionFiling;
use acme::intake::StandingRequests;
use acme::{AcmeServer, FinalizeWait};
use aws_lc_rs::rand::SystemRandom;
use lambda_http::{Request, service_fn};
use workflow::acme::OrderLimits;
use workflow::ports::SystemClock;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    workflow::runtime::log::start(env!("CARGO_CRATE_NAME"));
    let server = &workflow::runtime::lambda::configured(|aws| {
        let clock = Arc::new(SystemClock);
        let intake = Arc::new(StandingRequests {
            requests: aws.requests()?,
            standing: aws.standing_approvals()?,
            policies: aws.policies()?,
            issuers: aws.issuers()?,
            executions: aws.executions()?,
            notify_queue: aws.notify_queue()?,
            links: aws.link_secret()?,
            people: aws.people()?,
            base_url: aws.base_url()?,
            clock: clock.clone(),
        });
        let store = aws.acme()?;
        Ok(AcmeServer {
            base_url: aws.base_url()?,
            store: store.clone(),
            standing: intake.standing.clone(),
            requests: intake.requests.clone(),
            certificates: aws.certificates()?,
            issuers: intake.issuers.clone(),
            receipts: aws.receipts()?,
            policies: intake.policies.clone(),
            links: intake.links.clone(),
            revocation_executions: aws.revocation_executions()?,
            extensions: Some(Arc::new(ExtensionFiling { requests: intake.clone(), store })),
            intake,
            limits: OrderLimits::DEFAULT,
            wait: FinalizeWait::DEFAULT,
            random: Arc::new(SystemRandom::new()),
            clock,
        })
    })?;
    let answer =
        |request: Request| async move { Ok::<_, lambda_http::Error>(acme::answer(server, request).await) };
    lambda_http::run(service_fn(answer)).await
}
