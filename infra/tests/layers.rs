//! The layers of the code: no import cycle in any crate, and in `workflow` no module that uses a module of a higher
//! layer.

#![allow(clippy::unwrap_used)] // A test may.

use infra_tests::graph::Graph;
use infra_tests::imports::{self, of_crate};
use infra_tests::repository;

/// The modules of workflow by layer, highest first. Modules of one layer may use each other, in one direction only.
const WORKFLOW: [&[&str]; 15] = [
    &["testing"],
    &["runtime"],
    &["aws"],
    &[
        "store",
        "backup",
        "ocsp",
        "request/intake",
        "approval/credentials",
        "approval/duplicates",
        "approval/ending",
        "approval/history",
        "approval/inbox",
        "approval/opened",
        "approval/questions",
        "approval/resending",
        "approval/review",
        "approval/voting",
        "approval/withdrawal",
        "approval/words",
        "certificate/revoking",
        "request/download",
        "request/expiring",
        "request/overview",
    ],
    &["ports", "mail", "environment"],
    &["acme", "approval", "certificate", "console", "notices", "transparency"],
    &["request"],
    &["policy", "message"],
    &["enrolment"],
    &["decision", "approver_set"],
    &["grant", "standing"],
    &["ids", "secret", "requester", "mail_kind", "stand_in"],
    &["email", "name_list", "receiver", "dns_rule"],
    &["texts", "finding"],
    &["timestamp", "time_zone", "framed_hash", "web_url", "wire_name"],
];

/// Files that, with their submodules, form a layer of their own inside the folder of a lower layer.
const APART: [&str; 17] = [
    "request/intake",
    "request/download",
    "request/expiring",
    "request/overview",
    "approval/credentials",
    "approval/duplicates",
    "approval/ending",
    "approval/history",
    "approval/inbox",
    "approval/opened",
    "approval/questions",
    "approval/resending",
    "approval/review",
    "approval/voting",
    "approval/withdrawal",
    "approval/words",
    "certificate/revoking",
];

/// Crates without a cycle among their files, by folder.
fn crates() -> Vec<String> {
    let exists = |folder: &String| repository().join(folder).join("src").is_dir();
    let workers = std::fs::read_dir(repository().join("workers")).unwrap();
    let workers = workers.map(|entry| format!("workers/{}", entry.unwrap().file_name().to_str().unwrap()));
    let mut all: Vec<String> =
        ["pki", "workflow", "cli"].map(str::to_owned).into_iter().chain(workers).collect();
    all.retain(exists);
    all
}

fn files(folder: &str) -> Graph {
    of_crate(&repository().join(folder).join("src"))
}

/// The layer of a file: the first part of its path, or its entry in [`APART`].
fn room(file: &str) -> Option<String> {
    let path = file.trim_end_matches(".rs");
    let apart = |room: &&&str| path == **room || path.starts_with(&format!("{room}/"));
    APART.iter().find(apart).map(|room| (*room).to_owned()).or_else(|| imports::room(file))
}

/// Fails on a cycle.
fn no_circle(graph: impl Fn(&str) -> Graph) {
    let mut found = Vec::new();
    for folder in crates() {
        for circle in graph(&folder).circles() {
            found.push(format!("{folder}: {}", circle.join(", ")));
        }
    }
    assert!(found.is_empty(), "these use each other in a circle:\n{}", found.join("\n"));
}

#[test]
fn no_files_of_a_crate_use_each_other_in_a_circle() {
    no_circle(files);
}

#[test]
fn no_rooms_of_a_crate_use_each_other_in_a_circle() {
    no_circle(|folder| files(folder).grouped(room));
}

#[test]
fn each_layer_has_rooms_that_exist() {
    let source = repository().join("workflow/src");
    let missing: Vec<&str> = WORKFLOW
        .concat()
        .into_iter()
        .filter(|room| !source.join(room).is_dir() && !source.join(format!("{room}.rs")).is_file())
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn no_room_of_workflow_uses_a_room_above_it() {
    let files = files("workflow");
    let wrong = files.grouped(room).upward(&WORKFLOW);
    let named: Vec<String> = wrong
        .iter()
        .map(|(from, to)| {
            let of = |file: &str, wanted: &String| room(file).as_ref() == Some(wanted);
            let lines = files.arrows().filter(|(one, other)| of(one, from) && of(other, to));
            let lines: Vec<String> = lines.map(|(one, other)| format!("{one} -> {other}")).collect();
            format!("{from} -> {to}: {}", lines.join(", "))
        })
        .collect();
    assert!(named.is_empty(), "arrows that run up (the floors are in this test):\n{}", named.join("\n"));
}
