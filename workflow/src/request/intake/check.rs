//! The checks of a submission that need neither a table nor the clock, and the preview.

use pki::csr::Csr;
use pki::error::StructureError;
use pki::issuer::Issuer;
use time::OffsetDateTime;

use crate::approval::LinkSecret;
use crate::approval::coverage::ensure_open;
use crate::approval::standing::{StandingApproval, StandingError};
use crate::approver_set::GroupQuorum;
use crate::email::Email;
use crate::finding::{Code, Finding, findings, quoted};
use crate::framed_hash::FramedHash;
use crate::grant::{CheckedKey, Grant};
use crate::ids::RequestId;
use crate::policy::{Policy, evaluate};
use crate::request::input::{missing, unfit_text};
use crate::request::renewal::RenewalTerms;
use crate::request::{Request, RequestContent, Submission, renewal};
use crate::requester::Requester;
use crate::standing::StandingTerms;
use crate::texts::{Language, Message};

/// The longest idempotency key, in bytes.
const MAX_IDEMPOTENCY_KEY_BYTES: usize = 255;

/// The most bytes of the DER of a CSR. Anybody can have rows stored: with a CSR of this size and a comment of 2,000 bytes,
/// a row of a new request stays below 16 KB. It is enough for 250 names of 25 characters with an RSA key of 4096 bits
/// (docs/decisions/0107).
const MAX_CSR_BYTES: usize = 8 * 1024;

/// The part of a submission that has an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubmissionPart {
    /// The requester.
    Requester,
    /// The comment to the approvers.
    Comment,
    /// The text of the CSR.
    Csr,
    /// The terms of a standing approval; the finding names a field if it is about days or certificates.
    Terms,
    /// The name of the profile.
    Profile,
    /// The request that a renewal replaces.
    Replaces,
    /// The standing approval.
    Standing,
    /// The idempotency key.
    IdempotencyKey,
}

/// The request that a renewal replaces, opened by its link.
#[derive(Clone, Debug)]
pub struct ReplacedRequest {
    /// The request.
    pub request: Request,
    /// The time at which it was opened: that of the submission.
    pub at: OffsetDateTime,
}

/// A standing approval under which a certificate is asked for.
///
/// Whoever makes one has checked its credential: the id alone opens nothing, since it stands in links, mails and logs.
#[derive(Clone, Debug)]
pub struct OpenedStanding {
    /// The standing approval.
    pub approval: StandingApproval,
    /// The time at which it was opened: that of the submission.
    pub at: OffsetDateTime,
}

/// An error of one part of a submission.
#[derive(Clone, Debug, PartialEq)]
pub struct InputError {
    /// The part.
    pub input: SubmissionPart,
    /// The error, in words for the requester.
    pub finding: Finding,
}

/// A submission, not yet checked.
#[derive(Clone, Debug)]
pub struct NewRequest {
    /// The requester, or the finding of an invalid address; the other parts are checked in either case.
    pub requester: Result<Requester, Finding>,
    /// The comment to the approvers.
    pub comment: String,
    /// The CSR: PEM, or base64 of its DER.
    pub csr_text: String,
    /// The name of the profile; the default profile if `None`.
    pub profile: Option<String>,
    /// The request that a renewal replaces.
    pub replaces: Option<ReplacedRequest>,
    /// The standing approval under which the certificate is asked for; requester and profile are those of it
    /// ([`NewRequest::under`]). `None`: approvers are asked.
    pub standing: Option<OpenedStanding>,
    /// The language of mails to the requester.
    pub language: Language,
    /// The key by which the requester repeats a submission; `None` makes each submission a request of its own.
    pub idempotency_key: Option<String>,
}

/// The certificate that a policy grants for a CSR.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The name of the profile.
    pub profile: String,
    /// The contents of the certificate.
    pub grant: Grant,
    /// Warnings, and requested extensions that are not granted.
    pub findings: Vec<Finding>,
    /// The record that the key passed every check.
    pub checked_key: CheckedKey,
    /// The groups whose approvals are needed.
    pub quorums: Vec<GroupQuorum>,
}

