//! The parts of issuing, one by one: `cargo bench -p benches --bench parts`.
#![allow(clippy::unwrap_used)]

use benches::acme::{ACCOUNT_KEYS, SignedOrder};
use benches::bundles::{bundle_of, chain_of, hostile_bundle};
use benches::issuing::{Asked, Authority, shipped_policy};
use divan::Bencher;
use pki::id_token::TOKEN_ALGORITHMS;
use pki::jose::JwsAlgorithm;
use pki::testing::{ProviderKeyPair, TestKey};
use pki::webauthn::PasskeyAlgorithm;
use time::OffsetDateTime;
use workflow::approval::passkey::{VoteMeaning, check_vote};
use workflow::approval::sign_in::{self, Provider};
use workflow::decision::{ApprovalDigest, Decision, ReviewDigest, Vote};
use workflow::ids::RequestId;
use workflow::policy::Policy;
use workflow::testing::passkeys::{PasskeyHolder, base_url};
use workflow::testing::sign_in::{TestProvider, asking_for_sign_ins};

const REQUESTS: [TestKey; 5] =
    [TestKey::EcP256, TestKey::EcP384, TestKey::Rsa2048, TestKey::Rsa4096, TestKey::Ed25519];
const ISSUERS: [TestKey; 4] = [TestKey::EcP256, TestKey::EcP384, TestKey::Rsa2048, TestKey::Rsa4096];

fn main() {
    divan::main();
}

/// From PEM to a typed request: parsing, proof of possession, weak-key checks.
#[divan::bench(args = REQUESTS)]
fn read_a_request(bencher: Bencher<'_, '_>, kind: TestKey) {
    let asked = Asked::of(kind);
    bencher.bench_local(|| asked.read());
}

/// The bare verification within reading a request.
#[divan::bench(args = REQUESTS)]
fn verify_bare(bencher: Bencher<'_, '_>, kind: TestKey) {
    let asked = Asked::of(kind);
    bencher.bench_local(|| asked.verify());
}

/// The weak-key checks within reading a request.
#[divan::bench(args = REQUESTS)]
fn weak_key_checks(bencher: Bencher<'_, '_>, kind: TestKey) {
    let asked = Asked::of(kind);
    bencher.bench_local(|| asked.weaknesses());
}

/// The check that a modulus is not a prime, made once, at submission.
#[divan::bench(args = [TestKey::Rsa2048, TestKey::Rsa4096])]
fn prime_modulus(bencher: Bencher<'_, '_>, kind: TestKey) {
    let csr = Asked::of(kind).read();
    bencher.bench_local(|| csr.inspect());
}

/// Parsing the shipped policy.
#[divan::bench]
fn read_the_policy() -> Policy {
    shipped_policy()
}

/// Evaluating a request under the policy.
#[divan::bench]
fn judge(bencher: Bencher<'_, '_>) {
    let (policy, csr) = (shipped_policy(), Asked::of(TestKey::EcP256).read());
    let profile = policy.profile(None).unwrap();
    bencher.bench_local(|| policy.evaluate(&csr, profile, None));
}

/// The check that a passkey signed a vote, which Sign makes for each vote.
#[divan::bench(args = PasskeyAlgorithm::ALL)]
fn check_a_vote(bencher: Bencher<'_, '_>, algorithm: PasskeyAlgorithm) {
    let (holder, base_url) = (PasskeyHolder::with("approver@example.com", algorithm), base_url());
    let (id, binds) = (RequestId::random(), ApprovalDigest::from_text(&"a".repeat(64)));
    let (decision, reason) = (Decision::Approve, Some("Checked."));
    let meaning = VoteMeaning { base_url: &base_url, request_id: id, binds: &binds, decision, reason };
    let evidence = Some(holder.evidence(&meaning, &ReviewDigest::from_text("a review")).into());
    let (approver, at) = (holder.address.clone(), OffsetDateTime::UNIX_EPOCH);
    let vote = Vote {
        approver,
        decision,
        reason: reason.map(str::to_owned),
        at,
        stands_in_for: Vec::new(),
        oidc_groups: Vec::new(),
        evidence,
    };
    let passkeys = [holder.passkey(at)];
    bencher.bench_local(|| check_vote(&base_url, id, &binds, &vote, &passkeys).unwrap());
}

