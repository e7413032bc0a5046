//! `countersign costs` and `countersign scale`: what a month costs and how much the defaults can take, computed from
//! infra/prices.toml and infra/template.yaml. They print docs/costs.md and docs/scale.md, and a test holds those to it.

mod bill;
mod data;
mod page;
mod scale;
mod simulation;

use self::bill::Deployment;
use self::data::{Counted, Data, Network};
use crate::failure::Failure;

/// `countersign costs`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Certificates a month: prints only the bill for so many, in each network
    #[arg(long, value_name = "NUMBER")]
    certificates: Option<u32>,
}

/// Runs `countersign costs`.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let (data, counted) = (Data::read()?, Counted::in_template());
    match options.certificates {
        None => print!("{}", page::costs(&data, &counted)),
        Some(certificates) => {
            let columns = [Network::Public, Network::Private, Network::Isolated]
                .map(|network| (network.name().to_owned(), Deployment::of(f64::from(certificates), network)));
            print!("{}", page::bills(&data, &counted, &columns));
        }
    }
    Ok(())
}

/// Runs `countersign scale`.
pub(crate) fn run_scale() -> Result<(), Failure> {
    print!("{}", scale::scale(&Data::read()?, &Counted::in_template()));
    Ok(())
}
