//! The ports on AWS, one file per service, with one HTTP client and one configuration.
//!
//! Invariant: each client is created once per process, at its first use; creating one sends nothing. Credentials and
//! region come from the environment variables of Lambda; `AWS_ENDPOINT_URL` sends all calls to a local emulator.

use std::sync::{Arc, OnceLock};

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::region::Region;
use aws_types::sdk_config::SdkConfig;
use lettre::message::Mailbox;
use std::time::Duration;

use crate::approval::BaseUrl;
use crate::certificate::PublicationUrl;
use crate::environment::{Environment, EnvironmentError};
use crate::ports::{
    AcmeStore, Approvals, AuditTrails, CertificateStore, CompromisedKeys, EnrolmentCodes, EventBus,
    ExecutionHistory, Executions, IdentityProvider, Issuers, LinkSecrets, ListFiles, LogFiles, LogKeys,
    Mailer, Metrics, NameIndex, OcspResponders, Operators, People, PeopleWriter, Policies, PortError, Queue,
    Receipts, ReceiverParameters, Requests, RevocationLists, RevocationWriter, Revocations,
    StandingApprovals, StandingEndWriter, Tasks, TrustAnchorCrls, TrustStoreCrls, WebhookCaller, WorkerQueue,
};

mod dynamodb;
mod embedded_metrics;
mod environment_credentials;
mod eventbridge;
mod https;
mod identity_provider;
mod issuers;
mod key_lists;
mod kms;
mod lazy_client;
mod list_files;
mod lists;
mod log;
mod receivers;
mod responders;
mod roles_anywhere;
mod roots;
mod s3;
mod secrets_manager;
mod ses;
mod smtp;
mod sns;
mod sqs;
mod ssm;
mod step_functions;
mod trust_store;
mod webhooks;

pub use dynamodb::{
    DynamoAcme, DynamoApprovals, DynamoNames, DynamoPeople, DynamoRequests, DynamoRevocationWriter,
    DynamoRevocations, DynamoStanding, DynamoStandingEnds,
};
pub use embedded_metrics::EmbeddedMetrics;
pub use eventbridge::EventBridge;
pub use identity_provider::HttpIdentityProvider;
pub use issuers::{AwsIssuers, key_name};
pub use key_lists::S3KeyLists;
pub use kms::{KmsKey, named_alias};
pub use list_files::S3ListFiles;
pub use lists::{S3Publication, TRUST_BUNDLE};
pub use log::{S3Log, SsmLogKey};
pub use receivers::SsmReceivers;
pub use responders::SsmResponders;
pub use roles_anywhere::RolesAnywhere;
pub use s3::S3Certificates;
pub use secrets_manager::{SecretsManager, key_label, secret_name};
pub use ses::SesMailer;
pub use smtp::{SmtpCredentials, SmtpMailer, SmtpSecret, SmtpTrust};
pub use sns::SnsOperators;
pub use sqs::SqsQueue;
pub use ssm::{PolicyStore, SsmPolicies, SsmSmtpSecret, SsmSmtpTrust};
pub use step_functions::{StepFunctions, execution_arn};
pub use trust_store::TrustStoreFiles;
pub use webhooks::HttpsCaller;

/// The AWS resources of one worker, as named by its environment variables.
pub struct Aws {
    environment: Environment,
    sdk: OnceLock<SdkConfig>,
}

impl Aws {
    /// Reads the variables of this process.
    pub fn of_process() -> Self {
        Self { environment: Environment::of_process(), sdk: OnceLock::new() }
    }

    /// AWS by these variables, through this configuration of the SDK.
    pub fn of(environment: Environment, sdk: SdkConfig) -> Self {
        Self { environment, sdk: OnceLock::from(sdk) }
    }

