//! A stack is restored from its export: requests in flight go on, and no certificate is issued twice.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use end_to_end::{
    Asked, Broken, PATIENCE, PkiDir, Portal, Stack, Submission, csr_for, eventually, unique_host,
};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose};
use serde_json::{Value, json};
use workflow::testing::passkeys::PasskeyHolder;
use workflow::testing::sign_in::TestProvider;

use crate::APPROVER;
use crate::standing::add_standing_approval;

/// The tables of an export.
const TABLES: [&str; 6] =
    ["requestsTable", "approvalsTable", "auditTable", "namesTable", "peopleTable", "grantsTable"];

/// Runs `countersign ARGUMENTS`, asserts success, and returns its output.
fn ran(stack: &Stack, arguments: &[&str]) -> String {
    let output = stack.countersign(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Like `ran`, but asserts failure and returns the error line.
fn refused(stack: &Stack, arguments: &[&str]) -> String {
    let output = stack.countersign(arguments);
    assert!(!output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    said.lines().rfind(|line| line.starts_with("countersign: ")).expect("one line that says why").to_owned()
}

/// An external CA that the operator imports into each stack.
fn ca(dir: &PkiDir) -> [String; 2] {
    let key = KeyPair::generate().unwrap();
    let mut root = CertificateParams::default();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    root.distinguished_name.push(DnType::CommonName, "Kept Elsewhere");
    let files = [
        dir.write("ca.key", key.serialize_pem()),
        dir.write("ca.crt", root.self_signed(&key).unwrap().pem()),
    ];
    files.map(|file| file.display().to_string())
}

fn import_ca(stack: &Stack, [key, certificate]: &[String; 2]) {
    ran(stack, &["ca", "import", "--replace", "--key", key, "--certificate", certificate]);
}

/// A request and its approval links.
struct Case {
    asked: Asked,
    links: Vec<String>,
}

async fn ask(stack: &Stack, profile: &str, approvers: &[&str]) -> Case {
    let submission = Submission::of(&csr_for(&[&unique_host()])).with_profile(profile);
    let asked = stack.portal().ask(&submission).await;
    let mut links = Vec::new();
    for approver in approvers {
        links.push(stack.mailbox().approval_link(&asked, approver).await);
    }
    Case { asked, links }
}

async fn approve(portal: &Portal, case: &Case, link: usize) {
    portal.decide(&case.links[link], "approve", "").await.expect(200);
}

/// Downloads the certificate of a request.
async fn certificate(portal: &Portal, asked: &Asked) -> Vec<u8> {
    let url = asked.status_url.replace("?key=", "/certificate?key=");
    portal.get(&url, "*/*").await.expect(200).body
}

/// Requests of all statuses; ended ones with status and certificate.
struct Before {
    ended: Vec<(Asked, Value, Option<Vec<u8>>)>,
    waiting: Case,
    half: Case,
    underway: Vec<(Asked, &'static str)>,
}

async fn fill(stack: &Stack) -> Before {
    let portal = stack.portal();
    let mut ended = Vec::new();
    let waiting = ask(stack, "server", &[APPROVER]).await;
    let half = ask(stack, "pair", &[APPROVER, "second@example.com"]).await;
    approve(&portal, &half, 0).await;
    let brief = ask(stack, "brief", &[]).await.asked;
    let delivered = ask(stack, "server", &[APPROVER]).await;
    approve(&portal, &delivered, 0).await;
    let rejected = ask(stack, "server", &[APPROVER]).await;
    portal.decide(&rejected.links[0], "reject", "Not ours.").await.expect(200);
    portal.until(&delivered.asked, "delivered").await;
    let revoke = delivered.asked.status_url.replacen('?', "/revoke?", 1);
    portal.post(&revoke, &json!({ "reason": "superseded" })).await.expect(200);
    stack.mailbox().mail(&delivered.asked.id, &delivered.asked.email, "Revoked: ").await;
    let status = eventually("the revocation to be done", PATIENCE, async || {
        let row = stack.row(&delivered.asked.id);
        if row["mails"]["revoked"].is_null() { None } else { Some(portal.status(&delivered.asked).await) }
    })
    .await;
    let pem = certificate(&portal, &delivered.asked).await;
    ended.push((delivered.asked, status, Some(pem)));
    ended.push((rejected.asked.clone(), portal.until(&rejected.asked, "rejected").await, None));
    let expired = eventually("the request to expire", PATIENCE, async || {
        stack.housekeeping();
        let status = portal.status(&brief).await;
        (status["status"] == "expired").then_some(status)
    });
    ended.push((brief.clone(), expired.await, None));

    let mut underway = Vec::new();
    for (worker, stage) in [("deliver", "issued"), ("sign", "approved")] {
        let case = ask(stack, "server", &[APPROVER]).await;
        Broken::worker(stack, worker);
        approve(&portal, &case, 0).await;
        portal.until(&case.asked, stage).await;
        underway.push((case.asked, stage));
    }
    for case in [&waiting, &half] {
        portal.until(&case.asked, "pending_approval").await;
    }
    Broken::worker(stack, "validate");
    underway.push((ask(stack, "server", &[]).await.asked, "submitted"));
    add_passkey(stack);
    let terms = r#"{"kind":"grant","names":[".web.example.com"],"days":30,"certificates":3}"#;
    add_standing_approval(stack, terms, 2);
    Before { ended, waiting, half, underway }
}

/// Adds a passkey of the approver, as Sign does when it was set up, and a key of an identity provider.
fn add_passkey(stack: &Stack) {
    let passkey = PasskeyHolder::new(APPROVER).passkey(time::OffsetDateTime::now_utc());
    let item = json!({
        "person": { "S": passkey.person }, "item": { "S": format!("passkey#{}", passkey.credential_id) },
        "credentialId": { "S": passkey.credential_id }, "publicKey": { "S": passkey.public_key },
        "counter": { "N": "0" }, "addedAt": { "S": "2026-01-01T00:00:00Z" },
    });
    let put = ["dynamodb", "put-item", "--table-name", stack.endpoint("peopleTable"), "--item"];
    stack.aws(&[&put[..], &[&item.to_string()]].concat());
    // And a key of an identity provider, as Sign does when it fetched it.
    let at = time::OffsetDateTime::UNIX_EPOCH;
    let key = TestProvider::default().row(at, at);
    let item = json!({
        "person": { "S": format!("provider#{}", key.issuer) },
        "item": { "S": format!("key#{}", key.thumbprint().unwrap()) },
        "issuer": { "S": key.issuer }, "jwk": { "S": key.jwk },
        "firstSeen": { "S": "2026-01-01T00:00:00Z" }, "lastSeen": { "S": "2026-01-02T00:00:00Z" },
    });
    stack.aws(&[&put[..], &[&item.to_string()]].concat());
}

fn table(stack: &Stack, table: &str) -> Vec<Value> {
    let scan = stack.aws(&["dynamodb", "scan", "--table-name", stack.endpoint(table)]);
    let scan: Value = serde_json::from_slice(&scan).unwrap();
    scan["Items"].as_array().unwrap().clone()
}

/// Records of an export, without values specific to a stack.
fn records(file: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(file).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut records = lines[1..lines.len() - 1].to_vec();
    for record in &mut records {
        if let Some(row) = record["row"].as_object_mut() {
            row.remove("executionArn");
            if let Some(revocation) = row.get_mut("revocation").and_then(Value::as_object_mut) {
                revocation.remove("executionArn");
            }
        }
        // The file in force also lists the keys of all other authorities that a stack has known, of its own ones too.
        if record["key"] == "ca-certificate/current.pem" {
            let text = record["text"].as_str().unwrap();
            record["text"] = text.split("-----BEGIN PUBLIC KEY-----").next().into();
        }
    }
    records.iter().map(Value::to_string).collect()
}

/// Object keys of the stored certificates, one per version.
fn stored(stack: &Stack) -> Vec<String> {
    let arguments = ["s3api", "list-object-versions", "--prefix", "signed-certificate/", "--bucket"];
    let listing = stack.aws(&[&arguments[..], &[stack.endpoint("bucket")]].concat());
    let listing: Value = serde_json::from_slice(&listing).unwrap_or_default();
    let versions = listing["Versions"].as_array().cloned().unwrap_or_default();
    versions.iter().map(|one| one["Key"].as_str().unwrap().to_owned()).collect()
}

fn export(stack: &Stack, dir: &PkiDir) -> String {
    let file = dir.path("countersign.export");
    let secret = dir.path("link-secret");
    let (name, secret_name) = (file.display().to_string(), secret.display().to_string());
    let said = ran(stack, &["export", &name, "--link-secret", &secret_name]);
    let sha256 = said.trim().strip_prefix("SHA-256 ").unwrap_or_else(|| panic!("{said}")).to_owned();
    for file in [&file, &secret] {
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
    assert!(refused(stack, &["export", &name]).contains("exists"));
    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.contains(&fs::read_to_string(&secret).unwrap()), "the link secret is in the export");
    assert!(!text.contains("PRIVATE KEY"));
    let tokens: Vec<Value> = table(stack, "approvalsTable")
        .into_iter()
        .map(|row| row["taskToken"]["S"].clone())
        .filter(Value::is_string)
        .collect();
    assert!(!tokens.is_empty(), "requests wait, so there are tokens");
    assert!(tokens.iter().all(|token| !text.contains(token.as_str().unwrap())), "a token is in the export");
    sha256
}

/// Asserts that tables restored by point-in-time recovery export the same records.
fn restored(stack: &Stack, dir: &PkiDir) {
    for table in TABLES {
        let name = stack.endpoint(table);
        let target = format!("{name}-restored");
        let restore = ["dynamodb", "restore-table-to-point-in-time", "--source-table-name", name];
        let to = ["--target-table-name", &target, "--use-latest-restorable-time"];
        stack.aws(&[&restore[..], &to].concat());
    }
    let file = dir.path("restored.export");
    ran(stack, &["export", &file.display().to_string(), "--tables-suffix", "-restored"]);
    assert_eq!(records(&file), records(&dir.path("countersign.export")));
}

/// Makes the stack one of a version without lists of certificates.
fn forget_lists(stack: &Stack) {
    let rows = table(stack, "namesTable").into_iter();
    let entries = rows.filter(|row| row["name"]["S"].as_str().unwrap().starts_with('@'));
    let delete = |row: Value| json!({ "DeleteRequest": { "Key": { "name": row["name"], "requestId": row["requestId"] } } });
    let deletes: Vec<Value> = entries.map(delete).collect();
    assert!(!deletes.is_empty(), "Sign enters certificates into the lists");
    for some in deletes.chunks(25) {
        let items = json!({ (stack.endpoint("namesTable")): some }).to_string();
        stack.aws(&["dynamodb", "batch-write-item", "--request-items", &items]);
    }
    assert_eq!(listed(stack), Vec::<String>::new());
}

/// The requests of the certificates in the list of a profile.
fn listed(stack: &Stack) -> Vec<String> {
    let page = ran(stack, &["certificates", "list", "--profile", "server", "--json"]);
    let page: Value = serde_json::from_str(&page).unwrap();
    let ids = page["certificates"].as_array().unwrap().iter();
    ids.map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// Stops all functions of a stack that another one replaces.
fn freeze(stack: &Stack) {
    for function in stack.endpoints()["functions"].as_object().unwrap().values() {
        let command = ["lambda", "put-function-concurrency", "--reserved-concurrent-executions", "0"];
        stack.aws(&[&command[..], &["--function-name", function.as_str().unwrap()]].concat());
    }
}

/// Starts a new stack at the URL of the lost one.
async fn successor(portal: &str) -> Stack {
    let folder = Stack::folder("backup-b");
    let port: u16 = portal.trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap();
    fs::write(folder.join("ports.json"), json!({ "portal": port }).to_string()).unwrap();
    let stack = Stack::start_in(folder, &[]).await;
    assert_eq!(stack.endpoint("portal"), portal);
    stack
}

/// Asserts that invalid imports fail with one line and write nothing.
fn rejects_invalid_imports(stack: &Stack, dir: &PkiDir, sha256: &str, ca: &[String; 2]) {
    let good = dir.path("countersign.export");
    let bytes = fs::read(&good).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    let write = |name: &str, content: &[u8]| dir.write(name, content).display().to_string();
    let cut = write("cut.export", &bytes[..bytes.len() / 2]);
    let shorter = write("shorter.export", &text.as_bytes()[..text.trim_end().rfind('\n').unwrap() + 1]);
    let altered = write("altered.export", text.replacen("\"pair\"", "\"pear\"", 1).as_bytes());
    let newer = write("newer.export", text.replacen("\"format\":1", "\"format\":9", 1).as_bytes());
    let foreign = write("foreign.export", b"PK\x03\x04");
    let good = good.display().to_string();
    for (arguments, why) in [
        (vec!["import", &cut], "was cut off"),
        (vec!["import", &shorter], "without its manifest"),
        (vec!["import", &altered], "altered or damaged"),
        (vec!["import", &newer], "format 9"),
        (vec!["import", &foreign], "not an export"),
        (vec!["import", "/does/not/exist"], "cannot read"),
        (vec!["import", &good, "--sha256", "00"], "not 00"),
        (vec!["import", &good], "another CA in force"),
    ] {
        let said = refused(stack, &arguments);
        assert!(said.contains(why), "{why}: {said}");
    }
    import_ca(stack, ca);
    stack.set_policy("other.toml", &format!("{}\n# Another.\n", end_to_end::policy()));
    assert!(refused(stack, &["import", &good, "--sha256", sha256]).contains("another policy in force"));
    for name in TABLES {
        assert_eq!(table(stack, name), Vec::<Value>::new(), "{name}");
    }
}

/// Asserts that an import stops at an object that exists with other content.
fn interrupted(stack: &Stack, dir: &PkiDir, import: &[&str]) {
    let text = fs::read_to_string(dir.path("countersign.export")).unwrap();
    let objects = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let last = objects.filter_map(|line| line["key"].as_str().map(str::to_owned)).next_back().unwrap();
    assert!(last.starts_with("signed-certificate/"), "{last}");
    let other = dir.write("other.pem", "Something else.").display().to_string();
    let object = ["--bucket", stack.endpoint("bucket"), "--key", &last];
    stack.aws(&[&["s3api", "put-object", "--body", &other], &object[..]].concat());
    let said = refused(stack, import);
    assert!(said.contains(&last), "{said}");
    assert!(said.contains("was not overwritten"), "{said}");
    assert!(!table(stack, "auditTable").is_empty(), "events are imported first");
    assert_eq!(table(stack, "requestsTable"), Vec::<Value>::new(), "rows come last");
    let versions = stack.aws(&["s3api", "list-object-versions", "--bucket", object[1], "--prefix", &last]);
    let versions: Value = serde_json::from_slice(&versions).unwrap();
    let version = versions["Versions"][0]["VersionId"].as_str().unwrap();
    stack.aws(&[&["s3api", "delete-object", "--version-id", version], &object[..]].concat());
}

/// Asserts that the certificate of a request is revoked in this stack too, and on the list of its CA.
async fn revoked(stack: &Stack, status: &Value) {
    let serial = status["serial"].as_str().unwrap();
    let rows = table(stack, "revocationsTable");
    assert_eq!(rows.iter().map(|row| row["serial"]["S"].as_str().unwrap()).collect::<Vec<_>>(), [serial]);
    let address = format!("{}crl/{}.crl", stack.portal().base, rows[0]["issuer"]["S"].as_str().unwrap());
    eventually("the list to have the imported revocation", PATIENCE, async || {
        let list = stack.portal().get(&address, "*/*").await.expect(200);
        let list = pki::crl::Crl::from_der(list.body).unwrap();
        list.reason_of(&serial.parse().unwrap()).unwrap()
    })
    .await;
}

#[tokio::test]
async fn a_stack_is_lost_and_another_goes_on_from_its_export() {
    let dir = PkiDir::new();
    let ca = ca(&dir);
    let stack = Stack::start("backup-a").await;
    import_ca(&stack, &ca);
    let before = fill(&stack).await;
    freeze(&stack);
    forget_lists(&stack);
    let sha256 = export(&stack, &dir);
    restored(&stack, &dir);
    let (portal, mails) = (stack.endpoint("portal").to_owned(), stack.mailbox());
    drop(stack.stop());

    let stack = successor(&portal).await;
    rejects_invalid_imports(&stack, &dir, &sha256, &ca);
    let (file, secret) = (dir.path("countersign.export"), dir.path("link-secret"));
    let (name, secret) = (file.display().to_string(), secret.display().to_string());
    let import = ["import", &name, "--sha256", &sha256, "--link-secret", &secret, "--replace-policy"];
    interrupted(&stack, &dir, &import);
    let said = ran(&stack, &import);
    assert!(said.contains("8 requests imported, 0 already present, 5 in flight"), "{said}");
    let again = dir.path("again.export");
    ran(&stack, &["export", &again.display().to_string()]);
    let (first, second) = (records(&file), records(&again));
    assert_eq!(first.difference(&second).next(), None, "everything is there, as it was");

    let ids: BTreeSet<String> = listed(&stack).into_iter().collect();
    for asked in [&before.ended[0].0, &before.underway[0].0] {
        assert!(ids.contains(&asked.id), "an import enters certificates into the lists: {ids:?}");
    }

    revoked(&stack, &before.ended[0].1).await;
    let people: Value = serde_json::from_str(&ran(&stack, &["people", "list", "--json"])).unwrap();
    assert_eq!(people[0]["person"], APPROVER, "{people}");

    // A repeated import restores a lost row, also after changes on the new stack.
    let (lost, _) = &before.underway[1];
    let key = json!({ "id": { "S": lost.id } }).to_string();
    stack.aws(&["dynamodb", "delete-item", "--table-name", stack.endpoint("requestsTable"), "--key", &key]);
    let stranger = ask(&stack, "server", &[APPROVER]).await;
    let portal = stack.portal();
    approve(&portal, &before.waiting, 0).await;
    let said = ran(&stack, &import);
    assert!(said.contains("1 request imported, 7 already present"), "{said}");
    // The export of the interrupted import lacks requests of the stack.
    let said = refused(&stack, &["import", &again.display().to_string()]);
    assert!(said.contains("1 request that the export does not contain"), "{said}");

    approve(&portal, &before.half, 1).await;
    approve(&portal, &stranger, 0).await;
    let mut unfinished: Vec<&Asked> = before.underway.iter().map(|(asked, _)| asked).collect();
    unfinished.extend([&before.waiting.asked, &before.half.asked, &stranger.asked]);
    // The request that was not validated yet asks its approver now.
    let (late, _) = &before.underway[2];
    eventually("everything in flight to be delivered", 3 * PATIENCE, async || {
        stack.housekeeping();
        let asks =
            |mail: &end_to_end::Mail| mail.to == APPROVER && mail.subject.contains("Approve certificate");
        if let Some(mail) = stack.mailbox().about(&late.id).iter().find(|mail| asks(mail)) {
            let link = mail.links().into_iter().find(|link| link.contains("/approvals/")).unwrap();
            portal.decide(&link, "approve", "").await.expect(200);
        }
        let mut delivered = 0;
        for asked in &unfinished {
            let status = portal.status(asked).await;
            assert_ne!(status["status"], "failed", "{status:#}");
            delivered += usize::from(status["status"] == "delivered");
        }
        (delivered == unfinished.len()).then_some(())
    })
    .await;
    for asked in &unfinished {
        stack.mailbox().mail(&asked.id, &asked.email, "Your certificate").await;
        certificate(&portal, asked).await;
    }
    // No approver gets a second mail, and ended requests are unchanged.
    for case in [&before.waiting, &before.half] {
        let new = stack.mailbox().about(&case.asked.id);
        assert!(new.iter().all(|mail| !mail.subject.contains("Approve certificate")));
        assert!(!mails.about(&case.asked.id).is_empty());
    }
    for (asked, status, pem) in &before.ended {
        assert_eq!(portal.status(asked).await, *status);
        if let Some(pem) = pem {
            assert_eq!(certificate(&portal, asked).await, *pem);
        }
    }
    let stored = stored(&stack);
    assert_eq!(
        stored.iter().collect::<BTreeSet<_>>().len(),
        stored.len(),
        "one certificate each: {stored:?}"
    );
    assert_eq!(stored.len(), unfinished.len() + 1);
    assert!(ran(&stack, &["audit", "verify"]).contains("every audit trail is complete and unaltered"));
    let said = ran(&stack, &import);
    assert!(said.contains("0 requests imported, 8 already present"), "{said}");
    let without_secret: Vec<&str> =
        import.iter().copied().filter(|part| *part != "--link-secret" && *part != secret).collect();
    let output = stack.countersign(&without_secret);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("Without --link-secret"), "{said}");
}
