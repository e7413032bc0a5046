//! Client of the emulator with the rights of the account's root user, past the proxy.

use serde_json::{Value, json};

use crate::Stack;

/// Client of the emulator.
#[derive(Clone)]
pub struct Root {
    http: reqwest::Client,
    endpoint: String,
    region: String,
}

/// A message of a queue.
#[derive(Clone)]
pub struct InterceptedMessage {
    /// Queue URL.
    pub queue: String,
    /// Message body.
    pub body: String,
}

impl Root {
    /// Client for this stack.
    pub fn of(stack: &Stack) -> Self {
        Self {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            endpoint: stack.endpoint("awsEndpoint").to_owned(),
            region: stack.endpoint("region").to_owned(),
        }
    }

    /// Authorization header: the emulator reads the access key and does not verify signatures.
    fn authorization(&self, service: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential=test/20260101/{}/{service}/aws4_request, SignedHeaders=host, Signature=0",
            self.region
        )
    }

    async fn sqs(&self, action: &str, body: Value) -> Option<Value> {
        self.call("sqs", &format!("AmazonSQS.{action}"), body).await
    }

    async fn states(&self, action: &str, body: Value) -> Option<Value> {
        self.call("states", &format!("AWSStepFunctions.{action}"), body).await
    }

    async fn call(&self, service: &str, target: &str, body: Value) -> Option<Value> {
        let request = self
            .http
            .post(&self.endpoint)
            .header("authorization", self.authorization(service))
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", target)
            .body(body.to_string());
        let answer = request.send().await.ok()?;
        if !answer.status().is_success() {
            return None;
        }
        serde_json::from_slice(&answer.bytes().await.ok()?).ok()
    }

    /// ARNs of the running executions, sorted.
    pub async fn running(&self, state_machine: &str) -> Vec<String> {
        let list = json!({ "stateMachineArn": state_machine, "statusFilter": "RUNNING", "maxResults": 1000 });
        let answer = self.states("ListExecutions", list).await.unwrap_or_default();
        let executions = answer["executions"].as_array().into_iter().flatten();
        let mut arns: Vec<String> =
            executions.filter_map(|one| one["executionArn"].as_str()).map(str::to_owned).collect();
        arns.sort();
        arns
    }

    /// Stops an execution. Returns true on success.
    pub async fn stop(&self, execution: &str) -> bool {
        self.states("StopExecution", json!({ "executionArn": execution })).await.is_some()
    }

    /// Starts an execution and returns its ARN.
    pub async fn execute(&self, state_machine: &str, input: &Value) -> String {
        let start = json!({ "stateMachineArn": state_machine, "input": input.to_string() });
        let answer = self.states("StartExecution", start).await.expect("the execution starts");
        answer["executionArn"].as_str().expect("it has an ARN").to_owned()
    }

    /// Description of an execution: `status`, and `startDate` and `stopDate` in seconds.
    pub async fn describe(&self, execution: &str) -> Value {
        self.states("DescribeExecution", json!({ "executionArn": execution })).await.unwrap_or_default()
    }

    /// Sets the batch size of an event source mapping.
    pub async fn batch(&self, event_source: &str, size: u32) {
        let url = format!("{}/2015-03-31/event-source-mappings/{event_source}", self.endpoint);
        let request = self.http.put(url).header("authorization", self.authorization("lambda"));
        let answer = request
            .body(json!({ "BatchSize": size }).to_string())
            .send()
            .await
            .expect("the emulator answers");
        let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert_eq!(answer["BatchSize"], size, "{answer}");
    }

    /// Receives up to ten messages of a queue; with `delete`, deletes them.
    pub async fn intercept(&self, queue: &str, delete: bool) -> Vec<InterceptedMessage> {
        let receive = json!({ "QueueUrl": queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1 });
        let answer = self.sqs("ReceiveMessage", receive).await.unwrap_or_default();
        let mut intercepted = Vec::new();
        for message in answer["Messages"].as_array().into_iter().flatten() {
            if let Some(body) = message["Body"].as_str() {
                intercepted.push(InterceptedMessage { queue: queue.to_owned(), body: body.to_owned() });
            }
            if delete {
                let receipt = json!({ "QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"] });
                self.sqs("DeleteMessage", receipt).await;
            }
        }
        intercepted
    }

    /// Sends a message with a delay in seconds. Returns true on success.
    pub async fn send(&self, message: &InterceptedMessage, delay: u64) -> bool {
        let send = json!({ "QueueUrl": message.queue, "MessageBody": message.body, "DelaySeconds": delay });
        self.sqs("SendMessage", send).await.is_some()
    }

    /// Number of messages in a queue, invisible and delayed ones included.
    pub async fn depth(&self, queue: &str) -> u64 {
        const NAMES: [&str; 3] = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ];
        let ask = json!({ "QueueUrl": queue, "AttributeNames": NAMES });
        let answer = self.sqs("GetQueueAttributes", ask).await.expect("the queue is there");
        let number =
            |name: &&str| answer["Attributes"][*name].as_str().and_then(|text| text.parse::<u64>().ok());
        NAMES.iter().filter_map(number).sum()
    }

    /// The dead-letter queues of the steps.
    pub async fn dead_letter_queues(&self) -> Vec<String> {
        let answer = self.sqs("ListQueues", json!({})).await.expect("the queues are listed");
        let urls = answer["QueueUrls"].as_array().into_iter().flatten().filter_map(Value::as_str);
        urls.filter(|url| url.contains("DeadLetters")).map(str::to_owned).collect()
    }

    /// Enables or disables an event source mapping.
    pub async fn enable(&self, event_source: &str, enabled: bool) {
        let url = format!("{}/2015-03-31/event-source-mappings/{event_source}", self.endpoint);
        let request = self.http.put(url).header("authorization", self.authorization("lambda"));
        let _ = request.body(json!({ "Enabled": enabled }).to_string()).send().await;
    }

    /// Invokes a function and waits for its answer, if any.
    pub async fn invoke(&self, function: &str) -> Option<Value> {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.endpoint);
        let request = self.http.post(url).header("authorization", self.authorization("lambda")).body("{}");
        serde_json::from_slice(&request.send().await.ok()?.bytes().await.ok()?).ok()
    }
}
