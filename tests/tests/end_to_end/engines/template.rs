//! infra/template.yaml on moto: a stack is created, updated and deleted, and protected tables stay.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Write as _};

use end_to_end::{binaries, repository};
use serde_json::{Value, json};

use super::server::Moto;

/// The name of the stack.
pub(super) const STACK: &str = "second";
const ARTIFACTS: &str = "artifacts";
const TABLES: [&str; 4] = ["CertificatesTable", "ApprovalsTable", "AuditTable", "NamesTable"];

/// Uploads what the template names, and returns the file of the template that names what was uploaded.
fn packaged(moto: &Moto) -> String {
    moto.aws(&["s3api", "create-bucket", "--bucket", ARTIFACTS]);
    let upload = |key: &str, body: &str| {
        moto.aws(&["s3api", "put-object", "--bucket", ARTIFACTS, "--key", key, "--body", body]);
    };
    // moto stores the code and does not run it.
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(b"not run").unwrap();
    let code = moto.folder.join("code.zip");
    fs::write(&code, zip.finish().unwrap().into_inner()).unwrap();
    upload("code.zip", &code.display().to_string());
    upload("definition.json", &repository().join("statemachine.asl.json").display().to_string());
    let mut template = fs::read_to_string(repository().join("infra/template.yaml")).unwrap();
    template = template.replace("../statemachine.asl.json", &format!("s3://{ARTIFACTS}/definition.json"));
    for worker in binaries().keys() {
        template =
            template.replace(&format!("../target/lambda/{worker}/"), &format!("s3://{ARTIFACTS}/code.zip"));
    }
    assert!(!template.contains("../"), "something of the template is not uploaded");
    let file = moto.folder.join("template.yaml");
    fs::write(&file, template).unwrap();
    format!("file://{}", file.display())
}

/// Runs `create-stack` or `update-stack` with these parameters.
fn change(moto: &Moto, command: &str, template: &str, parameters: &[(&str, &str)]) -> Result<Value, String> {
    let parameters: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("ParameterKey={name},ParameterValue={value}"))
        .collect();
    let mut arguments = vec!["cloudformation", command, "--stack-name", STACK, "--template-body", template];
    arguments.extend(["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--parameters"]);
    arguments.extend(parameters.iter().map(String::as_str));
    moto.try_aws(&arguments)
}

fn described(moto: &Moto) -> Value {
    moto.aws(&["cloudformation", "describe-stacks", "--stack-name", STACK])["Stacks"][0].clone()
}

/// Outputs of the stack.
fn outputs(moto: &Moto) -> BTreeMap<String, String> {
    let described = described(moto);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = described["Outputs"].as_array().unwrap().iter();
    all.map(|one| (text(&one["OutputKey"]), text(&one["OutputValue"]))).collect()
}

/// Creates the stack, whose portal is at `base`, and returns its outputs.
pub(super) fn create(moto: &Moto, base: &str) -> BTreeMap<String, String> {
    let parameters = [("EndpointUrl", moto.endpoint.as_str()), ("BaseUrl", base)];
    change(moto, "create-stack", &packaged(moto), &parameters).unwrap();
    assert_eq!(described(moto)["StackStatus"], "CREATE_COMPLETE");
    outputs(moto)
}

/// The environment of a function.
fn environment(moto: &Moto, worker: &str) -> Value {
    let name = format!("{STACK}-{worker}");
    let read = ["lambda", "get-function-configuration", "--function-name", &name];
    moto.aws(&read)["Environment"]["Variables"].clone()
}

#[tokio::test]
async fn a_stack_whose_tables_are_protected_is_updated_and_not_deleted() {
    let Some(moto) = Moto::start("protected").await else {
        return;
    };
    let base = "https://ca.example.com";
    let outputs = create(&moto, base);
    let tables = TABLES.map(|table| outputs[table].as_str());
    for table in tables {
        let told = moto.try_aws(&["dynamodb", "delete-table", "--table-name", table]).unwrap_err();
        assert!(told.contains("deletion protection"), "{told}");
    }

    assert_eq!(environment(&moto, "sign")["COUNTERSIGN_LOG"], "info");
    let row = json!({ "id": { "S": "kept" }, "status": { "S": "delivered" } }).to_string();
    moto.aws(&["dynamodb", "put-item", "--table-name", tables[0], "--item", &row]);
    let template = format!("file://{}", moto.folder.join("template.yaml").display());
    let parameters = [("EndpointUrl", moto.endpoint.as_str()), ("BaseUrl", base), ("LogLevel", "debug")];
    change(&moto, "update-stack", &template, &parameters).unwrap();
    assert_eq!(described(&moto)["StackStatus"], "UPDATE_COMPLETE");
    assert_eq!(environment(&moto, "sign")["COUNTERSIGN_LOG"], "debug");
    assert_eq!(self::outputs(&moto), outputs, "an update of a parameter replaces nothing");

    // moto's CloudFormation does not know the policy RetainExceptOnCreate: only the protection keeps the tables.
    let destroyed = moto.countersign(&["destroy", "--yes", "--with-live-certificates"]);
    let told = String::from_utf8_lossy(&destroyed.stderr).into_owned();
    assert!(!destroyed.status.success() && told.contains("deletion protection"), "{told}");
    let key = json!({ "id": { "S": "kept" } }).to_string();
    let kept = moto.aws(&["dynamodb", "get-item", "--table-name", tables[0], "--key", &key]);
    assert_eq!(kept["Item"]["id"]["S"], "kept", "{kept}");

    for table in tables {
        moto.aws(&["dynamodb", "update-table", "--table-name", table, "--no-deletion-protection-enabled"]);
    }
    moto.succeed(&["destroy", "--yes", "--with-live-certificates"]);
    let gone = moto.try_aws(&["cloudformation", "describe-stacks", "--stack-name", STACK]).unwrap_err();
    assert!(gone.contains("does not exist"), "{gone}");
}
