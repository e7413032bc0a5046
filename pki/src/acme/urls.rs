//! The URLs of the resources, below one base.
//!
//! Invariant: each URL is made here, from the configured base and never from the `Host` of a request, so that the URL that a
//! client signed is the one that it was given. Ids are letters, digits, hyphens and underscores.

use super::authorization::ChallengeType;
use super::error_type::AcmeErrorType;
use super::problem::AcmeProblem;

/// The most characters of an id.
const MAX_ID_CHARS: usize = 64;

/// The URLs of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcmeUrls {
    base: String,
}

impl AcmeUrls {
    /// The URLs below a base such as `https://pki.example.com/acme`.
    #[must_use]
    pub fn new(base: &str) -> Self {
        Self { base: base.trim_end_matches('/').to_owned() }
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> String {
        self.below("directory")
    }

    /// New nonces.
    #[must_use]
    pub fn new_nonce(&self) -> String {
        self.below("new-nonce")
    }

    /// New accounts.
    #[must_use]
    pub fn new_account(&self) -> String {
        self.below("new-account")
    }

    /// New orders.
    #[must_use]
    pub fn new_order(&self) -> String {
        self.below("new-order")
    }

    /// Revocations.
    #[must_use]
    pub fn revoke_cert(&self) -> String {
        self.below("revoke-cert")
    }

    /// Changes of keys.
    #[must_use]
    pub fn key_change(&self) -> String {
        self.below("key-change")
    }

    /// Renewal information; a slash and the [`RenewalCertId`](super::RenewalCertId) of a certificate follow.
    #[must_use]
    pub fn renewal_info(&self) -> String {
        self.below("renewal-info")
    }

    /// An account.
    #[must_use]
    pub fn account(&self, id: &str) -> String {
        self.below(&format!("account/{id}"))
    }

    /// The orders of an account.
    #[must_use]
    pub fn orders(&self, account: &str) -> String {
        self.below(&format!("account/{account}/orders"))
    }

    /// An order.
    #[must_use]
    pub fn order(&self, id: &str) -> String {
        self.below(&format!("order/{id}"))
    }

    /// Where the CSR of an order is sent.
    #[must_use]
    pub fn finalize(&self, order: &str) -> String {
        self.below(&format!("order/{order}/finalize"))
    }

    /// The certificate of an order.
    #[must_use]
    pub fn certificate(&self, order: &str) -> String {
        self.below(&format!("order/{order}/certificate"))
    }

    /// Another chain of the certificate of an order, counted from 1.
    #[must_use]
    pub fn alternate(&self, order: &str, number: usize) -> String {
        self.below(&format!("order/{order}/certificate/{number}"))
    }

    /// The authorization of an identifier of an order, counted from 0.
    #[must_use]
    pub fn authorization(&self, order: &str, identifier: usize) -> String {
        self.below(&format!("authorization/{order}/{identifier}"))
    }

    /// A challenge of an authorization.
    #[must_use]
    pub fn challenge(&self, order: &str, identifier: usize, challenge: ChallengeType) -> String {
        self.below(&format!("authorization/{order}/{identifier}/{}", challenge.name()))
    }

    /// The id in the URL of an account, as `kid` has it.
    ///
    /// # Errors
    /// `accountDoesNotExist` for any other URL.
    pub fn account_id<'a>(&self, url: &'a str) -> Result<&'a str, AcmeProblem> {
        let id = url.strip_prefix(self.base.as_str()).and_then(|path| path.strip_prefix("/account/"));
        id.filter(|id| is_id(id)).ok_or_else(Self::no_account)
    }

    /// The problem of an account that is not there, or is no account of this server.
    #[must_use]
    pub fn no_account() -> AcmeProblem {
        let detail = "the account does not exist; register with newAccount, and use the URL in the header Location as \"kid\"";
        AcmeProblem::new(AcmeErrorType::AccountDoesNotExist, detail)
    }

    fn below(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }
}

fn is_id(text: &str) -> bool {
    let is_part = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    (1..=MAX_ID_CHARS).contains(&text.len()) && text.bytes().all(is_part)
}
