//! Latency of the stack and memory of its workers: `cargo run -p benches --bin figures [REQUESTS] [AT_ONCE]`.
//!
//! Sends requests through a new local stack with optimised workers, approves them, and prints Markdown. Not a test:
//! no threshold. Times end at the file times of the mails, so polling adds nothing; memory is the peak (VmHWM) of
//! each worker's processes.

// A command prints.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use benches::percentile;
use end_to_end::{Automated, Stack, Submission, csr_for, repository, unique_host};
use pki::certificate::Certificate;
use pki::crl::Crl;
use pki::issuer::Issuer;
use pki::testing::{OcspHash, OcspSaid, ocsp_request, ocsp_said, ocsp_single};
use tokio::task::{JoinSet, LocalSet};
use x509_parser::oid_registry::OID_PKIX_ACCESS_DESCRIPTOR_OCSP as OID_OCSP;
use x509_parser::prelude::{
    DistributionPointName, FromDer as _, GeneralName, ParsedExtension, X509Certificate,
};

/// Most revocations that are timed.
const REVOCATIONS: usize = 20;
/// The status in an OCSP answer.
const REVOKED: u8 = 1;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    LocalSet::new().run_until(measure()).await;
}

async fn measure() {
    let mut numbers =
        std::env::args().skip(1).map(|number| number.parse::<usize>().expect("REQUESTS AT_ONCE are numbers"));
    let (requests, at_once) = (numbers.next().unwrap_or(100), numbers.next().unwrap_or(1).max(1));
    eprintln!("Starting a stack with optimised workers; building them takes minutes the first time.");
    let stack: &'static Stack = Box::leak(Box::new(Stack::start_optimised("figures").await));
    // The first request starts every worker and is reported separately.
    let cold = Automated::parts_of_one_request(stack).await;
    let (mut warm, mut running, mut peaks) = (Vec::new(), JoinSet::new(), BTreeMap::new());
    for started in 0..requests {
        if running.len() == at_once {
            warm.push(running.join_next().await.unwrap().unwrap());
        }
        running.spawn_local(Automated::parts_of_one_request(stack));
        eprint!("\r{} of {requests}", started + 1);
        note_peaks(stack.path(), &mut peaks);
    }
    warm.extend(running.join_all().await);
    note_peaks(stack.path(), &mut peaks);
    eprintln!();
    let mut revoked = Vec::new();
    for _ in 0..requests.min(REVOCATIONS) {
        revoked.push(Revoked::one(stack).await);
    }
    note_peaks(stack.path(), &mut peaks);
    print(&cold, &warm, at_once, &peaks);
    print_revoked(&revoked);
}

/// The times from the acceptance of a revocation to its publication at the addresses in the certificate.
struct Revoked {
    ocsp: Duration,
    list: Duration,
}

impl Revoked {
    /// Has a certificate issued, and revokes it as its requester.
    async fn one(stack: &Stack) -> Self {
        let (portal, mailbox) = (stack.portal(), stack.mailbox());
        let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
        let link = mailbox.approval_link(&asked, "approver@example.com").await;
        portal.decide(&link, "approve", "").await.expect(200);
        mailbox.mail(&asked.id, &asked.email, "Your certificate").await;
        let of_request = |path: &str| asked.status_url.replacen('?', &format!("/{path}?"), 1);
        let pem = portal.get(&of_request("certificate.pem"), "*/*").await.expect(200).text();
        let certificate = Certificate::from_pem(&pem).unwrap();
        let issuer = Issuer::from_pem(&portal.get("ca.pem", "*/*").await.expect(200).text()).unwrap();
        let (list, ocsp) = addresses(&certificate);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let serial = certificate.serial().clone();
        let question = ocsp_request(&[ocsp_single(&issuer, serial.octets(), OcspHash::Sha1)], None);
        let revoke = serde_json::json!({ "reason": "superseded" });
        let begun = Instant::now();
        portal.post(&of_request("revoke"), &revoke).await.expect(200);
        let (mut by_ocsp, mut by_list) = (None, None);
        while by_ocsp.is_none() || by_list.is_none() {
            if by_ocsp.is_none() {
                let asked = http.post(&ocsp).header("content-type", "application/ocsp-request");
                let answer = asked.body(question.clone()).send().await.unwrap().bytes().await.unwrap();
                let OcspSaid::Statuses(said) = ocsp_said(&answer) else {
                    panic!("an error in place of a status")
                };
                by_ocsp = (said[0].0 == REVOKED).then(|| begun.elapsed());
            }
            let crl = http.get(&list).send().await.unwrap().bytes().await.unwrap();
            let crl = Crl::from_der(crl.to_vec()).unwrap();
            by_list = crl.reason_of(&serial).unwrap().map(|_| begun.elapsed());
        }
        Self { ocsp: by_ocsp.unwrap(), list: by_list.unwrap() }
    }
}

