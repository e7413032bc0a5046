//! The passkeys of those who voted on a request.

use crate::approval::passkey::Passkey;
use crate::approver_set::Identity;
use crate::policy::Policy;
use crate::ports::{People, PortError};
use crate::request::Request;

/// Reads the passkeys of all who voted, if the policy asks for passkeys; else none, without reading.
///
/// # Errors
/// [`PortError`] if the table does not answer.
pub async fn passkeys_of_voters(
    people: &dyn People,
    policy: &Policy,
    request: &Request,
) -> Result<Vec<Passkey>, PortError> {
    let asks = policy.profile(Some(request.profile())).is_ok_and(|one| one.identity() == Identity::Passkey);
    let votes = request.decision().filter(|_| asks).map(|decision| decision.votes.as_slice());
    let mut all = Vec::new();
    for vote in votes.unwrap_or_default() {
        all.extend(people.passkeys(&policy.plus_tags().person(&vote.approver)).await?);
    }
    Ok(all)
}
