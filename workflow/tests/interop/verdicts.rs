//! From answers to the cells of a table.

use crate::certificates::Exhibit;
use crate::document::Table;
use crate::limits::explaining;
use crate::panel::PANEL;
use crate::question::{Answer, Question};

/// Answers of every verifier to every question, in the order of the exhibits.
pub(crate) struct Answers<'a> {
    questions: Vec<Question>,
    /// For each exhibit, where its questions begin.
    begins: Vec<usize>,
    exhibits: &'a [Exhibit],
    of: Vec<Option<Vec<Answer>>>,
}

impl<'a> Answers<'a> {
    /// Asks everybody everything.
    pub(crate) fn to(exhibits: &'a [Exhibit], folder: &std::path::Path) -> Answers<'a> {
        let mut questions = Vec::new();
        let mut begins = Vec::new();
        for exhibit in exhibits {
            begins.push(questions.len());
            questions.extend(exhibit.questions.iter().cloned());
        }
        let of = crate::panel::ask_all(&questions, folder);
        Answers { questions, begins, exhibits, of }
    }

    /// Answer of one verifier about one exhibit; `None` if the verifier is missing.
    fn about(&self, verifier: usize, exhibit: usize) -> Option<Vec<(&Question, &Answer)>> {
        let range = self.begins[exhibit]..self.begins[exhibit] + self.exhibits[exhibit].questions.len();
        let answers = self.of[verifier].as_ref()?;
        Some(range.map(|at| (&self.questions[at], &answers[at])).collect())
    }

    /// The places of all exhibits of one row.
    pub(crate) fn rows(&self, range: std::ops::Range<usize>) -> Vec<(Vec<String>, Vec<usize>)> {
        let mut rows: Vec<(Vec<String>, Vec<usize>)> = Vec::new();
        for at in range {
            let row = &self.exhibits[at].row;
            match rows.iter_mut().find(|(known, _)| known == row) {
                Some((_, all)) => all.push(at),
                None => rows.push((row.clone(), vec![at])),
            }
        }
        rows
    }

    /// `yes`, or `no` with the mark of its explanation and what it is for. Adds what has no explanation to `faults`.
    pub(crate) fn verdict(
        &self,
        verifier: usize,
        exhibits: &[usize],
        faults: &mut Vec<String>,
    ) -> Option<String> {
        let mut refused: Vec<(String, &'static str)> = Vec::new();
        let mut asked = 0;
        for &at in exhibits {
            let exhibit = &self.exhibits[at];
            for (question, answer) in self.about(verifier, at)? {
                asked += 1;
                let Err(words) = answer else { continue };
                let (name, purpose) = (PANEL[verifier].name, question.purpose.as_str());
                match explaining(name, &exhibit.row, words) {
                    Some(limit) => refused.push((format!("{} as {purpose}", exhibit.profile), limit.mark)),
                    None => faults.push(format!(
                        "{name} refuses {:?}, profile {}, as {purpose} {:?}: {words}",
                        exhibit.row, exhibit.profile, question.name
                    )),
                }
            }
        }
        Some(match refused.first() {
            None => "yes".to_owned(),
            Some((_, mark)) if refused.len() == asked => format!("no ({mark})"),
            Some((_, mark)) => {
                let mut which: Vec<&str> = refused.iter().map(|(which, _)| which.as_str()).collect();
                which.dedup();
                format!("no ({mark}) for {}", which.join(", "))
            }
        })
    }

    /// `refused`, or that the verifier does not look at it. Adds what was accepted to `faults`.
    pub(crate) fn refusal(
        &self,
        verifier: usize,
        exhibits: &[usize],
        is_about_hosts: bool,
        faults: &mut Vec<String>,
    ) -> Option<String> {
        if is_about_hosts && !PANEL[verifier].checks_hosts {
            return Some("not asked".to_owned());
        }
        for &at in exhibits {
            for (question, answer) in self.about(verifier, at)? {
                if answer.is_ok() {
                    faults.push(format!(
                        "{} accepts {:?} below {}, as {}",
                        PANEL[verifier].name,
                        self.exhibits[at].row,
                        self.exhibits[at].profile,
                        question.purpose.as_str()
                    ));
                }
            }
        }
        Some("refused".to_owned())
    }
}

/// A table with a column for each verifier, and perhaps one more.
pub(crate) fn table(keys: &[&str], last: Option<&str>, rows: Vec<Vec<Option<String>>>) -> Table {
    let verifiers = PANEL.iter().map(|verifier| verifier.name);
    let columns = keys.iter().copied().chain(verifiers).chain(last);
    Table { columns: columns.map(str::to_owned).collect(), keys: keys.len(), rows }
}
