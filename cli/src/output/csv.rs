//! Comma-separated values (RFC 4180), for spreadsheets.
//!
//! Invariant: no cell is a formula. Names, comments and reasons come from people outside, and a spreadsheet computes a cell that
//! begins with one of [`FORMULA`]: it could send the other cells to an address (CWE-1236).

use super::cell::{Cell, without_controls};

/// Characters with which a formula begins, the wide forms of East Asia included.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// One record a line.
pub(super) fn text<'a>(headings: &[&str], rows: impl IntoIterator<Item = &'a Vec<Cell>>) -> String {
    let mut text = record(headings.iter().map(|heading| heading.to_lowercase().replace(' ', "_")));
    for row in rows {
        text.push_str(&record(row.iter().map(|cell| harmless(cell.whole()))));
    }
    text
}

/// The text with an apostrophe in front if a spreadsheet could take it for a formula. A control character becomes a space, so
/// that a record is one line.
fn harmless(text: &str) -> String {
    let hidden = text.starts_with(|c: char| c.is_control());
    let guard = if hidden || text.trim_start().starts_with(FORMULA) { "'" } else { "" };
    format!("{guard}{}", without_controls(text))
}

fn record(fields: impl Iterator<Item = String>) -> String {
    let quoted = fields.map(|field| match field.contains([',', '"']) || field != field.trim() {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field,
    });
    format!("{}\n", quoted.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_quoted_where_they_have_to_be() {
        let rows = [vec![Cell::text("a, \"b\""), Cell::text("c")], vec![Cell::text(""), Cell::text("d\ne")]];
        assert_eq!(text(&["ID", "VOUCHED BY"], &rows), "id,vouched_by\n\"a, \"\"b\"\"\",c\n,d e\n");
    }

    #[test]
    fn the_whole_value_is_written() {
        let rows = [vec![Cell::in_short("a.example.com b.example.com", "a.example.com and 1 more")]];
        assert_eq!(text(&["NAMES"], &rows), "names\na.example.com b.example.com\n");
    }

    #[test]
    fn a_formula_is_a_text() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1"] {
            assert!(harmless(formula).starts_with('\''), "{formula:?}: {}", harmless(formula));
        }
        assert_eq!(harmless("=HYPERLINK(A1)"), "'=HYPERLINK(A1)");
        for text in ["www.example.com", "a=b", "", "1-2", "'=1"] {
            assert_eq!(harmless(text), text);
        }
    }

    /// The fields of one record, by RFC 4180.
    fn fields(line: &str) -> Vec<String> {
        let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
        let mut rest = line.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '"' if quoted && rest.peek() == Some(&'"') => field.extend(rest.next()),
                '"' => quoted = !quoted,
                ',' if !quoted => fields.push(std::mem::take(&mut field)),
                c => field.push(c),
            }
        }
        fields.push(field);
        fields
    }

    proptest! {
        #[test]
        fn every_record_is_one_line_of_harmless_fields(cells in proptest::collection::vec("(?s).{0,12}", 1..6)) {
            let row: Vec<Cell> = cells.iter().map(|cell| Cell::text(cell.as_str())).collect();
            let written = text(&["A"], [&row]);
            let lines: Vec<&str> = written.split('\n').collect();
            prop_assert_eq!(lines.len(), 3, "{:?}", written);
            let read = fields(lines[1]);
            prop_assert_eq!(read.len(), cells.len(), "{:?}", written);
            for (read, cell) in read.iter().zip(&cells) {
                prop_assert!(!read.trim_start().starts_with(FORMULA), "{read:?}");
                let text = without_controls(cell);
                prop_assert!(*read == text || *read == format!("'{text}"), "{read:?} of {cell:?}");
            }
        }
    }
}
