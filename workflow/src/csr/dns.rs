//! DNS names: RFC 1034 section 3.5 and RFC 1123 section 2.1 for the syntax, RFC 5280 section 4.2.1.6 for the place, RFC
//! 9525 section 6.3 for wildcards, RFC 5890 and 8399 for internationalized names.
//!
//! Invariant: what [`parse`] returns is in lower case, has at least two labels, and is safe to write as an IA5String.

use crate::finding::{Code, Finding, quoted};
use crate::texts::Message;

/// RFC 1035 section 2.3.4, in the text form without the root's dot.
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// Reads a name, which may have `*` as its whole leftmost label.
pub(super) fn parse(text: &str) -> Result<String, Finding> {
    let refused = |detail: Message, advice: Message| {
        Err(Finding::refused(Code::BadName, detail.with("name", quoted(text)), advice))
    };
    let plainly = |detail, advice| refused(Message::new(detail), Message::new(advice));
    let full_name = || Message::new("finding-dns-full-name").with("example", "www.example.com");
    if text.is_empty() {
        return plainly("finding-dns-empty", "finding-dns-empty-advice");
    }
    if !text.is_ascii() {
        let advice = match a_labels(text) {
            Some(ascii) => Message::new("finding-dns-a-labels").with("ascii", ascii),
            None => Message::new("finding-dns-characters"),
        };
        return refused(Message::new("finding-dns-no-ascii"), advice);
    }
    if text.len() > LONGEST_NAME {
        return refused(
            Message::new("finding-dns-long").with("count", text.len()).with("most", LONGEST_NAME),
            Message::new("finding-dns-long-advice"),
        );
    }
    if text.ends_with('.') {
        return plainly("finding-dns-dot", "finding-dns-dot-advice");
    }
    if text.parse::<std::net::IpAddr>().is_ok() {
        return refused(
            Message::new("finding-dns-address"),
            Message::new("finding-dns-address-advice").with("command", "subjectAltName=IP:192.0.2.10"),
        );
    }
    let host = text.strip_prefix("*.").unwrap_or(text);
    if host.contains('*') {
        return refused(
            Message::new("finding-dns-star"),
            Message::new("finding-dns-star-advice").with("example", "*.apps.example.com"),
        );
    }
    let labels: Vec<&str> = host.split('.').collect();
    for label in &labels {
        if let Err((detail, advice)) = check_label(label) {
            return refused(detail, Message::new(advice));
        }
    }
    if labels.len() < 2 {
        return refused(
            Message::new(if text == host { "finding-dns-single-label" } else { "finding-dns-wildcard-tld" }),
            full_name(),
        );
    }
    // RFC 3696 section 2: a top-level domain is never all digits; such a name would be taken for an address.
    if labels.last().is_some_and(|tld| tld.bytes().all(|b| b.is_ascii_digit())) {
        return plainly("finding-dns-digits", "finding-dns-digits-advice");
    }
    Ok(text.to_ascii_lowercase())
}

/// What is wrong with a label, and the id of what to do.
fn check_label(label: &str) -> Result<(), (Message, &'static str)> {
    let wrong = |detail: Message, advice| Err((detail, advice));
    let of_label = |id| Message::new(id).with("label", quoted(label));
    if label.is_empty() {
        return wrong(Message::new("finding-dns-empty-label"), "finding-dns-empty-label-advice");
    }
    if label.len() > LONGEST_LABEL {
        return wrong(
            Message::new("finding-dns-long-label").with("count", label.len()).with("most", LONGEST_LABEL),
            "finding-dns-long-label-advice",
        );
    }
    if let Some(c) = label.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '-') {
        return wrong(
            Message::new("finding-dns-character").with("character", quoted(&c.to_string())),
            "finding-dns-characters",
        );
    }
    if label.starts_with('-') || label.ends_with('-') {
        return wrong(of_label("finding-dns-hyphen"), "finding-dns-hyphen-advice");
    }
    // RFC 5890 section 2.3.1: hyphens in places three and four are kept for A-labels, which must be well formed.
    if label.as_bytes().get(2..4) == Some(b"--") {
        let lower = label.to_ascii_lowercase();
        if !lower.starts_with("xn--") {
            return wrong(of_label("finding-dns-reserved"), "finding-dns-reserved-advice");
        }
        let (unicode, valid) = idna::domain_to_unicode(&lower);
        let again = idna::domain_to_ascii(&unicode);
        if valid.is_err() || unicode.is_ascii() || !again.is_ok_and(|again| again == lower) {
            return wrong(of_label("finding-dns-a-label"), "finding-dns-a-label-advice");
        }
    }
    Ok(())
}

