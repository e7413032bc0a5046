//! The identity provider over HTTP: a server on loopback answers right and wrong.

#![allow(clippy::unwrap_used)] // A test may.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use pki::jose::JwsAlgorithm;
use pki::testing::ProviderKeyPair;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use workflow::aws::HttpIdentityProvider;
use workflow::policy::{IssuerUrl, OidcSettings};
use workflow::ports::{AuthorizationCode, IdentityProvider as _, Redeemed};

/// Answers by path: status line and body. Keeps the calls.
#[derive(Clone)]
struct Server {
    issuer: String,
    answers: Arc<Mutex<BTreeMap<String, (String, String)>>>,
    calls: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let server = Self { issuer, answers: Arc::default(), calls: Arc::default() };
        let key = ProviderKeyPair::new(JwsAlgorithm::Es256, "k1").jwk();
        server.answer("/.well-known/openid-configuration", "200 OK", &server.metadata());
        server.answer("/jwks", "200 OK", &json!({ "keys": [key] }));
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut read = Vec::new();
                let mut buffer = [0; 4096];
                while !Self::is_whole(&read) {
                    match stream.read(&mut buffer).await {
                        Ok(0) | Err(_) => break,
                        Ok(count) => read.extend_from_slice(&buffer[..count]),
                    }
                }
                let call = String::from_utf8(read).unwrap();
                let path = call.split(' ').nth(1).unwrap_or_default().to_owned();
                serving.calls.lock().unwrap().push(call);
                let answer = serving.answers.lock().unwrap().get(&path).cloned();
                let (status, body) = answer.unwrap_or_else(|| ("404 Not Found".into(), String::new()));
                let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", body.len());
                // A client that stops reading is part of a test.
                let _ = stream.write_all((head + &body).as_bytes()).await;
            }
        });
        server
    }

    fn is_whole(read: &[u8]) -> bool {
        let text = String::from_utf8_lossy(read);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        body.len() >= length.unwrap_or(0_usize)
    }

    fn metadata(&self) -> Value {
        let of = |path: &str| format!("{}/{path}", self.issuer);
        json!({
            "issuer": self.issuer, "authorization_endpoint": of("auth"), "token_endpoint": of("token"),
            "jwks_uri": of("jwks"),
        })
    }

    fn answer(&self, path: &str, status: &str, body: &Value) {
        let body = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
        self.answers.lock().unwrap().insert(path.to_owned(), (status.to_owned(), body));
    }

    fn issuer(&self) -> IssuerUrl {
        IssuerUrl::parse(&self.issuer).unwrap()
    }

    /// Metadata with a member that is otherwise.
    fn with(&self, name: &str, value: Value) {
        let mut metadata = self.metadata();
        metadata[name] = value;
        self.answer("/.well-known/openid-configuration", "200 OK", &metadata);
    }

    async fn error_of_keys(&self) -> String {
        HttpIdentityProvider::without_secret().keys(&self.issuer()).await.unwrap_err().to_string()
    }

    async fn redeem(&self) -> Result<Redeemed, String> {
        let settings = OidcSettings {
            issuer: self.issuer(),
            client_id: "countersign".into(),
            claim: "email".into(),
            groups_claim: "groups".into(),
            scope: String::new(),
            max_age: None,
            is_confidential: false,
        };
        let (verifier, redirect_uri) = ("v".to_owned(), "https://pki.example.com/signed-in".to_owned());
        let code = AuthorizationCode { code: "secret-code".into(), verifier, redirect_uri };
        let redeemed = HttpIdentityProvider::without_secret().redeem(&settings, &code).await;
        redeemed.map_err(|error| error.to_string())
    }
}

#[tokio::test]
async fn metadata_and_keys_are_read() {
    let server = Server::start().await;
    let provider = HttpIdentityProvider::without_secret();
    let metadata = provider.metadata(&server.issuer()).await.unwrap();
    assert_eq!(metadata.authorization_endpoint.as_str(), format!("{}/auth", server.issuer));
    assert!(metadata.takes_basic && !metadata.names_issuer);
    server.with("token_endpoint_auth_methods_supported", json!(["client_secret_post"]));
    assert!(!provider.metadata(&server.issuer()).await.unwrap().takes_basic);
    server.with("authorization_response_iss_parameter_supported", json!(true));
    assert!(provider.metadata(&server.issuer()).await.unwrap().names_issuer);
    let keys = provider.keys(&server.issuer()).await.unwrap();
    assert_eq!(keys.iter().filter_map(|key| key.key_id()).collect::<Vec<_>>(), ["k1"]);
}

#[tokio::test]
async fn what_is_wrong_with_a_provider_is_said_in_one_line() {
    let server = Server::start().await;
    for (name, value, said) in [
        ("issuer", json!(format!("{}/", server.issuer)), "write that one into the policy"),
        ("jwks_uri", json!("http://id.example.com/jwks"), "a jwks_uri that is no https URL"),
        ("token_endpoint", json!("file:///etc/passwd"), "a token_endpoint that is no https URL"),
        ("authorization_endpoint", json!("javascript:x"), "an authorization_endpoint that is no https URL"),
        ("jwks_uri", Value::Null, "has none in JSON"),
    ] {
        server.with(name, value);
        let error = server.error_of_keys().await;
        assert!(error.contains(said.trim_start_matches("an ").trim_start_matches("a ")), "{said}: {error}");
    }
    server.with("x", Value::Null);
    for (status, body, said) in [
        ("302 Found\r\nlocation: http://127.0.0.1:1/jwks", json!(""), "it answered 302"),
        ("500 Oops", json!(""), "it answered 500"),
        ("200 OK", json!("<html>"), "not well formed"),
        ("200 OK", json!("x".repeat(300 * 1024)), "length limit exceeded"),
    ] {
        server.answer("/jwks", status, &body);
        let error = server.error_of_keys().await;
        assert!(error.contains(said) && !error.contains('\n'), "{said}: {error}");
    }
    let nobody = IssuerUrl::parse("http://127.0.0.1:1").unwrap();
    let error = HttpIdentityProvider::without_secret().keys(&nobody).await.unwrap_err().to_string();
    assert!(error.contains("127.0.0.1") && error.contains("needs a route to the provider"), "{error}");
}

#[tokio::test]
async fn a_code_is_traded_for_an_id_token() {
    let server = Server::start().await;
    server.answer("/token", "200 OK", &json!({ "access_token": "x", "id_token": "a.b.c" }));
    assert!(matches!(server.redeem().await, Ok(Redeemed::IdToken(token)) if token == "a.b.c"));
    let call = server.calls.lock().unwrap().last().unwrap().clone();
    for part in ["POST /token", "code=secret-code", "code_verifier=v", "grant_type=authorization_code"] {
        assert!(call.contains(part), "{part}: {call}");
    }
    assert!(call.contains("redirect_uri=https%3A%2F%2Fpki.example.com%2Fsigned-in"), "{call}");
    assert!(!call.to_lowercase().contains("authorization:"), "{call}");

    server.answer("/token", "400 Bad Request", &json!({ "error": "invalid_grant\r\nx" }));
    assert!(matches!(server.redeem().await, Ok(Redeemed::Refused(error)) if error == "invalid_grantx"));
    for (status, body) in
        [("200 OK", json!({})), ("200 OK", json!("x")), ("502 Bad Gateway", json!({"error": "x"}))]
    {
        server.answer("/token", status, &body);
        let error = server.redeem().await.err().unwrap();
        assert!(!error.contains("secret-code") && error.contains("127.0.0.1"), "{error}");
    }
}
