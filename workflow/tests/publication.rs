//! Publishing in S3 on the wire: a server on loopback with conditional writes.

#![allow(clippy::unwrap_used)] // A test may.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use pki::crl::{Crl, CrlBuilder, CrlTemplate, issue_crl};
use pki::issuer::Issuer;
use pki::signer::{LocalKey, Signer as _};
use pki::testing::{CaMaker, TestKey};
use time::{Duration, OffsetDateTime};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use workflow::aws::S3Publication;
use workflow::certificate::{ListName, Shard};
use workflow::ports::{RevocationLists as _, Saved};
use workflow::testing::sdk_at;

/// A bucket: ETags by key. `overtaken` is a key that another writer writes just after the next write of a list.
#[derive(Default)]
struct Bucket {
    objects: BTreeMap<String, u32>,
    writes: u32,
    overtaken: Option<String>,
}

impl Bucket {
    fn write(&mut self, key: &str) -> u32 {
        self.writes += 1;
        self.objects.insert(key.to_owned(), self.writes);
        self.writes
    }

    /// Status and ETag.
    fn answer(&mut self, head: &str) -> (&'static str, u32) {
        let mut words = head.split_whitespace();
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let key = target.split('?').next().unwrap().rsplit('/').next().unwrap();
        let header = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
        };
        let present = self.objects.get(key).copied();
        match (method, present) {
            ("HEAD", Some(etag)) => ("200 OK", etag),
            ("HEAD", None) => ("404 Not Found", 0),
            ("PUT", _) => {
                let wanted = header("if-match");
                assert!(wanted.is_some() || header("if-none-match").as_deref() == Some("*"), "{head}");
                if wanted != present.map(|etag| format!("\"{etag}\"")) {
                    return ("412 Precondition Failed", 0);
                }
                let etag = self.write(key);
                if let Some(overtaken) = self.overtaken.take() {
                    self.write(&overtaken);
                }
                ("200 OK", etag)
            }
            _ => panic!("{head}"),
        }
    }
}

async fn serve(mut stream: TcpStream, bucket: Arc<Mutex<Bucket>>) {
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    let (head, end) = loop {
        let count = stream.read(&mut buffer).await.unwrap();
        if count == 0 {
            return;
        }
        read.extend_from_slice(&buffer[..count]);
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            break (String::from_utf8(read[..end].to_vec()).unwrap(), end + 4);
        }
    };
    let length =
        head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    while read.len() < end + length.unwrap_or(0_usize) {
        let count = stream.read(&mut buffer).await.unwrap();
        read.extend_from_slice(&buffer[..count]);
    }
    let (status, etag) = bucket.lock().unwrap().answer(&head);
    let body = if status.starts_with("412") {
        "<Error><Code>PreconditionFailed</Code><Message>no</Message></Error>"
    } else {
        ""
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\netag: \"{etag}\"\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
}

async fn bucket() -> (S3Publication, Arc<Mutex<Bucket>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let sdk = sdk_at(&format!("http://{}", listener.local_addr().unwrap()));
    let bucket = Arc::new(Mutex::new(Bucket::default()));
    let served = Arc::clone(&bucket);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&served)));
        }
    });
    (S3Publication::new(&sdk, "bucket"), bucket)
}

async fn list() -> Crl {
    let ca = CaMaker::new(TestKey::EcP256).self_signed();
    let (issuer, key) =
        (Issuer::from_pem(&ca.certificate_pem).unwrap(), LocalKey::from_pem(&ca.key_pem).unwrap());
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
    let template = CrlTemplate {
        issuer: &issuer,
        algorithm: key.algorithm(),
        number: 1,
        this_update: now,
        next_update: now + Duration::days(7),
        shard: None,
    };
    issue_crl(&key, CrlBuilder::new(template).finish().unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_first_list_is_published_once() {
    let (published, bucket) = bucket().await;
    let crl = list().await;
    assert_eq!(published.publish(&ListName::whole("aa"), &crl, None).await.unwrap(), Saved::Yes);
    assert_eq!(published.publish(&ListName::whole("aa"), &crl, None).await.unwrap(), Saved::Conflict);
    let bucket = bucket.lock().unwrap();
    assert_eq!(bucket.objects, BTreeMap::from([("aa.crl".to_owned(), 1), ("aa.pem".to_owned(), 2)]));
}

#[tokio::test]
async fn the_pem_file_of_a_newer_list_is_left_alone() {
    let (published, bucket) = bucket().await;
    bucket.lock().unwrap().overtaken = Some("aa.pem".into());
    assert_eq!(
        published.publish(&ListName::whole("aa"), &list().await, None).await.unwrap(),
        Saved::Conflict
    );
    let bucket = bucket.lock().unwrap();
    assert_eq!(bucket.objects["aa.pem"], 2, "the other writer's");
}

#[tokio::test]
async fn a_shard_has_no_pem_file() {
    let (published, bucket) = bucket().await;
    for shard in Shard::all(2) {
        let name = ListName { shard: Some(shard), ..ListName::whole("aa") };
        assert_eq!(published.publish(&name, &list().await, None).await.unwrap(), Saved::Yes);
    }
    let bucket = bucket.lock().unwrap();
    assert!(bucket.objects.keys().eq(["aa-1of2.crl", "aa-2of2.crl"]), "{:?}", bucket.objects);
}
