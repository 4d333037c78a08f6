//! The auditor of a running hub: what a hand changes in the tables is named within a minute and said
//! to hold again once it does; what orders, crashes and takeovers change is never named.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, PgPool};
use tokio::task::JoinSet;

use crate::metrics::Scrape;
use crate::support::doubles::faults::{Call, Fault};
use crate::support::hub::Hub;
use crate::support::lives::Cast;
use crate::support::orders::one_unit;
use crate::support::patience::{AFTER_A_CRASH, SOON, until};
use crate::support::world::World;
use crate::support::{books, checker};

/// What the contract promises.
const NAMED_WITHIN: Duration = Duration::from_mins(1);

/// Rule and subject of a finding.
type Finding = (String, String);

fn finding(invariant: &str, subject: impl Into<String>) -> Finding {
    (invariant.to_owned(), subject.into())
}

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

/// Writes to the tables as nobody should.
async fn tamper(audit: &PgPool, statements: &str) {
    let mut all = "begin;
                   alter table orderhub.event disable trigger user;
                   alter table orderhub.stock_ledger disable trigger user;"
        .to_owned();
    all.push_str(statements);
    all.push_str(
        ";alter table orderhub.event enable trigger user;
         alter table orderhub.stock_ledger enable trigger user;
         commit",
    );
    sqlx::raw_sql(AssertSqlSafe(all))
        .execute(audit)
        .await
        .unwrap();
}

async fn placed(world: &World, external_id: &str, sku: &str) -> String {
    world.api.count("BER1", sku, 10).await;
    world.api.place(&one_unit(external_id, sku)).await
}

fn uuid_of(order: &str) -> String {
    let hex = order.strip_prefix("ord_").unwrap();
    format!("'{hex}'::uuid")
}

