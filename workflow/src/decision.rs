//! Decisions of approvers, and the contents that a decision binds.
//!
//! Invariant: an approval binds the digest of the CSR, the profile and the names that the approver saw; of a standing
//! approval, the profile and the terms. The signer
//! computes the same [`ApprovalDigest`] again from the row, and signs only if it equals the approved digest.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::email::Email;
use crate::finding::Finding;
use crate::framed_hash::FramedHash;
use crate::grant::{CsrSummary, Grant};
use crate::ids::RequestId;
use crate::standing::StandingTerms;
use crate::wire_names;
use pki::base64url::Base64Url;

/// The decision of one approver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Issue the certificate.
    Approve,
    /// Do not issue the certificate.
    Reject,
}

wire_names!(Decision: "decision" { Approve => "approve", Reject => "reject" });

/// The result of all votes and of the approval period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The quorum is reached.
    Approved,
    /// One approver rejected, or the requester withdrew the request.
    Rejected,
    /// The approval period is over.
    Expired,
}

wire_names!(Outcome: "outcome" { Approved => "approved", Rejected => "rejected", Expired => "expired" });

/// Lower-case hex SHA-256 over everything that an approval binds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApprovalDigest(String);

impl ApprovalDigest {
    /// The digest of the request, CSR, profile, subject, names and key, all of which the approver sees; and of the
    /// request that a renewal `replaces`. Without it, the digest is that of earlier versions.
    pub fn of(id: RequestId, profile: &str, facts: &CsrSummary, replaces: Option<RequestId>) -> Self {
        let mut hash = match replaces {
            None => FramedHash::new("countersign approval 1"),
            Some(replaced) => {
                let mut hash = FramedHash::new("countersign approval of a renewal 1");
                hash.field(&replaced.to_string());
                hash
            }
        };
        hash.field(&id.to_string())
            .field(&facts.csr_digest)
            .field(profile)
            .field(&facts.subject)
            .field(&facts.public_key_digest)
            .fields(&facts.names);
        Self(hash.finish())
    }

    /// The digest of a request of a standing approval: its requester, profile and terms, all of which the approver sees. Who
    /// has certificates signed under it is a part of what was approved.
    pub fn of_terms(id: RequestId, requester: &Email, profile: &str, terms: &StandingTerms) -> Self {
        let mut hash = match terms.extends() {
            None => FramedHash::new("countersign approval of terms 1"),
            Some(extended) => {
                let mut hash = FramedHash::new("countersign approval of an extension 1");
                hash.field(&extended.to_string());
                hash
            }
        };
        hash.field(&id.to_string())
            .field(requester.as_str())
            .field(profile)
            .field(&terms.days().to_string())
            .field(&terms.certificates().to_string())
            .fields(&terms.names_as_text());
        Self(hash.finish())
    }

    /// A digest from outside; compare with [`PartialEq`], it is no secret.
    pub fn from_text(text: &str) -> Self {
        Self(text.trim().to_ascii_lowercase())
    }

    /// The digest as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ApprovalDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Lower-case hex SHA-256 over all contents of a review that may change: the contents bound by the approval, and the
/// evaluation by the policy. A vote refers to exactly one of these digests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReviewDigest(String);

impl ReviewDigest {
    /// The digest of the approval, together with the grant and the findings of the policy; and of the differences from
    /// the replaced certificate, in the review of a renewal.
    pub fn of(
        approval: &ApprovalDigest,
        grant: Option<&Grant>,
        findings: &[Finding],
        differences: Option<&[String]>,
    ) -> Self {
        let mut hash = match differences {
            None => FramedHash::new("countersign review 1"),
            Some(differences) => {
                let mut hash = FramedHash::new("countersign review of a renewal 1");
                hash.list(differences);
                hash
            }
        };
        hash.field(approval.as_str());
        match grant {
            None => hash.field("nothing is granted"),
            Some(grant) => hash
                .field(&grant.profile)
                .field(&grant.validity_days.to_string())
                .list(&grant.key_usage)
                .list(&grant.extended_key_usage),
        };
        Self::with_findings(hash, findings)
    }

