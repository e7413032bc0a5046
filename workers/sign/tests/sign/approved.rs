//! The approval that has to cover a certificate: in the row of its request, or in the standing approval above it.

use workflow::approval::standing::StandingApproval;
use workflow::decision::DecisionRecord;
use workflow::email::Email;
use workflow::ids::RequestId;
use workflow::testing::InMemoryBackend;

/// The standing approval above a request.
pub(super) fn standing_above(backend: &InMemoryBackend, id: RequestId) -> Option<StandingApproval> {
    backend.standing(backend.request(id).unwrap().standing()?)
}

/// The request that the votes are about, and its decision.
pub(super) fn decided(backend: &InMemoryBackend, id: RequestId) -> (RequestId, DecisionRecord) {
    match standing_above(backend, id) {
        Some(standing) => (standing.id(), standing.decision().clone()),
        None => (id, backend.request(id).unwrap().decision().unwrap().clone()),
    }
}

/// Changes the decision, as a person with access to its table could.
pub(super) fn alter_decision(
    backend: &InMemoryBackend,
    id: RequestId,
    alter: impl FnOnce(&mut DecisionRecord),
) {
    let Some(standing) = standing_above(backend, id) else {
        return backend.alter(id, |row| alter(row.decision.as_mut().unwrap()));
    };
    let mut decision = standing.decision().clone();
    alter(&mut decision);
    let decision = serde_json::to_value(decision).unwrap();
    backend.put_standing(standing.altered(|row| row["decision"] = decision));
}

/// Takes the decision away.
pub(super) fn without_decision(backend: &InMemoryBackend, id: RequestId) {
    match standing_above(backend, id) {
        Some(standing) => backend.forget_standing(standing.id()),
        None => backend.alter(id, |row| row.decision = None),
    }
}

/// Makes it a request of another person, who is approved as the requester.
pub(super) fn ask_as(backend: &InMemoryBackend, id: RequestId, requester: &Email) {
    backend.alter(id, |row| row.email = requester.clone());
    if let Some(standing) = standing_above(backend, id) {
        let asked = standing.altered(|row| row["requester"] = requester.to_string().into());
        let digest = asked.digest().to_string();
        backend.put_standing(asked.altered(|row| row["decision"]["digest"] = digest.into()));
    }
}
