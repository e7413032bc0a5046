//! The lists, and the certificates that they are about.

use std::fs;
use std::path::{Path, PathBuf};

use pki::certificate::{Certificate, Publication};
use pki::crl::{Crl, CrlBuilder, CrlTemplate, RevocationReason, RevokedCertificate, issue_crl};
use pki::csr::Csr;
use pki::signer::Signer as _;
use pki::testing::{CsrMaker, TestCa, TestKey};
use time::{Duration, OffsetDateTime};
use workflow::policy::Policy;

use crate::authorities::Authority;
use crate::ca_kinds::{CA_KINDS, CaKind};
use crate::certificates::{files, issue_granted};
use crate::differences::Expectation;
use crate::question::Files;

const POLICY: &str = include_str!("../../../../infra/policy.toml");
const HOUR: Duration = Duration::HOUR;
const SHARD: &str = "http://ca.example.com/crl/0a0b-3of8.crl";
const OTHER_SHARD: &str = "http://ca.example.com/crl/0a0b-4of8.crl";

/// A certificate, the lists that a verifier gets, and the right answer.
pub(super) struct Case {
    pub(super) expected: Expectation,
    pub(super) files: Files,
    /// The private key of the certificate.
    pub(super) key: PathBuf,
    /// The name in the certificate.
    pub(super) host: String,
    /// The issuer of the certificate.
    pub(super) issuer: PathBuf,
    /// The lists as DER: the one for the certificate last.
    pub(super) lists: Vec<PathBuf>,
    /// The list for the certificate as PEM.
    pub(super) own: PathBuf,
    /// All lists as PEM.
    pub(super) pem: PathBuf,
    /// The lists of the CAs above, and the lists: for verifiers that check the whole chain.
    pub(super) chain_lists: Vec<PathBuf>,
    /// The same as PEM.
    pub(super) chain_pem: PathBuf,
}

/// A CA, and the CA above it, whose list is empty.
struct Ca {
    authority: Authority,
    upper: Option<Authority>,
}

/// A certificate and its files.
struct Leaf {
    certificate: Certificate,
    files: Files,
    key: PathBuf,
    host: String,
}

impl Ca {
    fn new(kind: &CaKind, name: &str, folder: PathBuf) -> Ca {
        let authority = |ca: &TestCa, folder| Authority::new(kind.label, ca, folder);
        let lower = kind.ca(name);
        let Some(root) = kind.root("List Root") else {
            return Ca { authority: authority(&lower.self_signed(), folder), upper: None };
        };
        let upper = Some(authority(&root.clone().self_signed(), folder.join("upper")));
        Ca { authority: authority(&root.issuing(lower), folder), upper }
    }

    fn certify(&self, name: &str, publication: &Publication) -> Leaf {
        let authority = &self.authority;
        let folder = authority.folder.file_name().unwrap().to_str().unwrap();
        let host = format!("{name}.{folder}.example.com");
        let request = CsrMaker::new(TestKey::EcP256).common_name(&host).names(&[&host]);
        let csr = Csr::read(&request.pem()).unwrap();
        let policy = Policy::parse(POLICY).unwrap();
        let verdict = policy.evaluate(&csr, policy.profile(Some("server-client")).unwrap(), None);
        let grant = verdict.grant.unwrap_or_else(|| panic!("{:?}", verdict.findings));
        let now = OffsetDateTime::now_utc();
        let validity =
            pki::certificate::Validity::choose(now, grant.validity_days, &authority.issuer).unwrap();
        let certificate = issue_granted(authority, &csr, &grant, publication, &validity).unwrap();
        let key = authority.folder.join(format!("{name}.key"));
        fs::write(&key, request.key().pem()).unwrap();
        Leaf { files: files(authority, name, &certificate), certificate, key, host }
    }
}

/// A list of an authority, made so long ago.
fn list(ca: &Ca, age: Duration, shard: Option<&str>, entries: &[RevokedCertificate]) -> Crl {
    list_of(&ca.authority, age, shard, entries)
}

