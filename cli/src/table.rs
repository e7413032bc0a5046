//! Aligned plain text, the form in which lists and timelines are shown.

/// The rows below their headings, each column as wide as its widest cell; control characters cannot reach the terminal.
pub(crate) fn aligned(headings: &[&str], rows: &[Vec<String>]) -> String {
    let clean = |text: &str| text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    let rows: Vec<Vec<String>> =
        std::iter::once(headings.iter().map(|&heading| heading.to_owned()).collect())
            .chain(rows.iter().map(|row| row.iter().map(|cell| clean(cell)).collect()))
            .collect();
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..headings.len()).filter_map(width).collect();
    rows.iter()
        .map(|row| {
            let cells =
                row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}")).collect::<Vec<_>>();
            format!("{}\n", cells.join("  ").trim_end())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_harmless() {
        let text = aligned(
            &["ID", "STATUS"],
            &[vec!["a".into(), "x\u{1b}[2J".into()], vec!["long".into(), "y".into()]],
        );
        assert_eq!(text, "ID    STATUS\na     x [2J\nlong  y\n");
    }
}
