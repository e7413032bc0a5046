//! What proves the votes on a request, and its requester: passkeys, and the keys of the identity provider.

use crate::approval::passkey::Passkey;
use crate::approval::sign_in::ProviderKey;
use crate::approver_set::Identity;
use crate::policy::{Policy, RequesterProof};
use crate::ports::{People, PortError};
use crate::request::Request;

fn asks_for(identity: Identity, policy: &Policy, request: &Request) -> bool {
    policy.profile(Some(request.profile())).is_ok_and(|profile| profile.identity() == identity)
}

/// Reads the passkeys of all who voted, if the policy asks for passkeys; else none, without reading.
///
/// # Errors
/// [`PortError`] if the table does not answer.
pub async fn passkeys_of_voters(
    people: &dyn People,
    policy: &Policy,
    request: &Request,
) -> Result<Vec<Passkey>, PortError> {
    let asks = asks_for(Identity::Passkey, policy, request);
    let votes = request.decision().filter(|_| asks).map(|decision| decision.votes.as_slice());
    let mut all = Vec::new();
    for vote in votes.unwrap_or_default() {
        all.extend(people.passkeys(&policy.plus_tags().person(&vote.approver)).await?);
    }
    Ok(all)
}

/// Reads the keys of the identity provider, if the policy has approvers or requesters sign in; else none, without reading.
///
/// # Errors
/// [`PortError`] if the table does not answer.
pub async fn keys_of_provider(
    people: &dyn People,
    policy: &Policy,
    request: &Request,
) -> Result<Vec<ProviderKey>, PortError> {
    let asks = asks_for(Identity::Oidc, policy, request) || policy.requester_proof() == RequesterProof::Oidc;
    match policy.oidc().filter(|_| asks) {
        Some(oidc) => people.provider_keys(&oidc.issuer).await,
        None => Ok(Vec::new()),
    }
}
