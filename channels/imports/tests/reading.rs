//! What orders of each format mean.

use orderhub_domain::canonical::{FulfilledBy, TaxMode, Terms};
use orderhub_domain::order::PastEnd;

use super::*;

#[test]
fn several_rows_of_shopify_are_one_order_with_its_sums() {
    let orders = read(ImportFormat::ShopifyCsv, SHOPIFY);
    let order = past(&orders, "9007199254740993");
    let draft = &order.submission.draft;
    assert_eq!((orders[0].row, orders[0].last_row), (2, 3));
    assert_eq!(draft.number.as_deref(), Some("#1001"));
    assert_eq!(draft.placed_at.to_string(), "2024-03-01T08:59:30Z");
    assert_eq!(draft.tax_mode, TaxMode::Inclusive);
    assert_eq!(draft.lines.len(), 2);
    assert_eq!(draft.lines[0].title, "Mug 😀, blue");
    assert_eq!(
        draft.lines[0]
            .sku
            .as_ref()
            .map(orderhub_domain::ids::Sku::as_str),
        Some("MUG-B")
    );
    assert_eq!(draft.lines[1].sku, None);
    assert!(
        draft
            .lines
            .iter()
            .all(|line| line.fulfilled_by == FulfilledBy::Channel)
    );
    assert_eq!(draft.discounts[0].code.as_deref(), Some("SPRING"));
    assert_eq!(draft.discounts[0].amount.amount().to_string(), "5.00");
    assert_eq!(draft.shipping[0].title, "DHL");
    assert_eq!(draft.totals().taxes.amount().to_string(), "7.97");
    assert_eq!(draft.lines[0].taxes[0].name, "MwSt 19%");
    assert_eq!(total(draft), "49.90");
    let history = &order.history;
    assert_eq!(
        (history.end, &history.unshipped[..]),
        (PastEnd::Completed, &[][..])
    );
    assert_eq!(history.paid.amount().to_string(), "49.90");
    let ended = history.ended_at.map(|at| at.to_string());
    assert_eq!(ended.as_deref(), Some("2024-03-02T08:30:00Z"));
}

#[test]
fn personal_data_of_shopify_stands_beside_the_order_as_it_was_written() {
    let orders = read(ImportFormat::ShopifyCsv, SHOPIFY);
    let order = past(&orders, "9007199254740993");
    let private = &order.submission.private;
    let to = private.ship_to.as_ref().expect("an address");
    assert_eq!(to.postcode.as_deref(), Some("04109"));
    assert_eq!(to.lines, ["Torstr. 1", "Hinterhaus"]);
    assert_eq!(to.country.as_deref(), Some("DE"));
    let buyer = private.customer.as_ref().expect("a buyer");
    assert_eq!(buyer.email.as_deref(), Some("zoe@example.com"));
    assert_eq!(buyer.phone.as_deref(), Some("+4934112345"));
    assert_eq!(private.attributes["note"], "Please ring,\n\"twice\"");
    let event = serde_json::to_string(&order.submission.draft).expect("JSON");
    for personal in ["Zoë", "zoe@", "Torstr", "ring"] {
        assert!(!event.contains(personal), "{personal} stands in the log");
    }
}

#[test]
fn each_end_of_shopify_is_told_from_its_status_and_its_parcels() {
    let orders = read(ImportFormat::ShopifyCsv, SHOPIFY);
    let cancelled = past(&orders, "5555000001");
    assert_eq!(cancelled.history.end, PastEnd::Cancelled);
    assert_eq!(cancelled.history.unshipped, [1]);
    assert_eq!(cancelled.history.refunded.amount().to_string(), "119.00");
    assert_eq!(cancelled.submission.draft.tax_mode, TaxMode::Exclusive);
    assert_eq!(total(&cancelled.submission.draft), "119.00");
    let part = past(&orders, "5555000003");
    assert_eq!(
        (part.history.end, &part.history.unshipped[..]),
        (PastEnd::Completed, &[2][..])
    );
    assert_eq!(part.history.refunded.amount().to_string(), "10.00");
    assert_eq!(
        part.submission.draft.fees[0].amount.amount().to_string(),
        "2.50"
    );
    let voided = past(&orders, "5555000008");
    assert_eq!(voided.history.end, PastEnd::Cancelled);
    assert!(voided.history.paid.is_zero());
    assert_eq!(voided.submission.draft.tenders[0].terms, Terms::Invoice);
    let card = past(&orders, "5555000009");
    assert_eq!(card.history.end, PastEnd::Completed);
    assert_eq!(
        card.submission.draft.lines[0].fulfilled_by,
        FulfilledBy::Nobody
    );
    assert_eq!(card.history.unshipped, Vec::<u16>::new());
}

