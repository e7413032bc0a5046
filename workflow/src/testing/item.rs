//! Rows in the JSON of DynamoDB's API, as the command `aws dynamodb` takes it.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// The columns of a row, with these further ones.
///
/// # Panics
/// If the row is no map.
pub fn item(row: &impl Serialize, further: &[(&str, &str)]) -> Value {
    let Ok(Value::Object(mut columns)) = serde_json::to_value(row) else { panic!("a row is a map") };
    columns.extend(further.iter().map(|(name, text)| ((*name).to_owned(), Value::from(*text))));
    members(&columns)
}

/// A value in the wire format of DynamoDB.
pub fn attribute(value: &Value) -> Value {
    match value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(value) => json!({ "BOOL": value }),
        Value::Number(number) => json!({ "N": number.to_string() }),
        Value::String(text) => json!({ "S": text }),
        Value::Array(all) => json!({ "L": all.iter().map(attribute).collect::<Vec<_>>() }),
        Value::Object(all) => json!({ "M": members(all) }),
    }
}

fn members(columns: &Map<String, Value>) -> Value {
    columns.iter().map(|(name, value)| (name.clone(), attribute(value))).collect::<Map<_, _>>().into()
}
