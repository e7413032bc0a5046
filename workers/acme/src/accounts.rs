//! Accounts: newAccount, account, keyChange (RFC 8555 section 7.3).

use http::{StatusCode, header};
use pki::acme::{
    AccountObject, AccountStatus, AccountUpdate, AcmeProblem, AcmeUrls, ExternalAccountBinding, KeyChange,
    NewAccount, RequestPayload,
};
use workflow::acme::{AcmeAccount, AcmeAccountId};
use workflow::approval::credential::AcmeKeyId;
use workflow::ports::{PortError, Saved};
use workflow::store::update_acme_account;

use crate::reply::{AcmeError, AcmeReply};
use crate::server::AcmeServer;
use crate::signed::CheckedAcmeRequest;

/// newAccount: the account of the key, or a new one.
pub(crate) async fn create(server: &AcmeServer, signed: &CheckedAcmeRequest) -> Result<AcmeReply, AcmeError> {
    let key = signed.request.key();
    let key_digest = key.public_key().digest();
    // RFC 8555 section 7.3.1: before the payload is read, since clients send more than "onlyReturnExisting".
    if let Some(account) = account_of_key(server, &key_digest).await? {
        return existing(server, &account);
    }
    let asked = NewAccount::read(&signed.request)?;
    if asked.only_return_existing {
        return Err(AcmeUrls::no_account().into());
    }
    let binding = asked.external_account_binding.ok_or_else(ExternalAccountBinding::required)?;
    let key_id: AcmeKeyId = binding.key_id().parse()?;
    // The MAC first: who has none learns nothing, and costs no read.
    key_id.verify(&binding, key, server.links.secret().await?)?;
    ensure_bound(server, key_id).await?;
    let (id, now) = (new_id()?, server.now());
    let account = AcmeAccount::new(id, key, (key_id, &binding), asked.contact, now);
    if server.store.create_account(&account).await? == Saved::Yes {
        let (id, grant) = (account.id(), account.standing());
        tracing::info!(account.id = %id, request.id = %grant, "created ACME account {id} for standing approval {grant}");
        let reply = AcmeReply::object(StatusCode::CREATED, &object(server, &account))?;
        return Ok(reply.with(header::LOCATION, &server.urls().account(account.id().as_str())));
    }
    // Either another call for the same key came first, or the credential has an account.
    match account_of_key(server, &key_digest).await? {
        Some(account) => existing(server, &account),
        None => Err(AcmeProblem::unauthorized(
            "the key id of the external account binding has an account already, with another key; use the key of that account, or make another credential for the standing approval",
        )
        .into()),
    }
}

/// Checks that a key id is of the latest credential of a standing approval under which certificates are signed.
async fn ensure_bound(server: &AcmeServer, key_id: AcmeKeyId) -> Result<(), AcmeError> {
    let request = server.requests.find(key_id.standing).await?;
    if !request.is_some_and(|request| key_id.is_latest_of(&request)) {
        return Err(ExternalAccountBinding::unproven().into());
    }
    let found = server.standing.find(key_id.standing).await?;
    let approval = found.ok_or_else(ExternalAccountBinding::unproven)?;
    let policy = server.policies.current().await?;
    approval.ensure_alive(&policy, server.now()).map_err(|error| {
        AcmeProblem::unauthorized(format!(
            "{error}; ask for another standing approval at {}",
            server.base_url
        ))
    })?;
    Ok(())
}

fn new_id() -> Result<AcmeAccountId, PortError> {
    AcmeAccountId::random().map_err(|error| PortError::new("make an id", error))
}

async fn account_of_key(server: &AcmeServer, key_digest: &str) -> Result<Option<AcmeAccount>, PortError> {
    match server.store.account_of_key(key_digest).await? {
        Some(id) => server.store.account(&id).await,
        None => Ok(None),
    }
}

fn existing(server: &AcmeServer, account: &AcmeAccount) -> Result<AcmeReply, AcmeError> {
    if account.status() != AccountStatus::Valid {
        return Err(AcmeProblem::deactivated_account().into());
    }
    let reply = AcmeReply::object(StatusCode::OK, &object(server, account))?;
    Ok(reply.with(header::LOCATION, &server.urls().account(account.id().as_str())))
}

fn object(server: &AcmeServer, account: &AcmeAccount) -> AccountObject {
    AccountObject {
        status: account.status(),
        contact: account.contact().to_vec(),
        external_account_binding: account.binding(),
        orders: server.urls().orders(account.id().as_str()),
    }
}

/// The account, after a change if there is one.
pub(crate) async fn show_or_update(
    server: &AcmeServer,
    signed: &CheckedAcmeRequest,
    account: &AcmeAccount,
) -> Result<AcmeReply, AcmeError> {
    if signed.request.payload() == &RequestPayload::Empty {
        return AcmeReply::object(StatusCode::OK, &object(server, account));
    }
    let AccountUpdate { contact, deactivate } = AccountUpdate::read(&signed.request)?;
    let edit = |row: &mut AcmeAccount| row.update(contact.as_deref(), deactivate);
    let updated = update_acme_account(&*server.store, account, edit).await?;
    if deactivate {
        let id = updated.id();
        tracing::info!(account.id = %id, "deactivated ACME account {id}");
    }
    AcmeReply::object(StatusCode::OK, &object(server, &updated))
}

/// keyChange: the account gets another key, unless another account has it.
pub(crate) async fn change_key(
    server: &AcmeServer,
    signed: &CheckedAcmeRequest,
    account: &AcmeAccount,
) -> Result<AcmeReply, AcmeError> {
    let KeyChange { new_key } = KeyChange::read(&signed.request)?;
    let mut changed = account.clone();
    changed.change_key(&new_key);
    if server.store.save_key(&changed, account.key_digest()).await? == Saved::Yes {
        let id = account.id();
        tracing::info!(account.id = %id, "changed the key of ACME account {id}");
        return AcmeReply::object(StatusCode::OK, &object(server, &changed));
    }
    match server.store.account_of_key(changed.key_digest()).await? {
        // A call that the SDK repeated: it was this change.
        Some(id) if id == *account.id() => AcmeReply::object(StatusCode::OK, &object(server, &changed)),
        Some(other) => {
            let location = server.urls().account(other.as_str());
            Err(AcmeError::from(AcmeProblem::key_in_use()).with(header::LOCATION, location))
        }
        None => {
            let detail = "the account was changed by another request at the same time; repeat the request";
            Err(AcmeProblem::malformed(detail).into())
        }
    }
}
