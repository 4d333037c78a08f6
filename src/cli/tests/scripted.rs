//! A hub that answers what it was told to, and keeps what it was asked.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What the hub was asked: method and path, headers in lower case, body.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) line: String,
    pub(super) headers: String,
    pub(super) body: String,
}

/// Answers by the beginning of method and path, the first that fits; 404 otherwise.
pub(super) struct ScriptedHub {
    pub(super) url: String,
    asked: Arc<Mutex<Vec<Request>>>,
}

const NOT_FOUND: &str = r#"{"code":"not_found","detail":"There is nothing at this address."}"#;

impl ScriptedHub {
    pub(super) fn start(script: &[(&str, u16, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let script = script.iter().map(|(line, status, body)| {
            let line = (*line).to_owned();
            (line, *status, (*body).to_owned())
        });
        let script: Vec<(String, u16, String)> = script.collect();
        let heard = asked.clone();
        // It ends with the tests.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.expect("a connection"), &script, &heard);
            }
        });
        Self { url, asked }
    }

    /// What it was asked so far.
    pub(super) fn asked(&self) -> Vec<Request> {
        self.asked.lock().expect("a lock").clone()
    }

    /// The lines of what it was asked so far.
    pub(super) fn lines(&self) -> Vec<String> {
        let asked = self.asked().into_iter();
        asked.map(|request| request.line).collect()
    }
}

fn answer(mut stream: TcpStream, script: &[(String, u16, String)], kept: &Mutex<Vec<Request>>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).expect("a head") == 0 {
            return;
        }
    }
    let (line, headers) = head.split_once("\r\n").expect("a line");
    let line = line.trim_end_matches(" HTTP/1.1").to_owned();
    let headers = headers.to_lowercase();
    let length = headers
        .lines()
        .find_map(|header| header.strip_prefix("content-length: "));
    let length = length.map_or(0, |length| length.parse().expect("a length"));
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    let found = script.iter().find(|(begin, ..)| line.starts_with(begin));
    let (status, said) = found.map_or((404, NOT_FOUND), |(_, status, body)| (*status, body));
    kept.lock().expect("a lock").push(Request {
        line,
        headers,
        body: String::from_utf8(body).expect("UTF-8"),
    });
    let length = said.len();
    let told = write!(
        stream,
        "HTTP/1.1 {status} Said\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{said}"
    );
    told.expect("written");
}
