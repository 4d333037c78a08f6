//! Postgres: the only folder with SQL.
//!
//! Writers own their connections and run in tasks that nobody drops; everything else is a single
//! statement on a small pool. No database transaction lives in a future that can be dropped: a
//! cancelled `begin` would hand an open transaction to the next borrower of the connection.

mod api_keys;
mod api_requests;
mod audit;
mod backend;
mod census;
mod channels;
mod checkup;
mod cursors;
mod failure;
mod feeds;
mod fences;
mod journal;
mod lane;
mod line;
mod marks;
pub mod migrate;
mod order_list;
mod ownership;
mod parked;
mod parked_list;
mod past;
mod payouts;
mod publish;
mod retention;
mod review_queue;
mod seal;
mod stock;
mod trail;
mod transits;
mod under_way;
mod unreconciled;
mod webhook_list;
mod webhooks;

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::watch;

pub use audit::{
    AuditBook, HotMark, LEDGER_BITE, LOG_CURSORS, OpenFinding, Suspects, UntoldFinding,
};
pub use census::Standing;
pub use checkup::{Checkup, Sealed};
pub use lane::PgLane;
pub use order_list::{OrderFilter, OrderListing, OrderPage};
pub use parked_list::{ParkedDetail, ParkedFilter, ParkedListing, ParkedPage, ParkedPlace};
pub use publish::{
    Checkpoint, Checkpoints, CursorMove, Entry, KeptCheckpoint, LastMessage, Log, Logged,
    LoggedEntry, LoggedEvent, LoggedStock, PublishCursor, PublishLog,
};
pub use review_queue::ReviewQueue;
pub use seal::{Seal, SealError, kept_key};
pub use stock::PgStockLane;
pub use trail::Trail;
pub use webhook_list::{WebhookDetail, WebhookFilter, WebhookListing, WebhookPage};
pub use webhooks::{WebhookLog, WebhookReceived};

use fences::Fences;

/// What Postgres calls a database that is not there: `invalid_catalog_name`.
const NO_SUCH_DATABASE: &str = "3D000";

/// How the store behaves.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// The node's name in leases and claims.
    pub node: String,
    /// Seals personal data.
    pub seal: Seal,
    /// Connections for reads.
    pub read_connections: u32,
    /// How long a node's lease lives without renewal.
    pub lease: Duration,
    /// Time limits.
    pub limits: Limits,
}

/// Time limits of the store's connections.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For connecting.
    pub connect: Duration,
    /// The server ends a statement after this.
    pub statement: Duration,
    /// The server gives up waiting for a lock after this.
    pub lock: Duration,
    /// Without an answer for this long, a statement's outcome counts as unknown. Longer than
    /// `statement`, so that the server's own verdict comes first.
    pub answer: Duration,
    /// Without an answer for this long, a read is given up: its sender asks again.
    pub read: Duration,
    /// How long a lane tries to find an unknown outcome out before it says so.
    pub resolve: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            statement: Duration::from_secs(5),
            lock: Duration::from_secs(2),
            answer: Duration::from_secs(7),
            read: Duration::from_secs(3),
            resolve: Duration::from_secs(8),
        }
    }
}

impl StoreOptions {
    /// The defaults for a node.
    pub fn new(node: impl Into<String>, seal: Seal) -> Self {
        Self {
            node: node.into(),
            seal,
            read_connections: 8,
            lease: Duration::from_secs(8),
            limits: Limits::default(),
        }
    }
}

/// Why the store cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The address is not one.
    #[error("the database URL is not valid ({0}); expected postgres://user@host/database")]
    Url(String),
    /// The database cannot be reached, or refuses.
    #[error("the database does not answer as it should: {0}")]
    Database(String),
    /// The server is there and the database is not.
    #[error("{0}")]
    NoDatabase(String),
    /// The schema is older than this binary.
    #[error("the schema lacks {pending} migration(s); run `orderhub migrate up`")]
    SchemaBehind {
        /// How many.
        pending: usize,
    },
    /// Migrating failed.
    #[error("the schema could not be migrated: {0}")]
    Migration(String),
    /// The server would lose what it has confirmed.
    #[error(
        "Postgres runs with {setting}=off and would lose confirmed orders in a crash; set it to on"
    )]
    NotDurable {
        /// The setting.
        setting: &'static str,
    },
    /// The server is too old.
    #[error("Postgres {found} is too old; version 14 or later is needed")]
    TooOld {
        /// The server's version, as a number.
        found: String,
    },
    /// Something that was given does not fit what is stored.
    #[error("{0}")]
    Conflict(String),
    /// Sealing failed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "they are named where an error is mapped, by value"
)]
impl StoreError {
    fn url(error: sqlx::Error) -> Self {
        Self::Url(error.to_string())
    }

