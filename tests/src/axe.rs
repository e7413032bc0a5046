//! Accessibility check by axe-core of the page that is open in the browser.
//!
//! axe-core is installed once from the npm registry into `target/`. It runs as a WebDriver script, which the page's
//! Content-Security-Policy does not restrict.

use std::fmt;

use serde_json::{Value, json};

use crate::{Browser, npm_package};

const VERSION: &str = "4.14.1";
/// The rule tags that make up WCAG 2.2 AA.
const TAGS: [&str; 5] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const RUN: &str = "
    const [tags, done] = arguments;
    axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] }).then(
        (found) => done({
            rules: found.violations.length + found.passes.length,
            violations: found.violations.flatMap(({ id, help, helpUrl, nodes }) =>
                nodes.map(({ target, failureSummary }) =>
                    ({ rule: id, help, url: helpUrl, element: target.join(' '), summary: failureSummary }))),
        }),
        (error) => done({ error: String(error) }));
";

/// Source of axe-core.
pub struct Axe(String);

/// One element that breaks one rule.
pub struct Violation {
    rule: String,
    element: String,
    summary: String,
    url: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {} ({})", self.rule, self.element, self.summary, self.url)
    }
}

impl Axe {
    /// Installs axe-core if needed. Returns `None`, with a message, if npm is missing.
    pub fn installed() -> Option<Self> {
        let file = npm_package("axe-core", VERSION)?.join("axe.min.js");
        Some(Self(std::fs::read_to_string(file).unwrap()))
    }

    /// All violations of WCAG 2.2 AA in the open page.
    pub async fn violations(&self, browser: &Browser) -> Vec<Violation> {
        let page = &browser.page;
        if page.execute("return window.axe === undefined", vec![]).await.unwrap() == json!(true) {
            page.execute(&self.0, vec![]).await.unwrap();
        }
        let found = page.execute_async(RUN, vec![json!(TAGS)]).await.unwrap();
        assert!(found["rules"].as_u64() > Some(0), "axe-core checked no rule: {found:#}");
        let text = |one: &Value, field: &str| one[field].as_str().unwrap_or_default().to_owned();
        let violation = |one: &Value| Violation {
            rule: format!("{} ({})", text(one, "rule"), text(one, "help")),
            element: text(one, "element"),
            summary: text(one, "summary").replace("\n  ", " "),
            url: text(one, "url"),
        };
        found["violations"].as_array().unwrap().iter().map(violation).collect()
    }
}
