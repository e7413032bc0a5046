//! The certificate authority of a stack: its key in Secrets Manager, its certificate in the bucket.
//!
//! Invariant: the key exists in memory and in Secrets Manager only. The certificate is stored first, so a key that can
//! be found always has one.

use aws_sdk_s3::primitives::ByteStream;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256,
};
use time::{Duration, OffsetDateTime};

use crate::failure::{Failure, OrFail as _};
use crate::progress::Step;
use crate::stack::Stack;

const YEARS: i64 = 10;

/// Makes a root CA with a P-256 key where the stack has none.
pub(crate) async fn create_when_missing(stack: &Stack, organisation: &str) -> Result<(), Failure> {
    let secrets = aws_sdk_secretsmanager::Client::new(&stack.sdk);
    match secrets.describe_secret().secret_id(&stack.ca_secret).send().await {
        Ok(_) => return Ok(()),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|error| error.is_resource_not_found_exception()) => {}
        Err(error) => {
            return Err(error).or_fail(|| format!("cannot look for the secret {}", stack.ca_secret), "");
        }
    }
    let step = Step::begin("Making a certificate authority");
    let root = Root::generate(organisation, OffsetDateTime::now_utc())
        .or_fail(|| "cannot make the CA".into(), "")?;
    let s3 = stack.s3();
    for key in [
        format!("ca-certificate/{}.pem", root.key_identifier),
        "ca-certificate/current.pem".to_owned(),
    ] {
        s3.put_object()
            .bucket(&stack.bucket)
            .key(&key)
            .content_type("application/x-pem-file")
            .body(ByteStream::from(root.certificate_pem.clone().into_bytes()))
            .send()
            .await
            .or_fail(|| format!("cannot store {key}"), "")?;
    }
    secrets
        .create_secret()
        .name(&stack.ca_secret)
        .description("The key of Countersign's CA, as PEM. Whoever reads it can issue anything.")
        .secret_string(&root.key_pem)
        .send()
        .await
        .or_fail(|| format!("cannot store the secret {}", stack.ca_secret), "")?;
    step.done("a P-256 root for ten years");
    Ok(())
}

struct Root {
    key_pem: String,
    certificate_pem: String,
    key_identifier: String,
}

impl Root {
    fn generate(organisation: &str, now: OffsetDateTime) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut name = DistinguishedName::new();
        // RFC 5280 A.1: 64 characters at most.
        name.push(
            DnType::OrganizationName,
            organisation.chars().take(64).collect::<String>(),
        );
        name.push(DnType::CommonName, "Countersign Root CA");
        let mut root = CertificateParams::default();
        root.distinguished_name = name;
        root.not_before = now - Duration::hours(1);
        root.not_after = now + Duration::days(365 * YEARS);
        // RFC 5280 4.2.1.9: no CA below this one. 4.2.1.3: it signs certificates and revocation lists.
        root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key_identifier = root
            .key_identifier(&key)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let certificate = root.self_signed(&key)?;
        Ok(Self {
            key_pem: key.serialize_pem(),
            certificate_pem: certificate.pem(),
            key_identifier,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_identifier_is_the_one_in_the_certificate() {
        let root = Root::generate("Test", OffsetDateTime::now_utc()).unwrap();
        let issuer = workflow::issuance::Issuer::from_pem(&root.certificate_pem).unwrap();
        assert_eq!(issuer.key_identifier(), root.key_identifier);
        assert!(workflow::issuance::LocalKey::from_pem(&root.key_pem).is_ok());
    }
}
