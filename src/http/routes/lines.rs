//! Bodies of many lines, cut while they arrive. What a line says is its readers' business.

use std::time::Duration;

use bytes::{Buf, BytesMut};
use futures_util::{Stream, StreamExt};

use crate::http::limits::{self, JSON_BYTES};
use crate::http::problem::Problem;

/// Cuts a body into lines. A line that is too long is skipped and reported; blank ones count not.
pub(super) struct Lines<S> {
    body: S,
    buffer: BytesMut,
    skipping: bool,
    ended: bool,
    piece_time: Duration,
}

impl<B: Buf, S: Stream<Item = Result<B, warp::Error>> + Unpin> Lines<S> {
    pub(super) fn new(body: S, piece_time: Duration) -> Self {
        Self {
            body,
            buffer: BytesMut::new(),
            skipping: false,
            ended: false,
            piece_time,
        }
    }

    /// The next line; the inner error is about one line, the outer one about the connection.
    pub(super) async fn next(&mut self) -> Result<Option<Result<BytesMut, Problem>>, Problem> {
        loop {
            if let Some(end) = self.buffer.iter().position(|b| *b == b'\n') {
                let mut line = self.buffer.split_to(end + 1);
                line.truncate(end);
                if let Some(found) = self.judge(line) {
                    return Ok(Some(found));
                }
                continue;
            }
            if self.buffer.len() > JSON_BYTES {
                self.skipping = true;
                self.buffer.clear();
            }
            if self.ended {
                let line = self.buffer.split();
                return Ok(self.judge(line));
            }
            self.read_piece().await?;
        }
    }

    fn judge(&mut self, line: BytesMut) -> Option<Result<BytesMut, Problem>> {
        let skipped = std::mem::take(&mut self.skipping);
        if skipped || line.len() > JSON_BYTES {
            let detail = format!("The line has more than {JSON_BYTES} bytes.");
            return Some(Err(Problem::new("too_large", detail)));
        }
        let blank = line.iter().all(u8::is_ascii_whitespace);
        (!blank).then_some(Ok(line))
    }

    async fn read_piece(&mut self) -> Result<(), Problem> {
        match tokio::time::timeout(self.piece_time, self.body.next()).await {
            Err(_) => Err(
                Problem::new("body_timeout", "The next lines did not arrive in time.").closing(),
            ),
            Ok(Some(Err(_))) => Err(limits::broken()),
            Ok(None) => {
                self.ended = true;
                Ok(())
            }
            Ok(Some(Ok(mut piece))) => {
                while piece.has_remaining() {
                    let chunk = piece.chunk();
                    let length = chunk.len();
                    self.buffer.extend_from_slice(chunk);
                    piece.advance(length);
                }
                Ok(())
            }
        }
    }
}
