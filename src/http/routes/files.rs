//! Files as the bodies of requests, which are read as they arrive.

use std::pin::pin;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use futures_util::{Stream, StreamExt};

use crate::http::limits;
use crate::http::problem::Problem;

/// The whole file, up to a bound. Each piece of it has a time in which it must come.
pub(super) async fn whole<B: Buf>(
    body: impl Stream<Item = Result<B, warp::Error>>,
    piece_time: Duration,
    most: usize,
    too_large: &(dyn Fn() -> String + Sync),
) -> Result<BytesMut, Problem> {
    let mut body = pin!(body);
    let mut file = BytesMut::new();
    loop {
        let piece = tokio::time::timeout(piece_time, body.next()).await;
        let late = |_| Problem::new("body_timeout", "The file did not arrive in time.").closing();
        let Some(piece) = piece.map_err(late)? else {
            return Ok(file);
        };
        let mut piece = piece.map_err(|_| limits::broken())?;
        while piece.has_remaining() {
            let chunk = piece.chunk();
            let length = chunk.len();
            file.extend_from_slice(chunk);
            piece.advance(length);
        }
        if file.len() > most {
            return Err(Problem::new("too_large", too_large()).closing());
        }
    }
}

/// A sentence of a library, as the beginning of an answer.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}
