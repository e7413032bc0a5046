//! The operator's command: its lists, its forms of output, and what it does with one request.

use std::process::Output;

use end_to_end::{Asked, PATIENCE, Stack, Submission, csr_for, eventually, files_in_zip, unique_host};

use crate::APPROVER;

/// A request for a new host, and the host.
async fn ask(stack: &Stack) -> (Asked, String) {
    let host = unique_host();
    (stack.portal().ask(&Submission::of(&csr_for(&[&host]))).await, host)
}

async fn delivered(stack: &Stack) -> (Asked, String) {
    let (asked, host) = ask(stack).await;
    let link = stack.mailbox().approval_link(&asked, APPROVER).await;
    stack.portal().decide(&link, "approve", "").await.expect(200);
    stack.portal().until(&asked, "delivered").await;
    (asked, host)
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", stderr(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn lists_are_narrowed_and_say_what_they_leave_out() {
    let stack = Stack::shared().await;
    let (asked, host) = ask(stack).await;
    let ids = |arguments: &[&str]| -> Vec<String> {
        let rows = stack.countersign_json(&[&["requests", "list", "--json"], arguments].concat());
        rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    let own = [asked.id.clone()];
    // The index of names is written by a worker.
    eventually("the index of names", PATIENCE, async || (ids(&["--name", &host]) == own).then_some(())).await;
    assert_eq!(ids(&["--email", &asked.email]), own);
    assert_eq!(ids(&["--email", &asked.email, "--profile", "server", "--since", "1h"]), own);
    assert_eq!(ids(&["--name", &host.to_uppercase(), "--limit", "1"]), own);
    for nothing in [["--profile", "client"], ["--since", "2100-01-01"], ["--status", "expired"]] {
        assert_eq!(ids(&[&["--email", &asked.email], &nothing[..]].concat()), Vec::<String>::new());
    }
    ask(stack).await;
    let cut = stack.countersign(&["requests", "list", "--limit", "1"]);
    assert_eq!(stdout(&cut).lines().count(), 2, "a heading and a request");
    assert_eq!(stderr(&cut), "1 shown; more with --limit.\n");
    let all = stack.countersign(&["requests", "list", "--limit", "1000000"]);
    assert_eq!((stderr(&all).as_str(), stdout(&all).contains(&asked.id)), ("", true));
}

#[tokio::test]
async fn a_list_is_a_table_json_or_csv() {
    let stack = Stack::shared().await;
    let (asked, host) = ask(stack).await;
    let list = |form: &[&str]| {
        stdout(&stack.countersign(&[&["requests", "list", "--email", &asked.email], form].concat()))
    };
    eventually("the names of the request", PATIENCE, async || list(&[]).contains(&host).then_some(())).await;
    let csv = list(&["--output", "csv"]);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "id,status,submitted,requester,profile,names");
    assert!(
        lines[1].starts_with(&format!("{},", asked.id)) && lines[1].ends_with(&format!(",server,{host}")),
        "{csv}"
    );
    // The flow goes on meanwhile: two lists are the same once no row was written in between.
    eventually("two lists of the same rows", PATIENCE, async || {
        (list(&["--output", "json"]) == list(&["--json"])).then_some(())
    })
    .await;
    assert!(list(&[]).starts_with("ID   "), "{}", list(&[]));
}

