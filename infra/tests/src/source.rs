//! Rust sources: the files of a folder, and their text without comments, string contents and tests.

use std::fs;
use std::path::{Path, PathBuf};

/// The Rust files below a folder, sorted.
#[must_use]
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                all.push(path);
            }
        }
    }
    all.sort();
    all
}

/// The text of the file of workflow that contains `declaration`.
fn declared(declaration: &str) -> String {
    let all = files(&crate::repository().join("workflow/src"));
    let texts = all.iter().map(|file| fs::read_to_string(file).unwrap());
    let mut found = texts.filter(|text| text.contains(declaration));
    let text = found.next().unwrap_or_else(|| panic!("workflow has no {declaration}"));
    assert!(found.next().is_none(), "workflow has {declaration} twice");
    text
}

/// The value of a public constant of workflow, as written.
#[must_use]
pub fn constant(name: &str) -> String {
    let text = declared(&format!("pub const {name}: "));
    let rest = text.split(&format!("pub const {name}: ")).nth(1).unwrap();
    let value = rest.split(';').next().unwrap().split_once(" = ").unwrap().1;
    value.trim_matches('"').to_owned()
}

/// The wire names of an enum of workflow, from its `wire_names!`. The compiler requires one for every variant.
#[must_use]
pub fn wire_names(name: &str) -> Vec<String> {
    names_in(&declared(&format!("pub enum {name} {{")), name)
}

/// The names in `wire_names!(Name: "noun" { Variant => "name", ... });` of a source.
#[must_use]
pub fn names_in(source: &str, name: &str) -> Vec<String> {
    let list = block(source, &format!("wire_names!({name}: "));
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The first string of each match arm of a function of an enum of workflow.
#[must_use]
pub fn names_by(name: &str, function: &str) -> Vec<String> {
    let text = declared(&format!("pub enum {name} {{"));
    let variants = without_comments(block(&text, &format!("pub enum {name} {{")));
    let variants = variants.split(',').filter(|variant| !variant.trim().is_empty()).count();
    let methods = block(&text, &format!("impl {name} {{"));
    let arms = block(methods, &format!("fn {function}("));
    let mut names: Vec<String> = Vec::new();
    for line in arms.lines().filter(|line| line.contains("=>")) {
        names.push(line.split('"').nth(1).unwrap_or_else(|| panic!("no string in {line}")).to_owned());
    }
    assert_eq!(names.len(), variants, "{name}::{function} names each variant on a line of its own");
    names
}

/// The contents of the block that follows `begin`.
fn block<'a>(text: &'a str, begin: &str) -> &'a str {
    let at = text.find(begin).unwrap_or_else(|| panic!("no {begin}"));
    let end = at + item(&text[at..]);
    let open = at + text[at..end].find('{').unwrap();
    &text[open + 1..end - 1]
}

/// Returns a source without comments, string contents and items below `#[cfg(test)]`.
#[must_use]
pub fn code(text: &str) -> String {
    without_tests(&without_comments(text))
}

fn without_comments(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            at += rest.find("*/").map_or(rest.len(), |end| end + 2);
        } else if let Some(length) = raw_string(rest) {
            code.push_str("\"\"");
            at += length;
        } else if bytes[at] == b'"' {
            code.push_str("\"\"");
            at += string(rest);
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\\"'") {
            // A character literal with a quotation mark.
            at += rest[1..].find('\'').unwrap() + 2;
            at += usize::from(rest.starts_with("'\\''"));
        } else {
            let next = rest.chars().next().unwrap();
            code.push(next);
            at += next.len_utf8();
        }
    }
    code
}

/// Length of the raw string at the beginning of `text`.
fn raw_string(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    let body = rest[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let begin = text.len() - body.len();
    Some(begin + body.find(&end).map_or(body.len(), |at| at + end.len()))
}

/// Length of the string at the beginning of `text`.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Removes each item below `#[cfg(test)]`, with its block.
fn without_tests(code: &str) -> String {
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = &rest[item(rest)..];
    }
    kept + rest
}

/// Length of an item: up to its semicolon or the end of its block.
fn item(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_constants_of_workflow_are_found() {
        assert_eq!(constant("NAMESPACE"), "Countersign");
        let names = wire_names("ErrorName");
        assert!(names.contains(&"Request.Refused".to_owned()), "{names:?}");
    }

    #[test]
    fn comments_strings_and_tests_are_left_out() {
        let text = "use a::b; // use c::d;\nconst S: &str = \"use e::f;\"; /* use g::h; */\n#[cfg(test)]\nmod tests { use i::j; }\nconst R: &str = r#\"use \"k\"::l;\"#;\nuse m::n;";
        assert_eq!(
            code(text).split_whitespace().collect::<Vec<_>>().join(" "),
            "use a::b; const S: &str = \"\"; const R: &str = \"\"; use m::n;"
        );
        assert_eq!(code("match c { '\"' => 1, _ => 2 } use a::b;"), "match c {  => 1, _ => 2 } use a::b;");
        assert_eq!(code("#[cfg(test)]\nmod tests;\nuse a::b;"), "\nuse a::b;");
    }
}
