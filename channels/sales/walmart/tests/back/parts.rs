//! Acknowledgements, cancelled parts and refunds: each is done once, however often it is tried.

use std::collections::BTreeSet;

use orderhub_domain::money::Money;
use orderhub_domain::order::Topic;

use super::*;
use crate::sales::giving::{self, tell};
use crate::sales::{PartNotice, PartOf};

fn usd(text: &str) -> Money {
    giving::sum(text, "USD")
}

fn part(key: &str, lines: &[(&str, u32)], amount: &str, of: PartOf) -> PartNotice {
    giving::part("1001", key, lines, usd(amount), of)
}

fn repaid(movements: &[(&str, &str)]) -> NoticeEvidence {
    let movements = movements.iter();
    let movements: Vec<_> = movements
        .map(|(reference, amount)| (*reference, usd(amount)))
        .collect();
    giving::repaid(&movements)
}

#[tokio::test]
async fn an_order_is_acknowledged_once_and_not_when_it_is_cancelled() {
    let market = Market::default();
    let (_server, connector) = market.serve().await;
    let way = connector.way_back().expect("a way");
    assert_eq!(way.hears(), Topic::ALL);
    market.book().lose = Some(("/acknowledge", ResponseTemplate::new(502)));
    let lost = way.accepted("1001").await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    assert_eq!(way.accepted("1001").await, TOLD);
    assert_eq!(market.ends(), ["/acknowledge"]);
    for (id, code) in [("1002", "order_not_found"), ("A-1", "not_a_walmart_id")] {
        assert_eq!(way.accepted(id).await, Ok(no(code)));
    }
    assert_eq!(cancel(&connector, Why::Other).await, TOLD);
    assert_eq!(way.accepted("1001").await, Ok(no("order_is_cancelled")));
}

#[tokio::test]
async fn units_are_cancelled_once_and_were_never_charged() {
    let market = Market::default();
    let (_server, connector) = market.serve().await;
    let two = part("N1", &[("1", 1), ("1", 1)], "22.00", PartOf::Unsent);
    market.book().lose = Some(("/cancel", ResponseTemplate::new(504)));
    let lost = tell(&connector, &two).await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    let told = Ok(repaid(&[("cancelled:N1", "22.00")]));
    assert_eq!(tell(&connector, &two).await, told);
    assert_eq!(market.ends(), ["/cancel"]);
    let line =
        market.book().changes[0].1["orderCancellation"]["orderLines"]["orderLine"][0].clone();
    let status = &line["orderLineStatuses"]["orderLineStatus"][0];
    assert_eq!(status["statusQuantity"]["amount"], "2");
    // Nothing says whether the cancelled unit is this notice's.
    let one = part("N2", &[("1", 1)], "11.00", PartOf::Unsent);
    assert_eq!(
        tell(&connector, &one).await,
        Ok(no("units_may_be_cancelled"))
    );
    // What the channel took no money for is told all the same.
    let free = part("N3", &[("2", 1)], "0.00", PartOf::Unsent);
    assert_eq!(tell(&connector, &free).await, TOLD);
    assert_eq!(market.ends(), ["/cancel", "/cancel"]);
}

