//! Certificates under a standing approval.

use end_to_end::Stack;
use time::OffsetDateTime;
use workflow::approval::standing::StandingApproval;
use workflow::ids::RequestId;
use workflow::testing::InMemoryBackend;
use workflow::testing::fixtures::standing_policy;
use workflow::testing::item::item;

/// Writes a row into a table of the stack.
fn put(stack: &Stack, table: &str, row: &serde_json::Value) {
    let put = ["dynamodb", "put-item", "--table-name", stack.endpoint(table), "--item", &row.to_string()];
    stack.aws(&put);
}

/// Puts a standing approval into the stack, as Sign does, with as many counted certificates.
pub(crate) fn add_standing_approval(stack: &Stack, terms: &str, counted: usize) -> StandingApproval {
    let backend = InMemoryBackend::new();
    backend.set_policy(&standing_policy());
    backend.set_now(OffsetDateTime::now_utc());
    let mut approval = backend.standing_approval(terms);
    for _ in 0..counted {
        let at = approval.from();
        let counted = approval.count(RequestId::random(), &backend.policy(), at).unwrap();
        let key = format!("use#{}", counted.request_id);
        put(stack, "grantsTable", &item(&counted, &[("item", &key)]));
    }
    put(stack, "grantsTable", &item(&approval, &[("item", "approval")]));
    approval
}
