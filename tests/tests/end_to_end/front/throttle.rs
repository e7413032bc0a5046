//! The throttles of API Gateway, as the emulator applies them: by method.

use end_to_end::{Stack, Submission, csr_for, unique_host};
use serde_json::json;

/// Each method has one token and gets no second one during the test, so that no clock matters.
#[tokio::test]
async fn submissions_have_a_throttle_of_their_own_and_its_answer_can_be_read() {
    let stack = Stack::start("throttle").await;
    let apis = stack.aws_json(&["apigateway", "get-rest-apis"]);
    let api = apis["items"][0]["id"].as_str().unwrap();
    let stage = ["--rest-api-id", api, "--stage-name", "live"];
    let settings =
        stack.aws_json(&[&["apigateway", "get-stage"][..], &stage].concat())["methodSettings"].clone();
    for (path, method) in [
        ("/requests", "POST"),
        ("/requests/preview", "POST"),
        ("/mine", "POST"),
        ("/approvals", "POST"),
        ("/commands", "GET"),
    ] {
        let key = format!("{path}/{method}");
        assert_eq!(settings[&key]["throttlingRateLimit"], 1000.0, "{key}: {settings:#}");
        let encoded = format!("{}/{method}/throttling", path.replace('/', "~1"));
        let patches = [("rateLimit", "0.000001"), ("burstLimit", "1")]
            .map(|(limit, value)| format!("op=replace,path=/{encoded}/{limit},value={value}"));
        let update = [&["apigateway", "update-stage"][..], &stage, &["--patch-operations"]].concat();
        stack.aws(&[&update[..], &[&patches[0], &patches[1]]].concat());
    }
    let portal = stack.portal();
    let submission = Submission::of(&csr_for(&[&unique_host()]));
    for (path, body, served) in [
        ("requests", submission.json(), 202),
        ("requests/preview", submission.json(), 200),
        ("mine", json!({ "email": submission.email }), 202),
    ] {
        portal.post(path, &body).await.expect(served);
        let answer = portal.post(path, &body).await;
        assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0, "{path}");
        let problem = answer.problem(429, "try_again");
        assert!(problem["detail"].as_str().unwrap().contains("nothing was done"), "{path}: {problem}");
        // Other methods of the path have the throttle of all.
        portal.get(path, "text/html").await.expect(if path == "mine" { 200 } else { 405 });
    }
    portal.get("commands?names=www.example.com", "text/html").await.expect(200);
    portal.get("commands?names=www.example.com", "text/html").await.problem(429, "try_again");
    portal.get("requests/none", "application/json").await.expect(404);
    portal.get("", "text/html").await.expect(200);
}
