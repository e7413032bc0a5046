//! What proves the votes on a request, and its requester: passkeys, and the keys of the identity provider.

use crate::approval::passkey::Passkey;
use crate::approval::sign_in::ProviderKey;
use crate::approver_set::Identity;
use crate::decision::Vote;
use crate::policy::{Policy, RequesterProof};
use crate::ports::{People, PortError};

fn asks_for(identity: Identity, policy: &Policy, profile: &str) -> bool {
    policy.profile(Some(profile)).is_ok_and(|profile| profile.identity() == identity)
}

/// Reads the passkeys of all who cast these votes, if the policy asks for passkeys in this profile; else none, without reading.
///
/// # Errors
/// [`PortError`] if the table does not answer.
pub async fn passkeys_of_voters(
    people: &dyn People,
    policy: &Policy,
    profile: &str,
    votes: &[Vote],
) -> Result<Vec<Passkey>, PortError> {
    let mut all = Vec::new();
    if !asks_for(Identity::Passkey, policy, profile) {
        return Ok(all);
    }
    for vote in votes {
        all.extend(people.passkeys(&policy.plus_tags().person(&vote.approver)).await?);
    }
    Ok(all)
}

/// Reads the keys of the identity provider, if the policy has the approvers of this profile or requesters sign in; else none,
/// without reading.
///
/// # Errors
/// [`PortError`] if the table does not answer.
pub async fn keys_of_provider(
    people: &dyn People,
    policy: &Policy,
    profile: &str,
) -> Result<Vec<ProviderKey>, PortError> {
    let asks = asks_for(Identity::Oidc, policy, profile) || policy.requester_proof() == RequesterProof::Oidc;
    match policy.oidc().filter(|_| asks) {
        Some(oidc) => people.provider_keys(&oidc.issuer).await,
        None => Ok(Vec::new()),
    }
}
