//! Aligned plain text, the form of lists and timelines.

use unicode_width::UnicodeWidthStr as _;

use super::cell::Cell;
use super::view::OutputView;

/// Between two columns.
const GAP: usize = 2;
/// The fewest columns of a terminal to which a text is cut.
const NARROWEST: usize = 12;

/// Headings and rows.
#[derive(Clone, Debug)]
pub(super) struct OutputTable {
    pub(super) headings: Vec<&'static str>,
    pub(super) rows: Vec<Vec<Cell>>,
}

impl OutputTable {
    /// The rows below their headings, each column as wide as its widest cell. Omits columns that are empty in every row. If a
    /// line is longer than the terminal is wide, cuts texts: those in the widest column first.
    pub(super) fn text(&self, view: &OutputView) -> String {
        let shown: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().map(|cell| cell.shown(view)).collect()).collect();
        let cells = |column: usize| shown.iter().filter_map(move |row| row.get(column)).map(String::as_str);
        let mut columns: Vec<(usize, usize)> = self
            .headings
            .iter()
            .enumerate()
            .filter(|(column, _)| shown.is_empty() || cells(*column).any(|cell| !cell.is_empty()))
            .map(|(column, heading)| {
                (column, cells(column).map(|cell| cell.width()).fold(heading.width(), usize::max))
            })
            .collect();
        if let Some(width) = view.width {
            self.narrow(&mut columns, width);
        }
        let line = |cells: &dyn Fn(usize) -> (String, Option<usize>)| {
            let cells: Vec<String> = columns
                .iter()
                .map(|&(column, width)| {
                    let (cell, row) = cells(column);
                    let cell = cut_to(&cell, width);
                    let space = " ".repeat(width.saturating_sub(cell.width()));
                    let of = row.and_then(|row| self.rows.get(row)?.get(column));
                    format!("{}{space}", of.map_or(cell.clone(), |of| of.coloured(&cell, view)))
                })
                .collect();
            format!("{}\n", cells.join(&" ".repeat(GAP)).trim_end())
        };
        let mut text = String::new();
        if self.headings.iter().any(|heading| !heading.is_empty()) {
            let heading =
                |column: usize| (self.headings.get(column).copied().unwrap_or_default().to_owned(), None);
            text.push_str(&line(&heading));
        }
        for (number, row) in shown.iter().enumerate() {
            text.push_str(&line(&|column| (row.get(column).cloned().unwrap_or_default(), Some(number))));
        }
        text
    }

    /// Takes columns from the widest texts until a line fits, if it can.
    fn narrow(&self, columns: &mut [(usize, usize)], width: usize) {
        let may_be_cut =
            |column: usize| self.rows.iter().filter_map(|row| row.get(column)).all(Cell::may_be_cut);
        loop {
            let gaps = GAP * columns.len().saturating_sub(1);
            let wanted = columns.iter().map(|(_, width)| width).sum::<usize>() + gaps;
            let widest = columns
                .iter_mut()
                .filter(|(column, width)| *width > NARROWEST && may_be_cut(*column))
                .max_by_key(|(_, width)| *width);
            match widest {
                Some((_, widest)) if wanted > width => *widest -= 1,
                _ => return,
            }
        }
    }
}

/// The text in at most this many columns of a terminal; an ellipsis stands for what is left out.
fn cut_to(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    // Character by character: a sequence, such as an emoji, may be wider than the sum of its characters.
    let mut cut = String::new();
    for c in text.chars() {
        cut.push(c);
        if cut.width() >= width {
            cut.pop();
            break;
        }
    }
    format!("{}…", cut.trim_end())
}

/// A table of texts, each whole.
pub(crate) fn aligned(headings: &[&'static str], rows: &[Vec<String>]) -> String {
    let rows = rows.iter().map(|row| row.iter().map(|cell| Cell::text(cell.as_str())).collect()).collect();
    OutputTable { headings: headings.to_vec(), rows }.text(&OutputView::plain())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::OffsetDateTime;

    use super::super::cell::Tone;
    use super::*;

    fn rows<const COLUMNS: usize>(rows: &[[&str; COLUMNS]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.map(str::to_owned).into()).collect()
    }

    fn terminal(width: usize) -> OutputView {
        OutputView { width: Some(width), short: true, colour: false, now: OffsetDateTime::UNIX_EPOCH }
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
        assert_eq!([cut_to("日本語", 5), cut_to("日本語", 6)], ["日本…", "日本語"]);
    }

    #[test]
    fn a_column_without_values_is_omitted() {
        let text = aligned(&["ID", "GROUP", "VOTE"], &rows(&[["a", "", ""], ["b", "", "approved"]]));
        assert_eq!(text, "ID  VOTE\na\nb   approved\n");
        assert_eq!(aligned(&["ID", "GROUP"], &[]), "ID  GROUP\n");
    }

    #[test]
    fn colours_take_no_room() {
        let table = OutputTable {
            headings: vec!["STATUS", "NAME"],
            rows: vec![vec![Cell::state("ok", Tone::Good), Cell::text("a")]],
        };
        let view = OutputView { colour: true, ..terminal(80) };
        assert_eq!(table.text(&view), "STATUS  NAME\n\u{1b}[32mok\u{1b}[0m      a\n");
    }

    #[test]
    fn the_widest_text_gives_way_and_a_state_stays_whole() {
        let table = OutputTable {
            headings: vec!["STATUS", "REQUESTER", "NAMES"],
            rows: vec![vec![
                Cell::state("pending_approval", Tone::Waiting),
                Cell::text("requester@example.com"),
                Cell::text("a-very-long-name-of-a-server.example.com and 99 more"),
            ]],
        };
        let text = table.text(&terminal(70));
        assert!(text.contains("pending_approval  requester@example.com  a-very"), "{text}");
        assert!(text.lines().all(|line| line.width() <= 70) && text.contains('…'), "{text}");
    }

    proptest! {
        #[test]
        fn a_table_of_texts_fits_the_terminal(
            cells in proptest::collection::vec(proptest::collection::vec("\\PC{0,60}", 4), 1..8),
            width in 60_usize..200,
        ) {
            let rows = cells.iter().map(|row| row.iter().map(|cell| Cell::text(cell.as_str())).collect()).collect();
            let table = OutputTable { headings: vec!["A", "B", "C", "D"], rows };
            for line in table.text(&terminal(width)).lines() {
                prop_assert!(line.width() <= width, "{line:?}");
            }
        }
    }
}
