//! `[revocation]`: who may revoke a certificate, and for which reasons.

use pki::crl::RevocationReason;

use super::keys::{Field, PlacedValue, TableKeys};
use super::values::{FromText, WrongValue, word};
use crate::policy::error::Mistakes;

/// Reasons for which each kind of person may revoke a certificate. Operators may for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationRules {
    requester: Vec<RevocationReason>,
    approver: Vec<RevocationReason>,
    key_holder: Vec<RevocationReason>,
}

/// The reasons that a person may give who gave up the certificate.
const OWN: [RevocationReason; 5] = [
    RevocationReason::KeyCompromise,
    RevocationReason::Superseded,
    RevocationReason::CessationOfOperation,
    RevocationReason::AffiliationChanged,
    RevocationReason::Unspecified,
];

impl Default for RevocationRules {
    fn default() -> Self {
        let approver = [OWN.as_slice(), &[RevocationReason::PrivilegeWithdrawn]].concat();
        Self { requester: OWN.to_vec(), approver, key_holder: OWN.to_vec() }
    }
}

impl RevocationRules {
    /// The reasons for which operators may revoke, the usual ones first. A hold would need a release, which there is not.
    pub const OPERATOR: [RevocationReason; 6] = [
        RevocationReason::KeyCompromise,
        RevocationReason::Superseded,
        RevocationReason::CessationOfOperation,
        RevocationReason::AffiliationChanged,
        RevocationReason::PrivilegeWithdrawn,
        RevocationReason::Unspecified,
    ];

    pub(super) const KEYS: &[&str] = &["requester", "approver", "key_holder"];

    pub(super) fn of(keys: &TableKeys<'_>, mistakes: &mut Mistakes<'_>) -> Option<RevocationRules> {
        let usual = RevocationRules::default();
        let mut reasons = |key, usual: Vec<RevocationReason>| {
            let list: Field<Vec<PlacedValue<ReasonName>>> = keys.list(key, mistakes);
            match list {
                Field::Absent => Some(usual),
                list => list.values().map(|list| list.into_iter().map(|reason| reason.0).collect()),
            }
        };
        let (requester, approver) =
            (reasons("requester", usual.requester), reasons("approver", usual.approver));
        let key_holder = reasons("key_holder", usual.key_holder);
        Some(RevocationRules { requester: requester?, approver: approver?, key_holder: key_holder? })
    }

    /// The reasons for which the requester may revoke.
    #[must_use]
    pub fn requester(&self) -> &[RevocationReason] {
        &self.requester
    }

    /// The reasons for which an approver may revoke.
    #[must_use]
    pub fn approver(&self) -> &[RevocationReason] {
        &self.approver
    }

    /// The reasons for which the holder of the private key may revoke.
    #[must_use]
    pub fn key_holder(&self) -> &[RevocationReason] {
        &self.key_holder
    }
}

/// One of [`RevocationRules::OPERATOR`], by its name in RFC 5280.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ReasonName(RevocationReason);

impl FromText for ReasonName {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        let known = RevocationReason::ALL
            .into_iter()
            .filter(|reason| RevocationRules::OPERATOR.contains(reason))
            .map(|reason| (reason.as_str(), ReasonName(reason)));
        word(text, "reason of a revocation", known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    fn policy(section: &str) -> Result<Policy, String> {
        let text = include_str!("../../../../infra/policy.toml");
        Policy::parse(&format!("{text}\n[revocation]\n{section}")).map_err(|errors| errors.to_string())
    }

    #[test]
    fn reasons_that_are_left_out_are_the_usual_ones() {
        let rules = policy("requester = [\"keyCompromise\"]\nkey_holder = []").unwrap().revocation().clone();
        assert_eq!(rules.requester(), [RevocationReason::KeyCompromise]);
        assert_eq!(rules.approver(), RevocationRules::default().approver());
        assert_eq!(rules.key_holder(), []);
    }

    #[test]
    fn a_reason_that_is_none_is_a_mistake() {
        for (section, says) in [
            ("requester = [\"keycompromise\"]", "keyCompromise"),
            ("requester = \"keyCompromise\"", "expected a list"),
            ("approver = [\"certificateHold\"]", "\"certificateHold\" is no reason of a revocation"),
            ("operator = []", "unknown key `operator`"),
        ] {
            let errors = policy(section).unwrap_err();
            assert!(errors.contains(says), "{section}: {errors}");
        }
    }
}
