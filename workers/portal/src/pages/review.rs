//! The review page: readable in ten seconds on a phone, with two buttons for the decision.

use askama::Template;
use pki::crl::RevocationReason;
use time::OffsetDateTime;
use workflow::approval::history::{Anomaly, LiveCertificate, RelatedRequest};
use workflow::approval::passkey::Passkey;
use workflow::approval::question::MAX_QUESTIONS;
use workflow::approval::review::{Review, ReviewedCertificate, ReviewedTerms};
use workflow::approval::words;
use workflow::approver_set::Identity;
use workflow::decision::{Decision, Outcome, Vote};
use workflow::email::Email;
use workflow::finding::Finding;
use workflow::name_list::NameList;
use workflow::request::renewal::RenewalDifferences;
use workflow::request::{Request, Status};
use workflow::standing::RequestKind;
use workflow::texts::Message;

use super::names::{self, NamesView};
use super::questions::QuestionView;
use super::{FindingView, Instant, Markup, PasskeyData, RevocationFacts, RevokeForm, Site, grouped, shown};
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::state::Portal;

/// The most lines and characters of a comment before the fold.
const MAX_COMMENT: (usize, usize) = (8, 600);

/// One vote.
struct Said {
    /// Who decided what and when, and for whom.
    heading: Markup,
    approver: String,
    reason: Option<String>,
}

/// Something new or unusual.
struct Unusual {
    /// The CSS class: red if another person has the same.
    class: &'static str,
    text: String,
    related: Vec<Related>,
}

/// Another request with the same key or a same name.
struct Related {
    title: String,
    /// All names, if the title has not all.
    names: Option<NamesView>,
    about: Markup,
    id: String,
    is_of_other: bool,
    asks_you: bool,
}

/// One certificate in use.
struct Live {
    title: String,
    /// All names, if the title has not all.
    names: Option<NamesView>,
    email: String,
    not_after: Instant,
    serial: String,
    same_key: bool,
}

/// What a renewal replaces, and what changes.
struct RenewalSummary {
    replaces: Markup,
    /// One line: that nothing changed, or what did.
    headline: String,
    added: Option<NamesView>,
    removed: Option<NamesView>,
    /// Labels and former values.
    before: Vec<(String, String)>,
}

/// What is said only about a certificate.
struct CertificateDetails {
    subject: String,
    key: String,
    public_key_digest: String,
    csr_digest: String,
    usages: String,
    renewal: Option<RenewalSummary>,
}

impl CertificateDetails {
    fn of(site: &Site, certificate: &ReviewedCertificate) -> Self {
        Self {
            subject: certificate.subject.clone(),
            key: certificate.key.clone(),
            public_key_digest: grouped(&certificate.public_key_digest),
            csr_digest: grouped(&certificate.csr_digest),
            usages: site.usages(certificate.extended_key_usage.iter().chain(&certificate.key_usage)),
            renewal: certificate
                .differences
                .as_ref()
                .map(|differences| RenewalSummary::of(site, differences)),
        }
    }
}

/// The most that may come of a standing approval.
struct TermsView {
    /// How many certificates, and for how long.
    lead: Markup,
    /// The validity of each certificate, if the policy allows the terms.
    each: Option<String>,
    /// The ends, while it is undecided.
    ends: Option<String>,
    /// What a name with a dot at its beginning means, if there is one.
    suffix_hint: Option<String>,
}

impl TermsView {
    fn of(site: &Site, terms: &ReviewedTerms, undecided_at: Option<OffsetDateTime>) -> Self {
        let lead = Message::new("review-terms-lead")
            .with("days", terms.days)
            .with("certificates", terms.certificates);
        let after = |at: OffsetDateTime, days: u32| {
            site.language.day(at.saturating_add(time::Duration::days(days.into())))
        };
        let ends = undecided_at.zip(terms.days_of_last()).map(|(at, last)| {
            let message = Message::new("review-terms-last").with("until", after(at, terms.days));
            site.say(message.with("last", after(at, last)))
        });
        let has_suffix = terms.names.iter().any(|name| name.starts_with('.'));
        Self {
            lead: site.markup(lead),
            each: terms
                .validity_days
                .map(|days| site.say(Message::new("review-terms-each").with("days", days))),
            ends,
            suffix_hint: has_suffix.then(|| site.text("standing-suffix-hint")),
        }
    }
}

