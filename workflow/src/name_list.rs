//! Names in short, for pages, mails and the command line: their number, their domains, the first ones, and the rest to
//! be folded.
//!
//! Invariant: [`NameList::first`] and [`NameList::rest`] together hold every name once. If there is a rest, the names
//! outside of the largest group come first, so that a fold hides no stranger among many names of one domain.

use std::collections::BTreeMap;

use pki::name::Name;

use crate::texts::{Language, Message};

/// Names shown before the fold.
const SHOWN: usize = 10;
/// The most names without a heading.
const PLAIN: usize = 3;
/// Groups named in the heading.
const GROUPS: usize = 3;

/// One name for people: an internationalized name in both forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedName {
    /// The name as in the certificate.
    pub name: String,
    /// The name as shown.
    pub shown: String,
    /// True if no earlier request asked for it.
    pub is_new: bool,
}

/// The names that belong together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum NameGroup {
    Domain(String),
    Addresses,
    Emails,
    Uris,
}

/// The names of a request or of a certificate.
#[derive(Clone, Debug)]
pub struct NameList {
    /// The names to show.
    pub first: Vec<ListedName>,
    /// The names to fold.
    pub rest: Vec<ListedName>,
    /// Sizes of the groups, the largest first.
    groups: Vec<(NameGroup, usize)>,
}

impl NameList {
    /// The list of these names.
    #[must_use]
    pub fn of(names: &[String]) -> Self {
        Self::with_new(names, &[])
    }

    /// The list of these names, of which `new` were in no earlier request.
    #[must_use]
    pub fn with_new(names: &[String], new: &[String]) -> Self {
        // A suffix of a standing approval belongs to the names below it.
        let bare = |name: &str| name.strip_prefix('.').unwrap_or(name).parse().ok();
        let parsed: Vec<Option<Name>> = names.iter().map(|name| bare(name)).collect();
        let common = common_domain(&parsed);
        let group_by_name: Vec<NameGroup> = names
            .iter()
            .zip(&parsed)
            .map(|(text, name)| group_of(text, name.as_ref(), common.as_deref()))
            .collect();
        let mut sizes: BTreeMap<&NameGroup, usize> = BTreeMap::new();
        for group in &group_by_name {
            *sizes.entry(group).or_default() += 1;
        }
        let mut groups: Vec<(NameGroup, usize)> =
            sizes.into_iter().map(|(group, size)| (group.clone(), size)).collect();
        groups.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
        let listed = names.iter().zip(&parsed).map(|(text, name)| ListedName {
            name: text.clone(),
            shown: match name {
                Some(name) if text.starts_with('.') => format!(".{}", name.for_people()),
                Some(name) => name.for_people(),
                None => text.clone(),
            },
            is_new: new.contains(text),
        });
        let mut first: Vec<(&NameGroup, ListedName)> = group_by_name.iter().zip(listed).collect();
        let is_long = first.len() > SHOWN;
        if is_long {
            let largest = groups.first().map(|(group, _)| group);
            first.sort_by_key(|(group, _)| Some(*group) == largest);
        }
        let mut first: Vec<ListedName> = first.into_iter().map(|(_, name)| name).collect();
        let rest = if is_long { first.split_off(SHOWN) } else { Vec::new() };
        Self { first, rest, groups }
    }

    /// Every name, in the order shown.
    pub fn iter(&self) -> impl Iterator<Item = &ListedName> {
        self.first.iter().chain(&self.rest)
    }

    /// The number of names.
    #[must_use]
    pub fn count(&self) -> usize {
        self.first.len() + self.rest.len()
    }

    /// The number of new names.
    #[must_use]
    pub fn count_new(&self) -> usize {
        self.iter().filter(|name| name.is_new).count()
    }

    /// Number and groups of the names: `100 names, all in example.com, 98 new`. `None` for a few names.
    #[must_use]
    pub fn heading(&self, language: Language) -> Option<String> {
        let count = self.count();
        if count <= PLAIN {
            return None;
        }
        let mut parts = vec![language.say(&Message::new("names-count").with("count", count))];
        match self.groups.as_slice() {
            [(NameGroup::Domain(domain), _)] => {
                parts.push(language.say(&Message::new("names-all-in").with("domain", domain)));
            }
            groups => {
                let named = groups.iter().take(GROUPS).map(|(group, size)| say(language, group, *size));
                parts.extend(named);
                let others: usize = groups.iter().skip(GROUPS).map(|(_, size)| size).sum();
                if others > 0 {
                    parts.push(language.say(&Message::new("names-others").with("count", others)));
                }
            }
        }
        match self.count_new() {
            0 => {}
            new if new == count => parts.push(language.text("names-all-new")),
            new => parts.push(language.say(&Message::new("names-new").with("count", new))),
        }
        Some(parts.join(&language.text("list-separator")))
    }

    /// The label of the fold; `None` without a rest.
    #[must_use]
    pub fn fold(&self, language: Language) -> Option<String> {
        let more = self.rest.len();
        (more > 0).then(|| language.say(&Message::new("names-more").with("more", more)))
    }
}

