//! The forms of a request: those that any text can be given, and those of a PEM text alone.

use std::fmt::Write as _;
use std::io::Write as _;

use base64::Engine as _;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};

use super::super::super::base64_text::BASE64;

/// A name, and what makes the form of a text.
pub(super) type Form = (&'static str, fn(&str) -> String);

pub(super) fn base64(octets: impl AsRef<[u8]>) -> String {
    BASE64.encode(octets)
}

fn folded(text: &str, columns: usize, indent: &str) -> String {
    let lines = text.as_bytes().chunks(columns).map(|line| std::str::from_utf8(line).unwrap_or_default());
    lines.fold(String::new(), |all, line| all + indent + line + "\n")
}

fn lines(text: &str, each: impl Fn(usize, &str) -> String) -> String {
    text.lines().enumerate().map(|(at, line)| each(at, line) + "\n").collect()
}

fn body(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

fn der(pem: &str) -> Vec<u8> {
    pem::parse(pem).map(pem::Pem::into_contents).unwrap_or_default()
}

fn hex_with(octets: &[u8], between: &str, before: &str) -> String {
    octets.iter().map(|octet| format!("{before}{octet:02X}")).collect::<Vec<_>>().join(between)
}

fn json_string(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

fn json_lines(text: &str) -> String {
    serde_json::to_string(&text.lines().collect::<Vec<_>>()).unwrap_or_default()
}

fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, b| {
        let is_plain = b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
        if is_plain {
            all.push(char::from(b))
        } else {
            _ = write!(all, "%{b:02X}")
        }
        all
    })
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// RFC 2045 section 6.7, in lines of 76 characters.
fn quoted_printable(text: &str) -> String {
    let mut out = String::new();
    for line in text.split('\n') {
        let mut column = 0;
        for b in line.bytes() {
            let is_plain = (b == b' ' || b.is_ascii_graphic()) && b != b'=';
            let encoded = if is_plain { char::from(b).to_string() } else { format!("={b:02X}") };
            if column + encoded.len() > 75 {
                out += "=\n";
                column = 0;
            }
            column += encoded.len();
            out += &encoded;
        }
        out.push('\n');
    }
    out
}

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(octets).and_then(|()| encoder.finish()).unwrap_or_default()
}

/// An archive with one file (APPNOTE sections 4.3.7, 4.3.12 and 4.3.16).
fn zip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    let data = encoder.write_all(octets).and_then(|()| encoder.finish()).unwrap_or_default();
    let length = u32::try_from(data.len()).unwrap_or_default().to_le_bytes();
    let name = b"request.csr";
    let common =
        [&[20, 0, 0, 0, 8, 0, 0, 0, 0, 0, 1, 2, 3, 4][..], &length, &[0; 4], &[11, 0, 0, 0]].concat();
    let entry = [b"PK\x03\x04", &common[..], name, &data].concat();
    let directory = [b"PK\x01\x02\x14\x00", &common[..], &[0; 14], name].concat();
    let at = u32::try_from(entry.len()).unwrap_or_default().to_le_bytes();
    let size = u32::try_from(directory.len()).unwrap_or_default().to_le_bytes();
    let end = [b"PK\x05\x06\0\0\0\0\x01\0\x01\0", &size[..], &at, &[0, 0]].concat();
    [entry, directory, end].concat()
}

fn xxd(octets: &[u8]) -> String {
    dump(octets, |at, line| {
        let words: Vec<String> = line.chunks(2).map(hex::encode).collect();
        format!("{at:08x}: {:39}  {}", words.join(" "), readable(line))
    })
}

fn hexdump_canonical(octets: &[u8]) -> String {
    let lines = dump(octets, |at, line| {
        let words = |half: &[u8]| half.iter().map(|octet| format!("{octet:02x} ")).collect::<String>();
        let (first, second) = line.split_at(line.len().min(8));
        format!("{at:08x}  {:48}  |{}|", format!("{} {}", words(first), words(second)), readable(line))
    });
    format!("{lines}{:08x}\n", octets.len())
}

/// 16-bit words as a small-endian machine reads them.
fn dump_of_words(octets: &[u8], offset: fn(usize) -> String, word: fn(u16) -> String) -> String {
    let lines = dump(octets, |at, line| {
        let words =
            line.chunks(2).map(|pair| word(u16::from_le_bytes([pair[0], pair.get(1).copied().unwrap_or(0)])));
        words.fold(offset(at), |all, word| all + " " + &word)
    });
    lines + &offset(octets.len()) + "\n"
}

fn dump(octets: &[u8], line: impl Fn(usize, &[u8]) -> String) -> String {
    octets.chunks(16).enumerate().map(|(at, octets)| line(at * 16, octets) + "\n").collect()
}

fn readable(octets: &[u8]) -> String {
    let is_shown = |octet: u8| octet == b' ' || octet.is_ascii_graphic();
    octets.iter().map(|octet| if is_shown(*octet) { char::from(*octet) } else { '.' }).collect()
}

