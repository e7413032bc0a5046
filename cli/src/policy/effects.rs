//! The effects of a new policy on open requests: each is evaluated anew, as Sign and the links of approvers will do it.

use std::sync::Arc;

use time::OffsetDateTime;
use workflow::approval::Approval;
use workflow::aws::S3KeyLists;
use workflow::decision::ApprovalDigest;
use workflow::email::Email;
use workflow::ids::RequestId;
use workflow::policy::Policy;
use workflow::policy::evaluate::PolicyRejection;
use workflow::ports::KeyLists as _;
use workflow::request::{Request, Status};

use crate::error::{CliError, OrFail as _};
use crate::output::aligned;
use crate::stack::Stack;
use crate::wording::count;
use crate::{approval_row, request_rows};

/// Statuses of requests that a policy still applies to.
const OPEN: [Status; 3] = [Status::Submitted, Status::PendingApproval, Status::Approved];

/// One effect on one request.
struct Effect {
    id: RequestId,
    status: Status,
    kind: EffectKind,
}

#[derive(Debug, PartialEq)]
enum EffectKind {
    /// The policy refuses the request, for this reason.
    Refused(String),
    /// The approval does not cover what would be signed.
    NotCovered,
    /// The links of these approvers stop working.
    LinksEnd(Vec<Email>),
}

/// The effects of a policy on all open requests.
#[derive(Default)]
pub(super) struct Effects {
    open: usize,
    /// Rows that cannot be read.
    unread: usize,
    effects: Vec<Effect>,
}

impl Effects {
    /// Evaluates the open requests by the policy in force and by the new one.
    pub(super) async fn of(stack: &Stack, current: Option<Policy>, new: Policy) -> Result<Self, CliError> {
        let lists = S3KeyLists::new(&stack.sdk, &stack.bucket);
        let (current, new) = (current.map(Arc::new), Arc::new(new));
        let (mut all, now) = (Self::default(), OffsetDateTime::now_utc());
        for status in OPEN {
            for (id, row) in request_rows::of_status(stack, status).await? {
                all.open += 1;
                let Ok(request) = row else {
                    all.unread += 1;
                    continue;
                };
                let approval = match status {
                    Status::Submitted => None,
                    _ => approval_row::lookup(stack, id).await?,
                };
                let applied = async |policy: &Arc<Policy>| {
                    let applied = match request.csr_content() {
                        Some(csr) => lists.applied(Arc::clone(policy), csr).await,
                        None => Ok(Arc::clone(policy)),
                    };
                    applied.or_fail(|| "cannot evaluate the open requests".into(), "")
                };
                // If the list of the policy in force is gone, every effect of the new one is shown.
                let before = match &current {
                    Some(current) => applied(current).await.ok(),
                    None => None,
                };
                let replaced = match request.replaces() {
                    Some(replaced) => request_rows::lookup(stack, replaced).await?.and_then(Result::ok),
                    None => None,
                };
                let new = applied(&new).await?;
                let approval = approval.as_ref();
                let kinds = effects(&request, replaced.as_ref(), approval, before.as_deref(), &new, now);
                all.effects.extend(kinds.into_iter().map(|kind| Effect { id, status, kind }));
            }
        }
        Ok(all)
    }

    /// Requests whose approvers need new links.
    pub(super) fn without_links(&self) -> impl Iterator<Item = RequestId> {
        let ends = |effect: &&Effect| matches!(effect.kind, EffectKind::LinksEnd(_));
        self.effects.iter().filter(ends).map(|effect| effect.id)
    }

    /// The effects, for people.
    pub(super) fn report(&self) -> String {
        let number =
            |of: fn(&EffectKind) -> bool| self.effects.iter().filter(|effect| of(&effect.kind)).count();
        let refused = number(|kind| matches!(kind, EffectKind::Refused(_)));
        let not_covered = number(|kind| matches!(kind, EffectKind::NotCovered));
        let links = number(|kind| matches!(kind, EffectKind::LinksEnd(_)));
        let mut text = format!(
            "{}: {refused} will be refused, {not_covered} will fail for lack of a fitting approval, {links} will have approvers whose links stop working.\n",
            count(self.open, "open request")
        );
        if self.unread > 0 {
            text.push_str(&format!("{} could not be read.\n", count(self.unread, "row")));
        }
        if !self.effects.is_empty() {
            let rows: Vec<Vec<String>> = self.effects.iter().map(Effect::cells).collect();
            text.push_str(&aligned(&["REQUEST", "STATUS", "EFFECT"], &rows));
        }
        text
    }
}

impl Effect {
    fn cells(&self) -> Vec<String> {
        let when = if self.status == Status::Submitted { "refused" } else { "refused when it is signed" };
        let effect = match &self.kind {
            EffectKind::Refused(why) => format!("{when}: {why}"),
            EffectKind::NotCovered => {
                "fails when it is signed: the approval is for other contents".to_owned()
            }
            EffectKind::LinksEnd(approvers) => {
                let approvers: Vec<&str> = approvers.iter().map(Email::as_str).collect();
                format!("links stop working: {}", approvers.join(", "))
            }
        };
        vec![self.id.to_string(), self.status.to_string(), effect]
    }
}

