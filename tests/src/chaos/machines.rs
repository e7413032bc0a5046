//! Machines: ACME clients under one standing approval, that are killed, repeat what they sent, and fetch late.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use pki::certificate::Certificate;
use serde_json::Value;

use super::seeded_rng::SeededRng;
use crate::{
    AcmeAnswer, Credential, Stack, TestAcmeClient, credential, csr_for, finalization, new_order,
    standing_approval, unique_host,
};

/// Maximum number of calls until an answer.
const ATTEMPTS: usize = 400;
/// Pause between two calls.
const RETRY_INTERVAL: Duration = Duration::from_millis(500);
/// Orders of a machine until one has a certificate: a request that failed ends its order, and the next run of a client makes another.
const ORDERS: usize = 5;
/// The longest time until a client dies that has sent its CSR.
const LONGEST_LIFE_MS: u64 = 1_500;
/// Certificates that were approved.
pub(super) const APPROVED: u32 = 400;

/// A standing approval, and the machines that have its credential.
pub(super) struct Machines {
    base: String,
    credential: Credential,
    rng: SeededRng,
}

/// What one machine had at the end.
#[derive(Clone, Debug, Default)]
pub(super) struct FinishedMachine {
    /// Its host.
    pub(super) host: String,
    /// The serial number of each certificate that an order gave it, by its URL: one, however often it was fetched.
    pub(super) orders: Vec<(String, BTreeSet<String>)>,
}

/// What all machines had at the end.
#[derive(Clone, Debug, Default)]
pub(super) struct FinishedMachines {
    /// The id of the standing approval.
    pub(super) standing: String,
    /// One by one.
    pub(super) machines: Vec<FinishedMachine>,
}

impl Machines {
    /// Has a standing approval approved, without faults, and makes its credential.
    pub(super) async fn granted(stack: &Stack, rng: SeededRng) -> Self {
        let asked = standing_approval(stack, &stack.portal(), ".example.com", APPROVED).await;
        let credential = credential(&stack.portal(), &asked).await;
        Self { base: stack.endpoint("portal").to_owned(), credential, rng }
    }

    /// Runs so many machines, all with one account.
    pub(super) async fn play(&self, machines: usize) -> FinishedMachines {
        let standing = self.credential.standing.clone();
        if machines == 0 {
            return FinishedMachines { standing, machines: Vec::new() };
        }
        let mut client = TestAcmeClient::new(&self.base);
        let mut registered = false;
        for _ in 0..ATTEMPTS {
            let answer = client.try_register(&self.credential).await;
            registered = answer.is_some_and(|answer| matches!(answer.status, 200 | 201));
            if registered {
                break;
            }
            tokio::time::sleep(RETRY_INTERVAL).await;
        }
        assert!(registered, "the server never answered new-account");
        self.outside(&client).await;
        let machines =
            join_all((0..machines as u64).map(|number| self.machine(client.clone(), number))).await;
        FinishedMachines { standing, machines }
    }

    /// An order outside of the standing approval is refused. Its extension is asked for, and nobody approves it.
    async fn outside(&self, client: &TestAcmeClient) {
        let answer = insist(client, &client.url("new-order"), Some(&new_order(&["www.example.org"]))).await;
        assert_eq!((answer.status, answer.problem().as_str()), (403, "rejectedIdentifier"));
    }

    async fn machine(&self, client: TestAcmeClient, number: u64) -> FinishedMachine {
        let mut finished = FinishedMachine { host: unique_host(), orders: Vec::new() };
        for attempt in 0..ORDERS {
            let order = new_order(&[&finished.host]);
            let order = insist(&client, &client.url("new-order"), Some(&order)).await.expect(201).location();
            let ended =
                self.finalized(&client, &order, number * ORDERS as u64 + attempt as u64, &finished.host);
            let ended = ended.await;
            let mut serials = BTreeSet::new();
            let is_valid = ended["status"] == "valid";
            if is_valid {
                for _ in 0..2 {
                    let chain =
                        insist(&client, ended["certificate"].as_str().unwrap(), None).await.expect(200);
                    let chain = String::from_utf8(chain.body).unwrap();
                    serials.insert(Certificate::from_pem(&chain).unwrap().serial().to_string());
                }
            }
            finished.orders.push((order, serials));
            if is_valid {
                return finished;
            }
        }
        panic!("no order of {} had a certificate", finished.host);
    }

    /// Sends a CSR and dies; starts again, and sends it three times at once; then asks until the order is settled.
    async fn finalized(&self, client: &TestAcmeClient, order: &str, number: u64, host: &str) -> Value {
        let (url, payload) = (format!("{order}/finalize"), finalization(&csr_for(&[host])));
        let life = Duration::from_millis(self.rng.draw("the life of a machine", number, LONGEST_LIFE_MS));
        let _ = tokio::time::timeout(life, client.try_post(&url, Some(&payload))).await;
        let repeated = join_all((0..3).map(|_| insist(client, &url, Some(&payload)))).await;
        for answer in repeated {
            // A request that failed has ended its order meanwhile.
            if answer.status != 200 {
                assert_eq!((answer.status, answer.problem().as_str()), (403, "orderNotReady"), "{answer:?}");
            }
        }
        for _ in 0..ATTEMPTS {
            let read = insist(client, order, None).await.expect(200).json();
            if read["status"] != "processing" {
                return read;
            }
            tokio::time::sleep(RETRY_INTERVAL).await;
        }
        panic!("{order} is processed for ever");
    }
}

/// Sends until the answer is not that of a server in trouble.
async fn insist(client: &TestAcmeClient, url: &str, payload: Option<&Value>) -> AcmeAnswer {
    for _ in 0..ATTEMPTS {
        match client.try_post(url, payload).await {
            Some(answer) if answer.status < 500 && answer.status != 429 => return answer,
            _ => tokio::time::sleep(RETRY_INTERVAL).await,
        }
    }
    panic!("the server never answered {url}");
}
