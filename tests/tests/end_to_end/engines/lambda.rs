//! AWS Lambda and API Gateway for moto, which runs no functions: the worker binaries as processes, with the environment that
//! the template gave them, fed from the queues of their event source mappings and from HTTP.
//!
//! Invariant: each message is delivered again after it was processed once, so each worker sees each message twice. Functions
//! and servers end with [`Lambda`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use end_to_end::{ChildGuard, binaries, tcp_proxy};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, StatusCode};
use infra_tests::template::{api_resource, template};
use serde_json::{Map, Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use workflow::testing::sdk_at;

use super::server::Server;

static TEMPLATE: LazyLock<Value> = LazyLock::new(template);

/// Longest invocation: more than the time-out of every function.
const LONGEST: Duration = Duration::from_secs(120);

/// An event for a function, and where its answer goes.
struct Call {
    event: Value,
    answer: oneshot::Sender<Result<Value, String>>,
}

/// One function: a process and its Runtime API (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).
pub(super) struct Function {
    name: String,
    calls: mpsc::UnboundedSender<Call>,
    _process: ChildGuard,
}

/// State of a Runtime API. A process asks for the next event when it has answered the last one.
struct RuntimeApi {
    calls: tokio::sync::Mutex<mpsc::UnboundedReceiver<Call>>,
    current: Mutex<Option<oneshot::Sender<Result<Value, String>>>>,
}

impl RuntimeApi {
    async fn serve(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        if method == Method::GET && path.ends_with("/next") {
            let Some(call) = self.calls.lock().await.recv().await else {
                // Lambda keeps a function waiting until it ends it.
                return std::future::pending().await;
            };
            *self.current.lock().unwrap() = Some(call.answer);
            return runtime_answer(StatusCode::OK, call.event.to_string());
        }
        let text = String::from_utf8_lossy(&body).into_owned();
        let answer = match path.rsplit('/').next() {
            Some("response") => serde_json::from_slice(&body).map_err(|error| format!("{error}: {text}")),
            _ => Err(format!("{path}: {text}")),
        };
        if let Some(caller) = self.current.lock().unwrap().take() {
            let _ = caller.send(answer);
        }
        runtime_answer(StatusCode::ACCEPTED, String::new())
    }
}

fn runtime_answer(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", uuid::Uuid::new_v4().to_string())
        .header("lambda-runtime-deadline-ms", "4102444800000")
        .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:123456789012:function:any")
        .body(Full::from(body))
        .unwrap()
}

impl Function {
    /// Starts the binary with the configuration that `list-functions` shows.
    async fn start(configuration: &Value, binary: &Path, folder: &Path) -> Self {
        let name = configuration["FunctionName"].as_str().unwrap().to_owned();
        let (calls, receiver) = mpsc::unbounded_channel();
        let api = Arc::new(RuntimeApi { calls: receiver.into(), current: Mutex::default() });
        let address = tcp_proxy::listen(move |stream| {
            let api = Arc::clone(&api);
            async move { tcp_proxy::answer(stream, |request| api.serve(request)).await }
        })
        .await;
        let set = configuration["Environment"]["Variables"].as_object().unwrap();
        let mut variables: Vec<String> =
            set.iter().map(|(name, value)| format!("{name}={}", value.as_str().unwrap())).collect();
        variables.extend([
            format!("AWS_LAMBDA_RUNTIME_API={address}"),
            format!("AWS_LAMBDA_FUNCTION_NAME={name}"),
            format!("AWS_LAMBDA_FUNCTION_MEMORY_SIZE={}", configuration["MemorySize"]),
        ]);
        variables.extend(
            [
                "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
                "AWS_LAMBDA_LOG_GROUP_NAME=group",
                "AWS_LAMBDA_LOG_STREAM_NAME=stream",
                "AWS_REGION=us-east-1",
                "AWS_ACCESS_KEY_ID=test",
                "AWS_SECRET_ACCESS_KEY=test",
            ]
            .map(str::to_owned),
        );
        let program = binary.display().to_string();
        // No variable of this process reaches the function.
        let mut arguments = vec!["-i"];
        arguments.extend(variables.iter().map(String::as_str));
        arguments.push(&program);
        let log = folder.join(format!("{name}.log"));
        let process = ChildGuard::start(Path::new("/usr/bin/env"), &arguments, &log);
        Self { name, calls, _process: process }
    }

    /// Invokes the function and waits for its answer.
    pub(super) async fn invoke(&self, event: Value) -> Value {
        let (answer, answered) = oneshot::channel();
        assert!(self.calls.send(Call { event, answer }).is_ok(), "{} has ended", self.name);
        let answered = tokio::time::timeout(LONGEST, answered).await;
        let answered = answered.unwrap_or_else(|_| panic!("{} does not answer; see its log", self.name));
        answered.unwrap().unwrap_or_else(|why| panic!("{} failed: {why}", self.name))
    }
}

/// The acknowledged deliveries of each message, with its worker and its state.
pub(super) type Deliveries = Arc<Mutex<HashMap<String, Delivery>>>;

/// Acknowledged deliveries of one message.
#[derive(Clone, Debug, Default)]
pub(super) struct Delivery {
    /// Function name.
    pub(super) function: String,
    /// Body of the message.
    pub(super) body: String,
    /// Number of times that the function acknowledged it.
    pub(super) times: u32,
}

/// Polls a queue for a function, like an event source mapping.
struct EventSource {
    sqs: aws_sdk_sqs::Client,
    queue_url: String,
    queue_arn: String,
    batch_size: i32,
    function: Arc<Function>,
    deliveries: Deliveries,
}

impl EventSource {
    async fn poll(self) {
        loop {
            let received = self
                .sqs
                .receive_message()
                .queue_url(&self.queue_url)
                .max_number_of_messages(self.batch_size)
                .wait_time_seconds(1)
                .message_system_attribute_names(aws_sdk_sqs::types::MessageSystemAttributeName::All)
                .send();
            let messages = received.await.unwrap().messages.unwrap_or_default();
            if messages.is_empty() {
                continue;
            }
            let records: Vec<Value> = messages.iter().map(|message| self.record(message)).collect();
            let answer = self.function.invoke(json!({ "Records": records })).await;
            let failures = answer["batchItemFailures"].as_array().cloned().unwrap_or_default();
            let failed: BTreeSet<&str> =
                failures.iter().filter_map(|one| one["itemIdentifier"].as_str()).collect();
            for message in messages {
                // The worker has set the visibility time-out of a message that it could not process.
                if !failed.contains(message.message_id().unwrap()) {
                    self.acknowledge(message).await;
                }
            }
        }
    }

    fn record(&self, message: &aws_sdk_sqs::types::Message) -> Value {
        let attributes: Map<String, Value> = message
            .attributes()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str().to_owned(), json!(value)))
            .collect();
        assert!(attributes.contains_key("ApproximateReceiveCount"), "{attributes:?}");
        json!({
            "messageId": message.message_id(),
            "receiptHandle": message.receipt_handle(),
            "body": message.body(),
            "attributes": attributes,
            "messageAttributes": {},
            "md5OfBody": message.md5_of_body(),
            "eventSource": "aws:sqs",
            "eventSourceARN": self.queue_arn,
            "awsRegion": "us-east-1",
        })
    }

    /// Makes the message visible again after its first delivery, and deletes it after the second.
    async fn acknowledge(&self, message: aws_sdk_sqs::types::Message) {
        let times = {
            let mut deliveries = self.deliveries.lock().unwrap();
            let delivery = deliveries.entry(message.message_id.unwrap()).or_default();
            delivery.function.clone_from(&self.function.name);
            delivery.body = message.body.unwrap_or_default();
            delivery.times += 1;
            delivery.times
        };
        let (sqs, receipt) = (&self.sqs, message.receipt_handle.unwrap());
        if times == 1 {
            let again = sqs.change_message_visibility().queue_url(&self.queue_url).receipt_handle(receipt);
            again.visibility_timeout(0).send().await.unwrap();
        } else {
            sqs.delete_message().queue_url(&self.queue_url).receipt_handle(receipt).send().await.unwrap();
        }
    }
}

