//! The page with commands for making a key and a CSR.

use askama::Template;
use pki::name::Name;
use workflow::finding::Finding;
use workflow::texts::Message;

use super::{FindingView, Site};
use crate::locale::Locale;
use crate::state::Portal;

#[derive(Template)]
#[template(path = "commands.html")]
pub(crate) struct CommandsPage {
    site: Site,
    typed: String,
    openssl: String,
    powershell: String,
    remarks: Vec<FindingView>,
}

impl CommandsPage {
    pub(crate) fn new(
        portal: &Portal,
        locale: &Locale,
        typed: &str,
        names: &[Name],
        findings: &[Finding],
    ) -> Self {
        let site = Site::of(portal, locale);
        Self {
            typed: typed.to_owned(),
            openssl: openssl(names),
            powershell: powershell(names),
            remarks: site.remarks(findings),
            site,
        }
    }
}

/// `openssl req` for these names; the first name is also the common name.
pub(crate) fn openssl(names: &[Name]) -> String {
    let (first, alternatives) = parts(names);
    format!(
        "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \\\n  -keyout key.pem -out request.csr \\\n  \
         -subj '/CN={first}' \\\n  -addext 'subjectAltName={}'",
        alternatives.join(",")
    )
}

/// The same with certreq, for Windows.
pub(crate) fn powershell(names: &[Name]) -> String {
    let (first, alternatives) = parts(names);
    let lines: Vec<String> = alternatives
        .iter()
        .map(|one| {
            let (kind, value) = one.split_once(':').unwrap_or(("DNS", one));
            let kind = match kind {
                "IP" => "ipaddress",
                "email" => "email",
                _ => "dns",
            };
            format!("_continue_ = \"{kind}={value}&\"")
        })
        .collect();
    format!(
        "@'\n[NewRequest]\nSubject = \"CN={first}\"\nKeyAlgorithm = ECDSA_P256\nKeyLength = 256\nHashAlgorithm = SHA256\n\
         MachineKeySet = TRUE\nExportable = FALSE\nRequestType = PKCS10\n[Extensions]\n2.5.29.17 = \"{{text}}\"\n{}\n'@ | \
         Set-Content request.inf\ncertreq -new request.inf request.csr",
        lines.join("\n")
    )
}

fn parts(names: &[Name]) -> (String, Vec<String>) {
    let first = names.first().map(ToString::to_string).unwrap_or_else(|| "www.example.com".into());
    let mut alternatives: Vec<String> = names
        .iter()
        .map(|name| match name {
            Name::Dns(name) => format!("DNS:{name}"),
            Name::Ip(address) => format!("IP:{address}"),
            Name::Email(address) => format!("email:{address}"),
            Name::Uri(uri) => format!("URI:{uri}"),
        })
        .collect();
    if alternatives.is_empty() {
        alternatives.push(format!("DNS:{first}"));
    }
    (first, alternatives)
}
