//! A review in words, for pages and mails: what is unusual, and which approvals are missing.
//!
//! Invariant: pure. Text from outside is not escaped here; the page or the mail does that.

use pki::name::Name;

use super::history::{Anomaly, RelatedRequest};
use super::review::NeededApprovals;
use crate::decision::Vote;
use crate::email::Email;
use crate::name_list::names_in_short;
use crate::stand_in::StandIn;
use crate::texts::{Language, Message};

/// The most approvers named for one group.
const MAX_APPROVERS: usize = 5;

/// An anomaly as a sentence; `count` is the number of names of the request.
#[must_use]
pub fn unusual(language: Language, anomaly: &Anomaly, count: usize) -> String {
    language.say(&match anomaly {
        // Each of them has a tag in the list of names.
        Anomaly::FirstRequest { names } if names.len() == count => {
            Message::new("unusual-first-all").with("count", count)
        }
        Anomaly::FirstRequest { names } => {
            Message::new("unusual-first").with("new", names.len()).with("count", count)
        }
        Anomaly::Wildcard { name } => Message::new("unusual-wildcard")
            .with("name", name)
            .with("parent", name.strip_prefix("*.").unwrap_or(name)),
        Anomaly::KnownKey { requests, related, .. } => {
            let of_other = has_other_requester(related);
            Message::new(if of_other { "unusual-known-key-of-other" } else { "unusual-known-key" })
                .with("count", *requests)
        }
        Anomaly::NamesInProgress { requests, related } => {
            let of_other = has_other_requester(related);
            Message::new(if of_other { "unusual-names-of-other" } else { "unusual-names" })
                .with("count", *requests)
        }
        Anomaly::Extends { extended, names } => Message::new("unusual-extends")
            .with("extended", extended.to_string())
            .with("names", names_in_short(language, names)),
        Anomaly::LooksLike { name, other } => {
            Message::new("unusual-looks-like").with("name", for_people(name)).with("other", for_people(other))
        }
    })
}

/// True if one of the requests is by another person.
#[must_use]
pub fn has_other_requester(related: &[RelatedRequest]) -> bool {
    related.iter().any(|one| one.other_requester)
}

/// The approvals that are missing, and who can give them: `Still needed: 2 from platform (...)`; `None` if none is
/// missing. `address` shows an approver.
#[must_use]
pub fn still_needed(
    language: Language,
    needed: &[NeededApprovals],
    address: impl Fn(&Email) -> String,
) -> Option<String> {
    let separator = language.text("list-separator");
    let who = |one: &NeededApprovals| {
        let named = |approver: &Email| {
            let entries = one.stand_ins.iter().filter(|entry| entry.by == *approver);
            let people: Vec<String> = entries.map(|entry| address(&entry.person)).collect();
            if people.is_empty() {
                return address(approver);
            }
            let message = Message::new("review-lacking-for").with("approver", address(approver));
            language.say(&message.with("person", people.join(&separator)))
        };
        let mut shown: Vec<String> = one.approvers.iter().take(MAX_APPROVERS).map(named).collect();
        let more = one.approvers.len().saturating_sub(MAX_APPROVERS);
        shown.extend(
            (more > 0).then(|| language.say(&Message::new("review-lacking-more").with("more", more))),
        );
        shown.join(&separator)
    };
    if let [one @ NeededApprovals { missing, .. }] = needed
        && missing.group.is_none()
    {
        let message = Message::new("review-lacking-any").with("approvals", missing.approvals);
        return Some(language.say(&message.with("approvers", who(one))));
    }
    let of_group = |one: &NeededApprovals| {
        let message = Message::new("review-lacking-of").with("group", one.missing.group.as_ref()?);
        Some(language.say(&message.with("approvals", one.missing.approvals).with("approvers", who(one))))
    };
    let missing: Vec<String> = needed.iter().filter_map(of_group).collect();
    let list = missing.join(&separator);
    (!missing.is_empty()).then(|| language.say(&Message::new("review-lacking").with("missing", list)))
}

/// The sentence that the reader stands in for somebody, with the last day.
#[must_use]
pub fn stands_in(entry: &StandIn) -> Message {
    let until = Message::day(entry.until);
    Message::new("stand-in-you").with("person", entry.person.as_str()).with("until", until)
}

/// The people in whose place a vote was cast, in one text; `None` for a vote in one's own right. `address`
/// shows a person.
#[must_use]
pub fn in_place_of(language: Language, vote: &Vote, address: impl Fn(&Email) -> String) -> Option<String> {
    let people: Vec<String> = vote.stands_in_for.iter().map(address).collect();
    (!people.is_empty()).then(|| people.join(&language.text("list-separator")))
}

/// The address of an approver, or `you` for the reader.
#[must_use]
pub fn approver_or_you(language: Language, approver: &Email, reader: &Email) -> String {
    if approver == reader { language.text("review-you") } else { approver.to_string() }
}

fn for_people(name: &str) -> String {
    name.parse::<Name>().map_or_else(|_| name.to_owned(), |name| name.for_people())
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;
    use crate::approver_set::MissingApprovals;

    fn needed(group: Option<&str>, approvals: usize, approvers: usize) -> NeededApprovals {
        let approvers = (0..approvers).map(|n| format!("p{n}@example.com").parse().unwrap()).collect();
        let missing = MissingApprovals { group: group.map(str::to_owned), approvals };
        NeededApprovals { missing, approvers, stand_ins: Vec::new() }
    }

    #[test]
    fn an_extension_is_said_with_what_it_extends_and_its_new_names() {
        let extended = crate::ids::RequestId::random();
        let anomaly = Anomaly::Extends { extended, names: vec!["shop.example.com".into()] };
        for language in Language::ALL {
            let said = unusual(language, &anomaly, 3);
            assert!(said.contains(&extended.to_string()) && said.contains("shop.example.com"), "{said}");
        }
    }

    #[test]
    fn it_says_how_many_of_which_group_and_who() {
        let reader: Email = "p1@example.com".parse().unwrap();
        let say = |needed: &[NeededApprovals]| {
            still_needed(Language::English, needed, |one| approver_or_you(Language::English, one, &reader))
        };
        assert_eq!(say(&[]), None);
        assert_eq!(
            say(&[needed(Some("security"), 1, 1), needed(Some("platform"), 2, 2)]).unwrap(),
            "Still needed: 1 from security (p0@example.com), 2 from platform (p0@example.com, you)."
        );
        let mut for_another = needed(None, 1, 2);
        for_another.stand_ins.push(StandIn {
            person: "p9@example.com".parse().unwrap(),
            by: "p1@example.com".parse().unwrap(),
            from: date!(2026 - 12 - 20),
            until: date!(2027 - 01 - 06),
        });
        let text = say(&[for_another]).unwrap();
        assert_eq!(text, "Still needed: 1 approval (p0@example.com, you for p9@example.com).");
        let many = say(&[needed(None, 1, 8)]).unwrap();
        assert!(many.starts_with("Still needed: 1 approval (p0@example.com, you, "), "{many}");
        assert!(many.ends_with("p4@example.com, and 3 more)."), "{many}");
    }
}
