//! A client that says exactly what it is told to, over a raw socket.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request to be written.
pub(super) struct Ask {
    line: String,
    headers: Vec<String>,
    body: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Ask {
    pub(super) fn new(method: &str, path: &str) -> Self {
        Self {
            line: format!("{method} {path} HTTP/1.1"),
            headers: vec!["host: hub".into()],
            body: Vec::new(),
        }
    }

    pub(super) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub(super) fn post(path: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let mut ask = Self::new("POST", path)
            .header("content-type", "application/json")
            .header("content-length", &body.len().to_string());
        ask.body = body;
        ask
    }

    pub(super) fn put(path: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut ask = Self::post(path, body);
        ask.line = ask.line.replacen("POST", "PUT", 1);
        ask
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers
            .retain(|line| !line.starts_with(&format!("{name}:")));
        self.headers.push(format!("{name}: {value}"));
        self
    }

    pub(super) fn key(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes =
            format!("{}\r\n{}\r\n\r\n", self.line, self.headers.join("\r\n")).into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }

    pub(super) async fn send(self, to: SocketAddr) -> Answer {
        raw(to, &self.bytes()).await.expect("an answer")
    }
}

/// Writes bytes and reads one answer; `None` when the connection ends without one.
pub(super) async fn raw(to: SocketAddr, bytes: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(to).await.expect("a connection");
    // The server may answer and close before everything is written.
    let _written = stream.write_all(bytes).await;
    read(&mut stream).await
}

/// Reads one answer.
pub(super) async fn read(stream: &mut TcpStream) -> Option<Answer> {
    let mut bytes = Vec::new();
    let reading = async {
        loop {
            if let Some(answer) = whole(&bytes) {
                return Some(answer);
            }
            let mut piece = [0; 8192];
            match stream.read(&mut piece).await {
                Ok(length) if length > 0 => bytes.extend_from_slice(&piece[..length]),
                _ => return None,
            }
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(10), reading).await;
    waited.expect("an answer in time")
}

fn whole(bytes: &[u8]) -> Option<Answer> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let head = head.to_ascii_lowercase();
    // One that goes on is an answer as soon as it begins.
    if head.contains("content-type: text/event-stream") {
        return Some(answered(&head, body));
    }
    let length: usize = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))?
        .parse()
        .ok()?;
    (body.len() >= length).then(|| answered(&head, &body[..length]))
}

fn answered(head: &str, body: &str) -> Answer {
    Answer {
        status: head[9..12].parse().expect("a status"),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("JSON: {self:?}"))
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let prefix = format!("{name}: ");
        self.head
            .lines()
            .find_map(|line| line.strip_prefix(prefix.as_str()))
    }

    /// Checks that it is a problem document with everything that one has, and gives its code.
    pub(super) fn problem(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{self:?}"
        );
        let document = self.json();
        let code = document["code"].as_str().expect("a code").to_owned();
        assert_eq!(document["status"], self.status, "{self:?}");
        assert_eq!(document["type"], format!("/docs/errors/{code}"), "{self:?}");
        assert_eq!(
            document["request_id"].as_str(),
            self.header("x-request-id"),
            "{self:?}"
        );
        assert!(
            document["request_id"]
                .as_str()
                .is_some_and(|id| id.starts_with("req_"))
        );
        for part in ["title", "detail"] {
            assert!(
                document[part].as_str().is_some_and(|text| !text.is_empty()),
                "{self:?}"
            );
        }
        assert!(
            document["errors"].is_array() && document["retryable"].is_boolean(),
            "{self:?}"
        );
        if matches!(self.status, 429 | 503) {
            assert!(self.header("retry-after").is_some(), "{self:?}");
        }
        code
    }
}