/// The names in one line: the first name, and the number of the others.
#[must_use]
pub fn names_in_short(language: Language, names: &[String]) -> String {
    match names {
        [] => language.text("mail-some-certificate"),
        [name] => name.clone(),
        [name, more @ ..] => {
            language.say(&Message::new("mail-names-in-short").with("name", name).with("more", more.len()))
        }
    }
}

fn say(language: Language, group: &NameGroup, size: usize) -> String {
    let message = match group {
        NameGroup::Domain(domain) => Message::new("names-in").with("domain", domain),
        NameGroup::Addresses => Message::new("names-addresses"),
        NameGroup::Emails => Message::new("names-emails"),
        NameGroup::Uris => Message::new("names-uris"),
    };
    language.say(&message.with("count", size))
}

fn group_of(text: &str, name: Option<&Name>, common: Option<&str>) -> NameGroup {
    match name {
        Some(Name::Ip(_)) => NameGroup::Addresses,
        Some(Name::Email(_)) => NameGroup::Emails,
        Some(Name::Uri(_)) => NameGroup::Uris,
        Some(Name::Dns(name)) => NameGroup::Domain(common.unwrap_or_else(|| last_labels(name)).to_owned()),
        // A name of another version.
        None => NameGroup::Domain(text.to_owned()),
    }
}

/// The longest domain, of two labels at least, that all DNS names are in.
fn common_domain(names: &[Option<Name>]) -> Option<String> {
    let mut hosts = names.iter().filter_map(|name| match name {
        Some(Name::Dns(name)) => Some(name.strip_prefix("*.").unwrap_or(name)),
        _ => None,
    });
    let mut common: Vec<&str> = hosts.next()?.rsplit('.').collect();
    for host in hosts {
        let shared = common.iter().zip(host.rsplit('.')).take_while(|(one, other)| *one == other).count();
        common.truncate(shared);
    }
    common.reverse();
    (common.len() >= 2).then(|| common.join("."))
}

/// The last two labels of a host name.
fn last_labels(host: &str) -> &str {
    host.rmatch_indices('.').nth(1).map_or(host, |(dot, _)| &host[dot + 1..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn heading(names: &[String], new: &[String]) -> Option<String> {
        NameList::with_new(names, new).heading(Language::English)
    }

    #[test]
    fn a_few_names_need_no_heading() {
        assert_eq!(heading(&owned(&["a.example.com", "b.example.com", "10.0.0.1"]), &[]), None);
    }

    #[test]
    fn the_heading_counts_names_and_says_what_they_have_in_common() {
        let mut names: Vec<String> = (0..100).map(|n| format!("n{n}.shop.example.com")).collect();
        let said = |names: &[String], new: &[String]| heading(names, new).unwrap();
        assert_eq!(said(&names, &[]), "100 names, all in shop.example.com");
        assert_eq!(said(&names, &names[2..]), "100 names, all in shop.example.com, 98 new");
        assert_eq!(said(&names, &names), "100 names, all in shop.example.com, all new");
        names[40] = "www.example.org".into();
        names[41] = "10.0.0.1".into();
        assert_eq!(said(&names, &[]), "100 names, 98 in example.com, 1 in example.org, 1 IP address");
        names[42] = "spiffe://example.com/a".into();
        assert_eq!(
            said(&names, &[]),
            "100 names, 97 in example.com, 1 in example.org, 1 IP address, 1 other"
        );
        let japanese = NameList::with_new(&names[..4], &names[1..2]).heading(Language::Japanese);
        assert_eq!(japanese.unwrap(), "4件の名前、すべて shop.example.com 内、新規1件");
    }

    #[test]
    fn a_suffix_is_counted_with_the_names_below_it() {
        let names = owned(&[".web.example.com", "a.web.example.com", "b.web.example.com", ".db.example.com"]);
        assert_eq!(heading(&names, &[]).unwrap(), "4 names, all in example.com");
        assert_eq!(NameList::of(&names).first[0].shown, ".web.example.com");
    }

    #[test]
    fn a_stranger_among_many_names_is_not_folded() {
        let mut names: Vec<String> = (0..100).map(|n| format!("n{n}.example.com")).collect();
        names[70] = "www.example.org".into();
        let list = NameList::of(&names);
        assert_eq!(list.first[0].name, "www.example.org");
        assert_eq!((list.first.len(), list.rest.len()), (10, 90));
        assert_eq!(list.fold(Language::English).unwrap(), "90 more names");
    }

    #[test]
    fn names_of_one_top_level_domain_have_nothing_in_common() {
        let names = owned(&["a.example.com", "b.example.com", "www.shop.com", "c.example.com"]);
        assert_eq!(heading(&names, &[]).unwrap(), "4 names, 3 in example.com, 1 in shop.com");
    }

    proptest! {
        #[test]
        fn every_name_is_listed_once(
            names in prop::collection::vec("[a-c]{1,2}\\.(example|shop)\\.(com|org)|10\\.0\\.0\\.[1-9]|x y", 0..40)
        ) {
            let list = NameList::of(&names);
            let mut listed: Vec<String> = list.iter().map(|name| name.name.clone()).collect();
            let mut wanted = names.clone();
            listed.sort();
            wanted.sort();
            prop_assert_eq!(listed, wanted);
            prop_assert_eq!(list.rest.is_empty(), names.len() <= 10);
        }
    }
}
