//! What became of the request behind an order.

use workflow::ids::RequestId;
use workflow::ports::PortError;
use workflow::request::Status;
use workflow::request::download::{DownloadError, DownloadFormat};

use crate::server::AcmeServer;

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IssuanceState {
    /// There is no such request.
    Missing,
    /// The certificate is being made.
    Running,
    /// The certificate may be handed out.
    Issued,
    /// There will be no certificate, for this reason in words.
    Refused(String),
    /// An error stopped it; an operator is told.
    Failed,
}

impl IssuanceState {
    /// What became of a request, by its row.
    pub(crate) async fn of(server: &AcmeServer, request_id: RequestId) -> Result<Self, PortError> {
        let Some(request) = server.requests.find(request_id).await? else {
            return Ok(Self::Missing);
        };
        match request.status() {
            Status::Refused | Status::Rejected | Status::Withdrawn | Status::Expired => {
                Ok(Self::Refused(request.reason().unwrap_or("no reason was recorded").to_owned()))
            }
            Status::Failed => Ok(Self::Failed),
            status if status.has_certificate() => {
                match server.downloads().file(&request, DownloadFormat::Pem).await {
                    Ok(_) => Ok(Self::Issued),
                    // It is not in the log yet.
                    Err(DownloadError::NoCertificate(_)) => Ok(Self::Running),
                    Err(DownloadError::Port(error)) => Err(error),
                    Err(error) => Err(PortError::new("read the certificate", error)),
                }
            }
            _ => Ok(Self::Running),
        }
    }
}
