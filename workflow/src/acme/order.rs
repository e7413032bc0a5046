//! An order: the certificate that an account asks for.
//!
//! ```text
//! ready --- reserve(CSR) ---> processing --- issued ---> valid
//!   \-- authorization given up --\----------- failed ---> invalid
//! ```
//!
//! Invariant: a CSR is reserved once, with the one request id of the order, so an order has one certificate at most, and a
//! processing order whose request is missing can be submitted again. A status never goes back.

use std::collections::BTreeSet;

use pki::acme::{AcmeIdentifier, AuthorizationStatus, OrderStatus, RenewalCertId};
use pki::csr::Csr;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{AcmeAccount, AcmeAccountId, AcmeOrderId};
use crate::framed_hash::FramedHash;
use crate::ids::RequestId;
use crate::timestamp::whole_seconds;

/// How long an order waits for its CSR, at most: as long as that of Let's Encrypt.
pub const ORDER_LIFETIME: Duration = Duration::days(7);
/// How long the row of an order is kept after that. Its certificate is kept with its request.
const KEPT_FOR: Duration = Duration::days(90);

/// An order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AcmeOrder {
    id: AcmeOrderId,
    version: u64,
    account: AcmeAccountId,
    grant: RequestId,
    identifiers: Vec<OrderedName>,
    profile: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaces: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    deactivated: BTreeSet<usize>,
    #[serde(with = "time::serde::rfc3339")]
    made_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    ends_at: OffsetDateTime,
    /// The attribute of the table's time to live, in seconds since 1970.
    expires: i64,
    #[serde(flatten)]
    state: OrderState,
}

/// What an order is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderTerms {
    /// The standing approval: that of the account, or an extension of it.
    pub standing: RequestId,
    /// The identifiers of the certificate.
    pub identifiers: Vec<AcmeIdentifier>,
    /// The name of the profile.
    pub profile: String,
    /// The certificate that the new one replaces.
    pub replaces: Option<RenewalCertId>,
}

/// An identifier as a row has it: the text of a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct OrderedName(AcmeIdentifier);

impl TryFrom<String> for OrderedName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let name: Option<pki::name::Name> = text.parse().ok();
        let identifier = name.and_then(AcmeIdentifier::from_name);
        identifier
            .map(Self)
            .ok_or_else(|| "an identifier of the order is neither a DNS name nor an address".to_owned())
    }
}

impl From<OrderedName> for String {
    fn from(name: OrderedName) -> String {
        name.0.name().to_string()
    }
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum OrderState {
    /// It waits for its CSR.
    Ready,
    /// The request of its certificate is submitted, or about to be.
    Processing {
        /// The request.
        request_id: RequestId,
        /// SHA-256 of the CSR's DER.
        csr_digest: String,
        /// The CSR (PEM), until the request has it.
        csr: String,
    },
    /// The certificate is there.
    Valid {
        /// The request.
        request_id: RequestId,
        /// SHA-256 of the CSR's DER.
        csr_digest: String,
    },
    /// There will be no certificate.
    Invalid {
        /// The reason.
        error: OrderFailure,
    },
}

/// Why there will be no certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum OrderFailure {
    /// The client gave up an authorization.
    Deactivated,
    /// The check of the request refused it.
    Refused {
        /// The reason, in words.
        reason: String,
    },
    /// An error stopped it; an operator is told.
    Failed,
}

/// The columns of an order by which its account is limited.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderSummary {
    /// The id.
    pub id: AcmeOrderId,
    /// The status in the row.
    pub status: OrderStatus,
    /// The time at which it was made, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: OffsetDateTime,
    /// The end of its life, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub ends_at: OffsetDateTime,
}

impl OrderSummary {
    /// True if the order waits for a CSR.
    pub(super) fn is_open(&self, now: OffsetDateTime) -> bool {
        self.status_at(now) == OrderStatus::Ready
    }

    /// The status for clients: an order whose life is over is invalid.
    #[must_use]
    pub fn status_at(&self, now: OffsetDateTime) -> OrderStatus {
        match self.status {
            OrderStatus::Ready if now >= self.ends_at => OrderStatus::Invalid,
            status => status,
        }
    }
}

/// Why a CSR is not reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FinalizeError {
    /// Another CSR was sent before.
    #[error("the order has another CSR already; make another order")]
    OtherCsr,
    /// The order is invalid.
    #[error("the order is invalid; make another order")]
    Invalid,
    /// The life of the order is over.
    #[error("the order has expired; make another order")]
    Expired,
}

