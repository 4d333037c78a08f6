//! The composition root: configuration -> store -> connectors -> node -> HTTP. The one place that
//! knows every part by its concrete name.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::cli::{Exit, Failure, MigrationStep, Root};
use crate::config::Config;
use crate::http::keys::KeyBook;
use crate::http::{Edge, Front, Limits, Listener, Side};

/// How long requests in flight may take to end when the hub stops.
const DRAIN: Duration = Duration::from_secs(20);

/// The two addresses, bound: a taken port is told before anything else is started.
pub struct Addresses {
    api: Listener,
    admin: Listener,
    limits: Limits,
}

impl Addresses {
    /// Binds both.
    pub async fn bind(config: &Config) -> Result<Self, Failure> {
        let limits = Limits::default();
        Ok(Self {
            api: bind(config.http.addr, "http", limits).await?,
            admin: bind(config.admin.addr, "admin", limits).await?,
            limits,
        })
    }

    /// Serves both until `stop`; returns when the last request that was begun has ended, or the
    /// deadline for that is over.
    pub async fn serve(self, edge: Arc<Edge>, stop: CancellationToken) {
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
pub fn stop_signal() -> std::io::Result<CancellationToken> {
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

/// This process: what the command line's verbs stand on.
pub struct Process;

#[async_trait]
impl Root for Process {
    async fn serve(&self, config: Config) -> Result<(), Failure> {
        url_of(&config)?;
        let _addresses = Addresses::bind(&config).await?;
        Err(without_store())
    }

    async fn migrations(&self, config: &Config) -> Result<Vec<MigrationStep>, Failure> {
        url_of(config)?;
        Err(without_store())
    }

    async fn migrate(&self, config: &Config) -> Result<Vec<MigrationStep>, Failure> {
        url_of(config)?;
        Err(without_store())
    }

    async fn keys(&self, config: &Config) -> Result<Arc<dyn KeyBook>, Failure> {
        url_of(config)?;
        Err(without_store())
    }
}

fn url_of(config: &Config) -> Result<&str, Failure> {
    let url = config.store.as_ref().ok_or_else(Failure::no_store)?;
    Ok(url.expose())
}

fn without_store() -> Failure {
    let message = "this build has no store";
    Failure::new(Exit::Missing, message, "orderhub version")
}