fn list_of(authority: &Authority, age: Duration, shard: Option<&str>, entries: &[RevokedCertificate]) -> Crl {
    let made = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap() - age;
    let mut builder = CrlBuilder::new(CrlTemplate {
        issuer: &authority.issuer,
        algorithm: authority.key.algorithm(),
        number: 41,
        this_update: made,
        next_update: made + Duration::days(7),
        shard,
    });
    for entry in entries {
        builder.push(entry).unwrap();
    }
    let signed = issue_crl(&authority.key, builder.finish().unwrap());
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(signed).unwrap()
}

fn entry(leaf: &Leaf, reason: RevocationReason) -> RevokedCertificate {
    RevokedCertificate {
        serial: leaf.certificate.serial().clone(),
        revoked_at: OffsetDateTime::now_utc().replace_nanosecond(0).unwrap() - Duration::hours(2),
        reason,
    }
}

/// Collects the cases of one kind of CA.
struct Collector {
    authority: &'static str,
    folder: PathBuf,
    cases: Vec<Case>,
}

impl Collector {
    /// Adds a case. `trusted` are the CAs whose roots the verifier trusts: the issuer of the certificate first. The last of
    /// `lists` is the one for the certificate: whoever takes the first one of that issuer's name is wrong.
    fn add(&mut self, kind: impl Into<String>, leaf: &Leaf, trusted: &[&Ca], lists: &[&Crl], is_good: bool) {
        let at = self.cases.len();
        let write = |name: String, octets: &[u8]| {
            let path = self.folder.join(name);
            fs::write(&path, octets).unwrap();
            path
        };
        let uppers: Vec<Crl> = trusted
            .iter()
            .filter_map(|ca| ca.upper.as_ref())
            .map(|upper| list_of(upper, HOUR, None, &[]))
            .collect();
        let written = |name: &str, lists: &[&Crl]| -> (Vec<PathBuf>, PathBuf) {
            let ders = lists.iter().enumerate();
            let ders = ders.map(|(number, crl)| write(format!("{name}-{at}-{number}.crl"), crl.der()));
            let pem: String = lists.iter().map(|crl| crl.to_pem()).collect();
            (ders.collect(), write(format!("{name}-{at}.pem"), pem.as_bytes()))
        };
        let roots: Vec<String> =
            trusted.iter().map(|ca| fs::read_to_string(&ca.authority.root).unwrap()).collect();
        let root = write(format!("roots-{at}.pem"), roots.concat().as_bytes());
        let whole: Vec<&Crl> = uppers.iter().chain(lists.iter().copied()).collect();
        let (_, own) = written("own", &lists[lists.len() - 1..]);
        let (lists, pem) = written("list", lists);
        let (chain_lists, chain_pem) = written("chain", &whole);
        self.cases.push(Case {
            expected: Expectation {
                kind: kind.into(),
                authority: self.authority,
                has_issuing_ca: trusted[0].upper.is_some(),
                is_good,
            },
            files: Files { root, ..leaf.files.clone() },
            key: leaf.key.clone(),
            host: leaf.host.clone(),
            issuer: trusted[0].authority.certificate.clone(),
            lists,
            own,
            pem,
            chain_lists,
            chain_pem,
        });
    }
}

