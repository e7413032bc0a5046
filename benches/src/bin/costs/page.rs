//! The page docs/costs.md.

use super::bill::{Deployment, HOURS, Line, bill, original, polled_queue, private_ca, total};
use super::data::{Counted, Data, Network};
use super::flood::{self, Flood};

/// Certificates a month, in the tables.
const VOLUMES: [f64; 4] = [0.0, 100.0, 10_000.0, 1_000_000.0];

/// The page.
pub(crate) fn costs(data: &Data, counted: &Counted) -> String {
    let public = VOLUMES.map(|n| (volume(n), Deployment::of(n, Network::Public)));
    let (read, remembered) = data.confidence();
    let idle = total(&bill(data, counted, Deployment::of(0.0, Network::Public)));
    include_str!("costs.md")
        .replace("{region}", &data.region)
        .replace("{as_of}", &data.as_of)
        .replace("{read}", &read.to_string())
        .replace("{remembered}", &remembered.to_string())
        .replace("{idle}", &dollars(idle))
        .replace("{queues}", &counted.polled_queues.to_string())
        .replace("{alarms}", &counted.alarms.to_string())
        .replace("{series}", &workflow::request::metric::SERIES.to_string())
        .replace("{measured}", &data.usage.measured)
        .replace("{days}", &grouped(data.usage.days_to_decision))
        .replace("{usage}", usage(data).trim_end())
        .replace("{bills}", bills(data, counted, &public).trim_end())
        .replace("{networks}", networks(data, counted).trim_end())
        .replace("{others}", others(data, counted).trim_end())
        .replace("{most}", most(data, counted).trim_end())
        .replace("{switches}", switches(data, counted).trim_end())
        .replace("{flood}", flood::table(data, counted).trim_end())
        .replace("{ocsp_million}", &dollars(flood::ocsp_answer(data) * 1e6))
        .replace("{acme_thousand}", &dollars(flood::acme_order(data) * 1e3))
        .replace("{acme_calls}", &grouped(data.usage.acme.calls))
        .replace("{acme_transitions}", &grouped(data.usage.acme.state_transitions))
        .replace("{acme_writes}", &grouped(data.usage.acme.dynamodb_write_units))
        .replace("{acme_reads}", &grouped(data.usage.acme.dynamodb_read_units))
        .replace("{acme_invocations}", &grouped(data.usage.acme.invocations))
        .replace("{queue}", &dollars(polled_queue(data)))
        .replace("{flood_usd}", &dollars(Flood::now(data, flood::throttles(counted)).usd()))
        .replace("{throttle_rate}", &grouped(counted.throttle.0))
        .replace("{submission_rate}", &grouped(counted.submission_throttle.0))
        .replace("{submission_burst}", &grouped(counted.submission_throttle.1))
        .replace("{portal_milliseconds}", &grouped(data.usage.flood.portal_milliseconds))
        .replace("{row_kilobytes}", &grouped(data.usage.flood.row_bytes / 1_024.0))
        .replace("{submissions_an_hour}", &grouped(counted.submissions_an_hour))
        .replace("{mails_a_day}", &grouped(counted.mails_a_day))
        .replace("{quota}", &grouped(data.quotas["ses_day"].rate))
        .replace("{quota_lasts}", &grouped(flood::quota_lasts(data, counted)))
        .replace("{prices}", prices(data).trim_end())
}

/// Bills side by side: one row for each service, one column for each deployment. Omits services without costs.
pub(crate) fn bills(data: &Data, counted: &Counted, columns: &[(String, Deployment)]) -> String {
    let bills: Vec<Vec<Line>> = columns.iter().map(|(_, deployed)| bill(data, counted, *deployed)).collect();
    let mut text = head(
        &[vec!["$ a month".to_owned()], columns.iter().map(|(name, _)| name.clone()).collect()].concat(),
    );
    for (row, line) in bills.first().into_iter().flatten().enumerate() {
        let cells: Vec<f64> = bills.iter().map(|bill| bill[row].usd).collect();
        if cells.iter().any(|usd| *usd > 0.0) {
            text.push_str(&table_row(line.service, cells.into_iter().map(dollars)));
        }
    }
    text.push_str(&table_row("**all**", bills.iter().map(|bill| format!("**{}**", dollars(total(bill))))));
    text
}

