//! Stock feeds at the edge: lines are read one by one, numbers are kept, and bodies are bounded.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;

use jiff::Timestamp;
use orderhub_domain::stock::{FeedMark, FeedRow, Level};
use serde_json::{Value, json};

use super::client::{Answer, Ask};
use super::*;
use crate::stock_feeds::{Gap, Message, Outcome, Progress, Source, Sources, StockFeeds};

const NDJSON: &str = "application/x-ndjson";

/// Sources in memory.
#[derive(Default)]
pub(super) struct Kept {
    taken: Mutex<BTreeMap<Slug, Source>>,
    begun: Mutex<BTreeMap<Slug, FeedMark>>,
}

#[async_trait]
impl Sources for Kept {
    async fn progress(&self, source: &Slug) -> Result<Progress, Unavailable> {
        let taken = self.taken.lock().expect("a lock");
        let begun = self.begun.lock().expect("a lock");
        Ok(Progress {
            begun: begun.get(source).cloned(),
            taken: taken.get(source).map(|known| known.mark.clone()),
        })
    }

    async fn begin(&self, source: &Slug, mark: &FeedMark) -> Result<(), Unavailable> {
        let mut begun = self.begun.lock().expect("a lock");
        begun.insert(source.clone(), mark.clone());
        Ok(())
    }

    async fn known(&self) -> Result<usize, Unavailable> {
        Ok(self.begun.lock().expect("a lock").len())
    }

    async fn note(
        &self,
        source: &Slug,
        message: &Message,
        gap: Option<(i64, i64)>,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        let mut kept = self.taken.lock().expect("a lock");
        let known = kept.get(source);
        let gaps = known.map_or(0, |known| known.gaps) + i64::from(gap.is_some());
        let missing = gap.map_or(0, |(first, last)| i128::from(last - first + 1));
        let mut newest_gaps = known.map_or_else(Vec::new, |known| known.newest_gaps.clone());
        newest_gaps.extend(gap.map(|(first, last)| Gap {
            first,
            last,
            found_at: now,
        }));
        let new = Source {
            source: source.clone(),
            mark: message.mark.clone(),
            as_of: message.as_of,
            applied_at: now,
            rows: message.rows(),
            rejected: message.rejected,
            gaps,
            missing: missing + known.map_or(0, |known| known.missing),
            newest_gaps,
        };
        kept.insert(source.clone(), new);
        Ok(())
    }

    async fn all(&self) -> Result<Vec<Source>, Unavailable> {
        Ok(self
            .taken
            .lock()
            .expect("a lock")
            .values()
            .cloned()
            .collect())
    }
}

async fn feed(world: &World, query: &str, lines: &str) -> Answer {
    let path = format!("/v1/inventory/feeds/erp{query}");
    let ask = Ask::post(&path, lines);
    world.ask(ask.header("content-type", NDJSON)).await
}

async fn on_hand(world: &World, sku: &str) -> Value {
    let path = format!("/v1/inventory/{sku}");
    let read = world.ask(Ask::get(&path)).await.json();
    read["locations"][0]["on_hand"].clone()
}