fn shard_of(order: &str) -> u8 {
    let hex = order.strip_prefix("ord_").unwrap();
    u8::from_str_radix(&hex[28..30], 16).unwrap()
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
#[expect(
    clippy::too_many_lines,
    reason = "one table: what a hand does, what takes it back, what is found"
)]
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
    // So that they sleep: an order that is awake writes its row now and then.
    world.hub.terminate().await;
    world.hub.start().await;
    let audit = &world.audit;

    let [
        version,
        stage,
        sleep,
        event,
        entry,
        row,
        quantity,
        firm,
        stray,
        old,
        last,
    ] = <[String; 11]>::try_from(orders).unwrap();
    let id = |order: &str| uuid_of(order);
    let seq_of = |sku: &'static str| async move {
        let seq: i64 = sqlx::query_scalar("select seq from orderhub.stock_ledger where sku = $1")
            .bind(sku)
            .fetch_one(audit)
            .await
            .unwrap();
        seq
    };
    let (gone, nobody) = (seq_of("GONE").await, seq_of("NOBODY").await);
    let strange = "00000000-0000-7000-8000-000000000000";
    let posting = |order: &str, sum: &str| {
        format!(
            "update orderhub.event
             set body = jsonb_set(body, '{{postings,0,amount,amount}}',
                                  to_jsonb(((body #>> '{{postings,0,amount,amount}}')::numeric {sum})::text))
             where stream_id = {} and kind = 'order.confirmed'",
            id(order)
        )
    };
    // Each: what a hand does, what takes it back, what is found.
    let drifts: Vec<(String, String, Vec<Finding>)> =
        vec![
        (
            "update orderhub.stock set on_hand = on_hand + 1 where sku = 'COUNTER'".into(),
            "update orderhub.stock set on_hand = on_hand - 1 where sku = 'COUNTER'".into(),
            vec![finding("stock_counters", "BER1/COUNTER")],
        ),
        (
            "update orderhub.stock_ledger set d_on_hand = d_on_hand + 2 where sku = 'DELTA'".into(),
            "update orderhub.stock_ledger set d_on_hand = d_on_hand - 2 where sku = 'DELTA'".into(),
            vec![finding("stock_counters", "BER1/DELTA")],
        ),
        (
            "create table public.gone as select * from orderhub.stock_ledger where sku = 'GONE';
             delete from orderhub.stock_ledger where sku = 'GONE'"
                .into(),
            "insert into orderhub.stock_ledger select * from public.gone".into(),
            vec![
                finding("stock_ledger", format!("BER1/{gone}")),
                finding("stock_counters", "BER1/GONE"),
            ],
        ),
        (
            format!("update orderhub.stock_ledger set order_id = '{strange}' where sku = 'NOBODY'"),
            "update orderhub.stock_ledger set order_id = null where sku = 'NOBODY'".into(),
            vec![finding("stock_ledger", format!("BER1/{nobody}"))],
        ),
        (
            format!(
                "update orderhub.orders set version = version + 1 where id = {}",
                id(&version)
            ),
            format!(
                "update orderhub.orders set version = version - 1 where id = {}",
                id(&version)
            ),
            vec![finding("order_row", &version)],
        ),
        (
            format!(
                "update orderhub.orders set stage = 'closed' where id = {}",
                id(&stage)
            ),
            format!(
                "update orderhub.orders set stage = 'fulfilling' where id = {}",
                id(&stage)
            ),
            vec![finding("order_row", &stage)],
        ),
        (
            format!(
                "update orderhub.orders set wake_at = wake_at + interval '1 year' where id = {}",
                id(&sleep)
            ),
            format!(
                "update orderhub.orders set wake_at = wake_at - interval '1 year' where id = {}",
                id(&sleep)
            ),
            vec![finding("order_wake", &sleep)],
        ),
        (
            format!(
                "create table public.event as
                 select * from orderhub.event where stream_id = {0} and version = 2;
                 delete from orderhub.event where stream_id = {0} and version = 2",
                id(&event)
            ),
            "insert into orderhub.event select * from public.event".into(),
            vec![finding("order_log", &event)],
        ),
        (
            posting(&entry, "+ 1"),
            posting(&entry, "- 1"),
            vec![finding("ledger_sum", &entry)],
        ),
        (
            format!(
                "create table public.row as select * from orderhub.orders where id = {0};
                 delete from orderhub.orders where id = {0}",
                id(&row)
            ),
            "insert into orderhub.orders select * from public.row".into(),
            // What its ledger rows and holds are for does not exist any more.
            vec![finding("order_log", &row)],
        ),
        (
            format!(
                "update orderhub.reservation set quantity = 3 where order_id = {}",
                id(&quantity)
            ),
            format!(
                "update orderhub.reservation set quantity = 1 where order_id = {}",
                id(&quantity)
            ),
            vec![
                finding("order_holds", &quantity),
                finding("stock_holds", "BER1/O-6"),
            ],
        ),
        (
            format!(
                "update orderhub.reservation set state = 'released' where order_id = {}",
                id(&firm)
            ),
            format!(
                "update orderhub.reservation set state = 'hard' where order_id = {}",
                id(&firm)
            ),
            vec![
                finding("order_holds", &firm),
                finding("stock_holds", "BER1/O-7"),
            ],
        ),
        (
            format!(
                "update orderhub.reservation set order_id = '{strange}' where order_id = {}",
                id(&stray)
            ),
            format!(
                "update orderhub.reservation set order_id = {} where order_id = '{strange}'",
                id(&stray)
            ),
            vec![
                finding("order_holds", &stray),
                finding("order_log", format!("ord_{}", strange.replace('-', ""))),
            ],
        ),
        (
            // Nothing but the walk over all orders comes by here.
            format!(
                "update orderhub.order_list
                 set stage = 'closed', updated_at = updated_at - interval '1 day'
                 where order_id = {};{}",
                id(&old),
                posting(&old, "+ 2")
            ),
            posting(&old, "- 2"),
            vec![finding("ledger_sum", &old)],
        ),
        (
            format!(
                "create table public.last as
                 select * from orderhub.event e where stream_id = {0}
                 order by version desc limit 1;
                 delete from orderhub.event e using public.last l
                 where e.shard = l.shard and e.seq = l.seq",
                id(&last)
            ),
            "insert into orderhub.event select * from public.last".into(),
            vec![
                finding("order_row", &last),
                finding("log_cursors", format!("the order list, shard {}", shard_of(&last))),
            ],
        ),
        (
            "update orderhub.publish_cursor set published_seq = 1000000 where shard = 7".into(),
            "update orderhub.publish_cursor set published_seq = 0 where shard = 7".into(),
            vec![finding("log_cursors", "the bus, shard 7")],
        ),
    ];
    let mut expected: Vec<Finding> = drifts.iter().flat_map(|drift| drift.2.clone()).collect();
    let rows: Vec<i64> = sqlx::query_scalar(AssertSqlSafe(format!(
        "select seq from orderhub.stock_ledger where order_id = {}",
        id(&row)
    )))
    .fetch_all(audit)
    .await
    .unwrap();
    expected.extend(
        rows.iter()
            .map(|seq| finding("stock_ledger", format!("BER1/{seq}"))),
    );

    let hands: Vec<&str> = drifts.iter().map(|drift| drift.0.as_str()).collect();
    tamper(audit, &hands.join(";")).await;
    until_open(audit, &expected).await;
    let details: Vec<(String, String)> =
        sqlx::query_as("select subject, detail from orderhub_check.findings")
            .fetch_all(audit)
            .await
            .unwrap();
    let detail = |subject: &str| {
        details
            .iter()
            .find(|(of, _)| of == subject)
            .unwrap()
            .1
            .clone()
    };
    assert_eq!(
        detail("BER1/COUNTER"),
        "the counters say 11 on hand, 0 reserved, 0 allocated, \
         the ledger adds up to 10 on hand, 0 reserved, 0 allocated"
    );
    assert!(
        detail(&event).contains("version 1 to 3"),
        "{}",
        detail(&event)
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
