//! Deliver: enters the certificate into the log, mails it with its chain and its receipt to the requester, and updates the row.
//! The requester of a standing approval is told that it is in force.
//!
//! Invariant: nobody gets a certificate that is not in the log, and one that was revoked before it was mailed is there as well.
//! The mail has the stored certificate with the reserved serial and the approved key, and a chain that
//! verifies it, in force or former. A certificate under a standing approval is mailed to nobody
//! ([`Request::is_delivered_by_mail`]), and can be fetched from then on. The mail is sent, then recorded together with the new status in one write: it is sent at
//! least once, with the same Message-ID each time. Transient if a port does not answer or the bucket lags behind the
//! row; refused if there is nothing to deliver.

use std::sync::Arc;

use async_trait::async_trait;
use pki::certificate::Certificate;
use workflow::approval::{BaseUrl, LinkGiven};
use workflow::mail::{Mail, MailAttachment};
use workflow::mail::{bundle, calendar};
use workflow::mail_kind::MailKind;
use workflow::ports::{
    CertificateStore, Clock, Issuers, LinkSecrets, LogFiles, LogKeys, Mailer, Metrics, Policies, Receipts,
    Requests, StandingApprovals,
};
use workflow::request::audit::Origin;
use workflow::request::metric::{Measure, RequestOutcome};
use workflow::request::{InvalidTransition, Request, RequestContent, Status};
use workflow::runtime::step::{ErrorName, NoInput, NoOutput, Progress, Step, StepError, Task};
use workflow::standing::StandingTerms;
use workflow::store::{CertificateLog, LogError, Updated, issuer_of, update_known_request};

mod content;

/// The step.
pub struct Deliver {
    /// The rows.
    pub requests: Arc<dyn Requests>,
    /// The standing approvals that rows name; the log and receipts name their votes.
    pub standing: Arc<dyn StandingApprovals>,
    /// The certificates and their issuers.
    pub certificates: Arc<dyn CertificateStore>,
    /// Issuers, in force and former.
    pub issuers: Arc<dyn Issuers>,
    /// The files of the log.
    pub log_files: Arc<dyn LogFiles>,
    /// The key of the log.
    pub log_keys: Arc<dyn LogKeys>,
    /// The receipts.
    pub receipts: Arc<dyn Receipts>,
    /// The policy, for the zone of times.
    pub policies: Arc<dyn Policies>,
    /// The link secret.
    pub links: Arc<dyn LinkSecrets>,
    /// Sends the mails.
    pub mailer: Arc<dyn Mailer>,
    /// The base URL of the links.
    pub base_url: BaseUrl,
    /// Counts deliveries and measures the time since the approval.
    pub metrics: Arc<dyn Metrics>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The state with tasks for this worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliverState {
    /// `Deliver`.
    Deliver,
}

workflow::wire_names!(DeliverState: "state" { Deliver => "Deliver" });

#[async_trait]
impl Step for Deliver {
    type State = DeliverState;
    type Input = NoInput;
    type Output = NoOutput;

    async fn run(&self, task: Task<DeliverState, NoInput>) -> Result<Progress<NoOutput>, StepError> {
        let id = task.request_id;
        let request = self.requests.find(id).await?.ok_or_else(|| StepError::not_found(id))?;
        match request.status() {
            Status::Issued => {}
            Status::Delivered => {
                tracing::info!("request {id} was already delivered");
                return Ok(Progress::Done(NoOutput {}));
            }
            Status::Revoked => {
                self.log_revoked(&request).await?;
                tracing::info!("the certificate of request {id} was revoked; it is not delivered");
                return Ok(Progress::Done(NoOutput {}));
            }
            status @ (Status::Unconfirmed
            | Status::Submitted
            | Status::PendingApproval
            | Status::Approved) => {
                return Err(StepError::refused(
                    ErrorName::NotApproved,
                    format!("a request that is {status} has no certificate to deliver"),
                ));
            }
            status @ (Status::Refused
            | Status::Rejected
            | Status::Withdrawn
            | Status::Expired
            | Status::Failed) => {
                return Err(StepError::from(InvalidTransition { status, change: "delivered" }));
            }
        }
        let request = match request.content() {
            RequestContent::Certificate(_) => self.hand_out(&request).await?,
            RequestContent::Standing(terms) => {
                self.tell(&request, terms).await?;
                request
            }
        };
        let now = self.clock.now();
        let Updated { row, value: before } =
            update_known_request(&*self.requests, &request, &Origin::worker("deliver"), |row| {
                let before = row.status();
                row.logged(now);
                if row.is_delivered_by_mail() {
                    row.mailed(&MailKind::Issued, now);
                }
                row.delivered(now).map(|()| before)
            })
            .await?;
        if let Some(outcome) = RequestOutcome::between(before, row.status()) {
            self.metrics.record(Measure::Ended(outcome));
            if let Some(approved) = row.entered(Status::Approved) {
                self.metrics.record(Measure::Delivered(now - approved));
            }
        }
        tracing::info!("delivered what request {id} asked for");
        Ok(Progress::Done(NoOutput {}))
    }
}

impl Deliver {
    /// Logs and mails the certificate. Returns the row, which names its place in the log.
    async fn hand_out(&self, request: &Request) -> Result<Request, StepError> {
        let (certificate, pem) = self.certificate(request).await?;
        let (request, receipt) = self.log(request, &certificate).await?;
        if request.is_delivered_by_mail() && !request.was_mailed(&MailKind::Issued) {
            let mail = self.mail(&request, &certificate, &pem, &receipt).await?;
            self.mailer.send(&mail).await?;
        }
        Ok(request)
    }

