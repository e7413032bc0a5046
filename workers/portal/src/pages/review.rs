//! The review page: readable in ten seconds on a phone, with two buttons for the decision.

use askama::Template;
use pki::crl::RevocationReason;
use time::OffsetDateTime;
use workflow::approval::passkey::Passkey;
use workflow::approval::question::MAX_QUESTIONS;
use workflow::approval::review::Review;
use workflow::approval::words;
use workflow::approver_set::Identity;
use workflow::decision::{Decision, Outcome};
use workflow::email::Email;
use workflow::finding::Finding;
use workflow::name_list::NameList;
use workflow::request::{Request, Status};
use workflow::standing::RequestKind;
use workflow::texts::Message;

use super::findings::{RemarkList, VerdictLine};
use super::names::NamesView;
use super::questions::QuestionView;
use super::related::{Live, Unusual, new_names};
use super::reviewed::{CertificateDetails, RenewalSummary, TermsView};
use super::votes::Said;
use super::{Instant, Markup, PasskeyData, RevocationFacts, RevokeForm, Site, grouped, shown};
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::state::Portal;

/// The most lines and characters of a comment before the fold.
const MAX_COMMENT: (usize, usize) = (8, 600);

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
    verdict: VerdictLine,
    refusals: RemarkList,
    remarks: RemarkList,
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
            verdict: verdict(&site, review),
            refusals: RemarkList::for_approver(&site, refusals),
            remarks: RemarkList::for_approver(&site, remarks),
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
        self.kind.message(id)
    }
}

/// The banner of a request that can no longer be decided; `None` if it can.
fn standing(site: &Site, review: &Review) -> Option<Banner> {
    let (status, kind) = (review.status.as_str(), review.reviewed.kind());
    let banner = |class, title: &'static str, text: &'static str| {
        let text = site.say(kind.message(text).with("status", status));
        Some(Banner { class, title: site.text(title), text })
    };
    match review.outcome {
        Some(_) if review.withdrawn => banner("neutral", "review-withdrawn", "review-withdrawn-text"),
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

/// Whether the policy in force allows the request.
fn verdict(site: &Site, review: &Review) -> VerdictLine {
    if review.findings.iter().any(Finding::is_refusal) {
        let text = Message::new("review-would-refuse").with("kind", review.reviewed.kind().as_str());
        return VerdictLine::refused(site.say(text));
    }
    let has_remarks =
        !review.findings.is_empty() || !review.anomalies.is_empty() || !review.live_certificates.is_empty();
    let text = if has_remarks { "review-allowed" } else { "review-allowed-nothing-unusual" };
    VerdictLine::allowed(site.text(text))
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

/// The beginning of a comment that is too long to be shown at once.
fn start_of(comment: &str) -> Option<String> {
    let (lines, characters) = MAX_COMMENT;
    let start: String = comment.split_inclusive('\n').take(lines).collect();
    let start: String = start.chars().take(characters).collect();
    (start.len() < comment.len()).then(|| format!("{}\n…", start.trim_end()))
}

/// By whom the decision is made, and until when.
fn decides(site: &Site, review: &Review) -> Markup {
    let message = match &review.oidc_group {
        Some(group) => Message::new("review-group-decides").with("group", group.as_str()),
        None => Message::new("review-you-decide").with("approver", review.approver.to_string()),
    };
    site.markup(message).time("until", &site.instant(review.expires_at))
}
