//! The calendar file of the mail with a certificate, read by Python's icalendar.

use std::process::Command;

use pki::certificate::{Serial, Validity};
use time::Duration;
use time::macros::datetime;
use workflow::approval::BaseUrl;
use workflow::ids::RequestId;
use workflow::mail::calendar;
use workflow::request::Status;
use workflow::testing::InMemoryBackend;
use workflow::texts::{Language, Wording};

use crate::{panel, venv};

/// Prints what the program reads, one property a line.
const PROGRAM: &str = r#"
import sys, icalendar
calendars = icalendar.Calendar.from_ical(open(sys.argv[1], "rb").read(), multiple=True)
assert len(calendars) == 1 and not calendars[0].errors
events = calendars[0].walk("VEVENT")
assert len(events) == 1 and not events[0].errors
event = events[0]
assert "ATTENDEE" not in event and "ORGANIZER" not in event
for name in ["UID", "SUMMARY", "DESCRIPTION"]:
    print(name, str(event[name]))
for name in ["DTSTAMP", "DTSTART"]:
    print(name, event[name].dt.isoformat())
print("DURATION", event["DURATION"].dt)
"#;

#[test]
fn a_calendar_program_reads_the_event() {
    let python = match venv::python() {
        Ok(python) => python,
        Err(missing) => return panel::skip("the calendar file", &missing, false),
    };
    let folder = tempfile::tempdir().unwrap();
    let base_url = BaseUrl::parse("https://ca.example.com/").unwrap();
    let backend = InMemoryBackend::new();
    let row = backend.unsaved_request(&pki::testing::csr(&["www.example.com"]), Status::Delivered);
    let id: RequestId = "5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d".parse().unwrap();
    let serial: Serial = "4f74ac0024d1a164f33f5e049ca7dcd5ba735236".parse().unwrap();
    let end = datetime!(2027-03-31 23:59:59 UTC);
    let read = |names: &[&str], language: Language, life: Duration| {
        let row = row.clone().altered(|row| {
            row.id = id;
            row.names = names.iter().map(|name| (*name).to_owned()).collect();
            row.language = language;
            row.signed_date = Some(datetime!(2026-03-31 12:00 UTC));
        });
        let validity = Validity { not_before: end - life, not_after: end };
        let file = calendar::file(Wording::utc(language), &row, &serial, validity, &base_url);
        let path = folder.path().join(&file.name);
        std::fs::write(&path, &file.bytes).unwrap();
        let output = Command::new(&python).args(["-c", PROGRAM]).arg(&path).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let year = Duration::days(365);
    let long_name = format!("{}.example.com", "a".repeat(60));
    assert_eq!(
        read(&[&long_name, "api.example.com"], Language::English, year),
        format!(
            "UID {id}@countersign\n\
             SUMMARY The certificate for {long_name} and 1 more ends on 31 March 2027\n\
             DESCRIPTION It ends on Wednesday, 31 March 2027, 23:59 UTC. Serial: {serial}. Request a new one in time: https://ca.example.com/\n\
             DTSTAMP 2026-03-31T12:00:00+00:00\n\
             DTSTART 2027-03-17T23:59:59+00:00\n\
             DURATION 0:30:00\n"
        )
    );
    let hostile = read(&["a,b;c\\n:\"x\".example.com"], Language::Japanese, year);
    assert!(hostile.contains("a,b;c\\n:\"x\".example.com"), "{hostile}");
    // Half of a short life.
    let short = read(&["www.example.com"], Language::Japanese, Duration::days(8));
    assert!(short.contains("DTSTART 2027-03-27T23:59:59+00:00"), "{short}");
}
