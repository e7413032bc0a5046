//! Standing approvals by way of the portal, and their credentials.

use serde_json::json;

use crate::{Asked, Portal, Stack, Submission};

/// The credential of a standing approval, as a person copies it into the configuration of a program.
#[derive(Clone)]
pub struct Credential {
    /// The id of the request that asked for the standing approval.
    pub standing: String,
    /// The key id of the external account.
    pub key_id: String,
    /// The HMAC key, in base64url.
    pub hmac_key: String,
    /// The bearer credential, for programs without ACME.
    pub bearer: String,
}

/// Asks for a standing approval of 30 days, for these names and so many certificates.
pub async fn ask_for_standing(portal: &Portal, profile: &str, names: &[&str], certificates: u32) -> Asked {
    let submission = Submission::of("");
    let body = json!({
        "kind": "grant", "email": submission.email, "comment": "For the web servers.", "profile": profile,
        "names": names, "days": 30, "certificates": certificates,
    });
    let answer = portal.post("requests", &body).await.expect(202).json();
    portal.confirm(Asked::of(&answer, &submission)).await
}

/// A standing approval with the profile `pair`, for every name below `suffix` and so many certificates, that two people approved.
pub async fn standing_approval(stack: &Stack, portal: &Portal, suffix: &str, certificates: u32) -> Asked {
    let asked = ask_for_standing(portal, "pair", &[suffix], certificates).await;
    for approver in ["approver@example.com", "second@example.com"] {
        let link = stack.mailbox().approval_link(&asked, approver).await;
        portal.until(&asked, "pending_approval").await;
        portal.decide(&link, "approve", "").await.expect(200);
    }
    portal.until(&asked, "delivered").await;
    asked
}

/// Makes a credential of a standing approval, in the place of the one before, as a program of its requester does.
pub async fn credential(stack: &Stack, asked: &Asked) -> Credential {
    let path = asked.status_url.replace("?key=", "/credential?key=");
    let made = stack.portal().post(&path, &json!({})).await.expect(200).json();
    let text = |field: &str| made[field].as_str().unwrap_or_else(|| panic!("{field}: no text")).to_owned();
    Credential {
        standing: asked.id.clone(),
        key_id: text("eabKeyId"),
        hmac_key: text("eabHmacKey"),
        bearer: text("credential"),
    }
}
