//! Prices, quotas and usage: benches/prices.toml, and counts from infra/template.yaml.
//!
//! Invariant: every number has a source and the way it was read; the code contains no price. A missing number is a
//! panic that names it.

use std::collections::BTreeMap;

use infra_tests::template::{of_type, pascal, properties, queue_events, template};
use serde::Deserialize;
use serde_json::Value;

use super::usage::Usage;

/// The network of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Network {
    /// A regional API.
    Public,
    /// A private API behind a small instance, reached through Systems Manager.
    Private,
    /// The private network, with endpoints as the workers' only way out.
    Isolated,
}

impl Network {
    /// Its name in the documentation.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Isolated => "isolated",
        }
    }
}

/// Contents of benches/prices.toml.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Data {
    /// The region of the prices.
    pub(crate) region: String,
    /// The day of the prices and quotas.
    pub(crate) as_of: String,
    /// Prices of AWS.
    pub(crate) prices: BTreeMap<String, Price>,
    /// Quotas of AWS.
    pub(crate) quotas: BTreeMap<String, Quota>,
    /// Usage of one certificate.
    pub(crate) usage: Usage,
}

/// The way a number was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Seen {
    /// In a stored copy of the page.
    Page,
    /// From memory of the named page.
    Memory,
}

/// A price.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Price {
    /// US dollars.
    pub(crate) usd: f64,
    /// Number of units for this price.
    pub(crate) per: f64,
    /// See [`Seen`].
    pub(crate) seen: Seen,
    /// The page.
    pub(crate) source: String,
}

/// A quota.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quota {
    /// Number in a window.
    pub(crate) rate: f64,
    /// Size of the token bucket.
    pub(crate) burst: f64,
    /// The window: a second or a day.
    #[serde(default)]
    pub(crate) window: Window,
    /// True if AWS raises it on request.
    pub(crate) adjustable: bool,
    /// See [`Seen`].
    pub(crate) seen: Seen,
    /// The page.
    pub(crate) source: String,
}

/// The window of a quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Window {
    /// A second.
    #[default]
    Second,
    /// A day.
    Day,
}

impl Data {
    /// The data of this version.
    pub(crate) fn read() -> Self {
        toml::from_str(&infra_tests::read("benches/prices.toml")).expect("benches/prices.toml")
    }

    /// The price of one unit, in US dollars.
    ///
    /// # Panics
    /// If the file does not have it; a test reads every price.
    pub(crate) fn price(&self, name: &str) -> f64 {
        let price =
            self.prices.get(name).unwrap_or_else(|| panic!("benches/prices.toml has no price {name}"));
        price.usd / price.per
    }

    /// Number of prices that were read on their page, and number of prices from memory.
    pub(crate) fn confidence(&self) -> (usize, usize) {
        let read = self.prices.values().filter(|price| price.seen == Seen::Page).count();
        (read, self.prices.len() - read)
    }

    /// Names of the prices and quotas from memory.
    #[cfg(test)]
    pub(crate) fn without_source(&self) -> Vec<&str> {
        let prices = self.prices.iter().map(|(name, price)| (name, &price.source));
        let quotas = self.quotas.iter().map(|(name, quota)| (name, &quota.source));
        prices
            .chain(quotas)
            .filter(|(_, source)| !source.starts_with("https://"))
            .map(|(name, _)| name.as_str())
            .collect()
    }
}

/// Resources of infra/template.yaml that cost money while idle.
#[derive(Debug)]
pub(crate) struct Counted {
    /// Queues that Lambda polls with the defaults.
    pub(crate) polled_queues: f64,
    /// Alarms.
    pub(crate) alarms: f64,
    /// Secrets, including the CA key.
    pub(crate) secrets: f64,
    /// Memory, batch size and concurrency of each worker.
    pub(crate) workers: BTreeMap<String, FunctionSpec>,
    /// Throttling of the portal: rate a second, and burst.
    pub(crate) throttle: (f64, f64),
    /// Throttling of submissions, of previews, of asks for a list and of commands, of each: rate a second, and burst.
    pub(crate) submission_throttle: (f64, f64),
    /// Methods of the API without a throttle of their own.
    pub(crate) methods_of_all: f64,
    /// Methods of the API that lead to the OCSP worker.
    pub(crate) ocsp_methods: f64,
    /// Methods of the API that lead to the ACME worker.
    pub(crate) acme_methods: f64,
    /// `SubmissionsAnHour`.
    pub(crate) submissions_an_hour: f64,
    /// `MailsADay`.
    pub(crate) mails_a_day: f64,
    /// Interface endpoints of a private network in each zone; true if only the isolated network has them. Gateway
    /// endpoints (DynamoDB, S3) are free. The endpoint of KMS exists only for a CA key in KMS and is not counted.
    pub(crate) endpoints: Vec<(String, bool)>,
}

/// Memory and queue of a function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FunctionSpec {
    /// Memory in GB, as Lambda charges for it.
    pub(crate) gigabytes: f64,
    /// Messages of a batch; 1 without a queue.
    pub(crate) batch: f64,
    /// Concurrent batches; 0 without a queue.
    pub(crate) at_once: f64,
}

