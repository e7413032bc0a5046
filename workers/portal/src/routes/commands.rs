//! GET `/commands?names=...`: commands for making a key and a CSR with the entered names.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};
use url::form_urlencoded;
use workflow::request::input::private_key;

use crate::commands::TypedNames;
use crate::locale::Locale;
use crate::pages::{self, CommandsPage};
use crate::state::Portal;

pub(crate) async fn show(State(portal): State<Arc<Portal>>, locale: Locale, uri: Uri) -> Response {
    let query = uri.query().unwrap_or_default();
    let typed = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "names");
    let typed = typed.map(|(_, value)| value.into_owned()).unwrap_or_default();
    let page = match private_key("names", &typed) {
        // Without the query, which the links to other languages would repeat.
        Some(finding) => CommandsPage::without_names(&portal, &locale.without_query(), &finding),
        None => {
            let names =
                if typed.trim().is_empty() { TypedNames::example() } else { TypedNames::read(&typed) };
            CommandsPage::new(&portal, &locale, &typed, &names)
        }
    };
    let status = if page.is_complete() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    pages::page(status, locale.language, &page)
}
