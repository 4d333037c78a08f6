//! Commit lanes: the only writers. An actor hands a write to a lane and waits for the commit.
//!
//! A lane is one task that owns one connection and has one batch in flight. What queues up while a
//! batch commits is the next batch; nothing ever lingers. Nobody can cancel a lane: it ends when it
//! is closed and has emptied its queue. Nothing is answered before the commit.

mod orders;
mod stock;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub(crate) use orders::{Lane, LaneAnswer, Urgency, open_lane};
pub(crate) use stock::{StockLane, StockTicket, open_stock_lane};

/// Writes that may wait in front of a lane.
const QUEUE: usize = 2_048;

/// Writes in one batch.
const BATCH: usize = 512;

/// A request that waited longer is refused before it is written: its sender is told to come back
/// while the answer is still worth something.
const SHED_AFTER: Duration = Duration::from_millis(250);

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
