//! The keys of the tables `approvals`, `people` and `grants`, and of the objects in the bucket.

use std::fmt;
use std::str::FromStr;

use crate::acme::{AcmeAccountId, AcmeOrderId};
use crate::approval::LinkDigest;
use crate::framed_hash::{is_lower_hex, is_sha256};
use crate::ids::{IssuerId, RequestId};
use pki::base64url::Base64Url;
use pki::certificate::Serial;
use pki::issuer::Issuer;

/// The prefix of the keys of approvals; the table also has links.
pub const APPROVALS: &str = "request#";
/// The prefix of the keys of inbox links, which last an hour.
pub const INBOXES: &str = "inbox#";
/// The prefix of the sort keys of passkeys in the table `people`.
pub const PASSKEYS: &str = "passkey#";
/// The folder of the issuers.
pub const ISSUERS: &str = "ca-certificate/";
/// The folder of the issued certificates.
pub const CERTIFICATES: &str = "signed-certificate/";

/// The folder of the log of certificates (C2SP tlog-tiles), and of the receipts below it.
pub const LOG: &str = "log/";

/// The key of a receipt.
pub fn receipt_key(serial: &Serial) -> String {
    format!("{LOG}receipt/{serial}.json")
}

/// The key of the approval of a request.
pub fn approval_key(id: RequestId) -> String {
    format!("{APPROVALS}{id}")
}

/// The key of an inbox link.
pub fn inbox_key(digest: &LinkDigest) -> String {
    format!("{INBOXES}{}", digest.as_str())
}

/// The key of a link.
pub fn link_key(digest: &LinkDigest) -> String {
    format!("link#{}", digest.as_str())
}

/// The prefix of the sort keys of providers' keys in the table `people`.
pub const PROVIDER_KEYS: &str = "key#";

/// The sort key of a provider's key in the table `people`.
pub fn provider_key(thumbprint: &str) -> String {
    format!("{PROVIDER_KEYS}{thumbprint}")
}

/// The partition of a provider's keys in the table `people`.
pub fn provider_partition(issuer: &str) -> String {
    format!("provider#{issuer}")
}

/// The sort key of a standing approval in the table `grants`.
pub const STANDING_APPROVAL: &str = "approval";

/// The prefix of the sort keys of uses in the table `grants`.
pub const STANDING_USES: &str = "use#";

/// The sort key of a use in the table `grants`: of the certificate of a request.
pub fn standing_use_key(request: RequestId) -> String {
    format!("{STANDING_USES}{request}")
}

/// The partition of an account in the table `acme`: the account, and its orders.
pub fn acme_account_key(id: &AcmeAccountId) -> String {
    format!("account#{id}")
}

/// The prefix of the sort keys of orders in the partition of their account.
pub const ACME_ORDERS: &str = "order#";

/// The sort key of an order in the partition of its account.
pub fn acme_order_key(id: &AcmeOrderId) -> String {
    format!("{ACME_ORDERS}{id}")
}

/// The sort key of a passkey in the table `people`.
pub fn passkey_key(credential_id: &Base64Url) -> String {
    format!("{PASSKEYS}{credential_id}")
}

/// The key of a certificate in the bucket. Other keys are not parsed, so that an import writes only certificates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectKey {
    /// The certificate in force of an issuer, and its chain.
    IssuerInForce(IssuerId),
    /// An issuer and its chain, by what is unique to them: never overwritten.
    IssuerChain {
        /// The subject key identifier of the issuer, in lower-case hex.
        identifier: String,
        /// [`Issuer::chain_digest`]: the SHA-256 of the object.
        digest: String,
    },
    /// An issuer and its chain, by the subject key identifier alone, as versions before 0.2 stored them. Only read:
    /// renewed certificates share the identifier.
    Issuer(String),
    /// An issued certificate.
    Certificate(Serial),
}

