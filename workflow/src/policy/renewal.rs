//! The rules on renewals: `[lifecycle.renewal]`.

use std::time::Duration;

/// The time after the end of a certificate in which it can be renewed, if the document sets none.
pub(super) const USUAL_WITHIN: Duration = Duration::from_secs(30 * 86_400);

/// The treatment of a renewal with the key of the replaced certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameKeyAction {
    /// The request is refused.
    #[default]
    Refuse,
    /// The approver sees a warning.
    Warn,
}

/// The rules on renewals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewalRules {
    /// The approvals that a renewal needs if only its key and its dates are new; `None`: as many as a first request. At
    /// least one.
    pub approvals: Option<usize>,
    /// The time after the end of a certificate in which it can be renewed.
    pub within: Duration,
    /// The treatment of the key of the replaced certificate.
    pub same_key: SameKeyAction,
    /// The time from the delivery of a renewal until the replaced certificate is revoked; `None`: it is not.
    pub supersede_after: Option<Duration>,
}

impl Default for RenewalRules {
    fn default() -> Self {
        Self {
            approvals: None,
            within: USUAL_WITHIN,
            same_key: SameKeyAction::default(),
            supersede_after: None,
        }
    }
}
