//! Parcels that are under way, by the numbers that carriers gave them.

use orderhub_actors::ports::{Unavailable, Whose};
use orderhub_channels::port::UnderWay;
use orderhub_domain::ids::OrderId;
use uuid::Uuid;

use super::Store;

// The stages in hand, and of all orders what is on its way back: how many have ended costs nothing here. The
// list is a moment behind the log, which matters little to who asks every few hours, or tells every few minutes.
// A number that is known by its carrier stands under that carrier's name, which begins with an @.
const UNDER_WAY: &str = r#"
with parcel as (
    select r.order_id, l.test, r.value, nullif(r.scope, $1) as carrier
    from orderhub.order_list l
    join orderhub.order_ref r on r.order_id = l.order_id
    where l.stage in
        ('received', 'screening', 'reserving', 'authorizing', 'confirmed', 'fulfilling', 'cancelling')
      and r.kind = 'tracking' and (r.scope = $1 or ($2 and starts_with(r.scope, '@')))
    union
    select r.order_id, l.test, r.value, null
    from orderhub.order_list l
    cross join lateral jsonb_each_text(l.coming_back) back
    join orderhub.order_ref r on r.kind = 'tracking' and r.scope = $1 and r.value = back.value
    where l.coming_back <> '{}' and r.order_id = l.order_id
)
select order_id, test, value, substr(carrier, 2) as carrier
from parcel
where (value || coalesce(carrier, '')) collate "C" > $3
order by (value || coalesce(carrier, '')) collate "C"
limit $4
"#;

impl Store {
    /// Parcels of orders in hand and what comes back, as an account is to know them, after a place.
    pub(super) async fn parcels_under_way(
        &self,
        account: &str,
        whose: Whose,
        mark: &str,
        limit: u32,
    ) -> Result<Vec<UnderWay>, Unavailable> {
        let query = || {
            sqlx::query_as::<_, (Uuid, bool, String, Option<String>)>(UNDER_WAY)
                .bind(account)
                .bind(whose == Whose::Everybodys)
                .bind(mark)
                .bind(i64::from(limit))
                .fetch_all(self.pool())
        };
        let rows = self.read(query).await?;
        let parcels = rows
            .into_iter()
            .map(|(order, test, number, carrier)| UnderWay {
                order: OrderId::from_uuid(order),
                test,
                number,
                carrier,
            });
        Ok(parcels.collect())
    }
}
