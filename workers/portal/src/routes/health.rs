//! GET `/healthz`.

/// Liveness of the process alone: asks nothing of anybody.
pub(crate) async fn healthz() -> axum::Json<serde_json::Value> {
    axum::Json(serde_json::json!({ "status": "ok" }))
}
