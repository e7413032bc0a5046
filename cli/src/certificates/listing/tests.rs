use std::collections::HashSet;
use std::sync::Arc;

use pki::testing as test_pki;
use time::Duration;
use workflow::ids::RequestId;
use workflow::ports::{Clock as _, NameRow};
use workflow::request::{Request, Status};
use workflow::testing::InMemoryBackend;

use super::super::index::list_entries;
use super::super::options::tests::options;
use super::*;

/// A certificate in the tables and the lists.
struct Issued {
    names: Vec<String>,
    requester: &'static str,
    profile: &'static str,
    status: Status,
    /// Days from the end of the sample.
    day: i64,
}

impl Issued {
    fn of(names: &[&str]) -> Self {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Self { names, requester: "alice@example.com", profile: "server", status: Status::Delivered, day: 0 }
    }
}

/// A backend, and a row with a certificate to alter.
fn backend() -> (Arc<InMemoryBackend>, Request) {
    let backend = InMemoryBackend::new();
    let id = backend.request_with_certificate(Status::Delivered);
    let sample = backend.request(id).unwrap();
    (backend, sample)
}

async fn issue(backend: &InMemoryBackend, sample: &Request, issued: Issued) -> RequestId {
    let row = match issued.status {
        Status::Revoked => backend.unsaved_request(&test_pki::csr(&["www.example.com"]), Status::Revoked),
        _ => sample.clone(),
    };
    let id = RequestId::random();
    let row = row.altered(|row| {
        row.id = id;
        row.status = issued.status;
        row.email = issued.requester.parse().unwrap();
        row.profile = issued.profile.to_owned();
        row.names = issued.names;
        row.serial = sample.serial().cloned();
        row.not_after = Some(sample.not_after().unwrap() + Duration::days(issued.day));
    });
    NameIndex::enter(backend, &list_entries(backend, &row).await.unwrap().rows).await.unwrap();
    backend.put(row);
    id
}

async fn query(backend: &InMemoryBackend, line: &str) -> CertificateQuery {
    let query = CertificateQuery::of(&options(line).unwrap(), backend, backend.now()).await;
    query.unwrap().unwrap_or_else(|| panic!("{line} is a list"))
}

async fn page(backend: &InMemoryBackend, line: &str, limit: usize) -> InventoryPage {
    let query = query(backend, line).await;
    query.page(backend, backend, limit, backend.now()).await.unwrap()
}

async fn ids(backend: &InMemoryBackend, line: &str) -> Vec<RequestId> {
    let page = page(backend, line, 100).await;
    assert!(page.next.is_none(), "{line}");
    page.rows.iter().map(Request::id).collect()
}

/// The ids on each page, with the options that go on where the page before it ended.
async fn pages(backend: &InMemoryBackend, line: &str, limit: usize) -> Vec<Vec<RequestId>> {
    let (mut pages, mut after) = (Vec::new(), String::new());
    loop {
        let page = page(backend, &format!("{line} {after}"), limit).await;
        assert!(page.rows.len() <= limit);
        pages.push(page.rows.iter().map(Request::id).collect());
        let Some(next) = page.next else { return pages };
        after = format!("--after {}", ListCursor::Entry(next));
    }
}

#[tokio::test]
async fn each_option_chooses_its_certificates() {
    let (backend, sample) = backend();
    let issue = async |issued| issue(&backend, &sample, issued).await;
    let www = issue(Issued::of(&["www.example.com", "example.com"])).await;
    let api = issue(Issued { day: 1, profile: "client", ..Issued::of(&["api.example.org"]) }).await;
    let address = issue(Issued { day: 2, requester: "bob@example.com", ..Issued::of(&["10.1.2.3"]) }).await;
    let deep =
        issue(Issued { day: 3, requester: "alice+ca@example.com", ..Issued::of(&["*.a.example.com"]) }).await;
    let ids = async |line: &str| ids(&backend, line).await;

    assert_eq!(ids("--name WWW.example.com").await, [www]);
    assert_eq!(ids("--name www.").await, [www]);
    assert_eq!(ids("--name 10.1.").await, [address]);
    assert_eq!(ids("--name zzz").await, []);
    assert_eq!(ids("--below example.com").await, [deep, www], "*.a, then www; not example.com itself");
    assert_eq!(ids("--below a.example.com").await, [deep]);
    assert_eq!(ids("--below xample.com").await, []);
    assert_eq!(
        ids("--requester alice@example.com").await,
        [www, api, deep],
        "with every part after a plus sign"
    );
    assert_eq!(ids("--email bob@example.com").await, [address]);
    assert_eq!(ids("--profile client").await, [api]);
    assert_eq!(ids("--profile other").await, []);
    let issuer = backend.issuer_certificate().key_identifier();
    let all = [www, api, address, deep];
    assert_eq!(ids(&format!("--issuer {issuer}")).await, all);
    assert_eq!(ids(&format!("--issuer {}", &issuer.to_uppercase()[..6])).await, all);
}

