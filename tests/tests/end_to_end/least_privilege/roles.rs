//! Deployed roles, whose permissions can be removed and restored.

use end_to_end::Stack;
use serde_json::{Value, json};

/// A worker's role.
pub(super) struct Role {
    /// The worker, as the template writes it: `AwaitApproval`.
    pub(super) worker: String,
    name: String,
    policy: String,
    document: Value,
}

/// One action on one resource.
#[derive(Clone, Debug)]
pub(super) struct Permission {
    pub(super) action: String,
    pub(super) resource: String,
}

fn list(value: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    value.as_array().map_or_else(|| vec![text(value)], |all| all.iter().map(text).collect())
}

impl Role {
    /// All roles of the stack.
    pub(super) fn all(stack: &Stack) -> Vec<Self> {
        let name = stack.endpoint("stack");
        let described = stack.aws_json(&["cloudformation", "describe-stack-resources", "--stack-name", name]);
        let resources = described["StackResources"].as_array().unwrap();
        let roles = resources.iter().filter(|resource| resource["ResourceType"] == "AWS::IAM::Role");
        roles.map(|resource| Self::read(stack, resource)).collect()
    }

    fn read(stack: &Stack, resource: &Value) -> Self {
        let text = |field: &str| resource[field].as_str().unwrap().to_owned();
        let (worker, name) = (text("LogicalResourceId").replace("Role", ""), text("PhysicalResourceId"));
        let policies = stack.aws_json(&["iam", "list-role-policies", "--role-name", &name]);
        let policies = list(&policies["PolicyNames"]);
        // Workers of the local stack are in no VPC, but the emulator evaluates the condition WorkersInVpc as true.
        let policies: Vec<&String> =
            policies.iter().filter(|policy| *policy != "network-interfaces").collect();
        let [policy] = policies[..] else { panic!("{name} has the policies {policies:?}") };
        let read = stack.aws_json(&["iam", "get-role-policy", "--role-name", &name, "--policy-name", policy]);
        Self { worker, policy: policy.clone(), document: read["PolicyDocument"].clone(), name }
    }

    /// Every action on every resource.
    pub(super) fn permissions(&self) -> Vec<Permission> {
        let statements = self.document["Statement"].as_array().unwrap();
        let each = statements.iter().flat_map(|statement| {
            let (actions, resources) = (list(&statement["Action"]), list(&statement["Resource"]));
            actions.into_iter().flat_map(move |action| {
                let permission = move |resource: String| Permission { action: action.clone(), resource };
                resources.clone().into_iter().map(permission)
            })
        });
        each.collect()
    }

    /// Sets a policy without the permissions `taken`.
    pub(super) fn without(&self, stack: &Stack, taken: &[&Permission]) {
        let mut kept = Vec::new();
        for permission in self.permissions() {
            let is_it = |one: &&&Permission| {
                (&one.action, &one.resource) == (&permission.action, &permission.resource)
            };
            if !taken.iter().any(|one| is_it(&one)) {
                kept.push(json!({ "Effect": "Allow", "Action": permission.action, "Resource": permission.resource }));
            }
        }
        if kept.is_empty() {
            // A policy needs a statement.
            kept.push(json!({ "Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*" }));
        }
        self.put(stack, &json!({ "Version": "2012-10-17", "Statement": kept }));
    }

    /// Restores the deployed policy.
    pub(super) fn restore(&self, stack: &Stack) {
        self.put(stack, &self.document);
    }

    fn put(&self, stack: &Stack, document: &Value) {
        let names = ["iam", "put-role-policy", "--role-name", &self.name, "--policy-name", &self.policy];
        stack.aws(&[&names[..], &["--policy-document", &document.to_string()]].concat());
    }

    /// True if a log line says that this role was denied the permission.
    pub(super) fn is_denied(&self, permission: &Permission, line: &str) -> bool {
        let Some((_, action)) = line.split_once("is not authorized to perform: ") else {
            return false;
        };
        let (action, rest) = action.split_once(' ').unwrap_or_default();
        // Some services omit the resource; only one resource of an action is removed at a time.
        let on = rest
            .strip_prefix("on resource: ")
            .map(|on| on.split([' ', '"', ',', '\\']).next().unwrap_or_default());
        line.contains(&format!("assumed-role/{}/", self.name))
            // SNS writes its prefix in capitals.
            && action.eq_ignore_ascii_case(&permission.action)
            && (permission.resource == "*" || on.is_none_or(|on| matches(&permission.resource, on)))
    }
}

/// IAM wildcards: `*` for any characters, `?` for one.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = &pattern[1..];
            rest.is_empty()
                || (0..=text.len()).any(|at| text.is_char_boundary(at) && matches(rest, &text[at..]))
        }
        Some(one) => {
            text.chars().next().is_some_and(|other| one == '?' || one == other)
                && matches(&pattern[one.len_utf8()..], &text[text.chars().next().unwrap().len_utf8()..])
        }
    }
}

#[test]
fn patterns_are_those_of_iam() {
    assert!(matches("arn:aws:s3:::b/policy/*", "arn:aws:s3:::b/policy/x.toml"));
    assert!(matches("secret:ca-key-??????", "secret:ca-key-AbCdEf"));
    assert!(!matches("arn:aws:s3:::b/policy/*", "arn:aws:s3:::b/ca-certificate/current.pem"));
    assert!(!matches("secret:ca-key-??????", "secret:ca-key-AbCdE"));
}
