//! The cost of an hour in which anybody sends as much as the throttles take, as it was and as it is.
//!
//! Invariant: `now` is the worst case. API Gateway applies a throttle to each method by itself, so two methods with
//! the throttle of all take twice as many calls. Every call gets the largest answer to a caller without a link, and every
//! message to notify ends in a mail. Rows have the largest size that the portal stores.

use super::data::{Counted, Data};
use super::page::{dollars, grouped, head, table_row};

const HOUR: f64 = 3_600.0;
/// Bytes of the largest page for a caller without a link; workers/portal/tests/portal/answer_sizes.rs measures it.
const LARGEST_PAGE: f64 = 40_000.0;
/// Bytes of the largest form that the portal sends back with its entries; the same test measures it.
const LARGEST_FORM: f64 = 665_000.0;
/// Bytes of the largest page of commands; the same test measures it.
const LARGEST_COMMANDS: f64 = 110_000.0;
/// Bytes of an answer that only names a link.
const SHORT_ANSWER: f64 = 2_000.0;
/// Two reads and a signature.
const OCSP_MILLISECONDS: f64 = 10.0;
/// A signature to verify, a write and a read.
const ACME_MILLISECONDS: f64 = 15.0;
/// Bytes of a read request unit of a consistent read.
const BYTES_A_READ: f64 = 4_096.0;
/// Bytes of a write request unit.
const BYTES_A_WRITE: f64 = 1_024.0;
/// Sending, receiving and deleting a message are one request each.
const REQUESTS_A_MESSAGE: f64 = 3.0;
const GB: f64 = 1_073_741_824.0;

/// Calls that the throttles of a version take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Throttles {
    /// Calls a second and at once, of each method with the throttle of all.
    pub(crate) all: (f64, f64),
    /// Methods with the throttle of all.
    pub(crate) methods: f64,
    /// Methods of OCSP, which have it, too.
    pub(crate) ocsp_methods: f64,
    /// Methods of ACME, which have it, too.
    pub(crate) acme_methods: f64,
    /// Calls a second and at once, of each method with a throttle of its own; `None` if submissions have the throttle of all.
    pub(crate) own: Option<(f64, f64)>,
}

/// One line of the bill of a flood.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    name: &'static str,
    usd: f64,
}

/// An hour of flood.
#[derive(Clone, Debug)]
pub(crate) struct Flood {
    /// Requests that are stored.
    pub(crate) submissions: f64,
    /// Mails that are sent.
    pub(crate) mails: f64,
    /// The lines of its bill.
    pub(crate) lines: Vec<Line>,
}

impl Flood {
    /// The sum of its bill, in US dollars.
    pub(crate) fn usd(&self) -> f64 {
        self.lines.iter().map(|line| line.usd).sum()
    }

    /// An hour of submissions before decisions 0099 and 0108: each went through the flow up to its approver, with rows
    /// of a plain request, or padded with text around the CSR and with 100 names.
    pub(crate) fn before(data: &Data, padded: bool) -> Self {
        let (usage, price) = (&data.usage.flood_before, |name: &str| data.price(name));
        let submissions = usage.throttle_rate * HOUR + usage.throttle_burst;
        let (units, bytes) = if padded {
            (usage.padded_write_units, usage.padded_bytes)
        } else {
            (usage.plain_write_units, usage.plain_bytes)
        };
        let invocations = 1.0 + usage.messages;
        let lambda = mean_milliseconds(data) / 1_000.0 * 0.5 * price("lambda_arm_gb_second");
        let lines = vec![
            Line { name: "API Gateway", usd: submissions * price("api_gateway_rest_request") },
            Line { name: "traffic", usd: submissions * SHORT_ANSWER / GB * price("transfer_out_gb") },
            Line { name: "Lambda", usd: submissions * invocations * (price("lambda_request") + lambda) },
            Line { name: "logs", usd: logs(data, submissions * invocations) },
            Line { name: "X-Ray", usd: traces(data, submissions, 1.0 + usage.messages) },
            Line { name: "messages", usd: messages(data, submissions * usage.messages) },
            Line {
                name: "Step Functions",
                usd: submissions * usage.transitions * price("step_functions_transition"),
            },
            Line {
                name: "DynamoDB, writes and reads",
                usd: submissions * units * price("dynamodb_write_unit"),
            },
            Line { name: "DynamoDB, a month of storage", usd: stored(data, submissions * bytes, 1.0) },
            Line { name: "mails", usd: submissions * usage.mails * price("ses_mail") },
            Line { name: "OCSP", usd: 0.0 },
            Line { name: "ACME", usd: 0.0 },
        ];
        Self { submissions, mails: submissions * usage.mails, lines }
    }

