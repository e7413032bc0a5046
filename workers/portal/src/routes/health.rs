//! GET `/healthz`.

/// Liveness of the process alone: calls no port.
pub(crate) async fn healthz() -> axum::Json<serde_json::Value> {
    axum::Json(serde_json::json!({ "status": "ok" }))
}
