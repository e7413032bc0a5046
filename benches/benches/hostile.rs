//! Inputs made to cost as much as possible: `cargo bench -p benches --bench hostile`.
//!
//! The search for private keys in texts of 128 KiB, relative to one SHA-256 of the same text in the same rounds, and
//! the search for a chain among a hundred certificates, relative to one bare verification. Prints Markdown: medians,
//! the slowest texts first. `-- pairs` also tries every pair of pieces of text, which takes minutes.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use benches::bundles::{bundle_of, chain_of, hostile_bundle, mesh_bundle};
use benches::issuing::Asked;
use benches::{machine, paired};
use pki::private_key;
use pki::testing::{TestKey, hostile_pairs, hostile_texts};

/// The largest body of a submission.
const TEXT_BYTES: usize = 128 * 1024;
/// The texts that are printed.
const SLOWEST: usize = 12;
const CERTIFICATES: usize = 100;
const BUDGET: Duration = Duration::from_secs(1);
const MAX_SEARCH_MS: f64 = 1.0;
const MAX_CHAIN_MS: f64 = 10.0;

fn main() {
    println!("{}\n", machine::description());
    let mut texts = hostile_texts(TEXT_BYTES);
    if std::env::args().any(|word| word == "pairs") {
        texts.extend(hostile_pairs(TEXT_BYTES));
    }
    texts.push(("prose".to_owned(), b"Dear CA, please sign this request. ".repeat(TEXT_BYTES / 35)));
    // A few calls each find the candidates, so that only they are measured at length.
    let mut ranked: Vec<(Duration, (String, Vec<u8>))> =
        texts.into_iter().map(|text| (roughly(&text.1), text)).collect();
    ranked.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    println!("| text of 128 KiB | ms | of SHA-256 | bytes searched a byte | target |");
    println!("| --- | ---: | ---: | ---: | --- |");
    for (at, (_, (name, text))) in ranked.iter().enumerate() {
        if at < SLOWEST || name == "prose" {
            let [searched, hashed] = paired::medians(
                BUDGET,
                [&mut || drop(black_box(private_key::search(text))), &mut || {
                    assert!(black_box(digest(&SHA256, text)).as_ref().len() == 32)
                }],
            );
            let bytes = private_key::search(text).layer_bytes as f64 / text.len() as f64;
            let ms = searched / 1e3;
            println!(
                "| {name} | {ms:.2} | {:.1} | {bytes:.2} | {} |",
                searched / hashed,
                target(ms, MAX_SEARCH_MS)
            );
        }
    }
    println!("\n| certificates | key | ms | of one verification | target |");
    println!("| --- | --- | ---: | ---: | --- |");
    for kind in [TestKey::EcP256, TestKey::EcP384, TestKey::Rsa2048] {
        let asked = Asked::of(kind);
        let bundles = [
            ("an issuing CA, its root last, strangers between", bundle_of(kind, CERTIFICATES)),
            ("one name and key identifier, no issuer among them", hostile_bundle(kind, CERTIFICATES)),
            ("all CAs cross-signed, one root, last", mesh_bundle(kind, CERTIFICATES)),
        ];
        for (name, ders) in bundles {
            let [found, verified] =
                paired::medians(BUDGET, [&mut || drop(black_box(chain_of(&ders))), &mut || asked.verify()]);
            let ms = found / 1e3;
            println!(
                "| {name} | {kind:?} | {ms:.2} | {:.0} | {} |",
                found / verified,
                target(ms, MAX_CHAIN_MS)
            );
        }
    }
}

/// The fastest of a few calls.
fn roughly(text: &[u8]) -> Duration {
    const CALLS: usize = 5;
    let call = || {
        let start = Instant::now();
        drop(black_box(private_key::search(text)));
        start.elapsed()
    };
    (0..CALLS).map(|_| call()).min().unwrap()
}

fn target(ms: f64, most: f64) -> String {
    format!("{most:.0} ms: {}", if ms <= most { "met" } else { "missed" })
}
