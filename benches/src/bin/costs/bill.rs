//! The bill of a month, line by line.
//!
//! Invariant: prices come from prices.toml, counts from the template and the measurement. An omitted item is
//! negligible and named in docs/costs.md. Free tiers are ignored.

use super::data::{Counted, Data, Network};

/// Hours of a month in prices of AWS.
pub(crate) const HOURS: f64 = 730.0;
/// Lambda polls each queue over five connections, each with long polls of 20 seconds.
const POLLS_A_MINUTE: f64 = 15.0;
/// Maximum number of waiting requests in one run of housekeeping (workers/housekeeping).
pub(crate) const LOOKS: f64 = 150.0;
/// Maximum number of requests of a status that a run of housekeeping lists.
pub(crate) const LISTED: f64 = 100_000.0;
/// Bytes of a read request unit in a query, which is not consistent.
const BYTES_A_READ: f64 = 8_192.0;
const DAYS: f64 = HOURS / 24.0;
/// Sending, receiving and deleting a message are one request each.
const REQUESTS_A_MESSAGE: f64 = 3.0;
pub(crate) const GB: f64 = 1_073_741_824.0;

/// A deployment and its use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deployment {
    /// Certificates a month.
    pub(crate) certificates: f64,
    /// Requests that wait for an approver, where that does not follow from the certificates.
    pub(crate) waiting: Option<f64>,
    /// See [`Network`].
    pub(crate) network: Network,
    /// `Encryption=customer-key`.
    pub(crate) customer_key: bool,
    /// `CaKey=kms`.
    pub(crate) ca_in_kms: bool,
    /// `Alarms=yes`.
    pub(crate) alarms: bool,
    /// `Dashboard=yes`.
    pub(crate) dashboard: bool,
    /// `Tracing=yes`.
    pub(crate) tracing: bool,
    /// Minutes from one run of housekeeping to the next: `HousekeepingSchedule`.
    pub(crate) housekeeping_minutes: f64,
}

impl Deployment {
    /// A deployment with the defaults of the template.
    pub(crate) fn of(certificates: f64, network: Network) -> Self {
        Self {
            certificates,
            waiting: None,
            network,
            customer_key: false,
            ca_in_kms: false,
            alarms: true,
            dashboard: false,
            tracing: true,
            housekeeping_minutes: 5.0,
        }
    }

    /// Number of runs of housekeeping in a month.
    pub(crate) fn runs(self) -> f64 {
        HOURS * 60.0 / self.housekeeping_minutes
    }

    /// Number of rechecks of waiting requests in a month.
    fn looks(self, data: &Data) -> f64 {
        self.runs() * self.waiting(data).min(LOOKS)
    }

    /// Number of requests that wait for an approver.
    fn waiting(self, data: &Data) -> f64 {
        self.waiting.unwrap_or(self.certificates * data.usage.days_to_decision / DAYS)
    }

    /// Read request units of the lists of housekeeping in a month, beyond those of the requests that it looks at.
    pub(crate) fn list_reads(self, data: &Data) -> f64 {
        let waiting = self.waiting(data).min(LISTED);
        self.runs() * (waiting - LOOKS).max(0.0) * data.usage.listed_bytes / BYTES_A_READ
    }
}

/// Monthly costs of one service, in US dollars.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    /// The service.
    pub(crate) service: &'static str,
    /// US dollars a month.
    pub(crate) usd: f64,
}

/// The sum.
pub(crate) fn total(lines: &[Line]) -> f64 {
    lines.iter().map(|line| line.usd).sum()
}

/// A queue that Lambda polls, a month.
pub(crate) fn polled_queue(data: &Data) -> f64 {
    POLLS_A_MINUTE * 60.0 * HOURS * data.price("sqs_request")
}

