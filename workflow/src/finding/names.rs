//! Findings for errors in names, and messages about names.

use pki::error::{DnsError, EmailError, NameError, UriError};
use pki::name::{MAX_DNS_LENGTH, MAX_EMAIL_LENGTH, MAX_URI_LENGTH, Name};

use super::{Code, Finding, quoted};
use crate::texts::Message;

/// The most characters of a label (RFC 1035 section 2.3.4) and of the part before an `@` (RFC 5321 section 4.5.3.1).
const MAX_LABEL: usize = 63;
const MAX_LOCAL_PART: usize = 64;

/// A message about a name, with the values `kind` and `name`.
pub(crate) fn about_name(id: &'static str, name: &Name) -> Message {
    let kind = match name {
        Name::Dns(_) => "dns",
        Name::Ip(_) => "ip",
        Name::Email(_) => "email",
        Name::Uri(_) => "uri",
    };
    Message::new(id).with("kind", kind).with("name", quoted(&name.to_string()))
}

/// A message about every DNS name below a suffix, with the same values.
pub(crate) fn about_suffix(id: &'static str, suffix: &str) -> Message {
    Message::new(id).with("kind", "dns").with("name", quoted(&format!(".{suffix}")))
}

impl From<NameError> for Finding {
    fn from(error: NameError) -> Self {
        let message = Message::new;
        let bad = |(detail, advice): (Message, Message)| Finding::refused(Code::BadName, detail, advice);
        match error {
            NameError::Dns { name, error } => bad(dns(&name, error)),
            NameError::Uri { name, error } => bad(uri(&name, error)),
            NameError::Email { name, error } => bad(email(&name, error)),
            NameError::IpOctets(count) => bad((
                message("finding-ip-octets").with("count", count),
                message("finding-ip-octets-advice").with("command", "subjectAltName=IP:192.0.2.10"),
            )),
            NameError::IpNoHost(address) => bad((
                message("finding-ip-no-host").with("address", address.to_string()),
                message("finding-ip-no-host-advice"),
            )),
            NameError::Malformed(text) => bad((
                message("finding-name-malformed").with("name", quoted(&text)),
                message("finding-name-malformed-advice"),
            )),
            NameError::NotAName(text) => bad((
                message("finding-no-name").with("name", quoted(&text)),
                message("finding-no-name-advice"),
            )),
        }
    }
}

/// The notice about a DNS name that the profile leaves out.
pub(crate) fn dropped_name(error: &NameError) -> Finding {
    match error {
        NameError::Dns { name, error } => {
            let advice = Message::new("finding-name-dropped-advice");
            Finding::ignored(Code::BadName, dns(name, error.clone()).0, advice)
        }
        other => other.clone().into(),
    }
}