/// The A-label form of an internationalized name, when it is a valid name.
pub(super) fn a_labels(text: &str) -> Option<String> {
    let (wildcard, host) = match text.strip_prefix("*.") {
        Some(host) => ("*.", host),
        None => ("", text),
    };
    let ascii = idna::domain_to_ascii_strict(host).ok()?;
    parse(&format!("{wildcard}{ascii}")).ok()
}

/// The U-label form, when it differs.
pub(super) fn unicode(name: &str) -> Option<String> {
    if !name.contains("xn--") {
        return None;
    }
    let (wildcard, host) = match name.strip_prefix("*.") {
        Some(host) => ("*.", host),
        None => ("", name),
    };
    let (unicode, valid) = idna::domain_to_unicode(host);
    valid.ok().filter(|()| unicode != host).map(|()| format!("{wildcard}{unicode}"))
}

/// A warning for a name that could be mistaken for another: a label that mixes scripts (UTS 39 section 5.2), or one
/// in Cyrillic or Greek whose letters all look like Latin ones.
pub(super) fn warning(name: &str) -> Option<Finding> {
    let unicode = unicode(name)?;
    let label = unicode.split('.').find_map(|label| {
        let scripts = Scripts::of(label);
        if scripts.is_mixed() {
            Some((label, "finding-mixed-scripts"))
        } else if scripts.is_lookalike(label) {
            Some((label, "finding-look-alike"))
        } else {
            None
        }
    });
    let (label, id) = label?;
    Some(Finding::warning(
        Code::BadName,
        Message::new(id).with("label", quoted(label)).with("name", name),
        Message::new("finding-look-alike-advice"),
    ))
}

/// The scripts of a label, as bits. Digits, hyphens and combining marks belong to every script.
struct Scripts(u16);

impl Scripts {
    const LATIN: u16 = 1;
    const GREEK: u16 = 2;
    const CYRILLIC: u16 = 4;
    const HAN: u16 = 8;
    const KANA: u16 = 16;
    const HANGUL: u16 = 32;
    const BOPOMOFO: u16 = 64;
    const OTHER: u16 = 128;

    fn of(label: &str) -> Scripts {
        Scripts(label.chars().fold(0, |all, c| all | Scripts::of_char(c)))
    }

    fn of_char(c: char) -> u16 {
        match c {
            '-' | '0'..='9' | '\u{00b7}' | '\u{0300}'..='\u{036f}' => 0,
            'a'..='z' | 'A'..='Z' | '\u{00c0}'..='\u{024f}' | '\u{1e00}'..='\u{1eff}' => Scripts::LATIN,
            '\u{0370}'..='\u{03ff}' | '\u{1f00}'..='\u{1fff}' => Scripts::GREEK,
            '\u{0400}'..='\u{052f}'
            | '\u{1c80}'..='\u{1c8f}'
            | '\u{2de0}'..='\u{2dff}'
            | '\u{a640}'..='\u{a69f}' => Scripts::CYRILLIC,
            '\u{3005}'
            | '\u{3007}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{323af}' => Scripts::HAN,
            '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' => Scripts::KANA,
            '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' | '\u{ac00}'..='\u{d7a3}' => Scripts::HANGUL,
            '\u{3100}'..='\u{312f}' | '\u{31a0}'..='\u{31bf}' => Scripts::BOPOMOFO,
            _ => Scripts::OTHER,
        }
    }

