//! Counts over all orders: how many there are in each stage when a node starts, and now and then
//! what is not right about those in hand.

use std::collections::BTreeMap;
use std::time::Duration;

use orderhub_actors::ports::Unavailable;
use orderhub_domain::order::HOLD_REASONS;

use super::Store;

// Reads every row once; a node does it when it starts and never again. From then on it counts
// commits.
const CENSUS: &str = "
select stage, count(*)
from orderhub.orders
group by stage
";

// Each part reads from an index that holds nothing but what it asks for, so that the orders that
// have ended cost nothing.
//
// An order is stuck when it wanted attention a while ago and still does (its call waits for a partner
// that is left alone, or nobody could wake it), or when the tries of a call have failed for as long
// and none was answered since. The limit makes each shard's part of the index be looked up; without
// it, a plan made while the table is young reads the whole index for ever.
const STANDING: &str = "
with stuck as (
    select o.id, o.stage
    from generate_series(0, 255) as s (shard)
    cross join lateral (
        select id, stage
        from orderhub.orders o
        where o.shard = s.shard::smallint and o.wake_at < now() - $1 * interval '1 second'
        order by o.wake_at
        limit 10000
    ) o
    union
    select l.order_id, l.stage
    from orderhub.order_list l
    where l.failing_since < now() - $1 * interval '1 second'
)
select 'stuck' as what, stage as label, count(*)::float8 as value
from stuck
group by stage
union all
select 'age', s.stage, extract(epoch from greatest(now() - l.received_at, interval '0'))::float8
from unnest(array[
    'received', 'screening', 'reserving', 'authorizing', 'confirmed', 'fulfilling', 'cancelling'
]) as s (stage)
cross join lateral (
    select received_at
    from orderhub.order_list l
    where l.stage = s.stage
      and l.stage in
        ('received', 'screening', 'reserving', 'authorizing', 'confirmed', 'fulfilling', 'cancelling')
    order by received_at
    limit 1
) l
union all
select 'held', h.reason, count(*)::float8
from (
    select distinct l.order_id,
           case when r.value = any($2) then r.value else 'other' end as reason
    from orderhub.order_list l
    cross join lateral jsonb_each_text(l.holds) as r
    where l.holds <> '{}' and l.stage not in ('closed', 'rejected', 'expired', 'cancelled')
) h
group by h.reason
";

/// What stands out among the orders in hand. What there is none of is left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// Stuck orders, by stage.
    pub stuck: BTreeMap<String, f64>,
    /// Seconds since the oldest order was received, by the stage it is in.
    pub oldest: BTreeMap<String, f64>,
    /// Orders on hold, by reason: the hub's own words, and `other` for what people write.
    pub held: BTreeMap<String, f64>,
}

impl Store {
    /// Orders by the word of their stage.
    pub async fn census(&self) -> Result<Vec<(String, i64)>, Unavailable> {
        let query = || sqlx::query_as::<_, (String, i64)>(CENSUS).fetch_all(self.pool());
        self.read(query).await
    }

    /// How the orders stand. An order is stuck after this much patience.
    pub async fn standing(&self, patience: Duration) -> Result<Standing, Unavailable> {
        let patience = i64::try_from(patience.as_secs()).unwrap_or(i64::MAX);
        let query = || {
            sqlx::query_as::<_, (String, String, f64)>(STANDING)
                .bind(patience)
                .bind(HOLD_REASONS.as_slice())
                .fetch_all(self.pool())
        };
        let mut standing = Standing::default();
        for (what, label, value) in self.read(query).await? {
            let counts = match what.as_str() {
                "stuck" => &mut standing.stuck,
                "age" => &mut standing.oldest,
                _ => &mut standing.held,
            };
            counts.insert(label, value);
        }
        Ok(standing)
    }
}

#[cfg(test)]
mod tests {
    use orderhub_domain::order::Stage;

    use super::*;

    #[test]
    fn the_statement_names_every_stage_and_calls_it_in_hand_or_not() {
        let (in_hand, over) = STANDING.split_once("not in").expect("both lists");
        for stage in Stage::ALL {
            let word = format!("'{}'", stage.word());
            assert_eq!(over.contains(&word), stage.is_terminal(), "{word}");
            let named = in_hand.matches(&word).count();
            assert_eq!(named, if stage.is_in_hand() { 2 } else { 0 }, "{word}");
        }
    }
}
