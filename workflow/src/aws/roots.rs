//! The trusted roots of TLS to AWS: only Amazon Trust Services, which certifies every AWS endpoint.
//!
//! Invariant: the 140 roots of the operating system are neither trusted nor read: reading takes longer than a handshake
//! (docs/decisions/0052). `SSL_CERT_FILE` names a PEM file of roots to trust instead, for an emulator or a network with
//! a TLS-inspecting proxy. An unusable file is logged in one line, and then no root is trusted.

use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// The roots of <https://www.amazontrust.com/repository/>, also in the root stores of Mozilla and Debian.
const AMAZON: &str = include_str!("amazon-roots.pem");

/// The roots to trust.
pub(super) fn trusted() -> TlsContext {
    let pem = match std::env::var("SSL_CERT_FILE").ok().filter(|file| !file.is_empty()) {
        None => AMAZON.as_bytes().to_vec(),
        Some(file) => read(&file).unwrap_or_else(|why| {
            tracing::error!(why, "cannot use SSL_CERT_FILE; TLS to AWS will fail");
            Vec::new()
        }),
    };
    let store = TrustStore::empty().with_pem_certificate(pem);
    TlsContext::builder().with_trust_store(store).build().expect("a store makes a context")
}

/// Reads and checks a file of PEM certificates: the HTTP client panics on unusable ones.
fn read(file: &str) -> Result<Vec<u8>, String> {
    let pem = std::fs::read(file).map_err(|error| format!("cannot read {file}: {error}"))?;
    let certificates: Vec<CertificateDer<'_>> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("{file} is not PEM: {error:?}"))?;
    if certificates.is_empty() {
        return Err(format!("{file} has no certificate"));
    }
    for certificate in &certificates {
        webpki::anchor_from_trusted_cert(certificate)
            .map_err(|error| format!("{file} has no certificate of a CA: {error}"))?;
    }
    Ok(pem)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::{SHA256, digest};

    use super::*;

    /// Compares with the SHA-256 digests published by Amazon.
    #[test]
    fn the_roots_are_those_of_amazon_trust_services() {
        const PUBLISHED: [&str; 5] = [
            "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
            "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
            "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
            "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
            "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
        ];
        let found: Vec<String> = CertificateDer::pem_slice_iter(AMAZON.as_bytes())
            .map(|certificate| hex::encode(digest(&SHA256, &certificate.unwrap())))
            .collect();
        assert_eq!(found, PUBLISHED);
    }

    #[test]
    fn a_file_that_cannot_be_trusted_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            path.display().to_string()
        };
        let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (content, said) in
            [("", "no certificate"), (garbage, "no certificate"), ("\u{0}", "no certificate")]
        {
            assert!(read(&file("roots.pem", content)).unwrap_err().contains(said), "{content}");
        }
        assert!(read("/nowhere").unwrap_err().starts_with("cannot read /nowhere"));
        assert!(read(&file("good.pem", &pki::testing::root().certificate_pem)).is_ok());
        assert!(read(&file("amazon.pem", AMAZON)).is_ok());
    }
}
