//! Rows for the tables: requests in all statuses, and what Sign enters into the lists for each certificate.
//!
//! Invariant: each row is written by the port that writes it in production, with its form. Only the trail of one request is not: its
//! events go into the table as they are, since dynalite has no transactions.

use std::collections::BTreeMap;

use aws_lc_rs::rand::SystemRandom;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use pki::certificate::Serial;
use pki::testing::{TestKey, csr_with};
use time::{Duration, OffsetDateTime};
use workflow::approval::Approval;
use workflow::ids::RequestId;
use workflow::ports::{
    Approvals, CertificateListing, Clock as _, NameIndex, NameRow, PortError, Requests, Saved,
};
use workflow::request::{Request, Status};
use workflow::testing::InMemoryBackend;
use workflow::testing::fixtures::TERMS;

use crate::site::Console;

/// Of each hundred requests: 21 wait, 21 failed, 11 are under way, 43 are delivered, and 4 are revoked. So a hundred fill each list of the
/// overview and a page of each status, and nearly a page of certificates.
const STATUSES: [(Status, usize); 6] = [
    (Status::PendingApproval, 21),
    (Status::Failed, 21),
    (Status::Submitted, 6),
    (Status::Approved, 5),
    (Status::Delivered, 43),
    (Status::Revoked, 4),
];
/// The first places of delivered requests have standing approvals, the next one a request with all that belongs to it.
const STANDING: std::ops::Range<usize> = 53..55;
const WHOLE: usize = 55;
/// Rows that are written at the same time.
const AT_ONCE: usize = 32;
/// Requests whose entries in the table of names are written together.
const TOGETHER: usize = 25;

/// What was written.
#[derive(Debug, Default)]
pub(crate) struct Seeded {
    pub(crate) requests: usize,
    pub(crate) certificates: usize,
    pub(crate) approvals: usize,
    pub(crate) names: usize,
    /// The request with all that belongs to it, and its serial.
    pub(crate) whole: Option<(RequestId, Serial)>,
    /// The waiting request in the middle of its list.
    pub(crate) waiting: Option<RequestId>,
}

/// A row, and what is written beside it.
struct Sample {
    row: Request,
    approval: Option<Approval>,
    names: Vec<NameRow>,
}

fn status(place: usize) -> Status {
    let mut rest = place % 100;
    for (status, share) in STATUSES {
        match rest.checked_sub(share) {
            Some(left) => rest = left,
            None => return status,
        }
    }
    unreachable!("the shares are a hundred")
}

/// One name of each certificate, by its place among all.
pub(crate) fn host(place: usize) -> String {
    format!("h{place:06}")
}

/// Writes this number of requests.
pub(crate) async fn seed(console: &Console, requests: usize) -> Seeded {
    let backend = &*console.backend;
    let csr = csr_with(TestKey::Rsa2048, "www.example.com", &["www.example.com", "www.example.org"]);
    let templates: BTreeMap<&str, (Request, Option<Approval>)> = STATUSES
        .iter()
        .map(|(status, _)| {
            let row = backend.unsaved_request(&csr, *status);
            let approval = backend.approval(row.id());
            (status.as_str(), (row, approval))
        })
        .collect();
    let ports =
        (console.aws.requests().unwrap(), console.aws.approvals().unwrap(), console.aws.names().unwrap());
    let mut seeded = Seeded { requests, ..Seeded::default() };
    let places: Vec<usize> = (0..requests).collect();
    let waiting = places.iter().filter(|place| status(**place) == Status::PendingApproval).count();
    let mut waited = 0;
    for places in places.chunks(TOGETHER * AT_ONCE) {
        let samples: Vec<Sample> = places
            .iter()
            .filter(|place| !STANDING.contains(*place) && **place != WHOLE)
            .map(|place| sample(backend, &templates[status(*place).as_str()], *place))
            .collect();
        for sample in &samples {
            if sample.row.status() == Status::PendingApproval {
                // Requests are registered one after the other.
                seeded.waiting =
                    seeded.waiting.or((waited == waiting.saturating_sub(21) / 2).then_some(sample.row.id()));
                waited += 1;
            }
            seeded.certificates += usize::from(sample.row.is_signed());
            seeded.approvals += usize::from(sample.approval.is_some());
            seeded.names += sample.names.len();
        }
        write(&*ports.0, &*ports.1, &*ports.2, &samples).await.unwrap();
        eprint!("\r{} of {requests} requests", places.last().map_or(0, |last| last + 1));
    }
    eprintln!();
    standing(console).await;
    seeded.whole = Some(whole(console, &csr).await);
    seeded
}

