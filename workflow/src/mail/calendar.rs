//! The calendar file of the mail with a certificate: one event before the certificate ends (RFC 5545).
//!
//! Invariant: pure and without links of the requester, since calendars are shared. The same certificate always gives the
//! same file and the same UID, so a calendar that gets it twice has one event. Nobody is invited.

use time::macros::format_description;
use time::{Duration, OffsetDateTime, UtcOffset};

use super::{MailAttachment, plain};
use crate::approval::BaseUrl;
use crate::name_list::names_in_short;
use crate::request::Request;
use crate::texts::{Message, Wording};
use pki::certificate::{Serial, Validity};

/// The name of the file.
pub const FILE_NAME: &str = "expiry.ics";
/// The time from the event to the end, or half of the life of a short certificate.
const BEFORE_END: Duration = Duration::days(14);
/// RFC 5545 section 3.1: the most octets of a line, without the line break.
const MAX_OCTETS: usize = 75;

/// The calendar file for a certificate.
#[must_use]
pub fn file(
    wording: Wording,
    request: &Request,
    serial: &Serial,
    validity: Validity,
    base_url: &BaseUrl,
) -> MailAttachment {
    let end = validity.not_after;
    let start = end - BEFORE_END.min((end - validity.not_before) / 2);
    let names = names_in_short(wording.language, request.names());
    let summary = Message::new("calendar-summary").with("names", &*names).with("day", wording.day(end));
    let description = Message::new("calendar-description")
        .with("end", wording.instant_of_week(end))
        .with("serial", serial.to_string())
        .with("url", base_url.as_str());
    let lines = [
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//Countersign//Countersign//EN".to_owned(),
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}@countersign", request.id()),
        format!("DTSTAMP:{}", utc(request.signed_date().unwrap_or(validity.not_before))),
        format!("DTSTART:{}", utc(start)),
        "DURATION:PT30M".to_owned(),
        // It does not make the time look taken.
        "TRANSP:TRANSPARENT".to_owned(),
        format!("SUMMARY:{}", escaped(&wording.say(&summary))),
        format!("DESCRIPTION:{}", escaped(&wording.say(&description))),
        "END:VEVENT".to_owned(),
        "END:VCALENDAR".to_owned(),
    ];
    let text: String = lines.iter().map(|line| folded(line)).collect();
    MailAttachment {
        name: FILE_NAME.to_owned(),
        content_type: "text/calendar; charset=utf-8",
        bytes: text.into_bytes(),
    }
}

/// RFC 5545 section 3.3.5, form 2.
fn utc(at: OffsetDateTime) -> String {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    at.to_offset(UtcOffset::UTC).format(format).unwrap_or_default()
}

/// RFC 5545 section 3.3.11; in one line, without unfit characters.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in plain::clean(text).chars() {
        if matches!(c, '\\' | ';' | ',') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// RFC 5545 section 3.1: a longer line goes on after a line break and a space.
fn folded(line: &str) -> String {
    let (mut out, mut octets) = (String::new(), 0);
    for c in line.chars() {
        if octets + c.len_utf8() > MAX_OCTETS {
            out.push_str("\r\n ");
            octets = 1;
        }
        out.push(c);
        octets += c.len_utf8();
    }
    out + "\r\n"
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_folded_line_is_short_and_unfolds_to_the_same(line in "[^\r\n]{0,300}") {
            let folded = folded(&line);
            prop_assert!(folded.ends_with("\r\n"));
            prop_assert!(folded.split("\r\n").all(|part| part.len() <= MAX_OCTETS));
            prop_assert_eq!(folded.replace("\r\n ", ""), format!("{line}\r\n"));
        }

        #[test]
        fn escaped_text_is_one_line_and_reads_back(text in any::<String>()) {
            let escaped = escaped(&text);
            prop_assert!(!escaped.contains(['\r', '\n']));
            let mut back = String::new();
            let mut chars = escaped.chars();
            while let Some(c) = chars.next() {
                prop_assert!(c != ';' && c != ',', "unescaped");
                back.push(if c == '\\' { chars.next().unwrap() } else { c });
            }
            prop_assert_eq!(back, plain::clean(&text));
        }
    }
}
