//! The portal behind API Gateway: events of a REST API as they arrive.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use http_body_util::BodyExt;
use infra_tests::template::{api_resource, template};
use serde_json::{Value, json};
use tower::ServiceExt;
use workflow::request::Status;

use crate::site::{Site, good};

/// An event with the relevant fields of <https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html>.
fn event(method: &str, path: &str, query: Value, content_type: &str, body: Option<&str>) -> String {
    event_of(api_resource(&template(), method, path), method, path, query, content_type, body)
}

fn event_of(
    resource: &str,
    method: &str,
    path: &str,
    query: Value,
    content_type: &str,
    body: Option<&str>,
) -> String {
    json!({
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": {"Host": "abc.execute-api.eu-central-1.amazonaws.com", "Content-Type": content_type, "Accept": "application/json"},
        "multiValueHeaders": {"Host": ["abc.execute-api.eu-central-1.amazonaws.com"], "Content-Type": [content_type], "Accept": ["application/json"]},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": null,
        "pathParameters": {"proxy": path},
        "stageVariables": null,
        "requestContext": {"stage": "live", "httpMethod": method, "resourcePath": resource, "accountId": "000000000000",
            "resourceId": "x", "requestId": "x", "apiId": "abc", "identity": {"sourceIp": "127.0.0.1"}},
        "body": body.map(|body| STANDARD.encode(body)),
        "isBase64Encoded": body.is_some(),
    })
    .to_string()
}

async fn call(site: &Site, event: String) -> (StatusCode, Value) {
    let request = lambda_http::request::from_str(&event).unwrap();
    let response = site.router.clone().oneshot(request).await.unwrap();
    let (status, body) =
        (response.status(), Body::new(response.into_body()).collect().await.unwrap().to_bytes());
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn rest_events_are_routed_with_stage_query_and_encoded_body() {
    // Without AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH the path starts with the stage, like the path of the base URL.
    let site = Site::at("https://abc.execute-api.eu-central-1.amazonaws.com/live");
    let body = good().to_string();
    let (status, answer) =
        call(&site, event("POST", "/requests", json!(null), "application/json", Some(&body))).await;
    assert_eq!((status, &answer["status"]), (StatusCode::ACCEPTED, &json!("submitted")), "{answer}");

    let (row, path) = site.request_at(Status::PendingApproval).await;
    let key = path.split("key=").nth(1).unwrap();
    let (status, answer) =
        call(&site, event("GET", &format!("/requests/{}", row.id()), json!({"key": key}), "", None)).await;
    assert_eq!((status, &answer["status"]), (StatusCode::OK, &json!("pending_approval")), "{answer}");

    let (status, answer) = call(&site, event("GET", "/healthz", json!(null), "", None)).await;
    assert_eq!((status, answer), (StatusCode::OK, json!({"status": "ok"})));
    let (status, answer) = call(&site, event("GET", "/nothing", json!(null), "", None)).await;
    assert_eq!((status, &answer["code"]), (StatusCode::NOT_FOUND, &json!("not_found")));
}

#[tokio::test]
async fn no_spelling_of_a_path_goes_around_its_throttle() {
    let site = Site::at("https://abc.execute-api.eu-central-1.amazonaws.com/live");
    let before = site.backend.calls().len();
    for (method, path, body) in [
        ("POST", "/requests/preview", Some(good().to_string())),
        ("POST", "/requests", Some(good().to_string())),
        ("POST", "/mine", Some(json!({"email": "a@example.com"}).to_string())),
        ("GET", "/commands", None),
    ] {
        // As if API Gateway took `/%72equests` for another path, and handed it over decoded.
        let around = event_of("/{proxy+}", method, path, json!(null), "application/json", body.as_deref());
        let (status, answer) = call(&site, around).await;
        assert_eq!(
            (status, &answer["code"]),
            (StatusCode::SERVICE_UNAVAILABLE, &json!("try_again")),
            "{path}"
        );
    }
    assert_eq!(site.backend.calls().len(), before, "nothing is looked up, stored or sent");
    let body = json!({"email": "a@example.com"}).to_string();
    let (status, _) = call(&site, event("POST", "/mine", json!(null), "application/json", Some(&body))).await;
    assert_eq!(status, StatusCode::ACCEPTED);
}
