//! Messages to chats, with hostile values.

use proptest::prelude::*;
use serde_json::Value;
use time::macros::datetime;

use super::*;
use crate::grant::CsrSummary;
use crate::request::{Request, RequestContent, Status, Submission};
use crate::testing::InMemoryBackend;
use crate::testing::fixtures::TERMS;

fn request(email: &str, names: &[&str]) -> Request {
    let submission = Submission {
        email: email.parse().unwrap(),
        language: Language::English,
        comment: "<!here> [click](https://evil.example)".into(),
        content: RequestContent::certificate("the body of the CSR".into(), None, None),
        profile: "server".into(),
        policy_version: "1".into(),
    };
    let id = "5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d".parse().unwrap();
    let at = datetime!(2026-01-01 12:00 UTC);
    let mut request = Request::submitted(id, submission, "arn".into(), at);
    let csr = CsrSummary {
        csr_digest: "c".repeat(64),
        subject: "CN=www.example.com".into(),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        public_key_digest: "d".repeat(64),
        key: "EC P-256".into(),
    };
    request.record_csr(csr, None, "1", at);
    request.ask_approvers(datetime!(2026-01-08 12:00 UTC), at).unwrap();
    request
}

fn message(request: &Request, event: NoticeEvent, language: Language) -> ChatMessage {
    let notice = StatusNotice { request, event, number: 3, at: datetime!(2026-01-01 12:00 UTC) };
    let base_url = BaseUrl::parse("https://ca.example.com/live").unwrap();
    ChatMessage::of(&notice, Wording::utc(language), &base_url)
}

/// Every text of the message, with the type of its object.
fn texts(value: &Value, all: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            if let (Some(kind), Some(text)) = (fields.get("type"), fields.get("text").and_then(Value::as_str))
            {
                all.push((kind.as_str().unwrap_or_default().to_owned(), text.to_owned()));
            }
            fields.values().for_each(|field| texts(field, all));
        }
        Value::Array(values) => values.iter().for_each(|value| texts(value, all)),
        _ => {}
    }
}

#[test]
fn both_chats_say_who_asks_for_what_and_until_when() {
    let names: Vec<String> = (0..96).map(|number| format!("host-{number}.example.com")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let request = request("alice@example.com", &names);
    let pretty = |value: Value| serde_json::to_string_pretty(&value).unwrap();
    for language in Language::ALL {
        let message = message(&request, NoticeEvent::PendingApproval, language);
        for (name, body) in [("slack", message.slack()), ("teams", message.teams())] {
            insta::assert_snapshot!(format!("{name}_{}", language.code()), pretty(body));
        }
    }
}

#[test]
fn an_outcome_has_no_link_and_no_advice() {
    let request = request("alice@example.com", &["www.example.com"]);
    for event in NoticeEvent::ALL {
        let message = message(&request, event, Language::English);
        assert_eq!(message.link.is_some(), event.asks_to_decide(), "{event}");
        let link = message.link.map(|(_, link)| link);
        assert!(link.is_none_or(|link| link == "https://ca.example.com/live/approvals"), "no key, no id");
    }
}

/// Of the events of a standing approval, each has its words; a certificate is never spoken of as if it were there.
#[test]
fn a_standing_approval_is_called_one() {
    let request = InMemoryBackend::new().unsaved_grant(TERMS, Status::PendingApproval);
    for language in Language::ALL {
        let say = |event| message(&request, event, language);
        let headings: Vec<String> =
            NoticeEvent::ALL.map(|event| format!("{event}: {}", say(event).heading)).into_iter().collect();
        insta::assert_snapshot!(format!("standing_{}", language.code()), headings.join("\n"));
        let names = &say(NoticeEvent::PendingApproval).facts[0].1;
        assert!(names.contains("www.example.com"), "{names}");
    }
    let notice = |request, event| StatusNotice { request, event, number: 3, at: request.registration_date() };
    let data = |request| notice(request, NoticeEvent::Delivered).body()["data"].clone();
    assert_eq!(data(&request)["kind"], "grant");
    assert_eq!(data(&request)["names"], serde_json::json!(["www.example.com", ".web.example.com"]));
    let certificate = self::request("alice@example.com", &["www.example.com"]);
    assert_eq!(data(&certificate).get("kind"), None, "as before");
}

/// Addresses and names may have these characters in rows of other versions, and quoted local parts may have more.
const HOSTILE: &str =
    "<!here> <@U1|x> &lt; @channel <https://evil.example|here> [a](https://evil.example) *b* `c`";

#[test]
fn hostile_values_stand_where_markup_has_no_effect() {
    let request = request("alice@example.com", &[HOSTILE]);
    let message = message(&request, NoticeEvent::PendingApproval, Language::English);
    for (body, literal) in [(message.slack(), "plain_text"), (message.teams(), "TextRun")] {
        let mut all = Vec::new();
        texts(&body, &mut all);
        let hostile: Vec<_> = all.iter().filter(|(_, text)| text.contains("evil")).collect();
        assert_eq!(hostile.len(), 1, "{all:?}");
        assert_eq!(hostile[0].0, literal);
        assert!(!body["text"].to_string().contains("evil"), "the text of a notification reads markup");
        assert!(!body.to_string().contains("click"), "the comment stays in the review");
    }
}

proptest! {
    #[test]
    fn no_value_breaks_a_limit_or_leaves_its_place(name in "\\PC{0,4000}|[<>&|*_`\\[\\]()\u{202e}\n ]{0,400}") {
        let request = request("alice@example.com", &[&name]);
        for event in NoticeEvent::ALL {
            let message = message(&request, event, Language::Japanese);
            for (_, value) in &message.facts {
                prop_assert!(value.chars().count() <= LONGEST_VALUE + 1);
                let breaks = value.contains(['\n', '\u{202e}']);
                prop_assert!(!breaks);
            }
            let slack = message.slack();
            let mut all = Vec::new();
            texts(&slack, &mut all);
            for (kind, text) in all {
                // Slack: 1 to 3,000 characters in a text, 2,000 in a field.
                prop_assert!((1..=2_000).contains(&text.chars().count()));
                prop_assert!(kind == "plain_text" || text.contains("https://ca.example.com/live/approvals|"));
            }
            prop_assert!(slack["blocks"][0]["text"]["text"].as_str().unwrap().chars().count() <= 150);
            prop_assert!(message.teams().to_string().len() < 28_000);
        }
    }
}
