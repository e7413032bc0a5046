//! The check that an approval covers the certificate to be signed, and the signing itself.
//!
//! Invariant: only [`covers`] makes a [`Covered`], and only [`Covered::issue`] signs the certificate of a request
//! (`clippy.toml` forbids `pki::certificate::issue` elsewhere). Every path of a request is checked here, with the row, the
//! policy and the issuer at the time of signing. Decision 0132. A request under a standing approval needs that one
//! ([`under_standing`]), and its own decision counts for nothing. Decision 0151.

use pki::certificate::{
    Approved, BuildError, Certificate, CrossCheckError, IssueError, LintError, Publication, Serial, Template,
    Validity, cross_check, issue, lint,
};
use pki::issuer::Issuer;
use pki::signer::Signer;

use super::passkey::{NotProven, Passkey, check_vote};
use super::sign_in::{self, Provider, ProviderKey, SignInError};
use super::standing::{OutsidePart, StandingError};
use super::{BaseUrl, ConfirmedRequest};
use crate::approver_set::{ApproverSet, Identity};
use crate::decision::{ApprovalDigest, DecisionRecord, Vote};
use crate::email::Email;
use crate::grant::Grant;
use crate::ids::RequestId;
use crate::policy::evaluate::{GrantedCsr, PolicyRejection};
use crate::policy::{Policy, RequesterProof};
use crate::request::Request;
use crate::request::renewal::approvers_in_force;

mod under_standing;

pub use under_standing::{UsedStanding, covers_terms, ensure_open, outlook, stands};

/// A certificate that an approval covers.
#[derive(Debug)]
pub struct Covered(GrantedCsr);

/// The reason why an approval covers no certificate.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotCovered {
    /// The row has no decision, or one that is no approval.
    #[error("the request has no approval")]
    NotApproved,
    /// The approval is about another certificate: names, key, profile, request or replaced request differ.
    #[error("the approval does not cover the certificate to be signed")]
    Another,
    /// The policy or the issuer in force does not grant the request.
    #[error("{}", .0.codes())]
    NotGranted(PolicyRejection),
    /// The policy in force asks for more approvals, or for other people.
    #[error("the policy in force asks for approvals that the request does not have")]
    TooFew,
    /// An approval is not proven as the policy asks: by a passkey of the approver, or by the identity provider.
    #[error("an approval is not proven: {0}")]
    NotProven(NotProven),
    /// The policy in force has requesters sign in, and the sign-in of this one proves nothing.
    #[error("the requester is not proven: {0}")]
    RequesterNotProven(SignInError),
    /// The certificate is not inside of the standing approval.
    #[error("the standing approval is for {0}")]
    Outside(OutsidePart),
    /// Nothing more is signed under the standing approval.
    #[error(transparent)]
    NotAlive(StandingError),
    /// Everything else holds, but the certificate is not counted: [`count_use`](crate::store::count_use) does that.
    #[error("the certificate is not counted under the standing approval")]
    NotCounted,
}

/// The other rows on which a certificate depends.
#[derive(Clone, Copy, Debug, Default)]
pub struct RelatedRows<'a> {
    /// The request that a renewal replaces.
    pub replaced: Option<&'a Request>,
    /// The standing approval under which the certificate is asked for.
    pub standing: Option<UsedStanding<'a>>,
}

/// What proves the votes and the requester: the address of the stack, the passkeys of those who voted, the keys of the
/// identity provider.
#[derive(Clone, Copy, Debug)]
pub struct Voters<'a> {
    /// The public base URL.
    pub base_url: &'a BaseUrl,
    /// The passkeys of all who voted. Not looked at where the policy asks for none.
    pub passkeys: &'a [Passkey],
    /// The keys of the identity provider. Not looked at where the policy asks for no sign-in.
    pub provider_keys: &'a [ProviderKey],
}

/// Checks that the approval of a request, or the standing approval above it, covers the certificate that the policy and the
/// issuer grant now. Where the policy asks for a proof of who voted, only votes with a right one
/// count; where it has requesters sign in, the row needs the sign-in of the requester.
///
/// # Errors
/// [`NotCovered`].
pub fn covers(
    request: &Request,
    related: RelatedRows<'_>,
    policy: &Policy,
    issuer: &Issuer,
    voters: Voters<'_>,
) -> Result<Covered, NotCovered> {
    match request.standing() {
        None => by_own_approval(request, related.replaced, policy, issuer, voters),
        Some(_) => under_standing::covers(request, related, policy, issuer, voters),
    }
    .map(Covered)
}

/// The certificate that the approval of the request itself covers.
fn by_own_approval(
    request: &Request,
    replaced: Option<&Request>,
    policy: &Policy,
    issuer: &Issuer,
    voters: Voters<'_>,
) -> Result<GrantedCsr, NotCovered> {
    let decision = request.decision().filter(|decision| decision.is_approval());
    let decision = decision.ok_or(NotCovered::NotApproved)?;
    let granted = request.evaluate(policy, Some(issuer), replaced).map_err(NotCovered::NotGranted)?;
    let csr = granted.csr_summary();
    let binds = ApprovalDigest::of(request.id(), &granted.grant.profile, &csr, request.replaces());
    if binds != decision.digest {
        return Err(NotCovered::Another);
    }
    let confirmed = ConfirmedRequest::of(request);
    requester_signed_in(request.id(), request.email(), confirmed.as_ref(), policy, voters)?;
    // The policy may have become stricter since, and people may have left it.
    let in_force = approvers_in_force(policy, &request.renewal_terms(&csr), replaced)
        .map_err(|finding| NotCovered::NotGranted(PolicyRejection(vec![finding])))?;
    GivenApproval { id: request.id(), decision, in_force }.holds(policy, voters)?;
    Ok(granted)
}

