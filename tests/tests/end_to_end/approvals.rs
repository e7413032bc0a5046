//! Approvals: groups and quorums, new links, withdrawn requests, and the audit trail.

use end_to_end::{PATIENCE, Stack, Submission, csr_for, eventually, unique_host};
use serde_json::{Value, json};

use crate::APPROVER;

#[tokio::test]
async fn two_of_three_are_any_two() {
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()])).with_profile("two-of-three")).await;
    let first = mailbox.approval_link(&asked, "s2@example.com").await;
    let second = mailbox.approval_link(&asked, "both@example.com").await;
    assert!(portal.decide(&first, "approve", "").await.expect(200).json().get("outcome").is_none());
    let review = portal.json(&second).await.expect(200).json();
    assert_eq!(
        review["lacking"],
        json!([{ "group": "security", "approvals": 1, "approvers": ["s1@example.com", "both@example.com"] }])
    );
    assert_eq!(portal.decide(&second, "approve", "").await.expect(200).json()["outcome"], "approved");
    portal.until(&asked, "delivered").await;
}

#[tokio::test]
async fn one_of_each_group_and_one_person_is_not_two() {
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()])).with_profile("two-groups")).await;
    let both = mailbox.approval_link(&asked, "both@example.com").await;
    let platform = mailbox.approval_link(&asked, "p1@example.com").await;
    assert!(portal.decide(&both, "approve", "").await.expect(200).json().get("outcome").is_none());
    assert_eq!(portal.decide(&platform, "approve", "").await.expect(200).json()["outcome"], "approved");
    portal.until(&asked, "delivered").await;
    // One rejection ends the approval, also after approvals.
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()])).with_profile("two-groups")).await;
    let security = mailbox.approval_link(&asked, "s1@example.com").await;
    let platform = mailbox.approval_link(&asked, "p1@example.com").await;
    portal.decide(&security, "approve", "").await.expect(200);
    portal.decide(&platform, "reject", "Not on our platform.").await.expect(200);
    portal.until(&asked, "rejected").await;
}

