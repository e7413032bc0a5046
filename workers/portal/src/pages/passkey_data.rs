//! What the script of passkeys needs, for any page.

use workflow::approval::passkey::Passkey;

use crate::state::Portal;

/// What the script needs for any use of a passkey.
pub(crate) struct PasskeyData {
    /// The relying party identifier; `None` if the base URL has no domain.
    party: Option<String>,
    /// The ids of the person's passkeys, base64url, separated by spaces.
    credentials: String,
    /// A random text.
    nonce: String,
}

impl PasskeyData {
    pub(crate) fn of(portal: &Portal, passkeys: &[Passkey]) -> Self {
        let ids: Vec<String> = passkeys.iter().map(|passkey| passkey.credential_id.to_string()).collect();
        Self {
            party: portal.base_url.relying_party().map(|party| party.id),
            credentials: ids.join(" "),
            nonce: uuid::Uuid::new_v4().simple().to_string(),
        }
    }

    pub(crate) fn party(&self) -> &str {
        self.party.as_deref().unwrap_or_default()
    }

    pub(crate) fn credentials(&self) -> &str {
        &self.credentials
    }

    pub(crate) fn nonce(&self) -> &str {
        &self.nonce
    }

    /// True if there is a passkey to sign with.
    pub(crate) fn is_ready(&self) -> bool {
        self.party.is_some() && !self.credentials.is_empty()
    }
}
