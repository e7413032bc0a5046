//! Finalizing an order: from a CSR to a certificate (RFC 8555 section 7.4).
//!
//! Invariant: the CSR is reserved by a conditional write of the order before its request is submitted. The row of the order keeps
//! it until then, so whoever reads a processing order whose request is missing submits it again: no order hangs.

use pki::acme::{AcmeErrorType, AcmeIdentifier, AcmeProblem, check_csr, read_csr};
use pki::csr::Csr;
use workflow::acme::{AcmeAccount, AcmeOrder, AcmeOrderId, OrderFailure, OrderState};
use workflow::approval::standing::StandingError;
use workflow::ports::PortError;
use workflow::store::{UpdateError, update_acme_order};

use crate::approvals;
use crate::issuance::{StandingOrder, SubmissionResult};
use crate::issuance_state::IssuanceState;
use crate::own_orders::{own, reply, unfailing};
use crate::reply::{AcmeError, AcmeReply};
use crate::server::{AcmeServer, as_requester};
use crate::signed::CheckedAcmeRequest;

/// The order, as far as it has come.
pub(crate) async fn show(
    server: &AcmeServer,
    account: &AcmeAccount,
    id: &AcmeOrderId,
) -> Result<AcmeReply, AcmeError> {
    let order = own(server, account, id).await?;
    reply(server, &advance(server, order, None).await?)
}

/// finalize: takes the CSR of an order, and waits for some seconds for the certificate.
pub(crate) async fn finalize(
    server: &AcmeServer,
    signed: &CheckedAcmeRequest,
    account: &AcmeAccount,
    id: &AcmeOrderId,
) -> Result<AcmeReply, AcmeError> {
    let mut order = own(server, account, id).await?;
    let csr = read_csr(&signed.request)?;
    let source = signed.source.as_deref();
    // Clients repeat a request whose answer they did not get. The CSR was checked then.
    if !order.has_csr(&csr) {
        if *order.state() == OrderState::Ready {
            check(server, signed, account, &order, &csr).await?;
        }
        let now = server.now();
        let reserved = update_acme_order(&*server.store, &order, |row| row.reserve(&csr, now)).await;
        order = match reserved {
            Ok(updated) => updated.row,
            // RFC 8555 section 7.4: 403 orderNotReady.
            Err(UpdateError::Rejected(error)) => {
                return Err(AcmeProblem::new(AcmeErrorType::OrderNotReady, error.to_string()).into());
            }
            Err(UpdateError::Port(error)) => return Err(error.into()),
            Err(UpdateError::Missing(_)) => return Err(AcmeProblem::not_found().into()),
        };
        let request_id = order.request_id();
        tracing::info!(request.id = %request_id, account.id = %account.id(), "order {id} is processed by request {request_id}");
    }
    reply(server, &settled(server, order, source).await?)
}

/// Checks a CSR against its order, its key, and the standing approval.
async fn check(
    server: &AcmeServer,
    signed: &CheckedAcmeRequest,
    account: &AcmeAccount,
    order: &AcmeOrder,
    csr: &Csr,
) -> Result<(), AcmeError> {
    let bad = |detail: String| AcmeProblem::new(AcmeErrorType::BadCsr, detail);
    let identifiers: Vec<AcmeIdentifier> = order.identifiers().cloned().collect();
    check_csr(csr, &identifiers, signed.request.key().public_key())?;
    if let Some(weakness) = csr.inspect() {
        return Err(bad(format!("the key of the CSR cannot be used: {weakness}")).into());
    }
    // RFC 8555 section 11.1: nor the key of another account.
    if server.store.account_of_key(&csr.key().digest()).await?.is_some() {
        return Err(bad(
            "the CSR has the key of an account; make a key of its own for the certificate".into()
        )
        .into());
    }
    approvals::ensure_left(server, account, order).await
}

/// Waits until the order is no longer processed, or the time for it is over.
async fn settled(
    server: &AcmeServer,
    mut order: AcmeOrder,
    source: Option<&str>,
) -> Result<AcmeOrder, PortError> {
    for read in 0..server.wait.reads.max(1) {
        if read > 0 {
            tokio::time::sleep(server.wait.pause).await;
        }
        order = advance(server, order, source).await?;
        if !matches!(order.state(), OrderState::Processing { .. }) {
            break;
        }
    }
    Ok(order)
}

/// Takes a processing order as far as its request has come: submits the request if it is missing, and records its end.
pub(crate) async fn advance(
    server: &AcmeServer,
    order: AcmeOrder,
    source: Option<&str>,
) -> Result<AcmeOrder, PortError> {
    let OrderState::Processing { request_id, csr, .. } = order.state() else { return Ok(order) };
    let failure = match IssuanceState::of(server, *request_id).await? {
        IssuanceState::Missing => match submit(server, &order, csr, source).await? {
            SubmissionResult::Stored => return Ok(order),
            SubmissionResult::Refused(reason) => OrderFailure::Refused { reason },
        },
        IssuanceState::Running => return Ok(order),
        IssuanceState::Issued => {
            return Ok(update_acme_order(&*server.store, &order, AcmeOrder::issued)
                .await
                .map_err(unfailing)?
                .row);
        }
        IssuanceState::Refused(reason) => OrderFailure::Refused { reason },
        IssuanceState::Failed => OrderFailure::Failed,
    };
    let id = order.id();
    tracing::warn!(request.id = %request_id, "order {id} is invalid, since request {request_id} has no certificate");
    let failed = |row: &mut AcmeOrder| row.failed(failure.clone());
    Ok(update_acme_order(&*server.store, &order, failed).await.map_err(unfailing)?.row)
}

async fn submit(
    server: &AcmeServer,
    order: &AcmeOrder,
    csr: &str,
    source: Option<&str>,
) -> Result<SubmissionResult, PortError> {
    let approval = approvals::above(server, order).await?;
    if approvals::is_ended_for_its_account(server, order, &approval).await? {
        return Ok(SubmissionResult::Refused(StandingError::Ended.to_string()));
    }
    let submitted = StandingOrder {
        request_id: order.request_id(),
        standing: approval.id(),
        csr: csr.to_owned(),
        by: as_requester(&approval, source.map(str::to_owned)),
    };
    server.intake.submit(&submitted).await
}
