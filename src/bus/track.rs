//! What the publisher knows of one log, and what comes of a bite of its entries.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::checkpoint::slot;
use super::stream::{Bus, Sent, Session};
use crate::events::cloud_event::{Envelope, Message};
use crate::store::{Checkpoint, Checkpoints, LastMessage, Logged, PublishCursor};

/// How often a message is offered that the bus refuses, before it is parked.
const TRIES: u32 = 10;
/// Between two of these tries.
const REFUSED_PAUSE: Duration = Duration::from_secs(1);

/// A log's place, and what stands in its way.
#[derive(Debug, Clone)]
pub(super) struct Track {
    /// As the database has it.
    pub(super) cursor: PublishCursor,
    /// Up to here the bus forgot what it had: repeats, whose delay says nothing.
    pub(super) replaying_to: i64,
    refusal: Option<Refusal>,
}

/// The next message, refused so far.
#[derive(Debug, Clone, Copy)]
struct Refusal {
    seq: i64,
    tries: u32,
    again_at: Instant,
}

/// What became of the next entries of a log.
#[derive(Debug, Default)]
pub(super) struct Delivered {
    /// The places of those that the bus has, in order, and how long after their commit it had them.
    pub(super) done: Vec<(i64, Duration)>,
    /// Where the last of them stands on the bus.
    pub(super) last: Option<LastMessage>,
    /// When the last of them was recorded.
    pub(super) recorded_at: Option<Timestamp>,
    /// Those to which the log can go back later.
    pub(super) checkpoints: Checkpoints,
    /// The one after them was refused; why.
    pub(super) refused: Option<(i64, Message, String)>,
    /// The one after them got no answer; why.
    pub(super) lost: Option<String>,
}

impl Track {
    /// At this cursor.
    pub(super) fn at(cursor: PublishCursor) -> Self {
        Self {
            cursor,
            replaying_to: 0,
            refusal: None,
        }
    }

    /// Whether its next message is given time before it is offered again.
    pub(super) fn pauses(&self) -> bool {
        self.refusal
            .is_some_and(|refusal| refusal.again_at > Instant::now())
    }

    /// The message at `seq` was refused. Answers whether that is enough.
    pub(super) fn refused(&mut self, seq: i64) -> bool {
        let before = self.refusal.filter(|refusal| refusal.seq == seq);
        let tries = before.map_or(0, |refusal| refusal.tries) + 1;
        self.refusal = Some(Refusal {
            seq,
            tries,
            again_at: Instant::now() + REFUSED_PAUSE,
        });
        tries >= TRIES
    }

    /// Goes past what the bus has now.
    pub(super) fn pass(&mut self, delivered: &Delivered) {
        if let Some((seq, _)) = delivered.done.last() {
            self.cursor.last = delivered.last;
            self.cursor.recorded_at = delivered.recorded_at;
            self.go_to(*seq);
        }
    }

    /// Goes past a message that was parked. It is not on the bus, so the last one there stays.
    pub(super) fn skip(&mut self, seq: i64) {
        self.go_to(seq);
    }

    fn go_to(&mut self, seq: i64) {
        self.cursor.published = seq;
        if self.refusal.is_some_and(|refusal| refusal.seq <= seq) {
            self.refusal = None;
        }
    }
}

/// Sends a log's next entries one after the other, each after the acknowledgement of the one
/// before, until one is not acknowledged over this connection.
pub(super) async fn deliver(
    bus: &Bus,
    session: &Session,
    envelope: &Envelope,
    from: &PublishCursor,
    entries: Vec<Logged>,
) -> Delivered {
    // They have just been read.
    let read = Instant::now();
    let mut delivered = Delivered {
        last: from.last,
        ..Delivered::default()
    };
    let mut before = from.published;
    for entry in entries {
        let message = envelope.wrap(&entry);
        let sent = bus.send(&message).await;
        // Over another session it may have gone to a bus that forgot what came before it.
        if bus.session().as_ref() != Some(session) {
            delivered.lost = Some("the connection changed".to_owned());
            return delivered;
        }
        match sent {
            Sent::Acknowledged { last, duplicate } => {
                let previous = delivered.last.map_or(0, |last| last.stream_seq);
                if !duplicate && last.stream_seq <= previous {
                    delivered.lost = Some("the stream has gone back".to_owned());
                    return delivered;
                }
                delivered.last = Some(last);
                delivered.recorded_at = Some(entry.recorded_at);
                if let Some(slot) = slot(before, entry.seq) {
                    let published = entry.seq;
                    let checkpoint = Checkpoint { published, last };
                    delivered.checkpoints.insert(slot, checkpoint);
                }
                before = entry.seq;
                let waited = Duration::try_from(entry.read_at.duration_since(entry.recorded_at));
                let delay = waited.unwrap_or_default() + read.elapsed();
                delivered.done.push((entry.seq, delay));
            }
            Sent::Refused(why) => {
                delivered.refused = Some((entry.seq, message, why));
                return delivered;
            }
            Sent::Lost(why) => {
                delivered.lost = Some(why);
                return delivered;
            }
        }
    }
    delivered
}

#[cfg(test)]
mod tests {
    use orderhub_domain::ids::ShardId;

    use super::*;
    use crate::store::Log;

    #[tokio::test(start_paused = true)]
    async fn a_refused_message_is_tried_ten_times_with_pauses() {
        let mut track = Track::at(PublishCursor::start(Log::Shard(ShardId(1))));
        for _ in 1..TRIES {
            assert!(!track.refused(5));
            assert!(track.pauses());
            tokio::time::advance(REFUSED_PAUSE).await;
            assert!(!track.pauses());
        }
        assert!(track.refused(5));
        track.skip(5);
        assert!(!track.pauses(), "the next message does not wait for it");
        assert!(!track.refused(6), "it is counted by message");
    }
}
