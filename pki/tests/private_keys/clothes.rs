//! Encodings of a key, as people and programs make them.

use std::fmt::Write as _;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// Octets in one more encoding; `None` if they cannot be encoded so.
type Wrap = fn(&[u8]) -> Option<Vec<u8>>;

/// All encodings.
pub(crate) const CLOTHES: [(&str, Wrap); 34] = [
    ("base64", |octets| Some(STANDARD.encode(octets).into())),
    ("base64 in lines of 64", |octets| Some(lines(&STANDARD.encode(octets), 64, "\n"))),
    ("base64 in lines of 76 with CRLF", |octets| Some(lines(&STANDARD.encode(octets), 76, "\r\n"))),
    ("base64 in lines of 75", |octets| Some(lines(&STANDARD.encode(octets), 75, "\n"))),
    ("base64 with blanks", |octets| Some(lines(&STANDARD.encode(octets), 64, " "))),
    ("base64url", |octets| Some(URL_SAFE_NO_PAD.encode(octets).into())),
    ("data URL", |octets| Some(format!("data:text/plain;base64,{}", STANDARD.encode(octets)).into())),
    ("hexadecimal", |octets| Some(hex::encode(octets).into())),
    ("hexadecimal in lines", |octets| Some(lines(&hex::encode_upper(octets), 60, "\n"))),
    ("hexadecimal with colons", |octets| Some(each(octets, 15, |octet| format!("{octet:02x}:")))),
    ("C array", |octets| Some(each(octets, 12, |octet| format!("0x{octet:02X}, ")))),
    ("hexadecimal with hyphens", |octets| {
        let all: Vec<String> = octets.iter().map(|octet| format!("{octet:02X}")).collect();
        Some(all.join("-").into())
    }),
    ("list of numbers", |octets| Some(format!("{octets:?}").into())),
    ("signed numbers in lines", |octets| {
        Some(each(octets, 20, |octet| format!("{}, ", i8::from_ne_bytes([octet]))))
    }),
    ("Go array", |octets| Some(format!("[]byte{{{}}}", text_of_go(octets)).into())),
    ("base32", |octets| Some(base32(octets).into())),
    ("xxd", |octets| Some(dump(octets))),
    ("octets with backslashes", |octets| Some(each(octets, 0, |octet| format!("\\x{octet:02x}")))),
    ("percent, all", |octets| Some(each(octets, 0, |octet| format!("%{octet:02X}")))),
    // Nothing is percent-encoded if there is nothing to encode.
    ("percent", |octets| {
        let all = each(octets, 0, |octet| match octet {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => char::from(octet).to_string(),
            b' ' => "+".to_owned(),
            _ => format!("%{octet:02X}"),
        });
        all.contains(&b'%').then_some(all)
    }),
    ("quoted-printable", |octets| Some(quoted_printable(octets))),
    ("UTF-16 LE", |octets| utf16(octets, u16::to_le_bytes)),
    ("UTF-16 BE", |octets| utf16(octets, u16::to_be_bytes)),
    ("JSON", |octets| text(octets, |text| serde_json::json!({ "tls.key": text, "x": 1 }).to_string())),
    ("YAML block", |octets| text(octets, |text| format!("data:\n  tls.key: |\n{}", prefixed(text, "    ")))),
    ("YAML string", |octets| text(octets, |text| format!("key: {}\n", serde_json::Value::from(text)))),
    ("Kubernetes secret", |octets| {
        Some(
            format!(
                "kind: Secret\ndata:\n  tls.crt: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==\n  tls.key: {}\n",
                STANDARD.encode(octets)
            )
            .into(),
        )
    }),
    ("quoted mail", |octets| text(octets, |text| format!("Alice wrote:\n{}", prefixed(text, "> ")))),
    ("diff", |octets| text(octets, |text| format!("@@ -0,0 +1,28 @@\n{}", prefixed(text, "+")))),
    ("line numbers", |octets| {
        text(octets, |text| {
            text.lines().zip(1..).fold(String::new(), |mut all, (line, number)| {
                let _ = writeln!(all, "{number:6}\t{line}");
                all
            })
        })
    }),
    ("string literals", |octets| {
        text(octets, |text| {
            text.lines()
                .map(|line| format!("  {} +\n", serde_json::Value::from(format!("{line}\n"))))
                .collect()
        })
    }),
    ("character references", |octets| {
        text(octets, |text| {
            text.chars()
                .map(
                    |c| {
                        if c.is_ascii_alphanumeric() { c.to_string() } else { format!("&#{};", u32::from(c)) }
                    },
                )
                .collect()
        })
    }),
    ("gzip", |octets| {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        writer.write_all(octets).unwrap();
        Some(writer.finish().unwrap())
    }),
    ("prose", |octets| {
        text(octets, |text| {
            format!(
                "こんにちは。Dear CA,\n\nplease use this for the server:\n\n{text}\n\nよろしくお願いします。\n"
            )
        })
    }),
];

