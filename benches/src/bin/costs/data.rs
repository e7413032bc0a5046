//! What AWS charges and allows, and what a certificate uses: benches/prices.toml, and the counts of infra/template.yaml.
//!
//! Invariant: every number has a source and says whether the source was read; nothing in the computation is a price. A file that
//! lacks a number is a panic that names it.

use std::collections::BTreeMap;

use infra_tests::template::{of_type, pascal, properties, template};
use serde::Deserialize;
use serde_json::Value;

/// How the workers and the portal are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Network {
    /// A regional API.
    Public,
    /// A private API behind a small instance that is reached through Systems Manager.
    Private,
    /// The same, and the workers have no way out but endpoints.
    Isolated,
}

impl Network {
    /// As it is called in the documentation.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Isolated => "isolated",
        }
    }
}

/// A file as it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Data {
    /// The region of the prices.
    pub(crate) region: String,
    /// The day of the prices and quotas.
    pub(crate) as_of: String,
    /// What AWS charges.
    pub(crate) prices: BTreeMap<String, Price>,
    /// What AWS allows.
    pub(crate) quotas: BTreeMap<String, Quota>,
    /// What a certificate uses.
    pub(crate) usage: Usage,
}

/// How a number was come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Seen {
    /// In a stored copy of the page.
    Page,
    /// From memory of the page.
    Memory,
}

/// What so many units cost.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Price {
    /// US dollars.
    pub(crate) usd: f64,
    /// For so many units.
    pub(crate) per: f64,
    /// See [`Seen`].
    pub(crate) seen: Seen,
    /// The page.
    pub(crate) source: String,
}

/// How much AWS allows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quota {
    /// So many in a window.
    pub(crate) rate: f64,
    /// So many at once.
    pub(crate) burst: f64,
    /// A second, or a day.
    #[serde(default)]
    pub(crate) window: Window,
    /// True if AWS raises it on request.
    pub(crate) adjustable: bool,
    /// See [`Seen`].
    pub(crate) seen: Seen,
    /// The page.
    pub(crate) source: String,
}

/// The time that a quota counts in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Window {
    /// A second.
    #[default]
    Second,
    /// A day.
    Day,
}

/// What one certificate uses, with one approver. Measured; see `measured`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Usage {
    /// The command that measured it.
    pub(crate) measured: String,
    /// State transitions, the start included.
    pub(crate) state_transitions: f64,
    /// Messages of the state machine to the workers.
    pub(crate) tasks: f64,
    /// Messages of workers to workers.
    pub(crate) nudges: f64,
    /// Mails to requester and approver.
    pub(crate) mails: f64,
    /// Write request units of the tables.
    pub(crate) dynamodb_table_write_units: f64,
    /// Write request units of their indexes.
    pub(crate) dynamodb_index_write_units: f64,
    /// Read request units.
    pub(crate) dynamodb_read_units: f64,
    /// PUT of S3.
    pub(crate) s3_puts: f64,
    /// GET of S3.
    pub(crate) s3_gets: f64,
    /// Bytes of log, with what CloudWatch adds to each event.
    pub(crate) log_bytes: f64,
    /// Bytes that rows, indexes and trail take in DynamoDB for each certificate, for as long as it is kept. Assumed.
    pub(crate) stored_bytes: f64,
    /// Bytes that leave the portal for each certificate. Assumed.
    pub(crate) bytes_out: f64,
    /// What each worker does.
    pub(crate) workers: BTreeMap<String, Work>,
    /// What a run of housekeeping uses where nothing waits.
    pub(crate) housekeeping_run: HousekeepingRun,
    /// What each request that waits for its approvers adds to each run.
    pub(crate) waiting: Waiting,
    /// Days that a request waits for its approvers. Assumed.
    pub(crate) days_to_decision: f64,
}

/// The invocations of a worker for one certificate.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Work {
    /// How many.
    pub(crate) invocations: f64,
    /// How long each takes.
    pub(crate) milliseconds: f64,
}

