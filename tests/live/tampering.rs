//! Hands in the hub's tables: each kind of change that nobody should make, how it is taken back, and
//! what the auditor has to find of it.

use sqlx::{AssertSqlSafe, PgPool};

/// Rule and subject of a finding.
pub(crate) type Finding = (String, String);

pub(crate) fn finding(invariant: &str, subject: impl Into<String>) -> Finding {
    (invariant.to_owned(), subject.into())
}

/// Writes to the tables as nobody should.
pub(crate) async fn tamper(audit: &PgPool, statements: &str) {
    let mut all = "begin;
                   alter table orderhub.event disable trigger user;
                   alter table orderhub.stock_ledger disable trigger user;"
        .to_owned();
    all.push_str(statements);
    all.push_str(
        ";alter table orderhub.event enable trigger user;
         alter table orderhub.stock_ledger enable trigger user;
         commit",
    );
    sqlx::raw_sql(AssertSqlSafe(all))
        .execute(audit)
        .await
        .unwrap();
}

fn uuid_of(order: &str) -> String {
    let hex = order.strip_prefix("ord_").unwrap();
    format!("'{hex}'::uuid")
}

fn shard_of(order: &str) -> u8 {
    let hex = order.strip_prefix("ord_").unwrap();
    u8::from_str_radix(&hex[28..30], 16).unwrap()
}

/// What a hand does, what takes it back, what is found.
pub(crate) type Hand = (String, String, Vec<Finding>);

