//! The ids of accounts and orders.
//!
//! Invariant: an id has 128 random bits, so nobody guesses one; an order id begins with its time, so that the ids of an
//! account are in the order of their making.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::rand;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::approval::NoRandomness;
use crate::framed_hash::is_lower_hex;

/// The digits of 128 random bits.
const RANDOM_DIGITS: usize = 32;
/// The digits of a time in milliseconds since 1970; enough for some thousand years.
const TIME_DIGITS: usize = 12;

/// The id of an account: 32 digits of lower-case hex.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AcmeAccountId(String);

/// The id of an order: 44 digits of lower-case hex, of which the first 12 are the time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AcmeOrderId(String);

/// A text that is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is no id of an account or an order")]
pub struct AcmeIdError;

fn random_digits() -> Result<String, NoRandomness> {
    let mut octets = [0; RANDOM_DIGITS / 2];
    rand::fill(&mut octets).map_err(|_| NoRandomness)?;
    Ok(hex::encode(octets))
}

fn digits(text: &str, count: usize) -> Result<String, AcmeIdError> {
    if text.len() == count && is_lower_hex(text) { Ok(text.to_owned()) } else { Err(AcmeIdError) }
}

impl AcmeAccountId {
    /// A fresh random id.
    ///
    /// # Errors
    /// [`NoRandomness`] if the operating system gives no random bytes.
    pub fn random() -> Result<Self, NoRandomness> {
        random_digits().map(Self)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AcmeOrderId {
    /// A fresh id of an order that is made at this time.
    ///
    /// # Errors
    /// [`NoRandomness`] if the operating system gives no random bytes.
    pub fn random(now: OffsetDateTime) -> Result<Self, NoRandomness> {
        let milliseconds = now.unix_timestamp_nanos() / 1_000_000;
        Ok(Self(format!("{milliseconds:0width$x}{}", random_digits()?, width = TIME_DIGITS)))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AcmeAccountId {
    type Err = AcmeIdError;

    fn from_str(text: &str) -> Result<Self, AcmeIdError> {
        digits(text, RANDOM_DIGITS).map(Self)
    }
}

impl FromStr for AcmeOrderId {
    type Err = AcmeIdError;

    fn from_str(text: &str) -> Result<Self, AcmeIdError> {
        digits(text, TIME_DIGITS + RANDOM_DIGITS).map(Self)
    }
}

/// The conversions that serde needs.
macro_rules! as_text {
    ($($id:ident),+) => {$(
        impl TryFrom<String> for $id {
            type Error = AcmeIdError;

            fn try_from(text: String) -> Result<Self, AcmeIdError> {
                text.parse()
            }
        }

        impl From<$id> for String {
            fn from(id: $id) -> String {
                id.0
            }
        }

        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

as_text!(AcmeAccountId, AcmeOrderId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_back_and_ids_of_orders_are_in_the_order_of_time() {
        let account = AcmeAccountId::random().unwrap();
        assert_eq!(account.as_str().parse(), Ok(account.clone()));
        assert_ne!(AcmeAccountId::random().unwrap(), account);
        let at =
            |seconds| AcmeOrderId::random(OffsetDateTime::from_unix_timestamp(seconds).unwrap()).unwrap();
        let order = at(1_800_000_000);
        assert_eq!(order.as_str().parse(), Ok(order.clone()));
        assert!(order < at(1_800_000_001) && order > at(1_799_999_999));
        assert!(order < at(4_000_000_000), "not in the order of texts of other lengths");
    }

    #[test]
    fn no_other_text_is_an_id() {
        let hex = "0123456789abcdef0123456789abcdef";
        for bad in
            ["", "a", &hex[1..], &hex.to_uppercase(), "../3456789abcdef0123456789abcdef0", &format!("{hex}0")]
        {
            assert!(bad.parse::<AcmeAccountId>().is_err(), "{bad}");
            assert!(bad.parse::<AcmeOrderId>().is_err(), "{bad}");
        }
        assert!(hex.parse::<AcmeAccountId>().is_ok() && hex.parse::<AcmeOrderId>().is_err());
    }
}
