//! Keys of authorities: made, found and kept, in Secrets Manager or in KMS.
//!
//! Invariant: a key takes the place of another only by [`Keys::keep`], and the other one stays where it can be fetched back
//! from: as AWSPREVIOUS in Secrets Manager, under the alias `...-previous` in KMS. Every former key stays usable for the sign
//! worker: a version labelled `key-<digest>` in Secrets Manager, the alias `.../<digest>` in KMS. A KMS key that was made for a change that
//! was interrupted has the alias `...-next` and is taken up by the next change.

use std::sync::Arc;

use aws_sdk_kms::types::{KeySpec, KeyState, KeyUsageType};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
use pki::signer::{LocalKey, Signer};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, RsaKeySize};
use workflow::aws::{KmsKey, key_label, key_name, named_alias};
use zeroize::Zeroizing;

use crate::error::{CliError, OrFail as _};
use crate::stack::Stack;

/// The kinds of keys that are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Kind {
    EcP256,
    EcP384,
    #[value(name = "rsa-2048")]
    Rsa2048,
    #[value(name = "rsa-3072")]
    Rsa3072,
    #[value(name = "rsa-4096")]
    Rsa4096,
}

/// Use of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It signs what is issued; the sign worker may use it.
    Issuer,
    /// It signs the issuer above it only; no worker may use it.
    Root,
}

/// A key that is not stored yet.
pub(super) struct NewKey {
    pub(super) signer: Arc<dyn Signer>,
    material: Material,
}

enum Material {
    Pem(Zeroizing<String>),
    /// The id of a KMS key.
    Kms(String),
}

/// The keys of one stack.
pub(super) struct Keys<'a> {
    stack: &'a Stack,
    secrets: aws_sdk_secretsmanager::Client,
    kms: aws_sdk_kms::Client,
}

impl<'a> Keys<'a> {
    /// The keys of a stack.
    pub(super) fn of(stack: &'a Stack) -> Self {
        Self {
            stack,
            secrets: aws_sdk_secretsmanager::Client::new(&stack.sdk),
            kms: aws_sdk_kms::Client::new(&stack.sdk),
        }
    }

    /// `countersign/<stack>/ca-key`, which the template names, or the root's beside it.
    fn secret(&self, role: Role) -> String {
        match role {
            Role::Issuer => self.stack.ca_secret.clone(),
            Role::Root => format!("countersign/{}/root-key", name_of(self.stack)),
        }
    }

    /// `alias/countersign-<stack>-ca`, which the template names, or the root's.
    fn alias(&self, role: Role) -> String {
        let stack = name_of(self.stack);
        match role {
            Role::Issuer => format!("alias/countersign-{stack}-ca"),
            Role::Root => format!("alias/countersign-{stack}-root"),
        }
    }

    /// The place of the key, for people.
    pub(super) fn place(&self, role: Role) -> String {
        if self.stack.ca_in_kms {
            format!("KMS, {}", self.alias(role))
        } else {
            format!("Secrets Manager, {}", self.secret(role))
        }
    }

    /// The commands that restore the previous key.
    pub(super) fn way_back(&self) -> String {
        let undo = if self.stack.ca_in_kms {
            alias_back(&self.alias(Role::Issuer))
        } else {
            format!(
                "aws secretsmanager update-secret-version-stage --secret-id {} --version-stage AWSCURRENT --move-to-version-id <the version AWSPREVIOUS> --remove-from-version-id <the version AWSCURRENT>",
                self.secret(Role::Issuer)
            )
        };
        format!(
            "To go back: {undo}; then: countersign ca finish, which puts the certificate of that key in force."
        )
    }

