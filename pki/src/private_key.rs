//! Private keys in submitted text: in any format, and inside encodings inside encodings.
//!
//! - [`structure`]: key formats by their octets. [`text_format`]: key formats by their text.
//! - [`base64_runs`], [`base32_runs`], [`hex_runs`], [`number_lists`], [`escapes`], [`compressed`], [`plain_text`]: one
//!   encoding each, peeled off.
//!
//! Invariant: a text is clean only if all of it was searched. A search examines at most [`budget`] bytes, in layers; a
//! text that needs more fails with [`PrivateKeyError::TooDeep`], so padding hides nothing. No error holds a part of the text.

mod base32_runs;
mod base64_runs;
mod compressed;
mod escapes;
mod hex_runs;
mod number_lists;
mod places;
mod plain_text;
mod structure;
#[cfg(test)]
mod tests;
mod text_format;

use zeroize::Zeroize;

/// The bytes of all layers, the text among them, that are searched: as much as [`MAX_LAYERS`] of base64 in the longest text
/// that may be a request need (64 KiB, of which 1 + 3/4 + 9/16 ... is 3.7 times as much).
const MAX_BYTES: usize = 240 * 1024;

/// The bytes of the layers below a text that is longer than any request.
const MAX_EXTRA_BYTES: usize = 96 * 1024;

/// The bytes of all layers of a text of so many bytes, at most.
#[must_use]
pub fn budget(text_bytes: usize) -> usize {
    MAX_BYTES.max(text_bytes + MAX_EXTRA_BYTES)
}

/// The most encodings around a key.
pub const MAX_LAYERS: usize = 8;

/// No key fits into fewer bytes.
const MIN_BYTES: usize = 24;

/// The format of a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyFormat {
    /// PrivateKeyInfo or OneAsymmetricKey (RFC 5958 section 2).
    Pkcs8,
    /// EncryptedPrivateKeyInfo (RFC 5958 section 3).
    EncryptedPkcs8,
    /// RSAPrivateKey (RFC 8017 appendix A.1.2).
    Pkcs1,
    /// ECPrivateKey (RFC 5915 section 3).
    Sec1,
    /// The DSA key of OpenSSL: version, p, q, g, y, x.
    Dsa,
    /// `openssh-key-v1` (PROTOCOL.key of OpenSSH).
    OpenSsh,
    /// The key file of ssh.com.
    Ssh2,
    /// The key file of PuTTY.
    Putty,
    /// PFX (RFC 7292 section 4).
    Pkcs12,
    /// JKS or JCEKS with an entry that is a key.
    JavaKeyStore,
    /// JSON Web Key with a private or symmetric member (RFC 7518 section 6).
    Jwk,
    /// RSAKeyValue or DSAKeyValue with private elements, as .NET writes it.
    Xml,
    /// The numbers of a key, as `openssl pkey -text` and `certtool --key-info` print them.
    Numbers,
    /// Secret-Key Packet (RFC 9580 section 5.5.1.3).
    Pgp,
    /// PRIVATEKEYBLOB, PVK, or a private key blob of CNG.
    Windows,
    /// A label or header of a private key; the key itself is damaged, encrypted or missing.
    Labelled,
}

/// An encoding around a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyEncoding {
    /// Text with a BEGIN line (RFC 7468).
    Pem,
    /// Base64 or base64url (RFC 4648).
    Base64,
    /// Hexadecimal digits, in any grouping.
    Hex,
    /// Percent-encoding (RFC 3986 section 2.1).
    Percent,
    /// Backslash escapes of JSON, YAML, shells and programming languages.
    Backslash,
    /// Character references of HTML and XML.
    CharacterReferences,
    /// Quoted-printable (RFC 2045 section 6.7).
    QuotedPrintable,
    /// UTF-16 or UTF-32.
    Utf16,
    /// gzip, zlib (RFC 1952, RFC 1950) or a zip archive.
    Compressed,
    /// Numbers of octets, as arrays of programs hold them.
    NumberList,
    /// Base32 (RFC 4648 section 6).
    Base32,
}

/// A private key in a text: its format and its encodings, the outermost first. Holds nothing of the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetectedKey {
    /// The format.
    pub format: KeyFormat,
    /// The encodings around it, the outermost first.
    pub encodings: Vec<KeyEncoding>,
}

/// Why a text is not free of private keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrivateKeyError {
    /// It holds one.
    #[error("the text holds a private key: {:?} in {:?}", .0.format, .0.encodings)]
    Found(DetectedKey),
    /// It has more layers of encodings than are searched.
    #[error("the text is encoded too many times over")]
    TooDeep,
}

/// The result of a search, and its cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySearch {
    /// `Ok` if the text has no private key.
    pub result: Result<(), PrivateKeyError>,
    /// The bytes of all layers. Each layer is passed over a fixed number of times.
    pub layer_bytes: usize,
    /// The bytes that decoders wrote, whether a layer of them was searched or not.
    pub decoded_bytes: usize,
}

/// Searches a text, or the octets of a file.
///
/// # Errors
/// [`PrivateKeyError`] if it holds a private key or cannot be searched to its end.
pub fn refuse(text: impl AsRef<[u8]>) -> Result<(), PrivateKeyError> {
    search(text.as_ref()).result
}

