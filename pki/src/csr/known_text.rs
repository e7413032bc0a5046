//! Recognises texts that people send in place of a request, by their first words or their typical lines.
//!
//! Looked at only when no reading of the text is a request: a wrong guess costs a request nothing.

use crate::error::OtherText;

/// The kind of the text; `None` if it is unknown.
pub(super) fn of(text: &str) -> Option<OtherText> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').trim_end();
    file(text)
        .or_else(|| printed(text))
        .or_else(|| json_key(text))
        .or_else(|| web(text))
        .or_else(|| one_line(text))
        .or_else(|| email(text))
}

/// Files by their first octets, read as text or encoded in base64.
fn file(text: &str) -> Option<OtherText> {
    const STARTS: [(&str, OtherText); 12] = [
        ("%PDF-", OtherText::Pdf),
        ("JVBERi", OtherText::Pdf),
        ("{\\rtf", OtherText::OfficeFile),
        ("GIF8", OtherText::Picture),
        ("R0lGOD", OtherText::Picture),
        ("iVBORw0KGgo", OtherText::Picture),
        ("/9j/", OtherText::Picture),
        ("<svg", OtherText::Picture),
        ("H4sI", OtherText::Compressed),
        ("UEsDB", OtherText::Compressed),
        ("Rar!", OtherText::Compressed),
        ("7z\u{bc}\u{af}", OtherText::Compressed),
    ];
    // Octets that are not UTF-8 arrive as such characters.
    let is_lost = |c: char| !c.is_ascii_graphic();
    let after = text.trim_start_matches(is_lost);
    if text.starts_with("PK\u{3}\u{4}") {
        let is_office = ["[Content_Types].xml", "word/", "xl/", "ppt/", "opendocument"];
        let is_office = is_office.into_iter().any(|part| text.contains(part));
        return Some(if is_office { OtherText::OfficeFile } else { OtherText::Compressed });
    }
    if text.starts_with("\u{1f}\u{8b}") || text.starts_with("\u{1f}\u{fffd}") {
        return Some(OtherText::Compressed);
    }
    let begin: String = text.chars().take(16).collect();
    if (begin.contains("PNG") || begin.contains("JFIF") || begin.contains("Exif")) && begin.contains(is_lost)
    {
        return Some(OtherText::Picture);
    }
    if text.starts_with("data:image/") {
        return Some(OtherText::Picture);
    }
    STARTS
        .iter()
        .find(|(start, _)| text.starts_with(start) || after.starts_with(start))
        .map(|(_, kind)| *kind)
}

/// A request as tools print it for people.
fn printed(text: &str) -> Option<OtherText> {
    let has_all = |parts: &[&str]| parts.iter().all(|part| text.contains(part));
    // openssl req, certtool and certutil.
    let is_request = has_all(&["Certificate Request:", "Version"])
        || has_all(&["Certificate Request Information:", "Version"])
        || has_all(&["Subject Public Key Info", "Signature Algorithm"])
        || has_all(&["Requested Extensions:", "Subject:"]);
    // openssl asn1parse and dumpasn1.
    let is_element = |line: &str| {
        let line = line.trim_start().trim_start_matches(|c: char| c.is_ascii_digit());
        line.starts_with(":d=") || (line.starts_with(' ') && line.contains(": SEQUENCE {"))
    };
    if is_request {
        Some(OtherText::PrintedRequest)
    } else if text.lines().take(4).any(is_element) {
        Some(OtherText::PrintedStructure)
    } else if text.starts_with("SPKAC=") {
        Some(OtherText::Spkac)
    } else {
        None
    }
}

/// RFC 7517 section 4.1: the member `kty` is in every key.
fn json_key(text: &str) -> Option<OtherText> {
    (text.starts_with(['{', '[']) && text.contains("\"kty\"")).then_some(OtherText::Jwk)
}

fn web(text: &str) -> Option<OtherText> {
    let head: String = text.chars().take(2000).collect::<String>().to_ascii_lowercase();
    let is_page = head.starts_with("<!doctype html") || head.contains("<html") || head.contains("<body");
    is_page.then_some(OtherText::WebPage)
}

/// One line: an address, a command or a path.
fn one_line(text: &str) -> Option<OtherText> {
    const COMMANDS: [&str; 14] = [
        "openssl",
        "certtool",
        "certreq",
        "certreq.exe",
        "certutil",
        "keytool",
        "step",
        "cfssl",
        "cat",
        "type",
        "Get-Content",
        "curl",
        "scp",
        "kubectl",
    ];
    const ENDINGS: [&str; 10] =
        [".csr", ".req", ".p10", ".pem", ".der", ".txt", ".crt", ".cer", ".p7b", ".zip"];
    // A command may go on in further lines.
    let command = text.trim_start_matches(['$', '#', '%', '>', ' ']);
    let command = command.strip_prefix("sudo ").unwrap_or(command);
    let command = match command.split_once("> ") {
        Some((prompt, command)) if prompt.starts_with("PS ") || prompt.get(1..3) == Some(":\\") => command,
        _ => command,
    };
    let mut words = command.split_whitespace();
    let is_command = words.next().is_some_and(|word| COMMANDS.contains(&word)) && words.next().is_some();
    if is_command && text.len() < 2000 {
        return Some(OtherText::Command);
    }
    let text = text.trim_matches(['"', '\'', '`']);
    if text.contains(['\n', '\r']) || text.len() > 1000 {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("http://") || lower.starts_with("https://") || lower.starts_with("ftp://") {
        return Some(OtherText::Url);
    }
    let is_windows = text.starts_with("\\\\")
        || (text.get(1..3).is_some_and(|start| matches!(start, ":\\" | ":/"))
            && text.starts_with(|c: char| c.is_ascii_alphabetic()));
    let is_unix = ["/", "~/", "./", "../", "file:"].into_iter().any(|start| text.starts_with(start))
        && text.split('/').nth(1).is_some_and(|part| !part.is_empty() && part.len() < 256)
        && !text.contains([' ', '+', '=']);
    let is_name =
        ENDINGS.into_iter().any(|ending| lower.ends_with(ending)) && !text.contains(['\t', '<', '>', ';']);
    (is_windows || is_unix || is_name).then_some(OtherText::Path)
}

/// The header of an e-mail, as a program shows or stores it (RFC 5322 section 3.6), in some languages.
fn email(text: &str) -> Option<OtherText> {
    const FIELDS: [[&str; 6]; 3] = [
        ["From:", "Von:", "De :", "De:", "差出人:", "差出人："],
        ["To:", "An:", "À :", "Para:", "宛先:", "宛先："],
        ["Subject:", "Betreff:", "Objet :", "Asunto:", "件名:", "件名："],
    ];
    let has = |fields: &[&str]| {
        text.lines().take(60).any(|line| {
            let line = line.trim_start_matches(['>', ' ', '*']);
            fields.iter().any(|field| line.starts_with(field))
        })
    };
    (FIELDS.iter().filter(|fields| has(*fields)).count() >= 2).then_some(OtherText::Email)
}
