use async_trait::async_trait;
use futures_util::FutureExt as _;
use pki::certificate::Serial;
use pki::tlog::NoteVerifier;
use proptest::prelude::*;

use super::*;
use crate::ids::RequestId;
use crate::request::Status;
use crate::testing::FaultPoint;
use crate::testing::InMemoryBackend;

async fn append(backend: &InMemoryBackend, id: RequestId) -> Result<String, LogError> {
    let row = backend.request(id).unwrap();
    let pem = backend.certificates()[&row.serial().unwrap().to_string()].clone();
    let certificate = Certificate::from_pem(&pem).unwrap();
    backend
        .certificate_log()
        .append(&row, &certificate, &Origin::worker("deliver"))
        .await
        .map(|(_, receipt)| receipt)
}

fn keys(backend: &InMemoryBackend) -> Vec<NoteVerifier> {
    backend.stored_log_key().unwrap().verifiers()
}

fn issue(backend: &InMemoryBackend) -> RequestId {
    backend.request_with_certificate(Status::Issued)
}

/// Number of leaves of each request.
fn leaves(backend: &InMemoryBackend, id: RequestId) -> usize {
    backend.log_entries().iter().filter(|entry| entry.request == id).count()
}

/// Checks the log as a stranger with its public keys and its files does.
fn check(backend: &InMemoryBackend) {
    let files = backend.log_files();
    let mut before: Option<Checkpoint> = None;
    let mut edge = RightEdge::of(0, &TileSet::default()).unwrap();
    for entry in backend.log_entries() {
        for (tile, hashes) in edge.append(entry.leaf_hash()) {
            assert_eq!(files[&tile.path()], tile_octets(&hashes), "{}", tile.path());
        }
    }
    for note in backend.checkpoints() {
        let checkpoint = Checkpoint::open(&note, &keys(backend)).unwrap();
        assert_eq!(checkpoint.size, before.map_or(1, |before| before.size + 1));
        before = Some(checkpoint);
    }
    let head = before.unwrap();
    assert_eq!((head.size, head.root), (edge.size(), edge.root().unwrap()));
}

#[tokio::test]
async fn each_certificate_is_one_leaf_with_a_receipt() {
    let backend = InMemoryBackend::new();
    for number in 0..5 {
        let id = issue(&backend);
        let receipt = append(&backend, id).await.unwrap();
        assert_eq!(append(&backend, id).await.unwrap(), receipt, "the same receipt each time");
        let verified = Receipt::verify(receipt.as_bytes(), &keys(&backend)).unwrap();
        assert_eq!((verified.receipt.log.index, verified.checkpoint.size), (number, number + 1));
        assert_eq!(backend.request(id).unwrap().log().unwrap().index, number);
    }
    check(&backend);
    assert_eq!(backend.receipts().len(), 5);
}

#[tokio::test]
async fn a_log_grows_beyond_a_tile() {
    let backend = InMemoryBackend::new();
    let id = issue(&backend);
    // 255 certificates before it, without a row.
    let key = backend.log_key().await.unwrap();
    let log = backend.certificate_log();
    let mut appending = Appending { log: &log, key: &key, tiles: TileSet::default() };
    let row = backend.request(id).unwrap();
    let certificate = Certificate::from_pem(&backend.certificates().into_values().next().unwrap()).unwrap();
    let own = LogEntry::of(&row, row.decision().unwrap(), &certificate).unwrap();
    for number in 0..259_u64 {
        let entry = LogEntry { request: RequestId::random(), ..own.clone() };
        let head = appending.head().await.unwrap();
        let mut bundle = appending.bundle_before(number).await.unwrap();
        bundle.push(entry.to_string().as_bytes()).unwrap();
        assert_eq!(
            LogFiles::create(&*backend, &entries_path(number), &bundle.octets()).await.unwrap(),
            Saved::Yes
        );
        appending.cover(head, number, &bundle).await.unwrap();
    }
    let receipt = append(&backend, id).await.unwrap();
    let verified = Receipt::verify(receipt.as_bytes(), &keys(&backend)).unwrap();
    assert_eq!((verified.receipt.log.index, verified.checkpoint.size), (259, 260));
    check(&backend);
    // A leaf of the first tile is proven in the tree of today, too.
    let first = backend.log_entries().remove(0);
    let mut later = Appending { log: &log, key: &key, tiles: TileSet::default() };
    let head = later.head().await.unwrap();
    let proof = later.prove(0, &first, &head).await.unwrap();
    assert_eq!(proof.hashes.len(), 9);
}

