//! Usage of AWS by a request: a proxy between the workers and the emulator that counts calls and units of DynamoDB.
//!
//! Units of the on-demand pricing (<https://aws.amazon.com/dynamodb/pricing/on-demand/>): a write is one unit for
//! each 1 KB, doubled in a transaction; a consistent read is one unit for each 4 KB, any other read half of it. An
//! index takes one write of the columns that it has, two if its key changes, and none if these columns stay. Stored
//! items have 100 bytes of DynamoDB's own. The size of an item is estimated as JSON without type tags, accurate to some
//! percent.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::{Request, Response};
use serde_json::Value;

use end_to_end::tcp_proxy::{self, Emulator};

/// Bytes that DynamoDB adds to each stored item of a table or of an index.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
const ITEM_OVERHEAD: f64 = 100.0;

/// An index of the table of requests.
struct Index {
    name: String,
    /// Partition key and sort key.
    key: Vec<String>,
    /// The columns of its entries; `None` for whole rows.
    columns: Option<Vec<String>>,
}

/// The indexes of infra/template.yaml.
fn indexes() -> Vec<Index> {
    let template = infra_tests::template::template();
    let table = infra_tests::template::properties(&template, "CertificatesTable");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let names = |values: &Value| values.as_array().into_iter().flatten().map(text).collect::<Vec<_>>();
    let index = |index: &Value| {
        let key: Vec<String> = index["KeySchema"]
            .as_array()
            .unwrap()
            .iter()
            .map(|column| text(&column["AttributeName"]))
            .collect();
        let projection = &index["Projection"];
        let mut columns = [key.clone(), names(&projection["NonKeyAttributes"])].concat();
        columns.push("id".to_owned());
        let whole = projection["ProjectionType"] == "ALL";
        Index { name: text(&index["IndexName"]), key, columns: (!whole).then_some(columns) }
    };
    table["GlobalSecondaryIndexes"].as_array().unwrap().iter().map(index).collect()
}

/// An entry of an index.
#[derive(Clone, PartialEq)]
struct Entry {
    /// Values of the key columns.
    key: Vec<String>,
    columns: BTreeMap<String, Value>,
}

impl Entry {
    /// The entry of a row; `None` if the row lacks a key column.
    fn of(index: &Index, row: &HashMap<String, Value>) -> Option<Self> {
        let key = index.key.iter().map(|column| row.get(column).map(ToString::to_string));
        let is_projected =
            |name: &String| index.columns.as_ref().is_none_or(|columns| columns.contains(name));
        let columns = row.iter().filter(|(name, _)| is_projected(name));
        Some(Self {
            key: key.collect::<Option<_>>()?,
            columns: columns.map(|(name, value)| (name.clone(), value.clone())).collect(),
        })
    }

    fn bytes(&self) -> f64 {
        self.columns.iter().map(|(name, value)| name.len() + size(value)).sum::<usize>() as f64
    }

    fn units(&self) -> f64 {
        (self.bytes() / 1_024.0).ceil().max(1.0)
    }
}

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
    /// Write request units by partition of an index: name of the index, value of the key.
    pub partitions: BTreeMap<(String, String), f64>,
    /// Bytes of the last entry in the index by status.
    pub listed_bytes: f64,
}

/// The running proxy; it ends with the runtime.
pub struct Meter {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

struct Seen {
    used: Used,
    indexes: Vec<Index>,
    /// Latest index entries of each row by index, and bytes stored for it.
    rows: HashMap<String, (BTreeMap<String, Entry>, f64)>,
}

impl Default for Seen {
    fn default() -> Self {
        Self { used: Used::default(), indexes: indexes(), rows: HashMap::new() }
    }
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
            self.used.stored += if write["Item"].is_object() { bytes as f64 + ITEM_OVERHEAD } else { 0.0 };
            return;
        }
        let id = item.get("id").map(ToString::to_string).unwrap_or_default();
        let (mut before, kept) = self.rows.remove(&id).unwrap_or_default();
        let mut now = BTreeMap::new();
        let mut keeps = bytes as f64 + ITEM_OVERHEAD;
        for index in &self.indexes {
            let mut write = |entry: &Entry| {
                let units = entry.units();
                self.used.index_writes += units;
                let partition = (index.name.clone(), entry.key[0].clone());
                *self.used.partitions.entry(partition).or_default() += units;
            };
            let (was, is) = (before.remove(&index.name), Entry::of(index, &item));
            if let Some(was) = was.as_ref().filter(|was| is.as_ref().is_none_or(|is| is.key != was.key)) {
                write(was);
            }
            let Some(is) = is else { continue };
            if was.as_ref() != Some(&is) {
                write(&is);
            }
            if index.name == "byStatus" {
                self.used.listed_bytes = is.bytes();
            }
            keeps += is.bytes() + ITEM_OVERHEAD;
            now.insert(index.name.clone(), is);
        }
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
        // Out of one partition and into another, and the new status into the index by address.
        assert_eq!((seen.used.table_writes, seen.used.index_writes), (4.0, 5.0));
        let of = |status: &str| {
            let status = json!({ "S": status }).to_string();
            seen.used.partitions[&("byStatus".to_owned(), status)]
        };
        assert_eq!((of("submitted"), of("approved")), (2.0, 1.0));
    }

    #[test]
    fn a_column_that_no_index_has_is_written_into_none() {
        let mut seen = Seen::default();
        for comment in ["one", "another"] {
            let item = json!({
                "id": { "S": "i" }, "csrContent": { "S": "c".repeat(9_000) }, "status": { "S": "submitted" },
                "email": { "S": "e" }, "registrationDate": { "S": "d" }, "comment": { "S": comment },
            });
            let put = json!({ "TransactItems": [{ "Put": { "Item": item } }] }).to_string();
            seen.count("DynamoDB TransactWriteItems".into(), put.as_bytes(), 0);
        }
        assert_eq!((seen.used.table_writes, seen.used.index_writes), (36.0, 2.0));
        assert!(seen.used.listed_bytes < 100.0, "{}", seen.used.listed_bytes);
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
