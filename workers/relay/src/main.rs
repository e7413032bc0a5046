//! The Lambda function behind the queue of S3's events.

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use relay::Relay;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    workflow::runtime::log::start(env!("CARGO_CRATE_NAME"));
    let worker = &workflow::runtime::lambda::configured(|aws| {
        Ok(Relay {
            files: aws.list_files()?,
            trust_anchor: aws.trust_anchor(),
            trust_store: aws.trust_store()?,
        })
    })?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(worker.batch(event.payload).await)
    }))
    .await
}
