//! Parses every `countersign` command of the documentation and of the messages of the programs.
//!
//! Invariant: a command in a block is complete. A command in a sentence may omit required arguments.

use std::fs;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};

use crate::Command;

/// Words that follow the name of a group of commands in a sentence or a label, and are no command of it. The last ones are what OpenSSL
/// says of a revoked certificate.
const PROSE: [(&str, &str); 4] =
    [("ca", "reads"), ("audit", "1"), ("countersign", "approval"), ("certificate", "revoked")];
/// Options of other programs that the documentation names alone.
const OTHERS: [&str; 11] = [
    "--crlfile",
    "--cert-status",
    "--load-trust",
    "--value",
    "--icf",
    "--bypass-governance-retention",
    "--secret-string",
    // Of ACME clients.
    "--force-renewal",
    "--deploy-hook",
    "--days",
    "--register",
];
const ID: &str = "9464cb43-9bce-49f0-a2f0-deadf965ae26";

#[derive(Debug)]
struct Documented {
    /// File and line.
    at: String,
    words: Vec<String>,
    complete: bool,
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() && !entry.ends_with("target") && !entry.ends_with("tests") {
            files(&entry, extension, found);
        } else if entry.extension().is_some_and(|one| one == extension) && !entry.ends_with("tests.rs") {
            found.push(entry);
        }
    }
}

fn name(path: &Path) -> String {
    path.strip_prefix(repository()).unwrap().display().to_string()
}

/// The arguments of one line of shell, if it runs this command.
fn arguments(line: &str) -> Option<Vec<String>> {
    let mut line = line.trim().trim_start_matches("$ ").to_owned();
    while let Some((before, rest)) = line.split_once("$(") {
        line = format!("{before}X{}", rest.split_once(')')?.1);
    }
    let words: Vec<String> = shlex::split(&line)?.iter().map(|word| without_variables(word)).collect();
    let start = match words.first()?.as_str() {
        "countersign" => 1,
        "cargo" if words.get(1)? == "run" && !words.contains(&"-p".to_owned()) => {
            words.iter().position(|word| word == "--")? + 1
        }
        _ => return None,
    };
    let ends = |word: &&String| !matches!(word.as_str(), "&" | "|" | ">" | "&&" | "||" | ";" | "2>");
    let words: Vec<String> = words[start..].iter().take_while(ends).cloned().collect();
    (words.first()? != "...").then_some(words)
}

/// The word with a stand-in for each variable of the shell.
fn without_variables(word: &str) -> String {
    let mut parts = word.split('$');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let rest = match part.strip_prefix('{') {
            Some(braced) => braced.split_once('}').map_or("", |(_, rest)| rest),
            None => part.trim_start_matches(is_name),
        };
        whole = format!("{whole}X{rest}");
    }
    whole
}

/// Commands of a page: in blocks of shell, in indented lines, and as code in sentences.
fn of_page(path: &Path, found: &mut Vec<Documented>) {
    let text = fs::read_to_string(path).unwrap();
    let (mut fence, mut typed, mut sentences) = (None, String::new(), String::new());
    for (number, line) in text.lines().enumerate() {
        if let Some(language) = line.strip_prefix("```") {
            fence = fence.is_none().then_some(language);
            continue;
        }
        if fence.is_none() && !line.starts_with("    ") {
            sentences.push_str(line);
            sentences.push('\n');
            continue;
        }
        if fence.is_some_and(|language| language != "sh" && language != "console") {
            continue;
        }
        typed.push_str(line.trim_end_matches('\\'));
        if line.ends_with('\\') {
            continue;
        }
        for command in std::mem::take(&mut typed).split("; ") {
            let at = format!("{}:{}", name(path), number + 1);
            found.extend(arguments(command).map(|words| Documented { at, words, complete: true }));
        }
    }
    for (index, code) in sentences.split('`').enumerate().filter(|(index, _)| index % 2 == 1) {
        let before: usize = sentences.split('`').take(index).map(|part| part.matches('\n').count()).sum();
        let at = format!("{}, about line {} of its text", name(path), before + 1);
        let code = code.replace("\\|", "|");
        let whole = arguments(&code).or_else(|| {
            // `ca import`, after `countersign ca init`.
            let words: Vec<String> = code.split_whitespace().map(str::to_owned).collect();
            let group = Command::command().find_subcommand(words.first()?)?.has_subcommands();
            let is_prose = |above: &str, word: &str| PROSE.contains(&(above, word));
            let second = words.get(1).filter(|second| !is_prose(&words[0], second)).is_some();
            (group && second).then_some(words)
        });
        found.extend(whole.map(|words| Documented { at, words, complete: false }));
    }
}

/// Commands that the messages of a source name.
fn of_source(path: &Path, found: &mut Vec<Documented>, wrong: &mut Vec<String>) {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
        let at = format!("{}:{}", name(path), number + 1);
        for (_, sentence) in line.match_indices("countersign ").map(|(start, _)| line.split_at(start + 12)) {
            match in_sentence(sentence) {
                Ok(words) if words.is_empty() => {}
                Ok(words) => found.push(Documented { at: at.clone(), words, complete: false }),
                Err(word) => wrong.push(format!("{at}: there is no {word}, in: {sentence}")),
            }
        }
    }
}

