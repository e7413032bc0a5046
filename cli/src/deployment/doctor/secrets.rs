//! Checks of the link secret, the policy, and the key and certificate of the CA, which a person could delete.

use serde_json::Value;
use time::OffsetDateTime;
use workflow::approval::BaseUrl;
use workflow::approver_set::Identity;
use workflow::aws::secret_name;
use workflow::notices::PARAMETERS;
use workflow::policy::{Pointer, Policy};

use super::check::Check;
use super::receivers::receivers;
use super::sign_ins;
use crate::aws_cli::AwsCli;
use crate::ca;
use crate::deployment::DeploymentTarget;
use crate::deployment::chosen_policy::example_approver;
use crate::deployment::deployed::time_of;
use crate::deployment::stack_status::output;
use crate::error::CliError;

/// Checks before a deployment: the link secret, the CA key, and the version of the stack.
pub(super) async fn outside(aws: &AwsCli, stack: &str, described: &Value) -> Result<Vec<Check>, CliError> {
    let mut checks = Vec::new();
    // A stack of an earlier version may have no such output.
    if let Some(id) = output(described, "LinkSecretId") {
        let name = secret_name(id);
        let found = aws.find(&["secretsmanager", "describe-secret", "--secret-id", name]).await?;
        let restarted = match &found {
            // An error is ignored: only a note depends on this time.
            Some(_) => restarted(aws, stack).await.unwrap_or_default(),
            None => None,
        };
        checks.push(link_secret(
            stack,
            name,
            found.as_ref(),
            restarted,
            output(described, "EncryptionKeyArn"),
        ));
    }
    if output(described, "CaKey") == Some("secret") {
        let secret = output(described, "CaSecret").unwrap_or_default();
        let found = aws.find(&["secretsmanager", "describe-secret", "--secret-id", secret]).await?;
        // The check "CA" covers a missing key.
        if found.is_some() {
            checks.push(ca_key(secret, found.as_ref()));
        }
    }
    if output(described, "PolicyParameter").is_none() {
        checks.push(Check::note(
            "version",
            format!("the stack {stack} is of another version: it has no output PolicyParameter"),
            "countersign deploy brings it to this version; or use the countersign that it was deployed with",
        ));
    }
    Ok(checks)
}

/// Checks of a deployed stack: read access to the link secret, the policy, and the CA.
pub(super) async fn inside(
    aws: &AwsCli,
    target: &DeploymentTarget,
    described: &Value,
) -> Result<Vec<Check>, CliError> {
    let name = &target.stack;
    let mut checks = Vec::new();
    if let Some(id) = output(described, "LinkSecretId") {
        checks.extend(unreadable(aws, secret_name(id)).await?);
    }
    if let Some(parameter) = output(described, "PolicyParameter") {
        let found = aws.find(&["ssm", "get-parameter", "--name", parameter]).await?;
        let text = found.as_ref().and_then(|found| found["Parameter"]["Value"].as_str());
        checks.push(policy(name, parameter, text));
        checks.extend(passkeys(text.unwrap_or_default(), output(described, "PortalUrl").unwrap_or_default()));
        checks.extend(sign_ins::inspect(aws, name, text.unwrap_or_default()).await?);
        let is_telling = output(described, "TellsReceivers").is_some();
        let path = parameter.rsplit_once('/').map_or("", |(folder, _)| folder);
        let set = if is_telling { receiver_parameters(aws, path).await? } else { Vec::new() };
        checks.extend(receivers(name, text.unwrap_or_default(), is_telling, &set));
    }
    // `find` fails for a stack of another version, which the check "version" reports.
    if let Ok(stack) = target.which().find().await {
        let state = match ca::trouble(&stack).await {
            Ok(trouble) => authority(name, trouble.as_deref()),
            Err(error) => Check::wrong("CA", error.to_string(), ""),
        };
        checks.push(state);
    }
    Ok(checks)
}

/// The names of the parameters of receivers. Their values are not printed.
async fn receiver_parameters(aws: &AwsCli, folder: &str) -> Result<Vec<String>, CliError> {
    let path = format!("{folder}/{PARAMETERS}");
    let found =
        aws.json(&["ssm", "get-parameters-by-path", "--path", &path, "--query", "Parameters[].Name"]).await?;
    let names = found.as_array().into_iter().flatten();
    Ok(names.filter_map(|name| name.as_str().map(str::to_owned)).collect())
}

/// A note if the secret cannot be read by the name that the workers use. Its text is not printed.
async fn unreadable(aws: &AwsCli, name: &str) -> Result<Option<Check>, CliError> {
    let read = ["secretsmanager", "get-secret-value", "--secret-id", name, "--query", "ARN"];
    match aws.find(&read).await {
        // The check of `link_secret` reports a missing or deleted secret.
        Ok(_) => Ok(None),
        Err(error) if error.to_string().contains("marked for deletion") => Ok(None),
        Err(error) => Ok(Some(Check::note("link secret", format!("it could not be read: {error}"), ""))),
    }
}

