//! What parcels took on their lanes. Rows are written by the statement that appends the delivery; here
//! they are read.

use orderhub_actors::ports::Unavailable;
use orderhub_domain::order::{ShippingLane, TRANSITS_COUNTED};

use super::Store;

const NEWEST: &str = "
select took_s
from orderhub.transit
where account = $1 and carrier = $2 and service = $3 and origin = $4 and destination = $5
order by delivered_at desc
limit $6
";

/// What stands in the column of a lane's service.
pub(super) fn service(lane: &ShippingLane) -> &str {
    lane.service.as_deref().unwrap_or_default()
}

impl Store {
    /// What the newest deliveries of a lane took, in seconds.
    pub(super) async fn newest_transits(
        &self,
        lane: &ShippingLane,
    ) -> Result<Vec<i64>, Unavailable> {
        let query = || {
            sqlx::query_scalar::<_, i64>(NEWEST)
                .bind(lane.account.as_str())
                .bind(&lane.carrier)
                .bind(service(lane))
                .bind(&lane.origin)
                .bind(&lane.destination)
                .bind(i64::from(TRANSITS_COUNTED))
                .fetch_all(self.pool())
        };
        self.read(query).await
    }
}
