//! The error of registrations and assertions.

/// Why a registration or an assertion is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebAuthnError {
    /// A part is too long, or is not in its format.
    #[error("{0}")]
    Malformed(&'static str),
    /// `type` is another one: a registration in place of an assertion, for one.
    #[error("the response is for another operation")]
    WrongType,
    /// The challenge is another one.
    #[error("the response is for another challenge")]
    WrongChallenge,
    /// The origin is another one.
    #[error("the response is for another origin")]
    WrongOrigin,
    /// The page was inside a page of another origin.
    #[error("the page was embedded in a page of another origin")]
    CrossOrigin,
    /// The authenticator used another relying party identifier.
    #[error("the passkey is for another site")]
    WrongRelyingParty,
    /// The UP flag is not set.
    #[error("the authenticator did not test for a user's presence")]
    NotPresent,
    /// The UV flag is not set.
    #[error("the authenticator did not verify the user")]
    NotVerified,
    /// The algorithm of the key is not a [`super::PasskeyAlgorithm`].
    #[error("the algorithm of the passkey is not supported")]
    UnknownAlgorithm,
    /// The key has a size or a form that makes it weak.
    #[error("the key of the passkey is weak")]
    WeakKey,
    /// The signature is not from this key over these octets.
    #[error("the signature of the passkey is wrong")]
    BadSignature,
}

impl WebAuthnError {
    /// A stable name for logs: `wrong_origin`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::WrongType => "wrong_type",
            Self::WrongChallenge => "wrong_challenge",
            Self::WrongOrigin => "wrong_origin",
            Self::CrossOrigin => "cross_origin",
            Self::WrongRelyingParty => "wrong_relying_party",
            Self::NotPresent => "not_present",
            Self::NotVerified => "not_verified",
            Self::UnknownAlgorithm => "unknown_algorithm",
            Self::WeakKey => "weak_key",
            Self::BadSignature => "bad_signature",
        }
    }
}
