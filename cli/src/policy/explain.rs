//! Explains the effect of each rule of a policy on one request, without a stack.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use workflow::email::Email;
use workflow::finding::{Finding, Severity};
use workflow::policy::evaluate::{PolicyRejection, read};
use workflow::policy::{ExplainedRule, Policy, Profile, RequesterProof};
use workflow::requester::Requester;
use workflow::texts::Language;

use super::summary::{seats, span};
use crate::error::{CliError, OrFail as _};
use crate::output::{Cell, Document};

/// The request to explain.
#[derive(Debug, clap::Args)]
pub(crate) struct ExplainOptions {
    /// Explains what each rule does to this request (CSR, as PEM), and who would be asked
    #[arg(long, value_name = "REQUEST.CSR")]
    explain: Option<PathBuf>,
    /// The profile of the request [default: the default profile of the policy]
    #[arg(long, requires = "explain")]
    profile: Option<String>,
    /// The e-mail address of the requester
    #[arg(long, requires = "explain", value_name = "ADDRESS")]
    email: Option<String>,
}

/// An explanation for people and programs. The error is the reason if the request is refused.
pub(super) struct Explained {
    pub(super) document: Document,
    pub(super) value: Value,
    pub(super) verdict: Result<(), CliError>,
}

impl ExplainOptions {
    /// Explains the request; `None` if there is none.
    pub(super) fn run(&self, policy: &Policy) -> Result<Option<Explained>, CliError> {
        let Some(file) = &self.explain else { return Ok(None) };
        let request = fs::read_to_string(file).or_fail(
            || format!("cannot read {}", file.display()),
            "Name a certificate signing request in PEM (BEGIN CERTIFICATE REQUEST).",
        )?;
        let email = self.email.as_deref().map(str::parse::<Email>).transpose();
        let email = email.map_err(|finding: Finding| CliError::new(detail(&finding), advice(&finding)))?;
        let profile = policy.profile(self.profile.as_deref());
        let profile = profile.map_err(|finding| CliError::new(detail(&finding), advice(&finding)))?;
        Ok(Some(explain(policy, profile, file, &request, email)))
    }
}

fn explain(
    policy: &Policy,
    profile: &Profile,
    file: &Path,
    request: &str,
    email: Option<Email>,
) -> Explained {
    let head =
        format!("{} by the profile {} of version {}", file.display(), profile.name(), policy.version());
    let document = Document::new().line(head);
    let value = |rules: &[ExplainedRule], notes: &str, granted: bool| {
        json!({
            "profile": profile.name(),
            "policy": policy.version(),
            "rules": rules.iter().map(rule_value).collect::<Vec<_>>(),
            "notes": notes.lines().collect::<Vec<_>>(),
            "granted": granted,
        })
    };
    let headings = ["PART", "VALUE", "OUTCOME", "WHY"];
    let csr = match read(request, None) {
        Ok((csr, _)) => csr,
        Err(rejection) => {
            let lines: String = rejection.0.iter().map(line).collect();
            let document = document
                .line(lines.as_str())
                .line("Verdict: refused, with every profile.")
                .spreadsheet(&headings, Vec::new());
            let value = value(&[], &lines, false);
            return Explained { document, value, verdict: Err(refused(&rejection)) };
        }
    };
    let requester = email.clone().map(Requester::Person);
    let explanation = policy.explain(&csr, profile, requester.as_ref());
    let mut text = String::new();
    let findings = explanation.evaluation.findings;
    let warnings = findings.iter().filter(|finding| finding.severity == Severity::Warning);
    let unsaid =
        |finding: &&Finding| explanation.rules.iter().all(|rule| !rule.reason.starts_with(&finding.detail));
    text.extend(warnings.filter(unsaid).map(line));
    text.push_str(&approval(policy, profile));
    text.push_str(&reminders(policy, profile));
    let too_few = email.and_then(|email| profile.approver_set_for(&email).err());
    let verdict = match (explanation.evaluation.grant, too_few) {
        (None, _) => Err(refused(&PolicyRejection(findings))),
        (Some(_), Some(few)) => Err(CliError::new(
            format!("the policy refuses the request: {few}"),
            "Name another requester with --email, or add approvers to the profile: nobody approves their own request.",
        )),
        (Some(_), None) => Ok(()),
    };
    let document = document
        .table(&headings, explanation.rules.iter().map(cells).collect())
        .line(text.as_str())
        .line(match &verdict {
            Ok(()) => {
                "Verdict: granted, if the approvers agree. The CA's own limits are checked by the stack."
            }
            Err(_) => "Verdict: refused. No approver is asked.",
        });
    Explained { document, value: value(&explanation.rules, &text, verdict.is_ok()), verdict }
}

