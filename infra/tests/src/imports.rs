//! The imports among the files of a crate, read from `use` items and from paths that begin with `crate::`, `self::` or
//! `super::`.
//!
//! A re-exported name (`pub use child::Name`) leads to the file that defines it. The re-export itself is not an edge: a
//! module may be the facade of its submodules. Items below `#[cfg(test)]` are ignored.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::graph::Graph;
use crate::source;

/// A path of module names below the root of the crate.
type ModulePath = Vec<String>;

/// Maximum length of a chain of re-exports.
const MAX_REEXPORTS: usize = 16;

#[derive(Default)]
struct Module {
    /// Its file, below `src`.
    file: String,
    /// Names that it imports or re-exports, with their paths as written.
    names: BTreeMap<String, Vec<String>>,
    /// Paths of its glob imports.
    globs: Vec<Vec<String>>,
    /// Every path that it uses, as written.
    used: BTreeSet<Vec<String>>,
}

/// The files of a crate below `src`, with an edge to each used file.
#[must_use]
pub fn of_crate(src: &Path) -> Graph {
    let mut modules = BTreeMap::new();
    let root = ["lib.rs", "main.rs"].into_iter().find(|name| src.join(name).is_file()).expect("a root");
    add(src, Vec::new(), root, &mut modules);
    graph(&modules)
}

/// The first folder or file of a path below `src`: `policy` for `policy/rules/kinds.rs` and `policy.rs`; `None` for
/// the root.
#[must_use]
pub fn room(file: &str) -> Option<String> {
    let first = file.split('/').next()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    (!["lib", "main", "mod"].contains(&name)).then(|| name.to_owned())
}

fn add(src: &Path, path: ModulePath, file: &str, modules: &mut BTreeMap<ModulePath, Module>) {
    let code = source::code(&fs::read_to_string(src.join(file)).unwrap());
    let folder = path.join("/");
    for child in declared(&code) {
        let below = if folder.is_empty() { child.clone() } else { format!("{folder}/{child}") };
        let candidates = [format!("{below}.rs"), format!("{below}/mod.rs")];
        let child_file = candidates.iter().find(|file| src.join(file).is_file());
        let child_file = child_file.unwrap_or_else(|| panic!("no file of the module {below}"));
        add(src, [path.clone(), vec![child]].concat(), child_file, modules);
    }
    modules.insert(path, read(file, &code));
}

fn read(file: &str, code: &str) -> Module {
    let mut module = Module { file: file.to_owned(), ..Module::default() };
    for (public, tree) in uses(code) {
        for (path, name) in leaves(tree) {
            let facade = public && !["crate", "super"].contains(&path[0].as_str());
            if name == "*" {
                module.globs.push(path.clone());
            } else if name != "_" {
                module.names.insert(name, path.clone());
            }
            if !facade {
                module.used.insert(path);
            }
        }
    }
    module.used.extend(inline_paths(code));
    module
}

/// The modules with a file of their own that a file declares.
fn declared(code: &str) -> Vec<String> {
    let words: Vec<&str> = code.split_whitespace().collect();
    let pairs = words.windows(2).filter(|pair| pair[0] == "mod");
    pairs.filter_map(|pair| pair[1].strip_suffix(';')).map(str::to_owned).collect()
}

/// Every `use` with its tree; true if it re-exports.
fn uses(code: &str) -> Vec<(bool, &str)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("use ") {
        let before = code[..at].trim_end();
        let begins = code[..at].ends_with(|c: char| c.is_whitespace()) || before.is_empty();
        if !begins || before.ends_with(|c: char| c.is_alphanumeric() && !before.ends_with("pub")) {
            continue;
        }
        let public = before.ends_with("pub")
            || before.ends_with(')')
                && before.rfind("pub(").is_some_and(|at| !before[at..].contains([';', '{']));
        found.push((public, code[at + 4..].split(';').next().unwrap()));
    }
    found
}

/// The paths in the tree of a `use`, each with the imported name.
fn leaves(tree: &str) -> Vec<(Vec<String>, String)> {
    let tree = tree.trim();
    let Some(at) = tree.find('{') else {
        let (path, name) = tree.split_once(" as ").map_or((tree, None), |(path, name)| (path, Some(name)));
        let mut path: Vec<String> = path.split("::").map(|part| part.trim().to_owned()).collect();
        let last = path.last().cloned().unwrap();
        if ["self", "*"].contains(&last.as_str()) && path.len() > 1 {
            path.pop();
        }
        let own = if last == "self" { path.last().cloned().unwrap() } else { last };
        return vec![(path, name.map_or(own, |name| name.trim().to_owned()))];
    };
    let inner = &tree[at + 1..tree.rfind('}').unwrap()];
    let prefix: Vec<String> =
        tree[..at].split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect();
    let mut all = Vec::new();
    for branch in branches(inner) {
        for (path, name) in leaves(branch) {
            let own = path == ["self"];
            let path = if own { prefix.clone() } else { [prefix.clone(), path].concat() };
            let name = if own && name == "self" { prefix.last().cloned().unwrap() } else { name };
            all.push((path, name));
        }
    }
    all
}

