//! The accept loop: one TCP address, HTTP/1.1 in clear, every wait bounded.
//!
//! warp's own server sets no time-outs, no caps and no `TCP_NODELAY`; its filters are served from
//! here. HTTP/2 is refused by its preface, which HTTP/1.1 cannot read.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::front::Front;
use super::limits::Limits;
use super::problem::Problem;
use super::socket::{Progress, Socket, raw_answer};

/// At most so many refused connections are kept long enough to hear why.
const REFUSALS_AT_ONCE: usize = 256;

/// A bound address that is not served yet.
pub struct Listener {
    socket: TcpListener,
    limits: Limits,
}

impl Listener {
    /// Binds an address.
    pub async fn bind(address: SocketAddr, limits: Limits) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        Ok(Self { socket, limits })
    }

    /// The address that it is bound to; the port is known even when 0 was asked for.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until `stop`, then lets requests in flight end within `drain`.
    pub async fn run(self, front: Front, stop: CancellationToken, drain: Duration) {
        let free = Arc::new(Semaphore::new(self.limits.connections));
        let refusals = Arc::new(Semaphore::new(REFUSALS_AT_ONCE));
        let graceful = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                // Ended connections leave the set as they end, not when the hub stops.
                Some(_) = connections.join_next() => continue,
                accepted = self.socket.accept() => accepted,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file descriptors, most likely: others must end before it gets better.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let Ok(permit) = free.clone().try_acquire_owned() else {
                if let Ok(permit) = refusals.clone().try_acquire_owned() {
                    connections.spawn(async move {
                        drop(refuse(stream).await);
                        drop(permit);
                    });
                }
                continue;
            };
            let connection = serve(stream, front.clone(), self.limits, &graceful);
            connections.spawn(async move {
                connection.await;
                drop(permit);
            });
        }
        drop(self.socket);
        if tokio::time::timeout(drain, graceful.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("connections were still open at the deadline and are closed now");
        }
    }
}

fn serve(
    stream: TcpStream,
    front: Front,
    limits: Limits,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + use<> {
    // Without it, small answers wait for the sender's delayed acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let progress = Progress::begun();
    let socket = Socket::new(stream, progress.clone(), limits.head_time);
    let service = service_fn(move |request| {
        let (front, progress) = (front.clone(), progress.clone());
        async move {
            progress.busy();
            let response = front.answer(request).await;
            progress.idle();
            Ok::<_, Infallible>(response)
        }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.idle_time)
        .max_headers(limits.headers)
        .max_buf_size(limits.head_bytes)
        .serve_connection(TokioIo::new(socket), service);
    let watched = graceful.watch(connection);
    async move {
        if let Err(error) = watched.await {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

/// Tells a connection beyond the cap to come back, and hears it out so that it can read that.
async fn refuse(mut stream: TcpStream) -> io::Result<()> {
    let problem = Problem::new("overloaded", "The hub has as many connections as it takes.");
    stream.write_all(&raw_answer(&problem)).await?;
    stream.shutdown().await?;
    let mut thrown_away = [0; 4096];
    let listen = async {
        while stream.read(&mut thrown_away).await? > 0 {}
        io::Result::Ok(())
    };
    tokio::time::timeout(Duration::from_millis(500), listen)
        .await
        .unwrap_or(Ok(()))
}
