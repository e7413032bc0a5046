//! The download of a certificate by its requester.
//!
//! Invariant: a certificate is handed out once it is in the log. A download is in the audit trail before the certificate is handed out. A certificate in the archive that
//! cannot be read is an error of ours, and is logged here.

use super::audit::{EventKind, Origin, PendingEvent};
use super::{Request, Status};
use crate::mail::bundle::{ChainFiles, certificate_zip};
use crate::ports::{CertificateStore, Clock, Issuers, PortError, Receipts, Requests};
use crate::store::{UpdateError, issuer_of, update_request};
use crate::wire_names;
use pki::certificate::Certificate;
use pki::issuer::Issuer;

/// The file that a download consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DownloadFormat {
    /// The certificate alone.
    Pem,
    /// The certificate alone, in DER.
    Der,
    /// The certificate and its issuers without the root.
    Fullchain,
    /// The issuer and the CAs above it.
    Chain,
    /// The zip of [`certificate_zip`].
    Zip,
}

wire_names!(DownloadFormat: "format of a download" {
    Pem => "pem",
    Der => "der",
    Fullchain => "fullchain",
    Chain => "chain",
    Zip => "zip",
});

/// The reason why there is no download.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The request has no certificate, or none yet: neither is one that is not in the log.
    #[error("the request is {0}")]
    NoCertificate(Status),
    /// The certificate is not in the archive.
    #[error("the certificate is not in the archive")]
    NotInArchive,
    /// The zip or the chain cannot be made.
    #[error("the zip cannot be made")]
    NoZip,
    /// The row no longer exists.
    #[error("there is no such request")]
    NoSuchRequest,
    /// A port failed; the caller can try again.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The ports of downloads.
pub struct CertificateDownload<'a> {
    /// The rows.
    pub requests: &'a dyn Requests,
    /// Issued certificates.
    pub certificates: &'a dyn CertificateStore,
    /// Issuers, in force and former.
    pub issuers: &'a dyn Issuers,
    /// The receipts.
    pub receipts: &'a dyn Receipts,
    /// The time.
    pub clock: &'a dyn Clock,
}

impl CertificateDownload<'_> {
    /// Returns the contents of the file.
    ///
    /// # Errors
    /// See [`DownloadError`].
    pub async fn file(&self, request: &Request, format: DownloadFormat) -> Result<Vec<u8>, DownloadError> {
        let pem = self.pem(request).await?;
        match format {
            DownloadFormat::Pem => Ok(pem.into_bytes()),
            DownloadFormat::Der => Ok(self.read(request, &pem)?.der().to_vec()),
            DownloadFormat::Fullchain => Ok(self.chain(request, &pem).await?.fullchain.into_bytes()),
            DownloadFormat::Chain => Ok(self.chain(request, &pem).await?.ca.into_bytes()),
            DownloadFormat::Zip => self.zip(request, &pem).await,
        }
    }

    /// Returns the certificate, read.
    ///
    /// # Errors
    /// See [`DownloadError`].
    pub async fn certificate(&self, request: &Request) -> Result<Certificate, DownloadError> {
        self.read(request, &self.pem(request).await?)
    }

    fn read(&self, request: &Request, pem: &str) -> Result<Certificate, DownloadError> {
        Certificate::from_pem(pem).map_err(|error| {
            let id = request.id();
            tracing::error!(request.id = %id, %error, "the certificate of request {id} cannot be read");
            DownloadError::NotInArchive
        })
    }

    /// Records the download in the audit trail on behalf of `by`.
    ///
    /// # Errors
    /// [`DownloadError::NoSuchRequest`], and [`DownloadError::Port`].
    pub async fn record(
        &self,
        request: &Request,
        format: DownloadFormat,
        by: &Origin,
    ) -> Result<(), DownloadError> {
        let now = self.clock.now();
        let noted = update_request(self.requests, request.id(), by, |row| {
            row.note(PendingEvent::new(EventKind::Downloaded, now).with_detail(format.as_str()));
        });
        match noted.await {
            Ok(_) => Ok(()),
            Err(UpdateError::Port(error)) => Err(error.into()),
            Err(UpdateError::Missing(_)) => Err(DownloadError::NoSuchRequest),
        }
    }

    async fn pem(&self, request: &Request) -> Result<String, DownloadError> {
        let none = || DownloadError::NoCertificate(request.status());
        let serial = request.serial().filter(|_| request.has_certificate()).ok_or_else(none)?;
        // The receipt is stored before the mail is sent, and the row is written after it.
        if !request.may_be_handed_out() && self.receipts.receipt(serial).await?.is_none() {
            return Err(none());
        }
        let pem = self.certificates.certificate(serial).await?;
        pem.ok_or_else(|| {
            let id = request.id();
            tracing::error!(request.id = %id, "the certificate {serial} of request {id} is not in the archive");
            DownloadError::NotInArchive
        })
    }

    async fn chain(&self, request: &Request, pem: &str) -> Result<ChainFiles, DownloadError> {
        let (_, issuer) = self.with_issuer(request, pem).await?;
        ChainFiles::of(pem, &issuer).map_err(|error| broken(request, &error))
    }

    /// The certificate, read, and its issuer.
    async fn with_issuer(
        &self,
        request: &Request,
        pem: &str,
    ) -> Result<(Certificate, Issuer), DownloadError> {
        let certificate = Certificate::from_pem(pem).map_err(|error| broken(request, &error))?;
        let issuer = issuer_of(self.issuers, &certificate).await?;
        let issuer = issuer.ok_or_else(|| broken(request, &"no stored CA certificate verifies it"))?;
        Ok((certificate, issuer))
    }

    async fn zip(&self, request: &Request, pem: &str) -> Result<Vec<u8>, DownloadError> {
        let (certificate, issuer) = self.with_issuer(request, pem).await?;
        let is_older_than_log = request.may_be_handed_out() && !request.is_logged();
        let receipt = match is_older_than_log {
            true => None,
            false => self.receipts.receipt(certificate.serial()).await?,
        };
        certificate_zip(pem, &issuer, request.names(), receipt.as_deref())
            .map_err(|error| broken(request, &error))
    }
}