/// Hands on eleven sleeping orders, on the SKUs `COUNTER`, `DELTA`, `GONE` and `NOBODY` that were only
/// counted, the first announced too, and on a cursor. The n-th order is for one unit of `O-n`.
#[expect(
    clippy::too_many_lines,
    reason = "one table: what a hand does, what takes it back, what is found"
)]
pub(crate) async fn hands(audit: &PgPool, orders: &[String]) -> Vec<Hand> {
    let [
        version,
        stage,
        sleep,
        event,
        entry,
        row,
        quantity,
        firm,
        stray,
        old,
        last,
    ] = <[String; 11]>::try_from(orders.to_vec()).unwrap();
    let id = |order: &str| uuid_of(order);
    let seq_of = |sku: &'static str| async move {
        let seq: i64 = sqlx::query_scalar("select seq from orderhub.stock_ledger where sku = $1")
            .bind(sku)
            .fetch_one(audit)
            .await
            .unwrap();
        seq
    };
    let (gone, nobody) = (seq_of("GONE").await, seq_of("NOBODY").await);
    let strange = "00000000-0000-7000-8000-000000000000";
    let posting = |order: &str, sum: &str| {
        format!(
            "update orderhub.event
             set body = jsonb_set(body, '{{postings,0,amount,amount}}',
                                  to_jsonb(((body #>> '{{postings,0,amount,amount}}')::numeric {sum})::text))
             where stream_id = {} and kind = 'order.confirmed'",
            id(order)
        )
    };
    // Each: what a hand does, what takes it back, what is found.
    let mut hands: Vec<Hand> =
        vec![
        (
            "update orderhub.stock set on_hand = on_hand + 1 where sku = 'COUNTER'".into(),
            "update orderhub.stock set on_hand = on_hand - 1 where sku = 'COUNTER'".into(),
            vec![finding("stock_counters", "BER1/COUNTER")],
        ),
        (
            "update orderhub.stock set waiting = waiting + 1 where sku = 'NOBODY'".into(),
            "update orderhub.stock set waiting = waiting - 1 where sku = 'NOBODY'".into(),
            vec![finding("stock_holds", "BER1/NOBODY")],
        ),
        (
            "update orderhub.inbound set received = received + 3 where sku = 'COUNTER'".into(),
            "update orderhub.inbound set received = received - 3 where sku = 'COUNTER'".into(),
            vec![finding("stock_supply", "BER1/COUNTER")],
        ),
        (
            "update orderhub.stock_ledger set d_on_hand = d_on_hand + 2 where sku = 'DELTA'".into(),
            "update orderhub.stock_ledger set d_on_hand = d_on_hand - 2 where sku = 'DELTA'".into(),
            vec![finding("stock_counters", "BER1/DELTA")],
        ),
        (
            "create table public.gone as select * from orderhub.stock_ledger where sku = 'GONE';
             delete from orderhub.stock_ledger where sku = 'GONE'"
                .into(),
            "insert into orderhub.stock_ledger select * from public.gone".into(),
            vec![
                finding("stock_ledger", format!("BER1/{gone}")),
                finding("stock_counters", "BER1/GONE"),
            ],
        ),
        (
            format!("update orderhub.stock_ledger set order_id = '{strange}' where sku = 'NOBODY'"),
            "update orderhub.stock_ledger set order_id = null where sku = 'NOBODY'".into(),
            vec![finding("stock_ledger", format!("BER1/{nobody}"))],
        ),
        (
            format!(
                "update orderhub.orders set version = version + 1 where id = {}",
                id(&version)
            ),
            format!(
                "update orderhub.orders set version = version - 1 where id = {}",
                id(&version)
            ),
            vec![finding("order_row", &version)],
        ),
        (
            format!(
                "update orderhub.orders set stage = 'closed' where id = {}",
                id(&stage)
            ),
            format!(
                "update orderhub.orders set stage = 'fulfilling' where id = {}",
                id(&stage)
            ),
            vec![finding("order_row", &stage)],
        ),
        (
            format!(
                "update orderhub.orders set wake_at = wake_at + interval '1 year' where id = {}",
                id(&sleep)
            ),
            format!(
                "update orderhub.orders set wake_at = wake_at - interval '1 year' where id = {}",
                id(&sleep)
            ),
            vec![finding("order_wake", &sleep)],
        ),
        (
            format!(
                "create table public.event as
                 select * from orderhub.event where stream_id = {0} and version = 2;
                 delete from orderhub.event where stream_id = {0} and version = 2",
                id(&event)
            ),
            "insert into orderhub.event select * from public.event".into(),
            vec![finding("order_log", &event)],
        ),
        (
            posting(&entry, "+ 1"),
            posting(&entry, "- 1"),
            vec![finding("ledger_sum", &entry)],
        ),
        (
            format!(
                "create table public.row as select * from orderhub.orders where id = {0};
                 delete from orderhub.orders where id = {0}",
                id(&row)
            ),
            "insert into orderhub.orders select * from public.row".into(),
            vec![finding("order_log", &row)],
        ),
        (
            format!(
                "update orderhub.reservation set quantity = 3 where order_id = {}",
                id(&quantity)
            ),
            format!(
                "update orderhub.reservation set quantity = 1 where order_id = {}",
                id(&quantity)
            ),
            vec![
                finding("order_holds", &quantity),
                finding("stock_holds", "BER1/O-6"),
            ],
        ),
        (
            format!(
                "update orderhub.reservation set state = 'released' where order_id = {}",
                id(&firm)
            ),
            format!(
                "update orderhub.reservation set state = 'hard' where order_id = {}",
                id(&firm)
            ),
            vec![
                finding("order_holds", &firm),
                finding("stock_holds", "BER1/O-7"),
            ],
        ),
        (
            format!(
                "update orderhub.reservation set order_id = '{strange}' where order_id = {}",
                id(&stray)
            ),
            format!(
                "update orderhub.reservation set order_id = {} where order_id = '{strange}'",
                id(&stray)
            ),
            vec![
                finding("order_holds", &stray),
                finding("order_log", format!("ord_{}", strange.replace('-', ""))),
            ],
        ),
        (
            // Nothing but the walk over all orders comes by here.
            format!(
                "update orderhub.order_list
                 set stage = 'closed', updated_at = updated_at - interval '1 day'
                 where order_id = {};{}",
                id(&old),
                posting(&old, "+ 2")
            ),
            posting(&old, "- 2"),
            vec![finding("ledger_sum", &old)],
        ),
        (
            format!(
                "create table public.last as
                 select * from orderhub.event e where stream_id = {0}
                 order by version desc limit 1;
                 delete from orderhub.event e using public.last l
                 where e.shard = l.shard and e.seq = l.seq",
                id(&last)
            ),
            "insert into orderhub.event select * from public.last".into(),
            vec![
                finding("order_row", &last),
                finding("log_cursors", format!("the order list, shard {}", shard_of(&last))),
                finding(
                    "log_cursors",
                    format!("the unreconciled payments, shard {}", shard_of(&last)),
                ),
            ],
        ),
        (
            "update orderhub.publish_cursor set published_seq = 1000000 where shard = 7".into(),
            "update orderhub.publish_cursor set published_seq = 0 where shard = 7".into(),
            vec![finding("log_cursors", "the bus, shard 7")],
        ),
    ];
    // What its ledger rows are for does not exist any more.
    let rows: Vec<i64> = sqlx::query_scalar(AssertSqlSafe(format!(
        "select seq from orderhub.stock_ledger where order_id = {}",
        id(&row)
    )))
    .fetch_all(audit)
    .await
    .unwrap();
    let without_row = finding("order_log", &row);
    let mut on_rows = hands.iter_mut().map(|(_, _, found)| found);
    let found = on_rows.find(|found| found.contains(&without_row)).unwrap();
    found.extend(
        rows.iter()
            .map(|seq| finding("stock_ledger", format!("BER1/{seq}"))),
    );
    hands
}
