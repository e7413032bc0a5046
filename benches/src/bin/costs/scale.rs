//! The page docs/scale.md: the limits in their order, and the course of a burst.
//!
//! Invariant: each limit is converted to certificates a second, so that limits can be compared. Every request is
//! approved at once.

use super::data::{Counted, Data, Quota, Window};
use super::grown::{accounts, grown};
use super::page::{grouped, head, table_row};
use super::simulation::{Stage, burst};

const DAY: f64 = 86_400.0;

/// One limit, in certificates.
struct Limit {
    name: String,
    stage: Stage,
    /// Use of the limit by a certificate, in words.
    takes: String,
    /// The way to raise it.
    raised: &'static str,
    /// True if every certificate uses it, with the defaults.
    always: bool,
}

/// The page.
pub(crate) fn scale(data: &Data, counted: &Counted) -> String {
    let limits = limits(data, counted);
    let first = limits.iter().find(|limit| limit.always);
    let binding = first.map_or(0.0, |limit| limit.stage.rate * DAY);
    let binds = first.map_or("", |limit| limit.name.as_str());
    include_str!("scale.md")
        .replace("{as_of}", &data.as_of)
        .replace("{region}", &data.region)
        .replace("{binds}", binds)
        .replace("{binding}", &grouped(rounded(binding)))
        .replace("{limits}", table(&limits).trim_end())
        .replace("{raises}", raises(&limits, binding).trim_end())
        .replace("{bursts}", bursts(data, counted, binding / DAY).trim_end())
        .replace("{partition}", &grouped(partition_rate(data, data.usage.index_partition_write_units)))
        .replace(
            "{partition_before}",
            &grouped(partition_rate(data, data.usage.whole_rows.index_partition_write_units)),
        )
        .replace("{index_writes}", &grouped(data.usage.dynamodb_index_write_units))
        .replace("{index_writes_before}", &grouped(data.usage.whole_rows.dynamodb_index_write_units))
        .replace("{grown}", grown(data, counted).trim_end())
        .replace("{accounts}", accounts(data, counted).trim_end())
        .replace("{express}", &express(data))
        .replace("{sources}", sources(data).trim_end())
}

/// Certificates a second that a partition of an index takes, at so many units each.
fn partition_rate(data: &Data, units: f64) -> f64 {
    data.quotas["dynamodb_partition_writes"].rate / units
}

/// Every limit, tightest first.
fn limits(data: &Data, counted: &Counted) -> Vec<Limit> {
    let usage = &data.usage;
    let portal = usage.workers.get("portal").map_or(1.0, |work| work.invocations);
    let mut limits = Vec::new();
    let mut aws = |name: &str, quota: &str, takes: f64, what: &str, always: bool| {
        limits.push(of_aws(data, name, quota, takes, what, always));
    };
    aws("SES, mails a day", "ses_day", usage.mails, "mails", true);
    aws("SES, mails a second", "ses_rate", usage.mails, "mails", true);
    aws("Step Functions, StartExecution", "start_execution", 1.0, "call", true);
    aws(
        "Step Functions, state transitions",
        "state_transitions",
        usage.state_transitions,
        "transitions",
        true,
    );
    aws("Step Functions, SendTaskSuccess", "send_task", usage.tasks, "calls", true);
    aws("KMS, signatures (`CaKey=kms`)", "kms_sign_ecc", 1.0, "signature", false);
    aws("API Gateway, of the account", "api_gateway", portal, "requests", true);
    aws(
        "DynamoDB, writes of a new table",
        "dynamodb_new_table_writes",
        usage.dynamodb_table_write_units,
        "units",
        true,
    );
    aws(
        "DynamoDB, writes of a table",
        "dynamodb_table_writes",
        usage.dynamodb_table_write_units,
        "units",
        true,
    );
    let at_work: f64 =
        usage.workers.values().map(|work| work.invocations * work.milliseconds / 1_000.0).sum();
    aws("Lambda, environments of the account", "lambda_concurrency", at_work, "seconds of one", true);
    limits.push(Limit {
        name: "DynamoDB, a partition of an index by status".into(),
        stage: Stage {
            name: "",
            rate: partition_rate(data, usage.index_partition_write_units),
            burst: data.quotas["dynamodb_partition_writes"].burst / usage.index_partition_write_units,
        },
        takes: format!("{} units", grouped(usage.index_partition_write_units)),
        raised: "several keys for a status; not built",
        always: true,
    });
    limits.push(Limit {
        name: "the portal, `ThrottleRate`".into(),
        stage: Stage { name: "", rate: counted.throttle.0 / portal, burst: counted.throttle.1 / portal },
        takes: format!("{} requests", grouped(portal)),
        raised: "the parameter",
        always: true,
    });
    let (rate, burst) = counted.submission_throttle;
    limits.push(Limit {
        name: "the portal, `SubmissionRate`".into(),
        stage: Stage { name: "", rate, burst },
        takes: "1 submission".into(),
        raised: "the parameter",
        always: true,
    });
    for (worker, work) in &usage.workers {
        let shape = counted.workers[worker];
        if shape.at_once > 0.0 && work.invocations > 0.0 {
            let rate = shape.at_once * shape.batch / (work.milliseconds / 1_000.0) / work.invocations;
            limits.push(Limit {
                name: format!("the worker {worker}, `MaximumConcurrency`"),
                stage: Stage { name: "", rate, burst: shape.at_once * shape.batch },
                takes: format!("{} messages of {} ms", grouped(work.invocations), grouped(work.milliseconds)),
                raised: "the template",
                always: true,
            });
        }
    }
    limits.sort_by(|one, other| one.stage.rate.total_cmp(&other.stage.rate));
    limits
}

