//! The payload of a request: empty, or a JSON object.
//!
//! Invariant: a member of a wrong type is `malformed`, by its name; `null` counts as absent, as some clients write lists that
//! they do not have.

use serde_json::Value;

use super::problem::AcmeProblem;
use crate::jose::{JsonObject, object};

/// The payload of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum RequestPayload {
    /// RFC 8555 section 6.3: POST-as-GET.
    Empty,
    /// The members of an object.
    Object(PayloadObject),
}

/// The members of a payload.
#[derive(Clone, Debug, PartialEq)]
pub struct PayloadObject(JsonObject);

impl RequestPayload {
    pub(super) fn read(octets: &[u8]) -> Result<Self, AcmeProblem> {
        if octets.is_empty() {
            return Ok(Self::Empty);
        }
        let members = object(octets).ok_or_else(|| {
            AcmeProblem::malformed(
                "the payload is neither empty nor a JSON object without duplicate members; send \"\" to read a resource",
            )
        })?;
        Ok(Self::Object(PayloadObject(members)))
    }

    /// The members, for a request that changes something.
    ///
    /// # Errors
    /// `malformed` for POST-as-GET.
    pub fn object(&self) -> Result<&PayloadObject, AcmeProblem> {
        match self {
            Self::Object(members) => Ok(members),
            Self::Empty => {
                Err(AcmeProblem::malformed("the payload is empty; send the JSON object of the request"))
            }
        }
    }

    /// Nothing, for a request that reads.
    ///
    /// # Errors
    /// `malformed` if there is an object.
    pub fn empty(&self) -> Result<(), AcmeProblem> {
        match self {
            Self::Empty => Ok(()),
            Self::Object(_) => Err(AcmeProblem::malformed(
                "this resource is read by POST-as-GET; send an empty payload, not a JSON object",
            )),
        }
    }
}

impl PayloadObject {
    pub(super) fn members(&self) -> &JsonObject {
        &self.0
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, AcmeProblem> {
        self.of_type(name, "a text", Value::as_str)
    }

    pub(super) fn required_text(&self, name: &str) -> Result<&str, AcmeProblem> {
        self.text(name)?.ok_or_else(|| missing(name))
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, AcmeProblem> {
        Ok(self.of_type(name, "true or false", Value::as_bool)?.unwrap_or_default())
    }

    pub(super) fn list(&self, name: &str) -> Result<Option<&[Value]>, AcmeProblem> {
        self.of_type(name, "a list", |value| value.as_array().map(Vec::as_slice))
    }

    pub(super) fn object(&self, name: &str) -> Result<Option<&JsonObject>, AcmeProblem> {
        self.of_type(name, "an object", Value::as_object)
    }

    /// A member, unless it is absent or `null`.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn of_type<'a, T>(
        &'a self,
        name: &str,
        kind: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, AcmeProblem> {
        let wrong = || AcmeProblem::malformed(format!("the member \"{name}\" is not {kind}"));
        self.value(name).map(|value| read(value).ok_or_else(wrong)).transpose()
    }
}

/// The problem of a member that has to be there.
pub(super) fn missing(name: &str) -> AcmeProblem {
    AcmeProblem::malformed(format!("the member \"{name}\" is missing"))
}
