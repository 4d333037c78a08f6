//! What the gauges over all orders are read from: who is stuck, who is held, who is old.

use std::collections::BTreeMap;
use std::time::Duration;

use orderhub::store::{Standing, Store};
use orderhub_actors::ports::{Append, Appended, Claims, LaneWriter, Ownership};
use orderhub_domain::order::{Edge, Event, Hold, HoldScope, Stage};
use sqlx::Connection;
use tokio::sync::Mutex;

use crate::contract::fixture::{NewOrder, append, at, noted};
use crate::support::patience::{SOON, until};
use crate::world::{Database, channel};

struct Scene {
    database: Database,
    store: Store,
    claims: Claims,
}

impl Scene {
    async fn new() -> Self {
        let database = Database::new().await;
        let store = database.store("a").await;
        let claims = store.claim_all(&[]).await.expect("claimed");
        Self {
            database,
            store,
            claims,
        }
    }

    /// A new order that wants no attention.
    async fn order(&self) -> NewOrder {
        let order = NewOrder::of(channel(&self.store).await);
        let mut create = order.create(&self.claims);
        create.wake_at = None;
        self.commit(create).await;
        order
    }

    /// Goes on with an order after `expected`.
    async fn goes_on(&self, order: &NewOrder, expected: u64, events: Vec<Event>, stage: Stage) {
        let mut next = append(order.id, &self.claims, expected, events, stage);
        next.wake_at = None;
        self.commit(next).await;
    }

    async fn commit(&self, append: Append) {
        let answers = self.store.lane().commit(&[append]).await;
        assert_eq!(answers, [Appended::Committed]);
    }

    async fn standing(&self) -> Standing {
        self.store.order_trail().catch_up().await.expect("read");
        let patience = Duration::from_mins(2);
        self.store.standing(patience).await.expect("counted")
    }

    async fn stuck(&self) -> BTreeMap<String, f64> {
        self.standing().await.stuck
    }
}

fn counts(counts: &[(&str, f64)]) -> BTreeMap<String, f64> {
    let counts = counts.iter();
    counts.map(|(word, n)| ((*word).to_owned(), *n)).collect()
}

fn postponed(order: &NewOrder) -> Event {
    Event::EffectPostponed {
        postpones: order.id.effect(2),
        effect_kind: "buy_label".to_owned(),
        attempt: 1,
        next_try_at: at(9),
        reason: "the partner answered 503".to_owned(),
        unknown: false,
    }
}

fn answered(order: &NewOrder) -> Event {
    Event::EffectGivenUp {
        effect_kind: "buy_label".to_owned(),
        closes: vec![order.id.effect(2)],
    }
}

fn held(id: u32, reason: &str) -> Event {
    Event::HoldPlaced {
        hold: Hold {
            id,
            scope: HoldScope::Order,
            blocks: vec![Edge::Ship],
            reason: reason.to_owned(),
            owner: "operator:anna".to_owned(),
            since: at(0),
            until: None,
            on_expiry: orderhub_domain::order::OnExpiry::default(),
        },
    }
}

#[tokio::test]
async fn an_order_whose_calls_fail_is_stuck_until_one_is_answered() {
    let scene = Scene::new().await;
    let order = scene.order().await;
    assert_eq!(scene.stuck().await, counts(&[]));
    let fulfilling = Stage::Fulfilling;
    scene
        .goes_on(&order, 2, vec![postponed(&order)], fulfilling)
        .await;
    assert_eq!(scene.stuck().await, counts(&[("fulfilling", 1.0)]));
    scene
        .goes_on(
            &order,
            3,
            vec![noted("news"), postponed(&order)],
            fulfilling,
        )
        .await;
    assert_eq!(scene.stuck().await, counts(&[("fulfilling", 1.0)]));
    // Read in one go: only what comes after the last answer counts.
    let events = vec![postponed(&order), answered(&order)];
    scene.goes_on(&order, 5, events, fulfilling).await;
    assert_eq!(scene.stuck().await, counts(&[]));
    let events = vec![answered(&order), postponed(&order)];
    scene.goes_on(&order, 7, events, fulfilling).await;
    assert_eq!(scene.stuck().await, counts(&[("fulfilling", 1.0)]));
}

