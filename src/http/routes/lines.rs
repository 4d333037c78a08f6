//! Bodies of many lines, cut while they arrive. What a line says is its readers' business.

use std::time::Duration;

use bytes::{Buf, BytesMut};
use futures_util::Stream;

use super::arriving::Arriving;
use crate::http::limits::JSON_BYTES;
use crate::http::problem::Problem;

/// Cuts a body into lines. A line that is too long is skipped and reported; blank ones count not.
pub(super) struct Lines<S> {
    body: Arriving<S>,
    buffer: BytesMut,
    skipping: bool,
    ended: bool,
}

impl<B: Buf, S: Stream<Item = Result<B, warp::Error>> + Unpin> Lines<S> {
    pub(super) fn new(body: S, piece_time: Duration) -> Self {
        Self {
            body: Arriving::new(body, piece_time),
            buffer: BytesMut::new(),
            skipping: false,
            ended: false,
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
            let buffer = &mut self.buffer;
            let more = self.body.take(|chunk| buffer.extend_from_slice(chunk));
            self.ended = !more.await?;
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
}
