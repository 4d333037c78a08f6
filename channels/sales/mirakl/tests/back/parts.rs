//! Acceptance, and money for a part of an order: however often it is tried, it goes back once.

use std::collections::BTreeSet;

use orderhub_domain::money::Money;
use orderhub_domain::order::Topic;

use super::*;
use crate::sales::giving::{self, tell};
use crate::sales::{PartNotice, PartOf};

fn eur(text: &str) -> Money {
    giving::sum(text, "EUR")
}

fn part(key: &str, lines: &[(&str, u32)], amount: &str, of: PartOf) -> PartNotice {
    giving::part("OWN-1-A", key, lines, eur(amount), of)
}

fn repaid(movements: &[(&str, &str)]) -> NoticeEvidence {
    let movements = movements.iter();
    let movements: Vec<_> = movements
        .map(|(reference, amount)| (*reference, eur(amount)))
        .collect();
    giving::repaid(&movements)
}

/// A connection that may give money back.
fn giving(server: &MockServer) -> Arc<dyn SalesConnector> {
    let settings = settings(&server.uri()).with_text("refund_reason", "15");
    connect("mirakl", &settings).expect("a connection")
}

#[tokio::test]
async fn an_order_is_accepted_with_all_its_lines_and_once() {
    let market = Market::default();
    market.book().state = "WAITING_ACCEPTANCE";
    market.book().lines = ["WAITING_ACCEPTANCE"; 2];
    let (_server, connector) = market.serve().await;
    let way = connector.way_back().expect("a way");
    market.book().lose = Some(("accept", ResponseTemplate::new(502)));
    let lost = way.accepted("OWN-1-A").await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    for _ in 0..2 {
        assert_eq!(way.accepted("OWN-1-A").await, TOLD);
    }
    let all = json!({ "order_lines": [
        { "id": "L1", "accepted": true }, { "id": "L2", "accepted": true }] });
    {
        let book = market.book();
        assert_eq!(book.changes, [("orders/OWN-1-A/accept".to_owned(), all)]);
    }
    for (id, code) in [("OTHER", "order_not_found"), ("a/../b", "not_a_mirakl_id")] {
        assert_eq!(way.accepted(id).await, Ok(no(code)));
    }
    market.book().state = "CANCELED";
    assert_eq!(way.accepted("OWN-1-A").await, Ok(no("order_is_cancelled")));
    market.book().state = "WAITING_ACCEPTANCE";
    market.book().refuse = Some(400);
    assert_eq!(way.accepted("OWN-1-A").await, Ok(no("mirakl_400")));
    market.book().state = "STAGING";
    let early = way.accepted("OWN-1-A").await;
    assert!(
        matches!(early, Err(CallError::NotDone { well: true, .. })),
        "{early:?}"
    );
}

#[tokio::test]
async fn a_part_is_given_back_with_its_share_of_the_taxes_and_named() {
    let market = Market::default();
    let (server, _) = market.serve().await;
    let connector = giving(&server);
    let unsent = part("N1", &[("L1", 1)], "11.94", PartOf::Unsent);
    assert_eq!(
        tell(&connector, &unsent).await,
        Ok(repaid(&[("R1", "11.94")]))
    );
    let asked = json!({ "order_tax_mode": "TAX_EXCLUDED", "refunds": [
        { "order_line_id": "L1", "quantity": 1, "amount": 10.03,
            "taxes": [{ "code": "VAT", "amount": 1.91 }], "shipping_taxes": [],
            "reason_code": "15", "currency_iso_code": "EUR", "excluded_from_shipment": true }] });
    assert_eq!(
        market.book().changes[0],
        ("orders/refund".to_owned(), asked)
    );
    // The units that are left complete the order.
    let rest = shipment(&[("L1", 2), ("L2", 1)], None);
    assert_eq!(ship(&connector, &rest).await, TOLD);
    assert_eq!(market.paths(), ["orders/refund", "orders/OWN-1-A/ship"]);
    // What came back is no longer to be shipped, and two lines share an amount.
    market.book().lines = ["RECEIVED"; 2];
    let both = [("L1", 1), ("L2", 1)];
    let returned = part("N2", &both, "16.94", PartOf::Returned);
    let movements = Ok(repaid(&[("R2", "11.94"), ("R3", "5.00")]));
    assert_eq!(tell(&connector, &returned).await, movements);
    let book = market.book();
    let (_, asked) = book.changes.last().expect("a change");
    assert_eq!(asked["refunds"][0]["excluded_from_shipment"], false);
}

