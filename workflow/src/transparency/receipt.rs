//! `receipt.json`: who approved a certificate, and the proof that it is in the log, signed by the key of the log.
//!
//! The last two lines are `  "signature": "..."` and `}`. The signature is Ed25519 over [`DOMAIN`] and every octet before
//! those lines; so whitespace counts too, and one changed octet anywhere refuses the receipt.
//!
//! Invariant: a receipt is signed once, from a proof that verifies. Errors: [`ReceiptError`].

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pki::certificate::{Certificate, Serial};
use pki::tlog::{Checkpoint, CheckpointError, NoteVerifier, TreeHash, verify_inclusion};
use serde::{Deserialize, Serialize};

use super::{LogEntry, LogKey};
use crate::decision::{ApprovalDigest, Decision, DecisionRecord};
use crate::ids::RequestId;
use crate::request::Request;
use crate::request::audit::ChainHead;
use crate::timestamp::rfc3339;

/// The name of the file in the zip.
pub const FILE_NAME: &str = "receipt.json";
/// Before the octets that are signed: a checkpoint, signed by the same key, begins otherwise.
const DOMAIN: &[u8] = b"countersign/receipt@v1\n";
const FORMAT: &str = "countersign/receipt@v1";
const BEGIN: &str = "  \"signature\": \"";
const END: &str = "\"\n}\n";
/// Most octets of a receipt.
const MAX_BYTES: usize = 256 * 1024;

/// A receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    format: String,
    /// The request.
    pub request: RequestId,
    /// The profile of the certificate.
    pub profile: String,
    /// The certificate.
    pub certificate: ReceiptCertificate,
    /// The approval.
    pub approval: ReceiptApproval,
    /// The end of the request's audit trail when the receipt was made.
    pub audit: ChainHead,
    /// The proof that the certificate is in the log.
    pub log: ReceiptProof,
}

/// The certificate of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptCertificate {
    /// The serial number.
    pub serial: Serial,
    /// Lower-case hex SHA-256 of the DER.
    pub sha256: String,
    /// The key identifier of the issuer.
    pub issuer: String,
}

/// The approval of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptApproval {
    /// The digest that it binds.
    pub digest: ApprovalDigest,
    /// The standing approval that covers the certificate: `digest`, `decided` and `votes` are those of its terms. Other receipts
    /// have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<RequestId>,
    /// The time of the decision, RFC 3339.
    pub decided: String,
    /// The votes.
    pub votes: Vec<ReceiptVote>,
}

/// A vote of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptVote {
    /// The masked address of the approver.
    pub approver: String,
    /// The decision.
    pub decision: Decision,
    /// The time of the vote, RFC 3339.
    pub at: String,
    /// The masked addresses of the approvers in whose place the vote was cast.
    #[serde(default, rename = "standsInFor", skip_serializing_if = "Vec::is_empty")]
    pub stands_in_for: Vec<String>,
    /// The digest of the proof of who voted, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// The proof of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptProof {
    /// The number of the leaf.
    pub index: u64,
    /// The hashes beside the way from the leaf to the root, in base64.
    pub proof: Vec<String>,
    /// The lines of the checkpoint.
    pub checkpoint: Vec<String>,
}

/// A place in the log, proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProof {
    /// The number of the leaf.
    pub index: u64,
    /// The hashes from the leaf up.
    pub hashes: Vec<TreeHash>,
    /// The checkpoint, as a signed note.
    pub checkpoint: String,
}

/// A receipt that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedReceipt {
    /// The receipt.
    pub receipt: Receipt,
    /// The checkpoint of it.
    pub checkpoint: Checkpoint,
}

/// Why a receipt is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// It does not end with a signature.
    #[error("it is not a receipt: it does not end with a signature")]
    Malformed,
    /// No known key of the log signed it.
    #[error("its signature is wrong: it was changed, or is of another log")]
    WrongSignature,
    /// It is signed, but cannot be read: of another version.
    #[error("it is signed, but of a version that is not known here")]
    OtherFormat,
    /// Its checkpoint is refused.
    #[error("its checkpoint is refused: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The proof does not lead to the root.
    #[error("the certificate is not in the log: the proof does not lead to the checkpoint")]
    NotInLog,
    /// It is about another certificate.
    #[error("it is the receipt of another certificate")]
    OtherCertificate,
}

