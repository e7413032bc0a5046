//! An operator asks for new links at the console. Whichever call fails, the approvers get one set of links. They get one set also if
//! await-approval sends it before the operator has an answer.
#![allow(clippy::unwrap_used)] // A test may.

use std::sync::Arc;

use await_approval::AwaitApproval;
use workflow::approval::BaseUrl;
use workflow::approval::resending::LinkResending;
use workflow::ids::RequestId;
use workflow::mail_kind::MailKind;
use workflow::request::Status;
use workflow::request::audit::{EventKind, Origin};
use workflow::runtime::step::Step;
use workflow::testing::{InMemoryBackend, faults};

async fn resend(backend: &InMemoryBackend, id: RequestId) -> Result<(), String> {
    let resending = LinkResending {
        requests: backend,
        approvals: backend,
        trails: backend,
        approval_queue: backend,
        clock: backend,
    };
    let olivia = Origin::operator("olivia@example.com");
    resending.resend(id, "The mail was lost.", &olivia).await.map_err(|error| error.to_string())
}

/// Handles every message in the queue, those that were handled before as well: SQS may deliver each again.
async fn await_approval(backend: &Arc<InMemoryBackend>) -> Result<(), String> {
    let step = AwaitApproval {
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
    };
    for message in backend.rechecks().into_iter().filter(|message| message.links.is_some()) {
        step.recheck(message).await.map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn generations_mailed(backend: &InMemoryBackend) -> Vec<u32> {
    let generation = |kind: &MailKind| match kind {
        MailKind::Approval { generation, .. } => Some(*generation),
        _ => None,
    };
    backend.mails().iter().filter_map(|mail| generation(&mail.kind)).collect()
}

fn renewals(backend: &InMemoryBackend, id: RequestId) -> usize {
    backend.audit(id).iter().filter(|event| event.event == EventKind::LinksRenewed).count()
}

#[tokio::test]
async fn a_second_click_after_the_mails_sends_no_second_links() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::PendingApproval);
    for _ in 0..2 {
        resend(&backend, id).await.unwrap();
        await_approval(&backend).await.unwrap();
    }
    assert_eq!((generations_mailed(&backend), renewals(&backend, id)), (vec![2], 1));
    assert_eq!(backend.request(id).unwrap().operations().len(), 1);
    // Later, it is another operation.
    backend.advance(time::Duration::minutes(6));
    resend(&backend, id).await.unwrap();
    await_approval(&backend).await.unwrap();
    assert_eq!((generations_mailed(&backend), renewals(&backend, id)), (vec![2, 3], 2));
    assert_eq!(backend.request(id).unwrap().operations().len(), 2);
}

#[tokio::test]
async fn every_fault_is_survived_whoever_is_faster() {
    faults::fault_sweep(
        "ResendLinks and AwaitApproval",
        |backend| _ = backend.request_at(Status::PendingApproval),
        |backend| async move {
            let id = backend.requests()[0].id();
            let resent = resend(&backend, id).await;
            // await-approval handles the message before the person hears of a failure and clicks again.
            await_approval(&backend).await?;
            resent?;
            assert_eq!(backend.approval(id).unwrap().generation, 2);
            Ok::<(), String>(())
        },
    )
    .await;
}
