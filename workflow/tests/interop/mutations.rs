//! Requests with one octet changed, at every octet of every shape: what is accepted is issued, and OpenSSL, Python's
//! cryptography and webpki read the certificate alike, as it was granted.
//!
//! Any signature counts as good, since a changed request has no other. Each verifier judges all certificates in one run.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::process::Command;

use pki::certificate::{Certificate, CertificateContents, Validity};
use pki::csr::Csr;
use pki::key::KeyKind;
use pki::name::Name;
use pki::testing as test_pki;
use pki::testing::CsrMaker;
use time::OffsetDateTime;
use time::macros::format_description;
use workflow::policy::Policy;

use crate::authorities::Authority;
use crate::certificates::issue_granted;
use crate::panel::{openssl, openssl_is_there, say, skip};
use crate::venv;

const POLICY: &str = include_str!("any-name-policy.toml");
const READINGS: &str = include_str!("readings.py");

/// A request that was accepted, its certificate, and what was granted.
struct Issued {
    csr: Csr,
    contents: CertificateContents,
    certificate: Certificate,
}

/// The request with the octet at `at` changed, in several ways.
fn mutations(der: &[u8], at: usize) -> impl Iterator<Item = Vec<u8>> {
    let changed = |change: fn(&mut Vec<u8>, usize)| {
        let mut der = der.to_vec();
        change(&mut der, at);
        der
    };
    [
        changed(|der, at| der[at] ^= 1),
        changed(|der, at| der[at] ^= 0x20),
        changed(|der, at| der[at] ^= 0x80),
        changed(|der, at| der[at] = 0),
        changed(|der, at| _ = der.remove(at)),
        changed(|der, at| der.insert(at, der[at])),
    ]
    .into_iter()
}