fn cells(rule: &ExplainedRule) -> Vec<Cell> {
    vec![
        Cell::text(rule.part),
        Cell::text(rule.value.as_str()),
        Cell::text(rule.outcome.as_str()),
        Cell::uncut(rule.reason.as_str()),
    ]
}

fn rule_value(rule: &ExplainedRule) -> Value {
    json!({ "part": rule.part, "value": rule.value, "outcome": rule.outcome.as_str(), "reason": rule.reason })
}

/// Who is asked, and when.
fn approval(policy: &Policy, profile: &Profile) -> String {
    let mut lines = Vec::new();
    match policy.requester_proof() {
        RequesterProof::Mail => lines.push("the requester confirms by a mailed link first".to_owned()),
        RequesterProof::Oidc => {
            lines.push("the requester signs in at the identity provider and confirms first".to_owned());
        }
        RequesterProof::None => {}
    }
    lines.extend(profile.quorums().iter().map(|group| format!("{} (never the requester)", seats(group))));
    lines.extend(profile.oidc_groups().iter().map(|group| {
        format!(
            "{} is the mailbox of \"{}\", whose members the identity provider names",
            group.mail, group.name
        )
    }));
    lines.extend(
        profile
            .stand_ins()
            .iter()
            .map(|one| format!("{} for {} from {} until {} (UTC)", one.by, one.person, one.from, one.until)),
    );
    lines.push(format!("within {}", span(profile.limit())));
    if !profile.reminders().is_empty() {
        let after: Vec<String> = profile.reminders().iter().map(|after| span(*after)).collect();
        lines.push(format!("reminded after {}", after.join(" and ")));
    }
    if let Some(escalation) = profile.escalation() {
        let members: Vec<&str> = escalation.members.iter().map(Email::as_str).collect();
        let after = span(escalation.after);
        lines.push(format!("after {after} also {}: {}", escalation.group, members.join(", ")));
    }
    lines.iter().map(|line| format!("Approval: {line}\n")).collect()
}

/// Who is told before the certificate ends, and when.
fn reminders(policy: &Policy, profile: &Profile) -> String {
    let lifecycle = policy.lifecycle();
    let life = time::Duration::days(profile.validity_days().into());
    let all: Vec<u32> = lifecycle.fitting(life).collect();
    let (Some(latest), Some(first)) = (lifecycle.escalation(), all.first()) else {
        return "End: nobody is reminded\n".to_owned();
    };
    let before: Vec<String> = all.iter().map(|days| format!("{days}d")).collect();
    let escalation = all.iter().find(|days| **days <= latest).unwrap_or(first);
    let told: Vec<String> =
        policy.escalation_recipients(profile.name()).iter().map(ToString::to_string).collect();
    format!(
        "End: the requester is reminded {} before\nEnd: {escalation}d before also {}, unless it is renewed\n",
        before.join(", "),
        told.join(", ")
    )
}

fn refused(rejection: &PolicyRejection) -> CliError {
    let Some(finding) = rejection.main() else {
        return CliError::new("the policy refuses the request", "");
    };
    CliError::new(
        format!("the policy refuses the request: {}: {}", finding.code, detail(finding)),
        advice(finding),
    )
}

fn line(finding: &Finding) -> String {
    let severity = if finding.is_refusal() { "refused" } else { "note" };
    format!("{severity}: {}: {} {}\n", finding.code, detail(finding), advice(finding))
}

fn detail(finding: &Finding) -> String {
    finding.detail_in(Language::English).into_owned()
}

fn advice(finding: &Finding) -> String {
    finding.advice_in(Language::English).into_owned()
}

#[cfg(test)]
mod tests {
    use pki::testing::{self as test_pki, CsrMaker, TestKey, oid, sequence, tlv};

