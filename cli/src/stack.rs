//! Addresses of a deployed stack and clients for it: the local stack by its `endpoints.json`, a stack on AWS by its
//! name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_types::SdkConfig;
use aws_types::region::Region;
use serde::Deserialize;
use workflow::approval::BaseUrl;
use workflow::aws::{SecretsManager, secret_name};
use workflow::certificate::PublicationUrl;
use workflow::notices::PARAMETERS;

use crate::aws_cli::{AwsCli, REGION, ROOT_KEY, endpoint, region};
use crate::checkout;
use crate::endpoints::{self, Endpoints};
use crate::error::{CliError, OrFail as _, STACK_OF_ANOTHER_VERSION};

/// Options that select a stack.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Stack")]
pub(crate) struct StackSelector {
    /// Name of a stack on AWS [env: COUNTERSIGN_STACK] [default: the local stack]
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// Region of the stack on AWS [default: the region of the AWS configuration]
    #[arg(long, conflicts_with = "dir", value_parser = region)]
    region: Option<String>,
    /// Endpoint of the AWS API [default: the endpoint of AWS]
    #[arg(long, value_name = "URL", conflicts_with = "dir", value_parser = endpoint)]
    endpoint_url: Option<String>,
    /// Folder of the local stack [env: COUNTERSIGN_DIR] [default: .local in the repository]
    #[arg(long, value_name = "FOLDER", conflicts_with = "stack")]
    dir: Option<PathBuf>,
}

/// The stack that options and environment mean.
#[derive(Debug, PartialEq)]
enum StackPlace {
    /// On AWS, by its name.
    Aws(String),
    /// In this folder.
    Local(PathBuf),
}

/// A deployed stack.
pub(crate) struct Stack {
    /// Its name.
    pub(crate) name: String,
    /// Region, credentials and endpoint.
    pub(crate) sdk: SdkConfig,
    /// The flow.
    pub(crate) state_machine_arn: String,
    /// Target of new executions: the alias of the flow, or the flow if it has no alias.
    pub(crate) started_by: String,
    /// The table of requests.
    pub(crate) requests_table: String,
    /// The table of approvals.
    pub(crate) approvals_table: String,
    /// The table of names.
    pub(crate) names_table: String,
    /// The table of the audit trail.
    pub(crate) audit_table: String,
    /// The table of revoked certificates.
    pub(crate) revocations_table: String,
    /// The table of passkeys.
    pub(crate) people_table: String,
    /// The table of standing approvals.
    pub(crate) grants_table: String,
    /// The flow of a revocation.
    pub(crate) revocation_state_machine_arn: String,
    /// The queue of await-approval.
    pub(crate) await_approval_queue: String,
    /// The queue of sign.
    pub(crate) sign_queue: String,
    /// The dead-letter queue of all steps; `None` for a stack of a version without this output.
    pub(crate) dead_letters: Option<String>,
    /// The bucket of certificates.
    pub(crate) bucket: String,
    /// The SSM parameter of the policy.
    pub(crate) policy_parameter: String,
    /// The secret of the CA key.
    pub(crate) ca_secret: String,
    /// The secret that requesters' links derive from; `None` for a stack of a version without this output.
    pub(crate) link_secret: Option<String>,
    /// The public base URL of the portal.
    pub(crate) portal_url: String,
    /// Where lists and CA certificates are published; `None` if that has no address.
    pub(crate) publication_url: Option<PublicationUrl>,
    /// True if the CA key is in KMS.
    pub(crate) ca_in_kms: bool,
}

impl StackSelector {
    /// Selects the stack with this name on AWS or on an emulator.
    pub(crate) fn on_aws_named(name: &str, region: Option<String>, endpoint_url: Option<String>) -> Self {
        Self { stack: Some(name.to_owned()), region, endpoint_url, dir: None }
    }

    /// Finds the stack.
    pub(crate) async fn find(&self) -> Result<Stack, CliError> {
        match self.place(checkout::variable)? {
            StackPlace::Local(folder) => Ok(Stack::local(&endpoints::of_stack_in(&folder).await?)),
            StackPlace::Aws(name) => self.on_aws(&name).await,
        }
    }

