//! Each fault put into the answers about a stack that is as it should be.

use serde_json::{Value, json};

use super::*;
use crate::aws_cli::scripted::ScriptedAws;

const GONE: &str = "error:An error occurred (ResourceNotFoundException) when calling x: not there";
const DENIED: &str = "error:An error occurred (AccessDenied) when calling x: User: y is not authorized to perform: sqs:GetQueueAttributes on z";

/// One resource of each kind that is checked.
fn stack() -> DeployedStack {
    let resources = json!({
        "SignFunction": { "Properties": {
            "Timeout": 30, "MemorySize": 512, "Architectures": ["arm64"], "Role": { "Fn::GetAtt": ["SignRole", "Arn"] },
            "Environment": { "Variables": { "COUNTERSIGN_BUCKET": { "Ref": "Bucket" }, "COUNTERSIGN_ARN": { "Fn::GetAtt": "Unknown.Id" } } },
        } },
        "Source": { "Properties": {
            "BatchSize": 10, "ScalingConfig": { "MaximumConcurrency": 5 }, "FunctionResponseTypes": ["ReportBatchItemFailures"],
        } },
        "SignQueue": { "Properties": {
            "VisibilityTimeout": { "Ref": "VisibilityTimeout" },
            "RedrivePolicy": { "deadLetterTargetArn": { "Fn::GetAtt": "DeadLetters.Arn" }, "maxReceiveCount": 8 },
        } },
        "DeadLetters": { "Properties": { "VisibilityTimeout": 180 } },
        "CertificatesTable": { "Properties": { "DeletionProtectionEnabled": true } },
        "Bucket": { "Properties": { "PublicAccessBlockConfiguration": { "BlockPublicAcls": true, "BlockPublicPolicy": true } } },
        "Api": { "Properties": {} },
        "ApiDeployment": { "Properties": {} },
        "ApiStage": { "Properties": { "RestApiId": { "Ref": "Api" }, "DeploymentId": { "Ref": "ApiDeployment" } } },
        "Timer": { "Properties": { "ScheduleExpression": "rate(5 minutes)" } },
        "ExecutionEnded": { "Properties": {} },
        "OperatorsTopic": { "Properties": {} },
        "MailEventsSet": { "Properties": {} },
        "StateMachine": { "Properties": { "RoleArn": { "Fn::GetAtt": "SignRole.Arn" } } },
        "SignQueueAgeAlarm": { "Properties": { "Threshold": 240, "Period": 300, "AlarmActions": [{ "Ref": "OperatorsTopic" }] } },
    });
    let one = |(name, kind, id): &(&str, &str, &str)| {
        let changed =
            if *name == "Api" { "2026-01-01T10:00:00.5+00:00" } else { "2026-01-01T12:00:00+00:00" };
        json!({ "LogicalResourceId": name, "ResourceType": kind, "PhysicalResourceId": id, "LastUpdatedTimestamp": changed })
    };
    let listed: Vec<Value> = [
        ("SignFunction", "AWS::Lambda::Function", "ca-sign"),
        ("SignRole", "AWS::IAM::Role", "ca-SignRole"),
        ("Source", "AWS::Lambda::EventSourceMapping", "uuid-1"),
        ("SignQueue", "AWS::SQS::Queue", "https://sqs/1/ca-SignQueue"),
        ("DeadLetters", "AWS::SQS::Queue", "https://sqs/1/ca-DeadLetters"),
        ("CertificatesTable", "AWS::DynamoDB::Table", "ca-table"),
        ("Bucket", "AWS::S3::Bucket", "ca-bucket"),
        ("Api", "AWS::ApiGateway::RestApi", "api1"),
        ("ApiDeployment", "AWS::ApiGateway::Deployment", "dep1"),
        ("ApiStage", "AWS::ApiGateway::Stage", "live"),
        ("Timer", "AWS::Scheduler::Schedule", "ca-timer"),
        ("ExecutionEnded", "AWS::Events::Rule", "ca-rule"),
        ("OperatorsTopic", "AWS::SNS::Topic", "arn:aws:sns:eu-central-1:1:ca-topic"),
        ("MailEventsSet", "AWS::SES::ConfigurationSet", "ca"),
        ("StateMachine", "AWS::StepFunctions::StateMachine", "arn:machine"),
        ("SignQueueAgeAlarm", "AWS::CloudWatch::Alarm", "ca-SignQueueAgeAlarm"),
    ]
    .iter()
    .map(one)
    .collect();
    let described = json!({
        "StackId": "arn:aws:cloudformation:eu-central-1:1:stack/ca/x", "StackName": "ca",
        "Parameters": [
            { "ParameterKey": "VisibilityTimeout", "ParameterValue": "180" },
            { "ParameterKey": "OperatorsEmail", "ParameterValue": "ops@your.domain" },
        ],
    });
    DeployedStack::new(
        json!({ "Resources": resources }),
        &described,
        &json!({ "StackResourceSummaries": listed }),
    )
}

