//! Money that goes back through eBay: however often it is tried, it goes back once.

use std::collections::BTreeSet;

use orderhub_domain::money::Money;
use orderhub_domain::order::Topic;

use super::*;
use crate::sales::giving::{self, tell};
use crate::sales::{PartNotice, PartOf, connect};

fn eur(text: &str) -> Money {
    giving::sum(text, "EUR")
}

fn part(key: &str, amount: &str, of: PartOf) -> PartNotice {
    giving::part(ORDER, key, &[("501", 1)], eur(amount), of)
}

fn repaid(reference: &str, amount: &str) -> NoticeEvidence {
    giving::repaid(&[(reference, eur(amount))])
}

#[tokio::test]
async fn money_goes_back_under_ebays_name_where_it_may() {
    let site = Site::default();
    let (_server, connector) = site.serve_giving().await;
    let returned = part("N1", "19.90", PartOf::Returned);
    assert_eq!(tell(&connector, &returned).await, Ok(repaid("R1", "19.90")));
    let unsent = part("N2", "19.90", PartOf::Unsent);
    assert_eq!(tell(&connector, &unsent).await, Ok(repaid("R2", "19.90")));
    let asked = json!({ "reasonForRefund": "BUYER_RETURN",
        "orderLevelRefundAmount": { "value": "19.90", "currency": "EUR" } });
    assert_eq!(site.book().asked[0], asked);
    assert_eq!(site.book().asked[1]["reasonForRefund"], "OTHER_ADJUSTMENT");
    let hears = |of: &Arc<dyn SalesConnector>| of.way_back().expect("a way").hears();
    assert!(hears(&connector).contains(&Topic::Refund));
    let deaf = connect("ebay", &settings()).expect("a connection");
    let no = connect("ebay", &settings().with_text("refunds", "no")).expect("a connection");
    for silent in [deaf, no] {
        assert_eq!(hears(&silent), [Topic::Shipped, Topic::Cancelled]);
    }
}

#[tokio::test]
async fn a_refund_whose_answer_was_lost_is_found_again_and_not_repeated() {
    for lost in [
        ResponseTemplate::new(504),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(200).set_body_json(json!({})),
    ] {
        let site = Site::default();
        site.book().lose = Some(lost);
        let (server, connector) = site.serve_giving().await;
        let notice = part("N1", "19.90", PartOf::Claimed);
        let first = tell(&connector, &notice).await;
        assert!(matches!(first, Err(CallError::Unknown { .. })), "{first:?}");
        // A hub that has started again meanwhile cannot tell whose refund that is.
        let mut again = settings().with_text("refunds", "yes");
        again.base_url = Some(server.uri());
        let again = connect("ebay", &again).expect("a connection");
        let refused_again = tell(&again, &notice).await;
        assert_eq!(refused_again, Ok(refused("refund_alike_is_there")));
        // Unless the notice knows which there were before it.
        let given = Some(BTreeSet::new());
        let knowing = PartNotice {
            given,
            ..notice.clone()
        };
        assert_eq!(tell(&again, &knowing).await, Ok(repaid("R1", "19.90")));
        assert_eq!(tell(&connector, &notice).await, Ok(repaid("R1", "19.90")));
        assert_eq!(site.book().asked.len(), 1);
    }
}

#[tokio::test]
async fn what_cannot_be_given_back_says_why() {
    let site = Site::default();
    let (_server, connector) = site.serve_giving().await;
    let notice = part("N1", "19.90", PartOf::Returned);
    let mut other = notice.clone();
    for (id, code) in [("07-9", "order_not_found"), ("..", "not_an_ebay_id")] {
        other.external_id = id.into();
        assert_eq!(tell(&connector, &other).await, Ok(refused(code)));
    }
    let nothing = part("N1", "0.00", PartOf::Unsent);
    let code = "units_cannot_be_cancelled_there";
    assert_eq!(tell(&connector, &nothing).await, Ok(refused(code)));
    site.book().refuse = Some(32830);
    assert_eq!(tell(&connector, &notice).await, Ok(refused("32830")));
    site.book().refuse = None;
    site.book().becomes = "FAILED";
    assert_eq!(
        tell(&connector, &notice).await,
        Ok(refused("refund_failed"))
    );
    // One that failed is none, and is not taken for an earlier try's.
    site.book().becomes = "PENDING";
    assert_eq!(tell(&connector, &notice).await, Ok(repaid("R2", "19.90")));
    site.book().cancel = "CANCELED";
    let code = "order_is_cancelled";
    assert_eq!(tell(&connector, &notice).await, Ok(refused(code)));
}