    /// The stack of the options, else that of the environment, else the local one.
    fn place(&self, variable: impl Fn(&str) -> Option<String>) -> Result<StackPlace, CliError> {
        let named = |name: &str| variable(name).filter(|_| self.stack.is_none() && self.dir.is_none());
        let (stack, dir) = (named(checkout::STACK_VARIABLE), named(checkout::DIR_VARIABLE));
        if stack.is_some() && dir.is_some() {
            return Err(CliError::new(
                format!("{} and {} are both set", checkout::STACK_VARIABLE, checkout::DIR_VARIABLE),
                "Unset one of them, or say which stack is meant with --stack or --dir.",
            ));
        }
        match self.stack.clone().or(stack) {
            Some(name) => Ok(StackPlace::Aws(name)),
            None if self.region.is_some() || self.endpoint_url.is_some() => Err(CliError::new(
                "--region and --endpoint-url are of a stack on AWS, and none is named",
                "Name it with --stack.",
            )),
            None => {
                let dir = self.dir.clone().or(dir.map(PathBuf::from));
                Ok(StackPlace::Local(checkout::folder(dir.as_deref())))
            }
        }
    }

    async fn on_aws(&self, name: &str) -> Result<Stack, CliError> {
        let aws = AwsCli::of_operator(self.region.as_deref(), self.endpoint_url.as_deref());
        let described = aws.find(&["cloudformation", "describe-stacks", "--stack-name", name]).await?;
        let outputs = outputs(described.ok_or_else(|| no_stack(name))?.to_string().as_bytes())?;
        let credentials = self.credentials().await?;
        Ok(Stack {
            name: name.to_owned(),
            sdk: sdk_config(self.region().await?, credentials, self.endpoint_url.as_deref()),
            state_machine_arn: output_of(&outputs, "StateMachineArn")?,
            started_by: output_of(&outputs, "StartedBy")?,
            requests_table: output_of(&outputs, "CertificatesTable")?,
            approvals_table: output_of(&outputs, "ApprovalsTable")?,
            names_table: output_of(&outputs, "NamesTable")?,
            audit_table: output_of(&outputs, "AuditTable")?,
            revocations_table: output_of(&outputs, "RevocationsTable")?,
            people_table: output_of(&outputs, "PeopleTable")?,
            grants_table: output_of(&outputs, "GrantsTable")?,
            revocation_state_machine_arn: output_of(&outputs, "RevocationStateMachineArn")?,
            await_approval_queue: output_of(&outputs, "AwaitApprovalQueueUrl")?,
            sign_queue: output_of(&outputs, "SignQueueUrl")?,
            dead_letters: outputs.get("DeadLettersUrl").cloned(),
            bucket: output_of(&outputs, "Bucket")?,
            policy_parameter: output_of(&outputs, "PolicyParameter")?,
            ca_secret: output_of(&outputs, "CaSecret")?,
            link_secret: outputs.get("LinkSecretId").map(|id| secret_name(id).to_owned()),
            portal_url: output_of(&outputs, "PortalUrl")?,
            publication_url: outputs.get("PublicationUrl").and_then(|url| PublicationUrl::parse(url).ok()),
            ca_in_kms: output_of(&outputs, "CaKey")? == "kms",
        })
    }

    /// Returns the credentials of the environment, else of the AWS command line (profiles, single sign-on, roles).
    async fn credentials(&self) -> Result<Credentials, CliError> {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        if let (Some(id), Some(secret)) = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) {
            return Ok(Credentials::from_keys(id, secret, variable("AWS_SESSION_TOKEN")));
        }
        let advice = "Install version 2 of the AWS command line, or set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.";
        let exported = self.aws(&["configure", "export-credentials", "--format", "process"]).await;
        let exported = exported.ok().and_then(|json| serde_json::from_slice::<Exported>(&json).ok());
        let exported = exported.ok_or_else(|| {
            CliError::new("aws configure export-credentials printed no credentials", advice)
        })?;
        Ok(Credentials::from_keys(exported.access_key_id, exported.secret_access_key, exported.session_token))
    }

    /// Returns the region of the option, else of the environment, else of the AWS configuration.
    pub(crate) async fn region(&self) -> Result<String, CliError> {
        if let Some(region) = &self.region {
            return Ok(region.clone());
        }
        if let Some(region) =
            ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|name| std::env::var(name).ok())
        {
            return Ok(region);
        }
        let configured = self.aws(&["configure", "get", "region"]).await.unwrap_or_default();
        let region = String::from_utf8_lossy(&configured).trim().to_owned();
        if region.is_empty() {
            Err(CliError::new("no region is configured", "Name it with --region."))
        } else {
            Ok(region)
        }
    }

    async fn aws(&self, arguments: &[&str]) -> Result<Vec<u8>, CliError> {
        let aws = AwsCli::of_operator(self.region.as_deref(), self.endpoint_url.as_deref());
        aws.run(Path::new("."), arguments).await
    }
}