const FUNCTION: &str = r#"{"Configuration":{"Timeout":30,"MemorySize":512,"Architectures":["arm64"],"Role":"arn:aws:iam::1:role/ca-SignRole",
    "State":"Active","Environment":{"Variables":{"COUNTERSIGN_BUCKET":"ca-bucket","COUNTERSIGN_ARN":"x"}}}}"#;
const SOURCE: &str = r#"{"State":"Enabled","BatchSize":10,"ScalingConfig":{"MaximumConcurrency":5},
    "FunctionResponseTypes":["ReportBatchItemFailures"],"FunctionArn":"arn:aws:lambda:eu-central-1:1:function:ca-sign"}"#;
const QUEUE: &str = r#"{"Attributes":{"VisibilityTimeout":"180","ApproximateNumberOfMessages":"7",
    "RedrivePolicy":"{\"deadLetterTargetArn\":\"arn:aws:sqs:eu-central-1:1:ca-DeadLetters\",\"maxReceiveCount\":8}"}}"#;
const DEAD_LETTERS: &str = r#"{"Attributes":{"VisibilityTimeout":"180","ApproximateNumberOfMessages":"0"}}"#;
const ALARM: &str = r#"{"MetricAlarms":[{"AlarmName":"ca-SignQueueAgeAlarm","ActionsEnabled":true,"StateValue":"OK",
    "Threshold":240.0,"Period":300,"AlarmActions":["arn:aws:sns:eu-central-1:1:ca-topic"]}]}"#;
const SUBSCRIBED: &str =
    r#"{"Subscriptions":[{"Endpoint":"ops@your.domain","SubscriptionArn":"arn:aws:sns:x"}]}"#;

