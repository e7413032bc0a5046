//! `certificates index`: enters certificates into the lists that no version had when they were issued.
//!
//! Invariant: an entry is a key alone, so entering it again changes nothing. Certificates that are issued meanwhile are entered by Sign.

use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _};
use pki::certificate::Certificate;
use time::OffsetDateTime;
use workflow::aws::{DynamoNames, DynamoRequests, S3Certificates};
use workflow::ports::{CertificateListing, CertificateStore, NameIndex, NameRow, PortError, Requests};
use workflow::request::Request;
use workflow::store::{EndPart, inventory_by_end};

use crate::error::{CliError, OrFail as _};
use crate::progress::{ProgressStep, say};
use crate::stack::Stack;
use crate::wording::count;

/// Certificates that are read at once.
const PAGE: usize = 100;
/// Certificates that are read from the bucket at the same time.
const CONCURRENCY: usize = 16;
/// The most attempts to enter a batch. All entries of a list are under one key, which takes 1,000 writes a second.
const ATTEMPTS: u32 = 8;
/// The most certificates that are named of those that are not in the list of their issuer.
const NAMED: usize = 20;

/// The entries of a certificate in the lists.
#[derive(Debug)]
pub(crate) struct ListEntries {
    pub(crate) rows: Vec<NameRow>,
    /// Why there is none in the list of its issuer.
    pub(crate) without_issuer: Option<&'static str>,
}

/// What was entered.
#[derive(Debug, Default)]
struct IndexReport {
    /// The number of certificates.
    entered: usize,
    /// One line for each certificate that is not in the list of its issuer.
    without_issuer: Vec<String>,
}

/// Runs `certificates index`. Fails if a certificate is not in all of its lists.
pub(super) async fn run(stack: &Stack) -> Result<(), CliError> {
    let names = DynamoNames::new(&stack.sdk, &stack.names_table);
    let requests = DynamoRequests::new(&stack.sdk, &stack.requests_table, &stack.audit_table);
    let certificates = S3Certificates::new(&stack.sdk, &stack.bucket);
    let step = ProgressStep::begin("Entering certificates into the lists");
    let progress = |entered: usize| step.detail(&count(entered, "certificate"));
    let report = enter_all(&names, &requests, &certificates, OffsetDateTime::now_utc(), progress).await;
    let report = report.or_fail(
        || "cannot enter every certificate".to_owned(),
        "Run it again: what is entered stays, and nothing is entered twice.",
    )?;
    step.done("");
    println!("{} in the lists.", count(report.entered, "certificate"));
    report.without_issuer.iter().take(NAMED).for_each(say);
    match report.without_issuer.len() {
        0 => Ok(()),
        number => Err(CliError::new(
            format!("{} not in the list of the issuer", count(number, "certificate")),
            "Every other list has them. See what the bucket lacks with: countersign audit verify --certificates.",
        )),
    }
}

/// Enters every certificate that there is. `progress` gets the number of those that are entered.
async fn enter_all(
    names: &dyn NameIndex,
    requests: &dyn Requests,
    certificates: &dyn CertificateStore,
    now: OffsetDateTime,
    progress: impl Fn(usize),
) -> Result<IndexReport, PortError> {
    let (mut report, mut part) = (IndexReport::default(), EndPart::all());
    loop {
        let page = inventory_by_end(requests, &part, None, PAGE, now).await?;
        let entries = page.rows.iter().map(|row| list_entries(certificates, row));
        let entries: Vec<ListEntries> =
            futures_util::stream::iter(entries).buffered(CONCURRENCY).try_collect().await?;
        let rows: Vec<NameRow> = entries.iter().flat_map(|one| one.rows.iter().cloned()).collect();
        enter_lists(names, &rows).await?;
        report.entered += entries.len();
        let missing = page.rows.iter().zip(&entries).filter_map(|(row, one)| {
            let serial = row.serial().map(ToString::to_string).unwrap_or_default();
            one.without_issuer.map(|why| format!("{serial}, request {}: {why}", row.id()))
        });
        report.without_issuer.extend(missing);
        progress(report.entered);
        part.after = page.next;
        if part.after.is_none() {
            return Ok(report);
        }
    }
}

/// The entries of the certificate of a row. Only the stored certificate says who issued it: one that cannot be read is in every list but
/// that of its issuer.
///
/// # Errors
/// [`PortError`] of the bucket.
pub(crate) async fn list_entries(
    certificates: &dyn CertificateStore,
    row: &Request,
) -> Result<ListEntries, PortError> {
    let Some((serial, not_after)) = row.serial().zip(row.not_after()) else {
        return Ok(ListEntries { rows: Vec::new(), without_issuer: Some("its row has no end") });
    };
    let pem = certificates.certificate(serial).await?;
    let stored = pem.as_deref().map(Certificate::from_pem);
    let issuer = match &stored {
        Some(Ok(stored)) => stored.authority_key_identifier().ok_or("it has no authority key identifier"),
        Some(Err(_)) => Err("its file in the bucket cannot be read"),
        None => Err("the bucket does not have it"),
    };
    let listing = CertificateListing {
        names: row.names(),
        not_after,
        id: row.id(),
        requester: row.email(),
        profile: row.profile(),
        issuer: issuer.as_deref().ok(),
    };
    Ok(ListEntries { rows: NameRow::of_lists(&listing), without_issuer: issuer.as_ref().err().copied() })
}

