//! The identity provider of the policy, over HTTPS.
//!
//! Invariant: every address comes from the metadata of the issuer in the policy, which has to name exactly that issuer. No
//! redirect is followed, an answer has a limit in size and time, and an error names the host and nothing of the call. The
//! roots are those of the web (Mozilla's), for these calls alone: decision 0136.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ssm::Client;
use aws_types::sdk_config::SdkConfig;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;
use pki::id_token::{JsonWebKey, MAX_KEY_SET_BYTES, key_set};
use serde::Deserialize;
use url::{Url, form_urlencoded};

use super::https::{CallLimits, HttpsClient, NoAnswer};
use super::lazy_client::LazyClient;
use super::unavailable;
use crate::policy::{IssuerUrl, OidcSettings};
use crate::ports::{AuthorizationCode, IdentityProvider, PortError, ProviderMetadata, Redeemed};

const LIMITS: CallLimits = CallLimits { time: Duration::from_secs(8), bytes: MAX_KEY_SET_BYTES };

/// The provider of any policy.
pub struct HttpIdentityProvider {
    client: HttpsClient,
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
        Self { client: HttpsClient::default(), secret: None }
    }

    /// For a worker that may read the client secret in this parameter.
    pub fn with_secret(sdk: &SdkConfig, parameter: &str) -> Self {
        let secret = (LazyClient::new(sdk, Client::new), parameter.to_owned());
        Self { client: HttpsClient::default(), secret: Some(secret) }
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

    async fn get(&self, what: &'static str, url: &Url) -> Result<Vec<u8>, PortError> {
        match self.call(what, url, Method::GET, None, String::new()).await? {
            (StatusCode::OK, body) => Ok(body),
            (status, _) => Err(at(what, url, format!("it answered {}", status.as_u16()))),
        }
    }

    /// Calls the address, within the limits.
    async fn call(
        &self,
        what: &'static str,
        url: &Url,
        method: Method,
        authorization: Option<String>,
        form: String,
    ) -> Result<(StatusCode, Vec<u8>), PortError> {
        let mut request = Request::builder().method(&method).uri(url.as_str());
        request = request.header(ACCEPT, "application/json");
        if method == Method::POST {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request.body(Full::new(Bytes::from(form)));
        // The error could quote the header.
        let request = request.map_err(|_| at(what, url, "the call is no request of HTTP".into()))?;
        self.client.call(request, LIMITS).await.map_err(|no_answer| {
            let cause = match no_answer {
                NoAnswer::TooLate => format!("it did not answer in {} seconds", LIMITS.time.as_secs()),
                NoAnswer::Failed(cause) => cause,
            };
            at(what, url, format!("{cause}; the worker needs a route to the provider"))
        })
    }
}

fn at(what: &'static str, url: &Url, cause: String) -> PortError {
    PortError { what, cause: format!("{}: {cause}", url.host_str().unwrap_or_default()) }
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
