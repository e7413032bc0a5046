//! Intake: from a submission to a stored request with a started execution.
//!
//! Invariant: a request is stored whole or not at all, and only after every check; a repeated submission returns the
//! request of the first. If the policy wants the requester's address proven, the row is stored unconfirmed, by one
//! write, and its execution starts when the requester confirms it: by the mailed link, or by a sign-in. After
//! that, a failed start of the execution is no failure: housekeeping starts it. Errors of the input are [`InputError`]s,
//! all at once; every other error is an [`IntakeError`].

mod check;

use time::{Duration, OffsetDateTime};

use super::audit::Origin;
use super::{Request, RequesterEvidence, Status, execution_name};
use crate::approval::sign_in::{Provider, SignInError};
use crate::approval::standing::StandingError;
use crate::approval::{BaseUrl, LinkGiven};
use crate::email::Email;
use crate::finding::{Code, Finding};
use crate::ids::RequestId;
use crate::mail_kind::MailKind;
use crate::message::RecheckMessage;
use crate::policy::{LONGEST_LIMIT, Policy, RequesterProof};
use crate::ports::{Clock, Executions, LinkSecrets, People, PortError, Requests, Saved, WorkerQueue};
use crate::store::{UpdateError, update_known_request};
use crate::texts::Message;
use crate::timestamp::whole_seconds;

pub use check::{
    CheckedRequest, InputError, NewRequest, OpenedStanding, Preview, ReplacedRequest, SubmissionPart, preview,
};

/// The time after the longest approval period before housekeeping ends an undecided request.
const EXPIRY_SLACK: Duration = Duration::days(1);

