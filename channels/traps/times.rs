//! Times in every form that vendors write them in.

use orderhub_domain::order::Scan;
use serde_json::{Value, json};

use super::scene::{at, only, vendor};
use crate::port::Inbound;
use crate::specimen::{Seen, Taken};

/// Half past nine, in seconds since 1970.
const EPOCH: i64 = 1_772_357_400;

const HALF_PAST_NINE: &str = "2026-03-01T09:30:00Z";

/// When a sale was placed that states it so.
fn placed(name: &str, change: impl FnOnce(&mut Value)) -> String {
    vendor(name).draft(change).placed_at.to_string()
}

#[test]
fn trap_12_a_time_without_a_zone_is_utc_where_the_vendor_says_so() {
    let adobe = placed("adobe_commerce", |order| {
        order["created_at"] = "2026-03-01 09:30:00".into();
    });
    let lightspeed = ["2026-03-01T09:30:00", "2026-03-01 09:30:00"]
        .map(|text| placed("lightspeed", |whole| whole["sale"]["date"] = text.into()));
    // The other member is the time of the shop's own place, without saying which that is.
    let woocommerce = placed("woocommerce", |order| {
        order["date_created"] = "2026-03-01T10:30:00".into();
        order["date_created_gmt"] = "2026-03-01T09:30:00".into();
    });
    let [first, second] = lightspeed;
    for placed in [adobe, first, second, woocommerce] {
        assert_eq!(placed, HALF_PAST_NINE);
    }
}

/// When a parcel was seen.
fn seen(read: Inbound) -> Vec<String> {
    let Inbound::Scans { scans, .. } = read else {
        panic!("no sighting: {read:?}");
    };
    scans.iter().map(|Scan { at, .. }| at.to_string()).collect()
}

#[test]
fn trap_12_a_checkpoint_without_a_zone_keeps_its_place_among_the_others() {
    for text in [
        "2026-03-01T09:30:00",
        "2026-03-01T09:30:00Z",
        "2026-03-01T11:30:00+02:00",
    ] {
        let read = vendor("aftership").sighting(Seen::InTransit, |event| {
            event["msg"]["checkpoints"][0]["checkpoint_time"] = text.into();
        });
        assert_eq!(seen(read), [HALF_PAST_NINE], "{text}");
    }
}

#[test]
fn trap_12_times_of_mail_are_read_and_an_empty_one_is_none() {
    let bigcommerce = placed("bigcommerce", |whole| {
        let order = &mut whole["order"];
        order["date_created"] = "Sun, 01 Mar 2026 10:30:00 +0100".into();
        order["date_modified"] = "".into();
        order["date_shipped"] = "".into();
    });
    assert_eq!(bigcommerce, HALF_PAST_NINE);
}

#[test]
fn trap_12_seconds_and_milliseconds_since_1970_are_told_apart() {
    let walmart = placed("walmart", |order| order["orderDate"] = json!(EPOCH * 1000));
    let clover = placed("clover", |whole| {
        whole["order"]["clientCreatedTime"] = json!(EPOCH * 1000);
    });
    assert_eq!([walmart, clover], [HALF_PAST_NINE, HALF_PAST_NINE]);
    let stripe = vendor("stripe").taking(Taken::Authorized, |event| {
        event["created"] = EPOCH.into();
    });
    assert_eq!(happened(stripe).as_deref(), Some(HALF_PAST_NINE));
}

/// When something happened to a payment.
fn happened(read: Vec<Inbound>) -> Option<String> {
    match only(read) {
        Inbound::Payment { occurred_at, .. } => occurred_at.map(|at| at.to_string()),
        other => panic!("not a payment: {other:?}"),
    }
}

#[test]
fn trap_12_odd_offsets_and_seven_digits_of_a_second_are_times() {
    let adyen = vendor("adyen").taking(Taken::Authorized, |body| {
        let item = &mut body["notificationItems"][0]["NotificationRequestItem"];
        item["eventDate"] = "2026-03-01T11:42:00+02:12".into();
    });
    assert_eq!(happened(adyen).as_deref(), Some(HALF_PAST_NINE));
    let checkout = vendor("checkout_com").taking(Taken::Authorized, |event| {
        event["data"]["processed_on"] = "2026-03-01T09:30:00.1234567Z".into();
    });
    let read = happened(checkout).expect("a time");
    assert_eq!(at(&read), at("2026-03-01T09:30:00.1234567Z"));
}
