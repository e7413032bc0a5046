//! Operations: docs/operations/alarms.md has every alarm of infra/template.yaml and every state of
//! statemachine.asl.json that may wait or fail; the template uses only metrics that workers write; roles have no
//! wildcard permissions.

#![allow(clippy::unwrap_used)] // A test may.

use std::collections::{BTreeMap, BTreeSet};

use infra_tests::source::{constant, names_by};
use infra_tests::template::{branches, list, of_type, pascal, reference, template};
use infra_tests::{hold, page_with, pages, read, with_rows, workers};
use serde_json::{Value, json};

/// Heading of the table of states in the runbook.
const STATES: &str = "it stands or failed at";

/// The headings of a page.
fn headings(page: &str) -> impl Iterator<Item = &str> {
    page.lines().filter_map(|line| Some(line.strip_prefix('#')?.trim_start_matches('#').trim()))
}

#[test]
fn every_alarm_has_a_runbook_and_every_runbook_an_alarm() {
    let template = template();
    let alarms = of_type(&template, "AWS::CloudWatch::Alarm");
    assert!(!alarms.is_empty());
    let pages = pages();
    let headings = pages.iter().flat_map(|(_, page)| headings(page));
    let told: BTreeSet<&str> = headings.filter(|heading| heading.ends_with("Alarm")).collect();
    assert_eq!(told, alarms.keys().map(String::as_str).collect());
    for (id, alarm) in &alarms {
        let description = alarm["Properties"]["AlarmDescription"].as_str().unwrap();
        let page = description.split(&format!("See {id} in ")).nth(1).and_then(|rest| rest.strip_suffix('.'));
        let page = page.unwrap_or_else(|| panic!("{id} does not say where to read on"));
        assert!(self::headings(&read(page)).any(|heading| heading == id), "{page} has no {id}");
        let condition =
            if alarm["Properties"]["Namespace"] == "AWS/SES" { "WatchesSes" } else { "HasAlarms" };
        assert_eq!(alarm["Condition"], condition, "{id}");
        assert_eq!(alarm["Properties"]["AlarmActions"], json!([reference("OperatorsTopic")]), "{id}");
    }
}

/// The first hour on AWS sets off every alarm, and puts a failure into every worker.
#[test]
fn the_first_hour_has_every_alarm_and_every_worker() {
    let page = read("docs/operations/first-hour.md");
    let list = page.split("for alarm in ").nth(1).and_then(|rest| rest.split("; do").next()).unwrap();
    let listed: BTreeSet<&str> = list.split_whitespace().filter(|word| *word != "\\").collect();
    let alarms = of_type(&template(), "AWS::CloudWatch::Alarm");
    assert_eq!(listed, alarms.keys().map(String::as_str).collect());
    let failed: BTreeSet<String> = first_column(&page, "worker").into_iter().map(str::to_owned).collect();
    let missing: Vec<String> = workers().into_iter().filter(|worker| !failed.contains(worker)).collect();
    assert!(missing.is_empty() || std::env::var_os("COUNTERSIGN_WRITE").is_some(), "{missing:?}");
    if !missing.is_empty() {
        let row = |worker: &String| {
            format!(
                "| {worker} | `stop {worker}` | the request waits | `start {worker}` | a message is not lost |"
            )
        };
        let rows: Vec<String> = missing.iter().map(row).collect();
        hold("docs/operations/first-hour.md", &with_rows(&page, "worker", &rows));
    }
    let api = &template()["Resources"]["Api"]["Properties"]["SecurityPolicy"];
    let tls = branches(api).into_iter().find_map(Value::as_str).unwrap();
    assert!(page.contains(&format!("`{tls}`")), "step 3 expects another security policy than {tls}");
}

