//! The ports of [`InMemoryBackend`]: each call is recorded, and fails if a fault is planned.

use std::collections::btree_map::Entry;
use std::sync::Arc;

use async_trait::async_trait;
use pki::issuer::Issuer;
use time::OffsetDateTime;

use crate::approval::LinkSecret;
use crate::approval::{Approval, InboxLink, Link, LinkDigest};
use crate::approver_set::PlusTags;
use crate::email::Email;
use crate::ids::{IssuerId, RequestId};
use crate::mail::Mail;
use crate::message::RecheckMessage;
use crate::message::TaskToken;
use crate::policy::Policy;
use crate::policy::key_list::{self, KeyListDigest};
use crate::ports::{
    Approvals, AuditTrails, CertificateStore, Clock, CompromisedKeys, EndingCertificate, ExecutionHistory,
    ExecutionState, Executions, Issuers, KeyLists, LinkSecrets, ListPart, ListedCertificate, ListedRequest,
    Mailer, Metrics, NameEntry, NameIndex, NameRow, Operators, Policies, PortError, Queue, Reported,
    Requests, Saved, StateVisit, Tasks, WorkerQueue,
};
use crate::request::audit::Event;
use crate::request::metric::Measure;
use crate::request::{Request, Status};
use pki::certificate::Serial;
use pki::key::PublicKey;
use pki::signer::Signer;

use super::{InMemoryBackend, State, TaskResult, leads_to};

impl Metrics for InMemoryBackend {
    fn record(&self, measure: Measure) {
        // Not recorded as a call: it cannot fail.
        self.state().measures.push(measure);
    }
}

impl Clock for InMemoryBackend {
    fn now(&self) -> OffsetDateTime {
        self.state().now.expect("the clock is set")
    }
}

/// The certificates of `rows` that end in this time, the first to end first.
fn ends<'a>(
    rows: impl Iterator<Item = &'a Request>,
    from: OffsetDateTime,
    until: OffsetDateTime,
) -> Vec<EndingCertificate> {
    let end = |row: &Request| Some(EndingCertificate { id: row.id(), not_after: row.not_after()? });
    let mut ends: Vec<_> = rows.filter_map(end).collect();
    ends.retain(|end| (from..=until).contains(&end.not_after));
    ends.sort_by_key(|end| (end.not_after, end.id));
    ends
}

#[async_trait]
impl AuditTrails for InMemoryBackend {
    async fn trail(&self, id: RequestId) -> Result<Vec<Event>, PortError> {
        self.call("audit", "trail", |state| {
            state.audit.iter().filter(|event| event.request_id == id).cloned().collect()
        })
    }
}

#[async_trait]
impl Requests for InMemoryBackend {
    async fn find(&self, id: RequestId) -> Result<Option<Request>, PortError> {
        self.call("requests", "find", |state| state.requests.get(&id).cloned())
    }

    async fn create(&self, request: &Request, events: &[Event]) -> Result<Saved, PortError> {
        self.call("requests", "create", |state| match state.requests.entry(request.id()) {
            Entry::Occupied(_) => Saved::Conflict,
            Entry::Vacant(row) => {
                row.insert(request.clone());
                state.audit.extend_from_slice(events);
                Saved::Yes
            }
        })
    }

    async fn save(&self, request: &Request, events: &[Event]) -> Result<Saved, PortError> {
        self.call("requests", "save", |state| state.save(request, events))
    }

    async fn find_all(&self, ids: &[RequestId]) -> Result<Vec<Request>, PortError> {
        self.call("requests", "find all", |state| {
            ids.iter().filter_map(|id| state.requests.get(id).cloned()).collect()
        })
    }

    async fn of_requester(&self, email: &Email, limit: usize) -> Result<Vec<Request>, PortError> {
        self.call("requests", "of requester", |state| {
            newest(state.requests.values().filter(|row| row.email() == email), limit)
        })
    }

    async fn first_confirmed_of(&self, email: &Email) -> Result<Option<RequestId>, PortError> {
        self.call("requests", "first confirmed", |state| {
            let of = state.requests.values().filter(|row| row.email() == email);
            let confirmed = of.filter(|row| row.status() != Status::Unconfirmed);
            confirmed.min_by_key(|row| row.registration_date()).map(Request::id)
        })
    }