/// An approval, and the approvers by the policy in force.
struct GivenApproval<'a> {
    /// The request that was approved.
    id: RequestId,
    decision: &'a DecisionRecord,
    in_force: ApproverSet,
}

impl GivenApproval<'_> {
    /// Checks that the votes are enough by the policy in force, and proven as it asks.
    fn holds(&self, policy: &Policy, voters: Voters<'_>) -> Result<(), NotCovered> {
        self.is_enough()?;
        if self.in_force.identity != Identity::Mail {
            let (proven, unproven) = self.proven(policy, voters);
            if !self.are_enough(&proven) {
                return Err(NotCovered::NotProven(unproven.unwrap_or(NotProven::NoEvidence)));
            }
        }
        Ok(())
    }

    /// Checks that the votes are enough by the policy in force, proven or not.
    fn is_enough(&self) -> Result<(), NotCovered> {
        if self.are_enough(&self.decision.votes) { Ok(()) } else { Err(NotCovered::TooFew) }
    }

    /// True if these votes are enough. Escalation is not in the row: whoever voted as an escalation approver was admitted then. A
    /// stand-in's vote counts if the policy in force still has the entry and its days cover the time of the vote.
    fn are_enough(&self, votes: &[Vote]) -> bool {
        self.in_force.missing_given(self.in_force.counted(votes, true)).is_empty()
    }

    /// The votes with a right proof, and the fault of the first one without.
    fn proven(&self, policy: &Policy, voters: Voters<'_>) -> (Vec<Vote>, Option<NotProven>) {
        let (mut proven, mut fault) = (Vec::new(), None);
        for vote in &self.decision.votes {
            let checked = match self.in_force.identity {
                Identity::Mail => Ok(()),
                Identity::Passkey => {
                    let person = self.in_force.plus_tags.person(&vote.approver);
                    let own = voters.passkeys.iter().filter(|passkey| passkey.person == person);
                    let own: Vec<Passkey> = own.cloned().collect();
                    check_vote(voters.base_url, self.id, &self.decision.digest, vote, &own)
                }
                Identity::Oidc => self.signed_in(vote, policy, voters),
            };
            match checked {
                Ok(()) => proven.push(vote.clone()),
                Err(error) => fault = fault.or(Some(error)),
            }
        }
        (proven, fault)
    }

    /// Checks the statement of the identity provider about a vote.
    fn signed_in(&self, vote: &Vote, policy: &Policy, voters: Voters<'_>) -> Result<(), NotProven> {
        let provider = Provider::of(policy, voters.provider_keys)?;
        sign_in::check_vote(voters.base_url, self.id, &self.decision.digest, vote, provider)?;
        Ok(())
    }
}

/// Checks the statement of the identity provider about the request `id`, if the policy has requesters sign in.
fn requester_signed_in(
    id: RequestId,
    requester: &Email,
    confirmed: Option<&ConfirmedRequest>,
    policy: &Policy,
    voters: Voters<'_>,
) -> Result<(), NotCovered> {
    if policy.requester_proof() != RequesterProof::Oidc {
        return Ok(());
    }
    let check = || {
        let provider = Provider::of(policy, voters.provider_keys)?;
        let confirmed = confirmed.ok_or(SignInError::NoToken)?;
        confirmed.check(voters.base_url, id, requester, provider)
    };
    check().map_err(NotCovered::RequesterNotProven)
}

/// The parts of a certificate that need no approval.
#[derive(Clone, Copy, Debug)]
pub struct Issuing<'a> {
    /// The issuer.
    pub issuer: &'a Issuer,
    /// Its serial.
    pub serial: &'a Serial,
    /// Its dates.
    pub validity: &'a Validity,
    /// The addresses in it.
    pub publication: &'a Publication,
}

/// The reason why no certificate was issued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotIssued {
    /// A value does not fit into its field.
    #[error("the certificate cannot be built: {0}")]
    Build(#[from] BuildError),
    /// The linter found broken rules.
    #[error("the certificate does not pass the linter: {}", listed(.0))]
    Lint(Vec<LintError>),
    /// The key did not sign.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// Another library reads the signed certificate otherwise than it was approved.
    #[error("the signed certificate is not stored: {0}")]
    ReadOtherwise(#[from] CrossCheckError),
}

fn listed(errors: &[LintError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl NotIssued {
    /// True if the request is the cause, so that another attempt fails alike.
    pub fn is_of_request(&self) -> bool {
        match self {
            Self::Build(error) => error.is_of_request(),
            // One fault of the request is enough.
            Self::Lint(errors) => errors.iter().any(LintError::is_of_request),
            Self::Issue(_) | Self::ReadOtherwise(_) => false,
        }
    }
}

impl Covered {
    /// The contents that the approval covers.
    pub fn grant(&self) -> &Grant {
        &self.0.grant
    }

    /// Builds the certificate, lints it, has it signed, and has two other libraries read it.
    ///
    /// # Errors
    /// [`NotIssued`].
    pub async fn issue(&self, signer: &dyn Signer, issuing: Issuing<'_>) -> Result<Certificate, NotIssued> {
        let Issuing { issuer, serial, validity, publication } = issuing;
        let (csr, contents) = (&self.0.csr, self.0.grant.contents());
        let contents = &contents;
        let algorithm = signer.algorithm();
        let template = Template { csr, contents, issuer, algorithm, serial, validity, publication };
        let linted = lint(template.build()?, issuer, csr, contents).map_err(NotIssued::Lint)?;
        #[allow(clippy::disallowed_methods)] // The one place for requests.
        let certificate = issue(signer, linted).await?;
        cross_check(&certificate, &Approved { csr, contents, issuer, serial, validity })?;
        Ok(certificate)
    }
}
