//! A worker for every state that reports success and does nothing else: what the state machine, the queues and the shell
//! take by themselves.

use async_trait::async_trait;
use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use workflow::aws::Aws;
use workflow::runtime::lambda::Shell;
use workflow::runtime::step::{NoInput, Progress, Step, StepError, Task};

struct Idle;

#[async_trait]
impl Step for Idle {
    const STATES: &'static [&'static str] =
        &["Validate", "Persist", "NotifyReceived", "AwaitApproval", "Sign", "Deliver"];
    type Input = NoInput;
    type Output = Value;

    async fn run(&self, task: Task<NoInput>) -> Result<Progress<Value>, StepError> {
        // What later states read of earlier ones (statemachine.asl.json).
        Ok(Progress::Done(match task.state.as_str() {
            "Validate" => json!({ "csrDigest": "none" }),
            "AwaitApproval" => json!({ "outcome": "approved" }),
            _ => json!({}),
        }))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    workflow::runtime::log::start(env!("CARGO_CRATE_NAME"));
    // It takes the place of other workers, with variables that it does not read.
    let aws = Aws::of_process();
    let shell = &Shell { step: Idle, tasks: aws.tasks(), queue: aws.queue()?, max_receives: 3 };
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(shell.batch(event.payload).await)
    }))
    .await
}
