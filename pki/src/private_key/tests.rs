//! Costs and limits. Which keys are found behind which encodings is in `pki/tests/private_keys/`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::testing::{CsrMaker, TestKey, hostile_pairs, hostile_texts};

/// The largest body of a submission.
const MOST: usize = 128 * 1024;

/// The beginning of a PKCS#8 key in DER.
const KEY: [u8; 32] = [
    0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    11, 12, 13, 14, 15, 16,
];

#[test]
fn no_text_costs_more_than_its_budget() {
    for (name, text) in hostile_texts(MOST) {
        let search = search(&text);
        assert!(search.layer_bytes >= text.len(), "each text is read at least once: {name}");
        assert!(search.layer_bytes <= budget(text.len()), "{name}");
    }
}

#[test]
fn no_text_makes_decoders_write_more_than_three_times_its_budget() {
    for (name, text) in hostile_texts(MOST) {
        let search = search(&text);
        assert!(search.decoded_bytes <= 3 * budget(text.len()), "{} of {name}", search.decoded_bytes);
    }
}

#[test]
fn inflated_data_counts_before_it_is_searched() {
    let (_, text) = hostile_texts(MOST).pop().unwrap();
    let search = search(&text);
    assert_eq!(search.result, Err(PrivateKeyError::TooDeep), "its last members are not looked at");
    assert!(text.len() + search.decoded_bytes <= budget(text.len()) + 1, "{}", search.decoded_bytes);
}

#[test]
fn alternating_pieces_stay_within_both_bounds() {
    const SHORT: usize = 4 * 1024;
    let mut texts = 0;
    for (name, text) in hostile_pairs(SHORT) {
        let search = search(&text);
        assert!(search.layer_bytes <= budget(text.len()), "{name}");
        assert!(search.decoded_bytes <= 3 * budget(text.len()), "{} of {name}", search.decoded_bytes);
        texts += 1;
    }
    assert!(texts > 5000, "{texts}");
}

#[test]
fn a_key_behind_padding_is_found_or_the_text_is_refused() {
    let key = STANDARD.encode(KEY);
    assert!(matches!(refuse(&key), Err(PrivateKeyError::Found(_))));
    let key = format!("= {key} =");
    for (name, text) in hostile_texts(MOST) {
        for (first, second) in [(text.as_slice(), key.as_bytes()), (key.as_bytes(), &text)] {
            assert!(refuse([first, b"\n\n", second].concat()).is_err(), "behind {name}");
        }
    }
}

#[test]
fn the_format_and_the_encodings_are_named_from_the_outside_in() {
    let twice = STANDARD.encode(STANDARD.encode(KEY));
    let found = |format, encodings: &[KeyEncoding]| {
        Err(PrivateKeyError::Found(DetectedKey { format, encodings: encodings.to_vec() }))
    };
    assert_eq!(refuse(twice), found(KeyFormat::Pkcs8, &[KeyEncoding::Base64, KeyEncoding::Base64]));
    let label = "-----BEGIN EC PRIVATE KEY-----";
    assert_eq!(refuse(label), found(KeyFormat::Sec1, &[KeyEncoding::Pem]));
    assert_eq!(
        refuse(STANDARD.encode(label)),
        found(KeyFormat::Sec1, &[KeyEncoding::Base64, KeyEncoding::Pem])
    );
}

#[test]
fn more_layers_than_are_searched_are_refused() {
    let text = (0..MAX_LAYERS + 2).fold("harmless ".repeat(8), |text, _| STANDARD.encode(text));
    assert_eq!(refuse(text), Err(PrivateKeyError::TooDeep));
}

#[test]
fn random_octets_are_no_key() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut octet = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    for _ in 0..5000 {
        let octets: Vec<u8> = (0..600).map(|_| octet()).collect();
        let text = STANDARD.encode(octets);
        assert_eq!(refuse(&text), Ok(()), "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn any_octets_are_searched_within_the_budget(octets in proptest::collection::vec(proptest::num::u8::ANY, 0..2000)) {
        let search = search(&octets);
        proptest::prop_assert!(search.layer_bytes <= budget(octets.len()));
    }
}

