//! CA certificates in the bucket: `ca-certificate/current.pem`, and each under its key identifier and SHA-256.
//!
//! Invariant: a stored certificate is never overwritten or removed, so that earlier certificates are still delivered with
//! their issuer. The file of the certificate in force lists the public keys of all other authorities, present and former:
//! workers that read it refuse requests with one of them. Versions before 0.2 stored certificates under the key
//! identifier alone; they are still read.

use std::collections::BTreeSet;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use workflow::ids::IssuerId;
use workflow::store::object_key::{ISSUERS, ObjectKey};

use super::chain::Chain;
use crate::error::{CliError, OrFail as _};
use crate::stack::Stack;

/// The CA certificates of one stack.
pub(super) struct IssuerFiles<'a> {
    stack: &'a Stack,
    s3: Client,
}

impl<'a> IssuerFiles<'a> {
    /// Returns the store of a stack.
    pub(super) fn of(stack: &'a Stack) -> Self {
        Self { stack, s3: stack.s3() }
    }

    /// Returns the certificate in force.
    pub(super) async fn current(&self) -> Result<Option<Chain>, CliError> {
        let key = ObjectKey::IssuerInForce(IssuerId::DEFAULT).to_string();
        match self.stack.object(&key).await? {
            None => Ok(None),
            Some(pem) => Chain::read(&pem).map(Some).map_err(|why| {
                CliError::new(
                    format!("{key} in the bucket {} cannot be used: {why}", self.stack.bucket),
                    "The bucket keeps earlier versions of it. List them with: aws s3api list-object-versions.",
                )
            }),
        }
    }

    /// Returns every stored certificate and its chain once, youngest first, without those that cannot be parsed.
    pub(super) async fn filed(&self) -> Result<Vec<Chain>, CliError> {
        let doing = || format!("cannot list the bucket {}", self.stack.bucket);
        let mut keys = Vec::new();
        let mut next = None;
        loop {
            let page = self
                .s3
                .list_objects_v2()
                .bucket(&self.stack.bucket)
                .prefix(ISSUERS)
                .set_continuation_token(next);
            let page = page.send().await.or_fail(doing, "")?;
            keys.extend(page.contents().iter().filter_map(|object| object.key().map(str::to_owned)));
            next = page.next_continuation_token().map(str::to_owned);
            if next.is_none() {
                break;
            }
        }
        let current = ObjectKey::IssuerInForce(IssuerId::DEFAULT).to_string();
        let mut filed = Vec::new();
        for key in keys.iter().filter(|key| **key != current && key.ends_with(".pem")) {
            if let Some(Ok(chain)) = self.stack.object(key).await?.as_deref().map(Chain::read) {
                filed.push(chain);
            }
        }
        filed.sort_by_key(|chain: &Chain| std::cmp::Reverse(chain.own().not_before));
        let mut seen = BTreeSet::new();
        filed.retain(|chain| seen.insert(chain.issuer.chain_digest()));
        Ok(filed)
    }

    /// Stores a certificate and its chain under what is unique to them. Idempotent.
    pub(super) async fn file(&self, chain: &Chain) -> Result<(), CliError> {
        let key = ObjectKey::of_issuer(&chain.issuer).to_string();
        let put = self.put(&key, chain.issuer.chain_pem()).if_none_match("*").send().await;
        match put {
            // The key has the digest of the content, so an object that exists is this one.
            Err(error) if error.code() == Some("PreconditionFailed") => Ok(()),
            other => other.map(|_| ()).or_fail(|| self.doing(&key), AGAIN),
        }
    }

    /// Puts a certificate in force.
    pub(super) async fn put_in_force(&self, chain: &Chain) -> Result<(), CliError> {
        let key = ObjectKey::IssuerInForce(IssuerId::DEFAULT).to_string();
        let text = in_force(chain, &self.filed().await?);
        self.put(&key, &text).send().await.map(|_| ()).or_fail(|| self.doing(&key), AGAIN)
    }

    /// Writes the file of the certificate in force again if it lacks the key of an authority: before 0.2 it listed none.
    pub(super) async fn complete_keys(&self) -> Result<(), CliError> {
        let Some(current) = self.current().await? else { return Ok(()) };
        let filed = self.filed().await?;
        let is_listed = |spki: &[u8]| {
            pki::key::PublicKey::from_spki(spki).is_ok_and(|key| current.issuer.is_authority_key(&key))
        };
        if filed.iter().flat_map(|chain| &chain.certificates).all(|one| is_listed(&one.spki)) {
            return Ok(());
        }
        self.put_in_force(&current).await
    }

    fn put(&self, key: &str, text: &str) -> PutObjectFluentBuilder {
        self.s3
            .put_object()
            .bucket(&self.stack.bucket)
            .key(key)
            .content_type("application/x-pem-file")
            .body(ByteStream::from(text.as_bytes().to_vec()))
    }

    fn doing(&self, key: &str) -> String {
        format!("cannot store {key} in the bucket {}", self.stack.bucket)
    }
}

const AGAIN: &str = "Run the same command again to continue.";

/// The file of the certificate in force: its chain, then the public keys of all other authorities (RFC 7468 section 13).
fn in_force(chain: &Chain, filed: &[Chain]) -> String {
    let keys_of = |chain: &Chain| chain.certificates.iter().map(|one| one.spki.clone()).collect::<Vec<_>>();
    let own = keys_of(chain);
    let others: BTreeSet<Vec<u8>> =
        filed.iter().flat_map(keys_of).filter(|spki| !own.contains(spki)).collect();
    let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    let others =
        others.into_iter().map(|spki| pem::encode_config(&pem::Pem::new("PUBLIC KEY", spki), config));
    chain.issuer.chain_pem().to_owned() + &others.collect::<String>()
}

#[cfg(test)]
mod tests {
    use pki::key::PublicKey;
    use pki::testing::{CaMaker, TestKey};

    use super::*;

    #[test]
    fn the_file_in_force_lists_the_keys_of_all_former_authorities() {
        let maker = |name| CaMaker::new(TestKey::EcP256).named(name);
        let (old_root, old) = (maker("Old Root"), maker("Old"));
        let new = maker("New");
        let former = Chain::of(&[old.der_below(&old_root), old_root.root_der()]).unwrap();
        let current = Chain::of(&[new.root_der()]).unwrap();
        let text = in_force(&current, &[current.clone(), former]);
        let read = Chain::read(&text).unwrap();
        assert_eq!(read.issuer.chain_pem(), current.issuer.chain_pem());
        for key in [&old_root, &old, &new].map(CaMaker::key_pair) {
            assert!(read.issuer.is_authority_key(&PublicKey::from_spki(key.spki()).unwrap()));
        }
        assert_eq!(text.matches("BEGIN PUBLIC KEY").count(), 2);
        assert!(!text.contains("PRIVATE"));
    }
}
