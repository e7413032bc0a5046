//! The types of a request (RFC 2986 section 4), by a second library.
//!
//! x509-parser reads an OBJECT IDENTIFIER under any tag. Octets that the signature does not cover, such as its own
//! algorithm, would then have several forms for one request.

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier};
use der::{Decode as _, Reader as _, Sequence, SliceReader, Tag, Tagged as _};

/// CertificationRequest.
#[derive(Sequence)]
struct Layout<'a> {
    info: Info<'a>,
    algorithm: TypeAndAny<'a>,
    signature: BitStringRef<'a>,
}

/// CertificationRequestInfo. Key and attributes have readers of their own.
#[derive(Sequence)]
struct Info<'a> {
    version: u8,
    subject: Vec<AnyRef<'a>>,
    key: AnyRef<'a>,
    attributes: AnyRef<'a>,
}

/// AlgorithmIdentifier, or AttributeTypeAndValue.
#[derive(Sequence)]
struct TypeAndAny<'a> {
    kind: ObjectIdentifier,
    any: Option<AnyRef<'a>>,
}

/// True if each part of the request has the tag of its type.
pub(super) fn is_typed(der: &[u8]) -> bool {
    let Ok(Layout { info, .. }) = Layout::from_der(der) else {
        return false;
    };
    info.key.tag() == Tag::Sequence && info.subject.iter().all(is_rdn)
}

/// RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue (RFC 5280 section 4.1.2.4).
fn is_rdn(rdn: &AnyRef<'_>) -> bool {
    let parts = || {
        let mut reader = SliceReader::new(rdn.value())?;
        let mut count = 0;
        while !reader.is_finished() {
            count += usize::from(TypeAndAny::decode(&mut reader)?.any.is_some());
        }
        Ok::<_, der::Error>(count)
    };
    rdn.tag() == Tag::Set && parts().is_ok_and(|count| count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CsrMaker, TestKey, csr_shapes};

    #[test]
    fn every_shape_is_typed_and_a_changed_tag_is_not() {
        let mut changed = 0;
        for der in csr_shapes().iter().map(CsrMaker::der) {
            assert!(is_typed(&der));
        }
        let der =
            CsrMaker::new(TestKey::EcP256).common_name("www.example.com").names(&["www.example.com"]).der();
        for at in
            (0..der.len()).filter(|at| der[*at] == 6 && der.get(at + 1).is_some_and(|length| *length < 12))
        {
            let mut other = der.clone();
            other[at] = 9;
            if !is_typed(&other) {
                changed += 1;
            }
        }
        // The type of the common name, and the algorithm of the signature.
        assert!(changed >= 2, "{changed}");
    }
}
