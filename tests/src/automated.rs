//! The automated time of a request: one request whose approver answers at once.

use std::time::{Duration, SystemTime};

use crate::{Stack, Submission, csr_for, unique_host};

const APPROVER: &str = "approver@example.com";

/// The automated parts of one request. Each ends at the file time of its mail, so polling adds nothing.
#[derive(Clone, Debug)]
pub struct Automated {
    /// Request id.
    pub id: String,
    /// From submission to the approver's mail.
    pub to_approval_mail: Duration,
    /// From approval to the certificate's mail.
    pub to_certificate_mail: Duration,
}

impl Automated {
    /// Sends a request for a new name through the stack and approves it.
    pub async fn parts_of_one_request(stack: &Stack) -> Self {
        let (portal, mailbox) = (stack.portal(), stack.mailbox());
        let submission = Submission::of(&csr_for(&[&unique_host()]));
        let submitted = SystemTime::now();
        let asked = portal.ask(&submission).await;
        let request = mailbox.mail(&asked.id, APPROVER, "Approve certificate").await;
        let link = mailbox.approval_link(&asked, APPROVER).await;
        let review = portal.json(&link).await.expect(200).json();
        let approved = SystemTime::now();
        portal.decide_about(&link, "approve", review["digest"].as_str().unwrap(), "").await.expect(200);
        let certificate = mailbox.mail(&asked.id, &asked.email, "Your certificate").await;
        Self {
            to_approval_mail: request.at.duration_since(submitted).unwrap_or_default(),
            to_certificate_mail: certificate.at.duration_since(approved).unwrap_or_default(),
            id: asked.id,
        }
    }

    /// Sum of both parts.
    #[must_use]
    pub fn whole(&self) -> Duration {
        self.to_approval_mail + self.to_certificate_mail
    }
}