#[test]
fn a_compressed_file_of_an_archive_is_searched() {
    use std::io::Write as _;
    let key = crate::testing::TestKeyPair::generate(TestKey::EcP256).pem();
    let mut writer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(key.as_bytes()).unwrap();
    // APPNOTE section 4.3.7: version 20, DEFLATE, no checks, a name of seven octets.
    let mut archive = b"PK\x03\x04\x14\0\0\0\x08\0".to_vec();
    archive.extend([0; 16]);
    archive.extend([7, 0, 0, 0]);
    archive.extend(b"key.pem");
    archive.extend(writer.finish().unwrap());
    let found = search(&archive).result;
    let Err(PrivateKeyError::Found(found)) = found else { panic!("{found:?}") };
    assert_eq!((found.format, found.encodings[0]), (KeyFormat::Pkcs8, KeyEncoding::Compressed));
}

#[test]
fn keys_of_other_programs_are_found_by_their_text() {
    for text in [
        "Private-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\n",
        "AGE-SECRET-KEY-1QQPQ0Z6Y9F0Q6Z8X5J3K2H4G7D9S8A6P5O4I3U2Y1T0R9E8W7Q",
        "[Interface]\nPrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\n",
        "private_key: \"yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\"",
    ] {
        assert!(refuse(text).is_err(), "{text}");
    }
    for text in [
        "The private key: it is on the server, in /etc/ssl/private/www.example.com.key",
        "Private key = none yet; public key = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=",
    ] {
        assert_eq!(refuse(text), Ok(()), "{text}");
    }
}

/// The drawing that was taken for the private member of the public key behind it.
const DRAWING: &str =
    r##"<svg xmlns="http://www.w3.org/2000/svg"><path d="M8 12.5h9M8 17h6" stroke="#bfe3dc"/></svg>"##;

const PUBLIC_JWK: &str = r#"{"kty":"EC","crv":"P-256","x":"XxsQliv9XCsCnuTYEaFm4OlLv76d7PwGNOUsjz0p7QY","y":"XxsQliv9XCsCnuTYEaFm4OlLv76d7PwGNOUsjz0p7QY","kid":"d"}"#;

#[test]
fn a_public_jwk_beside_other_text_is_no_private_one() {
    const NUMBER: &str = "8vL3rY0cQeN1wQm5Zb2u-_Xk9sT4aHfP6dJ7gK0iLmA";
    for other in [
        DRAWING,
        "<path d=\"M8-3h9v6h-9zM4-5h3v8h-3zM9-1h2v7h-2zM1-6h1v1z\"/>",
        "const check = { d: \"M8 12.5h9M8 17h6\" };",
        "https://example.com/download?d=8vL3rY0cQeN1wQm5Zb2u-_Xk9sT4aHfP6dJ7gK0iLmA",
        "Since october: k=\"c2VjcmV0\", and d: \"yes, please\"",
        "d: the server in the hall",
    ] {
        for text in [format!("{other}\n{PUBLIC_JWK}"), format!("{PUBLIC_JWK}\n{other}")] {
            assert_eq!(refuse(&text), Ok(()), "{text}");
        }
    }
    // The letters of the member are in base64 by chance.
    assert_eq!(refuse(format!("Af3kty9QzPoA9dkT {DRAWING} d: \"{NUMBER}\"")), Ok(()));
    for text in [
        format!("{{\"kty\":\"EC\",\"d\":\"{NUMBER}\"}}"),
        format!("{{\"d\" : \"{NUMBER}\", \"kty\" : \"EC\"}}"),
        format!("kty: OKP\nd: {NUMBER}"),
        format!("kty = \"EC\"\nd = \"{NUMBER}\""),
        format!("kty=EC&d={NUMBER}"),
        format!("JWK(d='{NUMBER}', kty='EC')"),
        // Cut off, wrapped, short.
        format!("{{\"kty\":\"EC\",\"d\":\"{}", &NUMBER[..7]),
        format!("{{\"kty\":\"EC\",\"d\":\"{}\n{}\"}}", &NUMBER[..7], &NUMBER[7..]),
        "{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}".to_owned(),
        "{\"k\":\"c2VjcmV0\",\"kty\":\"oct\"}".to_owned(),
        format!("{DRAWING}\n{PUBLIC_JWK}\n{{\"kty\":\"EC\",\"d\":\"{NUMBER}\"}}"),
    ] {
        let Err(PrivateKeyError::Found(found)) = refuse(&text) else { panic!("{text}") };
        assert_eq!(found.format, KeyFormat::Jwk, "{text}");
    }
}