    /// The worker's variables.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    fn sdk(&self) -> &SdkConfig {
        self.sdk.get_or_init(|| {
            let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
            let mut config = SdkConfig::builder()
                .behavior_version(BehaviorVersion::latest())
                .credentials_provider(SharedCredentialsProvider::new(environment_credentials::Credentials))
                .region(variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")).map(Region::new))
                .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
                .time_source(aws_smithy_async::time::SystemTimeSource::new())
                .retry_config(RetryConfig::standard().with_max_attempts(3))
                .timeout_config(
                    TimeoutConfig::builder()
                        .connect_timeout(Duration::from_secs(3))
                        .operation_attempt_timeout(Duration::from_secs(8))
                        .operation_timeout(Duration::from_secs(25))
                        .build(),
                )
                .http_client(
                    aws_smithy_http_client::Builder::new()
                        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
                        .tls_context(roots::trusted())
                        .build_https(),
                );
            config.set_endpoint_url(variable("AWS_ENDPOINT_URL"));
            config.build()
        })
    }

    fn requests_table(&self) -> Result<&str, EnvironmentError> {
        self.environment.text("REQUESTS_TABLE", "the name of the table of requests")
    }

    fn bucket(&self) -> Result<&str, EnvironmentError> {
        self.environment.text("BUCKET", "the name of the bucket of certificates")
    }

    fn audit_table(&self) -> Result<&str, EnvironmentError> {
        self.environment.text("AUDIT_TABLE", "the name of the table of the audit trail")
    }

    /// The table of requests, with the audit trail.
    ///
    /// # Errors
    /// `REQUESTS_TABLE` or `AUDIT_TABLE` is missing.
    pub fn requests(&self) -> Result<Arc<dyn Requests>, EnvironmentError> {
        Ok(Arc::new(DynamoRequests::new(self.sdk(), self.requests_table()?, self.audit_table()?)))
    }

    /// The audit trails, to read them.
    ///
    /// # Errors
    /// `REQUESTS_TABLE` or `AUDIT_TABLE` is missing.
    pub fn trails(&self) -> Result<Arc<dyn AuditTrails>, EnvironmentError> {
        Ok(Arc::new(DynamoRequests::new(self.sdk(), self.requests_table()?, self.audit_table()?)))
    }

    /// The index of names and their requests.
    ///
    /// # Errors
    /// `NAMES_TABLE` is missing.
    pub fn names(&self) -> Result<Arc<dyn NameIndex>, EnvironmentError> {
        let table = self.environment.text("NAMES_TABLE", "the name of the table of names")?;
        Ok(Arc::new(DynamoNames::new(self.sdk(), table)))
    }

    /// The table of approvals, with the audit trail of their requests.
    ///
    /// # Errors
    /// `APPROVALS_TABLE`, `REQUESTS_TABLE` or `AUDIT_TABLE` is missing.
    pub fn approvals(&self) -> Result<Arc<dyn Approvals>, EnvironmentError> {
        let table = self.environment.text("APPROVALS_TABLE", "the name of the table of approvals")?;
        let (requests, audit) = (self.requests_table()?, self.audit_table()?);
        Ok(Arc::new(DynamoApprovals::new(self.sdk(), table, requests, audit)))
    }

    /// The state of the ACME server.
    ///
    /// # Errors
    /// `ACME_TABLE` is missing.
    pub fn acme(&self) -> Result<Arc<dyn AcmeStore>, EnvironmentError> {
        let table = self.environment.text("ACME_TABLE", "the name of the table of the ACME server")?;
        Ok(Arc::new(DynamoAcme::new(self.sdk(), table)))
    }

    /// The table of standing approvals and their uses.
    ///
    /// # Errors
    /// `GRANTS_TABLE` is missing.
    pub fn standing_approvals(&self) -> Result<Arc<dyn StandingApprovals>, EnvironmentError> {
        Ok(Arc::new(DynamoStanding::new(self.sdk(), self.grants_table()?)))
    }

    /// The writer of the ends of standing approvals, with their requests and the audit trail.
    ///
    /// # Errors
    /// `GRANTS_TABLE`, `REQUESTS_TABLE` or `AUDIT_TABLE` is missing.
    pub fn standing_ends(&self) -> Result<Arc<dyn StandingEndWriter>, EnvironmentError> {
        let (grants, requests, audit) = (self.grants_table()?, self.requests_table()?, self.audit_table()?);
        Ok(Arc::new(DynamoStandingEnds::new(self.sdk(), grants, requests, audit)))
    }

    fn grants_table(&self) -> Result<&str, EnvironmentError> {
        self.environment.text("GRANTS_TABLE", "the name of the table of standing approvals")
    }

