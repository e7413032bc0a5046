//! The portal with its tables in dynalite, and the session of an auditor.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use portal::Portal;
use tower::ServiceExt as _;
use workflow::approval::BaseUrl;
use workflow::approver_set::Identity;
use workflow::aws::Aws;
use workflow::console::{ConsoleSession, ConsoleVisitor};
use workflow::email::Email;
use workflow::environment::Environment;
use workflow::ports::{Clock as _, LinkSecrets as _};
use workflow::testing::InMemoryBackend;
use workflow::testing::fixtures::standing_policy;

use crate::counting::{NotedCalls, counted};
use crate::dynalite::Dynalite;

const AUDITOR: &str = "eve@example.com";

/// The variables of the portal, and the tables of the template.
const TABLES: [(&str, &str); 6] = [
    ("COUNTERSIGN_REQUESTS_TABLE", "CertificatesTable"),
    ("COUNTERSIGN_AUDIT_TABLE", "AuditTable"),
    ("COUNTERSIGN_NAMES_TABLE", "NamesTable"),
    ("COUNTERSIGN_APPROVALS_TABLE", "ApprovalsTable"),
    ("COUNTERSIGN_GRANTS_TABLE", "GrantsTable"),
    ("COUNTERSIGN_PEOPLE_TABLE", "PeopleTable"),
];

/// A portal over its own tables.
pub(crate) struct Console {
    pub(crate) dynalite: Dynalite,
    pub(crate) aws: Aws,
    /// What is not in a table: the policy, the CA, the clock.
    pub(crate) backend: Arc<InMemoryBackend>,
    calls: NotedCalls,
    router: Router,
    cookie: String,
}

/// An answer: the page, the time until it was there, and the calls to AWS.
pub(crate) struct Opened {
    pub(crate) page: String,
    pub(crate) took: Duration,
    pub(crate) calls: Vec<String>,
}

impl Console {
    pub(crate) async fn start() -> Self {
        let dynalite = Dynalite::start().await;
        let (sdk, calls) = counted(dynalite.endpoint());
        let variables = TABLES.map(|(variable, table)| (variable.to_owned(), table.to_owned()));
        let aws = Aws::of(Environment::of(variables), sdk);
        let backend = InMemoryBackend::new();
        backend.set_policy(&format!(
            "{}\n[console]\nidentity = \"passkey\"\nauditors = [\"{AUDITOR}\"]\n",
            standing_policy()
        ));
        let router = portal(&aws, &backend).router();
        let cookie = session(&backend).await;
        Self { dynalite, aws, backend, calls, router, cookie }
    }

    /// Opens a page as the auditor.
    pub(crate) async fn open(&self, path: &str) -> Opened {
        let before = self.backend.calls().len();
        self.calls.take();
        let request =
            Request::builder().uri(path).header("accept", "text/html").header("cookie", &self.cookie);
        let request = request.body(Body::empty()).unwrap();
        let begun = Instant::now();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let took = begun.elapsed();
        let page = String::from_utf8(bytes.to_vec()).unwrap();
        assert_eq!(parts.status, StatusCode::OK, "{path}: {page}");
        // A process keeps the policy and the link secret.
        let others = self.backend.calls()[before..].to_vec();
        let others = others
            .into_iter()
            .filter(|call| !["policies", "links"].iter().any(|kept| call.starts_with(kept)));
        Opened { page, took, calls: self.calls.take().into_iter().chain(others).collect() }
    }
}

fn portal(aws: &Aws, backend: &Arc<InMemoryBackend>) -> Portal {
    Portal {
        requests: aws.requests().unwrap(),
        names: aws.names().unwrap(),
        standing: aws.standing_approvals().unwrap(),
        approvals: aws.approvals().unwrap(),
        trails: aws.trails().unwrap(),
        people: aws.people().unwrap(),
        certificates: backend.clone(),
        issuers: backend.clone(),
        receipts: backend.clone(),
        lists: backend.clone(),
        history: backend.clone(),
        policies: backend.clone(),
        links: backend.clone(),
        base_url: BaseUrl::parse("https://pki.example.com/").unwrap(),
        revocation_executions: backend.clone(),
        executions: backend.clone(),
        approval_queue: backend.clone(),
        notify_queue: backend.clone(),
        sign_queue: backend.clone(),
        provider: backend.clone(),
        metrics: backend.clone(),
        clock: backend.clone(),
    }
}

/// The cookie of a session that begins now.
async fn session(backend: &InMemoryBackend) -> String {
    let person: Email = AUDITOR.parse().unwrap();
    let visitor = ConsoleVisitor { listed: Some(person.clone()), person, groups: Vec::new() };
    let session = ConsoleSession::begin(visitor, Identity::Passkey, backend.now()).unwrap();
    format!("__Host-console={}", session.seal(backend.secret().await.unwrap()))
}