/// A submission that passed every check and may be stored.
#[derive(Clone, Debug)]
pub struct CheckedRequest {
    idempotency_key: Option<String>,
    /// The text of the CSR as it came, since the submission has the CSR alone; or the terms as JSON.
    content_text: String,
    /// The reason why nothing more is signed under the standing approval.
    over: Option<StandingError>,
    /// See [`CheckedRequest::with_id`].
    fixed_id: Option<RequestId>,
    pub(super) submission: Submission,
}

/// Previews a certificate. Stores nothing.
///
/// # Errors
/// Every error of the CSR and of the profile.
pub fn preview(
    policy: &Policy,
    issuer: Option<&Issuer>,
    requester: Option<&Requester>,
    csr_text: &str,
    profile: Option<&str>,
    replaced: Option<&ReplacedRequest>,
) -> Result<Preview, Vec<InputError>> {
    examine(policy, issuer, requester, csr_text, profile, replaced).map(|(preview, _)| preview)
}

/// Like [`preview`], with the CSR.
fn examine(
    policy: &Policy,
    issuer: Option<&Issuer>,
    requester: Option<&Requester>,
    csr_text: &str,
    profile: Option<&str>,
    replaced: Option<&ReplacedRequest>,
) -> Result<(Preview, Csr), Vec<InputError>> {
    let profile = policy
        .profile(profile)
        .map_err(|finding| vec![InputError { input: SubmissionPart::Profile, finding }]);
    let csr = if csr_text.is_empty() {
        Err(errors_of_csr(vec![missing("csrContent", "finding-give-request")]))
    } else {
        evaluate::read(csr_text, None)
            .map_err(|refusal| refusal.0)
            .and_then(within_bound)
            .map_err(errors_of_csr)
    };
    match (csr, profile) {
        (Ok((csr, checked_key)), Ok(profile)) => {
            let verdict = evaluate::evaluate_with_issuer(policy, issuer, &csr, profile, requester);
            let same_key = replaced.and_then(|replaced| {
                let digest = csr.key().digest();
                renewal::same_key(policy, &digest, &replaced.request)
            });
            let is_refused = same_key.as_ref().is_some_and(Finding::is_refusal);
            let findings = same_key.into_iter().chain(verdict.findings).collect();
            match verdict.grant.filter(|_| !is_refused) {
                Some(grant) => {
                    let quorums =
                        quorums::needed(policy, profile, requester, &grant.csr_summary(&csr), replaced);
                    let profile = profile.name().to_owned();
                    Ok((Preview { profile, grant, findings, checked_key, quorums }, csr))
                }
                None => Err(errors_of_csr(findings)),
            }
        }
        (csr, profile) => Err(csr.err().into_iter().chain(profile.err()).flatten().collect()),
    }
}

impl NewRequest {
    /// A certificate under a standing approval, for its requester and by its profile.
    pub fn under(standing: OpenedStanding, csr_text: String, language: Language) -> Self {
        Self {
            requester: Ok(Requester::Person(standing.approval.requester().clone())),
            comment: String::new(),
            csr_text,
            profile: Some(standing.approval.profile().to_owned()),
            replaces: None,
            standing: Some(standing),
            language,
            idempotency_key: None,
        }
    }

