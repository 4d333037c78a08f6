//! Orders: every rule of the mapping, from one order with parts replaced.

use http::HeaderMap;
use orderhub_domain::canonical::{FulfilledBy, OrderDraft, TaxMode, Terms};
use orderhub_domain::order::ChannelFact;
use serde_json::{Value, json};

use super::{ORDER, market, request};
use crate::port::{Inbound, InboundOrder};

/// The order with members replaced; `line_...` is the first line's.
fn body(changes: Value) -> Value {
    let mut order: Value = serde_json::from_str(ORDER).expect("JSON");
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    for (name, value) in changes {
        match name.strip_prefix("line_") {
            Some(name) => order["orderLines"]["orderLine"][0][name] = value,
            None => order[name] = value,
        }
    }
    order
}

fn read_bytes(body: &[u8]) -> Inbound {
    let none = HeaderMap::new();
    let read = market().read(&request(&none, body));
    let [inbound] = <[Inbound; 1]>::try_from(read).expect("one item");
    inbound
}

fn read(changes: Value) -> Inbound {
    read_bytes(&serde_json::to_vec(&body(changes)).expect("JSON"))
}

fn inbound(changes: Value) -> InboundOrder {
    match read(changes) {
        Inbound::Order(order) => *order,
        other => panic!("no order: {other:?}"),
    }
}

fn draft(changes: Value) -> OrderDraft {
    inbound(changes).submission.draft
}

/// Statuses of a line, with the units that are in each.
fn statuses(all: &[(&str, &str)]) -> Value {
    let all = all.iter();
    let all: Vec<_> = all
        .map(|(status, units)| json!({ "status": status, "statusQuantity": { "amount": units } }))
        .collect();
    json!({ "orderLineStatus": all })
}

fn line(all: &[(&str, &str)]) -> Value {
    json!({ "line_orderLineStatuses": statuses(all) })
}

fn charge(form: &str, amount: &Value) -> Value {
    json!({ "charge": [{ "chargeType": form,
        "chargeAmount": { "currency": "USD", "amount": amount } }] })
}

fn unknown(topic: &str) -> Inbound {
    Inbound::Unknown {
        topic: topic.to_owned(),
    }
}

#[test]
fn an_order_is_read_whole_and_its_charges_make_its_total() {
    let order = match read_bytes(ORDER.as_bytes()) {
        Inbound::Order(order) => order,
        other => panic!("no order: {other:?}"),
    };
    let draft = &order.submission.draft;
    assert_eq!(draft.external_id, "9007199254740993");
    assert_eq!(draft.number.as_deref(), Some("200001234567890"));
    assert_eq!(draft.placed_at.to_string(), "2026-03-01T09:30:00Z");
    assert_eq!(draft.tax_mode, TaxMode::Exclusive);
    // 42.02 + 5.00 + 1.50 + 10.00 - 2.16, and 3.76 of taxes.
    assert_eq!(draft.stated_total.amount().to_string(), "60.12");
    assert_eq!(draft.totals().grand, draft.stated_total);
    let [mug, card] = &draft.lines[..] else {
        panic!("two lines");
    };
    assert_eq!(
        (mug.external_id.as_str(), mug.title.as_str()),
        ("1", "Mug, blue")
    );
    assert_eq!(mug.unit_price.to_string(), "21.01");
    assert_eq!(mug.taxes[0].amount.amount().to_string(), "3.36");
    assert_eq!(mug.fulfilled_by, FulfilledBy::Us);
    assert_eq!(card.unit_price.to_string(), "10");
    assert_eq!(draft.shipping[0].amount.amount().to_string(), "5.00");
    assert_eq!(
        draft.shipping[0].taxes[0].amount.amount().to_string(),
        "0.40"
    );
    assert_eq!(draft.fees[0].title, "Own Recycling Fee");
    assert_eq!(draft.discounts[0].amount.amount().to_string(), "2.16");
    assert_eq!(draft.tenders[0].terms, Terms::Prepaid { reference: None });
    assert!(order.facts.is_empty());
}

#[test]
fn a_total_where_one_is_stated_is_held_against_the_charges() {
    let stated = |amount| draft(json!({"orderTotal": {"currency": "USD", "amount": amount}}));
    let right = stated(json!("60.12"));
    assert_eq!(right.totals().grand, right.stated_total);
    let wrong = stated(json!(61.12));
    assert_eq!(wrong.stated_total.amount().to_string(), "61.12");
    assert_eq!(wrong.totals().grand.amount().to_string(), "60.12");
}

#[test]
fn a_charge_that_is_called_a_discount_is_one_whatever_its_sign() {
    for amount in [json!(3), json!(-3)] {
        let mut charges = charge("PRODUCT", &json!(20));
        let off = json!({ "chargeType": "PRODUCT", "isDiscount": true,
            "chargeAmount": { "currency": "USD", "amount": amount } });
        charges["charge"].as_array_mut().expect("a list").push(off);
        let draft = draft(json!({ "line_charges": charges }));
        assert_eq!(draft.discounts[0].amount.amount().to_string(), "3.00");
        assert_eq!(draft.totals().grand, draft.stated_total);
    }
}

