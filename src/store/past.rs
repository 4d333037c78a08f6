//! Orders by many names at once: which of a file's orders are there.

use std::collections::BTreeMap;

use orderhub_actors::ports::Unavailable;
use orderhub_domain::ids::{ChannelId, OrderId};
use uuid::Uuid;

use super::Store;

// Each name is looked up in the index on its own, whatever the planner believes about their number. Without the
// limit it makes one join of both selects, and while nobody has counted the table's rows it reads all of the
// channel's for it.
const FIND_ALL: &str = "
select o.external_id, o.id
from unnest($2::text[]) as n (external_id)
cross join lateral (
    select o.external_id, o.id
    from orderhub.orders o
    where o.channel_id = $1 and o.external_id = n.external_id
    limit 1
) o
";

impl Store {
    /// The orders of a channel that have one of these external ids.
    pub(super) async fn find_named(
        &self,
        channel: ChannelId,
        external_ids: &[String],
    ) -> Result<BTreeMap<String, OrderId>, Unavailable> {
        // No order has a name that the database has no room for.
        let names = external_ids.iter().filter(|name| !name.contains('\0'));
        let names: Vec<&str> = names.map(String::as_str).collect();
        let query = || {
            sqlx::query_as::<_, (String, Uuid)>(FIND_ALL)
                .bind(channel.0)
                .bind(&names)
                .fetch_all(self.pool())
        };
        let found = self.read(query).await?.into_iter();
        Ok(found
            .map(|(name, id)| (name, OrderId::from_uuid(id)))
            .collect())
    }
}
