//! Reads of the journal. Each is one statement on the primary, so row and log are of one moment.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::future::Future;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use orderhub_actors::ports::{
    Journal, Loaded, OrderRef, Parked, ParkedState, Seen, Unavailable, Whose,
};
use orderhub_channels::port::UnderWay;
use orderhub_domain::canonical::PrivateDetails;
use orderhub_domain::ids::{ChannelId, CommandId, OrderId, ShardId};
use orderhub_domain::order::{Event, Mark, Recorded, RememberedRequest, ShippingLane};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};
use tokio::time::timeout;
use uuid::Uuid;

use super::Store;
use super::failure::Failure;

/// The kind of stream that an order is.
pub(super) const ORDER_STREAM: i16 = 1;

/// The slot of an order's personal data.
pub(super) const DETAILS: &str = "details";

/// Names a row of `order_private`, for sealing.
pub(super) fn private_row(order: OrderId, slot: &str) -> String {
    format!("{order}/{slot}")
}

/// A stored event with what is needed to judge it.
pub(super) struct Stored {
    schema: i16,
    kind: String,
    body: serde_json::Value,
    version: i64,
    recorded_at: Timestamp,
    occurred_at: Option<Timestamp>,
    actor: String,
    command_id: Option<Uuid>,
}

impl FromRow<'_, PgRow> for Stored {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let recorded_at: jiff_sqlx::Timestamp = row.try_get("recorded_at")?;
        let occurred_at: Option<jiff_sqlx::Timestamp> = row.try_get("occurred_at")?;
        Ok(Self {
            schema: row.try_get("schema")?,
            kind: row.try_get("kind")?,
            body: row.try_get("body")?,
            version: row.try_get("version")?,
            recorded_at: recorded_at.to_jiff(),
            occurred_at: occurred_at.map(jiff_sqlx::Timestamp::to_jiff),
            actor: row.try_get("actor")?,
            command_id: row.try_get("command_id")?,
        })
    }
}

impl Stored {
    /// Whether a newer version of the hub wrote it.
    pub(super) const fn is_newer(&self) -> bool {
        self.schema > Event::SCHEMA
    }

    /// The event, which must be number `next` of its stream.
    pub(super) fn read(self, next: u64) -> Result<Recorded, String> {
        if self.is_newer() {
            return Err(format!(
                "event {} ({}) has schema {}, and this version of the hub reads up to {}",
                self.version,
                self.kind,
                self.schema,
                Event::SCHEMA
            ));
        }
        let version = u64::try_from(self.version).unwrap_or_default();
        if version != next {
            return Err(format!(
                "the log goes from version {} to {version}",
                next - 1
            ));
        }
        let event = Event::from_stored(&self.kind, self.body).map_err(|error| error.to_string())?;
        Ok(Recorded {
            version,
            recorded_at: self.recorded_at,
            occurred_at: self.occurred_at,
            actor: self.actor,
            command_id: self.command_id.map(CommandId),
            event,
        })
    }
}

impl Store {
    /// Runs a read. A connection that died while it was idle says so at its next use: such a read
    /// is repeated on another one.
    pub(super) async fn read<T, F>(&self, mut attempt: impl FnMut() -> F) -> Result<T, Unavailable>
    where
        F: Future<Output = Result<T, sqlx::Error>>,
    {
        let limits = self.shared.options.limits;
        let reading = async {
            let mut dead = 0;
            loop {
                match attempt().await {
                    Ok(found) => return Ok(found),
                    Err(error) => {
                        let failure = Failure::of(&error);
                        let broken = matches!(error, sqlx::Error::Io(_))
                            || matches!(failure, Failure::Unknown(ref why) if why.starts_with("57P"));
                        if !broken || dead > self.shared.options.read_connections {
                            return Err(Unavailable(failure.message().to_owned()));
                        }
                        dead += 1;
                    }
                }
            }
        };
        timeout(limits.read, reading)
            .await
            .unwrap_or_else(|_| Err(Unavailable(format!("no answer within {:?}", limits.read))))
    }
}

#[async_trait]
impl Journal for Store {
    async fn now(&self) -> Result<Timestamp, Unavailable> {
        let query = || {
            sqlx::query_scalar::<_, jiff_sqlx::Timestamp>("select clock_timestamp()")
                .fetch_one(self.pool())
        };
        Ok(self.read(query).await?.to_jiff())
    }

