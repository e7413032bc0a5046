//! Keys and certificates from files of other programs: PEM or DER; keys in PKCS#8, PKCS#1 or SEC 1; certificates alone
//! or in PKCS#7; text in UTF-8 or UTF-16, or with line feeds written as `\n`.
//!
//! Invariant: a key is returned as one PEM block, without other contents of its file. No error quotes a file. A file that
//! cannot be read gets the command that converts it.

use std::fs;
use std::path::Path;

use pki::pkcs7::{is_pkcs7, pkcs7_certificates};
use pki::signer::{LocalKey, LocalKeyError};
use zeroize::Zeroizing;

use crate::error::{CliError, OrFail as _};

/// Maximum size of a file, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;
const SEQUENCE: u8 = 0x30;

/// Reads the private key of a file, as PEM.
pub(super) fn private_key(path: &Path) -> Result<Zeroizing<String>, CliError> {
    let bytes = Zeroizing::new(read(path)?);
    let (shown, file) = (path.display(), shell_word(path));
    let unusable = |error: LocalKeyError| match error {
        LocalKeyError::Encrypted => CliError::new(
            format!("the key in {shown} is encrypted"),
            format!(
                "Decrypt it into a file that only you can read: (umask 077; openssl pkey -in {file} -out plain.pem). Import plain.pem and delete it."
            ),
        ),
        other => CliError::new(format!("{shown}: {other}"), ""),
    };
    if bytes.first() == Some(&SEQUENCE) {
        return from_der(&bytes).map_err(|error| match error {
            _ if is_pkcs12(&bytes) => pkcs12(path),
            LocalKeyError::Encrypted => CliError::new(
                format!("the key in {shown} is encrypted"),
                format!("Decrypt it into a file that only you can read: (umask 077; openssl pkey -inform DER -in {file} -out plain.pem). Import plain.pem and delete it."),
            ),
            other => unusable(other),
        });
    }
    let text = text(&bytes).ok_or_else(|| unusable(LocalKeyError::Missing))?;
    LocalKey::from_pem(&text).map_err(unusable)?;
    let blocks = pem::parse_many(text.as_bytes()).map_err(|_| unusable(LocalKeyError::Unsupported))?;
    let block = blocks.iter().find(|block| block.tag().ends_with("PRIVATE KEY"));
    let block = block.ok_or_else(|| unusable(LocalKeyError::Missing))?;
    // Without headers and other blocks of the file.
    let alone = armored(block.tag(), block.contents());
    LocalKey::from_pem(&alone).map_err(unusable)?;
    Ok(alone)
}

fn from_der(der: &[u8]) -> Result<Zeroizing<String>, LocalKeyError> {
    // EncryptedPrivateKeyInfo (RFC 5958 section 3) begins with an algorithm, all others with a version.
    if contents(der).first() == Some(&SEQUENCE) {
        return Err(LocalKeyError::Encrypted);
    }
    ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"]
        .into_iter()
        .map(|label| armored(label, der))
        .find(|text| LocalKey::from_pem(text).is_ok())
        .ok_or(LocalKeyError::Unsupported)
}

fn armored(label: &str, der: &[u8]) -> Zeroizing<String> {
    let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    Zeroizing::new(pem::encode_config(&pem::Pem::new(label, der), config))
}

/// Returns the contents of a DER value, without tag and length.
fn contents(der: &[u8]) -> &[u8] {
    let header = match der.get(1) {
        Some(length) if length & 0x80 != 0 => 2 + usize::from(length & 0x7f),
        _ => 2,
    };
    der.get(header..).unwrap_or_default()
}

