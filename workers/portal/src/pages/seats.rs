//! Who approves a request and how soon, before it is sent.

use std::time::Duration;

use workflow::approver_set::GroupQuorum;
use workflow::texts::Message;

use super::Site;

const MINUTES_OF_DAY: u32 = 24 * 60;

/// `1 from security, 2 from platform, within 7 days`.
pub(super) fn in_words(site: &Site, quorums: &[GroupQuorum], limit: Duration) -> String {
    let of_group = |one: &GroupQuorum| {
        let message = match &one.group {
            Some(group) => Message::new("preview-approval-of").with("group", group),
            None => Message::new("preview-approval-any"),
        };
        site.say(message.with("approvals", one.quorum.max(1)))
    };
    let approvers = quorums.iter().map(of_group).collect::<Vec<_>>().join(&site.text("list-separator"));
    let limit = in_whole(limit);
    site.say(Message::new("preview-approval-within").with("approvers", approvers).with("limit", limit))
}

/// A period in the largest unit of which it is a whole number, at least a minute.
fn in_whole(period: Duration) -> Message {
    let minutes = u32::try_from(period.as_secs().div_ceil(60)).unwrap_or(u32::MAX).max(1);
    match (minutes % MINUTES_OF_DAY, minutes % 60) {
        (0, _) => Message::new("days").with("days", minutes / MINUTES_OF_DAY),
        (_, 0) => Message::new("hours").with("hours", minutes / 60),
        _ => Message::new("minutes").with("minutes", minutes),
    }
}

#[cfg(test)]
mod tests {
    use workflow::texts::Language;

    use super::*;

    #[test]
    fn a_period_is_said_in_its_largest_whole_unit() {
        for (seconds, said) in [
            (7 * 86_400, "7 days"),
            (36 * 3_600, "36 hours"),
            (3_600, "1 hour"),
            (90 * 60, "90 minutes"),
            (10, "1 minute"),
            (0, "1 minute"),
        ] {
            assert_eq!(Language::English.say(&in_whole(Duration::from_secs(seconds))), said);
        }
        assert_eq!(Language::Japanese.say(&in_whole(Duration::from_secs(5_400))), "90分");
    }
}
