//! A standing approval from the form to its end: by its credential a program gets certificates, and nobody is asked.

use end_to_end::{
    Answer, Asked, PATIENCE, Stack, Submission, approve_standing, ask_for_standing, credential, csr_for,
    eventually, files_in_zip, unique_host,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::APPROVER;

/// A standing approval for every test host. Its link is the mailed one.
async fn granted(stack: &Stack, certificates: u32) -> Asked {
    let portal = stack.portal();
    let asked = ask_for_standing(&portal, "server", &[".example.com"], certificates).await;
    approve_standing(stack, &portal, &asked, &[APPROVER]).await;
    asked
}

fn act(asked: &Asked, act: &str) -> String {
    asked.status_url.replace("?key=", &format!("/{act}?key="))
}

/// Sends a CSR with a credential, as curl does with `--data-urlencode`.
async fn send(stack: &Stack, credential: &str, csr: &str) -> Answer {
    let authorization = format!("Bearer {credential}");
    let headers = [
        ("authorization", authorization.as_str()),
        ("accept", "application/json"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let body = url::form_urlencoded::Serializer::new(String::new()).append_pair("csrContent", csr).finish();
    stack.portal().send(Method::POST, "requests", &headers, body.into_bytes()).await
}

/// The request of a certificate that a program got, once it is there.
async fn issued(stack: &Stack, credential: &str, csr: &str) -> Asked {
    let answer = send(stack, credential, csr).await.expect(202).json();
    let asked = Asked::of(&answer, &Submission::of(csr));
    stack.portal().until(&asked, "delivered").await;
    asked
}

/// Ends a standing approval, and waits until its page says so.
async fn end(stack: &Stack, asked: &Asked) -> Value {
    let reason = json!({ "reason": "The shop closes." });
    stack.portal().post(&act(asked, "end"), &reason).await.expect(202);
    eventually("the standing approval to be ended", PATIENCE, async || {
        let standing = stack.portal().status(asked).await["standing"].clone();
        standing["ended"].is_object().then_some(standing)
    })
    .await
}

/// Everything that the portal, sign, deliver and housekeeping do with the table of standing approvals.
pub(crate) async fn by_program(stack: &Stack) {
    let asked = granted(stack, 3).await;
    let made = credential(&stack.portal(), &asked).await;
    issued(stack, &made.bearer, &csr_for(&[&unique_host()])).await;
    let standing = stack.portal().status(&asked).await["standing"].clone();
    assert_eq!(standing["certificates"].as_array().map(Vec::len), Some(1), "{standing:#}");
    end(stack, &asked).await;
}

#[tokio::test]
async fn a_program_gets_certificates_by_its_credential_until_the_requester_ends_it() {
    let stack = Stack::shared().await;
    let (portal, asked) = (stack.portal(), granted(stack, 3).await);
    let link = stack.mailbox().mail(&asked.id, &asked.email, "Your standing approval").await;
    assert!(link.links().contains(&asked.status_url), "the page is behind the mail: {:?}", link.links());
    assert!(portal.status(&asked).await["standing"]["credential"].is_null(), "nobody made one yet");

    // A person makes the first one, and a program the second, which replaces it.
    let page = portal.post_form(&act(&asked, "credential"), &[("number", "0")]).await.expect(200).text();
    let former = page.split("Authorization: Bearer ").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let made = credential(&portal, &asked).await;
    let credential = made.bearer.as_str();
    assert_eq!((made.number, &made.key_id), (2, &format!("{}.2", asked.id)));
    let host = unique_host();
    send(stack, &former, &csr_for(&[&host])).await.problem(401, "credential_refused");

    let certificate = issued(stack, credential, &csr_for(&[&host])).await;
    let zip = certificate.status_url.replace("?key=", "/certificate.zip?key=");
    let files = files_in_zip(&portal.get(&zip, "*/*").await.expect(200).body);
    let receipt = files.iter().find(|(name, _)| name == "receipt.json").unwrap();
    let receipt: Value = serde_json::from_slice(&receipt.1).unwrap();
    assert_eq!(receipt["approval"]["standing"], json!(asked.id));
    assert!(stack.mailbox().about(&certificate.id).is_empty(), "nobody is asked, and nobody gets a mail");
    send(stack, credential, &csr_for(&["www.example.net"])).await.problem(422, "outside_grant");

    let standing = portal.status(&asked).await["standing"].clone();
    assert_eq!((&standing["used"], &standing["most"]), (&json!(1), &json!(3)), "{standing:#}");
    assert_eq!(standing["certificates"][0]["requestId"], json!(certificate.id));
    assert_eq!(standing["certificates"][0]["serial"], stack.row(&certificate.id)["serial"]);

    let standing = end(stack, &asked).await;
    assert_eq!(
        (&standing["ended"]["by"], &standing["over"]["code"]),
        (&json!("requester"), &json!("grant_over"))
    );
    send(stack, credential, &csr_for(&[&host])).await.problem(403, "grant_over");
    portal.post(&act(&asked, "credential"), &json!({})).await.problem(409, "grant_over");
    portal.get(&zip, "*/*").await.expect(200);
    for id in [&asked.id, &certificate.id] {
        let verified = stack.countersign(&["audit", "verify", id]);
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    }
    let trail = stack.countersign(&["audit", "export", &asked.id]).stdout;
    let trail = String::from_utf8_lossy(&trail);
    for event in ["\"credential_made\"", "\"end_asked\"", "\"grant_ended\""] {
        assert!(trail.contains(event), "{event}: {trail}");
    }
    // Neither secret is anywhere but in the answer.
    let logs = stack.logs();
    let row = stack.row(&asked.id).to_string();
    for secret in [credential.split_once('.').unwrap().1, &made.hmac_key] {
        assert!(!logs.contains(secret) && !row.contains(secret) && !trail.contains(secret));
    }
}