fn base32(octets: &[u8]) -> String {
    const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: Vec<u8> = octets.iter().flat_map(|octet| (0..8).rev().map(move |at| octet >> at & 1)).collect();
    let digit = |bits: &[u8]| {
        let value = (0..5).fold(0, |all, at| all << 1 | usize::from(bits.get(at).copied().unwrap_or(0)));
        char::from(DIGITS[value])
    };
    bits.chunks(5).map(digit).collect()
}

/// Forms that a program can give any text, also one that has a form already.
pub(super) const OF_ANY_TEXT: &[Form] = &[
    ("CRLF", |text| text.replace('\n', "\r\n")),
    ("CR", |text| text.replace('\n', "\r")),
    ("a byte order mark", |text| format!("\u{feff}{text}")),
    ("zero-width spaces", |text| text.replace('A', "A\u{200b}")),
    ("full-width characters", |text| {
        let wide = |c: char| char::from_u32(u32::from(c) + 0xfee0).filter(|_| c.is_ascii_graphic());
        text.chars().map(|c| wide(c).unwrap_or(c)).collect()
    }),
    ("UTF-16 without a mark", |text| text.chars().flat_map(|c| [c, '\0']).collect()),
    ("UTF-16 with a mark that was lost", |text| {
        text.chars().fold("\u{fffd}\u{fffd}".into(), |all, c| format!("{all}\0{c}"))
    }),
    ("indented", |text| lines(text, |_, line| format!("    {line}"))),
    ("literal \\n", |text| text.replace('\\', "\\\\").replace('\n', "\\n")),
    ("a string of JSON", json_string),
    ("an object of JSON", |text| {
        format!("{{\n  \"csrContent\": {},\n  \"email\": \"a@example.com\"\n}}", json_string(text))
    }),
    ("an array of JSON", json_lines),
    ("escaped code points", |text| {
        text.chars().fold(String::new(), |all, c| {
            all + &if c.is_ascii_alphanumeric() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) }
        })
    }),
    ("lines of a program", |text| {
        lines(text, |_, line| format!("    {} +", json_string(&format!("{line}\n"))))
    }),
    ("a mail quotes it", |text| lines(text, |_, line| format!("> {line}"))),
    ("comments with #", |text| lines(text, |_, line| format!("# {line}"))),
    ("comments with //", |text| lines(text, |_, line| format!("// {line}"))),
    ("numbered by cat -n", |text| lines(text, |at, line| format!("{:6}\t{line}", at + 1))),
    ("numbered by grep -n", |text| lines(text, |at, line| format!("{}:{line}", at + 1))),
    ("numbered with bars", |text| lines(text, |at, line| format!("{:3} | {line}", at + 98))),
    ("lines of a diff that adds", |text| lines(text, |_, line| format!("+{line}"))),
    ("lines of a diff that removes", |text| lines(text, |_, line| format!("-{line}"))),
    ("cells of a table", |text| lines(text, |_, line| format!("| {line} |"))),
    ("cat -A", |text| lines(text, |_, line| format!("{line}$"))),
    ("cat -A of CRLF", |text| lines(text, |_, line| format!("{line}^M$"))),
    ("bullets", |text| lines(text, |_, line| format!("\u{2022} {line}"))),
    ("lines in quotation marks", |text| lines(text, |_, line| format!("  '{line}',"))),
    ("Markdown", |text| format!("```\n{text}```\n")),
    ("a block of YAML", |text| format!("csr: |\n{}", lines(text, |_, line| format!("  {line}")))),
    ("base64", |text| base64(text)),
    ("base64, folded", |text| folded(&base64(text), 76, "    ")),
    ("base64url", |text| base64(text).replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned()),
    ("spec.request", |text| format!("spec:\n  request: {}\n  usages:\n  - client auth\n", base64(text))),
    ("spec.request, folded", |text| {
        format!("spec:\n  request: |\n{}  usages:\n  - client auth\n", folded(&base64(text), 76, "    "))
    }),
    ("a data: URL", |text| format!("data:application/pkcs10;base64,{}", base64(text))),
    ("gzip in base64", |text| base64(gzip(text.as_bytes()))),
    ("zip in base64", |text| base64(zip(text.as_bytes()))),
    ("base32", |text| base32(text.as_bytes())),
    ("hexadecimal", |text| hex::encode(text)),
    ("a dump of xxd", |text| xxd(text.as_bytes())),
    ("a dump of hexdump -C", |text| hexdump_canonical(text.as_bytes())),
    ("percent-encoding", percent),
    ("the body of a form", |text| format!("csr={}&email=a%40example.com", percent(text).replace("%20", "+"))),
    ("HTML entities", html),
    ("HTML with breaks", |text| html(text).trim_end().replace('\n', "<br/>\n")),
    ("HTML paragraphs", |text| lines(&html(text), |_, line| format!("<p class=\"a\">{line}&nbsp;</p>"))),
    ("HTML character references", |text| {
        text.chars().fold(String::new(), |all, c| format!("{all}&#{};", u32::from(c)))
    }),
    ("quoted-printable", quoted_printable),
];

