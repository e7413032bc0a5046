//! Monthly costs and capacity of a deployment, computed from benches/prices.toml and infra/template.yaml: `cargo run
//! -q -p benches --bin costs` prints docs/costs.md, `... -- scale` prints docs/scale.md, and `... -- 2500` the bill
//! for 2500 certificates a month in each network. A test compares both pages with the output.

// A command prints.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod account;
mod bill;
mod data;
mod flood;
mod grown;
mod page;
mod scale;
mod simulation;
mod stack;
mod usage;

use self::bill::Deployment;
use self::data::{Counted, Data, Network};

fn main() {
    let (data, counted) = (Data::read(), Counted::in_template());
    match std::env::args().nth(1).as_deref() {
        None => print!("{}", page::costs(&data, &counted)),
        Some("scale") => print!("{}", scale::scale(&data, &counted)),
        Some(certificates) => {
            let certificates = certificates.parse().expect("certificates a month, or the word scale");
            let columns = [Network::Public, Network::Private, Network::Isolated]
                .map(|network| (network.name().to_owned(), Deployment::of(certificates, network)));
            print!("{}", page::bills(&data, &counted, &columns));
        }
    }
}
