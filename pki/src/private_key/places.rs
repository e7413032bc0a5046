//! The places of some octets, at the same small cost whether they are rare or dense.

use memchr::{memchr, memchr2, memchr3};

/// The octets behind a place that are looked at one by one. To start a search for a near place would cost more.
const NEAR: usize = 16;

/// The places of one of `N` octets, in ascending order.
pub(super) struct Places<'a, const N: usize> {
    octets: [u8; N],
    bytes: &'a [u8],
    at: usize,
}

impl<'a, const N: usize> Places<'a, N> {
    pub(super) fn of(octets: [u8; N], bytes: &'a [u8]) -> Self {
        Self { octets, bytes, at: 0 }
    }

    fn search(&self, bytes: &[u8]) -> Option<usize> {
        match self.octets.as_slice() {
            [a] => memchr(*a, bytes),
            [a, b] => memchr2(*a, *b, bytes),
            [a, b, c] => memchr3(*a, *b, *c, bytes),
            _ => bytes.iter().position(|byte| self.octets.contains(byte)),
        }
    }
}

impl<const N: usize> Iterator for Places<'_, N> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let rest = self.bytes.get(self.at..)?;
        let (near, far) = rest.split_at(rest.len().min(NEAR));
        let found = match near.iter().position(|byte| self.octets.contains(byte)) {
            Some(found) => found,
            None => near.len() + self.search(far)?,
        };
        let place = self.at + found;
        self.at = place + 1;
        Some(place)
    }
}