#[tokio::test]
async fn prices_with_taxes_and_lines_as_a_whole_are_given_back_to_the_cent() {
    let market = Market::default();
    market.book().tax_mode = "TAX_INCLUDED";
    let (server, _) = market.serve().await;
    let connector = giving(&server);
    let one = part("N1", &[("L1", 1)], "10.03", PartOf::Claimed);
    assert_eq!(tell(&connector, &one).await, Ok(repaid(&[("R1", "10.03")])));
    let asked = &market.book().changes[0].1["refunds"][0].clone();
    assert_eq!(asked["amount"], 10.03);
    assert_eq!(asked["taxes"], json!([{ "code": "VAT", "amount": 1.91 }]));
    // A tax that the marketplace works out itself: of a part nobody knows what that comes to.
    let market = Market::default();
    market.book().rule = "proportional_to_amount";
    let (server, _) = market.serve().await;
    let connector = giving(&server);
    let some = part("N1", &[("L1", 1)], "11.94", PartOf::Claimed);
    let refused = tell(&connector, &some).await;
    assert_eq!(refused, Ok(no("taxes_are_computed_there")));
    assert!(market.book().changes.is_empty());
    let all = part("N2", &[("L1", 3)], "35.82", PartOf::Claimed);
    assert_eq!(tell(&connector, &all).await, Ok(repaid(&[("R1", "35.82")])));
    let asked = &market.book().changes[0].1["refunds"][0].clone();
    assert_eq!(
        (&asked["amount"], &asked["taxes"]),
        (&json!(30.1), &json!([]))
    );
}

#[tokio::test]
async fn a_refund_whose_answer_was_lost_is_found_again_and_not_repeated() {
    for lost in [
        ResponseTemplate::new(502),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(200).set_body_json(json!({ "refunds": [] })),
    ] {
        let market = Market::default();
        let (server, _) = market.serve().await;
        let connector = giving(&server);
        market.book().lose = Some(("refund", lost));
        // All of the line: nothing is left of it once the first try was carried out.
        let notice = part("N1", &[("L1", 3)], "35.82", PartOf::Returned);
        let first = tell(&connector, &notice).await;
        assert!(matches!(first, Err(CallError::Unknown { .. })), "{first:?}");
        assert_eq!(
            tell(&connector, &notice).await,
            Ok(repaid(&[("R1", "35.82")]))
        );
        assert_eq!(market.paths(), ["orders/refund"]);
        let other = part("N2", &[("L1", 1)], "11.94", PartOf::Returned);
        assert_eq!(tell(&connector, &other).await, Ok(no("line_has_less_left")));
    }
}

#[tokio::test]
async fn a_second_refund_of_the_same_kind_is_a_persons_where_it_may_be_the_first() {
    let market = Market::default();
    let (server, _) = market.serve().await;
    let connector = giving(&server);
    market.book().lose = Some(("refund", ResponseTemplate::new(504)));
    let notice = part("N1", &[("L1", 1)], "11.94", PartOf::Returned);
    let lost = tell(&connector, &notice).await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    // The hub starts again, and remembers nothing.
    let connector = giving(&server);
    let refused = tell(&connector, &notice).await;
    assert_eq!(refused, Ok(no("refund_alike_is_there")));
    // Unless the notice knows which there were before it.
    let given = Some(BTreeSet::new());
    let knowing = PartNotice { given, ..notice };
    let found = tell(&giving(&server), &knowing).await;
    assert_eq!(found, Ok(repaid(&[("R1", "11.94")])));
    assert_eq!(market.paths(), ["orders/refund"]);
}

