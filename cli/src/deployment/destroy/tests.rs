use super::*;
use crate::aws_cli::scripted::ScriptedAws;

const FAST: Pace = Pace { at_once: 1, pause: Duration::ZERO, rounds: 3 };
const READY: &str = r#"{"Stacks":[{"StackStatus":"CREATE_COMPLETE","Description":"Countersign, a CA",
    "Outputs":[{"OutputKey":"CertificatesTable","OutputValue":"ca-table"}]}]}"#;
const RESOURCES: &str = r#"{"StackResourceSummaries":[
    {"LogicalResourceId":"StateMachine","PhysicalResourceId":"arn:machine","ResourceType":"AWS::StepFunctions::StateMachine"},
    {"LogicalResourceId":"HousekeepingTimer","PhysicalResourceId":"ca-timer","ResourceType":"AWS::Scheduler::Schedule"},
    {"LogicalResourceId":"CertificatesTable","PhysicalResourceId":"ca-table","ResourceType":"AWS::DynamoDB::Table"}]}"#;
const SCHEDULE: &str = r#"{"Name":"ca-timer","State":"ENABLED","Arn":"a","CreationDate":"c",
    "ScheduleExpression":"rate(5 minutes)","Target":{"Arn":"arn:housekeeping"}}"#;
const TWO: &str = r#"{"executions":[{"executionArn":"arn:one"},{"executionArn":"arn:two"}]}"#;
const NONE: &str = r#"{"executions":[]}"#;
const THROTTLED: &str =
    "error:An error occurred (ThrottlingException) when calling the StopExecution operation: Rate exceeded";

fn stack(executions: &[&str], stopped: &[&str], live: &str) -> ScriptedAws {
    ScriptedAws::new(&[
        ("cloudformation describe-stacks", &[READY]),
        ("cloudformation list-stack-resources", &[RESOURCES]),
        ("dynamodb query", &[live]),
        ("stepfunctions list-executions", executions),
        ("scheduler get-schedule", &[SCHEDULE]),
        ("scheduler update-schedule", &[""]),
        ("stepfunctions stop-execution", stopped),
        ("cloudformation delete-stack", &[""]),
        ("cloudformation wait", &[""]),
    ])
}

fn destroy(with_open_requests: bool) -> Destroy {
    let target = DeploymentTarget { stack: "ca".into(), region: None, endpoint_url: None };
    Destroy { target, with_live_certificates: false, with_open_requests, yes: true }
}

