//! The request of an extension, by the intake of all requests.
//!
//! Invariant: the request is reserved in the row of the standing approval before it is submitted, so the same names are one
//! request, and one extension of a standing approval is asked for at a time. A repetition submits a request that is missing. A
//! request counts for the limits of its requester as any other, and the requester confirms it where the policy asks for that.

use std::sync::Arc;

use async_trait::async_trait;
use workflow::acme::{AcmeExtensions, AskedExtension, ExtensionProgress};
use workflow::approval::standing::StandingApproval;
use workflow::approver_set::GroupQuorum;
use workflow::ids::{IssuerId, RequestId};
use workflow::name_list::names_in_short;
use workflow::policy::Policy;
use workflow::ports::{AcmeStore, PortError, Saved};
use workflow::request::intake::{CheckedRequest, IntakeError, NewStandingRequest};
use workflow::request::{Request, Status};
use workflow::requester::Requester;
use workflow::standing::StandingTerms;
use workflow::texts::Message;

use crate::extension::{ExtensionRequests, ExtensionState, FiledExtension, WantedNames, day};
use crate::intake::{StandingRequests, in_words};

/// How often a filing begins again after another one came first.
const MAX_ATTEMPTS: usize = 8;

/// Files extensions.
pub struct ExtensionFiling {
    /// The intake of all requests.
    pub requests: Arc<StandingRequests>,
    /// The rows that lead to extensions.
    pub store: Arc<dyn AcmeStore>,
}

/// What to do with a row.
enum FilingStep {
    /// The client gets this answer.
    Answer(ExtensionState),
    /// The reserved request is submitted.
    Submit(AskedExtension),
    /// These terms are reserved.
    Reserve(StandingTerms),
}

#[async_trait]
impl ExtensionRequests for ExtensionFiling {
    async fn file(&self, wanted: &WantedNames) -> Result<ExtensionState, PortError> {
        for _ in 0..MAX_ATTEMPTS {
            let found = self.store.extensions(wanted.standing).await?;
            let is_new = found.is_none();
            let mut row = found.unwrap_or_else(|| AcmeExtensions::new(wanted.standing));
            let terms = match self.next(&mut row, wanted).await? {
                FilingStep::Answer(state) => return Ok(state),
                FilingStep::Submit(asked) => return self.submit(&asked, wanted).await,
                FilingStep::Reserve(terms) => terms,
            };
            let (id, now) = (RequestId::random(), self.requests.clock.now());
            row.ask(id, &wanted.account, &wanted.names, terms, now);
            let saved = match is_new {
                true => self.store.create_extensions(&row).await?,
                false => self.store.save_extensions(&row).await?,
            };
            if let (Saved::Yes, Some(asked)) = (saved, row.asked()) {
                return self.submit(asked, wanted).await;
            }
        }
        Ok(ExtensionState::Contended)
    }
}

impl ExtensionFiling {
    /// Looks at the latest extension, and settles it in `row` if it has ended.
    async fn next(&self, row: &mut AcmeExtensions, wanted: &WantedNames) -> Result<FilingStep, PortError> {
        let now = self.requests.clock.now();
        if let Some(asked) = row.asked().cloned() {
            let request = self.requests.requests.find(asked.request_id).await?;
            let request = request.map(|request| request.seen_at(now));
            match (asked.progress(request.as_ref()), request) {
                (ExtensionProgress::Open, Some(request)) => {
                    self.note_stored(wanted.standing, &asked).await?;
                    let filed = self.filed(&request).await?;
                    return Ok(FilingStep::Answer(match asked.has(&wanted.names) {
                        true => ExtensionState::Filed(filed),
                        false => ExtensionState::OtherOpen(filed),
                    }));
                }
                (ExtensionProgress::Unsubmitted, _) if asked.names == wanted.names => {
                    return Ok(FilingStep::Submit(asked));
                }
                (ExtensionProgress::Unsubmitted, _) if asked.is_fresh(now) => {
                    return Ok(FilingStep::Answer(ExtensionState::Contended));
                }
                (progress, _) => row.settle(progress),
            }
        }
        if let Some(pause) = row.pause(&wanted.names, now) {
            return Ok(FilingStep::Answer(ExtensionState::Paused(pause)));
        }
        let policy = self.requests.policies.current().await?;
        let terms = match wanted.base.extended(wanted.standing, &policy, &wanted.names) {
            Ok(terms) => terms,
            Err(findings) => {
                let reason = findings.into_iter().map(|finding| finding.detail).collect::<Vec<_>>().join(" ");
                return Ok(FilingStep::Answer(ExtensionState::NotAllowed { names: Vec::new(), reason }));
            }
        };
        Ok(match self.check(&policy, &wanted.base, terms.clone(), String::new(), None).await? {
            Ok(_) => FilingStep::Reserve(terms),
            Err(reason) => FilingStep::Answer(self.not_allowed(&policy, wanted, reason).await?),
        })
    }