    async fn registered_by(
        &self,
        email: &Email,
        since: OffsetDateTime,
        _enough: usize,
    ) -> Result<usize, PortError> {
        self.call("requests", "registered by", |state| {
            let of = of_person(state, email).filter(|row| row.standing().is_none());
            of.filter(|row| row.registration_date() >= since).count()
        })
    }

    async fn undecided_of(
        &self,
        email: &Email,
        since: OffsetDateTime,
        _enough: usize,
    ) -> Result<usize, PortError> {
        self.call("requests", "undecided of", |state| {
            let of = of_person(state, email).filter(|row| row.waits_for_approvers());
            of.filter(|row| row.registration_date() >= since).count()
        })
    }

    async fn list(&self, status: Status, limit: usize) -> Result<Vec<ListedRequest>, PortError> {
        self.call("requests", "list", |state| {
            let rows = oldest(state.requests.values().filter(|row| row.status() == status), limit);
            rows.iter().map(listed).collect()
        })
    }

    async fn list_after(
        &self,
        status: Status,
        after: &Request,
        limit: usize,
    ) -> Result<Vec<ListedRequest>, PortError> {
        let place = |row: &Request| (row.registration_date(), row.id());
        self.call("requests", "list", |state| {
            let rows = state.requests.values().filter(|row| row.status() == status);
            let rows = oldest(rows.filter(|row| place(row) > place(after)), limit);
            rows.iter().map(listed).collect()
        })
    }

    async fn ending_after(
        &self,
        status: Status,
        after: &EndingCertificate,
        until: OffsetDateTime,
        limit: usize,
    ) -> Result<Vec<EndingCertificate>, PortError> {
        let place = |end: &EndingCertificate| (end.not_after, end.id);
        self.call("requests", "ending", |state| {
            let of_status = state.requests.values().filter(|row| row.status() == status);
            let mut ends = ends(of_status, after.not_after, until);
            ends.retain(|end| place(end) > place(after));
            ends.truncate(limit);
            ends
        })
    }

    async fn ending(
        &self,
        status: Status,
        from: OffsetDateTime,
        until: OffsetDateTime,
        limit: usize,
    ) -> Result<Vec<EndingCertificate>, PortError> {
        self.call("requests", "ending", |state| {
            let of_status = state.requests.values().filter(|row| row.status() == status);
            let mut ends = ends(of_status, from, until);
            ends.truncate(limit);
            ends
        })
    }

    async fn ending_of(
        &self,
        email: &Email,
        from: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<EndingCertificate>, PortError> {
        self.call("requests", "ending of", |state| {
            let of = state.requests.values().filter(|row| row.email() == email);
            ends(of.filter(|row| matches!(row.status(), Status::Issued | Status::Delivered)), from, until)
        })
    }

    async fn unnotified(&self, limit: usize) -> Result<Vec<ListedRequest>, PortError> {
        self.call("requests", "unnotified", |state| {
            let rows = oldest(
                state.requests.values().filter(|row| row.is_unnotified() || row.has_open_revocation()),
                limit,
            );
            rows.iter().map(|row| ListedRequest { expires_at: None, ..listed(row) }).collect()
        })
    }

    async fn superseding(&self, limit: usize) -> Result<Vec<ListedRequest>, PortError> {
        self.call("requests", "superseding", |state| {
            let rows = oldest(state.requests.values().filter(|row| row.is_superseding()), limit);
            rows.iter().map(|row| ListedRequest { expires_at: None, ..listed(row) }).collect()
        })
    }

    async fn open_standing(&self, limit: usize) -> Result<Vec<ListedRequest>, PortError> {
        self.call("requests", "open standing", |state| {
            let is_open = |row: &&Request| {
                row.has_open_standing() && !row.is_unnotified() && !row.has_open_revocation()
            };
            let rows = oldest(state.requests.values().filter(is_open), limit);
            rows.iter().map(|row| ListedRequest { expires_at: None, ..listed(row) }).collect()
        })
    }

    async fn with_serial(&self, serial: &Serial) -> Result<Option<Request>, PortError> {
        self.call("requests", "with serial", |state| {
            state.requests.values().find(|row| row.serial() == Some(serial)).cloned()
        })
    }

    async fn with_key(&self, public_key_digest: &str, limit: usize) -> Result<Vec<Request>, PortError> {
        self.call("requests", "with key", |state| {
            let same =
                |row: &&Request| row.csr().is_some_and(|csr| csr.public_key_digest == public_key_digest);
            newest(state.requests.values().filter(same), limit)
        })
    }
}

#[async_trait]
impl NameIndex for InMemoryBackend {
    async fn enter(&self, rows: &[NameRow]) -> Result<(), PortError> {
        let rows = rows.iter().map(|row| (row.name.clone(), row.entry.to_string()));
        self.call("names", "enter", |state| state.names.extend(rows))
    }

