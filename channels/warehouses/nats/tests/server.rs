//! A double of a NATS server with `JetStream`, as far as this connector speaks with one: streams with their
//! state, messages by number, acknowledgements, repeats of an id. Written after the protocol's own pages
//! (docs.nats.io, "Client Protocol" and "`JetStream` wire API").

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The double. It goes on as long as the test's runtime.
pub(super) struct Server {
    port: u16,
    book: Arc<Mutex<Book>>,
}

/// What it has, and how it behaves.
#[derive(Default)]
pub(super) struct Book {
    pub(super) streams: BTreeMap<String, Stream>,
    /// Everything that was published or asked, by subject.
    pub(super) asked: Vec<String>,
    /// What is sent on subjects with this in them is heard and never answered, as where a user has no right.
    pub(super) silent_on: Option<&'static str>,
    /// What publishers are told in place of an acknowledgement: a code and its words.
    pub(super) refusal: Option<(u64, &'static str)>,
    /// How often streams were made, for their times.
    made: i64,
}

/// A stream.
#[derive(Clone)]
pub(super) struct Stream {
    /// What its subjects begin with.
    prefix: String,
    made: Timestamp,
    config: Value,
    /// The number before the first message that it still has.
    pub(super) let_go: usize,
    pub(super) messages: Vec<Message>,
}

/// A message; one without a body was deleted.
#[derive(Clone)]
pub(super) struct Message {
    pub(super) subject: String,
    pub(super) id: Option<String>,
    pub(super) body: Option<Vec<u8>>,
    at: Timestamp,
}

impl Book {
    /// A new stream, made a minute after the one before.
    pub(super) fn add(&mut self, name: &str, prefix: &str) {
        let config = json!({
            "name": name, "subjects": [format!("{prefix}>")], "retention": "limits", "storage": "file",
            "discard": "old", "max_msgs": -1, "max_bytes": -1, "max_consumers": -1, "max_age": 0,
            "num_replicas": 1,
        });
        self.make(name, config);
    }

    fn make(&mut self, name: &str, config: Value) {
        self.made += 1;
        let subject = config["subjects"][0].as_str().unwrap_or_default();
        let stream = Stream {
            prefix: subject.trim_end_matches('>').to_owned(),
            made: Timestamp::UNIX_EPOCH + SignedDuration::from_mins(self.made),
            config,
            let_go: 0,
            messages: Vec::new(),
        };
        self.streams.insert(name.to_owned(), stream);
    }

    /// A stream that must be there.
    pub(super) fn stream(&mut self, name: &str) -> &mut Stream {
        self.streams.get_mut(name).expect("a stream")
    }

    fn answer(&mut self, subject: &str, id: Option<String>, body: &[u8]) -> Option<Value> {
        self.asked.push(subject.to_owned());
        if self
            .silent_on
            .is_some_and(|silent| subject.contains(silent))
        {
            return None;
        }
        let Some(asked) = subject.strip_prefix("$JS.API.STREAM.") else {
            return Some(self.take(subject, id, body));
        };
        let absent = refused(404, 10_059, "stream not found");
        if let Some(name) = asked.strip_prefix("INFO.") {
            return Some(self.streams.get(name).map_or(absent, Stream::info));
        }
        if let Some(name) = asked.strip_prefix("CREATE.") {
            self.make(name, serde_json::from_slice(body).expect("a configuration"));
            return Some(self.stream(name).info());
        }
        let name = asked.strip_prefix("MSG.GET.").expect("a question");
        let asked: Value = serde_json::from_slice(body).expect("a number");
        let number = asked["seq"].as_u64().expect("a number");
        Some(
            self.streams
                .get(name)
                .map_or(absent, |stream| stream.message(number)),
        )
    }

    /// An acknowledgement, or nothing at all (`null`) where no stream collects the subject.
    fn take(&mut self, subject: &str, id: Option<String>, body: &[u8]) -> Value {
        if let Some((code, words)) = self.refusal {
            return refused(503, code, words);
        }
        let mut streams = self.streams.iter_mut();
        let Some((name, stream)) = streams.find(|(_, stream)| subject.starts_with(&stream.prefix))
        else {
            return Value::Null;
        };
        let known = stream
            .messages
            .iter()
            .position(|known| id.is_some() && known.id == id);
        let number = known.unwrap_or_else(|| {
            stream.push(subject, id, Some(body));
            stream.messages.len() - 1
        });
        json!({ "stream": name, "seq": number + 1, "duplicate": known.is_some() })
    }
}

fn refused(status: u64, code: u64, words: &str) -> Value {
    json!({ "error": { "code": status, "err_code": code, "description": words } })
}

impl Stream {
    /// Another message, a second after the one before.
    pub(super) fn push(&mut self, subject: &str, id: Option<String>, body: Option<&[u8]>) {
        let count = i64::try_from(self.messages.len()).expect("few") + 1;
        self.messages.push(Message {
            subject: subject.to_owned(),
            id,
            body: body.map(<[u8]>::to_vec),
            at: self.made + SignedDuration::from_secs(count),
        });
    }

