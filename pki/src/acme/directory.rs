//! The directory (RFC 8555 section 7.1.1, RFC 9773 section 3, draft-ietf-acme-profiles section 3).

use std::collections::BTreeMap;

use serde::Serialize;

use super::urls::AcmeUrls;

/// The directory: the URLs with which a client begins. There is no `newAuthz`: authorizations come with orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryObject {
    new_nonce: String,
    new_account: String,
    new_order: String,
    revoke_cert: String,
    key_change: String,
    renewal_info: String,
    meta: DirectoryMeta,
}

/// The metadata of the directory, which clients read before they have an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryMeta {
    /// The URL of a page about this CA.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// The names of this CA in CAA records.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub caa_identities: Vec<String>,
    /// True if a new account needs an external account binding.
    pub external_account_required: bool,
    /// The profiles by name, each with a description or the URL of one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub profiles: BTreeMap<String, String>,
}

impl DirectoryObject {
    /// The directory of a server.
    #[must_use]
    pub fn new(urls: &AcmeUrls, meta: DirectoryMeta) -> Self {
        Self {
            new_nonce: urls.new_nonce(),
            new_account: urls.new_account(),
            new_order: urls.new_order(),
            revoke_cert: urls.revoke_cert(),
            key_change: urls.key_change(),
            renewal_info: urls.renewal_info(),
            meta,
        }
    }
}
