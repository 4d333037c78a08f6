//! More than the hub takes at once: whoever comes too much is told when to come back, nothing of it
//! is stored, and nobody else waits for it. The bounds themselves are those of the architecture.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use orderhub_domain::ids::{ChannelId, ShardId};
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use sqlx::PgPool;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::support::api::{Api, Reply};
use crate::support::checker;
use crate::support::lives::{Cast, Watch};
use crate::support::orders::one_unit;
use crate::support::patience::{AFTER_A_CRASH, SOON, until};
use crate::support::world::World;

/// Requests under way per order, and per shard.
const PER_ORDER: usize = 32;
const PER_SHARD: usize = 512;

/// Connections at once.
const CONNECTIONS: usize = 4_096;

/// Holds a shard's commits back until it is dropped. Short of 8 s: then its lane would give up.
async fn hold_commits(audit: &PgPool, shard: i64) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let mut held = audit.begin().await.unwrap();
    sqlx::query("select 1 from orderhub.shard_owner where shard = $1 for update")
        .bind(shard)
        .execute(&mut *held)
        .await
        .unwrap();
    held
}

/// Sends all of these at once while their shard commits nothing, until there are so many refusals;
/// then something else happens, and the shard commits again. What was refused, by its place.
async fn crowd(
    world: &World,
    shard: i64,
    requests: Vec<RequestBuilder>,
    refusals: usize,
    meanwhile: impl Future<Output = ()>,
) -> BTreeSet<usize> {
    let (told, mut answers) = mpsc::unbounded_channel();
    let held = hold_commits(&world.audit, shard).await;
    let mut senders = JoinSet::new();
    for (place, request) in requests.into_iter().enumerate() {
        let told = told.clone();
        senders.spawn(async move {
            let reply = Api::try_send(request).await.expect("an answer");
            told.send((place, reply)).unwrap();
        });
    }
    drop(told);
    let mut refused = BTreeSet::new();
    while refused.len() < refusals {
        let next = tokio::time::timeout(SOON, answers.recv()).await;
        let (place, reply) = next.expect("refusals come at once").unwrap();
        is_busy(&reply);
        refused.insert(place);
    }
    meanwhile.await;
    held.rollback().await.unwrap();
    while let Some((place, reply)) = answers.recv().await {
        if reply.status >= 300 {
            is_busy(&reply);
            refused.insert(place);
        }
    }
    refused
}

