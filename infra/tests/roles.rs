//! The table of roles in docs/threat-model.md: actions and resources of each role, read from the templates.
//!
//! Fails if the table is stale; `COUNTERSIGN_WRITE=1 cargo test -p infra-tests --test roles` updates it. The table is
//! for AWS: conditions for the emulator are resolved, parameters are not.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use infra_tests::template::{branches, list as all_of, of_type, pascal, template as as_json};
use infra_tests::{hold, page_with, read, workers};
use serde_yaml_ng::Value;

const BEGIN: &str = "<!-- The table of roles is written by infra/tests/roles.rs; do not edit it. -->\n";
const END: &str = "<!-- The end of the table of roles. -->\n";

/// One permission of a role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Permission {
    action: String,
    resource: String,
    /// Parameters of the template that it depends on, and keys of its IAM conditions.
    only: String,
}

/// The tag and the value of an intrinsic function such as `!If`.
fn intrinsic<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Tagged(tagged) if tagged.tag == name => Some(&tagged.value),
        _ => None,
    }
}

/// The alternatives of a value, each with its condition in the template.
fn alternatives<'a>(value: &'a Value, only: &str) -> Vec<(&'a Value, String)> {
    let Some(choice) = intrinsic(value, "If") else {
        let nothing = intrinsic(value, "Ref").is_some_and(|name| name == "AWS::NoValue");
        return if nothing { Vec::new() } else { vec![(value, only.to_owned())] };
    };
    let and = |text: &str| if only.is_empty() { text.to_owned() } else { format!("{only}, {text}") };
    match choice[0].as_str().unwrap() {
        "OnAws" => alternatives(&choice[1], only),
        "OnEmulator" => alternatives(&choice[2], only),
        name => {
            let mut all = alternatives(&choice[1], &and(name));
            all.extend(alternatives(&choice[2], &and(&format!("not {name}"))));
            all
        }
    }
}

fn list(value: &Value) -> Vec<&Value> {
    // Not as_sequence, which ignores a tag such as !If.
    match value {
        Value::Sequence(all) => all.iter().collect(),
        one => vec![one],
    }
}

/// A resource in short notation: `CertificatesTable`, `Bucket/policy/*`, `parameter/countersign/<stack>/policy`.
fn named(resource: &Value) -> String {
    let attribute = |text: &str| text.split('.').next().unwrap().to_owned();
    if let Some(name) = intrinsic(resource, "GetAtt").or_else(|| intrinsic(resource, "Ref")) {
        return attribute(name.as_str().unwrap());
    }
    let text = intrinsic(resource, "Sub").unwrap_or(resource);
    // The long form is a list: the text, and values by name.
    let text = text.as_str().or_else(|| text[0].as_str()).unwrap();
    let text = text.rsplit("${AWS::AccountId}:").next().unwrap().replace("${AWS::StackName}", "<stack>");
    text.replace(".Arn}", "").replace(".Name}", "").replace("${", "").replace('}', "")
}

/// Names a role's own queue and log group "its queue" and "its log group", so that one row covers all roles.
fn own(role: &str, resource: String) -> String {
    match resource.strip_prefix(role) {
        Some("Log") => "its log group".into(),
        Some("Queue") => "its queue".into(),
        _ if resource.ends_with("DeadLetters") => "the dead-letter queues".into(),
        _ => resource,
    }
}

/// Permissions of the workers, by role.
fn roles(template: &Value) -> BTreeMap<String, BTreeSet<Permission>> {
    let mut roles = BTreeMap::new();
    for (name, resource) in template["Resources"].as_mapping().unwrap() {
        if resource["Type"] != "AWS::IAM::Role" {
            continue;
        }
        let name = name.as_str().unwrap().strip_suffix("Role").expect("a role is named so").to_owned();
        let mut permissions = BTreeSet::new();
        for policy in list(&resource["Properties"]["Policies"]) {
            for (policy, only) in alternatives(policy, "") {
                for statement in list(&policy["PolicyDocument"]["Statement"]) {
                    for (statement, only) in alternatives(statement, &only) {
                        permissions.extend(granted(&name, statement, &only));
                    }
                }
            }
        }
        roles.insert(name, permissions);
    }
    roles
}