    fn dynamo_people(&self) -> Result<DynamoPeople, EnvironmentError> {
        let table = self.environment.text("PEOPLE_TABLE", "the name of the table of people")?;
        Ok(DynamoPeople::new(self.sdk(), table))
    }

    /// The passkeys of approvers.
    ///
    /// # Errors
    /// `PEOPLE_TABLE` is missing.
    pub fn people(&self) -> Result<Arc<dyn People>, EnvironmentError> {
        Ok(Arc::new(self.dynamo_people()?))
    }

    /// The passkeys of approvers, to add to them.
    ///
    /// # Errors
    /// `PEOPLE_TABLE` is missing.
    pub fn people_writer(&self) -> Result<Arc<dyn PeopleWriter>, EnvironmentError> {
        Ok(Arc::new(self.dynamo_people()?))
    }

    /// The codes that confirm enrolments.
    ///
    /// # Errors
    /// `PEOPLE_TABLE` is missing.
    pub fn enrolment_codes(&self) -> Result<Arc<dyn EnrolmentCodes>, EnvironmentError> {
        Ok(Arc::new(self.dynamo_people()?))
    }

    /// The identity provider of the policy. Reads the client secret in `OIDC_SECRET_PARAMETER`, if it is set.
    pub fn identity_provider(&self) -> Arc<dyn IdentityProvider> {
        Arc::new(match self.environment.optional("OIDC_SECRET_PARAMETER") {
            Some(parameter) => HttpIdentityProvider::with_secret(self.sdk(), parameter),
            None => HttpIdentityProvider::without_secret(),
        })
    }

    /// The bucket of certificates.
    ///
    /// # Errors
    /// `BUCKET` is missing.
    pub fn certificates(&self) -> Result<Arc<dyn CertificateStore>, EnvironmentError> {
        Ok(Arc::new(S3Certificates::new(self.sdk(), self.bucket()?)))
    }

    /// The issuers, for a worker that does not sign.
    ///
    /// # Errors
    /// `BUCKET` is missing.
    pub fn issuers(&self) -> Result<Arc<dyn Issuers>, EnvironmentError> {
        Ok(Arc::new(AwsIssuers::without_keys(self.sdk(), self.bucket()?)))
    }

    /// The issuers with their keys: in KMS if `CA_KMS_KEY_ID` is set, else in the secret `CA_SECRET_ID`.
    ///
    /// # Errors
    /// `BUCKET` or both are missing.
    pub fn signing_issuers(&self) -> Result<Arc<dyn Issuers>, EnvironmentError> {
        let bucket = self.bucket()?;
        if let Some(id) = self.environment.optional("CA_KMS_KEY_ID") {
            return Ok(Arc::new(AwsIssuers::with_keys(self.sdk(), bucket, KmsKey::new(self.sdk(), id))));
        }
        let id = self.environment.text("CA_SECRET_ID", "the id of the secret with the key of the CA")?;
        Ok(Arc::new(AwsIssuers::with_keys(self.sdk(), bucket, SecretsManager::new(self.sdk(), id))))
    }

    fn revocations_table(&self) -> Result<&str, EnvironmentError> {
        self.environment.text("REVOCATIONS_TABLE", "the name of the table of revoked certificates")
    }

    /// The table of revoked certificates.
    ///
    /// # Errors
    /// `REVOCATIONS_TABLE` is missing.
    pub fn revocations(&self) -> Result<Arc<dyn Revocations>, EnvironmentError> {
        Ok(Arc::new(DynamoRevocations::new(self.sdk(), self.revocations_table()?)))
    }

    /// The table of revoked certificates, to write it together with requests.
    ///
    /// # Errors
    /// `REVOCATIONS_TABLE`, `REQUESTS_TABLE` or `AUDIT_TABLE` is missing.
    pub fn revocation_writer(&self) -> Result<Arc<dyn RevocationWriter>, EnvironmentError> {
        let (table, requests, audit) =
            (self.revocations_table()?, self.requests_table()?, self.audit_table()?);
        Ok(Arc::new(DynamoRevocationWriter::new(self.sdk(), table, requests, audit)))
    }