impl AcmeOrder {
    /// A new order, `ready`, that ends with its standing approval at the latest.
    #[must_use]
    pub fn new(
        id: AcmeOrderId,
        account: &AcmeAccount,
        terms: OrderTerms,
        standing_until: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Self {
        let made_at = whole_seconds(now);
        let ends_at = (made_at + ORDER_LIFETIME).min(whole_seconds(standing_until));
        Self {
            id,
            version: 1,
            account: account.id().clone(),
            grant: terms.standing,
            identifiers: terms.identifiers.into_iter().map(OrderedName).collect(),
            profile: terms.profile,
            replaces: terms.replaces.map(|replaced| replaced.to_string()),
            deactivated: BTreeSet::new(),
            made_at,
            ends_at,
            expires: (ends_at + KEPT_FOR).unix_timestamp(),
            state: OrderState::Ready,
        }
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &AcmeOrderId {
        &self.id
    }

    /// The number of writes so far.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Increments the version after a successful write.
    pub fn count_write(&mut self) {
        self.version += 1;
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &AcmeAccountId {
        &self.account
    }

    /// The standing approval.
    #[must_use]
    pub fn standing(&self) -> RequestId {
        self.grant
    }

    /// The identifiers, in the order of the client.
    pub fn identifiers(&self) -> impl ExactSizeIterator<Item = &AcmeIdentifier> {
        self.identifiers.iter().map(|name| &name.0)
    }

    /// The name of the profile.
    #[must_use]
    pub fn profile(&self) -> &str {
        &self.profile
    }

    /// The certificate that the new one replaces.
    #[must_use]
    pub fn replaces(&self) -> Option<RenewalCertId> {
        self.replaces.as_ref()?.parse().ok()
    }

    /// The time at which it was made, UTC.
    #[must_use]
    pub fn made_at(&self) -> OffsetDateTime {
        self.made_at
    }

    /// The end of its life, UTC.
    #[must_use]
    pub fn ends_at(&self) -> OffsetDateTime {
        self.ends_at
    }

    /// What became of it.
    #[must_use]
    pub fn state(&self) -> &OrderState {
        &self.state
    }

    /// The status for clients: an order whose life is over is invalid.
    #[must_use]
    pub fn status(&self, now: OffsetDateTime) -> OrderStatus {
        self.summary().status_at(now)
    }

    /// The status of the authorization of an identifier, counted from 0.
    #[must_use]
    pub fn authorization(&self, identifier: usize, now: OffsetDateTime) -> AuthorizationStatus {
        if self.deactivated.contains(&identifier) {
            AuthorizationStatus::Deactivated
        } else if now >= self.ends_at {
            AuthorizationStatus::Expired
        } else {
            AuthorizationStatus::Valid
        }
    }

    /// The columns by which its account is limited.
    #[must_use]
    pub fn summary(&self) -> OrderSummary {
        let status = match self.state {
            OrderState::Ready => OrderStatus::Ready,
            OrderState::Processing { .. } => OrderStatus::Processing,
            OrderState::Valid { .. } => OrderStatus::Valid,
            OrderState::Invalid { .. } => OrderStatus::Invalid,
        };
        OrderSummary { id: self.id.clone(), status, made_at: self.made_at, ends_at: self.ends_at }
    }

    /// The request of its certificate: the same for each attempt.
    #[must_use]
    pub fn request_id(&self) -> RequestId {
        let mut hash = FramedHash::new("acme order v1");
        hash.field(self.account.as_str()).field(self.id.as_str());
        let octets = hash.finish_octets();
        let mut half = [0; 16];
        half.copy_from_slice(&octets[..16]);
        RequestId::from_hash(half)
    }

    /// Takes a CSR that was checked, and begins to process the order. A repetition with the same CSR changes nothing.
    ///
    /// # Errors
    /// [`FinalizeError`]; nothing changes then.
    pub fn reserve(&mut self, csr: &Csr, now: OffsetDateTime) -> Result<(), FinalizeError> {
        if self.has_csr(csr) {
            return Ok(());
        }
        match self.state {
            OrderState::Ready if now < self.ends_at => {
                let (request_id, csr_digest) = (self.request_id(), csr.digest());
                self.state = OrderState::Processing { request_id, csr_digest, csr: csr.pem() };
                Ok(())
            }
            OrderState::Ready => Err(FinalizeError::Expired),
            OrderState::Processing { .. } | OrderState::Valid { .. } => Err(FinalizeError::OtherCsr),
            OrderState::Invalid { .. } => Err(FinalizeError::Invalid),
        }
    }

    /// True if this CSR was reserved.
    #[must_use]
    pub fn has_csr(&self, csr: &Csr) -> bool {
        match &self.state {
            OrderState::Processing { csr_digest, .. } | OrderState::Valid { csr_digest, .. } => {
                *csr_digest == csr.digest()
            }
            OrderState::Ready | OrderState::Invalid { .. } => false,
        }
    }

    /// Records that the certificate is there. Only a processing order changes.
    pub fn issued(&mut self) {
        if let OrderState::Processing { request_id, csr_digest, .. } = &self.state {
            self.state = OrderState::Valid { request_id: *request_id, csr_digest: csr_digest.clone() };
        }
    }

    /// Records that there will be no certificate. Only a processing order changes.
    pub fn failed(&mut self, error: OrderFailure) {
        if matches!(self.state, OrderState::Processing { .. }) {
            self.state = OrderState::Invalid { error };
        }
    }

    /// Gives up the authorization of an identifier (RFC 8555 section 7.5.2). An order that waits for its CSR becomes invalid.
    pub fn deactivate(&mut self, identifier: usize) {
        if identifier < self.identifiers.len() {
            self.deactivated.insert(identifier);
            if self.state == OrderState::Ready {
                self.state = OrderState::Invalid { error: OrderFailure::Deactivated };
            }
        }
    }
}

#[cfg(test)]
mod tests;
