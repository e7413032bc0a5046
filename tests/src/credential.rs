//! Standing approvals by way of the portal, and their credentials.

use serde_json::json;
use time::OffsetDateTime;
use workflow::approval::LinkSecret;
use workflow::approval::credential::{AcmeKeyId, BearerCredential};
use workflow::aws::DynamoRequests;
use workflow::request::Request;
use workflow::request::audit::Origin;
use workflow::store::update_request;

use crate::{Asked, Portal, Stack, Submission, sdk};

/// The credential of a standing approval, as a person copies it into the configuration of an ACME client.
#[derive(Clone)]
pub struct Credential {
    /// The id of the request that asked for the standing approval.
    pub standing: String,
    /// The key id of the external account.
    pub key_id: String,
    /// The HMAC key, in base64url.
    pub hmac_key: String,
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

/// Makes a credential of a standing approval, in the place of the one before.
pub async fn credential(stack: &Stack, asked: &Asked) -> Credential {
    let standing = asked.id.parse().unwrap();
    let sdk = sdk(stack.endpoint("awsEndpoint"));
    let requests = DynamoRequests::new(&sdk, stack.endpoint("requestsTable"), stack.endpoint("auditTable"));
    let (bearer, now) = (BearerCredential::make(standing).unwrap(), OffsetDateTime::now_utc());
    let make = |row: &mut Request| row.make_credential(&bearer.digest(), now);
    let number = update_request(&requests, standing, &Origin::worker("portal"), make).await.unwrap().value;
    let get = ["secretsmanager", "get-secret-value", "--secret-id", stack.endpoint("linkSecret")];
    let secret = stack.aws_json(&get)["SecretString"].as_str().unwrap().to_owned();
    let key_id = AcmeKeyId { standing, number };
    let hmac_key = key_id.make(&LinkSecret::new(&secret).unwrap()).expose();
    Credential { standing: asked.id.clone(), key_id: key_id.to_string(), hmac_key }
}
