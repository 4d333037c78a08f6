//! The auditor: reads `orderhub_check` and says what does not add up. Each rule is a function of
//! its own, so that a failure names the rule.
//!
//! The rules use the views' columns as `docs/interface.md` states them and nothing of the hub.

use std::time::Duration;

use sqlx::PgPool;

use super::api::Api;

/// Fails with the first offenders when the query finds any. The query answers one text per offender.
async fn nobody(
    rule: &str,
    query: sqlx::query::QueryScalar<'_, sqlx::Postgres, String, sqlx::postgres::PgArguments>,
    audit: &PgPool,
) {
    let offenders = query.fetch_all(audit).await.unwrap();
    let shown: Vec<&String> = offenders.iter().take(5).collect();
    assert!(
        offenders.is_empty(),
        "{rule}: {} offenders, the first are {shown:?}",
        offenders.len()
    );
}

/// Every rule that holds at any moment, whatever the orders are doing.
pub(crate) async fn always(audit: &PgPool) {
    versions_have_no_gap(audit).await;
    an_external_id_has_one_order(audit).await;
    stock_never_broke_its_bound(audit).await;
    counters_are_the_sum_of_the_ledger(audit).await;
    money_entries_add_up_to_zero(audit).await;
    cash_is_what_was_captured_less_what_was_refunded(audit).await;
}

/// Every rule that holds once nothing is under way, for orders of so many units each.
pub(crate) async fn at_rest(audit: &PgPool, units_per_order: i64) {
    always(audit).await;
    no_effect_is_open_longer_than(audit, Duration::from_mins(1)).await;
    standing_orders_hold_their_units(audit, units_per_order).await;
    ended_orders_hold_nothing(audit).await;
}

/// Whether nothing is under way but what waits for a person.
pub(crate) async fn is_at_rest(audit: &PgPool, api: &Api) -> bool {
    let open: i64 = sqlx::query_scalar(
        "select (select count(*) from orderhub_check.effects where state = 'open')
              + (select count(*) from orderhub_check.orders where stage in
                 ('received', 'screening', 'reserving', 'authorizing', 'cancelling'))",
    )
    .fetch_one(audit)
    .await
    .unwrap();
    if open > 0 {
        return false;
    }
    for stage in ["confirmed", "fulfilling"] {
        let path = format!("/v1/orders?limit=200&stage={stage}");
        let page = api.get(&path).await.expect(200);
        let mut orders = page["data"].as_array().unwrap().iter();
        if orders.any(|order| order["holds"] == 0) {
            return false;
        }
    }
    true
}

pub(crate) async fn versions_have_no_gap(audit: &PgPool) {
    let query = sqlx::query_scalar(
        "select coalesce(o.order_id, e.order_id) || ' is at ' || coalesce(o.version, 0)
             || ' and has ' || coalesce(e.events, 0) || ' events up to ' || coalesce(e.last, 0)
         from orderhub_check.orders o
         full join (
             select order_id, count(*) as events, count(distinct version) as versions,
                    min(version) as first, max(version) as last
             from orderhub_check.events group by order_id
         ) e using (order_id)
         where e.first is distinct from 1 or e.last is distinct from o.version
            or e.events <> e.last or e.versions <> e.events",
    );
    nobody("versions of an order are 1..n", query, audit).await;
}

pub(crate) async fn an_external_id_has_one_order(audit: &PgPool) {
    let query = sqlx::query_scalar(
        "select channel || '/' || external_id || ' has ' || count(*)
         from orderhub_check.orders group by channel, external_id having count(*) > 1",
    );
    nobody("an external id has one order", query, audit).await;
}

pub(crate) async fn stock_never_broke_its_bound(audit: &PgPool) {
    let query = sqlx::query_scalar(
        "with running as (
             select location, sku, seq, sum(d_on_hand) over so_far as on_hand,
                    sum(d_reserved) over so_far as reserved,
                    sum(d_allocated) over so_far as allocated
             from orderhub_check.stock_ledger
             window so_far as (partition by location, sku order by seq)
         )
         select location || '/' || sku || ' at ' || seq || ': ' || running.on_hand || ' on hand, '
             || running.reserved || ' reserved, ' || running.allocated || ' allocated'
         from running join orderhub_check.stock s using (location, sku)
         where running.on_hand < 0 or running.reserved < 0 or running.allocated < 0
            or running.reserved + running.allocated
               > running.on_hand + s.backorder_limit + s.shortfall",
    );
    nobody(
        "no prefix of the stock ledger breaks its bound",
        query,
        audit,
    )
    .await;
    ledgers_have_no_gap(audit).await;
}