/// All functions of the stack.
pub(super) struct Lambda {
    functions: BTreeMap<String, Arc<Function>>,
    sources: JoinSet<()>,
    /// Messages delivered by the queues.
    pub(super) deliveries: Deliveries,
}

impl Lambda {
    /// Starts the functions that moto stores for the stack, and takes over their event source mappings.
    pub(super) async fn start(moto: &Server) -> Self {
        let (binaries, prefix) = (binaries(), format!("{}-", moto.stack));
        let listed = moto.aws(&["lambda", "list-functions"]);
        let mut functions = BTreeMap::new();
        for configuration in listed["Functions"].as_array().unwrap() {
            let name = configuration["FunctionName"].as_str().unwrap();
            // Other tests have other stacks.
            let Some(worker) = name.strip_prefix(&prefix) else { continue };
            let function = Function::start(configuration, &binaries[worker], &moto.folder).await;
            functions.insert(worker.to_owned(), Arc::new(function));
        }
        // Without a service that takes lists there is no relay.
        let wanted = binaries.keys().filter(|worker| *worker != "relay");
        assert!(functions.keys().eq(wanted), "the stack has other functions than workers/");
        let mut lambda = Self { functions, sources: JoinSet::new(), deliveries: Deliveries::default() };
        let sqs = aws_sdk_sqs::Client::new(&sdk_at(&moto.endpoint));
        let mappings = moto.aws(&["lambda", "list-event-source-mappings"]);
        for mapping in mappings["EventSourceMappings"].as_array().unwrap() {
            let text = |field: &str| mapping[field].as_str().unwrap().to_owned();
            let (queue_arn, function) = (text("EventSourceArn"), text("FunctionArn"));
            let Some(worker) = function.rsplit(':').next().unwrap().strip_prefix(&prefix) else { continue };
            assert_eq!(mapping["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]), "{mapping}");
            // moto would delete the messages of an enabled mapping without running the function.
            moto.aws(&["lambda", "update-event-source-mapping", "--uuid", &text("UUID"), "--no-enabled"]);
            let url = sqs.get_queue_url().queue_name(queue_arn.rsplit(':').next().unwrap()).send();
            let source = EventSource {
                sqs: sqs.clone(),
                queue_url: url.await.unwrap().queue_url.unwrap(),
                queue_arn,
                batch_size: i32::try_from(mapping["BatchSize"].as_i64().unwrap()).unwrap(),
                function: Arc::clone(&lambda.functions[worker]),
                deliveries: Arc::clone(&lambda.deliveries),
            };
            lambda.sources.spawn(source.poll());
        }
        lambda
    }

    /// The function of a worker.
    pub(super) fn function(&self, worker: &str) -> Arc<Function> {
        Arc::clone(&self.functions[worker])
    }

    /// Completes with a message if an event source has ended, which polls forever.
    pub(super) async fn failed(&mut self) -> String {
        match self.sources.join_next().await {
            Some(Err(error)) => format!("an event source failed: {error}"),
            _ => "an event source ended".to_owned(),
        }
    }
}

/// A REST API whose every path calls one function, on a loopback port.
pub(super) struct Gateway {
    address: SocketAddr,
    function: Arc<OnceLock<Arc<Function>>>,
}

impl Gateway {
    /// Listens; calls are answered once there is a function.
    pub(super) async fn start() -> Self {
        let function = Arc::new(OnceLock::<Arc<Function>>::new());
        let called = Arc::clone(&function);
        let address = tcp_proxy::listen(move |stream| {
            let called = Arc::clone(&called);
            async move { tcp_proxy::answer(stream, |request| proxy(&called, request)).await }
        })
        .await;
        Self { address, function }
    }

    /// The URL of the stage.
    pub(super) fn base(&self) -> String {
        format!("http://{}/live", self.address)
    }

    /// Sets the function.
    pub(super) fn integrate(&self, function: Arc<Function>) {
        assert!(self.function.set(function).is_ok(), "one function");
    }
}

/// Lambda proxy integration of a REST API.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>
async fn proxy(function: &OnceLock<Arc<Function>>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let Some(path) = parts.uri.path().strip_prefix("/live") else {
        return Response::builder().status(StatusCode::FORBIDDEN).body(Full::default()).unwrap();
    };
    let mut headers = BTreeMap::<&str, Vec<&str>>::new();
    for (name, value) in &parts.headers {
        headers.entry(name.as_str()).or_default().push(value.to_str().unwrap());
    }
    let mut query = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
        query.entry(name.into_owned()).or_default().push(value.into_owned());
    }
    let last = |values: &BTreeMap<String, Vec<String>>| -> BTreeMap<String, String> {
        values.iter().filter_map(|(name, all)| Some((name.clone(), all.last()?.clone()))).collect()
    };
    let single: BTreeMap<&str, &str> =
        headers.iter().filter_map(|(name, all)| Some((*name, *all.last()?))).collect();
    let method = parts.method.as_str();
    let resource = api_resource(&TEMPLATE, method, path);
    let event = json!({
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": single,
        "multiValueHeaders": headers,
        "queryStringParameters": last(&query),
        "multiValueQueryStringParameters": query,
        "pathParameters": { "proxy": path.trim_start_matches('/') },
        "stageVariables": null,
        "requestContext": {
            "stage": "live", "httpMethod": method, "resourcePath": resource, "accountId": "123456789012",
            "resourceId": "x", "requestId": uuid::Uuid::new_v4(), "apiId": "api",
            "identity": { "sourceIp": "127.0.0.1" },
        },
        "body": (!body.is_empty()).then(|| STANDARD.encode(&body)),
        "isBase64Encoded": !body.is_empty(),
    });
    let answer = function.get().expect("the portal is started before it is called").invoke(event).await;
    let status = u16::try_from(answer["statusCode"].as_u64().unwrap()).unwrap();
    let mut response = Response::builder().status(status);
    for (name, values) in answer["multiValueHeaders"].as_object().unwrap() {
        for value in values.as_array().unwrap() {
            response = response.header(name, value.as_str().unwrap());
        }
    }
    let text = answer["body"].as_str().unwrap_or_default();
    let body = match answer["isBase64Encoded"].as_bool() {
        Some(true) => STANDARD.decode(text).unwrap(),
        _ => text.as_bytes().to_vec(),
    };
    response.body(Full::from(body)).unwrap()
}
