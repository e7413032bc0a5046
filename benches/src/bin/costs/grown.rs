//! Tables of docs/scale.md: a stack with many certificates and many open requests, and accounts under load.

use super::account::{Course, Load, run};
use super::bill::{Deployment, GB, LISTED, LOOKS, bill, total};
use super::data::{Counted, Data, Network};
use super::page::{dollars, grouped, head, table_row};
use super::stack::StackSpec;

/// Certificates that are kept.
const KEPT: f64 = 10_000_000.0;
/// Requests that wait for an approver.
const OPEN: f64 = 100_000.0;

/// A stack with [`KEPT`] certificates and [`OPEN`] requests, with whole rows in the indexes and as it is.
pub(crate) fn grown(data: &Data, counted: &Counted) -> String {
    let (before, usage) = (&data.usage.whole_rows, &data.usage);
    let idle = Deployment::of(0.0, Network::Public);
    let open = Deployment { waiting: Some(OPEN), ..idle };
    let kept = |bytes: f64| KEPT * bytes / GB;
    let storage = |bytes: f64| {
        dollars(kept(bytes) * (data.price("dynamodb_gb_month") + data.price("dynamodb_recovery_gb_month")))
    };
    let reads = |listed: f64, bytes: f64| (listed * bytes / 8_192.0).ceil();
    let lists = |listed: f64, bytes: f64| {
        dollars(reads(listed, bytes) * open.runs() * data.price("dynamodb_read_unit"))
    };
    // Without the lists, which have a row of their own.
    let looks = total(&bill(data, counted, open))
        - total(&bill(data, counted, idle))
        - open.list_reads(data) * data.price("dynamodb_read_unit");
    let turn = |listed: f64| {
        let hours = (listed / LOOKS).ceil() * open.housekeeping_minutes / 60.0;
        format!("{} hours", grouped(hours.ceil()))
    };
    let mut text = head(&["".into(), "whole rows in the indexes".into(), "as it is".into()]);
    let both = |one: String, other: String| [one, other];
    let rows = [
        ("kept in DynamoDB, GB", both(grouped(kept(before.stored_bytes)), grouped(kept(usage.stored_bytes)))),
        ("storage and recovery, $ a month", both(storage(before.stored_bytes), storage(usage.stored_bytes))),
        (
            "entries of the index by status, GB",
            both(grouped(kept(before.listed_bytes + 100.0)), grouped(kept(usage.listed_bytes + 100.0))),
        ),
        ("listed by a run of housekeeping", both(grouped(before.listed_at_most), grouped(OPEN.min(LISTED)))),
        (
            "read units of a list",
            both(
                grouped(reads(before.listed_at_most, before.listed_bytes)),
                grouped(reads(OPEN, usage.listed_bytes)),
            ),
        ),
        (
            "$ a month for lists",
            both(lists(before.listed_at_most, before.listed_bytes), lists(OPEN, usage.listed_bytes)),
        ),
        ("looked at in a run", both(grouped(LOOKS), grouped(LOOKS))),
        ("$ a month for looks", both(dollars(looks), dollars(looks))),
        (
            "each open request is looked at within",
            both(
                format!(
                    "{} of the oldest {}; no other",
                    turn(before.listed_at_most),
                    grouped(before.listed_at_most)
                ),
                turn(OPEN),
            ),
        ),
    ];
    for (name, cells) in rows {
        text.push_str(&table_row(name, cells));
    }
    text
}

/// An account under load: its name, whether `WorkersAtOnce` is `few`, and the load.
pub(crate) const ACCOUNTS: [(&str, bool, Load); 5] = [
    ("10 environments, 100 at once, `few`", true, Load { environments: 10, burst: 100, ..OFFICE }),
    ("10 environments, 1,000 at once, `few`", true, Load { environments: 10, burst: 1_000, ..OFFICE }),
    ("1,000 environments, 1,000 at once", false, Load { burst: 1_000, ..OFFICE }),
    ("1,000 environments, 5,000 waiting", false, Load { waiting: 5_000, ..OFFICE }),
    ("10 environments, 5,000 waiting, `few`", true, Load { environments: 10, waiting: 5_000, ..OFFICE }),
];

/// One request every five seconds, decided within two minutes.
const OFFICE: Load = Load {
    environments: 1_000,
    others: 0,
    burst: 0,
    seconds_between: 5,
    waiting: 0,
    decided_after: 60,
    parallel: false,
};

/// The accounts, each with its worse course: messages of a batch one by one, or at the same time.
pub(crate) fn accounts(data: &Data, counted: &Counted) -> String {
    let mut text = head(
        &[
            "account and load",
            "requests",
            "given up",
            "timed out",
            "most receives",
            "of",
            "calls throttled",
            "portal calls repeated",
            "environments",
        ]
        .map(str::to_owned),
    );
    for (name, few, load) in ACCOUNTS {
        let stack = StackSpec::read(data, few);
        let courses = [false, true].map(|parallel| run(data, counted, &stack, Load { parallel, ..load }));
        let most =
            |of: fn(&Course) -> u32| grouped(f64::from(courses.iter().map(of).max().unwrap_or_default()));
        text.push_str(&table_row(
            name,
            [
                most(|course| course.requests),
                most(|course| course.given_up),
                most(|course| course.timed_out),
                most(|course| course.receives),
                grouped(f64::from(stack.workers[0].receives)),
                most(|course| course.throttled_calls),
                most(|course| course.turned_away),
                most(|course| course.environments),
            ],
        ));
    }
    text
}