fn networks(data: &Data, counted: &Counted) -> String {
    let mut text = head(&[
        "network".into(),
        "endpoints in a zone".into(),
        "idle, one zone".into(),
        "idle, two zones".into(),
    ]);
    for network in [Network::Public, Network::Private, Network::Isolated] {
        let one = total(&bill(data, counted, Deployment::of(0.0, network)));
        let endpoints = counted.endpoints(network);
        let zone = endpoints.len() as f64 * HOURS * data.price("interface_endpoint_hour");
        let names = match endpoints.as_slice() {
            [] => "none".to_owned(),
            endpoints => format!("{}: {}", endpoints.len(), endpoints.join(", ")),
        };
        text.push_str(&table_row(network.name(), [names, dollars(one), dollars(one + zone)]));
    }
    text
}

fn others(data: &Data, counted: &Counted) -> String {
    let mut columns = vec!["$ a month".to_owned()];
    columns.extend(VOLUMES.map(volume));
    let mut text = head(&columns);
    for network in [Network::Public, Network::Private, Network::Isolated] {
        let cells = VOLUMES.map(|n| dollars(total(&bill(data, counted, Deployment::of(n, network)))));
        text.push_str(&table_row(&format!("Countersign, {}", network.name()), cells));
    }
    text.push_str(&table_row("AWS Private CA", VOLUMES.map(|n| dollars(private_ca(data, n).0))));
    text.push_str(&table_row(
        "AWS Private CA, certificates of up to 7 days",
        VOLUMES.map(|n| dollars(private_ca(data, n).1)),
    ));
    let idle_only = |usd: String| [usd, "-".into(), "-".into(), "-".into()];
    text.push_str(&table_row(
        "the system before it (8 endpoints, one EC2 instance)",
        idle_only(dollars(original(data))),
    ));
    text.push_str(&table_row("serverless-ca (no approval; not computed here)", idle_only("about 4".into())));
    text
}

/// The three most expensive services for each volume.
fn most(data: &Data, counted: &Counted) -> String {
    let mut text = head(&[
        "certificates a month".into(),
        "most".into(),
        "then".into(),
        "then".into(),
        "each certificate".into(),
    ]);
    for n in VOLUMES {
        let mut lines = bill(data, counted, Deployment::of(n, Network::Public));
        let all = total(&lines);
        lines.sort_by(|one, other| other.usd.total_cmp(&one.usd));
        let mut cells: Vec<String> = lines
            .iter()
            .take(3)
            .map(|line| format!("{} {:.0} %", line.service, 100.0 * line.usd / all))
            .collect();
        cells.push(if n > 0.0 { format!("${:.5}", all / n) } else { "-".into() });
        text.push_str(&table_row(&volume(n), cells));
    }
    text
}

fn switches(data: &Data, counted: &Counted) -> String {
    let mut columns = vec!["parameter".to_owned()];
    columns.extend(VOLUMES.map(volume));
    let mut text = head(&columns);
    let usual = |n| Deployment::of(n, Network::Public);
    type Change = fn(Deployment) -> Deployment;
    let changes: [(&str, Change); 6] = [
        ("`Alarms=no`", |usual| Deployment { alarms: false, ..usual }),
        ("`Tracing=no`", |usual| Deployment { tracing: false, ..usual }),
        ("`HousekeepingSchedule=rate(15 minutes)`", |usual| Deployment {
            housekeeping_minutes: 15.0,
            ..usual
        }),
        ("`Dashboard=yes`", |usual| Deployment { dashboard: true, ..usual }),
        ("`Encryption=customer-key`", |usual| Deployment { customer_key: true, ..usual }),
        ("`CaKey=kms`", |usual| Deployment { ca_in_kms: true, ..usual }),
    ];
    for (name, change) in changes {
        let cells = VOLUMES.map(|n| {
            let difference =
                total(&bill(data, counted, change(usual(n)))) - total(&bill(data, counted, usual(n)));
            let sign = if difference < 0.0 { "-" } else { "+" };
            format!("{sign}{}", dollars(difference.abs()))
        });
        text.push_str(&table_row(name, cells));
    }
    text
}

