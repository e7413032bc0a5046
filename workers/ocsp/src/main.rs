//! The Lambda function behind the OCSP address in certificates.

use std::sync::Arc;

use lambda_http::{Request, service_fn};
use workflow::ocsp::OcspService;
use workflow::ports::SystemClock;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    workflow::runtime::log::start(env!("CARGO_CRATE_NAME"));
    let service = &workflow::runtime::lambda::configured(|aws| {
        Ok(OcspService::new(
            aws.issuers()?,
            aws.responders()?,
            aws.certificates()?,
            aws.revocations()?,
            Arc::new(SystemClock),
        ))
    })?;
    let answer =
        |request: Request| async move { Ok::<_, lambda_http::Error>(ocsp::answer(service, request).await) };
    lambda_http::run(service_fn(answer)).await
}
