//! docs/openapi.yaml compared with the web front: paths and methods both ways, codes, statuses, and the fields of real
//! answers.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pki::testing as test_pki;
use pki::testing::TestKey;
use serde_json::{Value, json};
use workflow::approval::LinkGiven;
use workflow::finding::{Code, Severity};
use workflow::ports::Clock as _;
use workflow::request::Status;

use crate::site::{Answer, Site, good, with};

fn crate_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The file, as JSON.
fn file() -> Value {
    let text = fs::read_to_string(crate_folder().join("../../docs/openapi.yaml")).unwrap();
    serde_yaml_ng::from_str(&text).unwrap()
}

/// The paths of the router, read from the sources.
fn routes() -> BTreeSet<String> {
    let (mut folders, mut routes) = (vec![crate_folder().join("src")], BTreeSet::new());
    while let Some(folder) = folders.pop() {
        let entries: Vec<PathBuf> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        for path in entries {
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(source) = fs::read_to_string(&path) {
                let found = source.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next());
                routes.extend(found.map(str::to_owned));
            }
        }
    }
    routes
}

#[test]
fn every_route_is_in_the_file_and_every_path_is_a_route() {
    let paths: BTreeSet<String> = file()["paths"].as_object().unwrap().keys().cloned().collect();
    assert!(paths.len() > 10);
    assert_eq!(paths, routes());
}

/// axum lists the methods of a path in `Allow` (RFC 9110 section 10.2.1).
#[tokio::test]
async fn every_path_has_the_methods_of_the_file_and_no_others() {
    let site = Site::new();
    for (path, item) in file()["paths"].as_object().unwrap() {
        let methods = ["get", "post", "put", "patch", "delete"];
        let mut wanted: BTreeSet<String> =
            methods.iter().filter(|method| item.get(*method).is_some()).map(|m| m.to_uppercase()).collect();
        if wanted.contains("GET") {
            wanted.insert("HEAD".to_owned());
        }
        let answer = site.call("TRACE", path, &[], "").await;
        answer.is_problem(405, "bad_request");
        let allowed: BTreeSet<String> = answer.header("allow").split(',').map(str::to_owned).collect();
        assert_eq!(allowed, wanted, "{path}");
    }
}

#[test]
fn codes_statuses_and_severities_are_those_of_the_code() {
    let schemas = &file()["components"]["schemas"];
    assert_eq!(schemas["Code"]["enum"], json!(Code::ALL));
    assert_eq!(schemas["Status"]["enum"], json!(Status::ALL));
    let severities = [Severity::Refused, Severity::Warning, Severity::Ignored];
    assert_eq!(schemas["Finding"]["properties"]["severity"]["enum"], json!(severities));
}

/// docs/api.md explains every code and lists every path.
#[test]
fn the_page_names_every_code_and_every_path() {
    let page = fs::read_to_string(crate_folder().join("../../docs/api.md")).unwrap();
    for code in Code::ALL {
        assert!(page.contains(&format!("| `{code}` |")), "docs/api.md does not explain {code}");
    }
    for (path, item) in file()["paths"].as_object().unwrap() {
        for method in ["get", "post"].iter().filter(|method| item.get(**method).is_some()) {
            let entry = format!("`{} {path}`", method.to_uppercase());
            assert!(page.contains(&entry), "docs/api.md does not list {entry}");
        }
    }
}