    use super::*;

    const POLICY: &str = r#"default = "server"

[publication]
crl = ["http://pki.example.com/ca.crl"]

[groups]
security = ["alice@example.com", "bob@example.com"]
managers = ["dave@example.com"]

[defaults]
approval = [{ group = "security" }]
reminders = ["2d", "5d"]
escalation = { after = "3d", group = "managers" }

[profiles.server]
extended_key_usage = ["serverAuth"]
key_usage = ["digitalSignature", "keyEncipherment"]
subject = "O=Example, C=DE"
names.dns = { allow = ["example.com", "internal"], deny = ["secret.example.com"] }
names.ip.allow = ["10.0.0.0/8"]

[profiles.client]
extended_key_usage = ["clientAuth"]
names.email.allow = ["example.com"]

[[profiles.client.requesters]]
domains = ["example.com"]
"#;

    fn explained(request: &str, profile: Option<&str>, email: Option<&str>) -> String {
        let policy = Policy::parse(POLICY).unwrap();
        let profile = policy.profile(profile).unwrap();
        let email = email.map(|email| email.parse().unwrap());
        let Explained { document, value, verdict } =
            explain(&policy, profile, Path::new("www.csr"), request, email);
        assert_eq!(value["granted"], verdict.is_ok());
        let said = verdict.map_or_else(|refused| format!("countersign: {refused}\n"), |()| String::new());
        format!("{}{said}", document.plain_text())
    }

    #[test]
    fn a_granted_request_is_explained() {
        let request = CsrMaker::new(TestKey::EcP256)
            .common_name("www.example.com")
            .subject_part("2.5.4.10", 12, b"Another")
            .names(&["www.example.com", "db.internal", "10.1.2.3"])
            .extension("2.5.29.37", false, &sequence(&[oid("1.3.6.1.5.5.7.3.1"), oid("1.3.6.1.5.5.7.3.2")]))
            .pem();
        insta::assert_snapshot!(explained(&request, None, Some("erin@example.com")));
    }

    #[test]
    fn the_documentation_shows_lines_of_an_explanation() {
        let page = fs::read_to_string(crate::checkout::repository().join("docs/policy.md")).unwrap();
        let (_, shown) = page.split_once("PART             VALUE").unwrap();
        let shown = shown.split_once('\n').unwrap().1.split_once("```").unwrap().0;
        let names = ["www.example.com", "a.secret.example.com", "10.1.2.3"];
        let said = explained(&test_pki::csr(&names), None, Some("erin@example.com"));
        assert!(shown.lines().count() > 4, "{shown}");
        for line in shown.lines() {
            assert!(said.lines().any(|said| said == line), "{line}\n{said}");
        }
    }

    #[test]
    fn a_refused_request_is_explained() {
        let names =
            ["www.example.com", "a.secret.example.com", "www.example.org", "*.example.com", "192.0.2.1"];
        let request = CsrMaker::new(TestKey::EcP256)
            .common_name("My server")
            .names(&[names.as_slice(), &["spiffe://example.org/a"]].concat())
            .extension("2.5.29.14", false, &tlv(4, &[1; 20]))
            .asking_for_ca()
            .pem();
        insta::assert_snapshot!(explained(&request, None, None));
    }

    #[test]
    fn requesters_and_approvers_count_too() {
        let request = test_pki::csr(&["erin@example.com"]);
        let outside = explained(&request, Some("client"), Some("erin@example.org"));
        assert!(
            outside.contains("Verdict: refused")
                && outside.contains("erin@example.org               refused"),
            "{outside}"
        );
        let inside = explained(&request, Some("client"), Some("erin@example.com"));
        assert!(
            inside.contains("requesters.domains: example.com") && inside.contains("Verdict: granted"),
            "{inside}"
        );
        let unknown = explained(&request, Some("client"), None);
        assert!(unknown.contains("not given") && unknown.contains("open"), "{unknown}");
    }

    #[test]
    fn a_request_that_cannot_be_read_is_refused_with_every_profile() {
        let said = explained("no request", None, None);
        assert!(said.contains("\nrefused: "), "{said}");
        assert!(
            said.contains("with every profile") && said.contains("countersign: the policy refuses"),
            "{said}"
        );
    }
}
