//! What one part of a page says of another: ids are there and once, and an error is tied to its control.

use std::collections::BTreeSet;

use workflow::texts::Language;

use crate::looks;

/// The values of an attribute in a page.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let begin = format!(" {attribute}=\"");
    page.split(&begin).skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

/// The opening tag with this id.
fn tag<'a>(page: &'a str, id: &str) -> &'a str {
    let (before, after) = page.split_once(&format!(" id=\"{id}\"")).unwrap();
    let start = before.rfind('<').unwrap();
    let end = before.len() + after.find('>').unwrap() + id.len() + 6;
    &page[start..=end]
}

#[tokio::test]
async fn every_reference_has_its_element_and_every_error_its_control() {
    let mut wrong = Vec::new();
    let mut errors = 0;
    for language in Language::ALL {
        for (name, page) in looks::pages(language).await {
            let listed = values(&page, "id");
            let ids: BTreeSet<&str> = listed.iter().copied().collect();
            if ids.len() != listed.len() {
                wrong.push(format!("{name}: an id is there twice: {listed:?}"));
            }
            let described: Vec<&str> =
                values(&page, "aria-describedby").into_iter().flat_map(str::split_whitespace).collect();
            let labels = ["aria-labelledby", "for", "form"].iter().flat_map(|one| values(&page, one));
            let links = values(&page, "href").into_iter().filter_map(|href| href.strip_prefix('#'));
            for id in described.iter().copied().chain(labels).chain(links) {
                if !ids.contains(id) {
                    wrong.push(format!("{name}: nothing has the id {id}"));
                }
            }
            for id in &ids {
                let Some((_, field)) = id.split_once("error-") else { continue };
                errors += 1;
                let field = field.split('-').next().unwrap();
                if !described.contains(id) || !tag(&page, field).contains(" aria-invalid=\"true\"") {
                    wrong.push(format!("{name}: {id} is not tied to {field}"));
                }
            }
        }
    }
    assert!(errors >= 14, "only {errors} errors");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
