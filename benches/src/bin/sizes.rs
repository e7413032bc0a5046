//! Sizes of the workers as deployed, for both processors of the template: `cargo run --release -p benches --bin
//! sizes`, after `cargo build --release -p WORKER` for each worker, and the same with `--target` for the other
//! processor.
//!
//! Prints Markdown and the workers that meet the targets, including the worker that does nothing: the size of runtime, TLS and two clients. Names binaries
//! that are not built. Zips have the highest compression level.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

use std::io::{Cursor, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const MOST: f64 = 6.0;
const MOST_ZIPPED: f64 = 3.0;
/// Processors by their names in Lambda and in Rust. arm64 is the default of the template.
const PROCESSORS: [(&str, &str); 2] = [("arm64", "aarch64"), ("x86_64", "x86_64")];
const YARDSTICK: &str = "idle";

fn main() {
    let columns = PROCESSORS.map(|(name, _)| format!("{name} | zipped |"));
    println!("| worker | {}", columns.join(" "));
    println!("| --- |{}", " ---: | ---: |".repeat(PROCESSORS.len()));
    let mut met = Vec::new();
    for name in &infra_tests::workers().into_iter().chain([YARDSTICK.to_owned()]).collect::<Vec<_>>() {
        let columns = PROCESSORS.map(|(processor, architecture)| match size(name, architecture) {
            None => "not built | |".to_owned(),
            Some((size, zipped)) => {
                if name != YARDSTICK && size <= MOST && zipped <= MOST_ZIPPED {
                    met.push(format!("{name} on {processor}"));
                }
                format!("{size:.1} MB | {zipped:.1} MB |")
            }
        });
        println!("| {name} | {}", columns.join(" "));
    }
    let met = if met.is_empty() { "no worker".to_owned() } else { met.join(", ") };
    println!("\nTarget {MOST:.0} MB, zipped {MOST_ZIPPED:.0} MB: met by {met}.");
}

/// Size of a binary and of its zip, in MB; `None`, with a message, if it is not built.
fn size(name: &str, architecture: &str) -> Option<(f64, f64)> {
    let folder = match architecture {
        std::env::consts::ARCH => "release".to_owned(),
        other => format!("{other}-unknown-linux-gnu/release"),
    };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target").join(folder).join(name);
    let Ok(binary) = std::fs::read(&file) else {
        eprintln!("not built: {}", file.display());
        return None;
    };
    Some((binary.len() as f64 / 1e6, zipped(&binary) as f64 / 1e6))
}

/// Bytes of the zip for Lambda.
fn zipped(binary: &[u8]) -> usize {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .unix_permissions(0o755);
    zip.start_file("bootstrap", options).unwrap();
    zip.write_all(binary).unwrap();
    zip.finish().unwrap().into_inner().len()
}
