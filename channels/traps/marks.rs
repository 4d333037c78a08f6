//! Test data on live connections: it is recognised however the vendor marks it, recorded, and moves nothing.

use orderhub_domain::order::Stage;

use super::hub::{placed, placed_on, set_aside};
use super::scene::{as_it_is, only, order, sale, vendor};
use crate::port::Inbound;
use crate::specimen::{Seen, Taken, Thing};

#[test]
fn trap_11_a_test_order_on_a_live_connection_is_recorded_and_never_allocated() {
    let shopify = vendor("shopify");
    let by_body = shopify.order(|order| order["test"] = true.into());
    let stated = shopify.stated(Thing::Sale(&sale()), as_it_is);
    let marked = shopify.signed(stated.with("x-shopify-test", "true"));
    let by_header = order(only(shopify.read(&marked)));
    let clover = vendor("clover").order(|whole| whole["order"]["testMode"] = true.into());
    for order in [by_body, by_header, clover] {
        assert!(order.submission.draft.test);
        let live = placed(&order);
        assert_eq!(live.stage, Stage::Closed);
        assert_eq!(live.reason.as_deref(), Some("test_order"));
        assert!(live.outstanding.is_empty());
        // On a test connection it is what is to be tried.
        let tried = placed_on(&order, false);
        assert_eq!(set_aside(&tried), ["MUG-1", "TEE-2"]);
    }
}

fn is_test(read: &Inbound) -> bool {
    match read {
        Inbound::Payment { test, .. } | Inbound::Scans { test, .. } => *test,
        other => panic!("nothing that moves: {other:?}"),
    }
}

#[test]
fn trap_11_every_gateways_and_carriers_own_mark_of_test_data_is_recognised() {
    let read = |live: bool| {
        let stripe = vendor("stripe").taking(Taken::Authorized, |event| {
            event["livemode"] = live.into();
        });
        let adyen = vendor("adyen").taking(Taken::Authorized, |body| {
            body["live"] = live.to_string().into();
        });
        let mollie = vendor("mollie").taking(Taken::Authorized, |payment| {
            payment["mode"] = if live { "live" } else { "test" }.into();
        });
        let easypost = vendor("easypost").sighting(Seen::InTransit, |event| {
            event["mode"] = if live { "production" } else { "test" }.into();
        });
        let shippo = vendor("shippo").sighting(Seen::InTransit, |event| {
            event["test"] = (!live).into();
        });
        [only(stripe), only(adyen), only(mollie), easypost, shippo]
    };
    for live in [true, false] {
        for item in read(live) {
            assert_eq!(is_test(&item), !live, "{item:?}");
        }
    }
}
