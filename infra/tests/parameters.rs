//! Which values of parameters CloudFormation refuses before it changes anything: the section Rules of infra/template.yaml.

#![allow(clippy::unwrap_used)] // A test may.

use std::collections::BTreeMap;

use infra_tests::template::template;
use serde_json::{Value, json};

/// A value of a rule, with these parameters. A list as a parameter is a text with commas; the empty one has no members.
fn value(rule: &Value, parameters: &BTreeMap<String, String>) -> Value {
    let Some((function, arguments)) = rule.as_object().and_then(|one| one.iter().next()) else {
        return rule.clone();
    };
    let argument = |at: usize| value(&arguments[at], parameters);
    let truth = |value: Value| value.as_bool().unwrap();
    match function.as_str() {
        "Ref" => json!(parameters[arguments.as_str().unwrap()]),
        "Fn::Equals" => json!(argument(0) == argument(1)),
        "Fn::Not" => json!(!truth(argument(0))),
        "Fn::EachMemberEquals" => {
            let (list, wanted) = (argument(0), argument(1));
            let members = list.as_str().unwrap().split(',').filter(|member| !member.is_empty());
            json!(members.into_iter().all(|member| member == wanted))
        }
        other => panic!("AWS takes no {other} in a rule, or this test does not know it"),
    }
}

/// The rules that these values break, the others being the defaults.
fn broken(given: &[(&str, &str)]) -> Vec<String> {
    let template = template();
    let defaults = template["Parameters"].as_object().unwrap().iter().map(|(name, parameter)| {
        let default = &parameter["Default"];
        (name.clone(), default.as_str().map_or_else(|| default.to_string(), str::to_owned))
    });
    let mut parameters: BTreeMap<String, String> = defaults.collect();
    for (name, value) in given {
        assert!(parameters.insert((*name).to_owned(), (*value).to_owned()).is_some(), "no parameter {name}");
    }
    let rules = template["Rules"].as_object().unwrap().iter();
    let applying = rules.filter(|(_, rule)| value(&rule["RuleCondition"], &parameters) == true);
    let fails = |rule: &Value| {
        let mut assertions = rule["Assertions"].as_array().unwrap().iter();
        assertions.any(|one| value(&one["Assert"], &parameters) == false)
    };
    applying.filter(|(_, rule)| fails(rule)).map(|(name, _)| name.clone()).collect()
}

#[test]
fn the_defaults_and_each_documented_way_are_taken() {
    let relay = ("SmtpEndpoint", "smtp://relay.example.com:587?tls=required");
    for good in [
        vec![],
        vec![("MailTransport", "smtp"), relay],
        vec![
            ("MailTransport", "smtp"),
            relay,
            ("SubnetIds", "subnet-1,subnet-2"),
            ("SecurityGroupIds", "sg-1"),
            ("ApiVpcEndpoint", "vpce-1"),
        ],
        vec![
            ("DomainName", "ca.example.com"),
            ("DomainCertificateArn", "arn:aws:acm:x"),
            ("BaseUrl", "https://ca.example.com"),
        ],
        vec![("ConfigurationSet", "mine")],
        vec![("MailEvents", "yes")],
        vec![("RolesAnywhereTrustAnchorArn", "arn:aws:rolesanywhere:x"), ("TrustStoreArn", "arn:aws:elb:x")],
    ] {
        assert_eq!(broken(&good), Vec::<String>::new(), "{good:?}");
    }
}

#[test]
fn what_could_not_work_is_refused_before_anything_is_made() {
    let relay = ("SmtpEndpoint", "smtp://relay.example.com:587?tls=required");
    let domain = ("DomainName", "ca.example.com");
    let certificate = ("DomainCertificateArn", "arn:aws:acm:x");
    let url = ("BaseUrl", "https://ca.example.com");
    let subnets = [("SubnetIds", "subnet-1"), ("SecurityGroupIds", "sg-1"), ("MailTransport", "smtp"), relay];
    let in_subnets = |more| [&subnets[..], &[more]].concat();
    for (bad, rule) in [
        (in_subnets(("RolesAnywhereTrustAnchorArn", "arn:aws:rolesanywhere:x")), "WorkersInAVpcRelayNoLists"),
        (in_subnets(("TrustStoreArn", "arn:aws:elb:x")), "WorkersInAVpcRelayNoLists"),
        (vec![("MailTransport", "smtp")], "SmtpNeedsARelay"),
        (vec![domain, url], "DomainNeedsACertificate"),
        (vec![domain, certificate], "DomainNeedsACertificate"),
        (vec![domain, certificate, url, ("ApiVpcEndpoint", "vpce-1")], "DomainNeedsACertificate"),
        (vec![("SubnetIds", "subnet-1"), ("MailTransport", "smtp"), relay], "SubnetsNeedSecurityGroups"),
        (vec![("SubnetIds", "subnet-1"), ("SecurityGroupIds", "sg-1")], "WorkersInAVpcMailBySmtp"),
        (vec![("MailEvents", "yes"), ("ConfigurationSet", "mine")], "MailEventsNeedTheStacksOwnSet"),
        (vec![("MailEvents", "yes"), ("MailTransport", "smtp"), relay], "MailEventsNeedTheStacksOwnSet"),
    ] {
        assert_eq!(broken(&bad), [rule], "{bad:?}");
    }
}
