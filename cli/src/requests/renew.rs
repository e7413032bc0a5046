//! `countersign requests renew`: the link with which the requester renews a certificate.
//!
//! Invariant: nothing is stored and nobody is told. The link is the one in the requester's mails, so a renewal by it is
//! confirmed and approved like any other.

use time::OffsetDateTime;
use workflow::approval::LinkGiven;
use workflow::aws::SsmPolicies;
use workflow::ids::RequestId;
use workflow::name_list::names_in_short;
use workflow::policy::Policy;
use workflow::ports::{LinkSecrets as _, Policies as _};
use workflow::request::Request;
use workflow::texts::Language;

use workflow::timestamp::rfc3339;

use crate::error::{CliError, OrFail as _};
use crate::request_rows::find;
use crate::stack::Stack;

/// Prints the link.
pub(super) async fn run(stack: &Stack, id: RequestId) -> Result<(), CliError> {
    let row = find(stack, id).await?;
    let policies = SsmPolicies::new(&stack.sdk, &stack.policy_parameter, &stack.bucket);
    let advice = "See it with: countersign policy show.";
    let policy = policies.current().await.or_fail(|| "cannot read the policy in force".into(), advice)?;
    check(&row, &policy, OffsetDateTime::now_utc())?;
    let links = stack.links()?;
    let links = links.secret().await.or_fail(|| "cannot read the link secret".into(), "")?;
    let base = stack.base_url()?;
    print!("{}", said(&row, &base.renewal(id, &links.status_key(id, LinkGiven::ByMail))));
    Ok(())
}

/// Fails if the policy allows no renewal of the certificate.
fn check(row: &Request, policy: &Policy, now: OffsetDateTime) -> Result<(), CliError> {
    match row.not_renewable(policy, now) {
        Some(finding) => Err(CliError::new(finding.detail, "The requester sends a new request.")),
        None => Ok(()),
    }
}

fn said(row: &Request, link: &str) -> String {
    let names = names_in_short(Language::English, row.names());
    let until = row.not_after().map(rfc3339).unwrap_or_default();
    let email = row.email();
    format!(
        "The certificate for {names}, valid until {until}, is renewed by {email} at\n\n  {link}\n\n\
         The page has the command for a new key with the same names. Give the link to nobody else: it opens the certificate.\n"
    )
}

#[cfg(test)]
mod tests {
    use pki::testing as test_pki;
    use time::Duration;
    use workflow::request::Status;
    use workflow::testing::InMemoryBackend;

    use super::*;

    #[test]
    fn the_link_is_printed_with_the_certificate_that_it_renews() {
        let backend = InMemoryBackend::new();
        let row = backend.unsaved_request(&test_pki::csr(&["www.example.com"]), Status::Delivered);
        check(&row, &backend.policy(), row.registration_date()).unwrap();
        let said = said(&row, "https://pki.example.com/?renew=1&key=2");
        assert!(said.starts_with("The certificate for www.example.com, valid until 2027-01-01T"), "{said}");
        assert!(said.contains("\n  https://pki.example.com/?renew=1&key=2\n"), "{said}");
        assert!(said.contains("by requester@example.com"), "{said}");
    }

    #[test]
    fn what_cannot_be_renewed_is_an_error() {
        let backend = InMemoryBackend::new();
        let of = |status| backend.unsaved_request(&test_pki::csr(&["www.example.com"]), status);
        let (waits, ended) = (of(Status::PendingApproval), of(Status::Delivered));
        let late = ended.not_after().unwrap() + Duration::days(31);
        for (row, says) in [(waits, "waiting for approval"), (ended, "ended on 1 January 2027")] {
            let error = check(&row, &backend.policy(), late).unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}
