//! `certificate.zip`: the certificate, its chain, and instructions for the requester.
//!
//! | file | content | for |
//! | --- | --- | --- |
//! | `certificate.pem` | the certificate | ACM, and programs that need only the certificate |
//! | `ca.pem` | the issuer and the CAs above it, the root last | programs that trust the certificate |
//! | `fullchain.pem` | the certificate and its issuers without the root | servers |
//! | `receipt.json` | who approved it, and the proof that it is in the log | people who check |
//! | `README.txt` | names, expiry, installation, trust, revocation, a test | people |
//! | `README.ja.txt` | the same in Japanese | people |
//!
//! `fullchain.pem` omits the root: a server need not send it (RFC 8446 section 4.4.2), and clients do not trust it.
//!
//! Invariant: the same certificate, chain, names and receipt give the same bytes: a fixed order, no compression (the files are
//! small), mode 0644, and notBefore as their time. The chain verifies the certificate, or there is no zip.

use std::io::{Cursor, Read as _, Write as _};

use askama::Template;
use time::OffsetDateTime;
use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension};
use x509_parser::prelude::{FromDer, X509Certificate};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::trust;
use crate::texts::{Language, Wording};
use crate::transparency;
use pki::certificate::to_pem;
use pki::issuer::{Issuer, NotSignedError};
use pki::key::{KeyKind, PublicKey};
use pki::name::Name;

/// The name of the file.
pub const FILE_NAME: &str = "certificate.zip";
/// Most octets that are read of one file of a zip.
const MAX_FILE: u64 = 1024 * 1024;
/// The media type of the file.
pub const CONTENT_TYPE: &str = "application/zip";

/// Why the zip cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The certificate or the chain is not PEM certificates.
    #[error("{what} cannot be read: {cause}")]
    Unreadable {
        /// The input: "the certificate" or "the chain".
        what: &'static str,
        /// The reason.
        cause: String,
    },
    /// The chain does not verify the certificate.
    #[error("the chain does not verify the certificate")]
    OtherIssuer(#[from] NotSignedError),
    /// The zip could not be written.
    #[error("the zip could not be written: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// The zip could not be written.
    #[error("the zip could not be written: {0}")]
    Io(#[from] std::io::Error),
}

/// `README.txt`: the words of `readme.en.txt` in the structure of `readme.txt`.
#[derive(Template)]
#[template(path = "readme.en.txt")]
struct EnglishReadme<'a> {
    about: &'a ReadmeValues,
    until: String,
    trust_steps: String,
}

/// `README.ja.txt`: the words of `readme.ja.txt` in the same structure.
#[derive(Template)]
#[template(path = "readme.ja.txt")]
struct JapaneseReadme<'a> {
    about: &'a ReadmeValues,
    until: String,
    trust_steps: String,
}

/// What a README says of a certificate, in every language.
struct ReadmeValues {
    names: Vec<String>,
    not_after: OffsetDateTime,
    serial: String,
    server: bool,
    client: bool,
    /// The kind of key, for people.
    key: String,
    /// True if AWS Certificate Manager can import it.
    in_acm: bool,
    /// True if browsers and Windows take it.
    in_browsers: bool,
    /// The host in the example of a test connection.
    host: Option<String>,
    /// The address of the revocation list, if it can stand in a command.
    list: Option<String>,
    /// True if the root itself issued the certificate: curl wants the list of each CA.
    root_issues: bool,
    /// The address of the list of the root above an issuing CA.
    root_list: Option<String>,
    /// True if there is a receipt.
    receipt: bool,
}

impl ReadmeValues {
    /// The README in `language`: the name of its file, and its text. Its time is in UTC: the file goes with the certificate to
    /// other people.
    fn file(&self, language: Language) -> Result<(&'static str, String), BundleError> {
        let (about, until) = (self, Wording::utc(language).instant_of_week(self.not_after));
        let trust_steps = trust::section(language);
        let (name, text) = match language {
            Language::English => ("README.txt", EnglishReadme { about, until, trust_steps }.render()),
            Language::Japanese => ("README.ja.txt", JapaneseReadme { about, until, trust_steps }.render()),
        };
        Ok((name, text.map_err(|error| std::io::Error::other(error.to_string()))?))
    }
}

