//! The adapters of IAM Roles Anywhere, of trust stores and of the published files on the wire: a server on loopback answers
//! the real clients and takes down what they ask.

#![allow(clippy::unwrap_used)] // A test may.

use aws_types::sdk_config::SdkConfig;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pki::crl::Crl;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use workflow::aws::Aws;
use workflow::environment::Environment;
use workflow::ids::IssuerId;
use workflow::ports::{Clock as _, Issuers as _, ObjectVersion};
use workflow::store::ListPublisher;
use workflow::testing::{InMemoryBackend, sdk_at};

const ANCHOR: &str = "arn:aws:rolesanywhere:eu-central-1:111111111111:trust-anchor/0a0b";
const STORE: &str = "arn:aws:elasticloadbalancing:eu-central-1:111111111111:truststore/clients/0a0b";

/// An answer: status line, more header lines, body.
type Answer = (&'static str, &'static str, String);

fn ok(body: impl Into<String>) -> Answer {
    ("200 OK", "", body.into())
}

/// The services on loopback.
struct Server {
    listener: TcpListener,
    sdk: SdkConfig,
    url: String,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sdk = sdk_at(&url);
        Self { listener, sdk, url }
    }

    /// The worker's resources.
    fn aws(&self) -> Aws {
        let variables = [("BUCKET", "published"), ("TRUST_ANCHOR_ARN", ANCHOR), ("TRUST_STORE_ARN", STORE)];
        let variables = variables.map(|(name, value)| (format!("COUNTERSIGN_{name}"), value.to_owned()));
        Aws::of(Environment::of(variables), self.sdk.clone())
    }

    /// Gives these answers, one for each request, and returns what was asked: the request line, a blank and the body.
    async fn answer(&self, answers: Vec<Answer>) -> Vec<String> {
        let mut asked = Vec::new();
        for (status, headers, body) in answers {
            let (mut stream, _) = self.listener.accept().await.unwrap();
            let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
            let (head, end) = loop {
                let count = stream.read(&mut buffer).await.unwrap();
                assert!(count > 0, "the client went away");
                read.extend_from_slice(&buffer[..count]);
                if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
                    break (String::from_utf8(read[..end].to_vec()).unwrap(), end + 4);
                }
            };
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
            while read.len() < end + length.unwrap_or_default() {
                let count = stream.read(&mut buffer).await.unwrap();
                read.extend_from_slice(&buffer[..count]);
            }
            let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1");
            asked.push(format!("{line} {}", String::from_utf8_lossy(&read[end..])));
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        asked
    }
}

async fn list() -> Crl {
    let backend = InMemoryBackend::new();
    let issuer = backend.in_force(&IssuerId::DEFAULT).await.unwrap().unwrap();
    let signer = backend.signer(&issuer).await.unwrap();
    let publisher = ListPublisher { revocations: &*backend, lists: &*backend, url: None };
    publisher.publish(&*signer, &issuer, backend.now()).await.unwrap()
}

/// The parameters of a request in the query protocol.
fn parameters(asked: &str) -> Vec<(String, String)> {
    let form = asked.strip_prefix("POST / ").unwrap();
    url::form_urlencoded::parse(form.as_bytes()).into_owned().filter(|(name, _)| name != "Version").collect()
}

fn of_store(action: &str, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let all = [("Action", action), ("TrustStoreArn", STORE)].into_iter().chain(more.iter().copied());
    let mut all: Vec<_> = all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    all.sort();
    all
}

fn sorted(mut all: Vec<(String, String)>) -> Vec<(String, String)> {
    all.sort();
    all
}

/// A result of Elastic Load Balancing.
fn xml(action: &str, content: &str) -> Answer {
    ok(format!(
        r#"<{action}Response xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><{action}Result>{content}</{action}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{action}Response>"#
    ))
}

fn xml_error(code: &str, message: &str) -> Answer {
    let body = format!(
        r#"<ErrorResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>r</RequestId></ErrorResponse>"#
    );
    ("400 Bad Request", "", body)
}