    fn database(error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(told) if told.code().as_deref() == Some(NO_SUCH_DATABASE) => {
                Self::NoDatabase(told.message().to_owned())
            }
            _ => Self::Database(error.to_string()),
        }
    }

    fn too_slow() -> Self {
        Self::Database("it did not accept a connection in time".into())
    }
}

/// The store. Cheap to clone; clones share connections, claims and keys.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    options: StoreOptions,
    /// Address and credentials; each kind of connection adds its settings.
    base: PgConnectOptions,
    pool: PgPool,
    fences: Fences,
    /// Marks each change of the order list by this process.
    listed: watch::Sender<()>,
    /// This process's number under its node name; 0 before the first claim.
    incarnation: AtomicI64,
}

impl Store {
    /// Connects, and refuses a server that could lose orders or a schema that does not fit.
    pub async fn connect(url: &str, options: StoreOptions) -> Result<Self, StoreError> {
        let base = PgConnectOptions::from_str(url).map_err(StoreError::url)?;
        let probe = base.clone().disable_statement_logging();
        let connecting = tokio::time::timeout(options.limits.connect, probe.connect());
        let mut conn = connecting
            .await
            .map_err(|_| StoreError::too_slow())?
            .map_err(StoreError::database)?;
        check_server(&mut conn).await?;
        migrate::check(&mut conn).await?;
        conn.close().await.map_err(StoreError::database)?;
        let pool = read_pool(&base, &options);
        Ok(Self {
            shared: Arc::new(Shared {
                options,
                base,
                pool,
                fences: Fences::new(),
                listed: watch::Sender::new(()),
                incarnation: AtomicI64::new(0),
            }),
        })
    }

    /// A commit lane. Every shard must belong to exactly one lane of the store: the lane numbers
    /// the shard's events. Connects at its first batch.
    pub fn lane(&self) -> PgLane {
        PgLane::new(self.shared.clone())
    }

    /// The stock lane. Every location must belong to exactly one. Connects at its first batch.
    pub fn stock_lane(&self) -> PgStockLane {
        PgStockLane::new(self.shared.clone())
    }

    fn pool(&self) -> &PgPool {
        &self.shared.pool
    }
}

fn read_pool(base: &PgConnectOptions, options: &StoreOptions) -> PgPool {
    let limits = options.limits;
    let connect = base
        .clone()
        .application_name("orderhub read")
        .disable_statement_logging()
        .options([
            (
                "statement_timeout",
                limits.statement.as_millis().to_string(),
            ),
            ("lock_timeout", limits.lock.as_millis().to_string()),
            ("jit", "off".to_owned()),
            // Every read on a hot path has its index. Without statistics, a young table would be
            // read whole, by a plan that is kept while it grows.
            ("enable_seqscan", "off".to_owned()),
            ("enable_hashjoin", "off".to_owned()),
            ("enable_mergejoin", "off".to_owned()),
            ("random_page_cost", "1.1".to_owned()),
        ]);
    PgPoolOptions::new()
        .max_connections(options.read_connections)
        .acquire_timeout(limits.connect)
        // One round trip less per read; a dead connection is noticed by the read, which repeats.
        .test_before_acquire(false)
        .connect_lazy_with(connect)
}

async fn check_server(conn: &mut PgConnection) -> Result<(), StoreError> {
    let number = conn.server_version_num().unwrap_or_default();
    if number < 140_000 {
        return Err(StoreError::TooOld {
            found: (number / 10_000).to_string(),
        });
    }
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        let value: String = sqlx::query_scalar("select current_setting($1)")
            .bind(setting)
            .fetch_one(&mut *conn)
            .await
            .map_err(StoreError::database)?;
        if value == "off" {
            return Err(StoreError::NotDurable { setting });
        }
    }
    Ok(())
}
