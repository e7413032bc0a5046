//! Clients: requesters and approvers that repeat each call until it is answered.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::{OnceCell, Semaphore};
use workflow::approval::BaseUrl;
use workflow::approval::passkey::VoteMeaning;
use workflow::decision::{ApprovalDigest, Decision, ReviewDigest};
use workflow::testing::passkeys::PasskeyHolder;

use super::mail_watcher::MailWatcher;
use crate::{Asked, PATIENCE, Portal, Submission, csr_for, eventually, unique_host};

/// Approver of the shipped policy, and the second approver of the profile `pair`.
const APPROVERS: [&str; 2] = ["approver@example.com", "second@example.com"];
/// Approver of the profile `proven`.
pub(super) const HOLDER: &str = "holder2@example.com";
/// Maximum number of calls until an answer.
const ATTEMPTS: usize = 200;
/// Pause between two calls.
const RETRY_INTERVAL: Duration = Duration::from_millis(500);

/// Course of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scenario {
    /// The approver approves twice at once.
    Approved,
    /// The approver rejects.
    Rejected,
    /// The same link is used to approve and to reject at once; one of them wins.
    Contested,
    /// Two approvers approve at once, each twice.
    Pair,
    /// No decision within the five seconds of the profile.
    Expired,
    /// No decision, and the limit is far away.
    Waiting,
    /// The approver approves twice at once, each time with the signature of a passkey.
    Proven,
    /// Approved; as soon as there is a certificate, the requester revokes it for two reasons at once.
    Revoked,
}

impl Scenario {
    /// Scenario of the `number`-th request.
    pub(super) fn of(number: usize) -> Self {
        match number % 10 {
            3 => Self::Rejected,
            4 => Self::Contested,
            5 => Self::Revoked,
            6 => Self::Pair,
            7 => Self::Proven,
            8 => Self::Expired,
            9 => Self::Waiting,
            _ => Self::Approved,
        }
    }

    /// Statuses that a request may end in.
    pub(super) fn ends(self) -> &'static [&'static str] {
        match self {
            Self::Approved | Self::Pair | Self::Proven => &["delivered"],
            Self::Rejected => &["rejected"],
            Self::Contested => &["delivered", "rejected"],
            Self::Expired => &["expired"],
            Self::Waiting => &["pending_approval"],
            Self::Revoked => &["revoked"],
        }
    }

    fn profile(self) -> Option<&'static str> {
        match self {
            Self::Pair => Some("pair"),
            Self::Expired => Some("brief"),
            Self::Proven => Some("proven"),
            _ => None,
        }
    }
}

/// An accepted request.
#[derive(Clone, Debug)]
pub(super) struct AcceptedRequest {
    /// Its scenario.
    pub(super) scenario: Scenario,
    /// Answer to the requester.
    pub(super) asked: Asked,
    /// Number of calls answered with "try again".
    pub(super) tried_again: usize,
}

/// Result of a vote.
#[derive(Debug)]
struct Voted {
    status: u16,
    // Printed when a test fails.
    #[allow(dead_code)]
    answer: Value,
    tried_again: usize,
}

/// All requesters and approvers.
pub(super) struct Clients {
    /// Client of the portal.
    pub(super) portal: Portal,
    /// All mails.
    pub(super) mails: MailWatcher,
    /// Limits concurrent calls to the portal.
    pub(super) at_once: Semaphore,
    /// The approver of the profile `proven`, once the passkey is set up.
    pub(super) holder: OnceCell<PasskeyHolder>,
}

