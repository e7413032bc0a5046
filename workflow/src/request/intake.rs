//! Intake: from a submission to a stored request with a started execution.
//!
//! Invariant: a request is stored whole or not at all, and only after every check; a repeated submission returns the
//! request of the first. Where the policy wants the requester's address proven, the row is stored unconfirmed, by one write,
//! and its execution starts when the reader of the mailbox confirms it. After that, a failed start of the execution is no
//! failure: housekeeping starts it. Errors of the input are [`InputError`]s, all at once; every other error is an
//! [`IntakeError`].

use pki::issuer::Issuer;
use time::Duration;

use super::audit::Origin;
use super::input::{missing, unfit_text};
use super::{Request, Status, Submission, execution_name};
use crate::approval::LinkSecret;
use crate::email::Email;
use crate::finding::{Code, Finding, quoted};
use crate::framed_hash::FramedHash;
use crate::grant::{CheckedKey, Grant};
use crate::ids::RequestId;
use crate::mail_kind::MailKind;
use crate::message::RecheckMessage;
use crate::policy::{LONGEST_LIMIT, Policy, Profile, RequesterProof, evaluate};
use crate::ports::{Clock, Executions, LinkSecrets, PortError, Requests, Saved, WorkerQueue};
use crate::requester::Requester;
use crate::store::{UpdateError, update_known_request};
use crate::texts::{Language, Message};

/// The longest idempotency key, in bytes.
const MAX_IDEMPOTENCY_KEY_BYTES: usize = 255;

/// The time after the longest approval period before housekeeping ends an undecided request.
const EXPIRY_SLACK: Duration = Duration::days(1);

/// The shortest time between two mails with the confirmation link of one request.
const CONFIRMATION_MAIL_MIN_INTERVAL: Duration = Duration::minutes(10);

/// The part of a submission that has an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubmissionPart {
    /// The requester.
    Requester,
    /// The comment to the approvers.
    Comment,
    /// The text of the CSR.
    Csr,
    /// The name of the profile.
    Profile,
    /// The idempotency key.
    IdempotencyKey,
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
}

/// A submission that passed every check and may be stored.
#[derive(Clone, Debug)]
pub struct CheckedRequest {
    idempotency_key: Option<String>,
    submission: Submission,
}

/// A stored request.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// The row: for a replay, as it is now.
    pub request: Request,
    /// True if the submission repeats an earlier one.
    pub is_replay: bool,
}

/// The reason why a checked request was not stored.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The number of undecided requests of the requester has reached the limit of the policy.
    #[error("the requester has {limit} undecided requests, the limit of the policy")]
    TooManyUndecided {
        /// The limit.
        limit: usize,
    },
    /// The requests of the requester in the last hour have reached the limit of the policy, whatever became of them.
    #[error("the requester has sent {limit} requests in an hour, the limit of the policy")]
    TooManyInAnHour {
        /// The limit.
        limit: usize,
    },
    /// The idempotency key belongs to a request with other contents.
    #[error("the idempotency key belongs to another request")]
    KeyReused(Finding),
    /// Another writer stored the row, and it was deleted since; the caller can try again.
    #[error("another writer stored the row of the request, and it has been deleted since")]
    Contended,
    /// A port failed; the caller can try again.
    #[error(transparent)]
    Port(#[from] PortError),
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
) -> Result<Preview, Vec<InputError>> {
    let profile = policy
        .profile(profile)
        .map_err(|finding| vec![InputError { input: SubmissionPart::Profile, finding }]);
    let csr = if csr_text.is_empty() {
        Err(errors_of_csr(vec![missing("csrContent", "finding-give-request")]))
    } else {
        evaluate::read(csr_text, None).map_err(|refusal| errors_of_csr(refusal.0))
    };
    match (csr, profile) {
        (Ok((csr, checked_key)), Ok(profile)) => {
            let verdict = evaluate::evaluate_with_issuer(policy, issuer, &csr, profile, requester);
            match verdict.grant {
                Some(grant) => Ok(Preview {
                    profile: profile.name().to_owned(),
                    grant,
                    findings: verdict.findings,
                    checked_key,
                }),
                None => Err(errors_of_csr(verdict.findings)),
            }
        }
        (csr, profile) => Err(csr.err().into_iter().chain(profile.err()).flatten().collect()),
    }
}

