//! Updates of the accounts and orders of the ACME server.

use super::{EditResult, MAX_WRITE_ATTEMPTS, UpdateError, Updated, contended};
use crate::acme::{AcmeAccount, AcmeOrder};
use crate::ports::{AcmeStore, OrderName, PortError, Saved};

/// Edits an account that the caller read, and writes it; reads it again if another writer came between. `edit` must be
/// idempotent.
///
/// # Errors
/// [`PortError`] if the table does not answer, or every attempt conflicted with another writer.
pub async fn update_acme_account(
    store: &dyn AcmeStore,
    known: &AcmeAccount,
    edit: impl Fn(&mut AcmeAccount),
) -> Result<AcmeAccount, PortError> {
    const WHAT: &str = "change the ACME account";
    let mut read = known.clone();
    for _ in 0..MAX_WRITE_ATTEMPTS {
        let mut row = read.clone();
        edit(&mut row);
        if row == read {
            return Ok(row);
        }
        if store.save_account(&row).await? == Saved::Yes {
            row.count_write();
            return Ok(row);
        }
        read = store.account(known.id()).await?.ok_or_else(|| gone(WHAT))?;
    }
    Err(contended(WHAT))
}

/// Edits an order that the caller read, and writes it; reads it again if another writer came between. `edit` must be
/// idempotent.
///
/// # Errors
/// See [`UpdateError`]; never missing, since no order is removed while it is used.
pub async fn update_acme_order<R: EditResult>(
    store: &dyn AcmeStore,
    known: &AcmeOrder,
    edit: impl Fn(&mut AcmeOrder) -> R,
) -> Result<Updated<AcmeOrder, R::Value>, UpdateError<R::Rejection>> {
    const WHAT: &str = "change the ACME order";
    let name = OrderName { account: known.account().clone(), order: known.id().clone() };
    let mut read = known.clone();
    for _ in 0..MAX_WRITE_ATTEMPTS {
        let mut row = read.clone();
        let value = edit(&mut row).into_result().map_err(UpdateError::Rejected)?;
        if row == read {
            return Ok(Updated { row, value });
        }
        if store.save_order(&row).await? == Saved::Yes {
            row.count_write();
            return Ok(Updated { row, value });
        }
        read = store.order(&name).await?.ok_or_else(|| gone(WHAT))?;
    }
    Err(contended(WHAT).into())
}

