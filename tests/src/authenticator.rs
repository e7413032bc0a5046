//! A virtual authenticator of the browser (WebAuthn section 11), by way of ChromeDriver.

use fantoccini::wd::WebDriverCompatibleCommand;
use reqwest::Method;
use serde_json::json;
use url::Url;

use crate::Browser;

/// The extension command "Add Virtual Authenticator".
#[derive(Debug)]
struct AddAuthenticator;

impl WebDriverCompatibleCommand for AddAuthenticator {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!("session/{}/webauthn/authenticator", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        let what = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true,
            "hasUserVerification": true, "isUserVerified": true, "isUserConsenting": true,
        });
        (Method::POST, Some(what.to_string()))
    }
}

impl Browser {
    /// Adds an authenticator whose user is verified without being asked.
    pub async fn add_authenticator(&self) {
        self.page.issue_cmd(AddAuthenticator).await.unwrap();
    }
}
