//! Object identifiers: comparison, and the dotted form.

use der::asn1::ObjectIdentifier;
use x509_parser::asn1_rs::Oid;

/// The dotted form of an object identifier; avoids the big integers of x509-parser if 32 bits per arc are enough.
pub(crate) fn dotted(oid: &Oid<'_>) -> String {
    match ObjectIdentifier::from_bytes(oid.as_bytes()) {
        Ok(short) => short.to_string(),
        Err(_) => oid.to_id_string(),
    }
}

/// True if two object identifiers are equal. Compares octets: the dotted form takes longer than a hash.
pub(crate) fn is(oid: &Oid<'_>, known: &ObjectIdentifier) -> bool {
    oid.as_bytes() == known.as_bytes()
}
