//! What is no good HTTP: refused, in time, with a document where anything can be said at all.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::{Ask, raw, read};
use super::{Limits, World, limits, order, world, world_with};

/// Sends a head and, later, a body piece by piece.
async fn connect(world: &World, head: &str) -> TcpStream {
    let mut stream = TcpStream::connect(world.api).await.expect("a connection");
    stream.write_all(head.as_bytes()).await.expect("written");
    stream
}

fn head_of_order(world: &World, headers: &str) -> String {
    let key = world.admin_key();
    format!(
        "POST /v1/orders HTTP/1.1\r\nhost: hub\r\nauthorization: Bearer {key}\r\n{headers}\r\n\r\n"
    )
}

#[tokio::test]
async fn malformed_heads_get_a_document_and_the_connection_ends() {
    let world = world().await;
    let hundred_one = "x-a: 1\r\n".repeat(101);
    let long = format!("x-long: {}\r\n", "a".repeat(17 * 1024));
    for (bytes, status, code) in [
        (
            "GET / HTTP/1.1\r\nbad header\r\n\r\n".to_owned(),
            400,
            "bad_request",
        ),
        (
            "GET /\u{1} HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(),
            400,
            "bad_request",
        ),
        (
            "GET / HTTP/1.1\r\nhost : a\r\n\r\n".to_owned(),
            400,
            "bad_request",
        ),
        (
            "GET / HTTP/1.1\r\nhost: a\r\n folded\r\n\r\n".to_owned(),
            400,
            "bad_request",
        ),
        (
            "POST /v1/orders HTTP/1.1\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd"
                .to_owned(),
            400,
            "bad_request",
        ),
        (
            "POST /v1/orders HTTP/1.1\r\ncontent-length: +5\r\n\r\nabcde".to_owned(),
            400,
            "bad_request",
        ),
        (
            "POST /v1/orders HTTP/1.1\r\ncontent-length: 0x5\r\n\r\nabcde".to_owned(),
            400,
            "bad_request",
        ),
        (
            "POST /v1/orders HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n".to_owned(),
            400,
            "bad_request",
        ),
        (
            format!("GET / HTTP/1.1\r\n{hundred_one}\r\n"),
            431,
            "headers_too_large",
        ),
        (
            format!("GET / HTTP/1.1\r\n{long}\r\n"),
            431,
            "headers_too_large",
        ),
    ] {
        let mut stream = connect(&world, &bytes).await;
        let answer = read(&mut stream)
            .await
            .unwrap_or_else(|| panic!("no answer to {bytes:?}"));
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (status, code),
            "{bytes:?}"
        );
        let mut rest = Vec::new();
        drop(stream.read_to_end(&mut rest).await);
        assert!(rest.is_empty(), "{bytes:?}");
    }
    assert_eq!(world.hub.count_orders(), 0);
}

#[tokio::test]
async fn a_long_address_is_414_and_odd_paths_are_not_found() {
    let world = world().await;
    let long = Ask::get(&format!("/{}", "a".repeat(9 * 1024)))
        .send(world.api)
        .await;
    assert_eq!(
        (long.status, long.problem().as_str()),
        (414, "uri_too_long")
    );
    for path in [
        "/../etc/passwd",
        "/%2e%2e/livez",
        "/v1/orders/%00",
        "/v1/orders/..",
        "/livez/",
    ] {
        let answer = world.ask(Ask::get(path)).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (404, "not_found"),
            "{path}"
        );
    }
    let control = world.ask(Ask::get("/v1/inventory/%00")).await;
    assert_eq!(control.problem(), "bad_request");
}

#[tokio::test]
async fn http_2_in_clear_is_refused() {
    let world = world().await;
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let answer = raw(world.api, preface).await;
    assert!(answer.is_none_or(|answer| answer.status == 400));
    let upgrade = Ask::get("/livez")
        .header("connection", "upgrade, http2-settings")
        .header("upgrade", "h2c")
        .header("http2-settings", "AAMAAABk");
    assert_eq!(upgrade.send(world.api).await.status, 200);
}

#[tokio::test]
async fn methods_that_no_route_of_the_path_has_are_405_with_allow() {
    let world = world().await;
    for method in ["DELETE", "TRACE", "PATCH", "OPTIONS", "BREW"] {
        let answer = Ask::new(method, "/v1/orders").send(world.api).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (405, "method_not_allowed")
        );
        assert_eq!(answer.header("allow"), Some("post, get, head"), "{method}");
        let nowhere = Ask::new(method, "/v1/nothing").send(world.api).await;
        assert_eq!(nowhere.problem(), "not_found", "{method}");
    }
    let connect = raw(
        world.api,
        b"CONNECT hub:80 HTTP/1.1\r\nhost: hub:80\r\n\r\n",
    )
    .await;
    assert!(connect.is_none_or(|answer| answer.status == 400));
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_whatever_its_framing() {
    let world = world().await;
    let big = "x".repeat(1024 * 1024 + 1);
    let sized = world.ask(Ask::post("/v1/orders", big.clone())).await;
    assert_eq!((sized.status, sized.problem().as_str()), (413, "too_large"));

    let head = head_of_order(&world, "transfer-encoding: chunked");
    let mut stream = connect(&world, &head).await;
    for piece in big.as_bytes().chunks(64 * 1024) {
        let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat();
        stream
            .write_all(&chunk)
            .await
            .expect("the server listens on");
    }
    stream.write_all(b"0\r\n\r\n").await.expect("written");
    let chunked = read(&mut stream).await.expect("an answer");
    assert_eq!(
        (chunked.status, chunked.problem().as_str()),
        (413, "too_large")
    );
}