/// The effects of the change from `current` to `new` on one open request at this time; `replaced` is the one that it renews.
fn effects(
    request: &Request,
    replaced: Option<&Request>,
    approval: Option<&Approval>,
    current: Option<&Policy>,
    new: &Policy,
    now: OffsetDateTime,
) -> Vec<EffectKind> {
    let outcome = |policy: &Policy| match would_bind(request, replaced, policy) {
        Err(rejection) => {
            let why = rejection.main().map(|finding| finding.detail.clone()).unwrap_or_default();
            Some(EffectKind::Refused(why))
        }
        Ok(digest) => {
            approval.is_some_and(|approval| approval.digest != digest).then_some(EffectKind::NotCovered)
        }
    };
    let before = current.and_then(outcome);
    let mut effects: Vec<EffectKind> = outcome(new).filter(|_| before.is_none()).into_iter().collect();
    if let Some(approval) = approval {
        let already =
            current.map(|current| removed_approvers(current, request, approval, now)).unwrap_or_default();
        let mut removed = removed_approvers(new, request, approval, now);
        removed.retain(|approver| !already.contains(approver));
        effects.extend((!removed.is_empty()).then_some(EffectKind::LinksEnd(removed)));
    }
    effects
}

/// The digest that an approval by this policy would bind.
fn would_bind(
    request: &Request,
    replaced: Option<&Request>,
    policy: &Policy,
) -> Result<ApprovalDigest, PolicyRejection> {
    let (id, profile) = (request.id(), request.profile());
    if request.terms().is_some() {
        let terms = request.evaluate_terms(policy, None)?;
        return Ok(ApprovalDigest::of_terms(id, request.email(), profile, terms));
    }
    let granted = request.evaluate(policy, None, replaced)?;
    Ok(ApprovalDigest::of(id, &granted.grant.profile, &granted.csr_summary(), request.replaces()))
}

/// Approvers of an undecided request who have not voted, and whose links do not work since the policy does not list
/// them.
pub(crate) fn removed_approvers(
    policy: &Policy,
    request: &Request,
    approval: &Approval,
    now: OffsetDateTime,
) -> Vec<Email> {
    if approval.outcome.is_some() {
        return Vec::new();
    }
    let escalated = approval.is_escalated();
    let profile = policy.profile(Some(request.profile()));
    let mut removed = approval.undecided(now);
    removed.retain(|approver| {
        !profile.as_ref().is_ok_and(|profile| profile.lets_vote(approver, escalated, now))
    });
    removed
}

#[cfg(test)]
mod tests {
    use workflow::ports::Clock as _;
    use workflow::testing::InMemoryBackend;

    use super::*;

    const POLICY: &str = include_str!("../../../infra/policy.toml");

    /// The effects of replacing `from` by `to` in the policy on a request of this status.
    fn effects_of(status: Status, from: &str, to: &str) -> Vec<EffectKind> {
        let backend = InMemoryBackend::new();
        let request = backend.request(backend.request_at(status)).unwrap();
        assert!(POLICY.contains(from), "{from}");
        let new = Policy::parse(&POLICY.replace(from, to)).unwrap();
        let approval = backend.approval(request.id());
        effects(&request, None, approval.as_ref(), Some(&Policy::parse(POLICY).unwrap()), &new, backend.now())
    }

    #[test]
    fn an_open_request_that_the_new_policy_does_not_allow_is_refused() {
        for status in OPEN {
            let effects = effects_of(status, "example.com\"", "example.edu\"");
            let refused = |effect: &EffectKind| matches!(effect, EffectKind::Refused(why) if why.contains("www.example.com"));
            assert!(effects.iter().any(refused), "{status}: {effects:?}");
        }
        assert_eq!(effects_of(Status::Approved, "validity_days = 365", "validity_days = 30"), []);
    }

    #[test]
    fn only_links_of_undecided_requests_end() {
        let of = |status| effects_of(status, "approver@example.com", "successor@example.com");
        assert_eq!(
            of(Status::PendingApproval),
            [EffectKind::LinksEnd(vec!["approver@example.com".parse().unwrap()])]
        );
        assert_eq!(of(Status::Approved), []);
    }

    #[test]
    fn a_request_that_is_refused_already_is_not_an_effect() {
        let backend = InMemoryBackend::new();
        let request = backend.request(backend.request_at(Status::Approved)).unwrap();
        let narrow = Policy::parse(&POLICY.replace("example.com\"", "example.edu\"")).unwrap();
        assert_eq!(
            effects(
                &request,
                None,
                backend.approval(request.id()).as_ref(),
                Some(&narrow),
                &narrow,
                backend.now()
            ),
            []
        );
    }

    #[test]
    fn the_report_counts_requests_and_names_them() {
        let effect = |kind| Effect { id: RequestId::random(), status: Status::Approved, kind };
        let links = effect(EffectKind::LinksEnd(vec!["a@example.com".parse().unwrap()]));
        let id = links.id;
        let effects = Effects {
            open: 3,
            unread: 1,
            effects: vec![
                effect(EffectKind::Refused("Not that name.".into())),
                effect(EffectKind::NotCovered),
                links,
            ],
        };
        let report = effects.report();
        assert!(report.starts_with("3 open requests: 1 will be refused, 1 will fail"), "{report}");
        assert!(report.contains("1 row could not be read"), "{report}");
        assert!(report.contains("refused when it is signed: Not that name."), "{report}");
        assert_eq!(effects.without_links().collect::<Vec<_>>(), [id]);
    }
}
