//! URLs to which paths are added.

use url::Url;

/// Reads a URL of one of these schemes: with a host, without query, fragment or user. Its path gets a slash at the end.
///
/// # Errors
/// One line that describes the error.
pub(crate) fn read(text: &str, schemes: &[&str]) -> Result<Url, String> {
    let mut url = Url::parse(text.trim()).map_err(|error| format!("{text} is not a URL: {error}"))?;
    if !schemes.contains(&url.scheme()) || url.host().is_none() {
        return Err(format!("{text} is not an {} URL", schemes.join(" or ")));
    }
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err(format!("{text} has a query, a fragment or a user, which a base URL must not have"));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}