/// Like [`refuse`], with the cost.
#[must_use]
pub fn search(text: &[u8]) -> KeySearch {
    let mut peeler = Peeler {
        budget: budget(text.len()),
        layer_bytes: 0,
        decoded_bytes: 0,
        waiting: Vec::new(),
        examined: Vec::new(),
    };
    let result = peeler.run(text);
    if result.is_err() {
        // Only layers of a text with a key are secret, and wiping takes longer than searching.
        peeler.waiting.iter_mut().for_each(|layer| layer.bytes.zeroize());
        peeler.examined.iter_mut().for_each(Zeroize::zeroize);
    }
    KeySearch { result, layer_bytes: peeler.layer_bytes, decoded_bytes: peeler.decoded_bytes }
}

/// Octets with one more encoding removed.
struct Layer {
    bytes: Vec<u8>,
    /// The removed encodings, the outermost first.
    encodings: Vec<KeyEncoding>,
}

/// A search under way.
struct Peeler {
    budget: usize,
    layer_bytes: usize,
    decoded_bytes: usize,
    waiting: Vec<Layer>,
    /// Buffers to wipe if a key is found.
    examined: Vec<Vec<u8>>,
}

impl Peeler {
    fn run(&mut self, text: &[u8]) -> Result<(), PrivateKeyError> {
        self.examine(text, &[])?;
        while let Some(layer) = self.waiting.pop() {
            let examined = self.examine(&layer.bytes, &layer.encodings);
            self.examined.push(layer.bytes);
            examined?;
        }
        Ok(())
    }

    /// Searches one layer, and queues the layers below it.
    fn examine(&mut self, bytes: &[u8], outer: &[KeyEncoding]) -> Result<(), PrivateKeyError> {
        self.charge(bytes.len())?;
        if bytes.len() < MIN_BYTES {
            return Ok(());
        }
        let found = |format, inner: Option<KeyEncoding>| {
            let encodings = outer.iter().copied().chain(inner).collect();
            Err(PrivateKeyError::Found(DetectedKey { format, encodings }))
        };
        if plain_text::is_plain(bytes) {
            return match text_format::find(bytes) {
                Some((format, inner)) => found(format, inner),
                None => self.peel_text(bytes, outer),
            };
        }
        if let Some(format) = structure::find(bytes) {
            return found(format, None);
        }
        self.peel_octets(bytes, outer)?;
        let text = plain_text::of(bytes);
        self.decoded_bytes += text.len();
        let result = match text_format::find(&text) {
            Some((format, inner)) => found(format, inner),
            None => self.peel_text(&text, outer),
        };
        self.examined.push(text);
        result
    }

    fn peel_text(&mut self, text: &[u8], outer: &[KeyEncoding]) -> Result<(), PrivateKeyError> {
        if text.len() < MIN_BYTES {
            return Ok(());
        }
        let base64 = base64_runs::decode(text);
        if base64.has_hex {
            self.queue(hex_runs::decode(text), KeyEncoding::Hex, outer)?;
        }
        self.queue(base64.octets, KeyEncoding::Base64, outer)?;
        self.queue(number_lists::decode(text), KeyEncoding::NumberList, outer)?;
        self.queue(base32_runs::decode(text), KeyEncoding::Base32, outer)?;
        if let Some((octets, encoding)) = escapes::decode(text) {
            if encoding == KeyEncoding::Percent
                && let Some(octets) = escapes::with_blanks_of_form(text, &octets)
            {
                self.queue(octets, encoding, outer)?;
            }
            self.queue(octets, encoding, outer)?;
        }
        if let Some(octets) = escapes::decode_quoted_printable(text) {
            self.queue(octets, KeyEncoding::QuotedPrintable, outer)?;
        }
        Ok(())
    }

    fn peel_octets(&mut self, bytes: &[u8], outer: &[KeyEncoding]) -> Result<(), PrivateKeyError> {
        if let Some(octets) = plain_text::without_nuls(bytes) {
            self.queue(octets, KeyEncoding::Utf16, outer)?;
        }
        for start in compressed::starts(bytes) {
            self.charge(compressed::START_COST)?;
            // Waiting layers need a part of the budget. Data is inflated up to the rest of it, and no further.
            let waiting: usize = self.waiting.iter().map(|layer| layer.bytes.len()).sum();
            let rest = self.budget.saturating_sub(self.layer_bytes + waiting);
            let octets = compressed::inflate(&bytes[start..], rest);
            let is_beyond = octets.len() > rest;
            self.queue(octets, KeyEncoding::Compressed, outer)?;
            if is_beyond {
                return Err(PrivateKeyError::TooDeep);
            }
        }
        Ok(())
    }

    fn queue(
        &mut self,
        bytes: Vec<u8>,
        encoding: KeyEncoding,
        outer: &[KeyEncoding],
    ) -> Result<(), PrivateKeyError> {
        self.decoded_bytes += bytes.len();
        if bytes.len() < MIN_BYTES {
            return Ok(());
        }
        let encodings: Vec<KeyEncoding> = outer.iter().copied().chain([encoding]).collect();
        let is_too_deep = encodings.len() > MAX_LAYERS;
        self.waiting.push(Layer { bytes, encodings });
        if is_too_deep { Err(PrivateKeyError::TooDeep) } else { Ok(()) }
    }

    fn charge(&mut self, bytes: usize) -> Result<(), PrivateKeyError> {
        if self.layer_bytes + bytes > self.budget {
            return Err(PrivateKeyError::TooDeep);
        }
        self.layer_bytes += bytes;
        Ok(())
    }
}
