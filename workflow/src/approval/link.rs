//! The links of requesters and approvers, all below one public base URL.
//!
//! Invariant: the key of a requester's link is derived from the link secret and the request id (HMAC-SHA256), so every
//! mail has the same working link, and no table stores it. An approver's link has a random [`LinkKey`]; tables store
//! only its digest.

use std::fmt;

use aws_lc_rs::{digest, hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use url::Url;

use crate::email::Email;
use crate::enrolment::{Enrolment, EnrolmentId};
use crate::ids::RequestId;
use crate::secret::Secret;
use crate::timestamp::whole_seconds;
use crate::web_url;

/// The secret of one approver's link. Never stored, never logged.
#[derive(Debug)]
pub struct LinkKey(Secret<[u8; 32]>);

impl LinkKey {
    /// A fresh key of 256 random bits.
    ///
    /// # Errors
    /// [`NoRandomness`] if the operating system gives no random bytes.
    pub fn random() -> Result<Self, NoRandomness> {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(Self(Secret::new(bytes)))
    }

    /// Reads the key from a link's path; `None` for any text that is not exactly one key.
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Secret::new).map(Self)
    }

    /// The text that goes into the link, and nowhere else: base64url without padding, 43 characters.
    pub fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.expose())
    }

    /// The digest of the key; the table stores only the digest.
    pub fn digest(&self) -> LinkDigest {
        LinkDigest(hex::encode(digest::digest(&digest::SHA256, self.0.expose())))
    }
}

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomness;

/// Lower-case hex SHA-256 of a link's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LinkDigest(String);

impl LinkDigest {
    /// The digest as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One approver's link to one request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// The key of the row.
    pub digest: LinkDigest,
    /// The request of the link.
    pub request_id: RequestId,
    /// The approver who received the link.
    pub approver: Email,
    /// The [`Approval::generation`](super::Approval::generation) of the link; a later generation invalidates it.
    pub generation: u32,
    /// The time of creation, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// How long the link of an approver to everything that waits for them works.
pub const INBOX_LIFETIME: Duration = Duration::hours(1);

/// The link of an approver to everything that waits for them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InboxLink {
    /// The key of the row.
    pub digest: LinkDigest,
    /// The approver who received the link.
    pub approver: Email,
    /// The time until which it works, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
}

impl InboxLink {
    /// The link with this key, from `now` on.
    pub fn new(key: &LinkKey, approver: &Email, now: OffsetDateTime) -> Self {
        Self { digest: key.digest(), approver: approver.clone(), until: whole_seconds(now + INBOX_LIFETIME) }
    }
}

