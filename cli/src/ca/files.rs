//! Keys and certificates from files of other programs: PEM or DER; PKCS#8, PKCS#1 or SEC 1.
//!
//! Invariant: a key is returned as one PEM block, without other contents of its file. No error quotes a file.

use std::fs;
use std::path::Path;

use pki::signer::{LocalKey, LocalKeyError};
use zeroize::Zeroizing;

use crate::error::{CliError, OrFail as _};

/// Maximum size of a file, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;
const SEQUENCE: u8 = 0x30;

/// Reads the private key of a file, as PEM.
pub(super) fn private_key(path: &Path) -> Result<Zeroizing<String>, CliError> {
    let bytes = Zeroizing::new(read(path)?);
    let shown = path.display();
    let unusable = |error: LocalKeyError| match error {
        LocalKeyError::Encrypted => CliError::new(
            format!("the key in {shown} is encrypted"),
            format!(
                "Decrypt it into a file that only you can read: (umask 077; openssl pkey -in {shown} -out plain.pem). Import plain.pem and delete it."
            ),
        ),
        other => CliError::new(format!("{shown}: {other}"), ""),
    };
    if bytes.first() == Some(&SEQUENCE) {
        return from_der(&bytes).map_err(|error| match error {
            // A PKCS#12 file begins with its version, 3.
            _ if contents(&bytes).starts_with(&[2, 1, 3]) => CliError::new(
                format!("{shown} is a PKCS#12 file"),
                format!("Take key and certificate out of it: (umask 077; openssl pkcs12 -in {shown} -nodes -out both.pem). Then: --key both.pem --certificate both.pem."),
            ),
            LocalKeyError::Encrypted => CliError::new(
                format!("the key in {shown} is encrypted"),
                format!("Decrypt it into a file that only you can read: (umask 077; openssl pkey -inform DER -in {shown} -out plain.pem). Import plain.pem and delete it."),
            ),
            other => unusable(other),
        });
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| unusable(LocalKeyError::Missing))?;
    LocalKey::from_pem(text).map_err(unusable)?;
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
        return Ok(vec![bytes.to_vec()]);
    }
    let none = || {
        CliError::new(
            format!("there is no certificate in {}", path.display()),
            "Name a certificate in PEM or DER.",
        )
    };
    let blocks = pem::parse_many(bytes.as_slice()).map_err(|_| none())?;
    let ders: Vec<Vec<u8>> = blocks
        .into_iter()
        .filter(|block| matches!(block.tag(), "CERTIFICATE" | "X509 CERTIFICATE"))
        .map(pem::Pem::into_contents)
        .collect();
    if ders.is_empty() { Err(none()) } else { Ok(ders) }
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