/// The command at the beginning of a sentence, without the words after it; empty if there is none.
fn in_sentence(sentence: &str) -> Result<Vec<String>, String> {
    let (mut command, mut words) = (&Command::command(), Vec::<String>::new());
    let mut wants_value = false;
    for raw in sentence.split_whitespace() {
        let whole = raw.split(['"', '`', '\\']).next().unwrap_or_default();
        let word = whole.trim_end_matches(['.', ',', ';', ':', ')']);
        let placeholder = word.starts_with('{') || word.chars().next().is_some_and(char::is_uppercase);
        if word.is_empty() {
            break;
        } else if wants_value || (placeholder && !words.is_empty()) {
            let stand_in = if wants_value { "name" } else { ID };
            // `Alarms=yes` is a value, and `NAME` the place of one.
            words.push(if placeholder && !word.contains('=') { stand_in } else { word }.to_owned());
            wants_value = false;
        } else if let Some(option) = word.strip_prefix("--") {
            let known = command.get_arguments().find(|argument| argument.get_long() == Some(option));
            wants_value = known.is_some_and(|argument| argument.get_action().takes_values());
            words.push(word.to_owned());
        } else if let Some(below) = command.find_subcommand(word) {
            (command, words) = (below, [words, vec![word.to_owned()]].concat());
        } else {
            let above = words.last().map_or("countersign", String::as_str);
            let misspelt = |one: &clap::Command| strsim::damerau_levenshtein(one.get_name(), word) == 1;
            let group = !words.is_empty() && command.has_subcommands();
            if (group || command.get_subcommands().any(misspelt)) && !PROSE.contains(&(above, word)) {
                return Err(word.to_owned());
            }
            break;
        }
        if whole != word || raw != whole {
            break;
        }
    }
    Ok(words)
}

fn documented() -> (Vec<Documented>, Vec<String>) {
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    let root = repository();
    let mut pages = ["README.md", "CONTRIBUTING.md", "SECURITY.md"].map(|page| root.join(page)).to_vec();
    files(&root.join("docs"), "md", &mut pages);
    pages.iter().for_each(|page| of_page(page, &mut found));
    let mut sources = Vec::new();
    for folder in ["cli/src", "workflow/src", "pki/src", "workers"] {
        files(&root.join(folder), "rs", &mut sources);
    }
    files(&root.join("workflow/texts"), "ftl", &mut sources);
    sources.retain(|path| !path.ends_with("documented.rs"));
    sources.iter().for_each(|path| of_source(path, &mut found, &mut wrong));
    (found, wrong)
}

/// The parser's refusal, on one line.
fn refusal(one: &Documented) -> Option<String> {
    let words = one.words.iter().map(|word| if word == "ID" { ID } else { word });
    let error = Command::try_parse_from(std::iter::once("countersign").chain(words)).err()?;
    let named = [
        ErrorKind::MissingRequiredArgument,
        ErrorKind::MissingSubcommand,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
    ];
    if error.kind() == ErrorKind::DisplayHelp || (!one.complete && named.contains(&error.kind())) {
        return None;
    }
    let said = error.to_string();
    Some(format!("{}: {}: {}", one.at, one.words.join(" "), said.lines().next().unwrap_or_default()))
}

#[test]
fn every_documented_command_is_parsed() {
    let (found, mut wrong) = documented();
    let complete = found.iter().filter(|one| one.complete).count();
    let advised = found.iter().filter(|one| one.at.contains(".rs:")).count();
    assert!(complete >= 35, "only {complete} commands in blocks");
    assert!(advised >= 40, "only {advised} commands in messages");
    wrong.extend(found.iter().filter_map(refusal));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_option_that_the_documentation_names_exists() {
    fn longs(command: &clap::Command, found: &mut Vec<String>) {
        found.extend(command.get_arguments().filter_map(clap::Arg::get_long).map(|long| format!("--{long}")));
        command.get_subcommands().for_each(|below| longs(below, found));
    }
    let mut known = OTHERS.map(str::to_owned).to_vec();
    longs(&Command::command(), &mut known);
    let mut pages = vec![repository().join("README.md")];
    files(&repository().join("docs"), "md", &mut pages);
    let (mut counted, mut wrong) = (0, Vec::new());
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for code in text.split('`').skip(1).step_by(2).filter(|code| code.starts_with("--")) {
            let option = code.split([' ', '\n', '=']).next().unwrap_or_default();
            counted += 1;
            if !known.iter().any(|one| one == option) {
                wrong.push(format!("{}: no command has {option}", name(&page)));
            }
        }
    }
    assert!(counted >= 20, "only {counted} options");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_misspelt_command_is_found() {
    let words = |line: &str| arguments(line).unwrap();
    let refused = |words, complete| refusal(&Documented { at: String::new(), words, complete }).is_some();
    assert!(!refused(words("countersign import FILE --keep-ca --stack NEW"), true));
    assert!(refused(words("countersign import FILE --keep-the-ca"), false));
    assert!(refused(words("cargo run -q -- import --keep-ca &"), true));
    assert!(!refused(words("cargo run -q -- import --keep-ca &"), false));
    assert!(refused(words("countersign ca rotat --stack NAME"), false));
    assert_eq!(in_sentence("ca rotat."), Err("rotat".into()));
    assert_eq!(in_sentence("polciy set FILE."), Err("polciy".into()));
    assert_eq!(
        in_sentence("ca import --replace. Or add --x"),
        Ok(vec!["ca".into(), "import".into(), "--replace".into()])
    );
    assert_eq!(in_sentence("wrote it"), Ok(Vec::new()));
}
