//! Texts as they arrive: the forms that are undone, and the work of reading.

use super::*;
use crate::testing::{self, CsrMaker, TestKey};

/// The bytes that are looked at to read a text.
fn work(text: &str) -> usize {
    LOOKED_AT.set(0);
    _ = decode(text);
    LOOKED_AT.get()
}

/// Some 64 KB of a pattern; the private-key detector and the limit of the text are the same for all lengths.
fn repeated(pattern: &str, bytes: usize) -> String {
    pattern.repeat(bytes / pattern.len())
}

#[test]
fn reading_takes_work_that_is_linear_in_the_text() {
    let patterns = [
        "-----BEGIN A-----\n",
        "-----BEGIN ",
        "-----BEGIN CERTIFICATE REQUEST-----\n",
        "-----BEGIN A-----\n-----END B-----\n",
        "-----BEGIN A-----\n-----END A-----\n",
        "-----END A-----\n",
        "----- ",
        "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaA==\n",
        "&#45;",
        "<b",
        "\\n",
        "%2",
    ];
    for pattern in patterns {
        let (short, long) = (work(&repeated(pattern, 8_000)), work(&repeated(pattern, 64_000)));
        assert!(short > 0, "{pattern:?}");
        // Eight times the text is eight times the work, and never more than a few looks at each byte for each form.
        assert!(long <= short * 9, "{pattern:?}: {short} for 8,000 bytes, {long} for 64,000");
        assert!(long <= 64_000 * 30, "{pattern:?}: {long}");
    }
}

/// A request whose base64 holds a `+` in the middle of a line and at neither end of one.
fn request_with_plus() -> (String, Vec<u8>) {
    for number in 0.. {
        let name = format!("www{number}.example.com");
        let maker = CsrMaker::new(TestKey::EcP256).common_name(&name).names(&[&name]);
        let (pem, der) = (maker.pem(), maker.der());
        // Signatures differ from call to call.
        let der = pem::parse(&pem).map_or(der, pem::Pem::into_contents);
        if pem.lines().any(|line| line.trim_matches('+').contains('+')) {
            return (pem, der);
        }
    }
    unreachable!()
}

fn base64(text: &str) -> String {
    BASE64.encode(text)
}

