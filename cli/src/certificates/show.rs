//! `certificates show`: one certificate, from its row and the bucket.

use pki::certificate::Certificate;
use time::OffsetDateTime;
use workflow::request::{Request, RevocationRecord};
use workflow::store::object_key::ObjectKey;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::list::{left, state};
use crate::error::CliError;
use crate::requests::{instant, print_json};
use crate::stack::Stack;
use crate::table;

/// Runs `certificates show`.
pub(super) async fn show(stack: &Stack, row: &Request, json: bool) -> Result<(), CliError> {
    if json {
        return print_json(row);
    }
    let pem = match row.serial() {
        Some(serial) => stack.object(&ObjectKey::Certificate(serial.clone()).to_string()).await?,
        None => None,
    };
    let certificate = pem.and_then(|pem| Certificate::from_pem(&pem).ok());
    print!("{}", text(row, certificate.as_ref(), OffsetDateTime::now_utc()));
    Ok(())
}

fn text(row: &Request, certificate: Option<&Certificate>, now: OffsetDateTime) -> String {
    let end = row.not_after();
    let until = end.map(|end| match left(end, now) {
        left if left.is_empty() => instant(end),
        left => format!("{} ({left} left)", instant(end)),
    });
    let optional = [
        ("serial", row.serial().map(ToString::to_string)),
        ("status", Some(state(row, now).to_owned())),
        ("subject", row.csr().map(|csr| csr.subject.clone())),
        ("issuer", certificate.and_then(issuer)),
        ("issuer key", certificate.and_then(Certificate::authority_key_identifier)),
        ("valid from", row.not_before().map(instant)),
        ("valid until", until),
        ("revoked", row.revocation().map(revoked)),
        ("key", row.csr().map(|csr| csr.key.clone())),
        ("SHA-256", certificate.map(Certificate::fingerprint)),
        ("profile", Some(row.profile().to_owned())),
        ("requester", Some(row.email().to_string())),
        ("request", Some(row.id().to_string())),
        ("signed", row.signed_date().map(instant)),
    ];
    let facts = optional.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let names = row.names().iter().map(|name| ("name", name.clone()));
    let mails = row.mails().iter().map(|(kind, at)| ("mailed", format!("{at}  {kind}")));
    let rows: Vec<Vec<String>> =
        facts.chain(names).chain(mails).map(|(name, value)| vec![name.to_owned(), value]).collect();
    table::aligned(&["", ""], &rows).trim_start_matches('\n').to_owned()
}

/// When, why and by whom the certificate was revoked, and whether the list has it.
fn revoked(revocation: &RevocationRecord) -> String {
    let at = instant(revocation.revoked_at.unwrap_or(revocation.accepted_at));
    let listed = match revocation.listed_at {
        _ if revocation.is_without_list() => {
            "no list will have it: its CA certificate lacks cRLSign".to_owned()
        }
        Some(listed) => format!("listed {}", instant(listed)),
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
        let text = text(&row, Some(&ca), end - time::Duration::days(12));
        for line in [
            format!("serial       {}", row.serial().unwrap()),
            "status       valid".to_owned(),
            format!("valid until  {} (12 d left)", instant(end)),
            "requester    requester@example.com".to_owned(),
            format!("request      {}", row.id()),
            "name         www.example.com".to_owned(),
        ] {
            assert!(text.lines().any(|found| found == line), "{line}: {text}");
        }
        assert!(text.contains("issuer       "), "{text}");
    }
}
