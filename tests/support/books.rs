//! The hub's record against the partners' own books, one to one: what the hub says was authorised,
//! captured, refunded and labelled is what they carried out, and nothing was carried out twice.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use sqlx::PgPool;

use super::doubles::easypost::{EasyPost, fulfilment_prefix};
use super::doubles::stripe::{Applied, Stripe};

#[derive(sqlx::FromRow)]
struct Row {
    order_id: String,
    authorized: Decimal,
    captured: Decimal,
    refunded: Decimal,
}

/// The hub's money is the gateway's money, of orders with one payment each. Amounts have two decimals in
/// every scenario.
pub(crate) async fn agree_with_the_gateway(audit: &PgPool, stripe: &Stripe) {
    agree_with_payments(audit, stripe, 1).await;
}

/// The same of orders with at most so many payments each.
pub(crate) async fn agree_with_payments(audit: &PgPool, stripe: &Stripe, most: u32) {
    assert_eq!(
        stripe.unexpected(),
        Vec::<String>::new(),
        "calls outside the contract"
    );
    let book = stripe.book();
    let mut keys = BTreeSet::new();
    for entry in &book {
        assert!(
            !entry.key.is_empty(),
            "without an idempotency key: {entry:?}"
        );
        assert!(keys.insert(&entry.key), "carried out twice: {entry:?}");
    }

    let rows: Vec<Row> = sqlx::query_as(
        "select order_id, authorized, captured, refunded from orderhub_check.orders
         where channel = 'web'",
    )
    .fetch_all(audit)
    .await
    .unwrap();
    let known: BTreeMap<&str, &Row> = rows
        .iter()
        .map(|row| (row.order_id.as_str(), row))
        .collect();
    for entry in &book {
        let order = entry.order.as_str();
        assert!(
            known.contains_key(order),
            "for an order nobody has: {entry:?}"
        );
    }
    for row in &rows {
        let of_order = book.iter().filter(|entry| entry.order == row.order_id);
        let mut sums: BTreeMap<&str, (u32, i64)> = BTreeMap::new();
        let mut intents = BTreeSet::new();
        for entry in of_order {
            let kind = match entry.applied {
                Applied::Authorized => "authorized",
                Applied::Captured => "captured",
                Applied::Refunded => "refunded",
                Applied::Canceled => "canceled",
                Applied::Declined => continue,
            };
            intents.insert(entry.intent.as_str());
            let sum = sums.entry(kind).or_default();
            *sum = (sum.0 + 1, sum.1 + entry.amount);
        }
        let order = &row.order_id;
        let of = |kind: &str| sums.get(kind).copied().unwrap_or_default();
        assert!(
            of("authorized").0 <= most,
            "{order} is authorised more than {most} times"
        );
        let captured = of("captured").0;
        assert!(captured <= most, "{order} is captured {captured} times");
        let intents = u32::try_from(intents.len()).unwrap();
        assert!(intents <= most, "{order} has {intents} payment intents");
        assert_eq!(
            row.captured,
            Decimal::new(of("captured").1, 2),
            "{order} captured"
        );
        assert_eq!(
            row.refunded,
            Decimal::new(of("refunded").1, 2),
            "{order} refunded"
        );
        if of("canceled").0 == 0 {
            let authorized = Decimal::new(of("authorized").1, 2);
            assert_eq!(row.authorized, authorized, "{order} authorized");
        }
    }
}

/// The hub's labels are the carrier's labels, and no fulfilment has two that count.
pub(crate) async fn agree_with_the_carrier(audit: &PgPool, easypost: &EasyPost) {
    assert_eq!(
        easypost.unexpected(),
        Vec::<String>::new(),
        "calls the vendor does not have"
    );
    let labels = easypost.labels();
    let mut valid = BTreeSet::new();
    for label in labels.iter().filter(|label| !label.refunded) {
        assert!(
            valid.insert(&label.reference),
            "two labels for one parcel: {label:?}"
        );
    }
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "select order_id, count(*) filter (where kind = 'shipment.label_bought')
         from orderhub_check.events group by order_id",
    )
    .fetch_all(audit)
    .await
    .unwrap();
    let mut recorded = 0;
    for (order, bought) in &rows {
        let prefix = fulfilment_prefix(order);
        let of_order = labels
            .iter()
            .filter(|label| label.reference.starts_with(&prefix));
        let count = i64::try_from(of_order.count()).unwrap();
        assert_eq!(*bought, count, "labels of {order}");
        recorded += bought;
    }
    let all = i64::try_from(labels.len()).unwrap();
    assert_eq!(recorded, all, "labels for orders that nobody has");
}