/// The answers about a stack that is as it should be.
const WHOLE: &[(&str, &str)] = &[
    ("lambda get-function --function-name ca-sign", FUNCTION),
    ("get-event-source-mapping --uuid uuid-1", SOURCE),
    ("get-queue-attributes --queue-url https://sqs/1/ca-SignQueue", QUEUE),
    ("get-queue-attributes --queue-url https://sqs/1/ca-DeadLetters", DEAD_LETTERS),
    ("dynamodb describe-table", r#"{"Table":{"DeletionProtectionEnabled":true}}"#),
    (
        "describe-continuous-backups",
        r#"{"ContinuousBackupsDescription":{"PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"ENABLED"}}}"#,
    ),
    ("s3api head-bucket", "{}"),
    (
        "get-public-access-block",
        r#"{"PublicAccessBlockConfiguration":{"BlockPublicAcls":true,"BlockPublicPolicy":true}}"#,
    ),
    ("get-bucket-versioning", r#"{"Status":"Enabled"}"#),
    ("apigateway get-stage", r#"{"deploymentId":"dep1"}"#),
    ("apigateway get-deployment", r#"{"createdDate":"2026-01-01T11:00:00+00:00"}"#),
    ("scheduler get-schedule", r#"{"State":"ENABLED","ScheduleExpression":"rate(5 minutes)"}"#),
    ("events describe-rule", r#"{"State":"ENABLED"}"#),
    ("list-subscriptions-by-topic", SUBSCRIBED),
    (
        "get-configuration-set-event-destinations",
        r#"{"EventDestinations":[{"Enabled":true,"SnsDestination":{}}]}"#,
    ),
    ("describe-state-machine", r#"{"status":"ACTIVE","roleArn":"arn:aws:iam::1:role/ca-SignRole"}"#),
    ("cloudwatch describe-alarms", ALARM),
];

/// The checks with one answer changed.
async fn found_with(pattern: &str, answer: &str) -> Vec<Check> {
    assert!(pattern.is_empty() || WHOLE.iter().any(|(one, _)| *one == pattern), "no call has {pattern}");
    let answers: Vec<[&str; 1]> =
        WHOLE.iter().map(|(one, whole)| [if *one == pattern { answer } else { whole }]).collect();
    let rules: Vec<(&str, &[&str])> =
        WHOLE.iter().zip(&answers).map(|((one, _), answer)| (*one, &answer[..])).collect();
    inspect(&ScriptedAws::new(&rules).cli(), &stack(), false).await
}

#[tokio::test]
async fn a_stack_as_in_its_template_is_good_in_every_kind() {
    let checks = found_with("", "").await;
    assert!(checks.iter().all(|check| check.verdict == CheckResult::Good), "{checks:#?}");
    let kinds: Vec<&str> = checks.iter().map(|check| check.about).collect();
    for (kind, _) in [("functions", 1), ("alarms", 1), ("tables", 1), ("API", 1), ("operators", 1)] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    assert!(checks.iter().any(|check| check.found == "2 as in the template"), "two queues: {checks:#?}");
}

/// The call, its answer, the name of the check, and words of the result and of the advice.
type Fault = (&'static str, String, &'static str, &'static str, &'static str);

fn faults() -> Vec<Fault> {
    let with = |whole: &str, from: &str, to: &str| {
        assert!(whole.contains(from), "{from} is not in {whole}");
        whole.replace(from, to)
    };
    let gone = || GONE.to_owned();
    let function = "lambda get-function --function-name ca-sign";
    let source = "get-event-source-mapping --uuid uuid-1";
    let queue = "get-queue-attributes --queue-url https://sqs/1/ca-SignQueue";
    let alarms = "cloudwatch describe-alarms";
    let topic = "list-subscriptions-by-topic";
    vec![
        (function, gone(), "functions", "SignFunction is gone", "A missing resource"),
        (function, with(FUNCTION, "30", "3"), "functions", "ca-sign: Timeout is 3, not 30", "update-function-configuration --function-name ca-sign --timeout 30"),
        (function, with(FUNCTION, "512", "128"), "functions", "MemorySize is 128, not 512", "--memory-size 512"),
        (function, with(FUNCTION, "role/ca-SignRole", "role/admin"), "functions", "Role is arn:aws:iam::1:role/admin", "--role arn:aws:iam::1:role/ca-SignRole"),
        (function, with(FUNCTION, "arm64", "x86_64"), "functions", "Architectures is x86_64, not arm64", "--parameter Architecture"),
        (function, with(FUNCTION, "\"ca-bucket\"", "\"other\""), "functions", "COUNTERSIGN_BUCKET is \"other\", not \"ca-bucket\"", "LogLevel"),
        (function, with(FUNCTION, "COUNTERSIGN_BUCKET", "COUNTERSIGN_OTHER"), "functions", "COUNTERSIGN_BUCKET is missing, \"ca-bucket\" in the template; COUNTERSIGN_OTHER is not in the template", "LogLevel"),
        (function, with(FUNCTION, "\"Active\"", "\"Failed\",\"StateReason\":\"no key\""), "functions", "ca-sign cannot run: no key", "Fix the cause"),
        (function, with(FUNCTION, "{\"Configuration\"", "{\"Concurrency\":{\"ReservedConcurrentExecutions\":0},\"Configuration\""), "functions", "the reserved concurrency is 0, but not set in the template", "delete-function-concurrency --function-name ca-sign"),
        (source, gone(), "event sources", "Source is gone", "A missing resource"),
        (source, with(SOURCE, "\"Enabled\"", "\"Disabled\""), "event sources", "the event source of ca-sign: State is Disabled", "--uuid uuid-1 --enabled --batch-size 10 --scaling-config MaximumConcurrency=5 --function-response-types ReportBatchItemFailures"),
        (source, with(SOURCE, "\"MaximumConcurrency\":5", "\"MaximumConcurrency\":50"), "event sources", "ScalingConfig is", "MaximumConcurrency=5 "),
        (queue, "error:An error occurred (AWS.SimpleQueueService.NonExistentQueue) when calling the GetQueueAttributes operation: The specified queue does not exist.".to_owned(), "queues", "SignQueue is gone", "aws sqs create-queue --queue-name ca-SignQueue --attributes '{"),
        (queue, with(QUEUE, "\"180\"", "\"30\""), "queues", "VisibilityTimeout is 30, not 180", "set-queue-attributes --queue-url https://sqs/1/ca-SignQueue"),
        (queue, with(QUEUE, "ca-DeadLetters", "elsewhere"), "queues", "RedrivePolicy is", "set-queue-attributes"),
        ("dynamodb describe-table", gone(), "tables", "CertificatesTable is gone", "docs/operations/backup.md"),
        ("dynamodb describe-table", r#"{"Table":{"DeletionProtectionEnabled":false}}"#.into(), "tables", "DeletionProtectionEnabled is false, not true", "update-table --table-name ca-table --deletion-protection-enabled"),
        ("describe-continuous-backups", "{}".into(), "tables", "no point-in-time recovery", "update-continuous-backups --table-name ca-table"),
        ("s3api head-bucket", "error:An error occurred (404) when calling the HeadBucket operation: Not Found".into(), "bucket", "Bucket is gone", "create-bucket --bucket ca-bucket"),
        ("get-public-access-block", "error:An error occurred (NoSuchPublicAccessBlockConfiguration) when calling x: y".into(), "bucket", "BlockPublicAcls, BlockPublicPolicy is off", "put-public-access-block --bucket ca-bucket"),
        ("get-bucket-versioning", "{}".into(), "bucket", "keeps no versions", "put-bucket-versioning --bucket ca-bucket"),
        ("apigateway get-stage", r#"{"deploymentId":"old"}"#.into(), "API", "serves the deployment old, not the stack's dep1", "path=/deploymentId,value=dep1"),
        ("apigateway get-stage", gone(), "API", "ApiStage is gone", "A missing resource"),
        ("apigateway get-deployment", r#"{"createdDate":"2026-01-01T09:00:00+00:00"}"#.into(), "API", "the stage live is older than the API: Api was changed", "countersign deploy"),
        ("scheduler get-schedule", r#"{"State":"DISABLED","ScheduleExpression":"rate(5 minutes)"}"#.into(), "schedules", "ca-timer: State is DISABLED", "Housekeeping"),
        ("scheduler get-schedule", gone(), "schedules", "Timer is gone", "A missing resource"),
        ("events describe-rule", r#"{"State":"DISABLED"}"#.into(), "schedules", "ca-rule: State is DISABLED", "events enable-rule --name ca-rule"),
        (topic, gone(), "operators", "OperatorsTopic is gone", "A missing resource"),
        (topic, r#"{"Subscriptions":[]}"#.into(), "operators", "ops@your.domain is not subscribed", "sns subscribe"),
        (topic, with(SUBSCRIBED, "arn:aws:sns:x", "PendingConfirmation"), "operators", "ops@your.domain has not confirmed", "Follow the link"),
        ("get-configuration-set-event-destinations", gone(), "mail events", "MailEventsSet is gone", "create-configuration-set"),
        ("get-configuration-set-event-destinations", r#"{"EventDestinations":[{"Enabled":false,"SnsDestination":{}}]}"#.into(), "mail events", "reports no bounces", "MailEvents=yes"),
        ("describe-state-machine", gone(), "state machine", "StateMachine is gone", "A missing resource"),
        ("describe-state-machine", r#"{"status":"DELETING","roleArn":"arn:aws:iam::1:role/ca-SignRole"}"#.into(), "state machine", "status is DELETING", "Step Functions"),
        (alarms, r#"{"MetricAlarms":[]}"#.into(), "alarms", "SignQueueAgeAlarm is gone", "A missing resource"),
        (alarms, with(ALARM, "true", "false"), "alarms", "SignQueueAgeAlarm tells nobody", "enable-alarm-actions --alarm-names ca-SignQueueAgeAlarm"),
        (alarms, with(ALARM, "240.0", "9000.0"), "alarms", "Threshold is 9000, not 240", "CloudWatch console"),
        (alarms, with(ALARM, "[\"arn:aws:sns:eu-central-1:1:ca-topic\"]", "[]"), "alarms", "AlarmActions is", "CloudWatch console"),
    ]
}

#[tokio::test]
async fn every_fault_is_one_line_with_what_to_do() {
    for (call, answer, about, found, advice) in faults() {
        let checks = found_with(call, &answer).await;
        let wrong: Vec<&Check> = checks.iter().filter(|check| check.verdict != CheckResult::Good).collect();
        let [check] = wrong[..] else { panic!("{call} {answer}: {checks:#?}") };
        assert_eq!((check.verdict, check.about), (CheckResult::Wrong, about), "{check:?}");
        assert!(check.found.contains(found), "{found}: {check:?}");
        assert!(check.advice.contains(advice), "{advice}: {check:?}");
    }
}

#[tokio::test]
async fn what_runs_as_it_should_and_needs_a_person_is_a_note() {
    let letters = DEAD_LETTERS.replace("\"0\"", "\"3\"");
    for (call, answer, about, found) in [
        (
            "get-queue-attributes --queue-url https://sqs/1/ca-DeadLetters",
            letters,
            "queues",
            "3 dead letters are on ca-DeadLetters",
        ),
        (
            "cloudwatch describe-alarms",
            ALARM.replace("\"OK\"", "\"ALARM\""),
            "alarms",
            "SignQueueAgeAlarm is in ALARM",
        ),
    ] {
        let checks = found_with(call, &answer).await;
        let notes: Vec<&Check> = checks.iter().filter(|check| check.verdict != CheckResult::Good).collect();
        let [check] = notes[..] else { panic!("{checks:#?}") };
        assert_eq!((check.verdict, check.about), (CheckResult::Note, about));
        assert!(
            check.found.contains(found) && check.advice.contains("docs/operations/alarms.md"),
            "{check:?}"
        );
    }
}

#[tokio::test]
async fn a_missing_right_is_named_and_hides_nothing() {
    let checks = found_with("get-queue-attributes --queue-url https://sqs/1/ca-SignQueue", DENIED).await;
    let notes: Vec<&Check> = checks.iter().filter(|check| check.verdict != CheckResult::Good).collect();
    let [check] = notes[..] else { panic!("{checks:#?}") };
    assert_eq!(check.verdict, CheckResult::Note);
    assert!(
        check.found.contains("1 of 2 could not be read: these credentials may not sqs:GetQueueAttributes"),
        "{check:?}"
    );
    assert!(checks.iter().any(|check| check.about == "tables" && check.verdict == CheckResult::Good));
}