    async fn of(&self, name: &str, limit: usize) -> Result<Vec<NameEntry>, PortError> {
        self.call("names", "of", |state| {
            let entries = state.names.iter().rev().filter(|(one, _)| one == name);
            entries.take(limit).filter_map(|(_, entry)| entry.parse().ok()).collect()
        })
    }

    async fn listed(&self, part: &ListPart, limit: usize) -> Result<Vec<ListedCertificate>, PortError> {
        let key = part.list.key();
        let is_before = |listed: &ListedCertificate| match part.list.is_by_name() {
            true => !listed.under.starts_with(&part.prefix),
            false => part.ends_from.is_some_and(|from| listed.not_after < from),
        };
        let after = part.after.as_ref().map(|after| NameEntry::Listed(after.clone()).to_string());
        self.call("names", "listed", |state| {
            let entries =
                state.names.iter().filter(|(list, entry)| *list == key && Some(entry) > after.as_ref());
            let listed = entries.filter_map(|(_, entry)| match entry.parse() {
                Ok(NameEntry::Listed(listed)) => Some(listed),
                _ => None,
            });
            listed.filter(|listed| !is_before(listed)).take(limit).collect()
        })
    }
}

#[async_trait]
impl Approvals for InMemoryBackend {
    async fn find(&self, id: RequestId) -> Result<Option<Approval>, PortError> {
        self.call("approvals", "find", |state| state.approvals.get(&id).cloned())
    }

    async fn create(&self, approval: &Approval) -> Result<Saved, PortError> {
        self.call("approvals", "create", |state| match state.approvals.entry(approval.request_id) {
            Entry::Occupied(_) => Saved::Conflict,
            Entry::Vacant(row) => {
                row.insert(approval.clone());
                Saved::Yes
            }
        })
    }

    async fn save(&self, approval: &Approval) -> Result<Saved, PortError> {
        self.call("approvals", "save", |state| match state.approvals.get_mut(&approval.request_id) {
            Some(row) if row.version == approval.version => {
                *row = Approval { version: approval.version + 1, ..approval.clone() };
                Saved::Yes
            }
            _ => Saved::Conflict,
        })
    }

    async fn save_with(
        &self,
        approval: &Approval,
        request: &Request,
        events: &[Event],
    ) -> Result<Saved, PortError> {
        self.call("approvals", "save with request", |state| {
            let unchanged =
                state.approvals.get(&approval.request_id).is_some_and(|row| row.version == approval.version);
            if !unchanged || state.save(request, events) == Saved::Conflict {
                return Saved::Conflict;
            }
            let row = Approval { version: approval.version + 1, ..approval.clone() };
            state.approvals.insert(row.request_id, row);
            Saved::Yes
        })
    }

    async fn add_link(&self, link: &Link) -> Result<(), PortError> {
        self.call("approvals", "add link", |state| {
            state.links.insert(link.digest.as_str().to_owned(), link.clone());
        })
    }

    async fn find_link(&self, digest: &LinkDigest) -> Result<Option<Link>, PortError> {
        self.call("approvals", "find link", |state| state.links.get(digest.as_str()).cloned())
    }