#[tokio::test]
async fn an_order_that_wanted_attention_long_ago_is_stuck_once_whatever_else_is_wrong() {
    let scene = Scene::new().await;
    let order = scene.order().await;
    let mut overdue = append(
        order.id,
        &scene.claims,
        2,
        vec![postponed(&order)],
        Stage::Closed,
    );
    overdue.wake_at = Some(at(60));
    scene.commit(overdue).await;
    assert_eq!(
        scene.stuck().await,
        counts(&[("closed", 1.0)]),
        "what is owed after the end counts too"
    );
    let patience = Duration::from_secs(1_000_000_000);
    let patient = scene.store.standing(patience).await.expect("counted");
    assert_eq!(patient.stuck, counts(&[]));
}

#[tokio::test]
async fn an_order_is_held_once_per_reason_and_peoples_words_are_no_labels() {
    let scene = Scene::new().await;
    let order = scene.order().await;
    let holds = vec![
        held(1, "total_mismatch"),
        held(2, "total_mismatch"),
        held(3, "Mrs Miller called"),
        held(4, "look at the address"),
    ];
    scene.goes_on(&order, 2, holds, Stage::Screening).await;
    let other = scene.order().await;
    let events = vec![held(1, "total_mismatch")];
    scene.goes_on(&other, 2, events, Stage::Screening).await;
    let gone = scene.order().await;
    let events = vec![held(1, "label_failed")];
    scene.goes_on(&gone, 2, events, Stage::Cancelled).await;
    let expected = counts(&[("total_mismatch", 2.0), ("other", 1.0)]);
    assert_eq!(scene.standing().await.held, expected);
    let released = vec![Event::HoldReleased {
        hold: 1,
        reason: "looked".to_owned(),
    }];
    scene.goes_on(&other, 3, released, Stage::Reserving).await;
    let expected = counts(&[("total_mismatch", 1.0), ("other", 1.0)]);
    assert_eq!(scene.standing().await.held, expected);
}

#[tokio::test]
async fn the_oldest_order_of_a_stage_counts_while_somebody_works_on_it() {
    let scene = Scene::new().await;
    let order = scene.order().await;
    let completed = scene.order().await;
    scene
        .goes_on(&completed, 2, vec![noted("done")], Stage::Completed)
        .await;
    let oldest = scene.standing().await.oldest;
    assert_eq!(oldest.keys().collect::<Vec<_>>(), ["reserving"]);
    assert!(oldest["reserving"] > 86_400.0, "{oldest:?}");
    scene
        .goes_on(&order, 2, vec![noted("on")], Stage::Authorizing)
        .await;
    let oldest = scene.standing().await.oldest;
    assert_eq!(oldest.keys().collect::<Vec<_>>(), ["authorizing"]);
}

/// With a table as of a busy year, each part reads an index that holds only what it asks for.
#[tokio::test]
async fn orders_that_have_ended_cost_nothing() {
    let scene = Scene::new().await;
    scene.order().await;
    scene.standing().await;
    let mut conn = sqlx::PgConnection::connect(&scene.database.url)
        .await
        .unwrap();
    sqlx::query(
        "insert into orderhub.order_list
         select gen_random_uuid(), channel_id, 'X-' || n, null, 'closed', 9, false, placed_at,
                received_at, updated_at, currency, total, skus, '{}', null
         from orderhub.order_list, generate_series(1, 50000) n",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    let read = "select coalesce(sum(idx_tup_fetch + seq_tup_read), 0)::bigint
                from pg_stat_user_tables where relname = 'order_list'";
    let before: i64 = sqlx::query_scalar(read).fetch_one(&mut conn).await.unwrap();
    let conn = Mutex::new(conn);
    let standing = scene.store.standing(Duration::from_mins(2)).await;
    assert_eq!(standing.expect("counted").oldest.len(), 1);
    // What a connection has read is known when it ends.
    drop(scene.store);
    let read = until("the reader has reported", SOON, || async {
        let after: i64 = sqlx::query_scalar(read)
            .fetch_one(&mut *conn.lock().await)
            .await
            .ok()?;
        (after > before).then_some(after - before)
    })
    .await;
    assert!(read < 1_000, "{read} rows were read");
}
