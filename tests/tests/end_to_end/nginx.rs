//! The reverse proxy of the private network, nginx with infra/private/nginx.conf: paths, bodies, headers, client
//! address, and TLS to the upstream. `crate::front` goes through it with `COUNTERSIGN_THROUGH_NGINX=1`.

use std::sync::{Arc, Mutex};

use end_to_end::{Answer, Nginx, Portal, Shown, Stack, eventually, free_port, needed};
use reqwest::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Requests received behind nginx: head and length of the body.
type Arrived = Arc<Mutex<Vec<(String, usize)>>>;

struct Site {
    nginx: Nginx,
    portal: Portal,
    arrived: Arrived,
}

/// Behaviour of the server behind nginx.
#[derive(Clone, Copy, PartialEq)]
enum Behind {
    Answers,
    HangsUp,
}

impl Site {
    async fn start(name: &str, shown: Shown, behind: Behind) -> Option<Self> {
        let [program] = needed([("nginx", "nginx")])?;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let arrived = Arrived::default();
        tokio::spawn(serve(listener, arrived.clone(), behind));
        let nginx = Nginx::start(&program, &Stack::folder(name), free_port(), port, "/live", shown);
        nginx.ready().await;
        let portal = Portal::new(&format!("http://localhost:{}/", nginx.port));
        let site = Self { nginx, portal, arrived };
        // The answer is 503 until the stand-in for the API listens.
        eventually("the gateway to listen", end_to_end::PATIENCE, async || {
            let answer = site.portal.get("warm", "*/*").await;
            let may_answer = shown == Shown::Good && behind == Behind::Answers;
            (!may_answer || answer.status == 200).then_some(())
        })
        .await;
        site.arrived.lock().unwrap().clear();
        Some(site)
    }

    fn heads(&self) -> Vec<(String, usize)> {
        self.arrived.lock().unwrap().clone()
    }
}

async fn serve(listener: TcpListener, arrived: Arrived, behind: Behind) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(stream, arrived.clone(), behind));
    }
}

async fn answer(mut stream: TcpStream, arrived: Arrived, behind: Behind) {
    let (mut read, mut buffer) = (Vec::new(), vec![0; 65_536]);
    let (head, length) = loop {
        let Ok(count @ 1..) = stream.read(&mut buffer).await else { return };
        read.extend_from_slice(&buffer[..count]);
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&read[..end]).into_owned();
            let value = |line: &str| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok();
            let length: usize = head.lines().find_map(value).unwrap_or(0);
            read.drain(..end + 4);
            break (head, length);
        }
    };
    while read.len() < length {
        let Ok(count @ 1..) = stream.read(&mut buffer).await else { return };
        read.extend_from_slice(&buffer[..count]);
    }
    arrived.lock().unwrap().push((head, read.len()));
    if behind == Behind::Answers {
        let _ =
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok").await;
    }
}

fn header<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    let is_it = |line: &&str| line.split(':').next().is_some_and(|other| other.eq_ignore_ascii_case(name));
    head.lines().skip(1).filter(is_it).map(|line| line.split_once(':').unwrap().1.trim()).collect()
}

fn code(answer: &Answer) -> String {
    answer.json()["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn paths_and_headers_arrive_as_they_were_sent_and_claims_do_not() {
    let Some(site) = Site::start("nginx-paths", Shown::Good, Behind::Answers).await else {
        return;
    };
    let headers = [
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("idempotency-key", "k1"),
        ("origin", "http://localhost:8080"),
        ("accept-language", "ja"),
        ("x-forwarded-for", "198.51.100.7"),
        ("x-forwarded-host", "evil.example"),
        ("x-real-ip", "198.51.100.7"),
        ("forwarded", "for=198.51.100.7"),
    ];
    let path = "approvals/a%2Fb%20c?key=%C3%BC&x=1%2B1";
    site.portal.send(Method::POST, path, &headers, b"{}".to_vec()).await.expect(200);
    let [(head, 2)] = &site.heads()[..] else { panic!("{:?}", site.heads()) };
    assert!(head.starts_with(&format!("POST /live/{path} HTTP/1.1\r\n")), "{head}");
    for (name, value) in &headers[..5] {
        assert_eq!(header(head, name), [*value], "{head}");
    }
    assert_eq!(header(head, "x-seen-host"), ["localhost"], "the API is asked by its own name");
    assert_eq!(header(head, "x-forwarded-for"), ["127.0.0.1"], "{head}");
    for name in ["x-forwarded-host", "x-real-ip", "forwarded"] {
        assert!(header(head, name).is_empty(), "{head}");
    }
    let other_name = [("host", "evil.example")];
    assert_eq!(site.portal.send(Method::GET, "", &other_name, Vec::new()).await.status, 421);
    assert!(!site.nginx.log().contains("approvals"), "links are not logged: {}", site.nginx.log());
}

#[tokio::test]
async fn bodies_pass_up_to_what_the_api_takes() {
    let Some(site) = Site::start("nginx-bodies", Shown::Good, Behind::Answers).await else {
        return;
    };
    const LIMIT: usize = 10 * 1024 * 1024;
    site.portal.send(Method::POST, "requests", &[], vec![b'x'; LIMIT]).await.expect(200);
    assert_eq!(site.heads().iter().map(|(_, length)| *length).collect::<Vec<_>>(), [LIMIT]);
    let answer = site.portal.send(Method::POST, "requests", &[], vec![b'x'; LIMIT + 1]).await;
    assert_eq!((answer.status, &*code(&answer)), (413, "too_large"));
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(site.heads().len(), 1, "nothing of it went on");
}

#[tokio::test]
async fn what_is_behind_has_to_prove_who_it_is() {
    for (name, shown) in [("nginx-stranger", Shown::OfAStranger), ("nginx-name", Shown::ForAnotherName)] {
        let Some(site) = Site::start(name, shown, Behind::Answers).await else {
            return;
        };
        let answer = site.portal.send(Method::POST, "requests", &[], b"secret".to_vec()).await;
        assert_eq!((answer.status, &*code(&answer)), (503, "try_again"), "{name}");
        assert!(site.heads().is_empty(), "{name}: nothing was sent");
    }
}

#[tokio::test]
async fn a_post_that_broke_off_is_not_sent_again() {
    let Some(site) = Site::start("nginx-once", Shown::Good, Behind::HangsUp).await else {
        return;
    };
    let arrived = eventually("the post to arrive", end_to_end::PATIENCE, async || {
        let answer = site.portal.send(Method::POST, "requests", &[], b"{}".to_vec()).await;
        assert_eq!((answer.status, &*code(&answer)), (503, "try_again"));
        assert_eq!(answer.header("retry-after"), "5");
        let posts = site.heads().iter().filter(|(head, _)| head.starts_with("POST ")).count();
        (posts > 0).then_some(posts)
    })
    .await;
    assert_eq!(arrived, 1);
}
