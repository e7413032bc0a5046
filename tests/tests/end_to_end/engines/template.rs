//! infra/template.yaml on moto: a stack is created, updated and deleted, and protected tables stay.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Write as _};

use end_to_end::{binaries, repository};
use serde_json::Value;

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
    create_from(moto, &packaged(moto), base)
}

fn create_from(moto: &Moto, template: &str, base: &str) -> BTreeMap<String, String> {
    let parameters = [("EndpointUrl", moto.endpoint.as_str()), ("BaseUrl", base)];
    change(moto, "create-stack", template, &parameters).unwrap();
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
async fn a_stack_is_created_updated_and_deleted_and_its_protected_tables_are_not() {
    let Some(moto) = Moto::start("protected").await else {
        return;
    };
    let (template, base) = (packaged(&moto), "https://ca.example.com");
    let created = create_from(&moto, &template, base);
    let tables = TABLES.map(|table| created[table].as_str());

    assert_eq!(environment(&moto, "sign")["COUNTERSIGN_LOG"], "info");
    let parameters = [("EndpointUrl", moto.endpoint.as_str()), ("BaseUrl", base), ("LogLevel", "debug")];
    change(&moto, "update-stack", &template, &parameters).unwrap();
    assert_eq!(described(&moto)["StackStatus"], "UPDATE_COMPLETE");
    assert_eq!(environment(&moto, "sign")["COUNTERSIGN_LOG"], "debug");
    assert_eq!(outputs(&moto), created, "an update of a parameter replaces nothing");

    let described = |table| moto.try_aws(&["dynamodb", "describe-table", "--table-name", table]);
    for table in tables {
        let refused = moto.try_aws(&["dynamodb", "delete-table", "--table-name", table]).unwrap_err();
        assert!(refused.contains("DeletionProtectionEnabled"), "{refused}");
        assert_eq!(described(table).unwrap()["Table"]["TableStatus"], "ACTIVE");
        moto.aws(&["dynamodb", "update-table", "--table-name", table, "--no-deletion-protection-enabled"]);
    }
    moto.succeed(&["destroy", "--yes"]);
    let gone = moto.try_aws(&["cloudformation", "describe-stacks", "--stack-name", STACK]).unwrap_err();
    assert!(gone.contains("does not exist"), "{gone}");
    // moto does not know the policy RetainExceptOnCreate: it deletes what AWS keeps, unless that is protected.
    assert!(described(tables[0]).unwrap_err().contains("ResourceNotFoundException"));

    let again = create_from(&moto, &template, base);
    let destroyed = moto.countersign(&["destroy", "--yes"]);
    let told = String::from_utf8_lossy(&destroyed.stderr).into_owned();
    assert!(!destroyed.status.success() && told.contains("DeletionProtectionEnabled"), "{told}");
    for table in TABLES {
        assert_eq!(described(&again[table]).unwrap()["Table"]["TableStatus"], "ACTIVE", "{table}");
    }
}
