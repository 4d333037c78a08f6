//! Parcels that are under way, by the numbers that carriers gave them.

use orderhub_actors::ports::Unavailable;

use super::Store;

// The stages in hand, and of all orders what is on its way back: how many have ended costs nothing here. The
// list is a moment behind the log, which matters little to who asks every few hours.
const UNDER_WAY: &str = r#"
select r.value collate "C" as number
from orderhub.order_list l
join orderhub.order_ref r on r.order_id = l.order_id
where l.stage in
    ('received', 'screening', 'reserving', 'authorizing', 'confirmed', 'fulfilling', 'cancelling')
  and r.kind = 'tracking' and r.scope = $1 and r.value collate "C" > $2
union
select r.value collate "C"
from orderhub.order_list l
cross join lateral jsonb_each_text(l.coming_back) back
join orderhub.order_ref r on r.kind = 'tracking' and r.scope = $1 and r.value = back.value
where l.coming_back <> '{}' and r.order_id = l.order_id and r.value collate "C" > $2
order by number
limit $3
"#;

impl Store {
    /// Numbers that an account has given to orders in hand and to what comes back, after one of them.
    pub(super) async fn numbers_under_way(
        &self,
        account: &str,
        mark: &str,
        limit: u32,
    ) -> Result<Vec<String>, Unavailable> {
        let query = || {
            sqlx::query_scalar::<_, String>(UNDER_WAY)
                .bind(account)
                .bind(mark)
                .bind(i64::from(limit))
                .fetch_all(self.pool())
        };
        self.read(query).await
    }
}
