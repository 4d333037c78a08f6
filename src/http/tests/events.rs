//! Events by page and as they happen.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::Ask;
use super::{World, world};
use crate::events::tests::entry;
use crate::http::keys::Scope;

/// A listener to the stream: what it was sent and not looked at yet.
struct Listener {
    stream: TcpStream,
    text: String,
}

/// An event of the stream: its id if it has one, and its data.
#[derive(Debug, PartialEq)]
struct Heard {
    id: Option<String>,
    data: Option<Value>,
}

impl Listener {
    async fn begin(world: &World, path: &str, last: Option<&str>) -> Self {
        let key = world.ring.add(&[Scope::EventsRead], None);
        let mut ask = Ask::get(path).key(&key);
        if let Some(last) = last {
            ask = ask.header("last-event-id", last);
        }
        let mut stream = TcpStream::connect(world.api).await.expect("a connection");
        stream.write_all(&ask.bytes()).await.expect("written");
        let text = String::new();
        let mut listener = Self { stream, text };
        while !listener.text.contains("\r\n\r\n") {
            listener.read().await.expect("a head");
        }
        let (head, rest) = listener.text.split_once("\r\n\r\n").expect("a head");
        let head = head.to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200"), "{head}");
        assert!(head.contains("content-type: text/event-stream"), "{head}");
        listener.text = rest.to_owned();
        listener
    }

    /// Reads on; `None` at the end.
    async fn read(&mut self) -> Option<()> {
        let mut piece = [0; 8192];
        let reading = self.stream.read(&mut piece);
        let waited = tokio::time::timeout(Duration::from_secs(10), reading).await;
        let length = waited.expect("in time").unwrap_or(0);
        self.text
            .push_str(&String::from_utf8_lossy(&piece[..length]));
        (length > 0).then_some(())
    }

    /// The next event; `None` when the stream has ended.
    async fn hear(&mut self) -> Option<Heard> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let of_name = event.lines().find_map(|line| line.strip_prefix(name));
                    of_name.map(str::to_owned)
                };
                let data = field("data:").map(|data| serde_json::from_str(&data).expect("JSON"));
                let heard = Heard {
                    id: field("id:"),
                    data,
                };
                self.text = rest.to_owned();
                return Some(heard);
            }
            self.read().await?;
        }
    }

    /// The place in its order's log of the next event, and its id.
    async fn hear_sequence(&mut self) -> (String, Option<String>) {
        loop {
            let heard = self.hear().await.expect("it goes on");
            if let Some(data) = heard.data {
                return (
                    data["sequence"].as_str().expect("a text").to_owned(),
                    heard.id,
                );
            }
        }
    }
}

#[tokio::test]
async fn who_listens_hears_what_is_committed_and_comes_back_to_where_it_was() {
    let world = world().await;
    world.log.commit(entry(1, 1, 1));
    let mut listener = Listener::begin(&world, "/v1/events/stream", None).await;
    let first = listener.hear().await.expect("where it begins");
    assert!(first.id.is_some() && first.data.is_none(), "{first:?}");
    world.log.commit(entry(1, 2, 2));
    let (sequence, id) = listener.hear_sequence().await;
    assert_eq!(sequence, "2");
    drop(listener);
    world.log.commit(entry(1, 3, 3));
    world.log.commit(entry(2, 1, 4));
    let id = id.expect("the last of a batch has an id");
    let mut back = Listener::begin(&world, "/v1/events/stream", Some(&id)).await;
    assert_eq!(back.hear_sequence().await.0, "3");
    assert_eq!(back.hear_sequence().await.0, "1");
    // One that was cut off before it heard anything misses nothing either.
    let begin = first.id.expect("an id");
    let mut early = Listener::begin(&world, "/v1/events/stream", Some(&begin)).await;
    assert_eq!(early.hear_sequence().await.0, "2");
}

#[tokio::test]
async fn listening_ends_when_the_hub_stops() {
    let world = world().await;
    let mut listener = Listener::begin(&world, "/v1/events/stream", None).await;
    world.stop.cancel();
    while listener.hear().await.is_some() {}
    let waited = tokio::time::timeout(Duration::from_secs(3), world.running).await;
    waited.expect("it ends in time").expect("no panic");
}

#[tokio::test]
async fn pages_go_on_from_the_cursor_of_the_one_before() {
    let world = world().await;
    for seq in 1..=5 {
        world.log.commit(entry(1, seq, seq));
    }
    let mut after = String::new();
    let mut read = Vec::new();
    loop {
        let page = world
            .ask(Ask::get(&format!("/v1/events?limit=2{after}")))
            .await;
        let page = page.json();
        for event in page["data"].as_array().expect("a list") {
            assert_eq!(event["type"], "io.orderhub.order.received.v1");
            read.push(event["sequence"].as_str().expect("a text").to_owned());
        }
        after = format!("&after={}", page["next_cursor"].as_str().expect("a cursor"));
        if page["has_more"] == false {
            break;
        }
    }
    assert_eq!(read, ["1", "2", "3", "4", "5"]);
    world.log.commit(entry(1, 6, 6));
    let page = world
        .ask(Ask::get(&format!("/v1/events?types=order.{after}")))
        .await
        .json();
    assert_eq!(page["data"][0]["sequence"], "6");
}

#[tokio::test]
async fn what_is_no_position_is_refused() {
    let world = world().await;
    for path in [
        "/v1/events?after=x",
        "/v1/events/stream?after=x",
        "/v1/events?since=1",
    ] {
        let answer = world.ask(Ask::get(path)).await;
        assert_eq!(answer.status, 422, "{path}");
        assert_eq!(answer.problem(), "invalid_query");
    }
    let ask = Ask::get("/v1/events/stream").header("last-event-id", "17");
    assert_eq!(world.ask(ask).await.problem(), "invalid_query");
}

#[tokio::test]
async fn a_key_bound_to_a_channel_hears_of_no_other() {
    let world = world().await;
    world.log.commit(entry(1, 1, 1));
    for (channel, seen) in [("web", 1), ("app", 0)] {
        let key = world.ring.add(&[Scope::EventsRead], Some(channel));
        let page = Ask::get("/v1/events")
            .key(&key)
            .send(world.api)
            .await
            .json();
        assert_eq!(
            page["data"].as_array().map(Vec::len),
            Some(seen),
            "{channel}"
        );
    }
    let key = world.ring.add(&[Scope::OpsAct], None);
    let refused = Ask::get("/v1/events").key(&key).send(world.api).await;
    assert_eq!(refused.problem(), "forbidden");
}
