//! CA certificates in the bucket: `ca-certificate/current.pem`, and each under its key identifier.
//!
//! Invariant: a certificate stored under a key identifier is never removed, so that earlier certificates are still
//! delivered with their issuer.

use aws_sdk_s3::Client;
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

    /// Returns every stored certificate, youngest first, without those that cannot be parsed.
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
        filed.sort_by_key(|chain| std::cmp::Reverse(chain.issuer.not_before()));
        Ok(filed)
    }

    /// Stores a certificate under its key identifier.
    pub(super) async fn file(&self, chain: &Chain) -> Result<(), CliError> {
        self.put(&ObjectKey::Issuer(chain.issuer.key_identifier()), chain).await
    }

    /// Puts a certificate in force.
    pub(super) async fn put_in_force(&self, chain: &Chain) -> Result<(), CliError> {
        self.put(&ObjectKey::IssuerInForce(IssuerId::DEFAULT), chain).await
    }

    async fn put(&self, key: &ObjectKey, chain: &Chain) -> Result<(), CliError> {
        let put = self
            .s3
            .put_object()
            .bucket(&self.stack.bucket)
            .key(key.to_string())
            .content_type("application/x-pem-file")
            .body(ByteStream::from(chain.issuer.chain_pem().as_bytes().to_vec()));
        put.send().await.map(|_| ()).or_fail(
            || format!("cannot store {key} in the bucket {}", self.stack.bucket),
            "Run the same command again to continue.",
        )
    }
}
