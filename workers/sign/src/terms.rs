//! Standing approvals: the row in the table `grants`, once approvers approved its terms.
//!
//! Invariant: only [`covers_terms`] makes a standing approval, by the policy and the issuer in force. It is created once, under the
//! id of its request; a second run continues with the one that exists.

use serde::Serialize;
use workflow::approval::coverage::{Voters, covers_terms};
use workflow::ports::Saved;
use workflow::request::audit::Origin;
use workflow::request::{Request, Status};
use workflow::runtime::step::{ErrorName, StepError};
use workflow::store::{keys_of_provider, passkeys_of_voters, update_known_request};
use workflow::timestamp::rfc3339;

use crate::Sign;

/// The standing approval, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Granted {
    /// Its end by its terms, in RFC 3339.
    until: String,
    /// The most certificates.
    certificates: u32,
}

impl Sign {
    /// Creates the standing approval that the request asks for.
    pub(crate) async fn grant(&self, request: &Request) -> Result<Granted, StepError> {
        let id = request.id();
        match request.status() {
            Status::Approved | Status::Issued | Status::Delivered => {}
            status => {
                return Err(StepError::refused(ErrorName::NotApproved, format!("the request is {status}")));
            }
        }
        let approval = match self.standing.find(id).await? {
            // Made by an earlier run, whose approval covered it. Each certificate under it is checked anew all the same.
            Some(approval) => approval,
            None => {
                let policy = self.policies.for_request(request).await?;
                let issuer = self.issuer().await?;
                let votes = request.decision().map(|decision| decision.votes.as_slice()).unwrap_or_default();
                let passkeys = passkeys_of_voters(&*self.people, &policy, request.profile(), votes).await?;
                let provider_keys = keys_of_provider(&*self.people, &policy, request.profile()).await?;
                let (base_url, passkeys) = (&self.base_url, passkeys.as_slice());
                let voters = Voters { base_url, passkeys, provider_keys: &provider_keys };
                let approval = covers_terms(request, &policy, &issuer, voters)?;
                match self.standing.create(&approval).await? {
                    // In a conflict another run was faster, with the same approval.
                    Saved::Yes | Saved::Conflict => approval,
                }
            }
        };
        let now = self.clock.now();
        let granted = |row: &mut Request| row.granted(now);
        update_known_request(&*self.requests, request, &Origin::worker("sign"), granted).await?;
        tracing::info!("the standing approval of request {id} is in force");
        Ok(Granted { until: rfc3339(approval.until()), certificates: approval.terms().certificates() })
    }
}
