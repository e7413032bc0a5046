//! A worker for every state that only reports success: the reference for the time of state machine, queues and runtime.

use async_trait::async_trait;
use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use workflow::aws::Aws;
use workflow::runtime::lambda::Shell;
use workflow::runtime::step::{NoInput, Progress, Step, StepError, Task};

struct Idle;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Validate,
    Persist,
    NotifyReceived,
    AwaitApproval,
    Sign,
    Deliver,
}

workflow::wire_names!(State: "state" {
    Validate => "Validate",
    Persist => "Persist",
    NotifyReceived => "NotifyReceived",
    AwaitApproval => "AwaitApproval",
    Sign => "Sign",
    Deliver => "Deliver",
});

#[async_trait]
impl Step for Idle {
    type State = State;
    type Input = NoInput;
    type Output = Value;

    async fn run(&self, task: Task<State, NoInput>) -> Result<Progress<Value>, StepError> {
        // Output that later states read (statemachine.asl.json).
        Ok(Progress::Done(match task.state {
            State::Validate => json!({ "csrDigest": "none" }),
            State::AwaitApproval => json!({ "outcome": "approved" }),
            State::Persist | State::NotifyReceived | State::Sign | State::Deliver => json!({}),
        }))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    workflow::runtime::log::start(env!("CARGO_CRATE_NAME"));
    // It replaces other workers and ignores their variables.
    let aws = Aws::of_process();
    let shell = &Shell { step: Idle, tasks: aws.tasks(), queue: aws.queue()?, max_receives: 3 };
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(shell.batch(event.payload).await)
    }))
    .await
}
