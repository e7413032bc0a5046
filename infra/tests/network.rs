//! infra/private/network.yaml: no way in or out, and the endpoints and prices of docs/operations/private-network.md.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use infra_tests::read;
use serde_yaml_ng::Value;

/// An interface endpoint in one zone, in dollars a month of 730 hours at $0.01.
const ENDPOINT: f64 = 7.30;
/// Limit of EC2 user data in bytes, before base64.
const USER_DATA: usize = 16 * 1024;

fn network() -> Value {
    serde_yaml_ng::from_str(&read("infra/private/network.yaml")).unwrap()
}

fn resources(network: &Value, kind: &str) -> BTreeMap<String, Value> {
    let all = network["Resources"].as_mapping().unwrap();
    let of_kind = all.iter().filter(|(_, resource)| resource["Type"] == kind);
    of_kind.map(|(name, resource)| (name.as_str().unwrap().to_owned(), resource.clone())).collect()
}

/// True if a resource exists in a level without a CA key in KMS.
fn is_in(resource: &Value, level: &str) -> bool {
    match resource["Condition"].as_str() {
        None => true,
        Some("Isolated") => level == "Isolated",
        Some("IsolatedWithKms") => false,
        Some(other) => panic!("a condition more: {other}"),
    }
}

#[test]
fn no_resource_is_a_way_in_or_out() {
    let network = network();
    for (name, resource) in network["Resources"].as_mapping().unwrap() {
        let kind = resource["Type"].as_str().unwrap();
        let ways = [
            "InternetGateway",
            "NatGateway",
            "EC2::Route",
            "EIP",
            "VPCPeering",
            "TransitGateway",
            "VPNGateway",
        ];
        let is_way = ways.iter().any(|way| kind.ends_with(way) || kind.contains(&format!("{way}Attachment")));
        assert!(!is_way, "{name:?} is a {kind}");
    }
    for (name, group) in resources(&network, "AWS::EC2::SecurityGroup") {
        for rule in group["Properties"]["SecurityGroupIngress"].as_sequence().into_iter().flatten() {
            let from = &rule["SourceSecurityGroupId"];
            assert!(rule.get("CidrIp").is_none(), "{name} lets in more than a group of the VPC");
            assert!(!from.is_null(), "{name} lets in more than a group of the VPC");
        }
    }
    for (name, rule) in resources(&network, "AWS::EC2::SecurityGroupIngress") {
        assert!(rule["Properties"].get("CidrIp").is_none(), "{name} lets in addresses");
    }
    let groups = resources(&network, "AWS::EC2::SecurityGroup");
    assert!(
        groups["ProxyGroup"]["Properties"].get("SecurityGroupIngress").is_none(),
        "nginx has no inbound rule"
    );
    for subnet in resources(&network, "AWS::EC2::Subnet").values() {
        assert_eq!(subnet["Properties"]["MapPublicIpOnLaunch"], false);
    }
    let proxy = &resources(&network, "AWS::EC2::Instance")["Proxy"];
    assert!(proxy["Properties"].get("KeyName").is_none(), "SSH keys are not used");
    assert_eq!(proxy["Properties"]["MetadataOptions"]["HttpTokens"], "required");
}

#[test]
fn the_endpoints_are_those_of_the_page_and_cost_what_it_says() {
    let (network, page) = (network(), read("docs/operations/private-network.md"));
    let endpoints = resources(&network, "AWS::EC2::VPCEndpoint");
    let service = |endpoint: &Value| {
        let name = match &endpoint["Properties"]["ServiceName"] {
            Value::Tagged(sub) => sub.value.as_str().unwrap().to_owned(),
            other => panic!("{other:?}"),
        };
        name.rsplit('.').next().unwrap().to_owned()
    };
    for (name, endpoint) in &endpoints {
        let kind = endpoint["Properties"]["VpcEndpointType"].as_str().unwrap().to_lowercase();
        let level = match endpoint["Condition"].as_str() {
            None => "both",
            Some("Isolated") => "Isolated",
            Some(_) => "Isolated with `CaInKms=yes`",
        };
        let free = if kind == "gateway" { ", free" } else { "" };
        let row = format!("| {} | {kind}{free} | {level} |", service(endpoint));
        assert!(page.contains(&row), "the page has no line: {row}");
        // The SMTP endpoint supports no policy.
        assert!(
            name == "Smtp" || !endpoint["Properties"]["PolicyDocument"].is_null(),
            "{name} has no policy"
        );
    }
    let interfaces = |level: &str| {
        let counted = endpoints.values().filter(|endpoint| {
            is_in(endpoint, level) && endpoint["Properties"]["VpcEndpointType"] == "Interface"
        });
        u32::try_from(counted.count()).unwrap()
    };
    for (level, words) in [("Private", "Private has three"), ("Isolated", "Isolated eight")] {
        let price = format!("(${:.2})", ENDPOINT * f64::from(interfaces(level)));
        assert!(page.contains(words), "{level}: {} at {price}", interfaces(level));
        assert!(page.contains(&price), "{level}: {} at {price}", interfaces(level));
    }
    assert_eq!((interfaces("Private"), interfaces("Isolated")), (3, 8));
}

/// GetAZs names other zones in each account, and some have no endpoint of SES.
#[test]
fn each_subnet_is_in_a_zone_that_a_parameter_names_and_the_page_says_how_to_find_it() {
    let (network, page) = (network(), read("docs/operations/private-network.md"));
    for (subnet, parameter) in [("FirstSubnet", "FirstZone"), ("SecondSubnet", "SecondZone")] {
        let zone = &network["Resources"][subnet]["Properties"]["AvailabilityZone"];
        let Value::Tagged(choice) = zone else { panic!("{subnet} has no choice of its zone: {zone:?}") };
        assert_eq!(
            (choice.tag.to_string().as_str(), &choice.value[0]),
            ("!If", &format!("Has{parameter}").into())
        );
        assert!(network["Parameters"][parameter]["Default"] == "", "{parameter}");
        assert!(page.contains(&format!("`{parameter}`")), "{parameter}");
    }
    let asked = page.lines().find_map(|line| line.strip_prefix("for service in ")).unwrap();
    let asked: Vec<&str> = asked.trim_end_matches("; do").split(' ').collect();
    for endpoint in resources(&network, "AWS::EC2::VPCEndpoint").values() {
        let Value::Tagged(name) = &endpoint["Properties"]["ServiceName"] else { panic!("{endpoint:?}") };
        let service = name.value.as_str().unwrap().rsplit('.').next().unwrap();
        let gateway = endpoint["Properties"]["VpcEndpointType"] == "Gateway";
        assert!(gateway || asked.contains(&service), "the page does not ask for the zones of {service}");
    }
}

#[test]
fn nginx_fits_into_the_user_data_and_every_word_in_it_is_put_in() {
    let (network, conf) = (read("infra/private/network.yaml"), read("infra/private/nginx.conf"));
    assert!(conf.len().div_ceil(3) * 4 + 2048 < USER_DATA, "nginx.conf has {} bytes", conf.len());
    let mut words: Vec<&str> = conf
        .split('@')
        .skip(1)
        .step_by(1)
        .filter(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
        .collect();
    words.sort_unstable();
    words.dedup();
    assert!(words.len() >= 7, "{words:?}");
    for word in words {
        assert!(network.contains(&format!("s|@{word}@|")), "@{word}@ is not substituted");
    }
    assert!(network.contains("echo '@NGINX_CONF@' | base64 -d"));
}
