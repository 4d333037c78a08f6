//! A batch whose answer is lost is never answered wrongly.

use std::process::Command;
use std::time::Duration;

use orderhub::store::Store;
use orderhub_actors::ports::{Append, Appended, Claims, LaneWriter, Ownership};
use orderhub_domain::order::Stage;
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Row};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::contract::Node;
use crate::contract::fixture::{NewOrder, append, noted};
use crate::proxy::Proxy;
use crate::world::{Database, channel, node};

/// A node whose connections pass a proxy, with one order at version 2, and a connection beside it.
struct Scene {
    proxy: Proxy,
    store: Store,
    node: Node,
    claims: Claims,
    order: NewOrder,
    direct: PgConnection,
    /// Holds locks. Not the one that looks: within a transaction, `pg_stat_activity` stands still.
    locker: PgConnection,
}

impl Scene {
    async fn new() -> Self {
        let database = Database::new().await;
        let (proxy, store) = database.store_behind_a_proxy("a").await;
        let mut node = node(&store);
        let claims = store.claim_all(&[]).await.expect("claimed");
        let order = NewOrder::of(channel(&store).await);
        node.create(&order, &claims).await;
        let connect = || PgConnection::connect(&database.url);
        let direct = connect().await.expect("connected");
        let locker = connect().await.expect("connected");
        Self {
            proxy,
            store,
            node,
            claims,
            order,
            direct,
            locker,
        }
    }

    fn next(&self) -> Append {
        self.after(2)
    }

    fn after(&self, version: u64) -> Append {
        append(
            self.order.id,
            &self.claims,
            version,
            vec![noted("next")],
            Stage::Confirmed,
        )
    }

    /// Locks the order's row, so that the lane's statement waits in the middle.
    async fn lock_order(&mut self) {
        let begin = sqlx::query("begin").execute(&mut self.locker);
        begin.await.expect("begun");
        sqlx::query("select 1 from orderhub.orders where id = $1 for update")
            .bind(self.order.id.uuid())
            .execute(&mut self.locker)
            .await
            .expect("locked");
    }

    async fn unlock_order(&mut self) {
        let commit = sqlx::query("commit").execute(&mut self.locker);
        commit.await.expect("committed");
    }