fn text_of_go(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("0x{octet:x}")).collect::<Vec<_>>().join(", ")
}

/// RFC 4648 section 6.
fn base32(octets: &[u8]) -> String {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bit = |at: usize| octets.get(at / 8).map_or(0, |octet| octet >> (7 - at % 8) & 1);
    let mut all: String = (0..octets.len() * 8)
        .step_by(5)
        .map(|at| char::from(digits[usize::from((at..at + 5).fold(0, |value, at| value << 1 | bit(at)))]))
        .collect();
    while !all.len().is_multiple_of(8) {
        all.push('=');
    }
    all
}

fn text(octets: &[u8], wrap: impl Fn(&str) -> String) -> Option<Vec<u8>> {
    str::from_utf8(octets).ok().map(|text| wrap(text).into_bytes())
}

fn lines(digits: &str, width: usize, end: &str) -> Vec<u8> {
    let lines = digits.as_bytes().chunks(width);
    lines.flat_map(|line| [line, end.as_bytes()].concat()).collect()
}

/// Each octet by itself, with a line break after so many; 0 stands for none.
fn each(octets: &[u8], width: usize, write: impl Fn(u8) -> String) -> Vec<u8> {
    let mut all = String::new();
    for (at, octet) in octets.iter().enumerate() {
        all.push_str(&write(*octet));
        if width > 0 && at % width == width - 1 {
            all.push('\n');
        }
    }
    all.into_bytes()
}

fn dump(octets: &[u8]) -> Vec<u8> {
    let mut all = String::new();
    for (at, line) in octets.chunks(16).enumerate() {
        let words: Vec<String> = line.chunks(2).map(hex::encode).collect();
        let readable: String =
            line.iter().map(|b| if b.is_ascii_graphic() { char::from(*b) } else { '.' }).collect();
        let _ = writeln!(all, "{:08x}: {:39}  {readable}", at * 16, words.join(" "));
    }
    all.into_bytes()
}

fn prefixed(text: &str, prefix: &str) -> String {
    text.lines().map(|line| format!("{prefix}{line}\n")).collect()
}

/// RFC 2045 section 6.7: lines of 76 characters at most.
fn quoted_printable(octets: &[u8]) -> Vec<u8> {
    let is_text = str::from_utf8(octets).is_ok();
    let mut all = String::new();
    let mut column = 0;
    for octet in octets {
        let written = match octet {
            b'\n' if is_text => {
                all.push('\n');
                column = 0;
                continue;
            }
            b' '..=b'<' | b'>'..=b'~' => char::from(*octet).to_string(),
            _ => format!("={octet:02X}"),
        };
        if column + written.len() > 75 {
            all.push_str("=\n");
            column = 0;
        }
        column += written.len();
        all.push_str(&written);
    }
    all.into_bytes()
}

fn utf16(octets: &[u8], write: fn(u16) -> [u8; 2]) -> Option<Vec<u8>> {
    let text = str::from_utf8(octets).ok()?;
    Some(text.encode_utf16().flat_map(write).collect())
}
