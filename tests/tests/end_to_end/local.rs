//! `countersign local --once`, the commands that show requests and executions, and the mailbox page.

use std::process::{Command, Output, Stdio};

use end_to_end::{
    Asked, ChildGuard, PATIENCE, PkiDir, Stack, Submission, binary, csr_for, eventually, needed, repository,
    unique_host,
};

use crate::APPROVER;

fn once(csr: &std::path::Path, out: &std::path::Path, folder: &std::path::Path) -> Output {
    Command::new(binary())
        .args(["local", "--port", "0", "--email", "team@example.com", "--once"])
        .arg(csr)
        .arg("--out")
        .arg(out)
        .arg("--dir")
        .arg(folder)
        .current_dir(repository())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn one_command_leads_from_nothing_to_a_certificate() {
    let Some([openssl]) = needed([("openssl", "openssl")]) else {
        return;
    };
    let (dir, folder) = (PkiDir::new(), Stack::folder("once"));
    let csr = dir.write("request.csr", csr_for(&["www.example.com"]));
    let out = dir.path("certificate.zip");
    let output = once(&csr, &out, &folder);
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{stdout}\n{stderr}");
    let mut rest = &*stdout;
    for state in ["Validate", "Persist", "NotifyReceived", "AwaitApproval", "Sign", "Deliver"] {
        let at = rest.find(state).unwrap_or_else(|| panic!("{state} in its order: {stdout}"));
        rest = &rest[at + state.len()..];
    }
    dir.unzip(&std::fs::read(&out).unwrap());
    let verify = ["verify", "-x509_strict", "-CAfile", "ca.pem", "certificate.pem"];
    assert_eq!(dir.succeed(&openssl, &verify).trim(), "certificate.pem: OK");
    assert!(!folder.join("endpoints.json").exists(), "the stack it started has ended");
}

#[tokio::test]
async fn a_refused_csr_ends_with_its_code() {
    let Some([openssl]) = needed([("openssl", "openssl")]) else {
        return;
    };
    let (stack, dir) = (Stack::shared().await, PkiDir::new());
    dir.openssl_csr(&openssl, &["-newkey", "rsa:1024"], &unique_host(), &[]);
    let output = once(&dir.path("request.csr"), &dir.path("certificate.zip"), stack.path());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("weak_key"), "{stderr}");
    assert!(stderr.contains("1024"), "{stderr}");
    assert!(!dir.path("certificate.zip").exists());
}

