//! What a program has to know to confirm a request by a sign-in.

use serde::Serialize;
use workflow::approver_set::Identity;
use workflow::policy::{Policy, RequesterProof};
use workflow::request::{Request, RequestDigest, Status};

use crate::http::problem::Problem;
use crate::state::Portal;

/// What a program signs in for, in the view of an unconfirmed request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConfirmationView {
    identity: Identity,
    digest: RequestDigest,
}

impl ConfirmationView {
    /// `None` if no sign-in confirms the request.
    pub(super) async fn of(portal: &Portal, request: &Request) -> Result<Option<Self>, Problem> {
        if request.status() != Status::Unconfirmed || !asks_for_sign_in(&*portal.policies.current().await?) {
            return Ok(None);
        }
        Ok(Some(Self { identity: Identity::Oidc, digest: RequestDigest::of(request) }))
    }
}

/// True if the policy has requesters sign in.
pub(super) fn asks_for_sign_in(policy: &Policy) -> bool {
    policy.requester_proof() == RequesterProof::Oidc
}
