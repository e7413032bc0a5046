//! The operator's CA: imported, rotated, and in KMS. OpenSSL verifies issued certificates against the root.

use std::path::Path;

use end_to_end::{Asked, PkiDir, Stack, Submission, csr_for, needed, unique_host};
use serde_json::Value;

use crate::APPROVER;

/// Makes a root with OpenSSL: a traditional key, OpenSSL's default extensions and keyUsage.
fn root(dir: &PkiDir, openssl: &Path, name: &str, key: &[&str], subject: &str) {
    let (key_file, certificate) = (format!("{name}.key"), format!("{name}.crt"));
    dir.succeed(openssl, &[&key[..1], &["-out", &key_file], &key[1..]].concat());
    let arguments =
        ["req", "-x509", "-key", &key_file, "-out", &certificate, "-days", "3650", "-subj", subject];
    dir.succeed(openssl, &[&arguments[..], &["-addext", "keyUsage=critical,keyCertSign,cRLSign"]].concat());
}

fn path(dir: &PkiDir, name: &str) -> String {
    dir.path(name).display().to_string()
}

/// Runs `countersign ca ARGUMENTS` and asserts success.
fn ca(stack: &Stack, arguments: &[&str]) -> String {
    let output = stack.countersign(&[&["ca"], arguments].concat());
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{arguments:?}: {err}");
    assert!(!out.contains("PRIVATE KEY"));
    assert!(!err.contains("PRIVATE KEY"));
    out.into_owned()
}

