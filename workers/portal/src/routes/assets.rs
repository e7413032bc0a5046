//! GET `/assets/{file}`.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::http::problem::Problem;
use crate::pages::assets;

pub(crate) async fn serve(Path(file): Path<String>) -> Result<Response, Problem> {
    let asset = assets::find(&file).ok_or_else(Problem::no_such_page)?;
    let headers = [(CONTENT_TYPE, asset.media_type), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, &*asset.content).into_response())
}