    /// The key that is kept, if there is one.
    pub(super) async fn signer(&self, role: Role) -> Result<Option<Arc<dyn Signer>>, CliError> {
        if self.stack.ca_in_kms {
            return match self.target(&self.alias(role)).await? {
                None => Ok(None),
                Some(id) => self.load(&id).await.map(Some),
            };
        }
        let id = self.secret(role);
        let doing = || format!("cannot read the secret {id}");
        let answer = match self.secrets.get_secret_value().secret_id(&id).send().await {
            Ok(answer) => answer,
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error).or_fail(doing, ""),
        };
        let text = Zeroizing::new(answer.secret_string.unwrap_or_default());
        let key =
            LocalKey::from_pem(&text).or_fail(doing, "Put a key into it with: countersign ca import.")?;
        Ok(Some(Arc::new(key)))
    }

    /// Makes a key that nothing uses yet.
    pub(super) async fn make(&self, role: Role, kind: Kind) -> Result<NewKey, CliError> {
        if self.stack.ca_in_kms {
            return self.make_in_kms(role, kind).await;
        }
        // Making an RSA key of 4096 bits takes a second or more.
        let made = tokio::task::spawn_blocking(move || match kind {
            Kind::EcP256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
            Kind::EcP384 => KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384),
            Kind::Rsa2048 => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048),
            Kind::Rsa3072 => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_3072),
            Kind::Rsa4096 => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_4096),
        });
        let doing = || "cannot make a key".to_owned();
        let pair = made.await.or_fail(doing, "")?.or_fail(doing, "")?;
        Self::from_pem(Zeroizing::new(pair.serialize_pem()))
    }

    /// A key that exists, as PEM.
    pub(super) fn from_pem(text: Zeroizing<String>) -> Result<NewKey, CliError> {
        let key = LocalKey::from_pem(&text).or_fail(|| "cannot use the key".into(), "")?;
        Ok(NewKey { signer: Arc::new(key), material: Material::Pem(text) })
    }

    /// A KMS key that exists, by id, ARN or alias.
    pub(super) async fn in_kms(&self, id: &str) -> Result<NewKey, CliError> {
        let found = self.target(id).await?;
        let id = found.ok_or_else(|| {
            CliError::new(
                format!("there is no KMS key {id}"),
                "Name it by its id, ARN or alias, in the stack's own account and region.",
            )
        })?;
        Ok(NewKey { signer: self.load(&id).await?, material: Material::Kms(id) })
    }

    /// Keeps a key as the one in this role. Doing it again changes nothing.
    pub(super) async fn keep(&self, role: Role, fresh: &NewKey) -> Result<(), CliError> {
        // Putting the same key again would push the one before out of AWSPREVIOUS.
        if let (Material::Pem(_), Ok(Some(kept))) = (&fresh.material, self.signer(role).await)
            && kept.spki_der() == fresh.signer.spki_der()
        {
            return Ok(());
        }
        match &fresh.material {
            Material::Pem(text) => self.keep_secret(role, text).await,
            Material::Kms(id) => self.keep_alias(role, id).await,
        }
    }

    async fn keep_secret(&self, role: Role, text: &Zeroizing<String>) -> Result<(), CliError> {
        let id = self.secret(role);
        let doing = || format!("cannot store the secret {id}");
        for stage in ["AWSPREVIOUS", "AWSCURRENT"] {
            self.label_version(&id, stage).await?;
        }
        let put = self.secrets.put_secret_value().secret_id(&id).secret_string(text.as_str()).send().await;
        match put {
            Ok(_) => return Ok(()),
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {}
            Err(error) => return Err(error).or_fail(doing, ""),
        }
        let what = match role {
            Role::Issuer => {
                "The key of Countersign's CA, as PEM. A reader of this secret can issue any certificate."
            }
            Role::Root => "The key of the root above Countersign's CA, as PEM. Only countersign ca reads it.",
        };
        let create = self.secrets.create_secret().name(&id).description(what).secret_string(text.as_str());
        create.send().await.map(|_| ()).or_fail(doing, "")
    }

    /// Labels the version at a stage by its key, so that Secrets Manager keeps it and the sign worker finds it. Idempotent.
    async fn label_version(&self, id: &str, stage: &str) -> Result<(), CliError> {
        let Some(version) = self.version(id, stage).await? else {
            return Ok(());
        };
        let text = Zeroizing::new(version.secret_string.unwrap_or_default());
        // A new secret holds a text that is not a key.
        let Ok(key) = LocalKey::from_pem(&text) else {
            return Ok(());
        };
        let label = key_label(&key_name(key.spki_der()));
        // Another version with the same key may have the label.
        if self.version(id, &label).await?.is_some() {
            return Ok(());
        }
        let doing = || format!("cannot label the version {stage} of the secret {id}");
        let version = version.version_id.ok_or_else(|| CliError::new(doing(), ""))?;
        let update = self
            .secrets
            .update_secret_version_stage()
            .secret_id(id)
            .version_stage(label)
            .move_to_version_id(version);
        update.send().await.map(|_| ()).or_fail(doing, "Run the same command again to go on.")
    }

    /// The version of a secret with a staging label; `None` where there is no such secret or version.
    async fn version(&self, id: &str, stage: &str) -> Result<Option<GetSecretValueOutput>, CliError> {
        match self.secrets.get_secret_value().secret_id(id).version_stage(stage).send().await {
            Ok(version) => Ok(Some(version)),
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) =>
            {
                Ok(None)
            }
            Err(error) => Err(error).or_fail(|| format!("cannot read the secret {id}"), ""),
        }
    }

    async fn make_in_kms(&self, role: Role, kind: Kind) -> Result<NewKey, CliError> {
        let (alias, next) = (self.alias(role), format!("{}-next", self.alias(role)));
        let spec = match kind {
            Kind::EcP256 => KeySpec::EccNistP256,
            Kind::EcP384 => KeySpec::EccNistP384,
            Kind::Rsa2048 => KeySpec::Rsa2048,
            Kind::Rsa3072 => KeySpec::Rsa3072,
            Kind::Rsa4096 => KeySpec::Rsa4096,
        };
        if let Some(id) = self.target(&next).await?
            && self.target(&alias).await?.as_ref() != Some(&id)
            && self.spec(&id).await? == Some(spec.clone())
        {
            return self.in_kms(&id).await;
        }
        let create =
            self.kms.create_key().key_usage(KeyUsageType::SignVerify).key_spec(spec).description(format!(
                "Countersign {}: key of the {}",
                name_of(self.stack),
                if role == Role::Root { "root" } else { "CA" }
            ));
        let doing = || "cannot make a KMS key".to_owned();
        let made = create.send().await.or_fail(doing, "")?;
        let id = made.key_metadata.map(|metadata| metadata.key_id);
        let id = id.ok_or_else(|| CliError::new("KMS made a key and did not name it", ""))?;
        self.point(&next, &id).await?;
        self.in_kms(&id).await
    }

    async fn keep_alias(&self, role: Role, id: &str) -> Result<(), CliError> {
        let alias = self.alias(role);
        let before = self.target(&alias).await?;
        if before.as_deref() != Some(id) {
            let previous = format!("{alias}-previous");
            // A disabled key is left alone: it cannot sign.
            for former in
                [self.target(&previous).await.unwrap_or_default(), before.clone()].into_iter().flatten()
            {
                let signer = self.load(&former).await?;
                self.point(&named_alias(&alias, &key_name(signer.spki_der())), &former).await?;
            }
            if let Some(before) = before {
                self.point(&previous, &before).await?;
            }
            self.point(&alias, id).await?;
        }
        let next = format!("{alias}-next");
        if self.target(&next).await?.as_deref() == Some(id) {
            let deleted = self.kms.delete_alias().alias_name(&next).send().await;
            deleted.or_fail(|| format!("cannot remove the KMS alias {next}"), "It does no harm.")?;
        }
        Ok(())
    }

    async fn point(&self, alias: &str, id: &str) -> Result<(), CliError> {
        let doing = || format!("cannot give the KMS key {id} the alias {alias}");
        match self.kms.update_alias().alias_name(alias).target_key_id(id).send().await {
            Ok(_) => return Ok(()),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found_exception()) => {}
            Err(error) => return Err(error).or_fail(doing, ""),
        }
        let create = self.kms.create_alias().alias_name(alias).target_key_id(id).send().await;
        create.map(|_| ()).or_fail(doing, "")
    }

    /// The key id behind an id, ARN or alias; nothing where there is none.
    async fn target(&self, id: &str) -> Result<Option<String>, CliError> {
        match self.kms.describe_key().key_id(id).send().await {
            Ok(answer) => match answer.key_metadata {
                Some(metadata) if matches!(metadata.key_state, None | Some(KeyState::Enabled)) => {
                    Ok(Some(metadata.key_id))
                }
                Some(metadata) => Err(CliError::new(
                    format!(
                        "the KMS key {id} is {}",
                        metadata.key_state.as_ref().map_or("unknown", KeyState::as_str)
                    ),
                    "Enable it, or cancel its deletion: aws kms cancel-key-deletion and aws kms enable-key.",
                )),
                None => Ok(None),
            },
            Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found_exception()) => {
                Ok(None)
            }
            Err(error) => Err(error).or_fail(|| format!("cannot look for the KMS key {id}"), ""),
        }
    }

    async fn spec(&self, id: &str) -> Result<Option<KeySpec>, CliError> {
        let answer = self.kms.describe_key().key_id(id).send().await;
        let answer = answer.or_fail(|| format!("cannot look for the KMS key {id}"), "")?;
        Ok(answer.key_metadata.and_then(|metadata| metadata.key_spec))
    }

    async fn load(&self, id: &str) -> Result<Arc<dyn Signer>, CliError> {
        KmsKey::new(&self.stack.sdk, id).load().await.or_fail(|| format!("KMS key {id}"), "")
    }
}

