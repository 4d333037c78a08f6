//! The two addresses, and the signal to stop.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::cli::{Exit, Failure};
use crate::config::Config;
use crate::http::{Edge, Front, Limits, Listener, Side};

/// How long requests in flight may take to end when the hub stops.
const DRAIN: Duration = Duration::from_secs(20);

/// The two addresses, bound: a taken port is told before anything else is started.
pub(super) struct Addresses {
    api: Listener,
    admin: Listener,
    limits: Limits,
}

impl Addresses {
    /// Binds both.
    pub(super) async fn bind(config: &Config) -> Result<Self, Failure> {
        let limits = Limits::default();
        Ok(Self {
            api: bind(config.http.addr, "http", limits).await?,
            admin: bind(config.admin.addr, "admin", limits).await?,
            limits,
        })
    }

    /// Serves both until `stop`; returns when the last request that was begun has ended, or the
    /// deadline for that is over.
    pub(super) async fn serve(self, edge: Arc<Edge>, stop: CancellationToken) {
        let api = Front::new(edge.clone(), Side::Api, self.limits);
        let admin = Front::new(edge, Side::Admin, self.limits);
        tokio::join!(
            self.api.run(api.clone(), stop.clone(), DRAIN),
            self.admin.run(admin, stop, DRAIN),
        );
        // Handlers whose sender hung up are still recording what was begun.
        if tokio::time::timeout(DRAIN, api.finished()).await.is_err() {
            tracing::warn!("requests were still running at the deadline");
        }
    }
}

async fn bind(
    address: std::net::SocketAddr,
    section: &str,
    limits: Limits,
) -> Result<Listener, Failure> {
    Listener::bind(address, limits).await.map_err(|error| {
        let message = format!("[{section}] addr {address} cannot be used: {error}");
        let next = format!(
            "set ORDERHUB__{}__ADDR to a free address",
            section.to_uppercase()
        );
        Failure::new(Exit::Failed, message, next)
    })
}

/// Cancelled when the process is asked to stop: Ctrl-C, or SIGTERM from a supervisor.
pub(crate) fn stop_signal() -> std::io::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
        tracing::info!("stopping: no new requests, those in flight are finished");
        stopping.cancel();
    });
    Ok(stop)
}
