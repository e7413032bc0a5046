//! Bad input: every code a submission can be refused with; nothing of it is stored, and nothing leaks.
//!
//! `try_again` needs a broken neighbour and is tested in the portal; `expired` and `already_decided` are in
//! `front::decisions`, `not_found` in `front::links`, malformed bodies in `front::fields`.

use end_to_end::{Answer, Portal, Stack, Submission};
use serde_json::Value;

mod requests;

/// A submission that must be refused as JSON and as a form, and stored in no case.
pub(crate) async fn refused(stack: &Stack, submission: &Submission, status: u16, code: &str) -> Value {
    let portal = stack.portal();
    let problem = portal.submit(submission).await.problem(status, code);
    assert!(
        problem["findings"].as_array().unwrap().iter().any(|finding| finding["code"] == code),
        "{problem:#}"
    );
    let form = form(&portal, submission).await;
    assert_eq!(form.status, status, "the form");
    let page = form.text();
    assert!(page.contains("name=\"csrContent\""), "the form is shown again");
    assert!(page.contains(&format!("value=\"{}\"", submission.email)), "the form is filled in");
    assert!(stack.rows_of(&submission.email).is_empty(), "nothing is stored");
    problem
}

pub(crate) async fn form(portal: &Portal, submission: &Submission) -> Answer {
    let profile = submission.profile.as_deref().unwrap_or("server");
    let fields = [
        ("email", submission.email.as_str()),
        ("comment", &submission.comment),
        ("csrContent", &submission.csr),
        ("profile", profile),
    ];
    portal.post_form("requests", &fields).await
}
