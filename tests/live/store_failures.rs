//! What the lanes make of each kind of error that the database may answer with. A trigger raises
//! them: what it counts stays counted when its statement is undone, because sequences do.

use orderhub::store::Store;
use orderhub_actors::ports::{
    Appended, Claims, Journal, LaneWriter, Ownership, StockAppend, StockAppended, StockBook,
    StockWriter,
};
use orderhub_domain::stock::{LocationStock, StockCommand};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};

use crate::contract::fixture::{NewOrder, at};
use crate::world::{Database, channel, short};

struct Scene {
    store: Store,
    claims: Claims,
    direct: PgConnection,
}

impl Scene {
    async fn new() -> Self {
        let database = Database::new().await;
        let store = database.store_at(&database.url, "a", short()).await;
        let claims = store.claim_all(&["BER1".into()]).await.expect("claimed");
        let direct = PgConnection::connect(&database.url)
            .await
            .expect("connected");
        Self {
            store,
            claims,
            direct,
        }
    }

    /// Every insert into the table fails with this code, `times` times.
    async fn fail(&mut self, table: &str, code: &str, times: u32) {
        let script = format!(
            "create sequence if not exists failures; \
             create or replace function fail() returns trigger language plpgsql as $$ begin \
                 if nextval('failures') <= {times} then \
                     raise exception 'on request' using errcode = '{code}'; \
                 end if; return new; end $$; \
             create or replace trigger fail before insert on orderhub.{table} \
                 for each row execute function fail();"
        );
        sqlx::raw_sql(AssertSqlSafe(script))
            .execute(&mut self.direct)
            .await
            .expect("a trigger");
    }

    async fn epoch(&mut self, table: &str) -> i64 {
        let query = format!("select max(epoch) from orderhub.{table}");
        sqlx::query_scalar(AssertSqlSafe(query))
            .fetch_one(&mut self.direct)
            .await
            .expect("an epoch")
    }
}

/// One new order under an error that comes so often; what the lane says of it, and whether the lane
/// had to claim its shard again.
async fn create_under(code: &str, times: u32) -> (Appended, bool, usize) {
    let mut scene = Scene::new().await;
    let order = NewOrder::of(channel(&scene.store).await);
    let before = scene.epoch("shard_owner").await;
    scene.fail("orders", code, times).await;
    let mut lane = scene.store.lane();
    let answer = lane.commit(&[order.create(&scene.claims)]).await.remove(0);
    let stored = Journal::load(&scene.store, &[order.id])
        .await
        .expect("loaded")
        .len();
    let reclaimed = scene.epoch("shard_owner").await > before;
    (answer, reclaimed, stored)
}

#[tokio::test]
async fn a_lock_or_a_limit_is_tried_again_three_times() {
    for code in ["40001", "40P01", "57014", "55P03"] {
        let committed = create_under(code, 3).await;
        assert_eq!(committed, (Appended::Committed, false, 1), "{code}");
        let (answer, reclaimed, stored) = create_under(code, 4).await;
        assert!(
            matches!(answer, Appended::Unavailable(_)),
            "{code}: {answer:?}"
        );
        assert_eq!((reclaimed, stored), (false, 0), "{code}");
    }
}

#[tokio::test]
async fn a_full_disk_or_a_server_that_ends_is_unknown_until_it_was_looked_up() {
    for code in ["53100", "53200", "57P01", "25006", "08006"] {
        let committed = create_under(code, 1).await;
        assert_eq!(committed, (Appended::Committed, true, 1), "{code}");
        let (answer, reclaimed, stored) = create_under(code, 100).await;
        assert!(
            matches!(answer, Appended::Unavailable(_)),
            "{code}: {answer:?}"
        );
        assert_eq!((reclaimed, stored), (true, 0), "{code}");
    }
}

#[tokio::test]
async fn what_repeating_does_not_mend_is_said_once() {
    let (answer, reclaimed, stored) = create_under("42501", 1).await;
    assert!(matches!(answer, Appended::Unavailable(_)), "{answer:?}");
    assert_eq!((reclaimed, stored), (false, 0));
}

