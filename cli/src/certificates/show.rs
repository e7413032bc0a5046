//! `certificates show`: one certificate, from its row and the bucket.

use pki::certificate::{Certificate, Serial};
use time::OffsetDateTime;
use workflow::request::{Request, RevocationRecord};
use workflow::store::object_key::ObjectKey;
use workflow::timestamp::rfc3339;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::list::{left, state, state_tone};
use crate::error::CliError;
use crate::output::{Cell, Document, FactSheet, OutputOptions};
use crate::stack::Stack;

/// Runs `certificates show`.
pub(super) async fn show(stack: &Stack, row: &Request, output: &OutputOptions) -> Result<(), CliError> {
    if output.is_json() {
        return output.print(&Document::new(), row);
    }
    let certificate = match row.serial() {
        Some(serial) => stored(stack, serial).await?.and_then(|pem| Certificate::from_pem(&pem).ok()),
        None => None,
    };
    output.print(&document(row, certificate.as_ref(), OffsetDateTime::now_utc()), row)
}

/// The certificate in the bucket, in PEM.
pub(super) async fn stored(stack: &Stack, serial: &Serial) -> Result<Option<String>, CliError> {
    stack.object(&ObjectKey::Certificate(serial.clone()).to_string()).await
}

fn document(row: &Request, certificate: Option<&Certificate>, now: OffsetDateTime) -> Document {
    let end = row.not_after();
    let until = end.map(|end| match left(end, now) {
        left if left.is_empty() => rfc3339(end),
        left => format!("{} ({left} left)", rfc3339(end)),
    });
    let state = state(row, now);
    let csr = row.csr();
    let facts = FactSheet::new()
        .with_some("Serial", row.serial().map(ToString::to_string))
        .with("Status", Cell::state(state, state_tone(state)))
        .with_some("Subject", csr.map(|csr| csr.subject.as_str()))
        .with_some("Issuer", certificate.and_then(issuer))
        .with_some("Issuer key", certificate.and_then(Certificate::authority_key_identifier))
        .with_some("Valid from", row.not_before().map(rfc3339))
        .with_some("Valid until", until)
        .with_some("Revoked", row.revocation().map(revoked))
        .with_some("Key", csr.map(|csr| csr.key.as_str()))
        .with_some("SHA-256", certificate.map(Certificate::fingerprint))
        .with("Profile", row.profile())
        .with("Requester", row.email().as_str())
        .with("Request", row.id().to_string())
        .with_some("Signed", row.signed_date().map(rfc3339))
        .with_all(row.names().iter().map(|name| ("Name", name.as_str())));
    Document::new().facts(facts)
}

/// When, why and by whom the certificate was revoked, and whether the list has it.
fn revoked(revocation: &RevocationRecord) -> String {
    let at = rfc3339(revocation.revoked_at.unwrap_or(revocation.accepted_at));
    let listed = match revocation.listed_at {
        _ if revocation.is_without_list() => {
            "no list will have it: its CA certificate lacks cRLSign".to_owned()
        }
        Some(listed) => format!("listed {}", rfc3339(listed)),
        None => "not listed yet".to_owned(),
    };
    format!("{at}  {}, by {}, {listed}", revocation.reason.as_str(), revocation.by)
}

fn issuer(certificate: &Certificate) -> Option<String> {
    let (_, parsed) = X509Certificate::from_der(certificate.der()).ok()?;
    Some(parsed.issuer().to_string())
}

#[cfg(test)]
mod tests {
    use pki::testing as test_pki;
    use workflow::request::Status;
    use workflow::testing::InMemoryBackend;

    use super::*;

    #[test]
    fn a_certificate_is_shown_with_what_its_row_says() {
        let backend = InMemoryBackend::new();
        let row = backend.unsaved_request(&test_pki::csr(&["www.example.com"]), Status::Delivered);
        let ca = Certificate::from_der(backend.issuer_certificate().certificate_der().unwrap()).unwrap();
        let end = row.not_after().unwrap();
        let text = document(&row, Some(&ca), end - time::Duration::days(12)).plain_text();
        for line in [
            format!("Serial       {}", row.serial().unwrap()),
            "Status       valid".to_owned(),
            format!("Valid until  {} (12 d left)", rfc3339(end)),
            "Requester    requester@example.com".to_owned(),
            format!("Request      {}", row.id()),
            "Name         www.example.com".to_owned(),
        ] {
            assert!(text.lines().any(|found| found == line), "{line}: {text}");
        }
        assert!(text.contains("Issuer       "), "{text}");
    }
}