#[tokio::test]
async fn a_stack_with_open_requests_is_left_alone_unless_told() {
    let aws = stack(&[TWO], &[""], r#"{"Count":0}"#);
    let told = remove(&aws.cli(), &destroy(false), &FAST).await.unwrap_err().to_string();
    assert!(told.starts_with("2 requests of the stack are open"), "{told}");
    assert!(told.contains("neither a certificate nor an e-mail"), "{told}");
    assert!(told.contains("--with-open-requests"), "{told}");
    for change in ["update-schedule", "stop-execution", "delete-stack"] {
        assert!(!aws.called(change), "{:#?}", aws.calls());
    }
}

#[tokio::test]
async fn executions_are_stopped_before_the_stack_is_deleted() {
    // Counted; listed; one of them started again; none.
    let one = r#"{"executions":[{"executionArn":"arn:three"}]}"#;
    let aws = stack(&[TWO, TWO, one, NONE], &["", THROTTLED, THROTTLED, "", ""], r#"{"Count":0}"#);
    remove(&aws.cli(), &destroy(true), &FAST).await.unwrap();
    let off = aws.position("scheduler update-schedule");
    let calls = aws.calls();
    assert!(calls[off].contains(r#""State":"DISABLED""#), "{}", calls[off]);
    assert!(calls[off].contains("rate(5 minutes)"), "{}", calls[off]);
    assert!(!calls[off].contains("CreationDate"), "{}", calls[off]);
    assert!(off < aws.position("stop-execution --execution-arn arn:one"));
    let last = aws.position("stop-execution --execution-arn arn:three");
    assert!(last < aws.position("delete-stack"));
    let of_two = calls.iter().filter(|call| call.contains("--execution-arn arn:two")).count();
    assert_eq!(of_two, 3, "a throttled call is repeated: {calls:#?}");
    assert!(!calls.iter().any(|call| call.contains("ENABLED")), "{calls:#?}");
}

#[tokio::test]
async fn housekeeping_goes_on_where_executions_cannot_be_stopped() {
    let denied = "error:An error occurred (AccessDeniedException) when calling the StopExecution operation: User: x is not authorized to perform: states:StopExecution on resource: y";
    let aws = stack(&[TWO], &[denied], r#"{"Count":0}"#);
    let told = remove(&aws.cli(), &destroy(true), &FAST).await.unwrap_err().to_string();
    assert!(told.contains("may not states:StopExecution"), "{told}");
    assert!(told.contains("The stack is still there; housekeeping runs as before"), "{told}");
    assert!(aws.calls().last().unwrap().contains(r#""State":"ENABLED""#), "{:#?}", aws.calls());
    assert!(!aws.called("delete-stack"));
    let endless = stack(&[TWO], &[""], r#"{"Count":0}"#);
    let told = remove(&endless.cli(), &destroy(true), &FAST).await.unwrap_err().to_string();
    assert!(told.contains("executions go on although they were stopped"), "{told}");
}

#[tokio::test]
async fn valid_certificates_are_counted_first() {
    let aws = stack(&[NONE], &[""], r#"{"Count":2}"#);
    let told = remove(&aws.cli(), &destroy(true), &FAST).await.unwrap_err().to_string();
    assert!(told.starts_with("4 of its certificates are still valid"), "{told}");
    assert!(told.contains("--with-live-certificates"), "{told}");
    assert!(!aws.called("delete-stack"));
}

const NEVER_MADE: &str = r#"{"Stacks":[{"StackStatus":"ROLLBACK_FAILED","Description":"Countersign, a CA",
    "EnableTerminationProtection":true}]}"#;
const REMAINS: &str = r#"{"StackResourceSummaries":[
    {"LogicalResourceId":"CertificatesTable","PhysicalResourceId":"ca-table","ResourceType":"AWS::DynamoDB::Table","ResourceStatus":"DELETE_FAILED"},
    {"LogicalResourceId":"AuditTable","PhysicalResourceId":"gone","ResourceType":"AWS::DynamoDB::Table","ResourceStatus":"DELETE_COMPLETE"}]}"#;

fn never_made(rows: &str, waits: &[&str]) -> ScriptedAws {
    ScriptedAws::new(&[
        ("cloudformation describe-stacks", &[NEVER_MADE]),
        ("cloudformation list-stack-resources", &[REMAINS]),
        ("dynamodb scan --table-name ca-table", &[rows]),
        ("cloudformation update-termination-protection", &[""]),
        ("dynamodb update-table --table-name ca-table --no-deletion-protection-enabled", &[""]),
        ("cloudformation delete-stack", &[""]),
        ("cloudformation wait", waits),
        (
            "cloudformation describe-stack-events",
            &[r#"{"StackEvents":[{"ResourceStatus":"DELETE_FAILED","ResourceType":"AWS::DynamoDB::Table",
            "LogicalResourceId":"CertificatesTable","ResourceStatusReason":"no"}]}"#],
        ),
        ("dynamodb describe-table", &["error:ResourceNotFoundException"]),
    ])
}

#[tokio::test]
async fn the_tables_of_a_stack_that_was_never_made_are_unprotected_and_go_with_it() {
    let aws = never_made(r#"{"Count":0}"#, &[""]);
    remove(&aws.cli(), &destroy(false), &FAST).await.unwrap();
    let delete = aws.position("delete-stack");
    assert!(aws.position("--no-enable-termination-protection --stack-name ca") < delete);
    assert!(aws.position("update-table --table-name ca-table --no-deletion-protection-enabled") < delete);
    assert!(!aws.called("FORCE_DELETE_STACK"), "{:#?}", aws.calls());
    assert!(!aws.called("gone"), "a table that is gone is left out: {:#?}", aws.calls());
}

#[tokio::test]
async fn the_last_resort_is_taken_after_a_failed_deletion_only() {
    let aws = never_made(r#"{"Count":0}"#, &["error:Waiter StackDeleteComplete failed", ""]);
    remove(&aws.cli(), &destroy(false), &FAST).await.unwrap();
    assert!(aws.position("cloudformation wait") < aws.position("--deletion-mode FORCE_DELETE_STACK"));
}

#[tokio::test]
async fn a_table_with_rows_is_never_unprotected() {
    let aws = never_made(r#"{"Count":1}"#, &[""]);
    let told = remove(&aws.cli(), &destroy(false), &FAST).await.unwrap_err().to_string();
    assert!(told.contains("the table ca-table has rows"), "{told}");
    for change in ["update-table", "delete-stack", "termination-protection"] {
        assert!(!aws.called(change), "{:#?}", aws.calls());
    }
}

#[tokio::test]
async fn what_a_stack_leaves_outside_of_it_is_named() {
    let aws = ScriptedAws::new(&[
        ("describe-secret --secret-id countersign/ca/root-key", &["{}"]),
        ("describe-secret", &["error:ResourceNotFoundException"]),
        (
            "kms list-aliases",
            &[r#"{"Aliases":[{"AliasName":"alias/countersign-ca-ca","TargetKeyId":"k1"},
            {"AliasName":"alias/countersign-ca-ca/0123","TargetKeyId":"k0"},
            {"AliasName":"alias/countersign-ca-two-ca","TargetKeyId":"other"},{"AliasName":"alias/aws/s3"}]}"#],
        ),
        (
            "--log-group-name-prefix /aws/lambda/ca-",
            &[r#"{"logGroups":[{"logGroupName":"/aws/lambda/ca-sign"}]}"#],
        ),
        ("logs describe-log-groups", &["error:AccessDenied"]),
        ("head-bucket --bucket countersign-artefacts-1-eu-central-1", &["{}"]),
    ]);
    let described = json!({ "StackId": "arn:aws:cloudformation:eu-central-1:1:stack/ca/x" });
    let left = left_outside(&aws.cli(), "ca", &described).await;
    assert_eq!(
        left,
        [
            "/countersign/ca/policy",
            "/countersign/ca/log/key",
            "countersign/ca/root-key",
            "alias/countersign-ca-ca, the KMS key k1: $1 a month",
            "alias/countersign-ca-ca/0123, the KMS key k0: $1 a month",
            "/aws/lambda/ca-sign",
            "countersign-artefacts-1-eu-central-1, the packages of every stack in this account and region",
        ]
    );
}
