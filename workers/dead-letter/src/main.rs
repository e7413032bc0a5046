//! The Lambda function behind the dead-letter queue.

use aws_lambda_events::event::sqs::SqsEvent;
use dead_letter::DeadLetter;
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    workflow::runtime::log::start(env!("CARGO_CRATE_NAME"));
    let worker = &workflow::runtime::lambda::configured(|aws| Ok(DeadLetter { tasks: aws.tasks() }))?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(worker.batch(event.payload).await)
    }))
    .await
}