    /// The digest of the approval of terms, together with the validity of each certificate and the findings of the policy.
    pub fn of_terms(approval: &ApprovalDigest, validity_days: Option<u32>, findings: &[Finding]) -> Self {
        let mut hash = FramedHash::new("countersign review of terms 1");
        hash.field(approval.as_str());
        match validity_days {
            None => hash.field("nothing is granted"),
            Some(days) => hash.field(&days.to_string()),
        };
        Self::with_findings(hash, findings)
    }

    fn with_findings(mut hash: FramedHash, findings: &[Finding]) -> Self {
        for finding in findings {
            hash.field(finding.code.as_str()).field(finding.severity.as_str()).field(&finding.detail);
        }
        Self(hash.finish())
    }

    /// A digest from outside; compare with [`PartialEq`], it is no secret.
    pub fn from_text(text: &str) -> Self {
        Self(text.trim().to_ascii_lowercase())
    }

    /// The digest as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReviewDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The signature of an approver's passkey (WebAuthn) over everything that the vote means; see
/// [`VoteMeaning`](crate::approval::passkey::VoteMeaning).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PasskeyEvidence {
    /// The id of the passkey.
    pub credential_id: Base64Url,
    /// A random text, so that no two signatures are about the same challenge.
    pub nonce: String,
    /// The digest of the review that the approver saw.
    pub review_digest: ReviewDigest,
    /// authenticatorData.
    pub authenticator_data: Base64Url,
    /// clientDataJSON.
    pub client_data_json: Base64Url,
    /// The signature.
    pub signature: Base64Url,
}

impl PasskeyEvidence {
    /// Lower-case hex SHA-256 of all fields, for the audit trail.
    pub fn digest(&self) -> String {
        let mut hash = FramedHash::new("countersign evidence 1");
        hash.field(&self.credential_id.to_string())
            .field(&self.nonce)
            .field(self.review_digest.as_str())
            .field(&self.authenticator_data.to_string())
            .field(&self.client_data_json.to_string())
            .field(&self.signature.to_string());
        hash.finish()
    }
}

/// The statement of the identity provider about everything that the vote means: an ID token whose `nonce` is the hash of
/// [`VoteMeaning`](crate::approval::passkey::VoteMeaning).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdTokenEvidence {
    /// The ID token in compact form, as the provider gave it.
    pub id_token: String,
    /// A random text, so that no two tokens are about the same hash.
    pub nonce: String,
    /// The digest of the review that the approver saw.
    pub review_digest: ReviewDigest,
}

/// Without the token: it is a statement about a person.
impl fmt::Debug for IdTokenEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdTokenEvidence({})", self.digest())
    }
}

impl IdTokenEvidence {
    /// Lower-case hex SHA-256 of all fields, for the audit trail.
    pub fn digest(&self) -> String {
        let mut hash = FramedHash::new("countersign evidence of a sign-in 1");
        hash.field(&self.id_token).field(&self.nonce).field(self.review_digest.as_str());
        hash.finish()
    }
}

/// The proof of who voted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Evidence {
    /// A passkey signed the decision.
    Passkey(PasskeyEvidence),
    /// The identity provider made a statement about the decision.
    IdToken(IdTokenEvidence),
}

impl From<PasskeyEvidence> for Evidence {
    fn from(evidence: PasskeyEvidence) -> Self {
        Self::Passkey(evidence)
    }
}

impl From<IdTokenEvidence> for Evidence {
    fn from(evidence: IdTokenEvidence) -> Self {
        Self::IdToken(evidence)
    }
}

impl Evidence {
    /// Lower-case hex SHA-256 of all fields, for the audit trail and receipts.
    pub fn digest(&self) -> String {
        match self {
            Self::Passkey(evidence) => evidence.digest(),
            Self::IdToken(evidence) => evidence.digest(),
        }
    }

    /// The kind of proof and its digest, for the audit trail.
    pub fn summary(&self) -> String {
        let kind = match self {
            Self::Passkey(_) => "passkey",
            Self::IdToken(_) => "oidc",
        };
        format!("{kind}:{}", self.digest())
    }

