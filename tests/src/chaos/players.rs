//! Requesters and approvers: each plays one request, impatient but persistent.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::post::Post;
use crate::{Asked, PATIENCE, Portal, Submission, csr_for, eventually, unique_host};

/// The approver of the shipped policy, and the second one of the tests' profile `pair`.
const APPROVERS: [&str; 2] = ["approver@example.com", "second@example.com"];
/// How often somebody tries again.
const ATTEMPTS: usize = 200;
const PAUSE: Duration = Duration::from_millis(500);

/// What happens with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The approver approves twice at once.
    Approved,
    /// The approver rejects.
    Rejected,
    /// The same link is used to approve and to reject at once; one of them wins.
    Contested,
    /// Two approvers approve at once, each twice.
    Pair,
    /// Nobody decides in the five seconds that the profile gives.
    Expired,
    /// Nobody decides, and there is time.
    Waiting,
}

impl Part {
    /// The part of the `number`-th request.
    pub fn of(number: usize) -> Self {
        match number % 10 {
            3 => Self::Rejected,
            4 => Self::Contested,
            6 => Self::Pair,
            8 => Self::Expired,
            9 => Self::Waiting,
            _ => Self::Approved,
        }
    }

    /// The statuses that a request may end in.
    pub fn ends(self) -> &'static [&'static str] {
        match self {
            Self::Approved | Self::Pair => &["delivered"],
            Self::Rejected => &["rejected"],
            Self::Contested => &["delivered", "rejected"],
            Self::Expired => &["expired"],
            Self::Waiting => &["pending_approval"],
        }
    }

    fn profile(self) -> Option<&'static str> {
        match self {
            Self::Pair => Some("pair"),
            Self::Expired => Some("brief"),
            _ => None,
        }
    }
}

/// A request that was accepted.
#[derive(Clone, Debug)]
pub struct Played {
    /// What happens with it.
    pub part: Part,
    /// What the requester got.
    pub asked: Asked,
    /// How often somebody was told to try again.
    pub tried_again: usize,
}

/// Sends until there is an answer that is not "try again".
async fn insist(
    portal: &Portal,
    path: &str,
    body: &Value,
    key: Option<&str>,
    tried_again: &mut usize,
) -> (u16, Value) {
    for _ in 0..ATTEMPTS {
        let mut headers = vec![("accept", "application/json"), ("content-type", "application/json")];
        headers.extend(key.map(|key| ("idempotency-key", key)));
        let method = if body.is_null() { Method::GET } else { Method::POST };
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        match portal.try_send(method, path, &headers, body).await {
            Ok(answer) if answer.status < 500 && answer.status != 429 => {
                return (answer.status, answer.json());
            }
            _ => *tried_again += 1,
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("the portal never answered {path}");
}

/// Plays one request up to the decision.
pub async fn play(portal: &Portal, post: &Post, number: usize) -> Played {
    let part = Part::of(number);
    let key = uuid::Uuid::new_v4().to_string();
    let mut submission = Submission::of(&csr_for(&[&unique_host()]));
    submission.profile = part.profile().map(str::to_owned);
    let mut tried_again = 0;
    let (status, answer) = insist(portal, "requests", &submission.json(), Some(&key), &mut tried_again).await;
    assert_eq!(status, 202, "{answer:#}");
    let text = |field: &str| answer[field].as_str().unwrap_or_else(|| panic!("{answer:#}")).to_owned();
    let asked = Asked { id: text("id"), email: submission.email.clone(), status_url: text("statusUrl") };
    // A requester who saw nothing of the first answer sends it again.
    let (status, again) = insist(portal, "requests", &submission.json(), Some(&key), &mut tried_again).await;
    assert_eq!((status, again["id"].as_str()), (202, Some(asked.id.as_str())), "{again:#}");
    let votes: &[(&str, &str)] = match part {
        Part::Approved => &[(APPROVERS[0], "approve"), (APPROVERS[0], "approve")],
        Part::Rejected => &[(APPROVERS[0], "reject"), (APPROVERS[0], "reject")],
        Part::Contested => &[(APPROVERS[0], "approve"), (APPROVERS[0], "reject")],
        Part::Pair => &[
            (APPROVERS[0], "approve"),
            (APPROVERS[1], "approve"),
            (APPROVERS[0], "approve"),
            (APPROVERS[1], "approve"),
        ],
        Part::Expired | Part::Waiting => &[],
    };
    let votes =
        join_all(votes.iter().map(|(approver, decision)| vote(portal, post, &asked, approver, decision)));
    let votes = votes.await;
    let statuses: BTreeSet<u16> = votes.iter().map(|(status, _)| *status).collect();
    match part {
        // One vote won; the other was told so. Where the winner's answer was lost, its repetition is a repetition.
        Part::Contested => {
            assert!(statuses.is_subset(&BTreeSet::from([200, 409])) && statuses.contains(&200))
        }
        _ => assert!(statuses.is_subset(&BTreeSet::from([200])), "{part:?}: {statuses:?}"),
    }
    tried_again += votes.iter().map(|(_, tried_again)| tried_again).sum::<usize>();
    Played { part, asked, tried_again }
}

/// Votes by the link of the mail, as soon as that is there.
async fn vote(portal: &Portal, post: &Post, asked: &Asked, approver: &str, decision: &str) -> (u16, usize) {
    let what = format!("the mail that asks {approver} about {}", asked.id);
    let link = eventually(&what, 3 * PATIENCE, async || {
        let mail = post.about(&asked.id).into_iter().find(|mail| mail.to == approver)?;
        mail.links().into_iter().find(|link| link.contains("/approvals/"))
    })
    .await;
    let mut tried_again = 0;
    let (status, review) = insist(portal, &link, &Value::Null, None, &mut tried_again).await;
    assert_eq!(status, 200, "{review:#}");
    let body = json!({ "decision": decision, "digest": review["digest"], "reason": "" });
    let (status, _) = insist(portal, &link, &body, None, &mut tried_again).await;
    (status, tried_again)
}
