//! Revocation lists with many entries: built, signed, read back and written as PEM, as sign does it, beside OpenSSL, which reads the same list and
//! verifies its signature. Prints Markdown: `cargo bench -p benches --bench crl`.
//!
//! Invariant: each list is made in a process of its own, and so is each reading, so that the peak memory is that of one list.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use benches::{machine, paired};
use futures_util::FutureExt as _;
use pki::certificate::Serial;
use pki::crl::{CrlBuilder, CrlTemplate, RevocationReason, RevokedCertificate, issue_crl};
use pki::issuer::Issuer;
use pki::signer::{LocalKey, Signer as _};
use pki::testing::{TestKey, root_with};
use time::OffsetDateTime;
use wait4::Wait4 as _;

const ENTRIES: [u32; 4] = [0, 1_000, 100_000, 1_000_000];
const ROUNDS: usize = 5;
/// For a million entries.
const TARGET: (Duration, u64) = (Duration::from_secs(5), 256);
const MIB: u64 = 1024 * 1024;

/// Serial number `number` of a list: 20 octets, as sign draws them.
fn serial(number: u32) -> Serial {
    let mut octets = [0x40; 20];
    let mut state = u64::from(number) + 1;
    for octet in &mut octets[1..] {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *octet = (state >> 56) as u8;
    }
    Serial::from_integer(&octets).unwrap()
}

/// Makes a list below the CA in the folder, and prints the seconds and the peak memory in octets.
fn make(folder: &Path, entries: u32) {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let issuer = Issuer::from_pem(&read("ca.pem")).unwrap();
    let key = LocalKey::from_pem(&read("ca.key")).unwrap();
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
    let begun = Instant::now();
    let mut builder = CrlBuilder::new(CrlTemplate {
        issuer: &issuer,
        algorithm: key.algorithm(),
        number: 7,
        this_update: now,
        next_update: now + time::Duration::days(7),
        shard: None,
    });
    for number in 0..entries {
        let reason = RevocationReason::ALL[number as usize % RevocationReason::ALL.len()];
        let entry = RevokedCertificate { serial: serial(number), revoked_at: now, reason };
        builder.push(&entry).unwrap();
    }
    let crl = issue_crl(&key, builder.finish().unwrap()).now_or_never().unwrap().unwrap();
    let pem = crl.to_pem();
    let seconds = begun.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    std::fs::write(folder.join("list.crl"), crl.der()).unwrap();
    std::fs::write(folder.join("list.pem"), pem).unwrap();
    println!("{seconds} {}", peak * 1024);
}

/// The seconds and the peak memory of a list.
fn made(folder: &Path, entries: u32) -> (Duration, u64) {
    let this = std::env::current_exe().unwrap();
    let output = Command::new(this).arg("make").arg(folder).arg(entries.to_string()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let (seconds, peak) = said.trim().split_once(' ').unwrap();
    (Duration::from_secs_f64(seconds.parse().unwrap()), peak.parse().unwrap())
}

/// The same of OpenSSL, which reads the list and verifies its signature.
fn read_by_openssl(folder: &Path) -> (Duration, u64) {
    let begun = Instant::now();
    let mut child = Command::new("openssl")
        .args(["crl", "-inform", "DER", "-noout", "-in", "list.crl", "-CAfile", "ca.pem"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let ended = child.wait4().unwrap();
    assert!(ended.status.success());
    (begun.elapsed(), ended.rusage.maxrss)
}

fn table() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let ca = root_with(TestKey::EcP256);
    std::fs::write(folder.join("ca.pem"), &ca.certificate_pem).unwrap();
    std::fs::write(folder.join("ca.key"), &ca.key_pem).unwrap();
    println!("{}\n", machine::description());
    println!(
        "| entries | list MB | seconds | of OpenSSL's reading | peak MiB | OpenSSL's peak MiB | target |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: | ---: | --- |");
    for entries in ENTRIES {
        let rounds: Vec<_> = (0..ROUNDS).map(|_| (made(folder, entries), read_by_openssl(folder))).collect();
        let ours = paired::median(rounds.iter().map(|(ours, _)| ours.0).collect());
        let theirs = paired::median(rounds.iter().map(|(_, theirs)| theirs.0).collect());
        let peak = rounds.iter().map(|(ours, _)| ours.1).max().unwrap().div_ceil(MIB);
        let their_peak = rounds.iter().map(|(_, theirs)| theirs.1).max().unwrap().div_ceil(MIB);
        let size = std::fs::metadata(folder.join("list.crl")).unwrap().len();
        let target = match entries {
            1_000_000 if ours <= TARGET.0 && peak <= TARGET.1 => "5 s and 256 MiB: met",
            1_000_000 => "5 s and 256 MiB: missed",
            _ => "none",
        };
        println!(
            "| {entries} | {:.2} | {:.3} | {:.2} | {peak} | {their_peak} | {target} |",
            size as f64 / 1e6,
            ours.as_secs_f64(),
            ours.as_secs_f64() / theirs.as_secs_f64(),
        );
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["make", folder, entries] => make(Path::new(folder), entries.parse().unwrap()),
        _ => table(),
    }
}
