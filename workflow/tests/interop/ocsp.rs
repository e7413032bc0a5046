//! OCSP answers, shown to other implementations: each accepts a certificate that is good, and refuses one that is revoked or
//! unknown, one whose answer is too old, and one whose answer another issuer's responder signed.

mod judges;
mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use pki::certificate::{Certificate, Publication, Serial, Validity};
use pki::crl::RevocationReason;
use pki::csr::Csr;
use pki::testing::{CaMaker, OcspHash, TestCa, TestKey, ocsp_request, ocsp_single, root_with};
use time::{Duration, OffsetDateTime};
use workflow::certificate::{Responder, Revocation};
use workflow::ids::RequestId;
use workflow::ocsp::OcspService;
use workflow::policy::Policy;
use workflow::ports::{Clock, PortError, RevocationPage, Revocations};
use workflow::request::audit::Origin;
use workflow::store::renew_responder;
use workflow::testing::InMemoryBackend;

use crate::authorities::Authority;
use crate::certificates::{files, issue_granted};
use crate::panel::say;
use crate::question::Files;
use crate::venv;
use judges::JUDGES;
use server::{Answerer, Server};

const POLICY: &str = include_str!("../../../infra/policy.toml");

/// What the answer says about the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Good,
    Revoked(RevocationReason),
    Unknown,
    /// Good, two hours ago.
    Stale,
    /// Good, says the responder of another issuer with the same name.
    Forged,
}

/// A certificate, and where a verifier asks about it.
struct Case {
    label: String,
    files: Files,
    /// The issuer of the certificate.
    authority: PathBuf,
    url: String,
    /// An answer as DER.
    answer: PathBuf,
    status: Status,
}

/// The time, some time ago.
struct Past(Duration);

impl Clock for Past {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc() - self.0
    }
}

/// The revoked certificates, by serial.
struct Revoked(Vec<(Serial, RevocationReason)>);

#[async_trait]
impl Revocations for Revoked {
    async fn find(&self, issuer: &str, serial: &Serial) -> Result<Option<Revocation>, PortError> {
        let found = self.0.iter().find(|(one, _)| one == serial);
        let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
        Ok(found.map(|(serial, reason)| Revocation {
            issuer: issuer.to_owned(),
            serial: serial.clone(),
            revoked_at: now - Duration::minutes(20),
            reason: *reason,
            not_after: now + Duration::days(9),
            request_id: RequestId::random(),
            by: Origin::worker("persist").actor,
        }))
    }

    async fn page(&self, _: &str, _: Option<&Serial>) -> Result<RevocationPage, PortError> {
        Ok(RevocationPage::default())
    }
}

/// The cases of one authority. `other` is another one with the same name.
async fn cases(server: &Server, authority: &Authority, ca: &TestCa, other: &Authority) -> Vec<Case> {
    let statuses = [Status::Good, Status::Unknown, Status::Stale, Status::Forged].into_iter();
    let statuses: Vec<Status> = statuses.chain(RevocationReason::ALL.map(Status::Revoked)).collect();
    let policy = Policy::parse(POLICY).unwrap();
    let now = OffsetDateTime::now_utc();
    let backend = InMemoryBackend::new();
    backend.rotate_to(ca);
    // Certificates of the former issuer are asked about.
    backend.rotate_to(&root_with(TestKey::EcP256));
    renew_responder(&*backend, &authority.key, &authority.issuer, now - Duration::hours(4)).await.unwrap();
    let (mut certificates, mut revoked) = (Vec::new(), Vec::new());
    for status in &statuses {
        let csr = Csr::read(&pki::testing::csr(&["www.example.com"])).unwrap();
        let grant = policy.evaluate(&csr, policy.profile(Some("server")).unwrap(), None).grant.unwrap();
        let publication =
            Publication { ocsp: vec![server.url(server.next(*status))], ..Publication::default() };
        let validity = Validity::choose(now, grant.validity_days, &authority.issuer).unwrap();
        let certificate = issue_granted(authority, &csr, &grant, &publication, &validity).unwrap();
        if *status != Status::Unknown {
            backend.put_certificate(certificate.serial(), &certificate.pem());
        }
        if let Status::Revoked(reason) = status {
            revoked.push((certificate.serial().clone(), *reason));
        }
        certificates.push((*status, certificate));
    }
    let revocations = Arc::new(Revoked(revoked));
    let service = |age| {
        let ports = || Arc::clone(&backend);
        OcspService::new(ports(), ports(), ports(), revocations.clone(), Arc::new(Past(age)))
    };
    let first = server.add([
        Answerer::Service(Box::new(service(Duration::ZERO))),
        Answerer::Service(Box::new(service(Duration::hours(2)))),
        Answerer::Forged(Box::new(Responder::make(&other.issuer, &other.key, now).await.unwrap())),
    ]);
    let mut all = Vec::new();
    for (at, (status, certificate)) in certificates.into_iter().enumerate() {
        all.push(case(server, authority, first, at, status, &certificate).await);
    }
    all
}

