//! What operators rely on, held against infra/template.yaml and statemachine.asl.json: every alarm and every state at which an
//! execution may stand or fail has its place in docs/operations.md, the template watches only metrics that workers write,
//! and no role may do more than is written out.

#![allow(clippy::unwrap_used)] // A test may.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use time::Duration;
use workflow::request::metric::{Measure, NAMESPACE, Outcome};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap()
}

/// The resources of the template by their logical ids: the type, and the lines.
fn resources(template: &str) -> BTreeMap<&str, (&str, Vec<&str>)> {
    let start = template.find("\nResources:\n").unwrap();
    let end = template.find("\nOutputs:\n").unwrap();
    let mut found: BTreeMap<&str, (&str, Vec<&str>)> = BTreeMap::new();
    let mut current = None;
    for line in template[start..end].lines() {
        let id = line.strip_prefix("  ").and_then(|line| line.strip_suffix(':'));
        if let Some(id) = id.filter(|id| id.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
            current = Some(id);
            found.insert(id, ("", Vec::new()));
        } else if let Some((kind, lines)) = current.and_then(|id| found.get_mut(id)) {
            // What stands above the next resource is its comment.
            if line.starts_with("  #") {
                current = None;
                continue;
            }
            if let Some(named) = line.strip_prefix("    Type: ") {
                *kind = named;
            }
            lines.push(line);
        }
    }
    assert!(found.len() > 50, "the template is read");
    found
}

fn of_type<'a>(template: &'a str, wanted: &str) -> BTreeMap<&'a str, Vec<&'a str>> {
    let all = resources(template).into_iter().filter(|(_, (kind, _))| *kind == wanted);
    all.map(|(id, (_, lines))| (id, lines)).collect()
}

/// The headings of a page, of any level.
fn headings(page: &str) -> Vec<&str> {
    page.lines().filter_map(|line| Some(line.strip_prefix('#')?.trim_start_matches('#').trim())).collect()
}

#[test]
fn every_alarm_has_a_runbook_and_every_runbook_an_alarm() {
    let template = read("infra/template.yaml");
    let alarms = of_type(&template, "AWS::CloudWatch::Alarm");
    assert!(alarms.len() >= 6, "{alarms:?}");
    let operations = read("docs/operations.md");
    let told: BTreeSet<&str> =
        headings(&operations).into_iter().filter(|heading| heading.ends_with("Alarm")).collect();
    assert_eq!(told, alarms.keys().copied().collect());
    for (id, lines) in alarms {
        let says = |text: &str| lines.iter().any(|line| line.contains(text));
        assert!(says(&format!("See {id} in docs/operations.md.")), "{id} does not say where to read on");
        assert!(says("Condition: HasAlarms") && says("AlarmActions: [!Ref OperatorsTopic]"), "{id}");
    }
}

/// The cells of the first column of the table that has this heading in its first cell.
fn first_column<'a>(page: &'a str, heading: &str) -> BTreeSet<&'a str> {
    let rows = page.lines().skip_while(|line| !line.starts_with(&format!("| {heading} |")));
    let rows = rows.skip(2).take_while(|line| line.starts_with('|'));
    rows.flat_map(|row| row.split('|').nth(1).unwrap().split(','))
        .map(|cell| cell.trim().trim_matches('`'))
        .collect()
}

#[test]
fn every_state_that_works_or_fails_has_a_line_in_the_runbook() {
    let definition: Value = serde_json::from_str(&read("statemachine.asl.json")).unwrap();
    let states = definition["States"].as_object().unwrap();
    let wanted: BTreeSet<&str> = states
        .iter()
        .filter(|(_, state)| ["Task", "Fail", "Pass"].contains(&state["Type"].as_str().unwrap()))
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(first_column(&read("docs/operations.md"), "it stands or failed at"), wanted);
}

/// Every metric of ours that the template names, in alarms and in the dashboard.
fn watched(template: &str) -> BTreeSet<&str> {
    let (in_alarm, in_widget) = (format!("Namespace: {NAMESPACE}\n"), format!("[\"{NAMESPACE}\", \""));
    let in_alarms: Vec<&str> = template.split(&in_alarm).skip(1).collect();
    let in_alarms = in_alarms.into_iter().map(|rest| rest.trim_start().strip_prefix("MetricName: ").unwrap());
    let in_alarms = in_alarms.map(|rest| rest.lines().next().unwrap());
    let in_dashboard: Vec<&str> = template.split(&in_widget).skip(1).collect();
    let in_dashboard = in_dashboard.into_iter().map(|rest| rest.split('"').next().unwrap());
    in_alarms.chain(in_dashboard).collect()
}

