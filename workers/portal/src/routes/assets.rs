//! GET `/assets/{file}`.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue};
use workflow::texts::quality::preferences;

use crate::http::problem::Problem;
use crate::pages::assets;

pub(crate) async fn serve(Path(file): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let asset = assets::find(&file).ok_or_else(Problem::no_such_page)?;
    let of_both = [
        (CONTENT_TYPE, asset.media_type),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (VARY, "accept-encoding"),
    ];
    if takes_gzip(&headers) {
        return Ok((of_both, [(CONTENT_ENCODING, "gzip")], asset.gzip()).into_response());
    }
    Ok((of_both, &*asset.content).into_response())
}

/// True if the caller reads the coding `gzip` (RFC 9110 section 12.5.3). Without a header, the content goes as it is.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let texts = headers.get_all(ACCEPT_ENCODING).iter().map(HeaderValue::to_str);
    let named =
        texts.flatten().flat_map(preferences).filter(|(coding, _)| coding.eq_ignore_ascii_case("gzip"));
    named.last().is_some_and(|(_, quality)| quality > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn takes(values: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ACCEPT_ENCODING, HeaderValue::from_str(value).unwrap());
        }
        takes_gzip(&headers)
    }

    #[test]
    fn gzip_is_for_whoever_names_it() {
        for taken in [&["gzip, deflate, br, zstd"][..], &["br;q=1, GZip ; q=0.1"], &["br", "gzip"]] {
            assert!(takes(taken), "{taken:?}");
        }
        for left in
            [&[][..], &[""], &["identity"], &["br"], &["*"], &["gzip;q=0"], &["gzip;q=2"], &["x-gzip"]]
        {
            assert!(!takes(left), "{left:?}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read(header in "[ -~]{0,40}") {
            prop_assert!(!takes(&[&header]) || header.to_ascii_lowercase().contains("gzip"));
        }
    }
}
