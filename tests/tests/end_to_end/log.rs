//! The log of certificates and receipts: a delivered zip is checked without the stack, and each fault of a log is found.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use end_to_end::{Asked, PkiDir, Stack, Submission, binary, csr_for, files_in_zip, unique_host};
use serde_json::json;

use crate::APPROVER;

/// A delivered certificate: the request, and the zip from the mail.
async fn delivered(stack: &Stack) -> (Asked, Vec<u8>) {
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    portal.decide(&link, "approve", "").await.expect(200);
    portal.until(&asked, "delivered").await;
    let mail = mailbox.mail(&asked.id, &asked.email, "Your certificate").await;
    (asked, mail.attachment("certificate.zip").to_vec())
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

/// `receipt verify`, without any address of a stack.
fn verify(folder: &PkiDir, file: &str, key: &str) -> Output {
    let mut command = Command::new(binary());
    command.env_clear().args(["receipt", "verify", "--key", key]).arg(folder.path(file));
    command.output().unwrap()
}

/// The public key of the log.
fn key(stack: &Stack) -> String {
    let shown = said(&stack.countersign(&["log", "show"]));
    let line = shown.lines().find_map(|line| line.strip_prefix("Key "));
    line.unwrap_or_else(|| panic!("{shown}")).trim().to_owned()
}

fn file(zip: &[u8], name: &str) -> Vec<u8> {
    files_in_zip(zip).into_iter().find(|(found, _)| found == name).unwrap().1
}

#[tokio::test]
async fn a_delivered_certificate_has_a_receipt_that_anybody_can_check() {
    let stack = Stack::shared().await;
    let (asked, zip) = delivered(stack).await;
    let (folder, key) = (PkiDir::new(), key(stack));
    folder.write("certificate.zip", &zip);
    let verified = verify(&folder, "certificate.zip", &key);
    assert!(verified.status.success(), "{}", said(&verified));
    assert!(said(&verified).contains("the certificate is the one of the receipt"), "{}", said(&verified));
    // The stack knows its key.
    let path = folder.path("certificate.zip").display().to_string();
    assert!(stack.countersign(&["receipt", "verify", &path]).status.success());

    let url = asked.status_url.replace("?key=", "/certificate.zip?key=");
    let downloaded = stack.portal().get(&url, "*/*").await.expect(200).body;
    let receipt = file(&zip, "receipt.json");
    assert_eq!(file(&downloaded, "receipt.json"), receipt, "the download has the same receipt");
    for readme in ["README.txt", "README.ja.txt"] {
        let readme = String::from_utf8(file(&zip, readme)).unwrap();
        assert!(readme.contains("receipt.json"), "{readme}");
    }
    let row = stack.row(&asked.id);
    assert_eq!(
        row["log"]["index"],
        serde_json::from_slice::<serde_json::Value>(&receipt).unwrap()["log"]["index"]
    );
    assert!(row["log"]["loggedAt"].is_string(), "{row}");

    let text = String::from_utf8(receipt).unwrap();
    folder.write("receipt.json", &text);
    assert!(said(&verify(&folder, "receipt.json", &key)).contains("no certificate was given"));
    for changed in [
        text.replacen("a•••@", "b•••@", 1),
        text.replacen("{\n", "{ \n", 1),
        text.replacen("\"index\": ", "\"index\": 1", 1),
        format!("{text}\n"),
    ] {
        assert_ne!(changed, text);
        folder.write("receipt.json", &changed);
        let refused = verify(&folder, "receipt.json", &key);
        assert_eq!(refused.status.code(), Some(1), "{changed}");
        assert!(said(&refused).contains("is refused"), "{}", said(&refused));
    }
}

/// Puts an object into the bucket.
fn put(stack: &Stack, key: &str, file: &Path) {
    let file = file.display().to_string();
    stack.aws(&["s3", "cp", &file, &format!("s3://{}/{key}", stack.endpoint("bucket"))]);
}

fn get(stack: &Stack, key: &str, file: &Path) {
    let file = file.display().to_string();
    stack.aws(&["s3", "cp", &format!("s3://{}/{key}", stack.endpoint("bucket")), &file]);
}

fn remove(stack: &Stack, key: &str) {
    stack.aws(&["s3", "rm", &format!("s3://{}/{key}", stack.endpoint("bucket"))]);
}

#[tokio::test]
async fn each_fault_of_a_log_is_found() {
    let stack = &Stack::start("log").await;
    let folder = PkiDir::new();
    let (first, _) = delivered(stack).await;
    let audit = |more: &[&str]| stack.countersign(&[&["log", "audit"], more].concat());
    let faults = |words: &str| {
        let audited = audit(&[]);
        assert_eq!(audited.status.code(), Some(1), "{}", said(&audited));
        assert!(said(&audited).contains(words), "{words}: {}", said(&audited));
    };
    let agrees = || {
        let audited = audit(&[]);
        assert!(audited.status.success(), "{}", said(&audited));
    };
    agrees();
    let noted = stack.countersign(&["log", "show", "--checkpoint"]);
    let noted = folder.write("noted.txt", &noted.stdout).display().to_string();
    let (second, _) = delivered(stack).await;
    assert!(said(&audit(&["--since", &noted])).contains("2 entries"));
    assert!(said(&audit(&["--since", &noted])).contains("continues the earlier one"));

    // A certificate that was signed and stored past the flow, and one that was removed.
    let serial = stack.row(&first.id)["serial"].as_str().unwrap().to_owned();
    let certificate = format!("signed-certificate/{serial}/certificate.pem");
    let kept = folder.path("kept.pem");
    get(stack, &certificate, &kept);
    put(stack, "signed-certificate/4f01/certificate.pem", &kept);
    faults("the certificate 4f01 in the bucket has neither a leaf nor a request");
    remove(stack, "signed-certificate/4f01/certificate.pem");
    remove(stack, &certificate);
    faults(&format!("entry 0: the certificate {serial} is not in the bucket"));
    put(stack, &certificate, &kept);
    agrees();

    // A row without its approval.
    let key = json!({ "id": { "S": first.id } }).to_string();
    let table = stack.endpoint("requestsTable");
    let item =
        stack.aws_json(&["dynamodb", "get-item", "--table-name", table, "--key", &key])["Item"].clone();
    let update = ["dynamodb", "update-item", "--table-name", table, "--key", &key];
    stack.aws(&[&update[..], &["--update-expression", "REMOVE decision"]].concat());
    faults(&format!("the request {} has no approval", first.id));
    stack.aws(&["dynamodb", "put-item", "--table-name", table, "--item", &item.to_string()]);
    agrees();

    // Altered files of the log, and a log that was set back.
    let files = ["log/tile/entries/000.p/2", "log/tile/0/000.p/2"];
    for name in files {
        let before = folder.path("before");
        get(stack, name, &before);
        let mut octets = fs::read(&before).unwrap();
        octets[40] ^= 1;
        put(stack, name, &folder.write("after", &octets));
        faults(if name == files[0] { "have not the root" } else { "missing or was altered" });
        put(stack, name, &before);
        agrees();
    }
    let latest = folder.path("latest.txt");
    get(stack, "log/checkpoint", &latest);
    put(stack, "log/checkpoint", Path::new(&noted));
    let latest_noted = latest.display().to_string();
    let set_back = audit(&["--since", &latest_noted]);
    assert!(said(&set_back).contains("the log was set back"), "{}", said(&set_back));
    put(stack, "log/checkpoint", &latest);
    agrees();

    // Another key, and its loss: the tree goes on, and former receipts stay valid.
    let public = self::key(stack);
    let rotated = stack.countersign(&["log", "rotate-key", "--yes"]);
    assert!(rotated.status.success(), "{}", said(&rotated));
    let (_, zip) = delivered(stack).await;
    folder.write("certificate.zip", &zip);
    assert!(verify(&folder, "certificate.zip", &self::key(stack)).status.success());
    assert!(!verify(&folder, "certificate.zip", &public).status.success());
    let parameter = format!("/countersign/{}/log/key", stack.endpoint("stack"));
    let present = self::key(stack);
    stack.aws(&["ssm", "delete-parameter", "--name", &parameter]);
    let lost = ["log", "rotate-key", "--yes", "--lost", &present, "--lost", &public];
    let rotated = stack.countersign(&lost);
    assert!(rotated.status.success(), "{}", said(&rotated));
    let (third, _) = delivered(stack).await;
    assert_eq!(stack.row(&third.id)["log"]["index"], 3);
    assert!(said(&audit(&["--since", &noted])).contains("continues the earlier one"));
    assert_ne!(second.id, third.id);
}
