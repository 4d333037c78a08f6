//! How far logs are on the bus: cursors, and the checkpoints behind them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::Log;

/// How far a log is on the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishCursor {
    /// The log.
    pub log: Log,
    /// Everything up to this place has been published or parked.
    pub published: i64,
    /// Place and id of the log's last message on the bus; `None` before the first, and after all
    /// that the bus may have kept.
    pub last: Option<LastMessage>,
    /// When the entry of that message was recorded, at the latest.
    pub recorded_at: Option<Timestamp>,
}

/// A message on the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastMessage {
    /// Its place in the stream.
    pub stream_seq: u64,
    /// Its id.
    pub id: Uuid,
}

/// A place to which a log can go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Everything up to this place was published or parked.
    pub published: i64,
    /// The message that this place's entry became.
    pub last: LastMessage,
}

/// Checkpoints by the slot that each is kept in.
pub type Checkpoints = BTreeMap<i16, Checkpoint>;

/// A checkpoint that was kept.
#[derive(Debug, Clone, Copy)]
pub struct KeptCheckpoint {
    /// The place.
    pub checkpoint: Checkpoint,
    /// When the cursor passed it, by the database's clock.
    pub published_at: Timestamp,
    /// The database's time when it was read.
    pub read_at: Timestamp,
}

/// A cursor's move.
#[derive(Debug, Clone)]
pub struct CursorMove {
    /// Where it was.
    pub had: i64,
    /// Where it is now. If that is further back, the checkpoints after it are dropped.
    pub to: PublishCursor,
    /// Checkpoints that it passed.
    pub checkpoints: Checkpoints,
}

impl PublishCursor {
    /// Before a log's first entry.
    pub fn start(log: Log) -> Self {
        Self {
            log,
            published: 0,
            last: None,
            recorded_at: None,
        }
    }
}