impl Clients {
    /// Runs the scenario of one request up to the decision.
    pub(super) async fn run(&self, number: usize) -> AcceptedRequest {
        let scenario = Scenario::of(number);
        let key = uuid::Uuid::new_v4().to_string();
        let mut submission = Submission::of(&csr_for(&[&unique_host()]));
        submission.profile = scenario.profile().map(str::to_owned);
        let mut tried_again = 0;
        let (status, answer) =
            self.insist("requests", &submission.json(), Some(&key), &mut tried_again).await;
        assert_eq!(status, 202, "{answer:#}");
        let asked = Asked::of(&answer, &submission);
        // A requester who missed the first answer sends the same request again.
        let (status, again) = self.insist("requests", &submission.json(), Some(&key), &mut tried_again).await;
        assert_eq!((status, again["id"].as_str()), (202, Some(asked.id.as_str())), "{again:#}");
        let asked = self.confirm(asked, &mut tried_again).await;
        let [first, second] = APPROVERS;
        let votes: &[(&str, &str)] = match scenario {
            Scenario::Approved | Scenario::Revoked => &[(first, "approve"), (first, "approve")],
            Scenario::Rejected => &[(first, "reject"), (first, "reject")],
            Scenario::Contested => &[(first, "approve"), (first, "reject")],
            Scenario::Pair => {
                &[(first, "approve"), (second, "approve"), (first, "approve"), (second, "approve")]
            }
            Scenario::Proven => &[(HOLDER, "approve"), (HOLDER, "approve")],
            Scenario::Expired | Scenario::Waiting => &[],
        };
        let votes =
            join_all(votes.iter().map(|(approver, decision)| self.vote(&asked, approver, decision))).await;
        let statuses: BTreeSet<u16> = votes.iter().map(|vote| vote.status).collect();
        match scenario {
            // One vote counted, the other got a conflict.
            Scenario::Contested => assert_eq!(statuses, BTreeSet::from([200, 409]), "{votes:#?}"),
            _ => assert!(statuses.is_subset(&BTreeSet::from([200])), "{scenario:?}: {votes:#?}"),
        }
        tried_again += votes.iter().map(|vote| vote.tried_again).sum::<usize>();
        if scenario == Scenario::Revoked {
            self.revoke(&asked, &mut tried_again).await;
        }
        AcceptedRequest { scenario, asked, tried_again }
    }

    /// Waits until there is a certificate, and revokes it twice at once: both answers have the reason that came first.
    async fn revoke(&self, asked: &Asked, tried_again: &mut usize) {
        let what = format!("the certificate of {}", asked.id);
        eventually(&what, 5 * PATIENCE, async || {
            let mut tried = 0;
            let (_, view) = self.insist(&asked.status_url, &Value::Null, None, &mut tried).await;
            view["serial"].is_string().then_some(())
        })
        .await;
        let path = asked.status_url.replacen('?', "/revoke?", 1);
        let answers = join_all(["superseded", "keyCompromise"].map(|reason| {
            let path = &path;
            async move {
                let mut tried = 0;
                let answer = self.insist(path, &json!({ "reason": reason }), None, &mut tried).await;
                (answer, tried)
            }
        }))
        .await;
        *tried_again += answers.iter().map(|(_, tried)| tried).sum::<usize>();
        let reasons: BTreeSet<&str> = answers
            .iter()
            .map(|((status, answer), _)| {
                assert_eq!(*status, 200, "{answer:#}");
                answer["revocation"]["reason"].as_str().unwrap()
            })
            .collect();
        assert_eq!(reasons.len(), 1, "{answers:#?}");
    }

    /// Waits for the mail to the requester, and confirms twice by its link.
    async fn confirm(&self, asked: Asked, tried_again: &mut usize) -> Asked {
        let what = format!("the mail that asks {} to confirm {}", asked.email, asked.id);
        let link = eventually(&what, 5 * PATIENCE, async || {
            let mails = self.mails.about(&asked.id).into_iter().filter(|mail| mail.to == asked.email);
            mails.into_iter().find_map(|mail| mail.confirmation_link())
        })
        .await;
        for _ in 0..2 {
            let (status, answer) = self.insist(&link, &json!({}), None, tried_again).await;
            assert_eq!(status, 200, "{answer:#}");
        }
        asked.by_mail(&link)
    }