/// A message at the top of the page.
struct Banner {
    class: &'static str,
    title: String,
    text: String,
}

#[derive(Template)]
#[template(path = "review.html")]
pub(crate) struct ReviewPage {
    site: Site,
    id: String,
    banner: Option<Banner>,
    is_open: bool,
    /// True if the page was opened from the list of everything that waits for the approver.
    in_list: bool,
    /// The requester, the validity and the profile.
    asks: Markup,
    approver: String,
    /// By whom the decision is made, and until when.
    decides: Markup,
    /// In whose place the approver decides, and until when.
    stands_in: Vec<String>,
    comment: String,
    /// The language of the comment, most likely.
    comment_lang: &'static str,
    /// The beginning of a long comment.
    comment_start: Option<String>,
    /// The kind of request, which chooses the words.
    kind: RequestKind,
    names: NamesView,
    certificate: Option<CertificateDetails>,
    terms: Option<TermsView>,
    refusals: Vec<FindingView>,
    remarks: Vec<FindingView>,
    live: Vec<Live>,
    /// The sentence above `live`.
    live_heading: Message,
    unusual: Vec<Unusual>,
    /// The approvals that are still missing from each group, as one text; `None` if no group is short of any.
    missing_approvals: Option<String>,
    votes: Vec<Said>,
    questions: Vec<QuestionView>,
    /// What was typed as a question that was not recorded.
    question: String,
    /// What is wrong with it.
    question_error: Option<String>,
    /// True if the approver may ask the requester.
    may_ask: bool,
    /// The number of approvals that count.
    approvals: usize,
    quorum: usize,
    /// What was typed as the reason of a vote that was not recorded.
    reason: String,
    /// What is wrong with it.
    reason_error: Option<String>,
    asked_at: Instant,
    digest: String,
    /// The digest that the approval binds.
    binds: String,
    binds_grouped: String,
    base: String,
    /// What the script needs to sign the decision, if the policy asks for a passkey.
    passkey: Option<PasskeyData>,
    /// True if the approver signs in for the decision.
    signs_in: bool,
    /// The form that revokes the certificate.
    revoke: Option<RevokeForm>,
    revocation: Option<RevocationFacts>,
}

impl ReviewPage {
    pub(crate) fn new(portal: &Portal, locale: &Locale, review: &Review, passkeys: &[Passkey]) -> Self {
        let site = Site::of(portal, locale);
        let names = NameList::with_new(review.reviewed.names(), new_names(&review.anomalies));
        let count = names.count();
        let comment = shown(&review.comment);
        let (refusals, remarks) =
            review.findings.iter().partition::<Vec<_>, _>(|finding| finding.is_refusal());
        Self {
            id: review.request_id.to_string(),
            banner: standing(&site, review),
            is_open: review.is_open(),
            in_list: locale.in_list,
            asks: asks(&site, review),
            approver: review.approver.to_string(),
            decides: decides(&site, review),
            stands_in: review.stands_in.iter().map(|one| site.say(words::stands_in(one))).collect(),
            comment_start: start_of(&comment),
            comment,
            comment_lang: review.requester_language.code(),
            kind: review.reviewed.kind(),
            names: NamesView::of(&site, names),
            certificate: review.reviewed.certificate().map(|one| CertificateDetails::of(&site, one)),
            terms: review
                .reviewed
                .terms()
                .map(|terms| TermsView::of(&site, terms, review.is_open().then(|| portal.clock.now()))),
            refusals: refusals.into_iter().map(|finding| site.remark_for_approver(finding)).collect(),
            remarks: remarks.into_iter().map(|finding| site.remark_for_approver(finding)).collect(),
            live: review.live_certificates.iter().map(|one| Live::of(&site, one)).collect(),
            live_heading: Message::new(if review.more_live_certificates {
                "review-live-more"
            } else {
                "review-live"
            })
            .with("count", review.live_certificates.len()),
            unusual: review.anomalies.iter().map(|one| Unusual::of(&site, one, count)).collect(),
            missing_approvals: missing_approvals(&site, review),
            votes: review.votes.iter().map(|vote| Said::of(&site, vote)).collect(),
            questions: QuestionView::for_approver(
                &site,
                &review.questions,
                &review.requester,
                review.requester_language.code(),
            ),
            question: String::new(),
            question_error: None,
            may_ask: review.is_open() && review.questions.len() < MAX_QUESTIONS,
            approvals: review.approvals(),
            quorum: review.quorum,
            reason: String::new(),
            reason_error: None,
            asked_at: site.instant(review.registration_date),
            digest: review.digest.to_string(),
            binds: review.binds.to_string(),
            binds_grouped: grouped(review.binds.as_str()),
            base: portal.base_url.to_string(),
            passkey: (review.identity == Identity::Passkey).then(|| PasskeyData::of(portal, passkeys)),
            signs_in: review.identity == Identity::Oidc,
            revoke: None,
            revocation: None,
            site,
        }
    }

