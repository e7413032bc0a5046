//! The alert to the operators about a failure: request, execution, cause, and the commands that show more.
//!
//! Invariant: plain text that fits a mail and a chat. It holds ids, names of errors and causes; nothing of the CSR, no
//! address, no link with a key.

use workflow::ids::RequestId;
use workflow::request::Status;
use workflow::runtime::step::Task;

use crate::{Input, State};

/// The longest cause in an alert, in characters; the execution has all of it.
const MAX_CAUSE: usize = 1_500;

/// The subject line; SNS takes 100 ASCII characters.
pub(crate) fn subject(id: RequestId) -> String {
    format!("Countersign: request {id} failed")
}

/// The text. `status` is the status of the row; `None` without a row.
pub(crate) fn text(task: &Task<State, Input>, status: Option<Status>) -> String {
    let id = task.request_id;
    let error = shown(task.input.error.as_deref());
    let cause = shown(task.input.cause.as_deref());
    let execution = &task.execution;
    let (status, told) = match status {
        None => {
            ("no row in the table".to_owned(), "The requester couldn't be told: their address isn't known.")
        }
        Some(status @ (Status::Delivered | Status::Revoked)) => {
            (status.to_string(), "The requester has the certificate and wasn't told about this.")
        }
        Some(status @ (Status::Refused | Status::Rejected | Status::Expired)) => {
            (status.to_string(), "The requester is told about this outcome, but not about the failure.")
        }
        Some(status) => (
            status.to_string(),
            "The requester is told that you are looking into it and that there's nothing they need to do.",
        ),
    };
    format!(
        "A request failed and needs your attention.\n\
         \n\
         Request:   {id}\n\
         Status:    {status}\n\
         Error:     {error}\n\
         Cause:     {cause}\n\
         Execution: {execution}\n\
         \n\
         {told}\n\
         \n\
         See what happened, state by state, and the status of the request:\n\
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
