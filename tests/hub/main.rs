//! What needs neither Postgres nor a network: the contract of the stores, kept by the twin in
//! memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a case that cannot go on fails, and says where"
)]

#[expect(
    dead_code,
    reason = "a few steps are only taken against a real database"
)]
#[path = "../contract/mod.rs"]
mod contract;

use async_trait::async_trait;
use contract::{Node, World, store_contract};
use orderhub_actors::twin::Twin;
use orderhub_domain::ids::ChannelId;
use uuid::Uuid;

/// A store in memory.
struct Memory(Twin);

impl Memory {
    #[expect(
        clippy::unused_async,
        reason = "the suite makes its worlds with an async function"
    )]
    async fn new() -> Self {
        Self(Twin::new(jiff::Timestamp::now()))
    }
}

#[async_trait]
impl World for Memory {
    async fn node(&self, name: &str) -> Node {
        Node {
            lane: self.0.lane(),
            stock_lane: self.0.stock_lane(),
            journal: self.0.journal(),
            book: self.0.stock_book(),
            ownership: self.0.ownership(name),
        }
    }

    async fn channel(&self) -> ChannelId {
        ChannelId(Uuid::now_v7())
    }
}

store_contract!(crate::Memory::new);
