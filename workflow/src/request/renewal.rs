//! Renewals: requests that replace the certificate of an earlier request.
//!
//! Invariant: a renewal is a normal request, with the evaluation, approval and digest of any other. It gets by with
//! fewer approvals only in [`approvers_in_force`], which await-approval, the portal and Sign all ask, each with the rows
//! and the policy as they are then. The replaced request is bound by the approval, so another one in the row is not
//! covered.

use std::collections::BTreeSet;

use pki::certificate::Serial;
use serde::Serialize;
use time::{Duration, OffsetDateTime};

use super::{Request, Status};
use crate::approver_set::{ApproverSet, TooFewApprovers};
use crate::email::Email;
use crate::finding::{Code, Finding, Severity};
use crate::grant::CsrSummary;
use crate::ids::RequestId;
use crate::policy::{Policy, SameKeyAction};
use crate::texts::Message;
use crate::timestamp::whole_seconds;

/// The parts of a request that decide how it is renewed.
#[derive(Clone, Copy, Debug)]
pub struct RenewalTerms<'a> {
    /// The requester.
    pub requester: &'a Email,
    /// The name of the profile.
    pub profile: &'a str,
    /// The summary of the CSR.
    pub csr: &'a CsrSummary,
    /// The time of the submission.
    pub submitted_at: OffsetDateTime,
}

impl Request {
    /// The parts of this request that decide how it is renewed, with a summary of its CSR: that of the row, or one that
    /// was read again.
    pub fn renewal_terms<'a>(&'a self, csr: &'a CsrSummary) -> RenewalTerms<'a> {
        RenewalTerms {
            requester: self.email(),
            profile: self.profile(),
            csr,
            submitted_at: self.registration_date(),
        }
    }

    /// The reason why the certificate of this request cannot be renewed at this time, by anyone.
    pub fn not_renewable(&self, policy: &Policy, now: OffsetDateTime) -> Option<Finding> {
        let finding = |detail: Message| {
            let advice = Message::new("finding-renewal-new-advice");
            Some(Finding::refused(Code::BadRequest, detail, advice))
        };
        let has_certificate = self.is_signed() && self.has_certificate();
        let Some(not_after) = self.not_after().filter(|_| has_certificate) else {
            return finding(
                Message::new("finding-renewal-none").with("status", self.shown_status().as_str()),
            );
        };
        let within = policy.renewal().within;
        if now <= not_after + within {
            return None;
        }
        let days = u32::try_from(within.as_secs().div_ceil(86_400)).unwrap_or(u32::MAX);
        let ended = Message::day(whole_seconds(not_after).date());
        finding(Message::new("finding-renewal-late").with("ended", ended).with("days", days))
    }

    /// True if the certificate is revoked, or will be at once.
    fn is_being_revoked(&self) -> bool {
        self.status() == Status::Revoked || self.revocation().is_some()
    }

    /// True if this is a delivered renewal, and it is open whether the replaced certificate is to be revoked.
    pub fn is_superseding(&self) -> bool {
        self.certificate().is_some_and(|it| it.replaces.is_some() && it.replaced_at.is_none())
            && self.status() == Status::Delivered
            && self.revocation().is_none()
    }

    /// Records that it is settled what becomes of the replaced certificate. Idempotent.
    pub fn settle_replacement(&mut self, now: OffsetDateTime) {
        if self.is_superseding()
            && let Some(certificate) = self.certificate_mut()
        {
            certificate.replaced_at = Some(whole_seconds(now));
        }
    }

    /// True if the certificate of this request can stand in for that of `old`: it has the same profile and all of its
    /// names.
    pub fn stands_in_for(&self, old: &Request) -> bool {
        self.profile() == old.profile() && old.names().iter().all(|name| self.names().contains(name))
    }

    /// True if the row still has the contents that its approvers approved.
    fn is_as_approved(&self) -> bool {
        let binds = self.approval_digest();
        self.decision()
            .is_some_and(|decision| decision.is_approval() && Some(&decision.digest) == binds.as_ref())
    }
}

