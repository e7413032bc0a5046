//! `certificates get`: one certificate in PEM, or the zip that its requester got.
//!
//! Invariant: a certificate is handed out as to its requester: once it is in the log, and with an event in the audit trail.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use workflow::aws::{AwsIssuers, DynamoRequests, S3Certificates, S3Log};
use workflow::ports::SystemClock;
use workflow::request::Request;
use workflow::request::audit::Origin;
use workflow::request::download::{CertificateDownload, DownloadError, DownloadFormat};

use crate::error::{CliError, OrFail as _};
use crate::stack::{Stack, whoami};

/// What to get, and where to put it.
#[derive(Debug, clap::Args)]
pub(crate) struct GetOptions {
    /// File to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Get the zip with certificate, chain and receipt in place of the certificate alone
    #[arg(long)]
    zip: bool,
}

/// Runs the command.
pub(super) async fn get(stack: &Stack, row: &Request, options: &GetOptions) -> Result<(), CliError> {
    let format = if options.zip { DownloadFormat::Zip } else { DownloadFormat::Pem };
    if format == DownloadFormat::Zip && options.out.is_none() && std::io::stdout().is_terminal() {
        return Err(CliError::new("a zip is not for a terminal", "Name a file with --out."));
    }
    let requests = DynamoRequests::new(&stack.sdk, &stack.requests_table, &stack.audit_table);
    let certificates = S3Certificates::new(&stack.sdk, &stack.bucket);
    let (issuers, log) =
        (AwsIssuers::without_keys(&stack.sdk, &stack.bucket), S3Log::new(&stack.sdk, &stack.bucket));
    let download = CertificateDownload {
        requests: &requests,
        certificates: &certificates,
        issuers: &issuers,
        receipts: &log,
        clock: &SystemClock,
    };
    let octets = download.file(row, format).await.map_err(|error| refused(row, error))?;
    download.record(row, format, &Origin::operator(&whoami())).await.map_err(|error| refused(row, error))?;
    match &options.out {
        Some(file) => save(file, &octets),
        None => {
            crate::output::write_octets(&octets);
            Ok(())
        }
    }
}

fn save(file: &Path, octets: &[u8]) -> Result<(), CliError> {
    let doing = || format!("cannot write {}", file.display());
    std::fs::write(file, octets).or_fail(doing, "Choose another --out.")?;
    println!("Saved {}.", file.display());
    Ok(())
}

fn refused(row: &Request, error: DownloadError) -> CliError {
    let advice = match &error {
        DownloadError::NoCertificate(_) => format!("See it with: countersign requests show {}.", row.id()),
        DownloadError::NotInArchive | DownloadError::NoZip => {
            format!("Check it with: countersign audit verify {}.", row.id())
        }
        DownloadError::NoSuchRequest => "List them with: countersign certificates list.".to_owned(),
        DownloadError::Port(_) => "Try again.".to_owned(),
    };
    CliError::new(format!("cannot get the certificate of {}: {error}", row.id()), advice)
}
