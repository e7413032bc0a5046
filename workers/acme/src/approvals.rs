//! The standing approval of an order: that of the account, or its latest extension.
//!
//! Invariant: an order names one standing approval, which has all of its names, and Sign holds its certificate against that one.
//! An extension counts only if its approvers agreed to it as one, whatever the row says that leads to it. Whoever ends a standing
//! approval ends it for its accounts with all of its extensions. Decision 0156.

use pki::acme::{AcmeErrorType, AcmeIdentifier, AcmeProblem, NewOrder, Subproblem};
use workflow::acme::{AcmeAccount, AcmeOrder};
use workflow::approval::coverage::ensure_open;
use workflow::approval::standing::{StandingApproval, StandingError};
use workflow::ports::PortError;

use crate::extension::WantedNames;
use crate::reply::AcmeError;
use crate::server::{AcmeServer, as_requester};

/// The standing approval for an order. If none of the account has its names, an extension is asked for.
pub(crate) async fn for_order(
    server: &AcmeServer,
    account: &AcmeAccount,
    asked: &NewOrder,
    source: Option<&str>,
) -> Result<StandingApproval, AcmeError> {
    let (policy, now, identifiers) = (server.policies.current().await?, server.now(), &asked.identifiers);
    let names: Vec<String> = identifiers.iter().map(|one| one.name().to_string()).collect();
    let own = server.standing_of(account).await?;
    let left = ensure_open(&own, &policy, now);
    if let Err(error @ (StandingError::Ended | StandingError::NotAllowed)) = left {
        return Err(over(server, &own, error));
    }
    ensure_profile(&own, asked)?;
    if left.is_ok() && own.terms().cover(&names) {
        return Ok(own);
    }
    let standing = own.id();
    // An extension has all names of what it extends.
    let latest = extension_of(server, &own).await?.unwrap_or(own);
    ensure_open(&latest, &policy, now).map_err(|error| over(server, &latest, error))?;
    if latest.terms().cover(&names) {
        return Ok(latest);
    }
    let is_outside = |one: &&AcmeIdentifier| !latest.terms().cover(&[one.name().to_string()]);
    let outside: Vec<&AcmeIdentifier> = identifiers.iter().filter(is_outside).collect();
    let mut names: Vec<String> = outside.iter().map(|one| one.name().to_string()).collect();
    names.sort();
    let by = as_requester(&latest, source.map(str::to_owned));
    let wanted = WantedNames { account: account.id().clone(), standing, base: latest, names, by };
    Err(refuse(server, &wanted, &outside).await?)
}

/// Checks that an order is for the profile of a standing approval, which its extensions have, too. Without a profile, the server
/// chooses (draft-ietf-acme-profiles section 4).
fn ensure_profile(approval: &StandingApproval, asked: &NewOrder) -> Result<(), AcmeProblem> {
    let Some(profile) = asked.profile.as_ref().filter(|profile| *profile != approval.profile()) else {
        return Ok(());
    };
    let detail = format!(
        "the standing approval of the account is for the profile {:?}, and not for {}; order that one, or leave \"profile\" out",
        approval.profile(),
        pki::text::quoted(profile),
    );
    Err(AcmeProblem::new(AcmeErrorType::InvalidProfile, detail))
}

/// The latest extension of a standing approval.
async fn extension_of(
    server: &AcmeServer,
    base: &StandingApproval,
) -> Result<Option<StandingApproval>, AcmeError> {
    let Some(row) = server.store.extensions(base.id()).await? else { return Ok(None) };
    let policy = server.policies.current().await?;
    for candidate in row.candidates() {
        let found = server.standing.find(candidate).await?;
        let extension = found.filter(|extension| extension.is_extension_of(base, &policy));
        if extension.is_some() {
            return Ok(extension);
        }
    }
    Ok(None)
}

/// The refusal of names outside, after their extension is asked for.
async fn refuse(
    server: &AcmeServer,
    wanted: &WantedNames,
    outside: &[&AcmeIdentifier],
) -> Result<AcmeError, AcmeError> {
    let (base_url, standing) = (&server.base_url, wanted.standing);
    let (sentence, about): (String, Vec<String>) = match &server.extensions {
        Some(extensions) => {
            let state = extensions.file(wanted).await?;
            let about = outside.iter().map(|one| state.about(one, standing)).collect();
            (state.sentence(base_url), about)
        }
        None => (
            format!(
                "ask for a standing approval that has it at {base_url}, and register with its credential"
            ),
            outside.iter().map(|_| format!("not in the standing approval {standing}")).collect(),
        ),
    };
    let first = outside.first().map(|one| pki::text::quoted(&one.name().text())).unwrap_or_default();
    let more = match outside.len() {
        0 | 1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    let detail = format!("{first}{more}: not in the standing approval {standing}; {sentence}");
    let subproblem = |(one, detail): (&&AcmeIdentifier, String)| Subproblem {
        error_type: AcmeErrorType::RejectedIdentifier,
        detail,
        identifier: one.to_object(),
    };
    let subproblems = outside.iter().zip(about).map(subproblem).collect();
    Ok(AcmeProblem::of_identifiers(detail, subproblems).into())
}

/// Checks that a certificate may still be made for an order. Sign counts; this tells the client before it makes a key.
pub(crate) async fn ensure_left(
    server: &AcmeServer,
    account: &AcmeAccount,
    order: &AcmeOrder,
) -> Result<(), AcmeError> {
    let policy = server.policies.current().await?;
    let own = server.standing_of(account).await?;
    if own.ended().is_some() {
        return Err(over(server, &own, StandingError::Ended));
    }
    let approval = match order.standing() == own.id() {
        true => own,
        false => above(server, order).await?,
    };
    ensure_open(&approval, &policy, server.now()).map_err(|error| over(server, &approval, error))
}

/// The standing approval that an order names.
pub(crate) async fn above(server: &AcmeServer, order: &AcmeOrder) -> Result<StandingApproval, PortError> {
    let gone = || PortError { what: "read the standing approval", cause: "the row is gone".into() };
    server.standing.find(order.standing()).await?.ok_or_else(gone)
}

/// True if the standing approval of the account of an order was ended, and the order names an extension of it.
pub(crate) async fn is_ended_for_its_account(
    server: &AcmeServer,
    order: &AcmeOrder,
    approval: &StandingApproval,
) -> Result<bool, PortError> {
    if approval.terms().extends().is_none() {
        return Ok(false);
    }
    let Some(account) = server.store.account(order.account()).await? else { return Ok(true) };
    let own = server.standing.find(account.standing()).await?;
    Ok(own.is_none_or(|own| own.ended().is_some()))
}

fn over(server: &AcmeServer, approval: &StandingApproval, error: StandingError) -> AcmeError {
    let (id, base_url) = (approval.id(), &server.base_url);
    let detail =
        format!("{error} ({id}); ask for another one at {base_url}, and register with its credential");
    AcmeProblem::unauthorized(detail).into()
}
