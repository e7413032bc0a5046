//! The history of an execution on the wire: a server on loopback answers the real client.

#![allow(clippy::unwrap_used)] // A test may.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use workflow::aws::StepFunctions;
use workflow::ports::{ExecutionHistory, ExecutionState, PortError, StateVisit};
use workflow::testing::{InMemoryBackend, sdk_at};

const ARN: &str = "arn:aws:states:us-east-1:000000000000:execution:flow:1";

/// Answers one request for each answer, and gives back the bodies of the requests.
async fn answered(listener: TcpListener, answers: Vec<(&str, Value)>) -> Vec<Value> {
    let mut asked = Vec::new();
    for (status, body) in answers {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = Vec::new();
        let mut buffer = [0; 4096];
        let body_of = |read: &[u8]| {
            let end = read.windows(4).position(|window| window == b"\r\n\r\n")?;
            serde_json::from_slice::<Value>(&read[end + 4..]).ok()
        };
        let request = loop {
            let count = stream.read(&mut buffer).await.unwrap();
            assert!(count > 0, "the client went away");
            read.extend_from_slice(&buffer[..count]);
            if let Some(request) = body_of(&read) {
                break request;
            }
        };
        asked.push(request);
        let body = body.to_string();
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
    asked
}

async fn read(answers: Vec<(&str, Value)>) -> (Vec<Value>, Result<Option<Vec<StateVisit>>, PortError>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let sdk = sdk_at(&format!("http://{}", listener.local_addr().unwrap()));
    let history = StepFunctions::new(&sdk, "");
    tokio::join!(answered(listener, answers), history.states(ARN))
}

#[tokio::test]
async fn every_page_of_a_history_is_read_and_no_input_or_output() {
    let entered = json!({ "id": 2, "timestamp": 10, "type": "TaskStateEntered", "stateEnteredEventDetails": { "name": "Validate" } });
    let exited = json!({ "id": 3, "timestamp": 11, "type": "TaskStateExited", "stateExitedEventDetails": { "name": "Validate" } });
    let (asked, states) = read(vec![
        ("200 OK", json!({ "events": [entered], "nextToken": "more" })),
        ("200 OK", json!({ "events": [exited] })),
    ])
    .await;
    let states = states.unwrap().unwrap();
    assert_eq!(
        serde_json::to_value(&states).unwrap(),
        json!([{ "state": "Validate", "entered": "1970-01-01T00:00:10Z", "left": "1970-01-01T00:00:11Z", "error": null }])
    );
    for one in &asked {
        assert_eq!((&one["executionArn"], &one["includeExecutionData"]), (&json!(ARN), &json!(false)));
    }
    assert_eq!((&asked[0]["nextToken"], &asked[1]["nextToken"]), (&Value::Null, &json!("more")));
}

#[tokio::test]
async fn an_execution_that_does_not_exist_is_an_answer_and_no_error() {
    let missing =
        json!({ "__type": "com.amazonaws.sfn#ExecutionDoesNotExist", "message": "no such execution" });
    let (_, states) = read(vec![("400 Bad Request", missing)]).await;
    assert_eq!(states.unwrap(), None);
    let denied = json!({ "__type": "AccessDeniedException", "message": "not authorized" });
    let (_, states) = read(vec![("400 Bad Request", denied)]).await;
    assert_eq!(
        states.unwrap_err().to_string(),
        "read the history of the execution: AccessDeniedException: not authorized"
    );
}

#[tokio::test]
async fn the_backend_of_tests_has_the_history_that_was_set() {
    let backend = InMemoryBackend::new();
    let history: &dyn ExecutionHistory = &*backend;
    assert_eq!(history.states(ARN).await.unwrap(), None);
    backend.put_execution(ARN, ExecutionState::Running);
    assert_eq!(history.states(ARN).await.unwrap(), Some(Vec::new()));
    let entered = time::OffsetDateTime::UNIX_EPOCH;
    let visit = StateVisit { state: "Validate".into(), entered, left: None, error: None };
    backend.put_history(ARN, vec![visit.clone()]);
    assert_eq!(history.states(ARN).await.unwrap(), Some(vec![visit]));
    backend.fail_next("execution history", 1);
    assert!(history.states(ARN).await.is_err());
}