/// A worker that dies receives a message at once, after one visibility time-out and after two. With the third receive SQS leaves
/// the message out of its age, and reports the age once a minute.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html>
#[test]
fn a_worker_that_cannot_start_is_seen_before_its_message_leaves_the_metric() {
    const MINUTE: u64 = 60;
    let template = template();
    let visibility = template["Parameters"]["VisibilityTimeout"]["Default"].as_u64().unwrap();
    let functions = of_type(&template, "AWS::Serverless::Function");
    let mut seen = BTreeSet::new();
    for (id, alarm) in of_type(&template, "AWS::CloudWatch::Alarm") {
        let alarm = &alarm["Properties"];
        if alarm["MetricName"] != "ApproximateAgeOfOldestMessage" {
            continue;
        }
        let worker = id.strip_suffix("QueueAgeAlarm").unwrap();
        let function = &functions[&format!("{worker}Function")]["Properties"];
        let threshold = alarm["Threshold"].as_u64().unwrap();
        let recovered = visibility + function["Timeout"].as_u64().unwrap();
        assert!(threshold > recovered, "{id} goes off for a worker that died once");
        assert!(threshold + 2 * MINUTE <= 2 * visibility, "{id}: the message is left out before it is seen");
        assert_eq!(
            (&alarm["EvaluationPeriods"], &alarm["Statistic"]),
            (&json!(1), &json!("Maximum")),
            "{id}"
        );
        seen.insert(worker.to_owned());
    }
    let has_queue = |worker: &String| {
        !functions[&format!("{}Function", pascal(worker))]["Properties"]["Environment"]["Variables"]
            ["COUNTERSIGN_QUEUE_URL"]
            .is_null()
    };
    let own: BTreeSet<String> =
        workers().into_iter().filter(has_queue).map(|worker| pascal(&worker)).collect();
    // An added worker may have no alarm: infra/tests/add-worker.
    assert!(seen.is_subset(&own) && seen.len() >= 6, "{seen:?}");
}

/// No alarm sees an execution that was aborted or timed out.
#[test]
fn every_bad_end_of_an_execution_reaches_the_topic() {
    let template = template();
    let rules = of_type(&template, "AWS::Events::Rule");
    let of_executions = rules.values().map(|rule| &rule["Properties"]);
    let of_executions = of_executions.filter(|rule| rule["EventPattern"]["source"] == json!(["aws.states"]));
    let [rule] = of_executions.collect::<Vec<_>>()[..] else { panic!("{rules:?}") };
    let detail = &rule["EventPattern"]["detail"];
    assert_eq!(
        detail["stateMachineArn"],
        json!([reference("StateMachine"), reference("RevocationStateMachine")])
    );
    assert_eq!(detail["status"], json!(["FAILED", "TIMED_OUT", "ABORTED"]));
    let [target] = list(&rule["Targets"])[..] else { panic!("{rule}") };
    assert_eq!(target["Arn"], reference("OperatorsTopic"));
    // Only what is named here leaves the event.
    let told = target["InputTransformer"]["InputPathsMap"].as_object().unwrap();
    assert_eq!(told.values().collect::<Vec<_>>(), [&json!("$.detail.name"), &json!("$.detail.status")]);
}

/// EventBridge cannot publish where a condition is asked for: <https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html>
#[test]
fn every_publisher_to_the_operators_may_publish_and_use_the_key_of_the_topic() {
    let template = template();
    let resources = &template["Resources"];
    let may = |policy: &Value, service: &str| -> Vec<Value> {
        let statements = list(&policy["Statement"]).into_iter().flat_map(branches);
        let for_it = statements.filter(|statement| {
            statement["Effect"] == "Allow"
                && list(&statement["Principal"]["Service"]).contains(&&json!(service))
        });
        for_it.map(|statement| statement["Condition"].clone()).collect()
    };
    let topic = &resources["OperatorsTopicPolicy"]["Properties"]["PolicyDocument"];
    let key = &resources["EncryptionKey"]["Properties"]["KeyPolicy"];
    for policy in [topic, key] {
        for service in ["cloudwatch.amazonaws.com", "ses.amazonaws.com"] {
            let conditions = may(policy, service);
            assert_eq!(conditions.len(), 1, "{service}");
            assert!(conditions[0].to_string().contains("aws:SourceAccount"), "{service}");
        }
        assert_eq!(may(policy, "events.amazonaws.com"), [Value::Null]);
    }
}

