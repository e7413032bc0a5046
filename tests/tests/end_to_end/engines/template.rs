//! infra/template.yaml on engines that keep protected tables: creation, update, deletion, and a creation that fails.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Write as _};

use end_to_end::{PATIENCE, binaries, eventually, repository};
use serde_json::Value;

use super::server::Server;

const ARTIFACTS: &str = "artifacts";
const TABLES: [&str; 8] = [
    "CertificatesTable",
    "ApprovalsTable",
    "AuditTable",
    "NamesTable",
    "RevocationsTable",
    "PeopleTable",
    "GrantsTable",
    "AcmeTable",
];

/// Uploads what the template names, and the template with these further resources, and returns its URL.
fn packaged(engine: &Server, resources: &str) -> String {
    engine.aws(&["s3api", "create-bucket", "--bucket", ARTIFACTS]);
    let upload = |key: &str, body: &str| {
        engine.aws(&["s3api", "put-object", "--bucket", ARTIFACTS, "--key", key, "--body", body]);
    };
    // moto stores the code and does not run it.
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(b"not run").unwrap();
    let code = engine.folder.join("code.zip");
    fs::write(&code, zip.finish().unwrap().into_inner()).unwrap();
    upload("code.zip", &code.display().to_string());
    let mut template = without_relay(&fs::read_to_string(repository().join("infra/template.yaml")).unwrap());
    for definition in ["statemachine.asl.json", "infra/revocation.asl.json"] {
        let key = definition.replace('/', "-");
        upload(&key, &repository().join(definition).display().to_string());
        template = template.replace(&format!("../{definition}"), &format!("s3://{ARTIFACTS}/{key}"));
    }
    for worker in binaries().keys() {
        template =
            template.replace(&format!("../target/lambda/{worker}/"), &format!("s3://{ARTIFACTS}/code.zip"));
    }
    assert!(!template.contains("../"), "something of the template is not uploaded");
    template = template.replacen("\nResources:\n", &format!("\nResources:\n{resources}"), 1);
    let file = engine.folder.join("template.yaml");
    fs::write(&file, template).unwrap();
    upload("template.yaml", &file.display().to_string());
    // moto reads the bucket from the path for this host only.
    format!("{}/{ARTIFACTS}/template.yaml", engine.endpoint.replace("127.0.0.1", "localhost"))
}