fn granted(role: &str, statement: &Value, only: &str) -> Vec<Permission> {
    if statement["Effect"] == "Deny" {
        // order.rs holds what is denied: a worker's own use of what Lambda needs in a VPC.
        return Vec::new();
    }
    assert_eq!(statement["Effect"], "Allow", "{role}");
    let mut only: Vec<String> = Some(only.to_owned()).into_iter().filter(|only| !only.is_empty()).collect();
    if let Some(condition) = statement.get("Condition") {
        for (condition, _) in alternatives(condition, "") {
            for (_, keys) in condition.as_mapping().unwrap() {
                only.extend(keys.as_mapping().unwrap().keys().map(|key| key.as_str().unwrap().to_owned()));
            }
        }
    }
    let mut permissions = Vec::new();
    for action in list(&statement["Action"]) {
        for resource in list(&statement["Resource"]) {
            for (resource, when) in alternatives(resource, "") {
                let mut only = only.clone();
                only.extend(Some(when).filter(|when| !when.is_empty()));
                let action = action.as_str().unwrap().to_owned();
                let permission =
                    Permission { action, resource: own(role, named(resource)), only: only.join(", ") };
                permissions.push(permission);
            }
        }
    }
    permissions
}

fn table(roles: &BTreeMap<String, BTreeSet<Permission>>) -> String {
    let mut table = String::from("| action | on | only with |");
    for role in roles.keys() {
        let _ = write!(table, " {role} |");
    }
    table.push_str("\n| --- | --- | --- |");
    table.push_str(&" :-: |".repeat(roles.len()));
    table.push('\n');
    let all: BTreeSet<&Permission> = roles.values().flatten().collect();
    for permission in &all {
        let Permission { action, resource, only } = permission;
        let _ = write!(table, "| `{action}` | `{resource}` | {only} |");
        for permissions in roles.values() {
            table.push_str(if permissions.contains(*permission) { " x |" } else { "  |" });
        }
        table.push('\n');
    }
    table
}

fn of_the_template() -> BTreeMap<String, BTreeSet<Permission>> {
    roles(&serde_yaml_ng::from_str(&read("infra/template.yaml")).unwrap())
}

#[test]
fn the_table_of_roles_is_the_templates() {
    let roles = of_the_template();
    for worker in workers() {
        assert!(roles.contains_key(&pascal(&worker)), "{worker} has no role");
    }
    for (role, permissions) in &roles {
        assert!(!permissions.is_empty(), "{role}");
    }
    let (name, page) = page_with(BEGIN);
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).expect("the end of the table");
    hold(&name, &format!("{before}{BEGIN}\n{}\n{END}{after}", table(&roles)));
}

#[test]
fn no_role_may_do_everything_or_act_on_everything() {
    for (role, permissions) in of_the_template() {
        for Permission { action, resource, only } in permissions {
            assert!(!action.contains('*'), "{role}: {action}");
            // Actions without resource-level permissions; operations.rs lists them.
            let has_none =
                action.starts_with("xray:") || (role == "StateMachine" && action.starts_with("logs:"));
            // An action without a resource is limited by a condition.
            let bounded = !resource.starts_with('*') && (!resource.ends_with("/*") || resource.len() > 8);
            assert!(bounded || has_none || !only.is_empty(), "{role}: {action} on {resource}");
        }
    }
}

#[test]
fn only_one_role_reaches_each_secret() {
    let roles = of_the_template();
    let who = |action: &str, resource: &str| -> Vec<&str> {
        let may =
            |permission: &Permission| permission.action == action && permission.resource.contains(resource);
        roles.iter().filter(|(_, all)| all.iter().any(may)).map(|(role, _)| role.as_str()).collect()
    };
    assert_eq!(who("secretsmanager:GetSecretValue", "ca-key"), ["Sign"]);
    assert_eq!(who("kms:Sign", "key/*"), ["Sign"]);
    assert_eq!(who("s3:PutObject", "signed-certificate"), ["Sign"]);
    for (action, resource) in
        [("s3:PutObject", "Bucket/log/"), ("ssm:GetParameter", "/log/key"), ("ssm:PutParameter", "/log/key")]
    {
        assert_eq!(who(action, resource), ["Deliver"], "{action}");
    }
    assert_eq!(who("secretsmanager:GetSecretValue", "LinkSecret"), ["Acme", "Deliver", "Notify", "Portal"]);
    for action in ["dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:PutItem"] {
        assert!(
            who(action, "ApprovalsTable").iter().all(|role| ["AwaitApproval", "Portal"].contains(role)),
            "{action}"
        );
    }
    for action in ["dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"] {
        assert!(who(action, "AuditTable").is_empty(), "{action}: workers add to the audit trail and no more");
    }
    assert_eq!(who("dynamodb:Query", "AuditTable"), ["Portal"], "the console shows trails");
}

