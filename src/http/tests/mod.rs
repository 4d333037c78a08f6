//! The edge against a real listener on a loopback port: raw sockets in, whole answers out. Behind
//! it stands a hub in memory that decides with the real domain.

mod auth;
mod batch;
mod bodies;
mod client;
mod console;
mod events;
mod feeds;
mod framing;
mod hooks;
mod hub;
mod messages;
mod notes;
mod orders;
mod parked;
mod reader;
mod reads;
mod requests;
mod settlements;
mod shutdown;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use orderhub_actors::Inlet;
use orderhub_actors::ports::Unavailable;
use orderhub_channels::registry::Family;
use orderhub_domain::ids::{ChannelId, Slug};
use orderhub_domain::policy::Policy;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::auth::Keys;
use super::keys::{Key, KeyRing, Scope, generate, token_hash};
use super::requests::Requests;
use super::streams::Streams;
use super::{Edge, Front, Hooks, Limits, Listener, Rooms, Side};
use crate::events::Feed;
use crate::events::tests::Memory;
use crate::intake::{Desk, SalesChannel};
use crate::stock_feeds::StockFeeds;
use client::{Answer, Ask};
use hub::Hub;
use notes::Notes;
use reader::Reader;

/// A served edge and the keys that work on it.
struct World {
    api: SocketAddr,
    admin: SocketAddr,
    hub: Arc<Hub>,
    notes: Arc<Notes>,
    ring: Arc<Ring>,
    log: Arc<Memory>,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

/// Keys in memory.
#[derive(Default)]
struct Ring(std::sync::Mutex<BTreeMap<[u8; 32], Key>>);

impl Ring {
    fn add(&self, scopes: &[Scope], channel: Option<&str>) -> String {
        let (token, id) = generate().expect("randomness");
        let key = Key {
            id,
            name: "tests".into(),
            scopes: scopes.to_vec(),
            channel: channel.map(Slug::from),
        };
        self.0
            .lock()
            .expect("a lock")
            .insert(token_hash(&token), key);
        token
    }

    fn revoke_all(&self) {
        self.0.lock().expect("a lock").clear();
    }
}

#[async_trait]
impl KeyRing for Ring {
    async fn lookup(&self, token_hash: [u8; 32]) -> Result<Option<Key>, Unavailable> {
        Ok(self.0.lock().expect("a lock").get(&token_hash).cloned())
    }
}

fn channel_id(slug: &str) -> ChannelId {
    ChannelId(Uuid::new_v5(&Uuid::NAMESPACE_URL, slug.as_bytes()))
}

/// Short times, so that tests of waiting are short.
fn limits() -> Limits {
    Limits {
        head_time: Duration::from_millis(400),
        body_time: Duration::from_millis(400),
        idle_time: Duration::from_secs(2),
        ..Limits::default()
    }
}

async fn world() -> World {
    world_with(limits()).await
}

async fn world_with(limits: Limits) -> World {
    let hub = Arc::new(Hub::default());
    let notes = hub.notes.clone();
    let ring = Arc::new(Ring::default());
    let channel = |slug: &str, direct| {
        let channel = SalesChannel {
            id: channel_id(slug),
            kind: if direct { "direct" } else { "shopify" },
            direct,
            live: true,
        };
        (Slug::from(slug), channel)
    };
    let signed = Inlet {
        source: "sales/shop".to_owned(),
        slug: "shop".into(),
        connector: Arc::new(hooks::Signed::default()),
        channel: Some(channel_id("shop")),
        poll_every: None,
    };
    let desk = Desk {
        hub: hub.clone(),
        intake: Arc::new(Reader),
        channels: [
            channel("web", true),
            channel("app", true),
            channel("shop", false),
        ]
        .into(),
        locations: ["STORE-3".into(), "BER1".into()].into(),
    };
    let stop = CancellationToken::new();
    let log = Arc::new(Memory::default());
    let feed = Feed::new(log.clone(), "hub-1", stop.clone());
    let edge = Arc::new(Edge {
        hub: hub.clone(),
        journal: hub.clone(),
        list: hub.clone(),
        keys: Keys::new(ring.clone()),
        desk: Arc::new(desk),
        hooks: Hooks::new(
            [((Family::Sales, Slug::from("shop")), signed)].into(),
            "https://hub.example".into(),
        ),
        webhooks: notes.clone(),
        messages: notes.clone(),
        payouts: Arc::new(settlements::Kept::default()),
        payers: settlements::payers(),
        rooms: Rooms::default(),
        stock_feeds: StockFeeds::new(hub.clone(), Arc::new(feeds::Kept::default())),
        requests: Requests::new(notes.clone()),
        feed: feed.clone(),
        streams: Streams::new(stop.clone()),
        policy: Policy::default(),
        metrics: Arc::new(|| "orderhub_build_info 1\n".into()),
        started: false.into(),
    });
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let api = Listener::bind(any, limits).await.expect("a port");
    let admin = Listener::bind(any, limits).await.expect("a port");
    let addresses = (
        api.address().expect("bound"),
        admin.address().expect("bound"),
    );
    tokio::spawn(feed.run());
    let serving = {
        let (stop, drain) = (stop.clone(), Duration::from_secs(1));
        let front = Front::new(edge.clone(), Side::Api, limits);
        let inside = Front::new(edge, Side::Admin, limits);
        async move {
            tokio::join!(
                api.run(front.clone(), stop.clone(), drain),
                admin.run(inside, stop, drain)
            );
            front.finished().await;
        }
    };
    World {
        api: addresses.0,
        admin: addresses.1,
        hub,
        notes,
        ring,
        log,
        stop,
        running: tokio::spawn(serving),
    }
}

impl World {
    /// A key that may do everything.
    fn admin_key(&self) -> String {
        self.ring.add(&[Scope::Admin], None)
    }

    /// Asks with a key of its own.
    async fn ask(&self, ask: Ask) -> Answer {
        ask.key(&self.admin_key()).send(self.api).await
    }
}

/// An order as the tests' reader takes it.
fn order(external_id: &str) -> String {
    format!("{{\"channel\":\"web\",\"external_id\":\"{external_id}\",\"sku\":\"A\"}}")
}
