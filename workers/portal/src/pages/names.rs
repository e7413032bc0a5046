//! Names on a page: a heading, the first names, and the others behind a fold.

use workflow::name_list::{ListedName, NameList, names_in_short};

use super::{Site, names_for_people};

/// The most names in a title.
const MAX_TITLE_NAMES: usize = 3;

/// The names, as the template `names.html` shows them.
#[derive(Clone)]
pub(super) struct NamesView {
    /// Number and groups, if there are more than a few.
    pub(super) heading: Option<String>,
    pub(super) first: Vec<ListedName>,
    pub(super) rest: Vec<ListedName>,
    /// The label of the fold.
    pub(super) fold: String,
    /// The tag of a new name.
    pub(super) new_tag: String,
}

impl NamesView {
    pub(super) fn of(site: &Site, list: NameList) -> Self {
        Self {
            heading: list.heading(site.language),
            fold: list.fold(site.language).unwrap_or_default(),
            new_tag: site.text("names-new-tag"),
            first: list.first,
            rest: list.rest,
        }
    }

    pub(super) fn of_names(site: &Site, names: &[String]) -> Self {
        Self::of(site, NameList::of(names))
    }
}

/// The first name and the number of the others, for people.
pub(super) fn in_short(site: &Site, names: &[String]) -> String {
    names_in_short(site.language, &names_for_people(names))
}

/// A title of a few names, or of the first name and the number of the others. The second value has all names, if the
/// title has not.
pub(super) fn title(site: &Site, names: &[String]) -> (String, Option<NamesView>) {
    if names.len() > MAX_TITLE_NAMES {
        (in_short(site, names), Some(NamesView::of_names(site, names)))
    } else {
        (names_for_people(names).join(&site.text("list-separator")), None)
    }
}
