//! The state machine on two independent engines: the emulator's, and moto's, which is LocalStack's.
//!
//! Every path through the definition runs on both, with scripted workers. Both must enter the states of the definition,
//! give every worker the same input, and end alike. The table is written to standard error and to `target/engines.txt`.
//! [`flow`] runs requests on moto, [`template`] the template on both. docs/engines.md has what each engine lacks.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;

use end_to_end::{Stack, repository};
use serde_json::{Value, json};

mod engine;
mod flow;
mod lambda;
mod paths;
mod server;
mod template;

use engine::{Engine, PathRun};
use paths::Path;
use server::Server;

/// The emulator of the shared stack, with a role that may send to this test's queues only.
async fn emulator() -> Engine {
    let stack = Stack::shared().await;
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Service": "states.amazonaws.com" }, "Action": "sts:AssumeRole",
    }] });
    let send = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:*:*:scripted-*",
    }] });
    let (trust, send) = (trust.to_string(), send.to_string());
    let create = ["iam", "create-role", "--role-name", "scripted", "--assume-role-policy-document", &trust];
    let role: Value = serde_json::from_slice(&stack.aws(&create)).unwrap();
    let policy = ["--policy-name", "scripted", "--policy-document", &send];
    stack.aws(&[&["iam", "put-role-policy", "--role-name", "scripted"][..], &policy].concat());
    Engine::new(stack.endpoint("awsEndpoint"), role["Role"]["Arn"].as_str().unwrap())
}

fn expected(path: &Path) -> (&[String], &str, &Option<(String, String)>) {
    (&path.states, if path.failure.is_some() { "FAILED" } else { "SUCCEEDED" }, &path.failure)
}

fn as_expected(path: &Path, runs: &PathRun) -> bool {
    (&runs.states[..], &*runs.status, &runs.failure) == expected(path)
}

fn table(paths: &[Path], emulator: &[PathRun], moto: &[PathRun]) -> String {
    let mut table = String::from("PATH  EMULATOR   MOTO       ENDS AT       WORKERS\n");
    for (n, path) in paths.iter().enumerate() {
        let (one, other) = (&emulator[n], &moto[n]);
        let same = one.is_like(other) && as_expected(path, one);
        let end = path.states.last().map(String::as_str).unwrap_or_default();
        let mark = if same { "" } else { "   <- DIFFERS" };
        let _ = writeln!(
            table,
            "{n:>4}  {:<9}  {:<9}  {end:<12}  {}{mark}",
            one.status,
            other.status,
            path.story()
        );
    }
    table
}

#[tokio::test]
async fn every_path_ends_alike_on_two_engines() {
    let Some(server) = Server::moto("scripted").await else {
        return;
    };
    let moto = Engine::new(&server.endpoint, "arn:aws:iam::123456789012:role/scripted");
    let emulator = emulator().await;
    let text = fs::read_to_string(repository().join("statemachine.asl.json")).unwrap();
    let definition: Value = serde_json::from_str(&text).unwrap();
    let paths = paths::all(&definition);
    let entered: std::collections::BTreeSet<&String> = paths.iter().flat_map(|path| &path.states).collect();
    assert_eq!(entered.len(), definition["States"].as_object().unwrap().len(), "some state is on no path");

    let (one, other) = tokio::join!(emulator.run_all(&text, &paths), moto.run_all(&text, &paths));
    let table = table(&paths, &one, &other);
    fs::write(repository().join("target/engines.txt"), &table).unwrap();
    let _ = writeln!(std::io::stderr(), "{} paths on two engines:\n{table}", paths.len());
    for (n, path) in paths.iter().enumerate() {
        assert!(as_expected(path, &one[n]), "emulator, {n}: {:#?}\nexpected {path:#?}", one[n]);
        assert!(as_expected(path, &other[n]), "moto, {n}: {:#?}\nexpected {path:#?}", other[n]);
        let (one, other) = (&one[n], &other[n]);
        assert!(one.has_inputs_of(other), "{n}: {}: {:#?}\n{:#?}", path.story(), one.inputs, other.inputs);
    }
    server.check_log();
}