    /// Adds the form that revokes the certificate for one of the `allowed` reasons, or the facts of its revocation.
    pub(crate) fn with_certificate(
        mut self,
        request: &Request,
        allowed: &[RevocationReason],
        now: OffsetDateTime,
    ) -> Self {
        let form = RevokeForm::of(&self.site, request, allowed, String::new(), now);
        self.revoke = form.map(RevokeForm::by_decision);
        self.revocation = RevocationFacts::of(&self.site, request);
        if self.revocation.is_some() {
            let (class, title) = match request.status() {
                Status::Revoked => ("bad", "status-revoked"),
                _ => ("working", "status-revoking"),
            };
            let text = self.site.text(match request.status() {
                Status::Revoked if request.is_revoked_without_list() => "review-revoked-without-list-text",
                Status::Revoked => "review-revoked-text",
                _ => "status-revoking-text",
            });
            self.banner = Some(Banner { class, title: self.site.text(title), text });
        }
        self
    }

    /// Adds the thanks for the vote, with the outcome if there is one, and closes the form.
    pub(crate) fn after_vote(mut self, decision: Decision) -> Self {
        let (title, text) = match (decision, self.banner.is_some()) {
            (Decision::Approve, true) => ("review-approved", "review-thanks-approved-text"),
            (Decision::Approve, false) => ("review-thanks-recorded", "review-thanks-recorded-text"),
            (Decision::Reject, _) => ("review-rejected", "review-thanks-rejected-text"),
        };
        let class = if decision == Decision::Approve { "good" } else { "bad" };
        let is_undecided = self.banner.is_none();
        let mut text = self.site.say(self.counted(text));
        if let Some(missing) = self.missing_approvals.as_deref().filter(|_| is_undecided) {
            text.push(' ');
            text.push_str(missing);
        }
        self.banner = Some(Banner { class, title: self.site.text(title), text });
        self.is_open = false;
        self.may_ask &= is_undecided;
        self
    }

    /// Adds the thanks for a question.
    pub(crate) fn after_question(mut self) -> Self {
        let (title, text) = (self.site.text("review-asked"), self.site.text("review-asked-text"));
        self.banner = Some(Banner { class: "good", title, text });
        self
    }

    /// Adds the error of a question, at its field; `question` is what was typed.
    pub(crate) fn with_question_problem(mut self, problem: &Problem, question: &str) -> Self {
        if !self.may_ask {
            return self.with_problem(problem, "");
        }
        self.question = question.to_owned();
        self.question_error = Some(problem.detail(self.site.language));
        self
    }

    /// Adds the error of the vote: at the reason if it is about that and the request is still open, or else above the
    /// current state of the request. `reason` is what was typed.
    pub(crate) fn with_problem(mut self, problem: &Problem, reason: &str) -> Self {
        let language = self.site.language;
        let is_of_reason = |finding: &Finding| finding.field() == Some("reason");
        self.reason = reason.to_owned();
        if self.is_open && !problem.findings.is_empty() && problem.findings.iter().all(is_of_reason) {
            let text = |finding: &Finding| {
                format!("{} {}", finding.detail_in(language), finding.advice_in(language))
            };
            self.reason_error = problem.findings.first().map(text);
            return self;
        }
        self.banner =
            Some(Banner { class: "bad", title: problem.title(language), text: problem.detail(language) });
        self
    }

