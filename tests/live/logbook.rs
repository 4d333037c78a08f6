//! Locations' logbooks on the bus: what feeds said, what can be promised, what the auditor found. Each entry
//! once, in order, and the same through a kill.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::bus::all_is_published;
use crate::support::api::{Api, Reply};
use crate::support::nats::{Nats, Published, Server};
use crate::support::orders::one_unit;
use crate::support::patience::{SOON, until};
use crate::support::world::World;
use crate::tampering::tamper;

/// What the contract promises.
const NAMED_WITHIN: Duration = Duration::from_mins(1);

/// Waits until each location's logbook has said what can be promised of everything that it has.
pub(crate) async fn until_availability_is_told(audit: &PgPool) {
    until("what is available is told", SOON, || async {
        let behind: i64 = sqlx::query_scalar(
            "select count(*)
             from orderhub.stock s
             left join orderhub.stock_told t using (location, sku)
             where t.units is distinct from
                 greatest(s.on_hand - s.reserved - s.allocated - s.buffer - s.waiting, 0)",
        )
        .fetch_one(audit)
        .await
        .unwrap();
        (behind == 0).then_some(())
    })
    .await;
}

async fn feed(api: &Api, sequence: u32, rows: &[Value]) -> Reply {
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    let path = format!("/v1/inventory/feeds/erp?sequence={sequence}");
    let request = api.request(reqwest::Method::POST, &path);
    let request = request.header("content-type", "application/x-ndjson");
    Api::send(request.body(lines.join("\n"))).await
}

fn counted(location: &str, sku: &str, on_hand: u32) -> Value {
    json!({"location": location, "sku": sku, "on_hand": on_hand})
}