/// Enters rows, again and later if the table is throttled.
///
/// # Errors
/// [`PortError`] of the last attempt.
pub(crate) async fn enter_lists(names: &dyn NameIndex, rows: &[NameRow]) -> Result<(), PortError> {
    let mut attempt = 0;
    loop {
        match names.enter(rows).await {
            Err(_) if attempt < ATTEMPTS => {
                attempt += 1;
                tokio::time::sleep(Duration::from_millis(25) * 2_u32.pow(attempt)).await;
            }
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::Arc;

    use pki::testing as test_pki;
    use workflow::ids::RequestId;
    use workflow::ports::{CertificateList, Clock as _, ListPart};
    use workflow::request::Status;
    use workflow::testing::InMemoryBackend;

    use super::*;

    /// Certificates of an earlier version, which the lists do not have.
    fn earlier(number: usize) -> (Arc<InMemoryBackend>, Vec<RequestId>) {
        let backend = InMemoryBackend::new();
        let sample = backend.request_with_certificate(Status::Delivered);
        let sample = backend.request(sample).unwrap();
        let copy = |place: usize| {
            let id = if place == 0 { sample.id() } else { RequestId::random() };
            backend.put(sample.clone().altered(|row| {
                row.id = id;
                row.status = if place.is_multiple_of(2) { Status::Delivered } else { Status::Issued };
            }));
            id
        };
        let ids = (0..number).map(copy).collect();
        (backend, ids)
    }

    async fn index(backend: &InMemoryBackend) -> Result<IndexReport, PortError> {
        enter_all(backend, backend, backend, backend.now(), |_| {}).await
    }

    async fn listed(backend: &InMemoryBackend, list: CertificateList) -> Vec<RequestId> {
        let entries = backend.listed(&ListPart::all(list), 100_000).await.unwrap();
        let mut ids: Vec<RequestId> = entries.iter().map(|entry| entry.id).collect();
        ids.sort_unstable();
        ids
    }

    #[tokio::test]
    async fn certificates_of_earlier_versions_are_in_every_list_after_it() {
        // They end in one second, and fill more than two pages.
        let (backend, mut ids) = earlier(2 * PAGE + 20);
        ids.sort_unstable();
        let told = RefCell::new(Vec::new());
        let tell = |entered| told.borrow_mut().push(entered);
        let report = enter_all(&*backend, &*backend, &*backend, backend.now(), tell).await.unwrap();
        assert_eq!((report.entered, report.without_issuer.len()), (ids.len(), 0));
        assert_eq!(told.take(), [PAGE, 2 * PAGE, ids.len()]);
        let lists = [
            CertificateList::Names,
            CertificateList::Domains,
            CertificateList::Requester("requester@example.com".parse().unwrap()),
            CertificateList::Profile("server".to_owned()),
            CertificateList::Issuer(backend.issuer_certificate().key_identifier()),
        ];
        for list in &lists {
            assert_eq!(listed(&backend, list.clone()).await, ids, "{list:?}");
        }
        // Once more changes nothing.
        assert_eq!(index(&backend).await.unwrap().entered, ids.len());
        for list in lists {
            assert_eq!(listed(&backend, list.clone()).await, ids, "{list:?}");
        }
    }

    #[tokio::test]
    async fn a_certificate_that_is_gone_is_in_every_other_list() {
        let backend = InMemoryBackend::new();
        let row = backend.unsaved_request(&test_pki::csr(&["www.example.com"]), Status::Delivered);
        backend.put(row.clone());
        let report = index(&backend).await.unwrap();
        assert_eq!(report.entered, 1);
        let serial = row.serial().unwrap();
        assert_eq!(
            report.without_issuer,
            [format!("{serial}, request {}: the bucket does not have it", row.id())]
        );
        let profile = CertificateList::Profile("server".to_owned());
        assert_eq!(listed(&backend, profile).await, [row.id()]);
    }

    #[tokio::test]
    async fn a_request_without_a_certificate_is_in_no_list() {
        let backend = InMemoryBackend::new();
        for status in [Status::PendingApproval, Status::Approved, Status::Rejected, Status::Failed] {
            backend.request_at(status);
        }
        assert_eq!(index(&backend).await.unwrap().entered, 0);
        assert_eq!(listed(&backend, CertificateList::Names).await, []);
    }

    #[tokio::test]
    async fn a_throttled_batch_is_entered_again() {
        let (backend, ids) = earlier(3);
        backend.fail_next("names", 1);
        assert_eq!(index(&backend).await.unwrap().entered, ids.len());
        assert_eq!(backend.calls().iter().filter(|call| call.as_str() == "names: enter").count(), 2);
    }

    #[tokio::test]
    async fn a_table_that_cannot_be_read_ends_it() {
        let (backend, _) = earlier(1);
        backend.fail_next("requests", 1);
        assert!(index(&backend).await.is_err());
        backend.fail_next("certificates", 1);
        assert!(index(&backend).await.is_err());
    }
}