/// The addresses of the list and of OCSP in a certificate.
fn addresses(certificate: &Certificate) -> (String, String) {
    let (_, parsed) = X509Certificate::from_der(certificate.der()).unwrap();
    let uri = |name: &GeneralName<'_>| match name {
        GeneralName::URI(uri) => Some((*uri).to_owned()),
        _ => None,
    };
    let (mut list, mut ocsp) = (None, None);
    for extension in parsed.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::CRLDistributionPoints(points) => {
                let names = points.iter().filter_map(|point| match &point.distribution_point {
                    Some(DistributionPointName::FullName(names)) => Some(names),
                    _ => None,
                });
                list = names.flatten().find_map(uri);
            }
            ParsedExtension::AuthorityInfoAccess(access) => {
                let mut all = access.accessdescs.iter();
                ocsp =
                    all.find(|one| one.access_method == OID_OCSP).and_then(|one| uri(&one.access_location));
            }
            _ => {}
        }
    }
    (list.expect("an address of a list"), ocsp.expect("an address for OCSP"))
}

fn print_revoked(revoked: &[Revoked]) {
    println!("\n{} revocations, one at a time:\n", revoked.len());
    println!("| a revocation is seen | p50 | most |\n| --- | ---: | ---: |");
    let ocsp: Vec<Duration> = revoked.iter().map(|one| one.ocsp).collect();
    let list: Vec<Duration> = revoked.iter().map(|one| one.list).collect();
    for (what, all) in [("by OCSP (target: 5 s)", ocsp), ("on the list at its address (target: 60 s)", list)]
    {
        let text = |part| format!("{:.2} s", percentile(&all, part).as_secs_f64());
        println!("| {what} | {} | {} |", text(50), text(100));
    }
}

/// Peak memory in KiB by worker, over all processes of this stack's functions.
fn note_peaks(stack: &Path, peaks: &mut BTreeMap<String, u64>) {
    for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let read = |name: &str| std::fs::read(process.path().join(name)).unwrap_or_default();
        let command = String::from_utf8_lossy(&read("cmdline")).into_owned();
        if !command.contains(&stack.display().to_string()) || !command.contains("bootstrap") {
            continue;
        }
        let environment = read("environ");
        let function = environment.split(|byte| *byte == 0).find_map(|variable| {
            std::str::from_utf8(variable).ok()?.strip_prefix("AWS_LAMBDA_FUNCTION_NAME=")
        });
        let status = String::from_utf8_lossy(&read("status")).into_owned();
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse::<u64>().ok());
        if let (Some(function), Some(peak)) = (function, peak) {
            let worker = function.split_once('-').map_or(function, |(_, worker)| worker).to_owned();
            peaks.entry(worker).and_modify(|known| *known = peak.max(*known)).or_insert(peak);
        }
    }
}

fn print(cold: &Automated, warm: &[Automated], at_once: usize, peaks: &BTreeMap<String, u64>) {
    println!("{} requests, {at_once} at a time, on the local stack with optimised workers:\n", warm.len());
    println!("| from | to | first request | p50 | p99 | most |\n| --- | --- | ---: | ---: | ---: | ---: |");
    let row = |from: &str, to: &str, of: fn(&Automated) -> Duration| {
        let all: Vec<Duration> = warm.iter().map(of).collect();
        let text = |time: Duration| format!("{:.2} s", time.as_secs_f64());
        println!(
            "| {from} | {to} | {} | {} | {} | {} |",
            text(of(cold)),
            text(percentile(&all, 50)),
            text(percentile(&all, 99)),
            text(percentile(&all, 100))
        );
    };
    row("submit", "approval mail", |took| took.to_approval_mail);
    row("approve", "certificate mail", |took| took.to_certificate_mail);
    println!("\n| worker | release binary | peak RSS |\n| --- | ---: | ---: |");
    for name in infra_tests::workers() {
        let binary = std::fs::metadata(repository().join("target/release").join(&name));
        let binary = binary.map_or("not built".to_owned(), |file| format!("{:.1} MiB", mebi(file.len())));
        let peak =
            peaks.get(&name).map_or("did not run".to_owned(), |peak| format!("{:.1} MiB", mebi(peak * 1024)));
        println!("| {name} | {binary} | {peak} |");
    }
}

fn mebi(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}