    /// Makes every check that needs neither a table nor the clock.
    ///
    /// # Errors
    /// Every error of every part.
    pub fn check(self, policy: &Policy, issuer: Option<&Issuer>) -> Result<CheckedRequest, Vec<InputError>> {
        let mut errors = errors_of_texts(&self.comment, self.idempotency_key.as_deref());
        let requester = self.requester.map_err(|finding| {
            errors.insert(0, InputError { input: SubmissionPart::Requester, finding });
        });
        let replaced = self.replaces.as_ref();
        let preview = examine(
            policy,
            issuer,
            requester.as_ref().ok(),
            &self.csr_text,
            self.profile.as_deref(),
            replaced,
        )
        .map_err(|more| errors.extend(more));
        if let (Ok(Requester::Person(email)), Some(replaced)) = (&requester, replaced) {
            let finding = renewal::refusal(policy, email, replaced.at, &replaced.request);
            errors.extend(finding.map(|finding| InputError { input: SubmissionPart::Replaces, finding }));
        }
        if let (Ok(Requester::Person(email)), Ok((preview, csr))) = (&requester, &preview) {
            let csr = preview.grant.csr_summary(csr);
            let submitted_at = replaced.map_or(OffsetDateTime::UNIX_EPOCH, |replaced| replaced.at);
            let terms = RenewalTerms { requester: email, profile: &preview.profile, csr: &csr, submitted_at };
            let error = match &self.standing {
                // Sign checks the same with the same rule.
                Some(OpenedStanding { approval, .. }) => {
                    let (profile, names) = (&preview.profile, &preview.grant.names);
                    let part = approval.outside(policy, email, profile, names);
                    let finding = part.map(|part| approval.finding_outside(part, names));
                    finding.map(|finding| InputError { input: SubmissionPart::Standing, finding })
                }
                None => {
                    let replaced = replaced.map(|replaced| &replaced.request);
                    let approvers = renewal::approver_set(policy, &terms, replaced);
                    approvers.err().map(|error| no_approvers(&error, terms.profile))
                }
            };
            errors.extend(error);
        }
        match (requester, preview) {
            (Ok(Requester::Person(email)), Ok((preview, csr))) if errors.is_empty() => {
                let replaces = self.replaces.map(|replaced| replaced.request.id());
                let mut content = RequestContent::certificate(csr.pem(), Some(preview.checked_key), replaces);
                let mut over = None;
                if let Some(OpenedStanding { approval, at }) = &self.standing {
                    content = content.under(approval.id());
                    over = ensure_open(approval, policy, *at).err();
                }
                let submission = Submission {
                    email,
                    language: self.language,
                    comment: self.comment,
                    content,
                    profile: preview.profile,
                    policy_version: policy.version().to_owned(),
                };
                let Self { idempotency_key, csr_text: content_text, .. } = self;
                Ok(CheckedRequest { idempotency_key, content_text, over, fixed_id: None, submission })
            }
            _ => Err(errors),
        }
    }
}

impl CheckedRequest {
    /// The same with this id, which follows from something that is kept elsewhere, such as an order of ACME. A repetition is the
    /// same request, also after a change of the link secret.
    #[must_use]
    pub fn with_id(self, id: RequestId) -> Self {
        Self { fixed_id: Some(id), idempotency_key: None, ..self }
    }

    /// The id of the request: for an idempotency key, always the same one.
    pub(super) fn id(&self, links: &LinkSecret) -> RequestId {
        match (self.fixed_id, &self.idempotency_key) {
            (Some(id), _) => id,
            (None, None) => RequestId::random(),
            (None, Some(key)) => links.request_id(&self.submission.email, key, None),
        }
    }

    /// The id where a stranger's unconfirmed request stands under [`CheckedRequest::id`].
    pub(super) fn other_id(&self, links: &LinkSecret) -> Option<RequestId> {
        let Submission { email, comment, profile, content, .. } = &self.submission;
        let mut contents = FramedHash::new("countersign submission 1");
        // The text as it came, like in earlier versions: ids of stored requests depend on it.
        contents.field(comment).field(&self.content_text).field(profile);
        for id in content.replaces().into_iter().chain(content.standing()) {
            contents.field(&id.to_string());
        }
        Some(links.request_id(email, self.idempotency_key.as_deref()?, Some(&contents.finish())))
    }

    /// The requester's address.
    pub fn email(&self) -> &Email {
        &self.submission.email
    }

