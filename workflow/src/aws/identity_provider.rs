//! The identity provider of the policy, over HTTPS.
//!
//! Invariant: every address comes from the metadata of the issuer in the policy, which has to name exactly that issuer. No
//! redirect is followed, an answer has a limit in size and time, and an error names the host and nothing of the call. The
//! roots are those of the web (Mozilla's), for these calls alone: decision 0136.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ssm::Client;
use aws_types::sdk_config::SdkConfig;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use pki::id_token::{JsonWebKey, MAX_KEY_SET_BYTES, key_set};
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};
use url::{Host, Url, form_urlencoded};

use super::lazy_client::LazyClient;
use super::unavailable;
use crate::policy::{IssuerUrl, OidcSettings};
use crate::ports::{AuthorizationCode, IdentityProvider, PortError, ProviderMetadata, Redeemed};

/// The time for one call, with the connection.
const TIMEOUT: Duration = Duration::from_secs(8);

/// The provider of any policy.
pub struct HttpIdentityProvider {
    tls: OnceLock<Arc<ClientConfig>>,
    /// The SecureString parameter with the client secret.
    secret: Option<(LazyClient<Client>, String)>,
}

/// The metadata, as the provider writes it (OpenID Connect Discovery 1.0 section 3).
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    id_token: Option<String>,
}

#[derive(Deserialize)]
struct TokenError {
    error: String,
}

impl HttpIdentityProvider {
    /// For a worker that knows no client secret.
    pub fn without_secret() -> Self {
        Self { tls: OnceLock::new(), secret: None }
    }

    /// For a worker that may read the client secret in this parameter.
    pub fn with_secret(sdk: &SdkConfig, parameter: &str) -> Self {
        let secret = (LazyClient::new(sdk, Client::new), parameter.to_owned());
        Self { tls: OnceLock::new(), secret: Some(secret) }
    }

    async fn client_secret(&self) -> Result<String, PortError> {
        const WHAT: &str = "read the client secret of the identity provider";
        let missing =
            |name: &str| PortError { what: WHAT, cause: format!("the parameter {name} is missing") };
        let (client, parameter) = self.secret.as_ref().ok_or_else(|| missing("with it"))?;
        let answer = client.get_parameter().name(parameter).with_decryption(true).send().await;
        let value = answer.map_err(unavailable(WHAT))?.parameter.and_then(|parameter| parameter.value);
        let value = value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        value.ok_or_else(|| missing(parameter))
    }

    fn tls(&self) -> Arc<ClientConfig> {
        let config = self.tls.get_or_init(|| {
            let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
            let provider = Arc::new(crypto::aws_lc_rs::default_provider());
            let config = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .expect("the provider has suites of TLS 1.2 and 1.3")
                .with_root_certificates(roots)
                .with_no_client_auth();
            Arc::new(config)
        });
        Arc::clone(config)
    }

    async fn get(&self, what: &'static str, url: &Url) -> Result<Vec<u8>, PortError> {
        match self.call(what, url, Method::GET, None, String::new()).await? {
            (StatusCode::OK, body) => Ok(body),
            (status, _) => Err(at(what, url, format!("it answered {}", status.as_u16()))),
        }
    }

    /// Calls the address, within the time.
    async fn call(
        &self,
        what: &'static str,
        url: &Url,
        method: Method,
        authorization: Option<String>,
        form: String,
    ) -> Result<(StatusCode, Vec<u8>), PortError> {
        let failed = |error: &dyn std::error::Error| {
            let hint = "the worker needs a route to the provider";
            at(what, url, format!("{}; {hint}", PortError::new(what, error).cause))
        };
        let mut request = Request::builder().method(&method).uri(&url[url::Position::BeforePath..]);
        request = request.header(HOST, host_header(url)).header(ACCEPT, "application/json");
        if method == Method::POST {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request.body(Full::new(Bytes::from(form))).map_err(|error| failed(&error))?;
        let exchange = async {
            let stream = connect(url).await.map_err(|error| failed(&error))?;
            if url.scheme() == "http" {
                return send(TokioIo::new(stream), request).await.map_err(|error| failed(&*error));
            }
            let name = ServerName::try_from(url.host_str().unwrap_or_default().to_owned());
            let name = name.map_err(|error| failed(&error))?;
            let stream = TlsConnector::from(self.tls()).connect(name, stream).await;
            let stream = stream.map_err(|error| failed(&error))?;
            send(TokioIo::new(stream), request).await.map_err(|error| failed(&*error))
        };
        match tokio::time::timeout(TIMEOUT, exchange).await {
            Ok(answer) => answer,
            Err(elapsed) => Err(failed(&elapsed)),
        }
    }
}

fn at(what: &'static str, url: &Url, cause: String) -> PortError {
    PortError { what, cause: format!("{}: {cause}", url.host_str().unwrap_or_default()) }
}

fn host_header(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

async fn connect(url: &Url) -> std::io::Result<TcpStream> {
    let port = url.port_or_known_default().unwrap_or(443);
    match url.host() {
        Some(Host::Domain(host)) => TcpStream::connect((host, port)).await,
        Some(Host::Ipv4(address)) => TcpStream::connect((address, port)).await,
        Some(Host::Ipv6(address)) => TcpStream::connect((address, port)).await,
        None => Err(std::io::ErrorKind::InvalidInput.into()),
    }
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

async fn send<S>(stream: TokioIo<S>, request: Request<Full<Bytes>>) -> Result<(StatusCode, Vec<u8>), AnyError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = http1::handshake(stream).await?;
    let exchange = async {
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), MAX_KEY_SET_BYTES).collect().await?;
        Ok::<_, AnyError>((status, body.to_bytes().to_vec()))
    };
    // The connection is driven as long as the answer is not complete, and closed with it.
    tokio::pin!(exchange);
    tokio::select! {
        answer = &mut exchange => answer,
        ended = connection => {
            ended?;
            exchange.await
        }
    }
}