    /// An hour of everything that the throttles take: submissions that nobody confirms, previews that are sent back,
    /// asks for the list of an address, and the largest pages, those of commands among them.
    pub(crate) fn now(data: &Data, throttles: Throttles) -> Self {
        let (usage, price) = (&data.usage.flood, |name: &str| data.price(name));
        let hour = |(rate, burst): (f64, f64)| rate * HOUR + burst;
        let pages = throttles.methods * hour(throttles.all);
        // Each of submissions, previews, asks and commands has its throttle, or goes by the method of all paths in its place.
        let own = throttles.own.map_or(hour(throttles.all), hour);
        let pages = if throttles.own.is_some() { pages } else { pages - hour(throttles.all) };
        let calls = pages + 4.0 * own;
        // One submission and one ask send a message each, and each message a mail.
        let (submissions, mails) = (own, 2.0 * own);
        let notify = data.usage.workers["notify"].milliseconds;
        let gigabyte_seconds = 0.5 * (calls * usage.portal_milliseconds + mails * notify) / 1_000.0;
        let bytes = pages * LARGEST_PAGE + own * (2.0 * LARGEST_FORM + LARGEST_PAGE + LARGEST_COMMANDS);
        let writes = submissions * ((usage.row_bytes / BYTES_A_WRITE).ceil() + usage.index_write_units);
        let reads = calls * usage.read_units + submissions * (usage.row_bytes / BYTES_A_READ).ceil();
        let lines = vec![
            Line { name: "API Gateway", usd: calls * price("api_gateway_rest_request") },
            Line { name: "traffic", usd: bytes / GB * price("transfer_out_gb") },
            Line {
                name: "Lambda",
                usd: (calls + mails) * price("lambda_request")
                    + gigabyte_seconds * price("lambda_arm_gb_second"),
            },
            Line { name: "logs", usd: logs(data, calls + mails) },
            Line { name: "X-Ray", usd: traces(data, calls, 1.0) + traces(data, mails, 1.0) },
            Line { name: "messages", usd: messages(data, mails) },
            Line { name: "Step Functions", usd: 0.0 },
            Line {
                name: "DynamoDB, writes and reads",
                usd: writes * price("dynamodb_write_unit")
                    + reads * price("dynamodb_read_unit")
                    + calls * usage.s3_gets * price("s3_get"),
            },
            Line {
                name: "DynamoDB, a month of storage",
                usd: stored(data, submissions * usage.row_bytes, usage.days_kept / 30.0),
            },
            Line { name: "mails", usd: mails * price("ses_mail") },
            Line { name: "OCSP", usd: ocsp(data, throttles.ocsp_methods * hour(throttles.all)) },
            Line { name: "ACME", usd: acme(data, throttles.acme_methods * hour(throttles.all)) },
        ];
        Self { submissions, mails, lines }
    }
}

/// The mean of all invocations for a certificate.
fn mean_milliseconds(data: &Data) -> f64 {
    let workers = || data.usage.workers.values();
    let all: f64 = workers().map(|work| work.invocations * work.milliseconds).sum();
    all / workers().map(|work| work.invocations).sum::<f64>()
}

fn logs(data: &Data, invocations: f64) -> f64 {
    let for_one: f64 = data.usage.workers.values().map(|work| work.invocations).sum();
    let bytes = invocations * data.usage.log_bytes / for_one;
    bytes / GB * (data.price("logs_gb") + 3.0 * data.price("logs_gb_month"))
}

/// Answers that no cache has.
fn ocsp(data: &Data, calls: f64) -> f64 {
    calls * ocsp_answer(data) + logs(data, calls) + traces(data, calls, 1.0)
}

/// The price of an OCSP answer about a serial that the process has not seen: it reads the table and the bucket.
pub(crate) fn ocsp_answer(data: &Data) -> f64 {
    let price = |name: &str| data.price(name);
    let gigabyte_seconds = 0.5 * OCSP_MILLISECONDS / 1_000.0;
    price("api_gateway_rest_request")
        + price("lambda_request")
        + gigabyte_seconds * price("lambda_arm_gb_second")
        + price("dynamodb_read_unit")
        + price("s3_get")
        + SHORT_ANSWER / GB * price("transfer_out_gb")
}

/// Requests of callers without an account, each signed with a key of its own: a nonce is spent, and it is removed within days.
fn acme(data: &Data, calls: f64) -> f64 {
    let price = |name: &str| data.price(name);
    let gigabyte_seconds = 0.5 * ACME_MILLISECONDS / 1_000.0;
    let call = price("api_gateway_rest_request")
        + price("lambda_request")
        + gigabyte_seconds * price("lambda_arm_gb_second")
        + price("dynamodb_write_unit")
        + price("dynamodb_read_unit")
        + SHORT_ANSWER / GB * price("transfer_out_gb");
    calls * call + logs(data, calls) + traces(data, calls, 1.0)
}