/// A run of housekeeping.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HousekeepingRun {
    /// Read request units.
    pub(crate) dynamodb_read_units: f64,
    /// GET of S3.
    pub(crate) s3_gets: f64,
    /// How long it takes.
    pub(crate) milliseconds: f64,
}

/// What one look at a waiting request uses: that of housekeeping, and that of await-approval, which it asks to look.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Waiting {
    /// Read request units.
    pub(crate) dynamodb_read_units: f64,
    /// GET of S3.
    pub(crate) s3_gets: f64,
    /// Messages.
    pub(crate) messages: f64,
    /// How long await-approval takes.
    pub(crate) milliseconds: f64,
    /// Bytes of log.
    pub(crate) log_bytes: f64,
}

impl Data {
    /// The data of this version.
    pub(crate) fn read() -> Self {
        toml::from_str(&infra_tests::read("benches/prices.toml")).expect("benches/prices.toml")
    }

    /// The price of one unit, in US dollars.
    ///
    /// # Panics
    /// Where the file lacks it; a test asks for every one.
    pub(crate) fn price(&self, name: &str) -> f64 {
        let price =
            self.prices.get(name).unwrap_or_else(|| panic!("benches/prices.toml has no price {name}"));
        price.usd / price.per
    }

    /// How many prices were read on their page, and how many are from memory of it.
    pub(crate) fn confidence(&self) -> (usize, usize) {
        let read = self.prices.values().filter(|price| price.seen == Seen::Page).count();
        (read, self.prices.len() - read)
    }

    /// The prices and quotas without a page to look them up.
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

/// What infra/template.yaml makes that costs money while nothing happens, counted in it.
#[derive(Debug)]
pub(crate) struct Counted {
    /// Queues that Lambda polls.
    pub(crate) polled_queues: f64,
    /// Alarms.
    pub(crate) alarms: f64,
    /// Secrets, that of the CA key included.
    pub(crate) secrets: f64,
    /// Memory of each worker, in GB, and how many batches of how many messages of it run at once.
    pub(crate) workers: BTreeMap<String, FunctionSpec>,
    /// What the portal takes a second, and at once.
    pub(crate) throttle: (f64, f64),
    /// The interface endpoints of a private network in each zone, and whether only the isolated one has them. Those of DynamoDB and S3
    /// are gateways and free; that of KMS is there with a CA key in KMS only, and not counted.
    pub(crate) endpoints: Vec<(String, bool)>,
}

/// Memory and queue of a function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FunctionSpec {
    /// Memory in GB, as Lambda charges for it.
    pub(crate) gigabytes: f64,
    /// Messages of a batch; 1 where no queue feeds it.
    pub(crate) batch: f64,
    /// Batches at once; 0 where no queue feeds it.
    pub(crate) at_once: f64,
}

impl Counted {
    /// Of the template of this version.
    pub(crate) fn in_template() -> Self {
        let template = template();
        let network = infra_tests::read("infra/private/network.yaml");
        let count = |kind: &str| of_type(&template, kind).len() as f64;
        let default =
            |parameter: &str| number(&template["Parameters"][parameter]["Default"]).unwrap_or_default();
        let polled = of_type(&template, "AWS::Serverless::Function");
        let polled = polled.values().map(|function| queue_events(&function["Properties"]).len());
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
        Self {
            polled_queues: polled.sum::<usize>() as f64,
            alarms: count("AWS::CloudWatch::Alarm"),
            // That of the CA key is made by `countersign ca`.
            secrets: count("AWS::SecretsManager::Secret") + 1.0,
            workers: workers.collect(),
            throttle: (default("ThrottleRate"), default("ThrottleBurst")),
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

/// The service of an endpoint that is paid for, and whether only the isolated network has it; `text` is what follows its type.
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

/// The queues that feed a function, as events of the template.
fn queue_events(function: &Value) -> Vec<&Value> {
    let events = function["Events"].as_object().into_iter().flat_map(|events| events.values());
    events.filter(|event| event["Type"] == "SQS").map(|event| &event["Properties"]).collect()
}

/// A number of the template, which may stand there as text, and with the default of `WorkersAtOnce`.
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