#[tokio::test]
async fn operators_see_requests_and_executions() {
    let stack = Stack::shared().await;
    let (portal, mailbox, host) = (stack.portal(), stack.mailbox(), unique_host());
    let asked: Asked = portal.ask(&Submission::of(&csr_for(&[&host]))).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    portal.decide(&link, "approve", "").await.expect(200);
    portal.until(&asked, "delivered").await;

    let row = stack.row(&asked.id);
    assert_eq!((&row["status"], &row["email"]), (&"delivered".into(), &asked.email.as_str().into()));
    let printed = |arguments: &[&str]| {
        let output = stack.countersign(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let list = printed(&["requests", "list", "--status", "delivered", "--limit", "100000"]);
    assert!(list.lines().any(|line| line.contains(&asked.id) && line.contains(&host)), "{list}");
    let shown = printed(&["requests", "show", &asked.id]);
    assert!(shown.contains(row["serial"].as_str().unwrap()), "{shown}");
    let timeline = printed(&["executions", &asked.id]);
    for state in ["Validate", "AwaitApproval", "Sign", "Deliver"] {
        assert!(timeline.contains(state), "{timeline}");
    }
    assert!(printed(&["executions", "--limit", "1000"]).contains(&asked.id));
    let unknown = stack.countersign(&["requests", "show", &uuid::Uuid::new_v4().to_string()]);
    assert_eq!(unknown.status.code(), Some(1));
}

#[tokio::test]
async fn the_mailbox_page_shows_the_mails() {
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    mailbox.approval_link(&asked, APPROVER).await;
    let page = portal.get(stack.endpoint("mailboxUrl"), "text/html").await.expect(200).text();
    assert!(page.contains("Approve certificate"), "{page}");
    assert!(page.contains(APPROVER), "{page}");
    let newest = format!("{}newest/{APPROVER}", stack.endpoint("mailboxUrl"));
    let found = portal.get(&newest, "text/html").await.expect(303);
    let mail =
        portal.get(found.header("location").trim_start_matches('/'), "text/html").await.expect(200).text();
    assert!(mail.contains("<iframe") && mail.contains("/approvals/"), "{mail}");
    // DNS rebinding: another Host is refused.
    let headers = [("host", "evil.example"), ("accept", "text/html")];
    let answer = portal.send(reqwest::Method::GET, stack.endpoint("mailboxUrl"), &headers, Vec::new()).await;
    assert_eq!(answer.status, 421);
}

/// Runs `countersign local` with further options until it ends by itself.
fn local(folder: &std::path::Path, options: &[&str]) -> Output {
    Command::new(binary())
        .args(["local", "--port", "0", "--dir"])
        .arg(folder)
        .args(options)
        .current_dir(repository())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[tokio::test]
async fn commands_wait_for_a_stack_that_is_starting() {
    let (dir, folder) = (PkiDir::new(), Stack::folder("waited-for"));
    let (folder_text, log) = (folder.display().to_string(), folder.join("countersign.log"));
    let running = ChildGuard::start(binary(), &["local", "--port", "0", "--dir", &folder_text], &log);
    // The ports are chosen after the lock was taken and long before the stack can be used.
    eventually("the stack to take its folder", PATIENCE, async || {
        folder.join("ports.json").exists().then_some(())
    })
    .await;
    assert!(!folder.join("endpoints.json").exists(), "the stack has started already");
    let csr = dir.write("request.csr", csr_for(&["www.example.com"]));
    let output = once(&csr, &dir.path("certificate.zip"), &folder);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("Waiting for the local stack in") && said.contains("Using the stack"), "{said}");
    let export = dir.path("countersign.export").display().to_string();
    let exported = Command::new(binary()).args(["export", &export, "--dir", &folder_text]).output().unwrap();
    assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    assert!(running.stop().success());
    let after = Command::new(binary()).args(["requests", "list", "--dir", &folder_text]).output().unwrap();
    assert!(String::from_utf8_lossy(&after.stderr).contains("no local stack runs"));
}

#[tokio::test]
async fn a_state_that_is_not_saved_is_reported_and_its_ca_not_replaced() {
    let stack = Stack::start("unsaved").await;
    let folder = stack.path().to_owned();
    // The emulator writes this file when it saves the secrets, the key of the CA among them.
    let in_the_way = folder.join("state/secretsmanager.json.tmp");
    std::fs::create_dir(&in_the_way).unwrap();
    assert_eq!(stack.end_status().code(), Some(1));
    let said = std::fs::read_to_string(folder.join("countersign.log")).unwrap();
    assert!(said.contains("the state could not be saved: secretsmanager"), "{said}");
    assert!(said.contains("emulator.log") && !said.contains("the state is kept"), "{said}");
    std::fs::remove_dir(&in_the_way).unwrap();
    let again = local(&folder, &[]);
    let said = String::from_utf8_lossy(&again.stderr);
    assert_eq!(again.status.code(), Some(1), "{said}");
    assert!(said.contains("a CA was created") && said.contains("secretsmanager missing"), "{said}");
    assert!(!folder.join("state/secretsmanager.json").exists(), "no emulator was started");
}

#[test]
fn a_start_that_fails_at_its_end_leaves_no_program_behind() {
    let folder = Stack::folder("unannounced");
    std::fs::create_dir_all(folder.join(".endpoints.json")).unwrap();
    let output = local(&folder, &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot write") && said.contains("endpoints.json"), "{said}");
    let ports = std::fs::read_to_string(folder.join("ports.json")).unwrap();
    let ports: serde_json::Value = serde_json::from_str(&ports).unwrap();
    for program in ["emulator", "smtp"] {
        let port = u16::try_from(ports[program].as_u64().unwrap()).unwrap();
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "the {program} still runs");
    }
    assert!(folder.join("state/secretsmanager.json").exists(), "the state was saved");
    // The next start keeps the place of the key.
    let moved = local(&folder, &["--ca-key", "kms"]);
    let said = String::from_utf8_lossy(&moved.stderr);
    assert_eq!(moved.status.code(), Some(1), "{said}");
    assert!(said.contains("the CA key of this stack is in Secrets Manager"), "{said}");
}
