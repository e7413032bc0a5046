//! GET: status, certificates, headers, negotiation, paths.

use http::Method;
use serde_json::json;
use workflow::approval::LinkGiven;
use workflow::ids::RequestId;
use workflow::request::Status;

use crate::site::{BROWSER, Site};

#[tokio::test]
async fn the_link_opens_the_status() {
    let site = Site::new();
    for status in Status::ALL {
        let (row, path) = site.request_at(status).await;
        let view = site.get(&path).await.json();
        assert_eq!(view["id"], row.id().to_string());
        assert_eq!(view["status"], status.as_str());
        assert_eq!(view["profile"], "server");
        assert_eq!(view["names"], json!(["www.example.com"]), "{status}: known from the start");
        assert_eq!(view["history"].as_array().unwrap().len(), row.history().len());
        let first = if status == Status::Unconfirmed { "unconfirmed" } else { "submitted" };
        assert_eq!(view["history"][0], json!({"status": first, "at": "2026-01-01T12:00:00Z"}));
        assert_eq!(view.get("serial").is_some(), row.has_certificate());
        assert_eq!(view.get("notAfter").is_some(), row.has_certificate());
        assert_eq!(view.get("reason").is_some(), row.reason().is_some());
        let page = site.browse(&path).await.is_page(200);
        assert_eq!(page.contains("http-equiv=\"refresh\""), !status.is_terminal(), "{status}");
        assert_eq!(page.contains("certificate.zip?key="), row.may_be_handed_out(), "{status}");
    }
}

/// Nobody is asked and nothing is mailed, so the page says neither; whoever sent the request has the certificate by its answer.
#[tokio::test]
async fn the_page_of_a_request_under_a_standing_approval_waits_for_nobody() {
    let site = Site::new();
    for (status, words) in [
        (Status::Submitted, "so no approver is asked"),
        (Status::Approved, "Covered by a standing approval, now being signed"),
        (Status::Delivered, "You can download it here. It wasn&#39;t sent by e-mail."),
    ] {
        let csr = pki::testing::csr(&["www.example.com"]);
        let row = site.backend.unsaved_under_at(RequestId::random(), &csr, status);
        let id = row.id();
        site.backend.put(row);
        let path = site.status_path(id, LinkGiven::InAnswer).await;
        let page = site.browse(&path).await.is_page(200);
        let has = page.contains(words) || page.contains(&words.replace("&#39;", "'"));
        assert!(has, "{status}: {page}");
        assert!(page.contains("Check against the standing approval"), "{status}: {page}");
        assert!(!page.contains("Review by the approvers") && !page.contains("Delivery by e-mail"), "{page}");
        assert_eq!(page.contains("certificate.zip?key="), status == Status::Delivered, "{status}");
        assert_eq!(site.get(&path).await.json()["status"], status.as_str());
    }
}