#[test]
fn base64_in_front_of_a_fingerprint_is_no_printed_number() {
    let fingerprint = "SHA1: 00:1b:44:11:3a:b7:00:1b:44:11:3a:b7";
    assert_eq!(refuse(format!("AAAAC3NzaC1lZDI1NTE5AAAApriv9Qx=\n{fingerprint}")), Ok(()));
    assert!(refuse("priv:\n    00:1b:44:11:3a:b7:00:1b:44:11:3a:b7").is_err());
    assert!(refuse("rsaPrivateExponent: 00:1b:44:11:3a:b7:00:1b:44:11:3a:b7").is_err());
}

/// A key store of Java with a key behind a certificate of so many octets. It is found only if all octets in front of the
/// key are decoded: 0xf8 to 0xff are the digits `+`, `/`, `-` and `_` that look like prefixes.
fn key_store(certificate: &[u8]) -> Vec<u8> {
    let mut store = vec![0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2];
    store.extend(b"\0\x05other\0\0\x01\xa2\x28\xf6\0\x3d\0\x05X.509");
    store.extend((certificate.len() as u32).to_be_bytes());
    store.extend(certificate);
    store.extend(b"\0\0\0\x01\0\x01a\0\0\x01\xa2\x28\xf5\xfd\x4f\0\0\0\x7f");
    store.extend([0x30; 127]);
    store
}

#[test]
fn a_plus_within_the_line_of_a_diff_is_a_digit() {
    const WORD: usize = 64;
    let mut store = key_store(&[b'a'; 300]);
    store[3 * WORD / 4 * 3] = 0xf8;
    let digits = STANDARD.encode(store);
    assert_eq!(digits.as_bytes()[3 * WORD], b'+');
    let words: Vec<_> = digits.as_bytes().chunks(WORD).map(String::from_utf8_lossy).collect();
    let text = format!("@@ -0,0 +1,28 @@\n+{} \n", words.join(" "));
    let Err(PrivateKeyError::Found(found)) = refuse(&text) else { panic!("{text}") };
    assert_eq!(found.format, KeyFormat::JavaKeyStore);
}

#[test]
fn the_mark_of_utf_16_is_no_comment() {
    let label = "\u{feff}-----BEGIN PRIVATE KEY-----\r\n";
    for label in [label.to_owned(), format!("{label}M"), format!("{label}MI")] {
        let octets: Vec<u8> = label.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let text = STANDARD.encode(octets);
        assert!(text.starts_with("//4"), "{text}");
        assert!(refuse(&text).is_err(), "{text}");
    }
}

/// Texts in lines, with prefixes: each a name, the end of the lines or words, what is in front of each line, and of all.
const WRAPPED: [(&str, &str, &str, &str); 13] = [
    ("lines", "\n", "", ""),
    ("CRLF", "\r\n", "", ""),
    ("blanks", " ", "", ""),
    ("diff", "\n", "+", "@@ -0,0 +1,28 @@\n"),
    ("diff of a file", "\n", "+", "--- /dev/null\n+++ b/deploy/secrets\n@@ -0,0 +1,28 @@\n"),
    ("removed", "\n", "-", "@@ -1,28 +0,0 @@\n"),
    ("blanks in a diff", " ", "", "@@ -0,0 +1,28 @@\n+"),
    ("blanks in a removed line", " ", "", "@@ -1,28 +0,0 @@\n-"),
    ("joined diff", " ", "+", "@@ -0,0 +1,28 @@ "),
    ("comment", "\n", "//", ""),
    ("quoted", "\n", "> ", ""),
    ("quoted diff", "\n", "> +", ""),
    ("literals", "\" +\n", "  \"", ""),
];