/// SES judges a mail by the identity and, where the call or the identity names one, by the configuration set.
#[test]
fn every_role_that_sends_mail_may_use_any_configuration_set() {
    let mut mailers = Vec::new();
    for (role, permissions) in of_the_template() {
        let on = |action: &str| -> BTreeSet<(String, String)> {
            let these = permissions.iter().filter(|permission| permission.action == action);
            these.map(|permission| (permission.resource.clone(), permission.only.clone())).collect()
        };
        for action in ["ses:SendEmail", "ses:SendRawEmail"] {
            let resources: Vec<String> = on(action).into_iter().map(|(resource, _)| resource).collect();
            if permissions.iter().any(|permission| permission.action.starts_with("ses:")) {
                assert_eq!(resources, ["configuration-set/*", "identity/*"], "{role}: {action}");
                mailers.push(role.clone());
            }
        }
        assert!(on("ses:SendEmail").iter().all(|(_, only)| only.contains("ses:FromAddress")), "{role}");
    }
    mailers.dedup();
    assert_eq!(mailers, ["AwaitApproval", "Deliver", "Notify"]);
}

/// Not documented: a call may be judged by the machine, or by the version or alias that the execution runs.
#[test]
fn tasks_are_ended_by_the_machine_its_versions_and_its_aliases() {
    for (role, permissions) in of_the_template() {
        for action in ["states:SendTaskSuccess", "states:SendTaskFailure"] {
            let may = permissions.iter().filter(|permission| permission.action == action);
            let on: Vec<&str> = may.map(|permission| permission.resource.as_str()).collect();
            let of_requests = ["StateMachine", "StateMachine:*"];
            let of_both = ["RevocationStateMachine", "StateMachine", "StateMachine:*"];
            let right = if ["Persist", "Sign", "Notify", "DeadLetter"].contains(&role.as_str()) {
                on == of_both
            } else {
                on.is_empty() || on == of_requests
            };
            assert!(right || (role == "DeadLetter" && on.is_empty()), "{role}: {action} on {on:?}");
        }
    }
}

/// Role and prefix of listings without reading: housekeeping looks at the age of the revocation lists.
const LISTED_ONLY: (&str, &str) = ("HousekeepingRole", "crl/");

/// A role may list exactly what it may read: enough for S3 to say that an object is missing.
#[test]
fn no_role_may_list_more_of_the_bucket_than_it_may_read() {
    let mut seen = 0;
    for (id, role) in of_type(&as_json(), "AWS::IAM::Role") {
        let policies = all_of(&role["Properties"]["Policies"]).into_iter().flat_map(branches);
        let statements: Vec<&serde_json::Value> = policies
            .flat_map(|policy| all_of(&policy["PolicyDocument"]["Statement"]))
            .flat_map(branches)
            .collect();
        let of = |action: &'static str| statements.iter().filter(move |one| one["Action"] == action);
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let read: BTreeSet<String> = of("s3:GetObject")
            .flat_map(|one| all_of(&one["Resource"]))
            .map(|resource| text(&resource["Fn::Sub"]).replace("${Bucket.Arn}/", ""))
            .chain((id == LISTED_ONLY.0).then(|| LISTED_ONLY.1.to_owned()))
            .collect();
        for statement in of("s3:ListBucket") {
            let prefixes = all_of(&statement["Condition"]["StringLike"]["s3:prefix"]);
            let listed: BTreeSet<String> =
                prefixes.into_iter().filter_map(|one| Some(one.as_str()?.into())).collect();
            assert_eq!(listed, read, "{id}");
            seen += 1;
        }
    }
    assert!(seen >= 6, "{seen}");
}
