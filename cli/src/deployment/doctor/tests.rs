use serde_json::json;

use super::mail::{identities_of, identity, sandbox};
use super::secrets::{authority, ca_key, outside, passkeys, policy};
use super::sign_ins;
use super::*;
use crate::aws_cli::scripted::ScriptedAws;

#[test]
fn a_sender_has_to_be_verified_by_address_or_domain() {
    let of = |identities: &[(&str, Value)]| identity("ca@example.com", identities);
    let good = ("example.com", json!({ "VerifiedForSendingStatus": true }));
    let waiting = ("ca@example.com", json!({ "VerifiedForSendingStatus": false }));
    assert_eq!(of(std::slice::from_ref(&good)).verdict, CheckResult::Good);
    assert_eq!(of(&[waiting.clone(), good]).verdict, CheckResult::Good);
    let unknown = of(&[]);
    assert_eq!(unknown.verdict, CheckResult::Wrong);
    assert!(unknown.found.contains("neither ca@example.com nor example.com"), "{unknown:?}");
    assert!(of(&[waiting]).found.contains("has not verified ca@example.com"));
}

#[test]
fn a_verified_domain_lets_its_subdomains_send() {
    assert_eq!(
        identities_of("ca@a.mail.example.com"),
        ["ca@a.mail.example.com", "a.mail.example.com", "mail.example.com", "example.com"]
    );
    assert_eq!(identities_of("ca@localhost"), ["ca@localhost"]);
    let above = json!({ "VerifiedForSendingStatus": true, "ConfigurationSetName": "my-first" });
    let found = identity("ca@mail.example.com", &[("example.com", above)]);
    assert_eq!(found.verdict, CheckResult::Good);
    assert_eq!(found.found, "ca@mail.example.com, by example.com with the configuration set my-first");
}