/// The bill of a month.
pub(crate) fn bill(data: &Data, counted: &Counted, deployed: Deployment) -> Vec<Line> {
    let (n, usage) = (deployed.certificates, &data.usage);
    let price = |name: &str| data.price(name);
    let yes = |on: bool| if on { 1.0 } else { 0.0 };
    let portal = usage.workers.get("portal").map_or(0.0, |work| work.invocations);
    let (runs, looks) = (deployed.runs(), deployed.looks(data));
    let messages = n * (usage.tasks + usage.nudges) + looks * usage.waiting.messages;
    let stored = n * usage.stored_bytes / GB;
    let endpoints = counted.endpoints(deployed.network).len() as f64;
    let instances = yes(deployed.network != Network::Public);
    let lines = [
        (
            "SQS",
            counted.polled_queues * polled_queue(data) + messages * REQUESTS_A_MESSAGE * price("sqs_request"),
        ),
        ("Secrets Manager", {
            let secrets = counted.secrets - yes(deployed.ca_in_kms);
            // Processes cache secrets; at most three processes are new for a certificate, and a hundred every hour.
            secrets * price("secret_month") + (3.0 * n).min(100.0 * HOURS) * price("secret_call")
        }),
        ("CloudWatch alarms", yes(deployed.alarms) * counted.alarms * price("alarm_month")),
        ("CloudWatch metrics", metrics(n) * price("metric_month")),
        ("CloudWatch dashboard", yes(deployed.dashboard) * price("dashboard_month")),
        ("CloudWatch Logs", {
            let housekeeping = runs * 1_500.0 + looks * usage.waiting.log_bytes;
            (n * usage.log_bytes + housekeeping) / GB * (price("logs_gb") + 3.0 * price("logs_gb_month"))
        }),
        (
            "X-Ray",
            yes(deployed.tracing)
                * traces(n * (1.0 + portal) + runs + looks * usage.waiting.messages)
                * price("xray_trace"),
        ),
        ("Step Functions", n * usage.state_transitions * price("step_functions_transition")),
        ("DynamoDB", {
            let writes = usage.dynamodb_table_write_units + usage.dynamodb_index_write_units;
            let reads = n * usage.dynamodb_read_units
                + runs * usage.housekeeping_run.dynamodb_read_units
                + looks * usage.waiting.dynamodb_read_units
                + deployed.list_reads(data);
            n * writes * price("dynamodb_write_unit")
                + reads * price("dynamodb_read_unit")
                + stored * (price("dynamodb_gb_month") + price("dynamodb_recovery_gb_month"))
        }),
        ("Lambda", lambda(data, counted, n, runs, looks)),
        ("API Gateway and traffic", {
            n * portal * price("api_gateway_rest_request")
                + n * usage.bytes_out / GB * price("transfer_out_gb")
        }),
        ("SES", n * usage.mails * price("ses_mail")),
        ("S3", {
            let waiting = looks * usage.waiting.s3_gets;
            let gets = n * usage.s3_gets + runs * usage.housekeeping_run.s3_gets + waiting;
            let lists = runs * usage.housekeeping_run.s3_lists;
            (n * usage.s3_puts + lists) * price("s3_put") + gets * price("s3_get")
        }),
        ("EventBridge Scheduler", runs * price("scheduler_invocation")),
        ("KMS", {
            let keys = yes(deployed.customer_key) + yes(deployed.ca_in_kms);
            keys * price("kms_key_month") + yes(deployed.ca_in_kms) * n * price("kms_ecc_signature")
        }),
        ("Interface endpoints", endpoints * HOURS * price("interface_endpoint_hour")),
        ("Reverse proxy", {
            instances * (HOURS * price("instance_t4g_nano_hour") + 8.0 * price("disk_gp3_gb_month"))
        }),
    ];
    lines.into_iter().map(|(service, usd)| Line { service, usd }).collect()
}

/// Share of the hours in which housekeeping writes `CertificatesExpiring`.
const EXPIRING_SHARE: f64 = 1.0 / 6.0;

/// Number of paid metrics. A metric costs the share of hours in which it is written: `CaDaysLeft` in all hours, the
/// `CertificatesExpiring` in every sixth hour, the others in hours in which a request is submitted or ends, for evenly distributed requests. Four of them are written for failures
/// only, assumed for one in ten requests.
fn metrics(certificates: f64) -> f64 {
    let share = |events: f64| 1.0 - (-events / HOURS).exp();
    1.0 + EXPIRING_SHARE + 4.0 * share(certificates) + 4.0 * share(certificates / 40.0)
}

/// Number of sampled traces: the first of every second, and one in twenty of the others.
/// <https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html>
fn traces(all: f64) -> f64 {
    let seconds = HOURS * 3_600.0;
    all.min(seconds) + (all - seconds).max(0.0) / 20.0
}

fn lambda(data: &Data, counted: &Counted, certificates: f64, runs: f64, looks: f64) -> f64 {
    let (request, gb_second) = (data.price("lambda_request"), data.price("lambda_arm_gb_second"));
    let cost = |worker: &str, invocations: f64, milliseconds: f64| {
        let gigabytes = counted.workers.get(worker).map_or(0.0, |shape| shape.gigabytes);
        invocations * (request + gigabytes * milliseconds / 1_000.0 * gb_second)
    };
    let workers: f64 = data
        .usage
        .workers
        .iter()
        .map(|(name, work)| cost(name, certificates * work.invocations, work.milliseconds))
        .sum();
    let waiting = &data.usage.waiting;
    workers
        + cost("housekeeping", runs, data.usage.housekeeping_run.milliseconds)
        + cost("await-approval", looks * waiting.messages, waiting.milliseconds)
}

