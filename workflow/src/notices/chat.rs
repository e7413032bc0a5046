//! Messages for the channels of Slack and Microsoft Teams.
//!
//! Invariant: a text of a requester stands only in `plain_text` of Slack and in a `TextRun` of Teams, where neither markup
//! nor a mention has an effect, and is cut at [`LONGEST_VALUE`]. A message decides nothing, and its one link has no key.

use serde_json::{Value, json};

use super::event::StatusNotice;
use crate::approval::BaseUrl;
use crate::name_list::names_in_short;
use crate::receiver::{NoticeEvent, ReceiverKind};
use crate::texts::{Language, Wording};

/// The most characters of a value. Slack takes 2,000 in a field; Teams takes 28 KB in all.
const LONGEST_VALUE: usize = 300;

/// A message to a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatMessage {
    /// The heading: our own words.
    heading: String,
    /// Labels, and values of the request.
    facts: Vec<(String, String)>,
    /// What to do: our own words.
    advice: Option<String>,
    /// The label of the link, and the link.
    link: Option<(String, String)>,
}

impl ChatMessage {
    /// The message about an event.
    pub fn of(notice: &StatusNotice<'_>, wording: Wording, base_url: &BaseUrl) -> Self {
        let language = wording.language;
        let request = notice.request;
        let mut facts = Vec::new();
        let mut fact = |label: &'static str, value: String| {
            facts.push((language.text(label), cut(&one_line(&value))));
        };
        fact("mail-names", names_in_short(language, &request.known_names()));
        fact("mail-requester", request.email().to_string());
        fact("mail-profile", request.profile().to_owned());
        let asks = notice.event.asks_to_decide();
        if let Some(until) = request.expires_at().filter(|_| asks) {
            fact("mail-decide-by", wording.instant_of_week(until));
        }
        if let Some(serial) = request.serial().filter(|_| notice.event.has_certificate()) {
            fact("mail-serial", serial.to_string());
        }
        let link = || (language.text("chat-open"), format!("{}approvals", base_url.as_str()));
        Self {
            heading: language.say(&request.kind().message(heading(notice.event))),
            facts,
            advice: asks.then(|| language.text("chat-decide")),
            link: asks.then(link),
        }
    }

    /// A message that shows an operator that the channel is set up.
    pub fn test(language: Language) -> Self {
        Self { heading: language.text("chat-test"), facts: Vec::new(), advice: None, link: None }
    }

    /// The body of the call; `None` for a receiver that is no chat.
    pub fn body(&self, kind: ReceiverKind) -> Option<Value> {
        match kind {
            ReceiverKind::Slack => Some(self.slack()),
            ReceiverKind::Teams => Some(self.teams()),
            ReceiverKind::Webhook | ReceiverKind::EventBridge => None,
        }
    }

    /// Blocks of Slack's Block Kit, and a text for notifications.
    /// <https://docs.slack.dev/reference/block-kit/composition-objects/text-object>
    fn slack(&self) -> Value {
        let plain = |text: &str| json!({ "type": "plain_text", "text": text, "emoji": false });
        let mut blocks = vec![json!({ "type": "header", "text": plain(&self.heading) })];
        if !self.facts.is_empty() {
            let fields: Vec<Value> =
                self.facts.iter().map(|(label, value)| plain(&format!("{label}\n{value}"))).collect();
            blocks.push(json!({ "type": "section", "fields": fields }));
        }
        if let Some(advice) = &self.advice {
            blocks.push(json!({ "type": "section", "text": plain(advice) }));
        }
        if let Some((label, url)) = &self.link {
            let text = format!("<{}|{}>", escaped(url), escaped(label));
            blocks.push(
                json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } }),
            );
        }
        // Shown where blocks are not. Markup has an effect here, so it has our own words only.
        json!({ "text": escaped(&self.heading), "blocks": blocks, "unfurl_links": false, "unfurl_media": false })
    }

    /// A message with an Adaptive Card, as the webhook of Workflows takes it. A `TextBlock` would read Markdown.
    /// <https://learn.microsoft.com/en-us/adaptive-cards/schema-explorer/rich-text-block>
    fn teams(&self) -> Value {
        let run = |text: &str| json!({ "type": "TextRun", "text": text });
        let mut body = vec![json!({
            "type": "TextBlock", "text": self.heading, "weight": "Bolder", "size": "Medium", "wrap": true,
        })];
        for (label, value) in &self.facts {
            let label = json!({ "type": "TextRun", "text": format!("{label}: "), "weight": "Bolder" });
            body.push(json!({ "type": "RichTextBlock", "inlines": [label, run(value)] }));
        }
        if let Some(advice) = &self.advice {
            body.push(json!({ "type": "RichTextBlock", "inlines": [run(advice)] }));
        }
        let mut card = json!({
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard", "version": "1.4", "body": body,
        });
        if let Some((label, url)) = &self.link {
            card["actions"] = json!([{ "type": "Action.OpenUrl", "title": label, "url": url }]);
        }
        let kind = "application/vnd.microsoft.card.adaptive";
        json!({ "type": "message", "attachments": [{ "contentType": kind, "contentUrl": null, "content": card }] })
    }
}

fn heading(event: NoticeEvent) -> &'static str {
    match event {
        NoticeEvent::Submitted => "chat-submitted",
        NoticeEvent::PendingApproval => "chat-pending-approval",
        NoticeEvent::Reminded => "chat-reminded",
        NoticeEvent::Escalated => "chat-escalated",
        NoticeEvent::Approved => "chat-approved",
        NoticeEvent::Issued => "chat-issued",
        NoticeEvent::Delivered => "chat-delivered",
        NoticeEvent::Refused => "chat-refused",
        NoticeEvent::Rejected => "chat-rejected",
        NoticeEvent::Withdrawn => "chat-withdrawn",
        NoticeEvent::Expired => "chat-expired",
        NoticeEvent::Failed => "chat-failed",
        NoticeEvent::Retried => "chat-retried",
        NoticeEvent::Revoked => "chat-revoked",
    }
}

/// The three characters of Slack's markup.
/// <https://docs.slack.dev/messaging/formatting-message-text#escaping>
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Control characters and those that change the direction of a text become blanks: a value cannot make a line of its own.
fn one_line(text: &str) -> String {
    let breaks = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
    };
    text.replace(breaks, " ")
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