/// Forms of a PEM text, or of the DER in it.
pub(super) const OF_PEM: &[Form] = &[
    ("as it is", |pem| pem.to_owned()),
    ("no-break spaces", |pem| {
        lines(pem, |_, line| format!("\u{a0}{line}\u{a0}")).replace("BEGIN C", "BEGIN\u{a0}C")
    }),
    ("typographic dashes", |pem| pem.replace("-----", "\u{2013}\u{2014}")),
    ("three dashes", |pem| pem.replace("-----", "---")),
    ("six dashes", |pem| pem.replace("-----", "------")),
    ("small letters in BEGIN and END", |pem| {
        lines(pem, |_, line| if line.starts_with('-') { line.to_lowercase() } else { line.to_owned() })
    }),
    ("X509 REQUEST", |pem| pem.replace("CERTIFICATE REQUEST", "X509 REQUEST")),
    ("no BEGIN line", |pem| pem.replace("-----BEGIN CERTIFICATE REQUEST-----\n", "")),
    ("no END line", |pem| pem.replace("-----END CERTIFICATE REQUEST-----\n", "")),
    ("no lines around", |pem| folded(&body(pem), 64, "")),
    ("base64 of the DER behind a key", |pem| format!("request: {}\nsigner: a\n", body(pem))),
    ("base64 of the DER, numbered", |pem| {
        lines(&folded(&body(pem), 64, ""), |at, line| format!("{:3} {line}", at + 1))
    }),
    ("base64url of the DER", |pem| {
        body(pem).replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned()
    }),
    ("base32 of the DER", |pem| base32(&der(pem))),
    ("hexadecimal of the DER", |pem| hex::encode(der(pem))),
    ("hexadecimal of the DER in lines", |pem| folded(&hex::encode(der(pem)), 60, "")),
    ("hexadecimal of the DER with colons", |pem| hex_with(&der(pem), ":", "")),
    ("hexadecimal of the DER with blanks", |pem| hex_with(&der(pem), " ", "")),
    ("hexadecimal of the DER with hyphens", |pem| hex_with(&der(pem), "-", "")),
    ("hexadecimal of the DER behind 0x", |pem| format!("0x{}", hex::encode(der(pem)))),
    ("an array of C", |pem| {
        format!(
            "unsigned char csr[] = {{\n{}\n}};\nunsigned int csr_len = 280;\n",
            hex_with(&der(pem), ", ", "0x")
        )
    }),
    ("a string of C", |pem| format!("\"{}\"", hex_with(&der(pem), "", "\\x"))),
    ("a dump of xxd of the DER", |pem| xxd(&der(pem))),
    ("a dump of hexdump -C of the DER", |pem| hexdump_canonical(&der(pem))),
    ("a dump of hexdump of the DER", |pem| {
        dump_of_words(&der(pem), |at| format!("{at:07x}"), |word| format!("{word:04x}"))
    }),
    ("a dump of od of the DER", |pem| {
        dump_of_words(&der(pem), |at| format!("{at:07o}"), |word| format!("{word:06o}"))
    }),
    ("decimal octets", |pem| format!("{:?}", der(pem))),
    ("signed octets of Java", |pem| {
        let octets: Vec<i8> = der(pem).into_iter().map(|octet| i8::from_le_bytes([octet])).collect();
        format!("byte[] csr = {{ {} }};", format!("{octets:?}").trim_matches(['[', ']']))
    }),
    ("gzip of the DER in base64", |pem| base64(gzip(&der(pem)))),
    ("blanks in place of pluses", |pem| lines(pem, |_, line| line.replace('+', " "))),
    ("blanks in place of pluses and line breaks", |pem| pem.trim_end().replace(['\n', '+'], " ")),
    ("blanks in place of pluses, without lines around", |pem| body(pem).replace('+', " ")),
    ("lost line breaks", |pem| pem.trim_end().replace('\n', " ")),
    ("no line breaks", |pem| pem.replace('\n', "")),
    ("percent-encoding without pluses", |pem| {
        let form = pem.replace('/', "%2F").replace('=', "%3D").replace('\n', "%0D%0A");
        form.replace(' ', "%20")
    }),
    ("the body of a form, pluses as they are", |pem| {
        pem.replace('\n', "%0D%0A").replace("BEGIN ", "BEGIN%20")
    }),
    ("lines of a log", |pem| {
        lines(pem, |at, line| format!("2026-11-28T12:00:{at:02}.1{at}Z stdout F {line}"))
    }),
    ("a chat", |pem| lines(pem, |at, line| format!("[12:{:02}] Max: {line}", at + 7))),
    ("tuple of Python", |pem| {
        format!("({})", pem.lines().map(|line| format!("'{line}\\n'")).collect::<Vec<_>>().join(" "))
    }),
    ("base64 of PEM in a string of JSON, quoted", |pem| format!("> \"request\": \"{}\\n\"", base64(pem))),
    ("HTML references of pluses", |pem| {
        pem.replace('+', "&#43;").replace('/', "&#x2F;").replace('=', "&equals;")
    }),
];
