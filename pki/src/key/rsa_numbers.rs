//! Modulus and exponent of an RSA public key.

use der::asn1::UintRef;
use der::{Decode as _, Encode as _};

use crate::error::KeyError;

/// Modulus and exponent, big-endian, without leading zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RsaNumbers {
    pub(crate) modulus: Vec<u8>,
    pub(crate) exponent: Vec<u8>,
}

/// RSAPublicKey (RFC 8017 appendix A.1.1).
#[derive(der::Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

impl RsaNumbers {
    pub(super) fn to_der(&self) -> Option<Vec<u8>> {
        let modulus = UintRef::new(&self.modulus).ok()?;
        let exponent = UintRef::new(&self.exponent).ok()?;
        RsaPublicKey { modulus, exponent }.to_der().ok()
    }

    pub(super) fn from_der(der: &[u8]) -> Result<RsaNumbers, KeyError> {
        let key = RsaPublicKey::from_der(der).map_err(|_| KeyError::RsaMalformed)?;
        Ok(RsaNumbers {
            modulus: key.modulus.as_bytes().to_vec(),
            exponent: key.exponent.as_bytes().to_vec(),
        })
    }

    pub(crate) fn modulus_bits(&self) -> u32 {
        let Some(first) = self.modulus.first() else {
            return 0;
        };
        u32::try_from(self.modulus.len()).map_or(u32::MAX, |octets| octets.saturating_mul(8))
            - first.leading_zeros()
    }
}
