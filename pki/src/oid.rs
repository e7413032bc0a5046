//! Object identifiers: known ones by name, others with dots.

use der::asn1::ObjectIdentifier;
use x509_parser::asn1_rs::Oid;

/// An object identifier with dots, as x509-parser would write it, but without arbitrary precision where 32 bits an arc do.
pub(crate) fn dotted(oid: &Oid<'_>) -> String {
    match ObjectIdentifier::from_bytes(oid.as_bytes()) {
        Ok(short) => short.to_string(),
        Err(_) => oid.to_id_string(),
    }
}

/// True if an object identifier is a known one. Compared as octets: writing them with dots takes longer than a hash does.
pub(crate) fn is(oid: &Oid<'_>, known: &ObjectIdentifier) -> bool {
    oid.as_bytes() == known.as_bytes()
}