/// Like `ca`, but asserts failure with one line.
fn refused(stack: &Stack, arguments: &[&str]) -> String {
    let output = stack.countersign(&[&["ca"], arguments].concat());
    assert!(!output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

fn shown(stack: &Stack) -> Value {
    stack.countersign_json(&["ca", "show", "--json"])
}

async fn ask(stack: &Stack) -> (Asked, String) {
    let asked = stack.portal().ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let link = stack.mailbox().approval_link(&asked, APPROVER).await;
    (asked, link)
}

/// Approves a request, waits for delivery, and unpacks the mailed zip.
async fn delivered(stack: &Stack, dir: &PkiDir, (asked, link): &(Asked, String)) {
    stack.portal().decide(link, "approve", "").await.expect(200);
    stack.portal().until(asked, "delivered").await;
    unpack(stack, dir, asked).await;
}

async fn unpack(stack: &Stack, dir: &PkiDir, asked: &Asked) {
    let mail = stack.mailbox().mail(&asked.id, &asked.email, "Your certificate").await;
    dir.unzip(mail.attachment("certificate.zip"));
}

/// Verifies certificate.pem against `root`, with ca.pem as untrusted intermediates, and with the revocation list that
/// OpenSSL fetches from the address in the certificate.
fn verified(dir: &PkiDir, openssl: &Path, root: &str) {
    let arguments = [
        "verify",
        "-x509_strict",
        "-purpose",
        "sslserver",
        "-crl_check",
        "-crl_download",
        "-CAfile",
        root,
        "-untrusted",
        "ca.pem",
        "certificate.pem",
    ];
    assert!(dir.succeed(openssl, &arguments).contains("certificate.pem: OK"));
}

/// Verifies each certificate of the chain against `root`, with the lists at the addresses in the certificate and in that of
/// its issuing CA, as ca.pem has it. Returns what OpenSSL says.
async fn whole_chain(stack: &Stack, dir: &PkiDir, openssl: &Path, root: &str) -> String {
    let mut lists = String::new();
    for certificate in ["certificate.pem", "ca.pem"] {
        let text =
            dir.succeed(openssl, &["x509", "-in", certificate, "-noout", "-ext", "crlDistributionPoints"]);
        let (_, address) = text.split_once("/crl/").unwrap_or_else(|| panic!("{certificate}: {text}"));
        let list = format!("crl/{}", address.lines().next().unwrap());
        dir.write("list.der", stack.portal().get(&list, "*/*").await.expect(200).body);
        dir.succeed(openssl, &["crl", "-inform", "DER", "-in", "list.der", "-out", "list.pem"]);
        lists += &dir.read("list.pem");
    }
    dir.write("lists.pem", lists);
    let arguments = ["verify", "-x509_strict", "-crl_check_all", "-CRLfile", "lists.pem", "-CAfile", root];
    let output = dir.run(openssl, &[&arguments[..], &["-untrusted", "ca.pem", "certificate.pem"]].concat());
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test]
async fn an_external_root_is_imported_and_rotated() {
    let Some([openssl]) = needed([("openssl", "openssl")]) else {
        return;
    };
    let (stack, dir) = (Stack::start("ca").await, PkiDir::new());
    root(&dir, &openssl, "RootCA", &["genrsa", "-traditional", "2048"], "/CN=Original Root/O=Example");
    root(
        &dir,
        &openssl,
        "ec",
        &["ecparam", "-genkey", "-name", "prime256v1"],
        "/DC=com/DC=example/CN=Example EC Root",
    );
    assert!(dir.read("RootCA.key").contains("BEGIN RSA PRIVATE KEY"));
    assert!(dir.read("ec.key").contains("BEGIN EC PRIVATE KEY"));
    assert!(!role_of_sign(&stack).contains("kms:"), "without a key in KMS there is no right to any");
    let before = shown(&stack);
    rejects_invalid_imports(&stack, &dir, &openssl);
    assert_eq!(shown(&stack), before, "a refused import stores nothing");

    let (key, certificate) = (path(&dir, "RootCA.key"), path(&dir, "RootCA.crt"));
    let import = ["import", "--key", &key, "--certificate", &certificate];
    assert!(refused(&stack, &import).contains("Add --replace"));
    let told = ca(&stack, &[&import[..], &["--replace"]].concat());
    assert!(told.contains("CN=Original Root"), "{told}");
    assert!(told.contains("RSA 2048 bits"), "{told}");
    assert!(ca(&stack, &import).contains("in force already"));
    let first = ask(&stack).await;
    delivered(&stack, &dir, &first).await;
    verified(&dir, &openssl, "RootCA.crt");
    let under_rsa = dir.read("certificate.pem");

    // DER, and SEC 1.
    dir.succeed(&openssl, &["ec", "-in", "ec.key", "-outform", "DER", "-out", "ec.der"]);
    let (key, certificate) = (path(&dir, "ec.der"), path(&dir, "ec.crt"));
    ca(&stack, &["import", "--key", &key, "--certificate", &certificate, "--replace"]);
    let second = ask(&stack).await;
    delivered(&stack, &dir, &second).await;
    verified(&dir, &openssl, "ec.crt");
    let waiting = ask(&stack).await;

    // A new issuing CA below a new root.
    let options = [
        "rotate",
        "--issuing-ca",
        "--key",
        "ec-p384",
        "--subject",
        "CN=Issuing,O=Example",
        "--permit-dns",
        "example.com",
    ];
    let told = ca(&stack, &options);
    assert!(told.contains("To go back:"), "{told}");
    assert!(told.contains("new root"), "{told}");
    let now = shown(&stack);
    assert_eq!(
        (&now["issuer"]["pathLength"], &now["chain"][0]["pathLength"]),
        (&0.into(), &1.into()),
        "{now:#}"
    );
    assert_eq!(now["issuer"]["permitted"][0], "example.com");
    assert_eq!(now["previous"].as_array().map(Vec::len), Some(3), "{now:#}");
    delivered(&stack, &dir, &waiting).await;
    let chain = stack.portal().get("ca.pem", "*/*").await.expect(200).text();
    dir.write("top.pem", &chain[chain.rfind("-----BEGIN").unwrap()..]);
    verified(&dir, &openssl, "top.pem");

    // The next issuing CA has the same root and name constraints.
    let told = ca(&stack, &["rotate"]);
    assert!(!told.contains("new root"), "{told}");
    let again = shown(&stack);
    assert_eq!(again["chain"][0]["sha256"], now["chain"][0]["sha256"]);
    assert_eq!(again["issuer"]["permitted"], now["issuer"]["permitted"]);
    assert_ne!(again["issuer"]["keyIdentifier"], now["issuer"]["keyIdentifier"]);
    let last = ask(&stack).await;
    delivered(&stack, &dir, &last).await;
    verified(&dir, &openssl, "top.pem");
    assert!(whole_chain(&stack, &dir, &openssl, "top.pem").await.contains("certificate.pem: OK"));

    // The first certificate is still delivered with its own issuer.
    let url = first.0.status_url.replace("?key=", "/certificate.zip?key=");
    dir.unzip(&stack.portal().get(&url, "*/*").await.expect(200).body);
    assert_eq!(dir.read("certificate.pem"), under_rsa);
    verified(&dir, &openssl, "RootCA.crt");

    // One file trusts all of them: three roots, and two issuing CAs below one more.
    let bundle = stack.portal().get("issuer/trust.pem", "*/*").await.expect(200).text();
    assert_eq!(bundle.matches("BEGIN CERTIFICATE").count(), 6, "{bundle}");
    dir.write("trust.pem", &bundle);
    verified(&dir, &openssl, "trust.pem");
    revoked_issuing_ca(&stack, &dir, &openssl, &waiting.0, &last.0).await;
    interrupted(&stack);
}

/// Revokes the former issuing CA, which issued `former`; `latest` is of the CA in force, below the same root.
async fn revoked_issuing_ca(stack: &Stack, dir: &PkiDir, openssl: &Path, former: &Asked, latest: &Asked) {
    let before = shown(stack);
    let identifier = |ca: &Value| ca["keyIdentifier"].as_str().unwrap().to_owned();
    let current = identifier(&before["issuer"]);
    let all = before["previous"].as_array().unwrap();
    let issuing = all.iter().find(|ca| ca["subject"] == "CN=Issuing,O=Example").map(identifier).unwrap();
    let root = all.iter().find(|ca| ca["subject"] == "CN=Original Root").map(identifier);
    let why = ["--reason", "cACompromise", "--yes"];
    let revoke =
        |which: &str| [&["revoke", which], &why[..]].concat().iter().map(ToString::to_string).collect();
    let refuse = |which: &str| {
        let arguments: Vec<String> = revoke(which);
        refused(stack, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    assert!(refuse(&current).contains("countersign ca rotate"));
    assert!(refuse("00ff00ff").contains("no CA has the key identifier"));
    if let Some(root) = root {
        assert!(refuse(&root).contains("is a root"));
    }
    assert_eq!(shown(stack), before, "a refused revocation changes nothing");

    unpack(stack, dir, former).await;
    assert!(whole_chain(stack, dir, openssl, "top.pem").await.contains("certificate.pem: OK"));
    let told = ca(stack, &[&["revoke", &issuing[..12]], &why[..]].concat());
    assert!(told.contains("on the list of"), "{told}");
    let told = whole_chain(stack, dir, openssl, "top.pem").await;
    assert!(told.contains("certificate revoked"), "{told}");
    unpack(stack, dir, latest).await;
    assert!(whole_chain(stack, dir, openssl, "top.pem").await.contains("certificate.pem: OK"));
    let bundle = stack.portal().get("issuer/trust.pem", "*/*").await.expect(200).text();
    assert_eq!(bundle.matches("BEGIN CERTIFICATE").count(), 5, "{bundle}");
    assert!(ca(stack, &[&["revoke", &issuing], &why[..]].concat()).contains("revoked already"));
    let after = shown(stack);
    let revoked: Vec<_> = after["previous"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|ca| ca["revoked"] == true)
        .map(identifier)
        .collect();
    assert_eq!(revoked, [issuing]);
}

/// Policy of the sign worker's role.
fn role_of_sign(stack: &Stack) -> String {
    let roles: Value = serde_json::from_slice(&stack.aws(&["iam", "list-roles"])).unwrap();
    let name = roles["Roles"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|role| role["RoleName"].as_str())
        .find(|name| name.contains("SignRole"))
        .unwrap();
    let policy = stack.aws(&["iam", "get-role-policy", "--role-name", name, "--policy-name", "sign"]);
    String::from_utf8(policy).unwrap()
}

/// Asserts that invalid imports fail with one line.
fn rejects_invalid_imports(stack: &Stack, dir: &PkiDir, openssl: &Path) {
    let run = |arguments: &[&str]| _ = dir.succeed(openssl, arguments);
    run(&["rsa", "-in", "RootCA.key", "-aes256", "-passout", "pass:secret", "-out", "locked.key"]);
    let locked = ["pkcs8", "-topk8", "-in", "RootCA.key", "-passout", "pass:secret"];
    run(&[&locked[..], &["-out", "locked8.key"]].concat());
    run(&[&locked[..], &["-outform", "DER", "-out", "locked.der"]].concat());
    // OpenSSL 3.0 cannot make an expired certificate.
    let mut old = rcgen::CertificateParams::default();
    old.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    old.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let old_key = rcgen::KeyPair::generate().unwrap();
    dir.write("expired.crt", old.self_signed(&old_key).unwrap().pem());
    dir.write("expired.key", old_key.serialize_pem());
    run(&[
        "req",
        "-x509",
        "-key",
        "RootCA.key",
        "-out",
        "leaf.crt",
        "-subj",
        "/CN=Leaf",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
    ]);
    run(&[
        "req",
        "-x509",
        "-key",
        "RootCA.key",
        "-out",
        "signless.crt",
        "-subj",
        "/CN=No",
        "-addext",
        "keyUsage=critical,digitalSignature",
    ]);
    run(&[
        "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", "weak.key", "-out", "weak.crt", "-subj",
        "/CN=Weak",
    ]);
    for (key, certificate, why) in [
        ("ec.key", "RootCA.crt", "is not the key of the certificate O=Example,CN=Original Root"),
        ("locked.key", "RootCA.crt", "is encrypted"),
        ("locked8.key", "RootCA.crt", "openssl pkey -in"),
        ("locked.der", "RootCA.crt", "-inform DER"),
        ("expired.key", "expired.crt", "expired on 2021-01-01"),
        ("RootCA.key", "leaf.crt", "it is not a CA"),
        ("RootCA.key", "signless.crt", "keyCertSign"),
        ("weak.key", "weak.crt", "1024 bits"),
        ("RootCA.crt", "RootCA.crt", "no private key"),
        ("RootCA.key", "RootCA.key", "no certificate"),
        ("RootCA.key", "absent.crt", "cannot read"),
    ] {
        let (key, certificate) = (path(dir, key), path(dir, certificate));
        let said = refused(stack, &["import", "--key", &key, "--certificate", &certificate, "--replace"]);
        assert!(said.contains(why), "{why}: {said}");
    }
    let said = refused(stack, &["init"]);
    assert!(said.contains("has a CA already"), "{said}");
    assert!(said.contains("ca rotate"), "{said}");
    assert!(refused(stack, &["rotate", "--kms"]).contains("CaKey=kms"));
}

/// Interrupted changes: the previous key is current again, and the suggested command completes the change.
fn interrupted(stack: &Stack) {
    let secret = stack.endpoint("caSecret");
    let versions = stack.aws(&["secretsmanager", "list-secret-version-ids", "--secret-id", secret]);
    let versions: Value = serde_json::from_slice(&versions).unwrap();
    let id_of = |stage: &str| {
        let all = versions["Versions"].as_array().unwrap();
        let found = all
            .iter()
            .find(|version| version["VersionStages"].as_array().unwrap().iter().any(|s| s == stage));
        found.unwrap()["VersionId"].as_str().unwrap().to_owned()
    };
    let before = shown(stack);
    stack.aws(&[
        "secretsmanager",
        "update-secret-version-stage",
        "--secret-id",
        secret,
        "--version-stage",
        "AWSCURRENT",
        "--move-to-version-id",
        &id_of("AWSPREVIOUS"),
        "--remove-from-version-id",
        &id_of("AWSCURRENT"),
    ]);
    let output = stack.countersign(&["ca", "show"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("finish it with: countersign ca finish"), "{said}");
    ca(stack, &["finish"]);
    assert!(ca(stack, &["finish"]).contains("no change to finish"));
    let after = shown(stack);
    assert_eq!(after["key"]["signs"], true);
    assert_ne!(after["issuer"]["keyIdentifier"], before["issuer"]["keyIdentifier"]);

    // An init that stopped before its last step.
    let object = format!("s3://{}/ca-certificate/current.pem", stack.endpoint("bucket"));
    stack.aws(&["s3", "rm", &object]);
    assert!(refused(stack, &["show"]).contains("a change was interrupted"));
    ca(stack, &["init"]);
    assert_eq!(shown(stack)["issuer"], after["issuer"]);

    // A stack without a CA.
    stack.aws(&["s3", "rm", &object]);
    stack.aws(&["secretsmanager", "delete-secret", "--force-delete-without-recovery", "--secret-id", secret]);
    for command in ["show", "rotate"] {
        assert!(refused(stack, &[command]).contains("countersign ca init"));
    }
    let told = ca(
        stack,
        &["init", "--issuing-ca", "--key", "rsa-3072", "--subject", "CN=First, O=Example", "--years", "3"],
    );
    assert!(told.contains("CN=First,O=Example"), "{told}");
    assert!(told.contains("root-key"), "{told}");
    let first = shown(stack);
    assert_eq!(first["issuer"]["key"], "RSA 3072 bits");
    assert_eq!(first["chain"][0]["subject"], "CN=Countersign Root CA,O=Example");
    assert!(first["chain"][0]["daysLeft"].as_i64() > first["issuer"]["daysLeft"].as_i64(), "{first:#}");
}

#[tokio::test]
async fn a_key_in_kms_signs_and_is_rotated() {
    let Some([openssl]) = needed([("openssl", "openssl")]) else {
        return;
    };
    let (stack, dir) = (Stack::start_with("ca-kms", &["--ca-key", "kms"]).await, PkiDir::new());
    let first = shown(&stack);
    assert_eq!(
        (&first["key"]["keeper"], &first["issuer"]["key"]),
        (&"kms".into(), &"EC P-256".into()),
        "{first:#}"
    );
    let role = role_of_sign(&stack);
    assert!(role.contains("kms:Sign"), "{role}");
    assert!(!role.contains("secretsmanager:"), "{role}");
    let old = ask(&stack).await;
    delivered(&stack, &dir, &old).await;
    dir.write("root.pem", dir.read("ca.pem"));
    verified(&dir, &openssl, "root.pem");

    let told =
        ca(&stack, &["rotate", "--kms", "--key", "rsa-2048", "--subject", "CN=KMS Root,DC=example,DC=com"]);
    assert!(told.contains("alias/countersign-countersign-ca-previous"), "{told}");
    let now = shown(&stack);
    assert_eq!(
        (&now["issuer"]["key"], &now["key"]["signs"]),
        (&"RSA 2048 bits".into(), &true.into()),
        "{now:#}"
    );
    let new = ask(&stack).await;
    delivered(&stack, &dir, &new).await;
    dir.write("new-root.pem", dir.read("ca.pem"));
    verified(&dir, &openssl, "new-root.pem");
    unpack(&stack, &dir, &old.0).await;
    verified(&dir, &openssl, "root.pem");

    // A rotation reuses the key of an interrupted one.
    let made = stack.aws(&["kms", "create-key", "--key-usage", "SIGN_VERIFY", "--key-spec", "ECC_NIST_P384"]);
    let made: Value = serde_json::from_slice(&made).unwrap();
    let id = made["KeyMetadata"]["KeyId"].as_str().unwrap();
    let next = "alias/countersign-countersign-ca-next";
    stack.aws(&["kms", "create-alias", "--alias-name", next, "--target-key-id", id]);
    ca(&stack, &["rotate", "--key", "ec-p384"]);
    let aliases = String::from_utf8(stack.aws(&["kms", "list-aliases", "--key-id", id])).unwrap();
    assert!(aliases.contains("alias/countersign-countersign-ca\""), "{aliases}");
    assert!(!aliases.contains(next), "{aliases}");
    assert_eq!(shown(&stack)["issuer"]["key"], "EC P-384");
    let third = ask(&stack).await;
    delivered(&stack, &dir, &third).await;
    dir.write("third-root.pem", dir.read("ca.pem"));
    verified(&dir, &openssl, "third-root.pem");

    // A key in KMS with the certificate of another key.
    let made = stack.aws(&["kms", "create-key", "--key-usage", "SIGN_VERIFY", "--key-spec", "ECC_NIST_P256"]);
    let made: Value = serde_json::from_slice(&made).unwrap();
    let (id, certificate) = (made["KeyMetadata"]["KeyId"].as_str().unwrap(), path(&dir, "root.pem"));
    let said = refused(&stack, &["import", "--kms-key", id, "--certificate", &certificate, "--replace"]);
    assert!(said.contains("is not the key of the certificate"), "{said}");
    // The previous key, by its alias, with its certificate.
    let certificate = path(&dir, "new-root.pem");
    let alias = "alias/countersign-countersign-ca-previous";
    ca(&stack, &["import", "--kms-key", alias, "--certificate", &certificate, "--replace"]);
    let back = ask(&stack).await;
    delivered(&stack, &dir, &back).await;
    verified(&dir, &openssl, "new-root.pem");
    // No key is in Secrets Manager.
    let secrets = String::from_utf8(stack.aws(&["secretsmanager", "list-secrets"])).unwrap();
    assert!(!secrets.contains("ca-key"), "{secrets}");
}