#[test]
fn what_has_left_or_others_fulfil_is_not_ours_to_ship() {
    let by = |changes| draft(changes).lines[0].fulfilled_by;
    for status in ["Shipped", "Delivered", "Refund"] {
        assert_eq!(by(line(&[(status, "2")])), FulfilledBy::Channel, "{status}");
    }
    let mixed = line(&[("Shipped", "1"), ("Delivered", "1")]);
    assert_eq!(by(mixed), FulfilledBy::Channel);
    let both = line(&[("Created", "1"), ("Acknowledged", "1")]);
    assert_eq!(by(both), FulfilledBy::Us);
    for (node, who) in [
        ("WFSFulfilled", FulfilledBy::Channel),
        ("3PLFulfilled", FulfilledBy::Channel),
        ("SellerFulfilled", FulfilledBy::Us),
    ] {
        assert_eq!(by(json!({"shipNode": {"type": node}})), who);
    }
    assert_eq!(by(json!({"shipNode": null})), FulfilledBy::Us);
}

#[test]
fn a_line_that_is_cancelled_is_no_part_of_the_order() {
    let draft = draft(line(&[("Cancelled", "2")]));
    assert_eq!(draft.lines.len(), 1);
    assert_eq!(draft.lines[0].external_id, "2");
    assert_eq!(draft.stated_total.amount().to_string(), "7.84");
    assert_eq!(draft.cancelled_at, None);
}

#[test]
fn units_that_were_cancelled_are_no_part_of_the_order_with_their_share_of_its_price() {
    for (rest, by) in [
        ("Acknowledged", FulfilledBy::Us),
        ("Shipped", FulfilledBy::Channel),
    ] {
        let draft = draft(line(&[(rest, "1"), ("Cancelled", "1")]));
        let mug = &draft.lines[0];
        assert_eq!(mug.fulfilled_by, by);
        assert_eq!(mug.quantity.value().to_string(), "1");
        assert_eq!(mug.net(draft.currency).amount().to_string(), "21.01");
        assert_eq!(mug.taxes[0].amount.amount().to_string(), "1.68");
        assert_eq!(draft.totals().grand, draft.stated_total);
    }
}

#[test]
fn an_order_was_changed_when_the_state_of_a_line_last_was() {
    assert_eq!(
        draft(json!({})).changed_at,
        "2026-03-01T09:32:00Z".parse().ok()
    );
    let mut dateless = body(json!({"line_statusDate": null}));
    dateless["orderLines"]["orderLine"][1]["statusDate"] = Value::Null;
    let read = read_bytes(&serde_json::to_vec(&dateless).expect("JSON"));
    let Inbound::Order(order) = read else {
        panic!("an order: {read:?}");
    };
    assert_eq!(order.submission.draft.changed_at, None);
}

#[test]
fn a_buyer_who_wants_all_that_is_open_cancelled_asks_for_it() {
    let asks = |order: &Value| {
        let read = read_bytes(&serde_json::to_vec(order).expect("JSON"));
        let Inbound::Order(order) = read else {
            panic!("an order: {read:?}");
        };
        let reference = "buyer".to_owned();
        order
            .facts
            .contains(&ChannelFact::CancelAsked { reference })
    };
    let mut order = body(json!({"line_intentToCancel": true}));
    assert!(!asks(&order), "the other line is still wanted");
    order["orderLines"]["orderLine"][1]["orderLineStatuses"] = statuses(&[("Shipped", "1")]);
    assert!(asks(&order));
    order["orderLines"]["orderLine"][0]["orderLineStatuses"] = statuses(&[("Shipped", "2")]);
    assert!(!asks(&order), "nothing is left to be cancelled");
}

#[test]
fn what_was_given_back_of_a_line_is_said_charge_by_charge() {
    let charge = |amount: Value, tax: Value| {
        json!({ "refundReason": "Others", "charge": { "chargeType": "PRODUCT",
            "chargeName": "Item Price", "chargeAmount": { "currency": "USD", "amount": amount },
            "tax": { "taxName": "Tax1", "taxAmount": { "currency": "USD", "amount": tax } } } })
    };
    let refund = json!({ "refundId": null, "refundComments": "own words",
        "refundCharges": { "refundCharge": [
            charge(json!(-21.01), json!(-1.68)), charge(json!(-1), json!(0))] } });
    let given = |refund: Value| {
        let mut refunded = line(&[("Refund", "2")]);
        refunded["line_refund"] = refund;
        let facts = inbound(refunded).facts.into_iter();
        let given = facts.map(|fact| match fact {
            ChannelFact::Refunded {
                reference, amount, ..
            } => (reference, amount.amount().to_string()),
            other => panic!("no refund: {other:?}"),
        });
        given.collect::<Vec<_>>()
    };
    let both = [
        ("1-1".to_owned(), "22.69".to_owned()),
        ("1-2".to_owned(), "1.00".to_owned()),
    ];
    assert_eq!(given(refund.clone()), both);
    assert_eq!(given(json!([refund.clone()])), both);
    assert_eq!(given(Value::Null), []);
    let mut odd = refund;
    odd["refundCharges"]["refundCharge"][0]["charge"]["chargeAmount"]["amount"] =
        "buyer@example.com".into();
    let Inbound::Unreadable { reason } = read(json!({ "line_refund": odd })) else {
        panic!("not readable");
    };
    assert!(!reason.contains("buyer@"), "{reason}");
}