#[tokio::test]
async fn each_state_and_each_time_narrows_every_list() {
    let (backend, sample) = backend();
    let issue = async |issued| issue(&backend, &sample, issued).await;
    let ended = issue(Issued { day: -20, ..Issued::of(&["a.example.com"]) }).await;
    let revoked = issue(Issued { day: 1, status: Status::Revoked, ..Issued::of(&["b.example.com"]) }).await;
    let soon = issue(Issued { day: 5, status: Status::Issued, ..Issued::of(&["c.example.com"]) }).await;
    let late = issue(Issued { day: 40, ..Issued::of(&["d.example.com"]) }).await;
    backend.set_now(sample.not_after().unwrap() - Duration::days(10));
    let issuer = backend.issuer_certificate().key_identifier();
    let lists = [
        "--below example.com",
        "--requester alice@example.com",
        "--profile server",
        &format!("--issuer {issuer}"),
    ];
    for list in lists {
        let ids = async |rest: &str| ids(&backend, &format!("{list} {rest}")).await;
        assert_eq!(ids("").await, [ended, revoked, soon, late], "{list}");
        assert_eq!(ids("--state ended").await, [ended], "{list}");
        assert_eq!(ids("--state revoked").await, [revoked], "{list}");
        assert_eq!(ids("--state valid").await, [soon, late], "{list}");
        assert_eq!(ids("--expiring 20d").await, [soon], "{list}");
        assert_eq!(ids("--expiring 12h").await, [], "{list}");
    }
    assert_eq!(ids(&backend, "--name a --state ended").await, [ended]);
    // Without a property, from the index by end. The sample is in no list.
    assert_eq!(ids(&backend, "--state ended").await, [ended]);
    assert_eq!(ids(&backend, "--state revoked").await, [revoked]);
    assert_eq!(ids(&backend, "--state valid").await, [sample.id(), soon, late]);
    assert_eq!(ids(&backend, "--expiring 20d").await, [sample.id(), soon]);
}

#[tokio::test]
async fn pages_have_each_certificate_once_also_with_others_that_come_between_them() {
    let (backend, sample) = backend();
    let mut known = HashSet::new();
    for number in 0..17 {
        let names = [
            format!("n{number:02}.example.com"),
            format!("m{number:02}.example.com"),
            "all.example.com".to_owned(),
        ];
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        known.insert(issue(&backend, &sample, Issued { day: number % 3, ..Issued::of(&names) }).await);
    }
    for line in [
        "--name n",
        "--name a",
        "--below example.com",
        "--profile server",
        "--requester alice@example.com",
        "--state valid",
    ] {
        for limit in [1, 4, 100] {
            let pages = pages(&backend, line, limit).await;
            let found: Vec<RequestId> = pages.concat().into_iter().filter(|id| *id != sample.id()).collect();
            let each: HashSet<RequestId> = found.iter().copied().collect();
            assert_eq!((found.len(), &each), (known.len(), &known), "{line}, {limit}");
        }
    }
    // One that comes before the place of the cursor, and one after it.
    for line in ["--below example.com", "--name n"] {
        let first = page(&backend, line, 4).await;
        issue(&backend, &sample, Issued::of(&["n00.example.com"])).await;
        let later = issue(&backend, &sample, Issued::of(&["n99.example.com"])).await;
        let after = ListCursor::Entry(first.next.unwrap());
        let mut found: Vec<RequestId> = first.rows.iter().map(Request::id).collect();
        found.extend(ids(&backend, &format!("{line} --after {after}")).await);
        let each: HashSet<RequestId> = found.iter().copied().collect();
        assert_eq!(each.len(), found.len(), "{line}");
        assert!(each.is_superset(&known) && each.contains(&later), "{line}");
        known.insert(later);
    }
}

