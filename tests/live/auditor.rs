//! The auditor of a running hub: what a hand changes in the tables is named within a minute and said
//! to hold again once it does; what orders, crashes and takeovers change is never named.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::PgPool;
use tokio::task::JoinSet;

use crate::metrics::Scrape;
use crate::support::doubles::faults::{Call, Fault};
use crate::support::hub::Hub;
use crate::support::lives::Cast;
use crate::support::orders::one_unit;
use crate::support::patience::{AFTER_A_CRASH, SOON, until};
use crate::support::world::World;
use crate::support::{books, checker};
use crate::tampering::{Finding, finding, hands, tamper};

/// What the contract promises.
const NAMED_WITHIN: Duration = Duration::from_mins(1);

async fn findings(audit: &PgPool, healed: bool) -> BTreeSet<Finding> {
    let rows = sqlx::query_as(
        "select invariant, subject from orderhub_check.findings
         where (healed_at is not null) = $1",
    );
    let rows: Vec<Finding> = rows.bind(healed).fetch_all(audit).await.unwrap();
    rows.into_iter().collect()
}

/// Waits until just these are open.
async fn until_open(audit: &PgPool, expected: &[Finding]) {
    let expected: BTreeSet<Finding> = expected.iter().cloned().collect();
    let mut open = BTreeSet::new();
    let since = Instant::now();
    while since.elapsed() < NAMED_WITHIN {
        open = findings(audit, false).await;
        if open == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let odd: Vec<_> = open.difference(&expected).collect();
    let lacking: Vec<_> = expected.difference(&open).collect();
    panic!("after {NAMED_WITHIN:?} {odd:?} are open, and {lacking:?} are not");
}

async fn placed(world: &World, external_id: &str, sku: &str) -> String {
    world.api.count("BER1", sku, 10).await;
    world.api.place(&one_unit(external_id, sku)).await
}

const WALKS: [&str; 7] = [
    "findings",
    "logs",
    "counters",
    "live_orders",
    "versions",
    "ledger",
    "all_orders",
];

/// Waits until these walks have come to their end twice: one of them began after this was called.
async fn until_walked(hub: &Hub, walks: &[&str]) {
    let ended = || async {
        let scrape = Scrape::of(hub).await;
        let name = "orderhub_audit_last_round_timestamp_seconds";
        let ended = |walk| scrape.value(name, &[&format!("walk=\"{walk}\"")]);
        walks.iter().map(ended).collect::<Vec<_>>()
    };
    for _ in 0..2 {
        let before = ended().await;
        assert!(before.iter().all(Option::is_some), "{before:?}");
        until(
            "the walks come to their end",
            Duration::from_mins(2),
            || async {
                let now = ended().await;
                now.iter()
                    .zip(&before)
                    .all(|(now, before)| now > before)
                    .then_some(())
            },
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_hand_changes_in_the_tables_is_named_and_heals() {
    let mut world = World::start().await;
    let mut orders = Vec::new();
    for number in 0..11 {
        orders.push(placed(&world, &format!("D-{number}"), &format!("O-{number}")).await);
    }
    for order in &orders {
        world.api.until_stage(order, &["fulfilling"]).await;
    }
    for sku in ["COUNTER", "DELTA", "GONE", "NOBODY"] {
        world.api.count("BER1", sku, 10).await;
    }
    let coming = json!({"reference": "PO-1", "quantity": 4});
    let path = "/v1/inventory/BER1/COUNTER/inbound";
    world.api.post(path, &coming).await.expect(200);
    // So that they sleep: an order that is awake writes its row now and then.
    world.hub.terminate().await;
    world.hub.start().await;
    let audit = &world.audit;

    let drifts = hands(audit, &orders).await;
    let expected: Vec<Finding> = drifts.iter().flat_map(|drift| drift.2.clone()).collect();
    let hands: Vec<&str> = drifts.iter().map(|drift| drift.0.as_str()).collect();
    tamper(audit, &hands.join(";")).await;
    until_open(audit, &expected).await;
    let details: Vec<(String, String)> =
        sqlx::query_as("select subject, detail from orderhub_check.findings")
            .fetch_all(audit)
            .await
            .unwrap();
    let said = |subject: &str| -> Vec<&str> {
        let of = details.iter().filter(|(of, _)| of == subject);
        of.map(|(_, detail)| detail.as_str()).collect()
    };
    let detail = |subject: &str| said(subject)[0].to_owned();
    for expected in [
        "the counters say 11 on hand, 0 reserved, 0 allocated, \
         the ledger adds up to 10 on hand, 0 reserved, 0 allocated",
        "the counters say 4 on their way, the announcements 1",
    ] {
        let said = said("BER1/COUNTER");
        assert!(said.contains(&expected), "{said:?}");
    }
    assert!(
        detail(&orders[3]).contains("version 1 to 3"),
        "{}",
        detail(&orders[3])
    );

    let takes_back: Vec<&str> = drifts.iter().map(|drift| drift.1.as_str()).collect();
    tamper(audit, &takes_back.join(";")).await;
    until_open(audit, &[]).await;
    let healed = findings(audit, true).await;
    assert_eq!(healed, expected.into_iter().collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_survives_a_restart_is_counted_once_and_again_when_it_comes_back() {
    let mut world = World::start().await;
    world.api.count("BER1", "SKU-1", 10).await;
    let labels = ["invariant=\"stock_counters\""];
    let counted = |scrape: &Scrape| scrape.value("orderhub_invariant_violations_total", &labels);
    let open = |scrape: &Scrape| scrape.value("orderhub_audit_findings", &labels);
    let more = "update orderhub.stock set on_hand = on_hand + 1";
    let less = "update orderhub.stock set on_hand = on_hand - 1";
    let found = [finding("stock_counters", "BER1/SKU-1")];

    tamper(&world.audit, more).await;
    until_open(&world.audit, &found).await;
    until_walked(&world.hub, &["findings", "counters"]).await;
    let scrape = Scrape::of(&world.hub).await;
    assert_eq!((counted(&scrape), open(&scrape)), (Some(1.0), Some(1.0)));
    let log = world.hub.last_words();
    assert!(
        log.contains("ERROR") && log.contains("BER1/SKU-1: the counters say 11"),
        "{log}"
    );

    world.hub.kill();
    world.hub.start().await;
    until_walked(&world.hub, &["findings", "counters"]).await;
    let scrape = Scrape::of(&world.hub).await;
    assert_eq!((counted(&scrape), open(&scrape)), (Some(0.0), Some(1.0)));

    tamper(&world.audit, less).await;
    until_open(&world.audit, &[]).await;
    tamper(&world.audit, more).await;
    until_open(&world.audit, &found).await;
    until_walked(&world.hub, &["findings", "counters"]).await;
    let scrape = Scrape::of(&world.hub).await;
    assert_eq!((counted(&scrape), open(&scrape)), (Some(1.0), Some(1.0)));
    assert_eq!(findings(&world.audit, true).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_named_while_orders_run_and_the_hub_is_killed_and_taken_over() {
    let mut world = World::start().await;
    world.api.count("BER1", "SKU-1", 1_000).await;
    let slow = Fault::Delay(Duration::from_millis(400));
    world.stripe.faults.share(Call::Authorize, 100, slow);
    world.stripe.faults.share(Call::Capture, 100, slow);
    world.easypost.faults.share(Call::BuyLabel, 100, slow);
    let cast = Cast::of(&world);
    let mut lives = JoinSet::new();
    for number in 0..40 {
        let cast = cast.clone();
        lives.spawn(async move { cast.live(&one_unit(&format!("N-{number}"), "SKU-1")).await });
    }
    // The auditor looks three seconds after each start, and then all the time.
    for wait in [6_100, 4_300, 7_900] {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        world.hub.kill();
        world.hub.start().await;
    }
    world.stripe.faults.heal();
    world.easypost.faults.heal();
    while let Some(life) = lives.join_next().await {
        life.unwrap();
    }
    until_walked(&world.hub, &WALKS).await;

    let mut waiting = Vec::new();
    for number in 0..10 {
        waiting.push(
            world
                .api
                .place(&one_unit(&format!("T-{number}"), "SKU-1"))
                .await,
        );
    }
    let mut newer = world.hub.namesake(&world.setup);
    newer.start().await;
    until("the superseded hub ends", SOON, || {
        std::future::ready(world.hub.has_ended())
    })
    .await;
    for order in &waiting {
        newer
            .api()
            .until_stage_within(order, &["fulfilling"], AFTER_A_CRASH)
            .await;
    }
    until_walked(&newer, &WALKS).await;
    let named: Vec<(String, String, String)> =
        sqlx::query_as("select invariant, subject, detail from orderhub_check.findings")
            .fetch_all(&world.audit)
            .await
            .unwrap();
    assert_eq!(named, []);
    checker::at_rest(&world.audit, 1).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
}
