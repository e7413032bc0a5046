//! The notation of the Japanese texts and of README.ja.txt, as the head of `workflow/texts/ja.ftl` states it: brackets are half-width with a
//! space outside of them; values and typed words have spaces around them; numbers, dates and abbreviations have none.

use std::collections::BTreeMap;

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser;
use workflow::texts::Language;

use super::{repository, source};

fn template(name: &str) -> String {
    std::fs::read_to_string(repository().join("workflow/templates").join(name)).unwrap()
}

/// A number, a date, or a text of the catalogue: no space before or after it.
const TIGHT: char = '\u{e000}';
/// Any other value, and what is typed as it stands: a space before and after it.
const LOOSE: char = '\u{e001}';
/// A value that may be a whole sentence, or a choice of texts.
const FREE: char = '\u{e002}';

/// Values that are numbers or dates.
const NUMBERS_AND_DATES: &[&str] = &[
    "approvals",
    "asked",
    "at",
    "bits",
    "bytes",
    "certificates",
    "column",
    "count",
    "day",
    "days",
    "hours",
    "minutes",
    "ended",
    "exponent",
    "fewest",
    "from",
    "last",
    "limit",
    "line",
    "listed",
    "month",
    "more",
    "most",
    "new",
    "number",
    "others",
    "quorum",
    "until",
    "used",
    "usual",
    "year",
];

/// Values that are parts of sentences.
const PHRASES: &[&str] = &["first", "rest", "why", "without"];

/// Abbreviations.
const ABBREVIATIONS: &[&str] = &[
    "ACME", "ASCII", "CA", "CRL", "CSR", "DER", "DNS", "EC", "HMAC", "ID", "IP", "IPv4", "IPv6", "JSON",
    "JWS", "PEM", "RSA", "SHA-256", "SSH", "TLS", "URI", "URL", "UTC", "UUID",
];

/// Words that are typed as they stand.
const TYPED: &[&str] = &[
    "Content-Type",
    "Countersign",
    "Idempotency-Key",
    "approve",
    "certreq",
    "certutil",
    "csrContent",
    "grant",
    "keyCompromise",
    "openssl",
    "reject",
    "subjectAltName",
    "www.example.com",
];

/// Endings of the names of files, which are typed as they stand.
const FILE_ENDINGS: &[&str] = &[".ics", ".json", ".md", ".p12", ".pem", ".txt", ".zip"];

fn is_typed(word: &str) -> bool {
    TYPED.contains(&word)
        || word.starts_with("--")
        || FILE_ENDINGS.iter().any(|ending| word.ends_with(ending))
}

/// The lines of a text, with a mark in the place of each value.
fn lines_of(pattern: &Pattern<&str>, lines: &mut Vec<String>) {
    let mut line = String::new();
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => line.push_str(value),
            PatternElement::Placeable { expression: Expression::Inline(inline) } => match inline {
                InlineExpression::VariableReference { id } => line.push(match id.name {
                    name if NUMBERS_AND_DATES.contains(&name) => TIGHT,
                    name if PHRASES.contains(&name) => FREE,
                    _ => LOOSE,
                }),
                InlineExpression::MessageReference { .. } => line.push(TIGHT),
                InlineExpression::StringLiteral { value } => line.push_str(value),
                other => panic!("a text is words, values and other texts, not {other:?}"),
            },
            PatternElement::Placeable { expression: Expression::Select { variants, .. } } => {
                line.push(FREE);
                for variant in variants {
                    lines_of(&variant.value, lines);
                }
            }
        }
    }
    lines.push(line);
}

/// Without the marks of pages, and with [`LOOSE`] in the place of code.
fn without_marks(line: &str) -> String {
    let mut parts = line.split("<code>");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push(LOOSE);
        out.push_str(part.split_once("</code>").map_or("", |(_, after)| after));
    }
    out.replace("<strong>", "").replace("</strong>", "")
}

fn is_letter(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | 'ー' | '々' | '\u{4e00}'..='\u{9fff}')
}

/// What is wrong with the notation of a line.
fn violations(line: &str) -> Vec<&'static str> {
    let line = without_marks(line);
    let mut wrong = Vec::new();
    for (at, c) in line.char_indices() {
        let (before, after) = (&line[..at], &line[at + c.len_utf8()..]);
        wrong.extend(match c {
            '（' | '）' => Some("a bracket is full-width"),
            '(' if before.ends_with(|c| is_letter(c) || matches!(c, TIGHT | LOOSE | FREE)) => {
                Some("no space before a bracket")
            }
            ')' if after.starts_with(|c| is_letter(c) || matches!(c, TIGHT | LOOSE | FREE)) => {
                Some("no space after a bracket")
            }
            LOOSE => lacks_space(before, after).then_some("no space beside a value"),
            TIGHT => has_space(before, after).then_some("a space beside a number or a date"),
            _ => None,
        });
    }
    for (at, word) in words(&line) {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        if ABBREVIATIONS.contains(&word) && has_space(before, after) {
            wrong.push("a space beside an abbreviation");
        }
        if is_typed(word) && lacks_space(before, after) {
            wrong.push("no space beside a word that is typed");
        }
    }
    wrong
}