    async fn add_inbox(&self, inbox: &InboxLink) -> Result<(), PortError> {
        self.call("approvals", "add inbox", |state| {
            state.inboxes.insert(inbox.digest.as_str().to_owned(), inbox.clone());
        })
    }

    async fn find_inbox(&self, digest: &LinkDigest) -> Result<Option<InboxLink>, PortError> {
        self.call("approvals", "find inbox", |state| state.inboxes.get(digest.as_str()).cloned())
    }
}

#[async_trait]
impl CertificateStore for InMemoryBackend {
    async fn store(&self, serial: &Serial, certificate_pem: &str) -> Result<String, PortError> {
        self.call("certificates", "store", |state| {
            state.certificates.entry(serial.to_string()).or_insert_with(|| certificate_pem.to_owned()).clone()
        })
    }

    async fn certificate(&self, serial: &Serial) -> Result<Option<String>, PortError> {
        self.call("certificates", "certificate", |state| state.certificates.get(&serial.to_string()).cloned())
    }
}

#[async_trait]
impl Issuers for InMemoryBackend {
    async fn in_force(&self, _id: &IssuerId) -> Result<Option<Issuer>, PortError> {
        self.call("issuers", "in force", |state| {
            self.authorities(state)
                .next()
                .filter(|_| !state.no_issuer)
                .map(|authority| authority.issuer.clone())
        })
    }

    async fn with_key_identifier(&self, key_identifier: &str) -> Result<Vec<Issuer>, PortError> {
        self.call("issuers", "with key identifier", |state| {
            let all = self.authorities(state).filter(|_| !state.no_issuer);
            all.map(|one| one.issuer.clone()).filter(|one| one.key_identifier() == key_identifier).collect()
        })
    }

    async fn all(&self) -> Result<Vec<Issuer>, PortError> {
        self.call("issuers", "all", |state| {
            let all = self.authorities(state).filter(|_| !state.no_issuer);
            all.map(|authority| authority.issuer.clone()).collect()
        })
    }

    async fn signer(&self, issuer: &Issuer) -> Result<Arc<dyn Signer>, PortError> {
        let found = self.call("ca key", "signer", |state| {
            let mut all = self.authorities(state);
            all.find(|one| one.signer.spki_der() == issuer.spki_der()).map(|one| Arc::clone(&one.signer))
        })?;
        let cause = || format!("no key belongs to the CA certificate {}", issuer.subject());
        found.ok_or_else(|| PortError { what: "use the key of the CA", cause: cause() })
    }
}

#[async_trait]
impl Mailer for InMemoryBackend {
    async fn send(&self, mail: &Mail) -> Result<(), PortError> {
        self.call("mailer", "send", |state| state.mails.push(mail.clone()))
    }
}

#[async_trait]
impl Operators for InMemoryBackend {
    async fn tell(&self, subject: &str, text: &str) -> Result<(), PortError> {
        self.call("operators", "tell", |state| state.told.push((subject.to_owned(), text.to_owned())))
    }
}

#[async_trait]
impl Policies for InMemoryBackend {
    async fn current(&self) -> Result<Arc<Policy>, PortError> {
        self.call("policies", "current", |_| self.policy())
    }
}

#[async_trait]
impl KeyLists for InMemoryBackend {
    async fn has(&self, list: &KeyListDigest, key: &PublicKey) -> Result<bool, PortError> {
        let stored = self.call("key lists", "has", |state| {
            state.key_lists.iter().find(|stored| stored.digest() == *list).cloned()
        })?;
        let missing = || format!("there is no list {list}");
        let stored =
            stored.ok_or_else(|| PortError { what: "read the list of denied keys", cause: missing() })?;
        let Ok(found) = key_list::has_key(&stored, key).await;
        Ok(found)
    }