#[test]
fn a_digit_at_the_beginning_of_a_line_is_no_prefix() {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    let (mut texts, mut missed) = (0, std::collections::BTreeMap::<String, usize>::new());
    for _ in 0..300 {
        let length = 300 + usize::from(random());
        // Half of the octets are digits that look like prefixes.
        let certificate: Vec<u8> =
            (0..length).map(|_| if random() < 128 { 0xf8 | random() } else { random() }).collect();
        let store = key_store(&certificate);
        for (alphabet, digits) in
            [("base64", STANDARD.encode(&store)), ("base64url", URL_SAFE_NO_PAD.encode(&store))]
        {
            for width in [60, 64, 66, 70, 75, 76] {
                for (name, end, prefix, beginning) in WRAPPED {
                    // The number of digits of a comment is a multiple of four; with the `+` of a diff, no line is
                    // as long as one without it.
                    let is_unclear =
                        prefix == "//" && width % 4 != 0 || name == "diff of a file" && width % 4 == 3;
                    if is_unclear {
                        continue;
                    }
                    let lines: Vec<String> = digits
                        .as_bytes()
                        .chunks(width)
                        .map(|line| format!("{prefix}{}", String::from_utf8_lossy(line)))
                        .collect();
                    let text = format!("{beginning}{}{end}", lines.join(end));
                    texts += 1;
                    if refuse(&text).is_ok() {
                        *missed.entry(format!("{alphabet} {width} {name}")).or_default() += 1;
                    }
                }
            }
        }
    }
    assert!(texts > 40_000, "{texts}");
    assert!(missed.is_empty(), "of {texts}: {missed:#?}");
}

/// Beginnings of keys, as far as random octets have them once in 2^32 or more often.
fn beginnings() -> Vec<Vec<u8>> {
    // DER: SEC 1 or PKCS#8, PKCS#1, EncryptedPrivateKeyInfo. PVK and CNG.
    const OCTETS: [&[u8]; 5] = [
        &[0x30, 0x77, 2, 1],
        &[0x30, 0x82, 4, 0xa4, 2, 1],
        &[0x30, 0x81, 0xee, 0x30, 6],
        &[0x1e, 0xf1, 0xb5, 0xb0],
        b"ECS2",
    ];
    let mut all = OCTETS.map(<[u8]>::to_vec).to_vec();
    // OpenPGP: each form of the length, both versions, every algorithm.
    for header in
        [&[0x94, 0xdc][..], &[0x95, 0x2c, 0x53], &[0x95, 7, 0xd8], &[0xc5, 0xa0], &[0xc5, 0xc7, 0xd8]]
    {
        for version in [4, 6] {
            for algorithm in [1, 2, 3, 16, 17, 18, 19, 22, 25, 26, 27, 28] {
                all.push([header, &[version, 0x5e, 0x2a, 0x16, 0x44, algorithm]].concat());
            }
        }
    }
    all
}

/// The ends of what the key and the signature choose in a request: of the point, and of both numbers of the signature.
fn ends_of_random_octets(der: &[u8], spki: &[u8]) -> Vec<usize> {
    let key = der.windows(spki.len()).position(|window| window == spki).expect("it has the key");
    let number_end = |at: usize| Some(at + 2 + usize::from(*der.get(at + 1)?)).filter(|_| der[at] == 2);
    let first = (der.len() - 150..der.len())
        .find_map(|at| {
            number_end(at).filter(|end| der.get(*end).is_some() && number_end(*end) == Some(der.len()))
        })
        .expect("it ends with two numbers");
    vec![key + spki.len(), first, der.len()]
}

#[test]
fn no_random_octets_of_a_request_make_what_follows_a_key() {
    let (mut requests, mut wrong) = (0, Vec::new());
    for kind in [TestKey::EcP256, TestKey::EcP384, TestKey::EcP521] {
        // Half of the second numbers begin with a zero.
        for _ in 0..8 {
            let maker = CsrMaker::new(kind).names(&["www.example.com"]);
            let der = maker.der();
            for end in ends_of_random_octets(&der, maker.key().spki()) {
                for beginning in beginnings() {
                    for octets in 1..=beginning.len() {
                        let mut der = der.clone();
                        der[end - octets..end].copy_from_slice(&beginning[..octets]);
                        requests += 1;
                        if let Some(format) = structure::find(&der) {
                            wrong.push(format!("{kind:?} {format:?} {:02x?} at {end}", &beginning[..octets]));
                        }
                    }
                }
            }
        }
    }
    assert!(requests > 70_000, "{requests}");
    assert!(wrong.is_empty(), "{} of {requests}: {:#?}", wrong.len(), &wrong[..wrong.len().min(10)]);
}
