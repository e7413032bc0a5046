//! Time of an OCSP answer relative to its bare signature, and answers a second beside `openssl ocsp`: `cargo bench -p benches
//! --bench ocsp`.
//!
//! Measures in the same rounds: the bare signature of aws-lc-rs, the parts of an answer, and an answer about a certificate that
//! the process has seen, octets to octets, with ports in memory. Then both responders answer the
//! same requests over plain http on the loopback interface, one after the other, each round of each beside a round of the other.
//! Prints Markdown.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use benches::{machine, paired};
use futures_util::FutureExt as _;
use pki::certificate::{Serial, to_pem};
use pki::issuer::Issuer;
use pki::ocsp::{CertStatus, OcspRequest, SingleStatus};
use pki::signer::{LocalKey, Signer as _};
use pki::testing::{CaMaker, OcspHash, OcspSaid, TestKey, ocsp_request, ocsp_said, ocsp_single};
use workflow::ocsp::OcspService;
use workflow::ports::{Clock as _, OcspResponders as _, Revocations as _};
use workflow::store::renew_responder;
use workflow::testing::InMemoryBackend;

const BUDGET: Duration = Duration::from_secs(2);
/// Requests of a round over http.
const REQUESTS: usize = 5;
/// An answer about a certificate that the process has seen, over the bare signature.
const TARGET: f64 = 1.5;
const SERIAL: [u8; 20] = [0x41; 20];

struct Stand {
    backend: Arc<InMemoryBackend>,
    issuer: Issuer,
    request: Vec<u8>,
    folder: tempfile::TempDir,
}

fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("ports in memory do not wait")
}

impl Stand {
    fn new() -> Stand {
        let backend = InMemoryBackend::new();
        backend.set_now(time::OffsetDateTime::now_utc());
        let ca = CaMaker::new(TestKey::EcP256);
        let own = ca.clone().self_signed();
        backend.rotate_to(&own);
        let (issuer, key) =
            (Issuer::from_pem(&own.certificate_pem).unwrap(), LocalKey::from_pem(&own.key_pem).unwrap());
        now(renew_responder(&*backend, &key, &issuer, backend.now())).unwrap();
        let leaf = CaMaker::new(TestKey::EcP256).named("leaf").not_a_ca().serial(&SERIAL).der_below(&ca);
        backend.put_certificate(&hex(&SERIAL).parse().unwrap(), &to_pem(&leaf));
        let request = ocsp_request(&[ocsp_single(&issuer, &SERIAL, OcspHash::Sha1)], None);
        let folder = tempfile::tempdir().unwrap();
        let responder = now(backend.responder(&issuer.key_identifier())).unwrap().unwrap();
        std::fs::write(folder.path().join("responder.pem"), responder.pem().expose().as_str()).unwrap();
        std::fs::write(folder.path().join("ca.pem"), &own.certificate_pem).unwrap();
        let row = format!("V\t350101000000Z\t\t{}\tunknown\t/CN=leaf\n", hex(&SERIAL).to_uppercase());
        std::fs::write(folder.path().join("index.txt"), row).unwrap();
        Stand { backend, issuer, request, folder }
    }