#[tokio::test]
async fn what_was_shipped_is_given_back_with_its_tax_and_once() {
    let market = Market::default();
    let (_server, connector) = market.serve().await;
    let all = shipment(&[("1", 3), ("2", 1)], Some("OWN1"));
    assert_eq!(ship(&connector, &all).await, TOLD);
    let both = [("1", 2), ("2", 1)];
    let notice = part("N1", &both, "33.00", PartOf::Returned);
    market.book().lose = Some(("/refund", ResponseTemplate::new(502)));
    let lost = tell(&connector, &notice).await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    let movements = Ok(repaid(&[("1-1", "22.00"), ("2-1", "11.00")]));
    for _ in 0..2 {
        assert_eq!(tell(&connector, &notice).await, movements);
    }
    let ends = market.ends();
    assert_eq!(ends.iter().filter(|end| *end == "/refund").count(), 1);
    let asked = market.book().changes.last().expect("a change").1.clone();
    let line = &asked["orderRefund"]["orderLines"]["orderLine"][0];
    let expected = json!({ "lineNumber": "1", "isFullRefund": false, "refunds": { "refund": [{
        "refundComments": "orderhub N1", "refundCharges": { "refundCharge": [{
            "refundReason": "Customer returned item", "charge": {
                "chargeType": "PRODUCT", "chargeName": "Item Price",
                "chargeAmount": { "currency": "USD", "amount": -20 },
                "tax": { "taxName": "Item Price Tax",
                    "taxAmount": { "currency": "USD", "amount": -2 } } } }] } }] } });
    assert_eq!(*line, expected);
    let more = part("N2", &[("1", 1)], "11.00", PartOf::Claimed);
    let unsure = tell(&connector, &more).await;
    assert_eq!(unsure, Ok(no("line_was_refunded_before")));
    // Unless it was known before the notice.
    let given = Some(BTreeSet::from(["1-1".to_owned()]));
    let knowing = PartNotice { given, ..more };
    let given = tell(&connector, &knowing).await;
    assert!(
        matches!(given, Ok(NoticeEvidence::Repaid { .. })),
        "{given:?}"
    );
}

#[tokio::test]
async fn a_refund_that_walmart_names_with_nothing_is_told_and_never_repeated() {
    let market = Market::default();
    market.book().mute = true;
    let (_server, connector) = market.serve().await;
    let all = shipment(&[("1", 3), ("2", 1)], Some("OWN1"));
    assert_eq!(ship(&connector, &all).await, TOLD);
    let notice = part("N1", &[("2", 1)], "11.00", PartOf::Claimed);
    assert_eq!(tell(&connector, &notice).await, TOLD);
    market.book().refunds = [Value::Null, Value::Null];
    market.book().lose = Some(("/refund", ResponseTemplate::new(502)));
    let lost = tell(&connector, &notice).await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    assert_eq!(
        tell(&connector, &notice).await,
        Ok(no("line_was_refunded_before"))
    );
}

#[tokio::test]
async fn what_cannot_be_cancelled_or_given_back_says_why() {
    let market = Market::default();
    let (_server, connector) = market.serve().await;
    for of in [PartOf::Unsent, PartOf::Returned] {
        let mut strange = part("N1", &[("1", 1)], "11.00", of);
        for (id, code) in [("1002", "order_not_found"), ("A-1", "not_a_walmart_id")] {
            strange.external_id = id.into();
            assert_eq!(tell(&connector, &strange).await, Ok(no(code)));
        }
        let unknown = part("N1", &[("9", 1)], "11.00", of);
        assert_eq!(tell(&connector, &unknown).await, Ok(no("line_not_found")));
        let none = part("N1", &[], "11.00", of);
        assert_eq!(tell(&connector, &none).await, Ok(no("no_units_are_named")));
    }
    let early = part("N1", &[("1", 1)], "11.00", PartOf::Claimed);
    assert_eq!(
        tell(&connector, &early).await,
        Ok(no("line_is_not_shipped"))
    );
    let refuse = json!({ "errors": [{ "code": "INVALID_REQUEST_CONTENT" }] });
    market.book().refuse = Some(ResponseTemplate::new(400).set_body_json(refuse));
    let unsent = part("N1", &[("1", 1)], "11.00", PartOf::Unsent);
    let refused = Ok(no("INVALID_REQUEST_CONTENT"));
    assert_eq!(tell(&connector, &unsent).await, refused);
    market.book().refuse = None;
    let all = shipment(&[("1", 3), ("2", 1)], Some("OWN1"));
    assert_eq!(ship(&connector, &all).await, TOLD);
    assert_eq!(tell(&connector, &unsent).await, Ok(no("line_is_shipped")));
    let dear = part("N1", &[("1", 1)], "11.01", PartOf::Claimed);
    assert_eq!(tell(&connector, &dear).await, Ok(no("units_cost_less")));
}
