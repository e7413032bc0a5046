//! The certificates, and the answers about them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use pki::certificate::{Publication, Serial, Validity};
use pki::crl::RevocationReason;
use pki::csr::Csr;
use pki::testing::{CsrMaker, OcspHash, TestCa, TestKey, ocsp_request, ocsp_single};
use time::{Duration, OffsetDateTime};
use workflow::certificate::{Responder, Revocation};
use workflow::ids::RequestId;
use workflow::ocsp::OcspService;
use workflow::policy::Policy;
use workflow::ports::{Clock, PortError, RevocationPage, Revocations};
use workflow::request::audit::Origin;
use workflow::store::renew_responder;
use workflow::testing::InMemoryBackend;

use super::server::{Answerer, Server};
use crate::authorities::Authority;
use crate::ca_kinds::{CA_KINDS, CaKind};
use crate::certificates::{files, issue_granted};
use crate::differences::Expectation;
use crate::question::Files;
use crate::servers::host;

const POLICY: &str = include_str!("../../../../infra/policy.toml");

/// The answer about the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Good,
    Revoked(RevocationReason),
    Unknown,
    /// Good, two hours ago.
    Stale,
    /// Good, after a rotation to a CA with the same name.
    FormerGood,
    /// Revoked, after that rotation.
    FormerRevoked,
    /// `unauthorized`: the service has that other CA only.
    NotServed,
    /// `tryLater`: the CA has no responder.
    TryLater,
    /// Good, says the responder of another CA, which the verifier trusts.
    OtherCa,
    /// Good, says the responder of another CA with the same name, which the verifier trusts.
    Namesake,
    /// Good, says the responder of another CA with the same name, which the verifier does not know.
    Stranger,
}

impl Status {
    fn all() -> Vec<Status> {
        let first = [Status::Good].into_iter().chain(RevocationReason::ALL.map(Status::Revoked));
        let others = [
            Status::Unknown,
            Status::Stale,
            Status::FormerGood,
            Status::FormerRevoked,
            Status::NotServed,
            Status::TryLater,
            Status::OtherCa,
            Status::Namesake,
            Status::Stranger,
        ];
        first.chain(others).collect()
    }

    /// The row of the table.
    fn kind(self) -> String {
        match self {
            Status::Good => "good: issued, and not revoked".to_owned(),
            Status::Revoked(reason) => format!("revoked: {reason}"),
            Status::Unknown => "unknown: a serial that the CA did not issue".to_owned(),
            Status::Stale => "good, after its nextUpdate".to_owned(),
            Status::FormerGood => "after a rotation: good, for a certificate of the former CA".to_owned(),
            Status::FormerRevoked => {
                "after a rotation: revoked, for a certificate of the former CA".to_owned()
            }
            Status::NotServed => "unauthorized: a certificate of another CA with the same name".to_owned(),
            Status::TryLater => "tryLater: the CA has no responder".to_owned(),
            Status::OtherCa => "good, by the responder of another trusted CA".to_owned(),
            Status::Namesake => "good, by the responder of another trusted CA with the same name".to_owned(),
            Status::Stranger => "good, by the responder of an unknown CA with the same name".to_owned(),
        }
    }

    fn is_good(self) -> bool {
        matches!(self, Status::Good | Status::FormerGood)
    }

    /// The place of its answerer among those of its CA: see [`CaUnderTest::answerers`].
    fn answerer(self) -> usize {
        match self {
            Status::Good | Status::Revoked(_) | Status::Unknown => 0,
            Status::Stale => 1,
            Status::FormerGood | Status::FormerRevoked => 2,
            Status::NotServed => 3,
            Status::TryLater => 4,
            Status::OtherCa => 5,
            Status::Namesake => 6,
            Status::Stranger => 7,
        }
    }
}

/// A certificate, and where a verifier asks about it.
pub(super) struct Case {
    pub(super) expected: Expectation,
    pub(super) files: Files,
    /// The name in the certificate.
    pub(super) host: String,
    /// The private key of the certificate.
    pub(super) key: PathBuf,
    /// The issuer of the certificate.
    pub(super) issuer: PathBuf,
    /// The roots, and the CAs between them and the certificate.
    pub(super) authorities: PathBuf,
    /// The address of OCSP in the certificate.
    pub(super) url: String,
    /// An answer as DER. Its CertID is by SHA-1 or by SHA-256.
    pub(super) answer: PathBuf,
    /// An answer for a server to staple, as DER. Its CertID is by SHA-1: curl finds no other.
    pub(super) stapled: PathBuf,
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

fn make(kind: &CaKind, name: &str) -> TestCa {
    let ca = kind.ca(name);
    match kind.root("Status Root") {
        Some(root) => root.issuing(ca),
        None => ca.self_signed(),
    }
}

/// A CA, and others that say something about its certificates.
struct CaUnderTest {
    kind: &'static CaKind,
    ca: TestCa,
    namesake_ca: TestCa,
    own: Authority,
    namesake: Authority,
    stranger: Authority,
    other: Authority,
}

impl CaUnderTest {
    fn new(kind: &'static CaKind, folder: &Path) -> Self {
        let name = kind.file_name();
        let authority =
            |ca: &TestCa, which: &str| Authority::new(kind.label, ca, folder.join(format!("{which}-{name}")));
        let (ca, namesake_ca) = (make(kind, "Status CA"), make(kind, "Status CA"));
        Self {
            kind,
            own: authority(&ca, "own"),
            namesake: authority(&namesake_ca, "namesake"),
            stranger: authority(&make(kind, "Status CA"), "stranger"),
            other: authority(&make(kind, "Status CA 2"), "other"),
            ca,
            namesake_ca,
        }
    }