    /// The published revocation lists.
    ///
    /// # Errors
    /// `BUCKET` is missing.
    pub fn lists(&self) -> Result<Arc<dyn RevocationLists>, EnvironmentError> {
        Ok(Arc::new(S3Publication::new(self.sdk(), self.bucket()?)))
    }

    /// The PEM files of the published revocation lists.
    ///
    /// # Errors
    /// `BUCKET` is missing.
    pub fn list_files(&self) -> Result<Arc<dyn ListFiles>, EnvironmentError> {
        Ok(Arc::new(S3ListFiles::new(self.sdk(), self.bucket()?)))
    }

    /// The trust anchor of IAM Roles Anywhere, if `TRUST_ANCHOR_ARN` names one.
    pub fn trust_anchor(&self) -> Option<Arc<dyn TrustAnchorCrls>> {
        let arn = self.environment.optional("TRUST_ANCHOR_ARN")?;
        Some(Arc::new(RolesAnywhere::new(self.sdk(), arn)))
    }

    /// The trust store of Application Load Balancers, if `TRUST_STORE_ARN` names one.
    ///
    /// # Errors
    /// `BUCKET` is missing.
    pub fn trust_store(&self) -> Result<Option<Arc<dyn TrustStoreCrls>>, EnvironmentError> {
        let Some(arn) = self.environment.optional("TRUST_STORE_ARN") else { return Ok(None) };
        Ok(Some(Arc::new(TrustStoreFiles::new(self.sdk(), arn, self.bucket()?))))
    }

    /// The OCSP responders.
    ///
    /// # Errors
    /// `OCSP_PARAMETERS` is missing.
    pub fn responders(&self) -> Result<Arc<dyn OcspResponders>, EnvironmentError> {
        let path =
            self.environment.text("OCSP_PARAMETERS", "the path of the parameters of OCSP responders")?;
        Ok(Arc::new(SsmResponders::new(self.sdk(), path)))
    }

    /// The files of the log of certificates.
    ///
    /// # Errors
    /// `BUCKET` is missing.
    pub fn log_files(&self) -> Result<Arc<dyn LogFiles>, EnvironmentError> {
        Ok(Arc::new(S3Log::new(self.sdk(), self.bucket()?)))
    }

    /// The receipts of certificates.
    ///
    /// # Errors
    /// `BUCKET` is missing.
    pub fn receipts(&self) -> Result<Arc<dyn Receipts>, EnvironmentError> {
        Ok(Arc::new(S3Log::new(self.sdk(), self.bucket()?)))
    }

    /// The key of the log of certificates.
    ///
    /// # Errors
    /// `LOG_KEY_PARAMETER` or `BASE_URL` is missing.
    pub fn log_keys(&self) -> Result<Arc<dyn LogKeys>, EnvironmentError> {
        let what = "the name of the SSM parameter with the key of the log";
        let parameter = self.environment.text("LOG_KEY_PARAMETER", what)?;
        Ok(Arc::new(SsmLogKey::new(self.sdk(), parameter, self.base_url()?.as_str())))
    }

    /// The URL of what the stack publishes, if it publishes.
    ///
    /// # Errors
    /// `PUBLICATION_URL` is malformed.
    pub fn publication_url(&self) -> Result<Option<PublicationUrl>, EnvironmentError> {
        let answers_ocsp = self.environment.optional("OCSP").is_some();
        let Some(_) = self.environment.optional("PUBLICATION_URL") else { return Ok(None) };
        self.environment
            .parsed(
                "PUBLICATION_URL",
                "the http URL of revocation lists, which verifiers fetch without TLS",
                PublicationUrl::parse,
            )
            .map(|url| Some(if answers_ocsp { url.with_ocsp() } else { url }))
    }

    /// The policy in force.
    ///
    /// # Errors
    /// `POLICY_PARAMETER` or `BUCKET` is missing.
    pub fn policies(&self) -> Result<Arc<dyn Policies>, EnvironmentError> {
        let parameter =
            self.environment.text("POLICY_PARAMETER", "the name of the SSM parameter with the policy")?;
        Ok(Arc::new(SsmPolicies::new(self.sdk(), parameter, self.bucket()?)))
    }