    /// The digest of the review that the approver saw.
    pub fn review_digest(&self) -> &ReviewDigest {
        match self {
            Self::Passkey(evidence) => &evidence.review_digest,
            Self::IdToken(evidence) => &evidence.review_digest,
        }
    }

    /// The signature of a passkey, if it is one.
    pub fn passkey(&self) -> Option<&PasskeyEvidence> {
        match self {
            Self::Passkey(evidence) => Some(evidence),
            Self::IdToken(_) => None,
        }
    }

    /// The statement of an identity provider, if it is one.
    pub fn id_token(&self) -> Option<&IdTokenEvidence> {
        match self {
            Self::Passkey(_) => None,
            Self::IdToken(evidence) => Some(evidence),
        }
    }
}

/// One vote, as recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vote {
    /// The approver.
    pub approver: Email,
    /// The decision.
    pub decision: Decision,
    /// The reason, if the approver gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The time of the vote, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Approvers in whose place the vote was cast, by the policy of that time. Whether it still counts for them is for the
    /// policy in force to say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stands_in_for: Vec<Email>,
    /// The groups of the policy of which the identity provider named the approver a member.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub oidc_groups: Vec<String>,
    /// The proof of who voted, if the policy asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

impl Vote {
    /// The detail of the event in the audit trail: the decision, the digest of the evidence if there is any, and the
    /// approvers in whose place it was: `approve passkey:… for alice@example.com`.
    pub fn event_detail(&self) -> String {
        let evidence = self.evidence.as_ref().map(|evidence| format!(" {}", evidence.summary()));
        format!("{}{}{}", self.decision, evidence.unwrap_or_default(), self.in_place_of())
    }

    /// ` for ` and the approvers in whose place the vote was cast; empty for a vote in one's own right.
    pub fn in_place_of(&self) -> String {
        let people: Vec<&str> = self.stands_in_for.iter().map(Email::as_str).collect();
        if people.is_empty() { String::new() } else { format!(" for {}", people.join(", ")) }
    }

    /// The vote without its evidence, for people and programs.
    #[must_use]
    pub fn without_evidence(&self) -> Self {
        Self { evidence: None, ..self.clone() }
    }
}

/// The decision as stored in the row of the request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionRecord {
    /// The outcome.
    pub outcome: Outcome,
    /// The digest of the decided contents.
    pub digest: ApprovalDigest,
    /// The votes behind the outcome.
    pub votes: Vec<Vote>,
    /// True if the requester withdrew the request; there is then no rejection by an approver.
    #[serde(default)]
    pub withdrawn: bool,
    /// The time of the decision, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

impl DecisionRecord {
    /// True if the request may be signed.
    pub fn is_approval(&self) -> bool {
        self.outcome == Outcome::Approved
    }

