//! The sizes of the workers as they are deployed: `cargo run --release -p benches --bin sizes`, after `cargo build --release -p
//! WORKER`, one by one. Prints Markdown; a worker that is not built is named. The zip is deflated as hard as it goes.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

use std::io::{Cursor, Write};
use std::path::PathBuf;

use benches::WORKERS;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const MOST: f64 = 6.0;
const MOST_ZIPPED: f64 = 3.0;

fn main() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/release"));
    println!("For {}.\n", std::env::consts::ARCH);
    println!("| worker | binary | zipped | target 6 MB and 3 MB |\n| --- | ---: | ---: | --- |");
    for name in WORKERS {
        let Ok(binary) = std::fs::read(folder.join(name)) else {
            eprintln!("not built: {name}");
            continue;
        };
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(9))
            .unix_permissions(0o755);
        zip.start_file("bootstrap", options).unwrap();
        zip.write_all(&binary).unwrap();
        let zipped = zip.finish().unwrap().into_inner().len();
        let (size, zipped) = (binary.len() as f64 / 1e6, zipped as f64 / 1e6);
        let met = if size <= MOST && zipped <= MOST_ZIPPED { "met" } else { "missed" };
        println!("| {name} | {size:.1} MB | {zipped:.1} MB | {met} |");
    }
}