/// The chain of a certificate, as PEM.
pub struct ChainFiles {
    /// `ca.pem`: the issuer and the CAs above it.
    pub ca: String,
    /// `fullchain.pem`: the certificate and its issuers without the root.
    pub fullchain: String,
}

impl ChainFiles {
    /// The chain of a certificate and its issuer.
    ///
    /// # Errors
    /// [`BundleError`] if a text is not a PEM certificate, or the issuer did not sign it.
    pub fn of(certificate_pem: &str, issuer: &Issuer) -> Result<Self, BundleError> {
        let certificate = one(certificate_pem)?;
        issuer.verify(&certificate)?;
        let mut files = Self { ca: String::new(), fullchain: to_pem(&certificate) };
        for der in certificates("the chain", issuer.chain_pem())? {
            let (pem, issuer) = (to_pem(&der), parsed("the chain", &der)?);
            if issuer.subject().as_raw() != issuer.issuer().as_raw() {
                files.fullchain.push_str(&pem);
            }
            files.ca.push_str(&pem);
        }
        Ok(files)
    }
}

/// Makes the zip of a certificate and the chain of its issuer; `names` are the names of the request. A certificate from before
/// there was a log has no receipt.
///
/// # Errors
/// [`BundleError`] if a text is not a PEM certificate, or the issuer did not sign it.
pub fn certificate_zip(
    certificate_pem: &str,
    issuer: &Issuer,
    names: &[String],
    receipt: Option<&str>,
) -> Result<Vec<u8>, BundleError> {
    let ChainFiles { ca, fullchain } = ChainFiles::of(certificate_pem, issuer)?;
    let certificate = one(certificate_pem)?;
    let chain = certificates("the chain", issuer.chain_pem())?;
    let leaf = parsed("the certificate", &certificate)?;
    let about = readme_values(&leaf, names, &chain, receipt.is_some())?;
    let readmes = Language::ALL.map(|language| about.file(language));

    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .unix_permissions(0o644)
        .last_modified_time(dos_time(leaf.validity().not_before.to_datetime()));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let receipt = receipt.map(|receipt| (transparency::FILE_NAME, receipt.to_owned()));
    let files = [("certificate.pem", to_pem(&certificate)), ("ca.pem", ca), ("fullchain.pem", fullchain)];
    for file in files.into_iter().chain(receipt).map(Ok).chain(readmes) {
        let (name, text) = file?;
        zip.start_file(name, options)?;
        zip.write_all(text.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}

/// The certificate (PEM) in a zip of [`certificate_zip`], and its receipt, if it has one.
///
/// # Errors
/// [`BundleError`] if it is not such a zip.
pub fn contents(zip: &[u8]) -> Result<(String, Option<String>), BundleError> {
    let mut zip = ZipArchive::new(Cursor::new(zip))?;
    let mut read = |name: &'static str| -> Result<Option<String>, BundleError> {
        let file = match zip.by_name(name) {
            Ok(file) => file,
            Err(zip::result::ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut text = String::new();
        file.take(MAX_FILE).read_to_string(&mut text)?;
        Ok(Some(text))
    };
    let certificate = read("certificate.pem")?.ok_or_else(|| BundleError::Unreadable {
        what: "the zip",
        cause: "it has no certificate.pem".to_owned(),
    })?;
    Ok((certificate, read(transparency::FILE_NAME)?))
}

fn readme_values(
    leaf: &X509Certificate<'_>,
    names: &[String],
    chain: &[Vec<u8>],
    receipt: bool,
) -> Result<ReadmeValues, BundleError> {
    // RFC 5280 section 4.2.1.12: without the extension, any purpose is allowed.
    let usage = leaf.extended_key_usage().ok().flatten().map(|extension| extension.value.clone());
    let server = usage.as_ref().is_none_or(|usage| usage.server_auth || usage.any);
    let names: Vec<(String, Option<Name>)> =
        names.iter().map(|name| (name.clone(), name.parse().ok())).collect();
    let host = names.iter().find_map(|(_, name)| name.as_ref().and_then(host));
    let kind = PublicKey::from_spki(leaf.public_key().raw).ok().map(|key| key.kind());
    let root_list = match chain {
        [issuing, _root] => list_address(&parsed("the chain", issuing)?),
        _ => None,
    };
    Ok(ReadmeValues {
        key: kind.map(|kind| kind.to_string()).unwrap_or_default(),
        in_acm: kind.is_none_or(fits_acm),
        in_browsers: kind != Some(KeyKind::Ed25519),
        not_after: leaf.validity().not_after.to_datetime(),
        serial: hex::encode(leaf.raw_serial()),
        server: server && host.is_some(),
        client: usage.as_ref().is_none_or(|usage| usage.client_auth || usage.any),
        host,
        list: list_address(leaf),
        root_issues: chain.len() == 1,
        root_list,
        receipt,
        names: names.into_iter().map(|(text, name)| name.map_or(text, |name| name.for_people())).collect(),
    })
}

/// The first address of a revocation list in the certificate (RFC 5280 section 4.2.1.13) that a shell takes as it is.
fn list_address(leaf: &X509Certificate<'_>) -> Option<String> {
    let points = leaf.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::CRLDistributionPoints(points) => Some(points),
        _ => None,
    })?;
    let names = points.points.iter().filter_map(|point| match &point.distribution_point {
        Some(DistributionPointName::FullName(names)) => Some(names),
        _ => None,
    });
    let addresses = names.flatten().filter_map(|name| match name {
        GeneralName::URI(address) => Some(*address),
        _ => None,
    });
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ":/._-%".contains(c);
    let mut addresses =
        addresses.filter(|address| address.starts_with("http://") && address.chars().all(is_plain));
    addresses.next().map(str::to_owned)
}

/// True if AWS Certificate Manager imports certificates with such a key.
/// <https://docs.aws.amazon.com/acm/latest/userguide/import-certificate-prerequisites.html>
fn fits_acm(kind: KeyKind) -> bool {
    match kind {
        KeyKind::Rsa { bits } => matches!(bits, 2048 | 3072 | 4096),
        KeyKind::EcP256 | KeyKind::EcP384 | KeyKind::EcP521 => true,
        KeyKind::Ed25519 => false,
    }
}

/// The name as the host of a URL; for a wildcard, `www` in its place.
fn host(name: &Name) -> Option<String> {
    match name {
        Name::Dns(name) => {
            Some(name.strip_prefix('*').map_or_else(|| name.clone(), |rest| format!("www{rest}")))
        }
        Name::Ip(std::net::IpAddr::V6(address)) => Some(format!("[{address}]")),
        Name::Ip(address) => Some(address.to_string()),
        Name::Email(_) | Name::Uri(_) => None,
    }
}

fn one(text: &str) -> Result<Vec<u8>, BundleError> {
    const WHAT: &str = "the certificate";
    match certificates(WHAT, text)?.as_slice() {
        [der] => Ok(der.clone()),
        more => Err(BundleError::Unreadable {
            what: WHAT,
            cause: format!("it has {} certificates, not one", more.len()),
        }),
    }
}

fn certificates(what: &'static str, text: &str) -> Result<Vec<Vec<u8>>, BundleError> {
    let unreadable = |cause: String| BundleError::Unreadable { what, cause };
    let blocks = pem::parse_many(text).map_err(|error| unreadable(error.to_string()))?;
    // Quotes only the label: misplaced content stays out of logs.
    if let Some(other) = blocks.iter().find(|block| block.tag() != "CERTIFICATE") {
        return Err(unreadable(format!("it contains a {}", other.tag())));
    }
    if blocks.is_empty() {
        return Err(unreadable("it is empty".into()));
    }
    Ok(blocks.into_iter().map(pem::Pem::into_contents).collect())
}

fn parsed<'a>(what: &'static str, der: &'a [u8]) -> Result<X509Certificate<'a>, BundleError> {
    let (_, certificate) = X509Certificate::from_der(der)
        .map_err(|error| BundleError::Unreadable { what, cause: error.to_string() })?;
    Ok(certificate)
}

/// The time in the format of zip files: local, from 1980, in steps of two seconds. Times out of range become 1980.
fn dos_time(at: OffsetDateTime) -> DateTime {
    u16::try_from(at.year())
        .ok()
        .and_then(|year| {
            DateTime::from_date_and_time(
                year,
                at.month().into(),
                at.day(),
                at.hour(),
                at.minute(),
                at.second() & !1,
            )
            .ok()
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
