//! Credentials from the environment variables of Lambda, without the rest of the SDK's chain (profiles, SSO, IMDS).

use aws_credential_types::provider::{ProvideCredentials, error::CredentialsError, future};

#[derive(Debug)]
pub(super) struct Credentials;

impl ProvideCredentials for Credentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        future::ProvideCredentials::ready(
            match (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) {
                (Some(id), Some(secret)) => Ok(aws_credential_types::Credentials::new(
                    id,
                    secret,
                    variable("AWS_SESSION_TOKEN"),
                    None,
                    "environment",
                )),
                _ => Err(CredentialsError::not_loaded(
                    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
                )),
            },
        )
    }
}