    async fn load(&self, orders: &[OrderId]) -> Result<Vec<Loaded>, Unavailable> {
        let ids: Vec<Uuid> = orders.iter().map(|order| order.uuid()).collect();
        let shards: Vec<i16> = orders.iter().map(|order| order.shard().0.into()).collect();
        let query = || {
            sqlx::query(
                "select o.id, o.wake_at, o.version as last, e.version, e.kind, e.schema, \
                        e.command_id, e.actor, e.occurred_at, e.recorded_at, e.body \
                 from unnest($1::uuid[], $2::smallint[]) as wanted (id, shard) \
                 join orderhub.orders o on o.id = wanted.id \
                 join orderhub.event e \
                   on e.shard = wanted.shard and e.stream_kind = $3 and e.stream_id = wanted.id \
                 order by o.id, e.version",
            )
            .bind(&ids)
            .bind(&shards)
            .bind(ORDER_STREAM)
            .fetch_all(self.pool())
        };
        let rows = self.read(query).await?;
        let mut logs: BTreeMap<OrderId, (i64, Loaded)> = BTreeMap::new();
        for row in rows {
            gather(&mut logs, &row).map_err(|error| Unavailable(error.to_string()))?;
        }
        let complete = logs.into_values().map(|(last, mut loaded)| {
            let read = loaded.events.as_ref().map_or(0, Vec::len);
            if loaded.events.is_ok() && i64::try_from(read) != Ok(last) {
                loaded.events = Err(format!("the row is at version {last}, the log at {read}"));
            }
            loaded
        });
        Ok(complete.collect())
    }

    async fn find(
        &self,
        channel: ChannelId,
        external_id: &str,
    ) -> Result<Option<OrderId>, Unavailable> {
        if external_id.contains('\0') {
            return Ok(None);
        }
        let query = || {
            sqlx::query_scalar::<_, Uuid>(
                "select id from orderhub.orders where channel_id = $1 and external_id = $2",
            )
            .bind(channel.0)
            .bind(external_id)
            .fetch_optional(self.pool())
        };
        Ok(self.read(query).await?.map(OrderId::from_uuid))
    }

    async fn find_all(
        &self,
        channel: ChannelId,
        external_ids: &[String],
    ) -> Result<BTreeMap<String, OrderId>, Unavailable> {
        self.find_named(channel, external_ids).await
    }

    async fn resolve(&self, reference: &OrderRef) -> Result<Option<OrderId>, Unavailable> {
        if reference.scope.contains('\0') || reference.value.contains('\0') {
            return Ok(None);
        }
        let query = || {
            sqlx::query_scalar::<_, Uuid>(
                "select order_id from orderhub.order_ref \
                 where kind = $1 and scope = $2 and value = $3",
            )
            .bind(reference.kind.word())
            .bind(&reference.scope)
            .bind(&reference.value)
            .fetch_optional(self.pool())
        };
        Ok(self.read(query).await?.map(OrderId::from_uuid))
    }

    async fn request(
        &self,
        order: OrderId,
        command: CommandId,
    ) -> Result<Option<RememberedRequest>, Unavailable> {
        let query = || {
            sqlx::query_as::<_, Stored>(
                "select version, kind, schema, command_id, actor, occurred_at, recorded_at, body \
                 from orderhub.event \
                 where shard = $1 and stream_kind = $2 and stream_id = $3 and command_id = $4 \
                 order by version",
            )
            .bind(i16::from(order.shard().0))
            .bind(ORDER_STREAM)
            .bind(order.uuid())
            .bind(command.0)
            .fetch_all(self.pool())
        };
        let rows = self.read(query).await?;
        // The events of one request are one commit; its answer names the version after it.
        let version = rows.last().map_or(0, |row| row.version);
        for row in rows {
            let next = u64::try_from(row.version).unwrap_or_default();
            let recorded = row.read(next).map_err(Unavailable)?;
            if let Some(request) = recorded.event.request()
                && request.command_id == command
            {
                return Ok(Some(RememberedRequest {
                    command_id: command,
                    body_hash: request.body_hash.clone(),
                    reply_schema: request.reply_schema,
                    version: u64::try_from(version).unwrap_or_default(),
                }));
            }
        }
        Ok(None)
    }

    async fn seen(&self, marks: &[Mark], since: Timestamp) -> Result<Vec<Seen>, Unavailable> {
        self.seen_marks(marks, since).await
    }

    async fn under_way(
        &self,
        account: &str,
        whose: Whose,
        mark: &str,
        limit: u32,
    ) -> Result<Vec<UnderWay>, Unavailable> {
        self.parcels_under_way(account, whose, mark, limit).await
    }

