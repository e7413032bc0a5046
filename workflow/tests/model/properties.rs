//! The properties, each with its text for reports.

/// At most one serial of the request has a certificate in the bucket.
pub(crate) const ONE_CERTIFICATE: &str = "never two certificates";

/// What is stored for a serial stays as it is.
pub(crate) const CERTIFICATE_STAYS: &str = "a stored certificate is not replaced";

/// Deliver mails what is in the bucket.
pub(crate) const MAILED_AS_STORED: &str = "the mailed certificate is the stored one";

/// The row is issued after the certificate is stored.
pub(crate) const ISSUED_IS_STORED: &str = "an issued request has its certificate in the bucket";

/// When Sign signs, the votes in the row meet the policy that this run of Sign read: enough approvals of people in that
/// policy, nobody counted twice, nobody against.
pub(crate) const COVERED: &str = "no certificate without coverage";

/// A stored certificate has a use, and a use is one in the number of the standing approval.
pub(crate) const COUNTED: &str = "a certificate under a standing approval is counted, and once";

/// The same for an approval when its last vote is recorded, with the policy that this vote read.
pub(crate) const ENOUGH_VOTES: &str = "no approval without enough votes of approvers in force";

/// The decision in the row, and the outcome of the approval.
pub(crate) const DECISION_STAYS: &str = "a decision does not change";

/// A vote that was answered with "recorded" is in the approval, and so in the decision.
pub(crate) const VOTE_STAYS: &str = "a recorded vote stays";

/// The decision in the row has every vote of the approval.
pub(crate) const ALL_VOTES: &str = "every recorded vote is in the decision";

/// From each state an end can be reached by steps that need no fault. So a state without such a step is an end.
pub(crate) const EVERY_REQUEST_ENDS: &str = "what was accepted ends";

/// Does not hold (docs/reliability.md): of two runs of Sign at once, one stores while the other is refused by a new policy.
pub(crate) const NOTHING_LEFT: &str = "a refused request has no certificate in the bucket";

/// Does not hold (docs/reliability.md): the task can time out while the report of a late approval is on its way.
pub(crate) const FAILS_BY_FAULTS: &str = "an approved request fails by a fault only";

/// The properties that are known not to hold.
pub(crate) const GAPS: [&str; 2] = [NOTHING_LEFT, FAILS_BY_FAULTS];