#[track_caller]
fn is_busy(reply: &Reply) {
    assert_eq!((reply.status, reply.code().as_str()), (503, "overloaded"));
    assert!(!reply.header("retry-after").is_empty(), "{reply:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_takes_so_many_requests_at_once_and_no_more() {
    const ASKED: usize = 100;
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "SKU-1", 10).await;
    let order = api.place(&one_unit("B-1", "SKU-1")).await;
    api.until_stage(&order, &["fulfilling"]).await;
    let shard: i64 = sqlx::query_scalar("select shard::bigint from orderhub_check.events")
        .fetch_one(&world.audit)
        .await
        .unwrap();
    let ask = |number: usize| {
        let path = format!("/v1/orders/{order}/actions/hold");
        let body = json!({"reason": format!("reason {number}"), "blocks": ["refund"]});
        api.request(Method::POST, &path)
            .header("idempotency-key", format!("hold-{number}"))
            .json(&body)
    };
    let all = (0..ASKED).map(ask).collect();
    let refused = crowd(&world, shard, all, ASKED - PER_ORDER, async {}).await;
    assert_eq!(refused.len(), ASKED - PER_ORDER);
    let placed = || checker::events_of(&world.audit, &order, "order.hold_placed");
    assert_eq!(placed().await, i64::try_from(PER_ORDER).unwrap());
    for number in refused {
        Api::send(ask(number)).await.expect(200);
    }
    assert_eq!(placed().await, i64::try_from(ASKED).unwrap());
    checker::always(&world.audit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_takes_so_many_requests_at_once_and_others_go_on() {
    const ASKED: usize = 560;
    let world = World::start().await;
    let api = &world.api;
    let channel: sqlx::types::Uuid =
        sqlx::query_scalar("select id from orderhub.channel where slug = 'web'")
            .fetch_one(&world.audit)
            .await
            .unwrap();
    let channel = ChannelId(channel);
    let in_shard = |shard: u8| {
        let names = (0..).map(|number| format!("S-{number}"));
        names.filter(move |name| channel.shard(name) == ShardId(shard))
    };
    let names: Vec<String> = in_shard(8).take(ASKED).collect();
    // Known already: the key is not looked up in the crowd.
    api.get("/v1/orders").await.expect(200);
    let ask = |name: &String| {
        api.request(Method::POST, "/v1/orders")
            .json(&one_unit(name, "NONE"))
    };
    let all = names.iter().map(ask).collect();
    // Another lane's: it neither waits for the crowd nor counts with it.
    let neighbour = one_unit(&in_shard(9).next().unwrap(), "NONE");
    let neighbour = async { drop(api.place(&neighbour).await) };
    let refused = crowd(&world, 8, all, ASKED - PER_SHARD, neighbour).await;
    assert_eq!(refused.len(), ASKED - PER_SHARD);
    let stored = || async { checker::orders(&world.audit).await - 1 };
    assert_eq!(stored().await, i64::try_from(PER_SHARD).unwrap());
    for place in refused {
        Api::send(ask(&names[place])).await.expect(201);
    }
    assert_eq!(stored().await, i64::try_from(ASKED).unwrap());
    let shards: i64 = sqlx::query_scalar("select count(distinct shard) from orderhub_check.events")
        .fetch_one(&world.audit)
        .await
        .unwrap();
    assert_eq!(shards, 2);
    checker::always(&world.audit).await;
}

/// Lets this process, and the hub that it starts, open thousands of sockets. Whether it may.
fn may_open_many_sockets() -> bool {
    let pid = std::process::id().to_string();
    let raised = std::process::Command::new("prlimit")
        .args(["--pid", &pid, "--nofile=16384:"])
        .status();
    raised.is_ok_and(|status| status.success())
}

/// Opens connections and says this on each.
async fn open(addr: SocketAddr, count: usize, words: &str) -> Vec<TcpStream> {
    let mut open = Vec::new();
    for _ in 0..count {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        stream.write_all(words.as_bytes()).await.ok();
        open.push(stream);
    }
    open
}

/// Sends a byte a second for as long as the other side listens.
async fn dribble(mut stream: TcpStream, byte: u8) -> String {
    let (mut answer, mut buffer) = (Vec::new(), [0; 1_024]);
    loop {
        if stream.write_all(&[byte]).await.is_err() {
            break;
        }
        let pause = Duration::from_secs(1);
        match tokio::time::timeout(pause, stream.read(&mut buffer)).await {
            Err(_) => {}
            Ok(Ok(read)) if read > 0 => answer.extend_from_slice(&buffer[..read]),
            Ok(_) => break,
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_and_silent_senders_keep_no_good_client_waiting() {
    let world = World::start().await;
    world.api.count("BER1", "SKU-1", 100).await;
    let addr = SocketAddr::from(([127, 0, 0, 1], world.setup.http_port));
    let key = world.hub.make_key("slow", "orders:write");
    let head = format!(
        "POST /v1/orders HTTP/1.1\r\nhost: hub\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: 500\r\n\r\n{{"
    );
    let mut heads = JoinSet::new();
    for stream in open(addr, 200, "GET /livez HTTP/1.1\r\nx-slow: ").await {
        heads.spawn(dribble(stream, b'a'));
    }
    let mut bodies = JoinSet::new();
    for stream in open(addr, 200, &head).await {
        bodies.spawn(dribble(stream, b' '));
    }
    let silent = open(addr, 200, "").await;

    let cast = Cast::of(&world);
    for number in 0..5 {
        cast.live(&one_unit(&format!("Q-{number}"), "SKU-1")).await;
    }
    let seen = cast.watch.seen();
    assert_eq!((seen.put_off, seen.unanswered), (0, 0), "{seen:?}");
    assert!(seen.slowest < SOON, "{seen:?}");

    // Nobody of them is heard for ever.
    let ended = async {
        while let Some(answer) = heads.join_next().await {
            let answer = answer.unwrap();
            assert!(!answer.contains("HTTP/1.1 200"), "{answer}");
        }
        while let Some(answer) = bodies.join_next().await {
            let answer = answer.unwrap();
            assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        }
        for mut stream in silent {
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.ok();
        }
    };
    let ended = tokio::time::timeout(AFTER_A_CRASH, ended).await;
    assert!(ended.is_ok(), "slow senders are still being heard");
    assert_eq!(checker::orders(&world.audit).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_beyond_the_cap_are_told_to_come_back_and_good_ones_go_on() {
    if !may_open_many_sockets() {
        eprintln!("skipped: this process may not open thousands of sockets");
        return;
    }
    let world = World::start().await;
    world.api.count("BER1", "SKU-1", 100).await;
    let addr = SocketAddr::from(([127, 0, 0, 1], world.setup.http_port));
    let asked = "GET /livez HTTP/1.1\r\nhost: hub\r\n\r\n";
    let before = world.hub.memory_kib();
    // Idle after an answer: they may stay for a minute.
    let idle = open(addr, CONNECTIONS - 96, asked).await;
    let cast = Cast::of(&world);
    cast.live(&one_unit("I-1", "SKU-1")).await;
    let seen = cast.watch.seen();
    assert_eq!((seen.put_off, seen.unanswered), (0, 0), "{seen:?}");
    let after = world.hub.memory_kib();
    assert!(
        after < before + 128 * 1024,
        "{before} KiB became {after} KiB"
    );

    let more = open(addr, 200, asked).await;
    let mut refused = 0;
    for mut stream in more {
        let mut buffer = vec![0; 2_048];
        let read = tokio::time::timeout(SOON, stream.read(&mut buffer)).await;
        let read = read.expect("a word at once").unwrap_or(0);
        let answer = String::from_utf8_lossy(&buffer[..read]);
        if answer.starts_with("HTTP/1.1 503 ") {
            assert!(answer.contains("retry-after: "), "{answer}");
            refused += 1;
        }
    }
    assert!(
        refused >= 50,
        "only {refused} of 200 were told to come back"
    );
    drop(idle);
    let cast = Cast::of(&world);
    cast.live(&one_unit("I-2", "SKU-1")).await;
    assert_eq!(checker::orders_in(&world.audit, &["completed"]).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_is_answered_at_once_and_what_was_taken_is_carried_out() {
    const CLIENTS: usize = 1_000;
    const LASTS: Duration = Duration::from_secs(8);
    if !may_open_many_sockets() {
        eprintln!("skipped: this process may not open thousands of sockets");
        return;
    }
    let world = World::start().await;
    let before = world.hub.memory_kib();
    let watch = Arc::new(Watch::default());
    let since = Instant::now();
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (api, watch) = (world.api.clone(), Arc::clone(&watch));
        clients.spawn(async move {
            let mut taken = Vec::new();
            for number in 0.. {
                if since.elapsed() > LASTS {
                    break;
                }
                // There is no such thing: a short life, which costs the hub two commits more.
                let order = one_unit(&format!("F-{client}-{number}"), "NONE");
                let request = api.request(Method::POST, "/v1/orders").json(&order);
                if let Some(reply) = watch.send(request).await {
                    taken.push(reply.json()["id"].as_str().unwrap().to_owned());
                }
            }
            taken
        });
    }
    let mut taken = BTreeSet::new();
    while let Some(client) = clients.join_next().await {
        taken.extend(client.unwrap());
    }
    let after = world.hub.memory_kib();
    let seen = watch.seen();
    eprintln!("{before} KiB became {after} KiB: {seen:?}");
    assert_eq!(seen.wrong, Vec::<String>::new());
    assert_eq!(seen.unanswered, 0, "requests without an answer");
    assert!(seen.slowest < SOON, "{seen:?}");
    assert!(
        after < before + 512 * 1024,
        "{before} KiB became {after} KiB"
    );
    assert_eq!(taken.len(), usize::try_from(seen.done).unwrap());
    until("everything taken is carried out", AFTER_A_CRASH, || async {
        let done = checker::orders_in(&world.audit, &["rejected"]).await;
        (done == checker::orders(&world.audit).await).then_some(())
    })
    .await;
    let stored: Vec<String> = sqlx::query_scalar("select order_id from orderhub_check.orders")
        .fetch_all(&world.audit)
        .await
        .unwrap();
    let stored: BTreeSet<String> = stored.into_iter().collect();
    assert!(taken.is_subset(&stored), "an acknowledged order is gone");
    checker::always(&world.audit).await;
}
