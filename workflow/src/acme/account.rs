//! An account: a key that is bound to a standing approval.
//!
//! Invariant: the standing approval of an account never changes. The orders of an account are inside of it, or of an extension of it
//! that its approvers agreed to. A deactivated account changes no more.

use pki::acme::{AccountStatus, ExternalAccountBinding};
use pki::jose::JsonWebKey;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::AcmeAccountId;
use crate::approval::credential::AcmeKeyId;
use crate::ids::RequestId;
use crate::timestamp::whole_seconds;

/// An account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AcmeAccount {
    id: AcmeAccountId,
    version: u64,
    /// As [`JsonWebKey::to_json`] writes it.
    jwk: String,
    /// [`pki::key::PublicKey::digest`], the same for each spelling of the key: in a JWK, and in a CSR.
    key_digest: String,
    thumbprint: String,
    status: AccountStatus,
    contact: Vec<String>,
    grant: RequestId,
    key_id: String,
    /// [`ExternalAccountBinding::to_json`].
    binding: String,
    #[serde(with = "time::serde::rfc3339")]
    made_at: OffsetDateTime,
}

impl AcmeAccount {
    /// An account of a key whose binding was verified.
    #[must_use]
    pub fn new(
        id: AcmeAccountId,
        key: &JsonWebKey,
        (key_id, binding): (AcmeKeyId, &ExternalAccountBinding),
        contact: Vec<String>,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            version: 1,
            jwk: key.to_json(),
            key_digest: key.public_key().digest(),
            thumbprint: key.thumbprint(),
            status: AccountStatus::Valid,
            contact,
            grant: key_id.standing,
            key_id: key_id.to_string(),
            binding: binding.to_json().to_string(),
            made_at: whole_seconds(now),
        }
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &AcmeAccountId {
        &self.id
    }

    /// The number of writes so far.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Increments the version after a successful write.
    pub fn count_write(&mut self) {
        self.version += 1;
    }

    /// The key; `None` if the row has none that is still good, as after a key type was given up.
    #[must_use]
    pub fn key(&self) -> Option<JsonWebKey> {
        JsonWebKey::from_json(&self.jwk)
    }

    /// The digest of the key, by which the account is found.
    #[must_use]
    pub fn key_digest(&self) -> &str {
        &self.key_digest
    }

    /// The thumbprint of the key (RFC 7638).
    #[must_use]
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> AccountStatus {
        self.status
    }

    /// The contact URLs.
    #[must_use]
    pub fn contact(&self) -> &[String] {
        &self.contact
    }

    /// The standing approval.
    #[must_use]
    pub fn standing(&self) -> RequestId {
        self.grant
    }

    /// The key id of the credential to which the account is bound.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The binding as it arrived, which the account object repeats (RFC 8555 section 7.3.4).
    #[must_use]
    pub fn binding(&self) -> Option<serde_json::Value> {
        serde_json::from_str(&self.binding).ok()
    }

    /// The time at which it was made, UTC.
    #[must_use]
    pub fn made_at(&self) -> OffsetDateTime {
        self.made_at
    }

    /// Changes the contact URLs, if there are new ones, and deactivates the account, if asked to.
    pub fn update(&mut self, contact: Option<&[String]>, deactivate: bool) {
        if self.status != AccountStatus::Valid {
            return;
        }
        if let Some(contact) = contact {
            self.contact = contact.to_vec();
        }
        if deactivate {
            self.status = AccountStatus::Deactivated;
        }
    }

    /// Changes the key. Whether another account has it, only the write tells.
    pub fn change_key(&mut self, key: &JsonWebKey) {
        if self.status == AccountStatus::Valid {
            self.jwk = key.to_json();
            self.key_digest = key.public_key().digest();
            self.thumbprint = key.thumbprint();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::acme::{key_of, saved_account};
    use pki::testing::{TestKey, TestKeyPair};

    #[test]
    fn a_row_reads_back_and_may_have_columns_of_a_later_version() {
        let account = saved_account();
        let mut row = serde_json::to_value(&account).unwrap();
        row["later"] = true.into();
        assert_eq!(serde_json::from_value::<AcmeAccount>(row).unwrap(), account);
        let key = account.key().unwrap();
        assert_eq!(
            (key.thumbprint().as_str(), key.public_key().digest().as_str()),
            (account.thumbprint(), account.key_digest())
        );
        assert_eq!(account.key_id(), format!("{}.1", account.standing()));
        assert!(account.binding().unwrap()["signature"].is_string());
    }

    #[test]
    fn a_deactivated_account_changes_no_more() {
        let mut account = saved_account();
        let new_key = key_of(&TestKeyPair::generate(TestKey::Ed25519));
        account.update(Some(&["mailto:bob@example.com".into()]), false);
        assert_eq!(account.contact(), ["mailto:bob@example.com"]);
        account.update(None, false);
        assert_eq!((account.contact().len(), account.status()), (1, AccountStatus::Valid));
        account.change_key(&new_key);
        assert_eq!(account.key_digest(), new_key.public_key().digest());
        account.update(Some(&[]), true);
        assert_eq!((account.contact().len(), account.status()), (0, AccountStatus::Deactivated));
        let before = account.clone();
        account.update(Some(&["mailto:eve@example.com".into()]), false);
        account.change_key(&key_of(&TestKeyPair::generate(TestKey::EcP256)));
        assert_eq!(account, before);
    }
}
