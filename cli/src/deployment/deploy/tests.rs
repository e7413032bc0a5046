use super::super::artefacts::cargo_lambda_arguments;
use super::*;
use crate::aws_cli::scripted::ScriptedAws;

#[test]
fn workers_are_built_as_packages_for_the_processor_that_is_deployed() {
    assert_eq!(
        cargo_lambda_arguments("sign", Processor::Arm64),
        ["lambda", "build", "--release", "--arm64", "--package", "sign"]
    );
    assert!(cargo_lambda_arguments("sign", Processor::X86).contains(&"--x86-64"));
    let repository = checkout::repository();
    for name in build::names(&repository).unwrap() {
        let manifest = repository.join("workers").join(&name).join("Cargo.toml");
        let manifest: toml::Table = std::fs::read_to_string(manifest).unwrap().parse().unwrap();
        assert_eq!(manifest["package"]["name"].as_str(), Some(name.as_str()));
    }
}

#[test]
fn the_change_set_is_found_in_what_the_command_line_says() {
    let said = "\nWaiting for changeset to be created..\nChangeset created successfully. Run the following command to review changes:\naws cloudformation describe-change-set --change-set-name arn:aws:cloudformation:eu-central-1:1:changeSet/x/y\n";
    assert_eq!(change_set_of(said).as_deref(), Some("arn:aws:cloudformation:eu-central-1:1:changeSet/x/y"));
    assert_eq!(change_set_of("No changes to deploy. Stack ca is up to date"), None);
}

const CHANGE_SET: &str = "arn:aws:cloudformation:eu-central-1:1:changeSet/x/y";

fn target() -> DeploymentTarget {
    DeploymentTarget { stack: "ca".into(), region: None, endpoint_url: None }
}

fn named(others: &[(&str, &str)]) -> Parameters {
    let others = others.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Parameters { mail_from: None, operators_email: None, others, yes_few_environments: false }
}

fn prepared(aws: &ScriptedAws, is_new: bool, protect_later: bool) -> Prepared {
    Prepared {
        aws: aws.cli(),
        repository: checkout::repository(),
        upload: Upload { packaged: "packaged.yaml".into(), bucket: "artefacts".into() },
        change_set: Some(CHANGE_SET.into()),
        parameters: ParameterChanges::default(),
        is_new,
        protect_later,
    }
}

/// A stack whose change sets succeed; `switch` is the answer about its termination protection.
fn changing(described: &str, switch: &str) -> ScriptedAws {
    let changeset = format!("Changeset created successfully: {CHANGE_SET}");
    ScriptedAws::new(&[
        ("cloudformation describe-change-set", &[r#"{"Changes":[]}"#]),
        ("cloudformation execute-change-set", &[""]),
        ("cloudformation wait", &[""]),
        ("cloudformation deploy --no-execute-changeset", &[&changeset]),
        ("cloudformation describe-stacks", &[described]),
        ("cloudformation update-termination-protection", &[switch]),
    ])
}

#[tokio::test]
async fn a_new_stack_is_protected_once_it_is_there() {
    let aws = changing(r#"{"Stacks":[{"EnableTerminationProtection":false,"Outputs":[]}]}"#, "");
    change_stack(&prepared(&aws, true, true), &target(), true).await.unwrap();
    let created = aws.position("wait stack-create-complete");
    let protected = aws.position("--parameter-overrides DeletionProtection=true");
    let carried_out = aws.position("wait stack-update-complete");
    let switched = aws.position("--enable-termination-protection --stack-name ca");
    assert!(created < protected && protected < carried_out && carried_out < switched, "{:#?}", aws.calls());
}

#[tokio::test]
async fn a_stack_that_is_protected_is_not_protected_again() {
    let aws = changing(r#"{"Stacks":[{"EnableTerminationProtection":true}]}"#, "");
    change_stack(&prepared(&aws, false, false), &target(), true).await.unwrap();
    assert!(!aws.called("DeletionProtection"), "{:#?}", aws.calls());
    assert!(!aws.called("termination-protection"), "{:#?}", aws.calls());
}

#[tokio::test]
async fn a_stack_that_could_not_be_protected_is_told_as_deployed() {
    let denied = "error:An error occurred (AccessDenied) when calling x: User: y is not authorized to perform: cloudformation:UpdateTerminationProtection on z";
    let aws = changing(r#"{"Stacks":[{"EnableTerminationProtection":false}]}"#, denied);
    let failed = change_stack(&prepared(&aws, true, true), &target(), true).await;
    let told = failed.unwrap_err().to_string();
    assert!(told.starts_with("the stack ca is deployed, but not protected against deletion yet"), "{told}");
    assert!(told.contains("may not cloudformation:UpdateTerminationProtection"), "{told}");
    assert!(told.contains("Run countersign deploy again"), "{told}");
}

#[test]
fn tables_are_protected_later_now_or_as_they_are() {
    let ready = |protection: &str, stack: bool| {
        StackStatus::Ready(serde_json::json!({
            "Parameters": [{ "ParameterKey": PROTECTION, "ParameterValue": protection }],
            "EnableTerminationProtection": stack,
        }))
    };
    let of = TableProtection::of;
    assert_eq!(of(&StackStatus::Absent, &named(&[])), TableProtection::Later);
    assert_eq!(of(&StackStatus::Absent, &named(&[(PROTECTION, "true")])), TableProtection::Later);
    assert_eq!(of(&StackStatus::Absent, &named(&[(PROTECTION, "false")])), TableProtection::AsItIs);
    assert_eq!(of(&ready("false", false), &named(&[])), TableProtection::Now);
    assert_eq!(of(&ready("false", true), &named(&[])), TableProtection::AsItIs);
    assert_eq!(of(&ready("false", false), &named(&[(PROTECTION, "false")])), TableProtection::AsItIs);
    assert_eq!(of(&ready("true", false), &named(&[])), TableProtection::AsItIs);
    let mut overrides = vec!["DeletionProtection=true".to_owned(), "MailFrom=a@b".to_owned()];
    TableProtection::Later.apply(&mut overrides);
    assert_eq!(overrides, ["MailFrom=a@b", "DeletionProtection=false"]);
}

#[tokio::test]
async fn a_bucket_that_cannot_be_used_is_told_apart_from_other_failures() {
    let failed = async |error: &str| {
        let aws = ScriptedAws::new(&[("s3api head-bucket", &[error])]);
        ensure_bucket(&aws.cli(), "artefacts", "eu-central-1", false).await.unwrap_err().to_string()
    };
    let forbidden = "error:An error occurred (403) when calling the HeadBucket operation: Forbidden";
    assert!(failed(forbidden).await.contains("belongs to another account, or these credentials lack"));
    let expired = "error:An error occurred (ExpiredToken) when calling the HeadBucket operation: x";
    assert!(failed(expired).await.contains("credentials have expired"));
}