#[tokio::test]
async fn a_run_that_died_after_it_took_its_place_is_continued() {
    let backend = InMemoryBackend::new();
    let (dead, next) = (issue(&backend), issue(&backend));
    let rehearsal = backend.copy();
    append(&rehearsal, dead).await.unwrap();
    let created = rehearsal.calls().iter().position(|call| call == "log: create").unwrap();
    // It took place 0, and died before tiles and checkpoint.
    backend.fail_at(created, FaultPoint::After);
    append(&backend, dead).await.unwrap_err();
    assert_eq!((leaves(&backend, dead), backend.checkpoints().len()), (1, 0));
    append(&backend, next).await.unwrap();
    assert_eq!(backend.checkpoints().len(), 2, "the next one covered its place too");
    append(&backend, dead).await.unwrap();
    assert_eq!((leaves(&backend, dead), leaves(&backend, next)), (1, 1));
    check(&backend);
}

/// The ports of one run, which meets others: before some of its calls, another certificate is appended in full.
struct Meeting<'a> {
    backend: &'a InMemoryBackend,
    calls: std::sync::atomic::AtomicUsize,
    /// Numbers of calls, and the requests that come before them.
    others: Vec<(usize, RequestId)>,
}

impl<'a> Meeting<'a> {
    fn new(backend: &'a InMemoryBackend, others: Vec<(usize, RequestId)>) -> Self {
        Self { backend, calls: 0.into(), others }
    }

    /// Counts a call. What comes before it fails only where a fault is planned.
    fn meet(&self) {
        let number = self.calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        for (_, id) in self.others.iter().filter(|(at, _)| *at == number) {
            let _ = append(self.backend, *id).now_or_never().expect("the backend is always ready");
        }
    }

    async fn append(&self, id: RequestId) -> Result<String, LogError> {
        let row = self.backend.request(id).unwrap();
        let pem = self.backend.certificates()[&row.serial().unwrap().to_string()].clone();
        let log = CertificateLog {
            files: self,
            keys: self,
            receipts: self,
            requests: self.backend,
            standing: self.backend,
        };
        let certificate = Certificate::from_pem(&pem).unwrap();
        log.append(&row, &certificate, &Origin::worker("deliver")).await.map(|(_, receipt)| receipt)
    }
}

#[async_trait]
impl LogFiles for Meeting<'_> {
    async fn read(&self, path: &str) -> Result<Option<LogFile>, PortError> {
        self.meet();
        self.backend.read(path).await
    }

    async fn create(&self, path: &str, octets: &[u8]) -> Result<Saved, PortError> {
        self.meet();
        LogFiles::create(self.backend, path, octets).await
    }

    async fn replace(&self, path: &str, version: &str, octets: &[u8]) -> Result<Saved, PortError> {
        self.meet();
        self.backend.replace(path, version, octets).await
    }

    async fn write(&self, path: &str, octets: &[u8]) -> Result<(), PortError> {
        self.meet();
        self.backend.write(path, octets).await
    }
}

#[async_trait]
impl LogKeys for Meeting<'_> {
    async fn log_key(&self) -> Result<LogKey, PortError> {
        self.meet();
        self.backend.log_key().await
    }
}

#[async_trait]
impl Receipts for Meeting<'_> {
    async fn receipt(&self, serial: &Serial) -> Result<Option<String>, PortError> {
        self.meet();
        self.backend.receipt(serial).await
    }

    async fn store_receipt(&self, serial: &Serial, receipt: &str) -> Result<String, PortError> {
        self.meet();
        self.backend.store_receipt(serial, receipt).await
    }
}

#[tokio::test]
async fn two_runs_meet_before_every_call() {
    for same in [true, false] {
        for number in 0.. {
            let backend = InMemoryBackend::new();
            let one = issue(&backend);
            let other = if same { one } else { issue(&backend) };
            let meeting = Meeting::new(&backend, vec![(number, other)]);
            let receipt = meeting.append(one).await.unwrap();
            if meeting.calls.into_inner() <= number {
                assert!(number > 5, "{number} calls");
                break;
            }
            for id in [one, other] {
                assert_eq!(leaves(&backend, id), 1, "same: {same}, call {number}");
            }
            assert_eq!(append(&backend, one).await.unwrap(), receipt, "same: {same}, call {number}");
            check(&backend);
        }
    }
}

