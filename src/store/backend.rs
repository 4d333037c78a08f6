//! A connection that one task owns, and what the server calls it: a lane must be able to end the
//! backend whose answer it never got.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Row};
use tokio::time::timeout;

/// Names a server process for certain: process ids are used again, the pair is not.
#[derive(Debug, Clone)]
pub(super) struct BackendId {
    pid: i32,
    started: jiff_sqlx::Timestamp,
}

/// A connection and its server process.
pub(super) struct Backend {
    pub(super) conn: PgConnection,
    pub(super) id: BackendId,
}

impl Backend {
    /// Connects within `patience`.
    pub(super) async fn connect(
        options: &PgConnectOptions,
        patience: Duration,
    ) -> Result<Self, sqlx::Error> {
        let connecting = async {
            let mut conn = options.connect().await?;
            let row = sqlx::query(
                "select pid, backend_start from pg_stat_activity where pid = pg_backend_pid()",
            )
            .fetch_one(&mut conn)
            .await?;
            let id = BackendId {
                pid: row.try_get("pid")?,
                started: row.try_get("backend_start")?,
            };
            Ok(Self { conn, id })
        };
        timeout(patience, connecting)
            .await
            .unwrap_or_else(|_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())))
    }

    /// Ends other server processes of ours whose statement nobody waits for any more.
    pub(super) async fn terminate(&mut self, others: &[BackendId]) -> Result<(), sqlx::Error> {
        let pids: Vec<i32> = others.iter().map(|id| id.pid).collect();
        let started: Vec<_> = others.iter().map(|id| id.started).collect();
        sqlx::query(
            "select pg_terminate_backend(a.pid) \
             from pg_stat_activity a \
             join unnest($1::int[], $2::timestamptz[]) as gone (pid, started) \
               on a.pid = gone.pid and a.backend_start = gone.started",
        )
        .bind(pids)
        .bind(started)
        .execute(&mut self.conn)
        .await?;
        Ok(())
    }
}

/// Settings of every connection that writes in batches. The plans of the batch statements are made
/// once, before the tables have grown, so the choices that are only right for small tables are
/// taken away.
pub(super) fn writer_options(
    base: &PgConnectOptions,
    name: &str,
    statement: Duration,
    lock: Duration,
) -> PgConnectOptions {
    base.clone()
        .application_name(name)
        .disable_statement_logging()
        .options([
            ("statement_timeout", statement.as_millis().to_string()),
            ("lock_timeout", lock.as_millis().to_string()),
            ("idle_in_transaction_session_timeout", "5000".to_owned()),
            ("plan_cache_mode", "force_generic_plan".to_owned()),
            ("jit", "off".to_owned()),
            ("enable_seqscan", "off".to_owned()),
            ("enable_hashjoin", "off".to_owned()),
            ("enable_mergejoin", "off".to_owned()),
            ("random_page_cost", "1.1".to_owned()),
        ])
}
