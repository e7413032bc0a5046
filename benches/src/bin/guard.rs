//! The guard of CI: compares instructions of issuing and of a worker's start, and sizes of the workers, with
//! `benches/baseline/PROFILE.toml`: `target/debug/guard`, after `cargo build --workspace`.
//!
//! Measures the binaries in its own folder, so that it works for each profile. Fails if a number is more than a tenth
//! above the baseline; `--write` writes a new baseline. Measures no times: the result is the same on a busy machine.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use benches::cold::{Function, Servers};
use benches::instructions::{self, Counter};
use benches::issuing::{Asked, Authority, shipped_policy};
use pki::testing as test_pki;
use pki::testing::TestKey;
use serde::{Deserialize, Serialize};

/// Maximum ratio to the baseline.
const TOLERATED: f64 = 0.10;
/// Workers with a counted start: the smallest, and one with many AWS services.
const STARTED: [&str; 2] = ["dead-letter", "sign"];
/// Names of the files of one request and its CA.
const REQUEST: &str = "request.csr";
const KEY: &str = "ca.key";
const CERTIFICATE: &str = "ca.crt";

/// The numbers of a baseline.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Baseline {
    instructions: BTreeMap<String, u64>,
    bytes: BTreeMap<String, u64>,
}

impl Baseline {
    /// Returns the number of counted starts.
    fn starts(&self) -> usize {
        self.instructions.keys().filter(|what| what.starts_with("start ")).count()
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["issue", folder, times] => {
            issue(Path::new(folder), times.parse().unwrap());
            ExitCode::SUCCESS
        }
        [] => compare(),
        ["--write"] => {
            let found = measure();
            if found.starts() < STARTED.len() {
                println!("nothing is written: try again when the machine has nothing else to do");
                return ExitCode::FAILURE;
            }
            let text = toml::to_string(&found).unwrap();
            let head = "# Written by `guard --write`; see benches/README.md. Instructions by callgrind, stripped sizes.\n\n";
            std::fs::create_dir_all(file().parent().unwrap()).unwrap();
            std::fs::write(file(), head.to_owned() + &text).unwrap();
            println!("{} is written", file().display());
            ExitCode::SUCCESS
        }
        _ => {
            println!("guard [--write]");
            ExitCode::FAILURE
        }
    }
}

/// The folder of this program and of the workers of the same profile.
fn folder() -> PathBuf {
    std::env::current_exe().unwrap().parent().unwrap().to_owned()
}

fn file() -> PathBuf {
    let profile = folder().file_name().unwrap().to_string_lossy().into_owned();
    Path::new(env!("CARGO_MANIFEST_DIR")).join("baseline").join(profile + ".toml")
}

/// Issues certificates for the request in a folder; runs under callgrind.
fn issue(folder: &Path, times: u32) {
    let read = |name| std::fs::read_to_string(folder.join(name)).unwrap();
    let (policy, asked) = (shipped_policy(), Asked::from_pem(read(REQUEST)));
    let authority = Authority::from_pem(&read(KEY), &read(CERTIFICATE));
    for _ in 0..times {
        assert!(authority.certify(&policy, &asked).starts_with("-----BEGIN CERTIFICATE-----"));
    }
}

/// Instructions of one certificate for this request. Creates the key of the CA here, outside of the count.
fn certificate(request: &str) -> u64 {
    let (folder, authority) = (tempfile::tempdir().unwrap(), test_pki::root_with(TestKey::EcP256));
    let write = |name: &str, pem: &str| std::fs::write(folder.path().join(name), pem).unwrap();
    write(REQUEST, request);
    write(KEY, &authority.key_pem);
    write(CERTIFICATE, &authority.certificate_pem);
    let this = std::env::current_exe().unwrap();
    let of = |times: &str| instructions::of(&this, &["issue", &folder.path().to_string_lossy(), times]);
    // The difference excludes the start of the program and its initialisation.
    of("31").checked_sub(of("1")).expect("more certificates take more instructions") / 30
}

/// Instructions of a worker's start and first message. `None`, with a message, if the worker under valgrind is so
/// slow on this machine that its calls time out and are repeated.
fn start(servers: &Servers, name: &str) -> Option<u64> {
    const TRIES: usize = 4;
    let worker = Function::worker(&folder(), name);
    let alone = worker.start(servers);
    assert_eq!((alone.calls, alone.connections), (1, 1), "{name}: calls, and connections for them");
    for _ in 0..TRIES {
        let counter = Counter::default();
        let around = counter.around();
        let around: Vec<&str> = around.iter().map(String::as_str).collect();
        let start = worker.start_with(servers, &around);
        if (start.calls, start.connections) == (1, 1) {
            return Some(counter.count());
        }
    }
    println!(
        "start {name}: NOT JUDGED. Under valgrind a call timed out in each of {TRIES} starts: this machine is too busy."
    );
    None
}

fn measure() -> Baseline {
    let mut found = Baseline::default();
    let ec = test_pki::csr_with(TestKey::EcP256, "www.example.com", &["www.example.com"]);
    // The instructions of the weak-key checks depend on the modulus, so it is fixed.
    let rsa = include_str!("../../baseline/rsa-2048.csr");
    for (name, request) in [("issue EcP256", ec.as_str()), ("issue Rsa2048", rsa)] {
        found.instructions.insert(name.to_owned(), certificate(request));
    }
    let servers = Servers::start();
    for name in STARTED {
        if let Some(count) = start(&servers, name) {
            found.instructions.insert(format!("start {name}"), count);
        }
    }
    for name in infra_tests::workers() {
        let bytes = std::fs::metadata(folder().join(&name)).unwrap().len();
        found.bytes.insert(name, bytes);
    }
    found
}

fn compare() -> ExitCode {
    let text =
        std::fs::read_to_string(file()).unwrap_or_else(|error| panic!("{}: {error}", file().display()));
    let (baseline, found): (Baseline, Baseline) = (toml::from_str(&text).unwrap(), measure());
    println!("| what | baseline | found | change |\n| --- | ---: | ---: | ---: |");
    let rows = rows("instructions", &baseline.instructions, &found.instructions).chain(rows(
        "bytes",
        &baseline.bytes,
        &found.bytes,
    ));
    let mut worse = Vec::new();
    for (what, before, now) in rows {
        let change = now as f64 / before as f64 - 1.0;
        println!("| {what} | {before} | {now} | {:+.1} % |", change * 100.0);
        if change > TOLERATED {
            worse.push(what);
        }
    }
    if worse.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("\nMore than {:.0} % above the baseline: {}.", TOLERATED * 100.0, worse.join("; "));
    println!(
        "Find out why. Where it has to be, write the baseline anew: {} --write",
        folder().join("guard").display()
    );
    ExitCode::FAILURE
}

/// Compares the rows of both. A row without a baseline is printed only.
fn rows<'a>(
    unit: &'a str,
    baseline: &'a BTreeMap<String, u64>,
    found: &'a BTreeMap<String, u64>,
) -> impl Iterator<Item = (String, u64, u64)> + 'a {
    found.iter().filter_map(move |(what, now)| match baseline.get(what) {
        Some(before) => Some((format!("{what}, {unit}"), *before, *now)),
        None => {
            println!("{what}, {unit}: {now}, no baseline yet");
            None
        }
    })
}
