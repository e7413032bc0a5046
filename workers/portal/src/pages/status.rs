//! The status page: the status of a request, explained, and the certificate once it is issued.

use askama::Template;
use pki::certificate::Certificate;
use time::OffsetDateTime;
use workflow::approval::duplicates::Duplicates;
use workflow::approval::opened::OpenedRequest;
use workflow::approval::prompt::{ensure_promptable, last_prompt};
use workflow::approval::review::ApprovalProgress;
use workflow::approval::words;
use workflow::approval::{Approval, LinkSecret};
use workflow::email::Email;
use workflow::policy::{Policy, RequesterProof};
use workflow::request::{Request, Status};
use workflow::texts::Message;

use super::duplicates::DuplicatesView;
use super::findings::RemarkList;
use super::key_file::KeyFileView;
use super::names::{self, NamesView};
use super::questions::QuestionView;
use super::standing::StandingFacts;
use super::votes::vote_heading;
use super::{Instant, Markup, RevocationFacts, RevokeForm, Site, TimeLeft, grouped, shown};
use crate::locale::Locale;
use crate::standing::StandingStatus;
use crate::state::Portal;

mod story;

pub(super) use story::headline;
use story::{PendingPhase, StatusEvent, events, explanation, is_being_revoked, of_kind, of_standing};

#[derive(Template)]
#[template(path = "status.html")]
pub(crate) struct StatusPage {
    site: Site,
    id: String,
    status: &'static str,
    class: &'static str,
    headline: String,
    /// The names in short, for the title; empty if they are not known.
    in_short: String,
    explanation: Markup,
    events: Vec<StatusEvent>,
    /// Seconds until the page reloads, while the request is in progress.
    refresh: Option<u32>,
    reason: Option<String>,
    remarks: RemarkList,
    subject: Option<String>,
    names: NamesView,
    key: Option<String>,
    profile: String,
    email: String,
    comment: String,
    serial: Option<String>,
    /// The SHA-256 of the certificate, in groups.
    fingerprint: Option<String>,
    not_after: Option<Instant>,
    /// The time left of a certificate in use.
    time_left: Option<TimeLeft>,
    /// The download links, if there is a certificate.
    downloads: Option<Downloads>,
    /// The key file of the request, for its script.
    key_file: Option<KeyFileView>,
    /// The use of the link to this page, as a sentence.
    keep_link: String,
    /// The path for confirming the request, and the text of its button: for the reader of the mailbox, or for whoever signs
    /// in as the requester.
    confirm: Option<(String, String)>,
    /// The requester's other requests for the same names.
    duplicates: Option<DuplicatesView>,
    /// What withdrawing means.
    cancel_text: String,
    /// The terms of a standing approval.
    terms: Option<TermsFacts>,
    /// The path for withdrawing the request, while it is undecided.
    cancel: Option<String>,
    /// The link to a form with the same values, once the request has ended, and its text.
    again: Option<(String, String)>,
    /// The form that revokes the certificate.
    revoke: Option<RevokeForm>,
    revocation: Option<RevocationFacts>,
    /// The link to a form that renews the certificate.
    renew: Option<String>,
    /// The approvals so far and those that are missing, while it waits for them.
    progress: Option<String>,
    /// The path for reminding the approvers, if that is due.
    remind: Option<String>,
    /// When the approvers were reminded because the requester asked for it.
    reminded_at: Option<Instant>,
    questions: Vec<QuestionView>,
    /// The path for answering, if this link may answer.
    answer: Option<String>,
    /// The standing approval, once it exists.
    standing: Option<StandingFacts>,
    /// The votes, with masked or full addresses of the approvers, as the policy says.
    people: Vec<Markup>,
}

/// The terms of a standing approval, in words.
struct TermsFacts {
    days: String,
    most: String,
}

