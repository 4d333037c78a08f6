//! The logs as watchers read them: on the pool of reads, after places that the watchers keep.

use std::collections::BTreeMap;

use orderhub_actors::ports::Unavailable;
use orderhub_domain::ids::{LocationCode, ShardId};

use super::super::Store;
use super::{Kind, Log, Logged, both, shard, statement};

impl Store {
    /// Every log that has entries, and maybe others.
    pub async fn every_log(&self) -> Result<Vec<Log>, Unavailable> {
        let query = || {
            let query = sqlx::query_scalar::<_, String>(statement::EVERY_LOCATION);
            query.fetch_all(self.pool())
        };
        let locations = self.read(query).await?.into_iter().map(LocationCode);
        let shards = ShardId::all().map(Log::Shard);
        Ok(shards.chain(both(locations)).collect())
    }

    /// Where these logs end; empty ones are left out.
    pub async fn log_ends(&self, logs: &[Log]) -> Result<BTreeMap<Log, i64>, Unavailable> {
        let mut ends = BTreeMap::new();
        for kind in Kind::ALL {
            let names = kind.names(logs.iter());
            if names.is_empty() {
                continue;
            }
            let query = || {
                sqlx::query_as::<_, (String, i64)>(kind.statements().ends)
                    .bind(&names)
                    .fetch_all(self.pool())
            };
            for (name, seq) in self.read(query).await? {
                ends.insert(kind.log(name).map_err(unavailable)?, seq);
            }
        }
        Ok(ends)
    }

    /// The entries after these places, at most `most` of each log, each log's in order.
    pub async fn entries_after(
        &self,
        places: &BTreeMap<Log, i64>,
        most: i64,
    ) -> Result<Vec<Logged>, Unavailable> {
        let mut entries = Vec::new();
        for kind in Kind::ALL {
            let names = kind.names(places.keys());
            if names.is_empty() {
                continue;
            }
            let of_kind = places.iter().filter(|(log, _)| log.kind() == kind);
            let seqs: Vec<i64> = of_kind.map(|(_, seq)| *seq).collect();
            let query = || {
                sqlx::query(kind.statements().bite)
                    .bind(&names)
                    .bind(&seqs)
                    .bind(most)
                    .fetch_all(self.pool())
            };
            for row in self.read(query).await? {
                entries.push(kind.logged(&row).map_err(unavailable)?);
            }
        }
        Ok(entries)
    }

    /// The logs that have grown on this node since the last call; for the feed.
    pub fn take_untold(&self) -> Vec<Log> {
        let (shards, locations) = self.shared.fences.take_untold();
        let shards = shards.into_iter().map(|mark| Log::Shard(shard(mark)));
        shards.chain(both(locations)).collect()
    }

    /// Part of every event's public id; a restore from a backup raises it.
    pub async fn generation(&self) -> Result<i32, Unavailable> {
        let query = || sqlx::query_scalar(statement::GENERATION).fetch_one(self.pool());
        self.read(query).await
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err asks for"
)]
fn unavailable(error: sqlx::Error) -> Unavailable {
    Unavailable(error.to_string())
}
