//! Reading the approval of a request.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_dynamo::aws_sdk_dynamodb_1::from_item;
use workflow::approval::Approval;
use workflow::ids::RequestId;

use crate::error::{CliError, OrFail as _, ROW_OF_ANOTHER_VERSION};
use crate::stack::Stack;

/// The approval of a request, or `None` if no approver was asked yet.
pub(crate) async fn lookup(stack: &Stack, id: RequestId) -> Result<Option<Approval>, CliError> {
    let answer = aws_sdk_dynamodb::Client::new(&stack.sdk)
        .get_item()
        .table_name(&stack.approvals_table)
        .key("key", AttributeValue::S(workflow::store::object_key::approval_key(id)))
        .consistent_read(true)
        .send()
        .await
        .or_fail(|| format!("cannot read the table {}", stack.approvals_table), "")?;
    let approval = answer.item.map(from_item).transpose();
    approval.or_fail(|| format!("cannot read the approval of {id}"), ROW_OF_ANOTHER_VERSION)
}
