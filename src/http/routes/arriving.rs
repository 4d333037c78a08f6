//! A body that is read while it arrives: each piece of it has a time in which it must come.

use std::time::Duration;

use bytes::Buf;
use futures_util::{Stream, StreamExt};

use crate::http::limits;
use crate::http::problem::Problem;

/// The rest of a body.
pub(super) struct Arriving<S> {
    body: S,
    piece_time: Duration,
}

impl<B: Buf, S: Stream<Item = Result<B, warp::Error>> + Unpin> Arriving<S> {
    pub(super) const fn new(body: S, piece_time: Duration) -> Self {
        Self { body, piece_time }
    }

    /// Hands the next piece over, chunk by chunk. `false` at the end of the body.
    pub(super) async fn take(&mut self, mut into: impl FnMut(&[u8])) -> Result<bool, Problem> {
        match tokio::time::timeout(self.piece_time, self.body.next()).await {
            Err(_) => {
                let detail = "The next piece of the body did not arrive in time.";
                Err(Problem::new("body_timeout", detail).closing())
            }
            Ok(Some(Err(_))) => Err(limits::broken()),
            Ok(None) => Ok(false),
            Ok(Some(Ok(mut piece))) => {
                while piece.has_remaining() {
                    let chunk = piece.chunk();
                    let length = chunk.len();
                    into(chunk);
                    piece.advance(length);
                }
                Ok(true)
            }
        }
    }
}