#[tokio::test]
async fn a_request_is_named_by_its_beginning() {
    let stack = Stack::shared().await;
    let (asked, _) = delivered(stack).await;
    let beginning = &asked.id[..13];
    for command in [["requests", "show"], ["approvals", "show"], ["approvals", "verify"], ["audit", "verify"]]
    {
        let shown = stdout(&stack.countersign(&[&command[..], &[beginning]].concat()));
        assert!(!shown.is_empty(), "{command:?}");
    }
    assert!(stdout(&stack.countersign(&["executions", beginning])).contains(&asked.id));
    let shown = stdout(&stack.countersign(&["requests", "show", beginning]));
    for part in
        ["\nVotes\n  Approved  20", APPROVER, "\nHistory\n", "Status     Delivered\n", "  to approver@"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    for internal in ["approval/", "pending_approval", "Decide by"] {
        assert!(!shown.contains(internal), "{internal}: {shown}");
    }
    let none = stack.countersign(&["requests", "show", "ffffffff-ffff-f"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(stderr(&none).contains("there is no request \"ffffffff-ffff-f\""), "{}", stderr(&none));
    let wrong = stack.countersign(&["requests", "show", "www.example.com"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("not a request id"), "{}", stderr(&wrong));
}

#[tokio::test]
async fn a_request_is_watched_to_its_end_and_its_certificate_saved() {
    let stack = Stack::shared().await;
    let (asked, host) = ask(stack).await;
    let waits = stack.countersign(&["requests", "watch", &asked.id, "--timeout", "0"]);
    assert_eq!(waits.status.code(), Some(1), "{}", stderr(&waits));
    let early = stack.countersign(&["certificates", "get", &asked.id]);
    assert!(!early.status.success() && early.stdout.is_empty(), "{}", stderr(&early));
    let link = stack.mailbox().approval_link(&asked, APPROVER).await;
    stack.portal().decide(&link, "approve", "").await.expect(200);
    let watched = stdout(&stack.countersign(&["requests", "watch", &asked.id]));
    let statuses: Vec<&str> = watched.lines().filter_map(|line| line.split_whitespace().last()).collect();
    assert!(statuses.starts_with(&["unconfirmed", "submitted", "pending_approval"]), "{watched}");
    assert_eq!(statuses.last(), Some(&"delivered"), "{watched}");

    let pem = stdout(&stack.countersign(&["certificates", "get", &host]));
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{pem}");
    let file = stack.path().join(format!("{}.zip", asked.id)).display().to_string();
    let saved = stack.countersign(&["certificates", "get", &asked.id[..13], "--zip", "--out", &file]);
    assert_eq!(stdout(&saved), format!("Saved {file}.\n"));
    let files = files_in_zip(&std::fs::read(&file).unwrap());
    let (_, certificate) = files.iter().find(|(name, _)| name == "certificate.pem").unwrap();
    assert_eq!(String::from_utf8_lossy(certificate), pem);
    let trail = stdout(&stack.countersign(&["audit", "export", &asked.id]));
    assert_eq!(trail.matches("\"downloaded\"").count(), 2, "{trail}");
    assert!(trail.contains("operator:"), "{trail}");
    stdout(&stack.countersign(&["audit", "verify", &asked.id]));
}

#[tokio::test]
async fn certificates_are_listed_by_each_property_and_page_by_page() {
    let stack = Stack::shared().await;
    let (asked, host) = delivered(stack).await;
    let (id, domain) = (asked.id.as_str(), host.split_once('.').unwrap().1);
    let list = |line: &str| {
        let words: Vec<&str> =
            ["certificates", "list", "--json"].into_iter().chain(line.split(' ')).collect();
        stack.countersign_json(&words)
    };
    let ids = |page: &serde_json::Value| -> Vec<String> {
        let rows = page["certificates"].as_array().unwrap().iter();
        rows.map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    let all = |line: &str| {
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let page = list(&format!("{line} --limit 5{after}"));
            found.extend(ids(&page));
            let Some(next) = page["next"].as_str() else { return found };
            after = format!(" --after {next}");
        }
    };
    let keys = stdout(&stack.countersign(&["ca", "show"]));
    let key = keys.lines().find_map(|line| line.strip_prefix("Key identifier")).unwrap().trim().to_owned();
    assert_eq!(ids(&list(&format!("--name {host}"))), [id]);
    assert_eq!(ids(&list(&format!("--requester {}", asked.email))), [id]);
    let parts = [
        format!("--below {domain}"),
        "--profile server".to_owned(),
        format!("--issuer {}", &key[..8]),
        "--state valid".to_owned(),
        "--since 1h".to_owned(),
    ];
    for line in &parts {
        let found = all(line);
        assert_eq!(found.iter().filter(|one| *one == id).count(), 1, "{line}: {found:?}");
    }
    assert_eq!(ids(&list(&format!("--name {host} --state revoked"))), Vec::<String>::new());
    let again = stdout(&stack.countersign(&["certificates", "index"]));
    assert!(again.contains(" in the lists."), "{again}");
    assert_eq!(ids(&list(&format!("--name {host}"))), [id], "nothing is entered twice");
}

#[tokio::test]
async fn a_stack_is_named_by_the_environment() {
    let stack = Stack::shared().await;
    let run = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = std::process::Command::new(end_to_end::binary());
        command.args(arguments).env_remove("COUNTERSIGN_DIR").env_remove("COUNTERSIGN_STACK");
        command.envs(variables.iter().copied()).stdin(std::process::Stdio::null()).output().unwrap()
    };
    let dir = ("COUNTERSIGN_DIR", stack.path().to_str().unwrap());
    stdout(&run(&[dir], &["policy", "show"]));
    let both = run(&[dir, ("COUNTERSIGN_STACK", "named")], &["policy", "show"]);
    assert!(stderr(&both).contains("are both set"), "{}", stderr(&both));
}

/// Runs `certificate request` for a host; `answers` are typed once the mail has arrived.
async fn request_at_a_terminal(
    stack: &Stack,
    folder: &std::path::Path,
    host: &str,
    answers: impl Fn(&str) -> Vec<String>,
) -> (Output, String) {
    use std::io::Write as _;
    let email = format!("{}@example.com", uuid::Uuid::new_v4().simple());
    let mut command = std::process::Command::new(end_to_end::binary());
    command.args(["certificate", "request", host, "--email", &email, "--portal", stack.endpoint("portal")]);
    command.arg("--folder").arg(folder);
    command.stdin(std::process::Stdio::piped());
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mailbox = stack.mailbox();
    let link = eventually("the mail that asks to confirm", PATIENCE, async || {
        mailbox.to(&email).iter().find_map(end_to_end::Mail::confirmation_link)
    })
    .await;
    let id = mailbox.to(&email)[0].request_id().to_owned();
    let mut input = child.stdin.take().unwrap();
    for answer in answers(&link) {
        writeln!(input, "{answer}").unwrap();
    }
    drop(input);
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
    let asked = Asked { id: id.clone(), email, status_url: String::new() };
    let link = mailbox.approval_link(&asked, APPROVER).await;
    stack.portal().decide(&link, "approve", "").await.expect(200);
    (output.await.unwrap(), id)
}

#[tokio::test]
async fn a_person_gets_a_certificate_by_one_command() {
    let Some([openssl]) = end_to_end::needed([("openssl", "openssl")]) else { return };
    let (stack, dir, host) = (Stack::shared().await, end_to_end::PkiDir::new(), unique_host());
    let folder = dir.path("");
    let (output, id) = request_at_a_terminal(stack, &folder, &host, |link| vec![link.to_owned()]).await;
    assert!(stdout(&output).contains(&format!("{host}.zip")), "{}", stdout(&output));
    let said = stderr(&output);
    assert!(said.contains(&id) && !said.contains("key="), "{said}");
    dir.unzip(&std::fs::read(dir.path(&format!("{host}.zip"))).unwrap());
    assert!(
        dir.succeed(&openssl, &["verify", "-x509_strict", "-CAfile", "ca.pem", "certificate.pem"])
            .contains("OK")
    );
    let key = dir.succeed(&openssl, &["pkey", "-in", &format!("{host}.key"), "-pubout"]);
    assert_eq!(key, dir.succeed(&openssl, &["x509", "-in", "certificate.pem", "-noout", "-pubkey"]));
    // Nothing is overwritten.
    let again = std::process::Command::new(end_to_end::binary())
        .args([
            "certificate",
            "request",
            &host,
            "--email",
            "you@example.com",
            "--portal",
            stack.endpoint("portal"),
        ])
        .arg("--folder")
        .arg(&folder)
        .output()
        .unwrap();
    assert!(stderr(&again).contains("is there already"), "{}", stderr(&again));
}

#[tokio::test]
async fn a_refused_request_of_a_person_leaves_no_key() {
    let (stack, dir) = (Stack::shared().await, end_to_end::PkiDir::new());
    let refused = std::process::Command::new(end_to_end::binary())
        .args(["certificate", "request", "www.not-allowed.test.invalid", "--email", "you@example.com"])
        .args(["--portal", stack.endpoint("portal"), "--folder"])
        .arg(dir.path(""))
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("name_not_allowed"), "{}", stderr(&refused));
    assert!(!dir.path("www.not-allowed.test.invalid.key").exists());
}
