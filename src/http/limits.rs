//! How much of a request the hub takes, and how long it waits for it.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};

use super::problem::Problem;
use super::table::Body;

/// Most bytes of one JSON body, of one line of NDJSON, and of the rows of one order in a CSV.
pub const JSON_BYTES: usize = 1024 * 1024;
/// Most bytes of a webhook.
pub const HOOK_BYTES: usize = 4 * 1024 * 1024;
/// Most bytes of a file: a payout report of some hundred thousand lines.
pub const FILE_BYTES: usize = 64 * 1024 * 1024;
/// Most bytes of a page's form.
pub const FORM_BYTES: usize = 64 * 1024;
/// Longest path and query.
pub const URI_BYTES: usize = 8 * 1024;
/// Most bytes that are read and thrown away so that the sender hears the refusal.
const DISCARDED_BYTES: usize = 8 * 1024 * 1024;

/// Bounds of a listener and its connections.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most connections at once; more are told to come back.
    pub connections: usize,
    /// Most headers of a request.
    pub headers: usize,
    /// Most bytes of a request's line and headers.
    pub head_bytes: usize,
    /// From a request's first byte (or a connection's beginning) to the end of its headers.
    pub head_time: Duration,
    /// How long a connection may be idle between requests.
    pub idle_time: Duration,
    /// From the end of the headers to the end of the body; for NDJSON, between two pieces.
    pub body_time: Duration,
    /// How long the hub may think before the sender is told that the outcome is not known. Shops wait
    /// five seconds for an answer to a webhook; the commit goes on behind it.
    pub answer_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            headers: 100,
            head_bytes: 16 * 1024,
            head_time: Duration::from_secs(5),
            idle_time: Duration::from_mins(1),
            body_time: Duration::from_secs(10),
            answer_time: Duration::from_secs(4),
        }
    }
}

/// Most bytes of a whole body of this kind.
pub const fn most_bytes(kind: Body) -> usize {
    match kind {
        Body::Nothing => 0,
        Body::Json | Body::Lines | Body::Batch => JSON_BYTES,
        Body::Raw => HOOK_BYTES,
        Body::File => FILE_BYTES,
        Body::Form => FORM_BYTES,
    }
}

/// Reads a whole body, counting: a stated length is only believed when it is too much.
pub async fn read_whole(
    body: &mut Incoming,
    most: usize,
    time: Duration,
) -> Result<Bytes, Problem> {
    if body.size_hint().lower() > most as u64 {
        return Err(too_large(most));
    }
    tokio::time::timeout(time, collect(body, most))
        .await
        .unwrap_or_else(|_| {
            let detail = format!("The body did not arrive within {} s.", time.as_secs());
            Err(Problem::new("body_timeout", detail).closing())
        })
}

async fn collect(body: &mut Incoming, most: usize) -> Result<Bytes, Problem> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| broken())?;
        let Ok(piece) = frame.into_data() else {
            continue;
        };
        if first.len() + rest.len() + piece.len() > most {
            return Err(too_large(most));
        }
        // Most bodies come in one piece, and are not copied then.
        if first.is_empty() && rest.is_empty() {
            first = piece;
        } else {
            if rest.is_empty() {
                rest.extend_from_slice(&first);
                first = Bytes::new();
            }
            rest.extend_from_slice(&piece);
        }
    }
    Ok(if rest.is_empty() {
        first
    } else {
        rest.freeze()
    })
}

/// The framing of a body is wrong, or the sender has gone.
pub fn broken() -> Problem {
    Problem::new(
        "body_incomplete",
        "The body is not framed as its headers say.",
    )
    .closing()
}

/// The body is larger than `most` bytes.
pub fn too_large(most: usize) -> Problem {
    Problem::new("too_large", format!("The body has more than {most} bytes."))
}

/// Reads and throws away what is left of a body, within bounds. A sender that is still writing
/// would not see the answer if the connection were closed under it.
pub async fn discard(mut body: Incoming, time: Duration) {
    let reading = async {
        let mut left = DISCARDED_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(length) {
                Some(less) => left = less,
                None => return,
            }
        }
    };
    // Too slow or too much: dropping the body closes the connection.
    drop(tokio::time::timeout(time, reading).await);
}
