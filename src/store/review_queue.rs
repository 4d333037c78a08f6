//! How long orders wait for the people who review them.

use orderhub_actors::ports::Unavailable;

use super::Store;

// An order stays in screening only while a person has to look at it; its row says when the policy's default
// decides. Both parts read indexes that hold no order that has gone on.
const QUEUE: &str = "
select coalesce(max(extract(epoch from now() - l.received_at)), 0)::float8,
       coalesce(max(extract(epoch from now() - l.received_at)
                    / nullif(greatest(extract(epoch from o.wake_at - l.received_at), 0), 0)), 0)::float8
from orderhub.order_list l
join orderhub.orders o on o.id = l.order_id
where l.stage = 'screening'
  and l.stage in
    ('received', 'screening', 'reserving', 'authorizing', 'confirmed', 'fulfilling', 'cancelling')
";

/// How the orders in review stand; zeros where there are none.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ReviewQueue {
    /// Seconds since the oldest of them was received.
    pub oldest_s: f64,
    /// Of the time that people have for it, the largest share that is over: 1 when the default decides.
    pub used: f64,
}

impl Store {
    /// How the orders in review stand.
    pub async fn review_queue(&self) -> Result<ReviewQueue, Unavailable> {
        let query = || sqlx::query_as::<_, (f64, f64)>(QUEUE).fetch_one(self.pool());
        let (oldest_s, used) = self.read(query).await?;
        Ok(ReviewQueue {
            oldest_s: oldest_s.max(0.0),
            used: used.max(0.0),
        })
    }
}
