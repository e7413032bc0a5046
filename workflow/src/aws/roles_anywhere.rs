//! The revocation lists of a trust anchor in IAM Roles Anywhere.
//! <https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/API_ImportCrl.html>

use async_trait::async_trait;
use aws_sdk_rolesanywhere::Client;
use aws_sdk_rolesanywhere::primitives::Blob;
use aws_types::sdk_config::SdkConfig;
use pki::crl::Crl;

use super::lazy_client::LazyClient;
use super::unavailable;
use crate::ports::{PortError, TrustAnchorCrl, TrustAnchorCrls};

/// One trust anchor.
pub struct RolesAnywhere {
    client: LazyClient<Client>,
    trust_anchor: String,
}

impl RolesAnywhere {
    /// The trust anchor with this ARN.
    pub fn new(sdk: &SdkConfig, trust_anchor: &str) -> Self {
        Self { client: LazyClient::new(sdk, Client::new), trust_anchor: trust_anchor.to_owned() }
    }
}

#[async_trait]
impl TrustAnchorCrls for RolesAnywhere {
    async fn named(&self, name: &str) -> Result<Vec<TrustAnchorCrl>, PortError> {
        const WHAT: &str = "list the CRLs of IAM Roles Anywhere";
        let mut named = Vec::new();
        // The service lists the CRLs of all trust anchors.
        let mut pages = self.client.list_crls().into_paginator().send();
        while let Some(page) = pages.next().await {
            for crl in page.map_err(unavailable(WHAT))?.crls() {
                let is_it = crl.trust_anchor_arn() == Some(&self.trust_anchor) && crl.name() == Some(name);
                let Some(id) = crl.crl_id().filter(|_| is_it) else { continue };
                let pem = crl.crl_data().and_then(|data| std::str::from_utf8(data.as_ref()).ok());
                named.push(TrustAnchorCrl {
                    id: id.to_owned(),
                    enabled: crl.enabled().unwrap_or_default(),
                    crl: pem.and_then(|pem| Crl::from_pem(pem).ok()),
                });
            }
        }
        Ok(named)
    }

    async fn import(&self, name: &str, pem: &str) -> Result<(), PortError> {
        self.client
            .import_crl()
            .trust_anchor_arn(&self.trust_anchor)
            .name(name)
            .enabled(true)
            .crl_data(Blob::new(pem))
            .send()
            .await
            .map_err(unavailable("import a CRL into IAM Roles Anywhere"))?;
        Ok(())
    }

    async fn update(&self, id: &str, pem: &str) -> Result<(), PortError> {
        self.client
            .update_crl()
            .crl_id(id)
            .crl_data(Blob::new(pem))
            .send()
            .await
            .map_err(unavailable("update a CRL of IAM Roles Anywhere"))?;
        Ok(())
    }
}
