//! Asking: mails every approver a link, sends reminders, and escalates to further approvers.
//!
//! Invariant: the first mail to an approver is sent at least once, each reminder at most once. A reminder is claimed
//! in the row before it is sent, so that two concurrent runs send one. The key of a link exists only in its mail, so
//! every mail has its own link; all links of the current generation open the same review.

use time::{Duration, OffsetDateTime};
use tokio::sync::OnceCell;
use workflow::approval::history::RequestHistory;
use workflow::approval::prompt::{INTERVAL, ensure_promptable};
use workflow::approval::review::{ReviewContent, needed_approvals};
use workflow::approval::{Approval, Link, LinkKey};
use workflow::email::Email;
use workflow::ids::IssuerId;
use workflow::mail::Mail;
use workflow::mail_kind::MailKind;
use workflow::message::RecheckMessage;
use workflow::policy::{Policy, Profile};
use workflow::request::Request;
use workflow::request::approvers::{approvers_of, approvers_to_ask};
use workflow::request::audit::{EventKind, Origin, PendingEvent};
use workflow::runtime::send_once;
use workflow::runtime::step::StepError;
use workflow::store::{
    UpdateError, replaced_request, update_approval, update_approval_audited, update_known_request,
};
use workflow::timestamp::whole_seconds;

use crate::mail::{Asking, AskingFacts};
use crate::{AwaitApproval, WORKER};

/// Grace period before another run sends missing approval mails.
const MAIL_GRACE: Duration = Duration::minutes(1);

impl AwaitApproval {
    /// Mails a link to every approver without a recorded mail of this generation. A retry may make a second link for an
    /// approver: the first mail may not have been sent, and its key exists only there. Both links work.
    pub(crate) async fn mail_links(
        &self,
        request: &Request,
        policy: &Policy,
        approval: &Approval,
    ) -> Result<(), StepError> {
        let content = self.content(request, policy).await?;
        let facts = OnceCell::new();
        let mut row = request.clone();
        for approver in asked(policy, request, approval, self.clock.now()) {
            let kind = MailKind::Approval { generation: approval.generation, approver: approver.clone() };
            if request.was_mailed(&kind) {
                continue;
            }
            let read = || self.facts(request, policy, approval, &content);
            let facts = facts.get_or_try_init(read).await?;
            let link = self.link(approval, &approver).await?;
            let mail = Asking::First.content(policy.wording_for(&approver), facts, &approver, &link);
            self.mailer.send(&mail.to(request.id(), &kind, &approver)).await?;
            let now = self.clock.now();
            let origin = Origin::worker(WORKER);
            let note = |row: &mut Request| row.mailed(&kind, now);
            row = update_known_request(&*self.requests, &row, &origin, note).await?.row;
        }
        Ok(())
    }

    /// Escalates an undecided approval and sends reminders when they are due.
    pub(crate) async fn chase(&self, request: &Request, approval: Approval) -> Result<(), StepError> {
        if request.approval_digest().is_none() || approval.outcome.is_some() {
            return Ok(());
        }
        let policy = self.policies.for_request(request).await?;
        let Ok(profile) = policy.profile(Some(request.profile())) else {
            return Ok(());
        };
        self.pass_questions_on(request, &policy, &approval).await?;
        let (approval, escalated) = self.escalate(request, profile, approval).await?;
        let approval = self.replace_stand_ins(request, &policy, approval).await?;
        let since = approval.escalated_at.unwrap_or(approval.created_at);
        if escalated || self.clock.now() - since >= MAIL_GRACE {
            self.mail_links(request, &policy, &approval).await?;
        }
        let due_since = |after: &std::time::Duration| approval.created_at + *after;
        let now = self.clock.now();
        let reminders = (1..).zip(profile.reminders());
        let Some((due, since)) = reminders
            .map(|(number, after)| (number, due_since(after)))
            .take_while(|(_, at)| *at <= now)
            .last()
        else {
            return Ok(());
        };
        let content = self.content(request, &policy).await?;
        let facts = OnceCell::new();
        for approver in asked(&policy, request, &approval, now) {
            let kind = MailKind::Reminder { number: due, approver: approver.clone() };
            if was_asked_later(request, &approval, &approver, since, now) {
                continue;
            }
            let remind = async {
                let read = || self.facts(request, &policy, &approval, &content);
                let facts = facts.get_or_try_init(read).await?;
                let link = self.link(&approval, &approver).await?;
                let mail = Asking::Again.content(policy.wording_for(&approver), facts, &approver, &link);
                self.mailer.send(&mail.to(request.id(), &kind, &approver)).await.map_err(StepError::from)
            };
            let claim = |row: &mut Request| row.claim_mail(&kind, now);
            let by = Origin::worker(WORKER);
            send_once(&*self.requests, request.id(), &by, &kind, now, claim, remind).await?;
        }
        let waiting = MailKind::Waiting(due);
        if !request.was_mailed(&waiting) {
            self.notify_queue.recheck(&RecheckMessage::mail(request.id(), waiting)).await?;
        }
        Ok(())
    }

