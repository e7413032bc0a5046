//! Renewals that Sign signs and refuses: the approvals are counted again, by the rows and the policy in force.

use std::sync::Arc;

use pki::testing as test_pki;
use workflow::ids::RequestId;
use workflow::request::{Columns, Request, Status};
use workflow::runtime::step::{ErrorName, NoInput, Step, StepError};
use workflow::testing::{InMemoryBackend, fixtures};

use super::worker;

const POLICY: &str = include_str!("../../../../infra/policy.toml");

/// Two approvals for a first request. The rows of a backend have one, of `approver@example.com`.
fn two_approvals() -> String {
    POLICY
        .replace("[\"approver@example.com\"]", "[\"approver@example.com\", \"other@example.com\"]")
        .replace("quorum = 1 ", "quorum = 2 ")
}

/// The same, with one for a renewal.
fn one_for_a_renewal() -> String {
    two_approvals().replace("[lifecycle]", "[lifecycle]\nrenewal.approvals = 1")
}

/// A delivered certificate, and its renewal with this CSR and one approval.
fn renewed(csr: &str) -> (Arc<InMemoryBackend>, RequestId, Request) {
    let backend = InMemoryBackend::new();
    let old = backend.request_at(Status::Delivered);
    // The CSR of the cases may have a name that the first certificate has not.
    let renewal = backend.renewal_at(csr, Status::Approved, old);
    backend.set_policy(&one_for_a_renewal());
    (backend, old, renewal)
}

async fn sign(backend: &Arc<InMemoryBackend>, id: RequestId) -> Result<(), ErrorName> {
    match worker(backend).run(fixtures::task(id, "Sign", "t", NoInput {})).await {
        Ok(_) => Ok(()),
        Err(StepError::Refused { code, .. }) => Err(code),
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn fewer_approvals_are_enough_for_a_new_key_and_for_nothing_else() {
    use ErrorName::Refused;
    let same = || test_pki::csr(&["www.example.com"]);
    let more = || test_pki::csr(&["www.example.com", "new.example.com"]);
    fn unchanged(_: &mut Columns) {}
    type Alter = fn(&mut Columns);
    type Signed = Result<(), ErrorName>;
    let cases: [(&str, String, Alter, String, Signed); 9] = [
        ("the same names", same(), unchanged, one_for_a_renewal(), Ok(())),
        ("a name more", more(), unchanged, one_for_a_renewal(), Err(Refused)),
        ("revoked since", same(), |old| old.status = Status::Revoked, one_for_a_renewal(), Err(Refused)),
        ("a rule that was taken back", same(), unchanged, two_approvals(), Err(Refused)),
        (
            "an approver who has left",
            same(),
            unchanged,
            one_for_a_renewal().replace("\"approver@example.com\"", "\"third@example.com\""),
            Err(Refused),
        ),
        (
            "a name written into the old row",
            more(),
            |old| old.names.push("new.example.com".into()),
            one_for_a_renewal(),
            Err(Refused),
        ),
        (
            "another requester written into the old row",
            same(),
            |old| old.email = "mallory@example.com".parse().unwrap(),
            one_for_a_renewal(),
            Err(Refused),
        ),
        (
            "an old request of another profile",
            same(),
            |old| old.profile = "client".into(),
            one_for_a_renewal(),
            Err(Refused),
        ),
        (
            "a revoked one where one approval is enough",
            same(),
            |old| old.status = Status::Revoked,
            POLICY.to_owned(),
            Ok(()),
        ),
    ];
    for (what, csr, alter, policy, expected) in cases {
        let (backend, old, renewal) = renewed(&csr);
        backend.alter(old, alter);
        backend.set_policy(&policy);
        assert_eq!(sign(&backend, renewal.id()).await, expected, "{what}");
        let count = usize::from(expected.is_ok());
        assert_eq!(backend.certificates().len(), count, "{what}");
    }
}

#[tokio::test]
async fn a_replaced_request_that_was_not_approved_covers_nothing() {
    let csr = test_pki::csr(&["www.example.com"]);
    let (backend, old, renewal) = renewed(&csr);
    let other = backend.request_at(Status::Delivered);
    for replaces in [None, Some(other), Some(RequestId::random())] {
        backend.alter(renewal.id(), |row| row.replaces = replaces);
        assert_eq!(sign(&backend, renewal.id()).await, Err(ErrorName::NotApproved), "{replaces:?}");
    }
    // A request whose approval was for no renewal, but whose row names one.
    let plain = backend.unsaved_request(&csr, Status::Approved);
    backend.put(plain.clone());
    assert_eq!(sign(&backend, plain.id()).await, Err(ErrorName::Refused), "it needs two approvals");
    backend.alter(plain.id(), |row| row.replaces = Some(old));
    assert_eq!(sign(&backend, plain.id()).await, Err(ErrorName::NotApproved));
    assert!(backend.certificates().is_empty());
    backend.alter(renewal.id(), |row| row.replaces = Some(old));
    assert_eq!(sign(&backend, renewal.id()).await, Ok(()), "as it was approved");
}

#[tokio::test]
async fn the_key_of_the_old_certificate_is_refused_unless_the_policy_only_warns() {
    let backend = InMemoryBackend::new();
    let csr = test_pki::csr(&["www.example.com"]);
    let old = backend.unsaved_request(&csr, Status::Delivered);
    backend.put(old.clone());
    let renewal = backend.renewal_at(&csr, Status::Approved, old.id());
    assert_eq!(sign(&backend, renewal.id()).await, Err(ErrorName::Refused));
    backend.set_policy(&POLICY.replace("[lifecycle]", "[lifecycle]\nrenewal.same_key = \"warn\""));
    assert_eq!(sign(&backend, renewal.id()).await, Ok(()));
}