#[tokio::test]
async fn a_wrong_key_and_an_unknown_id_are_told_the_same() {
    let site = Site::new();
    let (row, path) = site.request_at(Status::Delivered).await;
    let (_, other) = site.request_at(Status::Delivered).await;
    let key = path.split("key=").nth(1).unwrap();
    let foreign = other.split("key=").nth(1).unwrap();
    let unknown = RequestId::random();
    let mut answers = Vec::new();
    for suffix in ["", "/certificate", "/certificate.zip", "/certificate.pem"] {
        for (id, query) in [
            (row.id().to_string(), format!("?key={foreign}")),
            (row.id().to_string(), String::new()),
            (row.id().to_string(), "?key=".into()),
            (row.id().to_string(), format!("?key={}", &key[..42])),
            (row.id().to_string(), format!("?kex={key}")),
            (row.id().to_string(), "?key=%ff&key".into()),
            (unknown.to_string(), format!("?key={key}")),
            ("nonsense".into(), format!("?key={key}")),
            ("%ff".into(), format!("?key={key}")),
        ] {
            answers
                .push(site.get(&format!("/requests/{id}{suffix}{query}")).await.is_problem(404, "not_found"));
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
}

/// With a wrong key, existing and unknown ids give the same answer, without a read whose time could distinguish them.
#[tokio::test]
async fn nothing_is_read_before_the_key_is_checked() {
    let site = Site::new();
    let (row, path) = site.request_at(Status::Delivered).await;
    let key = path.split("key=").nth(1).unwrap();
    let wrong = format!("{}x", &key[..42]);
    let (_, other) = site.request_at(Status::PendingApproval).await;
    let foreign = other.split("key=").nth(1).unwrap();
    let unknown = RequestId::random();
    for id in [row.id(), unknown] {
        for key in [foreign, &wrong, ""] {
            for path in [
                format!("/requests/{id}?key={key}"),
                format!("/requests/{id}/certificate?key={key}"),
                format!("/requests/{id}/certificate.zip?key={key}"),
                format!("/?again={id}&key={key}"),
            ] {
                let before = site.backend.calls().len();
                site.get(&path).await.is_problem(404, "not_found");
                let calls = site.backend.calls()[before..].to_vec();
                assert!(calls.iter().all(|call| !call.starts_with("requests")), "{path}: {calls:?}");
                assert!(calls.iter().all(|call| !call.starts_with("certificates")), "{path}: {calls:?}");
            }
            let before = site.backend.calls().len();
            site.post(&format!("/requests/{id}/cancel?key={key}"), &json!({}))
                .await
                .is_problem(404, "not_found");
            assert!(site.backend.calls()[before..].iter().all(|call| !call.starts_with("requests")));
        }
    }
}

#[tokio::test]
async fn the_certificate_is_given_as_pem_or_zip() {
    let site = Site::new();
    let (row, status) = site.request_at(Status::Delivered).await;
    let path = |suffix: &str| status.replacen('?', &format!("/{suffix}?"), 1);
    site.get(&path("certificate")).await.is_problem(503, "try_again");
    // Any certificate with an issuer in the archive will do; the CA certificate is its own issuer.
    let pem = site.backend.issuer_certificate().chain_pem().to_owned();
    site.backend.put_certificate(row.serial().as_ref().unwrap(), &pem);
    for suffix in ["certificate", "certificate.pem"] {
        let answer = site.get(&path(suffix)).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (200, pem.clone()));
        assert_eq!(answer.header("content-type"), "application/x-pem-file");
        assert_eq!(answer.header("content-disposition"), "attachment; filename=\"certificate.pem\"");
    }
    for (file, media_type, detail) in [
        ("fullchain.pem", "application/x-pem-file", "fullchain"),
        ("ca.pem", "application/x-pem-file", "chain"),
        ("certificate.der", "application/pkix-cert", "der"),
    ] {
        let answer = site.get(&path(file)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("content-type"), media_type);
        assert_eq!(answer.header("content-disposition"), format!("attachment; filename=\"{file}\""));
        let read = match file {
            "certificate.der" => pki::certificate::to_pem(&answer.bytes),
            _ => answer.text(),
        };
        assert_eq!(read, pem, "{file}: a root is its own chain");
        let event = site.backend.audit(row.id()).pop().unwrap();
        assert_eq!(event.detail.as_deref(), Some(detail), "{file}");
    }
    let by_suffix = site.get(&path("certificate.zip")).await;
    let by_accept = site.call("GET", &path("certificate"), &[("accept", "application/zip")], "").await;
    for answer in [by_suffix, by_accept] {
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("content-type"), "application/zip");
        assert!(answer.bytes.starts_with(b"PK"));
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_there_yet_is_said_to_be_so() {
    let site = Site::new();
    let (_, status) = site.request_at(Status::PendingApproval).await;
    let problem = site.get(&status.replacen('?', "/certificate?", 1)).await.is_problem(404, "not_found");
    assert_eq!(problem["detail"], "There's no certificate yet: the request is waiting for approval.");
    let (_, status) = site.request_at(Status::Rejected).await;
    let page = site.browse(&status.replacen('?', "/certificate.zip?", 1)).await.is_page(404);
    assert!(page.contains("the request is rejected"));
}

#[tokio::test]
async fn the_issuer_is_public_once_there_is_one() {
    let site = Site::new();
    let answer = site.get("/ca.pem").await;
    assert_eq!(answer.text(), site.backend.issuer_certificate().chain_pem());
    assert_eq!(answer.header("content-type"), "application/x-pem-file");
    site.backend.without_issuer();
    site.get("/ca.pem").await.is_problem(404, "not_found");
    assert!(site.browse("/ca.pem").await.is_page(404).contains("no certificate authority (CA) here yet"));
}

#[tokio::test]
async fn liveness_calls_no_port() {
    let site = Site::new();
    for port in ["requests", "policies", "links", "certificates", "issuers", "approvals"] {
        site.backend.fail_next(port, 1);
    }
    assert_eq!(site.get("/healthz").await.text(), r#"{"status":"ok"}"#);
}

#[tokio::test]
async fn what_does_not_exist_is_a_page_or_a_problem() {
    let site = Site::new();
    for path in [
        "/nothing",
        "/requests",
        "/requests/",
        "/approvals/",
        "/approvals/mine",
        "/approvals/mine/",
        "/assets/nothing.css",
        "/requests/a/b/c",
        "//",
        "/%00",
    ] {
        let expected = if path == "/requests" { (405, "bad_request") } else { (404, "not_found") };
        site.get(path).await.is_problem(expected.0, expected.1);
        assert!(site.browse(path).await.is_page(expected.0).contains("<h1>"));
    }
    site.call("DELETE", "/", &[], "").await.is_problem(405, "bad_request");
    site.call("POST", "/requests/x?key=y", &[], "").await.is_problem(405, "bad_request");
}

#[tokio::test]
async fn every_answer_carries_the_headers() {
    let site = Site::new();
    let (_, status) = site.request_at(Status::Delivered).await;
    let (_, link) = site.pending();
    for (method, path) in [
        (Method::GET, "/"),
        (Method::HEAD, "/"),
        (Method::GET, "/healthz"),
        (Method::GET, "/ca.pem"),
        (Method::GET, "/trust"),
        (Method::GET, status.as_str()),
        (Method::GET, link.as_str()),
        (Method::GET, "/nothing"),
        (Method::POST, "/requests"),
        (Method::PUT, "/"),
    ] {
        for accept in [BROWSER, "application/json"] {
            let answer = site.call(method.as_str(), path, &[("accept", accept)], "").await;
            assert_eq!(answer.header("cache-control"), "no-store", "{method} {path}");
            assert_eq!(answer.header("referrer-policy"), "no-referrer");
            assert_eq!(answer.header("x-robots-tag"), "noindex, nofollow");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
            let policy = answer.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none';") && policy.contains("frame-ancestors 'none'"));
            assert!(!policy.contains("unsafe"));
        }
    }
    let plain = Site::at("http://localhost:8080");
    assert_eq!(plain.get("/healthz").await.header("strict-transport-security"), "");
}

#[tokio::test]
async fn pages_load_our_own_assets_and_nothing_else() {
    let site = Site::at("https://pki.example.com/live");
    let page = site.browse("/").await.is_page(200);
    assert!(!page.contains("style=") && !page.contains("onclick") && !page.contains("<style"));
    let mut loaded = 0;
    for attribute in ["href=\"/live/assets/", "src=\"/live/assets/"] {
        for rest in page.split(attribute).skip(1) {
            let asset = site.get(&format!("/assets/{}", rest.split('"').next().unwrap())).await;
            assert_eq!(asset.status, 200);
            assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable");
            loaded += 1;
        }
    }
    assert!(loaded >= 3);
}

#[tokio::test]
async fn the_modules_of_a_page_load_our_own_modules_and_nothing_else() {
    let site = Site::at("https://pki.example.com/live");
    let page = site.browse("/new").await.is_page(200);
    let mut waiting: Vec<String> = Vec::new();
    for attribute in ["href=\"/live/assets/", "src=\"/live/assets/"] {
        let files = page.split(attribute).skip(1).filter_map(|rest| rest.split('"').next());
        waiting.extend(files.filter(|file| file.ends_with(".js")).map(str::to_owned));
    }
    let mut loaded = std::collections::BTreeSet::new();
    while let Some(file) = waiting.pop() {
        if !loaded.insert(file.clone()) {
            continue;
        }
        let asset = site.get(&format!("/assets/{file}")).await;
        assert_eq!(asset.status, 200, "{file}");
        assert_eq!(asset.header("content-type"), "text/javascript; charset=utf-8");
        let script = asset.text();
        for call in
            ["eval(", "Function(", "XMLHttpRequest", "WebSocket", "sendBeacon", "import(", "innerHTML"]
        {
            assert!(!script.contains(call), "{file}: {call}");
        }
        for rest in script.split(" from \"").skip(1) {
            let imported = rest.split('"').next().unwrap();
            waiting
                .push(imported.strip_prefix("./").unwrap_or_else(|| panic!("{file}: {imported}")).to_owned());
        }
    }
    assert!(loaded.len() >= 11, "{loaded:?}");
}

#[tokio::test]
async fn the_base_path_may_be_there_or_not_and_links_carry_it() {
    let site = Site::at("https://abc.execute-api.eu-central-1.amazonaws.com/live");
    for path in ["/", "/live/", "/live"] {
        let page = site.browse(path).await;
        if path == "/live" {
            continue;
        }
        let page = page.is_page(200);
        assert!(page.contains("action=\"/live/requests\"") && page.contains("href=\"/live/trust\""));
    }
    let (_, status) = site.request_at(Status::Delivered).await;
    for path in [status.clone(), format!("/live{status}")] {
        assert!(
            site.browse(&path)
                .await
                .is_page(200)
                .contains(&format!("href=\"/live{}", status.replacen('?', "/certificate.zip?", 1)))
        );
    }
    let sent = site
        .submit(
            "/requests",
            &[("email", "a@example.com"), ("csrContent", &pki::testing::csr(&["www.example.com"]))],
        )
        .await;
    assert!(sent.header("location").starts_with("/live/requests/"), "{}", sent.header("location"));
    assert_eq!(site.browse(sent.header("location")).await.status, 200);
}
