//! What the shop says of an order after it was placed: what it gave back, took out, changed, deleted.

use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::ChannelFact;
use serde_json::{Value, json};

use super::orders::inbound;
use super::{headers, request, shop};
use crate::port::Inbound;

const MUG: &str = "8800000000000001011";

fn money(code: &str, minor: i64) -> Money {
    let currency = Currency::from_code(code).expect("a currency");
    Money::from_minor(minor, currency).expect("an amount")
}

fn given(reference: &str, amount: Money) -> ChannelFact {
    ChannelFact::Refunded {
        reference: reference.to_owned(),
        amount,
        at: "2026-03-03T10:00:00Z".parse().ok(),
    }
}

/// A movement of money to the buyer.
fn movement(id: u64, status: &str, amount: &str, currency: &str) -> Value {
    json!({ "id": id, "admin_graphql_api_id": format!("gid://shopify/OrderTransaction/{id}"),
        "kind": "refund", "status": status, "amount": amount, "currency": currency,
        "processed_at": "2026-03-03T11:00:00+01:00" })
}

/// A refund at noon of a day in March of so many mugs.
fn refund(day: u32, units: u32, how: &str, movements: &Value) -> Value {
    let zero = json!({ "shop_money": { "amount": "0.00", "currency_code": "EUR" } });
    json!({ "id": 31, "order_id": 5_500_000_000_000_001_027_u64,
        "created_at": format!("2026-03-{day:02}T12:00:00Z"), "total_duties_set": zero,
        "refund_line_items": [{ "line_item_id": 8_800_000_000_000_001_000_u64, "quantity": units,
            "restock_type": how, "line_item": { "admin_graphql_api_id":
            format!("gid://shopify/LineItem/{MUG}") } }],
        "transactions": movements })
}

fn shipped(day: u32, units: u32) -> Value {
    json!({ "created_at": format!("2026-03-{day:02}T08:00:00Z"), "status": "success",
        "line_items": [{ "admin_graphql_api_id": format!("gid://shopify/LineItem/{MUG}"),
            "quantity": units }] })
}

/// Mugs that are still wanted, of the two that were ordered.
fn wanted(changes: Value) -> Option<String> {
    let wanted = inbound(changes).wanted;
    wanted.get(MUG).map(|units| units.value().to_string())
}

fn pushed(topic: &str, body: &Value) -> Vec<Inbound> {
    let triggered = "2026-03-05T07:00:00.123456789Z";
    let headers = headers(&[
        ("x-shopify-topic", topic),
        ("x-shopify-triggered-at", triggered),
    ]);
    let body = serde_json::to_vec(body).expect("JSON");
    shop().read(&request(&headers, &body))
}

#[test]
fn an_order_says_when_it_was_changed_last() {
    let changed_at = |changes| inbound(changes).submission.draft.changed_at;
    let at = "2026-03-01T08:30:02Z".parse().ok();
    assert_eq!(changed_at(json!({})), at);
    assert_eq!(changed_at(json!({"updated_at": null})), None);
    assert_eq!(changed_at(json!({"updated_at": "today"})), None);
}

#[test]
fn money_that_went_back_is_named_by_its_transaction_whichever_way_it_is_heard() {
    let movements = json!([
        movement(71, "success", "21.00", "EUR"),
        movement(72, "pending", "4.00", "EUR"),
        movement(73, "failure", "5.00", "EUR"),
    ]);
    let refund = refund(3, 1, "no_restock", &movements);
    let expected = [given("71", money("EUR", 2100))];
    let order = inbound(json!({"financial_status": "partially_refunded", "refunds": [refund]}));
    assert_eq!(order.facts[1..], expected);
    let said = pushed("refunds/create", &refund);
    let Inbound::Said { order, facts } = &said[0] else {
        panic!("something is said: {said:?}");
    };
    assert_eq!(order, "5500000000000001027");
    assert_eq!(facts[..], expected);
}

#[test]
fn a_refund_by_which_no_money_went_back_says_nothing() {
    let pending = json!([movement(72, "pending", "4.00", "EUR")]);
    for movements in [json!([]), json!(null), pending] {
        let refund = refund(3, 1, "cancel", &movements);
        assert_eq!(pushed("refunds/create", &refund), []);
        assert_eq!(inbound(json!({"refunds": [refund]})).facts.len(), 1);
    }
}

#[test]
fn money_in_the_buyers_currency_counts_in_the_shops() {
    let movements = json!([movement(71, "success", "50.00", "USD")]);
    let refund = refund(3, 1, "cancel", &movements);
    let set = json!({ "shop_money": { "amount": "95.99", "currency_code": "EUR" },
        "presentment_money": { "amount": "100.00", "currency_code": "USD" } });
    let order = inbound(json!({"refunds": [refund.clone()], "total_price_set": set}));
    assert_eq!(order.facts[1], given("71", money("EUR", 4800)));
    // Without the order's rate a person has to see it.
    let order = inbound(json!({"refunds": [refund.clone()]}));
    assert_eq!(order.facts[1], given("71", money("USD", 5000)));
    let topic = "refunds/create:other_currency".to_owned();
    assert_eq!(
        pushed("refunds/create", &refund),
        [Inbound::Unknown { topic }]
    );
}