/// Output of `aws configure export-credentials`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Exported {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
}

impl Stack {
    /// The path of the SSM parameters of OCSP responders: beside that of the policy.
    pub(crate) fn ocsp_parameters(&self) -> String {
        self.beside_policy("ocsp")
    }

    /// The name of a parameter, or of their path, beside that of the policy.
    fn beside_policy(&self, name: &str) -> String {
        let folder = self.policy_parameter.rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{folder}/{name}")
    }

    /// The SSM parameter with the key of the log: beside that of the policy.
    pub(crate) fn log_key_parameter(&self) -> String {
        self.beside_policy("log/key")
    }

    /// The path of the SSM parameters of receivers: beside that of the policy.
    pub(crate) fn receiver_parameters(&self) -> String {
        self.beside_policy(PARAMETERS)
    }

    /// True for a stack on an emulator, where an address may be on loopback.
    pub(crate) fn is_local(&self) -> bool {
        self.sdk.endpoint_url().is_some()
    }

    /// The local stack.
    pub(crate) fn local(endpoints: &Endpoints) -> Self {
        let credentials = Credentials::from_keys(ROOT_KEY.0, ROOT_KEY.1, None);
        let sdk = sdk_config(REGION.to_owned(), credentials, Some(&endpoints.aws_endpoint));
        Self {
            name: endpoints.stack.clone(),
            sdk,
            state_machine_arn: endpoints.state_machine_arn.clone(),
            started_by: endpoints.state_machine_arn.clone(),
            requests_table: endpoints.requests_table.clone(),
            approvals_table: endpoints.approvals_table.clone(),
            names_table: endpoints.names_table.clone(),
            audit_table: endpoints.audit_table.clone(),
            revocations_table: endpoints.revocations_table.clone(),
            people_table: endpoints.people_table.clone(),
            grants_table: endpoints.grants_table.clone(),
            revocation_state_machine_arn: endpoints.revocation_state_machine_arn.clone(),
            await_approval_queue: endpoints.queues.get("await-approval").cloned().unwrap_or_default(),
            sign_queue: endpoints.queues.get("sign").cloned().unwrap_or_default(),
            dead_letters: endpoints.dead_letters.clone(),
            bucket: endpoints.bucket.clone(),
            policy_parameter: endpoints.policy_parameter.clone(),
            ca_secret: endpoints.ca_secret.clone(),
            link_secret: endpoints.link_secret.as_deref().map(|id| secret_name(id).to_owned()),
            portal_url: endpoints.portal.clone(),
            publication_url: PublicationUrl::parse(&endpoints.portal).ok(),
            ca_in_kms: endpoints.ca_key == "kms",
        }
    }

    /// The secret that requesters' links derive from.
    pub(crate) fn links(&self) -> Result<SecretsManager, CliError> {
        let id = self.link_secret.as_deref().ok_or_else(|| no_output("LinkSecretId"))?;
        Ok(SecretsManager::new(&self.sdk, id))
    }

    /// The public base URL, as the workers have it.
    pub(crate) fn base_url(&self) -> Result<BaseUrl, CliError> {
        let wrong = |why| CliError::new(format!("cannot read the base URL {}: {why}", self.portal_url), "");
        BaseUrl::parse(&self.portal_url).map_err(wrong)
    }

    /// Returns a client of the bucket. With `--endpoint-url`, the bucket's name is in the path of its URLs.
    pub(crate) fn s3(&self) -> aws_sdk_s3::Client {
        let config =
            aws_sdk_s3::config::Builder::from(&self.sdk).force_path_style(self.sdk.endpoint_url().is_some());
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// Returns the text of an object of the bucket, or `None` if there is no such object.
    pub(crate) async fn object(&self, key: &str) -> Result<Option<String>, CliError> {
        let bucket = &self.bucket;
        let doing = || format!("cannot read {key} in the bucket {bucket}");
        let object = match self.s3().get_object().bucket(bucket).key(key).send().await {
            Ok(object) => object,
            Err(error) if error.as_service_error().is_some_and(|error| error.is_no_such_key()) => {
                return Ok(None);
            }
            Err(error) => return Err(error).or_fail(doing, ""),
        };
        let bytes = object.body.collect().await.or_fail(doing, "")?;
        String::from_utf8(bytes.to_vec()).map(Some).or_fail(doing, "")
    }

    /// Returns the ARN of the execution with this name.
    pub(crate) fn execution_arn(&self, name: &str) -> String {
        workflow::aws::execution_arn(&self.state_machine_arn, name)
    }
}

/// Returns the user name on this machine, for the audit trail.
pub(crate) fn whoami() -> String {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    variable("USER")
        .or_else(|| variable("LOGNAME"))
        .or_else(|| variable("USERNAME"))
        .unwrap_or_else(|| "unknown".into())
}

fn sdk_config(region: String, credentials: Credentials, endpoint: Option<&str>) -> SdkConfig {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .build_https();
    let mut sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http);
    sdk.set_endpoint_url(endpoint.map(str::to_owned));
    sdk.build()
}