pub(super) fn policy(stack: &str, parameter: &str, text: Option<&str>) -> Check {
    const ABOUT: &str = "policy";
    let Some(text) = text else {
        return Check::wrong(
            ABOUT,
            format!("there is no parameter {parameter}, so nothing can be submitted or signed"),
            format!(
                "Put your policy in force: countersign policy set FILE --stack {stack}. Look for the file in your repository or in an export."
            ),
        );
    };
    match Policy::parse(text) {
        Ok(policy) => match example_approver(&policy) {
            Some((profile, address)) => Check::note(
                ABOUT,
                format!(
                    "{address} of the profile {profile} gets no mail: the domain is reserved for examples"
                ),
                format!("Put your own policy in force: countersign policy set FILE --stack {stack}."),
            ),
            None => Check::good(ABOUT, parameter),
        },
        // The workers read a large one from the bucket.
        Err(_) if matches!(Pointer::read(text), Ok(Some(_))) => {
            Check::good(ABOUT, format!("{parameter}, in the bucket"))
        }
        Err(error) => Check::wrong(
            ABOUT,
            format!("{parameter}: {error}"),
            format!("Put a valid policy in force: countersign policy set FILE --stack {stack}."),
        ),
    }
}

/// Returns what is wrong with the name of the portal if approvers need passkeys, which belong to that name.
pub(super) fn passkeys(text: &str, portal: &str) -> Option<Check> {
    const ABOUT: &str = "passkeys";
    let (policy, base_url) = (Policy::parse(text).ok()?, BaseUrl::parse(portal).ok()?);
    let profile = policy.profiles().find(|profile| profile.identity() == Identity::Passkey)?.name();
    let advice =
        "Deploy with --parameter BaseUrl=https://..., a name of your own, before anybody sets a passkey up.";
    match base_url.domain() {
        None => Some(Check::wrong(
            ABOUT,
            format!(
                "approvers of the profile {profile} cannot set up passkeys: {portal} has an IP address, and no domain"
            ),
            advice,
        )),
        Some(domain) if base_url.is_of_aws() => Some(Check::note(
            ABOUT,
            format!("they work with the host {domain} only, and another stack gets another host"),
            advice,
        )),
        Some(domain) => Some(Check::good(ABOUT, domain)),
    }
}

pub(super) fn authority(stack: &str, trouble: Option<&str>) -> Check {
    match trouble {
        None => Check::good("CA", "can sign"),
        Some(trouble) => Check::wrong(
            "CA",
            format!("the CA cannot sign: {trouble}"),
            format!("Add --stack {stack} to the command."),
        ),
    }
}

/// The time of the last restart of the functions that read the link secret: the earliest of their last changes.
async fn restarted(aws: &AwsCli, stack: &str) -> Result<Option<OffsetDateTime>, CliError> {
    let mut earliest = None;
    for worker in ["portal", "notify", "deliver"] {
        let name = format!("{stack}-{worker}");
        let get = ["lambda", "get-function-configuration", "--function-name", &name];
        let found = aws.find(&get).await?.unwrap_or_default();
        let changed = time_of(&found["LastModified"]);
        earliest = match (earliest, changed) {
            (Some(one), Some(other)) if one <= other => Some(one),
            (one, other) => other.or(one),
        };
    }
    Ok(earliest)
}

pub(super) fn link_secret(
    stack: &str,
    name: &str,
    found: Option<&Value>,
    restarted: Option<OffsetDateTime>,
    key: Option<&str>,
) -> Check {
    const ABOUT: &str = "link secret";
    let anew = format!(
        "countersign deploy --stack {stack} with another --parameter LogLevel, and then with the present one"
    );
    let Some(secret) = found else {
        let key = key.map(|key| format!(" --kms-key-id {key}")).unwrap_or_default();
        return Check::wrong(
            ABOUT,
            "the secret of the status links is gone, though CloudFormation lists it",
            format!(
                "Make another: aws secretsmanager create-secret --name {name}{key} --secret-string \"$(openssl rand -hex 32)\"; then start the functions anew: {anew}. Links already mailed to requesters stop working."
            ),
        );
    };
    if !secret["DeletedDate"].is_null() {
        return Check::wrong(
            ABOUT,
            "the secret of the status links is being deleted",
            format!("Restore it: aws secretsmanager restore-secret --secret-id {name}"),
        );
    }
    let changed = time_of(&secret["LastChangedDate"]);
    match (changed, restarted) {
        (Some(changed), Some(restarted)) if changed.unix_timestamp() > restarted.unix_timestamp() => {
            Check::note(
                ABOUT,
                format!("{name} was changed after the functions had been started; they read it only then"),
                format!("If its text is different, start the functions anew: {anew}."),
            )
        }
        _ => Check::good(ABOUT, name),
    }
}

pub(super) fn ca_key(secret: &str, found: Option<&Value>) -> Check {
    const ABOUT: &str = "CA key";
    match found {
        Some(found) if !found["DeletedDate"].is_null() => Check::wrong(
            ABOUT,
            format!("the secret {secret} is being deleted"),
            format!("Restore it: aws secretsmanager restore-secret --secret-id {secret}"),
        ),
        Some(_) => Check::good(ABOUT, secret),
        None => Check::good(ABOUT, "will be made"),
    }
}
