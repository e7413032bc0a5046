//! The page that makes a key in the browser, as the server writes it: profiles with their names and kinds of key, and a form
//! that has no field for a key.

use std::collections::BTreeSet;

use workflow::approval::LinkGiven;
use workflow::request::Status;
use workflow::testing::fixtures::standing_policy;

use crate::site::Site;

/// The values of an attribute in a page.
fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let begin = format!(" {name}=\"");
    page.split(begin.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

const PROFILES: &str = r#"
default = "second"
[defaults]
approvers = ["approver@example.com"]
extended_key_usage = ["serverAuth"]
[profiles.first]
names.dns.allow = ["example.com"]
names.dns.deny = ["secret.example.com"]
names.ip.allow = ["10.0.0.0/8"]
keys = ["rsa", "ec-p384"]
rsa_min_bits = 4000
[profiles.second]
names.dns.allow = ["internal"]
[profiles.third]
names.dns.allow = ["test"]
keys = ["ec-p521"]
"#;

#[tokio::test]
async fn each_profile_has_its_names_and_the_kinds_of_key_that_it_certifies() {
    let site = Site::new();
    site.backend.set_policy(PROFILES);
    let page = site.browse("/new").await.is_page(200);
    // The default of the policy comes first.
    assert_eq!(attributes(&page, "data-kinds"), ["rsa ec-p256 ec-p384 ed25519", "rsa ec-p384", ""]);
    assert_eq!(attributes(&page, "data-rsa"), ["3072", "4096", "3072"]);
    for text in ["example.com", "secret.example.com", "10.0.0.0/8", "internal"] {
        assert!(page.contains(text), "{text}");
    }
    let chosen = page.split("<input").find(|input| input.contains(" checked") && input.contains("profile"));
    assert!(chosen.unwrap().contains("value=\"second\""), "the default of the policy is chosen");
}

#[tokio::test]
async fn the_form_has_no_field_that_could_carry_a_key_or_a_passphrase() {
    let site = Site::new();
    let page = site.browse("/new").await.is_page(200);
    let (_, form) = page.split_once("<form ").unwrap();
    let (form, _) = form.split_once("</form>").unwrap();
    assert_eq!(page.matches("<form ").count(), 1);
    let names: BTreeSet<&str> = attributes(form, "name").into_iter().collect();
    assert_eq!(names, BTreeSet::from(["idempotencyKey", "email", "csrContent", "comment"]));
    assert!(!form.contains("type=\"password\"") && !form.contains("type=\"file\""));
    // From outside of the form, only the profile belongs to it.
    let outside = page.replace(form, "");
    let joined = outside.split("<input").filter(|input| input.split('>').next().unwrap().contains(" form="));
    assert!(joined.clone().count() > 0 && joined.clone().all(|input| input.contains("name=\"profile\"")));
    assert!(page.contains("disabled"), "it cannot be sent before the script says so");
    let said = site.browse("/new?lang=ja").await.is_page(200);
    assert!(said.contains("JavaScript が必要です") && said.contains("href=\"/commands?lang=ja\""));
}

#[tokio::test]
async fn a_certificate_can_be_joined_with_its_key_by_whoever_may_have_it() {
    let site = Site::new();
    for (status, has_zip) in
        [(Status::PendingApproval, false), (Status::Delivered, true), (Status::Rejected, false)]
    {
        let (row, _) = site.request_at(status).await;
        let path = site.status_path(row.id(), LinkGiven::ByMail).await;
        let page = site.browse(&path).await.is_page(200);
        let digest = &row.csr().unwrap().public_key_digest;
        assert_eq!(attributes(&page, "data-key"), [digest]);
        assert_eq!(attributes(&page, "data-zip").len(), usize::from(has_zip), "{status}");
        assert_eq!(page.matches("/assets/key-file-").count(), 1);
    }
    // A standing approval has no key.
    let site = Site::new();
    site.backend.set_policy(&standing_policy());
    let standing = site.backend.granted(workflow::testing::fixtures::TERMS);
    let path = site.status_path(standing, LinkGiven::ByMail).await;
    assert!(!site.browse(&path).await.is_page(200).contains("id=\"key-file\""));
}