#[test]
fn the_metrics_that_are_watched_are_those_that_workers_write() {
    let any = Duration::ZERO;
    let written = [
        Measure::Ended(Outcome::Failed),
        Measure::Decided(any),
        Measure::Delivered(any),
        Measure::CaLeft(any),
    ];
    let template = read("infra/template.yaml");
    assert_eq!(watched(&template), written.map(Measure::name).into());
    // Whoever writes them is told the name of the stack, which is their dimension.
    for worker in ["Persist", "AwaitApproval", "Deliver", "Housekeeping"] {
        let functions = of_type(&template, "AWS::Serverless::Function");
        let lines = &functions[format!("{worker}Function").as_str()];
        assert!(lines.iter().any(|line| line.trim() == "COUNTERSIGN_STACK: !Ref AWS::StackName"), "{worker}");
    }
}

/// The actions for which AWS takes no resource; each is explained in the template.
const WITHOUT_RESOURCE: [&str; 12] = [
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
];

/// The actions in a piece of a policy.
fn actions(text: &str) -> Vec<&str> {
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == ':' || c == '*');
    let services =
        ["logs:", "xray:", "sqs:", "states:", "dynamodb:", "s3:", "ssm:", "secretsmanager:", "ses:"];
    let more = ["sns:", "kms:", "lambda:"];
    let named = |one: &&str| services.iter().chain(&more).any(|service| one.starts_with(service));
    let actions = text.split(word).filter(named);
    // An ARN holds the name of a service too, followed by a region.
    actions
        .filter(|one| {
            one.split(':').nth(1).is_some_and(|name| name.starts_with(char::is_uppercase) || name == "*")
        })
        .collect()
}

#[test]
fn roles_name_every_action_and_a_resource_wherever_there_is_one() {
    let template = read("infra/template.yaml");
    let roles = of_type(&template, "AWS::IAM::Role");
    assert_eq!(roles.len(), 11, "nine workers, the state machine and the timer");
    for (id, lines) in &roles {
        let text = lines.join("\n");
        assert!(
            !text.contains("ManagedPolicyArns"),
            "{id}: a policy of AWS's grants more than is written here"
        );
        let statements: Vec<&str> = text.split("Effect: Allow").skip(2).collect();
        assert!(!statements.is_empty(), "{id}");
        for statement in statements {
            let named = actions(statement);
            assert!(!named.is_empty(), "{id}: {statement}");
            assert!(named.iter().all(|action| !action.contains('*')), "{id}: {named:?}");
            let anything = statement.contains("Resource: \"*\"");
            let excused = named.iter().all(|action| WITHOUT_RESOURCE.contains(action));
            assert_eq!(anything, excused, "{id}: {named:?} on any resource");
        }
    }
}

#[test]
fn everything_that_stores_is_encrypted_and_by_the_key_of_the_account_where_there_is_one() {
    let template = read("infra/template.yaml");
    let stores = [
        "AWS::DynamoDB::Table",
        "AWS::SQS::Queue",
        "AWS::SNS::Topic",
        "AWS::S3::Bucket",
        "AWS::SecretsManager::Secret",
        "AWS::Logs::LogGroup",
    ];
    for kind in stores {
        let all = of_type(&template, kind);
        assert!(!all.is_empty(), "{kind}");
        for (id, lines) in all {
            let text = lines.join("\n");
            assert!(text.contains("HasCustomerKey") && text.contains("EncryptionKey.Arn"), "{id}");
            assert!(
                kind != "AWS::Logs::LogGroup" || text.contains("RetentionInDays"),
                "{id} keeps logs for ever"
            );
        }
    }
}

/// The paths of the portal hold the keys of links: nothing may record them.
#[test]
fn the_front_door_records_no_path() {
    let template = read("infra/template.yaml");
    let stage = &of_type(&template, "AWS::ApiGateway::Stage")["ApiStage"].join("\n");
    for recorder in ["TracingEnabled", "AccessLogSetting", "LoggingLevel", "DataTraceEnabled"] {
        assert!(!stage.contains(recorder), "{recorder}");
    }
    let machine = &of_type(&template, "AWS::Serverless::StateMachine")["StateMachine"].join("\n");
    assert!(machine.contains("IncludeExecutionData: false"), "inputs hold task tokens");
}