fn lacks_space(before: &str, after: &str) -> bool {
    before.ends_with(is_letter) || after.starts_with(is_letter)
}

fn has_space(before: &str, after: &str) -> bool {
    before.strip_suffix(' ').is_some_and(|before| before.ends_with(is_letter))
        || after.strip_prefix(' ').is_some_and(|after| after.starts_with(is_letter))
}

/// The Latin words of a line, and where they begin.
fn words(line: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let mut rest = 0;
    for part in line.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))) {
        // The parts are slices of the line, in order.
        let at = rest + line[rest..].find(part).unwrap_or_default();
        rest = at + part.len();
        let word = part.trim_end_matches('.');
        if !word.is_empty() {
            words.push((at, word));
        }
    }
    words
}

#[test]
fn japanese_has_one_notation_for_brackets_and_spaces() {
    let source = source(Language::Japanese);
    let resource = parser::parse(source.as_str()).unwrap_or_else(|(_, errors)| panic!("{errors:#?}"));
    let (mut wrong, mut checked) = (Vec::new(), 0);
    for entry in &resource.body {
        let Entry::Message(message) = entry else { continue };
        let mut lines = Vec::new();
        lines_of(message.value.as_ref().unwrap(), &mut lines);
        for line in lines {
            checked += 1;
            wrong.extend(violations(&line).into_iter().map(|what| format!("{}: {what}", message.id.name)));
        }
    }
    assert!(checked > 1000, "{checked}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_japanese_readme_has_the_same_notation() {
    let template = template("readme.ja.txt");
    let (mut wrong, mut checked) = (Vec::new(), 0);
    for line in template.lines() {
        let mut shown = String::new();
        for (at, part) in line.split("{%").enumerate() {
            shown.push_str(if at == 0 { part } else { part.split_once("%}").unwrap().1 });
        }
        let mut parts = shown.split("{{");
        let mut line = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (value, after) = part.split_once("}}").unwrap();
            line.push(if value.trim() == "until" { TIGHT } else { LOOSE });
            line.push_str(after);
        }
        checked += usize::from(line.contains(is_letter));
        wrong.extend(violations(&line).into_iter().map(|what| format!("{line}: {what}")));
    }
    assert!(checked > 50, "{checked}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The blocks of a template: their names and words.
fn blocks(template: &str) -> BTreeMap<&str, &str> {
    let blocks = template.split("{% block ").skip(1).map(|rest| {
        let (name, words) = rest.split_once("%}").unwrap();
        (name.trim_end_matches('-').trim(), words)
    });
    blocks.collect()
}

#[test]
fn the_readmes_have_words_for_every_block() {
    let [structure, english, japanese] = ["readme.txt", "readme.en.txt", "readme.ja.txt"].map(template);
    let [structure, english, japanese] = [&structure, &english, &japanese].map(|text| blocks(text));
    assert!(structure.len() > 30);
    let names =
        |blocks: &BTreeMap<&str, &str>| blocks.keys().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&english), names(&structure));
    assert_eq!(names(&japanese), names(&structure));
    for (name, words) in &japanese {
        assert!(words.contains(is_letter), "{name}: {words}");
        assert!(!english[name].replace("日本語", "").contains(is_letter), "{name}: {}", english[name]);
    }
}

/// An approver approves or rejects (承認・却下); 判断 is what a court does.
#[test]
fn approvers_approve_and_reject() {
    let source = source(Language::Japanese);
    let judging: Vec<&str> = source.lines().filter(|line| line.contains("判断")).collect();
    assert!(judging.is_empty(), "{judging:#?}");
}

#[test]
fn each_rule_finds_what_breaks_it() {
    let fine = [
        "申請 (2件) は".to_owned(),
        format!("{LOOSE} さんが{TIGHT}に申請した「{LOOSE}」。{LOOSE}、{LOOSE}"),
        "CSRを <code>openssl</code> で作成し、certificate.zip を開く。(任意)".to_owned(),
        format!("<strong>{LOOSE}</strong> が承認 ({TIGHT})。{FREE}次"),
    ];
    for line in fine {
        assert!(violations(&line).is_empty(), "{line}: {:?}", violations(&line));
    }
    for (line, what) in [
        ("申請（2件）は".to_owned(), "a bracket is full-width"),
        ("申請(2件) は".to_owned(), "no space before a bracket"),
        ("申請 (2件)は".to_owned(), "no space after a bracket"),
        (format!("名前{LOOSE} は"), "no space beside a value"),
        ("鍵はkey.pem です".to_owned(), "no space beside a word that is typed"),
        (format!("期限は {TIGHT}です"), "a space beside a number or a date"),
        ("新しい ACME クライアント".to_owned(), "a space beside an abbreviation"),
        ("ここでopenssl を使う".to_owned(), "no space beside a word that is typed"),
        ("名前<code>x</code> を".to_owned(), "no space beside a value"),
    ] {
        assert!(violations(&line).contains(&what), "{line}: {:?}", violations(&line));
    }
}