/// The reason why this requester cannot renew the certificate of `replaced`: it is not renewable, or is another
/// person's.
pub fn refusal(
    policy: &Policy,
    requester: &Email,
    submitted_at: OffsetDateTime,
    replaced: &Request,
) -> Option<Finding> {
    replaced.not_renewable(policy, submitted_at).or_else(|| {
        (!policy.plus_tags().same_person(requester, replaced.email())).then(|| {
            Finding::refused(
                Code::BadRequest,
                Message::new("finding-renewal-other"),
                Message::new("finding-renewal-other-advice"),
            )
        })
    })
}

/// The finding about the key of the replaced certificate, if the CSR has it again. `public_key_digest` is that of the CSR.
pub fn same_key(policy: &Policy, public_key_digest: &str, replaced: &Request) -> Option<Finding> {
    let is_same = replaced.csr().is_some_and(|old| old.public_key_digest == public_key_digest);
    let severity = match policy.renewal().same_key {
        SameKeyAction::Refuse => Severity::Refused,
        SameKeyAction::Warn => Severity::Warning,
    };
    is_same.then(|| {
        let advice = Message::new("finding-renewal-same-key-advice");
        Finding::new(severity, Code::SameKey, Message::new("finding-renewal-same-key"), advice)
    })
}

/// Every finding about a renewal of `replaced`.
pub fn findings(policy: &Policy, terms: &RenewalTerms<'_>, replaced: &Request) -> Vec<Finding> {
    let refusal = refusal(policy, terms.requester, terms.submitted_at, replaced);
    refusal.into_iter().chain(same_key(policy, &terms.csr.public_key_digest, replaced)).collect()
}

/// The approvers whose approvals cover the request, by the policy in force: those of the profile, or fewer for a renewal
/// in which only the key and the dates are new. `replaced` is the request that it renews, if it is known.
///
/// # Errors
/// The finding of an unknown profile.
pub fn approvers_in_force(
    policy: &Policy,
    terms: &RenewalTerms<'_>,
    replaced: Option<&Request>,
) -> Result<ApproverSet, Finding> {
    let approver_set = policy.profile(Some(terms.profile))?.approvers_in_force(terms.requester);
    let is_eligible = replaced.is_some_and(|replaced| renews_the_same(policy, terms, replaced));
    Ok(match policy.renewal().approvals.filter(|_| is_eligible) {
        Some(approvals) => approver_set.any(approvals),
        None => approver_set,
    })
}

/// The reason why a request has no approvers.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ApproverSetError {
    /// The policy does not have the profile.
    #[error("{}", .0.detail)]
    Profile(Finding),
    /// Persist has not read the CSR yet.
    #[error("the row has no summary of its CSR")]
    NotRead,
    /// The approvers could never fill the seats.
    #[error(transparent)]
    TooFew(#[from] TooFewApprovers),
}

/// Like [`approvers_in_force`], for the question to the approvers: they can fill every seat.
///
/// # Errors
/// See [`ApproverSetError`]; no approver is then asked.
pub fn approver_set(
    policy: &Policy,
    terms: &RenewalTerms<'_>,
    replaced: Option<&Request>,
) -> Result<ApproverSet, ApproverSetError> {
    let approver_set = approvers_in_force(policy, terms, replaced).map_err(ApproverSetError::Profile)?;
    let profile = policy.profile(Some(terms.profile)).map_err(ApproverSetError::Profile)?;
    Ok(profile.fillable(approver_set)?)
}

