//! What only a real database can refuse.

use orderhub::store::Store;
use orderhub_actors::ports::{Append, Appended, Claims, Journal, LaneWriter, Ownership};
use orderhub_domain::order::Stage;
use sqlx::Connection;
use sqlx::postgres::PgConnection;

use crate::contract::fixture::{NewOrder, append, noted, payment_ref};
use crate::world::{Database, channel};

async fn scene() -> (Database, Store, Claims) {
    let database = Database::new().await;
    let store = database.store("a").await;
    let claims = store.claim_all(&[]).await.expect("claimed");
    (database, store, claims)
}

#[tokio::test]
async fn a_poison_append_is_refused_and_its_neighbours_are_committed() {
    let (database, store, claims) = scene().await;
    let channel = channel(&store).await;
    let orders: Vec<NewOrder> = (0..40).map(|_| NewOrder::of(channel)).collect();
    let mut batch: Vec<Append> = orders.iter().map(|order| order.create(&claims)).collect();
    let poison = [3, 4, 17, 39];
    batch[3].events[0].actor = "channel:\0".to_owned();
    batch[4].events[1].event = noted("a \0 in the body");
    batch[17].refs.push(payment_ref("pi_\0"));
    let nul = NewOrder::named(channel, "W-\0");
    batch[39] = nul.create(&claims);
    let mut lane = store.lane();
    let answers = lane.commit(&batch).await;
    for (place, answer) in answers.iter().enumerate() {
        if poison.contains(&place) {
            assert!(
                matches!(answer, Appended::Refused(_)),
                "{place}: {answer:?}"
            );
        } else {
            assert_eq!(*answer, Appended::Committed, "{place}");
        }
    }
    let ids: Vec<_> = orders.iter().map(|order| order.id).collect();
    assert_eq!(store.load(&ids).await.expect("loaded").len(), 36);

    // Places given to refused tries stay empty; what is there is in the order of the batch.
    let mut direct = PgConnection::connect(&database.url)
        .await
        .expect("connected");
    let backwards: i64 = sqlx::query_scalar(
        "select count(*) from (\
             select version, lag(version) over (partition by order_id order by seq) as before \
             from orderhub_check.events) x \
         where before >= version",
    )
    .fetch_one(&mut direct)
    .await
    .expect("counted");
    assert_eq!(backwards, 0);
}

#[tokio::test]
async fn text_with_nul_is_found_nowhere_and_breaks_nothing() {
    let (_database, store, claims) = scene().await;
    let order = NewOrder::of(channel(&store).await);
    let mut lane = store.lane();
    let created = lane.commit(&[order.create(&claims)]).await;
    assert_eq!(created, vec![Appended::Committed]);
    let found = store.find(order.channel, "W-\0").await;
    assert_eq!(found.expect("answered"), None);
    let resolved = store.resolve(&payment_ref("pi_\0")).await;
    assert_eq!(resolved.expect("answered"), None);
}

#[tokio::test]
async fn a_place_used_by_another_writer_of_the_same_claim_is_numbered_anew() {
    let (_database, store, claims) = scene().await;
    let order = NewOrder::of(channel(&store).await);
    let (mut one, mut other) = (store.lane(), store.lane());
    let created = one.commit(&[order.create(&claims)]).await;
    assert_eq!(created, vec![Appended::Committed]);
    let next = |version| {
        append(
            order.id,
            &claims,
            version,
            vec![noted("next")],
            Stage::Reserving,
        )
    };
    for version in [2, 3, 4, 5] {
        let lane = if version % 2 == 0 {
            &mut other
        } else {
            &mut one
        };
        let answers = lane.commit(&[next(version)]).await;
        assert_eq!(answers, vec![Appended::Committed], "{version}");
    }
}

#[tokio::test]
async fn the_log_and_the_ledger_cannot_be_changed() {
    let (database, store, claims) = scene().await;
    let order = NewOrder::of(channel(&store).await);
    let created = store.lane().commit(&[order.create(&claims)]).await;
    assert_eq!(created, vec![Appended::Committed]);
    let mut direct = PgConnection::connect(&database.url)
        .await
        .expect("connected");
    for statement in [
        "update orderhub.event set actor = 'nobody'",
        "delete from orderhub.event",
        "truncate orderhub.event",
        "delete from orderhub.stock_ledger",
    ] {
        let done = sqlx::query(statement).execute(&mut direct).await;
        let error = done.expect_err(statement).to_string();
        assert!(error.contains("append-only"), "{statement}: {error}");
    }
}

#[tokio::test]
async fn a_log_with_a_hole_or_a_newer_event_is_not_folded() {
    let (database, store, claims) = scene().await;
    let channel = channel(&store).await;
    let orders = [
        NewOrder::of(channel),
        NewOrder::of(channel),
        NewOrder::of(channel),
    ];
    let batch: Vec<Append> = orders.iter().map(|order| order.create(&claims)).collect();
    store.lane().commit(&batch).await;
    let mut direct = PgConnection::connect(&database.url)
        .await
        .expect("connected");
    let damage = [
        "update orderhub.orders set version = 3 where id = $1",
        "insert into orderhub.event (shard, seq, stream_kind, stream_id, version, epoch, kind, \
             schema, actor, recorded_at, body) \
         select shard, 1000000, 1, id, 3, 1, 'order.teleported', 1, 'system', now(), '{}' \
         from orderhub.orders where id = $1",
    ];
    for (statement, order) in damage.into_iter().zip(&orders) {
        let done = sqlx::query(statement)
            .bind(order.id.uuid())
            .execute(&mut direct);
        done.await.expect("damaged");
    }
    for (place, order) in orders.iter().enumerate() {
        let loaded = store.load(&[order.id]).await.expect("loaded");
        assert_eq!(
            loaded[0].events.is_ok(),
            place == 2,
            "{:?}",
            loaded[0].events
        );
    }
}
