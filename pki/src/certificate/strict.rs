//! The one DER encoding of a TBSCertificate (X.690 section 10, RFC 5280 section 4.1), by another implementation than the
//! linter's.

use der::{Decode as _, Encode as _};
use x509_cert::TbsCertificate;

/// True if `bytes` is what `x509_cert` writes for what it reads in them: DER to the last octet. The values inside of
/// extensions are checked by the linter.
pub(super) fn is_der(bytes: &[u8]) -> bool {
    TbsCertificate::from_der(bytes).and_then(|tbs| tbs.to_der()).is_ok_and(|written| written == bytes)
}