/// Returns the outputs of a stack, from the answer of `aws cloudformation describe-stacks`.
pub(crate) fn outputs(json: &[u8]) -> Result<BTreeMap<String, String>, CliError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Described {
        stacks: Vec<One>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct One {
        #[serde(default)]
        outputs: Vec<Output>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Output {
        output_key: String,
        output_value: String,
    }
    let described: Described =
        serde_json::from_slice(json).or_fail(|| "cannot read the description of the stack".into(), "")?;
    Ok(described
        .stacks
        .into_iter()
        .take(1)
        .flat_map(|stack| stack.outputs)
        .map(|output| (output.output_key, output.output_value))
        .collect())
}

/// Returns an output that every stack of this version has.
pub(crate) fn output_of(outputs: &BTreeMap<String, String>, name: &str) -> Result<String, CliError> {
    outputs.get(name).cloned().ok_or_else(|| no_output(name))
}

/// Error for a name that no stack has.
pub(crate) fn no_stack(name: &str) -> CliError {
    CliError::new(format!("there is no stack {name}"), "Name it with --stack, and its region with --region.")
}

/// Error for an output that the stack does not have.
pub(crate) fn no_output(name: &str) -> CliError {
    CliError::new(format!("the stack has no output {name}"), STACK_OF_ANOTHER_VERSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(options: [Option<&str>; 3], variables: &[(&str, &str)]) -> Result<StackPlace, String> {
        let [stack, region, dir] = options.map(|value| value.map(str::to_owned));
        let selector = StackSelector { stack, region, endpoint_url: None, dir: dir.map(PathBuf::from) };
        let value = |name: &str| variables.iter().find(|(known, _)| *known == name);
        selector
            .place(|name| value(name).map(|(_, value)| (*value).to_owned()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn options_come_before_variables_and_variables_before_the_local_stack() {
        let (stack, dir) = ((checkout::STACK_VARIABLE, "named"), (checkout::DIR_VARIABLE, "/kept"));
        let aws = |name: &str| Ok(StackPlace::Aws(name.to_owned()));
        let local = |folder: &str| Ok(StackPlace::Local(PathBuf::from(folder)));
        assert_eq!(place([None; 3], &[stack]), aws("named"));
        assert_eq!(place([None; 3], &[dir]), local("/kept"));
        assert_eq!(place([Some("x"), None, None], &[stack, dir]), aws("x"));
        assert_eq!(place([None, None, Some("/y")], &[stack, dir]), local("/y"));
        assert_eq!(place([None, Some("eu-west-1"), None], &[stack]), aws("named"));
        assert!(matches!(place([None; 3], &[]), Ok(StackPlace::Local(_))));
    }

    #[test]
    fn what_means_two_stacks_or_none_is_refused() {
        let both = [(checkout::STACK_VARIABLE, "named"), (checkout::DIR_VARIABLE, "/kept")];
        let said = place([None; 3], &both).unwrap_err();
        assert!(said.starts_with("COUNTERSIGN_STACK and COUNTERSIGN_DIR are both set."), "{said}");
        let said = place([None, Some("eu-west-1"), None], &[]).unwrap_err();
        assert!(said.ends_with("Name it with --stack."), "{said}");
    }

    #[test]
    fn outputs_are_read_from_the_description() {
        let json = br#"{"Stacks": [{"Outputs": [{"OutputKey": "Bucket", "OutputValue": "b", "Description": "d"}]}]}"#;
        let outputs = outputs(json).unwrap();
        assert_eq!(output_of(&outputs, "Bucket").unwrap(), "b");
        assert!(output_of(&outputs, "Nothing").unwrap_err().to_string().contains("no output Nothing"));
    }
}