/// Logs why a file of several certificates cannot be made.
fn broken(request: &Request, error: &dyn std::fmt::Display) -> DownloadError {
    let id = request.id();
    tracing::error!(request.id = %id, %error, "the file for request {id} cannot be made");
    DownloadError::NoZip
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::bundle::contents;
    use crate::request::LogRecord;
    use crate::request::audit::Actor;
    use crate::testing::InMemoryBackend;

    fn downloads(backend: &InMemoryBackend) -> CertificateDownload<'_> {
        CertificateDownload {
            requests: backend,
            certificates: backend,
            issuers: backend,
            receipts: backend,
            clock: backend,
        }
    }

    #[tokio::test]
    async fn only_an_issued_certificate_is_handed_out() {
        let backend = InMemoryBackend::new();
        for status in Status::ALL {
            let request = backend.request(backend.request_at(status)).unwrap();
            let file = downloads(&backend).file(&request, DownloadFormat::Pem).await;
            match (request.may_be_handed_out(), file) {
                (true, Ok(_) | Err(DownloadError::NotInArchive)) => {}
                (false, Err(DownloadError::NoCertificate(of))) => assert_eq!(of, status),
                (_, other) => panic!("{status}: {other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn a_download_is_recorded_with_its_format() {
        let backend = InMemoryBackend::new();
        let request = backend.request(backend.request_at(Status::Delivered)).unwrap();
        let by = Origin::caller(Actor::requester(request.email()), None);
        downloads(&backend).record(&request, DownloadFormat::Zip, &by).await.unwrap();
        let event = backend.audit(request.id()).pop().unwrap();
        assert_eq!((event.event, event.detail.as_deref()), (EventKind::Downloaded, Some("zip")));
    }

    #[tokio::test]
    async fn a_certificate_is_handed_out_once_it_is_in_the_log_and_with_its_receipt() {
        let backend = InMemoryBackend::new();
        let id = backend.request_with_certificate(Status::Issued);
        let mut row = backend.request(id).unwrap();
        for format in DownloadFormat::ALL {
            let early = downloads(&backend).file(&row, format).await;
            assert!(matches!(early, Err(DownloadError::NoCertificate(Status::Issued))), "{early:?}");
        }
        backend.store_receipt(row.serial().unwrap(), "the receipt").await.unwrap();
        let receipt = async |row: &Request| {
            let zip = downloads(&backend).file(row, DownloadFormat::Zip).await.unwrap();
            contents(&zip).unwrap().1
        };
        assert_eq!(receipt(&row).await.as_deref(), Some("the receipt"), "the mail is on its way");
        row.choose_log_place(&LogRecord::chosen("ca.example.com/log/1", 0), None).unwrap();
        row.logged(backend.now());
        assert_eq!(receipt(&row).await.as_deref(), Some("the receipt"));
    }

    #[tokio::test]
    async fn a_certificate_from_before_the_log_has_no_receipt() {
        let backend = InMemoryBackend::new();
        let row = backend.request(backend.request_with_certificate(Status::Delivered)).unwrap();
        let zip = downloads(&backend).file(&row, DownloadFormat::Zip).await.unwrap();
        assert_eq!(contents(&zip).unwrap().1, None);
    }
}
