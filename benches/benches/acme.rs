//! Time of the verification of an ACME request relative to its bare signature: `cargo bench -p benches --bench acme`.
//!
//! Measures in the same rounds: the bare signature of aws-lc-rs; a request of an account whose key is known, from the body to
//! the payload; and reading a key, which a request with a key in it takes beside that (for RSA, the checks for weak keys). Prints Markdown.
#![allow(clippy::print_stdout)]

use std::time::Duration;

use benches::acme::{ACCOUNT_KEYS, SignedOrder};
use benches::{machine, paired};

const BUDGET: Duration = Duration::from_secs(2);
/// A request over the bare signature.
const TARGET: f64 = 1.3;

fn main() {
    println!("{}\n", machine::description());
    println!(
        "| key of the account | bare signature, µs | request, µs | over the signature | reading a key, µs |"
    );
    println!("| --- | ---: | ---: | ---: | ---: |");
    let mut most: f64 = 0.0;
    for kind in ACCOUNT_KEYS {
        let order = SignedOrder::by(kind);
        let [bare, request, key] = paired::medians(
            BUDGET,
            [&mut || order.verify_bare(), &mut || drop(order.verify()), &mut || drop(order.read_key())],
        );
        let ratio = request / bare;
        most = most.max(ratio);
        println!("| {kind:?} | {bare:.1} | {request:.1} | {ratio:.2} | {key:.1} |");
    }
    let verdict = if most <= TARGET { "met" } else { "missed" };
    println!("\nTarget: at most {TARGET} times the bare signature; the most is {most:.2}: {verdict}.");
}