async fn write(
    requests: &dyn Requests,
    approvals: &dyn Approvals,
    names: &dyn NameIndex,
    samples: &[Sample],
) -> Result<(), PortError> {
    let rows: Vec<_> = samples.iter().map(|sample| create(requests, approvals, sample)).collect();
    stream::iter(rows).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
    let entries: Vec<Vec<NameRow>> = samples
        .chunks(TOGETHER)
        .map(|some| some.iter().flat_map(|one| one.names.clone()).collect())
        .collect();
    let entered: Vec<_> = entries.iter().map(|rows| names.enter(rows)).collect();
    stream::iter(entered).buffer_unordered(AT_ONCE).try_collect().await
}

async fn create(
    requests: &dyn Requests,
    approvals: &dyn Approvals,
    sample: &Sample,
) -> Result<(), PortError> {
    // Without events: those would be a transaction.
    assert_eq!(requests.create(&sample.row, &[]).await?, Saved::Yes);
    if let Some(approval) = &sample.approval {
        assert_eq!(approvals.create(approval).await?, Saved::Yes);
    }
    Ok(())
}

/// The request at a place, with its approval while it waits, and the entries of its certificate.
fn sample(
    backend: &InMemoryBackend,
    (template, approval): &(Request, Option<Approval>),
    place: usize,
) -> Sample {
    let (now, id, number) = (backend.now(), RequestId::random(), i64::try_from(place).unwrap());
    let host = host(place);
    let row = template.clone().altered(|row| {
        row.execution_arn = row.execution_arn.replace(&row.id.to_string(), &id.to_string());
        row.id = id;
        row.email = requester(place).parse().unwrap();
        row.registration_date = now - Duration::days(300) + Duration::seconds(number);
        if !row.names.is_empty() {
            row.names = vec![format!("{host}.example.com"), format!("{host}.example.org")];
            row.public_key_digest = Some(format!("{place:064x}"));
        }
        if row.serial.is_some() {
            row.serial = Some(Serial::random(&SystemRandom::new()).unwrap());
            row.not_before = Some(now - Duration::days(100));
            row.not_after = Some(end(now, place));
        }
    });
    let approval = approval.clone().filter(|_| row.status() == Status::PendingApproval);
    let approval = approval.map(|mut approval| {
        approval.request_id = id;
        approval
    });
    let names = entries(backend, &row);
    Sample { row, approval, names }
}

/// Hundred requests each.
pub(crate) fn requester(place: usize) -> String {
    format!("person-{}@example.com", place / 100)
}

/// Spread over a year, some of them past.
fn end(now: OffsetDateTime, place: usize) -> OffsetDateTime {
    let place = i64::try_from(place).unwrap();
    now + Duration::days(place * 7_919 % 367 - 2) + Duration::seconds(place * 104_729 % 86_400)
}

/// What Sign enters for a certificate.
fn entries(backend: &InMemoryBackend, row: &Request) -> Vec<NameRow> {
    let Some(not_after) = row.not_after().filter(|_| row.is_signed()) else { return Vec::new() };
    let issuer = backend.issuer_certificate().key_identifier();
    let listing = CertificateListing {
        names: row.names(),
        not_after,
        id: row.id(),
        requester: row.email(),
        profile: row.profile(),
        issuer: Some(&issuer),
    };
    [NameRow::of_certificate(row.names(), not_after, row.id()), NameRow::of_lists(&listing)].concat()
}

/// Standing approvals: as many in each set, since their number does not grow with that of certificates.
async fn standing(console: &Console) {
    let (requests, standing) = (console.aws.requests().unwrap(), console.aws.standing_approvals().unwrap());
    for _ in STANDING {
        let id = console.backend.granted(TERMS);
        let (row, approval) = (console.backend.request(id).unwrap(), console.backend.standing(id).unwrap());
        assert_eq!(requests.create(&row, &[]).await.unwrap(), Saved::Yes);
        assert_eq!(standing.create(&approval).await.unwrap(), Saved::Yes);
    }
}

/// A request with its votes, its trail and its certificate.
async fn whole(console: &Console, csr: &str) -> (RequestId, Serial) {
    let backend = &*console.backend;
    let id = backend.certificate_for(csr, Status::Delivered);
    let row = backend.request(id).unwrap();
    let serial = row.serial().unwrap().clone();
    let names = entries(backend, &row);
    for event in backend.audit(id) {
        console.dynalite.put("AuditTable", &serde_json::to_value(&event).unwrap()).await;
    }
    let sample = Sample { approval: backend.approval(id), row, names };
    let (requests, approvals) = (console.aws.requests().unwrap(), console.aws.approvals().unwrap());
    let names = console.aws.names().unwrap();
    write(&*requests, &*approvals, &*names, &[sample]).await.unwrap();
    (id, serial)
}