/// A certificate that an ACME client orders with an account that it has.
pub(crate) fn acme_order(data: &Data) -> f64 {
    let (order, price) = (&data.usage.acme, |name: &str| data.price(name));
    order.calls * (price("api_gateway_rest_request") + SHORT_ANSWER / GB * price("transfer_out_gb"))
        + order.state_transitions * price("step_functions_transition")
        + messages(data, order.tasks)
        + order.dynamodb_write_units * price("dynamodb_write_unit")
        + order.dynamodb_read_units * price("dynamodb_read_unit")
        + order.s3_puts * price("s3_put")
        + order.s3_gets * price("s3_get")
        + order.log_bytes / GB * (price("logs_gb") + 3.0 * price("logs_gb_month"))
        + stored(data, order.stored_bytes, 1.0)
        + order.invocations * (price("lambda_request") + price("xray_trace") / 20.0)
        + 0.5 * order.milliseconds / 1_000.0 * price("lambda_arm_gb_second")
}

/// The first trace of every second, and one in twenty of the others, for each of `functions`.
fn traces(data: &Data, calls: f64, functions: f64) -> f64 {
    let traces = calls.min(HOUR) + (calls - HOUR).max(0.0) / 20.0;
    traces * functions * data.price("xray_trace")
}

fn messages(data: &Data, messages: f64) -> f64 {
    messages * REQUESTS_A_MESSAGE * data.price("sqs_request")
}

fn stored(data: &Data, bytes: f64, months: f64) -> f64 {
    bytes / GB * months * (data.price("dynamodb_gb_month") + data.price("dynamodb_recovery_gb_month"))
}

/// The throttles of the template.
pub(crate) fn throttles(counted: &Counted) -> Throttles {
    Throttles {
        all: counted.throttle,
        methods: counted.methods_of_all,
        ocsp_methods: counted.ocsp_methods,
        acme_methods: counted.acme_methods,
        own: Some(counted.submission_throttle),
    }
}

/// The table of the page, and the figures of its text.
pub(crate) fn table(data: &Data, counted: &Counted) -> String {
    let now = Flood::now(data, throttles(counted));
    let floods = [Flood::before(data, false), Flood::before(data, true), now];
    let mut text =
        head(&["$ an hour", "before: plain", "before: padded", "now: everything at once"].map(str::to_owned));
    let all = |of: fn(&Flood) -> f64| floods.iter().map(|flood| grouped(of(flood))).collect::<Vec<_>>();
    text.push_str(&table_row("submissions", all(|flood| flood.submissions)));
    text.push_str(&table_row("mails", all(|flood| flood.mails)));
    for (row, line) in floods[0].lines.iter().enumerate() {
        text.push_str(&table_row(line.name, floods.iter().map(|flood| dollars(flood.lines[row].usd))));
    }
    text.push_str(&table_row("**all**", floods.iter().map(|flood| format!("**{}**", dollars(flood.usd())))));
    text
}

/// Hours for which the quota of SES lasts in a flood.
pub(crate) fn quota_lasts(data: &Data, counted: &Counted) -> f64 {
    let flood = Flood::now(data, throttles(counted));
    // A mail with a list goes only to an address with a confirmed request, every ten minutes at most.
    data.quotas["ses_day"].rate / flood.submissions
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The promise of docs/costs.md.
    #[test]
    fn an_hour_of_anybodys_flood_costs_less_than_seven_dollars() {
        let (data, counted) = (Data::read(), Counted::in_template());
        let now = Flood::now(&data, throttles(&counted));
        assert!(now.usd() < 7.0, "{now:?}");
        assert!(now.usd() > 1.0, "something is not counted: {now:?}");
        // Without the throttle of submissions it would cost more.
        let without = Flood::now(&data, Throttles { own: None, ..throttles(&counted) });
        assert!(without.usd() > 7.0, "{without:?}");
        assert!(Flood::before(&data, false).usd() > 60.0 && Flood::before(&data, true).usd() > 250.0);
    }

    #[test]
    fn a_certificate_by_acme_costs_less_than_a_tenth_of_a_cent() {
        let usd = acme_order(&Data::read());
        assert!(usd < 0.001 && usd > 0.000_1, "{usd}");
    }

    #[test]
    fn the_largest_answers_are_those_that_the_portal_is_tested_for() {
        let test = infra_tests::read("workers/portal/tests/portal/answer_sizes.rs");
        for (name, bytes) in [
            ("LARGEST_PAGE", LARGEST_PAGE),
            ("LARGEST_FORM", LARGEST_FORM),
            ("LARGEST_COMMANDS", LARGEST_COMMANDS),
        ] {
            let line = format!("const {name}: usize = {};", grouped(bytes).replace(',', "_"));
            assert!(test.contains(&line), "answer_sizes.rs has no {line}");
        }
    }

    #[test]
    fn the_operators_are_told_before_the_quota_of_ses_is_gone() {
        let (data, counted) = (Data::read(), Counted::in_template());
        let flood = Flood::now(&data, throttles(&counted));
        assert!(counted.mails_a_day * 2.0 < data.quotas["ses_day"].rate);
        assert!(counted.submissions_an_hour < flood.submissions / 10.0);
        assert!(quota_lasts(&data, &counted) > 6.0);
    }
}
