//! What the auditor reads, and where it writes down what it found. Everything is a single statement,
//! so what is compared is of one moment, over one connection of its own.

mod findings;
mod logs;
mod orders;
mod stock;
mod untold;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::time::timeout;

pub use findings::OpenFinding;
pub use logs::LOG_CURSORS;
pub use orders::{HotMark, Suspects};
pub use stock::LEDGER_BITE;
pub use untold::UntoldFinding;

use super::{Limits, Store, StoreError};

/// The auditor's connection: opened when it is needed, and again after whatever went wrong with it.
pub struct AuditBook {
    base: PgConnectOptions,
    limits: Limits,
    conn: Option<PgConnection>,
}

impl Store {
    /// What the auditor works with. One per node; several do no harm.
    pub fn audit_book(&self) -> AuditBook {
        AuditBook {
            base: self.shared.base.clone(),
            limits: self.shared.options.limits,
            conn: None,
        }
    }
}

impl AuditBook {
    /// The connection, out of the book: a statement that fails or is dropped takes it along.
    async fn take(&mut self) -> Result<PgConnection, StoreError> {
        if let Some(conn) = self.conn.take() {
            return Ok(conn);
        }
        let options = options(&self.base, self.limits);
        timeout(self.limits.connect, options.connect())
            .await
            .map_err(|_| StoreError::too_slow())?
            .map_err(StoreError::database)
    }

    fn give_back(&mut self, conn: PgConnection) {
        self.conn = Some(conn);
    }

    /// Ends the connection in order.
    pub async fn close(self) {
        if let Some(conn) = self.conn {
            conn.close().await.ok();
        }
    }
}

fn options(base: &PgConnectOptions, limits: Limits) -> PgConnectOptions {
    base.clone()
        .application_name("orderhub audit")
        .disable_statement_logging()
        .options([
            (
                "statement_timeout",
                limits.statement.as_millis().to_string(),
            ),
            ("lock_timeout", limits.lock.as_millis().to_string()),
            ("client_connection_check_interval", "2s".to_owned()),
            ("jit", "off".to_owned()),
            // Every read goes along an index, also while the tables are young and unanalysed.
            ("enable_seqscan", "off".to_owned()),
            ("enable_hashjoin", "off".to_owned()),
            ("enable_mergejoin", "off".to_owned()),
            ("random_page_cost", "1.1".to_owned()),
            ("max_parallel_workers_per_gather", "0".to_owned()),
        ])
}
