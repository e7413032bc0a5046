//! A request from outside, after the deployment of a stack whose networks are limited: it must be refused.
//!
//! The stack's template can be in force while the API's policy is not: API Gateway applies a policy from the next deployment of the
//! stage on. Only a request shows it.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use serde_json::Value;

use super::stack_status::{output, parameter};
use crate::error::{CliError, OrFail as _};
use crate::progress::say;

/// Answers the address that a request came from; run by AWS.
const OWN_ADDRESS: &str = "https://checkip.amazonaws.com";
/// A new deployment of a stage takes some seconds until it is in force everywhere. AWS reports no event for it, so the request is
/// repeated.
const ATTEMPTS: usize = 12;
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// The networks that may reach the portal.
#[derive(Debug, PartialEq)]
enum NetworkLimit {
    NoLimit,
    Networks(Vec<String>),
    Private,
}

impl NetworkLimit {
    fn of(described: &Value) -> Self {
        if parameter(described, "ApiVpcEndpoint").is_some_and(|endpoint| !endpoint.is_empty()) {
            return Self::Private;
        }
        let networks = parameter(described, "AllowedCidrs").unwrap_or_default();
        // The template's own condition LimitsNetworks.
        if networks.is_empty() || networks == "0.0.0.0/0,::/0" {
            return Self::NoLimit;
        }
        Self::Networks(networks.split(',').map(|network| network.trim().to_owned()).collect())
    }
}

/// The portal's answer to this machine.
#[derive(Clone, Copy, Debug, PartialEq)]
enum PortalAnswer {
    Refused,
    Served,
    Nothing,
}

/// Sends the request if networks are limited.
pub(super) async fn check(described: &Value, region: &str) -> Result<(), CliError> {
    let limit = NetworkLimit::of(described);
    let url = address(described, region);
    let (Some(url), false) = (url, limit == NetworkLimit::NoLimit) else {
        return Ok(());
    };
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(10))
        .build()
        .or_fail(|| "cannot make an HTTP client".into(), "")?;
    let mut answered = ask(&http, &url).await;
    let own = own_address(&http).await;
    let inside = is_inside(&limit, own, &url).await;
    for _ in 1..ATTEMPTS {
        if answered != PortalAnswer::Served || inside != Some(false) {
            break;
        }
        tokio::time::sleep(RETRY_INTERVAL).await;
        answered = ask(&http, &url).await;
    }
    assess(answered, inside, own).map(say)
}

/// The API's own address, or the domain: not BaseUrl, in front of which may be a proxy that is inside.
fn address(described: &Value, region: &str) -> Option<String> {
    match parameter(described, "DomainName") {
        Some(domain) if !domain.is_empty() => Some(format!("https://{domain}/")),
        _ => {
            let api = output(described, "ApiId")?;
            Some(format!("https://{api}.execute-api.{region}.amazonaws.com/live/"))
        }
    }
}

async fn ask(http: &reqwest::Client, url: &str) -> PortalAnswer {
    match http.get(url).send().await {
        Ok(answer) if answer.status() == reqwest::StatusCode::FORBIDDEN => PortalAnswer::Refused,
        Ok(_) => PortalAnswer::Served,
        Err(_) => PortalAnswer::Nothing,
    }
}

async fn own_address(http: &reqwest::Client) -> Option<IpAddr> {
    http.get(OWN_ADDRESS).send().await.ok()?.text().await.ok()?.trim().parse().ok()
}

/// True if this machine may reach the portal; `None` if that is unknown.
async fn is_inside(limit: &NetworkLimit, own: Option<IpAddr>, url: &str) -> Option<bool> {
    match limit {
        NetworkLimit::NoLimit => Some(true),
        NetworkLimit::Networks(networks) => {
            let own = own?;
            Some(networks.iter().any(|network| contains(network, own)))
        }
        // In a VPC with the endpoint, the name of the API leads to private addresses.
        NetworkLimit::Private => {
            let host = url.strip_prefix("https://")?.split('/').next()?;
            let found = tokio::net::lookup_host((host, 443)).await.ok()?;
            Some(found.into_iter().any(|address| is_private(address.ip())))
        }
    }
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private(),
        IpAddr::V6(address) => address.is_unique_local(),
    }
}

