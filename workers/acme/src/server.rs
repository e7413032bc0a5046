//! The ports and settings of all acts.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand::SecureRandom;
use pki::acme::AcmeUrls;
use time::OffsetDateTime;
use workflow::acme::{AcmeAccount, OrderLimits};
use workflow::approval::BaseUrl;
use workflow::approval::standing::StandingApproval;
use workflow::certificate::revoking::RevocationIntake;
use workflow::ports::{
    AcmeStore, CertificateStore, Clock, Executions, Issuers, LinkSecrets, Policies, PortError, Receipts,
    Requests, StandingApprovals,
};
use workflow::request::audit::{Actor, Origin};
use workflow::request::download::CertificateDownload;

use crate::extension::ExtensionRequests;
use crate::issuance::StandingIntake;
use crate::reply::AcmeError;

/// The ports and settings of the server.
pub struct AcmeServer {
    /// The public base URL of the portal; all URLs are below `acme/` there.
    pub base_url: BaseUrl,
    /// Accounts, orders and nonces.
    pub store: Arc<dyn AcmeStore>,
    /// Standing approvals.
    pub standing: Arc<dyn StandingApprovals>,
    /// The requests of certificates.
    pub requests: Arc<dyn Requests>,
    /// Issued certificates.
    pub certificates: Arc<dyn CertificateStore>,
    /// Issuers, in force and former.
    pub issuers: Arc<dyn Issuers>,
    /// The receipts of certificates.
    pub receipts: Arc<dyn Receipts>,
    /// The policy.
    pub policies: Arc<dyn Policies>,
    /// The link secret, from which HMAC keys and the key of nonces follow.
    pub links: Arc<dyn LinkSecrets>,
    /// Starts executions of revocations.
    pub revocation_executions: Arc<dyn Executions>,
    /// Takes the requests behind orders.
    pub intake: Arc<dyn StandingIntake>,
    /// Files the request for names outside a standing approval, if the portal takes such requests.
    pub extensions: Option<Arc<dyn ExtensionRequests>>,
    /// How many orders an account may make.
    pub limits: OrderLimits,
    /// How long a client waits for its certificate within one call.
    pub wait: FinalizeWait,
    /// Randomness, for nonces.
    pub random: Arc<dyn SecureRandom + Send + Sync>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// How long a call waits for a certificate: most are there after some seconds, and a client that gets it at once does not have
/// to poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FinalizeWait {
    /// How often the request is read, the first time without a pause.
    pub reads: u32,
    /// The pause before each other read.
    pub pause: Duration,
}

impl FinalizeWait {
    /// Below the 29 seconds after which API Gateway gives up, and short enough that a crowd of clients does not fill the function.
    pub const DEFAULT: Self = Self { reads: 24, pause: Duration::from_millis(500) };
}

impl AcmeServer {
    /// The URLs of the resources.
    pub(crate) fn urls(&self) -> AcmeUrls {
        AcmeUrls::new(&format!("{}acme", self.base_url))
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// The standing approval of an account. It is never removed.
    pub(crate) async fn standing_of(&self, account: &AcmeAccount) -> Result<StandingApproval, AcmeError> {
        let gone = || PortError { what: "read the standing approval", cause: "the row is gone".into() };
        Ok(self.standing.find(account.standing()).await?.ok_or_else(gone)?)
    }

    pub(crate) fn downloads(&self) -> CertificateDownload<'_> {
        CertificateDownload {
            requests: &*self.requests,
            certificates: &*self.certificates,
            issuers: &*self.issuers,
            receipts: &*self.receipts,
            clock: &*self.clock,
        }
    }

    pub(crate) fn revocation_intake(&self) -> RevocationIntake<'_> {
        RevocationIntake {
            requests: &*self.requests,
            executions: &*self.revocation_executions,
            clock: &*self.clock,
        }
    }
}

/// The caller of an act, for the audit trail: the requester of the standing approval, by a program at this address.
pub(crate) fn as_requester(approval: &StandingApproval, source: Option<String>) -> Origin {
    Origin::caller(Actor::requester(approval.requester()), source)
}
