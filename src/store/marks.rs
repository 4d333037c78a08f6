//! By what orders of one buyer are recognised. Only keyed hashes are stored: see `seal`.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use orderhub_actors::ports::{MARKS_COUNTED, Seen, Unavailable};
use orderhub_domain::ids::OrderId;
use orderhub_domain::order::{Mark, MarkKind};
use uuid::Uuid;

use super::Store;

const SEEN: &str = "
select array(
           select s.order_id
           from orderhub.order_mark s
           where s.mark = m.mark and s.seen_at > $2
           order by s.seen_at desc
           limit $3
       ),
       exists (select from orderhub.order_mark s where s.mark = m.mark)
from unnest($1::uuid[]) with ordinality as m (mark, place)
order by m.place
";

/// How the table tells kinds apart.
pub(super) const fn number(kind: MarkKind) -> i16 {
    match kind {
        MarkKind::Email => 1,
        MarkKind::Payment => 2,
        MarkKind::Address => 3,
    }
}

impl Store {
    /// The orders that had these marks.
    pub(super) async fn seen_marks(
        &self,
        marks: &[Mark],
        since: Timestamp,
    ) -> Result<Vec<Seen>, Unavailable> {
        let seal = &self.shared.options.seal;
        let hashes: Vec<Uuid> = marks.iter().map(|mark| seal.hash(mark)).collect();
        let query = || {
            sqlx::query_as::<_, (Vec<Uuid>, bool)>(SEEN)
                .bind(&hashes)
                .bind(since.to_sqlx())
                .bind(i64::from(MARKS_COUNTED))
                .fetch_all(self.pool())
        };
        let rows = self.read(query).await?.into_iter();
        let seen = rows.map(|(recent, before)| Seen {
            recent: recent.into_iter().map(OrderId::from_uuid).collect(),
            before,
        });
        Ok(seen.collect())
    }
}