    /// Submits a reserved request. Idempotent by its id.
    async fn submit(
        &self,
        asked: &AskedExtension,
        wanted: &WantedNames,
    ) -> Result<ExtensionState, PortError> {
        let policy = self.requests.policies.current().await?;
        let base_request = self.requests.requests.find(wanted.standing).await?;
        let language = base_request.as_ref().map(Request::language).unwrap_or_default();
        // Of what was reserved alone, so that two calls submit the same.
        let comment = Message::new("extension-comment")
            .with("account", asked.account.as_str())
            .with("names", names_in_short(language, &asked.names));
        let (terms, comment) = (asked.terms.clone(), language.say(&comment));
        let checked = match self.check(&policy, &wanted.base, terms, comment, base_request.as_ref()).await? {
            Ok(checked) => checked.with_id(asked.request_id),
            Err(reason) => return self.not_allowed(&policy, wanted, reason).await,
        };
        let (id, standing, account) = (asked.request_id, wanted.standing, &asked.account);
        match self.requests.intake().submit(checked, &policy, &wanted.by).await {
            Ok(submitted) => {
                self.note_stored(standing, asked).await?;
                tracing::info!(request.id = %id, account.id = %account, "filed request {id} for an extension of standing approval {standing}");
                Ok(ExtensionState::Filed(self.filed(&submitted.request).await?))
            }
            Err(IntakeError::Port(error)) => Err(error),
            Err(error @ (IntakeError::TooManyUndecided { .. } | IntakeError::TooManyInAnHour { .. })) => {
                Ok(ExtensionState::Limited(error.to_string()))
            }
            Err(
                error @ (IntakeError::Contended | IntakeError::KeyReused(_) | IntakeError::StandingOver(_)),
            ) => Err(PortError::new("submit the request of an extension", error)),
        }
    }

    /// Checks the request of an extension as any other one of a standing approval. An error is in words.
    async fn check(
        &self,
        policy: &Policy,
        base: &StandingApproval,
        terms: StandingTerms,
        comment: String,
        base_request: Option<&Request>,
    ) -> Result<Result<CheckedRequest, String>, PortError> {
        let issuer = self.requests.issuers.in_force(&IssuerId::DEFAULT).await?;
        let new = NewStandingRequest {
            requester: Ok(Requester::Person(base.requester().clone())),
            comment,
            terms: Ok(terms),
            profile: Some(base.profile().to_owned()),
            language: base_request.map(Request::language).unwrap_or_default(),
            idempotency_key: None,
        };
        Ok(new.check(policy, issuer.as_ref()).map_err(|errors| in_words(&errors)))
    }

    /// The answer for an extension that is not allowed, with the names at fault.
    async fn not_allowed(
        &self,
        policy: &Policy,
        wanted: &WantedNames,
        reason: String,
    ) -> Result<ExtensionState, PortError> {
        let issuer = self.requests.issuers.in_force(&IssuerId::DEFAULT).await?;
        let (terms, requester) = (wanted.base.terms(), Requester::Person(wanted.base.requester().clone()));
        let profile = policy.profile(Some(wanted.base.profile())).ok();
        let fault = |name: &String| {
            let alone = StandingTerms::of(vec![name.clone()], terms.days(), terms.certificates());
            let findings = match (alone, profile) {
                (Ok(alone), Some(profile)) => {
                    policy.evaluate_standing(&alone, profile, issuer.as_ref(), &requester)
                }
                (alone, _) => alone.err().unwrap_or_default(),
            };
            findings.first().map(|finding| (name.clone(), finding.detail.clone()))
        };
        let names: Vec<(String, String)> = wanted.names.iter().filter_map(fault).collect();
        let standing = wanted.standing;
        tracing::info!(account.id = %wanted.account, "no extension of standing approval {standing} is asked for: the policy does not allow it");
        Ok(ExtensionState::NotAllowed { names, reason })
    }

    /// Records that the request is stored, so that it is not submitted again once its row is removed.
    async fn note_stored(&self, standing: RequestId, asked: &AskedExtension) -> Result<(), PortError> {
        if asked.is_stored {
            return Ok(());
        }
        let Some(mut row) = self.store.extensions(standing).await? else { return Ok(()) };
        row.stored(asked.request_id);
        // After a conflict, the next order does it.
        self.store.save_extensions(&row).await.map(|_| ())
    }

    /// Whom a request waits for, without the names of people.
    async fn filed(&self, request: &Request) -> Result<FiledExtension, PortError> {
        let waits = match request.status() {
            Status::Unconfirmed => {
                "its status is unconfirmed: its requester confirms it by the e-mail that was sent".to_owned()
            }
            Status::PendingApproval => {
                let policy = self.requests.policies.current().await?;
                let until = request.expires_at().map(|at| format!(", until {}", day(at)));
                let (of, until) = (quorum(&policy, request), until.unwrap_or_default());
                format!("its status is pending_approval: it waits for {of}{until}")
            }
            Status::Failed => "an error stopped it, of which the operators are told".to_owned(),
            status => format!("its status is {status}"),
        };
        Ok(FiledExtension { request_id: request.id(), waits })
    }
}

/// How many approvers have to approve a request: `2 of 5 approvers`, or `1 of security and 2 of platform`.
fn quorum(policy: &Policy, request: &Request) -> String {
    let profile = policy.profile(Some(request.profile())).ok();
    let of = |one: &GroupQuorum| match &one.group {
        Some(group) => format!("{} of {group}", one.quorum),
        None => format!("{} of {} approvers", one.quorum, one.members.len()),
    };
    match profile.and_then(|profile| profile.approver_set_for(request.email()).ok()) {
        Some(set) => set.quorums.iter().map(of).collect::<Vec<_>>().join(" and "),
        None => "its approvers".to_owned(),
    }
}
