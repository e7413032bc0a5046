//! Dynalite, a DynamoDB in Node.js over LevelDB: a query of a table or of an index reads the range of keys that it asks for and nothing
//! else, as in DynamoDB.

use std::path::Path;
use std::time::Duration;

use end_to_end::{ChildGuard, eventually, free_port, needed, npm_package, repository};
use infra_tests::template::{of_type, template};
use serde_json::{Value, json};
use tempfile::TempDir;

const VERSION: &str = "4.0.0";
const PATIENCE: Duration = Duration::from_secs(60);

/// A running process with the tables of the template, each under its logical id.
pub(crate) struct Dynalite {
    // Ends before its folder is removed.
    _process: ChildGuard,
    _folder: TempDir,
    endpoint: String,
    http: reqwest::Client,
}

impl Dynalite {
    /// Starts a process on loopback, and creates the tables. It ends with this one, however that ends.
    pub(crate) async fn start() -> Self {
        let module = npm_package("dynalite", VERSION).expect("npm is installed");
        let [node] = needed([("node", "nodejs")]).expect("Node.js is installed");
        let folder = tempfile::tempdir_in(repository().join("target")).unwrap();
        let path = |name: &str| folder.path().join(name);
        let (program, data, port) = (module.join("cli.js"), path("data"), free_port().to_string());
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let (program, data) = (text(&program), text(&data));
        let arguments = [
            program.as_str(),
            "--host",
            "127.0.0.1",
            "--port",
            &port,
            "--path",
            &data,
            "--createTableMs",
            "0",
        ];
        let process = ChildGuard::start(&node, &arguments, &path("log"));
        let endpoint = format!("http://127.0.0.1:{port}");
        let dynalite = Self { _process: process, _folder: folder, endpoint, http: reqwest::Client::new() };
        eventually("dynalite to answer", PATIENCE, async || {
            dynalite.http.get(&dynalite.endpoint).send().await.ok()
        })
        .await;
        dynalite.create_tables().await;
        dynalite
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The tables with the keys and indexes of infra/template.yaml.
    async fn create_tables(&self) {
        for (id, resource) in of_type(&template(), "AWS::DynamoDB::Table") {
            let mut table = json!({ "TableName": id, "BillingMode": "PAY_PER_REQUEST" });
            for part in ["AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes"] {
                if let Some(definition) = resource["Properties"].get(part) {
                    table[part] = definition.clone();
                }
            }
            self.call("CreateTable", &table).await;
            eventually("the table to be there", PATIENCE, async || {
                let described = self.call("DescribeTable", &json!({ "TableName": id })).await;
                (described["Table"]["TableStatus"] == "ACTIVE").then_some(())
            })
            .await;
        }
    }

    /// Stores a row, given as plain JSON.
    pub(crate) async fn put(&self, table: &str, row: &Value) {
        let Value::Object(columns) = row else { panic!("a row has columns") };
        let item: Value = columns
            .iter()
            .map(|(name, value)| (name.clone(), attribute(value)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        self.call("PutItem", &json!({ "TableName": table, "Item": item })).await;
    }

    async fn call(&self, operation: &str, body: &Value) -> Value {
        // Dynalite wants a signature and does not check it.
        let answer = self
            .http
            .post(&self.endpoint)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("x-amz-date", "20260101T000000Z")
            .header("authorization", "AWS4-HMAC-SHA256 Credential=x, SignedHeaders=x, Signature=x")
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{operation}: {text}");
        serde_json::from_str(&text).unwrap()
    }
}

/// A value as DynamoDB writes it.
fn attribute(value: &Value) -> Value {
    match value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(flag) => json!({ "BOOL": flag }),
        Value::Number(number) => json!({ "N": number.to_string() }),
        Value::String(text) => json!({ "S": text }),
        Value::Array(all) => json!({ "L": all.iter().map(attribute).collect::<Vec<_>>() }),
        Value::Object(all) => {
            let all = all.iter().map(|(name, value)| (name.clone(), attribute(value)));
            json!({ "M": all.collect::<serde_json::Map<_, _>>() })
        }
    }
}