struct Downloads {
    zip: String,
    /// Single files: paths and names.
    files: Vec<(String, &'static str)>,
}

/// The files of a certificate, as they are named in the zip, too.
const FILES: [&str; 4] = ["certificate.pem", "fullchain.pem", "ca.pem", "certificate.der"];

impl StatusPage {
    pub(crate) fn new(
        portal: &Portal,
        locale: &Locale,
        opened: &OpenedRequest,
        names: &[String],
        approval: Option<&Approval>,
        progress: Option<&ApprovalProgress>,
        policy: &Policy,
    ) -> Self {
        let site = Site::of(portal, locale);
        let now = portal.clock.now();
        let OpenedRequest { request, key, .. } = opened;
        let link = |below: &str| site.request_path(request.id(), below, key);
        let downloads = (request.may_be_handed_out() && opened.may_download()).then(|| Downloads {
            zip: link("/certificate.zip"),
            files: FILES.map(|name| (link(&format!("/{name}")), name)).to_vec(),
        });
        let phase = PendingPhase::of(request, approval);
        let is_covered = request.standing().is_some();
        let (class, headline) = match phase {
            Some(PendingPhase::Withdrawing) => ("working", "status-withdrawing"),
            Some(PendingPhase::Decided) => ("working", "status-decided"),
            None if is_being_revoked(request) => ("working", "status-revoking"),
            None if is_covered && request.status() == Status::Approved => ("working", "status-covered"),
            Some(PendingPhase::Undecided) | None => headline(request.shown_status()),
        };
        let is_signed = request.is_signed();
        let signs_in = policy.requester_proof() == RequesterProof::Oidc;
        let may_confirm = request.status() == Status::Unconfirmed && (opened.is_mailed() || signs_in);
        let button = if signs_in { "status-sign-in-button" } else { "status-confirm-button" };
        // The credential of a standing approval is for whoever has the mail alone.
        let may_all = if request.terms().is_some() { opened.is_mailed() } else { opened.may_download() };
        let may_renew = opened.may_download() && request.not_renewable(policy, now).is_none();
        Self {
            id: request.id().to_string(),
            status: request.shown_status().as_str(),
            class,
            headline: of_kind(&site, request, headline),
            in_short: if names.is_empty() { String::new() } else { names::in_short(&site, names) },
            explanation: explanation(&site, opened, phase, signs_in),
            events: events(&site, request, phase),
            refresh: match request.status() {
                _ if is_being_revoked(request) => Some(1),
                status if status.is_terminal() => None,
                // A reload would take the reader away from the button.
                Status::Unconfirmed if may_confirm => None,
                Status::PendingApproval if has_open_question(approval) && opened.may_download() => None,
                Status::PendingApproval if phase != Some(PendingPhase::Undecided) => Some(1),
                Status::Unconfirmed | Status::PendingApproval => Some(20),
                _ => Some(4),
            },
            reason: told_reason(request),
            remarks: RemarkList::of(&site, request.findings()),
            subject: request.csr().map(|csr| csr.subject.clone()),
            names: NamesView::of_names(&site, names),
            key: request.csr().map(|csr| csr.key.clone()),
            profile: request.profile().to_owned(),
            email: request.email().to_string(),
            comment: shown(request.comment()),
            serial: request.serial().filter(|_| is_signed).map(ToString::to_string),
            not_after: request.not_after().filter(|_| is_signed).map(|at| site.instant(at)),
            fingerprint: None,
            time_left: site.time_left(request, policy.lifecycle(), now),
            key_file: KeyFileView::of(request, downloads.as_ref().map(|downloads| downloads.zip.as_str())),
            downloads,
            keep_link: of_kind(
                &site,
                request,
                if may_all { "status-keep-link" } else { "status-keep-link-without-certificate" },
            ),
            cancel_text: of_kind(&site, request, "status-cancel-text"),
            terms: request.terms().map(|terms| TermsFacts {
                days: site.say(Message::new("standing-days").with("days", terms.days())),
                most: site.say(Message::new("standing-most").with("certificates", terms.certificates())),
            }),
            duplicates: None,
            confirm: may_confirm.then(|| (link("/confirm"), site.text(button))),
            cancel: (phase == Some(PendingPhase::Undecided)).then(|| link("/cancel")),
            again: (request.status().is_terminal() && !may_renew)
                .then(|| (site.form_path("again", request.id(), key), site.text(again_text(request)))),
            renew: may_renew.then(|| site.form_path("renew", request.id(), key)),
            progress: progress
                .filter(|_| phase == Some(PendingPhase::Undecided))
                .map(|progress| progress_text(&site, progress, policy.masks_addresses())),
            remind: approval
                .filter(|_| opened.may_download())
                .filter(|approval| ensure_promptable(request, approval, now).is_ok())
                .map(|_| link("/remind")),
            reminded_at: last_prompt(request)
                .filter(|_| phase == Some(PendingPhase::Undecided))
                .map(|at| site.instant(at)),
            questions: approval
                .map(|approval| QuestionView::for_requester(&site, &approval.questions))
                .unwrap_or_default(),
            answer: (phase == Some(PendingPhase::Undecided) && opened.may_download())
                .then(|| link("/answer")),
            people: people(&site, request, policy.masks_addresses()),
            revoke: opened.may_download().then(|| link("/revoke")).and_then(|action| {
                RevokeForm::of(&site, request, policy.revocation().requester(), action, now)
            }),
            revocation: RevocationFacts::of(&site, request),
            standing: None,
            site,
        }
    }