    /// Reminds the approvers because the requester asks for it; once a day at most. A mail that cannot be sent is sent
    /// again, to all of them.
    pub(crate) async fn prompt(&self, request: &Request, approval: &Approval) -> Result<(), StepError> {
        let now = self.clock.now();
        if request.approval_digest().is_none() || ensure_promptable(request, approval, now).is_err() {
            return Ok(());
        }
        let policy = self.policies.for_request(request).await?;
        let content = self.content(request, &policy).await?;
        let facts = self.facts(request, &policy, approval, &content).await?;
        let kind = MailKind::Prompt;
        let send = async {
            for approver in asked(&policy, request, approval, now) {
                let link = self.link(approval, &approver).await?;
                let mail = Asking::Again.content(policy.wording_for(&approver), &facts, &approver, &link);
                self.mailer.send(&mail.to(request.id(), &kind, &approver)).await?;
            }
            Ok(())
        };
        let claim = |row: &mut Request| row.claim_mail_again(&kind, INTERVAL, now);
        send_once(&*self.requests, request.id(), &Origin::worker(WORKER), &kind, now, claim, send).await?;
        Ok(())
    }

    /// Invalidates all links and mails new ones to the approvers of the current policy.
    pub(crate) async fn renew_links(&self, request: &Request, generation: u32) -> Result<(), StepError> {
        let policy = self.policies.for_request(request).await?;
        if request.approval_digest().is_none() {
            return Ok(());
        }
        let replaced = replaced_request(&*self.requests, request).await?;
        let approver_set = approvers_to_ask(request, &policy, replaced.as_ref())
            .map_err(|error| StepError::transient(error.to_string()))?;
        let now = self.clock.now();
        let by = Origin::worker(WORKER);
        let renewed =
            update_approval_audited(&*self.approvals, &*self.requests, request.id(), &by, |approval| {
                let renewed = approval.renew_links(generation, approver_set.clone());
                let entry =
                    PendingEvent::new(EventKind::LinksRenewed, now).with_detail(generation.to_string());
                ((), renewed.then_some(entry))
            })
            .await;
        let approval = match renewed {
            Ok(renewed) => renewed.row,
            Err(UpdateError::Missing(_)) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if approval.generation == generation && approval.outcome.is_none() {
            self.mail_links(request, &policy, &approval).await?;
        }
        Ok(())
    }

    /// What the mails say about the request.
    async fn facts<'a>(
        &self,
        request: &'a Request,
        policy: &Policy,
        approval: &'a Approval,
        content: &'a ReviewContent,
    ) -> Result<AskingFacts<'a>, StepError> {
        let (now, plus_tags) = (self.clock.now(), policy.plus_tags());
        let (rows, key) = (&*self.requests, content.public_key_digest());
        let history = RequestHistory::read(rows, &*self.names, request, key, plus_tags, now).await?;
        let replaced = replaced_request(rows, request).await?;
        let in_force = approvers_of(request, policy, replaced.as_ref());
        let in_force = in_force.unwrap_or_else(|_| approval.approver_set.clone());
        Ok(AskingFacts {
            request,
            validity_days: content.validity_days(),
            findings: content.findings(),
            differences: content.differences(),
            history,
            needed: needed_approvals(approval, &in_force, now),
            quorum: approval.approver_set.quorum().max(in_force.quorum()),
            in_force,
            is_escalated: approval.is_escalated(),
            now,
            expires_at: approval.expires_at,
        })
    }

    async fn content(&self, request: &Request, policy: &Policy) -> Result<ReviewContent, StepError> {
        let issuer = self.issuers.in_force(&IssuerId::DEFAULT).await?;
        let replaced = replaced_request(&*self.requests, request).await?;
        ReviewContent::of(request, policy, issuer.as_ref(), replaced.as_ref())
            .map_err(|error| StepError::transient(error.to_string()))
    }

    async fn escalate(
        &self,
        request: &Request,
        profile: &Profile,
        approval: Approval,
    ) -> Result<(Approval, bool), StepError> {
        let now = self.clock.now();
        let due = profile
            .escalation()
            .filter(|one| approval.escalated_at.is_none() && now - approval.created_at >= one.after);
        let Some(escalation) = due else {
            return Ok((approval, false));
        };
        let escalation_approvers = profile.escalation_approvers_for(request.email());
        let by = Origin::worker(WORKER);
        let escalated =
            update_approval_audited(&*self.approvals, &*self.requests, request.id(), &by, |approval| {
                let new = approval.escalate(escalation_approvers.clone(), now);
                let entry = PendingEvent::new(EventKind::Escalated, now).with_detail(&escalation.group);
                (new, new.then_some(entry))
            })
            .await;
        match escalated {
            Ok(escalated) => Ok((escalated.row, escalated.value)),
            Err(UpdateError::Missing(_)) => Ok((approval, false)),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes over the stand-ins of the policy in force, so that an entry made since the question counts too.
    async fn replace_stand_ins(
        &self,
        request: &Request,
        policy: &Policy,
        approval: Approval,
    ) -> Result<Approval, StepError> {
        let replaced = replaced_request(&*self.requests, request).await?;
        let Ok(in_force) = approvers_of(request, policy, replaced.as_ref()) else {
            return Ok(approval);
        };
        if approval.approver_set.stand_ins == in_force.stand_ins {
            return Ok(approval);
        }
        let replace = |row: &mut Approval| row.replace_stand_ins(&in_force.stand_ins);
        match update_approval(&*self.approvals, request.id(), replace).await {
            Ok(updated) => Ok(updated.row),
            Err(UpdateError::Missing(_)) => Ok(approval),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends a mail, then records it in the row: at least once.
    pub(crate) async fn send_and_note(&self, request: &Request, mail: &Mail) -> Result<(), StepError> {
        self.mailer.send(mail).await?;
        let (now, origin) = (self.clock.now(), Origin::worker(WORKER));
        let note = |row: &mut Request| row.mailed(&mail.kind, now);
        update_known_request(&*self.requests, request, &origin, note).await?;
        tracing::info!("sent mail {} for request {}", mail.kind.without_recipient(), request.id());
        Ok(())
    }

    /// Stores a new link for an approver and returns its URL.
    pub(crate) async fn link(&self, approval: &Approval, approver: &Email) -> Result<String, StepError> {
        let key = LinkKey::random().map_err(|error| StepError::transient(error.to_string()))?;
        let now = self.clock.now();
        self.approvals
            .add_link(&Link {
                digest: key.digest(),
                request_id: approval.request_id,
                approver: approver.clone(),
                generation: approval.generation,
                created_at: whole_seconds(now),
            })
            .await?;
        Ok(self.base_url.approval(&key))
    }
}

/// True if an approver was first asked after a reminder was due (`since`): escalation approvers, and those who only stand
/// in and were mailed later.
fn was_asked_later(
    request: &Request,
    approval: &Approval,
    approver: &Email,
    since: OffsetDateTime,
    now: OffsetDateTime,
) -> bool {
    if approval.approver_set.has_voter(approver, approval.is_escalated()) {
        let is_first = approval.approver_set.admits(approver, false, now);
        return !is_first && approval.escalated_at.is_some_and(|at| at >= since);
    }
    let first = MailKind::Approval { generation: approval.generation, approver: approver.clone() };
    // None yet in this row: this run has just sent it.
    request.mailed_at(&first).is_none_or(|at| at >= since)
}

/// Approvers and stand-ins whose vote is waited for, and who are still listed in the policy.
fn asked(policy: &Policy, request: &Request, approval: &Approval, now: OffsetDateTime) -> Vec<Email> {
    let Ok(profile) = policy.profile(Some(request.profile())) else {
        return Vec::new();
    };
    if approval.outcome.is_some() {
        return Vec::new();
    }
    let escalated = approval.is_escalated();
    let mut asked = approval.undecided(now);
    asked.retain(|approver| profile.lets_vote(approver, escalated, now));
    asked
}
