//! DNS names: RFC 1034 section 3.5 and RFC 1123 section 2.1 for the syntax, RFC 5280 section 4.2.1.6 for the place, RFC
//! 9525 section 6.3 for wildcards, RFC 5890 and 8399 for internationalized names.
//!
//! Invariant: a parsed name is in lower case, has at least two labels, and is an IA5String.

use crate::error::{CsrWarning, DnsError};

/// RFC 1035 section 2.3.4: the most characters of the text form, without the root's dot.
pub(super) const MAX_LENGTH: usize = 253;
const MAX_LABEL: usize = 63;

/// Reads a name. RFC 9525 section 6.3: a wildcard is the whole leftmost label.
pub(crate) fn parse(text: &str) -> Result<String, DnsError> {
    if text.is_empty() {
        return Err(DnsError::Empty);
    }
    if !text.is_ascii() {
        return Err(DnsError::NotAscii(a_labels(text)));
    }
    if text.len() > MAX_LENGTH {
        return Err(DnsError::TooLong(text.len()));
    }
    if text.ends_with('.') {
        return Err(DnsError::TrailingDot);
    }
    if text.parse::<std::net::IpAddr>().is_ok() {
        return Err(DnsError::Address);
    }
    let host = text.strip_prefix("*.").unwrap_or(text);
    if host.contains('*') {
        return Err(DnsError::Wildcard);
    }
    let labels: Vec<&str> = host.split('.').collect();
    labels.iter().try_for_each(|label| check_label(label))?;
    if labels.len() < 2 {
        return Err(if text == host { DnsError::SingleLabel } else { DnsError::WildcardTld });
    }
    // RFC 3696 section 2: a top-level domain is never all digits, so that names differ from IP addresses.
    if labels.last().is_some_and(|tld| tld.bytes().all(|b| b.is_ascii_digit())) {
        return Err(DnsError::AllDigits);
    }
    Ok(text.to_ascii_lowercase())
}

fn check_label(label: &str) -> Result<(), DnsError> {
    if label.is_empty() {
        return Err(DnsError::EmptyLabel);
    }
    if label.len() > MAX_LABEL {
        return Err(DnsError::LongLabel(label.len()));
    }
    if let Some(c) = label.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '-') {
        return Err(DnsError::Character(c));
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(DnsError::Hyphen(label.to_owned()));
    }
    // RFC 5890 section 2.3.1: hyphens in places three and four are reserved for A-labels.
    if label.as_bytes().get(2..4) == Some(b"--") {
        let lower = label.to_ascii_lowercase();
        if !lower.starts_with("xn--") {
            return Err(DnsError::Reserved(label.to_owned()));
        }
        let (unicode, valid) = idna::domain_to_unicode(&lower);
        let again = idna::domain_to_ascii(&unicode);
        if valid.is_err() || unicode.is_ascii() || !again.is_ok_and(|again| again == lower) {
            return Err(DnsError::ALabel(label.to_owned()));
        }
    }
    Ok(())
}

/// The A-label form of an internationalized name; `None` if it is not valid.
pub(super) fn a_labels(text: &str) -> Option<String> {
    let (wildcard, host) = match text.strip_prefix("*.") {
        Some(host) => ("*.", host),
        None => ("", text),
    };
    let ascii = idna::domain_to_ascii_strict(host).ok()?;
    parse(&format!("{wildcard}{ascii}")).ok()
}

/// The U-label form; `None` if it is the same.
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

/// A warning for a confusable name: a label mixes scripts (UTS #39 section 5.2), or all letters of a Cyrillic or Greek
/// label look Latin.
pub(super) fn warning(name: &str) -> Option<CsrWarning> {
    let unicode = unicode(name)?;
    unicode.split('.').find_map(|label| {
        let scripts = Scripts::of(label);
        let (label, name) = (label.to_owned(), name.to_owned());
        if scripts.is_mixed() {
            Some(CsrWarning::MixedScripts { label, name })
        } else if scripts.is_lookalike(&label) {
            Some(CsrWarning::LooksLatin { label, name })
        } else {
            None
        }
    })
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

    /// UTS #39 section 5.2 "highly restrictive": one script, or Latin with the scripts of Japanese, Korean or Chinese.
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

    #[test]
    fn ordinary_names_are_lower_cased() {
        assert_eq!(parse("WWW.Example.COM").unwrap(), "www.example.com");
        assert_eq!(parse("*.Example.com").unwrap(), "*.example.com");
        assert_eq!(parse("db.internal").unwrap(), "db.internal");
        assert_eq!(parse("1.2.3.4.in-addr.arpa").unwrap(), "1.2.3.4.in-addr.arpa");
        assert_eq!(parse(&format!("{}.example.com", "a".repeat(63))).unwrap().len(), 75);
    }

    #[test]
    fn each_rule_has_its_own_error() {
        let label = |text: &str| text.to_owned();
        for (text, error) in [
            ("", DnsError::Empty),
            ("localhost", DnsError::SingleLabel),
            ("*", DnsError::Wildcard),
            ("*.com", DnsError::WildcardTld),
            ("www.*.example.com", DnsError::Wildcard),
            ("w*.example.com", DnsError::Wildcard),
            ("*.*.example.com", DnsError::Wildcard),
            ("a..example.com", DnsError::EmptyLabel),
            (".example.com", DnsError::EmptyLabel),
            ("www.example.com.", DnsError::TrailingDot),
            ("a_b.example.com", DnsError::Character('_')),
            ("www.example.com\0.evil.org", DnsError::Character('\0')),
            ("www example.com", DnsError::Character(' ')),
            ("-a.example.com", DnsError::Hyphen(label("-a"))),
            ("a-.example.com", DnsError::Hyphen(label("a-"))),
            ("ab--c.example.com", DnsError::Reserved(label("ab--c"))),
            ("xn--zzzzzzzzzzz999999999.example.com", DnsError::ALabel(label("xn--zzzzzzzzzzz999999999"))),
            ("xn--abc-.example.com", DnsError::Hyphen(label("xn--abc-"))),
            ("192.0.2.1", DnsError::Address),
            ("a.b.123", DnsError::AllDigits),
            (&format!("{}.example.com", "a".repeat(64)), DnsError::LongLabel(64)),
            (&format!("{}com", "abcdefg.".repeat(32)), DnsError::TooLong(259)),
            ("bücher.example.com", DnsError::NotAscii(Some(label("xn--bcher-kva.example.com")))),
        ] {
            assert_eq!(parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn confusing_labels_are_pointed_out() {
        let warned = |text: &str| warning(&a_labels(text).unwrap());
        // Cyrillic а between Latin letters.
        assert!(matches!(warned("pаypal.example.com"), Some(CsrWarning::MixedScripts { .. })));
        // All Cyrillic, reads as "apple".
        assert!(matches!(warned("аррӏе.example.com"), Some(CsrWarning::LooksLatin { .. })));
        assert_eq!(warned("bücher.example.com"), None);
        assert_eq!(warned("日本語テスト.example.com"), None);
        assert_eq!(warning("www.example.com"), None);
    }
}
