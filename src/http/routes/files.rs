//! Files as the bodies of requests, which are read as they arrive.

use std::pin::pin;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use futures_util::Stream;

use super::arriving::Arriving;
use crate::http::problem::Problem;

/// The whole file, up to a bound. Each piece of it has a time in which it must come.
pub(super) async fn whole<B: Buf>(
    body: impl Stream<Item = Result<B, warp::Error>>,
    piece_time: Duration,
    most: usize,
    too_large: &(dyn Fn() -> String + Sync),
) -> Result<BytesMut, Problem> {
    let body = pin!(body);
    let mut body = Arriving::new(body, piece_time);
    let mut file = BytesMut::new();
    while body.take(|chunk| file.extend_from_slice(chunk)).await? {
        if file.len() > most {
            return Err(Problem::new("too_large", too_large()).closing());
        }
    }
    Ok(file)
}

/// A sentence of a library, as the beginning of an answer.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}