    /// True if the decision needs a passkey, and this approver has none.
    fn lacks_passkey(&self) -> bool {
        self.passkey.as_ref().is_some_and(|data| !data.is_ready())
    }

    /// The page that sets a passkey up: relative, as every link of this page.
    fn passkey_page(&self) -> String {
        format!("?passkey=set-up{}", self.site.also_lang)
    }

    /// What a renewal replaces, and what changes.
    fn renewal(&self) -> Option<&RenewalSummary> {
        self.certificate.as_ref()?.renewal.as_ref()
    }

    /// True if this approver has voted.
    fn has_voted(&self) -> bool {
        self.votes.iter().any(|said| said.approver.eq_ignore_ascii_case(&self.approver))
    }

    /// A text with the number of approvals and the quorum.
    fn counted(&self, id: &'static str) -> Message {
        self.of_kind(id).with("approvals", self.approvals).with("quorum", self.quorum)
    }

    /// A text in the words for this kind of request.
    fn of_kind(&self, id: &'static str) -> Message {
        Message::new(id).with("kind", self.kind.as_str())
    }
}

/// The banner of a request that can no longer be decided; `None` if it can.
fn standing(site: &Site, review: &Review) -> Option<Banner> {
    let (status, kind) = (review.status.as_str(), review.reviewed.kind());
    let banner = |class, title: &'static str, text: &'static str| {
        let text = site.say(Message::new(text).with("status", status).with("kind", kind.as_str()));
        Some(Banner { class, title: site.text(title), text })
    };
    match review.outcome {
        Some(_) if review.withdrawn => banner("bad", "review-withdrawn", "review-withdrawn-text"),
        Some(Outcome::Approved) if kind == RequestKind::Grant && review.status == Status::Delivered => {
            banner("good", "review-approved", "review-terms-granted")
        }
        Some(Outcome::Approved) => banner("good", "review-approved", "review-standing-text"),
        Some(Outcome::Rejected) => banner("bad", "review-rejected", "review-rejected-text"),
        Some(Outcome::Expired) => banner("bad", "review-expired", "review-expired-text"),
        None if review.status.is_terminal() => banner("bad", "review-ended", "review-standing-text"),
        None => None,
    }
}

fn asks(site: &Site, review: &Review) -> Markup {
    let validity_days = review.reviewed.certificate().and_then(|certificate| certificate.validity_days);
    let message = match validity_days {
        Some(days) => Message::new("review-asks-valid").with("days", days),
        None => Message::new("review-asks"),
    };
    site.markup(message.with("requester", review.requester.as_str()).with("profile", &review.profile))
}

fn missing_approvals(site: &Site, review: &Review) -> Option<String> {
    let shown = |approver: &Email| words::approver_or_you(site.language, approver, &review.approver);
    words::still_needed(site.language, &review.needed, shown)
}

/// The names in no earlier request.
fn new_names(anomalies: &[Anomaly]) -> &[String] {
    let new = anomalies.iter().find_map(|one| match one {
        Anomaly::FirstRequest { names } => Some(names.as_slice()),
        _ => None,
    });
    new.unwrap_or_default()
}

/// The beginning of a comment that is too long to be shown at once.
fn start_of(comment: &str) -> Option<String> {
    let (lines, characters) = MAX_COMMENT;
    let start: String = comment.split_inclusive('\n').take(lines).collect();
    let start: String = start.chars().take(characters).collect();
    (start.len() < comment.len()).then(|| format!("{}\n…", start.trim_end()))
}

impl Unusual {
    fn of(site: &Site, one: &Anomaly, count: usize) -> Self {
        let related = match one {
            Anomaly::KnownKey { related, .. } | Anomaly::NamesInProgress { related, .. } => {
                related.as_slice()
            }
            _ => &[],
        };
        Self {
            class: if words::has_other_requester(related) { "refused" } else { "warning" },
            text: words::unusual(site.language, one, count),
            related: related.iter().map(|one| Related::of(site, one)).collect(),
        }
    }
}