/// The public base URL, with a trailing slash, to which all paths of docs/api.md are relative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// Reads the base URL: http or https, with a host, without query, fragment or user.
    ///
    /// # Errors
    /// One line that describes the error.
    pub fn parse(text: &str) -> Result<Self, String> {
        web_url::read(text, &["http", "https"]).map(Self)
    }

    /// The URL as text, with its trailing slash.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host of the URL, if it is a domain.
    pub fn domain(&self) -> Option<&str> {
        self.0.domain()
    }

    /// True if AWS chose the host, as for an API of API Gateway: another stack gets another one.
    pub fn is_of_aws(&self) -> bool {
        self.domain().is_some_and(|host| host.contains(".amazonaws.com"))
    }

    /// The origin of the URL, as browsers write it.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// The path of the URL, with its trailing slash.
    pub fn path(&self) -> &str {
        self.0.path()
    }

    /// The link of an approver to a request.
    pub fn approval(&self, key: &LinkKey) -> String {
        format!("{}approvals/{}", self.0, key.expose())
    }

    /// The link of a requester to the status of a request.
    pub fn status(&self, id: RequestId, key: &StatusKey) -> String {
        format!("{}requests/{id}?key={}", self.0, key.expose())
    }

    /// The link of a requester to all requests of the same address.
    pub fn overview(&self, key: &OverviewKey) -> String {
        format!("{}mine/{}", self.0, key.expose())
    }

    /// The link of an approver to everything that waits for them; links to single requests continue it.
    pub fn inbox(&self, key: &LinkKey) -> String {
        format!("{}approvals/mine/{}/", self.0, key.expose())
    }

    /// The link that confirms a request; only its mail has the key.
    pub fn confirmation(&self, id: RequestId, key: &StatusKey) -> String {
        format!("{}requests/{id}/confirm?key={}", self.0, key.expose())
    }

    /// The link of a requester to the form that renews the certificate of a request.
    pub fn renewal(&self, id: RequestId, key: &StatusKey) -> String {
        format!("{}?renew={id}&key={}", self.0, key.expose())
    }

    /// The link of a requester to the form, filled in with the values of a request.
    pub fn again(&self, id: RequestId, key: &StatusKey) -> String {
        format!("{}?again={id}&key={}", self.0, key.expose())
    }

    /// The address to which the identity provider sends an approver back.
    pub fn signed_in(&self) -> String {
        format!("{}signed-in", self.0)
    }

    /// The link of an invitation to set up a passkey for the console.
    pub fn console_invitation(&self, key: &str) -> String {
        format!("{}console/passkey?key={key}", self.0)
    }

    /// The link by which others vouch for a passkey.
    pub fn vouch(&self, enrolment: &Enrolment, key: &VouchKey) -> String {
        format!("{}people/vouch?enrolment={}&key={}", self.0, enrolment.to_link_text(), key.expose())
    }

    /// The link of a requester to the certificate, as a zip.
    pub fn certificate(&self, id: RequestId, key: &StatusKey) -> String {
        format!("{}requests/{id}/certificate.zip?key={}", self.0, key.expose())
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The link secret: the keys of all requesters' links are derived from it.
#[derive(Debug)]
pub struct LinkSecret {
    current: Secret<hmac::Key>,
    /// The secret before, whose links still open.
    previous: Option<Secret<hmac::Key>>,
}

impl LinkSecret {
    /// The shortest accepted secret, in bytes.
    pub const MIN_BYTES: usize = 32;

    /// Derives the HMAC key from the text of the secret.
    ///
    /// # Errors
    /// One line, if the secret is shorter than [`LinkSecret::MIN_BYTES`].
    pub fn new(secret: &str) -> Result<Self, String> {
        if secret.len() < Self::MIN_BYTES {
            return Err(format!(
                "the link secret has {} bytes; at least {} are needed",
                secret.len(),
                Self::MIN_BYTES
            ));
        }
        let current = Secret::new(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()));
        Ok(Self { current, previous: None })
    }

    /// This secret, with which the links of `previous` open too. New links are made with this secret alone.
    #[must_use]
    pub fn with_previous(self, previous: Self) -> Self {
        Self { previous: Some(previous.current), ..self }
    }

    /// True if `tag` is that of `text` under this secret or the one before.
    fn verifies(&self, text: &str, tag: &[u8]) -> bool {
        let is_of = |key: &Secret<hmac::Key>| hmac::verify(key.expose(), text.as_bytes(), tag).is_ok();
        // Both are computed in any case: the time must not tell which secret made the tag.
        let before = self.previous.as_ref().is_some_and(is_of);
        is_of(&self.current) || before
    }

    /// The key of a link to one request.
    pub fn status_key(&self, id: RequestId, given: LinkGiven) -> StatusKey {
        let tag = hmac::sign(self.current.expose(), given.text(id).as_bytes());
        StatusKey(Secret::new(URL_SAFE_NO_PAD.encode(tag)))
    }

    /// The id of the request for a requester's idempotency key: the same address and key always give the same id. With
    /// `contents`, a digest of the submission, the id for these contents only.
    pub fn request_id(&self, email: &Email, key: &str, contents: Option<&str>) -> RequestId {
        let email = email.as_str().to_ascii_lowercase();
        let text = format!("request {email}\0{key}\0{}", contents.unwrap_or_default());
        let tag = hmac::sign(self.current.expose(), text.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&tag.as_ref()[..16]);
        RequestId::from_hash(bytes)
    }

    /// The key of a link to all requests of the address that made request `id`; valid until `until`.
    pub fn overview_key(&self, id: RequestId, until: OffsetDateTime) -> OverviewKey {
        let until = until.unix_timestamp();
        let tag =
            URL_SAFE_NO_PAD.encode(hmac::sign(self.current.expose(), overview_text(id, until).as_bytes()));
        OverviewKey(Secret::new(format!("{id}.{until}.{tag}")))
    }

    /// Returns the request in `key`, which opens all requests of the same address; `None` if the key is invalid, or has
    /// expired at `now`.
    pub fn opens_overview(&self, key: &str, now: OffsetDateTime) -> Option<RequestId> {
        let mut parts = key.split('.');
        let (id, until, tag) = (parts.next()?, parts.next()?, parts.next()?);
        let (id, until) = (id.parse::<RequestId>().ok()?, until.parse::<i64>().ok()?);
        let tag = URL_SAFE_NO_PAD.decode(tag).ok().filter(|_| parts.next().is_none())?;
        (self.verifies(&overview_text(id, until), &tag) && now.unix_timestamp() < until).then_some(id)
    }

    /// The key of the link by which others vouch for a passkey.
    pub fn vouch_key(&self, enrolment: &EnrolmentId) -> VouchKey {
        let tag = hmac::sign(self.current.expose(), vouch_text(enrolment).as_bytes());
        VouchKey(Secret::new(URL_SAFE_NO_PAD.encode(tag)))
    }

    /// True if `key` is that of the link by which others vouch for this enrolment.
    pub fn opens_vouch(&self, enrolment: &EnrolmentId, key: &str) -> bool {
        URL_SAFE_NO_PAD.decode(key).is_ok_and(|tag| self.verifies(&vouch_text(enrolment), &tag))
    }

    /// The key for another use, which follows from this secret and a text of that use; and the one that followed from the secret
    /// before, which still verifies.
    pub(crate) fn derived_keys(&self, text: &str) -> (Secret<[u8; 32]>, Option<Secret<[u8; 32]>>) {
        let derived = |key: &Secret<hmac::Key>| {
            let mut octets = [0; 32];
            octets.copy_from_slice(hmac::sign(key.expose(), text.as_bytes()).as_ref());
            Secret::new(octets)
        };
        (derived(&self.current), self.previous.as_ref().map(derived))
    }

    /// To whom the link with `key` was given, if it opens the request. Takes the same time for every wrong key.
    pub fn opens(&self, id: RequestId, key: &str) -> Option<LinkGiven> {
        let tag = URL_SAFE_NO_PAD.decode(key).ok()?;
        let opens = |given: &LinkGiven| self.verifies(&given.text(id), &tag);
        // Both are tried in any case: the time must not tell which kind of key it is.
        let [mailed, answered] =
            [LinkGiven::ByMail, LinkGiven::InAnswer].map(|given| opens(&given).then_some(given));
        mailed.or(answered)
    }
}

