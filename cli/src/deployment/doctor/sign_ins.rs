//! Checks of sign-ins at an identity provider: it answers, and the client secret is there.

use workflow::aws::HttpIdentityProvider;
use workflow::policy::{OidcSettings, Policy};
use workflow::ports::IdentityProvider as _;

use super::check::Check;
use crate::aws_cli::AwsCli;
use crate::error::CliError;

const ABOUT: &str = "identity provider";

/// Checks the identity provider of a policy, from this machine. None without a provider.
pub(super) async fn inspect(aws: &AwsCli, stack: &str, text: &str) -> Result<Vec<Check>, CliError> {
    let Some(settings) = Policy::parse(text).ok().and_then(|policy| policy.oidc().cloned()) else {
        return Ok(Vec::new());
    };
    let mut checks = vec![answers(&settings).await];
    if settings.is_confidential {
        let parameter = format!("/countersign/{stack}/oidc-client-secret");
        // Without decryption: the secret does not come here.
        let found = aws.find(&["ssm", "get-parameter", "--name", &parameter]).await?;
        checks.push(secret(
            &parameter,
            found.as_ref().map(|found| &found["Parameter"]["Type"] == "SecureString"),
        ));
    }
    Ok(checks)
}

async fn answers(settings: &OidcSettings) -> Check {
    let issuer = &settings.issuer;
    match HttpIdentityProvider::without_secret().keys(issuer).await {
        Ok(keys) if keys.is_empty() => Check::wrong(
            ABOUT,
            format!("{issuer} publishes no key that can verify an ID token"),
            "See which algorithms are accepted in docs/sign-in.md.",
        ),
        Ok(keys) => Check::good(ABOUT, format!("{issuer}, {} keys", keys.len())),
        Err(error) => Check::wrong(
            ABOUT,
            error.to_string(),
            "Check the issuer in the policy. The portal and Sign need a route to it too: docs/sign-in.md.",
        ),
    }
}

/// `is_secret`: whether the parameter is a SecureString; `None` if there is none.
pub(super) fn secret(parameter: &str, is_secret: Option<bool>) -> Check {
    let advice = format!("aws ssm put-parameter --type SecureString --name {parameter} --value ...");
    match is_secret {
        Some(true) => Check::good(ABOUT, parameter),
        Some(false) => Check::wrong(ABOUT, format!("{parameter} is not encrypted"), advice),
        None => Check::wrong(ABOUT, format!("the client secret is missing: there is no {parameter}"), advice),
    }
}