impl NewRequest {
    /// Makes every check that needs neither a table nor the clock.
    ///
    /// # Errors
    /// Every error of every part.
    pub fn check(self, policy: &Policy, issuer: Option<&Issuer>) -> Result<CheckedRequest, Vec<InputError>> {
        let mut errors = Vec::new();
        let requester = self.requester.map_err(|finding| {
            errors.push(InputError { input: SubmissionPart::Requester, finding });
        });
        let comment = unfit_text("comment", &self.comment);
        errors.extend(comment.map(|finding| InputError { input: SubmissionPart::Comment, finding }));
        let key = self.idempotency_key.as_deref().and_then(unfit_key);
        errors.extend(key.map(|finding| InputError { input: SubmissionPart::IdempotencyKey, finding }));
        let preview =
            preview(policy, issuer, requester.as_ref().ok(), &self.csr_text, self.profile.as_deref())
                .map_err(|more| errors.extend(more));
        if let (Ok(Requester::Person(email)), Ok(preview)) = (&requester, &preview)
            && let Ok(profile) = policy.profile(Some(&preview.profile))
        {
            let finding = no_approvers(profile, email);
            errors.extend(finding.map(|finding| InputError { input: SubmissionPart::Profile, finding }));
        }
        match (requester, preview) {
            (Ok(Requester::Person(email)), Ok(preview)) if errors.is_empty() => {
                let submission = Submission {
                    email,
                    language: self.language,
                    comment: self.comment,
                    csr_content: self.csr_text,
                    profile: preview.profile,
                    policy_version: policy.version().to_owned(),
                    checked_key: Some(preview.checked_key),
                };
                Ok(CheckedRequest { idempotency_key: self.idempotency_key, submission })
            }
            _ => Err(errors),
        }
    }
}

impl CheckedRequest {
    /// The id of the request: for an idempotency key, always the same one.
    fn id(&self, links: &LinkSecret) -> RequestId {
        match &self.idempotency_key {
            None => RequestId::random(),
            Some(key) => links.request_id(&self.submission.email, key, None),
        }
    }

    /// The id where a stranger's unconfirmed request stands under [`CheckedRequest::id`].
    fn other_id(&self, links: &LinkSecret) -> Option<RequestId> {
        let Submission { email, comment, csr_content, profile, .. } = &self.submission;
        let mut contents = FramedHash::new("countersign submission 1");
        contents.field(comment).field(csr_content).field(profile);
        Some(links.request_id(email, self.idempotency_key.as_deref()?, Some(&contents.finish())))
    }

    /// The requester's address.
    pub fn email(&self) -> &Email {
        &self.submission.email
    }

    /// True if `stored` is the request of an earlier submission with the same contents.
    fn is_replay_of(&self, stored: &Request) -> bool {
        stored.email().same_person(&self.submission.email)
            && stored.comment() == self.submission.comment
            && stored.csr_content() == self.submission.csr_content
            && stored.profile() == self.submission.profile
    }
}

/// The reason why a request was not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmationError {
    /// The time to confirm is over.
    #[error("the time to confirm the request is over")]
    Lapsed,
    /// The number of undecided requests of the requester has reached the limit of the policy.
    #[error("the requester has {limit} undecided requests, the limit of the policy")]
    TooManyUndecided {
        /// The limit.
        limit: usize,
    },
    /// A port failed; the caller can try again.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The ports of intake.
