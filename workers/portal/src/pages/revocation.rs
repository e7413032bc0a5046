//! The form that revokes a certificate, and the facts of a revocation.

use pki::crl::RevocationReason;
use time::OffsetDateTime;
use workflow::certificate::{reason_text, revoker_text};
use workflow::request::Request;

use super::{Instant, Site, shown};

/// The form. It posts to `action`, or to the page's own address if that is empty.
pub(crate) struct RevokeForm {
    pub(crate) action: String,
    /// Names in RFC 5280, and texts.
    pub(crate) reasons: Vec<(&'static str, String)>,
    /// The value of `decision` that the button sends, if the address takes other decisions too.
    pub(crate) decision: Option<&'static str>,
}

impl RevokeForm {
    /// The form for a certificate, if it may be revoked for any of the `allowed` reasons.
    pub(crate) fn of(
        site: &Site,
        request: &Request,
        allowed: &[RevocationReason],
        action: String,
        now: OffsetDateTime,
    ) -> Option<Self> {
        let mut allowed = allowed.to_vec();
        // The reason that says nothing comes last.
        allowed.sort_by_key(|reason| *reason == RevocationReason::Unspecified);
        let reasons: Vec<_> =
            allowed.into_iter().map(|reason| (reason.as_str(), site.text(reason_text(reason)))).collect();
        (request.is_revocable(now) && !reasons.is_empty()).then_some(Self { action, reasons, decision: None })
    }

    /// The form for an approver: the page's own address takes revocations too.
    pub(crate) fn by_decision(self) -> Self {
        Self { decision: Some("revoke"), ..self }
    }
}

/// The facts of a revocation.
pub(crate) struct RevocationFacts {
    pub(crate) at: Instant,
    pub(crate) by: String,
    pub(crate) reason: String,
    pub(crate) comment: String,
}

impl RevocationFacts {
    pub(crate) fn of(site: &Site, request: &Request) -> Option<Self> {
        request.revocation().map(|revocation| Self {
            at: site.instant(revocation.revoked_at.unwrap_or(revocation.accepted_at)),
            by: site.text(revoker_text(&revocation.by)),
            reason: site.text(reason_text(revocation.reason)),
            comment: revocation.comment.as_deref().map(shown).unwrap_or_default(),
        })
    }
}