async fn case(
    server: &Server,
    authority: &Authority,
    first: usize,
    at: usize,
    status: Status,
    certificate: &Certificate,
) -> Case {
    let answerer = first + Server::of(status);
    let hash = if at.is_multiple_of(2) { OcspHash::Sha1 } else { OcspHash::Sha256 };
    let single = ocsp_single(&authority.issuer, certificate.serial().octets(), hash);
    let answer = authority.folder.join(format!("answer-{at}.der"));
    fs::write(&answer, server.answer(answerer, &ocsp_request(&[single], None)).await).unwrap();
    Case {
        label: format!("{}, {status:?}", authority.label),
        files: files(authority, &format!("ocsp-{at}"), certificate),
        authority: authority.certificate.clone(),
        url: server.url(answerer),
        answer,
        status,
    }
}

async fn every(server: &Server, folder: &Path) -> Vec<Case> {
    let issuing = || {
        let root = CaMaker::new(TestKey::EcP384).named("Status Root");
        root.issuing(CaMaker::new(TestKey::EcP256).named("Status Issuing CA"))
    };
    let mut all = Vec::new();
    for (label, make) in [
        ("root P-256", &(|| root_with(TestKey::EcP256)) as &dyn Fn() -> TestCa),
        ("root RSA 2048", &|| root_with(TestKey::Rsa2048)),
        ("root P-384", &|| root_with(TestKey::EcP384)),
        ("root P-384, issuing P-256", &issuing),
    ] {
        let (one, other) = (make(), make());
        let name = label.replace([' ', ','], "-");
        let authority = Authority::new(label, &one, folder.join(&name));
        let other = Authority::new(label, &other, folder.join(format!("other-{name}")));
        all.extend(cases(server, &authority, &one, &other).await);
    }
    all
}

#[test]
fn every_verifier_refuses_what_an_answer_says_is_revoked_and_nothing_else() {
    if let Err(missing) = crate::panel::openssl_is_there() {
        return crate::panel::skip("OCSP", &missing, false);
    }
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let cases = runtime.block_on(every(&server, folder.path()));
    let mut faults = Vec::new();
    for judge in JUDGES {
        if let Err(missing) = (judge.version)() {
            crate::panel::skip(&format!("{} about OCSP", judge.name), &missing, false);
            continue;
        }
        let answers = (judge.ask)(&cases, folder.path());
        let refused = answers.iter().filter(|answer| answer.is_err()).count();
        for (case, answer) in cases.iter().zip(&answers) {
            let accepts = match case.status {
                Status::Good => true,
                Status::Stale => judge.takes_old_answers,
                Status::Revoked(_) | Status::Unknown | Status::Forged => false,
            };
            if answer.is_ok() != accepts {
                faults.push(format!("{}: {}: {answer:?}", judge.name, case.label));
            }
        }
        let methods = server.take_methods();
        for method in judge.methods.iter().filter(|method| !methods.contains(**method)) {
            faults.push(format!("{} never asked by {method}", judge.name));
        }
        say(&format!(
            "{}: {} answers, {refused} certificates refused, asked by {methods:?}",
            judge.name,
            answers.len()
        ));
    }
    if venv::python().is_ok() {
        for (case, found) in cases.iter().zip(judges::lint(&cases, folder.path())) {
            faults.extend(found.err().map(|found| format!("pkilint: {}: {found}", case.label)));
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