#[tokio::test]
async fn subdomains_are_asked_about_up_to_the_verified_domain() {
    let aws = ScriptedAws::new(&[
        ("sesv2 get-account", &[r#"{"ProductionAccessEnabled":true,"SendingEnabled":true}"#]),
        ("get-email-identity --email-identity example.com", &[r#"{"VerifiedForSendingStatus":true}"#]),
        ("sesv2 get-email-identity", &["error:An error occurred (NotFoundException) when calling x: y"]),
    ]);
    let checks = mail(&aws.cli(), "eu-central-1", Some("ca@mail.example.com")).await.unwrap();
    assert!(checks.iter().all(|check| check.verdict == CheckResult::Good), "{checks:?}");
}

#[tokio::test]
async fn a_region_without_ses_is_told() {
    let nowhere =
        r#"error:Could not connect to the endpoint URL: "https://email.mx-central-1.amazonaws.com/""#;
    let aws = ScriptedAws::new(&[("sesv2 get-account", &[nowhere])]);
    let checks = mail(&aws.cli(), "mx-central-1", Some("ca@example.com")).await.unwrap();
    assert_eq!(checks[0].verdict, CheckResult::Wrong);
    assert!(checks[0].found.contains("there is no SES in mx-central-1"), "{checks:?}");
}

#[tokio::test]
async fn a_configuration_set_has_to_be_there() {
    let gone = "error:An error occurred (NotFoundException) when calling x: y";
    for (answer, expected) in [("{}", CheckResult::Good), (gone, CheckResult::Wrong)] {
        let aws = ScriptedAws::new(&[("get-configuration-set --configuration-set-name mine", &[answer])]);
        assert_eq!(configuration_set(&aws.cli(), "mine").await.unwrap().verdict, expected);
    }
}

#[test]
fn a_part_that_cannot_be_looked_at_is_a_note() {
    let denied = CliError::new("these credentials may not cloudformation:GetTemplate", "");
    let [note] = &or_note("resources", Err(denied))[..] else { panic!() };
    assert_eq!(note.verdict, CheckResult::Note);
    assert!(note.found.contains("cloudformation:GetTemplate"), "{note:?}");
}

#[test]
fn the_sandbox_is_a_note_and_a_stopped_account_is_wrong() {
    let account = |production: bool, sending: bool| {
        sandbox(
            &json!({ "ProductionAccessEnabled": production, "SendingEnabled": sending, "SendQuota": { "Max24HourSend": 200.0 } }),
        )
    };
    assert_eq!(account(true, true).verdict, CheckResult::Good);
    let inside = account(false, true);
    assert!(inside.verdict == CheckResult::Note && inside.found.contains("sandbox: 200 mails"), "{inside:?}");
    assert_eq!(account(true, false).verdict, CheckResult::Wrong);
}

#[test]
fn a_new_account_has_too_few_environments_unless_the_operator_accepts_them() {
    let of = |limit: u64, accepted: bool| {
        concurrency(&json!({ "AccountLimit": { "ConcurrentExecutions": limit } }), accepted)
    };
    assert_eq!(of(1000, false).verdict, CheckResult::Good);
    assert_eq!(of(FEWEST, false).verdict, CheckResult::Note);
    assert_eq!(of(10, true).verdict, CheckResult::Note);
    let new = of(10, false);
    assert_eq!(new.verdict, CheckResult::Wrong);
    assert!(new.advice.contains("request-service-quota-increase"), "{new:?}");
    assert!(new.advice.contains("--yes-few-environments"), "{new:?}");
}

#[tokio::test]
async fn a_name_that_is_taken_is_told_before_anything_is_made() {
    let free = r#"{"logGroups":[]}"#;
    let absent = "error:An error occurred (NotFoundException) when calling x: y";
    let every = |name: &str| {
        Some(match name {
            "Encryption" => "customer-key".to_owned(),
            "Dashboard" => "yes".to_owned(),
            _ => return None,
        })
    };
    let look = async |lambda: &str, states: &str, alias: &str, dashboard: &str| {
        let aws = ScriptedAws::new(&[
            ("--log-group-name-prefix /aws/lambda/ca-", &[lambda]),
            ("--log-group-name-prefix /aws/vendedlogs/states/ca", &[states]),
            ("kms describe-key --key-id alias/countersign-ca-data", &[alias]),
            ("cloudwatch get-dashboard --dashboard-name ca", &[dashboard]),
            ("secretsmanager describe-secret", &[absent]),
        ]);
        clash(&aws.cli(), "ca", &every).await.unwrap().remove(0)
    };
    assert_eq!(look(free, free, absent, absent).await.verdict, CheckResult::Good);
    let lambda = r#"{"logGroups":[{"logGroupName":"/aws/lambda/ca-sign"}]}"#;
    let states = r#"{"logGroups":[{"logGroupName":"/aws/vendedlogs/states/ca"}]}"#;
    let longer = r#"{"logGroups":[{"logGroupName":"/aws/vendedlogs/states/ca-two"}]}"#;
    assert_eq!(look(free, longer, absent, absent).await.verdict, CheckResult::Good);
    for (check, expected) in [
        (look(lambda, free, absent, absent).await, "delete-log-group --log-group-name /aws/lambda/ca-sign"),
        (look(free, states, absent, absent).await, "--log-group-name /aws/vendedlogs/states/ca"),
        (look(free, free, "{}", absent).await, "delete-alias --alias-name alias/countersign-ca-data"),
        (look(free, free, absent, "{}").await, "delete-dashboards --dashboard-names ca"),
    ] {
        assert_eq!(check.verdict, CheckResult::Wrong, "{expected}");
        assert!(check.advice.contains(expected), "{check:?}");
    }
}

#[tokio::test]
async fn a_stack_of_the_version_before_is_a_note() {
    let checks = outside(&ScriptedAws::new(&[]).cli(), "ca", &json!({ "Outputs": [] })).await.unwrap();
    assert_eq!(checks.len(), 1);
    assert_eq!(checks[0].verdict, CheckResult::Note);
    assert!(checks[0].advice.contains("countersign deploy"), "{checks:?}");
}

#[test]
fn other_partitions_are_refused() {
    let of = |arn: &str| partition(arn).map(|check| (check.verdict, check.found));
    assert_eq!(of("arn:aws:sts::123456789012:assumed-role/x/y"), None);
    for (arn, name) in
        [("arn:aws-cn:iam::1:user/x", "aws-cn"), ("arn:aws-us-gov:iam::1:user/x", "aws-us-gov")]
    {
        let (verdict, found) = of(arn).unwrap();
        assert_eq!(verdict, CheckResult::Wrong);
        assert!(found.contains(name), "{found}");
    }
}

const ARN: &str = "arn:aws:secretsmanager:eu-central-1:1:secret:LinkSecret-ab12-XyZ123";

/// The check of the link secret of a stack whose functions were started at noon.
async fn link_secret_of(secret: &str) -> Check {
    let aws = ScriptedAws::new(&[
        ("secretsmanager describe-secret --secret-id LinkSecret-ab12", &[secret]),
        ("lambda get-function-configuration", &[r#"{"LastModified":"2026-01-01T12:00:00.000+0000"}"#]),
    ]);
    let described = json!({ "Outputs": [
        { "OutputKey": "LinkSecretId", "OutputValue": ARN },
        { "OutputKey": "EncryptionKeyArn", "OutputValue": "arn:key" },
        { "OutputKey": "PolicyParameter", "OutputValue": "/countersign/ca/policy" },
    ] });
    outside(&aws.cli(), "ca", &described).await.unwrap().remove(0)
}

#[tokio::test]
async fn the_link_secret_is_looked_up_by_the_name_that_workers_use() {
    let whole = link_secret_of(r#"{"LastChangedDate":"2026-01-01T11:59:00+00:00"}"#).await;
    assert_eq!((whole.verdict, whole.found.as_str()), (CheckResult::Good, "LinkSecret-ab12"));
    let deleted = link_secret_of(r#"{"DeletedDate":"2026-01-01T00:00:00Z"}"#).await;
    assert!(deleted.advice.contains("restore-secret --secret-id LinkSecret-ab12"), "{deleted:?}");
    let gone = link_secret_of("error:An error occurred (ResourceNotFoundException) when calling x: y").await;
    assert_eq!(gone.verdict, CheckResult::Wrong);
    assert!(gone.advice.contains("create-secret --name LinkSecret-ab12 --kms-key-id arn:key "), "{gone:?}");
    assert!(gone.advice.contains("start the functions anew"), "{gone:?}");
}

#[tokio::test]
async fn a_link_secret_that_was_made_again_needs_new_functions() {
    let younger = link_secret_of(r#"{"LastChangedDate":"2026-01-01T13:00:00.5+01:00"}"#).await;
    assert_eq!(younger.verdict, CheckResult::Good, "{younger:?}");
    let younger = link_secret_of(r#"{"LastChangedDate":"2026-01-01T12:00:01+00:00"}"#).await;
    assert_eq!(younger.verdict, CheckResult::Note);
    assert!(younger.advice.contains("start the functions anew"), "{younger:?}");
}

#[test]
fn a_key_that_is_being_deleted_is_told_with_the_way_back() {
    let gone = json!({ "DeletedDate": "2026-01-01T00:00:00Z" });
    assert!(ca_key("countersign/ca/ca-key", Some(&gone)).advice.contains("restore-secret"));
    assert_eq!(ca_key("countersign/ca/ca-key", None).verdict, CheckResult::Good);
}

#[test]
fn a_lost_policy_is_not_replaced_by_the_example() {
    let lost = policy("ca", "/countersign/ca/policy", None);
    assert_eq!(lost.verdict, CheckResult::Wrong);
    assert!(lost.advice.contains("countersign policy set FILE --stack ca"), "{lost:?}");
    assert!(!lost.advice.contains("deploy") && !lost.advice.contains("infra/policy.toml"), "{lost:?}");
    let example = std::fs::read_to_string(checkout::repository().join("infra/policy.toml")).unwrap();
    let of = |text: &str| policy("ca", "/countersign/ca/policy", Some(text));
    assert!(of(&example).verdict == CheckResult::Note && of(&example).found.contains("approver@example.com"));
    assert_eq!(of(&example.replace("approver@example.com", "a@your.domain")).verdict, CheckResult::Good);
    assert_eq!(of("nonsense").verdict, CheckResult::Wrong);
}

#[test]
fn passkeys_need_a_name_that_stays() {
    let example = std::fs::read_to_string(checkout::repository().join("infra/policy.toml")).unwrap();
    let asks = example.replacen("[people]", "[people]\nidentity = \"passkey\"", 1);
    assert!(passkeys(&example, "https://10.0.0.1/").is_none());
    let of = |portal: &str| passkeys(&asks, portal).unwrap();
    let told = of("https://10.0.0.1/");
    assert!(told.verdict == CheckResult::Wrong && told.advice.contains("BaseUrl"), "{told:?}");
    let told = of("https://abc123.execute-api.eu-central-1.amazonaws.com/");
    assert!(told.verdict == CheckResult::Note && told.found.contains("abc123"), "{told:?}");
    assert_eq!(of("https://certificates.example.org/").verdict, CheckResult::Good);
}

#[test]
fn a_client_secret_is_there_and_encrypted() {
    let of = |is_secret| sign_ins::secret("/countersign/ca/oidc-client-secret", is_secret);
    assert_eq!(of(Some(true)).verdict, CheckResult::Good);
    for wrong in [of(Some(false)), of(None)] {
        assert_eq!(wrong.verdict, CheckResult::Wrong);
        assert!(wrong.advice.contains("--type SecureString"), "{wrong:?}");
    }
}

#[test]
fn a_ca_that_cannot_sign_is_wrong() {
    assert_eq!(authority("ca", None).verdict, CheckResult::Good);
    let told = authority("ca", Some("there is no CA yet; create one with: countersign ca init"));
    assert_eq!(told.verdict, CheckResult::Wrong);
    assert!(told.found.contains("countersign ca init"), "{told:?}");
}
