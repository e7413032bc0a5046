//! BEGIN and END lines that are clear and not as RFC 7468 writes them: other dashes, other numbers of them, another case,
//! or another label with the word REQUEST.

/// The longest label.
const MAX_LABEL: usize = 64;

/// Writes clear BEGIN and END lines as they should be.
pub(super) fn undo(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some(at) = rest.find(is_dash) {
        let dashes = &rest[at..];
        let inside = dashes.trim_start_matches(is_dash);
        let (before, after) = rest.split_at(rest.len() - inside.len());
        match boundary(after) {
            Some((word, length)) => {
                out.push_str(&rest[..at]);
                out.push_str(&format!("\n-----{word} CERTIFICATE REQUEST-----\n"));
                rest = &after[length..];
            }
            None => {
                out.push_str(before);
                rest = after;
            }
        }
    }
    out.push_str(rest);
    // As they should be: nothing but line breaks would change.
    let is_same =
        || out.chars().filter(|c| !c.is_whitespace()).eq(text.chars().filter(|c| !c.is_whitespace()));
    (!is_same()).then_some(out)
}

/// `BEGIN` or `END` with a label of a request and dashes, at the beginning of a text; and the length of it all.
fn boundary(text: &str) -> Option<(&'static str, usize)> {
    let head = text.char_indices().nth(2 * MAX_LABEL).map_or(text, |(end, _)| &text[..end]);
    let trimmed = head.trim_start();
    let word = ["BEGIN", "END"]
        .into_iter()
        .find(|word| trimmed.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)))?;
    let label = &trimmed[word.len()..];
    let label_end = label.find(|c: char| !c.is_ascii_alphanumeric() && c != ' ' && c != '\u{a0}')?;
    let (label, dashes) = label.split_at(label_end);
    let upper = label.to_ascii_uppercase();
    let is_request = upper.contains("REQUEST") || upper.split_whitespace().any(|word| word == "CSR");
    let after = dashes.trim_start_matches(is_dash);
    let is_whole = label.len() <= MAX_LABEL && after.len() < dashes.len();
    (is_request && is_whole).then_some((word, head.len() - after.len()))
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
}