#[tokio::test]
async fn what_cannot_be_given_back_says_why_and_gives_nothing() {
    let market = Market::default();
    let (server, deaf) = market.serve().await;
    let connector = giving(&server);
    let topics = |of: &Arc<dyn SalesConnector>| of.way_back().expect("a way").hears();
    assert_eq!(topics(&connector), Topic::ALL);
    assert!(!topics(&deaf).contains(&Topic::Refund));
    let mut strange = part("N1", &[("L1", 1)], "11.94", PartOf::Returned);
    strange.external_id = "OTHER".into();
    assert_eq!(tell(&connector, &strange).await, Ok(no("order_not_found")));
    for (lines, amount, code) in [
        (&[("L1", 1)][..], "0.00", "units_cannot_be_cancelled_there"),
        (&[][..], "1.00", "no_units_are_named"),
        (&[("L9", 1)][..], "1.00", "line_not_found"),
        (&[("L1", 4)][..], "1.00", "line_has_fewer_units"),
        (&[("L2", 1)][..], "5.01", "line_has_less_left"),
    ] {
        let notice = part("N1", lines, amount, PartOf::Returned);
        assert_eq!(tell(&connector, &notice).await, Ok(no(code)));
    }
    let notice = part("N1", &[("L1", 1)], "11.94", PartOf::Returned);
    market.book().refuse = Some(400);
    assert_eq!(tell(&connector, &notice).await, Ok(no("mirakl_400")));
    market.book().refuse = None;
    market.book().state = "CANCELED";
    assert_eq!(
        tell(&connector, &notice).await,
        Ok(no("order_is_cancelled"))
    );
    assert!(market.book().changes.is_empty());
}

#[tokio::test]
async fn an_order_that_is_cancelled_later_gets_back_only_what_is_left() {
    let market = Market::default();
    let (server, _) = market.serve().await;
    let connector = giving(&server);
    let unsent = part("N1", &[("L1", 1)], "11.94", PartOf::Unsent);
    assert_eq!(
        tell(&connector, &unsent).await,
        Ok(repaid(&[("R1", "11.94")]))
    );
    for _ in 0..2 {
        assert_eq!(cancel(&connector, true).await, TOLD);
    }
    assert_eq!(market.paths(), ["orders/refund"; 2]);
    let asked = market.book().changes[1].1["refunds"].clone();
    assert_eq!(asked[0]["amount"], 20.07);
    assert_eq!(
        asked[0]["taxes"],
        json!([{ "code": "VAT", "amount": 3.81 }])
    );
    assert_eq!(
        (&asked[0]["quantity"], &asked[1]["quantity"]),
        (&json!(2), &json!(1))
    );
}

#[tokio::test]
async fn what_is_paid_is_given_back_line_by_line_and_once() {
    let market = Market::default();
    let (server, connector) = market.serve().await;
    assert_eq!(
        cancel(&connector, true).await,
        Ok(no("refund_reason_is_not_set"))
    );
    assert_eq!(
        cancel(&connector, false).await,
        Ok(no("order_cannot_be_cancelled"))
    );
    let settings = settings(&server.uri()).with_text("refund_reason", "15");
    let connector = connect("mirakl", &settings).expect("a connection");
    market.book().lose = Some(("refund", ResponseTemplate::new(504)));
    let lost = cancel(&connector, true).await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    assert_eq!(cancel(&connector, true).await, TOLD);
    let book = market.book();
    let [(path, members)] = &book.changes[..] else {
        panic!("one change");
    };
    assert_eq!(path, "orders/refund");
    let expected = json!({ "order_tax_mode": "TAX_EXCLUDED", "refunds": [
        { "order_line_id": "L1", "quantity": 3, "amount": 30.1, "shipping_amount": 4,
            "taxes": [{ "code": "VAT", "amount": 5.72 }], "shipping_taxes": [],
            "reason_code": "15", "currency_iso_code": "EUR", "excluded_from_shipment": true },
        { "order_line_id": "L2", "quantity": 1, "amount": 5, "taxes": [], "shipping_taxes": [],
            "reason_code": "15", "currency_iso_code": "EUR", "excluded_from_shipment": true }] });
    assert_eq!(*members, expected);
}