/// True if the network, written like 192.0.2.0/24, or as one address, contains the address.
fn contains(network: &str, address: IpAddr) -> bool {
    let network = network.parse().or_else(|_| network.parse::<IpAddr>().map(IpNet::from));
    network.is_ok_and(|network| network.contains(&address))
}

/// One line about the answer; an error if this machine is outside and was served.
fn assess(answer: PortalAnswer, inside: Option<bool>, own: Option<IpAddr>) -> Result<String, CliError> {
    let own = own.map_or_else(|| "this machine".to_owned(), |own| own.to_string());
    match (answer, inside) {
        (PortalAnswer::Refused, _) => Ok(format!("The portal refuses {own}, as its networks are limited.")),
        (PortalAnswer::Nothing, _) => {
            Ok(format!("The portal does not answer {own}; its networks are limited."))
        }
        (PortalAnswer::Served, Some(false)) => Err(CliError::new(
            format!("the networks of the portal are limited, but it answers {own}, which is outside of them"),
            "See AllowedCidrs and ApiVpcEndpoint with aws cloudformation describe-stacks, and the deployment of the stage live in the console of API Gateway; \
             the rest of the stack is deployed.",
        )),
        (PortalAnswer::Served, _) => Ok(format!(
            "The portal answers {own}, which may be inside its networks. Check from outside that it refuses."
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn described(parameters: &[(&str, &str)]) -> Value {
        let one = |(name, value): &(&str, &str)| json!({ "ParameterKey": name, "ParameterValue": value });
        json!({
            "Parameters": parameters.iter().map(one).collect::<Vec<_>>(),
            "Outputs": [{ "OutputKey": "ApiId", "OutputValue": "abc" }],
        })
    }

    #[test]
    fn the_limit_is_that_of_the_template() {
        let of = |parameters: &[(&str, &str)]| NetworkLimit::of(&described(parameters));
        assert_eq!(of(&[("AllowedCidrs", "0.0.0.0/0,::/0"), ("ApiVpcEndpoint", "")]), NetworkLimit::NoLimit);
        assert_eq!(of(&[]), NetworkLimit::NoLimit);
        assert_eq!(of(&[("ApiVpcEndpoint", "vpce-1")]), NetworkLimit::Private);
        let two = ["192.0.2.0/24".to_owned(), "2001:db8::/32".to_owned()];
        assert_eq!(of(&[("AllowedCidrs", "192.0.2.0/24,2001:db8::/32")]), NetworkLimit::Networks(two.into()));
    }

    #[test]
    fn a_request_goes_to_the_domain_or_to_the_api_itself() {
        let of = |parameters: &[(&str, &str)]| address(&described(parameters), "eu-central-1").unwrap();
        assert_eq!(of(&[("DomainName", "ca.example.com")]), "https://ca.example.com/");
        let api = "https://abc.execute-api.eu-central-1.amazonaws.com/live/";
        assert_eq!(of(&[("BaseUrl", "https://proxy.example.com"), ("DomainName", "")]), api);
    }

    #[test]
    fn a_network_contains_its_addresses() {
        let of = |network: &str, address: &str| contains(network, address.parse().unwrap());
        assert!(of("192.0.2.0/24", "192.0.2.255") && !of("192.0.2.0/24", "192.0.3.0"));
        assert!(of("192.0.2.7/32", "192.0.2.7") && !of("192.0.2.7/32", "192.0.2.6"));
        assert!(of("0.0.0.0/0", "203.0.113.1") && !of("0.0.0.0/0", "2001:db8::1"));
        assert!(of("2001:db8::/32", "2001:db8:1::1") && !of("2001:db8::/32", "2001:db9::1"));
        assert!(!of("nonsense", "192.0.2.1"));
    }

    #[test]
    fn only_an_answer_to_a_machine_outside_is_an_error() {
        let own = Some("203.0.113.1".parse().unwrap());
        let told = assess(PortalAnswer::Served, Some(false), own).unwrap_err().to_string();
        assert!(told.contains("it answers 203.0.113.1"), "{told}");
        assert!(assess(PortalAnswer::Refused, Some(false), own).unwrap().contains("refuses 203.0.113.1"));
        for inside in [Some(true), None] {
            assert!(assess(PortalAnswer::Served, inside, own).unwrap().contains("Check from outside"));
        }
        assert!(assess(PortalAnswer::Nothing, None, None).unwrap().contains("does not answer this machine"));
    }
}
