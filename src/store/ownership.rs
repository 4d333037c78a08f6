//! Leases and claims: which process may write what.
//!
//! A claim raises the epoch of every shard and location in one transaction, rows in order. It waits
//! for the statements in flight under the old epochs; those that come later write nothing.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use orderhub_actors::ports::{Claims, Ownership, Unavailable};
use orderhub_domain::ids::{LocationCode, ShardId};
use sqlx::{ConnectOptions, Connection};

use super::Store;
use super::backend::Backend;

/// The newest kinds of events that this binary reads and writes.
const LEVEL: i32 = 1;

const LEASE: &str = "
insert into orderhub.node_lease (node, incarnation, level, expires_at)
values ($1, 1, $2, clock_timestamp() + make_interval(secs => $3))
on conflict (node) do update
set incarnation = node_lease.incarnation + 1, level = excluded.level, expires_at = excluded.expires_at
returning incarnation
";

const LOCK_SHARDS: &str = "select shard from orderhub.shard_owner order by shard for update";

const CLAIM_SHARDS: &str = "
update orderhub.shard_owner
set node = $1, incarnation = $2, epoch = epoch + 1
returning shard, epoch
";

const CLAIM_LOCATIONS: &str = "
insert into orderhub.location_owner (location, node, incarnation, epoch)
select l.location, $2, $3, 1
from unnest($1::text[]) as l (location)
order by l.location
on conflict (location) do update
set node = excluded.node, incarnation = excluded.incarnation, epoch = location_owner.epoch + 1
returning location, epoch
";

#[async_trait]
impl Ownership for Store {
    async fn claim_all(&self, locations: &[LocationCode]) -> Result<Claims, Unavailable> {
        let store = self.clone();
        let locations: BTreeSet<LocationCode> = locations.iter().cloned().collect();
        // A task of its own: a transaction must not be dropped half-way with its caller.
        let task = tokio::spawn(async move { store.claim(locations).await });
        let claimed = task.await.map_err(|error| Unavailable(error.to_string()))?;
        claimed.map_err(|error| Unavailable(error.to_string()))
    }

    async fn renew(&self) -> Result<bool, Unavailable> {
        let incarnation = self.shared.incarnation.load(Ordering::SeqCst);
        let query = || {
            sqlx::query(
                "update orderhub.node_lease \
                 set expires_at = clock_timestamp() + make_interval(secs => $3) \
                 where node = $1 and incarnation = $2",
            )
            .bind(&self.shared.options.node)
            .bind(incarnation)
            .bind(self.lease_secs())
            .execute(self.pool())
        };
        let done = self.read(query).await?;
        Ok(done.rows_affected() == 1)
    }
}

impl Store {
    async fn claim(&self, locations: BTreeSet<LocationCode>) -> Result<Claims, sqlx::Error> {
        let options = &self.shared.options;
        let connect = self
            .shared
            .base
            .clone()
            .application_name("orderhub claim")
            .disable_statement_logging()
            // Longer than a statement may run: a claim waits for those in flight.
            .options([
                (
                    "lock_timeout",
                    (options.limits.statement * 2).as_millis().to_string(),
                ),
                ("idle_in_transaction_session_timeout", "5000".to_owned()),
            ]);
        let mut conn = Backend::connect(&connect, options.limits.connect)
            .await?
            .conn;
        let mut transaction = conn.begin().await?;
        let incarnation: i64 = sqlx::query_scalar(LEASE)
            .bind(&options.node)
            .bind(LEVEL)
            .bind(self.lease_secs())
            .fetch_one(&mut *transaction)
            .await?;
        sqlx::query(LOCK_SHARDS).execute(&mut *transaction).await?;
        let shards: Vec<(i16, i64)> = sqlx::query_as(CLAIM_SHARDS)
            .bind(&options.node)
            .bind(incarnation)
            .fetch_all(&mut *transaction)
            .await?;
        let codes: Vec<&str> = locations.iter().map(LocationCode::as_str).collect();
        let locations: Vec<(String, i64)> = sqlx::query_as(CLAIM_LOCATIONS)
            .bind(codes)
            .bind(&options.node)
            .bind(incarnation)
            .fetch_all(&mut *transaction)
            .await?;
        transaction.commit().await?;
        let claims = Claims {
            shards: shards
                .into_iter()
                .map(|(shard, epoch)| (ShardId(u8::try_from(shard).unwrap_or_default()), epoch))
                .collect(),
            locations: locations
                .into_iter()
                .map(|(location, epoch)| (LocationCode(location), epoch))
                .collect(),
        };
        self.shared.incarnation.store(incarnation, Ordering::SeqCst);
        for (shard, epoch) in &claims.shards {
            self.shared.fences.claim_shard(*shard, *epoch);
        }
        for (location, epoch) in &claims.locations {
            self.shared.fences.claim_location(location.clone(), *epoch);
        }
        conn.close().await?;
        Ok(claims)
    }

    /// The lease's length as the server's interval wants it.
    fn lease_secs(&self) -> f64 {
        self.shared.options.lease.as_secs_f64()
    }
}
