//! API keys: shown once, kept as hashes.

use std::collections::BTreeSet;

use jiff::Timestamp;
use orderhub_domain::ids::{ChannelId, Slug};
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};
use uuid::Uuid;

use super::{SealError, Store, StoreError};

/// Every key begins so, for people and for scanners of leaked secrets.
const PREFIX: &str = "ohk_";

/// A key as the store knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id: `key_` and 32 hexadecimal digits. Part of command ids, so never used again.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: BTreeSet<String>,
    /// The only channel it may act for.
    pub channel: Option<ChannelId>,
    /// That channel's slug.
    pub channel_slug: Option<Slug>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A key that was just made. The only moment at which the key itself is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiKey {
    /// Its id.
    pub id: String,
    /// The key: `ohk_` and 64 hexadecimal digits.
    pub key: String,
    /// What it may do.
    pub scopes: BTreeSet<String>,
}

impl FromRow<'_, PgRow> for ApiKey {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let scopes: Vec<String> = row.try_get("scopes")?;
        let channel: Option<Uuid> = row.try_get("channel_id")?;
        let slug: Option<String> = row.try_get("slug")?;
        let created_at: jiff_sqlx::Timestamp = row.try_get("created_at")?;
        let revoked_at: Option<jiff_sqlx::Timestamp> = row.try_get("revoked_at")?;
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            scopes: scopes.into_iter().collect(),
            channel: channel.map(ChannelId),
            channel_slug: slug.map(Slug),
            created_at: created_at.to_jiff(),
            revoked_at: revoked_at.map(jiff_sqlx::Timestamp::to_jiff),
        })
    }
}

impl Store {
    /// Makes a key.
    pub async fn create_api_key(
        &self,
        name: &str,
        scopes: &BTreeSet<String>,
        channel: Option<ChannelId>,
    ) -> Result<NewApiKey, StoreError> {
        let mut random = [0; 48];
        SystemRandom::new()
            .fill(&mut random)
            .map_err(|_| SealError::NoRandomness)?;
        let (id, secret) = random.split_at(16);
        let id = format!("key_{}", hex::encode(id));
        let key = format!("{PREFIX}{}", hex::encode(secret));
        let words: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let hash = hash_of(&key);
        // Repeated on a broken connection: the same id again is the same key.
        let query = || {
            sqlx::query(
                "insert into orderhub.api_key (id, name, hash, scopes, channel_id) \
                 values ($1, $2, $3, $4, $5) on conflict (id) do nothing",
            )
            .bind(&id)
            .bind(name)
            .bind(&hash)
            .bind(&words)
            .bind(channel.map(|channel| channel.0))
            .execute(self.pool())
        };
        let made = self.read(query).await;
        made.map_err(|error| StoreError::Database(error.0))?;
        Ok(NewApiKey {
            id,
            key,
            scopes: scopes.clone(),
        })
    }

    /// Every key, revoked ones too, oldest first.
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        let query = || {
            sqlx::query_as::<_, ApiKey>(
                "select k.id, k.name, k.scopes, k.channel_id, c.slug, k.created_at, k.revoked_at \
                 from orderhub.api_key k \
                 left join orderhub.channel c on c.id = k.channel_id \
                 order by k.created_at, k.id",
            )
            .fetch_all(self.pool())
        };
        let keys = self.read(query).await;
        keys.map_err(|error| StoreError::Database(error.0))
    }

    /// The key that a client presented; `None` when it is unknown or revoked.
    pub async fn api_key(&self, presented: &str) -> Result<Option<ApiKey>, StoreError> {
        if !presented.starts_with(PREFIX) {
            return Ok(None);
        }
        let hash = hash_of(presented);
        let query = || {
            sqlx::query_as::<_, ApiKey>(
                "select k.id, k.name, k.scopes, k.channel_id, c.slug, k.created_at, k.revoked_at \
                 from orderhub.api_key k \
                 left join orderhub.channel c on c.id = k.channel_id \
                 where k.hash = $1 and k.revoked_at is null",
            )
            .bind(&hash)
            .fetch_optional(self.pool())
        };
        let key = self.read(query).await;
        key.map_err(|error| StoreError::Database(error.0))
    }

    /// Revokes a key by its id; `false` when there is none. Revoking again changes nothing.
    pub async fn revoke_api_key(&self, id: &str) -> Result<bool, StoreError> {
        let query = || {
            sqlx::query(
                "update orderhub.api_key set revoked_at = coalesce(revoked_at, clock_timestamp()) \
                 where id = $1",
            )
            .bind(id)
            .execute(self.pool())
        };
        let done = self.read(query).await;
        let done = done.map_err(|error| StoreError::Database(error.0))?;
        Ok(done.rows_affected() == 1)
    }
}

fn hash_of(key: &str) -> Vec<u8> {
    Sha256::digest(key.as_bytes()).to_vec()
}