    /// UTS 39 "highly restrictive": one script, or Latin with what Japanese, Korean or Chinese write together.
    fn is_mixed(&self) -> bool {
        let japanese = Scripts::LATIN | Scripts::HAN | Scripts::KANA;
        let korean = Scripts::LATIN | Scripts::HAN | Scripts::HANGUL;
        let chinese = Scripts::LATIN | Scripts::HAN | Scripts::BOPOMOFO;
        self.0.count_ones() > 1 && ![japanese, korean, chinese].iter().any(|allowed| self.0 & !allowed == 0)
    }

    fn is_lookalike(&self, label: &str) -> bool {
        const LOOKALIKES: &str = "асеорхуѕіјһӏԁԛԝвнктмοαινρκυχ";
        (self.0 == Scripts::CYRILLIC || self.0 == Scripts::GREEK)
            && label.chars().filter(|c| Scripts::of_char(*c) != 0).all(|c| LOOKALIKES.contains(c))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(text: &str) -> String {
        let finding = parse(text).unwrap_err();
        assert_eq!(finding.code, Code::BadName);
        finding.detail
    }

    #[test]
    fn ordinary_names_are_lower_cased() {
        assert_eq!(parse("WWW.Example.COM").unwrap(), "www.example.com");
        assert_eq!(parse("*.Example.com").unwrap(), "*.example.com");
        assert_eq!(parse("db.internal").unwrap(), "db.internal");
        assert_eq!(parse("1.2.3.4.in-addr.arpa").unwrap(), "1.2.3.4.in-addr.arpa");
        assert_eq!(parse(&format!("{}.example.com", "a".repeat(63))).unwrap().len(), 75);
    }

    #[test]
    fn each_rule_has_its_own_sentence() {
        assert!(detail("").contains("is empty"));
        assert!(detail("localhost").contains("single label"));
        assert!(detail("*").contains("wrong place"));
        assert!(detail("*.com").contains("top-level"));
        assert!(detail("www.*.example.com").contains("wrong place"));
        assert!(detail("w*.example.com").contains("wrong place"));
        assert!(detail("*.*.example.com").contains("wrong place"));
        assert!(detail("a..example.com").contains("empty label"));
        assert!(detail(".example.com").contains("empty label"));
        assert!(detail("www.example.com.").contains("ends in a dot"));
        assert!(detail("a_b.example.com").contains("character"));
        assert!(detail("www.example.com\0.evil.org").contains("\\u{0}"));
        assert!(detail("www example.com").contains("character"));
        assert!(detail("-a.example.com").contains("hyphen"));
        assert!(detail("a-.example.com").contains("hyphen"));
        assert!(detail("ab--c.example.com").contains("reserved"));
        assert!(detail("xn--zzzzzzzzzzz999999999.example.com").contains("A-label"));
        assert!(detail("xn--abc-.example.com").contains("hyphen"));
        assert!(detail("192.0.2.1").contains("IP address"));
        assert!(detail("a.b.123").contains("digits"));
        assert!(detail(&format!("{}.example.com", "a".repeat(64))).contains("64 characters"));
        assert!(detail(&format!("{}com", "abcdefg.".repeat(32))).contains("259 characters"));
    }

    #[test]
    fn a_unicode_name_is_answered_with_its_a_labels() {
        let finding = parse("bücher.example.com").unwrap_err();
        assert!(finding.advice.contains("xn--bcher-kva.example.com"), "{}", finding.advice);
    }

    #[test]
    fn confusing_labels_are_pointed_out() {
        // Cyrillic а between Latin letters.
        assert!(warning(&a_labels("pаypal.example.com").unwrap()).unwrap().detail.contains("mixes"));
        // All Cyrillic, reads as "apple".
        assert!(warning(&a_labels("аррӏе.example.com").unwrap()).unwrap().detail.contains("look like"));
        assert_eq!(warning(&a_labels("bücher.example.com").unwrap()), None);
        assert_eq!(warning(&a_labels("日本語テスト.example.com").unwrap()), None);
        assert_eq!(warning("www.example.com"), None);
    }
}
