//! The part of the status page that turns a key file and the certificate into other files, in the page.

use workflow::request::Request;

/// What its script needs.
pub(super) struct KeyFileView {
    /// Lower-case hex SHA-256 of the SubjectPublicKeyInfo: which key file is that of the request.
    pub(super) public_key_digest: String,
    /// The first name, for names of files.
    pub(super) name: String,
    /// The path of `certificate.zip`, for whoever may have it.
    pub(super) zip: Option<String>,
}

impl KeyFileView {
    /// `None` without a CSR. A request that ended without a certificate has it too: a kept key file can be forgotten.
    pub(super) fn of(request: &Request, zip: Option<&str>) -> Option<Self> {
        let csr = request.csr()?;
        Some(Self {
            public_key_digest: csr.public_key_digest.clone(),
            name: csr.names.first().cloned().unwrap_or_default(),
            zip: zip.map(str::to_owned),
        })
    }
}
