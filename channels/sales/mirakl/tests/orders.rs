//! Orders: every rule of the mapping, from one order with parts replaced.

use http::HeaderMap;
use orderhub_domain::canonical::{FulfilledBy, OrderDraft, TaxMode, Terms};
use orderhub_domain::order::ChannelFact;
use orderhub_domain::quantity::Quantity;
use serde_json::{Value, json};

use super::{ORDER, market, request};
use crate::port::{Inbound, InboundOrder};

mod news;

/// The order with members replaced; `line_...` is the first line's.
fn body(changes: Value) -> Value {
    let mut order: Value = serde_json::from_str(ORDER).expect("JSON");
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    for (name, value) in changes {
        match name.strip_prefix("line_") {
            Some(name) => order["order_lines"][0][name] = value,
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

fn read_order(body: &Value) -> InboundOrder {
    match read_bytes(&serde_json::to_vec(body).expect("JSON")) {
        Inbound::Order(order) => *order,
        other => panic!("no order: {other:?}"),
    }
}

fn draft(changes: Value) -> OrderDraft {
    inbound(changes).submission.draft
}

fn adds_up(draft: &OrderDraft) -> String {
    assert_eq!(draft.totals().grand, draft.stated_total);
    draft.stated_total.amount().to_string()
}

fn unknown(topic: &str) -> Inbound {
    Inbound::Unknown {
        topic: topic.to_owned(),
    }
}

#[test]
fn an_order_is_read_whole_and_its_parts_make_its_total() {
    let order = match read_bytes(ORDER.as_bytes()) {
        Inbound::Order(order) => order,
        other => panic!("no order: {other:?}"),
    };
    let draft = &order.submission.draft;
    assert_eq!(draft.external_id, "OWN-7001-A");
    assert_eq!(draft.number.as_deref(), Some("OWN-7001"));
    assert_eq!(draft.placed_at.to_string(), "2026-03-01T09:30:00Z");
    assert_eq!(draft.tax_mode, TaxMode::Exclusive);
    // 58.90 as stated, and 11.00 of taxes on top.
    assert_eq!(adds_up(draft), "69.90");
    let [mug, card] = &draft.lines[..] else {
        panic!("two lines");
    };
    assert_eq!(mug.external_id, "OWN-7001-A-1");
    assert_eq!(mug.sku.as_ref().map(|sku| sku.0.as_str()), Some("OWN-MUG"));
    assert_eq!(mug.title, "Mug – blue");
    assert_eq!(mug.unit_price.to_string(), "21");
    assert_eq!(mug.discounts[0].amount.amount().to_string(), "2.00");
    assert_eq!(mug.taxes[0].amount.amount().to_string(), "7.60");
    assert_eq!(mug.fulfilled_by, FulfilledBy::Us);
    assert!(card.discounts.is_empty());
    assert_eq!(draft.shipping[0].title, "Standard delivery");
    assert_eq!(draft.shipping[0].amount.amount().to_string(), "5.90");
    assert_eq!(draft.shipping[0].taxes.len(), 2);
    assert_eq!(draft.fees[0].title, "own-gift-wrap");
    let reference = Some("own-tx-1".to_owned());
    assert_eq!(order.facts, [ChannelFact::Paid { reference }]);
}

#[test]
fn taxes_are_in_the_prices_where_the_order_says_so() {
    let included = draft(json!({"order_tax_mode": "TAX_INCLUDED"}));
    assert_eq!(included.tax_mode, TaxMode::Inclusive);
    assert!(included.lines[0].taxes[0].included);
    assert_eq!(adds_up(&included), "58.90");
    let silent = read(json!({"order_tax_mode": null}));
    assert!(matches!(silent, Inbound::Unreadable { .. }), "{silent:?}");
}

#[test]
fn a_total_that_differs_stays_open_for_a_person() {
    let draft = draft(json!({"total_price": 59.90}));
    assert_eq!(draft.stated_total.amount().to_string(), "70.90");
    assert_eq!(draft.totals().grand.amount().to_string(), "69.90");
}

#[test]
fn what_is_not_accepted_and_paid_is_kept_until_the_marketplace_wants_it_shipped() {
    let staging = json!({"order_state": "STAGING", "line_order_line_state": "STAGING"});
    assert_eq!(read(staging), unknown("not_yet:staging"));
    for state in [
        "WAITING_ACCEPTANCE",
        "WAITING_DEBIT",
        "WAITING_DEBIT_PAYMENT",
    ] {
        let mut waiting = body(json!({"order_state": state, "customer_debited_date": null,
            "customer": {"customer_id": "OWN-C-77"}}));
        for line in 0..2 {
            waiting["order_lines"][line]["order_line_state"] = state.into();
        }
        let mut order = read_order(&waiting);
        let draft = &order.submission.draft;
        assert!(draft.awaits_release, "{state}");
        assert_eq!(draft.destination, None);
        assert_eq!(draft.lines[0].fulfilled_by, FulfilledBy::Us);
        assert!(
            matches!(draft.tenders[0].terms, Terms::Authorized { .. }),
            "{state}"
        );
        assert_eq!(order.facts, []);
        waiting["payment_workflow"] = "PAY_ON_DUE_DATE".into();
        order = read_order(&waiting);
        assert_eq!(order.submission.draft.tenders[0].terms, Terms::Invoice);
    }
    let released = inbound(json!({}));
    assert!(!released.submission.draft.awaits_release);
    // What it says now goes before the word that it is paid, which lets it go.
    let news = released.news();
    let [ChannelFact::Restated(said), ChannelFact::Paid { .. }] = &news[..] else {
        panic!("{news:?}");
    };
    assert!(said.paid && said.ship_to.is_some());
}

#[test]
fn states_that_nobody_knows_are_kept_with_their_names() {
    for (changes, topic) in [
        (json!({"order_state": "OWN_STATE"}), "order:state.OWN_STATE"),
        (
            json!({"order_state": "for Jane Doe"}),
            "order:state.unknown",
        ),
        (
            json!({"line_order_line_state": "OWN"}),
            "order:line_state.OWN",
        ),
        (
            json!({"line_order_line_state": "WAITING_ACCEPTANCE"}),
            "order:line_state.WAITING_ACCEPTANCE",
        ),
        (
            json!({"line_order_line_state": "INCIDENT_OPEN"}),
            "order:line_state.INCIDENT_OPEN",
        ),
    ] {
        assert_eq!(read(changes), unknown(topic));
    }
}

#[test]
fn a_line_that_was_refused_is_no_part_of_the_order_nor_of_its_total() {
    for state in ["REFUSED", "CANCELED"] {
        let changes = json!({"line_order_line_state": state});
        let as_ordered = draft(changes);
        assert_eq!(as_ordered.lines.len(), 1);
        // 14.00 and its taxes: whether the total still has the line in it or not.
        assert_eq!(adds_up(&as_ordered), "16.66");
        let reckoned = json!({"line_order_line_state": state, "total_price": 14.00});
        assert_eq!(adds_up(&draft(reckoned)), "16.66");
    }
}

#[test]
fn a_line_that_was_given_back_before_it_left_was_paid_for_and_is_not_wanted() {
    let whole = adds_up(&draft(json!({})));
    for state in ["REFUNDED", "WAITING_REFUND", "WAITING_REFUND_PAYMENT"] {
        // Whether the total still has the line in it or not.
        for total in [json!({}), json!({"total_price": 14.00})] {
            let mut changes = total;
            changes["line_order_line_state"] = state.into();
            let order = inbound(changes);
            let lines = &order.submission.draft.lines;
            assert_eq!(lines.len(), 2);
            assert_eq!(lines[0].fulfilled_by, FulfilledBy::Us);
            assert_eq!(adds_up(&order.submission.draft), whole);
            let wanted: Vec<_> = order.wanted.into_iter().collect();
            assert_eq!(wanted, [(lines[0].external_id.clone(), Quantity::ZERO)]);
        }
    }
}

#[test]
fn an_order_that_is_over_says_so_and_when() {
    let at = "2026-03-01T10:05:00.25Z".parse().expect("a time");
    for state in ["REFUSED", "CANCELED"] {
        let order = inbound(json!({"order_state": state, "customer_debited_date": null}));
        assert_eq!(order.submission.draft.cancelled_at, Some(at));
        assert_eq!(order.facts, [ChannelFact::Cancelled { at }]);
    }
    let mut closed = body(json!({"order_state": "CLOSED", "line_order_line_state": "REFUNDED"}));
    closed["order_lines"][1]["order_line_state"] = "CANCELED".into();
    let closed = serde_json::to_vec(&closed).expect("JSON");
    let Inbound::Order(order) = read_bytes(&closed) else {
        panic!("an order");
    };
    assert!(order.facts.contains(&ChannelFact::Cancelled { at }));
}

#[test]
fn what_has_left_or_another_centre_ships_is_not_ours_to_ship() {
    let by = |changes| draft(changes).lines[0].fulfilled_by;
    for state in ["SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED"] {
        let mut order = body(json!({"order_state": state, "line_order_line_state": state}));
        order["order_lines"][1]["order_line_state"] = state.into();
        let order = serde_json::to_vec(&order).expect("JSON");
        let Inbound::Order(order) = read_bytes(&order) else {
            panic!("an order");
        };
        let lines = &order.submission.draft.lines;
        assert!(
            lines
                .iter()
                .all(|line| line.fulfilled_by == FulfilledBy::Channel)
        );
        assert_eq!(order.submission.draft.cancelled_at, None);
    }
    let part = json!({"line_order_line_state": "SHIPPED"});
    assert_eq!(by(part), FulfilledBy::Channel);
    let trouble = json!({"line_order_line_state": "INCIDENT_OPEN",
        "line_shipped_date": "2026-03-02T10:00:00Z"});
    assert_eq!(by(trouble), FulfilledBy::Channel);
    let theirs = json!({"fulfillment": {"center": {"code": "OWN-CENTER"}}});
    assert_eq!(by(theirs), FulfilledBy::Channel);
    assert_eq!(by(json!({"fulfillment": null})), FulfilledBy::Us);
}

#[test]
fn the_marketplace_has_the_money_once_it_says_when() {
    let terms = |changes| draft(changes).tenders[0].terms.clone();
    let Terms::Prepaid { reference } = terms(json!({})) else {
        panic!("paid");
    };
    assert_eq!(reference.as_deref(), Some("own-tx-1"));
    assert_eq!(
        terms(json!({"customer_debited_date": null})),
        Terms::Invoice
    );
    let directly = json!({"customer_directly_pays_seller": true});
    assert_eq!(terms(directly), Terms::Invoice);
    for odd in ["4242424242424242", "paid by Jane Doe"] {
        let none = Terms::Prepaid { reference: None };
        assert_eq!(terms(json!({"transaction_number": odd})), none);
    }
}

#[test]
fn a_line_without_a_sku_is_asked_for_by_what_was_offered() {
    let sku = |changes| draft(changes).lines[0].sku.clone().map(|sku| sku.0);
    let bare = json!({"line_offer_sku": ""});
    assert_eq!(sku(bare).as_deref(), Some("OWN-MUG-P"));
    // Beyond what a float can tell apart.
    let text = ORDER
        .replace("\"OWN-MUG\"", "null")
        .replace("\"OWN-MUG-P\"", "null");
    let Inbound::Order(order) = read_bytes(text.as_bytes()) else {
        panic!("an order");
    };
    let sku = order.submission.draft.lines[0].sku.as_ref();
    assert_eq!(sku.map(|sku| sku.0.as_str()), Some("9007199254740993"));
}

#[test]
fn prices_that_do_not_divide_keep_the_lines_price() {
    let draft = draft(json!({"line_quantity": 3, "line_price_unit": null, "line_price": 40.00}));
    assert_eq!(draft.lines[0].unit_price.to_string(), "13.333333");
    assert!(draft.lines[0].discounts.is_empty());
    assert_eq!(adds_up(&draft), "69.90");
}

#[test]
fn personal_data_stands_beside_the_draft() {
    let order = inbound(json!({"shipping_pudo_id": "own-locker-7"}));
    let draft = serde_json::to_string(&order.submission.draft).expect("JSON");
    for personal in ["Jane", "notification.example", "Eigene", "ring", "locker"] {
        assert!(!draft.contains(personal), "{personal}");
    }
    assert_eq!(order.submission.draft.destination.as_deref(), Some("DE"));
    let private = order.submission.private;
    let to = private.ship_to.expect("an address");
    assert_eq!(to.postcode.as_deref(), Some("01067"));
    assert_eq!(to.lines, ["Eigene Straße 1", "Hof"]);
    assert_eq!(to.phone.as_deref(), Some("+49 351 111111"));
    assert_eq!(private.attributes["note"], "Please ring twice");
    assert_eq!(private.attributes["pickup_point"], "own-locker-7");
    let customer = private.customer.expect("a customer");
    assert_eq!(customer.name.as_deref(), Some("Jane Doe"));
    // Before the buyer has paid the marketplace keeps who it is to itself.
    let nobody = inbound(json!({"customer": null, "customer_notification_email": null}));
    assert_eq!(nobody.submission.private.customer, None);
    assert_eq!(nobody.submission.draft.destination, None);
}

#[test]
fn an_order_that_does_not_say_how_many_is_kept() {
    let mut short = body(json!({}));
    short["order_lines"][0]["quantity"] = Value::Null;
    let read = read_bytes(short.to_string().as_bytes());
    assert_eq!(read, unknown("order:line_without_quantity"));
}

#[test]
fn what_cannot_be_read_says_where_and_quotes_nothing() {
    for changes in [
        json!({"order_id": ""}),
        json!({"order_id": "buyer@example.com\n"}),
        json!({"currency_iso_code": "buyer@example.com"}),
        json!({"total_price": "buyer@example.com"}),
        json!({"total_price": -1.00}),
        json!({"order_state": 7}),
        json!({"order_tax_mode": "buyer@example.com"}),
        json!({"created_date": null}),
        json!({"created_date": "yesterday"}),
        json!({"customer_debited_date": "buyer@example.com"}),
        json!({"order_state": "REFUSED", "last_updated_date": null}),
        json!({"order_lines": []}),
        json!({"order_lines": "buyer@example.com"}),
        json!({"line_quantity": 0}),
        json!({"line_quantity": -1}),
        json!({"line_quantity": 1.5}),
        json!({"line_price": "buyer@example.com"}),
        json!({"line_taxes": [{"code": "VAT", "amount": "buyer@example.com"}]}),
    ] {
        let Inbound::Unreadable { reason } = read(changes.clone()) else {
            panic!("not readable: {changes}");
        };
        assert!(!reason.contains("buyer@"), "{reason}");
    }
}
