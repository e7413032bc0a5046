//! Protection against cross-site request forgery: posts from pages of other sites have no effect.

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, StatusCode};
use workflow::finding::Code;

use crate::http::problem::Problem;
use crate::state::Portal;

/// Refuses a post from a page of another site; `detail` tells its sender what to do instead.
///
/// # Errors
/// A problem with status 403.
pub(crate) fn refuse_cross_site(
    portal: &Portal,
    headers: &HeaderMap,
    detail: &'static str,
) -> Result<(), Problem> {
    if is_cross_site(portal, headers) {
        return Err(Problem::new(Code::BadRequest, detail).with_status(StatusCode::FORBIDDEN));
    }
    Ok(())
}

/// True if the headers of a browser name another site as the sender. Programs send neither header. Our own pages send
/// `Origin: null`, since they send no referrer, so `Sec-Fetch-Site` decides if it is present.
fn is_cross_site(portal: &Portal, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let says_site = headers.contains_key("sec-fetch-site");
    // `none`: typed or opened by the person. With any other value, only a good origin shows that the page is ours.
    if let Some("same-origin" | "none") = text("sec-fetch-site") {
        return false;
    }
    let Some(origin) = text(ORIGIN.as_str()).filter(|origin| *origin != "null") else {
        return says_site || headers.get(ORIGIN).is_some_and(|origin| origin.to_str().is_err());
    };
    let host =
        |url: &str| url.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or(rest).to_owned());
    let ours = [host(portal.base_url.as_str()), text(HOST.as_str()).map(str::to_owned)];
    !ours.contains(&host(origin))
}
