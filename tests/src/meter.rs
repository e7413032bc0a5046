//! What one request uses of AWS: a proxy between the workers and the emulator that counts the calls, and what DynamoDB would
//! charge for them.
//!
//! Units are those of the on-demand pricing: a write of up to 1 KB is one, twice that in a transaction; a consistent read of up
//! to 4 KB is one, any other half of one. Each index that has the item takes a write of its own, and two where its key
//! changes. <https://aws.amazon.com/dynamodb/pricing/on-demand/>
//! An item counts as its attribute names and values, as JSON without the type tags, which is within some percent of what
//! DynamoDB counts.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

/// The keys of the indexes of the table of requests: infra/template.yaml.
const INDEXES: [(&str, &[&str]); 5] = [
    ("byStatus", &["status", "registrationDate"]),
    ("byEmail", &["email", "registrationDate"]),
    ("bySerial", &["serial"]),
    ("byPublicKey", &["publicKeyDigest", "registrationDate"]),
    ("byExpiry", &["status", "notAfter"]),
];

/// What was used so far.
#[derive(Clone, Debug, Default)]
pub struct Used {
    /// Calls by service and operation.
    pub calls: BTreeMap<String, u64>,
    /// DynamoDB write request units of the tables.
    pub table_writes: f64,
    /// DynamoDB write request units of the indexes.
    pub index_writes: f64,
    /// DynamoDB read request units.
    pub reads: f64,
    /// Bytes that are kept in tables and indexes, of rows as they were last and of everything that was put.
    pub stored: f64,
}

/// The running proxy; it ends with the runtime.
pub struct Meter {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    upstream: Box<dyn Fn() -> Option<String> + Send + Sync>,
    http: reqwest::Client,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    used: Used,
    /// The keys of the indexes as each row had them last.
    rows: HashMap<String, (BTreeMap<String, String>, f64)>,
}

impl Meter {
    /// Starts one. `upstream` says where the emulator is; it is asked for each call.
    pub async fn start(upstream: impl Fn() -> Option<String> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let state = Arc::new(State { upstream: Box::new(upstream), http, seen: Mutex::default() });
        let serving = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&serving);
                tokio::spawn(async move {
                    let answer = service_fn(|request: Request<Incoming>| {
                        let state = Arc::clone(&state);
                        async move { Ok::<_, Infallible>(state.forward(request).await) }
                    });
                    let serving = hyper::server::conn::http1::Builder::new();
                    let _ = serving.serve_connection(TokioIo::new(stream), answer).await;
                });
            }
        });
        Self { address, state }
    }

    /// For `--aws-by-way-of`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was used so far.
    pub fn used(&self) -> Used {
        self.state.seen.lock().unwrap().used.clone()
    }
}

impl State {
    async fn forward(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let operation = operation(&parts);
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut headers = parts.headers;
        for name in ["content-length", "transfer-encoding", "connection"] {
            headers.remove(name);
        }
        let upstream = (self.upstream)().unwrap_or_default();
        let call = self.http.request(parts.method, format!("{upstream}{path}")).headers(headers);
        let answered = async {
            let answer = call.body(body.clone()).send().await?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            Ok::<_, reqwest::Error>((status, headers, answer.bytes().await?))
        };
        let Ok((status, headers, answer)) = answered.await else {
            let mut failed = Response::new(Full::default());
            *failed.status_mut() = hyper::StatusCode::BAD_GATEWAY;
            return failed;
        };
        self.seen.lock().unwrap().count(operation, &body, &answer);
        let mut response = Response::builder().status(status);
        for (name, value) in &headers {
            if !["content-length", "transfer-encoding", "connection"].contains(&name.as_str()) {
                response = response.header(name, value);
            }
        }
        response.body(Full::new(answer)).unwrap()
    }
}

/// `DynamoDB GetItem`, `S3 PUT`.
fn operation(parts: &hyper::http::request::Parts) -> String {
    let target = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    match target.and_then(|target| target.split_once('.')) {
        Some((service, operation)) => {
            let service = service.split('_').next().unwrap_or(service);
            format!("{} {operation}", service.trim_start_matches("Amazon"))
        }
        None => format!("S3 {}", parts.method),
    }
}

