//! Sessions at the console, and invitations to set a passkey up for it. Both are sealed: no table has them.

use aws_lc_rs::rand;
use pki::base64url::Base64Url;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::sealed;
use super::sign_in::ConsoleVisitor;
use crate::approval::LinkSecret;
use crate::approver_set::Identity;
use crate::email::Email;
use crate::policy::{ConsoleRole, Policy};
use crate::timestamp::whole_seconds;

const SESSION: &str = "countersign console session 1";
const FORMS: &str = "countersign console forms 1";
const INVITATION: &str = "countersign console invitation 1";

/// A session at the console.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsoleSession {
    /// Who signed in, and how they are known.
    #[serde(flatten)]
    pub visitor: ConsoleVisitor,
    /// How they proved it.
    pub identity: Identity,
    /// The time of the sign-in, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub began: OffsetDateTime,
    /// The time of the last call, UTC, within [`Self::REFRESH`].
    #[serde(with = "time::serde::rfc3339")]
    pub seen: OffsetDateTime,
    /// A random text, so that each session has form keys of its own.
    random: String,
}

impl ConsoleSession {
    /// A session ends if nothing is called for this long.
    pub const IDLE: Duration = Duration::minutes(15);
    /// A session ends after this long, whatever is called.
    pub const LONGEST: Duration = Duration::hours(8);
    /// The cookie is written anew after this long.
    pub const REFRESH: Duration = Duration::minutes(1);

    /// Begins a session; `None` if the operating system gives no random bytes.
    #[must_use]
    pub fn begin(visitor: ConsoleVisitor, identity: Identity, now: OffsetDateTime) -> Option<Self> {
        let (mut random, now) = ([0; 16], whole_seconds(now));
        rand::fill(&mut random).ok()?;
        let random = Base64Url(random.to_vec()).to_string();
        Some(Self { visitor, identity, began: now, seen: now, random })
    }

    /// The text of the cookie. A bearer secret.
    #[must_use]
    pub fn seal(&self, secret: &LinkSecret) -> String {
        sealed::seal(secret, SESSION, self)
    }

    /// Reads the text of a cookie; `None` if it is not one of ours, or if the session has ended.
    #[must_use]
    pub fn open(text: &str, secret: &LinkSecret, now: OffsetDateTime) -> Option<Self> {
        let session: Self = sealed::open(secret, SESSION, text)?;
        let is_alive = now < session.seen + Self::IDLE && now < session.began + Self::LONGEST;
        is_alive.then_some(session)
    }

    /// The session with the time of this call, if its cookie is to be written anew.
    #[must_use]
    pub fn refreshed(&self, now: OffsetDateTime) -> Option<Self> {
        let now = whole_seconds(now);
        (now >= self.seen + Self::REFRESH).then(|| Self { seen: now, ..self.clone() })
    }

    /// What the policy in force lets the person do; `None` if nothing, or if it asks for another proof by now.
    #[must_use]
    pub fn role(&self, policy: &Policy) -> Option<ConsoleRole> {
        let rules = policy.console().filter(|rules| rules.identity() == self.identity)?;
        rules.role(self.visitor.listed.as_ref(), &self.visitor.groups)
    }

    /// The key that the forms of this session carry. No page of another site knows it.
    #[must_use]
    pub fn form_key(&self, secret: &LinkSecret) -> String {
        sealed::seal(secret, FORMS, &self.random)
    }

    /// True if a form has a key of this session.
    #[must_use]
    pub fn opens_form(&self, secret: &LinkSecret, key: &str) -> bool {
        sealed::open::<String>(secret, FORMS, key).is_some_and(|random| random == self.random)
    }
}

/// An operator's invitation to set up a passkey for the console, for somebody who approves nothing. The mailbox of the address still has
/// to be read: the code goes there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsoleInvitation {
    /// The address.
    pub person: Email,
    /// The time at which it ends, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
}

impl ConsoleInvitation {
    /// The time for which an invitation works.
    pub const LIFETIME: Duration = Duration::days(1);

    /// Invites a person.
    #[must_use]
    pub fn of(person: Email, now: OffsetDateTime) -> Self {
        Self { person, until: whole_seconds(now) + Self::LIFETIME }
    }

    /// The key in the link.
    #[must_use]
    pub fn seal(&self, secret: &LinkSecret) -> String {
        sealed::seal(secret, INVITATION, self)
    }

