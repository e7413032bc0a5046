//! Cold starts of the workers and of a function that does nothing: `cargo run -p benches --bin cold-start [ROUNDS]`,
//! after `cargo build --release -p hello -p dead-letter ...`, one worker at a time.
//!
//! Each round starts each function once, with one message that it finishes with one call over TLS. Compares medians and
//! prints Markdown. Names and omits functions that are not built.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::PathBuf;

use benches::cold::{Function, Servers, Start, middle, queue_workers};
use benches::machine;

fn main() {
    let rounds =
        std::env::args().nth(1).map_or(21, |number| number.parse::<usize>().expect("ROUNDS is a number"));
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/release"));
    let names = queue_workers().into_iter().chain(["dead-letter".to_owned()]);
    let all =
        std::iter::once(Function::hello(&folder)).chain(names.map(|name| Function::worker(&folder, &name)));
    let (functions, missing): (Vec<Function>, Vec<Function>) =
        all.partition(|function| function.binary.exists());
    for function in &missing {
        eprintln!("not built: {}", function.name);
    }
    let servers = Servers::start();
    let mut starts: Vec<Vec<Start>> = functions.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for (function, starts) in functions.iter().zip(&mut starts) {
            starts.push(function.start(&servers));
        }
    }
    println!("{}; medians of {rounds} rounds\n", machine::description());
    println!("| function | calls over TLS | processor time | of hello's | until the answer | peak RSS |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    let yardstick = middle(&starts[0]);
    for (function, starts) in functions.iter().zip(&starts) {
        let start = middle(starts);
        println!(
            "| {} | {} | {:.1} ms | {:.1} x | {:.1} ms | {:.1} MiB |",
            function.name,
            start.calls,
            start.cpu.as_secs_f64() * 1e3,
            start.cpu.as_secs_f64() / yardstick.cpu.as_secs_f64(),
            start.wall.as_secs_f64() * 1e3,
            start.peak_memory as f64 / 1_048_576.0,
        );
    }
}
