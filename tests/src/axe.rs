//! Accessibility check by axe-core of the page that is open in the browser.
//!
//! axe-core is installed once from the npm registry into `target/`. It runs as a WebDriver script, which the page's
//! Content-Security-Policy does not restrict.

use std::collections::BTreeMap;
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

/// The controls and links that a screen reader meets, with their names as browsers compute them.
const CONTROLS: &str = r"
    const controls = 'a[href], button, summary, select, textarea, input:not([type=hidden]), [role=button], [role=link]';
    axe.teardown();
    axe.setup(document);
    const met = [...document.querySelectorAll(controls)].filter((one) => axe.commons.dom.isVisibleToScreenReaders(one));
    const found = met.map((one) => ({
        role: axe.commons.aria.getRole(one) || one.localName,
        name: axe.commons.text.accessibleText(one).replace(/\s+/g, ' ').trim(),
        element: [axe.utils.getSelector(one)].flat().join(' '),
        target: one.localName === 'a' ? one.href : null,
    }));
    axe.teardown();
    return found;
";

/// Source of axe-core.
pub struct Axe(String);

/// A control or a link.
#[derive(Clone, Debug)]
pub struct Control {
    /// The role, such as `link`; without one, the name of the element.
    pub role: String,
    /// The accessible name.
    pub name: String,
    /// Its selector in the page.
    pub element: String,
    /// The URL to which a link leads.
    pub target: Option<String>,
}

/// The links of the same name that lead to different places: for each name the places.
pub fn misleading(controls: &[Control]) -> BTreeMap<&str, Vec<&str>> {
    let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for control in controls {
        if let Some(target) = &control.target {
            places.entry(&control.name).or_default().push(target);
        }
    }
    for targets in places.values_mut() {
        targets.sort_unstable();
        targets.dedup();
    }
    places.retain(|_, targets| targets.len() > 1);
    places
}

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
        self.load(browser).await;
        let found = browser.page.execute_async(RUN, vec![json!(TAGS)]).await.unwrap();
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
    /// All controls and links of the open page that are not hidden.
    pub async fn controls(&self, browser: &Browser) -> Vec<Control> {
        self.load(browser).await;
        let found = browser.page.execute(CONTROLS, vec![]).await.unwrap();
        let control = |one: &Value| Control {
            role: one["role"].as_str().unwrap().to_owned(),
            name: one["name"].as_str().unwrap().to_owned(),
            element: one["element"].as_str().unwrap().to_owned(),
            target: one["target"].as_str().map(str::to_owned),
        };
        found.as_array().unwrap().iter().map(control).collect()
    }

    async fn load(&self, browser: &Browser) {
        let page = &browser.page;
        if page.execute("return window.axe === undefined", vec![]).await.unwrap() == json!(true) {
            page.execute(&self.0, vec![]).await.unwrap();
        }
    }
}
