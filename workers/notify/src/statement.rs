//! The statement of a standing approval: to its requester, once a week, the certificates that were issued under it since the last
//! one.
//!
//! Invariant: a certificate is in one statement, by the number of its use (`Request::claim_statement`). The statement is recorded in the
//! row before the mail is sent, so it is sent at most once (docs/decisions/0155).

use std::collections::HashMap;

use time::OffsetDateTime;
use workflow::approval::LinkGiven;
use workflow::approval::standing::{StandingApproval, StandingUse};
use workflow::ids::RequestId;
use workflow::mail::{CertificateLine, MAX_CERTIFICATES, MailContent};
use workflow::mail_kind::MailKind;
use workflow::name_list::names_in_short;
use workflow::request::audit::Origin;
use workflow::request::{Request, Status};
use workflow::runtime::send_once;
use workflow::runtime::step::StepError;
use workflow::store::standing_uses;
use workflow::texts::{Message, Wording};

use crate::{Notify, WORKER};

impl Notify {
    /// Mails the statement, if it is time and there is something new.
    pub(crate) async fn statement(&self, request: &Request) -> Result<(), StepError> {
        let (id, now) = (request.id(), self.clock.now());
        let nothing = |why: &str| tracing::info!(request.id = %id, "no statement of request {id}: {why}");
        if !request.is_statement_due(now) {
            nothing("it is not due");
            return Ok(());
        }
        let Some(approval) = self.standing.find(id).await? else {
            nothing("there is no standing approval");
            return Ok(());
        };
        let after = request.last_reported();
        if approval.used() <= after {
            nothing("no certificate is new");
            return Ok(());
        }
        let content = self.statement_content(request, &approval, after).await?;
        let kind = MailKind::Statement(approval.used());
        let claim = |row: &mut Request| row.claim_statement(after, approval.used(), now);
        self.send_claimed(request, &kind, now, claim, &content).await
    }

    /// Sends a mail that `claim` records before, at most once, as long as the worker lives.
    pub(crate) async fn send_claimed(
        &self,
        request: &Request,
        kind: &MailKind,
        now: OffsetDateTime,
        claim: impl Fn(&mut Request) -> bool + Send,
        content: &MailContent,
    ) -> Result<(), StepError> {
        let (id, origin) = (request.id(), Origin::worker(WORKER));
        let mail = content.to(id, kind, request.email());
        let send = async { self.mailer.send(&mail).await.map_err(StepError::from) };
        let sent = send_once(&*self.requests, id, &origin, kind, now, claim, send).await;
        if sent.is_err() {
            // The claim may have taken effect, although its write was not answered.
            self.note(request, |row| row.release_mail_of(kind, now)).await?;
        }
        sent.map(|_| ())
    }

    async fn statement_content(
        &self,
        request: &Request,
        approval: &StandingApproval,
        after: u32,
    ) -> Result<MailContent, StepError> {
        let id = request.id();
        let wording = self.policies.wording_in(request.language()).await;
        let language = wording.language;
        let mut uses = standing_uses(&*self.standing, id).await?;
        // One that was counted after the row was read is in the next statement.
        uses.retain(|one| (after + 1..=approval.used()).contains(&one.number));
        let listed: Vec<RequestId> = uses.iter().take(MAX_CERTIFICATES).map(|one| one.request_id).collect();
        let rows = self.requests.find_all(&listed).await?;
        // A use alone says nothing about a certificate: it could be another person's.
        let under = rows.into_iter().filter(|row| row.standing() == Some(id));
        let rows: HashMap<RequestId, Request> = under.map(|row| (row.id(), row)).collect();
        let names = names_in_short(language, &approval.terms().names_as_text());
        let about =
            |id: &'static str| Message::new(id).with("count", uses.len()).with("names", names.as_str());
        let until = wording.instant_of_week(approval.ended().map_or(approval.until(), |end| end.at));
        let ends = if approval.ended().is_some() { "mail-statement-ended" } else { "mail-statement-until" };
        let used = Message::new("mail-statement-used-of")
            .with("used", approval.used())
            .with("most", approval.terms().certificates());
        let key = self.links.secret().await?.status_key(id, LinkGiven::ByMail);
        Ok(MailContent::new(language, &about("mail-statement-subject"), &about("mail-statement-heading"))
            .paragraph(&about("mail-statement"))
            .fact(&Message::new("mail-statement-names"), &names)
            .fact(&Message::new("mail-statement-used"), &language.say(&used))
            .fact(&Message::new(ends), &until)
            .certificates(uses.iter().map(|one| line(wording, rows.get(&one.request_id), one)))
            .button(&Message::new("mail-statement-open"), &self.base_url.status(id, &key))
            .closing(&Message::new("mail-statement-unknown")))
    }
}

/// What the mail says about one certificate.
fn line(wording: Wording, row: Option<&Request>, counted: &StandingUse) -> CertificateLine {
    let signed =
        row.filter(|row| row.is_signed()).and_then(|row| Some((row, row.serial()?, row.not_after()?)));
    let detail = match signed {
        Some((row, serial, _)) if row.status() == Status::Revoked => {
            Message::new("mail-statement-revoked").with("serial", serial.to_string())
        }
        Some((_, serial, end)) => Message::new("mail-statement-detail")
            .with("serial", serial.to_string())
            .with("end", wording.instant_of_week(end)),
        // Counted, and then refused, failed, or still in work.
        None => Message::new("mail-statement-none").with("request", counted.request_id.to_string()),
    };
    let names = row.map(Request::names).unwrap_or_default();
    CertificateLine {
        names: names_in_short(wording.language, names),
        detail: wording.say(&detail),
        page: None,
    }
}