#[tokio::test]
async fn the_lists_of_a_trust_anchor_are_found_on_every_page_by_anchor_and_name() {
    let (server, crl) = (Server::start().await, list().await);
    let entry = |id: &str, name: &str, anchor: &str, data: &str| serde_json::json!({ "crlId": id, "name": name, "trustAnchorArn": anchor, "enabled": id != "off", "crlData": STANDARD.encode(data) });
    let pages = [
        serde_json::json!({ "nextToken": "more", "crls": [
            entry("other-name", "x", ANCHOR, &crl.to_pem()),
            entry("other-anchor", "ours", &ANCHOR.replace("0a0b", "0c0d"), &crl.to_pem()),
        ] }),
        serde_json::json!({ "crls": [entry("on", "ours", ANCHOR, &crl.to_pem()), entry("off", "ours", ANCHOR, "?")] }),
    ];
    let anchor = server.aws().trust_anchor().unwrap();
    let answers = pages.iter().map(|page| ok(page.to_string())).collect();
    let (named, asked) = tokio::join!(anchor.named("ours"), server.answer(answers));
    let named = named.unwrap();
    assert_eq!(
        named.iter().map(|one| (one.id.as_str(), one.enabled)).collect::<Vec<_>>(),
        [("on", true), ("off", false)]
    );
    assert_eq!((&named[0].crl, &named[1].crl), (&Some(crl), &None));
    assert_eq!(asked, ["GET /crls ", "GET /crls?nextToken=more "]);
}

