//! The addresses in certificates: of revocation lists, of the issuer's certificate, and for OCSP.
//!
//! Invariant: an address names an issuer by its subject key identifier, so lists of former issuers keep their addresses
//! after a rotation. Addresses are plain http: a list and a certificate are signed, and a verifier that checks the
//! certificate of a TLS server would have to check that of the server with the list (RFC 5280 section 8).

use std::fmt;

use pki::certificate::Publication;
use pki::issuer::Issuer;
use url::Url;

use super::shard::{ListName, Shard};
use crate::web_url;

/// The folder of issuers' certificates, in the bucket and in addresses.
const ISSUER_CERTIFICATES: &str = "issuer/";

/// The path of OCSP requests, in addresses.
pub const OCSP: &str = "ocsp";

/// The path of the certificate of an issuer with this subject key identifier, in the bucket and in addresses.
#[must_use]
pub fn issuer_certificate_path(key_identifier: &str) -> String {
    format!("{ISSUER_CERTIFICATES}{key_identifier}.cer")
}

/// Where the stack publishes, such as `http://d111111abcdef8.cloudfront.net/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicationUrl {
    base: Url,
    answers_ocsp: bool,
}

impl PublicationUrl {
    /// Reads the URL: http, with a host, without query, fragment or user.
    ///
    /// # Errors
    /// One line that describes the error.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(Self { base: web_url::read(text, &["http"])?, answers_ocsp: false })
    }

    /// The same, where OCSP requests are answered, too.
    #[must_use]
    pub fn with_ocsp(self) -> Self {
        Self { answers_ocsp: true, ..self }
    }

    /// The address of a list.
    #[must_use]
    pub fn list(&self, name: &ListName) -> String {
        format!("{}{}", self.base, name.path())
    }

    /// The address of the certificate of an issuer.
    #[must_use]
    pub fn issuer_certificate(&self, issuer: &Issuer) -> String {
        format!("{}{}", self.base, issuer_certificate_path(&issuer.key_identifier()))
    }

    /// The address at which OCSP requests about certificates of an issuer are answered, if they are. RFC 6960 appendix A.1: a
    /// slash and the request follow it.
    #[must_use]
    pub fn ocsp(&self, issuer: &Issuer) -> Option<String> {
        (self.answers_ocsp && issuer.may_have_responders()).then(|| format!("{}{OCSP}", self.base))
    }
}

impl fmt::Display for PublicationUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.base.fmt(f)
    }
}

/// The addresses in a certificate of an issuer: those that the policy chose, and the stack's own for each kind that the
/// policy leaves out. `shard` is that of the certificate, if the issuer's list has shards. An issuer that may not sign lists has
/// none, and no OCSP address.
#[must_use]
pub fn addresses(
    chosen: &Publication,
    stack: Option<&PublicationUrl>,
    issuer: &Issuer,
    shard: Option<Shard>,
) -> Publication {
    let mut addresses = chosen.clone();
    let Some(stack) = stack else { return addresses };
    if addresses.crl.is_empty() && issuer.may_sign_crls() {
        addresses.crl.push(stack.list(&ListName { shard, ..ListName::whole(issuer.key_identifier()) }));
    }
    if addresses.issuer.is_empty() {
        addresses.issuer.push(stack.issuer_certificate(issuer));
    }
    if addresses.ocsp.is_empty() {
        addresses.ocsp.extend(stack.ocsp(issuer));
    }
    addresses
}

#[cfg(test)]
mod tests {
    use pki::testing::{CaMaker, TestKey};

    use super::*;

    fn issuer(maker: CaMaker) -> Issuer {
        Issuer::from_pem(&maker.self_signed().certificate_pem).unwrap()
    }

    #[test]
    fn an_address_is_plain_http_and_ends_in_a_slash() {
        let url = PublicationUrl::parse("http://pki.example.com/ca").unwrap();
        assert_eq!(url.to_string(), "http://pki.example.com/ca/");
        for wrong in [
            "https://pki.example.com/",
            "pki.example.com",
            "http://u@h/",
            "http://h/?q",
            "http://h/#f",
            "ftp://h/",
        ] {
            assert!(PublicationUrl::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_policy_chooses_and_the_stack_fills_what_it_leaves_out() {
        let issuer = issuer(CaMaker::new(TestKey::EcP256));
        let stack = PublicationUrl::parse("http://pki.example.com").unwrap();
        let (list, certificate) =
            (stack.list(&ListName::whole(issuer.key_identifier())), stack.issuer_certificate(&issuer));
        assert_eq!(list, format!("http://pki.example.com/crl/{}.crl", issuer.key_identifier()));
        let of =
            |chosen: &Publication, stack: Option<&PublicationUrl>| addresses(chosen, stack, &issuer, None);
        let own = Publication { crl: vec!["http://other.example/a.crl".into()], ..Publication::default() };
        assert_eq!(of(&own, None), own);
        assert_eq!(of(&own, Some(&stack)), Publication { issuer: vec![certificate.clone()], ..own.clone() });
        let both = Publication { crl: vec![list], issuer: vec![certificate], ocsp: Vec::new() };
        assert_eq!(of(&Publication::default(), Some(&stack)), both);
        let stack = stack.clone().with_ocsp();
        let all = Publication { ocsp: vec!["http://pki.example.com/ocsp".into()], ..both.clone() };
        assert_eq!(of(&Publication::default(), Some(&stack)), all);
        let own = Publication { ocsp: vec!["http://ocsp.example.com/".into()], ..Publication::default() };
        assert_eq!(of(&own, Some(&stack)), Publication { ocsp: own.ocsp.clone(), ..both });
    }

    #[test]
    fn a_certificate_names_its_shard_and_not_the_whole_list() {
        let issuer = issuer(CaMaker::new(TestKey::EcP256));
        let stack = PublicationUrl::parse("http://pki.example.com").unwrap();
        let shard = Shard::of_serial(&"0a0b0c0d0e0f0001".parse().unwrap(), 2);
        let addresses = addresses(&Publication::default(), Some(&stack), &issuer, shard);
        assert_eq!(
            addresses.crl,
            [format!("http://pki.example.com/crl/{}-2of2.crl", issuer.key_identifier())]
        );
    }

    #[test]
    fn an_issuer_that_may_not_sign_lists_has_no_address_of_one() {
        // keyUsage: keyCertSign alone.
        let issuer = issuer(CaMaker::new(TestKey::EcP256).extension("2.5.29.15", true, &[3, 2, 2, 4]));
        let stack = PublicationUrl::parse("http://pki.example.com").unwrap();
        let addresses = addresses(&Publication::default(), Some(&stack.with_ocsp()), &issuer, None);
        assert!(addresses.crl.is_empty() && addresses.ocsp.is_empty() && addresses.issuer.len() == 1);
    }
}
