//! Median time of a certificate for peers/compare.py: `certify CA.key CA.crt REQUEST.csr TIMES` prints microseconds
//! from PEM to PEM, with the key loaded.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use benches::issuing::{Asked, Authority, shipped_policy};
use benches::paired::median;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [key, certificate, request, times] = arguments.as_slice() else {
        panic!("certify CA.key CA.crt REQUEST.csr TIMES");
    };
    let read = |path: &String| std::fs::read_to_string(path).expect("the file is there");
    let authority = Authority::from_pem(&read(key), &read(certificate));
    let (policy, asked) = (shipped_policy(), Asked::from_pem(read(request)));
    let times: usize = times.parse().expect("TIMES is a number");
    let took: Vec<Duration> = (0..times)
        .map(|_| {
            let start = Instant::now();
            drop(authority.certify(&policy, &asked));
            start.elapsed()
        })
        .collect();
    println!("{:.1}", median(took).as_secs_f64() * 1e6);
}
