//! The types of errors (RFC 8555 section 6.7 and the registries that extend it), as far as this server has them.

/// The type of a problem document.
///
/// `caa`, `connection`, `dns`, `incorrectResponse` and `tls` are about challenges, and `userActionRequired` is about terms of
/// service; this server has neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AcmeErrorType {
    /// The account does not exist.
    AccountDoesNotExist,
    /// RFC 9773 section 7.4: another order replaces the certificate already.
    AlreadyReplaced,
    /// The certificate is revoked already.
    AlreadyRevoked,
    /// The CSR is unacceptable.
    BadCsr,
    /// The nonce is unacceptable or missing; clients repeat the request with a fresh one.
    BadNonce,
    /// The public key is not supported, or weak.
    BadPublicKey,
    /// The reason of a revocation is not allowed.
    BadRevocationReason,
    /// The algorithm of the signature is not supported.
    BadSignatureAlgorithm,
    /// The subproblems are of several types.
    Compound,
    /// The request must have an external account binding.
    ExternalAccountRequired,
    /// A contact URL is invalid.
    InvalidContact,
    /// draft-ietf-acme-profiles section 6.3: the profile does not exist, or does not suit the order.
    InvalidProfile,
    /// The request is malformed.
    Malformed,
    /// The order is not ready to be finalized.
    OrderNotReady,
    /// There were too many requests.
    RateLimited,
    /// No certificate will be issued for the identifier.
    RejectedIdentifier,
    /// The server failed.
    ServerInternal,
    /// The client lacks authorization.
    Unauthorized,
    /// A contact URL has a scheme that is not supported.
    UnsupportedContact,
    /// The type of an identifier is not supported.
    UnsupportedIdentifier,
}

impl AcmeErrorType {
    /// All types.
    pub const ALL: [AcmeErrorType; 20] = [
        Self::AccountDoesNotExist,
        Self::AlreadyReplaced,
        Self::AlreadyRevoked,
        Self::BadCsr,
        Self::BadNonce,
        Self::BadPublicKey,
        Self::BadRevocationReason,
        Self::BadSignatureAlgorithm,
        Self::Compound,
        Self::ExternalAccountRequired,
        Self::InvalidContact,
        Self::InvalidProfile,
        Self::Malformed,
        Self::OrderNotReady,
        Self::RateLimited,
        Self::RejectedIdentifier,
        Self::ServerInternal,
        Self::Unauthorized,
        Self::UnsupportedContact,
        Self::UnsupportedIdentifier,
    ];

    /// The URN.
    #[must_use]
    pub const fn urn(self) -> &'static str {
        match self {
            Self::AccountDoesNotExist => "urn:ietf:params:acme:error:accountDoesNotExist",
            Self::AlreadyReplaced => "urn:ietf:params:acme:error:alreadyReplaced",
            Self::AlreadyRevoked => "urn:ietf:params:acme:error:alreadyRevoked",
            Self::BadCsr => "urn:ietf:params:acme:error:badCSR",
            Self::BadNonce => "urn:ietf:params:acme:error:badNonce",
            Self::BadPublicKey => "urn:ietf:params:acme:error:badPublicKey",
            Self::BadRevocationReason => "urn:ietf:params:acme:error:badRevocationReason",
            Self::BadSignatureAlgorithm => "urn:ietf:params:acme:error:badSignatureAlgorithm",
            Self::Compound => "urn:ietf:params:acme:error:compound",
            Self::ExternalAccountRequired => "urn:ietf:params:acme:error:externalAccountRequired",
            Self::InvalidContact => "urn:ietf:params:acme:error:invalidContact",
            Self::InvalidProfile => "urn:ietf:params:acme:error:invalidProfile",
            Self::Malformed => "urn:ietf:params:acme:error:malformed",
            Self::OrderNotReady => "urn:ietf:params:acme:error:orderNotReady",
            Self::RateLimited => "urn:ietf:params:acme:error:rateLimited",
            Self::RejectedIdentifier => "urn:ietf:params:acme:error:rejectedIdentifier",
            Self::ServerInternal => "urn:ietf:params:acme:error:serverInternal",
            Self::Unauthorized => "urn:ietf:params:acme:error:unauthorized",
            Self::UnsupportedContact => "urn:ietf:params:acme:error:unsupportedContact",
            Self::UnsupportedIdentifier => "urn:ietf:params:acme:error:unsupportedIdentifier",
        }
    }

    /// The usual status of the response.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            // RFC 8555 names 400 for the errors of sections 6.2, 6.5, 7.3.1 and 7.6.
            Self::AccountDoesNotExist
            | Self::AlreadyRevoked
            | Self::BadCsr
            | Self::BadNonce
            | Self::BadPublicKey
            | Self::BadRevocationReason
            | Self::BadSignatureAlgorithm
            | Self::Compound
            | Self::InvalidContact
            | Self::InvalidProfile
            | Self::Malformed
            | Self::UnsupportedContact
            | Self::UnsupportedIdentifier => 400,
            // RFC 8555 section 7.4: 403 for an order that is not ready.
            Self::ExternalAccountRequired
            | Self::OrderNotReady
            | Self::RejectedIdentifier
            | Self::Unauthorized => 403,
            // RFC 9773 section 5.
            Self::AlreadyReplaced => 409,
            Self::RateLimited => 429,
            Self::ServerInternal => 500,
        }
    }
}