#[test]
fn an_order_without_another_line_is_over_since_the_last_of_them() {
    let mut order = body(line(&[("Cancelled", "2")]));
    order["orderLines"]["orderLine"][1]["orderLineStatuses"] = statuses(&[("Cancelled", "1")]);
    let read = read_bytes(&serde_json::to_vec(&order).expect("JSON"));
    let Inbound::Order(order) = read else {
        panic!("an order: {read:?}");
    };
    let at = "2026-03-01T09:32:00Z".parse().expect("a time");
    assert_eq!(order.submission.draft.cancelled_at, Some(at));
    assert_eq!(order.submission.draft.lines.len(), 2);
    assert_eq!(order.facts, [ChannelFact::Cancelled { at }]);
}

#[test]
fn lines_in_two_minds_and_words_that_nobody_knows_are_kept_as_unknown() {
    for (changes, topic) in [
        (line(&[("OwnStatus", "2")]), "order:line_status.OwnStatus"),
        (line(&[("for Jane Doe", "2")]), "order:line_status.unknown"),
        (
            line(&[("Acknowledged", "1"), ("Shipped", "1")]),
            "order:partly_shipped_line",
        ),
        (
            json!({"shipNode": {"type": "OwnNode"}}),
            "order:ship_node.OwnNode",
        ),
    ] {
        assert_eq!(read(changes), unknown(topic));
    }
}

#[test]
fn a_line_without_a_sku_is_asked_for_by_its_number() {
    let draft = draft(json!({"line_item": {"productName": "Mug"}}));
    let sku = draft.lines[0].sku.as_ref();
    assert_eq!(sku.map(|sku| sku.0.as_str()), Some("line-1"));
}

#[test]
fn prices_that_do_not_divide_keep_the_lines_price() {
    let thirds = json!({"line_orderLineQuantity": {"amount": "3"},
        "line_charges": charge("PRODUCT", &json!(10)), "line_orderLineStatuses":
        statuses(&[("Created", "3")])});
    let draft = draft(thirds);
    assert_eq!(draft.lines[0].unit_price.to_string(), "3.333333");
    let net = draft.lines[0].net(draft.currency);
    assert_eq!(net.amount().to_string(), "10.00");
}

#[test]
fn personal_data_and_what_the_hub_does_not_act_on_stand_beside_the_draft() {
    let order = inbound(
        json!({"orderType": "REPLACEMENT", "originalCustomerOrderID": "777",
        "line_intentToCancel": "2026-03-01"}),
    );
    let draft = serde_json::to_string(&order.submission.draft).expect("JSON");
    for personal in ["Jane", "relay.example", "Own Street", "5550100000"] {
        assert!(!draft.contains(personal), "{personal}");
    }
    assert_eq!(order.submission.draft.destination.as_deref(), Some("US"));
    let private = order.submission.private;
    let to = private.ship_to.expect("an address");
    assert_eq!(to.name.as_deref(), Some("Jane Doe"));
    assert_eq!(to.lines, ["1 Own Street", "Apt 2"]);
    assert_eq!(to.postcode.as_deref(), Some("01234"));
    assert_eq!(private.attributes["order_type"], "REPLACEMENT");
    assert_eq!(private.attributes["replaces"], "777");
    assert_eq!(private.attributes["buyer_intends"], "cancel");
    let plain = inbound(json!({"line_intentToCancel": false}))
        .submission
        .private;
    assert!(plain.attributes.is_empty());
}

#[test]
fn what_cannot_be_read_says_where_and_quotes_nothing() {
    for changes in [
        json!({"purchaseOrderId": "buyer@example.com"}),
        json!({"orderDate": "buyer@example.com"}),
        json!({"orderDate": null}),
        json!({"orderLines": {"orderLine": []}}),
        json!({"orderLines": "buyer@example.com"}),
        json!({"orderTotal": {"currency": "EUR", "amount": 1}}),
        json!({"orderTotal": {"currency": "USD", "amount": -1}}),
        json!({"line_lineNumber": "buyer@example.com"}),
        json!({"line_orderLineQuantity": {"amount": "buyer@example.com"}}),
        json!({"line_orderLineQuantity": {"amount": "0"}}),
        json!({"line_charges": charge("PRODUCT", &json!("buyer@example.com"))}),
        json!({"line_charges": {"charge": [{"chargeType": "PRODUCT",
            "chargeAmount": {"currency": "EUR", "amount": 1}}]}}),
        json!({"line_orderLineStatuses": {"orderLineStatus": []}}),
        json!({"line_orderLineStatuses": "buyer@example.com"}),
        json!({"shipNode": "buyer@example.com"}),
    ] {
        let Inbound::Unreadable { reason } = read(changes.clone()) else {
            panic!("not readable: {changes}");
        };
        assert!(!reason.contains("buyer@"), "{reason}");
    }
}