/// Panics if a value does not match a schema. Covers the parts of JSON Schema in the file.
fn conforms(file: &Value, schema: &Value, value: &Value, place: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = file.pointer(reference.trim_start_matches('#')).unwrap();
        return conforms(file, target, value, place);
    }
    if let Some(options) = schema["oneOf"].as_array() {
        let target = |option: &Value| {
            file.pointer(option["$ref"].as_str().unwrap().trim_start_matches('#')).unwrap().clone()
        };
        let fits = |option: &&Value| {
            let required = target(option)["required"].clone();
            required.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some())
        };
        let option = options.iter().find(fits).unwrap_or_else(|| panic!("{place} is none of {schema}"));
        return conforms(file, option, value, place);
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let named = &schema["type"];
    let is_kind = *named == kind || named.as_array().is_some_and(|kinds| kinds.contains(&json!(kind)));
    assert!(is_kind, "{place} is {kind}, and {named} in the file");
    if let Some(values) = schema["enum"].as_array() {
        assert!(values.contains(value), "{place} is {value}");
    }
    for item in value.as_array().into_iter().flatten() {
        conforms(file, &schema["items"], item, &format!("{place}[]"));
    }
    let Some(object) = value.as_object() else { return };
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(object.contains_key(name.as_str().unwrap()), "{place} has no {name}");
    }
    for (name, value) in object {
        let property =
            schema["properties"].get(name).unwrap_or_else(|| panic!("{place}: no {name} in the file"));
        conforms(file, property, value, &format!("{place}.{name}"));
    }
}

/// Checks an answer against its operation in the file.
fn answers(file: &Value, path: &str, method: &str, answer: &Answer) -> Value {
    let place = format!("{method} {path} {}", answer.status);
    let response = &file["paths"][path][method]["responses"][answer.status.as_str()];
    let response = match response["$ref"].as_str() {
        Some(reference) => file.pointer(reference.trim_start_matches('#')).unwrap(),
        None => response,
    };
    let schema = &response["content"][answer.header("content-type")]["schema"];
    assert!(schema.is_object(), "{place}: {} is not in the file", answer.header("content-type"));
    let body = answer.json();
    conforms(file, schema, &body, &place);
    body
}

#[tokio::test]
async fn requests_and_problems_have_the_fields_of_the_file() {
    let (site, file) = (Site::new(), file());
    for (body, status) in [(good(), 200), (with("csrContent", "x"), 422), (json!({}), 400)] {
        let answer = site.post("/requests/preview", &body).await;
        assert_eq!(answer.status, status);
        answers(&file, "/requests/preview", "post", &answer);
    }
    for (body, status) in [(good(), 202), (with("email", "x"), 422), (json!({}), 400)] {
        let answer = site.post("/requests", &body).await;
        assert_eq!(answer.status, status);
        answers(&file, "/requests", "post", &answer);
    }
    for status in Status::ALL {
        let (_, path) = site.request_at(status).await;
        let view = answers(&file, "/requests/{id}", "get", &site.get(&path).await);
        assert_eq!(view["status"], status.as_str());
        let cancelled = site.post(&path.replacen('?', "/cancel?", 1), &json!({})).await;
        answers(&file, "/requests/{id}/cancel", "post", &cancelled);
        let revoked = site.post(&path.replacen('?', "/revoke?", 1), &json!({"reason": "superseded"})).await;
        answers(&file, "/requests/{id}/revoke", "post", &revoked);
        let certificate = site.get(&path.replacen('?', "/certificate?", 1)).await;
        answers(&file, "/requests/{id}/certificate", "get", &certificate);
    }
    answers(&file, "/requests/{id}", "get", &site.get("/requests/x?key=x").await);
    answers(&file, "/revocations", "post", &site.post("/revocations", &json!({})).await);
    answers(&file, "/mine", "post", &site.post("/mine", &json!({"email": "requester@example.com"})).await);
    answers(&file, "/mine", "post", &site.post("/mine", &json!({})).await);
    answers(&file, "/mine/{key}", "get", &site.get("/mine/x").await);
    answers(&file, "/healthz", "get", &site.get("/healthz").await);
}

