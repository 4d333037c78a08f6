//! Reading what comes after a position, in the order of time as far as several logs have one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orderhub_actors::ports::Unavailable;

use super::cloud_event::Envelope;
use super::{Logs, Position, Told};
use crate::store::{Entry, Log, Logged};

/// Most entries of a page.
pub const LARGEST_PAGE: usize = 200;
/// Most entries of one log that are read for a page: with 256 logs a page reads 2,048 at most.
const MOUTHFUL: usize = 8;

/// A page after a position. Moves the position past it. Empty at the end.
pub(super) async fn page(
    logs: &dyn Logs,
    envelope: &Envelope,
    position: &mut Position,
    limit: usize,
) -> Result<Vec<Told>, Unavailable> {
    let places = position.places(&logs.all().await?);
    let most = i64::try_from(MOUTHFUL).unwrap_or_default();
    let read = logs.after(&places, most).await?;
    let page = in_time(read, MOUTHFUL, limit.min(LARGEST_PAGE));
    for entry in &page {
        position.pass(&entry.log, entry.seq);
    }
    Ok(page.iter().map(|entry| told(envelope, entry)).collect())
}

/// The oldest of what was read. Of a log that gave as much as it may there is more, and what it has
/// not given yet may be older than what others gave: those wait for the next page. A log's own order
/// wins over clocks that went back.
fn in_time(read: Vec<Logged>, mouthful: usize, limit: usize) -> Vec<Logged> {
    let mut given: BTreeMap<Log, (usize, Timestamp)> = BTreeMap::new();
    let mut dated: Vec<(Timestamp, Logged)> = Vec::with_capacity(read.len());
    for entry in read {
        let (count, latest) = given
            .entry(entry.log.clone())
            .or_insert((0, Timestamp::MIN));
        *count += 1;
        *latest = entry.recorded_at.max(*latest);
        dated.push((*latest, entry));
    }
    let full = given.values().filter(|(count, _)| *count >= mouthful);
    let known_to = full.map(|(_, latest)| *latest).min();
    dated.retain(|(time, _)| known_to.is_none_or(|known_to| *time <= known_to));
    // The sort is stable: what a log gave at one time stays in its order.
    dated.sort_by_key(|(time, _)| *time);
    dated.truncate(limit);
    dated.into_iter().map(|(_, entry)| entry).collect()
}

/// An entry as it is told.
pub(super) fn told(envelope: &Envelope, logged: &Logged) -> Told {
    let message = envelope.wrap(logged);
    let (order, channel) = match &logged.entry {
        Entry::Event(event) => (Some(event.order), event.channel.clone()),
        Entry::Stock(stock) => (stock.order, None),
        Entry::Logbook(_) => (None, None),
    };
    Told {
        log: logged.log.clone(),
        seq: logged.seq,
        kind: message.kind,
        order,
        channel,
        body: message.body,
    }
}

#[cfg(test)]
mod tests {
    use orderhub_domain::ids::ShardId;

    use super::super::tests::entry;
    use super::*;

    fn of(page: &[Logged]) -> Vec<(u8, i64)> {
        let place = |entry: &Logged| match entry.log {
            Log::Shard(ShardId(shard)) => (shard, entry.seq),
            Log::Location(_) | Log::Logbook(_) => (0, entry.seq),
        };
        page.iter().map(place).collect()
    }

    #[test]
    fn entries_of_several_logs_come_in_the_order_of_time() {
        let read = vec![entry(1, 5, 10), entry(1, 6, 40), entry(2, 1, 20)];
        assert_eq!(of(&in_time(read, 8, 200)), [(1, 5), (2, 1), (1, 6)]);
    }

    #[test]
    fn what_may_be_overtaken_by_a_full_log_waits() {
        let read = vec![
            entry(1, 1, 10),
            entry(1, 2, 20),
            entry(2, 1, 15),
            entry(2, 2, 30),
        ];
        assert_eq!(of(&in_time(read, 2, 200)), [(1, 1), (2, 1), (1, 2)]);
    }

    #[test]
    fn a_clock_that_goes_back_does_not_turn_a_log_around() {
        let read = vec![entry(1, 1, 30), entry(1, 2, 10), entry(2, 1, 20)];
        assert_eq!(of(&in_time(read, 8, 200)), [(2, 1), (1, 1), (1, 2)]);
    }

    #[test]
    fn a_page_ends_at_its_limit() {
        let read = vec![entry(1, 1, 10), entry(2, 1, 20), entry(3, 1, 30)];
        assert_eq!(of(&in_time(read, 8, 2)), [(1, 1), (2, 1)]);
    }
}