/// True if the certificate would differ from that of `replaced` in its key and its dates only, or have fewer names; and
/// the old certificate is one that its requester may go on with.
fn renews_the_same(policy: &Policy, terms: &RenewalTerms<'_>, replaced: &Request) -> bool {
    let is_refused = findings(policy, terms, replaced).iter().any(Finding::is_refusal);
    let Some(old) = replaced.csr().filter(|_| !replaced.is_being_revoked() && !is_refused) else {
        return false;
    };
    // The names cover the common name, since it is one of them.
    let is_covered = terms.csr.names.iter().all(|name| old.names.contains(name));
    replaced.is_as_approved()
        && replaced.profile() == terms.profile
        && is_covered
        && without_common_name(&old.subject) == without_common_name(&terms.csr.subject)
}

/// The fixed parts of a granted subject: `CN=www.example.com,O=Example` has `O=Example`.
fn without_common_name(subject: &str) -> &str {
    match subject.strip_prefix("CN=") {
        Some(common_name) => common_name.split_once(',').map_or("", |(_, fixed)| fixed),
        None => subject,
    }
}

/// The replaced certificate, and its differences from the one that would be signed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RenewalDifferences {
    /// The request whose certificate is replaced.
    pub replaces: RequestId,
    /// The serial number of that certificate.
    pub serial: Serial,
    /// The end of its validity, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// True if it has been revoked.
    pub revoked: bool,
    /// Names that it does not have.
    pub names_added: Vec<String>,
    /// Names that only it has.
    pub names_removed: Vec<String>,
    /// Its subject, if it is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_before: Option<String>,
    /// Its profile, if it is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_before: Option<String>,
    /// Its kind of key, if it is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_before: Option<String>,
    /// Its days of validity, if they are others than those granted now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validity_days_before: Option<u32>,
}

impl RenewalDifferences {
    /// Compares `replaced` with what would be signed; `None` if it has no certificate.
    pub fn of(
        replaced: &Request,
        profile: &str,
        csr: &CsrSummary,
        validity_days: Option<u32>,
    ) -> Option<Self> {
        let old = replaced.csr()?;
        let serial = replaced.serial().filter(|_| replaced.is_signed())?;
        let validity = replaced.validity()?;
        let only_in = |these: &[String], those: &[String]| -> Vec<String> {
            let those: BTreeSet<&String> = those.iter().collect();
            these.iter().filter(|name| !those.contains(name)).cloned().collect()
        };
        let other = |before: &str, now: &str| (before != now).then(|| before.to_owned());
        // RFC 5280 section 4.1.2.5: both ends are inclusive.
        let lifetime = validity.not_after - validity.not_before + Duration::SECOND;
        let days = u32::try_from(lifetime.whole_days()).ok();
        Some(Self {
            replaces: replaced.id(),
            serial: serial.clone(),
            not_after: validity.not_after,
            revoked: replaced.is_being_revoked(),
            names_added: only_in(&csr.names, &old.names),
            names_removed: only_in(&old.names, &csr.names),
            subject_before: other(&old.subject, &csr.subject),
            profile_before: other(replaced.profile(), profile),
            key_before: other(&old.key, &csr.key),
            validity_days_before: days.filter(|days| validity_days.is_some_and(|now| now != *days)),
        })
    }

    /// True if only the key and the dates are new.
    pub fn is_empty(&self) -> bool {
        self.names_added.is_empty()
            && self.names_removed.is_empty()
            && self.subject_before.is_none()
            && self.profile_before.is_none()
            && self.key_before.is_none()
            && self.validity_days_before.is_none()
    }

    /// The fields that the digest of a review binds.
    pub fn bound_fields(&self) -> Vec<String> {
        let mut fields = vec![
            self.replaces.to_string(),
            self.serial.to_string(),
            self.not_after.unix_timestamp().to_string(),
            self.revoked.to_string(),
        ];
        for names in [&self.names_added, &self.names_removed] {
            fields.push(names.len().to_string());
            fields.extend_from_slice(names);
        }
        let days = self.validity_days_before.map(|days| days.to_string());
        for before in [&self.subject_before, &self.profile_before, &self.key_before, &days] {
            fields.extend([before.is_some().to_string(), before.clone().unwrap_or_default()]);
        }
        fields
    }
}

#[cfg(test)]
mod tests;
