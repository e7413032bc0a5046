//! The bounds of standing approvals: `[profiles.NAME.standing]`.

/// The most that a standing approval of a profile may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandingRules {
    /// The most days from the approval to its end.
    pub max_days: u32,
    /// The most certificates.
    pub most: u32,
}
