//! The Lambda function of the web front.

use std::sync::Arc;

use lambda_http::tower::ServiceExt;
use portal::{Portal, gateway};
use workflow::ports::SystemClock;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    workflow::runtime::log::start(env!("CARGO_CRATE_NAME"));
    let portal = workflow::runtime::lambda::configured(|aws| {
        Ok(Portal {
            requests: aws.requests()?,
            names: aws.names()?,
            standing: aws.standing_approvals()?,
            approvals: aws.approvals()?,
            certificates: aws.certificates()?,
            issuers: aws.issuers()?,
            receipts: aws.receipts()?,
            trails: aws.trails()?,
            lists: aws.lists()?,
            history: aws.execution_history(),
            policies: aws.policies()?,
            links: aws.link_secret()?,
            base_url: aws.base_url()?,
            executions: aws.executions()?,
            revocation_executions: aws.revocation_executions()?,
            approval_queue: aws.approval_queue()?,
            notify_queue: aws.notify_queue()?,
            sign_queue: aws.sign_queue()?,
            people: aws.people()?,
            provider: aws.identity_provider(),
            metrics: aws.metrics()?,
            clock: Arc::new(SystemClock),
        })
    })?;
    let service = ServiceExt::<lambda_http::Request>::map_response(portal.router(), gateway::Answer);
    lambda_http::run(service).await
}
