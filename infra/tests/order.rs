//! The order in which CloudFormation makes and removes the resources of infra/template.yaml.
//!
//! Invariant: a function is made after every permission of its role, and removed before them. Lambda refuses a function whose role
//! does not have what its configuration needs, and Lambda creates the log group itself if the template's comes later.

#![allow(clippy::unwrap_used)] // A test may.

use infra_tests::template::{arn, list, of_type, pascal, prerequisites, properties, reference, template};
use infra_tests::workers;
use serde_json::Value;

/// The resources beside a role that give it permissions.
const BESIDE_A_ROLE: [&str; 4] =
    ["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy", "AWS::IAM::InlinePolicy"];

/// The logical ids of what attaches a policy to this role.
fn attached(template: &Value, role: &str) -> Vec<String> {
    let kinds = BESIDE_A_ROLE.iter().flat_map(|kind| of_type(template, kind));
    let names_role = |policy: &Value| {
        let roles = list(&policy["Properties"]["Roles"]).into_iter();
        roles.chain([&policy["Properties"]["RoleName"]]).any(|name| *name == reference(role))
    };
    kinds.filter(|(_, policy)| names_role(policy)).map(|(id, _)| id).collect()
}

#[test]
fn a_function_is_made_after_all_that_its_role_may_do() {
    let template = template();
    for worker in workers() {
        let (function, role) = (format!("{}Function", pascal(&worker)), format!("{}Role", pascal(&worker)));
        assert_eq!(properties(&template, &function)["Role"], arn(&role));
        let before = prerequisites(&template, &function);
        assert!(before.contains(&role), "{function} does not wait for {role}");
        for policy in attached(&template, &role) {
            assert!(before.contains(&policy), "{function} does not wait for {policy}, which {role} needs");
        }
    }
}

/// In a VPC, Lambda asks at once whether the role may make network interfaces.
#[test]
fn each_worker_in_a_vpc_has_the_rights_for_its_network_interfaces_and_may_not_use_them() {
    let template = template();
    assert!(template["Globals"]["Function"]["VpcConfig"].to_string().contains("WorkersInVpc"));
    for worker in workers() {
        let role = properties(&template, &format!("{}Role", pascal(&worker)));
        let policies = list(&role["Policies"]);
        let in_vpc = policies.iter().filter(|policy| policy["Fn::If"][0] == "WorkersInVpc");
        let [policy] = in_vpc.collect::<Vec<_>>()[..] else { panic!("{worker} has no rights in a VPC") };
        let statements = policy["Fn::If"][1]["PolicyDocument"]["Statement"].as_array().unwrap();
        let [allowed, denied] = &statements[..] else { panic!("{worker}: {statements:?}") };
        assert_eq!((&allowed["Effect"], &denied["Effect"]), (&"Allow".into(), &"Deny".into()), "{worker}");
        assert_eq!(allowed["Action"], denied["Action"], "{worker} may use what only Lambda may");
        assert!(list(&allowed["Action"]).contains(&&"ec2:CreateNetworkInterface".into()), "{worker}");
        assert!(denied["Condition"]["ArnLike"]["lambda:SourceFunctionArn"].is_object(), "{worker}");
        assert!(allowed["Condition"].is_null(), "{worker}: Lambda's own calls meet no condition");
    }
}

#[test]
fn a_log_group_waits_for_nothing_that_it_logs() {
    let template = template();
    let loggers: Vec<String> = ["AWS::Serverless::Function", "AWS::Serverless::StateMachine"]
        .iter()
        .flat_map(|kind| of_type(&template, kind).into_keys())
        .collect();
    for log in of_type(&template, "AWS::Logs::LogGroup").keys() {
        let before = prerequisites(&template, log);
        let late: Vec<&String> = loggers.iter().filter(|logger| before.contains(*logger)).collect();
        assert!(late.is_empty(), "{log} is made after {late:?}");
        let logged: Vec<&String> =
            loggers.iter().filter(|logger| prerequisites(&template, logger).contains(log)).collect();
        assert!(!logged.is_empty(), "nothing waits for {log}");
    }
}
