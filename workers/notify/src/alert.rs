//! The alert to the operators about a failure: request, execution, cause, and commands for details.
//!
//! Invariant: plain text for mail and chat. It has ids, names of errors and causes; nothing of the CSR, no address, no
//! link with a key.

use workflow::ids::RequestId;
use workflow::request::Status;
use workflow::runtime::step::Task;

use crate::{NotifyInput, NotifyState};

/// The most characters of a cause in an alert; the execution has all of it.
const MAX_CAUSE: usize = 1_500;

/// The subject line; SNS takes 100 ASCII characters.
pub(crate) fn subject(id: RequestId) -> String {
    format!("Countersign: request {id} failed")
}

/// The text. `status` is the status of the row; `None` without a row.
pub(crate) fn text(task: &Task<NotifyState, NotifyInput>, status: Option<Status>) -> String {
    let id = task.request_id;
    let error = shown(task.input.error.as_deref());
    let cause = shown(task.input.cause.as_deref());
    let execution = &task.execution;
    let (status, told) = match status {
        None => (
            "no row in the table".to_owned(),
            "The requester gets no mail: without a row, there is no address.",
        ),
        Some(status @ (Status::Delivered | Status::Revoked)) => {
            (status.to_string(), "The requester has the certificate, and gets no mail about the failure.")
        }
        Some(status @ (Status::Refused | Status::Rejected | Status::Withdrawn | Status::Expired)) => {
            (status.to_string(), "The requester gets a mail about this outcome, not about the failure.")
        }
        Some(status) => (
            status.to_string(),
            "The requester gets a mail: you are looking at it, and they need to do nothing.",
        ),
    };
    format!(
        "A request failed. Please look at it.\n\
         \n\
         Request:   {id}\n\
         Status:    {status}\n\
         Error:     {error}\n\
         Cause:     {cause}\n\
         Execution: {execution}\n\
         \n\
         {told}\n\
         \n\
         These commands show the execution, state by state, and the request:\n\
         \n\
         countersign executions {id}\n\
         countersign requests show {id}\n"
    )
}

/// A text of the state machine as one line, shortened to [`MAX_CAUSE`]; "unknown" if there is none.
fn shown(text: Option<&str>) -> String {
    let line = text.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_CAUSE) {
        _ if line.is_empty() => "unknown".to_owned(),
        None => line,
        Some((end, _)) => format!("{}…", &line[..end]),
    }
}