#[tokio::test]
async fn a_list_is_imported_enabled_for_its_trust_anchor_and_updated_by_its_id() {
    let (server, pem) = (Server::start().await, list().await.to_pem());
    let anchor = server.aws().trust_anchor().unwrap();
    let answer = || ok(r#"{"crl":{"crlId":"7"}}"#);
    let both = async {
        anchor.import("countersign-0a", &pem).await.unwrap();
        anchor.update("7", &pem).await.unwrap();
    };
    let ((), asked) = tokio::join!(both, server.answer(vec![answer(), answer()]));
    let body = |at: usize, line: &str| -> serde_json::Value {
        serde_json::from_str(asked[at].strip_prefix(line).unwrap_or_else(|| panic!("{asked:?}"))).unwrap()
    };
    let data = STANDARD.encode(&pem);
    assert_eq!(
        body(0, "POST /crls "),
        serde_json::json!({ "name": "countersign-0a", "enabled": true, "trustAnchorArn": ANCHOR, "crlData": data })
    );
    assert_eq!(body(1, "PATCH /crl/7 "), serde_json::json!({ "crlData": data }));
}

#[tokio::test]
async fn a_refusal_of_roles_anywhere_is_told_in_its_words() {
    let server = Server::start().await;
    let anchor = server.aws().trust_anchor().unwrap();
    let refusal = (
        "400 Bad Request",
        "x-amzn-errortype: ValidationException\r\n",
        r#"{"message":"Maximum number of CRLs"}"#.to_owned(),
    );
    let (imported, _) = tokio::join!(anchor.import("countersign-0a", "pem"), server.answer(vec![refusal]));
    let error = imported.unwrap_err().to_string();
    assert_eq!(error, "import a CRL into IAM Roles Anywhere: ValidationException: Maximum number of CRLs");
}

#[tokio::test]
async fn the_ids_of_a_trust_store_are_read_from_every_page() {
    let server = Server::start().await;
    let store = server.aws().trust_store().unwrap().unwrap();
    let page = |id: &str, more: &str| {
        let action = "DescribeTrustStoreRevocations";
        xml(
            action,
            &format!(
                "<TrustStoreRevocations><member><RevocationId>{id}</RevocationId><RevocationType>CRL</RevocationType><NumberOfRevokedEntries>2</NumberOfRevokedEntries></member></TrustStoreRevocations>{more}"
            ),
        )
    };
    let pages = vec![page("3", "<NextMarker>more</NextMarker>"), page("9007199254740993", "")];
    let (ids, asked) = tokio::join!(store.ids(), server.answer(pages));
    assert_eq!(ids.unwrap(), [3, 9_007_199_254_740_993]);
    assert_eq!(sorted(parameters(&asked[0])), of_store("DescribeTrustStoreRevocations", &[]));
    assert_eq!(
        sorted(parameters(&asked[1])),
        of_store("DescribeTrustStoreRevocations", &[("Marker", "more")])
    );
}

#[tokio::test]
async fn the_content_of_a_revocation_file_is_read_at_its_location() {
    let (server, crl) = (Server::start().await, list().await);
    let store = server.aws().trust_store().unwrap().unwrap();
    let located = || {
        let location = format!("{}/file?X-Amz-Signature=secret&amp;x=1", server.url);
        xml("GetTrustStoreRevocationContent", &format!("<Location>{location}</Location>"))
    };
    let (read, asked) = tokio::join!(store.crl(3), server.answer(vec![located(), ok(crl.to_pem())]));
    assert_eq!(read.unwrap(), Some(crl));
    assert_eq!(
        sorted(parameters(&asked[0])),
        of_store("GetTrustStoreRevocationContent", &[("RevocationId", "3")])
    );
    assert_eq!(asked[1], "GET /file?X-Amz-Signature=secret&x=1 ");

    let (read, _) = tokio::join!(store.crl(3), server.answer(vec![located(), ok("no list")]));
    assert_eq!(read.unwrap(), None);

    let gone = xml_error("RevocationIdNotFound", "It is gone");
    let (read, _) = tokio::join!(store.crl(3), server.answer(vec![gone]));
    assert_eq!(read.unwrap(), None);

    let denied = ("403 Forbidden", "", String::new());
    let (read, _) = tokio::join!(store.crl(3), server.answer(vec![located(), denied]));
    let error = read.unwrap_err().to_string();
    assert_eq!(error, "read a revocation file of the trust store: its location answered 403");
}

#[tokio::test]
async fn a_list_is_added_in_one_version_and_an_older_file_is_removed_by_its_id() {
    let server = Server::start().await;
    let store = server.aws().trust_store().unwrap().unwrap();
    let added = xml(
        "AddTrustStoreRevocations",
        "<TrustStoreRevocations><member><RevocationId>8</RevocationId></member></TrustStoreRevocations>",
    );
    let removed = xml("RemoveTrustStoreRevocations", "");
    let gone = xml_error("RevocationIdNotFound", "It is gone");
    let all = async {
        let id = store.add("0a0b", &ObjectVersion("v2".into())).await.unwrap();
        store.remove(7).await.unwrap();
        store.remove(7).await.unwrap();
        id
    };
    let (id, asked) = tokio::join!(all, server.answer(vec![added, removed, gone]));
    assert_eq!(id, 8);
    let object = [
        ("RevocationContents.member.1.S3Bucket", "published"),
        ("RevocationContents.member.1.S3Key", "crl/0a0b.pem"),
        ("RevocationContents.member.1.S3ObjectVersion", "v2"),
        ("RevocationContents.member.1.RevocationType", "CRL"),
    ];
    assert_eq!(sorted(parameters(&asked[0])), of_store("AddTrustStoreRevocations", &object));
    let ids = [("RevocationIds.member.1", "7")];
    assert_eq!(sorted(parameters(&asked[1])), of_store("RemoveTrustStoreRevocations", &ids));
}

#[tokio::test]
async fn a_trust_store_that_is_full_says_so() {
    let server = Server::start().await;
    let store = server.aws().trust_store().unwrap().unwrap();
    let full = xml_error("TooManyTrustStoreRevocationEntries", "Too many entries");
    let version = ObjectVersion("v".into());
    let (added, _) = tokio::join!(store.add("0a0b", &version), server.answer(vec![full]));
    assert_eq!(
        added.unwrap_err().to_string(),
        "add the revocation list to the trust store: TooManyTrustStoreRevocationEntries: Too many entries"
    );
}

#[tokio::test]
async fn a_published_file_comes_with_its_version() {
    let (server, crl) = (Server::start().await, list().await);
    let files = server.aws().list_files().unwrap();
    let (in_version, missing) = ("x-amz-version-id: v2\r\n", ("404 Not Found", "", String::new()));
    let answers = vec![("200 OK", in_version, crl.to_pem()), ("200 OK", in_version, String::new()), missing];
    let all = async { (files.file("0a0b").await, files.version("0a0b").await, files.version("0a0b").await) };
    let ((file, version, none), asked) = tokio::join!(all, server.answer(answers));
    let file = file.unwrap().unwrap();
    assert_eq!((file.pem, &file.crl), (crl.to_pem(), &crl));
    assert_eq!((version.unwrap(), none.unwrap()), (Some(file.version), None));
    assert!(asked[0].starts_with("GET /published/crl/0a0b.pem"), "{asked:?}");
    assert!(asked[1].starts_with("HEAD /published/crl/0a0b.pem"), "{asked:?}");
}

#[tokio::test]
async fn a_worker_has_the_services_that_its_variables_name() {
    let server = Server::start().await;
    let bucket = [("COUNTERSIGN_BUCKET".to_owned(), "published".to_owned())];
    let aws = Aws::of(Environment::of(bucket), server.sdk.clone());
    assert!(aws.trust_anchor().is_none());
    assert!(aws.trust_store().unwrap().is_none());
}