#[tokio::test]
async fn a_standing_approval_has_the_fields_of_the_file() {
    let ((site, id, path), file) = (crate::standing::granted().await, file());
    site.backend.issued_under(id, &test_pki::csr(&["www.example.com"]));
    let made = site.post(&path.replacen('?', "/credential?", 1), &json!({})).await;
    let made = answers(&file, "/requests/{id}/credential", "post", &made);
    let stale = site.post(&path.replacen('?', "/credential?", 1), &json!({ "number": 0 })).await;
    answers(&file, "/requests/{id}/credential", "post", &stale);
    let view = answers(&file, "/requests/{id}", "get", &site.get(&path).await);
    assert!(view["standing"]["credential"].is_object() && view["standing"]["certificates"].is_array());
    let csr = json!({ "csrContent": test_pki::csr(&["www.example.com"]) }).to_string();
    for (credential, status) in [(made["credential"].as_str().unwrap(), 202), ("x", 401)] {
        let bearer = format!("Bearer {credential}");
        let headers = [crate::site::JSON, ("authorization", bearer.as_str())];
        let answer = site.call("POST", "/requests", &headers, csr.clone()).await;
        assert_eq!(answer.status, status);
        answers(&file, "/requests", "post", &answer);
    }
    for body in [json!({ "reason": "Over." }), json!({})] {
        let answer = site.post(&path.replacen('?', "/end?", 1), &body).await;
        answers(&file, "/requests/{id}/end", "post", &answer);
    }
    let view = answers(&file, "/requests/{id}", "get", &site.get(&path).await);
    assert!(view["standing"]["endingSince"].is_string());
    let mut ended = site.backend.standing(id).unwrap();
    ended.end(&workflow::request::audit::Actor::operator("olivia"), "Over.", site.backend.now());
    site.backend.put_standing(ended);
    let view = answers(&file, "/requests/{id}", "get", &site.get(&path).await);
    assert!(view["standing"]["over"].is_object() && view["standing"]["ended"].is_object());
    let bearer = format!("Bearer {}", made["credential"].as_str().unwrap());
    let headers = [crate::site::JSON, ("authorization", bearer.as_str())];
    let refused = site.call("POST", "/requests", &headers, csr).await;
    assert_eq!(refused.status, 403);
    answers(&file, "/requests", "post", &refused);
}

#[tokio::test]
async fn reviews_and_votes_have_the_fields_of_the_file() {
    let (site, file) = (Site::new(), file());
    site.request_at(Status::Delivered).await;
    let (_, path) = site.pending();
    let review = answers(&file, "/approvals/{key}", "get", &site.get(&path).await);
    assert!(!review["unusual"].as_array().unwrap().is_empty() || review["liveCertificates"].is_array());
    let vote = |body: Value| {
        let (site, path) = (&site, &path);
        async move { site.post(path, &body).await }
    };
    for (body, status) in [
        (json!({}), 400),
        (json!({"decision": "approve", "digest": "stale"}), 409),
        (json!({"decision": "approve", "digest": review["digest"], "reason": "Known to us."}), 200),
    ] {
        let answer = vote(body).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        answers(&file, "/approvals/{key}", "post", &answer);
    }
    answers(&file, "/approvals/{key}", "get", &site.get(&path).await);
    answers(&file, "/approvals/{key}", "get", &site.get("/approvals/x").await);
    let issued = site.backend.request_with_certificate(Status::Issued);
    let revoked = site.post(&site.link(issued), &json!({"decision": "revoke", "reason": "superseded"})).await;
    answers(&file, "/approvals/{key}", "post", &revoked);
}

#[tokio::test]
async fn a_renewal_has_the_fields_of_the_file() {
    let (site, file) = (Site::new(), file());
    let old = test_pki::csr_with(TestKey::EcP384, "", &["www.example.com", "old.example.com"]);
    let old = site.backend.unsaved_request(&old, Status::Delivered);
    site.backend.put(old.clone());
    let csr = test_pki::csr(&["www.example.com"]);
    let renewal = site.backend.renewal_at(&csr, Status::PendingApproval, old.id());
    site.backend.alter(old.id(), |row| row.profile = "client".into());
    let path = site.status_path(renewal.id(), LinkGiven::InAnswer).await;
    let view = answers(&file, "/requests/{id}", "get", &site.get(&path).await);
    assert_eq!(view["replaces"], old.id().to_string());
    let review = answers(&file, "/approvals/{key}", "get", &site.get(&site.link(renewal.id())).await);
    for field in ["subjectBefore", "profileBefore", "keyBefore"] {
        assert!(review["renews"][field].is_string(), "{field}: {review:#}");
    }
}
