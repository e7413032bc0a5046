//! GET `/console/policy`: the policy in force, as it was read.

use axum::response::Response;
use http::StatusCode;

use super::ConsoleCall;
use crate::http::problem::Problem;
use crate::pages::ConsolePolicyPage;

pub(super) async fn show(call: ConsoleCall) -> Result<Response, Problem> {
    let page = ConsolePolicyPage::new(&call.portal, &call.locale, call.frame(), &call.policy);
    Ok(call.page(StatusCode::OK, &page))
}
