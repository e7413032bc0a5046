//! A server with everything in memory, a signer that makes certificates at once, and clients.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use acme::extension::{ExtensionRequests, ExtensionState, FiledExtension, WantedNames};
use acme::issuance::{StandingIntake, StandingOrder, SubmissionResult};
use acme::{AcmeServer, FinalizeWait, answer};
use async_trait::async_trait;
use http::HeaderMap;
use lambda_http::Body;
use pki::base64url::Base64Url;
use pki::jose::MacAlgorithm;
use pki::testing::{AcmeClient, TestKey, csr};
use serde_json::{Value, json};
use workflow::acme::OrderLimits;
use workflow::approval::BaseUrl;
use workflow::approval::credential::{AcmeKeyId, BearerCredential};
use workflow::ids::RequestId;
use workflow::ports::{Clock as _, LinkSecrets as _, PortError};
use workflow::request::Request;
use workflow::request::Status;
use workflow::request::audit::Origin;
use workflow::store::{StandingEnding, end_standing, update_request};
use workflow::testing::fixtures::standing_policy;
use workflow::testing::{FaultPoint, InMemoryBackend};

/// The base of all URLs: with a stage, as behind API Gateway.
pub(crate) const BASE: &str = "https://pki.example.com/live/acme";

/// The terms of the usual standing approval.
pub(crate) const TERMS: &str = r#"{"kind":"grant","names":["www.example.com",".web.example.com","10.1.2.3"],"days":60,"certificates":400}"#;

/// What the signer does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signing {
    /// The certificate is there at once.
    AtOnce,
    /// The request is stored, and nothing more happens.
    Slow,
    /// The request is not taken.
    NotTaken,
    /// The request ends without a certificate.
    Ending(Status),
    /// The intake does not answer.
    Broken,
}

/// Takes requests, and signs them as intake and Sign together do.
pub(crate) struct FakeSigner {
    backend: Arc<InMemoryBackend>,
    pub(crate) signing: Mutex<Signing>,
    pub(crate) submitted: Mutex<Vec<RequestId>>,
}

#[async_trait]
impl StandingIntake for FakeSigner {
    async fn submit(&self, order: &StandingOrder) -> Result<SubmissionResult, PortError> {
        tokio::task::yield_now().await;
        let signing = *self.signing.lock().unwrap();
        self.submitted.lock().unwrap().push(order.request_id);
        let status = match signing {
            Signing::AtOnce => Status::Delivered,
            Signing::Slow => Status::Submitted,
            Signing::Ending(status) => status,
            Signing::NotTaken => return Ok(SubmissionResult::Refused("the key is denied".to_owned())),
            Signing::Broken => return Err(PortError { what: "submit", cause: "injected fault".into() }),
        };
        if self.backend.request(order.request_id).is_none() {
            self.put(order.request_id, order.standing, &order.csr, status);
        }
        Ok(SubmissionResult::Stored)
    }
}

impl FakeSigner {
    /// Stores a request under a standing approval, with its certificate if it has one.
    fn put(&self, id: RequestId, standing: RequestId, csr: &str, status: Status) {
        let request = self.backend.unsaved_request(csr, status).altered(|row| {
            row.id = id;
            row.grant = Some(standing);
            row.decision = None;
            row.expires_at = None;
        });
        if status.has_certificate() {
            // The key of the CA is no port of this server: its faults are not those of a copy.
            let ca = self.backend.copy();
            ca.fail_at(usize::MAX, FaultPoint::Before);
            self.backend.put_certificate(request.serial().unwrap(), &ca.certificate_of(&request));
        }
        self.backend.put(request);
    }

    /// Signs a request that was slow.
    pub(crate) fn sign(&self, id: RequestId) {
        let request = self.backend.request(id).unwrap();
        self.put(id, request.standing().unwrap(), request.csr_content().unwrap(), Status::Delivered);
    }
}

/// The requests for more names that were filed.
#[derive(Default)]
pub(crate) struct FiledRequests(pub(crate) Mutex<Vec<(Vec<String>, RequestId)>>);

#[async_trait]
impl ExtensionRequests for FiledRequests {
    async fn file(&self, wanted: &WantedNames) -> Result<ExtensionState, PortError> {
        let mut filed = self.0.lock().unwrap();
        let before = filed.iter().find(|(before, _)| *before == wanted.names).map(|(_, id)| *id);
        let request_id = before.unwrap_or_else(|| {
            let id = RequestId::random();
            filed.push((wanted.names.clone(), id));
            id
        });
        Ok(ExtensionState::Filed(FiledExtension { request_id, waits: "its status is submitted".into() }))
    }
}

