//! The algorithm and the key of a JWS, in the words of RFC 8555 section 6.2.

use serde_json::Value;

use super::error_type::AcmeErrorType;
use super::problem::AcmeProblem;
use crate::jose::{FlattenedJws, FlattenedJwsError, JsonWebKey, JwkError, JwsAlgorithm};

/// The algorithms by which requests are signed. RFC 8555 section 6.2: ES256 must be one of them, EdDSA should.
pub const ACCOUNT_ALGORITHMS: [JwsAlgorithm; 4] =
    [JwsAlgorithm::Es256, JwsAlgorithm::Es384, JwsAlgorithm::Rs256, JwsAlgorithm::EdDsa];

/// The problem of a value that is not a JWS. `what` is its name in the message.
pub(super) fn no_jws(what: &str, error: FlattenedJwsError) -> AcmeProblem {
    AcmeProblem::malformed(format!("{what} is not a JWS in flattened JSON serialization: {error}"))
}

/// The algorithm in the protected header.
pub(super) fn algorithm(jws: &FlattenedJws) -> Result<JwsAlgorithm, AcmeProblem> {
    let name = header_text(jws, "alg")?;
    let known = JwsAlgorithm::from_name(name).filter(|one| ACCOUNT_ALGORITHMS.contains(one));
    known.ok_or_else(|| AcmeProblem::bad_algorithm(&ACCOUNT_ALGORITHMS.map(JwsAlgorithm::name)))
}

/// A text in the protected header.
pub(super) fn header_text<'a>(jws: &'a FlattenedJws, name: &str) -> Result<&'a str, AcmeProblem> {
    match jws.header(name) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(AcmeProblem::malformed(format!("\"{name}\" in the protected header is not a text"))),
        None => Err(AcmeProblem::malformed(format!("the protected header has no \"{name}\""))),
    }
}

/// A key of an account or of a request.
pub(super) fn public_key(value: &Value) -> Result<JsonWebKey, AcmeProblem> {
    JsonWebKey::from_value(value).map_err(|error| {
        let error_type = match error {
            JwkError::NotAnObject => AcmeErrorType::Malformed,
            _ => AcmeErrorType::BadPublicKey,
        };
        AcmeProblem::new(error_type, format!("the public key cannot be used: {error}"))
    })
}

/// The key `jwk` in the protected header, which signs by the algorithm there.
pub(super) fn own_key(jws: &FlattenedJws, algorithm: JwsAlgorithm) -> Result<JsonWebKey, AcmeProblem> {
    let value = jws.header("jwk").ok_or_else(|| {
        AcmeProblem::malformed("the protected header has no \"jwk\"; this request is signed by the key in it")
    })?;
    let key = public_key(value)?;
    if key.signs_by(algorithm) {
        return Ok(key);
    }
    let usual = JwsAlgorithm::of(key.public_key().kind()).name();
    let detail = format!("the key \"jwk\" does not sign by the algorithm \"alg\"; it signs by {usual}");
    Err(AcmeProblem::new(AcmeErrorType::BadPublicKey, detail))
}

/// The payload, after the check of the signature. `what` is the name of the JWS in the message.
pub(super) fn verified<'a>(
    what: &str,
    jws: &'a FlattenedJws,
    algorithm: JwsAlgorithm,
    key: &JsonWebKey,
) -> Result<&'a [u8], AcmeProblem> {
    jws.verify(algorithm, key.public_key()).ok_or_else(|| {
        AcmeProblem::malformed(format!("the signature of {what} does not verify; sign the protected header and the payload with the key that the header names"))
    })
}