impl Receipt {
    /// The receipt of the certificate of `request`, which is in the log and which this approval covers.
    pub fn of(request: &Request, decision: &DecisionRecord, entry: &LogEntry, proof: &LogProof) -> Self {
        let votes = decision.votes.iter().map(|vote| ReceiptVote {
            approver: vote.approver.masked(),
            decision: vote.decision,
            at: rfc3339(vote.at),
            stands_in_for: vote.stands_in_for.iter().map(|one| one.masked()).collect(),
            evidence: vote.evidence.as_ref().map(|evidence| evidence.digest()),
        });
        Self {
            format: FORMAT.to_owned(),
            request: request.id(),
            profile: request.profile().to_owned(),
            certificate: ReceiptCertificate {
                serial: entry.serial.clone(),
                sha256: entry.certificate.clone(),
                issuer: entry.issuer.clone(),
            },
            approval: ReceiptApproval {
                digest: entry.approval.clone(),
                standing: request.standing(),
                decided: rfc3339(decision.at),
                votes: votes.collect(),
            },
            audit: request.audit().clone(),
            log: ReceiptProof {
                index: proof.index,
                proof: proof.hashes.iter().map(ToString::to_string).collect(),
                checkpoint: proof.checkpoint.lines().map(str::to_owned).collect(),
            },
        }
    }

    /// Signs it. The same receipt gives the same file.
    ///
    /// # Errors
    /// [`ReceiptError::Malformed`] if it cannot be written or signed.
    pub fn sign(&self, key: &LogKey) -> Result<String, ReceiptError> {
        let json = serde_json::to_string_pretty(self).map_err(|_| ReceiptError::Malformed)?;
        let body = json.strip_suffix("\n}").ok_or(ReceiptError::Malformed)?;
        let signed = format!("{body},\n");
        let signature = key.key().sign(&[DOMAIN, signed.as_bytes()].concat());
        let signature = signature.map_err(|_| ReceiptError::Malformed)?;
        Ok(format!("{signed}{BEGIN}{}{END}", STANDARD.encode(signature)))
    }

    /// Reads a receipt that one of the keys signed, and follows its proof from the certificate to the checkpoint.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn verify(octets: &[u8], keys: &[NoteVerifier]) -> Result<VerifiedReceipt, ReceiptError> {
        let text = std::str::from_utf8(octets).ok().filter(|text| text.len() <= MAX_BYTES);
        let text = text.and_then(|text| text.strip_suffix(END)).ok_or(ReceiptError::Malformed)?;
        let at = text.rfind(BEGIN).ok_or(ReceiptError::Malformed)?;
        let (signed, signature) = (&text[..at], &text[at + BEGIN.len()..]);
        let signature = STANDARD.decode(signature).map_err(|_| ReceiptError::Malformed)?;
        let message = [DOMAIN, signed.as_bytes()].concat();
        if !keys.iter().any(|key| key.signed(&message, &signature)) {
            return Err(ReceiptError::WrongSignature);
        }
        let body = signed.strip_suffix(",\n").ok_or(ReceiptError::OtherFormat)?;
        let receipt: Self =
            serde_json::from_str(&format!("{body}\n}}")).map_err(|_| ReceiptError::OtherFormat)?;
        if receipt.format != FORMAT {
            return Err(ReceiptError::OtherFormat);
        }
        let checkpoint = receipt.checkpoint(keys)?;
        Ok(VerifiedReceipt { receipt, checkpoint })
    }

    /// The checkpoint, if the proof leads to it.
    fn checkpoint(&self, keys: &[NoteVerifier]) -> Result<Checkpoint, ReceiptError> {
        let note: String = self.log.checkpoint.iter().map(|line| format!("{line}\n")).collect();
        let checkpoint = Checkpoint::open(&note, keys)?;
        let proof: Option<Vec<TreeHash>> =
            self.log.proof.iter().map(|hash| TreeHash::from_base64(hash)).collect();
        let proof = proof.ok_or(ReceiptError::OtherFormat)?;
        let leaf = self.entry().leaf_hash();
        if verify_inclusion(self.log.index, checkpoint.size, leaf, &proof, &checkpoint.root) {
            Ok(checkpoint)
        } else {
            Err(ReceiptError::NotInLog)
        }
    }

    /// The leaf that the receipt is about.
    pub fn entry(&self) -> LogEntry {
        LogEntry {
            serial: self.certificate.serial.clone(),
            certificate: self.certificate.sha256.clone(),
            issuer: self.certificate.issuer.clone(),
            request: self.request,
            approval: self.approval.digest.clone(),
            evidence: self.approval.votes.iter().filter_map(|vote| vote.evidence.clone()).collect(),
        }
    }
}

impl VerifiedReceipt {
    /// Fails if the receipt is of another certificate.
    ///
    /// # Errors
    /// [`ReceiptError::OtherCertificate`].
    pub fn is_of(&self, certificate: &Certificate) -> Result<(), ReceiptError> {
        let own = &self.receipt.certificate;
        let same = own.sha256 == certificate.fingerprint() && own.serial == *certificate.serial();
        if same { Ok(()) } else { Err(ReceiptError::OtherCertificate) }
    }
}

#[cfg(test)]
mod tests;