/// The check that an identity provider states a vote, which Sign makes for each vote; compare with `check_a_vote` of the same
/// run.
#[divan::bench(args = TOKEN_ALGORITHMS)]
fn check_a_signed_in_vote(bencher: Bencher<'_, '_>, algorithm: JwsAlgorithm) {
    let provider = TestProvider { key: ProviderKeyPair::new(algorithm, "k1") };
    let policy = Policy::parse(&asking_for_sign_ins(include_str!("../../infra/policy.toml"))).unwrap();
    let (base_url, id, binds) = (base_url(), RequestId::random(), ApprovalDigest::from_text(&"a".repeat(64)));
    let (decision, reason) = (Decision::Approve, Some("Checked."));
    let meaning = VoteMeaning { base_url: &base_url, request_id: id, binds: &binds, decision, reason };
    let (address, at) = ("approver@example.com", OffsetDateTime::UNIX_EPOCH);
    let evidence = provider.evidence(&meaning, &ReviewDigest::from_text("a review"), address, at);
    let (approver, reason) = (address.parse().unwrap(), reason.map(str::to_owned));
    let vote = Vote {
        approver,
        decision,
        reason,
        at,
        stands_in_for: Vec::new(),
        oidc_groups: Vec::new(),
        evidence: Some(evidence.into()),
    };
    let keys = [provider.row(at, at)];
    let known = Provider::of(&policy, &keys).unwrap();
    bencher.bench_local(|| sign_in::check_vote(&base_url, id, &binds, &vote, known).unwrap());
}

/// The signature of an ACME request, from the body to the payload; compare with `verify_an_acme_request_bare`.
#[divan::bench(args = ACCOUNT_KEYS)]
fn verify_an_acme_request(bencher: Bencher<'_, '_>, kind: TestKey) {
    let order = SignedOrder::by(kind);
    bencher.bench_local(|| order.verify());
}

/// The bare signature within verifying an ACME request.
#[divan::bench(args = ACCOUNT_KEYS)]
fn verify_an_acme_request_bare(bencher: Bencher<'_, '_>, kind: TestKey) {
    let order = SignedOrder::by(kind);
    bencher.bench_local(|| order.verify_bare());
}

/// From a granted request to a certificate: built, linted, signed.
#[divan::bench(args = ISSUERS)]
fn issue(bencher: Bencher<'_, '_>, kind: TestKey) {
    let (policy, csr, authority) = (shipped_policy(), Asked::of(TestKey::EcP256).read(), Authority::of(kind));
    let verdict = policy.evaluate(&csr, policy.profile(None).unwrap(), None);
    bencher.bench_local(|| authority.issue(&csr, &verdict));
}

/// Finding the chain of an issuing CA in a bundle of this many certificates, parsing included.
#[divan::bench(args = [2, 100])]
fn find_a_chain(bencher: Bencher<'_, '_>, size: usize) {
    let ders = bundle_of(TestKey::EcP256, size);
    bencher.bench_local(|| chain_of(&ders).unwrap());
}

/// Giving up on a hundred certificates with one name and one key identifier.
#[divan::bench]
fn give_up_on_a_hostile_bundle(bencher: Bencher<'_, '_>) {
    let ders = hostile_bundle(TestKey::EcP256, 100);
    bencher.bench_local(|| chain_of(&ders).unwrap_err());
}

/// The bare signature within issuing.
#[divan::bench(args = ISSUERS)]
fn sign_bare(bencher: Bencher<'_, '_>, kind: TestKey) {
    let authority = Authority::of(kind);
    bencher.bench_local(|| authority.sign());
}