/// AWS Private CA, general purpose and short-lived, for this number of certificates.
pub(crate) fn private_ca(data: &Data, certificates: f64) -> (f64, f64) {
    let price = |name: &str| data.price(name);
    let general = price("private_ca_month")
        + certificates.min(1_000.0) * price("private_ca_first_1000")
        + (certificates - 1_000.0).clamp(0.0, 9_000.0) * price("private_ca_next_9000")
        + (certificates - 10_000.0).max(0.0) * price("private_ca_above_10000");
    let short_lived = price("private_ca_short_lived_month") + certificates * price("private_ca_short_lived");
    (general, short_lived)
}

/// The idle system that Countersign replaces: eight endpoints and an instance with nginx.
pub(crate) fn original(data: &Data) -> f64 {
    8.0 * HOURS * data.price("interface_endpoint_hour")
        + HOURS * data.price("instance_t3_micro_hour")
        + 20.0 * data.price("disk_gp3_gb_month")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(deployed: Deployment) -> f64 {
        total(&bill(&Data::read(), &Counted::in_template(), deployed))
    }

    /// The promise of README.md, at list prices without the free tier.
    #[test]
    fn idle_in_public_mode_stays_under_five_dollars() {
        let idle = month(Deployment::of(0.0, Network::Public));
        assert!(idle < 5.0, "{idle}");
        assert!(idle > 1.0, "something is not counted: {idle}");
    }

    #[test]
    fn what_is_switched_off_is_not_paid_for_and_what_is_added_is() {
        let usual = Deployment::of(100.0, Network::Public);
        let is = |deployed: Deployment, by: f64| {
            let difference = month(deployed) - month(usual);
            assert!((difference - by).abs() < 0.005, "{difference} is not {by}");
        };
        is(Deployment { alarms: false, ..usual }, -1.5);
        is(Deployment { dashboard: true, ..usual }, 3.0);
        is(Deployment { customer_key: true, ..usual }, 1.0);
        is(Deployment { ca_in_kms: true, ..usual }, 1.0 - 0.4 + 100.0 * 0.15 / 10_000.0);
        is(Deployment { network: Network::Private, ..usual }, 3.0 * 7.3 + 3.066 + 0.64);
    }

    #[test]
    fn what_waits_is_looked_at_again_and_again_but_never_more_than_housekeeping_takes() {
        let data = Data::read();
        let looks = |certificates: f64| Deployment::of(certificates, Network::Public).looks(&data);
        assert_eq!(looks(0.0), 0.0);
        assert!(looks(100.0) > 0.0);
        assert_eq!(looks(1e9), LOOKS * 8_760.0);
        let housekeeping = infra_tests::read("workers/housekeeping/src/lib.rs");
        assert!(housekeeping.contains(&format!(": usize = {LOOKS};")), "its limit for a run is another");
        assert!(housekeeping.contains("SCAN_LIMIT: usize = 100_000;"), "its limit for a list is another");
        assert_eq!(Deployment::of(100.0, Network::Public).list_reads(&data), 0.0);
        let many = Deployment { waiting: Some(1e9), ..Deployment::of(0.0, Network::Public) };
        let entries = many.list_reads(&data) / many.runs() * BYTES_A_READ / data.usage.listed_bytes;
        assert_eq!(entries.round(), LISTED - LOOKS);
    }

    #[test]
    fn an_idle_queue_costs_26_cents() {
        let data = Data::read();
        assert_eq!((polled_queue(&data) * 100.0).round(), 26.0);
    }

    #[test]
    fn private_ca_has_its_tiers() {
        let data = Data::read();
        assert_eq!(private_ca(&data, 0.0), (400.0, 50.0));
        let (general, short_lived) = private_ca(&data, 1_000_000.0);
        assert_eq!(general, 400.0 + 750.0 + 3_150.0 + 990.0);
        assert_eq!(short_lived, 58_050.0);
    }

    #[test]
    fn metrics_cost_their_hours() {
        assert_eq!(metrics(0.0), 1.0 + EXPIRING_SHARE);
        let most = metrics(1e9) + 1.0 - EXPIRING_SHARE;
        assert!((most - f64::from(workflow::request::metric::SERIES)).abs() < 1e-6, "{most}");
    }
}