/// The limit by a quota of AWS.
fn of_aws(data: &Data, name: &str, quota: &str, takes: f64, what: &str, always: bool) -> Limit {
    let quota = &data.quotas[quota];
    let seconds = match quota.window {
        Window::Second => 1.0,
        Window::Day => DAY,
    };
    Limit {
        name: name.into(),
        stage: Stage { name: "", rate: quota.rate / seconds / takes, burst: quota.burst / takes },
        takes: format!("{} {what}", grouped(takes)),
        raised: if quota.adjustable { "AWS, on request" } else { "none needed; it grows with use" },
        always,
    }
}

fn table(limits: &[Limit]) -> String {
    let mut text = head(&[
        "limit".into(),
        "a certificate takes".into(),
        "certificates a second".into(),
        "a day".into(),
        "raised by".into(),
    ]);
    for limit in limits {
        let rate = limit.stage.rate;
        let a_second = if rate < 10.0 { format!("{rate:.2}") } else { grouped(rate.floor()) };
        text.push_str(&table_row(
            &limit.name,
            [limit.takes.clone(), a_second, grouped(rounded(rate * DAY)), limit.raised.into()],
        ));
    }
    text
}

/// Limits to raise, and the factors, for ten and a hundred times as many certificates.
fn raises(limits: &[Limit], binding: f64) -> String {
    let mut text = head(&["certificates a day".into(), "what must be raised".into()]);
    for times in [10.0, 100.0] {
        let wanted = binding * times / DAY;
        let raise = limits.iter().filter(|limit| limit.always && limit.stage.rate < wanted * 0.999);
        let raise: Vec<String> = raise
            .map(|limit| {
                format!("{}: {} times", limit.name, grouped((wanted / limit.stage.rate * 10.0).ceil() / 10.0))
            })
            .collect();
        text.push_str(&table_row(
            &format!("{} ({times} times)", grouped(rounded(binding * times))),
            [raise.join("; ")],
        ));
    }
    text
}

/// Bursts through the default limits, and through the limits raised for ten and a hundred times the rate.
fn bursts(data: &Data, counted: &Counted, binding: f64) -> String {
    let mut text = head(&[
        "at once".into(),
        "as deployed".into(),
        "raised for 10 times".into(),
        "raised for 100 times".into(),
    ]);
    for requests in [100, 1_000, 10_000, 100_000] {
        let cells = [1.0, 10.0, 100.0].map(|times| {
            let stages = stages(&limits(data, counted), binding * times);
            match burst(&stages, requests) {
                Some(passed) => {
                    format!("{}, most wait for {}", duration(passed.seconds), passed.longest_queue.0)
                }
                None => "more than 30 days".into(),
            }
        });
        text.push_str(&table_row(&grouped(requests as f64), cells));
    }
    text
}