/// What a location's logbook says on the bus under this kind, in order.
fn said(published: &[Published], location: &str, kind: &str) -> Vec<Value> {
    let kind = format!("io.orderhub.inventory.{kind}.v1");
    let own = published.iter().filter(|message| {
        message.text("type") == kind && message.event["data"]["location"] == location
    });
    own.map(|message| message.event["data"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_feed_said_is_on_the_bus_once_however_often_it_is_sent() {
    let nats = Nats::start(Server::Installed).await;
    let mut world = World::start_at_with_bus(&["BER1", "HAM1"], nats.url()).await;
    let first = [
        counted("BER1", "A", 5),
        counted("BER1", "B", 0),
        counted("HAM1", "A", 2),
    ];
    let later = [counted("BER1", "A", 5), counted("BER1", "B", 1)];
    feed(&world.api, 40, &first).await.expect(200);
    feed(&world.api, 43, &later).await.expect(200);
    let late = [counted("BER1", "A", 9)];
    for _ in 0..3 {
        feed(&world.api, 43, &later).await.expect(200);
        assert_eq!(feed(&world.api, 41, &late).await.code(), "feed_outdated");
        let reused = feed(&world.api, 43, &late).await;
        assert_eq!(reused.code(), "feed_sequence_reused");
        world.hub.kill();
        world.hub.start().await;
    }
    until_availability_is_told(&world.audit).await;
    let published = all_is_published(&world, &nats).await;
    let applied = said(&published, "BER1", "feed_applied");
    let says = |body: &Value| {
        let of = ["source", "sequence", "lines", "changed", "gap"];
        json!(of.map(|member| body[member].clone()))
    };
    assert_eq!(
        applied.iter().map(says).collect::<Vec<_>>(),
        [
            json!(["erp", 40, 2, 2, null]),
            json!(["erp", 43, 2, 1, {"first": 41, "last": 42}]),
        ]
    );
    assert_eq!(said(&published, "HAM1", "feed_applied").len(), 1);
    let refused = said(&published, "BER1", "feed_rejected");
    let why: Vec<Value> = refused
        .iter()
        .map(|body| json!([body["sequence"], body["lines"], body["why"]]))
        .collect();
    assert_eq!(
        why,
        [
            json!([41, 1, "outdated"]),
            json!([43, 1, "sequence_reused"])
        ]
    );
    assert!(said(&published, "HAM1", "feed_rejected").is_empty());
    let book = published
        .iter()
        .filter(|message| message.text("partitionkey") == "BER1/logbook");
    for message in book {
        let name = message.text("type").split('.').nth(3).unwrap().to_owned();
        let subject = format!("orderhub.evt.inventory.{name}._.p");
        assert!(message.subject.starts_with(&subject), "{message:?}");
        assert_eq!(message.event.get("channel"), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_promised_is_said_now_and_then_and_ends_with_what_is_so() {
    let nats = Nats::start(Server::Installed).await;
    let mut world = World::start_with_bus(nats.url()).await;
    world.api.count("BER1", "MANY", 100).await;
    for number in 0..30 {
        let id = world
            .api
            .place(&one_unit(&format!("A-{number}"), "MANY"))
            .await;
        if number == 15 {
            world.hub.kill();
            world.hub.start().await;
        }
        if number == 29 {
            world.api.until_stage(&id, &["fulfilling"]).await;
        }
    }
    until("every unit is held", SOON, || async {
        let stock = world.api.get("/v1/inventory/MANY").await.expect(200);
        (stock["locations"][0]["available"] == 70).then_some(())
    })
    .await;
    until_availability_is_told(&world.audit).await;
    let published = all_is_published(&world, &nats).await;
    let changes = said(&published, "BER1", "availability_changed");
    let mut before = None;
    for (change, version) in changes.iter().zip(1..) {
        assert_eq!(change["sku"], "MANY");
        assert_eq!(change["version"], version);
        assert_eq!(change["before"].as_i64(), before, "{change}");
        let available = change["available"].as_i64();
        assert_ne!(available, before);
        before = available;
    }
    assert_eq!(before, Some(70));
    let subjects = published
        .iter()
        .filter(|message| message.text("subject") == "BER1/MANY");
    assert!(
        subjects.count() > changes.len(),
        "changes of stock have it too"
    );
    let moved: i64 =
        sqlx::query_scalar("select count(*) from orderhub_check.stock_ledger where sku = 'MANY'")
            .fetch_one(&world.audit)
            .await
            .unwrap();
    assert!(
        changes.len() < usize::try_from(moved).unwrap(),
        "{moved} moves"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_somebody_wrote_to_is_named_and_its_location_says_so_once() {
    let nats = Nats::start(Server::Installed).await;
    let mut world = World::start_with_bus(nats.url()).await;
    world.api.count("BER1", "RARE", 9).await;
    let operator = crate::support::operator::Operator::of(&world);
    operator.json("inventory quota BER1 RARE web 5 --reason scarce");
    for number in 0..2 {
        let id = world
            .api
            .place(&one_unit(&format!("Q-{number}"), "RARE"))
            .await;
        world.api.until_stage(&id, &["fulfilling"]).await;
    }
    let open = || async {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "select subject, detail from orderhub_check.findings
             where healed_at is null and invariant = 'stock_quotas'",
        )
        .fetch_all(&world.audit)
        .await
        .unwrap();
        rows
    };
    for (hand, detail) in [
        (
            "update orderhub.stock_quota set reserved = reserved + 3",
            "the quota of web counts 3 reserved, the holds 0",
        ),
        (
            "update orderhub.stock_quota set reserved = 0, taken = 1",
            "the quota of web counts 1 taken, the holds alone are 2",
        ),
    ] {
        tamper(&world.audit, hand).await;
        let found = until("the quota is named", NAMED_WITHIN, || async {
            let found = open().await;
            found
                .iter()
                .any(|(_, said)| said == detail)
                .then_some(found)
        })
        .await;
        assert_eq!(found, [("BER1/RARE/web".to_owned(), detail.to_owned())]);
        tamper(
            &world.audit,
            "update orderhub.stock_quota set reserved = 0, taken = 2",
        )
        .await;
        until("it holds again", NAMED_WITHIN, || async {
            open().await.is_empty().then_some(())
        })
        .await;
    }
    world.hub.kill();
    world.hub.start().await;
    let drifts = until("the location says so", NAMED_WITHIN, || async {
        let published = nats.published().await;
        let drifts = said(&published, "BER1", "drift_found");
        (drifts.len() >= 2).then_some(drifts)
    })
    .await;
    let told: Vec<Value> = drifts
        .iter()
        .map(|drift| json!([drift["invariant"], drift["subject"]]))
        .collect();
    let expected = json!(["stock_quotas", "BER1/RARE/web"]);
    assert_eq!(told, [expected.clone(), expected]);
    all_is_published(&world, &nats).await;
}