    async fn is_compromised(&self, key: &PublicKey) -> Result<bool, PortError> {
        self.call("key lists", "is compromised", |state| state.compromised.contains(&key.digest()))
    }
}

#[async_trait]
impl CompromisedKeys for InMemoryBackend {
    async fn record(&self, public_key_digest: &str) -> Result<(), PortError> {
        self.call("key lists", "record", |state| {
            state.compromised.insert(public_key_digest.to_owned());
        })
    }
}

#[async_trait]
impl LinkSecrets for InMemoryBackend {
    async fn secret(&self) -> Result<&LinkSecret, PortError> {
        self.call("links", "secret", |_| &self.links)
    }
}

fn of_person<'a>(state: &'a State, email: &'a Email) -> impl Iterator<Item = &'a Request> {
    state.requests.values().filter(|row| PlusTags::Same.same_person(row.email(), email))
}

fn oldest<'a>(rows: impl Iterator<Item = &'a Request>, limit: usize) -> Vec<Request> {
    let mut found: Vec<_> = rows.cloned().collect();
    found.sort_by_key(|row| row.registration_date());
    found.truncate(limit);
    found
}

fn listed(row: &Request) -> ListedRequest {
    ListedRequest {
        id: row.id(),
        status: row.status(),
        execution_arn: row.execution().arn.clone(),
        expires_at: row.expires_at(),
    }
}

fn newest<'a>(rows: impl Iterator<Item = &'a Request>, limit: usize) -> Vec<Request> {
    let mut found: Vec<_> = rows.cloned().collect();
    found.sort_by_key(|row| std::cmp::Reverse(row.registration_date()));
    found.truncate(limit);
    found
}

impl State {
    pub(super) fn save(&mut self, request: &Request, events: &[Event]) -> Saved {
        match self.requests.get_mut(&request.id()) {
            Some(row) if row.version() == request.version() => {
                if !leads_to(row, request) {
                    self.backwards.push((row.status(), request.status()));
                }
                *row = request.clone();
                row.count_write();
                self.audit.extend_from_slice(events);
                Saved::Yes
            }
            _ => Saved::Conflict,
        }
    }

    fn report(&mut self, token: &TaskToken, result: TaskResult) -> Reported {
        if self.results.iter().any(|(one, _)| one == token) {
            return Reported::AlreadyFinished;
        }
        self.results.push((token.clone(), result));
        Reported::Accepted
    }
}

#[async_trait]
impl Tasks for InMemoryBackend {
    async fn succeed(&self, token: &TaskToken, output: &serde_json::Value) -> Result<Reported, PortError> {
        self.call("tasks", "succeed", |state| state.report(token, Ok(output.clone())))
    }

    async fn fail(&self, token: &TaskToken, error: &str, cause: &str) -> Result<Reported, PortError> {
        self.call("tasks", "fail", |state| state.report(token, Err((error.to_owned(), cause.to_owned()))))
    }
}

#[async_trait]
impl Executions for InMemoryBackend {
    fn arn(&self, name: &str) -> String {
        format!("arn:aws:states:eu-central-1:000000000000:execution:countersign:{name}")
    }

    async fn start(&self, name: &str, _id: RequestId) -> Result<(), PortError> {
        let arn = self.arn(name);
        self.call("executions", "start", |state| {
            state.executions.entry(arn).or_insert(ExecutionState::Running);
        })
    }

    async fn state(&self, arn: &str) -> Result<ExecutionState, PortError> {
        self.call("executions", "state", |state| {
            state.executions.get(arn).copied().unwrap_or(ExecutionState::Missing)
        })
    }
}

#[async_trait]
impl ExecutionHistory for InMemoryBackend {
    async fn states(&self, arn: &str) -> Result<Option<Vec<StateVisit>>, PortError> {
        self.call("execution history", "states", |state| {
            // An execution that was started has a history, if only an empty one.
            let execution = state.executions.get(arn).filter(|one| **one != ExecutionState::Missing);
            state.histories.get(arn).cloned().or_else(|| execution.map(|_| Vec::new()))
        })
    }
}

#[async_trait]
impl WorkerQueue for InMemoryBackend {
    async fn recheck(&self, message: &RecheckMessage) -> Result<(), PortError> {
        self.call("worker queue", "recheck", |state| state.rechecks.push(message.clone()))
    }
}

#[async_trait]
impl Queue for InMemoryBackend {
    async fn postpone(&self, receipt_handle: &str, seconds: i32) -> Result<(), PortError> {
        self.call("queue", "postpone", |state| state.postponed.push((receipt_handle.to_owned(), seconds)))
    }
}
