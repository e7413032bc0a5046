//! The keys of the table `approvals`, and of the objects in the bucket.

use std::fmt;
use std::str::FromStr;

use crate::approval::LinkDigest;
use crate::ids::{IssuerId, RequestId};
use pki::certificate::Serial;

/// The prefix of the keys of approvals; the table also has links.
pub const APPROVALS: &str = "request#";
/// The folder of the issuers.
pub const ISSUERS: &str = "ca-certificate/";
/// The folder of the issued certificates.
pub const CERTIFICATES: &str = "signed-certificate/";

/// The key of the approval of a request.
pub fn approval_key(id: RequestId) -> String {
    format!("{APPROVALS}{id}")
}

/// The key of a link.
pub fn link_key(digest: &LinkDigest) -> String {
    format!("link#{}", digest.as_str())
}

/// The key of a certificate in the bucket. Other keys are not parsed, so that an import writes only certificates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectKey {
    /// The certificate in force of an issuer, and its chain.
    IssuerInForce(IssuerId),
    /// An issuer and its chain, by its subject key identifier in lower-case hex.
    Issuer(String),
    /// An issued certificate.
    Certificate(Serial),
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IssuerInForce(id) if id.is_default() => write!(f, "{ISSUERS}current.pem"),
            Self::IssuerInForce(id) => write!(f, "{ISSUERS}{id}/current.pem"),
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
        let is_hex = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'));
        let key = match (issuer, certificate) {
            (Some("current"), _) => Some(Self::IssuerInForce(IssuerId::DEFAULT)),
            // RFC 5280 section 4.2.1.2 does not limit the length of a key identifier.
            (Some(identifier), _) if (2..=128).contains(&identifier.len()) && is_hex(identifier) => {
                Some(Self::Issuer(identifier.to_owned()))
            }
            (Some(name), _) => {
                name.strip_suffix("/current").and_then(|id| id.parse().ok()).map(Self::IssuerInForce)
            }
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
            "signed-certificate/4F74AC0024D1A164/certificate.pem",
            "signed-certificate/004f/certificate.pem",
            "signed-certificate//certificate.pem",
            "signed-certificate/4f/../../x/certificate.pem",
        ] {
            assert!(bad.parse::<ObjectKey>().is_err(), "{bad}");
        }
    }
}
