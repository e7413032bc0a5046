//! The messages of S3 about written objects.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>

use serde::Deserialize;
use workflow::certificate::LISTS;

/// The body of a message.
#[derive(Deserialize)]
struct BucketEvents {
    #[serde(rename = "Records", default)]
    records: Vec<BucketEvent>,
    /// S3 sends `s3:TestEvent` when the notification is set up.
    #[serde(rename = "Event")]
    event: Option<String>,
}

#[derive(Deserialize)]
struct BucketEvent {
    s3: EventSource,
}

#[derive(Deserialize)]
struct EventSource {
    object: EventObject,
}

#[derive(Deserialize)]
struct EventObject {
    /// URL-encoded.
    key: String,
}

/// The issuers whose whole list was written, by their key identifiers; `None` if the body is no S3 event. Shards have
/// other names.
pub(crate) fn issuers(body: &str) -> Option<Vec<String>> {
    let events: BucketEvents = serde_json::from_str(body).ok()?;
    if events.records.is_empty() && events.event.as_deref() != Some("s3:TestEvent") {
        return None;
    }
    Some(events.records.iter().filter_map(|record| issuer(&record.s3.object.key)).collect())
}

fn issuer(key: &str) -> Option<String> {
    let key = key.replace("%2F", "/");
    let identifier = key.strip_prefix(LISTS)?.strip_suffix(".pem")?;
    // RFC 5280 section 4.2.1.2 does not limit the length of a key identifier.
    let is_identifier = (2..=128).contains(&identifier.len())
        && identifier.bytes().all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f'));
    is_identifier.then(|| identifier.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(key: &str) -> String {
        format!(
            r#"{{"Records":[{{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put",
            "s3":{{"bucket":{{"name":"b"}},"object":{{"key":"{key}","size":1024,"eTag":"e","versionId":"v"}}}}}}]}}"#
        )
    }

    #[test]
    fn an_event_names_the_issuer_of_a_whole_list_only() {
        assert_eq!(issuers(&body("crl/0a1b2c.pem")), Some(vec!["0a1b2c".to_owned()]));
        assert_eq!(issuers(&body("crl%2F0a1b2c.pem")), Some(vec!["0a1b2c".to_owned()]));
        for other in ["crl/0a1b2c.crl", "crl/0a1b2c-1of4.pem", "issuer/trust.pem", "crl/.pem", "crl/../a.pem"]
        {
            assert_eq!(issuers(&body(other)), Some(vec![]), "{other}");
        }
    }

    #[test]
    fn the_test_event_names_nobody_and_a_foreign_message_is_none() {
        let test = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b","RequestId":"r"}"#;
        assert_eq!(issuers(test), Some(vec![]));
        for foreign in ["", "{}", r#"{"requestId":"x"}"#, r#"{"Records":[{"sns":{}}]}"#] {
            assert_eq!(issuers(foreign), None, "{foreign}");
        }
    }
}
