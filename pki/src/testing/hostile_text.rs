//! Texts that cost a search for private keys as much work as possible, by construction.
//!
//! For each encoding its densest escapes and its deepest nest, for each format of keys its densest beginnings, and
//! texts in which the two kinds of pieces alternate. None holds a key.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Pieces of text that cause the most steps per byte: the shortest escapes, words, lines and beginnings of labels.
const PIECES: [&str; 62] = [
    // Percent-encoding: escapes, and what only looks like one.
    "%25",
    "%41",
    "%0A",
    "%",
    "%2",
    "%z",
    // Backslashes.
    "\\",
    "\\n",
    "\\\n",
    "\\z",
    "\\x41",
    "\\u0041",
    "\\u3042",
    "\\u{41}",
    "\\u{0000",
    "\\101",
    // Character references.
    "&lt;",
    "&#9;",
    "&#65;",
    "&#x41;",
    "&amp;",
    "&colon;",
    "&",
    "&aaaaaaaa;",
    "&#999999999",
    // Quoted-printable.
    "=3D",
    "=41",
    "=\n",
    "=\r\n",
    "=\n> ",
    "=",
    "=z",
    // Base64: runs of any length, the prefixes of a diff and of a comment, and lines.
    "A",
    "A ",
    "+",
    "-",
    "+A",
    "AAAAAAAAAAAAAAAA ",
    "AAAAAAAAAAAAAAAB\n",
    "AAAAAAAAAAAAAAAAAAAAAAAA=",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nAAA\n",
    // Hexadecimal: words, lines and dumps.
    "0",
    "00 ",
    "00\n",
    "00:",
    "0x30, ",
    "30 82 ",
    "00000000: 3082\n",
    "00 00 00 00 00 00\n",
    "00000000000000000000000000000000\n",
    // Labels, members and numbers.
    "priv",
    "priv:",
    "private key:",
    "PRIVATE KEY ",
    "-----BEGIN A-----\n",
    "kty d ",
    "kty oct k:d:",
    "Modulus D:",
    "d:aaaaaaaaaaaaaaaaaaa ",
    // Plain text, line breaks, and text of other scripts.
    "\n",
    "a\0",
    "\u{3042}",
];

/// Octets that begin like a key, a key store or compressed data.
const BEGINNINGS: [&[u8]; 12] = [
    &[0x30],
    &[0x30, 0x82],
    &[0x30, 0x80, 0x30, 0x80],
    &[0x30, 0x0d, 2, 1, 0, 0x30, 1, 6],
    &[0x30, 0x20, 0x30, 0x0b, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 9],
    &[0x94],
    &[0x94, 200, 4],
    &[0x3f, 0x6f, 0xf9, 0xeb],
    &[0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2],
    &[0xe2, 0x80, 0x93],
    &[b'a', 0],
    &[0x1f, 0x8b, 8, 0],
];

/// Texts of at most this many bytes, each with its name.
#[must_use]
pub fn hostile_texts(most: usize) -> Vec<(String, Vec<u8>)> {
    let mut texts: Vec<(String, Vec<u8>)> = Vec::new();
    for piece in PIECES {
        texts.push((format!("{piece:?}"), repeated(piece.as_bytes(), most)));
    }
    for octets in BEGINNINGS {
        let name = hex::encode(octets);
        texts.push((format!("base64 of {name}"), STANDARD.encode(repeated(octets, most / 4 * 3)).into()));
        texts.push((format!("octets {name}"), repeated(octets, most)));
    }
    for (name, wrap) in WRAPS {
        texts.push((format!("deepest nest of {name}"), deepest(wrap, most)));
    }
    texts.push(("unending percent".to_owned(), nested(b"%", b"25", b"41", most)));
    texts.push(("unending character references".to_owned(), nested(b"&", b"amp;", b"lt;", most)));
    texts.push(("unending quoted-printable".to_owned(), nested(b"=", b"3D", b"41", most)));
    texts.push(("inflated many times".to_owned(), bombs(most)));
    texts
}

/// Texts in which two kinds of pieces alternate, or one is before the other.
pub fn hostile_pairs(most: usize) -> impl Iterator<Item = (String, Vec<u8>)> {
    let pairs = PIECES.into_iter().flat_map(|first| PIECES.into_iter().map(move |second| (first, second)));
    pairs.filter(|(first, second)| first != second).flat_map(move |(first, second)| {
        let alternating = repeated(format!("{first}{second}").as_bytes(), most);
        let halves = [repeated(first.as_bytes(), most / 2), repeated(second.as_bytes(), most / 2)].concat();
        [(format!("{first:?} and {second:?}"), alternating), (format!("{first:?}, then {second:?}"), halves)]
    })
}

fn repeated(piece: &[u8], most: usize) -> Vec<u8> {
    piece.repeat(most / piece.len())
}

/// An encoding of octets.
type Wrap = fn(&[u8]) -> Vec<u8>;

const WRAPS: [(&str, Wrap); 9] = [
    ("base64", |octets| STANDARD.encode(octets).into()),
    ("hexadecimal", |octets| hex::encode(octets).into()),
    ("percent", |octets| each(octets, |octet| format!("%{octet:02X}"))),
    ("backslashes", |octets| each(octets, |octet| format!("\\x{octet:02x}"))),
    ("doubled backslashes", |octets| each(octets, |octet| format!("\\{}", char::from(octet)))),
    ("character references", |octets| each(octets, |octet| format!("&#{octet};"))),
    ("quoted-printable", |octets| each(octets, |octet| format!("={octet:02X}"))),
    ("UTF-16", |octets| octets.iter().flat_map(|octet| [*octet, 0]).collect()),
    ("gzip in base64", |octets| STANDARD.encode(gzip(octets)).into()),
];

fn each(octets: &[u8], write: impl Fn(u8) -> String) -> Vec<u8> {
    octets.iter().flat_map(|octet| write(*octet).into_bytes()).collect()
}

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(octets).unwrap();
    writer.finish().unwrap()
}

/// As many layers of one encoding as fit, and the rest of the space in the innermost.
fn deepest(wrap: Wrap, most: usize) -> Vec<u8> {
    const LAYERS: usize = 7;
    const SAMPLE: usize = 64;
    let nest = |layers: usize, size: usize| (0..layers).fold(b"= ".repeat(size / 2), |text, _| wrap(&text));
    let mut layers = LAYERS;
    while layers > 1 && nest(layers, SAMPLE).len() > most {
        layers -= 1;
    }
    let mut size = SAMPLE * most / nest(layers, SAMPLE).len();
    loop {
        let text = nest(layers, size);
        if text.len() <= most {
            return text;
        }
        size -= size.div_ceil(64);
    }
}

/// An escape of the escaping character, so often that each layer is as long as the one around it.
fn nested(mark: &[u8], escape: &[u8], last: &[u8], most: usize) -> Vec<u8> {
    let inner = escape.repeat((most - mark.len() - last.len()) / escape.len());
    [mark, &inner, last].concat()
}

/// Members of gzip that are short, and long when they are inflated.
fn bombs(most: usize) -> Vec<u8> {
    let one = gzip(&b"A".repeat(400_000));
    let count = most / 4 * 3 / one.len();
    STANDARD.encode(one.repeat(count.min(30))).into()
}
