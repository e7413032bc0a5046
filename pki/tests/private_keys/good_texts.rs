//! Requests and comments without a private key.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use pki::testing::{self as test_pki, CsrMaker, TestKey, TestKeyPair, oid, sequence, tlv};

use crate::clothes::CLOTHES;

const KEYS: [TestKey; 5] =
    [TestKey::EcP256, TestKey::EcP384, TestKey::EcP521, TestKey::Rsa2048, TestKey::Ed25519];

/// Requests of every kind of key, well formed and not, in every encoding of one layer.
pub(crate) fn requests() -> Vec<String> {
    let mut ders: Vec<Vec<u8>> = Vec::new();
    for kind in KEYS {
        let names = ["www.example.com", "10.0.0.1", "fd00::1", "alice@example.com", "spiffe://example.org/a"];
        ders.push(CsrMaker::new(kind).common_name("www.example.com").names(&names).der());
        ders.push(CsrMaker::new(kind).names(&["a.example.com"]).asking_for_ca().der());
        ders.push(
            CsrMaker::new(kind)
                .subject_part("2.5.4.6", 19, b"DE")
                .subject_part("2.5.4.11", 30, b"\0O\0U")
                .extension("2.5.29.37", false, &sequence(&[oid("1.3.6.1.5.5.7.3.1")]))
                .attribute("1.2.840.113549.1.9.7", &tlv(12, b"password"))
                .der(),
        );
    }
    // Twenty thousand equal octets behind random ones can be read as deflate that inflates beyond the budget, which is refused.
    let others = test_pki::csrs_with_non_canonical_keys();
    let others = others.iter().filter(|(what, _)| *what != "much content in NULL");
    ders.extend(others.map(|(_, maker)| maker.der()));
    let mut texts = Vec::new();
    for der in ders {
        let pem = test_pki::pem("CERTIFICATE REQUEST", &der);
        for (_, wrap) in CLOTHES {
            for octets in [wrap(pem.as_bytes()), wrap(&der)].into_iter().flatten() {
                // Octets of a file arrive as base64.
                texts.push(
                    String::from_utf8(octets).unwrap_or_else(|error| STANDARD.encode(error.as_bytes())),
                );
            }
        }
        texts.push(pem);
    }
    texts
}

/// At least `count` comments: pieces of texts on this machine, each second one with something that looks like a key.
pub(crate) fn comments(count: usize) -> Vec<String> {
    let prose = prose();
    let look_alikes = look_alikes();
    let mut comments = Vec::with_capacity(count);
    for (at, piece) in prose.iter().cycle().take(count).enumerate() {
        let look_alike = &look_alikes[at % look_alikes.len()];
        comments.push(if at % 2 == 0 { piece.clone() } else { format!("{piece}\n{look_alike}\n") });
    }
    assert!(prose.len() > 1000, "{} pieces of prose", prose.len());
    comments
}

/// Pieces of at most 1,500 characters: the documentation of packages, and the texts and pages of the repository.
fn prose() -> Vec<String> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    let folders = ["/usr/share/common-licenses", "/usr/share/doc", "/usr/share/perl"].map(PathBuf::from);
    let own = ["docs", "workflow/texts", "workflow/src", "workers"].map(|folder| repository.join(folder));
    for folder in own.iter().chain(&folders) {
        collect(folder, 4, &mut files);
    }
    let mut pieces = Vec::new();
    for file in files.iter().take(4000) {
        let Ok(octets) = fs::read(file) else { continue };
        let Ok(text) = String::from_utf8(octets) else { continue };
        let characters: Vec<char> = text.chars().take(60_000).collect();
        let texts = characters.chunks(1500).map(|piece| piece.iter().collect::<String>());
        // A text that quotes a label of a private key is refused on purpose.
        pieces.extend(texts.filter(|piece| !quotes_a_label(piece)));
    }
    pieces
}

fn quotes_a_label(text: &str) -> bool {
    let labels = ["PRIVATE KEY", "PuTTY-User-Key-File", "Proc-Type: 4"];
    // The elements of a key in XML, as the portal's script looks for them.
    let elements = ["Modulus", "InverseQ"];
    // The members of a key in JSON, as a test of refusals writes them.
    let members = ["kty", "\"d\""];
    let has_all = |words: [&str; 2]| words.iter().all(|word| text.contains(word));
    labels.iter().any(|label| text.contains(label)) || has_all(elements) || has_all(members)
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() && depth > 0 {
            collect(&path, depth - 1, files);
        } else if path.is_file() {
            files.push(path);
        }
    }
}

/// Texts that share something with a private key.
fn look_alikes() -> Vec<String> {
    let mut texts = Vec::new();
    let random = |count: usize, seed: usize| -> Vec<u8> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed as u64 + 1);
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 24) as u8
        };
        (0..count).map(|_| next()).collect()
    };
    for seed in 0..200 {
        let octets = random(16 + seed * 7, seed);
        texts.push(STANDARD.encode(&octets));
        texts.push(hex::encode(&octets[..octets.len().min(64)]));
        texts.push(format!(
            "https://example.com/a?token={}&x=%20%2F{}",
            URL_SAFE_NO_PAD.encode(&octets),
            hex::encode(&octets[..8])
        ));
        let id = hex::encode(&octets[..16]);
        texts.push(format!("{}-{}-{}-{}-{}", &id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]));
        texts.push(format!(
            "eyJhbGciOiJFUzI1NiJ9.{}.{}",
            URL_SAFE_NO_PAD.encode(b"{\"sub\":\"a\"}"),
            URL_SAFE_NO_PAD.encode(&octets)
        ));
    }
    for kind in KEYS {
        let key = TestKeyPair::generate(kind);
        let spki = key.spki();
        texts.push(test_pki::pem("PUBLIC KEY", spki));
        texts.push(STANDARD.encode(spki));
        texts.push(hex::encode(spki));
        texts.push(spki.iter().map(|octet| format!("{octet:02x}:")).collect());
        texts.push(CsrMaker::new(kind).names(&["www.example.com"]).pem());
    }
    let ca = test_pki::root().certificate_pem;
    texts.push(ca.clone());
    texts.push(STANDARD.encode(&ca));
    texts.push(format!("data:\n  ca.crt: {}\n", STANDARD.encode(&ca)));
    let point = URL_SAFE_NO_PAD.encode(random(32, 7));
    texts.push(format!(
        "{{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"{point}\",\"y\":\"{point}\",\"kid\":\"d\"}}"
    ));
    texts.push(format!(
        "{{\"keys\":[{{\"kty\":\"RSA\",\"n\":\"{}\",\"e\":\"AQAB\"}}]}}",
        URL_SAFE_NO_PAD.encode(random(256, 8))
    ));
    texts.push(format!(
        "<RSAKeyValue><Modulus>{}</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>",
        STANDARD.encode(random(256, 9))
    ));
    texts.push(format!(
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{} alice@example.com",
        &STANDARD.encode(random(33, 10))[..43]
    ));
    texts.push(
        "I lost my private key -- please revoke it. The private key: see the vault. BEGIN again at the END."
            .to_owned(),
    );
    texts.push(
        "Never send the private key—it stays with you. 秘密鍵（private key）は送信しません。".to_owned(),
    );
    texts.push("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU 00:1b:44:11:3a:b7 2001:db8::1".to_owned());
    texts
}
