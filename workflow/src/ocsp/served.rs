//! The issuers that answers are about, kept in memory with their responders and with serials that they issued.
//!
//! Invariant: what is kept changes for the worse only by an operator (a responder that is taken away), which is seen
//! within [`CACHE_TIME`]. A certificate that was issued stays issued, so serials may be kept; revocations are not.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};

use pki::certificate::Serial;
use pki::issuer::Issuer;
use pki::ocsp::OcspRequest;
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

use crate::certificate::Responder;
use crate::ports::{Issuers, OcspResponders, PortError};

/// Time after which issuers and responders are read again.
const CACHE_TIME: Duration = Duration::minutes(5);
/// Time after which they are read again for an issuer that is not among them: a new one, or a foreign one that anybody may
/// name as often as they like.
const RETRY_TIME: Duration = Duration::seconds(30);
/// The most serials that are kept for an issuer: 400 KB.
const MOST_SERIALS: usize = 10_000;

/// An issuer whose certificates are asked about.
pub(super) struct ServedIssuer {
    /// The issuer.
    pub(super) issuer: Issuer,
    /// Its responder, whose certificate the issuer signed.
    responder: Option<Responder>,
    issued: SyncMutex<BTreeSet<Serial>>,
}

impl ServedIssuer {
    /// The responder, if its certificate is valid.
    pub(super) fn responder_at(&self, now: OffsetDateTime) -> Option<&Responder> {
        self.responder.as_ref().filter(|responder| responder.is_valid_at(now))
    }

    pub(super) fn has_issued(&self, serial: &Serial) -> bool {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner).contains(serial)
    }

    pub(super) fn remember(&self, serial: &Serial) {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        if issued.len() >= MOST_SERIALS {
            issued.clear();
        }
        issued.insert(serial.clone());
    }
}

pub(super) struct ServedIssuers {
    issuers: Arc<dyn Issuers>,
    responders: Arc<dyn OcspResponders>,
    read: Mutex<Option<ReadIssuers>>,
}

struct ReadIssuers {
    at: OffsetDateTime,
    all: Vec<Arc<ServedIssuer>>,
}

impl ServedIssuers {
    pub(super) fn new(issuers: Arc<dyn Issuers>, responders: Arc<dyn OcspResponders>) -> Self {
        Self { issuers, responders, read: Mutex::new(None) }
    }

    /// The issuer that every certificate of a request names; `None` if there is no such issuer.
    pub(super) async fn of(
        &self,
        request: &OcspRequest,
        now: OffsetDateTime,
    ) -> Result<Option<Arc<ServedIssuer>>, PortError> {
        let mut read = self.read.lock().await;
        if let Some(before) = read.as_ref().filter(|read| now - read.at < CACHE_TIME) {
            let found = find(&before.all, request, now);
            let is_ready = found.as_ref().is_some_and(|found| found.responder_at(now).is_some());
            if is_ready || now - before.at < RETRY_TIME {
                return Ok(found);
            }
        }
        let all = self.read_all().await?;
        let found = find(&all, request, now);
        *read = Some(ReadIssuers { at: now, all });
        Ok(found)
    }

    async fn read_all(&self) -> Result<Vec<Arc<ServedIssuer>>, PortError> {
        let mut all = Vec::new();
        for issuer in self.issuers.all().await?.into_iter().filter(Issuer::may_have_responders) {
            let stored = self.responders.responder(&issuer.key_identifier()).await?;
            // Verified here, once: signing takes less time than verifying.
            let responder = stored.filter(|one| issuer.verify(one.certificate().der()).is_ok());
            all.push(Arc::new(ServedIssuer { issuer, responder, issued: SyncMutex::default() }));
        }
        Ok(all)
    }
}

/// All certificates of an issuer that has ended have ended, too. Renewed CA certificates have one name and one key: of several, the one whose responder is valid, and that ends last.
fn find(all: &[Arc<ServedIssuer>], request: &OcspRequest, now: OffsetDateTime) -> Option<Arc<ServedIssuer>> {
    let named =
        |served: &&Arc<ServedIssuer>| request.certificates().iter().all(|one| one.is_of(&served.issuer));
    let is_valid = |served: &&Arc<ServedIssuer>| served.issuer.not_after() > now;
    let rank = |served: &&Arc<ServedIssuer>| (served.responder_at(now).is_some(), served.issuer.not_after());
    all.iter().filter(named).filter(is_valid).max_by_key(rank).cloned()
}