fn gone(what: &'static str) -> PortError {
    PortError { what, cause: "the row is gone".into() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pki::acme::{OrderStatus, RenewalCertId};
    use pki::csr::Csr;
    use pki::testing::csr;
    use time::Duration;

    use super::*;
    use crate::acme::{AcmeOrderId, FinalizeError, OrderTerms};
    use crate::ports::Clock as _;
    use crate::testing::InMemoryBackend;
    use crate::testing::acme::{saved_account, saved_order};

    fn a_csr() -> Csr {
        Csr::read(&csr(&["www.example.com"])).unwrap()
    }

    async fn with_order() -> (Arc<InMemoryBackend>, AcmeAccount, AcmeOrder) {
        let backend = InMemoryBackend::new();
        let account = saved_account();
        let order = saved_order(&account, &["www.example.com"], backend.now());
        assert_eq!(backend.create_account(&account).await.unwrap(), Saved::Yes);
        assert_eq!(backend.create_order(&order, None).await.unwrap(), Saved::Yes);
        (backend, account, order)
    }

    #[tokio::test]
    async fn a_race_of_fifty_csrs_reserves_one() {
        let (backend, _, order) = with_order().await;
        let now = backend.now();
        let attempt = |csr: Csr| {
            let (backend, order) = (Arc::clone(&backend), order.clone());
            tokio::spawn(async move {
                tokio::task::yield_now().await;
                update_acme_order(&*backend, &order, |row| row.reserve(&csr, now))
                    .await
                    .map(|done| (done.row, csr))
            })
        };
        let attempts: Vec<_> = (0..50).map(|_| attempt(a_csr())).collect();
        let mut reserved = Vec::new();
        for one in attempts {
            match one.await.unwrap() {
                Ok(done) => reserved.push(done),
                Err(UpdateError::Rejected(FinalizeError::OtherCsr)) => {}
                Err(error) => panic!("{error}"),
            }
        }
        let [(row, csr)] = &reserved[..] else { panic!("{} were reserved", reserved.len()) };
        assert!(row.has_csr(csr));
        assert_eq!(backend.acme_orders(), std::slice::from_ref(row));
        let named = backend.order_of_request(row.request_id()).await.unwrap().unwrap();
        assert_eq!((&named.account, &named.order), (row.account(), row.id()));
    }

    #[tokio::test]
    async fn an_order_that_is_processed_changes_once_more() {
        let (backend, _, order) = with_order().await;
        let csr = a_csr();
        let reserved =
            update_acme_order(&*backend, &order, |row| row.reserve(&csr, backend.now())).await.unwrap().row;
        let given_up = update_acme_order(&*backend, &reserved, |row| row.deactivate(0)).await.unwrap().row;
        assert_eq!((given_up.version(), given_up.has_csr(&csr)), (3, true));
        let issued = update_acme_order(&*backend, &reserved, AcmeOrder::issued).await.unwrap().row;
        assert_eq!((issued.version(), issued.status(backend.now())), (4, OrderStatus::Valid));
        assert_eq!(backend.acme_orders(), [issued]);
    }

    #[tokio::test]
    async fn an_edit_is_made_on_the_row_as_it_is_now() {
        let (backend, account, order) = with_order().await;
        let deactivated = update_acme_order(&*backend, &order, |row| row.deactivate(0)).await.unwrap().row;
        let late = update_acme_order(&*backend, &order, |row| row.reserve(&a_csr(), backend.now())).await;
        assert!(matches!(late, Err(UpdateError::Rejected(FinalizeError::Invalid))), "{late:?}");
        assert_eq!((backend.acme_orders(), deactivated.version()), (vec![deactivated.clone()], 2));
        let contact = vec!["mailto:bob@example.com".to_owned()];
        update_acme_account(&*backend, &account, |row| row.update(None, true)).await.unwrap();
        let late =
            update_acme_account(&*backend, &account, |row| row.update(Some(&contact), false)).await.unwrap();
        assert_eq!(
            (late.status(), late.contact()),
            (pki::acme::AccountStatus::Deactivated, account.contact())
        );
    }

    #[tokio::test]
    async fn a_certificate_has_one_replacement_at_a_time() {
        let (backend, account, _) = with_order().await;
        let now = backend.now();
        let certificate: RenewalCertId = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE".parse().unwrap();
        let replacing = || {
            let terms = OrderTerms {
                standing: account.standing(),
                identifiers: Vec::new(),
                profile: "server".into(),
                replaces: Some(certificate.clone()),
            };
            AcmeOrder::new(AcmeOrderId::random(now).unwrap(), &account, terms, now + Duration::DAY, now)
        };
        let (first, second, third) = (replacing(), replacing(), replacing());
        assert_eq!(backend.create_order(&first, None).await.unwrap(), Saved::Yes);
        assert_eq!(backend.create_order(&second, None).await.unwrap(), Saved::Conflict);
        assert_eq!(backend.create_order(&second, Some(third.id())).await.unwrap(), Saved::Conflict);
        assert_eq!(backend.create_order(&second, Some(first.id())).await.unwrap(), Saved::Yes);
        assert_eq!(backend.create_order(&third, Some(first.id())).await.unwrap(), Saved::Conflict);
        let found = backend.replacement(&certificate).await.unwrap().unwrap();
        assert_eq!(&found.order, second.id());
        assert_eq!(second.status(now), OrderStatus::Ready);
    }

    #[tokio::test]
    async fn a_key_and_a_credential_have_one_account() {
        let (backend, account, _) = with_order().await;
        assert_eq!(backend.create_account(&account).await.unwrap(), Saved::Conflict);
        let mut other = saved_account();
        assert_eq!(backend.create_account(&other).await.unwrap(), Saved::Yes);
        let before = other.key_digest().to_owned();
        other.change_key(&account.key().unwrap());
        assert_eq!(backend.save_key(&other, &before).await.unwrap(), Saved::Conflict);
        assert_eq!(backend.account_of_key(&before).await.unwrap().as_ref(), Some(other.id()));
        assert_eq!(backend.account_of_binding(account.key_id()).await.unwrap().as_ref(), Some(account.id()));
        let new_key = saved_account().key().unwrap();
        other.change_key(&new_key);
        assert_eq!(backend.save_key(&other, &before).await.unwrap(), Saved::Yes);
        assert_eq!(backend.account_of_key(&before).await.unwrap(), None);
        let digest = new_key.public_key().digest();
        assert_eq!(backend.account_of_key(&digest).await.unwrap().as_ref(), Some(other.id()));
    }
}
