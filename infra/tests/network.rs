//! infra/private/network.yaml: closed in both directions, with the endpoints and prices of
//! docs/operations/private-network.md.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use infra_tests::read;
use serde_yaml_ng::Value;

/// Price of an interface endpoint in one zone, in dollars a month: 730 hours at $0.01.
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

/// The user data, with a value for each word of CloudFormation's and nginx.conf in its place.
fn user_data() -> String {
    use std::io::Write as _;
    let network = network();
    let Value::Tagged(base64) = &network["Resources"]["Proxy"]["Properties"]["UserData"] else { panic!() };
    let text = base64.value["Fn::Sub"][0].as_str().unwrap();
    let mut data = String::new();
    let mut parts = text.split("${");
    data.push_str(parts.next().unwrap());
    for part in parts {
        let (word, rest) = part.split_once('}').unwrap();
        data.push_str(match word {
            "Ready" => "https://example.com/signed?a=b&c=d%3A",
            "Port" => "8080",
            _ => "word",
        });
        data.push_str(rest);
    }
    let mut encoder =
        Command::new("base64").arg("-w0").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    encoder.stdin.take().unwrap().write_all(read("infra/private/nginx.conf").as_bytes()).unwrap();
    let conf = String::from_utf8(encoder.wait_with_output().unwrap().stdout).unwrap();
    data.replace("@NGINX_CONF@", &conf)
}

/// Content of a here-document of a script.
fn here<'a>(script: &'a str, word: &str) -> &'a str {
    let (_, rest) = script.split_once(&format!("<<'{word}'\n")).unwrap_or_else(|| panic!("no {word}"));
    rest.split_once(&format!("\n{word}\n")).unwrap().0
}

#[test]
fn the_user_data_is_a_script_and_what_it_writes_is_one() {
    let data = user_data();
    assert!(data.len() < USER_DATA, "{} bytes", data.len());
    for script in [&data, here(&data, "SCRIPT")] {
        assert!(script.starts_with("#!/bin/bash\nset -eu\n"), "{script}");
        let checked = Command::new("bash").args(["-n", "-c", script]).output().unwrap();
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    }
}

/// With programs that only say what they were called with, and of which one may fail.
fn run_proxy(folder: &str, failing: &str) -> (bool, Vec<String>) {
    let folder = std::env::temp_dir().join(format!("countersign-{folder}-{}", std::process::id()));
    let programs = folder.join("bin");
    for each in [&programs, &folder.join("etc/nginx"), &folder.join("var/lib")] {
        std::fs::create_dir_all(each).unwrap();
    }
    for name in ["dd", "chmod", "mkswap", "mv", "swapon", "dnf", "nginx", "systemctl", "curl"] {
        let fails = if failing.starts_with(name) {
            format!("case \"$0 $*\" in *'{failing}'*) exit 1;; esac\n")
        } else {
            String::new()
        };
        let text = format!("#!/bin/sh\necho \"{name} $*\" >> {}/calls\n{fails}", folder.display());
        let program = programs.join(name);
        std::fs::write(&program, text).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let data = user_data();
    let script = here(&data, "SCRIPT");
    let script = ["/swapfile", "/etc/nginx", "/var/lib"].iter().fold(script.to_owned(), |script, path| {
        script.replace(&format!(" {path}"), &format!(" {}{path}", folder.display()))
    });
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let run = Command::new("bash").args(["-c", &script]).env("PATH", path).output().unwrap();
    let calls = std::fs::read_to_string(folder.join("calls")).unwrap_or_default();
    let conf = std::fs::read_to_string(folder.join("etc/nginx/nginx.conf")).unwrap_or_default();
    assert!(!run.status.success() || (conf.contains("proxy_pass") && !conf.contains("@UP")), "{conf}");
    std::fs::remove_dir_all(&folder).unwrap();
    (run.status.success(), calls.lines().map(str::to_owned).collect())
}

#[test]
fn the_proxy_has_swap_before_packages_and_tells_cloudformation_once_nginx_answers() {
    let (done, calls) = run_proxy("proxy", "nothing");
    assert!(done, "{calls:?}");
    let at = |begin: &str| {
        calls
            .iter()
            .position(|call| call.starts_with(begin))
            .unwrap_or_else(|| panic!("no {begin}: {calls:?}"))
    };
    let answers = calls.iter().position(|call| call.contains("http://127.0.0.1:8080/")).unwrap();
    let told = calls.iter().position(|call| call.contains("PUT")).unwrap();
    let order = [
        at("mkswap"),
        at("dnf -y -q --releasever=latest upgrade"),
        at("dnf -y -q install nginx"),
        at("nginx -t"),
        at("systemctl restart"),
        answers,
        told,
    ];
    assert!(order.is_sorted(), "{calls:?}");
}

#[test]
fn a_proxy_that_does_not_come_up_fails_and_sends_no_signal() {
    for failing in ["dnf -y -q install nginx", "nginx -t", "systemctl restart nginx", "curl -sS -o"] {
        let (done, calls) = run_proxy(&failing.replace(' ', ""), failing);
        assert!(!done, "{failing}");
        assert!(!calls.iter().any(|call| call.contains("PUT")), "{failing}: {calls:?}");
    }
    // An old package is better than no portal, and nginx that answers is not stopped because the news did not get through.
    for failing in ["dnf -y -q --releasever=latest upgrade", "curl -sSf"] {
        assert!(run_proxy(&failing.replace([' ', '='], ""), failing).0, "{failing}");
    }
}

#[test]
fn the_unit_is_tried_until_it_succeeds_and_the_network_waits_for_it() {
    let (data, network) = (user_data(), network());
    let unit = here(&data, "UNIT");
    for line in
        ["Type=oneshot", "Restart=on-failure", "StartLimitIntervalSec=0", "StandardOutput=journal+console"]
    {
        assert!(unit.lines().any(|one| one == line), "{line}");
    }
    let waits = &network["Resources"]["ProxyAnswers"];
    assert_eq!((&waits["DependsOn"], &waits["Condition"]), (&"Proxy".into(), &"HasApi".into()));
    let policy = &network["Resources"]["S3"]["Properties"]["PolicyDocument"]["Statement"];
    let mut statements = policy.as_sequence().unwrap().iter().filter(|one| !matches!(one, Value::Tagged(_)));
    let lets_through = statements.any(|one| {
        let Value::Tagged(resource) = &one["Resource"] else { return false };
        one["Action"] == "s3:PutObject"
            && resource.value.as_str().unwrap().contains(":::cloudformation-waitcondition-")
    });
    assert!(lets_through, "the signal does not get out");
}

#[test]
fn every_word_of_nginx_conf_is_put_in() {
    let (network, conf) = (read("infra/private/network.yaml"), read("infra/private/nginx.conf"));
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