/// The bound where shelves turn out to be empty: a fact may leave less than is promised, and the
/// shortfall of that moment is not in the ledger; but no row promises what is not there.
pub(crate) async fn nothing_was_promised_that_was_not_there(audit: &PgPool) {
    let query = sqlx::query_scalar(
        "with running as (
             select location, sku, seq, d_reserved + d_allocated as promise,
                    sum(d_on_hand) over so_far as on_hand,
                    sum(d_reserved) over so_far as reserved,
                    sum(d_allocated) over so_far as allocated
             from orderhub_check.stock_ledger
             window so_far as (partition by location, sku order by seq)
         )
         select location || '/' || sku || ' at ' || seq || ': ' || running.on_hand || ' on hand, '
             || running.reserved || ' reserved, ' || running.allocated || ' allocated'
         from running join orderhub_check.stock s using (location, sku)
         where running.on_hand < 0 or running.reserved < 0 or running.allocated < 0
            or promise > 0
               and running.reserved + running.allocated > running.on_hand + s.backorder_limit",
    );
    nobody("no row promises what is not there", query, audit).await;
}

pub(crate) async fn ledgers_have_no_gap(audit: &PgPool) {
    let query = sqlx::query_scalar(
        "select location || ' has ' || count(*) || ' rows up to ' || max(seq)
         from orderhub_check.stock_ledger group by location
         having min(seq) <> 1 or max(seq) <> count(*) or count(distinct seq) <> count(*)",
    );
    nobody("a location's ledger has no gap", query, audit).await;
}

pub(crate) async fn counters_are_the_sum_of_the_ledger(audit: &PgPool) {
    let query = sqlx::query_scalar(
        "select location || '/' || sku || ' counts ' || coalesce(s.on_hand, 0) || '/'
             || coalesce(s.reserved, 0) || '/' || coalesce(s.allocated, 0) || ', its ledger '
             || coalesce(l.on_hand, 0) || '/' || coalesce(l.reserved, 0) || '/'
             || coalesce(l.allocated, 0)
         from orderhub_check.stock s
         full join (
             select location, sku, sum(d_on_hand) as on_hand, sum(d_reserved) as reserved,
                    sum(d_allocated) as allocated
             from orderhub_check.stock_ledger group by location, sku
         ) l using (location, sku)
         where coalesce(s.on_hand, 0) <> coalesce(l.on_hand, 0)
            or coalesce(s.reserved, 0) <> coalesce(l.reserved, 0)
            or coalesce(s.allocated, 0) <> coalesce(l.allocated, 0)",
    );
    nobody("counters are the sum of the ledger", query, audit).await;
}

pub(crate) async fn money_entries_add_up_to_zero(audit: &PgPool) {
    let query = sqlx::query_scalar(
        "select order_id || ' entry ' || entry || ' is off by ' || sum(amount) || ' ' || currency
         from orderhub_check.money_ledger group by order_id, entry, currency
         having sum(amount) <> 0",
    );
    nobody("an entry's postings add up to zero", query, audit).await;
}

/// What the buyer got by disputes has an account of its own; nothing of it was granted beside that here.
pub(crate) async fn cash_is_what_was_captured_less_what_was_refunded(audit: &PgPool) {
    let query = sqlx::query_scalar(
        "select order_id || ' captured ' || o.captured || ', refunded ' || o.refunded
             || ', lost ' || coalesce(l.lost, 0) || ', its ledger has ' || coalesce(l.cash, 0)
         from orderhub_check.orders o
         left join (
             select order_id, sum(amount) filter (where account like 'cash%') as cash,
                    sum(amount) filter (where account = 'dispute') as lost
             from orderhub_check.money_ledger group by order_id
         ) l using (order_id)
         where o.captured - o.refunded - coalesce(l.lost, 0) <> coalesce(l.cash, 0)",
    );
    let rule = "captured less refunded and lost in disputes is the ledger's cash";
    nobody(rule, query, audit).await;
}

/// Waits for the hub to finish what it just began; what is open after that has been open too long.
pub(crate) async fn no_effect_is_open_longer_than(audit: &PgPool, limit: Duration) {
    let seconds = i64::try_from(limit.as_secs()).unwrap();
    let query = sqlx::query_scalar(
        "select order_id || ' waits for ' || kind || ' since ' || opened_at
         from orderhub_check.effects
         where state = 'open' and opened_at < now() - $1 * interval '1 second'",
    );
    nobody("no effect stays open", query.bind(seconds), audit).await;
}

