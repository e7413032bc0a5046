//! The catalogue of texts held against itself and against the sources that use it.
//!
//! Checks that the compiler cannot make: a file that does not parse, an id or a value that one language has
//! and another lacks, an id that nothing uses or that nothing says, English left in another language.

#![allow(clippy::unwrap_used)] // A test may.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser;
use workflow::texts::Language;

#[path = "texts/japanese.rs"]
mod japanese;

/// Sources and templates with texts for people, without tests.
const SOURCES: [&str; 3] = ["workflow/src", "workflow/templates", "workers"];

/// Literals that begin as ids do and are none.
const NO_IDS: &[&str] = &[
    // Paths of ACME.
    "renewal-info",
    "revoke-cert",
];

/// Latin words that are written so in every language: names, abbreviations, what is typed.
const LATIN: &[&str] = &[
    "10.0.0.1",
    "2B",
    "3D",
    "3DES",
    "a",
    "ACME",
    "AES-256",
    "alg",
    "Apache",
    "application",
    "approve",
    "ASCII",
    "asn1parse",
    "Authorization",
    "base32",
    "base64",
    "base64url",
    "basicConstraints",
    "Bearer",
    "BEGIN",
    "BIT",
    "BOOLEAN",
    "CA",
    "ca.pem",
    "CERTIFICATE",
    "certificate",
    "certificate.zip",
    "certreq",
    "certutil",
    "CMC",
    "CMP",
    "Content-Type",
    "Countersign",
    "CRL",
    "CRMF",
    "CSR",
    "csrContent",
    "CVE-2017-15361",
    "CVE-2022-26320",
    "Debian",
    "DER",
    "DNS",
    "DSA",
    "dump",
    "EC",
    "Ed25519",
    "END",
    "example.com",
    "expiry.ics",
    "Fedora",
    "Fermat",
    "form-data",
    "Functions",
    "grant",
    "gzip",
    "HAProxy",
    "HMAC",
    "HTML",
    "https",
    "ID",
    "Idempotency-Key",
    "IDENTIFIER",
    "IDNA",
    "IndexedDB",
    "Infineon",
    "INTEGER",
    "IP",
    "IPv4",
    "IPv6",
    "Java",
    "JavaScript",
    "JSON",
    "json",
    "JWK",
    "JWS",
    "Key",
    "keyCompromise",
    "libnss3-tools",
    "Linux",
    "localhost",
    "macOS",
    "multipart",
    "n",
    "nginx",
    "noout",
    "NUL",
    "null",
    "NULL",
    "OBJECT",
    "Office",
    "OpenPGP",
    "OpenSSH",
    "openssl",
    "OpenSSL",
    "P-256",
    "P-384",
    "P-521",
    "payload",
    "PBMAC1",
    "PDF",
    "PEM",
    "PKCS",
    "PowerShell",
    "PrintableString",
    "protected",
    "PuTTY",
    "quoted-printable",
    "README.ja.txt",
    "reject",
    "req",
    "REQUEST",
    "RFC",
    "ROCA",
    "root.pem",
    "RSA",
    "RSASSA-PSS",
    "SEC",
    "Server",
    "SHA-1",
    "SHA-256",
    "signature",
    "SPIFFE",
    "SPKAC",
    "SSH",
    "SSH2",
    "Step",
    "STRING",
    "subjectAltName",
    "text",
    "TLS",
    "TRUE",
    "Ubuntu",
    "URI",
    "url",
    "URL",
    "UTC",
    "UTF-16",
    "UTF8String",
    "UUID",
    "VPN",
    "Web",
    "WebCrypto",
    "Windows",
    "www.example.com",
    "x-www-form-urlencoded",
    "XML",
    "xn",
    "z",
    "zip",
    "ZIP",
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Parts of one text.
#[derive(Debug, Default)]
struct Text {
    /// Its own words, without values.
    words: String,
    variables: BTreeSet<String>,
    /// The other texts it takes in.
    references: BTreeSet<String>,
}

impl Text {
    fn read(pattern: &Pattern<&str>) -> Self {
        let mut text = Text::default();
        text.pattern(pattern);
        text
    }

    fn pattern(&mut self, pattern: &Pattern<&str>) {
        for element in &pattern.elements {
            match element {
                PatternElement::TextElement { value } => self.words.push_str(value),
                PatternElement::Placeable { expression: Expression::Inline(inline) } => self.inline(inline),
                PatternElement::Placeable { expression: Expression::Select { selector, variants } } => {
                    self.inline(selector);
                    for variant in variants {
                        self.pattern(&variant.value);
                        self.words.push('\n');
                    }
                }
            }
        }
    }

    fn inline(&mut self, inline: &InlineExpression<&str>) {
        match inline {
            InlineExpression::VariableReference { id } => {
                self.variables.insert(id.name.to_owned());
            }
            InlineExpression::MessageReference { id, attribute: None } => {
                self.references.insert(id.name.to_owned());
            }
            InlineExpression::StringLiteral { value } => self.words.push_str(value),
            InlineExpression::NumberLiteral { .. } => {}
            other => panic!("a text is words, values and other texts, not {other:?}"),
        }
    }
}

/// The file of a language.
fn source(language: Language) -> String {
    fs::read_to_string(repository().join(format!("workflow/texts/{language}.ftl"))).unwrap()
}

fn texts(language: Language) -> BTreeMap<String, Text> {
    let source = source(language);
    let resource =
        parser::parse(source.as_str()).unwrap_or_else(|(_, errors)| panic!("{language}: {errors:#?}"));
    let mut texts = BTreeMap::new();
    for entry in resource.body {
        match entry {
            Entry::Message(message) => {
                assert!(message.attributes.is_empty(), "{language}: {} has attributes", message.id.name);
                let pattern = message.value.unwrap_or_else(|| panic!("{} says nothing", message.id.name));
                let again = texts.insert(message.id.name.to_owned(), Text::read(&pattern));
                assert!(again.is_none(), "{language}: {} is there twice", message.id.name);
            }
            Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => {}
            other => panic!("{language}: {other:?}"),
        }
    }
    texts
}

/// All values that a text takes, those of the texts it takes in included.
fn variables(texts: &BTreeMap<String, Text>, id: &str) -> BTreeSet<String> {
    let text = &texts.get(id).unwrap_or_else(|| panic!("there is no text {id}"));
    let inner = text.references.iter().flat_map(|other| variables(texts, other));
    text.variables.iter().cloned().chain(inner).collect()
}

#[test]
fn every_language_says_the_same_things_with_the_same_values() {
    let english = texts(Language::English);
    for language in Language::ALL {
        let other = texts(language);
        let ids = |texts: &BTreeMap<String, Text>| texts.keys().cloned().collect::<Vec<_>>();
        assert_eq!(ids(&other), ids(&english), "{language}");
        for id in english.keys() {
            assert_eq!(variables(&other, id), variables(&english, id), "{language}: {id}");
        }
    }
}

#[test]
fn a_page_mark_is_closed_and_is_one_of_two() {
    for language in Language::ALL {
        for (id, text) in texts(language) {
            let marks = text.words.matches('<').count();
            let known = ["<code>", "</code>", "<strong>", "</strong>"];
            let known_marks = known.map(|mark| text.words.matches(mark).count());
            assert_eq!(marks, known_marks.iter().sum::<usize>(), "{language}: {id}");
            assert!(known_marks[0] == known_marks[1] && known_marks[2] == known_marks[3], "{language}: {id}");
        }
    }
}

/// Every Rust and HTML file below a folder; tests say nothing to people.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("tests") && !path.ends_with("target") {
                files(&path, found);
            }
        } else if matches!(path.extension().and_then(|ending| ending.to_str()), Some("rs" | "html" | "txt")) {
            found.push(path);
        }
    }
}