fn usage(data: &Data) -> String {
    let usage = &data.usage;
    let mut text = head(&["for one certificate".into(), "units".into()]);
    let rows = [
        ("state transitions", usage.state_transitions),
        ("messages: tasks and nudges", usage.tasks + usage.nudges),
        ("mails", usage.mails),
        ("DynamoDB write units, tables", usage.dynamodb_table_write_units),
        ("DynamoDB write units, indexes", usage.dynamodb_index_write_units),
        ("DynamoDB read units", usage.dynamodb_read_units),
        ("bytes kept in DynamoDB", usage.stored_bytes),
        ("S3 PUT", usage.s3_puts),
        ("S3 GET", usage.s3_gets),
        ("Lambda invocations", usage.workers.values().map(|work| work.invocations).sum()),
        ("bytes of log", usage.log_bytes),
        ("bytes to browsers", usage.bytes_out),
        ("for each look at a waiting request: messages", usage.waiting.messages),
        ("DynamoDB read units", usage.waiting.dynamodb_read_units),
        ("milliseconds of await-approval", usage.waiting.milliseconds),
    ];
    for (name, units) in rows {
        text.push_str(&table_row(name, [grouped(units)]));
    }
    text
}

fn prices(data: &Data) -> String {
    let mut text = head(&["price".into(), "$".into(), "for".into(), "seen".into(), "page".into()]);
    for (name, price) in &data.prices {
        let seen = format!("{:?}", price.seen).to_lowercase();
        text.push_str(&table_row(
            &name.replace('_', " "),
            [price.usd.to_string(), grouped(price.per), seen, format!("<{}>", price.source)],
        ));
    }
    text
}

/// The heading of a table with numbers in all columns but the first.
pub(crate) fn head(columns: &[String]) -> String {
    let rule: Vec<&str> =
        columns.iter().enumerate().map(|(at, _)| if at == 0 { "---" } else { "---:" }).collect();
    format!("| {} |\n| {} |\n", columns.join(" | "), rule.join(" | "))
}

/// One row.
pub(crate) fn table_row(first: &str, cells: impl IntoIterator<Item = String>) -> String {
    let cells: Vec<String> = cells.into_iter().collect();
    format!("| {first} | {} |\n", cells.join(" | "))
}

fn volume(certificates: f64) -> String {
    if certificates == 0.0 { "idle".into() } else { grouped(certificates) }
}

/// Formats as `1,234.50`; without cents for whole numbers from a thousand on.
pub(crate) fn dollars(usd: f64) -> String {
    if usd >= 1_000.0 { grouped(usd.round()) } else { format!("{usd:.2}") }
}

/// Formats as `1,234` or `12.5`.
pub(crate) fn grouped(number: f64) -> String {
    if number < 1_000.0 {
        let text = format!("{number:.1}");
        return text.trim_end_matches(".0").to_owned();
    }
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_read_them() {
        assert_eq!(
            ["0.50", "999.99", "1,234", "1,000,000"],
            [0.5, 999.99, 1_233.5, 1e6].map(dollars).each_ref().map(String::as_str)
        );
        assert_eq!(
            ["0", "12.5", "999", "12,000"],
            [0.0, 12.5, 999.0, 12_000.0].map(grouped).each_ref().map(String::as_str)
        );
    }

    #[test]
    fn the_page_in_the_repository_is_this_one() {
        let page = costs(&Data::read(), &Counted::in_template());
        assert!(!page.contains('{'), "a place is not filled in");
        infra_tests::hold("docs/costs.md", &page);
    }
}
