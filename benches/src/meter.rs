//! Usage of AWS by a request: a proxy between the workers and the emulator that counts calls and units of DynamoDB.
//!
//! Units of the on-demand pricing (<https://aws.amazon.com/dynamodb/pricing/on-demand/>): a write is one unit for
//! each 1 KB, doubled in a transaction; a consistent read is one unit for each 4 KB, any other read half of it. An
//! index with the item takes one write, or two if its key changes. The size of an item is estimated as JSON without
//! type tags, accurate to some percent.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::{Request, Response};
use serde_json::Value;

use end_to_end::tcp_proxy::{self, Emulator};

/// Keys of the indexes of the table of requests (infra/template.yaml).
const INDEXES: [(&str, &[&str]); 6] = [
    ("byStatus", &["status", "registrationDate"]),
    ("byEmail", &["email", "registrationDate"]),
    ("bySerial", &["serial"]),
    ("byPublicKey", &["publicKeyDigest", "registrationDate"]),
    ("byExpiry", &["status", "notAfter"]),
    ("byUntold", &["untold", "registrationDate"]),
];

/// Usage.
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
    /// Bytes stored in tables and indexes: the latest rows, and every new item.
    pub stored: f64,
}

/// The running proxy; it ends with the runtime.
pub struct Meter {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    used: Used,
    /// Latest index keys of each row.
    rows: HashMap<String, (BTreeMap<String, String>, f64)>,
}

impl Meter {
    /// Starts a proxy in front of the emulator of the stack in `folder`.
    pub async fn start(folder: &Path) -> Self {
        let (seen, emulator) = (Arc::new(Mutex::new(Seen::default())), Arc::new(Emulator::of(folder)));
        let counting = Arc::clone(&seen);
        let address = tcp_proxy::listen(move |stream| {
            let (seen, emulator) = (Arc::clone(&counting), Arc::clone(&emulator));
            async move { tcp_proxy::answer(stream, |request| count(&seen, &emulator, request)).await }
        })
        .await;
        Self { address, seen }
    }

    /// URL for `--aws-by-way-of`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Usage so far.
    pub fn used(&self) -> Used {
        self.seen.lock().unwrap().used.clone()
    }
}

/// Forwards a call, and counts it if it is answered.
async fn count(seen: &Mutex<Seen>, emulator: &Emulator, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let operation = operation(&parts);
    let Some(answer) = emulator.call(parts, body.clone()).await else {
        return tcp_proxy::unanswered();
    };
    let size = answer.body().size_hint().lower();
    seen.lock().unwrap().count(operation, &body, size);
    answer
}

/// Service and operation, such as `DynamoDB GetItem` or `S3 PUT`.
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
    fn count(&mut self, operation: String, body: &[u8], answer_bytes: u64) {
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        match operation.as_str() {
            "DynamoDB GetItem" | "DynamoDB Query" | "DynamoDB BatchGetItem" => {
                let consistent = json["ConsistentRead"] == true;
                let blocks = (answer_bytes as f64 / 4_096.0).ceil().max(1.0);
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

    /// Counts one write. Workers put items, or update all their columns.
    fn write(&mut self, write: &Value, times: f64) {
        let item = item(write);
        let bytes: usize = item.iter().map(|(name, value)| name.len() + size(value)).sum();
        let units = (bytes as f64 / 1_024.0).ceil().max(1.0);
        self.used.table_writes += units * times;
        // Only the table of requests has indexes.
        if !item.contains_key("csrContent") {
            // In other tables, only new items add to the stored bytes.
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

/// Size in bytes of a value without its type tags.
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
        seen.count("DynamoDB TransactWriteItems".into(), row("submitted").as_bytes(), 0);
        assert_eq!((seen.used.table_writes, seen.used.index_writes), (2.0, 2.0));
        seen.count("DynamoDB TransactWriteItems".into(), row("approved").as_bytes(), 0);
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
        seen.count("DynamoDB UpdateItem".into(), update.to_string().as_bytes(), 0);
        assert_eq!((seen.used.table_writes, seen.used.index_writes), (2.0, 0.0));
    }
}
