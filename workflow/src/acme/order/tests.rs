use pki::testing::csr as made_csr;
use proptest::prelude::*;

use super::*;
use crate::testing::acme::{saved_account, saved_order};

const NOW: OffsetDateTime = time::macros::datetime!(2026-01-01 12:00 UTC);

fn csr() -> Csr {
    Csr::read(&made_csr(&["www.example.com"])).unwrap()
}

fn order() -> AcmeOrder {
    saved_order(&saved_account(), &["www.example.com", "*.web.example.com", "192.0.2.1", "2001:db8::1"], NOW)
}

#[test]
fn a_row_reads_back_in_every_state_and_may_have_columns_of_a_later_version() {
    let ready = order();
    let mut processing = ready.clone();
    processing.reserve(&csr(), NOW).unwrap();
    let (mut valid, mut refused, mut deactivated) = (processing.clone(), processing.clone(), ready.clone());
    valid.issued();
    refused.failed(OrderFailure::Refused { reason: "Not ours.".into() });
    deactivated.deactivate(1);
    for order in [ready, processing, valid, refused, deactivated] {
        let mut row = serde_json::to_value(&order).unwrap();
        row["later"] = true.into();
        // An update leaves the columns of the status before.
        row["csr"] = row.get("csr").cloned().unwrap_or("old".into());
        assert_eq!(serde_json::from_value::<AcmeOrder>(row.clone()).unwrap(), order, "{row}");
        assert_eq!(serde_json::from_value::<OrderSummary>(row).unwrap(), order.summary());
    }
}

#[test]
fn an_order_is_born_ready_and_ends_with_its_standing_approval() {
    let account = saved_account();
    let terms = || OrderTerms {
        standing: account.standing(),
        identifiers: Vec::new(),
        profile: "server".into(),
        replaces: None,
    };
    let made = |until| AcmeOrder::new(AcmeOrderId::random(NOW).unwrap(), &account, terms(), until, NOW);
    assert_eq!(made(NOW + Duration::days(30)).ends_at(), NOW + ORDER_LIFETIME);
    let short = made(NOW + Duration::days(1));
    let ends_at = NOW + Duration::days(1);
    assert_eq!(short.ends_at(), ends_at);
    assert_eq!(short.status(NOW), OrderStatus::Ready);
    assert_eq!(short.status(ends_at - Duration::SECOND), OrderStatus::Ready);
    assert_eq!(
        (short.status(ends_at), short.authorization(0, ends_at)),
        (OrderStatus::Invalid, AuthorizationStatus::Expired)
    );
    assert_eq!(short.clone().reserve(&csr(), ends_at), Err(FinalizeError::Expired));
    assert_eq!(short.summary().status, OrderStatus::Ready);
}

#[test]
fn one_csr_is_reserved_and_no_other() {
    let (mut order, first, second) = (order(), csr(), csr());
    order.reserve(&first, NOW).unwrap();
    let reserved = order.clone();
    let OrderState::Processing { request_id, csr, .. } = reserved.state() else { panic!("{reserved:?}") };
    assert_eq!(*request_id, order.request_id());
    assert_eq!(Csr::read(csr).unwrap().der(), first.der());
    // Also after its life: the answer of the first attempt may have been lost.
    assert_eq!(order.reserve(&first, NOW + ORDER_LIFETIME), Ok(()));
    assert_eq!(order.reserve(&second, NOW), Err(FinalizeError::OtherCsr));
    assert_eq!(order, reserved);
    order.issued();
    assert_eq!(order.reserve(&first, NOW), Ok(()));
    assert_eq!(order.reserve(&second, NOW), Err(FinalizeError::OtherCsr));
    assert_eq!(order.status(NOW + Duration::days(1000)), OrderStatus::Valid);
}

#[test]
fn the_request_is_that_of_one_order() {
    let (one, other) = (order(), order());
    assert_eq!(one.request_id(), one.clone().request_id());
    assert_ne!(one.request_id(), other.request_id());
}

#[test]
fn an_authorization_that_is_given_up_ends_the_order_that_waits_for_its_csr() {
    let (mut ready, mut processing) = (order(), order());
    processing.reserve(&csr(), NOW).unwrap();
    for order in [&mut ready, &mut processing] {
        order.deactivate(4);
        assert_eq!(order.authorization(1, NOW), AuthorizationStatus::Valid, "there are four");
        order.deactivate(1);
        assert_eq!(order.authorization(1, NOW), AuthorizationStatus::Deactivated);
        assert_eq!(order.authorization(0, NOW), AuthorizationStatus::Valid);
    }
    assert_eq!(ready.state(), &OrderState::Invalid { error: OrderFailure::Deactivated });
    assert_eq!(ready.reserve(&csr(), NOW), Err(FinalizeError::Invalid));
    assert_eq!(processing.status(NOW), OrderStatus::Processing, "the certificate is on its way");
}

proptest! {
    /// Whatever happens in whatever order: a status never goes back, and there is one CSR and one request.
    #[test]
    fn a_status_never_goes_back(steps in proptest::collection::vec((0..5_u8, 0..2_usize), 1..30)) {
        let csrs = [csr(), csr()];
        let rank = |order: &AcmeOrder| match order.state() {
            OrderState::Ready => 0,
            OrderState::Processing { .. } => 1,
            OrderState::Valid { .. } | OrderState::Invalid { .. } => 2,
        };
        let (mut order, mut taken) = (order(), None);
        for (step, which) in steps {
            let before = order.clone();
            match step {
                0 => {
                    let reserved = order.reserve(&csrs[which], NOW);
                    if reserved.is_ok() {
                        prop_assert_eq!(*taken.get_or_insert(which), which);
                    }
                }
                1 => order.issued(),
                2 => order.failed(OrderFailure::Failed),
                3 => order.deactivate(which),
                _ => prop_assert_eq!(order.request_id(), before.request_id()),
            }
            prop_assert!(rank(&order) >= rank(&before));
            if rank(&before) == 2 {
                prop_assert_eq!(order.state(), before.state());
            }
        }
    }
}
