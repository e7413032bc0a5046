use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::FutureExt as _;
use pki::testing as test_pki;
use proptest::prelude::*;
use time::Duration;

use super::*;
use crate::ports::{CertificateList, CertificateListing, Clock as _, NameEntry, NameRow, domain_order};
use crate::testing::InMemoryBackend;

/// Stores certificates in this status with these names, a day apart, and enters them into the lists.
fn certificates(status: Status, names: &[&[&str]]) -> (Arc<InMemoryBackend>, Vec<Request>) {
    let backend = InMemoryBackend::new();
    let rows = names.iter().map(|names| certificate(&backend, status, names)).collect();
    (backend, rows)
}

/// Stores a certificate in this status, a day after the one before, and enters it into the lists. One that is revoked has
/// names of its own.
fn certificate(backend: &InMemoryBackend, status: Status, names: &[&str]) -> Request {
    backend.advance(Duration::DAY);
    let id = match status {
        Status::Revoked => backend.request_at(status),
        status => backend.certificate_for(&test_pki::csr(names), status),
    };
    let row = backend.request(id).unwrap();
    enter(backend, &row);
    row
}

fn enter(backend: &InMemoryBackend, row: &Request) {
    let issuer = backend.issuer_certificate().key_identifier();
    let listing = CertificateListing {
        names: row.names(),
        not_after: row.not_after().unwrap(),
        id: row.id(),
        requester: row.email(),
        profile: row.profile(),
        issuer: Some(&issuer),
    };
    NameIndex::enter(backend, &NameRow::of_lists(&listing)).now_or_never().unwrap().unwrap();
}

fn page(
    backend: &InMemoryBackend,
    part: &ListPart,
    state: Option<CertificateState>,
    limit: usize,
) -> InventoryPage {
    let page = inventory_page(backend, backend, part, state, limit, backend.now());
    page.now_or_never().unwrap().unwrap()
}

fn names_of(rows: &[Request]) -> Vec<&str> {
    rows.iter().map(|row| row.names()[0].as_str()).collect()
}

#[test]
fn each_list_has_its_order_and_its_part() {
    let (backend, rows) = certificates(
        Status::Delivered,
        &[&["www.example.com"], &["api.example.org"], &["a.www.example.com"]],
    );
    let named = |prefix: &str, list| {
        let part = ListPart { prefix: prefix.to_owned(), ..ListPart::all(list) };
        names_of(&page(&backend, &part, None, 10).rows).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        named("", CertificateList::Names),
        ["a.www.example.com", "api.example.org", "www.example.com"]
    );
    assert_eq!(named("a", CertificateList::Names), ["a.www.example.com", "api.example.org"]);
    let below = domain_order("example.com");
    assert_eq!(named(&below, CertificateList::Domains), ["www.example.com", "a.www.example.com"]);
    let issuer = backend.issuer_certificate().key_identifier();
    for list in [
        CertificateList::Requester("Requester+x@example.com".parse().unwrap()),
        CertificateList::Profile("server".to_owned()),
        CertificateList::Issuer(issuer),
    ] {
        let all = page(&backend, &ListPart::all(list.clone()), None, 10);
        assert_eq!(all.rows, rows, "{list:?}: the first to end first");
        let later = ListPart { ends_from: rows[1].not_after(), ..ListPart::all(list) };
        assert_eq!(page(&backend, &later, None, 10).rows, rows[1..]);
    }
    let other = ListPart::all(CertificateList::Profile("client".to_owned()));
    assert_eq!(page(&backend, &other, None, 10).rows, []);
}

#[test]
fn a_page_has_certificates_of_the_state_that_is_asked_for() {
    let (backend, rows) = certificates(Status::Delivered, &[&["a.example.com"], &["b.example.com"]]);
    let revoked = backend.request(backend.request_at(Status::Revoked)).unwrap();
    enter(&backend, &revoked);
    // Entered by a worker that died before it wrote the row.
    enter(&backend, &backend.unsaved_request(&test_pki::csr(&["c.example.com"]), Status::Issued));
    let list = ListPart::all(CertificateList::Profile("server".to_owned()));
    let states = || CertificateState::ALL.map(|state| page(&backend, &list, Some(state), 10).rows.len());
    assert_eq!((states(), page(&backend, &list, None, 10).rows.len()), ([2, 0, 1], 3));
    backend.set_now(rows[0].not_after().unwrap());
    assert_eq!(states(), [1, 1, 1]);
}