    /// Mails the requester that the standing approval is in force.
    async fn tell(&self, request: &Request, terms: &StandingTerms) -> Result<(), StepError> {
        if request.was_mailed(&MailKind::Issued) {
            return Ok(());
        }
        let key = self.links.secret().await?.status_key(request.id(), LinkGiven::ByMail);
        let wording = self.policies.wording_in(request.language()).await;
        let content = content::granted(wording, request, terms, &self.base_url, &key);
        self.mailer.send(&content.to(request.id(), &MailKind::Issued, request.email())).await?;
        Ok(())
    }

    /// Enters the certificate into the log. Returns the row, which names its place, and the receipt.
    async fn log(
        &self,
        request: &Request,
        certificate: &Certificate,
    ) -> Result<(Request, String), StepError> {
        let log = CertificateLog {
            files: &*self.log_files,
            keys: &*self.log_keys,
            receipts: &*self.receipts,
            requests: &*self.requests,
            standing: &*self.standing,
        };
        let appended = log.append(request, certificate, &Origin::worker("deliver")).await;
        appended.map_err(|error| match error {
            LogError::NoApproval => StepError::refused(ErrorName::NotApproved, error.to_string()),
            LogError::Row(error) => error.into(),
            _ => StepError::transient(error.to_string()),
        })
    }

    /// Enters a certificate into the log that was revoked before it was delivered: it exists.
    async fn log_revoked(&self, request: &Request) -> Result<(), StepError> {
        if request.may_be_handed_out() {
            return Ok(());
        }
        let (certificate, _) = self.certificate(request).await?;
        let (request, _) = self.log(request, &certificate).await?;
        let now = self.clock.now();
        let logged = |row: &mut Request| row.logged(now);
        update_known_request(&*self.requests, &request, &Origin::worker("deliver"), logged).await?;
        Ok(())
    }

    async fn mail(
        &self,
        request: &Request,
        certificate: &Certificate,
        certificate_pem: &str,
        receipt: &str,
    ) -> Result<Mail, StepError> {
        let issuer = issuer_of(&*self.issuers, certificate).await?.ok_or_else(|| {
            let identifier = certificate.authority_key_identifier().unwrap_or_default();
            StepError::transient(format!(
                "the issuer is not in the bucket: no CA certificate with the key identifier {identifier} verifies the certificate"
            ))
        })?;
        let zip = bundle::certificate_zip(certificate_pem, &issuer, request.names(), Some(receipt))
            .map_err(|error| StepError::transient(error.to_string()))?;
        let key = self.links.secret().await?.status_key(request.id(), LinkGiven::ByMail);
        let wording = self.policies.wording_in(request.language()).await;
        let content = content::issued(wording, request, certificate, &self.base_url, &key);
        let zip = MailAttachment {
            name: bundle::FILE_NAME.to_owned(),
            content_type: bundle::CONTENT_TYPE,
            bytes: zip,
        };
        let (serial, validity) = (certificate.serial(), certificate.validity());
        let calendar = calendar::file(wording, request, serial, validity, &self.base_url);
        Ok(Mail {
            attachments: vec![zip, calendar],
            ..content.to(request.id(), &MailKind::Issued, request.email())
        })
    }

    /// Returns the stored certificate, checked against the serial and the key in the row.
    async fn certificate(&self, request: &Request) -> Result<(Certificate, String), StepError> {
        let serial = request.serial().ok_or_else(|| {
            StepError::refused(ErrorName::NotApproved, "the request is issued, but has no serial number")
        })?;
        let pem =
            self.certificates.certificate(serial).await?.ok_or_else(|| {
                StepError::transient(format!("the certificate {serial} is not in the bucket"))
            })?;
        let certificate = Certificate::from_pem(&pem).map_err(|error| {
            StepError::transient(format!("the stored certificate cannot be read: {error}"))
        })?;
        let key = certificate.public_key_digest();
        if certificate.serial() != serial
            || request.csr().is_some_and(|approved| approved.public_key_digest != key)
        {
            return Err(StepError::refused(
                ErrorName::NotApproved,
                format!("the stored certificate {serial} has another serial number or key than the row"),
            ));
        }
        Ok((certificate, pem))
    }
}

#[cfg(test)]
mod tests;