/// A server and everything behind it.
pub(crate) struct Stand {
    pub(crate) backend: Arc<InMemoryBackend>,
    pub(crate) signer: Arc<FakeSigner>,
    pub(crate) filed: Arc<FiledRequests>,
    pub(crate) server: AcmeServer,
}

/// The key id and the HMAC key of a standing approval.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    pub(crate) key_id: String,
    pub(crate) mac_key: Vec<u8>,
    pub(crate) standing: RequestId,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name} in {self:?}")).to_str().unwrap()
    }

    /// The links with a relation.
    pub(crate) fn links(&self, relation: &str) -> Vec<String> {
        let end = format!(">;rel=\"{relation}\"");
        let all = self.headers.get_all("link").iter().map(|value| value.to_str().unwrap());
        all.filter_map(|value| Some(value.strip_prefix('<')?.strip_suffix(&end)?.to_owned())).collect()
    }

    /// The status, and the last part of the type of a problem.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let kind = self.json()["type"].as_str().unwrap().to_owned();
        (self.status, kind.strip_prefix("urn:ietf:params:acme:error:").unwrap().to_owned())
    }
}

/// The status and type of a problem, to compare.
pub(crate) fn is(status: u16, kind: &str) -> (u16, String) {
    (status, kind.to_owned())
}

impl Stand {
    pub(crate) fn new() -> Self {
        let backend = InMemoryBackend::new();
        backend.set_policy(&standing_policy());
        let signer = Arc::new(FakeSigner {
            backend: backend.clone(),
            signing: Mutex::new(Signing::AtOnce),
            submitted: Mutex::default(),
        });
        let filed = Arc::new(FiledRequests::default());
        let server = AcmeServer {
            base_url: BaseUrl::parse("https://pki.example.com/live/").unwrap(),
            store: backend.clone(),
            standing: backend.clone(),
            requests: backend.clone(),
            certificates: backend.clone(),
            issuers: backend.clone(),
            receipts: backend.clone(),
            policies: backend.clone(),
            links: backend.clone(),
            revocation_executions: backend.clone(),
            intake: signer.clone(),
            extensions: Some(filed.clone()),
            limits: OrderLimits::DEFAULT,
            wait: FinalizeWait { reads: 2, pause: Duration::ZERO },
            random: Arc::new(aws_lc_rs::rand::SystemRandom::new()),
            clock: backend.clone(),
        };
        Self { backend, signer, filed, server }
    }

    /// A standing approval with these terms, and its first credential.
    pub(crate) async fn grant(&self, terms: &str) -> Credential {
        let standing = self.backend.granted(terms);
        self.credential(standing).await
    }

    /// Ends a standing approval.
    pub(crate) async fn end(&self, standing: RequestId) {
        let backend = &*self.backend;
        let ports = StandingEnding { standing: backend, requests: backend, writer: backend };
        end_standing(ports, standing, &Origin::operator("olivia"), "Over.", backend.now()).await.unwrap();
    }

    /// The requests of certificates. Those of standing approvals are there, too.
    pub(crate) fn requests(&self) -> Vec<Request> {
        let all = self.backend.requests().into_iter();
        all.filter(|row| row.certificate().is_some()).collect()
    }

    /// Another credential of a standing approval.
    pub(crate) async fn credential(&self, standing: RequestId) -> Credential {
        let (bearer, now) = (BearerCredential::make(standing).unwrap(), self.backend.now());
        let (backend, by) = (&*self.backend, Origin::worker("portal"));
        let make = |row: &mut Request| row.make_credential(&bearer.digest(), now);
        let made = update_request(backend, standing, &by, make).await;
        let key_id = AcmeKeyId { standing, number: made.unwrap().value };
        let exposed = key_id.make(self.backend.secret().await.unwrap()).expose();
        let mac_key = Base64Url::from_text(&exposed).unwrap().octets().to_vec();
        Credential { key_id: key_id.to_string(), mac_key, standing }
    }

    /// Calls the server as API Gateway does: with the path below the stage.
    pub(crate) async fn call(&self, method: &str, url: &str, body: &str) -> Reply {
        self.call_as(method, url, Some("application/jose+json"), body.as_bytes().to_vec()).await
    }