pub struct Intake<'a> {
    /// The rows.
    pub requests: &'a dyn Requests,
    /// The executions of the state machine.
    pub executions: &'a dyn Executions,
    /// The queue of notify: the mail with the confirmation link.
    pub notify_queue: &'a dyn WorkerQueue,
    /// The link secret, from which the ids of idempotency keys derive.
    pub links: &'a dyn LinkSecrets,
    /// The time.
    pub clock: &'a dyn Clock,
}

impl Intake<'_> {
    /// Stores the request on behalf of `by`, within the limits of the policy. Then its execution starts; or, where the
    /// policy wants the address proven, the link that confirms the request is mailed to it.
    ///
    /// # Errors
    /// See [`IntakeError`]. Nothing is stored then, unless the mail could not be ordered: an unconfirmed request ends by
    /// itself, and a repetition with the same idempotency key orders the mail again.
    pub async fn submit(
        &self,
        checked: CheckedRequest,
        policy: &Policy,
        by: &Origin,
    ) -> Result<Submitted, IntakeError> {
        let links = self.links.secret().await?;
        let id = checked.id(links);
        self.within_limits(&checked, id, policy).await?;
        let proof = policy.requesters();
        let submitted = match self.store(&checked, id, proof, by).await? {
            Stored::As(submitted) => *submitted,
            // Whoever guesses a key must not keep its owner from using it.
            Stored::Other(Status::Unconfirmed) => match checked.other_id(links) {
                Some(id) => match self.store(&checked, id, proof, by).await? {
                    Stored::As(submitted) => *submitted,
                    Stored::Other(_) => return Err(key_reused()),
                },
                None => return Err(key_reused()),
            },
            Stored::Other(_) => return Err(key_reused()),
        };
        match submitted.request.status() {
            Status::Unconfirmed => self.order_confirmation_mail(&submitted).await?,
            _ => self.start(&submitted.request).await,
        }
        Ok(submitted)
    }

    /// Records on behalf of `by` that the reader of the requester's mailbox confirmed the request, and starts its
    /// execution. Idempotent.
    ///
    /// # Errors
    /// See [`ConfirmationError`]; nothing is recorded then.
    pub async fn confirm(
        &self,
        request: &Request,
        policy: &Policy,
        by: &Origin,
    ) -> Result<Request, ConfirmationError> {
        let (now, limit) = (self.clock.now(), policy.pending_limit());
        // Not at the submission alone: what strangers submit in the name of another counts for nothing.
        if request.status() == Status::Unconfirmed && self.undecided(request.email(), limit).await? >= limit {
            return Err(ConfirmationError::TooManyUndecided { limit });
        }
        let confirmed = update_known_request(self.requests, request, by, |row| row.confirm(now)).await;
        let confirmed = confirmed.map_err(|error| match error {
            UpdateError::Port(error) => ConfirmationError::Port(error),
            // A row that is gone has lapsed.
            UpdateError::Rejected(_) | UpdateError::Missing(_) => ConfirmationError::Lapsed,
        })?;
        let id = request.id();
        tracing::info!(request.id = %id, "request {id} is confirmed");
        self.start(&confirmed.row).await;
        Ok(confirmed.row)
    }

    /// Rejects a request above a limit, unless it is a replay. Concurrent submissions may exceed a limit together:
    /// the limits bound floods and are no exact counts (docs/decisions/0031).
    async fn within_limits(
        &self,
        checked: &CheckedRequest,
        id: RequestId,
        policy: &Policy,
    ) -> Result<(), IntakeError> {
        let (now, hourly, undecided) = (self.clock.now(), policy.hourly_limit(), policy.pending_limit());
        let email = checked.email();
        let exceeded = if self.requests.registered_by(email, now - Duration::HOUR, hourly).await? >= hourly {
            IntakeError::TooManyInAnHour { limit: hourly }
        } else {
            if self.undecided(email, undecided).await? < undecided {
                return Ok(());
            }
            IntakeError::TooManyUndecided { limit: undecided }
        };
        if self.requests.find(id).await?.is_some() {
            return Ok(());
        }
        tracing::warn!("rejected a submission: {exceeded}");
        Err(exceeded)
    }

    async fn undecided(&self, email: &Email, enough: usize) -> Result<usize, PortError> {
        let since = self.clock.now() - LONGEST_LIMIT - EXPIRY_SLACK;
        self.requests.undecided_of(email, since, enough).await
    }

    /// Has the link that confirms the request mailed: for a new request always, for a replay from time to time.
    async fn order_confirmation_mail(&self, submitted: &Submitted) -> Result<(), IntakeError> {
        let (request, now) = (&submitted.request, self.clock.now());
        if submitted.is_replay {
            let claim = |row: &mut Request| row.claim_confirmation_mail(CONFIRMATION_MAIL_MIN_INTERVAL, now);
            // Nobody's event: the trail of an unconfirmed request is empty.
            let nobody = Origin::worker("portal");
            let claimed = update_known_request(self.requests, request, &nobody, claim).await;
            match claimed {
                Ok(claimed) if claimed.value => {}
                Ok(_) | Err(UpdateError::Missing(_)) => return Ok(()),
                Err(UpdateError::Port(error)) => return Err(error.into()),
            }
        }
        self.notify_queue.recheck(&RecheckMessage::mail(request.id(), MailKind::Confirm)).await?;
        Ok(())
    }

    async fn store(
        &self,
        checked: &CheckedRequest,
        id: RequestId,
        proof: RequesterProof,
        by: &Origin,
    ) -> Result<Stored, IntakeError> {
        let arn = self.executions.arn(&execution_name(id, 1));
        let (submission, now) = (checked.submission.clone(), self.clock.now());
        let mut request = match proof {
            RequesterProof::Mail => Request::unconfirmed(id, submission, arn, by.source.clone(), now),
            RequesterProof::None => Request::submitted(id, submission, arn, now),
        };
        let events = request.take_events(by);
        match self.requests.create(&request, &events).await? {
            Saved::Yes => {
                tracing::info!(request.id = %id, status = %request.status(), profile = request.profile(), policy.version = request.policy_version(), "stored request {id}");
                Ok(Stored::As(Box::new(Submitted { request, is_replay: false })))
            }
            Saved::Conflict => match self.requests.find(id).await? {
                Some(stored) if checked.is_replay_of(&stored) => {
                    tracing::info!(request.id = %id, status = %stored.status(), "request {id} was submitted again");
                    Ok(Stored::As(Box::new(Submitted { request: stored, is_replay: true })))
                }
                Some(other) => Ok(Stored::Other(other.status())),
                None => Err(IntakeError::Contended),
            },
        }
    }

    /// Starts the first execution. Idempotent.
    async fn start(&self, request: &Request) {
        if !request.status().is_in_flow() || request.execution().attempt > 1 {
            return;
        }
        let id = request.id();
        if let Err(error) = self.executions.start(&execution_name(id, 1), id).await {
            tracing::error!(request.id = %id, %error, "request {id} is stored, but its execution did not start; housekeeping will start it");
        }
    }
}

/// What stands under the id of a submission.
enum Stored {
    /// Its request.
    As(Box<Submitted>),
    /// A request with other contents, of this status.
    Other(Status),
}

fn key_reused() -> IntakeError {
    IntakeError::KeyReused(Finding::refused(
        Code::BadRequest,
        Message::new("finding-key-used"),
        Message::new("finding-key-used-advice"),
    ))
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
fn no_approvers(profile: &Profile, requester: &Email) -> Option<Finding> {
    profile.approver_set_for(requester).err().map(|error| {
        tracing::warn!(%error, profile = profile.name(), "rejected a submission: its profile has too few approvers");
        Finding::refused(
            Code::BadRequest,
            Message::new("finding-nobody-else").with("profile", profile.name()),
            Message::new("finding-nobody-else-advice"),
        )
    })
}

#[cfg(test)]
mod tests;