impl ObjectKey {
    /// The key under which an issuer and its chain are stored.
    pub fn of_issuer(issuer: &Issuer) -> Self {
        Self::IssuerChain { identifier: issuer.key_identifier(), digest: issuer.chain_digest() }
    }

    /// The beginning of the keys of every issuer with a subject key identifier.
    pub fn issuers_with(key_identifier: &str) -> String {
        format!("{ISSUERS}{key_identifier}")
    }

    /// True if the object holds an issuer with this subject key identifier, in force or former.
    pub fn is_of_issuer(&self, key_identifier: &str) -> bool {
        match self {
            Self::IssuerChain { identifier, .. } | Self::Issuer(identifier) => identifier == key_identifier,
            Self::IssuerInForce(_) | Self::Certificate(_) => false,
        }
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IssuerInForce(id) if id.is_default() => write!(f, "{ISSUERS}current.pem"),
            Self::IssuerInForce(id) => write!(f, "{ISSUERS}{id}/current.pem"),
            Self::IssuerChain { identifier, digest } => write!(f, "{ISSUERS}{identifier}/{digest}.pem"),
            Self::Issuer(identifier) => write!(f, "{ISSUERS}{identifier}.pem"),
            Self::Certificate(serial) => write!(f, "{CERTIFICATES}{serial}/certificate.pem"),
        }
    }
}

impl FromStr for ObjectKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let issuer = text.strip_prefix(ISSUERS).and_then(|rest| rest.strip_suffix(".pem"));
        let certificate =
            text.strip_prefix(CERTIFICATES).and_then(|rest| rest.strip_suffix("/certificate.pem"));
        // RFC 5280 section 4.2.1.2 does not limit the length of a key identifier.
        let is_identifier = |text: &str| (2..=128).contains(&text.len()) && is_lower_hex(text);
        let key = match (issuer, certificate) {
            (Some("current"), _) => Some(Self::IssuerInForce(IssuerId::DEFAULT)),
            (Some(identifier), _) if is_identifier(identifier) => Some(Self::Issuer(identifier.to_owned())),
            (Some(name), _) => match name.split_once('/') {
                Some((id, "current")) => id.parse().ok().map(Self::IssuerInForce),
                Some((identifier, digest)) if is_identifier(identifier) && is_sha256(digest) => {
                    Some(Self::IssuerChain { identifier: identifier.to_owned(), digest: digest.to_owned() })
                }
                _ => None,
            },
            (_, Some(serial)) => serial.parse().ok().map(Self::Certificate),
            _ => None,
        };
        // Only the canonical spelling: "0a" and "0A" are one serial, but two objects.
        key.filter(|key| key.to_string() == text)
            .ok_or_else(|| "it is not the key of a certificate".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_certificates_are_objects() {
        for good in [
            "ca-certificate/current.pem",
            "ca-certificate/tls-2027/current.pem",
            "ca-certificate/0123456789abcdef0123456789abcdef01234567.pem",
            concat!(
                "ca-certificate/0123456789abcdef0123456789abcdef01234567/",
                "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.pem"
            ),
            "signed-certificate/4f74ac0024d1a164f33f5e049ca7dcd5ba735236/certificate.pem",
        ] {
            assert_eq!(good.parse::<ObjectKey>().unwrap().to_string(), good);
        }
        for bad in [
            "",
            "policy/x.toml",
            "ca-certificate/../current.pem",
            "ca-certificate/CURRENT.pem",
            "ca-certificate/.pem",
            "ca-certificate/default/current.pem",
            "ca-certificate//current.pem",
            "ca-certificate/a/b/current.pem",
            "ca-certificate/0123/9f86.pem",
            "signed-certificate/4F74AC0024D1A164/certificate.pem",
            "signed-certificate/004f/certificate.pem",
            "signed-certificate//certificate.pem",
            "signed-certificate/4f/../../x/certificate.pem",
        ] {
            assert!(bad.parse::<ObjectKey>().is_err(), "{bad}");
        }
    }
}
