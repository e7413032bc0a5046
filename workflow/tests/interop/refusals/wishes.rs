//! Extensions that may not be asked for, and profiles that do not exist.

use pki::testing::{oid, sequence, tlv};
use workflow::finding::Code::{ForbiddenExtension, UnknownProfile};

use super::{Row, right};

pub(super) fn rows() -> Vec<Row> {
    let forbidden = |what, text: String| Row::new(what, ForbiddenExtension, text);
    vec![
        forbidden("basicConstraints with CA:TRUE", right().asking_for_ca().pem()),
        forbidden(
            "two lists of extensions",
            right().attribute("1.2.840.113549.1.9.14", &names(b"a.example.com")).pem(),
        ),
        forbidden(
            "a list of extensions, and one in the form of old Windows tools",
            right().attribute("1.3.6.1.4.1.311.2.1.14", &names(b"a.example.com")).pem(),
        ),
        forbidden(
            "a challenge password with two values",
            right().attribute("1.2.840.113549.1.9.7", &tlv(12, b"secret").repeat(2)).pem(),
        ),
        forbidden("an attribute without a value", right().attribute("1.2.3.4", &[]).pem()),
        forbidden(
            "keyUsage, followed by more",
            right().extension("2.5.29.15", true, &[&tlv(3, &[7, 0x80])[..], &[5, 0]].concat()).pem(),
        ),
        forbidden(
            "an extension that is there twice",
            right()
                .extension("2.5.29.15", true, &tlv(3, &[7, 0x80]))
                .extension("2.5.29.15", true, &tlv(3, &[7, 0x80]))
                .pem(),
        ),
        forbidden(
            "extendedKeyUsage without a purpose",
            right().extension("2.5.29.37", false, &[0x30, 0]).pem(),
        ),
        forbidden(
            "keyUsage keyCertSign, where the policy refuses what it does not grant",
            right().extension("2.5.29.15", true, &tlv(3, &[2, 4])).pem(),
        )
        .strict(),
        forbidden(
            "extendedKeyUsage codeSigning, where the policy refuses what it does not grant",
            right().extension("2.5.29.37", false, &sequence(&[oid("1.3.6.1.5.5.7.3.3")])).pem(),
        )
        .strict(),
        forbidden(
            "tlsFeature (must-staple), where the policy refuses what it does not grant",
            right().extension("1.3.6.1.5.5.7.1.24", false, &sequence(&[tlv(2, &[5])])).pem(),
        )
        .strict(),
        Row::new("the profile web, which does not exist", UnknownProfile, right().pem()).profile("web"),
    ]
}

/// A list of extensions with one name.
fn names(name: &[u8]) -> Vec<u8> {
    sequence(&[sequence(&[oid("2.5.29.17"), tlv(4, &sequence(&[tlv(0x82, name)]))])])
}