    /// Loses all messages after so many, and takes those that come next at other times.
    pub(super) fn lose_after(&mut self, kept: usize) {
        self.messages.truncate(kept);
        self.made += SignedDuration::from_nanos(1);
    }

    /// How it is kept: `limits`, `interest` or `workqueue`.
    pub(super) fn retain(&mut self, retention: &str) {
        self.config["retention"] = retention.into();
    }

    fn info(&self) -> Value {
        // When it was made does not change with what it lost.
        let made = self.made - SignedDuration::from_nanos(i64::from(self.made.subsec_nanosecond()));
        let last = self.messages.last().map_or(made, |message| message.at);
        json!({
            "config": self.config, "created": made.to_string(),
            "state": {
                "messages": self.messages.len() - self.let_go, "bytes": 0, "consumer_count": 0,
                "first_seq": self.let_go + 1, "first_ts": made.to_string(),
                "last_seq": self.messages.len(), "last_ts": last.to_string(),
            },
        })
    }

    fn message(&self, number: u64) -> Value {
        let index = usize::try_from(number).expect("a number");
        let there = (index > self.let_go)
            .then(|| self.messages.get(index - 1))
            .flatten();
        let there = there.and_then(|message| Some((message, message.body.as_deref()?)));
        let Some((message, body)) = there else {
            return refused(404, 10_037, "no message found");
        };
        json!({ "message": {
            "subject": message.subject, "seq": number, "data": STANDARD.encode(body),
            "time": message.at.to_string(),
        } })
    }
}

impl Server {
    /// Listens on loopback, with no stream.
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let book = Arc::new(Mutex::new(Book::default()));
        let shared = Arc::clone(&book);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, Arc::clone(&shared)));
            }
        });
        Self { port, book }
    }

    pub(super) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().expect("a book")
    }
}

/// Speaks with one client until it hangs up.
async fn serve(mut client: TcpStream, book: Arc<Mutex<Book>>) -> Option<()> {
    let (from, mut to) = client.split();
    let mut from = BufReader::new(from);
    let info = json!({ "server_id": "DOUBLE", "version": "2.10.0", "proto": 1, "headers": true,
                       "max_payload": 1_048_576, "client_id": 1, "jetstream": true });
    let hello = format!("INFO {info}\r\n");
    to.write_all(hello.as_bytes()).await.ok()?;
    // Answers go to the client's own inbox; it listens there under one number.
    let mut inbox = String::new();
    let mut line = String::new();
    loop {
        line.clear();
        if from.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["PING"] => to.write_all(b"PONG\r\n").await.ok()?,
            ["SUB", _, number] => (*number).clone_into(&mut inbox),
            [verb @ ("PUB" | "HPUB"), subject, reply, lengths @ ..] => {
                let lengths = lengths.iter().map(|one| one.parse().expect("a length"));
                let lengths: Vec<usize> = lengths.collect();
                let total = *lengths.last().expect("a length");
                let mut sent = vec![0; total + 2];
                from.read_exact(&mut sent).await.ok()?;
                let head = if *verb == "HPUB" { lengths[0] } else { 0 };
                let id = message_id(&sent[..head]);
                let answer = {
                    let mut book = book.lock().expect("a book");
                    book.answer(subject, id, &sent[head..total])
                };
                if let Some(answer) = answer {
                    let answer = told(reply, &inbox, &answer);
                    to.write_all(answer.as_bytes()).await.ok()?;
                }
            }
            _ => {}
        }
    }
}

/// An answer as it goes over the wire. Nobody listens: no responders.
fn told(reply: &str, inbox: &str, answer: &Value) -> String {
    if answer.is_null() {
        let head = "NATS/1.0 503\r\n\r\n";
        return format!("HMSG {reply} {inbox} {0} {0}\r\n{head}\r\n", head.len());
    }
    let answer = answer.to_string();
    format!("MSG {reply} {inbox} {}\r\n{answer}\r\n", answer.len())
}

fn message_id(head: &[u8]) -> Option<String> {
    let head = std::str::from_utf8(head).expect("text");
    let mut lines = head.lines();
    let id = lines.find_map(|line| line.strip_prefix("Nats-Msg-Id:"))?;
    Some(id.trim().to_owned())
}