#[tokio::test]
async fn a_log_that_was_altered_takes_no_certificate() {
    let altered: [(&str, Option<&[u8]>); 4] = [
        ("tile/entries/000.p/1", None),
        ("tile/entries/000.p/1", Some(&[0, 1, b'x'])),
        ("tile/entries/000.p/1", Some(&[0, 9])),
        ("checkpoint", Some(b"no note")),
    ];
    for (path, octets) in altered {
        let backend = InMemoryBackend::new();
        let id = issue(&backend);
        append(&backend, id).await.unwrap();
        backend.put_log_file(path, octets);
        let (next, checkpoints) = (issue(&backend), backend.checkpoints());
        let error = append(&backend, next).await.unwrap_err();
        assert!(matches!(error, LogError::Damaged(_) | LogError::Checkpoint(_)), "{path}: {error:?}");
        assert_eq!(backend.checkpoints(), checkpoints, "{path}");
    }
}

#[tokio::test]
async fn another_key_signs_on_only_if_it_knows_the_one_before() {
    let backend = InMemoryBackend::new();
    let id = issue(&backend);
    append(&backend, id).await.unwrap();
    let first = backend.stored_log_key().unwrap();
    backend.put_log_key(Some(&LogKey::with_origin(first.origin(), &[]).unwrap()));
    let next = issue(&backend);
    let error = append(&backend, next).await.unwrap_err();
    assert!(error.to_string().contains("docs/transparency.md"), "{error}");
    backend.put_log_key(Some(&first.rotated().unwrap()));
    let receipt = append(&backend, next).await.unwrap();
    assert!(Receipt::verify(receipt.as_bytes(), &keys(&backend)[..1]).is_ok(), "signed by the new key alone");
    check(&backend);
}

/// A row from another stack names another log.
#[tokio::test]
async fn a_restored_request_gets_a_place_in_this_log() {
    let backend = InMemoryBackend::new();
    let id = issue(&backend);
    backend.alter(id, |row| row.log = Some(LogRecord::chosen("other/log/1", 7)));
    append(&backend, id).await.unwrap();
    let log = backend.request(id).unwrap().log().cloned().unwrap();
    assert_eq!((log.index, log.origin.as_str()), (0, backend.stored_log_key().unwrap().origin()));
}

#[tokio::test]
async fn a_receipt_that_was_replaced_is_not_handed_out() {
    let backend = InMemoryBackend::new();
    let id = issue(&backend);
    backend.log_key().await.unwrap();
    let serial = backend.request(id).unwrap().serial().unwrap().clone();
    backend.store_receipt(&serial, "{}\n").await.unwrap();
    assert!(matches!(append(&backend, id).await, Err(LogError::Receipt(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Certificates appended at once, with faults: whatever meets, each is one leaf in the end.
    #[test]
    fn certificates_appended_at_once_are_one_leaf_each(
        runs in prop::collection::vec((0..4_usize, prop::collection::vec((0..12_usize, 0..4_usize), 0..4)), 1..5),
        faults in prop::collection::vec((0..20_usize, any::<bool>()), 5),
    ) {
        let backend = InMemoryBackend::new();
        let ids: Vec<RequestId> = (0..4).map(|_| issue(&backend)).collect();
        for ((id, others), (at, after)) in runs.into_iter().zip(faults) {
            let point = if after { FaultPoint::After } else { FaultPoint::Before };
            backend.fail_at(backend.calls().len() + at, point);
            let others = others.into_iter().map(|(call, other)| (call, ids[other])).collect();
            let _ = Meeting::new(&backend, others).append(ids[id]).now_or_never().unwrap();
        }
        backend.fail_at(usize::MAX, FaultPoint::Before);
        for id in &ids {
            append(&backend, *id).now_or_never().unwrap().unwrap();
        }
        for id in ids {
            prop_assert_eq!(leaves(&backend, id), 1);
        }
        check(&backend);
    }
}
