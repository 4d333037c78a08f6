//! A look at a database before a hub uses it. Changes nothing.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use orderhub_domain::ids::OrderId;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use uuid::Uuid;

use super::journal::private_row;
use super::{Limits, Seal, StoreError, check_server, migrate};

const KEPT: &str = "select key from orderhub.seal_key";

const NEWEST: &str = "
select order_id, slot, ciphertext
from orderhub.order_private
order by order_id desc
limit 1
";

/// A connection for looking.
pub struct Checkup {
    conn: PgConnection,
}

/// What was found about the sealing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealed {
    /// It opens what was sealed last.
    Opens,
    /// Nothing is sealed yet.
    Nothing,
}

impl Checkup {
    /// Connects to a database.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let limits = Limits::default();
        let options = PgConnectOptions::from_str(url)
            .map_err(StoreError::url)?
            .application_name("orderhub doctor")
            .disable_statement_logging()
            .options([(
                "statement_timeout",
                limits.statement.as_millis().to_string(),
            )]);
        let conn = tokio::time::timeout(limits.connect, options.connect()).await;
        let conn = conn.map_err(|_| StoreError::too_slow())?;
        let conn = conn.map_err(StoreError::database)?;
        Ok(Self { conn })
    }

    /// The server's version, if the server keeps what it confirms.
    pub async fn server(&mut self) -> Result<String, StoreError> {
        check_server(&mut self.conn).await?;
        sqlx::query_scalar("select current_setting('server_version')")
            .fetch_one(&mut self.conn)
            .await
            .map_err(StoreError::database)
    }

    /// How many bytes the database takes.
    pub async fn size(&mut self) -> Result<i64, StoreError> {
        sqlx::query_scalar("select pg_database_size(current_database())")
            .fetch_one(&mut self.conn)
            .await
            .map_err(StoreError::database)
    }

    /// Refuses a schema that is not this binary's, or newer.
    pub async fn schema(&mut self) -> Result<(), StoreError> {
        migrate::check(&mut self.conn).await
    }

    /// Whether this key, or else the one that the database keeps, opens what was sealed last.
    pub async fn sealing(&mut self, configured: Option<[u8; 32]>) -> Result<Sealed, StoreError> {
        let newest: Option<(Uuid, String, Vec<u8>)> = sqlx::query_as(NEWEST)
            .fetch_optional(&mut self.conn)
            .await
            .map_err(StoreError::database)?;
        let Some((order, slot, sealed)) = newest else {
            return Ok(Sealed::Nothing);
        };
        let key = match configured {
            Some(key) => Some(key),
            None => self.kept_key().await?,
        };
        // A database that keeps no key has been sealed with another one.
        let key = key.ok_or(StoreError::Seal(super::SealError::DoesNotOpen))?;
        let row = private_row(OrderId::from_uuid(order), &slot);
        Seal::new(key)?.open(&row, &sealed)?;
        Ok(Sealed::Opens)
    }

    async fn kept_key(&mut self) -> Result<Option<[u8; 32]>, StoreError> {
        let kept: Option<Vec<u8>> = sqlx::query_scalar(KEPT)
            .fetch_optional(&mut self.conn)
            .await
            .map_err(StoreError::database)?;
        Ok(kept.and_then(|key| key.try_into().ok()))
    }

    /// How far the database's clock is ahead of ours: what is certain of it. The way there and back
    /// hides the rest.
    pub async fn clock_ahead(&mut self) -> Result<SignedDuration, StoreError> {
        let before = Timestamp::now();
        let theirs: jiff_sqlx::Timestamp = sqlx::query_scalar("select clock_timestamp()")
            .fetch_one(&mut self.conn)
            .await
            .map_err(StoreError::database)?;
        let after = Timestamp::now();
        let theirs = theirs.to_jiff();
        Ok(if theirs > after {
            theirs.duration_since(after)
        } else if theirs < before {
            theirs.duration_since(before)
        } else {
            SignedDuration::ZERO
        })
    }
}