    /// The compromised keys.
    ///
    /// # Errors
    /// `BUCKET` is missing.
    pub fn compromised_keys(&self) -> Result<Arc<dyn CompromisedKeys>, EnvironmentError> {
        Ok(Arc::new(S3KeyLists::new(self.sdk(), self.bucket()?)))
    }

    /// The link secret, by its name.
    ///
    /// # Errors
    /// `LINK_SECRET_ID` is missing.
    pub fn link_secret(&self) -> Result<Arc<dyn LinkSecrets>, EnvironmentError> {
        let id = self.environment.text("LINK_SECRET_ID", "the id of the link secret")?;
        Ok(Arc::new(SecretsManager::new(self.sdk(), secret_name(id))))
    }

    /// The public base URL.
    ///
    /// # Errors
    /// `BASE_URL` is missing or malformed.
    pub fn base_url(&self) -> Result<BaseUrl, EnvironmentError> {
        self.environment.parsed("BASE_URL", "the public base URL", BaseUrl::parse)
    }

    /// The mailer: SES or SMTP, by `MAIL_TRANSPORT`.
    ///
    /// # Errors
    /// A variable is missing or malformed.
    pub fn mailer(&self) -> Result<Arc<dyn Mailer>, EnvironmentError> {
        let mut from: Mailbox =
            self.environment.parsed("MAIL_FROM", "the sender's address", |text| text.parse::<Mailbox>())?;
        // A bare address looks like that of a stranger.
        from.name.get_or_insert_with(|| "Countersign".to_owned());
        let transport = self.environment.parsed("MAIL_TRANSPORT", "ses or smtp", |text| match text {
            "ses" | "smtp" => Ok(text == "smtp"),
            other => Err(format!("{other} is neither")),
        })?;
        if transport {
            let mailer = self.environment.parsed("SMTP_ENDPOINT", "the URL of the SMTP server", |url| {
                let mut mailer = SmtpMailer::new(url, from)?;
                if let Some(parameter) = self.environment.optional("SMTP_CREDENTIALS") {
                    mailer = mailer.with_secret(Arc::new(SsmSmtpSecret::new(self.sdk(), parameter)));
                }
                if let Some(parameter) = self.environment.optional("SMTP_TRUST") {
                    mailer = mailer.with_trust(Arc::new(SsmSmtpTrust::new(self.sdk(), parameter)));
                }
                Ok::<_, String>(mailer)
            })?;
            Ok(Arc::new(mailer))
        } else {
            let set = self.environment.optional("CONFIGURATION_SET");
            Ok(Arc::new(SesMailer::new(self.sdk(), from).with_configuration_set(set)))
        }
    }

    /// The topic of the operators.
    ///
    /// # Errors
    /// `OPERATORS_TOPIC_ARN` is missing.
    pub fn operators(&self) -> Result<Arc<dyn Operators>, EnvironmentError> {
        let topic = self.environment.text("OPERATORS_TOPIC_ARN", "the ARN of the operators' topic")?;
        Ok(Arc::new(SnsOperators::new(self.sdk(), topic)))
    }

    /// The addresses and secrets of receivers, if `RECEIVER_PARAMETERS` has their path.
    pub fn receiver_parameters(&self) -> Option<Arc<dyn ReceiverParameters>> {
        let path = self.environment.optional("RECEIVER_PARAMETERS")?;
        Some(Arc::new(SsmReceivers::new(self.sdk(), path)))
    }

    /// Calls to the addresses of receivers.
    pub fn webhook_caller(&self) -> Arc<dyn WebhookCaller> {
        Arc::new(HttpsCaller::default())
    }

    /// The bus of EventBridge, if `EVENT_BUS` names one.
    pub fn event_bus(&self) -> Option<Arc<dyn EventBus>> {
        let bus = self.environment.optional("EVENT_BUS")?;
        Some(Arc::new(EventBridge::new(self.sdk(), bus)))
    }

    /// The sink of metrics.
    ///
    /// # Errors
    /// `STACK` is missing.
    pub fn metrics(&self) -> Result<Arc<dyn Metrics>, EnvironmentError> {
        let stack = self.environment.text("STACK", "the name of the stack, a dimension of its metrics")?;
        Ok(Arc::new(EmbeddedMetrics::new(stack)))
    }

