//! Certificates of authorities in the bucket: `ca-certificate/current.pem`, and each under its own key identifier.
//!
//! Invariant: what is filed under a key identifier stays, so that certificates issued long ago are still delivered with the
//! issuer that signed them.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use workflow::aws::{CURRENT_ISSUER, issuer_key};

use super::chain::Chain;
use crate::failure::{Failure, OrFail as _};
use crate::stack::Stack;

const FOLDER: &str = "ca-certificate/";

/// The folder of one stack.
pub(super) struct Shelf<'a> {
    s3: Client,
    bucket: &'a str,
}

impl<'a> Shelf<'a> {
    /// That of this stack.
    pub(super) fn of(stack: &'a Stack) -> Self {
        Self { s3: stack.s3(), bucket: &stack.bucket }
    }

    /// The certificate in force.
    pub(super) async fn current(&self) -> Result<Option<Chain>, Failure> {
        match self.read(CURRENT_ISSUER).await? {
            None => Ok(None),
            Some(pem) => Chain::read(&pem).map(Some).map_err(|why| {
                Failure::new(
                    format!("{CURRENT_ISSUER} in the bucket {} cannot be used: {why}", self.bucket),
                    "The bucket keeps earlier versions of it: see aws s3api list-object-versions.",
                )
            }),
        }
    }

    /// Every certificate that was ever put in force, except those that cannot be read.
    pub(super) async fn filed(&self) -> Result<Vec<Chain>, Failure> {
        let doing = || format!("cannot list the bucket {}", self.bucket);
        let mut keys = Vec::new();
        let mut next = None;
        loop {
            let page =
                self.s3.list_objects_v2().bucket(self.bucket).prefix(FOLDER).set_continuation_token(next);
            let page = page.send().await.or_fail(doing, "")?;
            keys.extend(page.contents().iter().filter_map(|object| object.key().map(str::to_owned)));
            next = page.next_continuation_token().map(str::to_owned);
            if next.is_none() {
                break;
            }
        }
        let mut filed = Vec::new();
        for key in keys.iter().filter(|key| *key != CURRENT_ISSUER && key.ends_with(".pem")) {
            if let Some(Ok(chain)) = self.read(key).await?.as_deref().map(Chain::read) {
                filed.push(chain);
            }
        }
        filed.sort_by_key(|chain| std::cmp::Reverse(chain.issuer.not_before()));
        Ok(filed)
    }

    /// Files it under its key identifier.
    pub(super) async fn file(&self, chain: &Chain) -> Result<(), Failure> {
        self.put(&issuer_key(&chain.issuer.key_identifier()), chain).await
    }

    /// Puts it in force.
    pub(super) async fn put_in_force(&self, chain: &Chain) -> Result<(), Failure> {
        self.put(CURRENT_ISSUER, chain).await
    }

    async fn put(&self, key: &str, chain: &Chain) -> Result<(), Failure> {
        let put = self
            .s3
            .put_object()
            .bucket(self.bucket)
            .key(key)
            .content_type("application/x-pem-file")
            .body(ByteStream::from(chain.issuer.chain_pem().as_bytes().to_vec()));
        put.send().await.map(|_| ()).or_fail(
            || format!("cannot store {key} in the bucket {}", self.bucket),
            "Run the same command again to go on.",
        )
    }

    async fn read(&self, key: &str) -> Result<Option<String>, Failure> {
        let doing = || format!("cannot read {key} in the bucket {}", self.bucket);
        let object = match self.s3.get_object().bucket(self.bucket).key(key).send().await {
            Ok(object) => object,
            Err(error) if error.as_service_error().is_some_and(|error| error.is_no_such_key()) => {
                return Ok(None);
            }
            Err(error) => return Err(error).or_fail(doing, ""),
        };
        let bytes = object.body.collect().await.or_fail(doing, "")?;
        String::from_utf8(bytes.to_vec()).map(Some).or_fail(doing, "")
    }
}