impl Counted {
    /// Reads the template of this version.
    pub(crate) fn in_template() -> Self {
        let template = template();
        let network = infra_tests::read("infra/private/network.yaml");
        let count = |kind: &str| of_type(&template, kind).len() as f64;
        let default =
            |parameter: &str| number(&template["Parameters"][parameter]["Default"]).unwrap_or_default();
        let polled = of_type(&template, "AWS::Serverless::Function");
        let polled = polled.values().filter(|function| function["Condition"].is_null());
        let polled = polled.map(|function| queue_events(&function["Properties"]).len());
        let workers = infra_tests::workers().into_iter().map(|name| {
            let function = properties(&template, &format!("{}Function", pascal(&name)));
            let queue = queue_events(function).into_iter().next();
            let of_queue = |field: &str| queue.and_then(|event| number(event.pointer(field)?));
            let spec = FunctionSpec {
                gigabytes: number(&function["MemorySize"]).unwrap_or_default() / 1_024.0,
                batch: of_queue("/BatchSize").unwrap_or(1.0),
                at_once: of_queue("/ScalingConfig/MaximumConcurrency").unwrap_or_default(),
            };
            (name, spec)
        });
        let settings = properties(&template, "ApiStage")["MethodSettings"].as_array();
        let methods = of_type(&template, "AWS::ApiGateway::Method");
        let methods_of =
            |function: &str| methods.values().filter(|one| one.to_string().contains(function)).count() as f64;
        // One of them is of all methods.
        let own_throttles = settings.map_or(0, |settings| settings.len() - 1) as f64;
        Self {
            polled_queues: polled.sum::<usize>() as f64,
            alarms: count("AWS::CloudWatch::Alarm"),
            // `countersign ca` creates the secret of the CA key.
            secrets: count("AWS::SecretsManager::Secret") + 1.0,
            workers: workers.collect(),
            throttle: (default("ThrottleRate"), default("ThrottleBurst")),
            submission_throttle: (default("SubmissionRate"), default("SubmissionBurst")),
            methods_of_all: methods_of("PortalFunction") - own_throttles,
            ocsp_methods: methods_of("OcspFunction"),
            acme_methods: methods_of("AcmeFunction"),
            submissions_an_hour: default("SubmissionsAnHour"),
            mails_a_day: default("MailsADay"),
            endpoints: network.split("Type: AWS::EC2::VPCEndpoint").skip(1).filter_map(endpoint).collect(),
        }
    }

    /// The interface endpoints in each zone of a network.
    pub(crate) fn endpoints(&self, network: Network) -> Vec<&str> {
        let is_there = |isolated: bool| match network {
            Network::Public => false,
            Network::Private => !isolated,
            Network::Isolated => true,
        };
        self.endpoints
            .iter()
            .filter(|(_, isolated)| is_there(*isolated))
            .map(|(service, _)| service.as_str())
            .collect()
    }
}

/// Service of a paid endpoint, and true if only the isolated network has it. `text` follows the type of the resource.
fn endpoint(text: &str) -> Option<(String, bool)> {
    let value =
        |name: &str| text.split_once(name)?.1.lines().next().map(|value| value.trim_matches([' ', '"']));
    let condition = text.lines().nth(1)?.trim().strip_prefix("Condition: ");
    if value("VpcEndpointType: ")? != "Interface" || !matches!(condition, None | Some("Isolated")) {
        return None;
    }
    let service = value("ServiceName: !Sub ")?.rsplit('.').next()?;
    Some((service.to_owned(), condition.is_some()))
}

/// A number of the template, which may be written as text, and with the default of `WorkersAtOnce`.
fn number(value: &Value) -> Option<f64> {
    let value = if value["Fn::If"][0] == "FewAtOnce" { &value["Fn::If"][2] } else { value };
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_page_to_look_it_up() {
        assert_eq!(Data::read().without_source(), Vec::<&str>::new());
    }

    #[test]
    fn the_template_is_counted_as_a_person_would() {
        let (counted, text) = (Counted::in_template(), infra_tests::read("infra/template.yaml"));
        let lines = |wanted: &str| text.lines().filter(|line| line.trim() == wanted).count() as f64;
        assert_eq!(counted.polled_queues, benches::cold::queue_workers().len() as f64 + 1.0);
        assert_eq!(counted.alarms, lines("Type: AWS::CloudWatch::Alarm"));
        assert_eq!(counted.secrets, lines("Type: AWS::SecretsManager::Secret") + 1.0);
        assert!(counted.workers.keys().eq(&infra_tests::workers()));
        let sign = counted.workers["sign"];
        assert_eq!((sign.gigabytes, sign.batch, sign.at_once), (0.5, 10.0, 5.0));
        let portal = counted.workers["portal"];
        assert_eq!((portal.gigabytes, portal.batch, portal.at_once), (0.5, 1.0, 0.0));
        assert!(counted.throttle.0 > 0.0 && counted.throttle.1 > 0.0);
        assert!(counted.submission_throttle.0 > 0.0 && counted.submission_throttle.1 > 0.0);
        assert_eq!(counted.methods_of_all, 2.0, "of the root, and of all paths");
        assert_eq!(counted.ocsp_methods, 2.0, "GET and POST");
        assert_eq!(counted.acme_methods, 1.0, "all methods of all paths below /acme");
        assert_eq!(counted.endpoints(Network::Public), [""; 0]);
        assert_eq!(counted.endpoints(Network::Private), ["execute-api", "ssm", "ssmmessages"]);
        let isolated = counted.endpoints(Network::Isolated);
        assert_eq!(isolated[3..], ["sqs", "states", "secretsmanager", "sns", "email-smtp"]);
    }

    #[test]
    fn each_worker_that_was_measured_is_one_of_the_template() {
        let counted = Counted::in_template();
        for worker in Data::read().usage.workers.keys() {
            assert!(counted.workers.contains_key(worker), "{worker}");
        }
    }
}