/// Lambda repeats a failed asynchronous call twice; the scheduler's own policy does not change that.
#[test]
fn a_scheduled_function_is_run_once() {
    let template = template();
    let schedules = of_type(&template, "AWS::Scheduler::Schedule");
    assert!(!schedules.is_empty());
    let configurations = of_type(&template, "AWS::Lambda::EventInvokeConfig");
    for (id, schedule) in schedules {
        let target = &schedule["Properties"]["Target"];
        assert_eq!(target["RetryPolicy"]["MaximumRetryAttempts"], 0, "{id}");
        let once = configurations.values().map(|configuration| &configuration["Properties"]).any(|once| {
            let function = once["FunctionName"]["Ref"].as_str().unwrap();
            target["Arn"] == infra_tests::template::arn(function) && once["MaximumRetryAttempts"] == 0
        });
        assert!(once, "{id}: Lambda would run {} again", target["Arn"]);
    }
}

/// First column of the table with this heading in its first cell.
fn first_column<'a>(page: &'a str, heading: &str) -> BTreeSet<&'a str> {
    let rows = page.lines().skip_while(|line| !line.starts_with(&format!("| {heading} |")));
    let rows = rows.skip(2).take_while(|line| line.starts_with('|'));
    rows.flat_map(|row| row.split('|').nth(1).unwrap().split(','))
        .map(|cell| cell.trim().trim_matches('`'))
        .collect()
}

/// `COUNTERSIGN_WRITE` writes a draft of each missing line.
#[test]
fn every_state_that_works_or_fails_has_a_line_in_the_runbook() {
    let states: BTreeMap<String, Value> = ["statemachine.asl.json", "infra/revocation.asl.json"]
        .into_iter()
        .flat_map(|file| {
            let definition: Value = serde_json::from_str(&read(file)).unwrap();
            definition["States"].as_object().unwrap().clone()
        })
        .collect();
    let wanted: BTreeSet<&str> = states
        .iter()
        .filter(|(_, state)| ["Task", "Fail", "Pass"].contains(&state["Type"].as_str().unwrap()))
        .map(|(name, _)| name.as_str())
        .collect();
    let (name, page) = page_with(&format!("| {STATES} |"));
    let told = first_column(&page, STATES);
    let stale: Vec<&&str> = told.difference(&wanted).collect();
    assert!(stale.is_empty(), "{name} has lines for states that are not there: {stale:?}");
    let missing: Vec<String> = wanted
        .difference(&told)
        .map(|state| {
            let comment = states[*state]["Comment"].as_str().unwrap();
            format!("| `{state}` | {comment} | the log of its worker | `countersign requests retry ID` |")
        })
        .collect();
    assert!(
        missing.is_empty() || std::env::var_os("COUNTERSIGN_WRITE").is_some(),
        "missing lines: {missing:#?}"
    );
    if !missing.is_empty() {
        hold(&name, &with_rows(&page, STATES, &missing));
    }
}

/// Every metric of Countersign in the alarms and the dashboard of the template.
fn watched(template: &Value, namespace: &str) -> BTreeSet<String> {
    let alarms =
        of_type(template, "AWS::CloudWatch::Alarm").into_values().map(|alarm| alarm["Properties"].clone());
    let named = alarms.filter(|alarm| alarm["Namespace"] == namespace);
    let mut all: BTreeSet<String> =
        named.map(|alarm| alarm["MetricName"].as_str().unwrap().to_owned()).collect();
    for dashboard in of_type(template, "AWS::CloudWatch::Dashboard").values() {
        let body = &dashboard["Properties"]["DashboardBody"];
        let body = body["Fn::Sub"].as_str().or_else(|| body.as_str()).unwrap();
        let begin = format!("[\"{namespace}\", \"");
        all.extend(body.split(&begin).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()));
    }
    all
}

