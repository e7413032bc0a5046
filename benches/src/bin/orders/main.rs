//! From the order to the certificate, for each ACME client, beside Pebble: `cargo run -p benches --bin orders [ROUNDS]`.
//!
//! A local stack with optimised workers behind TLS, with a standing approval, and Pebble, whose challenges succeed at once. Each client
//! has an account at both, and a certificate, before the first round. In each round each client gets a certificate for another name from
//! both servers, in turns first. Prints Markdown. Not a test: no threshold.

// A command prints.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

mod commands;

use std::time::{Duration, Instant};

use benches::machine;
use benches::paired::median;
use commands::{CommandClient, Program};
use end_to_end::acme_servers::{Access, Pebble, SecureStack};
use end_to_end::instant_acme_client::{Issued, account, issue};
use end_to_end::unique_host;
use instant_acme::Account;

const ROUNDS: usize = 21;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let rounds = std::env::args().nth(1).map_or(ROUNDS, |text| text.parse().expect("ROUNDS is a number"));
    eprintln!("Starting a stack with optimised workers; building them takes minutes the first time.");
    let certificates = (Program::ALL.len() + 1) * (rounds + 1);
    let ours = SecureStack::start("orders", u32::try_from(certificates).unwrap(), &["--release"]).await;
    let pebble = Pebble::start().await;
    println!("{}; {rounds} rounds\n", machine::description());
    println!("| client | Countersign, median s | Pebble, median s | ratio |\n| --- | ---: | ---: | ---: |");
    let parts = of_the_crate(&ours, &pebble, rounds).await;
    let whole = parts.each_ref().map(|all| all.iter().map(|one| one.downloaded).collect());
    print_row("instant-acme", whole);
    for program in Program::ALL {
        let clients = [ours.access().await, pebble.access()].map(|access| {
            eprintln!("{} at {}", program.name(), access.directory);
            CommandClient::start(program, access, &unique_host())
        });
        let mut times = [Vec::new(), Vec::new()];
        for (at, host) in turns(rounds) {
            let begun = Instant::now();
            clients[at].issue(&host);
            times[at].push(begun.elapsed());
        }
        print_row(program.name(), times);
    }
    print_parts(&parts);
    ours.stack.end();
}

/// What the client of instant-acme got in each round: from the stack, and from Pebble.
async fn of_the_crate(ours: &SecureStack, pebble: &Pebble, rounds: usize) -> [Vec<Issued>; 2] {
    let accounts = [of_access(&ours.access().await).await, of_access(&pebble.access()).await];
    let mut all = [Vec::new(), Vec::new()];
    for (at, host) in turns(rounds) {
        all[at].push(issue(&accounts[at], &host, None).await);
    }
    all
}

/// Which of the two servers is next, and the name of the certificate. The one that was second in a round is first in the next.
fn turns(rounds: usize) -> impl Iterator<Item = (usize, String)> {
    (0..rounds).flat_map(|round| {
        let host = unique_host();
        [round % 2, (round + 1) % 2].map(|at| (at, host.clone()))
    })
}

/// An account that has a certificate.
async fn of_access(access: &Access) -> Account {
    let account = account(access).await;
    issue(&account, &unique_host(), None).await;
    account
}

fn print_row(client: &str, [ours, pebble]: [Vec<Duration>; 2]) {
    let [ours, pebble] = [median(ours).as_secs_f64(), median(pebble).as_secs_f64()];
    println!("| {client} | {ours:.2} | {pebble:.2} | {:.1} |", ours / pebble);
}

/// How long the steps of an order take for the client of instant-acme.
fn print_parts(parts: &[Vec<Issued>; 2]) {
    type Step = fn(&Issued) -> Duration;
    let steps: [(&str, Step); 3] = [
        ("new-order and its authorizations, until it is ready", |one| one.ready),
        ("finalize, until it is answered", |one| one.finalized - one.ready),
        ("until the certificate is there", |one| one.downloaded - one.finalized),
    ];
    println!(
        "\n| step of instant-acme | Countersign, median ms | Pebble, median ms |\n| --- | ---: | ---: |"
    );
    for (step, of) in steps {
        let [ours, pebble] =
            parts.each_ref().map(|all| median(all.iter().map(of).collect()).as_secs_f64() * 1e3);
        println!("| {step} | {ours:.0} | {pebble:.0} |");
    }
}