    /// Adds the fingerprint of the certificate.
    pub(crate) fn with_certificate(mut self, certificate: &Certificate) -> Self {
        self.fingerprint = Some(grouped(&certificate.fingerprint()));
        self
    }

    /// Adds the requester's other requests for the same names. The links are those of the reader of the mailbox.
    pub(crate) fn with_duplicates(
        mut self,
        request: &Request,
        found: &Duplicates,
        links: &LinkSecret,
        policy: &Policy,
        now: OffsetDateTime,
    ) -> Self {
        self.duplicates = Some(DuplicatesView::of(&self.site, request, found, links, policy, now));
        self
    }

    /// Adds the standing approval of the request.
    pub(crate) fn with_standing(
        mut self,
        opened: &OpenedRequest,
        status: &StandingStatus,
        links: &LinkSecret,
    ) -> Self {
        let facts = StandingFacts::of(&self.site, opened, status, links);
        if let Some((class, headline, explanation)) = of_standing(&self.site, &opened.request, &facts) {
            (self.class, self.headline, self.explanation) = (class, headline, explanation);
        }
        self.refresh = facts.is_ending.then_some(2).or(self.refresh);
        self.standing = Some(facts);
        self
    }
}

/// The id of the text of the link to the form with the same values.
fn again_text(request: &Request) -> &'static str {
    match request.shown_status() {
        Status::Refused | Status::Rejected => "status-correct",
        _ => "status-ask-again",
    }
}

/// True if a question waits for an answer.
fn has_open_question(approval: Option<&Approval>) -> bool {
    approval.is_some_and(|approval| approval.questions.iter().any(|one| one.answer.is_none()))
}

/// The recorded reason of a rejection by an approver, or of a refusal without findings; the page explains every other
/// ending in the reader's language.
fn told_reason(request: &Request) -> Option<String> {
    let is_theirs = match request.shown_status() {
        Status::Rejected => true,
        status => status == Status::Refused && request.findings().is_empty(),
    };
    request.reason().filter(|_| is_theirs).map(shown)
}

fn people(site: &Site, request: &Request, masks_addresses: bool) -> Vec<Markup> {
    let votes = request.decision().into_iter().flat_map(|decision| &decision.votes);
    votes
        .map(|vote| {
            vote_heading(site, vote, |one| if masks_addresses { one.masked() } else { one.to_string() })
        })
        .collect()
}

/// `1 of 3 approvals so far. Still needed: 2 from platform (...)`.
fn progress_text(site: &Site, progress: &ApprovalProgress, masks_addresses: bool) -> String {
    let so_far = Message::new("review-approvals")
        .with("approvals", progress.approvals())
        .with("quorum", progress.quorum);
    let shown = |approver: &Email| {
        if masks_addresses { approver.masked() } else { approver.to_string() }
    };
    let needed = words::still_needed(site.language, &progress.needed, shown);
    let parts: Vec<String> = std::iter::once(site.say(so_far)).chain(needed).collect();
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use workflow::texts::Language;

    use super::*;

    #[test]
    fn every_status_has_its_own_words_in_a_sentence() {
        for language in Language::ALL {
            let words: BTreeSet<_> = Status::ALL
                .into_iter()
                .map(|status| language.say(&Message::new("status-in-words").with("status", status.as_str())))
                .collect();
            assert_eq!(words.len(), Status::ALL.len(), "{language}: {words:?}");
        }
    }
}