/// How a requester's link was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkGiven {
    /// In the answer to the submission, to whoever sent it.
    InAnswer,
    /// By mail, to the reader of the requester's mailbox.
    ByMail,
}

impl LinkGiven {
    /// The text that the HMAC tag of a key authenticates.
    fn text(self, id: RequestId) -> String {
        match self {
            Self::InAnswer => format!("status {id}"),
            Self::ByMail => format!("mailed status {id}"),
        }
    }
}

/// The text that the HMAC tag of an overview key authenticates.
fn overview_text(id: RequestId, until: i64) -> String {
    format!("overview {id} {until}")
}

/// The text that the HMAC tag of a vouch key authenticates.
fn vouch_text(enrolment: &EnrolmentId) -> String {
    format!("vouch {enrolment}")
}

/// The key of the link by which others vouch for a passkey. Without it, anybody could ask which approvers have passkeys.
#[derive(Debug)]
pub struct VouchKey(Secret<String>);

impl VouchKey {
    /// The text that goes into the link, and nowhere else.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// The key of a link to all requests of an address, valid for a limited time.
#[derive(Debug)]
pub struct OverviewKey(Secret<String>);

impl OverviewKey {
    /// The text that goes into the link, and nowhere else.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// The key of one requester's link.
#[derive(Debug)]
pub struct StatusKey(Secret<String>);

impl StatusKey {
    /// The text that goes into the link, and nowhere else.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vouch_key_is_for_one_enrolment() {
        let secret = LinkSecret::new(&"s".repeat(64)).unwrap();
        let id = |name: &str| {
            let holder = crate::testing::passkeys::PasskeyHolder::new(name);
            holder.enrolment().id("https://pki.example.com/")
        };
        let (one, other) = (id("a@example.com"), id("b@example.com"));
        let key = secret.vouch_key(&one);
        assert!(secret.opens_vouch(&one, key.expose()));
        assert!(!secret.opens_vouch(&other, key.expose()));
        assert!(!secret.opens_vouch(&one, "") && !secret.opens_vouch(&one, "AAAA"));
        assert!(!format!("{key:?}").contains(key.expose()));
    }