#[tokio::test]
async fn exactly_the_limit_is_not_too_large() {
    let world = world().await;
    let mut body = order("W-1");
    body.push_str(&" ".repeat(1024 * 1024 - body.len()));
    assert_eq!(world.ask(Ask::post("/v1/orders", body)).await.status, 201);
}

#[tokio::test]
async fn a_body_that_ends_early_is_not_an_order() {
    let world = world().await;
    let body = order("W-1");
    let head = head_of_order(&world, &format!("content-length: {}", body.len() + 10));
    let mut stream = connect(&world, &(head + &body)).await;
    stream.shutdown().await.expect("half closed");
    let answer = read(&mut stream).await;
    assert!(answer.is_none_or(|answer| answer.status == 400));
    assert_eq!(world.hub.count_orders(), 0);
}

#[tokio::test]
async fn what_follows_a_body_is_never_read_as_part_of_it() {
    let world = world().await;
    let body = order("W-1");
    let head = head_of_order(&world, &format!("content-length: {}", body.len()));
    let mut stream = connect(&world, &(head + &body + "EXTRA")).await;
    assert_eq!(read(&mut stream).await.expect("an answer").status, 201);
    let next = read(&mut stream).await;
    assert!(next.is_none_or(|answer| answer.status == 400));
    assert_eq!(world.hub.count_orders(), 1);
}

#[tokio::test]
async fn broken_chunks_are_refused() {
    let world = world().await;
    let head = head_of_order(&world, "transfer-encoding: chunked");
    let mut stream = connect(&world, &(head + "zz\r\n{}\r\n0\r\n\r\n")).await;
    let answer = read(&mut stream).await;
    assert!(answer.is_none_or(|answer| answer.problem() == "body_incomplete"));
    assert_eq!(world.hub.count_orders(), 0);
}

#[tokio::test]
async fn a_slow_body_is_408_and_slow_or_silent_heads_are_closed() {
    let world = world().await;
    let began = Instant::now();
    let head = head_of_order(&world, "content-length: 100");
    let mut stream = connect(&world, &head).await;
    let (mut reading, mut writing) = stream.split();
    let drip = async {
        while writing.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let mut bytes = Vec::new();
    let answer = async {
        drop(reading.read_to_end(&mut bytes).await);
    };
    tokio::select! { () = drip => {}, () = answer => {} }
    let text = String::from_utf8_lossy(&bytes);
    assert!(
        text.starts_with("HTTP/1.1 408") && text.contains("body_timeout"),
        "{text}"
    );
    assert!(began.elapsed() < Duration::from_secs(3));

    for bytes in ["", "GET /livez HT", "GET /livez HTTP/1.1\r\nx-a: 1\r\n"] {
        let began = Instant::now();
        let mut stream = connect(&world, bytes).await;
        let mut rest = Vec::new();
        drop(stream.read_to_end(&mut rest).await);
        assert!(began.elapsed() >= Duration::from_millis(300), "{bytes:?}");
        assert!(began.elapsed() < Duration::from_secs(2), "{bytes:?}");
    }
}

#[tokio::test]
async fn a_connection_may_be_idle_longer_than_a_head_may_take() {
    let world = world().await;
    let mut stream = connect(&world, "GET /livez HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(read(&mut stream).await.expect("an answer").status, 200);
    tokio::time::sleep(Duration::from_millis(800)).await;
    stream
        .write_all(b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .expect("still open");
    assert_eq!(read(&mut stream).await.expect("an answer").status, 200);
    // The time for a head counts again.
    stream
        .write_all(b"GET /livez HT")
        .await
        .expect("still open");
    let began = Instant::now();
    assert!(read(&mut stream).await.is_none());
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn connections_over_the_cap_are_told_to_come_back() {
    let limits = Limits {
        connections: 1,
        ..limits()
    };
    let world = world_with(limits).await;
    let mut first = connect(&world, "GET /livez HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(read(&mut first).await.expect("an answer").status, 200);
    let second = Ask::get("/livez").send(world.api).await;
    assert_eq!(
        (second.status, second.problem().as_str()),
        (503, "overloaded")
    );
    drop(first);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(Ask::get("/livez").send(world.api).await.status, 200);
}

#[tokio::test]
async fn head_answers_like_get_without_a_body() {
    let world = world().await;
    let mut stream = connect(
        &world,
        "HEAD /version HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    )
    .await;
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("read");
    assert!(
        text.starts_with("HTTP/1.1 200") && text.ends_with("\r\n\r\n"),
        "{text}"
    );
}