/// Splits a list at its commas, except within braces.
fn branches(list: &str) -> Vec<&str> {
    let (mut all, mut depth, mut begin) = (Vec::new(), 0_usize, 0);
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                all.push(&list[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    all.push(&list[begin..]);
    all.into_iter().filter(|branch| !branch.trim().is_empty()).collect()
}

/// Paths in the code that begin with `crate::`, `self::` or `super::`.
fn inline_paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let part = |c: char| c.is_alphanumeric() || c == '_';
    for begin in ["crate::", "self::", "super::"] {
        for (at, _) in code.match_indices(begin) {
            if code[..at].ends_with(|c| part(c) || c == ':') || code[..at].ends_with("pub(in ") {
                continue;
            }
            let end = code[at..].find(|c| !part(c) && c != ':').map_or(code.len(), |end| at + end);
            // The rest of the path is in the braces of a `use`, which are read elsewhere.
            if !code[at..end].ends_with(':') {
                found.push(code[at..end].split("::").map(str::to_owned).collect());
            }
        }
    }
    found
}

fn graph(modules: &BTreeMap<ModulePath, Module>) -> Graph {
    let mut graph = Graph::default();
    for (path, module) in modules {
        graph.node(&module.file);
        for used in &module.used {
            if let Some(target) = resolve(modules, path, used, 0) {
                graph.arrow(&module.file, &modules[&target].file);
            }
        }
    }
    graph
}

/// The module that defines the last name of a path; `None` for a path outside of the crate.
fn resolve(
    modules: &BTreeMap<ModulePath, Module>,
    from: &ModulePath,
    path: &[String],
    depth: usize,
) -> Option<ModulePath> {
    let mut at = from.clone();
    let mut rest = path;
    let mut relative = true;
    while let [first, after @ ..] = rest {
        match first.as_str() {
            "crate" => at.clear(),
            "self" => {}
            "super" => _ = at.pop(),
            _ => break,
        }
        (rest, relative) = (after, false);
    }
    if relative && !is_own(modules, &at, rest.first()?) {
        return None;
    }
    for (index, name) in rest.iter().enumerate() {
        let child = [at.clone(), vec![name.clone()]].concat();
        if modules.contains_key(&child) {
            at = child;
            continue;
        }
        let module = &modules[&at];
        let after = &rest[index + 1..];
        if let Some(target) =
            module.names.get(name).filter(|target| depth < MAX_REEXPORTS && **target != path)
        {
            return resolve(modules, &at, &[&target[..], after].concat(), depth + 1);
        }
        // A name from a glob import belongs to the glob's module, unless that module has a submodule of this name.
        let globbed = module.globs.iter().filter(|_| depth < MAX_REEXPORTS && index + 1 == rest.len());
        let mut globbed = globbed.filter_map(|glob| resolve(modules, &at, glob, depth + 1));
        return Some(globbed.find(|target| modules[target].names.contains_key(name)).unwrap_or(at));
    }
    Some(at)
}

/// True if a path that begins with this name stays in the crate.
fn is_own(modules: &BTreeMap<ModulePath, Module>, at: &ModulePath, name: &str) -> bool {
    let child = [at.clone(), vec![name.to_owned()]].concat();
    let imported = || {
        let target = modules[at].names.get(name)?;
        (target[0] != name).then(|| resolve(modules, at, target, MAX_REEXPORTS)).flatten()
    };
    modules.contains_key(&child) || imported().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A crate of these files; its roots declare existing modules only.
    fn crate_of(files: &[(&str, &str)]) -> Graph {
        let folder = std::env::temp_dir().join(format!("infra-tests-{}-{}", std::process::id(), files.len()));
        for (name, text) in files {
            let file = folder.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let graph = of_crate(&folder);
        fs::remove_dir_all(folder).unwrap();
        graph
    }

    fn arrows(graph: &Graph) -> Vec<String> {
        graph.arrows().map(|(from, to)| format!("{from} -> {to}")).collect()
    }

    #[test]
    fn every_way_to_use_a_file_is_an_arrow_to_the_file_that_has_the_name() {
        let graph = crate_of(&[
            ("lib.rs", "mod a;\npub mod b;\npub mod c;\n#[cfg(test)]\nmod d;\nuse std::fmt;\n"),
            (
                "a.rs",
                "use crate::b::{self, Deep as Other, shallow};\nfn x() { crate::c::run(); }\nuse serde::b;\n",
            ),
            ("b.rs", "mod deep;\nmod other;\npub use deep::Deep;\npub fn shallow() {}\n"),
            (
                "b/deep.rs",
                "use super::other::Thing;\npub struct Deep;\n#[cfg(test)]\nmod tests { use crate::a; }\n",
            ),
            ("b/other.rs", "pub(super) struct Thing;\n"),
            ("c/mod.rs", "use std::{fmt, io};\nuse crate::b;\nuse b::Deep;\n// use crate::a;\n"),
            ("d.rs", "use crate::a;"),
        ]);
        assert_eq!(
            arrows(&graph),
            [
                "a.rs -> b.rs",
                "a.rs -> b/deep.rs",
                "a.rs -> c/mod.rs",
                "b/deep.rs -> b/other.rs",
                "c/mod.rs -> b.rs",
                "c/mod.rs -> b/deep.rs",
            ]
        );
        assert!(graph.names().all(|name| name != "d.rs"));
        assert_eq!(graph.circles(), Vec::<Vec<String>>::new());
    }

    #[test]
    fn a_circle_through_a_facade_is_found() {
        let graph = crate_of(&[
            ("lib.rs", "pub mod a;"),
            ("a.rs", "mod one;\nmod two;\npub use one::One;\npub(crate) use two::Two;"),
            ("a/one.rs", "use super::Two;\npub struct One;"),
            ("a/two.rs", "use crate::a::One;\npub struct Two;"),
        ]);
        assert_eq!(graph.circles(), [["a/one.rs", "a/two.rs"]]);
    }

    #[test]
    fn rooms_are_the_first_names() {
        let rooms = ["policy/rules/kinds.rs", "policy.rs", "lib.rs"].map(room);
        assert_eq!(rooms, [Some("policy".into()), Some("policy".into()), None]);
    }
}
