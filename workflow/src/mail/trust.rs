//! How programs are made to trust the root of the CA: the steps of README.txt in the zip, and of the portal's page `/trust`.
//!
//! Invariant: one list of commands and words for both. A test types the commands for Linux (tests/interop/readme.rs), and
//! docs/trust.md has each of them.

use super::plain;
use crate::texts::Language;

/// Makes `root.pem` of `ca.pem`, whose last certificate is the root.
pub const MAKE_ROOT: &str = "sed -n -e '/BEGIN/h' -e '/BEGIN/!H' -e '${x;p;}' ca.pem > root.pem";
/// The same in PowerShell.
pub const MAKE_ROOT_IN_POWERSHELL: &str =
    "(Get-Content -Raw ca.pem) -replace '(?s).*(?=-----BEGIN)' |\n    Set-Content root.pem";
/// Shows whose certificate `root.pem` is, and its fingerprint.
pub const FINGERPRINT: &str = "openssl x509 -in root.pem -noout -subject -fingerprint -sha256";
/// The file with the roots of Fedora and RHEL, in place of Debian's in [`STEPS`]: the value `file` of a text.
pub const ROOTS_OF_FEDORA: &str = "/etc/pki/tls/certs/ca-bundle.crt";

/// What makes some systems or programs trust `root.pem`.
#[derive(Debug)]
pub struct TrustStep {
    /// Their names, which are the same in every language.
    pub systems: &'static str,
    /// The id of the text, if there is one.
    pub words: Option<&'static str>,
    /// The command, if there is one.
    pub command: Option<&'static str>,
    /// True if README.txt has it.
    in_readme: bool,
}

const fn step(
    systems: &'static str,
    words: Option<&'static str>,
    command: Option<&'static str>,
) -> TrustStep {
    TrustStep { systems, words, command, in_readme: true }
}

const fn step_of_page(systems: &'static str, words: &'static str, command: &'static str) -> TrustStep {
    TrustStep { systems, words: Some(words), command: Some(command), in_readme: false }
}

/// Every step, in the order in which readers see them.
pub const STEPS: [TrustStep; 12] = [
    step_of_page("Linux: countersign", "trust-command", "sudo countersign trust install ca.pem"),
    step(
        "Debian, Ubuntu",
        None,
        Some("cp root.pem /usr/local/share/ca-certificates/private-ca.crt\nupdate-ca-certificates"),
    ),
    step(
        "RHEL, Fedora",
        None,
        Some("cp root.pem /etc/pki/ca-trust/source/anchors/private-ca.pem\nupdate-ca-trust"),
    ),
    step(
        "macOS",
        None,
        Some(
            "security add-trusted-cert -d -r trustRoot \\\n    -k /Library/Keychains/System.keychain root.pem",
        ),
    ),
    step("Windows", None, Some("certutil -addstore -f Root root.pem")),
    step(
        "Java",
        None,
        Some(
            "keytool -importcert -noprompt -cacerts -storepass changeit \\\n    -alias private-ca -file root.pem",
        ),
    ),
    step("Firefox", Some("trust-firefox"), None),
    step(
        "Chrome, Edge",
        Some("trust-chrome"),
        Some("certutil -A -d sql:$HOME/.pki/nssdb -t C,, -n private-ca \\\n    -i root.pem"),
    ),
    step("iOS", Some("trust-ios"), None),
    step("Android", Some("trust-android"), None),
    step_of_page(
        "Python, curl",
        "trust-python",
        "export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt\n\
         export REQUESTS_CA_BUNDLE=$SSL_CERT_FILE CURL_CA_BUNDLE=$SSL_CERT_FILE",
    ),
    step_of_page("Node.js", "trust-node", "export NODE_EXTRA_CA_CERTS=\"$PWD/root.pem\""),
];

/// The column of README.txt at which the steps begin, behind the names of the systems.
const COLUMN: usize = 16;

/// The most columns of its lines.
const WIDTH: usize = 79;

/// The section of README.txt, without its heading.
pub(super) fn section(language: Language) -> String {
    let mut out = String::new();
    for (words, command) in [("trust-root-file", MAKE_ROOT), ("trust-powershell", MAKE_ROOT_IN_POWERSHELL)] {
        plain::wrap_within(WIDTH, &mut out, "", "", &language.text(words));
        out.push('\n');
        command.lines().for_each(|line| out.push_str(&format!("    {line}\n")));
        out.push('\n');
    }
    plain::wrap_within(WIDTH, &mut out, "", "", &language.text("trust-install"));
    out.push('\n');
    let indent = " ".repeat(COLUMN);
    for step in STEPS.iter().filter(|step| step.in_readme) {
        let mut label = format!("{:<COLUMN$}", step.systems);
        if let Some(words) = step.words {
            plain::wrap_within(WIDTH, &mut out, &label, &indent, &language.text(words));
            label.clone_from(&indent);
        }
        for line in step.command.iter().flat_map(|command| command.lines()) {
            out.push_str(&format!("{label}{line}\n"));
            label.clone_from(&indent);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_says_something_and_fits_its_column() {
        for step in &STEPS {
            assert!(step.words.is_some() || step.command.is_some(), "{step:?}");
            assert!(!step.in_readme || step.systems.len() < COLUMN, "{step:?}");
        }
        for language in Language::ALL {
            let section = section(language);
            for step in &STEPS {
                let is_there = section.lines().any(|line| line.starts_with(step.systems));
                assert_eq!(is_there, step.in_readme, "{language}: {}: {section}", step.systems);
            }
        }
    }

    #[test]
    fn the_page_of_the_documentation_has_every_command() {
        const PAGE: &str = include_str!("../../../docs/trust.md");
        let plain = |text: &str| text.replace("\\\n", " ").split_whitespace().collect::<Vec<_>>().join(" ");
        let page = plain(PAGE);
        let commands = STEPS.iter().filter_map(|step| step.command);
        for command in commands.chain([MAKE_ROOT, MAKE_ROOT_IN_POWERSHELL, FINGERPRINT]) {
            let parts: Vec<String> = command.lines().map(plain).collect();
            let is_there = page.contains(&plain(command)) || page.contains(&parts.join(" && "));
            assert!(is_there, "docs/trust.md lacks {command}");
        }
    }
}
