//! A strict reader of CBOR (RFC 8949), as far as WebAuthn needs it.
//!
//! Invariant: depth and number of items are bounded; lengths are definite; no map has a key twice; keys are integers or
//! text; there are no tags. Section 6 of WebAuthn takes all this from CTAP2's canonical form. Its other rules, on the
//! order of keys and the shortest lengths, change no meaning and are not checked. Fails with [`NotCbor`].

use cbor4ii::core::dec::{Decode, Read as _, Reference, if_major};
use cbor4ii::core::types::{Array, Bytes, F16, Map as MapHeader, Negative};
use cbor4ii::core::utils::SliceReader;
use cbor4ii::core::{major, marker};

/// The depth of items, at most. CTAP2 has 4; an attestation of several statements has one more.
const MAX_DEPTH: usize = 8;
/// The number of items, at most. The longest known attestation statements have some 30.
const MAX_ITEMS: usize = 1024;

/// The octets do not begin with an item of the accepted form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotCbor;

/// An item.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum CborItem<'a> {
    Integer(i128),
    Bytes(&'a [u8]),
    Text(&'a str),
    /// An array, a map, a simple value or a float, whose content is not needed.
    Other,
}

/// A key of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CborKey<'a> {
    Integer(i128),
    Text(&'a str),
}

/// A map.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Map<'a>(Vec<(CborKey<'a>, CborItem<'a>)>);

impl<'a> Map<'a> {
    /// The value of a key.
    pub(super) fn get(&self, key: CborKey<'_>) -> Option<&CborItem<'a>> {
        self.0.iter().find(|(known, _)| *known == key).map(|(_, item)| item)
    }

    /// The number of keys.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Reads the map at the start of the octets. Returns the octets after it as well.
pub(super) fn map(octets: &[u8]) -> Result<(Map<'_>, &[u8]), NotCbor> {
    let mut parser = CborReader { reader: SliceReader::new(octets), items_left: MAX_ITEMS };
    let map = parser.map(MAX_DEPTH - 1)?;
    match parser.reader.fill(octets.len()) {
        Ok(Reference::Long(rest)) => Ok((map, rest)),
        _ => Err(NotCbor),
    }
}

struct CborReader<'a> {
    reader: SliceReader<'a>,
    items_left: usize,
}

impl<'a> CborReader<'a> {
    /// Reads an item that may contain `depth` levels of others.
    fn item(&mut self, depth: usize) -> Result<CborItem<'a>, NotCbor> {
        self.items_left = self.items_left.checked_sub(1).ok_or(NotCbor)?;
        let first = self.peek()?;
        match if_major(first) {
            major::UNSIGNED => self.read::<u64>().map(|number| CborItem::Integer(number.into())),
            // RFC 8949 section 3.1: -1 minus the number.
            major::NEGATIVE => {
                self.read::<Negative<u64>>().map(|number| CborItem::Integer(-1 - i128::from(number.0)))
            }
            major::BYTES => self.read::<Bytes<&[u8]>>().map(|bytes| CborItem::Bytes(bytes.0)),
            major::STRING => self.read::<&str>().map(CborItem::Text),
            major::ARRAY => {
                let depth = depth.checked_sub(1).ok_or(NotCbor)?;
                let length = Array::len(&mut self.reader).ok().flatten().ok_or(NotCbor)?;
                for _ in 0..length {
                    self.item(depth)?;
                }
                Ok(CborItem::Other)
            }
            major::MAP => self.map(depth.checked_sub(1).ok_or(NotCbor)?).map(|_| CborItem::Other),
            major::SIMPLE => {
                match first {
                    marker::FALSE | marker::TRUE | marker::NULL | marker::UNDEFINED => self.reader.advance(1),
                    marker::F16 => _ = self.read::<F16>()?,
                    marker::F32 => _ = self.read::<f32>()?,
                    marker::F64 => _ = self.read::<f64>()?,
                    _ => return Err(NotCbor),
                }
                Ok(CborItem::Other)
            }
            // A tag.
            _ => Err(NotCbor),
        }
    }

    /// Reads a map whose values may contain `depth` levels of others.
    fn map(&mut self, depth: usize) -> Result<Map<'a>, NotCbor> {
        // The length is definite, or `None`.
        let length = MapHeader::len(&mut self.reader).ok().flatten().ok_or(NotCbor)?;
        let mut map = Map(Vec::new());
        for _ in 0..length {
            let key = match self.item(0)? {
                CborItem::Integer(number) => CborKey::Integer(number),
                CborItem::Text(text) => CborKey::Text(text),
                CborItem::Bytes(_) | CborItem::Other => return Err(NotCbor),
            };
            if map.get(key).is_some() {
                return Err(NotCbor);
            }
            map.0.push((key, self.item(depth)?));
        }
        Ok(map)
    }

    fn peek(&mut self) -> Result<u8, NotCbor> {
        self.reader.fill(1).ok().and_then(|octets| octets.as_ref().first().copied()).ok_or(NotCbor)
    }

    fn read<T: Decode<'a>>(&mut self) -> Result<T, NotCbor> {
        T::decode(&mut self.reader).map_err(|_| NotCbor)
    }
}

#[cfg(test)]
mod tests;