/// The header and the body of a token request (OpenID Connect Core 1.0 section 3.1.3.1).
fn token_request(
    settings: &OidcSettings,
    code: &AuthorizationCode,
    secret: Option<&str>,
    takes_basic: bool,
) -> (Option<String>, String) {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", &code.code)
        .append_pair("redirect_uri", &code.redirect_uri)
        .append_pair("code_verifier", &code.verifier)
        .append_pair("client_id", &settings.client_id);
    let authorization = match secret {
        // RFC 6749 section 2.3.1: each part is form-encoded before.
        Some(secret) if takes_basic => {
            let pair = format!("{}:{}", encoded(&settings.client_id), encoded(secret));
            Some(format!("Basic {}", STANDARD.encode(pair)))
        }
        Some(secret) => {
            form.append_pair("client_secret", secret);
            None
        }
        None => None,
    };
    (authorization, form.finish())
}

#[async_trait]
impl IdentityProvider for HttpIdentityProvider {
    async fn metadata(&self, issuer: &IssuerUrl) -> Result<ProviderMetadata, PortError> {
        const WHAT: &str = "read the metadata of the identity provider";
        let wrong = |cause: String| PortError { what: WHAT, cause };
        let url = issuer.endpoint(&issuer.discovery()).ok_or_else(|| wrong("no URL".into()))?;
        let body = self.get(WHAT, &url).await?;
        let read: Metadata =
            serde_json::from_slice(&body).map_err(|_| wrong(format!("{issuer} has none in JSON")))?;
        // OpenID Connect Discovery 1.0 section 4.3: exactly the issuer.
        if read.issuer != issuer.as_str() {
            let said: String = read.issuer.chars().filter(|c| !c.is_control()).take(200).collect();
            return Err(wrong(format!(
                "{issuer} says that it is the issuer {said}; write that one into the policy"
            )));
        }
        let endpoint = |text: &str, name: &str| {
            issuer.endpoint(text).ok_or_else(|| wrong(format!("{issuer} has a {name} that is no https URL")))
        };
        let methods = read.token_endpoint_auth_methods_supported;
        Ok(ProviderMetadata {
            authorization_endpoint: endpoint(&read.authorization_endpoint, "authorization_endpoint")?,
            token_endpoint: endpoint(&read.token_endpoint, "token_endpoint")?,
            jwks_uri: endpoint(&read.jwks_uri, "jwks_uri")?,
            names_issuer: read.authorization_response_iss_parameter_supported,
            takes_basic: methods.is_none_or(|all| all.iter().any(|one| one == "client_secret_basic")),
        })
    }

    async fn keys(&self, issuer: &IssuerUrl) -> Result<Vec<JsonWebKey>, PortError> {
        const WHAT: &str = "fetch the keys of the identity provider";
        let metadata = self.metadata(issuer).await?;
        let body = self.get(WHAT, &metadata.jwks_uri).await?;
        key_set(&body).map_err(|error| at(WHAT, &metadata.jwks_uri, error.to_string()))
    }

    async fn redeem(&self, settings: &OidcSettings, code: &AuthorizationCode) -> Result<Redeemed, PortError> {
        const WHAT: &str = "trade the code of a sign-in for an ID token";
        let metadata = self.metadata(&settings.issuer).await?;
        let secret = match settings.is_confidential {
            true => Some(self.client_secret().await?),
            false => None,
        };
        let (authorization, form) = token_request(settings, code, secret.as_deref(), metadata.takes_basic);
        let url = &metadata.token_endpoint;
        let (status, body) = self.call(WHAT, url, Method::POST, authorization, form).await?;
        if status == StatusCode::OK {
            let answer: Option<TokenAnswer> = serde_json::from_slice(&body).ok();
            let token = answer.and_then(|answer| answer.id_token);
            return token.map(Redeemed::IdToken).ok_or_else(|| at(WHAT, url, "it gave no ID token".into()));
        }
        match serde_json::from_slice::<TokenError>(&body) {
            Ok(refused) if status.is_client_error() => {
                let is_word = |c: &char| c.is_ascii_lowercase() || *c == '_';
                Ok(Redeemed::Refused(refused.error.chars().filter(is_word).take(64).collect()))
            }
            _ => Err(at(WHAT, url, format!("it answered {}", status.as_u16()))),
        }
    }
}