    /// The answering services, in the order of [`Status::answerer`]. All have the certificates.
    async fn answerers(
        &self,
        issued: &[(Serial, String)],
        revoked: Vec<(Serial, RevocationReason)>,
    ) -> Vec<Answerer> {
        let now = OffsetDateTime::now_utc();
        let revocations = Arc::new(Revoked(revoked));
        let mut services = Vec::new();
        let both = [&self.own, &self.namesake];
        for (cas, responders, age) in [
            (&[&self.ca][..], &both[..], Duration::ZERO),
            (&[&self.ca], &both, Duration::hours(2)),
            (&[&self.ca, &self.namesake_ca], &both, Duration::ZERO),
            (&[&self.namesake_ca], &both, Duration::ZERO),
            (&[&self.ca], &[], Duration::ZERO),
        ] {
            let backend = InMemoryBackend::new();
            for ca in cas {
                backend.rotate_to(ca);
            }
            for authority in responders {
                // Valid at the time of the stale answer, too.
                let made = now - Duration::hours(4);
                renew_responder(&*backend, &authority.key, &authority.issuer, made).await.unwrap();
            }
            for (serial, pem) in issued {
                backend.put_certificate(serial, pem);
            }
            let ports = || Arc::clone(&backend);
            let clock = Arc::new(Past(age));
            let service = OcspService::new(ports(), ports(), ports(), revocations.clone(), clock);
            services.push(Answerer::Service(Box::new(service)));
        }
        for authority in [&self.other, &self.namesake, &self.stranger] {
            let responder = Responder::make(&authority.issuer, &authority.key, now).await.unwrap();
            services.push(Answerer::Forged(Box::new(responder)));
        }
        services
    }

    /// The cases of this CA. `first_host` is the number of the first name.
    async fn cases(&self, server: &Server, first_host: usize) -> Vec<Case> {
        let authority = &self.own;
        let policy = Policy::parse(POLICY).unwrap();
        let (mut certificates, mut issued, mut revoked) = (Vec::new(), Vec::new(), Vec::new());
        for (at, status) in Status::all().into_iter().enumerate() {
            let name = host(first_host + at);
            let request = CsrMaker::new(TestKey::EcP256).common_name(&name).names(&[&name]);
            let csr = Csr::read(&request.pem()).unwrap();
            let profile = policy.profile(Some("server-client")).unwrap();
            let grant = policy.evaluate(&csr, profile, None).grant.unwrap();
            let now = OffsetDateTime::now_utc();
            let validity = Validity::choose(now, grant.validity_days, &authority.issuer).unwrap();
            let url = server.url(server.next() + status.answerer());
            let publication = Publication { ocsp: vec![url], ..Publication::default() };
            let certificate = issue_granted(authority, &csr, &grant, &publication, &validity).unwrap();
            let serial = certificate.serial().clone();
            if status != Status::Unknown {
                issued.push((serial.clone(), certificate.pem()));
            }
            match status {
                Status::Revoked(reason) => revoked.push((serial, reason)),
                Status::FormerRevoked => revoked.push((serial, RevocationReason::Superseded)),
                _ => {}
            }
            certificates.push((status, certificate, name, request));
        }
        let first = server.add(self.answerers(&issued, revoked).await);

        let mut all = Vec::new();
        for (at, (status, certificate, host, request)) in certificates.into_iter().enumerate() {
            let answerer = first + status.answerer();
            let hash = if at.is_multiple_of(2) { OcspHash::Sha1 } else { OcspHash::Sha256 };
            let write = |name: &str, octets: &[u8]| {
                let path = authority.folder.join(format!("{name}-{at}"));
                fs::write(&path, octets).unwrap();
                path
            };
            let ask = |hash| {
                let single = ocsp_single(&authority.issuer, certificate.serial().octets(), hash);
                let request = ocsp_request(&[single], None);
                async move { server.answer(answerer, &request).await }
            };
            let read = |path: &Path| fs::read_to_string(path).unwrap();
            let other = match status {
                Status::OtherCa => Some(&self.other),
                Status::Namesake => Some(&self.namesake),
                _ => None,
            };
            let trusted = || [Some(authority), other].into_iter().flatten();
            let roots: String = trusted().map(|ca| read(&ca.root)).collect();
            let between: String = trusted().map(|ca| read(&ca.between)).collect();
            all.push(Case {
                expected: Expectation {
                    kind: status.kind(),
                    authority: self.kind.label,
                    has_issuing_ca: self.kind.is_issuing_ca(),
                    is_good: status.is_good(),
                },
                files: Files {
                    root: write("roots.pem", roots.as_bytes()),
                    ..files(authority, &format!("ocsp-{at}"), &certificate)
                },
                host,
                key: write("leaf.key", request.key().pem().as_bytes()),
                issuer: authority.certificate.clone(),
                authorities: write("authorities.pem", (roots + &between).as_bytes()),
                url: server.url(answerer),
                answer: write("answer.der", &ask(hash).await),
                stapled: write("stapled.der", &ask(OcspHash::Sha1).await),
            });
        }
        all
    }
}

/// Every case.
pub(super) async fn every(server: &Server, folder: &Path) -> Vec<Case> {
    let mut all = Vec::new();
    for kind in &CA_KINDS {
        let cases = CaUnderTest::new(kind, folder).cases(server, all.len()).await;
        all.extend(cases);
    }
    all
}
