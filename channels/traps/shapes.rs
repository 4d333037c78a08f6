//! Members that are new, members that are missing, words that nobody knows, and topics that say less than the
//! state, or another thing.

use orderhub_domain::order::{ChannelFact, ParcelStatus, PaymentEvidence};
use serde_json::{Value, json};

use super::scene::{ORDER, as_it_is, names, only, order, sale, taking, topic, vendor};
use crate::port::{Inbound, Resource, Statement};
use crate::registry::Family;
use crate::specimen::{Sale, SaleState, Seen, Taken, Thing};

/// Puts a member that nobody has heard of into every object.
fn grown(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(grown);
            members.insert("own_new_member".to_owned(), json!([{ "a": null }, 1, "x"]));
        }
        Value::Array(items) => items.iter_mut().for_each(grown),
        _ => {}
    }
}

#[test]
fn trap_15_members_that_are_new_change_nothing() {
    let stated = |name: &&str| vendor(name).states(Thing::Sale(&sale()));
    for name in names(Family::Sales).into_iter().filter(stated) {
        let (plain, more) = (vendor(name).order(as_it_is), vendor(name).order(grown));
        assert_eq!(more.submission, plain.submission, "{name}");
        assert_eq!(more.facts, plain.facts, "{name}");
    }
    for name in names(Family::Payments) {
        let read = |change: fn(&mut Value)| vendor(name).taking(Taken::Captured, change);
        assert_eq!(read(grown), read(as_it_is), "{name}");
    }
    for name in names(Family::Carriers) {
        let read = |change: fn(&mut Value)| vendor(name).sighting(Seen::InTransit, change);
        assert_eq!(read(grown), read(as_it_is), "{name}");
    }
}

fn in_state(state: SaleState) -> Sale {
    Sale { state, ..sale() }
}

#[test]
fn trap_15_words_that_nobody_knows_are_kept_and_move_nothing() {
    let odd = in_state(SaleState::Odd);
    let stated = |name: &&str| vendor(name).states(Thing::Sale(&odd));
    for name in names(Family::Sales).into_iter().filter(stated) {
        let odd = topic(vendor(name).sale_of(&odd, as_it_is));
        assert!(!odd.starts_with("not_yet:"), "{name}: {odd}");
    }
    for name in names(Family::Payments) {
        let odd = only(vendor(name).taking(Taken::Odd, as_it_is));
        assert!(matches!(odd, Inbound::Unknown { .. }), "{name}: {odd:?}");
    }
    for name in names(Family::Carriers) {
        let odd = vendor(name).sighting(Seen::Odd, as_it_is);
        let Inbound::Scans { scans, .. } = odd else {
            panic!("{name}: {odd:?}");
        };
        let unknown = scans
            .iter()
            .all(|scan| scan.status == ParcelStatus::Unknown);
        assert!(unknown && !scans.is_empty(), "{name}: {scans:?}");
    }
}

#[test]
fn trap_15_a_cancellation_without_our_reference_is_still_one_of_its_payment() {
    let read = vendor("adyen").taking(Taken::Captured, |body| {
        let item = &mut body["notificationItems"][0]["NotificationRequestItem"];
        item["eventCode"] = "CANCELLATION".into();
        item.as_object_mut()
            .expect("an item")
            .remove("merchantReference");
    });
    let Inbound::Payment {
        reference,
        order,
        evidence,
        ..
    } = only(read)
    else {
        panic!("not a payment");
    };
    assert_eq!((reference.as_str(), order), ("PSP77", None));
    let reference = "PSP77".to_owned();
    assert_eq!(evidence, PaymentEvidence::Voided { reference });
}

#[test]
fn trap_15_an_event_without_its_tracker_is_put_away_with_the_reason() {
    let read = vendor("easypost").sighting(Seen::InTransit, |event| {
        event.as_object_mut().expect("an event").remove("result");
    });
    let Inbound::Unreadable { reason } = read else {
        panic!("it is read as {read:?}");
    };
    assert!(reason.contains("without its tracker"), "{reason}");
}

