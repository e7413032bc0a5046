//! Actions of operators survive every fault: each takes effect once, and the person always hears how to go on.

use std::sync::Arc;

use time::Duration;
use workflow::request::audit::EventKind;
use workflow::request::{Ending, Status};
use workflow::testing::fixtures::{TERMS, standing_policy};
use workflow::testing::{InMemoryBackend, faults};
use workflow::texts::Language;

use crate::console::{OLIVIA, open, path_of, post, session, site, with_console};
use crate::site::Site;

const REASON: &str = "The mail server is back.";

/// An action, as the form sends it.
#[derive(Clone, Copy)]
struct ConsoleAction {
    fields: &'static [(&'static str, &'static str)],
    /// The event with the operator as its actor.
    event: EventKind,
    /// True if what the row says has been set going: a message was sent, or an execution started.
    goes_on: fn(&InMemoryBackend) -> bool,
}

const RESEND: ConsoleAction = ConsoleAction {
    fields: &[("action", "resend")],
    event: EventKind::Operated,
    goes_on: |backend| {
        let asked: Vec<_> = backend.rechecks().iter().filter_map(|message| message.links).collect();
        assert!(asked.iter().all(|generation| *generation == 2), "{asked:?}");
        !asked.is_empty()
    },
};
const RETRY: ConsoleAction = ConsoleAction {
    fields: &[("action", "retry")],
    event: EventKind::Operated,
    goes_on: |backend| backend.executions().len() == 1,
};
const REVOKE: ConsoleAction = ConsoleAction {
    fields: &[("action", "revoke"), ("revocationReason", "keyCompromise")],
    event: EventKind::RevocationAccepted,
    goes_on: |backend| backend.executions().len() == 1,
};
const END: ConsoleAction = ConsoleAction {
    fields: &[("action", "end")],
    event: EventKind::EndAsked,
    goes_on: |backend| backend.rechecks().iter().any(|message| message.end_standing),
};

/// Runs a double click, and the page after it, with every fault. After an error the person clicks again.
async fn sweep(name: &str, action: ConsoleAction, prepare: impl Fn(&Arc<InMemoryBackend>)) {
    // Every backend in memory has the same link secret, so the session is valid in each.
    let operator = &session(&site(), OLIVIA).await;
    let prepare = |backend: &Arc<InMemoryBackend>| {
        backend.set_policy(&with_console(&standing_policy()));
        prepare(backend);
    };
    faults::fault_sweep(name, prepare, |backend| async move {
        click(&backend, operator, action).await?;
        click(&backend, operator, action).await?;
        look(&backend, operator).await;
        let id = backend.requests()[0].id();
        let trail = backend.audit(id);
        let recorded: Vec<_> = trail.iter().filter(|event| event.event == action.event).collect();
        let [once] = recorded[..] else { panic!("{recorded:#?}") };
        assert_eq!(once.actor.operator_name(), Some(OLIVIA));
        // Housekeeping starts or sends what is missing, but does not run here. The operator clicks a second time.
        if (action.goes_on)(&backend) { Ok(()) } else { Err("it does not go on".to_owned()) }
    })
    .await;
}

/// Sends the form. An error says to try again.
async fn click(
    backend: &Arc<InMemoryBackend>,
    (cookie, key): &(String, String),
    action: ConsoleAction,
) -> Result<(), String> {
    let site = Site::over(backend.clone(), "https://pki.example.com/");
    let path = path_of(backend.requests()[0].id());
    let fields = [&[("form", key.as_str()), ("reason", REASON)], action.fields].concat();
    let answer = post(&site, cookie, &path, &fields).await;
    if answer.status.as_u16() == 303 {
        assert_eq!(answer.header("location"), path);
        return Ok(());
    }
    let page = answer.is_page(503);
    assert!(page.contains("Nothing was lost. Please try again in a moment."), "{page}");
    Err(page)
}

/// Reads the page of the request: once more after an error.
async fn look(backend: &Arc<InMemoryBackend>, (cookie, _): &(String, String)) {
    let site = Site::over(backend.clone(), "https://pki.example.com/");
    let path = path_of(backend.requests()[0].id());
    let mut answer = open(&site, cookie, &path, Language::English).await;
    if answer.status.as_u16() != 200 {
        let page = answer.is_page(503);
        assert!(page.contains("Please try again in a moment."), "{page}");
        answer = open(&site, cookie, &path, Language::English).await;
    }
    let page = answer.is_page(200);
    assert!(page.contains(REASON) && page.contains("complete and unaltered"), "{page}");
}

#[tokio::test]
async fn new_links_survive_every_fault() {
    sweep("console: resend", RESEND, |backend| _ = backend.request_at(Status::PendingApproval)).await;
}

#[tokio::test]
async fn a_retry_survives_every_fault_and_makes_no_second_certificate() {
    sweep("console: retry", RETRY, |backend| {
        let id = backend.request_with_certificate(Status::Issued);
        let mut row = backend.request(id).unwrap();
        row.end(Ending::because(Status::Failed, "The mail server is away."), row.registration_date())
            .unwrap();
        backend.put(row);
    })
    .await;
}

#[tokio::test]
async fn a_revocation_survives_every_fault() {
    sweep("console: revoke", REVOKE, |backend| _ = backend.request_with_certificate(Status::Delivered)).await;
}

#[tokio::test]
async fn an_end_survives_every_fault() {
    sweep("console: end", END, |backend| _ = backend.granted(TERMS)).await;
}

/// The flow goes on while the person has no answer yet.
#[tokio::test]
async fn a_click_again_after_the_request_went_on_says_where_it_is() {
    let site = site();
    let (cookie, key) = session(&site, OLIVIA).await;
    let id = site.backend.request_with_certificate(Status::Issued);
    let mut row = site.backend.request(id).unwrap();
    row.end(Ending::because(Status::Failed, "The mail server is away."), row.registration_date()).unwrap();
    site.backend.put(row);
    let click = async || {
        let fields = [("form", key.as_str()), ("action", "retry"), ("reason", REASON)];
        post(&site, &cookie, &path_of(id), &fields).await
    };
    assert_eq!(click().await.status.as_u16(), 303);
    let mut row = site.backend.request(id).unwrap();
    row.delivered(row.registration_date()).unwrap();
    site.backend.put(row);
    let page = click().await.is_page(409);
    assert!(page.contains("Only a failed request goes on; this one is delivered."), "{page}");
    let row = site.backend.request(id).unwrap();
    assert_eq!((row.status(), row.operations().len()), (Status::Delivered, 1));
    assert_eq!(site.backend.executions().len(), 1);
    // Minutes later, the same click is another operation.
    let pending = site.backend.request_at(Status::PendingApproval);
    for (minutes, count) in [(0, 1), (4, 1), (2, 2)] {
        site.backend.advance(Duration::minutes(minutes));
        let fields = [("form", key.as_str()), ("action", "resend"), ("reason", REASON)];
        assert_eq!(post(&site, &cookie, &path_of(pending), &fields).await.status.as_u16(), 303);
        assert_eq!(site.backend.request(pending).unwrap().operations().len(), count);
    }
}