    /// The name of the profile.
    pub fn profile(&self) -> &str {
        &self.submission.profile
    }

    /// The terms, if it asks for a standing approval.
    pub fn terms(&self) -> Option<&StandingTerms> {
        match &self.submission.content {
            RequestContent::Certificate(_) => None,
            RequestContent::Standing(terms) => Some(terms),
        }
    }

    /// True if a standing approval covers it, so that nobody is asked.
    pub(super) fn is_under_standing(&self) -> bool {
        self.submission.content.standing().is_some()
    }

    /// The reason why nothing more is signed under its standing approval.
    pub(super) fn over(&self) -> Option<StandingError> {
        self.over
    }

    /// True if `stored` is the request of an earlier submission with the same contents.
    pub(super) fn is_replay_of(&self, stored: &Request) -> bool {
        stored.email().same_person(&self.submission.email)
            && stored.comment() == self.submission.comment
            && is_same_content(stored.content(), &self.submission.content)
            && stored.profile() == self.submission.profile
    }
}

/// True if both ask for the same.
fn is_same_content(stored: &RequestContent, submitted: &RequestContent) -> bool {
    match (stored, submitted) {
        (RequestContent::Certificate(stored), RequestContent::Certificate(submitted)) => {
            is_same_csr(&stored.csr_content, &submitted.csr_content)
                && stored.replaces == submitted.replaces
                && stored.standing == submitted.standing
        }
        (RequestContent::Standing(stored), RequestContent::Standing(submitted)) => stored == submitted,
        _ => false,
    }
}

/// True if `stored` is the CSR `pem`. Rows of earlier versions have the text as it was submitted.
fn is_same_csr(stored: &str, pem: &str) -> bool {
    stored == pem || Csr::read(stored).is_ok_and(|csr| csr.pem() == pem)
}

/// Refuses a CSR that is larger than its row may be.
fn within_bound(read: (Csr, CheckedKey)) -> Result<(Csr, CheckedKey), Vec<Finding>> {
    let bytes = read.0.der().len();
    if bytes > MAX_CSR_BYTES {
        return Err(findings([StructureError::TooLarge { bytes, max: MAX_CSR_BYTES }.into()]));
    }
    Ok(read)
}

/// The errors of the texts that every submission has.
fn errors_of_texts(comment: &str, idempotency_key: Option<&str>) -> Vec<InputError> {
    let comment = unfit_text("comment", comment);
    let comment = comment.map(|finding| InputError { input: SubmissionPart::Comment, finding });
    let key = idempotency_key.and_then(unfit_key);
    let key = key.map(|finding| InputError { input: SubmissionPart::IdempotencyKey, finding });
    comment.into_iter().chain(key).collect()
}

fn errors_of_csr(findings: Vec<Finding>) -> Vec<InputError> {
    findings.into_iter().map(|finding| InputError { input: SubmissionPart::Csr, finding }).collect()
}

fn unfit_key(key: &str) -> Option<Finding> {
    (key.len() > MAX_IDEMPOTENCY_KEY_BYTES || !key.bytes().all(|b| b.is_ascii_graphic())).then(|| {
        Finding::refused(
            Code::BadRequest,
            Message::new("finding-unfit-key").with("key", quoted(key)),
            Message::new("finding-unfit-key-advice").with("most", MAX_IDEMPOTENCY_KEY_BYTES),
        )
    })
}

/// The requester never approves their own request, so a profile needs enough other approvers.
fn no_approvers(error: &dyn std::fmt::Display, profile: &str) -> InputError {
    tracing::warn!(%error, profile, "rejected a submission: its profile has too few approvers");
    let detail = Message::new("finding-nobody-else").with("profile", profile);
    let finding = Finding::refused(Code::BadRequest, detail, Message::new("finding-nobody-else-advice"));
    InputError { input: SubmissionPart::Profile, finding }
}

mod quorums;
mod terms;

pub use terms::NewStandingRequest;

#[cfg(test)]
mod tests;