/// The command that points an alias at its former key. UpdateAlias takes the id or ARN of a key, and no alias.
/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_UpdateAlias.html>
fn alias_back(alias: &str) -> String {
    let id =
        format!("aws kms describe-key --key-id {alias}-previous --query KeyMetadata.KeyId --output text");
    format!("aws kms update-alias --alias-name {alias} --target-key-id \"$({id})\"")
}

/// The name of a stack, which the template puts into the name of its secret.
pub(crate) fn name_of(stack: &Stack) -> &str {
    named(&stack.ca_secret)
}

fn named(secret: &str) -> &str {
    let name = secret.strip_prefix("countersign/").unwrap_or(secret);
    name.strip_suffix("/ca-key").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_named_by_its_secret() {
        assert_eq!(named("countersign/countersign/ca-key"), "countersign");
        assert_eq!(named("countersign/ca-key/ca-key"), "ca-key");
    }

    /// Values of --target-key-id in each `update-alias` and `create-alias` of a text.
    fn targets(text: &str) -> Vec<String> {
        let text = text.replace("\\\n", " ").replace('\\', "");
        let command = |at: usize| {
            let (_, rest) = text[at..].split_once("--target-key-id ")?;
            Some(rest.trim_start().chars().take_while(|c| *c != '\n').collect::<String>())
        };
        let names = ["kms update-alias", "kms create-alias"];
        names.iter().flat_map(|name| text.match_indices(name)).filter_map(|(at, _)| command(at)).collect()
    }

    fn is_key_id(target: &str) -> bool {
        target.starts_with("\"$(aws kms describe-key --key-id ")
            && target.contains("--query KeyMetadata.KeyId --output text)\"")
    }

    #[test]
    fn the_way_back_names_a_key_by_its_id() {
        let told = alias_back("alias/countersign-ca-ca");
        let [target] = &targets(&told)[..] else { panic!("{told}") };
        assert!(is_key_id(target), "{told}");
        assert!(target.contains("--key-id alias/countersign-ca-ca-previous "), "{told}");
        assert!(!is_key_id("alias/countersign-ca-ca-previous"));
    }

    #[test]
    fn every_printed_or_documented_command_gives_kms_the_id_of_a_key() {
        let mut folders =
            vec![crate::checkout::repository().join("docs"), crate::checkout::repository().join("cli/src")];
        let mut seen = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|kind| kind == "md" || kind == "rs") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    // These tests have commands that are wrong on purpose.
                    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
                    for target in targets(text) {
                        seen += 1;
                        assert!(
                            is_key_id(&target) || target.starts_with("\"$({id})"),
                            "{}: {target}",
                            path.display()
                        );
                    }
                }
            }
        }
        assert!(seen >= 2, "the page on the CA and the command print one each: {seen}");
    }
}