    fn service(&self) -> OcspService {
        let ports = || Arc::clone(&self.backend);
        OcspService::new(ports(), ports(), ports(), ports(), ports())
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn main() {
    let stand = Stand::new();
    println!("{}\n", machine::description());
    println!("| | µs | over the signature | target |\n| --- | ---: | ---: | --- |");
    let responder = now(stand.backend.responder(&stand.issuer.key_identifier())).unwrap().unwrap();
    let key = LocalKey::from_pem(responder.pem().expose()).unwrap();
    let warm = stand.service();
    let answer = |service: &OcspService| now(service.answer(&stand.request)).der;
    assert_eq!(ocsp_said(&answer(&warm)), OcspSaid::Statuses(vec![(0, 0)]));
    let message = answer(&warm);
    let identifier = stand.issuer.key_identifier();
    let serial: Serial = hex(&SERIAL).parse().unwrap();
    let request = OcspRequest::from_der(&stand.request).unwrap();
    let at = stand.backend.now();
    let certificate = &request.certificates()[0];
    let status = SingleStatus { certificate, status: CertStatus::Good, this_update: at, next_update: at };
    let [sign, read, parse, build, whole] = paired::medians(
        BUDGET,
        [
            // The responseData is about 200 octets long.
            &mut || drop(now(key.sign(&message[..200])).unwrap()),
            &mut || drop(now(stand.backend.find(&identifier, &serial)).unwrap()),
            &mut || drop(OcspRequest::from_der(&stand.request).unwrap()),
            &mut || drop(now(responder.signing().answer(std::slice::from_ref(&status), None, at)).unwrap()),
            &mut || drop(answer(&warm)),
        ],
    );
    let ratio = (whole - read) / sign;
    let verdict = if ratio <= TARGET { "met" } else { "missed" };
    println!("| bare signature, P-256 | {sign:.1} | 1.00 | |");
    println!("| reading the table of revocations, in memory | {read:.1} | | |");
    println!("| reading the request | {parse:.1} | {:.2} | |", parse / sign);
    println!("| the answer alone, with its signature | {build:.1} | {:.2} | |", build / sign);
    println!(
        "| request to answer, less the reading of the table | {:.1} | {ratio:.2} | {TARGET}: {verdict} |",
        whole - read
    );
    over_http(&stand);
}

/// One answer after the other over http, in rounds.
fn over_http(stand: &Stand) {
    let Some((_openssl, theirs)) = openssl(stand.folder.path()) else {
        println!("\nopenssl is not installed");
        return;
    };
    let own = serve(stand.service());
    let round = |port: u16| {
        for _ in 0..REQUESTS {
            assert_eq!(ocsp_said(&post(port, &stand.request)), OcspSaid::Statuses(vec![(0, 0)]));
        }
    };
    let [ours, others] = paired::medians(BUDGET, [&mut || round(own), &mut || round(theirs)]);
    let a_second = |microseconds: f64| REQUESTS as f64 / microseconds * 1e6;
    println!("\n| responder | answers a second |\n| --- | ---: |");
    println!("| Countersign | {:.0} |\n| `openssl ocsp` | {:.0} |", a_second(ours), a_second(others));
}

/// Ends with the benchmark.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn openssl(folder: &Path) -> Option<(Running, u16)> {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = port.to_string();
    let mut child = Command::new("openssl")
        .args(["ocsp", "-index", "index.txt", "-CA", "ca.pem", "-rsigner", "responder.pem"])
        .args(["-rkey", "responder.pem", "-nmin", "60", "-ignore_err", "-port", &text])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    // A connection without a request would keep it busy for good: it says itself when it listens.
    let mut said = String::new();
    BufReader::new(child.stdout.take()?).read_line(&mut said).unwrap();
    assert!(said.starts_with("ACCEPT"), "{said}");
    Some((Running(child), port))
}

/// Our responder, as plain as the other one.
fn serve(service: OcspService) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let request = body(&mut BufReader::new(stream.try_clone().unwrap()));
            let answer = now(service.answer(&request)).der;
            let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n", answer.len());
            stream.write_all(&[head.as_bytes(), &answer].concat()).unwrap();
        }
    });
    port
}

fn post(port: u16, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!(
        "POST / HTTP/1.0\r\nContent-Type: application/ocsp-request\r\nContent-Length: {}\r\n\r\n",
        request.len()
    );
    stream.write_all(&[head.as_bytes(), request].concat()).unwrap();
    body(&mut BufReader::new(stream))
}

/// The body of a message with a Content-Length.
fn body(reader: &mut BufReader<TcpStream>) -> Vec<u8> {
    let (mut length, mut line) = (0, String::new());
    while reader.read_line(&mut line).unwrap() > 2 {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    body
}