#[test]
fn nothing_is_issued_that_others_read_otherwise() {
    if let Err(missing) = openssl_is_there() {
        return skip("mutations", &missing, false);
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let policy = Policy::parse(POLICY).unwrap();
    let profile = policy.profile(None).unwrap();
    let authority = Authority::new("mutations", &test_pki::root(), folder.join("authority"));
    let validity = Validity::choose(OffsetDateTime::now_utc(), 365, &authority.issuer).unwrap();

    let shapes = test_pki::csr_shapes();
    let refused_shapes =
        [test_pki::csrs_with_non_canonical_keys(), test_pki::csrs_with_unruly_attributes()].concat();
    // A large request repeats one octet, which says nothing new.
    let refused_shapes =
        refused_shapes.into_iter().map(|(_, maker)| maker.der()).filter(|der| der.len() < 2048);
    let shapes: Vec<Vec<u8>> = shapes.iter().map(CsrMaker::der).chain(refused_shapes).collect();
    let (mut read, mut refused, mut not_granted) = (0, 0, 0);
    let mut seen = BTreeSet::new();
    let mut issued = Vec::new();
    for der in shapes.iter().flat_map(|der| (0..der.len()).flat_map(move |at| mutations(der, at))) {
        read += 1;
        let Ok(csr) = Csr::from_der_without_proof(der) else {
            refused += 1;
            continue;
        };
        let Some(grant) = policy.evaluate(&csr, profile, None).grant else {
            not_granted += 1;
            continue;
        };
        let contents = grant.contents();
        if !seen.insert((csr.key().digest(), contents.subject.clone(), contents.names.clone())) {
            continue;
        }
        let certificate = issue_granted(&authority, &csr, &grant, policy.publication(), &validity).unwrap();
        issued.push(Issued { csr, contents, certificate });
    }
    let same = read - refused - not_granted - issued.len();
    say(&format!(
        "{} shapes, {read} changed requests: {refused} refused, {not_granted} not granted, {same} issued as another was, \
         {} certificates",
        shapes.len(),
        issued.len()
    ));
    assert!(refused > read / 2 && issued.len() > 300, "{refused} {}", issued.len());

    let bundle = folder.join("all.pem");
    std::fs::write(&bundle, issued.iter().map(|one| one.certificate.pem()).collect::<String>()).unwrap();
    let mut faults = Vec::new();
    let mut judge = |reader: &str, answers: Vec<String>, wanted: &dyn Fn(&Issued) -> String| {
        assert_eq!(answers.len(), issued.len(), "{reader}");
        for (one, found) in issued.iter().zip(answers) {
            let wanted = wanted(one);
            if found != wanted {
                faults.push(format!("{reader}: found {found}\n  granted {wanted}"));
            }
        }
    };
    let text = openssl(folder, &["storeutl", "-noout", "-text", "-certs", "all.pem"]);
    judge("OpenSSL", by_openssl(&text), &|one| for_openssl(one, &validity));
    match venv::python() {
        Ok(python) => {
            let output = Command::new(python).args(["-c", READINGS]).arg(&bundle).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let lines = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
            judge("cryptography", lines, &|one| for_python(one, &validity));
        }
        Err(missing) => skip("mutations with Python's cryptography", &missing, false),
    }
    faults.truncate(10);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Of the text of each certificate: serial, dates, names, usages, purposes and key.
fn by_openssl(text: &str) -> Vec<String> {
    text.split("\nCertificate:\n").skip(1).map(one_by_openssl).collect()
}

fn one_by_openssl(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let after = |start: &str| {
        let at = lines.iter().position(|line| line.starts_with(start));
        at.and_then(|at| lines.get(at + 1)).map_or("nothing", |line| *line)
    };
    let value =
        |start: &str| lines.iter().find_map(|line| line.strip_prefix(start)).unwrap_or("nothing").trim();
    let key = |start: &str| {
        let from = lines.iter().position(|line| *line == start).map_or(lines.len(), |at| at + 1);
        let is_hex =
            |line: &&&str| !line.is_empty() && line.bytes().all(|b| b == b':' || b.is_ascii_hexdigit());
        lines[from..].iter().take_while(is_hex).map(|line| line.replace(':', "")).collect::<String>()
    };
    let keys = [key("pub:"), key("Modulus:")].concat();
    [
        &after("Serial Number:").replace(':', ""),
        value("Not Before:"),
        value("Not After :"),
        after("X509v3 Subject Alternative Name:"),
        after("X509v3 Key Usage:"),
        after("X509v3 Extended Key Usage:"),
        after("X509v3 Basic Constraints:"),
        &keys,
    ]
    .join("|")
}

/// What [`one_by_openssl`] must find.
fn for_openssl(one: &Issued, validity: &Validity) -> String {
    let date = |at: OffsetDateTime| {
        let form =
            format_description!("[month repr:short] [day padding:space] [hour]:[minute]:[second] [year] GMT");
        at.format(form).unwrap()
    };
    let names = names(&one.contents, |address| match address {
        IpAddr::V4(address) => format!("IP Address:{address}"),
        IpAddr::V6(address) => {
            let groups = address.segments().map(|group| format!("{group:X}"));
            format!("IP Address:{}", groups.join(":"))
        }
    });
    let is_rsa = matches!(one.csr.key().kind(), KeyKind::Rsa { .. });
    let mut key = String::new();
    let bits = one.csr.key().bits();
    match is_rsa {
        // RSAPublicKey: a SEQUENCE and an INTEGER, each with a length in three octets.
        true => bits[8..].iter().take(one_modulus(bits)).for_each(|b| write!(key, "{b:02x}").unwrap()),
        false => bits.iter().for_each(|b| write!(key, "{b:02x}").unwrap()),
    }
    [
        one.certificate.serial().to_string().as_str(),
        &date(validity.not_before),
        &date(validity.not_after),
        &names.join(", "),
        if is_rsa { "Digital Signature, Key Encipherment" } else { "Digital Signature" },
        "TLS Web Server Authentication, TLS Web Client Authentication",
        "CA:FALSE",
        &key,
    ]
    .join("|")
}

/// The octets of the modulus of an RSAPublicKey whose lengths take two octets each.
fn one_modulus(bits: &[u8]) -> usize {
    usize::from(bits[6]) << 8 | usize::from(bits[7])
}

/// The names, each with its kind.
fn names(contents: &CertificateContents, address: impl Fn(IpAddr) -> String) -> Vec<String> {
    let in_words = |name: &String| match name.parse().unwrap() {
        Name::Dns(name) => format!("DNS:{name}"),
        Name::Email(name) => format!("email:{name}"),
        Name::Uri(name) => format!("URI:{name}"),
        Name::Ip(found) => address(found),
    };
    contents.names.iter().map(in_words).collect()
}

/// The line of readings.py.
fn for_python(one: &Issued, validity: &Validity) -> String {
    let names = names(&one.contents, |address| format!("IP:{address}"));
    let is_rsa = matches!(one.csr.key().kind(), KeyKind::Rsa { .. });
    [
        format!("{:0>40}", one.certificate.serial().to_string()),
        validity.not_before.unix_timestamp().to_string(),
        validity.not_after.unix_timestamp().to_string(),
        "CN=Test CA".to_owned(),
        one.contents.subject.clone(),
        one.csr.key().digest(),
        names.join(" "),
        if is_rsa { "digital_signature key_encipherment" } else { "digital_signature" }.to_owned(),
        "1.3.6.1.5.5.7.3.1 1.3.6.1.5.5.7.3.2".to_owned(),
        "False".to_owned(),
    ]
    .join("\t")
}
