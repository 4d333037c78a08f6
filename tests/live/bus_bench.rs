//! How fast the publisher is, beside a plain client of `JetStream`. Not a test of anything: run it by
//! hand, and read its figures against each other, not against another machine's.

use std::time::{Duration, Instant};

use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{Context, stream};
use futures_util::StreamExt;
use orderhub::bus::{Bus, Publisher};
use orderhub_actors::ports::Ownership;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::nats::{Nats, Server};
use crate::world::Database;

const ENTRIES: u32 = 20_000;
const RUNS: usize = 5;

/// What is published.
#[derive(Debug, Clone, Copy)]
enum Load {
    /// Events of all shards.
    AllShards,
    /// Changes of stock at one location.
    OneLocation,
}

impl Load {
    /// Messages on their way at once, as `src/bus` has it.
    fn in_flight(self) -> usize {
        match self {
            Self::AllShards => 256,
            Self::OneLocation => 1,
        }
    }

    async fn write(self, database: &PgPool) {
        let statement = match self {
            Self::AllShards => {
                "insert into orderhub.event (shard, seq, stream_kind, stream_id, version, epoch,
                                             kind, schema, actor, recorded_at, body)
                 select n % 256, n / 256 + 1, 1, gen_random_uuid(), 1, 1,
                        'order.request_noted', 1, 'system', now(),
                        jsonb_build_object('note', repeat('x', 200))
                 from generate_series(0, $1 - 1) n"
            }
            Self::OneLocation => {
                "insert into orderhub.stock_ledger (location, seq, sku, d_on_hand, d_reserved,
                                                    d_allocated, cause, order_id, recorded_at)
                 select 'BER1', n, 'SKU-1', 0, 1, 0, 'reserve', gen_random_uuid(), now()
                 from generate_series(1, $1) n"
            }
        };
        let entries = i32::try_from(ENTRIES).unwrap();
        let written = sqlx::query(statement).bind(entries).execute(database);
        written.await.unwrap();
        sqlx::query("analyze").execute(database).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures; run with -- --ignored --nocapture bus_throughput"]
async fn bus_throughput() {
    for server in [Server::Installed, Server::Current] {
        for load in [Load::OneLocation, Load::AllShards] {
            let mut ours = Vec::new();
            let mut plain = Vec::new();
            let mut shares = Vec::new();
            for _ in 0..RUNS {
                let nats = Nats::start(server).await;
                let context = nats.context().await;
                let took = publisher(&nats, &context, load).await;
                let baseline = plain_client(&context, load).await;
                shares.push(100 * baseline.as_micros() / took.as_micros());
                ours.push(per_second(took));
                plain.push(per_second(baseline));
            }
            let (ours, plain, shares) = (spread(ours), spread(plain), spread(shares));
            println!("{server:?}, {load:?}: {ours}/s; plain client {plain}/s; {shares} % of it");
        }
    }
}

/// From the publisher's start until everything is on the bus.
async fn publisher(nats: &Nats, context: &Context, load: Load) -> Duration {
    let database = Database::new().await;
    let store = database.store("a").await;
    store.claim_all(&["BER1".into()]).await.expect("claimed");
    let pool = PgPool::connect(&database.url).await.unwrap();
    load.write(&pool).await;
    let bus = Bus::connect(&nats.url(), "a").await.unwrap();
    let stop = CancellationToken::new();
    let started = Instant::now();
    let publisher = Publisher::new(&store, Some(bus), "a").run(stop.clone());
    let publisher = tokio::spawn(publisher);
    while messages(context).await < u64::from(ENTRIES) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let took = started.elapsed();
    stop.cancel();
    publisher.await.unwrap();
    took
}

async fn messages(context: &Context) -> u64 {
    let stream = context.get_stream("ORDERHUB_EVENTS").await;
    stream.map_or(0, |stream| stream.cached_info().state.messages)
}

/// The same number of messages of the same size, made beforehand, with as many in flight.
async fn plain_client(context: &Context, load: Load) -> Duration {
    let events = context.get_stream("ORDERHUB_EVENTS").await.unwrap();
    let sample = events.get_raw_message(1).await.unwrap();
    let config = stream::Config {
        name: "PLAIN".to_owned(),
        subjects: vec!["plain.>".to_owned()],
        ..events.cached_info().config.clone()
    };
    context.create_stream(config).await.unwrap();
    let started = Instant::now();
    let sending = futures_util::stream::iter(0..ENTRIES).map(|number| {
        let message = PublishMessage::build()
            .payload(sample.payload.clone())
            .header("traceparent", "0".repeat(55))
            .message_id(Uuid::from_u128(number.into()).to_string());
        let subject = format!("plain.{}", sample.subject);
        async move {
            let acknowledgement = context.send_publish(subject, message).await.unwrap();
            acknowledgement.await.unwrap();
        }
    });
    let sent = sending.buffer_unordered(load.in_flight()).count().await;
    assert_eq!(u32::try_from(sent), Ok(ENTRIES));
    started.elapsed()
}

fn per_second(took: Duration) -> u128 {
    u128::from(ENTRIES) * 1_000_000 / took.as_micros()
}

/// The median, and the least and the most.
fn spread(mut figures: Vec<u128>) -> String {
    figures.sort_unstable();
    let (least, most) = (figures[0], figures[figures.len() - 1]);
    format!("{} ({least}..{most})", figures[figures.len() / 2])
}