    /// Reads the key in a link; `None` if it is not one of ours, or is over.
    #[must_use]
    pub fn open(key: &str, secret: &LinkSecret, now: OffsetDateTime) -> Option<Self> {
        sealed::open(secret, INVITATION, key).filter(|it: &Self| now < it.until)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-30 12:00 UTC);

    fn secret(letter: &str) -> LinkSecret {
        LinkSecret::new(&letter.repeat(64)).unwrap()
    }

    fn session(person: &str) -> ConsoleSession {
        let person: Email = person.parse().unwrap();
        let visitor = ConsoleVisitor { listed: Some(person.clone()), person, groups: Vec::new() };
        ConsoleSession::begin(visitor, Identity::Passkey, NOW).unwrap()
    }

    fn policy(identity: &str, people: &str) -> Policy {
        let text = format!(
            "[people]\noidc = {{ issuer = \"https://id.example.com\", client_id = \"c\" }}\n[console]\nidentity = \"{identity}\"\n\
             {people}\n[profiles.server]\napprovers = [\"a@example.com\"]\nnames.dns.allow = [\"example.com\"]\n"
        );
        Policy::parse(&text).unwrap()
    }

    #[test]
    fn a_session_ends_when_it_is_idle_and_at_last_in_any_case() {
        let (secret, began) = (secret("s"), session("olivia@example.com"));
        let opens = |session: &ConsoleSession, at| ConsoleSession::open(&session.seal(&secret), &secret, at);
        assert_eq!(opens(&began, NOW).as_ref(), Some(&began));
        assert!(opens(&began, NOW + ConsoleSession::IDLE).is_none());
        assert!(began.refreshed(NOW + Duration::seconds(59)).is_none(), "not a cookie for each call");
        let mut session = began.clone();
        let mut now = NOW;
        while now < NOW + ConsoleSession::LONGEST {
            assert!(opens(&session, now).is_some(), "{now}");
            session = session.refreshed(now).unwrap_or(session);
            now += Duration::minutes(10);
        }
        assert!(opens(&session, NOW + ConsoleSession::LONGEST).is_none());
    }

    #[test]
    fn only_our_own_sessions_open_and_one_use_is_not_another() {
        let (own, begun) = (secret("s"), session("olivia@example.com"));
        let sealed = begun.seal(&own);
        assert!(ConsoleSession::open(&sealed, &secret("t"), NOW).is_none());
        // After the secret was replaced, the session goes on.
        let replaced = secret("t").with_previous(secret("s"));
        assert!(ConsoleSession::open(&sealed, &replaced, NOW).is_some());
        assert!(begun.opens_form(&own, &begun.form_key(&own)));
        assert!(!begun.opens_form(&own, &session("olivia@example.com").form_key(&own)));
        assert!(!begun.opens_form(&own, &sealed) && !begun.opens_form(&own, ""));
        let invitation = ConsoleInvitation::of("olivia@example.com".parse().unwrap(), NOW);
        let key = invitation.seal(&own);
        assert_eq!(ConsoleInvitation::open(&key, &own, NOW), Some(invitation));
        assert!(ConsoleInvitation::open(&key, &own, NOW + ConsoleInvitation::LIFETIME).is_none());
        assert!(ConsoleSession::open(&key, &own, NOW).is_none());
    }

    #[test]
    fn the_policy_in_force_decides_what_a_session_may_do() {
        let session = session("olivia@example.com");
        let of = |identity: &str, people: &str| session.role(&policy(identity, people));
        let both = "operators = [\"olivia@example.com\"]\nauditors = [\"eve@example.com\"]";
        assert_eq!(of("passkey", both), Some(ConsoleRole::Operator));
        assert_eq!(of("passkey", "auditors = [\"olivia@example.com\"]"), Some(ConsoleRole::Auditor));
        assert_eq!(of("passkey", "auditors = [\"eve@example.com\"]"), None);
        assert_eq!(of("oidc", both), None, "a passkey is no sign-in at the provider");
    }

    proptest! {
        #[test]
        fn no_other_text_opens(text in "[A-Za-z0-9_.-]{0,200}", cut in 0_usize..100) {
            let (secret, session) = (secret("s"), session("olivia@example.com"));
            prop_assert!(ConsoleSession::open(&text, &secret, NOW).is_none());
            let sealed = session.seal(&secret);
            prop_assert!(ConsoleSession::open(&sealed[..sealed.len() - 1 - cut], &secret, NOW).is_none());
        }
    }
}