#[test]
fn a_refund_that_cannot_be_read_says_so_and_quotes_nothing() {
    for body in [
        json!({ "transactions": [movement(71, "success", "1.00", "EUR")] }),
        json!({ "order_id": 7, "transactions": [movement(71, "success", "buyer@", "EUR")] }),
        json!({ "order_id": 7, "transactions": [movement(71, "success", "1.00", "buyer@")] }),
        json!({ "order_id": 7, "transactions": "buyer@" }),
    ] {
        let read = pushed("refunds/create", &body);
        let [Inbound::Unreadable { reason }] = &read[..] else {
            panic!("not readable: {read:?}");
        };
        assert!(!reason.contains("buyer@"), "{reason}");
    }
}

#[test]
fn a_deleted_order_is_cancelled() {
    let at = "2026-03-05T07:00:00.123456789Z".parse().expect("a time");
    let read = pushed(
        "orders/delete",
        &json!({ "id": 820_982_911_946_154_508_u64 }),
    );
    let expected = Inbound::Said {
        order: "820982911946154508".to_owned(),
        facts: vec![ChannelFact::Cancelled { at }],
    };
    assert_eq!(read, [expected]);
    let nameless = pushed("orders/delete", &json!({}));
    assert!(matches!(nameless[..], [Inbound::Unreadable { .. }]));
}

#[test]
fn all_is_paid_when_nothing_is_outstanding() {
    let paid = |changes| {
        let facts = inbound(changes).facts;
        facts.contains(&ChannelFact::Paid { reference: None })
    };
    for (status, outstanding, expected) in [
        ("paid", "0.00", true),
        ("partially_refunded", "0.00", true),
        ("refunded", "0.00", true),
        ("partially_refunded", "7.00", false),
        ("partially_paid", "7.00", false),
        ("authorized", "0.00", false),
    ] {
        let changes = json!({"financial_status": status, "total_outstanding": outstanding});
        assert_eq!(paid(changes), expected, "{status} {outstanding}");
    }
}

#[test]
fn units_taken_out_before_they_were_sent_are_not_wanted() {
    let none = json!([]);
    assert_eq!(wanted(json!({})), None);
    for (how, left) in [
        ("cancel", Some("1")),
        ("no_restock", Some("1")),
        ("return", None),
    ] {
        let refunds = json!([refund(3, 1, how, &none)]);
        let left = left.map(str::to_owned);
        assert_eq!(wanted(json!({"refunds": refunds})), left, "{how}");
    }
    let all = json!([refund(3, 1, "cancel", &none), refund(4, 1, "cancel", &none)]);
    assert_eq!(wanted(json!({"refunds": all})).as_deref(), Some("0"));
}

#[test]
fn units_refunded_after_they_were_sent_stay_wanted_and_in_doubt_too() {
    let none = json!([]);
    let refunds = json!([refund(3, 1, "no_restock", &none)]);
    let sent = json!([shipped(2, 1)]);
    assert_eq!(
        wanted(json!({"refunds": refunds, "fulfillments": sent})),
        None
    );
    // Two refunded without a word, of which one can have been sent.
    let refunds = json!([refund(3, 2, "no_restock", &none)]);
    let left = wanted(json!({"refunds": refunds, "fulfillments": sent}));
    assert_eq!(left.as_deref(), Some("1"));
    // The one that was sent came back already, so the next is another.
    let refunds = json!([
        refund(3, 1, "return", &none),
        refund(4, 1, "no_restock", &none)
    ]);
    let left = wanted(json!({"refunds": refunds, "fulfillments": sent}));
    assert_eq!(left.as_deref(), Some("1"));
}

#[test]
fn a_shipment_that_the_shop_notes_later_changes_nothing_of_what_is_wanted() {
    let none = json!([]);
    for how in ["cancel", "no_restock"] {
        let refunds = json!([refund(3, 1, how, &none)]);
        let before = wanted(json!({"refunds": refunds, "line_current_quantity": 1,
            "line_fulfillable_quantity": 1}));
        let after = wanted(json!({"refunds": refunds, "line_current_quantity": 1,
            "line_fulfillable_quantity": 0, "fulfillments": [shipped(9, 1)]}));
        assert_eq!(before.as_deref(), Some("1"), "{how}");
        assert_eq!(after, before, "{how}");
    }
    let all = json!([shipped(9, 2)]);
    let after = json!({"line_fulfillable_quantity": 0, "fulfillments": all});
    assert_eq!(wanted(after), None);
}

#[test]
fn an_edit_takes_out_what_is_neither_sent_nor_waited_for() {
    let edited = json!({"line_current_quantity": 1, "line_fulfillable_quantity": 1});
    assert_eq!(wanted(edited).as_deref(), Some("1"));
    let sent = json!([shipped(9, 1)]);
    let after = json!({"line_current_quantity": 1, "line_fulfillable_quantity": 0,
        "fulfillments": sent});
    assert_eq!(wanted(after).as_deref(), Some("1"));
    // One of the two came back; the other is still to be sent.
    let returned = json!({"line_current_quantity": 1, "line_fulfillable_quantity": 1,
        "fulfillments": sent});
    assert_eq!(wanted(returned), None);
    let unclear = json!({"line_current_quantity": 1});
    assert_eq!(
        wanted(unclear),
        None,
        "the shop does not say what it waits for"
    );
    // A shipment that was called off sent nothing.
    let mut off = shipped(9, 2);
    off["status"] = "cancelled".into();
    let off = json!({"line_current_quantity": 1, "line_fulfillable_quantity": 1,
        "fulfillments": [off]});
    assert_eq!(wanted(off).as_deref(), Some("1"));
}
