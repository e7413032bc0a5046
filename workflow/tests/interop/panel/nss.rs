//! NSS, by both of its ways: certutil asks its own verifier, vfychain asks libpkix. Accepted is what both accept.
//!
//! Neither program checks the name of a server.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Missing, grouped, text, version_of};
use crate::question::{Answer, Purpose, Question};

pub(super) fn version() -> Result<String, Missing> {
    version_of("vfychain", "-h", "libnss3-tools")?;
    version_of("certutil", "-h", "libnss3-tools")?;
    let package = Command::new("dpkg-query").args(["-W", "-f", "NSS ${Version}", "libnss3"]).output();
    Ok(package.map(|output| text(&output)).unwrap_or_default())
}

pub(super) fn ask(questions: &[Question], folder: &Path) -> Vec<Answer> {
    let mut answers = vec![Ok(()); questions.len()];
    let groups = grouped(questions, |question| (question.files.root.clone(), question.files.between.clone()));
    for (index, ((root, between), numbers)) in groups.into_iter().enumerate() {
        let store = folder.join(format!("nss-{index}"));
        let between = split(&between, &store);
        let stored = make_store(&store, &root, &between);
        for number in numbers {
            let question = &questions[number];
            answers[number] = stored
                .clone()
                .and_then(|()| certutil(&store, question))
                .and_then(|()| vfychain(question, &root, &between));
        }
    }
    answers
}

/// vfychain reads the first certificate of each file.
fn split(bundle: &Path, folder: &Path) -> Vec<PathBuf> {
    std::fs::create_dir_all(folder).unwrap();
    let blocks = pem::parse_many(std::fs::read(bundle).unwrap()).unwrap();
    let files = blocks.iter().enumerate().map(|(at, block)| {
        let path = folder.join(format!("between-{at}.pem"));
        std::fs::write(&path, pem::encode(block)).unwrap();
        path
    });
    files.collect()
}

/// A database that trusts the root, for servers and for clients, and knows the others. Fails with NSS's words when it
/// does not take one of them.
fn make_store(store: &Path, root: &Path, between: &[PathBuf]) -> Answer {
    let database = format!("sql:{}", store.display());
    let run = |arguments: &[&str], file: Option<&Path>| {
        let mut command = Command::new("certutil");
        command.args(arguments).args(["-d", &database]);
        if let Some(file) = file {
            command.arg("-i").arg(file);
        }
        let output = command.output().unwrap();
        if output.status.success() { Ok(()) } else { Err(text(&output).trim().to_owned()) }
    };
    run(&["-N", "--empty-password"], None)?;
    run(&["-A", "-a", "-n", "root", "-t", "CT,,"], Some(root))?;
    for (at, file) in between.iter().enumerate() {
        run(&["-A", "-a", "-n", &format!("between {at}"), "-t", ",,"], Some(file))?;
    }
    Ok(())
}

fn certutil(store: &Path, question: &Question) -> Answer {
    let output = Command::new("certutil")
        .args(["-V", "-e", "-a", "-u"])
        .arg(match question.purpose {
            Purpose::Server => "V",
            Purpose::Client => "C",
        })
        .arg("-d")
        .arg(format!("sql:{}", store.display()))
        .arg("-n")
        .arg(&question.files.leaf)
        .output()
        .unwrap();
    let said = text(&output);
    if output.status.success() && said.contains("certificate is valid") {
        Ok(())
    } else {
        Err(format!("certutil: {}", said.trim()))
    }
}

fn vfychain(question: &Question, root: &Path, between: &[PathBuf]) -> Answer {
    let mut command = Command::new("vfychain");
    command.args(["-pp", "-u"]);
    command.arg(match question.purpose {
        Purpose::Server => "1",
        Purpose::Client => "0",
    });
    command.arg("-a").arg(&question.files.leaf);
    for file in between {
        command.arg("-a").arg(file);
    }
    command.arg("-a").arg("-t").arg(root);
    let output = command.output().unwrap();
    let said = text(&output);
    if output.status.success() && said.contains("Chain is good!") {
        Ok(())
    } else {
        let lines: Vec<&str> = said.lines().map(str::trim).collect();
        let error = lines.iter().find(|line| line.contains("ERROR"));
        Err(format!("vfychain: {}", error.map_or_else(|| lines.join(" "), |line| (*line).to_owned())))
    }
}
