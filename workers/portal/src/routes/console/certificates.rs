//! GET `/console/certificates`: the certificates, a page at a time, by one property.
//!
//! Invariant: a page is one query of a list and the rows of its entries, however many certificates there are.

use axum::extract::Query;
use axum::response::Response;
use http::StatusCode;
use pki::certificate::Serial;
use serde::Deserialize;
use time::Duration;
use workflow::email::Email;
use workflow::ports::{CertificateList, ListPart, ListedCertificate, domain_order};
use workflow::store::{CertificateState, EndPart, InventoryPage, inventory_by_end, inventory_page};

use super::ConsoleCall;
use crate::http::problem::Problem;
use crate::pages::{CertificateSearch, ConsoleCertificatesPage, SearchBy, SearchMistake};

/// The certificates of one page.
const PAGE: usize = 50;
/// The most bytes of what is searched for.
const MAX_QUERY_BYTES: usize = 300;

/// The query of the page. What is not known is left out, not refused: people edit addresses.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SearchQuery {
    by: String,
    q: String,
    state: String,
    /// The number of days in which the certificates end.
    within: Option<String>,
    after: String,
}

pub(super) async fn show(call: ConsoleCall, Query(query): Query<SearchQuery>) -> Result<Response, Problem> {
    let search = CertificateSearch {
        by: SearchBy::from_text(&query.by).unwrap_or_default(),
        text: query.q.trim().chars().take(MAX_QUERY_BYTES).collect(),
        state: CertificateState::ALL.into_iter().find(|state| state.as_str() == query.state),
        within: query.within.as_deref().and_then(|days| days.trim().parse().ok()).filter(|days| *days > 0),
    };
    let found = find(&call, &search, &query.after).await?;
    let page = ConsoleCertificatesPage::new(&call.portal, &call.locale, call.frame(), &search, &call.policy);
    Ok(match found {
        Ok(found) => call.page(StatusCode::OK, &page.with_certificates(&call.portal, &found)),
        Err(mistake) => call.page(StatusCode::UNPROCESSABLE_ENTITY, &page.with_mistake(mistake)),
    })
}

/// The page, or what is wrong with what was searched for.
async fn find(
    call: &ConsoleCall,
    search: &CertificateSearch,
    after: &str,
) -> Result<Result<InventoryPage, SearchMistake>, Problem> {
    let portal = &call.portal;
    let after = match after {
        "" => None,
        text => match text.parse::<ListedCertificate>() {
            Ok(entry) => Some(entry),
            Err(_) => return Ok(Err(SearchMistake::Place)),
        },
    };
    let now = portal.clock.now();
    if let Some(days) = search.within {
        let part = EndPart { from: now, until: now + Duration::days(days.into()), after };
        let valid = Some(CertificateState::Valid);
        return Ok(Ok(inventory_by_end(&*portal.requests, &part, valid, PAGE, now).await?));
    }
    let text = search.text.as_str();
    let mut part = match search.by {
        SearchBy::Name => ListPart { prefix: text.to_lowercase(), ..ListPart::all(CertificateList::Names) },
        SearchBy::Domain => {
            let domain = text.trim_start_matches("*.").trim_matches('.').to_lowercase();
            let prefix =
                if domain.is_empty() { String::new() } else { format!("{}.", domain_order(&domain)) };
            ListPart { prefix, ..ListPart::all(CertificateList::Domains) }
        }
        SearchBy::Requester => match text.parse::<Email>() {
            Ok(email) => ListPart::all(CertificateList::Requester(email)),
            Err(_) => return Ok(Err(SearchMistake::Address)),
        },
        SearchBy::Profile if call.policy.profile(Some(text)).is_err() => {
            return Ok(Err(SearchMistake::Profile));
        }
        SearchBy::Profile => ListPart::all(CertificateList::Profile(text.to_owned())),
        SearchBy::Issuer => {
            let wanted = text.to_lowercase().replace(':', "");
            let known = portal.issuers.all().await?;
            let known = known.iter().map(pki::issuer::Issuer::key_identifier);
            let mut fitting = known.filter(|id| !wanted.is_empty() && id.starts_with(&wanted));
            match (fitting.next(), fitting.next()) {
                (Some(one), None) => ListPart::all(CertificateList::Issuer(one)),
                _ => return Ok(Err(SearchMistake::Issuer)),
            }
        }
        SearchBy::Serial => {
            let Ok(serial) = text.replace(':', "").to_lowercase().parse::<Serial>() else {
                return Ok(Err(SearchMistake::Serial));
            };
            let found = portal.requests.with_serial(&serial).await?;
            return Ok(Ok(InventoryPage { rows: found.into_iter().collect(), next: None }));
        }
    };
    part.after = after;
    let (names, requests) = (&*portal.names, &*portal.requests);
    Ok(Ok(inventory_page(names, requests, &part, search.state, PAGE, now).await?))
}