    /// Waits for the approver's mail and votes by its link.
    async fn vote(&self, asked: &Asked, approver: &str, decision: &str) -> Voted {
        let what = format!("the mail that asks {approver} about {}", asked.id);
        let link = eventually(&what, 5 * PATIENCE, async || {
            let mail = self.mails.about(&asked.id).into_iter().find(|mail| mail.to == approver)?;
            mail.links().into_iter().find(|link| link.contains("/approvals/"))
        })
        .await;
        let mut tried_again = 0;
        let (status, review) = self.insist(&link, &Value::Null, None, &mut tried_again).await;
        assert_eq!(status, 200, "{review:#}");
        let mut body =
            json!({ "decision": decision, "digest": review["digest"], "reason": "Said under faults." });
        if review["identity"] == "passkey" {
            self.sign(&link, &review, &mut body).await;
        }
        let (status, answer) = self.insist(&link, &body, None, &mut tried_again).await;
        Voted { status, answer, tried_again }
    }

    /// Adds the signature of the approver's passkey, which is set up before the first one.
    async fn sign(&self, link: &str, review: &Value, body: &mut Value) {
        let base_url = BaseUrl::parse(&self.portal.base).unwrap();
        let holder = self.holder.get_or_init(|| self.set_up(link, &base_url)).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let digest = ReviewDigest::from_text(&text(&review["digest"]));
        let meaning = VoteMeaning {
            base_url: &base_url,
            request_id: text(&review["requestId"]).parse().unwrap(),
            binds: &ApprovalDigest::from_text(&text(&review["approvalDigest"])),
            decision: Decision::Approve,
            reason: body["reason"].as_str(),
        };
        let evidence = holder.evidence(&meaning, &digest);
        body["nonce"] = evidence.nonce.into();
        body["credential"] = evidence.credential_id.to_string().into();
        body["authenticatorData"] = evidence.authenticator_data.to_string().into();
        body["clientDataJSON"] = evidence.client_data_json.to_string().into();
        body["signature"] = evidence.signature.to_string().into();
    }

    /// Sets a passkey up: a code by mail, and Sign adds it.
    async fn set_up(&self, link: &str, base_url: &BaseUrl) -> PasskeyHolder {
        let holder = PasskeyHolder::new(HOLDER);
        let (client_data, attestation) = holder.answer(base_url);
        let new = json!({ "clientDataJSON": client_data.to_string(), "attestationObject": attestation.to_string() });
        let mut tried = 0;
        let (status, begun) = self.insist(link, &new, None, &mut tried).await;
        assert_eq!(status, 202, "{begun:#}");
        let is_code = |word: &&str| word.len() == 19 && word.matches('-').count() == 3;
        let code = eventually("the mail with the code", 5 * PATIENCE, async || {
            let mails = self.mails.to(HOLDER);
            let mut codes = mails.iter().filter(|mail| mail.subject.contains("Code for your new passkey"));
            codes.find_map(|mail| mail.text.split_whitespace().find(is_code).map(str::to_owned))
        })
        .await;
        let confirmation = json!({ "enrolment": begun["enrolment"], "code": code });
        let (status, confirmed) = self.insist(link, &confirmation, None, &mut tried).await;
        assert_eq!((status, confirmed["needs"].as_str()), (202, Some("nothing")), "{confirmed:#}");
        let page = format!("{link}?passkey=set-up");
        eventually("the passkey to be added", 5 * PATIENCE, async || {
            let page = self.portal.try_send(Method::GET, &page, &[("accept", "text/html")], Vec::new()).await;
            page.is_ok_and(|page| page.text().contains("has a passkey, added")).then_some(())
        })
        .await;
        holder
    }

    /// Sends until the answer is not "try again".
    async fn insist(
        &self,
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
            let turn = self.at_once.acquire().await.unwrap();
            match self.portal.try_send(method, path, &headers, body).await {
                Ok(answer) if answer.status < 500 && answer.status != 429 => {
                    return (answer.status, answer.json());
                }
                _ => *tried_again += 1,
            }
            drop(turn);
            tokio::time::sleep(RETRY_INTERVAL).await;
        }
        panic!("the portal never answered {path}");
    }
}
