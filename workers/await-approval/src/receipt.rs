//! The receipt of a vote, to the approver in whose name it was recorded.
//!
//! Invariant: sent at least once after the vote is recorded, with the same Message-ID each time: it is how an approver
//! learns of a vote that somebody else cast. It has no link, so whoever reads it can do nothing with it.

use workflow::approval::{Approval, words};
use workflow::decision::{Decision, Vote};
use workflow::email::Email;
use workflow::mail::MailContent;
use workflow::mail_kind::MailKind;
use workflow::name_list::names_in_short;
use workflow::request::Request;
use workflow::runtime::step::StepError;
use workflow::texts::{Message, Wording};

use crate::AwaitApproval;

impl AwaitApproval {
    /// Mails each approver who has voted a receipt, unless that was done.
    pub(crate) async fn send_receipts(
        &self,
        request: &Request,
        approval: &Approval,
    ) -> Result<(), StepError> {
        for vote in &approval.votes {
            let kind = MailKind::VoteReceipt { approver: vote.approver.clone() };
            if request.was_mailed(&kind) {
                continue;
            }
            let wording = self.policies.current().await?.wording_for(&vote.approver);
            let mail = content(wording, request, vote).to(request.id(), &kind, &vote.approver);
            self.send_and_note(request, &mail).await?;
        }
        Ok(())
    }
}

fn content(wording: Wording, request: &Request, vote: &Vote) -> MailContent {
    let language = wording.language;
    let [subject, heading, text, not_you] = match vote.decision {
        Decision::Approve => [
            "mail-voted-approve-subject",
            "mail-voted-approve-heading",
            "mail-voted-approve",
            "mail-voted-approve-not-you",
        ],
        Decision::Reject => [
            "mail-voted-reject-subject",
            "mail-voted-reject-heading",
            "mail-voted-reject",
            "mail-voted-reject-not-you",
        ],
    };
    let (person, at) = (request.email().as_str(), wording.instant_of_week(vote.at));
    let of_kind = |id| request.kind().message(id);
    let all = request.known_names();
    let names = names_in_short(language, &all);
    let content = MailContent::new(language, &of_kind(subject).with("names", names), &Message::new(heading))
        .paragraph(&of_kind(text).with("person", person).with("at", at));
    let content = match words::in_place_of(language, vote, Email::to_string) {
        Some(absent) => content.paragraph(&Message::new("mail-voted-for").with("absent", absent)),
        None => content,
    };
    content
        .names(&all)
        .fact(&Message::new("mail-profile"), request.profile())
        .quote(&Message::new("mail-your-note"), vote.reason.as_deref().unwrap_or_default())
        .closing(&of_kind(not_you))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use workflow::request::Status;
    use workflow::testing::InMemoryBackend;
    use workflow::texts::Language;

    use super::*;

    #[test]
    fn the_receipt_says_what_was_decided_and_what_to_do_if_it_was_somebody_else() {
        let backend = InMemoryBackend::new();
        let csr = pki::testing::csr(&["www.example.com"]);
        let request = backend.unsaved_request(&csr, Status::PendingApproval);
        let id = "5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d".parse().unwrap();
        for (language, decision, reason, absent) in [
            (Language::English, Decision::Approve, None, &[][..]),
            (Language::English, Decision::Reject, Some("Not this name."), &["alice@example.com"]),
            (Language::Japanese, Decision::Approve, Some("確認しました。"), &[]),
            (Language::Japanese, Decision::Reject, Some("この名前は不可です。"), &["alice@example.com"]),
        ] {
            let vote = Vote {
                approver: "bob@example.com".parse().unwrap(),
                decision,
                reason: reason.map(str::to_owned),
                at: datetime!(2026-01-01 12:00 UTC),
                stands_in_for: absent.iter().map(|one| one.parse().unwrap()).collect(),
                oidc_groups: Vec::new(),
                evidence: None,
            };
            let kind = MailKind::VoteReceipt { approver: vote.approver.clone() };
            let mail = content(Wording::utc(language), &request, &vote).to(id, &kind, &vote.approver);
            assert!(!mail.text.contains("http"), "{}", mail.text);
            let name = format!("receipt.{}.{language}", decision.as_str());
            insta::assert_snapshot!(name, format!("Subject: {}\n\n{}", mail.subject, mail.text));
        }
    }
}