fn dns(name: &str, error: DnsError) -> (Message, Message) {
    let message = Message::new;
    let full_name = || message("finding-dns-full-name").with("example", "www.example.com");
    let of_label = |id, label: &str| message(id).with("label", quoted(label));
    let (detail, advice) = match error {
        DnsError::Empty => (message("finding-dns-empty"), message("finding-dns-empty-advice")),
        DnsError::NotAscii(Some(ascii)) => {
            (message("finding-dns-no-ascii"), message("finding-dns-a-labels").with("ascii", ascii))
        }
        DnsError::NotAscii(None) => (message("finding-dns-no-ascii"), message("finding-dns-characters")),
        DnsError::TooLong(count) => (
            message("finding-dns-long").with("count", count).with("most", MAX_DNS_LENGTH),
            message("finding-dns-long-advice"),
        ),
        DnsError::TrailingDot => (message("finding-dns-dot"), message("finding-dns-dot-advice")),
        DnsError::Address => (
            message("finding-dns-address"),
            message("finding-dns-address-advice").with("command", "subjectAltName=IP:192.0.2.10"),
        ),
        DnsError::Wildcard => (
            message("finding-dns-star"),
            message("finding-dns-star-advice").with("example", "*.apps.example.com"),
        ),
        DnsError::EmptyLabel => {
            (message("finding-dns-empty-label"), message("finding-dns-empty-label-advice"))
        }
        DnsError::LongLabel(count) => (
            message("finding-dns-long-label").with("count", count).with("most", MAX_LABEL),
            message("finding-dns-long-label-advice"),
        ),
        DnsError::Character(c) => (
            message("finding-dns-character").with("character", quoted(&c.to_string())),
            message("finding-dns-characters"),
        ),
        DnsError::Hyphen(label) => {
            (of_label("finding-dns-hyphen", &label), message("finding-dns-hyphen-advice"))
        }
        DnsError::Reserved(label) => {
            (of_label("finding-dns-reserved", &label), message("finding-dns-reserved-advice"))
        }
        DnsError::ALabel(label) => {
            (of_label("finding-dns-a-label", &label), message("finding-dns-a-label-advice"))
        }
        DnsError::SingleLabel => (message("finding-dns-single-label"), full_name()),
        DnsError::WildcardTld => (message("finding-dns-wildcard-tld"), full_name()),
        DnsError::AllDigits => (message("finding-dns-digits"), message("finding-dns-digits-advice")),
    };
    (detail.with("name", quoted(name)), advice)
}

fn uri(name: &str, error: UriError) -> (Message, Message) {
    let message = Message::new;
    let detail = match error {
        UriError::TooLong(count) => {
            message("finding-uri-long").with("count", count).with("most", MAX_URI_LENGTH)
        }
        UriError::Character => message("finding-uri-character"),
        UriError::NoScheme => message("finding-uri-no-scheme"),
        UriError::NoHost => message("finding-uri-no-host"),
        UriError::User => message("finding-uri-user"),
        UriError::Malformed => message("finding-uri-malformed"),
        UriError::Host => message("finding-uri-host"),
        UriError::Fragment => message("finding-uri-fragment"),
        UriError::UpperCase => message("finding-uri-upper-case"),
        UriError::NeedlessEncoding => message("finding-uri-needless-encoding"),
        UriError::EncodedDelimiter => message("finding-uri-encoded-delimiter"),
        UriError::EncodingCase => message("finding-uri-encoding-case"),
        UriError::DotSegment => message("finding-uri-dot-segment"),
        UriError::EmptySegment => message("finding-uri-empty-segment"),
        UriError::NotNormal(normal) => message("finding-uri-not-normal").with("normal", normal),
        UriError::SpiffeCase => message("finding-uri-scheme-case"),
        UriError::SpiffeTrustDomain => message("finding-uri-trust-domain"),
        UriError::SpiffeTrustDomainCharacters => message("finding-uri-trust-domain-characters"),
        UriError::SpiffeQuery => message("finding-uri-query"),
        UriError::SpiffePath => message("finding-uri-path"),
    };
    let advice = message("finding-uri-advice")
        .with("first", "spiffe://example.org/service/web")
        .with("second", "https://www.example.com/");
    (detail.with("name", quoted(name)), advice)
}

fn email(name: &str, error: EmailError) -> (Message, Message) {
    let message = Message::new;
    let detail = match error {
        EmailError::TooLong(count) => {
            message("finding-mail-long").with("count", count).with("most", MAX_EMAIL_LENGTH)
        }
        EmailError::NoAt => message("finding-mail-no-at"),
        EmailError::LocalPart(count) => {
            message("finding-mail-local").with("count", count).with("most", MAX_LOCAL_PART)
        }
        EmailError::Dot => message("finding-mail-dot"),
        EmailError::Character(c) => {
            message("finding-mail-character").with("character", quoted(&c.to_string()))
        }
        EmailError::Wildcard => message("finding-mail-wildcard"),
        EmailError::Domain { domain, error } => {
            message("finding-mail-domain").with("why", dns(&domain, error).0)
        }
    };
    (detail.with("name", quoted(name)), message("finding-mail-advice").with("example", "alice@example.com"))
}
