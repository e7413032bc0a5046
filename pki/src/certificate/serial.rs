//! Serial numbers (RFC 5280 section 4.1.2.2).
//!
//! Invariant: a positive integer of at most 20 octets, stored without leading zeros. New serials have 20 octets with
//! 158 random bits: they are unpredictable, and collisions are negligible.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::rand::SecureRandom;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// RFC 5280 section 4.1.2.2: the most octets of a serial number.
const MAX_OCTETS: usize = 20;

/// A serial number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Serial(Vec<u8>);

/// Why there is no serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SerialError {
    /// The source of randomness failed.
    #[error("the source of randomness failed")]
    NoRandomness,
    /// The text or INTEGER is not a serial number.
    #[error("not a serial number: a positive integer of at most 20 octets is needed, in hexadecimal")]
    Malformed,
}

impl Serial {
    /// A new serial of 20 octets.
    pub fn random(random: &dyn SecureRandom) -> Result<Serial, SerialError> {
        let mut octets = vec![0; MAX_OCTETS];
        random.fill(&mut octets).map_err(|_| SerialError::NoRandomness)?;
        // A clear first bit keeps it positive, a set second bit keeps all 20 octets: 158 random bits remain.
        octets[0] = octets[0] & 0x3f | 0x40;
        Ok(Serial(octets))
    }

    /// Reads the content octets of an INTEGER.
    pub fn from_integer(content: &[u8]) -> Result<Serial, SerialError> {
        let magnitude = match content {
            [0, rest @ ..] => rest,
            [first, ..] if first & 0x80 == 0 => content,
            _ => return Err(SerialError::Malformed),
        };
        Serial::from_magnitude(magnitude.to_vec())
    }

    fn from_magnitude(octets: Vec<u8>) -> Result<Serial, SerialError> {
        let fits = match octets.first() {
            Some(0) | None => false,
            Some(first) => octets.len() + usize::from(first >> 7) <= MAX_OCTETS,
        };
        if fits { Ok(Serial(octets)) } else { Err(SerialError::Malformed) }
    }

    /// Big-endian, without leading zeros.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.0
    }
}

/// Lower-case hexadecimal, two digits an octet.
impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl FromStr for Serial {
    type Err = SerialError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let octets = hex::decode(text).map_err(|_| SerialError::Malformed)?;
        let zeros = octets.iter().take_while(|octet| **octet == 0).count();
        Serial::from_magnitude(octets[zeros..].to_vec())
    }
}

impl Serialize for Serial {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Serial {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_serials_are_long_positive_and_different() {
        let random = aws_lc_rs::rand::SystemRandom::new();
        let serials: std::collections::HashSet<Serial> =
            (0..200).map(|_| Serial::random(&random).unwrap()).collect();
        assert_eq!(serials.len(), 200);
        assert!(
            serials.iter().all(|serial| serial.octets().len() == 20 && serial.octets()[0] & 0xc0 == 0x40)
        );
    }

    #[test]
    fn text_reads_back() {
        let serial = Serial::random(&aws_lc_rs::rand::SystemRandom::new()).unwrap();
        assert_eq!(serial.to_string().len(), 40);
        assert_eq!(serial.to_string().parse(), Ok(serial.clone()));
        assert_eq!(serde_json::from_str::<Serial>(&serde_json::to_string(&serial).unwrap()).unwrap(), serial);
        assert_eq!("00AB".parse::<Serial>().unwrap().to_string(), "ab");
        for wrong in ["", "0", "00", "xyz", "-1", &"7f".repeat(21), &"ff".repeat(20)] {
            assert_eq!(wrong.parse::<Serial>(), Err(SerialError::Malformed), "{wrong}");
        }
    }
}