#[tokio::test]
async fn bad_lines_are_told_and_lose_nothing_of_the_others() {
    let world = super::world().await;
    let lines = [
        json!({"location": "BER1", "sku": "A", "on_hand": 7}).to_string(),
        json!({"location": "MOON", "sku": "A", "on_hand": 7}).to_string(),
        json!({"location": "BER1", "sku": "B", "on_hand": 2.5}).to_string(),
        json!({"location": "BER1", "sku": " ", "on_hand": 2}).to_string(),
        json!({"location": "BER1", "sku": "C"}).to_string(),
        json!({"location": "BER1", "sku": "C", "on_hand": 1, "delta": 1}).to_string(),
        json!({"location": "BER1", "sku": "A", "delta": 1}).to_string(),
        json!({"location": "BER1", "sku": "D", "on_hand": 1, "unit": "kg"}).to_string(),
        "{\"location\":".to_owned(),
        json!({"location": "BER1", "sku": "E", "delta": 4}).to_string(),
    ];
    let answer = feed(&world, "?sequence=1", &lines.join("\n")).await;
    let body = answer.json();
    assert_eq!(
        (answer.status, &body["outcome"]),
        (200, &json!("partial")),
        "{body}"
    );
    assert_eq!(
        (&body["rows"], &body["applied"], &body["rejected"]),
        (&json!(10), &json!(2), &json!(8))
    );
    let errors = body["errors"].as_array().expect("errors");
    let told: Vec<(u64, &str)> = errors
        .iter()
        .map(|e| {
            (
                e["line"].as_u64().expect("a line"),
                e["code"].as_str().expect("a code"),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (2, "unknown_location"),
            (3, "not_a_count"),
            (4, "required"),
            (5, "required"),
            (6, "invalid_value"),
            (7, "duplicate"),
            (8, "unknown_field"),
            (9, "malformed_json"),
        ]
    );
    assert_eq!(on_hand(&world, "A").await, 7);
    assert_eq!(on_hand(&world, "E").await, 4);
    // The number is used: corrections come under the next one.
    let again = feed(&world, "?sequence=1", &lines.join("\n")).await.json();
    assert_eq!(again["feeds"][0]["outcome"], "repeated");
    let corrected = json!({"location": "BER1", "sku": "B", "on_hand": 2}).to_string();
    let other = feed(&world, "?sequence=1", &corrected).await;
    assert_eq!(other.problem(), "feed_sequence_reused");
    let next = feed(&world, "?sequence=2", &corrected).await.json();
    assert_eq!(next["outcome"], "applied");
}

#[tokio::test]
async fn numbers_are_kept_whoever_writes_them_where() {
    let world = super::world().await;
    let row = |sku: &str, delta: i64| json!({"location": "BER1", "sku": sku, "delta": delta});
    let first = feed(
        &world,
        "?sequence=5&as_of=2026-11-20T09:00:00Z",
        &row("A", 3).to_string(),
    )
    .await;
    assert_eq!(first.json()["outcome"], "applied");
    // A line of its own names the next, and a line after it names the one after that.
    let mut last = row("A", 10);
    last["sequence"] = 9.into();
    let lines = format!("{{\"sequence\":6}}\n{}\n{last}\n", row("A", 2));
    let body = feed(&world, "", &lines).await.json();
    assert_eq!(body["sequence"], 9, "{body}");
    assert_eq!(body["feeds"][1]["gap"], json!({"first": 7, "last": 8}));
    assert_eq!(on_hand(&world, "A").await, 15);
    let late = feed(&world, "?sequence=7", &row("A", 100).to_string()).await;
    assert_eq!(
        (late.status, late.problem().as_str()),
        (409, "feed_outdated")
    );
    assert!(late.body.contains("Message 9"), "{}", late.body);
    let again = feed(&world, "?sequence=9", &last.to_string()).await.json();
    assert_eq!(again["outcome"], "repeated");
    assert_eq!(on_hand(&world, "A").await, 15);
    let nameless = feed(&world, "", &row("A", 1).to_string()).await;
    assert_eq!(nameless.problem(), "required");

    let listed = world.ask(Ask::get("/v1/inventory/feeds")).await.json();
    let known = &listed["data"][0];
    assert_eq!(
        (
            &known["source"],
            &known["sequence"],
            &known["gaps"],
            &known["missing"]
        ),
        (&json!("erp"), &json!(9), &json!(1), &json!(2))
    );
    assert!(known["age_seconds"].is_u64(), "{known}");
    assert_eq!(known["newest_gaps"][0]["first"], 7);
}

#[tokio::test]
async fn no_change_is_booked_under_the_number_before_when_its_own_cannot_be_read() {
    for broken in [
        "{\"sequence\":\"6\"}",
        "{\"sequence\":6",
        "{\"sequence\":6,\"of\":1}",
    ] {
        let world = super::world().await;
        let row = |sku: &str| json!({"location": "BER1", "sku": sku, "delta": 3}).to_string();
        let lines = [
            "{\"sequence\":5}".to_owned(),
            row("A"),
            broken.to_owned(),
            row("B"),
        ];
        let said = feed(&world, "", &lines.join("\n")).await.json();
        let first = &said["feeds"][0];
        assert_eq!(first["sequence"], 5, "{said}");
        let b = on_hand(&world, "B").await;
        // A header whose number is known, and only its company is not, still numbers what follows it.
        let numbered = said["feeds"][1]["sequence"] == 6;
        assert_eq!(b == 3, numbered, "{said}");
        assert_eq!(on_hand(&world, "A").await, 3);
        let again = feed(&world, "?sequence=6", &row("B")).await;
        if numbered {
            assert_eq!(again.problem(), "feed_sequence_reused");
        } else {
            assert_eq!(again.json()["outcome"], "applied");
        }
        assert_eq!(on_hand(&world, "B").await, 3, "{broken}");
    }
}

#[tokio::test]
async fn other_lines_under_a_number_that_was_begun_reach_no_location() {
    let kept = Arc::new(Kept::default());
    let world = super::world().await;
    let feeds = StockFeeds::new(world.hub.clone(), kept.clone());
    let message = |locations: &[&str], delta| Message {
        mark: FeedMark {
            sequence: 4,
            digest: format!("{locations:?} {delta}"),
        },
        as_of: None,
        says: locations
            .iter()
            .map(|location| {
                let row = FeedRow {
                    sku: "A".into(),
                    says: Level::Delta(delta),
                };
                ((*location).into(), vec![row])
            })
            .collect(),
        rejected: 0,
    };
    let first = message(&["BER1"], 2);
    // The process ended before the first try was noted as a whole.
    kept.begin(&"erp".into(), &first.mark).await.expect("noted");
    let other = feeds.take(&"erp".into(), &message(&["BER1"], 9)).await;
    assert_eq!(other.expect("a verdict").outcome, Outcome::Conflicting);
    assert_ne!(on_hand(&world, "A").await, 9);
    let again = feeds.take(&"erp".into(), &first).await.expect("a verdict");
    assert_eq!(again.outcome, Outcome::Applied);
    assert_eq!(on_hand(&world, "A").await, 2);
    let again = feeds.take(&"erp".into(), &first).await.expect("a verdict");
    assert_eq!(again.outcome, Outcome::Repeated);
}

#[tokio::test]
async fn what_is_no_feed_is_refused_with_the_next_step_and_changes_nothing() {
    let world = super::world().await;
    let row = json!({"location": "BER1", "sku": "A", "on_hand": 7}).to_string();
    let mut many = String::new();
    for number in 0..=10_000 {
        writeln!(
            many,
            "{}",
            json!({"location": "BER1", "sku": number.to_string(), "on_hand": 1})
        )
        .expect("a text");
    }
    for (query, lines, code) in [
        ("?sequence=1", "", "empty_body"),
        (
            "?sequence=1",
            "{\"as_of\":\"2026-11-20T09:00:00Z\"}",
            "required",
        ),
        ("?sequence=-1", row.as_str(), "negative"),
        ("?sequence=x", row.as_str(), "not_a_count"),
        ("?sequence=1&as_of=soon", row.as_str(), "bad_time"),
        (
            "?sequence=1&as_of=2999-01-01T00:00:00Z",
            row.as_str(),
            "bad_time",
        ),
        ("?number=1", row.as_str(), "invalid_query"),
        ("?sequence=1", many.as_str(), "too_large"),
    ] {
        let answer = feed(&world, query, lines).await;
        assert_eq!(answer.problem(), code, "{query}");
    }
    let path = "/v1/inventory/feeds/ERP%201?sequence=1";
    let named = Ask::post(path, row.as_str()).header("content-type", NDJSON);
    let named = world.ask(named).await;
    assert_eq!(named.problem(), "bad_slug");
    let reader = world.ring.add(&[Scope::OrdersWrite], None);
    let forbidden = Ask::post("/v1/inventory/feeds/erp?sequence=1", row.as_str()).key(&reader);
    assert_eq!(forbidden.send(world.api).await.status, 403);
    let listed = world.ask(Ask::get("/v1/inventory/feeds")).await.json();
    assert_eq!(listed["data"], json!([]));
}
