//! What the bus still has of what it acknowledged, and where a log goes on that it forgot.

use std::time::Duration;

use async_nats::jetstream::stream::{RawMessageErrorKind, Stream};
use jiff::Timestamp;

use crate::store::{KeptCheckpoint, LastMessage, PublishCursor};

/// Whether the stream still has the log's last message, or has let it go with age. Anything else
/// means that the bus forgot.
pub(super) async fn remembers(
    stream: &Stream,
    cursor: &PublishCursor,
    now: Timestamp,
) -> Result<bool, String> {
    let Some(last) = cursor.last else {
        return Ok(true);
    };
    let old = cursor
        .recorded_at
        .is_none_or(|recorded_at| outlived(stream, recorded_at, now));
    has(stream, last, old).await
}

/// Where the log of a cursor goes on whose message the bus forgot: after the newest checkpoint that it still has, or that
/// is older than what it keeps, or else at the start. They are given newest first.
///
/// The bus would not let old messages go at once if they came again: it counts their age anew. But
/// those from before the stream's retention it would not have any more if it had forgotten nothing,
/// and behind years of them the news would wait.
pub(super) async fn restart(
    stream: &Stream,
    cursor: PublishCursor,
    checkpoints: &[KeptCheckpoint],
) -> Result<PublishCursor, String> {
    let end = stream.cached_info().state.last_sequence;
    for kept in checkpoints {
        let checkpoint = kept.checkpoint;
        // Whoever took the cursor back by other means leaves some that are ahead of it.
        if checkpoint.published > cursor.published {
            continue;
        }
        let old = outlived(stream, kept.published_at, kept.read_at);
        // What stands after the stream's end need not be looked up.
        let there = checkpoint.last.stream_seq <= end && has(stream, checkpoint.last, old).await?;
        if there || old {
            return Ok(PublishCursor {
                log: cursor.log,
                published: checkpoint.published,
                // A new stream begins anew; its places are not those of the old one.
                last: there.then_some(checkpoint.last),
                recorded_at: Some(kept.published_at),
            });
        }
    }
    Ok(PublishCursor::start(cursor.log))
}

/// Whether the stream has this message, or had it and let it go. `old`: a stream that lets go with
/// age may be empty by now.
async fn has(stream: &Stream, message: LastMessage, old: bool) -> Result<bool, String> {
    match stream.get_raw_message(message.stream_seq).await {
        Ok(found) => {
            let id = found.headers.get(async_nats::header::NATS_MESSAGE_ID);
            return Ok(id.is_some_and(|id| id.as_str() == message.id.to_string()));
        }
        Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => {}
        Err(error) => return Err(error.to_string()),
    }
    let state = &stream.cached_info().state;
    let was_here =
        (message.stream_seq < state.first_sequence) && (message.stream_seq <= state.last_sequence);
    // The oldest are let go first. An empty stream that is not that old was emptied.
    Ok(was_here && (state.messages > 0 || old))
}

/// Whether the stream keeps nothing for as long as from one time to the other.
fn outlived(stream: &Stream, from: Timestamp, to: Timestamp) -> bool {
    let max_age = stream.cached_info().config.max_age;
    let age = Duration::try_from(to.duration_since(from));
    !max_age.is_zero() && age.is_ok_and(|age| age >= max_age)
}