    /// The reason that the rejecting approver gave.
    pub fn rejection_reason(&self) -> Option<&str> {
        self.votes
            .iter()
            .find(|vote| vote.decision == Decision::Reject)
            .and_then(|vote| vote.reason.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names in tables, in forms and in the state machine.
    #[test]
    fn the_names_are_those_in_rows() {
        assert_eq!(Decision::ALL.map(Decision::as_str), ["approve", "reject"]);
        assert_eq!(Outcome::ALL.map(Outcome::as_str), ["approved", "rejected", "expired"]);
    }

    const ID: &str = "5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d";

    fn summary() -> CsrSummary {
        CsrSummary {
            csr_digest: "c".repeat(64),
            subject: "CN=www.example.com".into(),
            names: vec!["www.example.com".into(), "10.0.0.1".into()],
            public_key_digest: "d".repeat(64),
            key: "EC P-256".into(),
        }
    }

    fn approval() -> ApprovalDigest {
        ApprovalDigest::of(ID.parse().unwrap(), "server", &summary(), None)
    }

    // Digests in rows and mails of version 0.1.0; computed by Python's hashlib.

    #[test]
    fn an_approval_has_the_known_digest() {
        assert_eq!(approval().as_str(), "ac82fea3fe695e7c458ed391a59f2b72dd866f8a5d08ee187fe8586dd141a061");
    }

    #[test]
    fn a_review_without_a_grant_has_the_known_digest() {
        let findings = [Finding::warning(crate::finding::Code::BadName, "Two scripts.", "Compare.")];
        assert_eq!(
            ReviewDigest::of(&approval(), None, &findings, None).as_str(),
            "bfef75928b767c995ad71a7345eeccf9434f003f639b44130b725d7198a8035d"
        );
    }

    #[test]
    fn a_review_with_a_grant_has_the_known_digest() {
        let grant = Grant {
            profile: "server".into(),
            subject: String::new(),
            names: Vec::new(),
            key: "EC P-256".into(),
            key_usage: vec!["digitalSignature".into(), "keyEncipherment".into()],
            extended_key_usage: vec!["serverAuth".into()],
            validity_days: 90,
        };
        assert_eq!(
            ReviewDigest::of(&approval(), Some(&grant), &[], None).as_str(),
            "54b60151f483ecca38a517c7e55d2f11bca90846774880e4632255f67ceb089b"
        );
    }

    // Digests of renewals; computed by Python's hashlib.

    const REPLACED: &str = "0b7f2a52-3a77-4a4e-8f0e-6f3d0a2c9b11";

    fn approval_of_a_renewal() -> ApprovalDigest {
        ApprovalDigest::of(ID.parse().unwrap(), "server", &summary(), REPLACED.parse().ok())
    }

    #[test]
    fn an_approval_of_a_renewal_has_the_known_digest() {
        assert_eq!(
            approval_of_a_renewal().as_str(),
            "7a481ab09eed7ed7a0578a91d75f25513c5738ca768d078b220e025595683e11"
        );
    }

    // Digest of a standing approval; computed by Python's hashlib.

    fn of_terms(id: &str, requester: &str, profile: &str, terms: &str) -> ApprovalDigest {
        let terms = StandingTerms::read(terms).unwrap();
        ApprovalDigest::of_terms(id.parse().unwrap(), &requester.parse().unwrap(), profile, &terms)
    }

    const TERMS: &str =
        r#"{"kind":"grant","names":["www.example.com",".web.example.com"],"days":90,"certificates":500}"#;

    #[test]
    fn an_approval_of_terms_has_the_known_digest() {
        let digest = of_terms(ID, "requester@example.com", "server", TERMS);
        assert_eq!(digest.as_str(), "8be83669d8dda66b8d86c26a843b945e52cd3c4e75ff4784399af5f9d50a308b");
    }

    #[test]
    fn what_terms_extend_is_bound() {
        let terms = StandingTerms::read(TERMS).unwrap();
        let digest = |terms: &StandingTerms| {
            let requester = "requester@example.com".parse().unwrap();
            ApprovalDigest::of_terms(ID.parse().unwrap(), &requester, "server", terms)
        };
        let extending = |of: &str| terms.extended(of.parse().unwrap(), &[], 90, 500).unwrap();
        let (one, other) = (digest(&extending(ID)), digest(&extending(REPLACED)));
        assert_eq!(one.as_str(), "5ff715628489ca093ce889decc6c2c67d071882741dc3d7ee68a5b5d44aef74a");
        assert!(one != other && one != digest(&terms) && other != digest(&terms));
    }

    #[test]
    fn every_part_of_the_terms_is_bound() {
        let requester = "requester@example.com";
        let bound = of_terms(ID, requester, "server", TERMS);
        let changed = |from: &str, to: &str| {
            assert!(TERMS.contains(from), "{from}");
            of_terms(ID, requester, "server", &TERMS.replace(from, to))
        };
        for other in [
            of_terms(REPLACED, requester, "server", TERMS),
            of_terms(ID, "other@example.com", "server", TERMS),
            of_terms(ID, requester, "client", TERMS),
            changed("90", "91"),
            changed("500", "501"),
            changed("\".web", "\"web"),
            changed("\"www.example.com\",", ""),
        ] {
            assert_ne!(other, bound);
        }
    }

    #[test]
    fn a_review_of_a_renewal_has_the_known_digest() {
        let differences = ["names added".to_owned()];
        assert_eq!(
            ReviewDigest::of(&approval_of_a_renewal(), None, &[], Some(&differences)).as_str(),
            "58a17c01fb5c4bb494917a533058813977d8765f76ff0598f2203c9db0de3f9a"
        );
    }
}
