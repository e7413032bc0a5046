//! Requests with names, subjects, extensions and attributes of every kind in random combinations.
//!
//! Invariant: each part is one of the lists below, so that the test can say which parts came into a certificate.

use std::collections::BTreeSet;

use pki::testing::{CsrMaker, TestKey, TestKeyPair, oid, sequence, tlv};
use proptest::prelude::*;
use proptest::sample::select;

use crate::certificates::KEYS;

/// A request, and the labels of its parts.
#[derive(Clone)]
pub(crate) struct GeneratedRequest {
    pub(crate) maker: CsrMaker,
    /// The place of its key.
    pub(crate) key: usize,
    pub(crate) features: BTreeSet<String>,
}

impl std::fmt::Debug for GeneratedRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}\n{}", self.features, self.maker.pem())
    }
}

/// True if a part can come into a request that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Passes,
    Fails,
}

use Fate::{Fails, Passes};

/// A kind of name or value, with the tag of its type.
type Text = (&'static str, Fate, u8, &'static [u8]);

const DNS: u8 = 0x82;
const EMAIL: u8 = 0x81;
const URI: u8 = 0x86;
const IP: u8 = 0x87;

const NAMES: [Text; 45] = [
    ("DNS name", Passes, DNS, b"www.example.com"),
    ("DNS name in capitals", Passes, DNS, b"WWW.Example.COM"),
    ("wildcard", Passes, DNS, b"*.apps.example.com"),
    ("A-labels", Passes, DNS, b"xn--bcher-kva.example.com"),
    (
        "label of 63 characters",
        Passes,
        DNS,
        b"a23456789-123456789-123456789-123456789-123456789-123456789-123.example.com",
    ),
    ("name of another domain", Passes, DNS, b"www.example.org"),
    ("top-level domain with a digit", Passes, DNS, b"db.site1"),
    ("top-level domain of one letter", Passes, DNS, b"db.x"),
    ("label that begins with a digit", Passes, DNS, b"1.2.example.com"),
    ("single label", Passes, DNS, b"localhost"),
    ("address as DNS name", Passes, DNS, b"10.1.2.3"),
    ("underscore", Fails, DNS, b"a_b.example.com"),
    ("not ASCII", Fails, DNS, "bücher.example.com".as_bytes()),
    ("dot at the end", Fails, DNS, b"www.example.com."),
    ("empty DNS name", Fails, DNS, b""),
    ("wildcard inside", Fails, DNS, b"a.*.example.com"),
    (
        "label of 64 characters",
        Fails,
        DNS,
        b"a23456789-123456789-123456789-123456789-123456789-123456789-1234.example.com",
    ),
    ("zero octet", Fails, DNS, b"www.example.com\0.example.org"),
    ("reserved hyphens", Fails, DNS, b"ab--c.example.com"),
    ("e-mail address", Passes, EMAIL, b"alice@example.com"),
    ("e-mail address with special characters", Passes, EMAIL, b"a.!#$%&'*+/=?^_`{|}~-b@example.com"),
    (
        "local part of 64 characters",
        Passes,
        EMAIL,
        b"a23456789-123456789-123456789-123456789-123456789-123456789-1234@example.com",
    ),
    (
        "local part of 65 characters",
        Fails,
        EMAIL,
        b"a23456789-123456789-123456789-123456789-123456789-123456789-12345@example.com",
    ),
    ("quoted local part", Fails, EMAIL, b"\"a b\"@example.com"),
    ("no at sign", Fails, EMAIL, b"example.com"),
    ("SPIFFE ID", Passes, URI, b"spiffe://example.org/ns/default/sa/web"),
    ("https URI", Passes, URI, b"https://www.example.com/a/b;c=d,e"),
    ("URI with port", Passes, URI, b"https://www.example.com:8443/"),
    ("URI with a query", Passes, URI, b"https://www.example.com/?q=%C3%BC&r=/?"),
    ("URI with a fragment", Fails, URI, b"https://www.example.com/?q#a/b?c"),
    ("URI of another scheme", Passes, URI, b"amqps://mq.example.com/vhost"),
    ("URI with an address", Passes, URI, b"http://192.0.2.1/"),
    ("URI with an escaped host", Fails, URI, b"https://www.ex%61mple.com/"),
    ("URI with an escape that is none", Fails, URI, b"https://www.example.com/%zz"),
    ("URI with brackets in its path", Fails, URI, b"https://www.example.com/[a]"),
    ("URI with two fragments", Fails, URI, b"https://www.example.com/#a#b"),
    ("URI with three slashes", Fails, URI, b"https:///www.example.com/"),
    ("URI with a user", Fails, URI, b"https://a@www.example.com/"),
    ("URI without a host", Fails, URI, b"urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
    ("IPv4 address", Passes, IP, &[10, 1, 2, 3]),
    ("IPv6 address", Passes, IP, &[0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
    ("IPv4-mapped address", Passes, IP, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 4]),
    ("broadcast address", Fails, IP, &[255; 4]),
    ("address of five octets", Fails, IP, &[10, 0, 0, 0, 8]),
    ("registered number", Fails, 0x88, &[0x2a, 3, 4]),
];

const UTF8: u8 = 12;
const PRINTABLE: u8 = 19;
const TELETEX: u8 = 20;
const IA5: u8 = 22;
const BMP: u8 = 30;

const COMMON_NAMES: [Text; 15] = [
    ("common name", Passes, UTF8, b"www.example.com"),
    ("common name in capitals", Passes, PRINTABLE, b"WWW.EXAMPLE.COM"),
    ("common name as BMPString", Passes, BMP, b"\0w\0.\0e\0x\0a\0m\0p\0l\0e\0.\0c\0o\0m"),
    ("common name as TeletexString", Passes, TELETEX, b"www.example.com"),
    ("common name as IA5String", Passes, IA5, b"www.example.com"),
    ("common name that is an address", Passes, UTF8, b"10.1.2.3"),
    ("common name that is an e-mail address", Passes, UTF8, b"alice@example.com"),
    ("common name with a wildcard", Passes, UTF8, b"*.apps.example.com"),
    ("common name of a person", Passes, UTF8, "Alice Müller".as_bytes()),
    (
        "common name of 64 characters",
        Passes,
        UTF8,
        b"a.23456789-123456789-123456789-123456789-123456789-1.example.com",
    ),
    ("common name of blanks", Passes, UTF8, b"   "),
    (
        "common name of 65 characters",
        Fails,
        UTF8,
        b"a.23456789-123456789-123456789-123456789-123456789-12.example.com",
    ),
    ("common name with a control character", Fails, UTF8, b"www\x07.example.com"),
    ("common name that is no UTF-8", Fails, UTF8, b"\xff\xfe"),
    ("common name as BIT STRING", Fails, 3, b"\0abc"),
];

/// A part of the subject apart from the common name.
type Part = (&'static str, Fate, &'static str, u8, &'static [u8]);

const PARTS: [Part; 13] = [
    ("O", Passes, "2.5.4.10", UTF8, "Bücher".as_bytes()),
    ("O as TeletexString", Passes, "2.5.4.10", TELETEX, b"B\xfccher"),
    ("OU as BMPString", Passes, "2.5.4.11", BMP, b"\0O\0U"),
    ("O of 300 characters", Passes, "2.5.4.10", UTF8, &[b'a'; 300]),
    ("empty O", Passes, "2.5.4.10", UTF8, b""),
    ("C", Passes, "2.5.4.6", PRINTABLE, b"DE"),
    ("C of seven letters", Passes, "2.5.4.6", UTF8, b"Germany"),
    ("second OU", Passes, "2.5.4.11", UTF8, b"B"),
    ("serialNumber", Passes, "2.5.4.5", PRINTABLE, b"12"),
    ("emailAddress", Passes, "1.2.840.113549.1.9.1", IA5, b"alice@example.com"),
    ("DC", Passes, "0.9.2342.19200300.100.1.25", IA5, b"com"),
    ("unknown type", Passes, "1.2.3.4", UTF8, b"x"),
    ("value that is an INTEGER", Passes, "1.2.3.5", 2, &[42]),
];

/// A requested extension: its object identifier, criticality and value, made by a function.
type Extension = (&'static str, Fate, &'static str, bool, fn() -> Vec<u8>);

const EXTENSIONS: [Extension; 12] = [
    ("keyUsage", Passes, "2.5.29.15", true, || tlv(3, &[5, 0xa0])),
    ("every keyUsage", Passes, "2.5.29.15", true, || tlv(3, &[7, 0xff, 0x80])),
    ("extendedKeyUsage", Passes, "2.5.29.37", false, || {
        sequence(&[oid("1.3.6.1.5.5.7.3.1"), oid("1.2.3.4")])
    }),
    ("critical timeStamping", Passes, "2.5.29.37", true, || sequence(&[oid("1.3.6.1.5.5.7.3.8")])),
    ("anyExtendedKeyUsage", Passes, "2.5.29.37", false, || sequence(&[oid("2.5.29.37.0")])),
    ("basicConstraints without cA", Passes, "2.5.29.19", true, || sequence(&[])),
    ("certificatePolicies", Passes, "2.5.29.32", false, || sequence(&[sequence(&[oid("1.2.3.5")])])),
    ("subjectKeyIdentifier", Passes, "2.5.29.14", false, || tlv(4, b"0123")),
    ("nameConstraints", Passes, "2.5.29.30", true, || {
        sequence(&[tlv(0xa0, &sequence(&[tlv(0x82, b"x.example")]))])
    }),
    ("must-staple", Passes, "1.3.6.1.5.5.7.1.24", false, || sequence(&[tlv(2, &[5])])),
    ("unknown critical extension", Passes, "1.2.3.4.5", true, || tlv(5, &[])),
    ("cA", Fails, "2.5.29.19", true, || sequence(&[tlv(1, &[0xff])])),
];

const ATTRIBUTES: [(&str, Fate, &str, u8); 3] = [
    ("challengePassword", Passes, "1.2.840.113549.1.9.7", UTF8),
    ("unstructuredName", Passes, "1.2.840.113549.1.9.2", UTF8),
    ("unknown attribute", Passes, "1.2.3.4.6", 4),
];

/// Parts that some issued certificate must come from, and parts that none may.
pub(crate) fn required_and_forbidden() -> (BTreeSet<String>, BTreeSet<String>) {
    let keys = KEYS.iter().map(|(label, _)| (*label, Passes));
    let names = NAMES.iter().chain(&COMMON_NAMES).map(|(label, fate, ..)| (*label, *fate));
    let parts = PARTS.iter().map(|(label, fate, ..)| (*label, *fate));
    let extensions = EXTENSIONS.iter().map(|(label, fate, ..)| (*label, *fate));
    let attributes = ATTRIBUTES.iter().map(|(label, fate, ..)| (*label, *fate));
    let all = keys.chain(names).chain(parts).chain(extensions).chain(attributes);
    let (required, forbidden): (Vec<_>, Vec<_>) = all.partition(|(_, fate)| *fate == Passes);
    let labels = |all: Vec<(&str, Fate)>| all.into_iter().map(|(label, _)| label.to_owned()).collect();
    let mut forbidden: BTreeSet<String> = labels(forbidden);
    forbidden.insert(TWO_COMMON_NAMES.to_owned());
    (labels(required), forbidden)
}

/// Parts of a list: mostly those that pass.
fn parts<T: Clone + std::fmt::Debug + 'static>(
    all: &[T],
    fate: fn(&T) -> Fate,
    count: std::ops::Range<usize>,
) -> BoxedStrategy<Vec<T>> {
    let (passing, failing): (Vec<T>, Vec<T>) = all.iter().cloned().partition(|part| fate(part) == Passes);
    let bad = match failing.is_empty() {
        true => Just(None).boxed(),
        false => proptest::option::weighted(0.02, select(failing)).boxed(),
    };
    (proptest::collection::vec(select(passing), count), bad)
        .prop_map(|(mut chosen, bad)| {
            chosen.extend(bad);
            chosen
        })
        .boxed()
}

/// Requests with one of these keys, one of each kind.
pub(crate) fn requests(keys: Vec<TestKeyPair>) -> impl Strategy<Value = GeneratedRequest> {
    assert_eq!(keys.len(), KEYS.len());
    let keys: Vec<_> = KEYS.iter().map(|(label, _)| *label).zip(keys).collect();
    (
        0..keys.len(),
        parts(&NAMES, |one| one.1, 1..4),
        parts(&COMMON_NAMES, |one| one.1, 0..2),
        parts(&PARTS, |one| one.1, 0..3),
        parts(&EXTENSIONS, |one| one.1, 0..2),
        parts(&ATTRIBUTES, |one| one.1, 0..2),
        proptest::bool::weighted(0.1),
        proptest::bool::weighted(0.02),
    )
        .prop_map(
            move |(at, names, common_names, parts, extensions, attributes, is_large, is_double)| {
                let (label, key) = &keys[at];
                let mut features = BTreeSet::from([(*label).to_owned()]);
                let mut maker = CsrMaker::new(TestKey::EcP256).with_key(key);
                for (label, _, attribute, tag, value) in parts {
                    features.insert(label.to_owned());
                    maker = maker.subject_part(attribute, tag, value);
                }
                for (label, _, tag, value) in common_names {
                    features.insert(label.to_owned());
                    maker = maker.subject_part("2.5.4.3", tag, value);
                }
                if is_double {
                    features.insert(TWO_COMMON_NAMES.to_owned());
                    maker = maker.common_name("www.example.com").common_name("api.example.com");
                }
                for (label, _, tag, value) in names {
                    features.insert(label.to_owned());
                    maker = maker.general_name(tlv(tag, value));
                }
                if is_large {
                    let many: Vec<String> = (0..90).map(|n| format!("host-{n}.example.com")).collect();
                    features.insert(MANY_NAMES.to_owned());
                    maker = maker.names(&many.iter().map(String::as_str).collect::<Vec<_>>());
                }
                for (label, _, id, critical, value) in extensions {
                    features.insert(label.to_owned());
                    maker = maker.extension(id, critical, &value());
                }
                for (label, _, id, tag) in attributes {
                    features.insert(label.to_owned());
                    maker = maker.attribute(id, &tlv(tag, b"password"));
                }
                GeneratedRequest { maker, key: at, features }
            },
        )
}

const TWO_COMMON_NAMES: &str = "two common names";

/// The feature of a request with 90 more names.
pub(crate) const MANY_NAMES: &str = "more than 90 names";

/// A key of each kind.
pub(crate) fn keys() -> Vec<TestKeyPair> {
    KEYS.iter().map(|(_, kind)| TestKeyPair::generate(*kind)).collect()
}
