//! A connection's bytes, with two things hyper does not do: a time for the head of a request that
//! does not also end idle connections, and problem documents where hyper refuses by itself.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use super::front::new_request_id;
use super::problem::Problem;

const IDLE: u8 = 0;
const HEAD: u8 = 1;
const BUSY: u8 = 2;

/// Where a connection is between two requests. Shared by the socket and the service.
#[derive(Debug)]
pub(super) struct Progress(AtomicU8);

impl Progress {
    /// A connection that has just begun: its first head is awaited.
    pub(super) fn begun() -> Arc<Self> {
        Arc::new(Self(AtomicU8::new(HEAD)))
    }

    /// A head has arrived whole.
    pub(super) fn busy(&self) {
        self.0.store(BUSY, Ordering::Relaxed);
    }

    /// The answer is ready; the next byte begins the next head.
    pub(super) fn idle(&self) {
        self.0.store(IDLE, Ordering::Relaxed);
    }

    fn is(&self, phase: u8) -> bool {
        self.0.load(Ordering::Relaxed) == phase
    }
}

/// A connection's bytes.
pub(super) struct Socket {
    stream: TcpStream,
    progress: Arc<Progress>,
    head_time: Duration,
    deadline: Pin<Box<Sleep>>,
    /// What is written instead of hyper's own words, and how many bytes those had.
    instead: Option<(Bytes, usize)>,
}

impl Socket {
    /// Wraps a connection that has just been accepted.
    pub(super) fn new(stream: TcpStream, progress: Arc<Progress>, head_time: Duration) -> Self {
        Self {
            stream,
            progress,
            head_time,
            deadline: Box::pin(tokio::time::sleep(head_time)),
            instead: None,
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        if buffer.filled().len() > before && this.progress.is(IDLE) {
            this.progress.0.store(HEAD, Ordering::Relaxed);
            this.deadline
                .as_mut()
                .reset(Instant::now() + this.head_time);
        }
        if this.progress.is(HEAD) && this.deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.instead.is_none() && !this.progress.is(BUSY) {
            this.instead = refusal(bytes).map(|refusal| (refusal, bytes.len()));
        }
        while let Some((refusal, length)) = &mut this.instead {
            let written = ready!(Pin::new(&mut this.stream).poll_write(context, refusal))?;
            refusal.advance(written);
            if refusal.is_empty() || written == 0 {
                let length = *length;
                this.instead = None;
                return Poll::Ready(Ok(length));
            }
        }
        Pin::new(&mut this.stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

/// The problem document for an answer that hyper gives by itself. All of ours carry a request id.
fn refusal(bytes: &[u8]) -> Option<Bytes> {
    let status = bytes.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
    let head = bytes.split(|b| *b == b'\n').take(40);
    let ours = head.into_iter().any(|line| {
        line.get(..12)
            .is_some_and(|name| name.eq_ignore_ascii_case(b"x-request-id"))
    });
    if ours {
        return None;
    }
    let (code, detail) = match status {
        b"400" => ("bad_request", "The request line or a header is malformed."),
        b"414" => ("uri_too_long", "The address is too long."),
        b"431" => (
            "headers_too_large",
            "The headers are too many or too large.",
        ),
        _ => return None,
    };
    Some(raw_answer(&Problem::new(code, detail)))
}

/// A whole answer as bytes, for where no HTTP machinery runs; the connection ends with it.
pub(super) fn raw_answer(problem: &Problem) -> Bytes {
    let request_id = new_request_id();
    let body = problem.document(&request_id).to_string();
    let status = problem.status();
    let retry = if matches!(status.as_u16(), 429 | 503) {
        "retry-after: 1\r\n"
    } else {
        ""
    };
    format!(
        "HTTP/1.1 {} {}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n{retry}\
         connection: close\r\nx-request-id: {request_id}\r\n\r\n{body}",
        status.as_u16(),
        status.canonical_reason().unwrap_or("Refused"),
        body.len(),
    )
    .into()
}
