//! The states of an execution, from the events of its history.
//!
//! Invariant: only names, times, errors and causes are read. Inputs and outputs hold task tokens and are never requested.

use aws_sdk_sfn::types::{HistoryEvent, HistoryEventType};
use time::OffsetDateTime;

use crate::ports::StateVisit;

/// The states that these events enter, in order. An error of a state that succeeded at another try is left out.
pub(super) fn visits(events: &[HistoryEvent]) -> Vec<StateVisit> {
    let mut visits: Vec<StateVisit> = Vec::new();
    for event in events {
        let at = OffsetDateTime::from_unix_timestamp_nanos(event.timestamp.as_nanos())
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        if let Some(details) = event.state_entered_event_details() {
            visits.push(StateVisit { state: details.name.clone(), entered: at, left: None, error: None });
        } else if let Some(visit) = visits.last_mut() {
            if event.r#type == HistoryEventType::TaskSucceeded {
                visit.error = None;
            } else if visit.error.is_none() {
                visit.error = error(event);
            }
            if event.state_exited_event_details().is_some() || event.r#type.as_str().starts_with("Execution")
            {
                visit.left = visit.left.or(Some(at));
            }
        }
    }
    visits
}

/// Error and cause of an event, if it is the failure of a task or of the execution.
fn error(event: &HistoryEvent) -> Option<String> {
    let (error, cause) = match event.r#type {
        HistoryEventType::TaskFailed => {
            event.task_failed_event_details().map(|details| (details.error(), details.cause()))
        }
        HistoryEventType::TaskTimedOut => {
            event.task_timed_out_event_details().map(|details| (details.error(), details.cause()))
        }
        HistoryEventType::TaskSubmitFailed => {
            event.task_submit_failed_event_details().map(|details| (details.error(), details.cause()))
        }
        HistoryEventType::ExecutionFailed => {
            event.execution_failed_event_details().map(|details| (details.error(), details.cause()))
        }
        _ => None,
    }?;
    let both: Vec<&str> = [error, cause].into_iter().flatten().filter(|text| !text.is_empty()).collect();
    Some(both.join(": ")).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use aws_sdk_sfn::primitives::DateTime;
    use aws_sdk_sfn::types::builders::HistoryEventBuilder;
    use aws_sdk_sfn::types::{StateEnteredEventDetails, StateExitedEventDetails, TaskFailedEventDetails};

    use super::*;

    fn event(kind: HistoryEventType, at: i64) -> HistoryEventBuilder {
        HistoryEvent::builder().id(at).timestamp(DateTime::from_secs(at)).r#type(kind)
    }

    fn entered(name: &str, at: i64) -> HistoryEvent {
        let details = StateEnteredEventDetails::builder().name(name).build().unwrap();
        let event = event(HistoryEventType::TaskStateEntered, at);
        event.state_entered_event_details(details).build().unwrap()
    }

    fn exited(name: &str, at: i64) -> HistoryEvent {
        let details = StateExitedEventDetails::builder().name(name).build().unwrap();
        let event = event(HistoryEventType::TaskStateExited, at);
        event.state_exited_event_details(details).build().unwrap()
    }

    fn failed(error: &str, cause: &str, at: i64) -> HistoryEvent {
        let details = TaskFailedEventDetails::builder().resource_type("sqs").resource("r");
        let details = details.error(error).cause(cause).build().unwrap();
        event(HistoryEventType::TaskFailed, at).task_failed_event_details(details).build().unwrap()
    }

    #[test]
    fn a_history_becomes_states_with_times_and_errors() {
        let events = [
            entered("Validate", 1),
            failed("Request.Refused", "no", 3),
            exited("Validate", 4),
            entered("RecordRefusal", 4),
        ];
        let visits = visits(&events);
        assert_eq!(visits.len(), 2);
        assert_eq!(visits[0].error.as_deref(), Some("Request.Refused: no"));
        assert_eq!(visits[0].left.unwrap().unix_timestamp(), 4);
        assert_eq!((visits[1].state.as_str(), visits[1].left), ("RecordRefusal", None));
    }

    #[test]
    fn a_state_that_succeeds_at_another_try_has_no_error() {
        let tried = [entered("Sign", 1), failed("SQS.SdkClientException", "no route", 2)];
        assert_eq!(visits(&tried)[0].error.as_deref(), Some("SQS.SdkClientException: no route"));
        let succeeded = event(HistoryEventType::TaskSucceeded, 3).build().unwrap();
        let events = [tried.as_slice(), &[succeeded, exited("Sign", 3)]].concat();
        assert_eq!(visits(&events)[0].error, None);
        assert!(visits(&events)[0].left.is_some());
    }

    #[test]
    fn the_end_of_an_execution_is_the_exit_from_its_last_state() {
        let aborted = event(HistoryEventType::ExecutionAborted, 9).build().unwrap();
        let visits = visits(&[entered("AwaitApproval", 1), aborted]);
        assert_eq!(visits[0].left.unwrap().unix_timestamp(), 9);
    }

    #[test]
    fn events_before_the_first_state_are_left_out() {
        let started = event(HistoryEventType::ExecutionStarted, 1).build().unwrap();
        assert_eq!(visits(&[started]), []);
        assert_eq!(visits(&[]), []);
    }
}