/// The cases of one kind of CA.
fn cases(kind: &CaKind, folder: &Path) -> Vec<Case> {
    let name = kind.file_name();
    let folder = folder.join(&name);
    let ca =
        |which: &str, common_name: &str| Ca::new(kind, common_name, folder.join(format!("{which}-{name}")));
    let (own, namesake, renamed) =
        (ca("own", "List CA"), ca("namesake", "List CA"), ca("renamed", "List CA 2"));
    let whole = Publication::default();
    let (leaf, neighbour) = (own.certify("leaf", &whole), own.certify("neighbour", &whole));
    let others = [entry(&neighbour, RevocationReason::KeyCompromise)];
    let revoked = |reason| vec![entry(&neighbour, RevocationReason::Superseded), entry(&leaf, reason)];
    let many: Vec<RevokedCertificate> = (1..=2_000_u32)
        .map(|number| RevokedCertificate {
            serial: format!("5{number:07x}").parse().unwrap(),
            ..entry(&neighbour, RevocationReason::CessationOfOperation)
        })
        .chain(revoked(RevocationReason::KeyCompromise))
        .collect();
    let mut all = Collector { authority: kind.label, folder, cases: Vec::new() };

    all.add("an empty list", &leaf, &[&own], &[&list(&own, HOUR, None, &[])], true);
    let good = list(&own, HOUR, None, &others);
    all.add("others are revoked, this serial is unknown to the list", &leaf, &[&own], &[&good], true);
    all.add("revoked, among 2,000", &leaf, &[&own], &[&list(&own, HOUR, None, &many)], false);
    for reason in RevocationReason::ALL {
        let crl = list(&own, HOUR, None, &revoked(reason));
        all.add(format!("revoked: {reason}"), &leaf, &[&own], &[&crl], false);
    }
    let old = list(&own, Duration::days(8), None, &[]);
    all.add("a list after its nextUpdate", &leaf, &[&own], &[&old], false);
    let old = list(&own, Duration::days(8), None, &revoked(RevocationReason::KeyCompromise));
    all.add("revoked, on a list after its nextUpdate", &leaf, &[&own], &[&old], false);
    let foreign = list(&namesake, HOUR, None, &[]);
    all.add("the list of another CA with the same name", &leaf, &[&own], &[&foreign], false);
    let foreign = list(&renamed, HOUR, None, &[]);
    all.add("the list of another CA", &leaf, &[&own, &renamed], &[&foreign], false);

    // A rotation: the former CA goes on with its own list. An entry of the other list with the same serial is about another
    // certificate.
    for (next, words) in [(&renamed, "another name"), (&namesake, "the same name")] {
        let next_list = |entries: &[RevokedCertificate]| list(next, HOUR, None, entries);
        let former = |what: &str| format!("after a rotation to a CA with {words}: {what}");
        let trusted = [&own, next];
        let same_serial = next_list(&revoked(RevocationReason::KeyCompromise));
        all.add(former("a certificate of the former CA"), &leaf, &trusted, &[&next_list(&[]), &good], true);
        all.add(former("the other list has its serial"), &leaf, &trusted, &[&same_serial, &good], true);
        let gone = list(&own, HOUR, None, &revoked(RevocationReason::Superseded));
        all.add(former("revoked by the former CA"), &leaf, &trusted, &[&next_list(&[]), &gone], false);
    }

    // A part of the certificates: the list says which address they name.
    let shard = Publication { crl: vec![SHARD.to_owned()], ..Publication::default() };
    let sharded = own.certify("sharded", &shard);
    let entries = [entry(&sharded, RevocationReason::Superseded)];
    all.add("its shard", &sharded, &[&own], &[&list(&own, HOUR, Some(SHARD), &others)], true);
    all.add("revoked, on its shard", &sharded, &[&own], &[&list(&own, HOUR, Some(SHARD), &entries)], false);
    let crl = list(&own, HOUR, Some(OTHER_SHARD), &others);
    all.add("another shard", &sharded, &[&own], &[&crl], false);
    all.add("the whole list, for a certificate with a shard", &sharded, &[&own], &[&good], true);
    all.add("a shard, for a certificate without", &leaf, &[&own], &[&crl], false);
    // As in a file with everything that the CA publishes.
    let (whole, shard) = (list(&own, HOUR, None, &others), list(&own, HOUR, Some(SHARD), &others));
    all.add("the whole list and shards", &sharded, &[&own], &[&whole, &crl, &shard], true);
    let (whole, shard) = (list(&own, HOUR, None, &entries), list(&own, HOUR, Some(SHARD), &entries));
    all.add("revoked, on the whole list and on its shard", &sharded, &[&own], &[&whole, &crl, &shard], false);
    all.cases
}

/// Every case.
pub(super) fn every(folder: &Path) -> Vec<Case> {
    CA_KINDS.iter().flat_map(|kind| cases(kind, folder)).collect()
}