#[test]
fn items_of_woocommerce_stand_in_one_column_or_a_row_each() {
    let orders = read(ImportFormat::WooCommerceCsv, WOOCOMMERCE);
    let one = past(&orders, "501");
    let draft = &one.submission.draft;
    assert_eq!(draft.number.as_deref(), Some("#W-501"));
    assert_eq!(draft.placed_at.to_string(), "2024-06-01T12:00:00Z");
    assert_eq!(draft.lines[0].title, "Salt & Pepper; large");
    assert_eq!(draft.lines[0].unit_price.to_string(), "8.403367");
    assert_eq!(draft.totals().taxes.amount().to_string(), "4.59");
    assert_eq!(total(draft), "28.73");
    assert_eq!(one.history.end, PastEnd::Completed);
    let two = past(&orders, "502");
    assert_eq!(
        (two.history.end, &two.history.unshipped[..]),
        (PastEnd::Refunded, &[1, 2][..])
    );
    assert_eq!(past(&orders, "504").history.end, PastEnd::Cancelled);
    let orders = read(ImportFormat::WooCommerceCsv, WOOCOMMERCE_ROWS);
    assert_eq!(orders.len(), 1);
    let rows = past(&orders, "601");
    assert_eq!(rows.submission.draft.lines.len(), 2);
    assert_eq!(total(&rows.submission.draft), "23.00");
    assert_eq!(rows.history.refunded.amount().to_string(), "3.00");
    assert_eq!(rows.submission.draft.tenders[0].terms, Terms::OnDelivery);
    let buyer = rows.submission.private.customer.expect("a buyer");
    assert_eq!(
        (buyer.external_id.as_deref(), buyer.name.as_deref()),
        (Some("7"), Some("Ada Byron"))
    );
}

#[test]
fn times_without_a_zone_are_read_in_the_shops_own() {
    let berlin = Reading {
        zone: TimeZone::get("Europe/Berlin").expect("a zone"),
        ..reading()
    };
    let orders = ImportFormat::WooCommerceCsv.read(WOOCOMMERCE.as_bytes(), 2, &berlin);
    let order = past(&orders.expect("a file"), "501");
    assert_eq!(
        order.submission.draft.placed_at.to_string(),
        "2024-06-01T10:00:00Z"
    );
}

#[test]
fn the_hubs_own_form_has_the_hash_that_it_has_when_it_is_posted() {
    let orders = read(ImportFormat::Ndjson, NDJSON);
    let order = past(&orders, "n-1");
    assert_eq!(order.history.unshipped, [2]);
    assert_eq!(order.history.paid.amount().to_string(), "11.00");
    let line = NDJSON.lines().next().expect("a line");
    let mut posted: serde_json::Value = serde_json::from_str(line).expect("JSON");
    posted.as_object_mut().expect("an object").remove("history");
    let nobody = |_: &_| None;
    let parsed = crate::sales::direct::parse(posted.to_string().as_bytes(), &nobody);
    let parsed = parsed.expect("an order that can be posted");
    assert_eq!(parsed.body_hash, order.body_hash);
    assert_eq!(parsed.submission, order.submission);
    let cancelled = past(&orders, "n-2");
    assert_eq!(cancelled.history.unshipped, [1, 2]);
    assert!(cancelled.history.paid.is_zero());
}