    async fn transits(&self, lane: &ShippingLane) -> Result<Vec<i64>, Unavailable> {
        self.newest_transits(lane).await
    }

    async fn due(
        &self,
        shard: ShardId,
        mark: Option<(Timestamp, OrderId)>,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<(Timestamp, OrderId)>, Unavailable> {
        // A mark before everything keeps it one statement with one plan.
        let (after, after_id) = mark.map_or((Timestamp::UNIX_EPOCH, Uuid::nil()), |(at, order)| {
            (at, order.uuid())
        });
        let query = || {
            sqlx::query_as::<_, (jiff_sqlx::Timestamp, Uuid)>(
                "select wake_at, id from orderhub.orders \
                 where shard = $1 and wake_at <= $2 and (wake_at, id) > ($3, $4) \
                 order by wake_at, id \
                 limit $5",
            )
            .bind(i16::from(shard.0))
            .bind(until.to_sqlx())
            .bind(after.to_sqlx())
            .bind(after_id)
            .bind(i64::from(limit))
            .fetch_all(self.pool())
        };
        let rows = self.read(query).await?.into_iter();
        Ok(rows
            .map(|(at, id)| (at.to_jiff(), OrderId::from_uuid(id)))
            .collect())
    }

    async fn private(&self, order: OrderId) -> Result<Option<PrivateDetails>, Unavailable> {
        let query = || {
            sqlx::query_scalar::<_, Vec<u8>>(
                "select ciphertext from orderhub.order_private where order_id = $1 and slot = $2",
            )
            .bind(order.uuid())
            .bind(DETAILS)
            .fetch_optional(self.pool())
        };
        let Some(sealed) = self.read(query).await? else {
            return Ok(None);
        };
        let row = private_row(order, DETAILS);
        let opened = self.shared.options.seal.open(&row, &sealed);
        let plain = opened.map_err(|error| Unavailable(error.to_string()))?;
        serde_json::from_slice(&plain)
            .map(Some)
            .map_err(|error| Unavailable(format!("personal data cannot be read: {error}")))
    }

    async fn park(&self, message: &Parked) -> Result<bool, Unavailable> {
        self.park_message(message).await
    }

    async fn parked(
        &self,
        reference: &OrderRef,
        mark: Option<(Timestamp, Uuid)>,
        limit: u32,
    ) -> Result<Vec<Parked>, Unavailable> {
        self.waiting_messages(reference, mark, limit).await
    }

    async fn awaited(
        &self,
        mark: Option<&OrderRef>,
        limit: u32,
    ) -> Result<Vec<OrderRef>, Unavailable> {
        self.awaited_references(mark, limit).await
    }

    async fn bury(&self, id: Uuid, reason: &str, now: Timestamp) -> Result<bool, Unavailable> {
        self.bury_message(id, reason, now).await
    }

    async fn unpark(&self, id: Uuid) -> Result<bool, Unavailable> {
        self.unpark_message(id).await
    }

    async fn count_parked(&self) -> Result<BTreeMap<ParkedState, u64>, Unavailable> {
        self.count_parked_messages().await
    }

    async fn cursor(&self, source: &str) -> Result<Option<String>, Unavailable> {
        self.poll_cursor(source).await
    }

    async fn move_cursor(&self, source: &str, cursor: &str) -> Result<(), Unavailable> {
        self.move_poll_cursor(source, cursor).await
    }
}

/// Adds a row of `load` to its order's log. After the first event that cannot be read, the rest of
/// that order's is of no use.
fn gather(logs: &mut BTreeMap<OrderId, (i64, Loaded)>, row: &PgRow) -> Result<(), sqlx::Error> {
    let order = OrderId::from_uuid(row.try_get("id")?);
    let (_, loaded) = match logs.entry(order) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(new) => {
            let wake_at: Option<jiff_sqlx::Timestamp> = row.try_get("wake_at")?;
            let loaded = Loaded {
                order,
                events: Ok(Vec::new()),
                wake_at: wake_at.map(jiff_sqlx::Timestamp::to_jiff),
            };
            new.insert((row.try_get("last")?, loaded))
        }
    };
    let Ok(events) = &mut loaded.events else {
        return Ok(());
    };
    let next = u64::try_from(events.len()).unwrap_or_default() + 1;
    match Stored::from_row(row)?.read(next) {
        Ok(event) => events.push(event),
        Err(unreadable) => loaded.events = Err(unreadable),
    }
    Ok(())
}
