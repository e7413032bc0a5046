//! Denied keys in the bucket: lists in `policy/<sha256>.keys`, read in part; and `policy/compromised/<sha256>`, an empty
//! object for each compromised key.
//!
//! Invariant: fails closed. A list that is missing stops the step until an operator stores it again.

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_types::sdk_config::SdkConfig;
use tokio::sync::Mutex;

use super::lazy_client::LazyClient;
use super::unavailable;
use crate::policy::key_list::{self, KeyList, KeyListDigest, KeyListRecords};
use crate::ports::{CompromisedKeys, KeyLists, PortError};
use pki::key::PublicKey;

const WHAT: &str = "read the list of denied keys";
const RECORD_BYTES: u64 = KeyList::RECORD_BYTES as u64;

/// The lists of keys in a bucket.
pub struct S3KeyLists {
    client: LazyClient<Client>,
    bucket: String,
    /// The list that was looked into last, and the number of its records: a list never changes.
    known: Mutex<Option<(KeyListDigest, u64)>>,
}

impl S3KeyLists {
    /// The bucket with this name.
    pub fn new(sdk: &SdkConfig, bucket: &str) -> Self {
        Self {
            client: LazyClient::new(sdk, super::s3::client),
            bucket: bucket.to_owned(),
            known: Mutex::new(None),
        }
    }

    /// The number of records of a list; `None` if it is not stored.
    ///
    /// # Errors
    /// [`PortError`] of S3, or the object is no list.
    pub async fn count(&self, list: &KeyListDigest) -> Result<Option<u64>, PortError> {
        let head = self.client.head_object().bucket(&self.bucket).key(list.object_key());
        let head = match head.send().await {
            Ok(head) => head,
            Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found()) => {
                return Ok(None);
            }
            Err(error) => return Err(failed(list, unavailable(WHAT)(error).cause)),
        };
        let bytes = head.content_length().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default();
        if bytes == 0 || bytes % RECORD_BYTES != 0 {
            return Err(failed(list, format!("{bytes} bytes are no list")));
        }
        Ok(Some(bytes / RECORD_BYTES))
    }
}

fn failed(list: &KeyListDigest, why: impl std::fmt::Display) -> PortError {
    let key = list.object_key();
    PortError { what: WHAT, cause: format!("{key}: {why}; countersign policy deny-keys stores it") }
}

#[async_trait]
impl KeyLists for S3KeyLists {
    async fn has(&self, list: &KeyListDigest, key: &PublicKey) -> Result<bool, PortError> {
        key_list::has_key(&StoredKeyList { lists: self, digest: list }, key).await
    }

    async fn is_compromised(&self, key: &PublicKey) -> Result<bool, PortError> {
        let head = self.client.head_object().bucket(&self.bucket).key(compromised(&key.digest()));
        match head.send().await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found()) => Ok(false),
            Err(error) => Err(unavailable("look for the key among compromised ones")(error)),
        }
    }
}

#[async_trait]
impl CompromisedKeys for S3KeyLists {
    async fn record(&self, public_key_digest: &str) -> Result<(), PortError> {
        // Overwritten by a repetition: the object is empty.
        let put = self.client.put_object().bucket(&self.bucket).key(compromised(public_key_digest));
        put.send().await.map(|_| ()).map_err(unavailable("record the compromised key"))
    }
}

/// The object of a compromised key, below `policy/`, which every worker that evaluates may read.
fn compromised(public_key_digest: &str) -> String {
    format!("policy/compromised/{public_key_digest}")
}

/// One list in the bucket.
struct StoredKeyList<'a> {
    lists: &'a S3KeyLists,
    digest: &'a KeyListDigest,
}

#[async_trait]
impl KeyListRecords for StoredKeyList<'_> {
    type Error = PortError;

    async fn count(&self) -> Result<u64, PortError> {
        let mut known = self.lists.known.lock().await;
        if let Some((of, count)) = known.as_ref()
            && of == self.digest
        {
            return Ok(*count);
        }
        let count = self.lists.count(self.digest).await?;
        let count = count.ok_or_else(|| failed(self.digest, "it is not stored"))?;
        *known = Some((self.digest.clone(), count));
        Ok(count)
    }

    async fn octets(&self, from: u64, to: u64) -> Result<Vec<u8>, PortError> {
        // The last octet of a range is in it: RFC 9110 section 14.1.2.
        let range = format!("bytes={}-{}", from * RECORD_BYTES, to * RECORD_BYTES - 1);
        let get = self.lists.client.get_object().bucket(&self.lists.bucket).key(self.digest.object_key());
        let object = get
            .range(range)
            .send()
            .await
            .map_err(|error| failed(self.digest, unavailable(WHAT)(error).cause))?;
        let octets = object.body.collect().await.map_err(|error| failed(self.digest, error))?.to_vec();
        if octets.len() as u64 == (to - from) * RECORD_BYTES {
            Ok(octets)
        } else {
            Err(failed(self.digest, format!("{} bytes came for {} records", octets.len(), to - from)))
        }
    }
}
