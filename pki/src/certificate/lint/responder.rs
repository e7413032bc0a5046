//! Rules for the certificate of an OCSP responder (RFC 6960 section 4.2.2.2).

use der::asn1::ObjectIdentifier;
use x509_parser::certificate::TbsCertificate as Read;

use super::{LintError, Linted, Linter, lint_with};
use crate::certificate::responder::{NO_CHECK, ResponderTemplate};
use crate::certificate::template::{TbsCertificate, oid};
use crate::csr::extension_name;
use crate::oid::is;

/// Checks the certificate of a responder against the rules and its template.
pub(in crate::certificate) fn lint_responder(
    tbs: TbsCertificate,
    template: &ResponderTemplate<'_>,
) -> Result<Linted<TbsCertificate>, Vec<LintError>> {
    let contents = template.contents();
    lint_with(tbs, template.issuer, template.key, &contents, |linter, read| {
        linter.responder_extensions(read, template);
    })
}

/// The extensions of a responder, written without the encoder: object identifier, criticality, value.
fn expected(template: &ResponderTemplate<'_>) -> [(ObjectIdentifier, bool, Vec<u8>); 6] {
    let octets =
        |tag: u8, octets: &[u8]| [&[tag, u8::try_from(octets.len()).unwrap_or(u8::MAX)], octets].concat();
    let authority = octets(0x80, template.issuer.key_identifier_octets());
    // id-kp-OCSPSigning, 1.3.6.1.5.5.7.3.9
    let purpose = octets(6, &[0x2b, 6, 1, 5, 5, 7, 3, 9]);
    [
        (oid::AUTHORITY_KEY_IDENTIFIER, false, octets(0x30, &authority)),
        (oid::SUBJECT_KEY_IDENTIFIER, false, octets(4, &template.key.identifier())),
        // digitalSignature alone.
        (oid::KEY_USAGE, true, octets(3, &[7, 0x80])),
        // cA is FALSE, the default.
        (oid::BASIC_CONSTRAINTS, true, octets(0x30, &[])),
        (oid::EXTENDED_KEY_USAGE, false, octets(0x30, &purpose)),
        // RFC 6960 section 4.2.2.2.1: NULL, and not critical.
        (NO_CHECK, false, octets(5, &[])),
    ]
}

impl Linter {
    /// Exactly these extensions: a responder has no names, and nobody asks whether it is revoked.
    fn responder_extensions(&mut self, read: &Read<'_>, template: &ResponderTemplate<'_>) {
        const RULE: &str = "RFC 6960 4.2.2.2 responder";
        let (all, expected) = (read.extensions(), expected(template));
        let contents = template.contents();
        self.each_once(all);
        for extension in all {
            let is_expected = expected.iter().any(|(oid, critical, value)| {
                is(&extension.oid, oid) && extension.critical == *critical && extension.value == value
            });
            if !is_expected {
                self.wrong(RULE, format!("{} is not that of a responder", extension_name(extension)));
            } else if !is(&extension.oid, &NO_CHECK) {
                self.extension(extension, read, template.issuer, template.key, &contents);
            }
        }
        self.consistent_usages(read);
        let are_all_there = expected.iter().all(|(oid, ..)| all.iter().any(|one| is(&one.oid, oid)));
        self.require(are_all_there, RULE, "an extension is missing");
    }
}
