//! API keys: kept as SHA-256 of their token, looked up by it.

use async_trait::async_trait;
use orderhub_actors::ports::Unavailable;
use orderhub_domain::ids::Slug;
use sqlx::FromRow;

use super::Store;
use crate::http::keys::{KeptKey, Key, KeyBook, KeyRing, NewKey, Scope};

const LOOKUP: &str = "
select k.id, k.name, k.scopes, c.slug, k.channel_id is not null as bound, k.created_at,
       k.revoked_at
from orderhub.api_key k
left join orderhub.channel c on c.id = k.channel_id
where k.hash = $1 and k.revoked_at is null
";

const LIST: &str = "
select k.id, k.name, k.scopes, c.slug, k.channel_id is not null as bound, k.created_at,
       k.revoked_at
from orderhub.api_key k
left join orderhub.channel c on c.id = k.channel_id
order by k.created_at, k.id
";

// Nothing is inserted when the key is to be bound to a channel that does not exist.
const ADD: &str = "
insert into orderhub.api_key (id, name, hash, scopes, channel_id)
select $1, $2, $3, $4, c.id
from (select 1) one
left join orderhub.channel c on c.slug = $5
where $5::text is null or c.id is not null
on conflict (id) do nothing
";

const REVOKE: &str = "
update orderhub.api_key
set revoked_at = coalesce(revoked_at, clock_timestamp())
where id = $1
";

#[derive(FromRow)]
struct Row {
    id: String,
    name: String,
    scopes: Vec<String>,
    slug: Option<String>,
    bound: bool,
    created_at: jiff_sqlx::Timestamp,
    revoked_at: Option<jiff_sqlx::Timestamp>,
}

impl Row {
    /// A scope that this binary does not know gives no right. A key whose channel is gone sees
    /// nothing rather than everything.
    fn key(self) -> KeptKey {
        let channel = self.slug.or_else(|| self.bound.then(String::new)).map(Slug);
        KeptKey {
            key: Key {
                id: self.id,
                name: self.name,
                scopes: self
                    .scopes
                    .iter()
                    .filter_map(|word| word.parse().ok())
                    .collect(),
                channel,
            },
            created_at: self.created_at.to_jiff(),
            revoked_at: self.revoked_at.map(jiff_sqlx::Timestamp::to_jiff),
        }
    }
}

#[async_trait]
impl KeyRing for Store {
    async fn lookup(&self, token_hash: [u8; 32]) -> Result<Option<Key>, Unavailable> {
        let query = || {
            sqlx::query_as::<_, Row>(LOOKUP)
                .bind(token_hash.to_vec())
                .fetch_optional(self.pool())
        };
        Ok(self.read(query).await?.map(|row| row.key().key))
    }
}

#[async_trait]
impl KeyBook for Store {
    async fn add(&self, new: &NewKey) -> Result<(), Unavailable> {
        let words: Vec<&str> = new.key.scopes.iter().copied().map(Scope::word).collect();
        // Repeated on a broken connection: the same id again is the same key.
        let query = || {
            sqlx::query(ADD)
                .bind(&new.key.id)
                .bind(&new.key.name)
                .bind(new.token_hash.to_vec())
                .bind(&words)
                .bind(new.key.channel.as_ref().map(Slug::as_str))
                .execute(self.pool())
        };
        let added = self.read(query).await?;
        if added.rows_affected() == 0 && new.key.channel.is_some() {
            let bound = self
                .list()
                .await?
                .into_iter()
                .any(|kept| kept.key.id == new.key.id);
            if !bound {
                let channel = new.key.channel.as_ref().map_or("", Slug::as_str);
                return Err(Unavailable(format!("there is no channel \"{channel}\"")));
            }
        }
        Ok(())
    }

    async fn list(&self) -> Result<Vec<KeptKey>, Unavailable> {
        let query = || sqlx::query_as::<_, Row>(LIST).fetch_all(self.pool());
        Ok(self.read(query).await?.into_iter().map(Row::key).collect())
    }

    async fn revoke(&self, id: &str) -> Result<bool, Unavailable> {
        let query = || sqlx::query(REVOKE).bind(id).execute(self.pool());
        Ok(self.read(query).await?.rows_affected() == 1)
    }
}