pub(crate) async fn standing_orders_hold_their_units(audit: &PgPool, units_per_order: i64) {
    let query = sqlx::query_scalar(
        "select order_id || ' is ' || stage || ' and holds ' || coalesce(r.units, 0)
         from orderhub_check.orders o
         left join (
             select order_id, sum(quantity)::bigint as units from orderhub_check.reservations
             where state in ('hard', 'consumed') group by order_id
         ) r using (order_id)
         where stage in ('confirmed', 'fulfilling', 'completed') and coalesce(r.units, 0) <> $1",
    );
    let query = query.bind(units_per_order);
    nobody("a standing order holds its units firmly", query, audit).await;
}

pub(crate) async fn ended_orders_hold_nothing(audit: &PgPool) {
    let query = sqlx::query_scalar(
        "select order_id || ' is ' || o.stage || ' and holds ' || r.quantity || ' at '
             || r.location
         from orderhub_check.orders o join orderhub_check.reservations r using (order_id)
         where o.stage in ('rejected', 'expired', 'cancelled') and r.state in ('soft', 'hard')",
    );
    nobody("an ended order holds no stock", query, audit).await;
}

/// How much is stored: unchanged by whatever must not be stored.
#[derive(Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Rows {
    orders: i64,
    events: i64,
    parked: i64,
    stock_ledger: i64,
}

pub(crate) async fn rows(audit: &PgPool) -> Rows {
    let counts = sqlx::query_as(
        "select (select count(*) from orderhub_check.orders) as orders,
                (select count(*) from orderhub_check.events) as events,
                (select count(*) from orderhub_check.parked) as parked,
                (select count(*) from orderhub_check.stock_ledger) as stock_ledger",
    );
    counts.fetch_one(audit).await.unwrap()
}

/// The reasons of everything that is parked.
pub(crate) async fn parked_reasons(audit: &PgPool) -> Vec<String> {
    let reasons = sqlx::query_scalar("select reason from orderhub_check.parked order by reason");
    reasons.fetch_all(audit).await.unwrap()
}

/// The reasons of what is parked and should not be: kinds of news that nobody needs are kept too.
pub(crate) async fn troubles(audit: &PgPool) -> Vec<String> {
    let mut reasons = parked_reasons(audit).await;
    reasons.retain(|reason| !reason.starts_with("unknown_topic:"));
    reasons
}

/// The orders with this external id.
pub(crate) async fn orders_with(audit: &PgPool, channel: &str, external_id: &str) -> Vec<String> {
    let orders = sqlx::query_scalar(
        "select order_id from orderhub_check.orders where channel = $1 and external_id = $2",
    );
    let orders = orders.bind(channel).bind(external_id);
    orders.fetch_all(audit).await.unwrap()
}

/// How many orders are in each of these stages, all together.
pub(crate) async fn orders_in(audit: &PgPool, stages: &[&str]) -> i64 {
    let stages: Vec<String> = stages.iter().map(|stage| (*stage).to_owned()).collect();
    let count =
        sqlx::query_scalar("select count(*) from orderhub_check.orders where stage = any($1)");
    count.bind(stages).fetch_one(audit).await.unwrap()
}

/// How many orders there are.
pub(crate) async fn orders(audit: &PgPool) -> i64 {
    let count = sqlx::query_scalar("select count(*) from orderhub_check.orders");
    count.fetch_one(audit).await.unwrap()
}

/// How often an order had an event of this kind.
pub(crate) async fn events_of(audit: &PgPool, order: &str, kind: &str) -> i64 {
    let count = sqlx::query_scalar(
        "select count(*) from orderhub_check.events where order_id = $1 and kind = $2",
    );
    let count = count.bind(order.to_owned()).bind(kind.to_owned());
    count.fetch_one(audit).await.unwrap()
}

/// Units at a location: on hand, reserved, allocated.
pub(crate) async fn counters(audit: &PgPool, location: &str, sku: &str) -> (i64, i64, i64) {
    let counters = sqlx::query_as(
        "select on_hand::bigint, reserved::bigint, allocated::bigint from orderhub_check.stock
         where location = $1 and sku = $2",
    );
    let counters = counters.bind(location.to_owned()).bind(sku.to_owned());
    counters.fetch_one(audit).await.unwrap()
}