impl Related {
    fn of(site: &Site, one: &RelatedRequest) -> Self {
        let (title, names) = names::title(site, &one.names);
        let status = site.say(Message::new("status-in-words").with("status", one.status.as_str()));
        let about = Message::new("unusual-related").with("email", one.email.as_str()).with("status", status);
        Self {
            title,
            names,
            about: site.markup(about).time("at", &site.instant(one.registration_date)),
            id: one.id.to_string(),
            is_of_other: one.other_requester,
            asks_you: one.asks_you,
        }
    }
}

impl RenewalSummary {
    fn of(site: &Site, differences: &RenewalDifferences) -> Self {
        let id = if differences.revoked { "renewal-of-revoked" } else { "renewal-of" };
        let replaces = Message::new(id).with("serial", differences.serial.to_string());
        let count = |id, names: &[String]| {
            (!names.is_empty()).then(|| site.say(Message::new(id).with("count", names.len())))
        };
        let days =
            differences.validity_days_before.map(|days| site.say(Message::new("days").with("days", days)));
        let others = [
            ("renewal-other-subject", "renewal-subject", differences.subject_before.as_deref().map(shown)),
            ("renewal-other-profile", "renewal-profile", differences.profile_before.clone()),
            ("renewal-other-key", "renewal-key", differences.key_before.clone()),
            ("renewal-other-validity", "renewal-validity", days),
        ];
        let counts = [
            count("renewal-added-count", &differences.names_added),
            count("renewal-removed-count", &differences.names_removed),
        ];
        let words =
            others.iter().filter(|(_, _, before)| before.is_some()).map(|(word, _, _)| site.text(word));
        let changes: Vec<String> = counts.into_iter().flatten().chain(words).collect();
        let changes = changes.join(&site.text("list-separator"));
        let names = |names: &[String]| (!names.is_empty()).then(|| NamesView::of_names(site, names));
        Self {
            replaces: site.markup(replaces).time("until", &site.instant(differences.not_after)),
            headline: if differences.is_empty() {
                site.text("renewal-nothing")
            } else {
                site.say(Message::new("renewal-changed").with("changes", changes))
            },
            added: names(&differences.names_added),
            removed: names(&differences.names_removed),
            before: others
                .into_iter()
                .filter_map(|(_, label, before)| {
                    let before = before?;
                    let shown = if before.is_empty() { site.text("none") } else { before };
                    Some((site.text(label), shown))
                })
                .collect(),
        }
    }

    /// True if there is nothing to fold.
    fn is_unchanged(&self) -> bool {
        self.added.is_none() && self.removed.is_none() && self.before.is_empty()
    }
}

impl Said {
    fn of(site: &Site, vote: &Vote) -> Self {
        Self {
            heading: vote_heading(site, vote, Email::to_string),
            approver: vote.approver.to_string(),
            reason: vote.reason.as_deref().map(shown),
        }
    }
}

/// By whom the decision is made, and until when.
fn decides(site: &Site, review: &Review) -> Markup {
    let message = match &review.oidc_group {
        Some(group) => Message::new("review-group-decides").with("group", group.as_str()),
        None => Message::new("review-you-decide").with("approver", review.approver.to_string()),
    };
    site.markup(message).time("until", &site.instant(review.expires_at))
}

/// Who decided what and when, and for whom. `address` shows a person.
pub(super) fn vote_heading(site: &Site, vote: &Vote, address: impl Fn(&Email) -> String) -> Markup {
    let message = match (vote.decision, vote.stands_in_for.is_empty()) {
        (Decision::Approve, true) => "review-vote-approved",
        (Decision::Reject, true) => "review-vote-rejected",
        (Decision::Approve, false) => "review-vote-approved-for",
        (Decision::Reject, false) => "review-vote-rejected-for",
    };
    let mut message = Message::new(message).with("approver", address(&vote.approver));
    if let Some(people) = words::in_place_of(site.language, vote, address) {
        message = message.with("person", people);
    }
    site.markup(message).time("at", &site.instant(vote.at))
}

impl Live {
    fn of(site: &Site, one: &LiveCertificate) -> Self {
        let (title, names) = names::title(site, &one.names);
        Self {
            title,
            names,
            email: one.email.to_string(),
            not_after: site.instant(one.not_after),
            serial: one.serial.to_string(),
            same_key: one.same_key,
        }
    }
}