#[test]
fn trap_16_the_same_body_says_the_same_under_five_topics() {
    let shopify = vendor("shopify");
    let under = |name: &str| {
        let mut stated = shopify.stated(Thing::Sale(&sale()), as_it_is);
        stated = stated.with("x-shopify-topic", name);
        only(shopify.read(&shopify.signed(stated)))
    };
    let updated = under("orders/updated");
    for name in [
        "orders/create",
        "orders/paid",
        "orders/cancelled",
        "orders/fulfilled",
    ] {
        assert_eq!(under(name), updated, "{name}");
    }
    let read = order(updated);
    assert_eq!(read.submission.draft.cancelled_at, None);
    assert_eq!(read.facts, [ChannelFact::Paid { reference: None }]);
}

#[test]
fn trap_16_what_only_names_an_order_is_looked_up_and_the_state_counts() {
    for (name, id) in [
        ("bigcommerce", "4711"),
        ("clover", "OWN4711"),
        ("square", "OWN4711"),
    ] {
        let vendor = vendor(name);
        // The word was sent while it was paid; by the time of the look-up it is cancelled.
        let word = vendor.word(Thing::Sale(&sale()));
        let named = only(vendor.read(&vendor.signed(word)));
        let (kind, id) = ("order".to_owned(), id.to_owned());
        assert_eq!(named, Inbound::Changed(Resource { kind, id }), "{name}");
        let now = order(vendor.sale_of(&in_state(SaleState::Cancelled), as_it_is));
        let cancelled = |fact: &ChannelFact| matches!(fact, ChannelFact::Cancelled { .. });
        assert!(now.facts.iter().any(cancelled), "{name}: {:?}", now.facts);
    }
}

#[test]
fn trap_21_a_substatus_that_contradicts_its_status_is_not_believed() {
    let read = vendor("shippo").sighting(Seen::Delivered, |event| {
        for place in ["/data/tracking_status", "/data/tracking_history/0"] {
            let seen = event.pointer_mut(place).expect("a sighting");
            seen["substatus"]["code"] = "information_received".into();
        }
    });
    let Inbound::Scans { scans, .. } = read else {
        panic!("no sighting: {read:?}");
    };
    let all: Vec<_> = scans.iter().map(|scan| scan.status).collect();
    assert_eq!(all, [ParcelStatus::Delivered]);
}

#[test]
fn trap_21_an_events_id_that_comes_twice_hides_nothing() {
    let at = |seen| vendor("aftership").sighting(seen, |event| event["event_id"] = "same".into());
    let [first, second] = [at(Seen::InTransit), at(Seen::Delivered)].map(|read| match read {
        Inbound::Scans { scans, .. } => scans[0].status,
        other => panic!("no sighting: {other:?}"),
    });
    assert_eq!(first, ParcelStatus::InTransit);
    assert_eq!(second, ParcelStatus::Delivered);
}

#[test]
fn trap_21_a_body_that_is_no_json_is_put_away_and_quotes_nobody() {
    let klarna = vendor("klarna");
    let plain = klarna.stated(Thing::Taking(&taking(Taken::Authorized)), as_it_is);
    let text = String::from_utf8(plain.raw.clone()).expect("a text");
    let broken = text.replacen('{', "{,", 1);
    let read = only(klarna.read(&Statement {
        raw: broken.into_bytes(),
        ..plain
    }));
    let Inbound::Unreadable { reason } = read else {
        panic!("it is read as {read:?}");
    };
    assert!(!reason.contains(ORDER), "{reason}");
    // And the next one that is sound is read.
    let next = only(klarna.taking(Taken::Authorized, as_it_is));
    assert!(matches!(next, Inbound::Payment { .. }), "{next:?}");
}
