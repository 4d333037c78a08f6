//! A database of its own, seen by nodes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use orderhub::store::{Limits, Seal, Store, StoreOptions};
use orderhub_domain::ids::{ChannelId, Slug};

use crate::contract::fixture::number;
use crate::contract::{Node, World};
use crate::postgres::Cluster;
use crate::proxy::Proxy;

/// A new database.
pub(crate) struct Database {
    pub(crate) url: String,
}

impl Database {
    pub(crate) async fn new() -> Self {
        Self {
            url: Cluster::shared().database().await,
        }
    }

    pub(crate) async fn store(&self, node: &str) -> Store {
        self.store_at(&self.url, node, Limits::default()).await
    }

    /// A store with short limits whose connections pass a proxy.
    pub(crate) async fn store_behind_a_proxy(&self, node: &str) -> (Proxy, Store) {
        let port = Cluster::shared().port;
        let proxy = Proxy::to(port).await;
        let (direct, detour) = (format!(":{port}/"), format!(":{}/", proxy.port));
        let url = self.url.replace(&direct, &detour);
        let store = self.store_at(&url, node, short()).await;
        (proxy, store)
    }

    /// A store that reaches the database at this URL.
    pub(crate) async fn store_at(&self, url: &str, node: &str, limits: Limits) -> Store {
        let options = StoreOptions {
            read_connections: 3,
            limits,
            ..StoreOptions::new(node, Seal::new([42; 32]).expect("a key"))
        };
        Store::connect(url, options).await.expect("connected")
    }
}

/// Time limits that a test can wait for.
pub(crate) fn short() -> Limits {
    Limits {
        connect: Duration::from_secs(2),
        statement: Duration::from_secs(5),
        lock: Duration::from_millis(300),
        answer: Duration::from_millis(600),
        read: Duration::from_millis(600),
        resolve: Duration::from_millis(1500),
    }
}

/// One process's view.
pub(crate) fn node(store: &Store) -> Node {
    Node {
        lane: Box::new(store.lane()),
        stock_lane: Box::new(store.stock_lane()),
        journal: Arc::new(store.clone()),
        book: Arc::new(store.clone()),
        ownership: Arc::new(store.clone()),
    }
}

/// A registered channel.
pub(crate) async fn channel(store: &Store) -> ChannelId {
    let slug = Slug(format!("web-{}", number()));
    let channel = store.ensure_channel(&slug, "direct", slug.as_str()).await;
    channel.expect("registered")
}

#[async_trait]
impl World for Database {
    async fn node(&self, name: &str) -> Node {
        node(&self.store(name).await)
    }

    async fn channel(&self) -> ChannelId {
        channel(&self.store("registrar").await).await
    }
}
