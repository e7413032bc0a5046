//! The policy that a deployment will put in force, read before anything is made.
//!
//! Invariant: a deployment fails before anything is built or changed if its policy cannot be read, if the policy would
//! refuse the request of `--self-test`, or, on AWS, if the policy names approvers at domains reserved for examples.

use std::path::Path;

use workflow::email::Email;
use workflow::finding::Finding;
use workflow::policy::evaluate::{PolicyRejection, evaluate_csr};
use workflow::policy::{Pointer, Policy};
use workflow::requester::Requester;
use workflow::texts::Language;

use super::DeploymentTarget;
use super::self_test::{SelfTestOptions, csr};
use crate::aws_cli::AwsCli;
use crate::error::{CliError, OrFail as _};
use crate::policy;
use crate::progress::say;

/// Domains that are reserved for documentation and tests, as are all domains below them. Mail to them is never delivered.
/// <https://www.rfc-editor.org/rfc/rfc2606#section-2>
const RESERVED: [&str; 7] =
    ["example.com", "example.net", "example.org", "example", "test", "invalid", "localhost"];

/// Options of the deployment that concern the policy.
pub(super) struct PolicyOptions<'a> {
    /// The file of `--policy`.
    pub(super) chosen: Option<&'a Path>,
    /// The shipped policy.
    pub(super) default: &'a Path,
    /// True if approvers at reserved domains are accepted.
    pub(super) example_approvers: bool,
    pub(super) self_test: &'a SelfTestOptions,
}

/// Reads the policy that will be in force; fails if the deployment would fail with it later.
pub(super) async fn check(
    aws: &AwsCli,
    target: &DeploymentTarget,
    options: &PolicyOptions<'_>,
) -> Result<(), CliError> {
    let parameter = format!("/countersign/{}/policy", target.stack);
    let held = match options.chosen {
        Some(_) => None,
        None => aws.find(&["ssm", "get-parameter", "--name", &parameter]).await?,
    };
    let (from, policy) = match &held {
        Some(held) => {
            let text = held["Parameter"]["Value"].as_str().unwrap_or_default();
            say(format!("The policy in {parameter} stays in force."));
            // A large policy is in the bucket and is not read here. The portal checks the request of the self-test.
            if matches!(Pointer::read(text), Ok(Some(_))) {
                return Ok(());
            }
            let advice = "Nothing was built or changed. Put a valid policy in force with --policy FILE.";
            (parameter.clone(), Policy::parse(text).or_fail(|| parameter.clone(), advice)?)
        }
        None => {
            let file = options.chosen.unwrap_or(options.default);
            (file.display().to_string(), policy::read(file)?.1)
        }
    };
    // On an emulator, example approvers are fine: all mails are caught.
    if held.is_none() && target.endpoint_url.is_none() && !options.example_approvers {
        refuse_example_approvers(&from, &policy)?;
    }
    refuse_self_test(&from, &policy, options.self_test)
}

/// True if the domain of the address is reserved (RFC 2606), so that no mail is delivered.
fn is_reserved(address: &str) -> bool {
    let domain = address.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
    RESERVED.iter().any(|reserved| {
        domain.strip_suffix(reserved).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })
}

/// The first profile with an approver at a reserved domain, and the address.
pub(super) fn example_approver(policy: &Policy) -> Option<(String, String)> {
    policy.profiles().find_map(|profile| {
        let escalation = profile.escalation().into_iter().flat_map(|escalation| &escalation.members);
        let members = profile.quorums().iter().flat_map(|group| &group.members).chain(escalation);
        let found = members.map(Email::as_str).find(|address| is_reserved(address))?;
        Some((profile.name().to_owned(), found.to_owned()))
    })
}

fn refuse_example_approvers(from: &str, policy: &Policy) -> Result<(), CliError> {
    match example_approver(policy) {
        None => Ok(()),
        Some((profile, address)) => Err(CliError::new(
            format!(
                "{from} names {address} as an approver of the profile {profile}, whom no mail reaches (RFC 2606)"
            ),
            "Nothing was built or changed. Copy infra/policy.toml, name your approvers and domains, and deploy with --policy FILE. To go on anyway, add --yes-example-approvers.",
        )),
    }
}