/// The literals of a source that look like ids.
fn candidates(source: &str) -> Vec<&str> {
    let source = source.split("#[cfg(test)]").next().unwrap_or(source);
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = source[from..].find('"').map(|at| from + at) {
        let rest = &source[at + 1..];
        let length = rest.bytes().take_while(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-')).count();
        let literal = &rest[..length];
        let is_whole = rest[length..].starts_with('"');
        if is_whole {
            found.push(literal);
        }
        from = at + 1 + if is_whole { length + 1 } else { 0 };
    }
    found
}

/// Prefixes of ids, up to the first hyphen: a literal with such a prefix is an id, too.
fn kind(id: &str) -> Option<&str> {
    id.split_once('-').map(|(kind, _)| kind)
}

#[test]
fn every_text_is_said_somewhere_and_nothing_else_is() {
    let english = texts(Language::English);
    let mut sources = Vec::new();
    for folder in SOURCES {
        files(&repository().join(folder), &mut sources);
    }
    assert!(sources.len() > 50, "the sources were looked for in the wrong place");
    let kinds: BTreeSet<&str> = english.keys().filter_map(|id| kind(id)).collect();
    let mut said: BTreeSet<String> =
        english.values().flat_map(|text| text.references.iter().cloned()).collect();
    for file in sources {
        let source = fs::read_to_string(&file).unwrap();
        for literal in candidates(&source) {
            if english.contains_key(literal) {
                said.insert(literal.to_owned());
            } else if !NO_IDS.contains(&literal) {
                let is_id = kind(literal).is_some_and(|kind| kinds.contains(kind));
                assert!(!is_id, "{}: there is no text {literal}", file.display());
            }
        }
    }
    let silent: Vec<_> = english.keys().filter(|id| !said.contains(*id)).collect();
    assert!(silent.is_empty(), "said nowhere: {silent:?}");
}

/// Without what is typed as it stands.
fn without_code(words: &str) -> String {
    let mut parts = words.split("<code>");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |words, part| words + part.split_once("</code>").map_or("", |(_, after)| after))
}

#[test]
fn no_english_is_left_in_another_language() {
    let is_japanese = |c: char| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}');
    for (id, text) in texts(Language::Japanese) {
        let words = without_code(&text.words).replace("<strong>", " ").replace("</strong>", " ");
        for line in words.lines().filter(|line| line.chars().any(char::is_alphabetic)) {
            let latin = line
                .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '.'))
                .map(|word| word.trim_matches(['-', '.']))
                .filter(|word| word.chars().any(|c| c.is_ascii_alphabetic()))
                .collect::<Vec<_>>();
            assert!(latin.iter().all(|word| LATIN.contains(word)), "{id}: {latin:?}");
            assert!(line.chars().any(is_japanese) || !latin.is_empty(), "{id}: {line:?}");
        }
    }
}
