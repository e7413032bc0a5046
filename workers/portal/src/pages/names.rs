//! Names on a page: a heading, the first names, and the others behind a fold.

use workflow::name_list::{ListedName, NameList};

use super::Site;

/// One name.
#[derive(Clone)]
pub(super) struct NameView {
    pub(super) text: String,
    pub(super) is_new: bool,
}

/// The names, as the template `names.html` shows them.
#[derive(Clone)]
pub(super) struct NamesView {
    /// Number and groups, if there are more than a few.
    pub(super) heading: Option<String>,
    pub(super) first: Vec<NameView>,
    pub(super) rest: Vec<NameView>,
    /// The label of the fold.
    pub(super) fold: String,
    /// The tag of a new name.
    pub(super) new_tag: String,
}

impl NamesView {
    pub(super) fn of(site: &Site, list: &NameList) -> Self {
        let view = |name: &ListedName| NameView { text: name.shown.clone(), is_new: name.is_new };
        Self {
            heading: list.heading(site.language),
            first: list.first.iter().map(view).collect(),
            rest: list.rest.iter().map(view).collect(),
            fold: list.fold(site.language).unwrap_or_default(),
            new_tag: site.text("names-new-tag"),
        }
    }

    pub(super) fn of_names(site: &Site, names: &[String]) -> Self {
        Self::of(site, &NameList::of(names))
    }
}
