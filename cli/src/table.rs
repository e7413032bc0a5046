//! Aligned plain text, the form of lists and timelines.

use unicode_width::UnicodeWidthStr as _;

/// The rows below their headings, each column as wide as its widest cell on a terminal. Omits columns that are empty in
/// every row, and writes a space for a control character.
pub(crate) fn aligned(headings: &[&str], rows: &[Vec<String>]) -> String {
    let clean = |text: &str| text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| clean(cell)).collect()).collect();
    let cells = |column: usize| rows.iter().filter_map(move |row| row.get(column)).map(String::as_str);
    let columns: Vec<(usize, usize)> = headings
        .iter()
        .enumerate()
        .filter(|(column, _)| rows.is_empty() || cells(*column).any(|cell| !cell.is_empty()))
        .map(|(column, heading)| {
            (column, cells(column).map(|cell| cell.width()).fold(heading.width(), usize::max))
        })
        .collect();
    let line = |row: &[&str]| {
        let cells: Vec<String> = columns
            .iter()
            .map(|&(column, width)| {
                let cell = row.get(column).copied().unwrap_or_default();
                format!("{cell}{}", " ".repeat(width.saturating_sub(cell.width())))
            })
            .collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    let body = rows.iter().map(|row| line(&row.iter().map(String::as_str).collect::<Vec<_>>()));
    std::iter::once(line(headings)).chain(body).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows<const COLUMNS: usize>(rows: &[[&str; COLUMNS]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.map(str::to_owned).into()).collect()
    }

    #[test]
    fn columns_are_aligned_and_harmless() {
        let text = aligned(&["ID", "STATUS"], &rows(&[["a", "x\u{1b}[2J"], ["long", "y"]]));
        assert_eq!(text, "ID    STATUS\na     x [2J\nlong  y\n");
    }

    #[test]
    fn a_wide_character_takes_two_columns() {
        let text = aligned(&["NAME", "FOR"], &rows(&[["日本", "a"], ["abcde", "b"]]));
        assert_eq!(text, "NAME   FOR\n日本   a\nabcde  b\n");
    }

    #[test]
    fn a_column_without_values_is_omitted() {
        let text = aligned(&["ID", "GROUP", "VOTE"], &rows(&[["a", "", ""], ["b", "", "approved"]]));
        assert_eq!(text, "ID  VOTE\na\nb   approved\n");
        assert_eq!(aligned(&["ID", "GROUP"], &[]), "ID  GROUP\n");
    }
}
