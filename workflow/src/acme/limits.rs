//! How many orders an account may make.
//!
//! Invariant: the limits bound floods and are no exact counts: orders of one moment may exceed them together, as in
//! docs/decisions/0031. What bounds certificates exactly is the number of the standing approval.

use time::{Duration, OffsetDateTime};

use super::OrderSummary;

/// The limits of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderLimits {
    /// The most orders in an hour.
    pub hourly: usize,
    /// The most orders that wait for a CSR, among the newest ones of the account: as many as [`OrderLimits::hourly`].
    pub open: usize,
}

/// A limit that is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderLimitError {
    /// There were too many orders in the last hour.
    #[error(
        "the account has made {limit} orders in an hour, and more are not accepted; wait, and look for a client that orders again and again"
    )]
    TooManyInAnHour {
        /// The limit.
        limit: usize,
        /// The time until the next order is accepted.
        retry_after: Duration,
    },
    /// There are too many orders without a CSR.
    #[error(
        "the account has {limit} orders that wait for a CSR, and more are not accepted; finalize them, or deactivate their authorizations"
    )]
    TooManyOpen {
        /// The limit.
        limit: usize,
        /// The time until the first of them ends; an hour at most, since they can be finalized before.
        retry_after: Duration,
    },
}

impl OrderLimits {
    /// The limits of every account. A client that renews all certificates of a large standing approval at once is within.
    pub const DEFAULT: Self = Self { hourly: 300, open: 100 };

    /// Checks that an account may make one more order. `newest` are its newest orders, the newest first; as many as
    /// [`OrderLimits::hourly`], if there are so many.
    ///
    /// # Errors
    /// [`OrderLimitError`].
    pub fn check(self, newest: &[OrderSummary], now: OffsetDateTime) -> Result<(), OrderLimitError> {
        let since = now - Duration::HOUR;
        let recent: Vec<_> = newest.iter().filter(|order| order.made_at > since).collect();
        if let (true, Some(oldest)) = (recent.len() >= self.hourly, recent.last()) {
            let retry_after = at_least_a_second(oldest.made_at - since);
            return Err(OrderLimitError::TooManyInAnHour { limit: self.hourly, retry_after });
        }
        let open: Vec<_> = newest.iter().filter(|order| order.is_open(now)).collect();
        match open.iter().map(|order| order.ends_at).min() {
            Some(first_end) if open.len() >= self.open => {
                let retry_after = at_least_a_second(first_end - now).min(Duration::HOUR);
                Err(OrderLimitError::TooManyOpen { limit: self.open, retry_after })
            }
            _ => Ok(()),
        }
    }
}

impl OrderLimitError {
    /// The time until the next order may be accepted.
    #[must_use]
    pub fn retry_after(self) -> Duration {
        match self {
            Self::TooManyInAnHour { retry_after, .. } | Self::TooManyOpen { retry_after, .. } => retry_after,
        }
    }
}

fn at_least_a_second(time: Duration) -> Duration {
    time.max(Duration::SECOND)
}

#[cfg(test)]
mod tests {
    use pki::acme::OrderStatus;
    use proptest::prelude::*;

    use super::*;
    use crate::acme::AcmeOrderId;

    const NOW: OffsetDateTime = time::macros::datetime!(2026-01-01 12:00 UTC);

    fn order(age: Duration, status: OrderStatus) -> OrderSummary {
        let made_at = NOW - age;
        let id = AcmeOrderId::random(made_at).unwrap();
        OrderSummary { id, status, made_at, ends_at: made_at + Duration::days(7) }
    }

    const LIMITS: OrderLimits = OrderLimits { hourly: 3, open: 2 };

    #[test]
    fn the_orders_of_an_hour_are_counted_whatever_became_of_them() {
        let order = |minutes, status| order(Duration::minutes(minutes), status);
        let all = |oldest| {
            [order(1, OrderStatus::Valid), order(10, OrderStatus::Invalid), order(oldest, OrderStatus::Valid)]
        };
        assert_eq!(LIMITS.check(&all(60), NOW), Ok(()));
        let error = LIMITS.check(&all(59), NOW).unwrap_err();
        assert_eq!(error, OrderLimitError::TooManyInAnHour { limit: 3, retry_after: Duration::minutes(1) });
        assert_eq!(LIMITS.check(&all(59), NOW + error.retry_after()), Ok(()));
    }

    #[test]
    fn orders_that_wait_are_counted_until_they_end() {
        let (day, ready) = (Duration::DAY, OrderStatus::Ready);
        assert_eq!(LIMITS.check(&[order(day, ready), order(day * 2, OrderStatus::Processing)], NOW), Ok(()));
        let open = [order(day, ready), order(day * 2, ready)];
        let error = LIMITS.check(&open, NOW).unwrap_err();
        assert_eq!(error, OrderLimitError::TooManyOpen { limit: 2, retry_after: Duration::HOUR });
        assert_eq!(LIMITS.check(&open, NOW + day * 5), Ok(()), "one has ended");
    }

    proptest! {
        /// A client that waits as long as it is told is not told to wait for the same orders for ever.
        #[test]
        fn who_waits_is_let_in(ages in proptest::collection::vec(0..20_000_i64, 0..8), open in 0..8_usize) {
            let mut ages = ages;
            ages.sort_unstable();
            let status = |at| if at < open { OrderStatus::Ready } else { OrderStatus::Valid };
            let orders: Vec<_> = ages.iter().enumerate().map(|(at, age)| order(Duration::seconds(*age), status(at))).collect();
            let (mut now, mut refused) = (NOW, 0);
            while let Err(error) = LIMITS.check(&orders, now) {
                prop_assert!(error.retry_after() >= Duration::SECOND && error.retry_after() <= Duration::HOUR);
                now += error.retry_after();
                refused += 1;
                prop_assert!(refused < 200);
            }
        }
    }
}
