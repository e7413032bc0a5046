//! What proves the votes on a request, and its requester: passkeys, and the keys of the identity provider.

use crate::approval::BaseUrl;
use crate::approval::passkey::{self, NotProven, Passkey};
use crate::approval::sign_in::{self, Provider, ProviderKey, SignInError};
use crate::approver_set::Identity;
use crate::decision::{ApprovalDigest, Evidence, Vote};
use crate::ids::RequestId;
use crate::policy::{Policy, RequesterProof};
use crate::ports::{People, PortError};

/// Checks the proof of a vote anew, as Sign does, by the passkeys and keys that there are now.
///
/// # Errors
/// [`PortError`] if the table does not answer.
pub async fn vote_proof(
    people: &dyn People,
    policy: &Policy,
    base_url: &BaseUrl,
    request_id: RequestId,
    (binds, vote): (&ApprovalDigest, &Vote),
) -> Result<Result<(), NotProven>, PortError> {
    Ok(match &vote.evidence {
        Some(Evidence::IdToken(_)) => match policy.oidc() {
            Some(settings) => {
                let keys = people.provider_keys(&settings.issuer).await?;
                let provider = Provider::of(policy, &keys);
                provider
                    .and_then(|provider| sign_in::check_vote(base_url, request_id, binds, vote, provider))
                    .map_err(Into::into)
            }
            None => Err(SignInError::NoProvider.into()),
        },
        Some(Evidence::Passkey(_)) | None => {
            let passkeys = people.passkeys(&policy.plus_tags().person(&vote.approver)).await?;
            passkey::check_vote(base_url, request_id, binds, vote, &passkeys)
        }
    })
}

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
