//! Leases and epochs in memory.

use async_trait::async_trait;
use orderhub_domain::ids::{LocationCode, ShardId};

use super::Twin;
use crate::ports::{Claims, Ownership, Unavailable};

/// One incarnation of a node. A later one under the same name supersedes it.
pub(super) struct TwinOwnership {
    twin: Twin,
    node: String,
    incarnation: u64,
}

impl TwinOwnership {
    pub(super) fn new(twin: Twin, node: &str) -> Self {
        let incarnation = {
            let mut world = twin.world();
            let latest = world.nodes.entry(node.to_owned()).or_default();
            *latest += 1;
            *latest
        };
        Self {
            twin,
            node: node.to_owned(),
            incarnation,
        }
    }
}

#[async_trait]
impl Ownership for TwinOwnership {
    async fn claim_all(&self, locations: &[LocationCode]) -> Result<Claims, Unavailable> {
        let mut world = self.twin.reading()?;
        if world.nodes.get(&self.node) != Some(&self.incarnation) {
            return Err(Unavailable("superseded".into()));
        }
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
        Ok(world.nodes.get(&self.node) == Some(&self.incarnation))
    }
}
