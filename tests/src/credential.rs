//! Standing approvals and their credentials, by way of the portal.

use serde_json::json;

use crate::{Asked, Portal, Stack, Submission};

/// The credential of a standing approval, as a person copies it into the configuration of a program.
#[derive(Clone, Default)]
pub struct Credential {
    /// The id of the request that asked for the standing approval.
    pub standing: String,
    /// Its number.
    pub number: u64,
    /// For `Authorization: Bearer`.
    pub bearer: String,
    /// The key id of the external account.
    pub key_id: String,
    /// The HMAC key, in base64url.
    pub hmac_key: String,
}

/// Asks for a standing approval of 30 days, for these names and so many certificates. Its link is the mailed one.
pub async fn ask_for_standing(portal: &Portal, profile: &str, names: &[&str], certificates: u32) -> Asked {
    let submission = Submission::of("");
    let body = json!({
        "kind": "grant", "email": submission.email, "comment": "For the web servers.", "profile": profile,
        "names": names, "days": 30, "certificates": certificates,
    });
    let answer = portal.post("requests", &body).await.expect(202).json();
    portal.confirm(Asked::of(&answer, &submission)).await
}

/// Has these people approve the standing approval that was asked for.
pub async fn approve_standing(stack: &Stack, portal: &Portal, asked: &Asked, approvers: &[&str]) {
    for approver in approvers {
        let link = stack.mailbox().approval_link(asked, approver).await;
        portal.until(asked, "pending_approval").await;
        portal.decide(&link, "approve", "").await.expect(200);
    }
    portal.until(asked, "delivered").await;
}

/// A standing approval with the profile `pair`, for every name below `suffix` and so many certificates, that two people approved.
pub async fn standing_approval(stack: &Stack, portal: &Portal, suffix: &str, certificates: u32) -> Asked {
    let asked = ask_for_standing(portal, "pair", &[suffix], certificates).await;
    approve_standing(stack, portal, &asked, &["approver@example.com", "second@example.com"]).await;
    asked
}

/// Makes a credential of a standing approval, in the place of the one before.
pub async fn credential(portal: &Portal, asked: &Asked) -> Credential {
    let url = asked.status_url.replace("?key=", "/credential?key=");
    let made = portal.post(&url, &json!({})).await.expect(200);
    assert_eq!(made.header("cache-control"), "no-store");
    let made = made.json();
    let text = |field: &str| made[field].as_str().expect(field).to_owned();
    Credential {
        standing: asked.id.clone(),
        number: made["number"].as_u64().expect("a number"),
        bearer: text("credential"),
        key_id: text("eabKeyId"),
        hmac_key: text("eabHmacKey"),
    }
}