    #[test]
    fn a_status_key_opens_its_request_and_no_other() {
        let secret = LinkSecret::new(&"s".repeat(64)).unwrap();
        let (one, other) = (RequestId::random(), RequestId::random());
        for given in [LinkGiven::InAnswer, LinkGiven::ByMail] {
            let key = secret.status_key(one, given);
            assert_eq!(secret.opens(one, key.expose()), Some(given));
            assert_eq!(secret.opens(other, key.expose()), None);
            assert_eq!(secret.opens(one, &key.expose()[..42]), None);
            assert_eq!(LinkSecret::new(&"t".repeat(64)).unwrap().opens(one, key.expose()), None);
        }
        assert_eq!(secret.opens(one, ""), None);
        assert!(LinkSecret::new("short").is_err());
    }

    #[test]
    fn links_of_the_secret_before_open_and_those_before_it_do_not() {
        let secret = |letter: &str| LinkSecret::new(&letter.repeat(64)).unwrap();
        let (id, now) = (RequestId::random(), time::macros::datetime!(2026-01-01 12:00 UTC));
        let replaced = secret("b").with_previous(secret("a"));
        for (letter, opens) in [("a", true), ("b", true), ("c", false)] {
            let key = secret(letter).status_key(id, LinkGiven::ByMail);
            assert_eq!(replaced.opens(id, key.expose()).is_some(), opens, "{letter}");
            let key = secret(letter).overview_key(id, now + Duration::HOUR);
            assert_eq!(replaced.opens_overview(key.expose(), now).is_some(), opens, "{letter}");
        }
        let made = replaced.status_key(id, LinkGiven::ByMail);
        assert_eq!(secret("b").opens(id, made.expose()), Some(LinkGiven::ByMail));
        assert!(replaced.opens(id, "x").is_none());
    }

    #[test]
    fn an_idempotency_key_is_one_id_under_one_secret() {
        let secret = LinkSecret::new(&"s".repeat(64)).unwrap();
        let email = |text: &str| text.parse::<Email>().unwrap();
        let id = secret.request_id(&email("a@example.com"), "key", None);
        assert_eq!(secret.request_id(&email("A@example.com"), "key", None), id);
        for other in [
            secret.request_id(&email("b@example.com"), "key", None),
            secret.request_id(&email("a@example.com"), "kez", None),
            secret.request_id(&email("a@example.com"), "key", Some("contents")),
            LinkSecret::new(&"t".repeat(64)).unwrap().request_id(&email("a@example.com"), "key", None),
        ] {
            assert_ne!(other, id);
        }
    }

    #[test]
    fn an_overview_key_opens_for_a_while() {
        let secret = LinkSecret::new(&"s".repeat(64)).unwrap();
        let now = time::macros::datetime!(2026-01-01 12:00 UTC);
        let id = RequestId::random();
        let key = secret.overview_key(id, now + Duration::HOUR);
        assert_eq!(secret.opens_overview(key.expose(), now), Some(id));
        assert_eq!(secret.opens_overview(key.expose(), now + Duration::HOUR), None);
        let [_, until, tag] = key.expose().split('.').collect::<Vec<_>>()[..] else { panic!() };
        for forged in [
            String::new(),
            format!("{}.{until}.{tag}", RequestId::random()),
            format!("{id}.{}.{tag}", i64::MAX),
            format!("{}.x", key.expose()),
            secret.status_key(id, LinkGiven::ByMail).expose().to_owned(),
        ] {
            assert_eq!(secret.opens_overview(&forged, now), None, "{forged}");
        }
        assert_eq!(secret.opens(id, tag), None, "one kind of key does not open the other");
    }

    #[test]
    fn base_urls_end_with_a_slash_and_carry_nothing_else() {
        assert_eq!(BaseUrl::parse("http://localhost:8080").unwrap().as_str(), "http://localhost:8080/");
        assert_eq!(BaseUrl::parse("https://a.example/x").unwrap().path(), "/x/");
        for bad in ["", "ftp://a/", "https://a/?b", "https://a/#b", "https://u@a/", "/x"] {
            assert!(BaseUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_link_key_is_read_back_and_never_shown() {
        let key = LinkKey::random().unwrap();
        let text = key.expose();
        assert_eq!(text.len(), 43);
        assert_eq!(LinkKey::parse(&text).unwrap().digest(), key.digest());
        assert!(!format!("{key:?}").contains(&text));
        for bad in ["", "a", &text[..42], &format!("{text}="), &format!("{text}A"), "../../etc/passwd"] {
            assert!(LinkKey::parse(bad).is_none(), "{bad}");
        }
    }
}
