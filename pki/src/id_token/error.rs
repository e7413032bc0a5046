//! The error of ID tokens and keys.

/// Why an ID token proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// The token is too long, or not in its format.
    #[error("{0}")]
    Malformed(&'static str),
    /// The algorithm is not one of [`TOKEN_ALGORITHMS`](super::TOKEN_ALGORITHMS): `none` or HS256, for two.
    #[error("the ID token is signed by an algorithm that is not accepted")]
    Algorithm,
    /// No known key has the id in the header.
    #[error("the ID token is signed by a key that is not known")]
    UnknownKey,
    /// The signature is not from the key over these octets.
    #[error("the signature of the ID token is wrong")]
    BadSignature,
    /// `iss` is another one.
    #[error("the ID token is from another issuer")]
    WrongIssuer,
    /// `aud` or `azp` is another one.
    #[error("the ID token is for another client")]
    WrongAudience,
    /// `nonce` is another one.
    #[error("the ID token is about another decision")]
    WrongNonce,
    /// `iat` is after the use.
    #[error("the ID token is from the future: a clock is wrong")]
    FromTheFuture,
    /// The token was used too late.
    #[error("the ID token has expired")]
    Expired,
    /// `auth_time` is missing, or too long ago.
    #[error("the sign-in is too long ago")]
    OldSignIn,
}

impl IdTokenError {
    /// All errors, for tests and tables.
    pub const ALL: [IdTokenError; 10] = [
        Self::Malformed("malformed"),
        Self::Algorithm,
        Self::UnknownKey,
        Self::BadSignature,
        Self::WrongIssuer,
        Self::WrongAudience,
        Self::WrongNonce,
        Self::FromTheFuture,
        Self::Expired,
        Self::OldSignIn,
    ];

    /// A stable name for logs: `wrong_issuer`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::Algorithm => "algorithm",
            Self::UnknownKey => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::WrongIssuer => "wrong_issuer",
            Self::WrongAudience => "wrong_audience",
            Self::WrongNonce => "wrong_nonce",
            Self::FromTheFuture => "from_the_future",
            Self::Expired => "expired",
            Self::OldSignIn => "old_sign_in",
        }
    }
}
