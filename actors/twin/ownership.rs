//! Leases and epochs in memory.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use orderhub_domain::ids::{LocationCode, ShardId};

use super::Twin;
use crate::ports::{Claims, Ownership, Unavailable};

/// One incarnation of a node. A later one under the same name supersedes it.
pub(super) struct TwinOwnership {
    twin: Twin,
    node: String,
    /// 0 before the first claim.
    incarnation: AtomicU64,
}

impl TwinOwnership {
    pub(super) fn new(twin: Twin, node: &str) -> Self {
        Self {
            twin,
            node: node.to_owned(),
            incarnation: AtomicU64::new(0),
        }
    }
}

#[async_trait]
impl Ownership for TwinOwnership {
    async fn claim_all(&self, locations: &[LocationCode]) -> Result<Claims, Unavailable> {
        let mut world = self.twin.reading()?;
        let latest = world.nodes.entry(self.node.clone()).or_default();
        *latest += 1;
        self.incarnation.store(*latest, Ordering::SeqCst);
        let mut claims = Claims::default();
        for shard in ShardId::all() {
            let epoch = world.shards.entry(shard).or_default();
            *epoch += 1;
            claims.shards.insert(shard, *epoch);
        }
        for location in locations {
            let epoch = world.location_epochs.entry(location.clone()).or_default();
            *epoch += 1;
            claims.locations.insert(location.clone(), *epoch);
        }
        Ok(claims)
    }

    async fn renew(&self) -> Result<bool, Unavailable> {
        let world = self.twin.reading()?;
        let mine = self.incarnation.load(Ordering::SeqCst);
        Ok(mine > 0 && world.nodes.get(&self.node) == Some(&mine))
    }
}