    /// Waits until a lane's server process waits for a lock; answers its process id.
    async fn waiting_lane(&mut self) -> i32 {
        for _ in 0..200 {
            let row = sqlx::query(
                "select pid from pg_stat_activity \
                 where datname = current_database() and application_name = 'orderhub lane' \
                   and wait_event_type = 'Lock'",
            )
            .fetch_optional(&mut self.direct)
            .await
            .expect("looked");
            if let Some(row) = row {
                return row.get("pid");
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("no lane waits for a lock");
    }

    async fn wait_until_gone(&mut self, pid: i32) {
        for _ in 0..500 {
            let there: bool =
                sqlx::query_scalar("select exists (select from pg_stat_activity where pid = $1)")
                    .bind(pid)
                    .fetch_one(&mut self.direct)
                    .await
                    .expect("looked");
            if !there {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("the server process {pid} is still there");
    }

    async fn epoch(&mut self) -> i64 {
        sqlx::query_scalar("select epoch from orderhub.shard_owner where shard = $1")
            .bind(i16::from(self.order.id.shard().0))
            .fetch_one(&mut self.direct)
            .await
            .expect("the epoch")
    }

    async fn version(&mut self) -> i64 {
        sqlx::query_scalar("select version from orderhub.orders where id = $1")
            .bind(self.order.id.uuid())
            .fetch_one(&mut self.direct)
            .await
            .expect("the version")
    }

    /// The log has exactly these kinds after the two of the beginning.
    async fn assert_log(&self, later: &[&str]) {
        let mut kinds = vec!["order.received", "order.screened"];
        kinds.extend(later);
        assert_eq!(self.node.kinds(self.order.id).await, kinds);
    }
}

/// Commits in a task of its own, as the hub does.
fn send(scene: &Scene, batch: Vec<Append>) -> JoinHandle<Vec<Appended>> {
    let mut lane = scene.store.lane();
    tokio::spawn(async move { lane.commit(&batch).await })
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_answered_as_committed() {
    let mut scene = Scene::new().await;
    let before = scene.epoch().await;
    scene.proxy.hold_answers();
    let append = scene.next();
    let Scene {
        node,
        mut direct,
        proxy,
        order,
        ..
    } = scene;
    let Node {
        mut lane, journal, ..
    } = node;
    let task = tokio::spawn(async move { lane.commit(&[append]).await });
    let version = async |direct: &mut PgConnection| -> i64 {
        sqlx::query_scalar("select version from orderhub.orders where id = $1")
            .bind(order.id.uuid())
            .fetch_one(direct)
            .await
            .expect("the version")
    };
    while version(&mut direct).await < 3 {
        sleep(Duration::from_millis(5)).await;
    }
    proxy.cut();
    assert_eq!(task.await.expect("no panic"), vec![Appended::Committed]);
    let epoch: i64 = sqlx::query_scalar("select epoch from orderhub.shard_owner where shard = $1")
        .bind(i16::from(order.id.shard().0))
        .fetch_one(&mut direct)
        .await
        .expect("the epoch");
    assert_eq!(
        epoch,
        before + 1,
        "the shard was claimed again before the look"
    );
    let loaded = journal.load(&[order.id]).await.expect("loaded");
    assert_eq!(loaded[0].events.as_ref().map(Vec::len), Ok(3));
}

#[tokio::test]
async fn a_cut_batch_that_commits_late_is_answered_as_committed() {
    let mut scene = Scene::new().await;
    scene.lock_order().await;
    let task = send(&scene, vec![scene.next()]);
    let pid = scene.waiting_lane().await;
    scene.proxy.cut();
    // The old server process knows nothing of the cut and commits when the lock is free.
    sleep(Duration::from_millis(100)).await;
    scene.unlock_order().await;
    assert_eq!(task.await.expect("no panic"), vec![Appended::Committed]);
    scene.wait_until_gone(pid).await;
    assert_eq!(scene.version().await, 3);
    scene.assert_log(&["order.cancel_refused"]).await;
}

#[tokio::test]
async fn a_cut_batch_that_never_commits_is_sent_again_once() {
    let mut scene = Scene::new().await;
    let before = scene.epoch().await;
    scene.lock_order().await;
    let other = NewOrder::of(scene.order.channel);
    let batch = vec![scene.next(), other.create(&scene.claims)];
    let task = send(&scene, batch);
    let pid = scene.waiting_lane().await;
    scene.proxy.cut();
    // The lock stays: the re-claim runs into its limit and ends the old server process.
    scene.wait_until_gone(pid).await;
    scene.unlock_order().await;
    let answers = task.await.expect("no panic");
    assert_eq!(answers, vec![Appended::Committed, Appended::Committed]);
    assert!(scene.epoch().await > before);
    assert_eq!(scene.version().await, 3);
    scene.assert_log(&["order.cancel_refused"]).await;
    assert_eq!(scene.node.kinds(other.id).await.len(), 2);
}

#[tokio::test]
async fn a_statement_that_arrives_after_its_lane_gave_it_up_writes_nothing() {
    let mut scene = Scene::new().await;
    let before = scene.epoch().await;
    scene.proxy.hold_requests();
    let append = scene.next();
    let answers = scene.node.lane.commit(&[append]).await;
    assert_eq!(answers, vec![Appended::Committed], "on a new connection");
    scene.proxy.deliver_requests();
    sleep(Duration::from_millis(300)).await;
    assert_eq!(scene.version().await, 3);
    scene.assert_log(&["order.cancel_refused"]).await;
    // The lane goes on under the raised epoch, with appends decided under the old one.
    assert_eq!(scene.epoch().await, before + 1);
    let later = scene.after(3);
    assert_eq!(scene.node.commit(later).await, Appended::Committed);
}

/// Lets a stopped process go on, whatever happens to the test.
struct Stopped(i32);

impl Stopped {
    fn stop(pid: i32) -> Self {
        signal("-STOP", pid);
        Self(pid)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        signal("-CONT", self.0);
    }
}

fn signal(name: &str, pid: i32) {
    let sent = Command::new("kill").arg(name).arg(pid.to_string()).status();
    assert!(sent.expect("kill runs").success());
}

#[tokio::test]
async fn a_stopped_server_process_leaves_the_outcome_unknown_and_harms_nothing() {
    let mut scene = Scene::new().await;
    scene.lock_order().await;
    let again = scene.next();
    let batch = [scene.next()];
    let mut lane = scene.store.lane();
    let task = tokio::spawn(async move {
        let answers = lane.commit(&batch).await;
        (lane, answers)
    });
    let pid = scene.waiting_lane().await;
    let stopped = Stopped::stop(pid);
    let (mut lane, answers) = task.await.expect("no panic");
    assert!(
        matches!(answers.as_slice(), [Appended::OutcomeUnknown(_)]),
        "it holds the shard and cannot be ended: {answers:?}"
    );
    // Nothing else of the shard is written until that is known.
    let waiting = lane.commit(std::slice::from_ref(&again)).await;
    assert!(
        matches!(waiting.as_slice(), [Appended::Unavailable(_)]),
        "{waiting:?}"
    );

    drop(stopped);
    scene.unlock_order().await;
    scene.wait_until_gone(pid).await;
    let before = scene.version().await;
    let answers = lane.commit(std::slice::from_ref(&again)).await;
    let expected = if before == 2 {
        Appended::Committed
    } else {
        Appended::Stale
    };
    assert_eq!(answers, vec![expected]);
    assert_eq!(scene.version().await, 3);
    scene.assert_log(&["order.cancel_refused"]).await;
}

#[tokio::test]
async fn a_database_that_is_not_there_stores_nothing() {
    let mut scene = Scene::new().await;
    let port = scene.proxy.port;
    drop(scene.node.lane);
    let store = scene.store.clone();
    let mut lane = store.lane();
    // Every new connection of this lane is cut at once.
    let cutter = tokio::spawn({
        let proxy = scene.proxy;
        async move {
            loop {
                proxy.cut();
                sleep(Duration::from_millis(1)).await;
            }
        }
    });
    let order = NewOrder::of(scene.order.channel);
    let answers = lane.commit(&[order.create(&scene.claims)]).await;
    assert!(
        matches!(answers.as_slice(), [Appended::Unavailable(_)]),
        "{answers:?} at {port}"
    );
    cutter.abort();
    let stored: bool =
        sqlx::query_scalar("select exists (select from orderhub.orders where id = $1)")
            .bind(order.id.uuid())
            .fetch_one(&mut scene.direct)
            .await
            .expect("looked");
    assert!(!stored);
}