/// Reads the certificates of a file, as DER.
pub(super) fn certificates(path: &Path) -> Result<Vec<Vec<u8>>, CliError> {
    let bytes = Zeroizing::new(read(path)?);
    if bytes.first() == Some(&SEQUENCE) {
        if is_pkcs12(&bytes) {
            return Err(pkcs12(path));
        }
        return in_der(&bytes, path);
    }
    let none = || {
        CliError::new(
            format!("there is no certificate in {}", path.display()),
            "Name a certificate in PEM, DER or PKCS#7.",
        )
    };
    let text = text(&bytes).ok_or_else(none)?;
    let damaged = || {
        CliError::new(format!("a PEM block in {} is damaged", path.display()), "Copy the whole file again.")
    };
    let blocks = pem::parse_many(text.as_bytes()).map_err(|_| damaged())?;
    let mut ders = Vec::new();
    for block in blocks {
        match block.tag() {
            // Windows labels PKCS#7 files like this, too.
            "CERTIFICATE" | "X509 CERTIFICATE" | "PKCS7" | "PKCS #7 SIGNED DATA" | "CMS" => {
                ders.extend(in_der(block.contents(), path)?);
            }
            // OpenSSL: a certificate, followed by the trust in it.
            "TRUSTED CERTIFICATE" => ders.push(first_value(block.contents()).to_vec()),
            _ => {}
        }
    }
    match ders.is_empty() {
        false => Ok(ders),
        // A block without its end is no block.
        true if text.contains("-----BEGIN") && text.contains("CERTIFICATE-----") => Err(damaged()),
        true => Err(none()),
    }
}

/// Returns the certificates of one DER value: itself, or those in a PKCS#7 file.
fn in_der(der: &[u8], path: &Path) -> Result<Vec<Vec<u8>>, CliError> {
    if !is_pkcs7(der) {
        return Ok(vec![der.to_vec()]);
    }
    let file = shell_word(path);
    pkcs7_certificates(der).map_err(|_| {
        CliError::new(
            format!("the PKCS#7 file {} cannot be read", path.display()),
            format!(
                "Take the certificates out of it: openssl pkcs7 -inform DER -in {file} -print_certs -out chain.pem (without -inform DER for a text file). Then name chain.pem."
            ),
        )
    })
}

/// Returns the first DER value of several.
fn first_value(der: &[u8]) -> &[u8] {
    let rest = contents(der);
    let header = der.len() - rest.len();
    let length = match der.get(1) {
        Some(short) if short & 0x80 == 0 => usize::from(*short),
        _ => {
            der.get(2..header).unwrap_or_default().iter().fold(0, |all, octet| all << 8 | usize::from(*octet))
        }
    };
    der.get(..header.saturating_add(length)).unwrap_or(der)
}

/// True for PKCS#12 (RFC 7292 section 4), which begins with its version, 3.
fn is_pkcs12(der: &[u8]) -> bool {
    contents(der).starts_with(&[2, 1, 3])
}

fn pkcs12(path: &Path) -> CliError {
    CliError::new(
        format!("{} is a PKCS#12 file", path.display()),
        format!(
            "Take key and certificates out of it: (umask 077; openssl pkcs12 -in {} -nodes -out both.pem), with -legacy if it was exported by Windows or an old program. Then: --key both.pem --certificate both.pem. Delete both.pem afterwards.",
            shell_word(path)
        ),
    )
}

/// Decodes a text file; `None` if it is not text.
fn text(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, _) = bytes.as_chunks::<2>();
        let units = Zeroizing::new(pairs.iter().map(|pair| unit(*pair)).collect::<Vec<u16>>());
        String::from_utf16(&units).ok()
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        // Without a byte order mark: the first character of a PEM file is ASCII.
        [_, 0, ..] => utf16(bytes, u16::from_le_bytes)?,
        [0, _, ..] => utf16(bytes, u16::from_be_bytes)?,
        [0xef, 0xbb, 0xbf, rest @ ..] => std::str::from_utf8(rest).ok()?.to_owned(),
        _ => std::str::from_utf8(bytes).ok()?.to_owned(),
    };
    let text = Zeroizing::new(text);
    // From JSON or an environment variable.
    if text.contains(r"-----\n") || text.contains(r"-----\r\n") {
        return Some(Zeroizing::new(text.replace(r"\r", "").replace(r"\n", "\n")));
    }
    Some(text)
}

/// Returns a path as one word of a shell command.
fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@%=:,".contains(c);
    let text = if text.starts_with('-') { format!("./{text}") } else { text };
    if !text.is_empty() && text.chars().all(is_plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    let doing = || format!("cannot read {}", path.display());
    let size = fs::metadata(path).or_fail(doing, "")?.len();
    if size > MAX_BYTES {
        return Err(CliError::new(
            format!("{} has {size} bytes, which is too large for a key or certificate", path.display()),
            "",
        ));
    }
    fs::read(path).or_fail(doing, "")
}
