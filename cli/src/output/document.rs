//! What a command has to say: tables, facts and lines, in one form for people and one for spreadsheets.

use super::cell::{Cell, without_controls};
use super::csv;
use super::table::OutputTable;
use super::view::OutputView;

/// The parts of an answer, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Document {
    blocks: Vec<DocumentBlock>,
    spreadsheet: Option<OutputTable>,
}

#[derive(Clone, Debug)]
enum DocumentBlock {
    /// A table, and the line above it.
    Table(Option<String>, OutputTable),
    Facts(FactSheet),
    Lines(String),
}

/// Names with their values. A section of them may have a title.
#[derive(Clone, Debug, Default)]
pub(crate) struct FactSheet {
    title: Option<&'static str>,
    facts: Vec<(&'static str, Cell)>,
}

impl FactSheet {
    /// Facts without a title.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Facts below a title.
    pub(crate) fn titled(title: &'static str) -> Self {
        Self { title: Some(title), facts: Vec::new() }
    }

    /// With one more fact.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Cell>) -> Self {
        self.facts.push((name, value.into()));
        self
    }

    /// With one more fact, if there is a value.
    pub(crate) fn with_some(self, name: &'static str, value: Option<impl Into<Cell>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// With each of these facts.
    pub(crate) fn with_all<C: Into<Cell>>(
        mut self,
        facts: impl IntoIterator<Item = (&'static str, C)>,
    ) -> Self {
        self.facts.extend(facts.into_iter().map(|(name, value)| (name, value.into())));
        self
    }

    fn text(&self, view: &OutputView) -> String {
        let rows = self.facts.iter().map(|(name, value)| vec![Cell::text(*name), value.clone()]).collect();
        // A fact is shown whole: the terminal wraps it.
        let text = OutputTable { headings: vec!["", ""], rows }.text(&OutputView { width: None, ..*view });
        match self.title {
            Some(title) => {
                let indented: String = text.lines().map(|line| format!("  {line}\n")).collect();
                format!("{title}\n{indented}")
            }
            None => text,
        }
    }
}

impl Document {
    /// A document without parts.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A list; `none` is its text for people if it has no rows.
    pub(crate) fn list(headings: &[&'static str], rows: Vec<Vec<Cell>>, none: &str) -> Self {
        let is_empty = rows.is_empty();
        let document = Self::new().table(headings, rows);
        if is_empty { document.line(none) } else { document }
    }

    /// With a table. Of several tables, a spreadsheet gets the first one.
    pub(crate) fn table(mut self, headings: &[&'static str], rows: Vec<Vec<Cell>>) -> Self {
        self.blocks.push(DocumentBlock::Table(None, OutputTable { headings: headings.to_vec(), rows }));
        self
    }

    /// With a table below a line of its own.
    pub(crate) fn titled_table(
        mut self,
        title: String,
        headings: &[&'static str],
        rows: Vec<Vec<Cell>>,
    ) -> Self {
        self.blocks
            .push(DocumentBlock::Table(Some(title), OutputTable { headings: headings.to_vec(), rows }));
        self
    }

    /// With the table that a spreadsheet gets in the place of the parts.
    pub(crate) fn spreadsheet(mut self, headings: &[&'static str], rows: Vec<Vec<Cell>>) -> Self {
        self.spreadsheet = Some(OutputTable { headings: headings.to_vec(), rows });
        self
    }

    /// With facts; without any, nothing is added.
    pub(crate) fn facts(mut self, facts: FactSheet) -> Self {
        if !facts.facts.is_empty() {
            self.blocks.push(DocumentBlock::Facts(facts));
        }
        self
    }

    /// With lines for people.
    pub(crate) fn line(mut self, line: impl Into<String>) -> Self {
        self.blocks.push(DocumentBlock::Lines(line.into()));
        self
    }

    /// For people: the parts with an empty line between them. A table without rows is left out.
    pub(super) fn text(&self, view: &OutputView) -> String {
        let parts = self.blocks.iter().filter_map(|block| match block {
            DocumentBlock::Table(None, table) if table.rows.is_empty() => None,
            DocumentBlock::Table(title, table) => {
                let title = title.iter().map(|title| format!("{}\n", without_controls(title)));
                Some(title.chain([table.text(view)]).collect())
            }
            DocumentBlock::Facts(facts) => Some(facts.text(view)),
            DocumentBlock::Lines(lines) => {
                Some(lines.lines().map(|line| format!("{}\n", without_controls(line))).collect())
            }
        });
        parts.collect::<Vec<_>>().join("\n")
    }

    /// For people, in any width and without colour.
    pub(crate) fn plain_text(&self) -> String {
        self.text(&OutputView::plain())
    }

    /// For spreadsheets: the first table or, without a table, every fact with its section.
    pub(crate) fn csv(&self) -> String {
        let tables = self.blocks.iter().find_map(|block| match block {
            DocumentBlock::Table(_, table) => Some(table),
            _ => None,
        });
        if let Some(table) = self.spreadsheet.as_ref().or(tables) {
            return csv::text(&table.headings, &table.rows);
        }
        let facts = self.blocks.iter().filter_map(|block| match block {
            DocumentBlock::Facts(facts) => Some(facts),
            _ => None,
        });
        let rows: Vec<Vec<Cell>> = facts
            .flat_map(|facts| {
                let section = facts.title.unwrap_or_default();
                facts
                    .facts
                    .iter()
                    .map(move |(name, value)| vec![Cell::text(section), Cell::text(*name), value.clone()])
            })
            .collect();
        csv::text(&["SECTION", "NAME", "VALUE"], &rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> FactSheet {
        FactSheet::titled("Key").with("Kind", "P-256").with_some("Curve", None::<String>)
    }

    #[test]
    fn parts_are_apart_and_sections_indented() {
        let document = Document::new()
            .facts(FactSheet::new().with("Request", "1"))
            .facts(facts())
            .facts(FactSheet::titled("Nothing"))
            .table(&["A"], vec![vec![Cell::text("b")]])
            .line("Done.");
        let text = document.text(&OutputView::plain());
        assert_eq!(text, "Request  1\n\nKey\n  Kind  P-256\n\nA\nb\n\nDone.\n");
    }

    #[test]
    fn a_spreadsheet_gets_the_table_or_else_the_facts() {
        let document = Document::new().facts(facts());
        assert_eq!(document.csv(), "section,name,value\nKey,Kind,P-256\n");
        let with_table = document.table(&["A"], vec![vec![Cell::text("b")]]).table(&["C"], Vec::new());
        assert_eq!(with_table.csv(), "a\nb\n");
    }

    #[test]
    fn an_empty_list_is_a_sentence_for_people_and_a_heading_for_programs() {
        let list = Document::list(&["ID"], Vec::new(), "No requests.");
        assert_eq!(
            (list.text(&OutputView::plain()).as_str(), list.csv().as_str()),
            ("No requests.\n", "id\n")
        );
    }
}