fn refuse_self_test(from: &str, policy: &Policy, options: &SelfTestOptions) -> Result<(), CliError> {
    let (Some(host), Some(requester)) = (&options.self_test, &options.requester) else {
        return Ok(());
    };
    let refused = |why: &str| {
        CliError::new(
            format!("{from} would refuse the self-test: {}", why.trim_end_matches('.')),
            "Nothing was built or changed. Name another host or requester, or another --policy.",
        )
    };
    let of = |finding: &Finding| refused(&finding.detail_in(Language::English));
    let email: Email = requester.parse().map_err(|finding: Finding| of(&finding))?;
    let profile = policy.profile(None).map_err(|finding| of(&finding))?;
    let person = Requester::Person(email.clone());
    evaluate_csr(policy, None, &csr(host)?, None, None, Some(&person))
        .map_err(|rejection: PolicyRejection| rejection.main().map_or_else(|| refused(""), of))?;
    match profile.approver_set_for(&email) {
        Ok(_) => Ok(()),
        Err(few) => Err(refused(&format!(
            "the profile {} needs {} approvals, and has {} approvers besides {email}",
            few.profile, few.quorum, few.others
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::aws_cli::scripted::ScriptedAws;
    use crate::checkout;

    const ABSENT: &str = "error:An error occurred (ParameterNotFound) when calling x: y";
    const OWN: &str = "[defaults]\napprovers = [\"a@your.domain\", \"b@your.domain\"]\nnames.dns.allow = [\"your.domain\"]\n[profiles.server]\ndescription = \"x\"\nextended_key_usage = [\"serverAuth\"]\n";

    /// The answer to a deployment with this policy as a file, or with the one that the stack has.
    async fn told(
        policy: Option<&str>,
        held: &str,
        endpoint: Option<&str>,
        self_test: Option<(&str, &str)>,
        accepted: bool,
    ) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("policy.toml");
        fs::write(&file, policy.unwrap_or_default()).unwrap();
        let aws = ScriptedAws::new(&[("ssm get-parameter --name /countersign/ca/policy", &[held])]);
        let target =
            DeploymentTarget { stack: "ca".into(), region: None, endpoint_url: endpoint.map(str::to_owned) };
        let options = PolicyOptions {
            chosen: policy.map(|_| file.as_path()),
            default: &checkout::repository().join("infra/policy.toml"),
            example_approvers: accepted,
            self_test: &SelfTestOptions::of(self_test),
        };
        check(&aws.cli(), &target, &options).await.map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[tokio::test]
    async fn the_example_policy_is_refused_on_aws_unless_accepted() {
        let refused = told(None, ABSENT, None, None, false).await;
        assert!(refused.contains("names approver@example.com as an approver of the profile"), "{refused}");
        assert!(refused.contains("Nothing was built or changed"), "{refused}");
        assert_eq!(told(None, ABSENT, None, None, true).await, "");
        assert_eq!(told(None, ABSENT, Some("http://127.0.0.1:1"), None, false).await, "", "an emulator");
        assert_eq!(told(Some(OWN), ABSENT, None, None, false).await, "");
        let escalation = OWN.replace("b@your.domain", "b@x.example.org");
        assert!(told(Some(&escalation), ABSENT, None, None, false).await.contains("b@x.example.org"));
    }

    #[tokio::test]
    async fn a_policy_that_cannot_be_read_stops_the_deployment() {
        let refused = told(Some("[profiles"), ABSENT, Some("http://127.0.0.1:1"), None, false).await;
        assert!(refused.contains("policy.toml"), "{refused}");
        let held = r#"{"Parameter":{"Value":"nonsense"}}"#;
        assert!(told(None, held, None, None, false).await.starts_with("/countersign/ca/policy"));
        // A policy that stays in force is not refused for its approvers.
        let example = fs::read_to_string(checkout::repository().join("infra/policy.toml")).unwrap();
        let held = serde_json::json!({ "Parameter": { "Value": example } }).to_string();
        assert_eq!(told(None, &held, None, None, false).await, "");
    }

    #[tokio::test]
    async fn a_self_test_that_the_policy_refuses_stops_the_deployment() {
        let refused =
            async |host, requester| told(Some(OWN), ABSENT, None, Some((host, requester)), false).await;
        assert_eq!(refused("self-test.your.domain", "me@your.domain").await, "");
        let outside = refused("self-test.other.domain", "me@your.domain").await;
        assert!(outside.contains("doesn't allow the DNS name"), "{outside}");
        assert!(
            refused("self-test.your.domain", "not an address").await.contains("would refuse the self-test")
        );
        let two = OWN.replace("[defaults]", "[defaults]\nquorum = 2");
        let alone =
            told(Some(&two), ABSENT, None, Some(("self-test.your.domain", "a@your.domain")), false).await;
        assert!(alone.contains("needs 2 approvals, and has 1 approvers besides a@your.domain"), "{alone}");
    }

    #[test]
    fn reserved_domains_are_those_of_the_rfc() {
        for reserved in
            ["a@example.com", "a@mail.Example.ORG", "a@x.test", "a@localhost", "a@b.invalid", "a@c.example"]
        {
            assert!(is_reserved(reserved), "{reserved}");
        }
        for real in ["a@myexample.com", "a@example.com.de", "a@latest", "a@your.domain"] {
            assert!(!is_reserved(real), "{real}");
        }
    }
}