impl Seen {
    fn count(&mut self, operation: String, body: &[u8], answer: &[u8]) {
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        match operation.as_str() {
            "DynamoDB GetItem" | "DynamoDB Query" | "DynamoDB BatchGetItem" => {
                let consistent = json["ConsistentRead"] == true;
                let blocks = (answer.len() as f64 / 4_096.0).ceil().max(1.0);
                self.used.reads += if consistent { blocks } else { blocks / 2.0 };
            }
            "DynamoDB PutItem" | "DynamoDB UpdateItem" => self.write(&json, 1.0),
            "DynamoDB TransactWriteItems" => {
                for write in json["TransactItems"].as_array().into_iter().flatten() {
                    write.as_object().into_iter().flat_map(|write| write.values()).for_each(|write| {
                        self.write(write, 2.0);
                    });
                }
            }
            "DynamoDB BatchWriteItem" => {
                for write in json["RequestItems"].as_object().into_iter().flat_map(|tables| tables.values()) {
                    for put in write.as_array().into_iter().flatten() {
                        self.write(&put["PutRequest"], 1.0);
                    }
                }
            }
            _ => {}
        }
        *self.used.calls.entry(operation).or_default() += 1;
    }

    /// One item that is put, or updated in all its columns, as the workers do.
    fn write(&mut self, write: &Value, times: f64) {
        let item = item(write);
        let bytes: usize = item.iter().map(|(name, value)| name.len() + size(value)).sum();
        let units = (bytes as f64 / 1_024.0).ceil().max(1.0);
        self.used.table_writes += units * times;
        // Only the table of requests has indexes.
        if !item.contains_key("csrContent") {
            // Of the other tables, only what is put anew adds to what is kept.
            self.used.stored += if write["Item"].is_object() { bytes as f64 } else { 0.0 };
            return;
        }
        let text = |name: &str| item.get(name).map(|value| value.to_string());
        let id = text("id").unwrap_or_default();
        let (before, kept) = self.rows.remove(&id).unwrap_or_default();
        let mut now = BTreeMap::new();
        for (index, columns) in INDEXES {
            if let Some(key) = columns.iter().map(|column| text(column)).collect::<Option<Vec<_>>>() {
                let key = key.join(" ");
                let moved = before.get(index).is_some_and(|before| *before != key);
                self.used.index_writes += if moved { 2.0 * units } else { units };
                now.insert(index.to_owned(), key);
            }
        }
        let keeps = bytes as f64 * (1.0 + now.len() as f64);
        self.used.stored += keeps - kept;
        self.rows.insert(id, (now, keeps));
    }
}

/// The columns that a write sets, by name.
fn item(write: &Value) -> HashMap<String, Value> {
    let columns = |columns: &Value| -> HashMap<String, Value> {
        let columns = columns.as_object().into_iter().flatten();
        columns.map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    let mut item = columns(&write["Item"]);
    item.extend(columns(&write["Key"]));
    for (name, column) in columns(&write["ExpressionAttributeNames"]) {
        let value = &write["ExpressionAttributeValues"][name.replacen('#', ":", 1)];
        if let (Some(column), false) = (column.as_str(), value.is_null()) {
            item.insert(column.to_owned(), value.clone());
        }
    }
    item
}

/// The bytes of a value without the tags of its types.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(values) => 3 + values.iter().map(|value| 1 + size(value)).sum::<usize>(),
        Value::Object(fields) => match fields.iter().next() {
            Some((tag, value))
                if fields.len() == 1 && ["S", "N", "B", "L", "BOOL", "NULL"].contains(&tag.as_str()) =>
            {
                size(value)
            }
            Some((tag, Value::Object(map))) if fields.len() == 1 && tag == "M" => {
                3 + map.iter().map(|(name, value)| 1 + name.len() + size(value)).sum::<usize>()
            }
            _ => fields.iter().map(|(name, value)| name.len() + size(value)).sum(),
        },
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_that_changes_its_status_is_written_twice_into_the_index_by_status() {
        let mut seen = Seen::default();
        let row = |status: &str| {
            let item = json!({
                "id": { "S": "i" }, "csrContent": { "S": "c" }, "status": { "S": status },
                "email": { "S": "e" }, "registrationDate": { "S": "d" },
            });
            json!({ "TransactItems": [{ "Put": { "Item": item } }] }).to_string()
        };
        seen.count("DynamoDB TransactWriteItems".into(), row("submitted").as_bytes(), b"");
        assert_eq!((seen.used.table_writes, seen.used.index_writes), (2.0, 2.0));
        seen.count("DynamoDB TransactWriteItems".into(), row("approved").as_bytes(), b"");
        assert_eq!((seen.used.table_writes, seen.used.index_writes), (4.0, 5.0));
    }

    #[test]
    fn an_update_counts_as_the_row_it_writes() {
        let update = json!({
            "Key": { "id": { "S": "i" } },
            "ExpressionAttributeNames": { "#c0": "comment", "#version": "version" },
            "ExpressionAttributeValues": { ":c0": { "S": "x".repeat(1_100) }, ":version": { "N": "1" } },
        });
        assert_eq!(item(&update).len(), 3);
        let mut seen = Seen::default();
        seen.count("DynamoDB UpdateItem".into(), update.to_string().as_bytes(), b"");
        assert_eq!((seen.used.table_writes, seen.used.index_writes), (2.0, 0.0));
    }
}