    pub(crate) async fn call_as(
        &self,
        method: &str,
        url: &str,
        media_type: Option<&str>,
        body: Vec<u8>,
    ) -> Reply {
        let path = url.strip_prefix("https://pki.example.com/live").unwrap_or(url);
        let mut call = http::Request::builder().method(method).uri(path);
        if let Some(media_type) = media_type {
            call = call.header("content-type", media_type);
        }
        let response = answer(&self.server, call.body(Body::Binary(body)).unwrap()).await;
        let (parts, body) = response.into_parts();
        let body = String::from_utf8(body.as_ref().to_vec()).unwrap();
        Reply { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub(crate) async fn nonce(&self) -> String {
        loop {
            let reply = self.call("HEAD", &format!("{BASE}/new-nonce"), "").await;
            if let Some(nonce) = reply.headers.get("replay-nonce") {
                return nonce.to_str().unwrap().to_owned();
            }
        }
    }

    /// A client with an account of its own, of a standing approval with [`TERMS`].
    pub(crate) async fn client(&self) -> Client {
        let credential = self.grant(TERMS).await;
        Client::register(self, &credential).await
    }

    pub(crate) fn signs(&self, signing: Signing) {
        *self.signer.signing.lock().unwrap() = signing;
    }
}

/// A client with an account.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) acme: AcmeClient,
}

impl Client {
    /// A client without an account.
    pub(crate) fn stranger() -> Self {
        Self { acme: AcmeClient::new(TestKey::EcP256, "") }
    }

    /// The payload of newAccount with a binding by a credential.
    pub(crate) fn new_account(&self, credential: &Credential) -> Value {
        let url = format!("{BASE}/new-account");
        let (key_id, mac_key) = (&credential.key_id, &credential.mac_key);
        json!({
            "contact": ["mailto:alice@example.com"],
            "termsOfServiceAgreed": true,
            "externalAccountBinding": self.acme.binding(MacAlgorithm::Hs256, key_id, mac_key, &url),
        })
    }

    pub(crate) async fn register(stand: &Stand, credential: &Credential) -> Self {
        let mut client = Self::stranger();
        let reply = client.post_new_account(stand, &client.new_account(credential)).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        client.acme.account_url = reply.header("location").to_owned();
        client
    }

    pub(crate) async fn post_new_account(&self, stand: &Stand, payload: &Value) -> Reply {
        self.post_with_key(stand, &format!("{BASE}/new-account"), payload).await
    }

    /// A request that brings its key.
    pub(crate) async fn post_with_key(&self, stand: &Stand, url: &str, payload: &Value) -> Reply {
        let mut acme = self.acme.clone();
        acme.nonce = stand.nonce().await;
        stand.call("POST", url, &acme.request_with_key(url, payload).to_string()).await
    }

    /// A request of the account.
    pub(crate) async fn post(&self, stand: &Stand, url: &str, payload: &Value) -> Reply {
        stand.call("POST", url, &self.signed(stand, url, Some(payload)).await.to_string()).await
    }

    /// POST-as-GET.
    pub(crate) async fn read(&self, stand: &Stand, url: &str) -> Reply {
        stand.call("POST", url, &self.signed(stand, url, None).await.to_string()).await
    }

    /// A signed request of the account, with a fresh nonce.
    pub(crate) async fn signed(&self, stand: &Stand, url: &str, payload: Option<&Value>) -> Value {
        let mut acme = self.acme.clone();
        acme.nonce = stand.nonce().await;
        match payload {
            Some(payload) => acme.request(url, payload),
            None => acme.read(url),
        }
    }

    /// The answer to a new order for these names.
    pub(crate) async fn try_order(&self, stand: &Stand, names: &[&str]) -> Reply {
        self.post(stand, &format!("{BASE}/new-order"), &json!({ "identifiers": identifiers(names) })).await
    }

    /// A new order for these names: its URL, and the order.
    pub(crate) async fn order(&self, stand: &Stand, names: &[&str]) -> (String, Value) {
        let reply = self.try_order(stand, names).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        (reply.header("location").to_owned(), reply.json())
    }

    /// The answer to the CSR of an order.
    pub(crate) async fn finalize(&self, stand: &Stand, order: &str, csr_pem: &str) -> Reply {
        self.post(stand, &format!("{order}/finalize"), &json!({ "csr": csr_member(csr_pem) })).await
    }

    /// An order that is valid, and the PEM of its certificate with the chain.
    pub(crate) async fn certificate(&self, stand: &Stand, names: &[&str]) -> (String, String) {
        let (url, _) = self.order(stand, names).await;
        let finalized = self.finalize(stand, &url, &csr(names)).await;
        assert_eq!(finalized.json()["status"], "valid", "{finalized:?}");
        let reply = self.read(stand, finalized.json()["certificate"].as_str().unwrap()).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        (url, reply.body)
    }
}

/// The identifiers of an order.
pub(crate) fn identifiers(names: &[&str]) -> Value {
    let kind = |name: &str| if name.parse::<std::net::IpAddr>().is_ok() { "ip" } else { "dns" };
    names.iter().map(|name| json!({ "type": kind(name), "value": name })).collect()
}

/// A CSR (PEM) as finalize has it.
pub(crate) fn csr_member(csr_pem: &str) -> String {
    let csr = pki::csr::Csr::read(csr_pem).unwrap();
    Base64Url(csr.der().to_vec()).to_string()
}