/// The shortest time between two mails with the confirmation link of one request.
const CONFIRMATION_MAIL_MIN_INTERVAL: Duration = Duration::minutes(10);

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
    /// The requester has sent as many requests in the last hour as the policy allows. Ended requests count too.
    #[error("the requester has sent {limit} requests in an hour, the limit of the policy")]
    TooManyInAnHour {
        /// The limit.
        limit: usize,
    },
    /// The idempotency key belongs to a request with other contents.
    #[error("the idempotency key belongs to another request")]
    KeyReused(Finding),
    /// Nothing more is signed under the standing approval.
    #[error(transparent)]
    StandingOver(#[from] StandingError),
    /// Another writer stored the row, and it was deleted since; the caller can try again.
    #[error("another writer stored the row of the request, and it has been deleted since")]
    Contended,
    /// A port failed; the caller can try again.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The reason why a request was not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmationError {
    /// The time to confirm is over.
    #[error("the time to confirm the request is over")]
    Lapsed,
    /// The policy has the mailed link confirm, and this is another one.
    #[error("the link of the answer confirms nothing")]
    NotMailed,
    /// The policy has requesters sign in, and the sign-in is missing or proves nothing.
    #[error(transparent)]
    NotProven(#[from] SignInError),
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

/// What a confirmation comes with.
#[derive(Clone, Copy, Debug)]
pub struct ConfirmationProof<'a> {
    /// How the link was given on whose page the requester confirms.
    pub given: LinkGiven,
    /// The sign-in, if there is one.
    pub evidence: Option<&'a RequesterEvidence>,
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
    /// The keys of the identity provider.
    pub people: &'a dyn People,
    /// The public base URL.
    pub base_url: &'a BaseUrl,
    /// The time.
    pub clock: &'a dyn Clock,
}

impl Intake<'_> {
    /// Stores the request on behalf of `by`, within the limits of the policy. Then its execution starts; or, where the
    /// policy wants the address proven, the link to the page that confirms the request is mailed to it.
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
        // Its requester proved themselves when they asked for the standing approval, and Sign checks that proof again.
        let proof = if checked.is_under_standing() { RequesterProof::None } else { policy.requester_proof() };
        let mut stored = self.store(&checked, id, proof, by).await?;
        // A stranger who guesses a key must not keep its owner from using it.
        if let (Stored::Other(Status::Unconfirmed), Some(id)) = (&stored, checked.other_id(links)) {
            stored = self.store(&checked, id, proof, by).await?;
        }
        let Stored::As(submitted) = stored else {
            return Err(IntakeError::KeyReused(Finding::refused(
                Code::BadRequest,
                Message::new("finding-key-used"),
                Message::new("finding-key-used-advice"),
            )));
        };
        match submitted.request.status() {
            Status::Unconfirmed => self.order_confirmation_mail(&submitted).await?,
            _ => self.start(&submitted.request).await,
        }
        Ok(*submitted)
    }

    /// Records on behalf of `by` that the requester confirmed the request, as the policy in force asks for it, and starts
    /// its execution. Idempotent.
    ///
    /// # Errors
    /// See [`ConfirmationError`]; nothing is recorded then.
    pub async fn confirm(
        &self,
        request: &Request,
        policy: &Policy,
        proof: ConfirmationProof<'_>,
        by: &Origin,
    ) -> Result<Request, ConfirmationError> {
        let now = self.clock.now();
        let mut evidence = None;
        if request.status() == Status::Unconfirmed {
            evidence = self.proven(request, policy, proof, now).await?;
            // Unconfirmed requests do not count at the submission, since strangers may have sent them. So they count here.
            self.within_undecided(request, policy).await?;
        }
        let confirm = |row: &mut Request| row.confirm(evidence, now);
        let confirmed = update_known_request(self.requests, request, by, confirm).await;
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

    /// Checks what confirms an unconfirmed request, without recording it.
    ///
    /// # Errors
    /// See [`ConfirmationError`].
    pub async fn prove(
        &self,
        request: &Request,
        policy: &Policy,
        proof: ConfirmationProof<'_>,
    ) -> Result<(), ConfirmationError> {
        self.proven(request, policy, proof, self.clock.now()).await.map(|_| ())
    }

    /// Checks that the requester may have one more undecided request.
    ///
    /// # Errors
    /// [`ConfirmationError::TooManyUndecided`], and [`ConfirmationError::Port`].
    pub async fn within_undecided(
        &self,
        request: &Request,
        policy: &Policy,
    ) -> Result<(), ConfirmationError> {
        let limit = policy.pending_limit();
        if self.undecided(request.email(), limit).await? >= limit {
            return Err(ConfirmationError::TooManyUndecided { limit });
        }
        Ok(())
    }

    /// Returns the evidence that was checked, or none where the policy asks for none: what nobody checked is not kept.
    async fn proven<'e>(
        &self,
        request: &Request,
        policy: &Policy,
        proof: ConfirmationProof<'e>,
        now: OffsetDateTime,
    ) -> Result<Option<&'e RequesterEvidence>, ConfirmationError> {
        if policy.requester_proof() != RequesterProof::Oidc {
            return match proof.given {
                LinkGiven::ByMail => Ok(None),
                LinkGiven::InAnswer => Err(ConfirmationError::NotMailed),
            };
        }
        let evidence = proof.evidence.ok_or(SignInError::NoToken)?;
        let settings = policy.oidc().ok_or(SignInError::NoProvider)?;
        let keys = self.people.provider_keys(&settings.issuer).await?;
        // The time as it is kept in the row: Sign checks the same.
        evidence.check(self.base_url, request, whole_seconds(now), Provider::of(policy, &keys)?)?;
        Ok(Some(evidence))
    }

    /// Rejects a request above a limit, unless it is a replay. Under a standing approval, nobody has to decide, and the number of
    /// its certificates is the limit: neither of the others applies or counts it. Concurrent submissions may exceed a limit together:
    /// the limits bound floods and are no exact counts (docs/decisions/0031).
    async fn within_limits(
        &self,
        checked: &CheckedRequest,
        id: RequestId,
        policy: &Policy,
    ) -> Result<(), IntakeError> {
        if checked.is_under_standing() {
            return match checked.over() {
                Some(over) if self.requests.find(id).await?.is_none() => {
                    tracing::warn!("rejected a submission: {over}");
                    Err(over.into())
                }
                _ => Ok(()),
            };
        }
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

    /// Orders the mail with the confirmation link: for a new request always, for a replay from time to time. It is noted
    /// after it was ordered: the other way round, a portal that stops in between would keep the requester, whose request is
    /// then repeated, from ever getting the mail.
    async fn order_confirmation_mail(&self, submitted: &Submitted) -> Result<(), IntakeError> {
        let (request, now) = (&submitted.request, self.clock.now());
        let claim = |row: &mut Request| row.claim_confirmation_mail(CONFIRMATION_MAIL_MIN_INTERVAL, now);
        if submitted.is_replay && !claim(&mut request.clone()) {
            return Ok(());
        }
        self.notify_queue.recheck(&RecheckMessage::mail(request.id(), MailKind::Confirm)).await?;
        if submitted.is_replay {
            // The trail of an unconfirmed request is empty, so this origin is recorded nowhere.
            let origin = Origin::worker("portal");
            match update_known_request(self.requests, request, &origin, claim).await {
                Ok(_) | Err(UpdateError::Missing(_)) => {}
                Err(UpdateError::Port(error)) => return Err(error.into()),
            }
        }
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
            RequesterProof::Mail | RequesterProof::Oidc => {
                Request::unconfirmed(id, submission, arn, by.source.clone(), now)
            }
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

/// The row under the id of a submission.
enum Stored {
    /// Its request.
    As(Box<Submitted>),
    /// A request with other contents, of this status.
    Other(Status),
}

#[cfg(test)]
mod tests;