    /// The tasks of the state machine.
    pub fn tasks(&self) -> Arc<dyn Tasks> {
        Arc::new(StepFunctions::new(self.sdk(), ""))
    }

    /// The executions of the state machine.
    ///
    /// # Errors
    /// `STATE_MACHINE_ARN` is missing.
    pub fn executions(&self) -> Result<Arc<dyn Executions>, EnvironmentError> {
        let arn = self.environment.text("STATE_MACHINE_ARN", "the ARN of the state machine")?;
        Ok(Arc::new(StepFunctions::new(self.sdk(), arn)))
    }

    /// The executions of the state machine of revocations.
    ///
    /// # Errors
    /// `REVOCATION_STATE_MACHINE_ARN` is missing.
    pub fn revocation_executions(&self) -> Result<Arc<dyn Executions>, EnvironmentError> {
        let arn = self
            .environment
            .text("REVOCATION_STATE_MACHINE_ARN", "the ARN of the state machine of revocations")?;
        Ok(Arc::new(StepFunctions::new(self.sdk(), arn)))
    }

    /// The histories of executions, of both state machines.
    pub fn execution_history(&self) -> Arc<dyn ExecutionHistory> {
        Arc::new(StepFunctions::new(self.sdk(), ""))
    }

    /// The queue of this worker.
    ///
    /// # Errors
    /// `QUEUE_URL` is missing.
    pub fn queue(&self) -> Result<Arc<dyn Queue>, EnvironmentError> {
        let url = self.environment.text("QUEUE_URL", "the URL of the worker's queue")?;
        Ok(Arc::new(SqsQueue::new(self.sdk(), url)))
    }

    /// The queue of this worker, to send to it.
    ///
    /// # Errors
    /// `QUEUE_URL` is missing.
    pub fn own_queue(&self) -> Result<Arc<dyn WorkerQueue>, EnvironmentError> {
        let url = self.environment.text("QUEUE_URL", "the URL of the worker's queue")?;
        Ok(Arc::new(SqsQueue::new(self.sdk(), url)))
    }

    /// The queue of the notify worker.
    ///
    /// # Errors
    /// `NOTIFY_QUEUE_URL` is missing.
    pub fn notify_queue(&self) -> Result<Arc<dyn WorkerQueue>, EnvironmentError> {
        let url = self.environment.text("NOTIFY_QUEUE_URL", "the URL of the notify queue")?;
        Ok(Arc::new(SqsQueue::new(self.sdk(), url)))
    }

    /// The queue of sign.
    ///
    /// # Errors
    /// `SIGN_QUEUE_URL` is missing.
    pub fn sign_queue(&self) -> Result<Arc<dyn WorkerQueue>, EnvironmentError> {
        let url = self.environment.text("SIGN_QUEUE_URL", "the URL of the sign queue")?;
        Ok(Arc::new(SqsQueue::new(self.sdk(), url)))
    }

    /// The queue of await-approval.
    ///
    /// # Errors
    /// `AWAIT_APPROVAL_QUEUE_URL` is missing.
    pub fn approval_queue(&self) -> Result<Arc<dyn WorkerQueue>, EnvironmentError> {
        let url = self.environment.text("AWAIT_APPROVAL_QUEUE_URL", "the URL of the await-approval queue")?;
        Ok(Arc::new(SqsQueue::new(self.sdk(), url)))
    }
}

/// Makes the error of a failed call: the service's code and message if it answered, else the chain of causes. Contains
/// no bodies.
fn unavailable<E, R>(
    what: &'static str,
) -> impl FnOnce(aws_smithy_runtime_api::client::result::SdkError<E, R>) -> PortError
where
    E: aws_smithy_types::error::metadata::ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    move |error| match error.as_service_error() {
        Some(service) => {
            let code = service.code().unwrap_or("unknown error");
            let message = service.message().unwrap_or_default();
            PortError {
                what,
                cause: if message.is_empty() { code.to_owned() } else { format!("{code}: {message}") },
            }
        }
        None => {
            let mut cause = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(inner) = source {
                cause = format!("{cause}: {inner}");
                source = inner.source();
            }
            PortError { what, cause }
        }
    }
}
