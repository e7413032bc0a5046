//! A private network: the endpoint of the API, the subnets of the workers, and zones without an endpoint.

use serde_json::Value;

use super::check::Check;
use crate::aws_cli::AwsCli;
use crate::error::{CliError, OrFail as _};

const ABOUT: &str = "network";
/// Services that workers in subnets call.
const OF_THE_WORKERS: [&str; 7] = ["s3", "dynamodb", "sqs", "states", "secretsmanager", "sns", "ssm"];

/// Checks endpoint and subnets that the parameters name.
pub(super) async fn network(
    aws: &AwsCli,
    value: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Check>, CliError> {
    let value = |name: &str| value(name).filter(|value| !value.is_empty());
    let mut checks = Vec::new();
    if let Some(id) = value("ApiVpcEndpoint") {
        let found = aws.find(&["ec2", "describe-vpc-endpoints", "--vpc-endpoint-ids", &id]).await?;
        checks.push(api_endpoint(&id, found.as_ref().map(|found| &found["VpcEndpoints"][0])));
    }
    if let Some(subnets) = value("SubnetIds") {
        let ids: Vec<&str> = subnets.split(',').map(str::trim).collect();
        let describe = [&["ec2", "describe-subnets", "--subnet-ids"][..], &ids].concat();
        let Some(found) = aws.find(&describe).await? else {
            checks.push(Check::wrong(
                ABOUT,
                format!("not all of the subnets {subnets} exist"),
                "SubnetIds is the output of that name of the network's stack; see docs/operations/private-network.md.",
            ));
            return Ok(checks);
        };
        let vpc = format!("Name=vpc-id,Values={}", found["Subnets"][0]["VpcId"].as_str().unwrap_or_default());
        let endpoints = aws.json(&["ec2", "describe-vpc-endpoints", "--filters", &vpc]).await?;
        let kms = (value("CaKey").as_deref() == Some("kms")).then_some("kms");
        let needed: Vec<&str> = OF_THE_WORKERS.into_iter().chain(kms).collect();
        checks.push(worker_endpoints(&needed, &endpoints));
    }
    Ok(checks)
}

fn api_endpoint(id: &str, found: Option<&Value>) -> Check {
    let advice = "ApiVpcEndpoint is the output ApiVpcEndpoint of the network's stack, in the same region; see docs/operations/private-network.md.";
    let Some(found) = found.filter(|found| found.is_object()) else {
        return Check::wrong(ABOUT, format!("there is no VPC endpoint {id}"), advice);
    };
    let service = found["ServiceName"].as_str().unwrap_or_default();
    let state = found["State"].as_str().unwrap_or_default();
    if !service.ends_with(".execute-api") {
        Check::wrong(ABOUT, format!("the VPC endpoint {id} is of {service}, not of execute-api"), advice)
    } else if !state.eq_ignore_ascii_case("available") {
        Check::wrong(ABOUT, format!("the VPC endpoint {id} is {state}"), "Wait until it is available.")
    } else {
        Check::good(ABOUT, format!("the API answers {id} only"))
    }
}

/// Never wrong, only a note: a network may have another way to AWS.
fn worker_endpoints(needed: &[&str], endpoints: &Value) -> Check {
    let all = endpoints["VpcEndpoints"].as_array().cloned().unwrap_or_default();
    let has = |service: &str| {
        let ending = format!(".{service}");
        all.iter().any(|one| {
            one["ServiceName"].as_str().is_some_and(|name| name.ends_with(&ending))
                && one["State"].as_str().is_some_and(|state| state.eq_ignore_ascii_case("available"))
        })
    };
    let lacking: Vec<&str> = needed.iter().copied().filter(|service| !has(service)).collect();
    if lacking.is_empty() {
        return Check::good(ABOUT, "every service of the workers has an endpoint");
    }
    Check::note(
        ABOUT,
        format!("the workers' VPC has no available endpoint of {}", lacking.join(", ")),
        "Without another way to AWS, every worker hangs until its time-out: deploy infra/private/network.yaml with Level=Isolated (and CaInKms=yes).",
    )
}

/// One check for each zone: the deployment of the network fails in a zone without one of its endpoints.
pub(super) async fn zones(
    aws: &AwsCli,
    region: &str,
    repository: &std::path::Path,
    zones: &[String],
) -> Result<Vec<Check>, CliError> {
    if zones.is_empty() {
        return Ok(Vec::new());
    }
    let file = repository.join("infra/private/network.yaml");
    let template =
        std::fs::read_to_string(&file).or_fail(|| format!("cannot read {}", file.display()), "")?;
    let names = services(&template, region);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let describe = [&["ec2", "describe-vpc-endpoint-services", "--service-names"][..], &names].concat();
    let found = aws.json(&describe).await?;
    Ok(zones.iter().map(|zone| zone_check(zone, &found)).collect())
}

/// The services that the network's template makes endpoints of.
fn services(template: &str, region: &str) -> Vec<String> {
    let lines = template.lines().filter_map(|line| line.trim().strip_prefix("ServiceName: !Sub "));
    lines.map(|name| name.trim_matches('"').replace("${AWS::Region}", region)).collect()
}

fn zone_check(zone: &str, found: &Value) -> Check {
    let all = found["ServiceDetails"].as_array().cloned().unwrap_or_default();
    let lacks = |service: &Value| {
        let zones = service["AvailabilityZones"].as_array();
        let has = zones.is_some_and(|zones| zones.iter().any(|one| one == zone));
        let name = service["ServiceName"].as_str().unwrap_or_default();
        (!has).then(|| name.rsplit('.').next().unwrap_or(name).to_owned())
    };
    let lacking: Vec<String> = all.iter().filter_map(lacks).collect();
    if lacking.is_empty() {
        return Check::good(ABOUT, format!("{zone} has every endpoint"));
    }
    Check::wrong(
        ABOUT,
        format!("the zone {zone} has no endpoint of {}", lacking.join(", ")),
        "Choose other zones for FirstZone and SecondZone of infra/private/network.yaml. Level=Private needs execute-api, ssm and ssmmessages only.",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::check::CheckResult;
    use super::*;
    use crate::aws_cli::scripted::ScriptedAws;
    use crate::checkout;

    async fn looked(endpoint: &str, subnets: &str, endpoints: &str) -> Vec<Check> {
        let aws = ScriptedAws::new(&[
            ("describe-vpc-endpoints --vpc-endpoint-ids vpce-1", &[endpoint]),
            ("describe-subnets --subnet-ids subnet-1 subnet-2", &[subnets]),
            ("describe-vpc-endpoints --filters Name=vpc-id,Values=vpc-1", &[endpoints]),
        ]);
        let value = |name: &str| {
            let value = match name {
                "ApiVpcEndpoint" => "vpce-1",
                "SubnetIds" => "subnet-1,subnet-2",
                "CaKey" => "kms",
                _ => return None,
            };
            Some(value.to_owned())
        };
        network(&aws.cli(), &value).await.unwrap()
    }

    #[tokio::test]
    async fn endpoint_and_subnets_have_to_be_there() {
        let api = r#"{"VpcEndpoints":[{"ServiceName":"com.amazonaws.eu-central-1.execute-api","State":"available"}]}"#;
        let subnets = r#"{"Subnets":[{"VpcId":"vpc-1"}]}"#;
        let all: Vec<Value> = OF_THE_WORKERS
            .iter()
            .chain(&["kms"])
            .map(|service| json!({ "ServiceName": format!("com.amazonaws.eu-central-1.{service}"), "State": "Available" }))
            .collect();
        let all = json!({ "VpcEndpoints": all }).to_string();
        let whole = looked(api, subnets, &all).await;
        assert!(whole.iter().all(|check| check.verdict == CheckResult::Good), "{whole:?}");
        for (endpoint, expected) in [
            (
                "error:An error occurred (InvalidVpcEndpointId.NotFound) when calling x: y",
                "there is no VPC endpoint vpce-1",
            ),
            (&api.replace("execute-api", "sqs"), "is of com.amazonaws.eu-central-1.sqs, not of execute-api"),
            (&api.replace("available", "pending"), "vpce-1 is pending"),
        ] {
            let check = looked(endpoint, subnets, &all).await.remove(0);
            assert_eq!(check.verdict, CheckResult::Wrong);
            assert!(check.found.contains(expected), "{check:?}");
        }
        let gone = "error:An error occurred (InvalidSubnetID.NotFound) when calling x: y";
        assert_eq!(looked(api, gone, &all).await[1].verdict, CheckResult::Wrong);
        let lacking = all.replace("secretsmanager", "other").replace(".kms", ".kms-fips");
        let check = looked(api, subnets, &lacking).await.remove(1);
        assert_eq!(check.verdict, CheckResult::Note);
        assert!(check.found.ends_with("endpoint of secretsmanager, kms"), "{check:?}");
    }

    #[tokio::test]
    async fn a_zone_without_an_endpoint_is_told_before_the_network_is_made() {
        let services = r#"{"ServiceDetails":[
            {"ServiceName":"com.amazonaws.us-east-1.sqs","AvailabilityZones":["us-east-1a","us-east-1e"]},
            {"ServiceName":"com.amazonaws.us-east-1.email-smtp","AvailabilityZones":["us-east-1a"]}]}"#;
        let aws = ScriptedAws::new(&[("describe-vpc-endpoint-services", &[services])]);
        let asked = ["us-east-1a".to_owned(), "us-east-1e".to_owned()];
        let checks = zones(&aws.cli(), "us-east-1", &checkout::repository(), &asked).await.unwrap();
        assert_eq!(checks[0].verdict, CheckResult::Good);
        assert_eq!(checks[1].verdict, CheckResult::Wrong);
        assert_eq!(checks[1].found, "the zone us-east-1e has no endpoint of email-smtp");
        for service in ["execute-api", "ssmmessages", "kms", "email-smtp"] {
            assert!(aws.called(&format!("com.amazonaws.us-east-1.{service}")), "{:?}", aws.calls());
        }
    }
}