fn body(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

/// The forms of a request, each with its name.
fn forms(pem: &str) -> Vec<(&'static str, String)> {
    let lines = |each: fn(&str) -> String| pem.lines().map(each).collect::<Vec<_>>().join("\n");
    let escaped = pem.replace('\n', "\\n");
    let json = pem.replace('\n', "\\n").replace('/', "\\/").replace('+', "\\u002b");
    let percent: String = pem
        .bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect();
    let form = pem.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D").replace('\n', "%0D%0A");
    let html = pem.replace('+', "&#43;").replace('/', "&#x2F;").replace('=', "&equals;");
    let one_line = |gap: &str| pem.trim_end().replace('\n', gap);
    let folded: String = base64(pem)
        .as_bytes()
        .chunks(76)
        .fold(String::new(), |all, line| all + "    " + std::str::from_utf8(line).unwrap_or_default() + "\n");
    vec![
        ("as it is", pem.to_owned()),
        ("CRLF", pem.replace('\n', "\r\n")),
        ("CR", pem.replace('\n', "\r")),
        ("a byte order mark", format!("\u{feff}{pem}")),
        ("no-break spaces", lines(|line| format!("\u{a0}{line}\u{a0}")).replace("BEGIN C", "BEGIN\u{a0}C")),
        ("zero-width spaces", pem.replace('A', "A\u{200b}")),
        ("typographic dashes", pem.replace("-----", "\u{2013}\u{2014}")),
        ("no BEGIN line", pem.replace("-----BEGIN CERTIFICATE REQUEST-----\n", "")),
        ("no lines around", pem.lines().filter(|line| !line.starts_with('-')).collect::<Vec<_>>().join("\n")),
        ("UTF-16 without a mark", pem.chars().flat_map(|c| [c, '\0']).collect()),
        (
            "UTF-16 with a mark that was lost",
            pem.chars().fold("\u{fffd}\u{fffd}".into(), |all, c| format!("{all}\0{c}")),
        ),
        ("literal \\n", escaped.clone()),
        ("literal \\r\\n", pem.replace('\n', "\\r\\n")),
        ("literal \\n twice", escaped.replace('\\', "\\\\")),
        ("a string of JSON", format!("\"{json}\"")),
        (
            "an object of JSON",
            format!("{{\n  \"csrContent\": \"{json}\",\n  \"email\": \"a@example.com\"\n}}"),
        ),
        ("lines of a program", lines(|line| format!("    \"{line}\\n\" +"))),
        ("lines in quotation marks", lines(|line| format!("  '{line}',"))),
        ("a mail quotes it", lines(|line| format!("> {line}"))),
        ("a mail quotes it twice", lines(|line| format!(">> {line}"))),
        ("a comment", lines(|line| format!("# {line}"))),
        ("Markdown", format!("```\n{pem}```\n")),
        ("a block of YAML", format!("csr: |\n{}", lines(|line| format!("  {line}")))),
        ("base64 of PEM", base64(pem)),
        ("base64 of PEM, folded", folded.clone()),
        ("spec.request", format!("spec:\n  request: {}\n  usages:\n  - client auth\n", base64(pem))),
        ("spec.request, folded", format!("spec:\n  request: |\n{folded}  usages:\n  - client auth\n")),
        ("base64 twice", base64(&base64(pem))),
        ("base64 of DER behind a key", format!("request: {}\nsigner: a\n", body(pem))),
        ("percent-encoding of a program", percent),
        ("the body of a form", form.replace(' ', "+")),
        ("percent-encoding without pluses", form.replace("%2B", "+").replace(' ', "%20")),
        ("blanks in place of pluses", lines(|line| line.replace('+', " "))),
        ("blanks in place of pluses and line breaks", one_line(" ").replace('+', " ")),
        ("blanks in place of pluses, without lines around", body(pem).replace('+', " ")),
        ("lost line breaks", one_line(" ")),
        ("HTML entities", html.clone()),
        ("HTML with breaks", one_line("<br/>\n")),
        ("HTML paragraphs", lines(|line| format!("<p class=\"a\">{line}&nbsp;</p>"))),
        ("HTML entities twice", html.replace('&', "&amp;")),
        ("quoted-printable", pem.replace('=', "=3D").replace("CERTIFICATE", "CERTI=\nFICATE")),
        ("base64 of PEM in a string of JSON, quoted", format!("> \"request\": \"{}\\n\"", base64(pem))),
    ]
}

#[test]
fn a_request_is_read_from_each_form_in_which_it_arrives() {
    let (mut taken, mut refused) = (0, Vec::new());
    for _ in 0..5 {
        let (pem, der) = request_with_plus();
        for (form, text) in forms(&pem) {
            match decode(&text) {
                Ok(read) => {
                    assert_eq!(read, der, "{form}");
                    taken += 1;
                }
                Err(error) => refused.push(format!("{form}: {error:?}")),
            }
        }
    }
    assert!(refused.is_empty(), "{taken} taken, {} refused: {refused:#?}", refused.len());
    assert!(taken >= 5 * 40, "{taken}");
}

#[test]
fn a_form_around_something_else_is_told_what_it_is() {
    let (pem, _) = request_with_plus();
    let ca = testing::root().certificate_pem;
    let key = testing::TestKeyPair::generate(TestKey::EcP256).pem();
    let other = CsrMaker::new(TestKey::EcP256).names(&["other.example.com"]).pem();
    let mut judged = 0;
    for (form, text) in forms(&ca.replace("CERTIFICATE", "CERTIFICATE REQUEST")) {
        assert!(decode(&text).is_err(), "{form}");
        judged += 1;
    }
    for text in [base64(&key), key.replace('\n', "\\n")] {
        assert!(matches!(decode(&text), Err(TextError::PrivateKey(_))), "{text}");
        judged += 1;
    }
    for (text, error) in [
        (ca.replace('\n', "\\n"), TextError::Certificate),
        (base64(&ca), TextError::Certificate),
        (format!("{pem}{other}").replace('\n', "\\n"), TextError::SeveralRequests(2)),
        (base64(&format!("{pem}{other}")), TextError::SeveralRequests(2)),
        (base64(&pem[..pem.len() / 2]), TextError::Rewritten(TextForm::Base64OfPem)),
        (pem[..pem.len() / 2].replace('\n', "\\n"), TextError::Rewritten(TextForm::Escapes)),
        (pem.replacen("MII", "M!I", 1).replace('\n', "\\n"), TextError::Rewritten(TextForm::Escapes)),
        (pem.replacen("MII", "M!I", 1), TextError::NotBase64(Some((2, '!')))),
        (pem.replacen("MII", "M!I", 1).replace('\n', "<br>"), TextError::Rewritten(TextForm::HtmlEntities)),
        (format!("'{}'", &pem[..pem.len() / 2]), TextError::CutOff),
        ("no request &amp; nothing".to_owned(), TextError::NoRequest),
    ] {
        assert_eq!(decode(&text), Err(error), "{text}");
        judged += 1;
    }
    assert!(judged > 40, "{judged}");
}

#[test]
fn a_blank_that_is_no_plus_is_not_guessed() {
    let (pem, _) = request_with_plus();
    // One character of the body is lost: no reading is a whole request.
    let (begin, end) = pem.split_at(pem.find("MII").map_or(0, |at| at + 70));
    let cut = format!("{begin} {}", &end[2..]);
    assert!(decode(&cut).map_or(true, |der| strict_der::check(&der).is_err()));
}

proptest::proptest! {
    #[test]
    fn any_text_ends_in_a_request_or_an_error(text in "(?s)(-----BEGIN |-----|END|CERTIFICATE REQUEST|\\\\n|&#43;|%2B|=3D|MIIB|LS0tLS1CRUdJTi|.){0,60}") {
        _ = decode(&text);
    }
}