#[tokio::test]
async fn ten_thousand_certificates_are_read_in_parts() {
    const MANY: usize = 10_000;
    let (backend, sample) = backend();
    let requester = "many@example.com".parse().unwrap();
    for number in 0..MANY {
        let id = RequestId::random();
        let names = [format!("h{number:05}.many.example.com")];
        let row = sample.clone().altered(|row| {
            row.id = id;
            row.names = names.to_vec();
            // A thousand end in each second.
            row.not_after =
                row.not_after.map(|end| end + Duration::seconds(i64::try_from(number / 1000).unwrap()));
        });
        let listing = workflow::ports::CertificateListing {
            names: &names,
            not_after: row.not_after().unwrap(),
            id,
            requester: &requester,
            profile: "server",
            issuer: None,
        };
        NameIndex::enter(&*backend, &NameRow::of_lists(&listing)).await.unwrap();
        backend.put(row);
    }
    let calls = |wanted: &str| backend.calls().iter().filter(|call| call.ends_with(wanted)).count();
    let lists = ["--below many.example.com", "--name h", "--requester many@example.com"];
    for line in lists {
        let before = (calls("names: listed"), backend.calls().len());
        let first = page(&backend, line, 50).await;
        assert_eq!((first.rows.len(), first.next.is_some()), (50, true), "{line}");
        assert_eq!(calls("names: listed") - before.0, 1, "{line}");
        assert_eq!(backend.calls().len() - before.1, 2, "{line}: a query and the rows of its entries");
    }
    for line in lists {
        let before = backend.calls().len();
        let found = pages(&backend, line, 1000).await.concat();
        let each: HashSet<RequestId> = found.iter().copied().collect();
        assert_eq!((found.len(), each.len()), (MANY, MANY), "{line}");
        let made = backend.calls().len() - before;
        assert!(made <= 2 * MANY / READ + 4, "{line}: {made} calls");
        // Nothing is of this state: a page ends before it has read everything, and says where it goes on.
        let before = calls("names: listed");
        let none = page(&backend, &format!("{line} --state revoked"), 50).await;
        assert!(none.rows.is_empty() && none.next.is_some(), "{line}");
        let made = calls("names: listed") - before;
        assert!(made <= (SPARSE_PARTS + 1) * 10, "{line}: {made} queries");
    }
    // The index by end.
    let before = backend.calls().len();
    let first = page(&backend, "--state valid", 50).await;
    assert_eq!((first.rows.len(), first.next.is_some()), (50, true));
    let made = backend.calls().len() - before;
    assert_eq!(made, 3, "a query for each of two statuses, and the rows");
    let found = pages(&backend, "--state valid", 1000).await.concat();
    let each: HashSet<RequestId> = found.iter().copied().collect();
    assert_eq!((found.len(), each.len()), (MANY + 1, MANY + 1), "with the sample");
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused_in_one_line() {
    let (backend, sample) = backend();
    for name in ["a.example.com", "b.example.com"] {
        issue(&backend, &sample, Issued::of(&[name])).await;
    }
    let by_name = ListCursor::Entry(ListedCertificate {
        under: "a.example.com".to_owned(),
        not_after: sample.not_after().unwrap(),
        id: sample.id(),
    });
    let by_end = ListCursor::Entry(page(&backend, "--profile server", 1).await.next.unwrap());
    let newest = ListCursor::Request(sample.id());
    let wrong = [
        ("--name b", &by_name),
        ("--below example.com", &by_name),
        ("--profile server", &by_name),
        ("--state valid", &by_name),
        ("--state valid", &by_end),
        ("--name a", &by_end),
        ("--name a", &newest),
        ("--state valid", &newest),
    ];
    for (line, cursor) in wrong {
        let options = options(&format!("{line} --after {cursor}")).unwrap();
        let said = CertificateQuery::of(&options, &*backend, backend.now()).await.unwrap_err().to_string();
        assert_eq!(
            said, "--after is a place in another list. Give it with the options of the list that printed it.",
            "{line}"
        );
    }
    assert!(request(&by_end).is_err() && request(&newest).is_ok());
    let plain = options("--since 30d").unwrap();
    assert!(CertificateQuery::of(&plain, &*backend, backend.now()).await.unwrap().is_none());
}

#[tokio::test]
async fn an_issuer_is_named_by_the_beginning_of_its_key_identifier() {
    let (backend, _) = backend();
    let own = backend.issuer_certificate().key_identifier();
    assert_eq!(key_identifier(&*backend, &own[..4]).await.unwrap(), own);
    let other = if own.starts_with("0000") { "ffff" } else { "0000" };
    let said = key_identifier(&*backend, other).await.unwrap_err().to_string();
    assert_eq!(
        said,
        format!("there is no CA with the key identifier \"{other}\". See: countersign ca show.")
    );
}