proptest! {
    /// Pages of any size have every certificate once, in the order of the list, also one with several names.
    #[test]
    fn pages_of_any_size_together_are_the_list(limit in 1_usize..6, count in 0_usize..8, second in any::<bool>()) {
        let names: Vec<[String; 2]> =
            (0..count).map(|n| [format!("h{n}.example.com"), format!("h{n}.example.org")]).collect();
        let texts: Vec<Vec<&str>> = names
            .iter()
            .map(|both| both.iter().take(if second { 2 } else { 1 }).map(String::as_str).collect())
            .collect();
        let slices: Vec<&[&str]> = texts.iter().map(Vec::as_slice).collect();
        let (backend, rows) = certificates(Status::Delivered, &slices);
        for (list, is_by_name) in
            [(CertificateList::Names, true), (CertificateList::Profile("server".to_owned()), false)]
        {
            let (mut part, mut found, mut pages) = (ListPart::all(list), Vec::new(), 0);
            loop {
                let page = page(&backend, &part, Some(CertificateState::Valid), limit);
                pages += 1;
                prop_assert!(page.rows.len() <= limit && pages <= 2 * count + 2);
                found.extend(page.rows.iter().map(Request::id));
                prop_assert!(!page.rows.is_empty() || page.next.is_none() || is_by_name);
                part.after = page.next;
                if part.after.is_none() {
                    break;
                }
            }
            let ids: HashSet<RequestId> = found.iter().copied().collect();
            prop_assert_eq!((ids.len(), found.len()), (rows.len(), rows.len()));
            if !is_by_name {
                let ids: Vec<RequestId> = rows.iter().map(Request::id).collect();
                prop_assert_eq!(&found, &ids);
            }
        }
    }
}

#[test]
fn a_page_reads_a_bounded_number_of_entries() {
    let names: Vec<String> = (0..100).map(|n| format!("h{n:03}.example.com")).collect();
    let texts: Vec<&str> = names.iter().map(String::as_str).collect();
    let (backend, rows) = certificates(Status::Delivered, &[&texts[..]; 7]);
    let before = backend.calls().len();
    let part = ListPart::all(CertificateList::Names);
    let first = page(&backend, &part, Some(CertificateState::Revoked), 50);
    assert!(first.rows.is_empty() && first.next.is_some(), "it says where it goes on");
    assert!(backend.calls().len() - before <= 2 * MAX_READ / 50 + 1);
    let rest = page(&backend, &ListPart { after: first.next, ..part }, Some(CertificateState::Revoked), 50);
    assert!(rest.next.is_none() && rows.len() == 7);
}

/// A list that notes how many entries are read at once.
struct Noted<'a>(&'a InMemoryBackend, Mutex<Vec<usize>>);

#[async_trait]
impl NameIndex for Noted<'_> {
    async fn enter(&self, rows: &[NameRow]) -> Result<(), PortError> {
        NameIndex::enter(self.0, rows).await
    }

    async fn of(&self, name: &str, limit: usize) -> Result<Vec<NameEntry>, PortError> {
        self.0.of(name, limit).await
    }

    async fn listed(&self, part: &ListPart, limit: usize) -> Result<Vec<ListedCertificate>, PortError> {
        self.1.lock().unwrap().push(limit);
        self.0.listed(part, limit).await
    }
}

#[test]
fn a_page_reads_as_many_more_entries_as_it_lacks_rows() {
    let backend = InMemoryBackend::new();
    let status = |n: usize| if n % 16 == 15 { Status::Revoked } else { Status::Delivered };
    for n in 0..200 {
        certificate(&backend, status(n), &[&format!("h{n:03}.example.com")]);
    }
    let list = ListPart::all(CertificateList::Profile("server".to_owned()));
    let reads = |state| {
        let noted = Noted(&backend, Mutex::default());
        let page = inventory_page(&noted, &*backend, &list, Some(state), 50, backend.now());
        let page = page.now_or_never().unwrap().unwrap();
        (page.rows.len(), noted.1.into_inner().unwrap())
    };
    assert_eq!(reads(CertificateState::Valid), (50, vec![50, 8]));
    // 3 of 50 are revoked: the page would need 800 more.
    assert_eq!(reads(CertificateState::Revoked), (12, vec![50, 100, 100]));
}

#[test]
fn a_list_by_end_begins_with_what_is_valid_and_ends_with_what_has_ended() {
    let many = [&["www.example.com"][..]; 8];
    let (backend, rows) = certificates(Status::Delivered, &many);
    // They end a day apart: five have ended.
    backend.set_now(rows[4].not_after().unwrap() + Duration::HOUR);
    let list = ListPart::all(CertificateList::Profile("server".to_owned()));
    let before = backend.calls().len();
    let valid = page(&backend, &list, Some(CertificateState::Valid), 2);
    assert_eq!((valid.rows, valid.next.is_some()), (rows[5..7].to_vec(), true));
    assert_eq!(backend.calls().len() - before, 2, "a query and its rows: what has ended is not read");
    let ended = page(&backend, &list, Some(CertificateState::Ended), 6);
    assert_eq!((&ended.rows[..], ended.next), (&rows[..5], None));
    let second = ListPart { after: page(&backend, &list, Some(CertificateState::Ended), 4).next, ..list };
    let ended = page(&backend, &second, Some(CertificateState::Ended), 4);
    assert_eq!(
        (&ended.rows[..], ended.next),
        (&rows[4..5], None),
        "what has not ended is no reason to go on"
    );
}