/// The stages in the order of a request, each with a rate of at least `wanted` a second.
fn stages(limits: &[Limit], wanted: f64) -> Vec<Stage> {
    let order: [(&'static str, &[&str]); 5] = [
        ("the portal", &["the portal", "API Gateway"]),
        ("StartExecution", &["Step Functions, StartExecution"]),
        (
            "the flow",
            &[
                "Step Functions, state",
                "Step Functions, Send",
                "DynamoDB, writes of a new",
                "DynamoDB, a part",
                "Lambda",
            ],
        ),
        ("the workers", &["the worker"]),
        ("mails", &["SES"]),
    ];
    let mut stages = Vec::new();
    for (name, beginnings) in order {
        let of_stage = limits
            .iter()
            .filter(|limit| beginnings.iter().any(|beginning| limit.name.starts_with(beginning)));
        for limit in of_stage.filter(|limit| limit.always) {
            let wider = (wanted / limit.stage.rate).max(1.0);
            let Stage { rate, burst, .. } = limit.stage;
            stages.push(Stage { name, rate: rate * wider, burst: (burst * wider).max(1.0) });
        }
    }
    stages
}

/// Savings of Express workflows for a million certificates, in words.
fn express(data: &Data) -> String {
    let standard = data.usage.state_transitions;
    // Groups of three and of two states become one state each, which starts an Express workflow.
    let left = standard - 3.0;
    let million = 1_000_000.0;
    let saved = million * (standard - left) * data.price("step_functions_transition")
        - 2.0 * million * data.price("step_functions_express_request");
    format!(
        "{} of {} transitions would be left, and a million certificates cost about ${} less",
        grouped(left),
        grouped(standard),
        grouped(saved.round())
    )
}

fn sources(data: &Data) -> String {
    let mut text = head(&["quota".into(), "default".into(), "seen".into(), "page".into()]);
    for (name, quota) in &data.quotas {
        let Quota { rate, burst, window, seen, source, .. } = quota;
        let window = format!("{window:?}").to_lowercase();
        let default = format!("{} a {window}, {} at once", grouped(*rate), grouped(*burst));
        text.push_str(&table_row(
            &name.replace('_', " "),
            [default, format!("{seen:?}").to_lowercase(), format!("<{source}>")],
        ));
    }
    text
}

/// Rounds to two digits; the input is not more precise.
fn rounded(number: f64) -> f64 {
    if number < 1.0 {
        return number;
    }
    let unit = 10_f64.powf(number.log10().floor() - 1.0);
    (number / unit).floor() * unit
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_say_no_more_than_is_known() {
        assert_eq!([16_666.0, 99.0, 1_234_567.0].map(rounded), [16_000.0, 99.0, 1_200_000.0]);
        assert_eq!(
            [5, 130, 9_000, 200_000].map(duration),
            ["5 s", "2 min", "2 h", "2 days"].map(str::to_owned)
        );
    }

    #[test]
    fn a_burst_takes_no_longer_where_limits_are_raised() {
        let (data, counted) = (Data::read(), Counted::in_template());
        let all = limits(&data, &counted);
        let binding = all.iter().find(|limit| limit.always).unwrap().stage.rate;
        let takes = |times: f64| burst(&stages(&all, binding * times), 20_000).unwrap().seconds;
        assert!(takes(1.0) > takes(10.0) && takes(10.0) > takes(100.0));
    }

    #[test]
    fn every_limit_that_is_always_met_is_a_stage_of_the_simulation() {
        let all = limits(&Data::read(), &Counted::in_template());
        let met = all.iter().filter(|limit| limit.always).count();
        // A table in use has a higher limit than a new one.
        assert_eq!(stages(&all, 0.0).len(), met - 1);
    }

    #[test]
    fn the_page_in_the_repository_is_this_one() {
        let page = scale(&Data::read(), &Counted::in_template());
        assert!(!page.contains('{'), "a place is not filled in");
        infra_tests::hold("docs/scale.md", &page);
    }
}