#[test]
fn the_metrics_that_are_watched_are_those_that_workers_write() {
    let template = template();
    let written = names_by("Measure", "metric");
    assert_eq!(watched(&template, &constant("NAMESPACE")), written.into_iter().collect());
    // The dimension of the metrics is the name of the stack, which their workers need.
    for worker in workers() {
        let writes = read(&format!("workers/{worker}/src/main.rs")).contains("metrics()");
        let function =
            &of_type(&template, "AWS::Serverless::Function")[&format!("{}Function", pascal(&worker))];
        let stack = &function["Properties"]["Environment"]["Variables"]["COUNTERSIGN_STACK"];
        assert_eq!(*stack == reference("AWS::StackName"), writes, "{worker}");
    }
}

/// Actions without resource-level permissions in AWS, or that Lambda requires on all resources; the template explains each.
const WITHOUT_RESOURCE: [&str; 22] = [
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
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
    "rolesanywhere:ImportCrl",
    "rolesanywhere:ListCrls",
    "elasticloadbalancing:DescribeTrustStoreRevocations",
    "dynamodb:ListStreams",
];

#[test]
fn roles_name_every_action_and_a_resource_wherever_there_is_one() {
    let template = template();
    let roles = of_type(&template, "AWS::IAM::Role");
    for worker in workers() {
        assert!(roles.contains_key(&format!("{}Role", pascal(&worker))), "{worker} has no role");
    }
    for (id, role) in &roles {
        let role = &role["Properties"];
        assert!(
            role["ManagedPolicyArns"].is_null(),
            "{id}: a policy of AWS's grants more than is written here"
        );
        let policies = list(&role["Policies"]).into_iter().flat_map(branches);
        let statements: Vec<&Value> = policies
            .flat_map(|policy| list(&policy["PolicyDocument"]["Statement"]))
            .flat_map(branches)
            .collect();
        assert!(!statements.is_empty(), "{id}");
        for statement in statements {
            let named: Vec<&str> =
                list(&statement["Action"]).into_iter().map(|action| action.as_str().unwrap()).collect();
            assert!(!named.is_empty(), "{id}: {statement}");
            assert!(named.iter().all(|action| !action.contains('*')), "{id}: {named:?}");
            let resources = list(&statement["Resource"]);
            // The emulator does not distinguish some resources; the condition for AWS does.
            let on_aws = resources.into_iter().map(|resource| match &resource["Fn::If"][0] {
                condition if condition == "OnAws" => &resource["Fn::If"][1],
                _ => resource,
            });
            let anything = on_aws.flat_map(branches).any(|resource| resource == "*");
            let excused = named.iter().all(|action| WITHOUT_RESOURCE.contains(action));
            assert_eq!(anything, excused, "{id}: {named:?} on any resource");
        }
    }
}

#[test]
fn everything_that_stores_is_encrypted_and_by_the_key_of_the_account_where_there_is_one() {
    let template = template();
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
        for (id, store) in all {
            let text = store["Properties"].to_string();
            assert!(text.contains("HasCustomerKey"), "{id}");
            assert!(text.contains("EncryptionKey.Arn"), "{id}");
            let kept = &store["Properties"]["RetentionInDays"];
            assert!(kind != "AWS::Logs::LogGroup" || !kept.is_null(), "{id} keeps logs for ever");
        }
    }
}

/// Paths of the portal contain the secrets of links and must not be logged.
#[test]
fn the_front_door_records_no_path() {
    let template = template();
    for (id, stage) in of_type(&template, "AWS::ApiGateway::Stage") {
        let text = stage["Properties"].to_string();
        for recorder in ["TracingEnabled", "AccessLogSetting", "LoggingLevel", "DataTraceEnabled"] {
            assert!(!text.contains(recorder), "{id}: {recorder}");
        }
    }
    let machine = of_type(&template, "AWS::Serverless::StateMachine")["StateMachine"].to_string();
    assert!(machine.contains("\"IncludeExecutionData\":false"), "inputs hold task tokens");
}
