//! `orderhub events`: what happens, in a terminal, through a crash of the hub.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

use crate::support::operator::Operator;
use crate::support::orders::one_unit;
use crate::support::world::World;

/// A tail that runs, and what it prints.
struct Tail {
    process: Child,
    data: mpsc::Receiver<String>,
    words: mpsc::Receiver<String>,
}

impl Tail {
    fn begin(reader: &Reader, words: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_orderhub"))
            .args(["events", "tail"])
            .args(words)
            .env("ORDERHUB_URL", &reader.url)
            .env("ORDERHUB_KEY", &reader.key)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let data = lines(process.stdout.take().unwrap());
        let words = lines(process.stderr.take().unwrap());
        Self {
            process,
            data,
            words,
        }
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn lines(from: impl std::io::Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            drop(sender.send(line));
        }
    });
    receiver
}

fn next(of: &mpsc::Receiver<String>) -> String {
    of.recv_timeout(Duration::from_secs(30)).expect("a line")
}

/// Somebody who may read events.
struct Reader {
    url: String,
    key: String,
}

impl Reader {
    fn of(world: &World) -> Self {
        Self {
            url: world.api.base().to_owned(),
            key: world.hub.make_key("reader", "events:read"),
        }
    }

    fn at<'a>(&self, world: &'a World) -> Operator<'a> {
        Operator {
            world,
            url: self.url.clone(),
            key: self.key.clone(),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_shown_as_they_happen_and_go_on_after_a_crash() {
    let mut world = World::start().await;
    world.api.count("BER1", "SKU-1", 100).await;
    let reader = Reader::of(&world);
    let listed = reader.at(&world).run("events ls -o json").expect(0);
    let first = listed.lines().next().unwrap();
    let counted: Value = serde_json::from_str(first).unwrap();
    assert_eq!(counted["type"], "io.orderhub.inventory.stock_changed.v1");

    let tail = Tail::begin(&reader, &["--types", "order.received", "-o", "json"]);
    // It listens once it has said so to the hub; until then orders are not heard.
    let first = loop {
        let placed = world.api.place(&one_unit(&uuid(), "SKU-1")).await;
        if let Ok(line) = tail.data.recv_timeout(Duration::from_millis(500)) {
            let event: Value = serde_json::from_str(&line).unwrap();
            break (event, placed);
        }
    };
    assert_eq!(first.0["subject"], first.1.as_str());
    world.hub.kill();
    assert_eq!(next(&tail.words), "the hub has gone; waiting for it");
    world.hub.start().await;
    let placed = world.api.place(&one_unit(&uuid(), "SKU-1")).await;
    assert_eq!(next(&tail.words), "the hub is back");
    let after: Value = serde_json::from_str(&next(&tail.data)).unwrap();
    assert_eq!(
        after["subject"],
        placed.as_str(),
        "nothing between is missed or repeated"
    );

    // For people, from the beginning, and no further than asked.
    let position = world.api.get("/v1/events?limit=1").await.expect(200);
    let position = position["next_cursor"].as_str().unwrap();
    let mut few = Tail::begin(
        &reader,
        &["--after", position, "--types", "order.", "--limit", "2"],
    );
    let line = next(&few.data);
    assert!(line.contains("  order.received  "), "{line}");
    assert!(next(&few.data).contains(" web"));
    assert!(few.process.wait().unwrap().success());

    let wrong = reader.at(&world).run("events ls --after nonsense");
    assert_eq!(wrong.exit, 2, "{wrong:?}");
    let unknown = Operator {
        key: "ohk_wrong_wrong_wrong_wrong".to_owned(),
        ..reader.at(&world)
    };
    assert_eq!(unknown.run("events tail").exit, 2);
    world.hub.kill();
    assert_eq!(reader.at(&world).run("events tail").exit, 3);
}

fn uuid() -> String {
    uuid::Uuid::now_v7().to_string()
}