#[tokio::test]
async fn a_server_that_is_broken_inside_stops_the_lane() {
    let mut scene = Scene::new().await;
    let order = NewOrder::of(channel(&scene.store).await);
    scene.fail("orders", "XX001", 1).await;
    let mut lane = scene.store.lane();
    assert_eq!(lane.stopped(), None);
    for _ in 0..2 {
        let answer = lane.commit(&[order.create(&scene.claims)]).await.remove(0);
        assert!(matches!(answer, Appended::Unavailable(_)), "{answer:?}");
    }
    assert!(lane.stopped().is_some_and(|why| why.starts_with("XX001")));
    assert!(
        Journal::load(&scene.store, &[order.id])
            .await
            .expect("loaded")
            .is_empty()
    );
}

fn count(claims: &Claims, stock: &LocationStock, on_hand: i64) -> StockAppend {
    let command = StockCommand::Count {
        sku: "SKU-1".into(),
        on_hand,
        buffer: None,
        backorder_limit: None,
        unpicked: Vec::new(),
    };
    StockAppend {
        location: stock.location.clone(),
        epoch: claims.locations[&stock.location],
        change: stock.decide(&command, None, at(0)).change,
        now: at(0),
    }
}

#[tokio::test]
async fn stock_meets_the_same_errors_in_the_same_way() {
    let cases = [
        ("40001", 3, StockAppended::Committed, false),
        ("55P03", 3, StockAppended::Committed, false),
        ("40P01", 9, StockAppended::Unavailable(String::new()), false),
        ("53100", 1, StockAppended::Unavailable(String::new()), true),
        ("XX001", 1, StockAppended::Unavailable(String::new()), false),
    ];
    for (code, times, expected, reclaimed) in cases {
        let mut scene = Scene::new().await;
        let before = scene.epoch("location_owner").await;
        scene.fail("stock_ledger", code, times).await;
        let mut lane = scene.store.stock_lane();
        let empty = LocationStock::empty("BER1".into());
        let answer = lane
            .commit(&[count(&scene.claims, &empty, 5)])
            .await
            .remove(0);
        let same = std::mem::discriminant(&answer) == std::mem::discriminant(&expected);
        assert!(same, "{code}: {answer:?}");
        assert_eq!(
            scene.epoch("location_owner").await > before,
            reclaimed,
            "{code}"
        );
        assert_eq!(lane.stopped().is_some(), code.starts_with("XX"), "{code}");
        let stored = berlin(&scene.store).await;
        let there = i64::from(expected == StockAppended::Committed) * 5;
        assert_eq!(stored.counters(&"SKU-1".into()).on_hand, there, "{code}");
    }
}

async fn berlin(store: &Store) -> LocationStock {
    let stock = StockBook::load(store, &"BER1".into()).await;
    stock.expect("loaded")
}

#[tokio::test]
async fn a_stock_change_whose_answer_was_lost_is_found_when_the_location_looks_again() {
    let database = Database::new().await;
    let (proxy, store) = database.store_behind_a_proxy("a").await;
    let claims = store.claim_all(&["BER1".into()]).await.expect("claimed");
    let mut lane = store.stock_lane();
    let empty = LocationStock::empty("BER1".into());
    let first = lane.commit(&[count(&claims, &empty, 5)]).await;
    assert_eq!(first, [StockAppended::Committed]);
    let known = berlin(&store).await;

    proxy.hold_answers();
    let lost = lane.commit(&[count(&claims, &known, 7)]).await;
    assert!(
        matches!(lost.as_slice(), [StockAppended::Unavailable(_)]),
        "{lost:?}"
    );
    // It was carried out: what was decided before it is refused, what is decided after it is not.
    let blind = lane.commit(&[count(&claims, &known, 9)]).await;
    assert_eq!(blind, [StockAppended::Conflict]);
    let seen = berlin(&store).await;
    assert_eq!(seen.counters(&"SKU-1".into()).on_hand, 7);
    let next = lane.commit(&[count(&claims, &seen, 9)]).await;
    assert_eq!(next, [StockAppended::Committed]);
    let ledger = berlin(&store).await;
    assert_eq!(
        (ledger.seq, ledger.counters(&"SKU-1".into()).on_hand),
        (3, 9)
    );
}
