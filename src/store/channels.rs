//! The channel registry: an identity that outlives the channel's name.

use orderhub_domain::ids::{ChannelId, Slug};
use sqlx::types::Uuid;

use super::{Store, StoreError};

/// Tells what stands in the registry: the new row, and the rows that share its slug or account.
const REGISTER: &str = "
with added as (
    insert into orderhub.channel (slug, kind, account) values ($1, $2, $3)
    on conflict do nothing
    returning id, slug, kind, account
)
select id, slug, kind, account from added
union
select id, slug, kind, account from orderhub.channel where slug = $1 or account = $3
";

impl Store {
    /// The channel with this slug, made when it is new. `account` is what the vendor calls it: the
    /// shop's domain, the seller's id, the slug itself for channels without a vendor.
    ///
    /// # Errors
    /// When the slug belongs to another account or kind, or the account to another slug: one
    /// account under two slugs would make two orders of each.
    pub async fn ensure_channel(
        &self,
        slug: &Slug,
        kind: &str,
        account: &str,
    ) -> Result<ChannelId, StoreError> {
        // Of two processes that register at once, one sees neither its own row nor the other's;
        // the second look sees both.
        for _ in 0..2 {
            let query = || {
                sqlx::query_as::<_, (Uuid, String, String, String)>(REGISTER)
                    .bind(slug.as_str())
                    .bind(kind)
                    .bind(account)
                    .fetch_all(self.pool())
            };
            let found = self.read(query).await;
            let rows = found.map_err(|error| StoreError::Database(error.0))?;
            for (_, other, _, _) in &rows {
                if other != slug.as_str() {
                    return Err(StoreError::Conflict(format!(
                        "the account \"{account}\" is the channel \"{other}\" already; \
                         use that slug, or rename the channel"
                    )));
                }
            }
            let Some((id, _, had_kind, had_account)) = rows.into_iter().next() else {
                continue;
            };
            if had_kind != kind || had_account != account {
                return Err(StoreError::Conflict(format!(
                    "the channel \"{slug}\" is the {had_kind} account \"{had_account}\"; \
                     give the {kind} account \"{account}\" another slug"
                )));
            }
            return Ok(ChannelId(id));
        }
        Err(StoreError::Database(format!(
            "the channel \"{slug}\" could not be registered; start again"
        )))
    }

    /// Gives a channel another slug. Its orders stay its orders.
    pub async fn rename_channel(&self, from: &Slug, to: &Slug) -> Result<ChannelId, StoreError> {
        let query = || {
            sqlx::query_scalar::<_, Uuid>(
                "update orderhub.channel set slug = $2 \
                 where slug = $1 and not exists (select from orderhub.channel where slug = $2) \
                 returning id",
            )
            .bind(from.as_str())
            .bind(to.as_str())
            .fetch_optional(self.pool())
        };
        let renamed = self.read(query).await;
        let renamed = renamed.map_err(|error| StoreError::Database(error.0))?;
        renamed.map(ChannelId).ok_or_else(|| {
            StoreError::Conflict(format!(
                "there is no channel \"{from}\", or \"{to}\" is taken"
            ))
        })
    }

    /// Every registered channel: id, slug and kind.
    pub async fn channels(&self) -> Result<Vec<(ChannelId, Slug, String)>, StoreError> {
        let query = || {
            sqlx::query_as::<_, (Uuid, String, String)>(
                "select id, slug, kind from orderhub.channel order by slug",
            )
            .fetch_all(self.pool())
        };
        let rows = self.read(query).await;
        let rows = rows.map_err(|error| StoreError::Database(error.0))?;
        Ok(rows
            .into_iter()
            .map(|(id, slug, kind)| (ChannelId(id), Slug(slug), kind))
            .collect())
    }
}
