//! The rules for operations of operators on a request.
//!
//! Invariant: the row has the reason and the trail its digest, written together with the change, or before the message that asks for it.
//! A repetition is recorded once.

use time::{Duration, OffsetDateTime};

use super::audit::{Actor, EventKind, PendingEvent};
use super::operations::MAX_OPERATIONS;
use super::standing_end::reason_digest;
use super::{Operation, OperationRecord, Request, TooManyOperations};
use crate::timestamp::whole_seconds;

/// The longest time between an operation and its repetition: a double click, or another try after a lost answer.
const REPETITION: Duration = Duration::minutes(5);

impl Request {
    /// The operations, oldest first.
    pub fn operations(&self) -> &[OperationRecord] {
        &self.operations
    }

    /// Records an operation and its reason. Returns false, and records nothing, if the row has the same operation by the same person
    /// for the same reason of the last five minutes.
    ///
    /// # Errors
    /// [`TooManyOperations`]; nothing is recorded then.
    pub fn record_operation(
        &mut self,
        operation: Operation,
        reason: &str,
        by: &Actor,
        now: OffsetDateTime,
    ) -> Result<bool, TooManyOperations> {
        let at = whole_seconds(now);
        let is_same = |it: &OperationRecord| it.operation == operation && it.by == *by && it.reason == reason;
        // The clocks of two workers differ, so the earlier one may have the later time.
        if self.operations.iter().any(|it| is_same(it) && (at - it.at).abs() <= REPETITION) {
            return Ok(false);
        }
        if self.operations.len() >= MAX_OPERATIONS {
            return Err(TooManyOperations);
        }
        let event = PendingEvent::new(EventKind::Operated, at).with_detail(operation.as_str());
        self.note(event.with_digest(reason_digest(reason)));
        self.operations.push(OperationRecord { operation, reason: reason.to_owned(), by: by.clone(), at });
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Status;
    use crate::request::audit::Origin;
    use crate::testing::InMemoryBackend;
    use pki::testing as test_pki;

    fn pending() -> Request {
        InMemoryBackend::new().unsaved_request(&test_pki::csr(&["www.example.com"]), Status::PendingApproval)
    }

    fn olivia() -> Actor {
        Actor::operator("olivia@example.com")
    }

    /// Records a first operation, and `second` after `later`; returns the number of operations in the row and in the trail.
    fn recorded(later: Duration, second: (Operation, &str, Actor)) -> [usize; 2] {
        let mut row = pending();
        let now = row.registration_date();
        row.take_events(&Origin::worker("test"));
        assert!(row.record_operation(Operation::Resend, "The mail was lost.", &olivia(), now).unwrap());
        let (operation, reason, by) = second;
        let is_new = row.record_operation(operation, reason, &by, now + later).unwrap();
        let count = row.operations().len();
        assert_eq!(is_new, count == 2);
        [count, row.take_events(&Origin::worker("test")).len()]
    }

    #[test]
    fn a_repetition_within_five_minutes_is_recorded_once() {
        for later in [0, 1, 300] {
            let same = (Operation::Resend, "The mail was lost.", olivia());
            assert_eq!(recorded(Duration::seconds(later), same), [1, 1], "after {later} s");
        }
        let behind = (Operation::Resend, "The mail was lost.", olivia());
        assert_eq!(recorded(Duration::seconds(-2), behind), [1, 1], "by a clock that is behind");
    }

    #[test]
    fn another_reason_person_or_kind_and_a_later_one_are_recorded_too() {
        let omar = Actor::operator("omar@example.com");
        let others = [
            (0, (Operation::Resend, "They are back.", olivia())),
            (0, (Operation::Resend, "The mail was lost.", omar)),
            (0, (Operation::Retry, "The mail was lost.", olivia())),
            (301, (Operation::Resend, "The mail was lost.", olivia())),
        ];
        for (later, second) in others {
            let what = format!("{second:?} after {later} s");
            assert_eq!(recorded(Duration::seconds(later), second), [2, 2], "{what}");
        }
    }

    #[test]
    fn five_minutes_count_from_the_one_that_is_recorded() {
        let mut row = pending();
        let now = row.registration_date();
        let recorded = [0, 200, 400].map(|later| {
            let at = now + Duration::seconds(later);
            row.record_operation(Operation::Resend, "Again.", &olivia(), at).unwrap()
        });
        assert_eq!(recorded, [true, false, true]);
    }

    #[test]
    fn a_full_row_takes_repetitions_and_nothing_else() {
        let mut row = pending();
        let now = row.registration_date();
        for number in 0..MAX_OPERATIONS {
            row.record_operation(Operation::Resend, &number.to_string(), &olivia(), now).unwrap();
        }
        assert_eq!(row.record_operation(Operation::Resend, "0", &olivia(), now), Ok(false));
        assert_eq!(row.record_operation(Operation::Resend, "More.", &olivia(), now), Err(TooManyOperations));
        assert_eq!(row.operations().len(), MAX_OPERATIONS);
    }
}
