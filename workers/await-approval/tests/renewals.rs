//! The question to the approvers of a renewal: how many are needed, and what the mail says.
#![allow(clippy::unwrap_used)] // A test may.

use std::sync::Arc;

use await_approval::AwaitApproval;
use pki::testing as test_pki;
use workflow::approval::{Approval, BaseUrl};
use workflow::decision::ApprovalDigest;
use workflow::ids::RequestId;
use workflow::message::RecheckMessage;
use workflow::request::Status;
use workflow::runtime::step::{NoInput, Step};
use workflow::testing::{InMemoryBackend, fixtures};

fn step(backend: &Arc<InMemoryBackend>) -> AwaitApproval {
    AwaitApproval {
        requests: backend.clone(),
        names: backend.clone(),
        approvals: backend.clone(),
        policies: backend.clone(),
        issuers: backend.clone(),
        tasks: backend.clone(),
        notify_queue: backend.clone(),
        mailer: backend.clone(),
        base_url: BaseUrl::parse("https://ca.example.com").unwrap(),
        metrics: backend.clone(),
        clock: backend.clone(),
    }
}

/// Asks the approvers of a renewal with these names, and returns the approval and the text of the first mail.
async fn asked(backend: &Arc<InMemoryBackend>, old: RequestId, names: &[&str]) -> (Approval, String) {
    let renewal = backend.renewal_at(&test_pki::csr(names), Status::PendingApproval, old);
    let id = renewal.id();
    backend.alter(id, |row| {
        row.status = Status::Submitted;
        row.expires_at = None;
        row.history.pop();
    });
    backend.forget_approval(id);
    step(backend).run(fixtures::task(id, "AwaitApproval", "t", NoInput {})).await.unwrap();
    let mails = backend.mails();
    let mail = mails.iter().find(|mail| mail.request_id == id).unwrap();
    (backend.approval(id).unwrap(), mail.text.clone())
}

fn policy() -> String {
    let two = include_str!("../../../infra/policy.toml")
        .replace("[\"approver@example.com\"]", "[\"approver@example.com\", \"other@example.com\"]")
        .replace("quorum = 1 ", "quorum = 2 ");
    two.replace("[lifecycle]", "[lifecycle]\nrenewal.approvals = 1")
}

#[tokio::test]
async fn a_renewal_with_a_new_key_only_asks_for_fewer_approvals() {
    let backend = InMemoryBackend::new();
    backend.set_policy(&policy());
    let old = backend.request_at(Status::Delivered);
    let serial = backend.request(old).unwrap().serial().unwrap().to_string();

    let (approval, mail) = asked(&backend, old, &["www.example.com"]).await;
    assert_eq!((approval.approver_set.quorum(), approval.approver_set.approvers().len()), (1, 2));
    assert!(mail.contains(&serial), "{mail}");
    assert!(mail.contains("Only the key and the dates are new."), "{mail}");
    let row = backend.request(approval.request_id).unwrap();
    let binds = ApprovalDigest::of(row.id(), "server", row.csr().unwrap(), Some(old));
    assert_eq!(approval.digest, binds);

    let (approval, mail) = asked(&backend, old, &["www.example.com", "new.example.com"]).await;
    assert_eq!(approval.approver_set.quorum(), 2);
    assert!(mail.contains("Names added: new.example.com"), "{mail}");
    assert!(!mail.contains("Only the key"), "{mail}");

    backend.alter(old, |row| row.status = Status::Revoked);
    let (approval, mail) = asked(&backend, old, &["www.example.com"]).await;
    assert_eq!(approval.approver_set.quorum(), 2);
    assert!(mail.contains("which has been revoked"), "{mail}");
}

#[tokio::test]
async fn new_links_are_for_the_approvals_of_the_policy_in_force() {
    let backend = InMemoryBackend::new();
    backend.set_policy(&policy());
    let old = backend.request_at(Status::Delivered);
    let (approval, _) = asked(&backend, old, &["www.example.com"]).await;
    let id = approval.request_id;
    let mut generation = 1;
    for (text, quorum) in [(policy().replace("approvals = 1\n", "approvals = 2\n"), 2), (policy(), 1)] {
        backend.set_policy(&text);
        generation += 1;
        step(&backend).recheck(RecheckMessage::links(id, generation)).await.unwrap();
        assert_eq!(backend.approval(id).unwrap().approver_set.quorum(), quorum);
    }
}