#[tokio::test]
async fn a_stand_in_approves_in_the_place_of_an_approver_who_is_away() {
    const AWAY: &str = "away@example.com";
    const STAND_IN: &str = "stands-in@example.com";
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()])).with_profile("away")).await;
    let of_stand_in = mailbox.approval_link(&asked, STAND_IN).await;
    let of_absent = mailbox.approval_link(&asked, AWAY).await;
    let of_present = mailbox.approval_link(&asked, "here@example.com").await;
    let mails = mailbox.about(&asked.id);
    let mail_to = |who: &str| mails.iter().find(|mail| mail.to == who).unwrap();
    let says = "You stand in for away@example.com until ";
    assert!(mail_to(STAND_IN).text.contains(says), "{}", mail_to(STAND_IN).text);
    assert!(!mail_to(AWAY).text.contains(says));

    let review = portal.json(&of_stand_in).await.expect(200).json();
    assert_eq!(review["standsIn"][0]["for"], AWAY, "{review:#}");
    let page = portal.get(&of_stand_in, "text/html").await.expect(200).text();
    assert!(page.contains(says), "{page}");
    portal.decide(&of_stand_in, "approve", "").await.expect(200);
    // The seat is taken: a vote of the absent approver is recorded, and fills no other.
    assert!(portal.decide(&of_absent, "approve", "").await.expect(200).json().get("outcome").is_none());
    let review = portal.json(&of_present).await.expect(200).json();
    assert_eq!(
        review["lacking"],
        json!([{ "approvals": 1, "approvers": ["here@example.com"] }]),
        "{review:#}"
    );
    assert_eq!(review["votes"][0]["standsInFor"], json!([AWAY]), "{review:#}");
    assert_eq!(portal.decide(&of_present, "approve", "").await.expect(200).json()["outcome"], "approved");
    portal.until(&asked, "delivered").await;

    assert_eq!(stack.row(&asked.id)["decision"]["votes"][0]["standsInFor"], json!([AWAY]));
    let shown = |arguments: &[&str]| {
        let output = stack.countersign(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    for command in ["show", "verify"] {
        let shown = shown(&["approvals", command, &asked.id]);
        let line = shown.lines().find(|line| line.starts_with(STAND_IN)).unwrap();
        assert!(line.contains(" for away@example.com"), "{shown}");
    }
    let trail = shown(&["audit", "export", &asked.id]);
    assert!(trail.contains("approve for away@example.com"), "{trail}");
    let receipt = mailbox.mail(&asked.id, STAND_IN, "You approved the certificate").await;
    assert!(receipt.text.contains("You decided in the place of away@example.com."), "{}", receipt.text);
}

#[tokio::test]
async fn new_links_invalidate_the_old_ones() {
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let old = mailbox.approval_link(&asked, APPROVER).await;
    portal.until(&asked, "pending_approval").await;
    let sent = stack.countersign(&["approvals", "resend", &asked.id]);
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    let new = eventually("a mail with the new link", PATIENCE, async || {
        let mails = mailbox.about(&asked.id);
        let links = mails.iter().filter(|mail| mail.to == APPROVER).flat_map(|mail| mail.links());
        links.filter(|link| link.contains("/approvals/")).find(|link| *link != old)
    })
    .await;
    portal.json(&old).await.problem(404, "not_found");
    assert_eq!(portal.decide(&new, "approve", "").await.expect(200).json()["outcome"], "approved");
    portal.until(&asked, "delivered").await;
    let again = stack.countersign(&["approvals", "resend", &asked.id]);
    assert!(!again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("already approved"));
}

#[tokio::test]
async fn a_request_that_is_taken_back_ends_and_its_links_only_say_so() {
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    portal.until(&asked, "pending_approval").await;
    let cancel = asked.status_url.replacen('?', "/cancel?", 1);
    portal.post(&cancel, &json!({})).await.expect(200);
    let status = portal.until(&asked, "withdrawn").await;
    assert_eq!(status["reason"], "You withdrew the request.");
    mailbox.mail(&asked.id, &asked.email, "was withdrawn").await;
    let review = portal.json(&link).await.expect(200).json();
    assert_eq!(review["withdrawn"], true, "{review:#}");
    portal.post(&cancel, &json!({})).await.expect(200);
}

#[tokio::test]
async fn all_requests_of_an_address_are_found_through_its_mailbox() {
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let email = format!("{}@example.com", unique_host().split('.').next().unwrap());
    let submission = Submission { email: email.clone(), ..Submission::of(&csr_for(&[&unique_host()])) };
    let asked = portal.ask(&submission).await;
    portal.until(&asked, "pending_approval").await;
    // The index by address is eventually consistent.
    let mail = eventually("the link to the list", PATIENCE, async || {
        portal.post("mine", &json!({ "email": email })).await.expect(202);
        mailbox.about(&asked.id).into_iter().find(|mail| mail.subject == "Your certificates")
    })
    .await;
    for mail in mailbox.about(&asked.id) {
        assert_eq!(mail.no_answer.map(Option::unwrap), ["auto-generated", "All"], "{}", mail.subject);
        assert!(mail.text.contains("Nobody reads replies"), "{}", mail.subject);
    }
    let link = mail.links().into_iter().find(|link| link.contains("/mine/")).unwrap();
    let list = portal.json(&link).await.expect(200).json();
    assert_eq!(list["requests"][0]["id"], asked.id, "{list:#}");
}

#[tokio::test]
async fn the_audit_trail_is_whole_and_an_altered_event_is_found() {
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    portal.json(&link).await.expect(200);
    portal.decide(&link, "approve", "").await.expect(200);
    portal.until(&asked, "delivered").await;
    portal.get(&asked.status_url.replacen('?', "/certificate.zip?", 1), "application/zip").await.expect(200);

    let whole = stack.countersign(&["audit", "verify", &asked.id]);
    assert!(whole.status.success(), "{}", String::from_utf8_lossy(&whole.stdout));
    let exported = stack.countersign(&["audit", "export", &asked.id]);
    let events: Vec<Value> = String::from_utf8(exported.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let happened: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    for expected in [
        "submitted",
        "stored",
        "asked",
        "mailed",
        "viewed",
        "voted",
        "decided",
        "reserved",
        "signed",
        "delivered",
        "downloaded",
    ] {
        assert!(happened.contains(&expected), "{expected}: {happened:?}");
    }
    assert_eq!(happened[0], "submitted");

    let key = |number: u64| {
        json!({ "requestId": { "S": asked.id }, "number": { "N": number.to_string() } }).to_string()
    };
    let table = stack.endpoint("auditTable");
    let voted = events.iter().find(|event| event["event"] == "voted").unwrap();
    let number = voted["number"].as_u64().unwrap();
    let forged = json!({ ":who": { "S": "approver:other@example.com" } }).to_string();
    stack.aws(&[
        "dynamodb",
        "update-item",
        "--table-name",
        table,
        "--key",
        &key(number),
        "--update-expression",
        "SET actor = :who",
        "--expression-attribute-values",
        &forged,
    ]);
    let broken = stack.countersign(&["audit", "verify", &asked.id]);
    assert!(!broken.status.success());
    let said = String::from_utf8_lossy(&broken.stdout);
    assert!(said.contains(&format!("event {number} was altered")), "{said}");
    // The row records the last event, so its deletion is found.
    let last = events.last().unwrap()["number"].as_u64().unwrap();
    stack.aws(&["dynamodb", "delete-item", "--table-name", table, "--key", &key(last)]);
    let broken = stack.countersign(&["audit", "verify"]);
    let said = String::from_utf8_lossy(&broken.stdout);
    assert!(!broken.status.success(), "{said}");
    assert!(said.contains("the trail ends with event"), "{said}");
}

/// Writes an item into a table.
fn put(stack: &Stack, table: &str, item: &Value) {
    stack.aws(&["dynamodb", "put-item", "--table-name", table, "--item", &item.to_string()]);
}

/// Alterations by a person who may write the tables, each undone before the next.
#[tokio::test]
async fn an_altered_row_and_a_trail_that_was_set_back_are_found() {
    let stack = Stack::start("audit").await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    portal.decide(&link, "approve", "").await.expect(200);
    portal.until(&asked, "delivered").await;
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("earlier.jsonl");
    let export = export.to_str().unwrap();
    let verified = |arguments: &[&str]| {
        let output = stack.countersign(&[&["audit", "verify"], arguments].concat());
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    // The last events of a delivery are written after the status.
    eventually("an export of a whole trail", PATIENCE, async || {
        let _ = std::fs::remove_file(export);
        stack.countersign(&["export", export]).status.success().then_some(())
    })
    .await;
    let whole = verified(&["--certificates", "--against", export]);
    assert!(whole.0, "{}", whole.1);

    let (rows, events) = (stack.endpoint("requestsTable"), stack.endpoint("auditTable"));
    let read = |table: &str, arguments: &[&str]| -> Value {
        let command = [&["dynamodb"], arguments, &["--table-name", table, "--output", "json"]].concat();
        serde_json::from_slice(&stack.aws(&command)).unwrap()
    };
    let key = json!({ "id": { "S": asked.id } }).to_string();
    let row = read(rows, &["get-item", "--key", &key])["Item"].clone();
    let values = json!({ ":id": { "S": asked.id } }).to_string();
    let query =
        ["query", "--key-condition-expression", "requestId = :id", "--expression-attribute-values", &values];
    let trail = read(events, &query)["Items"].as_array().unwrap().clone();

    type Alteration = fn(&mut Value, &[Value]);
    let alterations: [(Alteration, &str); 7] = [
        (|row, _| row["status"]["S"] = json!("pending_approval"), "its column status differs"),
        (|row, _| row["email"]["S"] = json!("other@example.com"), "its column email differs"),
        (|row, _| row["serial"]["S"] = json!("01".repeat(20)), "its column serial differs"),
        (
            |row, _| row["names"]["L"][0]["S"] = json!("other.example.com"),
            "its column profile, subject, names or publicKeyDigest differs",
        ),
        (
            |row, trail| {
                let hash = trail[3]["hash"].clone();
                row["audit"] = json!({ "M": { "number": { "N": "4" }, "hash": hash } });
            },
            "the row of the request has event 4 as the last",
        ),
        (
            |row, _| _ = row.as_object_mut().unwrap().remove("audit"),
            "the row of the request has event 0 as the last",
        ),
        (|row, _| row["status"]["S"] = json!("nonsense"), "its row cannot be read"),
    ];
    for (alter, expected) in alterations {
        let mut altered = row.clone();
        alter(&mut altered, &trail);
        put(&stack, rows, &altered);
        for arguments in [&[][..], &[asked.id.as_str()]] {
            let (whole, said) = verified(arguments);
            assert!(!whole, "{expected}: {said}");
            assert!(said.contains(&asked.id) && said.contains(expected), "{expected}: {said}");
        }
        put(&stack, rows, &row);
    }
    // The export of a stack whose row was set back says so, and holds every event.
    let mut back = row.clone();
    back["audit"] = json!({ "M": { "number": { "N": "4" }, "hash": trail[3]["hash"] } });
    put(&stack, rows, &back);
    let second = folder.path().join("second.jsonl");
    let output = stack.countersign(&["export", second.to_str().unwrap()]);
    assert!(!output.status.success());
    let exported = std::fs::read_to_string(&second).unwrap();
    assert_eq!(exported.matches(r#""kind":"event""#).count(), trail.len());
    put(&stack, rows, &row);

    // Events behind the last one.
    let mut more = trail.last().unwrap().clone();
    more["number"]["N"] = json!((trail.len() + 1).to_string());
    put(&stack, events, &more);
    assert!(!verified(&[]).0);
    let number = |number: &Value| json!({ "requestId": { "S": asked.id }, "number": number }).to_string();
    let delete = |table: &str, key: &str| {
        stack.aws(&["dynamodb", "delete-item", "--table-name", table, "--key", key]);
    };
    delete(events, &number(&more["number"]));
    assert!(verified(&["--against", export]).0);

    // Row and trail set back together, or removed together: only evidence from outside of the stack shows it.
    let mut row_of_then = row.clone();
    row_of_then["audit"] = json!({ "M": { "number": { "N": "1" }, "hash": trail[0]["hash"] } });
    put(&stack, rows, &row_of_then);
    trail[1..].iter().for_each(|event| delete(events, &number(&event["number"])));
    let (whole, said) = verified(&["--against", export]);
    assert!(!whole && said.contains("were set back"), "{said}");
    delete(rows, &key);
    delete(events, &number(&trail[0]["number"]));
    assert!(verified(&[]).0, "nothing in the stack shows it");
    let (whole, said) = verified(&["--against", export]);
    assert!(!whole && said.contains("row and trail were removed"), "{said}");
}

#[tokio::test]
async fn a_new_policy_shows_its_effects_on_open_requests_before_it_is_in_force() {
    let stack = Stack::start("effects").await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    mailbox.approval_link(&asked, APPROVER).await;
    portal.until(&asked, "pending_approval").await;
    let before = stack.countersign(&["policy", "show"]).stdout;
    let file = stack.path().join("successor.toml");
    let text = end_to_end::policy()
        .replace(APPROVER, "successor@example.com")
        .replace("\"example.com\"", "\"example.edu\"");
    std::fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    let output = stack.countersign(&["policy", "set", &file]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("add --yes"), "{said}");
    assert!(said.contains("+approvers = [\"successor@example.com\"]"), "{said}");
    assert!(said.contains("1 open request: 1 will be refused"), "{said}");
    assert!(said.contains("links stop working: approver@example.com"), "{said}");
    assert_eq!(stack.countersign(&["policy", "show"]).stdout, before, "nothing was changed");

    let output = stack.countersign(&["policy", "set", "--yes", &file]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains(&format!("countersign approvals resend {}", asked.id)), "{said}");
    let shown = String::from_utf8(stack.countersign(&["approvals", "show", &asked.id]).stdout).unwrap();
    assert!(shown.contains("no longer in the policy"), "{shown}");
    assert!(shown.contains(&format!("approvals resend {}", asked.id)), "{shown}");
    let again = stack.countersign(&["policy", "set", &file]);
    assert!(String::from_utf8_lossy(&again.stdout).contains("is in force already"));
}

#[tokio::test]
async fn why_a_step_waits_is_shown() {
    let stack = Stack::start("waits").await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    let show = || String::from_utf8(stack.countersign(&["requests", "show", &asked.id]).stdout).unwrap();
    portal.until(&asked, "pending_approval").await;
    let shown = show();
    assert!(shown.contains("AwaitApproval since "), "{shown}");
    assert!(!shown.contains("Failed tries"), "{shown}");
    stack.aws(&["secretsmanager", "delete-secret", "--secret-id", stack.endpoint("caSecret")]);
    portal.decide(&link, "approve", "").await.expect(200);
    let shown = eventually("a failed try to sign", PATIENCE, async || {
        let shown = show();
        shown.contains("Failed tries").then_some(shown)
    })
    .await;
    assert!(shown.contains("Sign since "), "{shown}");
    assert!(shown.contains("read the secret"), "{shown}");
    stack.aws(&["secretsmanager", "restore-secret", "--secret-id", stack.endpoint("caSecret")]);
    portal.until(&asked, "delivered").await;
    assert!(!show().contains("since"), "{}", show());
}

#[tokio::test]
async fn fifty_contradicting_votes_at_once_end_in_one_decision() {
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()])).with_profile("crowd")).await;
    let crowd: Vec<String> = (0..50).map(|n| format!("crowd{n}@example.com")).collect();
    let mut links = Vec::new();
    for one in &crowd {
        links.push(mailbox.approval_link(&asked, one).await);
    }
    let digest = portal.json(&links[0]).await.expect(200).json()["digest"].as_str().unwrap().to_owned();
    let votes = links.iter().enumerate().map(|(n, link)| {
        portal.decide_about(link, if n % 2 == 0 { "approve" } else { "reject" }, &digest, "Said at once.")
    });
    let answers = futures_util::future::join_all(votes).await;
    let status = eventually("the outcome", PATIENCE, async || {
        let status = portal.status(&asked).await;
        ["delivered", "rejected"].iter().any(|end| status["status"] == *end).then_some(status)
    })
    .await;
    let outcome = if status["status"] == "delivered" { "approved" } else { "rejected" };
    let mut counted = 0;
    for answer in answers {
        match answer.status {
            200 => {
                assert_eq!(answer.json()["outcome"], outcome, "{}", answer.text());
                counted += 1;
            }
            409 => drop(answer.problem(409, "already_decided")),
            // Too many concurrent writers, or throttled.
            503 | 429 => {}
            other => panic!("{other}: {}", answer.text()),
        }
    }
    assert!(counted >= 1);
    let row = stack.row(&asked.id);
    assert_eq!(row["decision"]["votes"].as_array().unwrap().len(), 1, "{row:#}");
    let whole = stack.countersign(&["audit", "verify", &asked.id]);
    assert!(whole.status.success(), "{}", String::from_utf8_lossy(&whole.stdout));
}