/// The template without the resources and the output of relay, whose condition is false: moto's update
/// resolves their references nevertheless, and fails.
fn without_relay(template: &str) -> String {
    let mut is_relay = false;
    let mut kept = String::new();
    for line in template.lines() {
        let begins = line.strip_prefix("  ").unwrap_or(line);
        if !begins.starts_with([' ', '#']) && !begins.is_empty() {
            is_relay = line.starts_with("  Relay") && !line.starts_with("  RelaysLists");
        }
        if !is_relay {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    assert!(kept.len() + 4_000 < template.len() && kept.contains("RelaysLists:"), "relay is a few resources");
    kept
}

/// Runs `create-stack` or `update-stack` with these parameters.
fn change(
    engine: &Server,
    command: &str,
    template: &str,
    parameters: &[(&str, &str)],
) -> Result<Value, String> {
    let parameters: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("ParameterKey={name},ParameterValue={value}"))
        .collect();
    let mut arguments =
        vec!["cloudformation", command, "--stack-name", engine.stack, "--template-url", template];
    arguments.extend(["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--parameters"]);
    arguments.extend(parameters.iter().map(String::as_str));
    engine.try_aws(&arguments)
}

fn described(engine: &Server) -> Value {
    engine.aws(&["cloudformation", "describe-stacks", "--stack-name", engine.stack])["Stacks"][0].clone()
}

/// Outputs of the stack.
fn outputs(engine: &Server) -> BTreeMap<String, String> {
    let described = described(engine);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = described["Outputs"].as_array().unwrap().iter();
    all.map(|one| (text(&one["OutputKey"]), text(&one["OutputValue"]))).collect()
}

/// Creates the stack, whose portal is at `base`, and returns its outputs.
pub(super) fn create(engine: &Server, base: &str) -> BTreeMap<String, String> {
    create_from(engine, &packaged(engine, ""), base)
}

fn create_from(engine: &Server, template: &str, base: &str) -> BTreeMap<String, String> {
    let parameters = [("EndpointUrl", engine.endpoint.as_str()), ("BaseUrl", base)];
    change(engine, "create-stack", template, &parameters).unwrap();
    assert_eq!(described(engine)["StackStatus"], "CREATE_COMPLETE");
    outputs(engine)
}

/// The environment of a function.
fn environment(engine: &Server, worker: &str) -> Value {
    let name = format!("{}-{worker}", engine.stack);
    let read = ["lambda", "get-function-configuration", "--function-name", &name];
    engine.aws(&read)["Environment"]["Variables"].clone()
}

#[tokio::test]
async fn a_stack_is_created_updated_and_deleted_and_its_protected_tables_are_not() {
    let Some(engine) = Server::moto("protected").await else {
        return;
    };
    let (template, base) = (packaged(&engine, ""), "https://ca.example.com");
    let created = create_from(&engine, &template, base);
    let tables = TABLES.map(|table| created[table].as_str());

    assert_eq!(environment(&engine, "sign")["COUNTERSIGN_LOG"], "info");
    let parameters = [("EndpointUrl", engine.endpoint.as_str()), ("BaseUrl", base), ("LogLevel", "debug")];
    change(&engine, "update-stack", &template, &parameters).unwrap();
    assert_eq!(described(&engine)["StackStatus"], "UPDATE_COMPLETE");
    assert_eq!(environment(&engine, "sign")["COUNTERSIGN_LOG"], "debug");
    assert_eq!(outputs(&engine), created, "an update of a parameter replaces nothing");

    let described = |table| engine.try_aws(&["dynamodb", "describe-table", "--table-name", table]);
    for table in tables {
        let refused = engine.try_aws(&["dynamodb", "delete-table", "--table-name", table]).unwrap_err();
        assert!(refused.contains("DeletionProtectionEnabled"), "{refused}");
        assert_eq!(described(table).unwrap()["Table"]["TableStatus"], "ACTIVE");
        engine.aws(&["dynamodb", "update-table", "--table-name", table, "--no-deletion-protection-enabled"]);
    }
    engine.succeed(&["destroy", "--yes"]);
    let gone =
        engine.try_aws(&["cloudformation", "describe-stacks", "--stack-name", engine.stack]).unwrap_err();
    assert!(gone.contains("does not exist"), "{gone}");
    // moto does not know the policy RetainExceptOnCreate: it deletes what AWS keeps, unless that is protected.
    assert!(described(tables[0]).unwrap_err().contains("ResourceNotFoundException"));

    let again = create_from(&engine, &template, base);
    let destroyed = engine.countersign(&["destroy", "--yes"]);
    let told = String::from_utf8_lossy(&destroyed.stderr).into_owned();
    assert!(!destroyed.status.success() && told.contains("DeletionProtectionEnabled"), "{told}");
    for table in TABLES {
        assert_eq!(described(&again[table]).unwrap()["Table"]["TableStatus"], "ACTIVE", "{table}");
    }
}

#[tokio::test]
async fn a_first_deployment_that_fails_leaves_its_protected_tables_and_can_be_destroyed() {
    let Some(engine) = Server::emulator("rollback").await else {
        return;
    };
    let failing = format!(
        "  Handle: {{ Type: 'AWS::CloudFormation::WaitConditionHandle' }}\n  Wait:\n    \
         Type: AWS::CloudFormation::WaitCondition\n    DependsOn: [{}]\n    \
         Properties: {{ Handle: !Ref Handle, Timeout: 1 }}\n",
        TABLES.join(", ")
    );
    let template = packaged(&engine, &failing);
    let parameters = [("EndpointUrl", engine.endpoint.as_str())];
    change(&engine, "create-stack", &template, &parameters).unwrap();
    eventually("the creation to be taken back", PATIENCE, async || {
        let status = described(&engine)["StackStatus"].as_str().unwrap().to_owned();
        assert!(
            ["CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_FAILED"].contains(&&*status),
            "{status}"
        );
        (status == "ROLLBACK_FAILED").then_some(())
    })
    .await;

    let deployed = engine.countersign(&["deploy", "--yes", "--mail-from", "ca@example.com"]);
    let told = String::from_utf8_lossy(&deployed.stderr).into_owned();
    assert!(!deployed.status.success(), "{told}");
    assert!(
        told.contains("was never made") && told.contains("countersign destroy --stack rollback"),
        "{told}"
    );
    engine.succeed(&["destroy", "--yes"]);

    let left = engine.aws(&["dynamodb", "list-tables"])["TableNames"].clone();
    let left: Vec<&str> = left.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(left.len(), TABLES.len(), "{left:?}");
    // The way of docs/operations/backup.md.
    for table in left {
        let delete = ["dynamodb", "delete-table", "--table-name", table];
        assert!(engine.try_aws(&delete).unwrap_err().contains("protect"), "{table}");
        engine.aws(&["dynamodb", "update-table", "--table-name", table, "--no-deletion-protection-enabled"]);
        engine.aws(&delete);
    }
}
