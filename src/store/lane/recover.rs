//! What the order lane does when an answer is lost: it reads back what was committed, after the line
//! has fenced the old statement off. A look without that could come before a late commit.

use std::collections::BTreeSet;

use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::super::failure::Failure;
use super::super::line::PAUSE;
use super::{Entry, PgLane};

impl PgLane {
    /// Which of these entries (by index) were committed after all. `Err` when it could not be found
    /// out in time.
    pub(super) async fn resolve(
        &mut self,
        entries: &[Entry<'_>],
    ) -> Result<BTreeSet<usize>, String> {
        let until = self.line.deadline();
        loop {
            let why = match self.line.ready_until(until).await {
                Err(why) => why,
                Ok(()) => match self.read_back(entries).await {
                    Ok(committed) => return Ok(committed),
                    Err(failure) => failure.message().to_owned(),
                },
            };
            if Instant::now() >= until {
                return Err(why);
            }
            sleep(PAUSE).await;
        }
    }

    /// An entry was committed if the event it sent stands in the place it was given, under the
    /// epoch it was sent with: nobody else ever has that pair.
    async fn read_back(&mut self, entries: &[Entry<'_>]) -> Result<BTreeSet<usize>, Failure> {
        let sent: Vec<&Entry<'_>> = entries
            .iter()
            .filter(|entry| entry.epoch > 0 && !entry.append.events.is_empty())
            .collect();
        let column = |of: fn(&Entry<'_>) -> i64| sent.iter().map(|e| of(e)).collect::<Vec<i64>>();
        let ids: Vec<Uuid> = sent.iter().map(|entry| entry.append.order.uuid()).collect();
        let query = sqlx::query_as(
            "select s.place \
             from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::uuid[]) \
                 as s (place, shard, seq, epoch, id) \
             join orderhub.event e \
               on e.shard = s.shard::smallint and e.seq = s.seq \
              and e.epoch = s.epoch and e.stream_id = s.id",
        )
        .bind(column(|entry| {
            i64::try_from(entry.index).unwrap_or(i64::MAX)
        }))
        .bind(column(|entry| i64::from(entry.append.order.shard().0)))
        .bind(column(|entry| entry.first_seq))
        .bind(column(|entry| entry.epoch))
        .bind(ids);
        let rows: Vec<(i64,)> = self.line.read(query).await?;
        let committed = rows.into_iter();
        Ok(committed
            .filter_map(|(index,)| usize::try_from(index).ok())
            .collect())
    }
}
