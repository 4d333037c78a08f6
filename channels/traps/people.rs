//! Buyers who are named late, in disguise, or never.

use jiff::SignedDuration;
use orderhub_domain::canonical::Address;
use orderhub_domain::order::{AddressChange, Command, Edge, Effect, REASON_ADDRESS_MISSING, Stage};
use serde_json::{Value, json};

use super::hub::{asked, heard, placed, set_aside};
use super::scene::{as_it_is, comes_to, noon, vendor};
use crate::port::InboundOrder;

/// Orders of marketplaces that keep their buyers to themselves.
fn nameless() -> [(&'static str, InboundOrder); 3] {
    let amazon = vendor("amazon").order(|order| {
        let members = order.as_object_mut().expect("an order");
        members.remove("buyer");
        members.remove("recipient");
    });
    let mirakl = vendor("mirakl").order(|order| {
        order["customer"]["shipping_address"] = Value::Null;
        order["customer"]["billing_address"] = Value::Null;
    });
    let ebay = vendor("ebay").order(|order| {
        order["fulfillmentStartInstructions"] =
            json!([{ "fulfillmentInstructionsType": "SHIP_TO" }]);
    });
    [("amazon", amazon), ("mirakl", mirakl), ("ebay", ebay)]
}

#[test]
fn trap_20_an_order_without_an_address_is_taken_whole() {
    for (name, order) in nameless() {
        let submission = &order.submission;
        comes_to(&submission.draft, "44.98");
        assert_eq!(submission.draft.destination, None, "{name}");
        assert_eq!(submission.private.ship_to, None, "{name}");
        assert_eq!(set_aside(&placed(&order)), ["MUG-1", "TEE-2"], "{name}");
    }
}

#[test]
fn trap_20_an_address_that_comes_later_is_taken_on_and_nothing_was_labelled_before() {
    for (name, order) in nameless() {
        let waiting = placed(&order);
        let mut open = waiting.outstanding.values().map(|open| &open.effect);
        let labelled = open.any(|effect| matches!(effect, Effect::BuyLabel { .. }));
        assert!(!labelled && waiting.fulfilments.is_empty(), "{name}");
        assert_eq!(waiting.stage, Stage::Reserving, "{name}");
        let to = Address {
            name: Some("Ada Example".to_owned()),
            lines: vec!["Eigene Straße 1".to_owned()],
            city: Some("Berlin".to_owned()),
            postcode: Some("10115".to_owned()),
            country: Some("DE".to_owned()),
            ..Address::default()
        };
        assert!(waiting.is_held_for(REASON_ADDRESS_MISSING), "{name}");
        let known = asked(
            &waiting,
            Command::ChangeAddress(Box::new(AddressChange {
                to,
                point: None,
                reason: "the marketplace has said it".to_owned(),
            })),
        );
        assert_eq!(known.draft.destination.as_deref(), Some("DE"), "{name}");
        assert_eq!(known.holds, [], "{name}");
        assert_eq!(set_aside(&known), ["MUG-1", "TEE-2"], "{name}");
    }
}

#[test]
fn trap_20_an_order_without_an_address_goes_to_no_location_until_its_channel_states_one() {
    for (name, order) in nameless() {
        let waiting = placed(&order);
        let hold = waiting.holds.first().expect("it is held");
        assert_eq!(hold.reason, REASON_ADDRESS_MISSING, "{name}");
        assert_eq!(hold.blocks, [Edge::Release, Edge::Ship], "{name}");
        let mut later = vendor(name).order(as_it_is);
        let changed_at = later.submission.draft.changed_at;
        let changed_at = changed_at.unwrap_or_else(noon);
        later.submission.draft.changed_at = Some(changed_at + SignedDuration::from_mins(1));
        let known = heard(&waiting, later.news());
        assert_eq!(known.holds, [], "{name}");
        assert_eq!(known.draft.destination.as_deref(), Some("DE"), "{name}");
        assert_eq!(set_aside(&known), ["MUG-1", "TEE-2"], "{name}");
    }
}

#[test]
fn trap_20_a_country_and_a_postcode_are_no_address() {
    let ebay = vendor("ebay").order(|order| {
        let to = &mut order["fulfillmentStartInstructions"][0]["shippingStep"]["shipTo"];
        *to = json!({ "contactAddress": { "countryCode": "DE", "postalCode": "10115" } });
    });
    assert!(placed(&ebay).is_held_for(REASON_ADDRESS_MISSING));
    // Nor do they take away an address that is known.
    let whole = placed(&vendor("ebay").order(as_it_is));
    assert_eq!(whole.holds, []);
    let mut hidden = ebay;
    hidden.submission.draft.changed_at = Some(noon() + SignedDuration::from_mins(1));
    assert_eq!(heard(&whole, hidden.news()).holds, []);
}

#[test]
fn trap_20_a_masked_buyer_is_no_mistake() {
    let ebay = vendor("ebay").order(|order| {
        order["buyer"] = json!({ "username": "own-masked" });
        let to = &mut order["fulfillmentStartInstructions"][0]["shippingStep"]["shipTo"];
        *to = json!({ "contactAddress": { "countryCode": "DE", "postalCode": "10115" } });
    });
    comes_to(&ebay.submission.draft, "44.98");
    assert_eq!(ebay.submission.draft.destination.as_deref(), Some("DE"));
    let customer = ebay.submission.private.customer.expect("a customer");
    assert_eq!(customer.external_id.as_deref(), Some("own-masked"));
    assert_eq!((customer.name, customer.email), (None, None));
}

#[test]
fn trap_20_a_relays_address_is_the_buyers_and_stays_out_of_the_order() {
    let amazon = vendor("amazon").order(|order| {
        order["buyer"]["buyerEmail"] = "relay-77@marketplace.example".into();
    });
    let mirakl = vendor("mirakl").order(|order| {
        order["customer_notification_email"] = "relay-77@marketplace.example".into();
    });
    for order in [amazon, mirakl] {
        let written = serde_json::to_string(&order.submission.draft).expect("JSON");
        assert!(!written.contains("relay-77"), "{written}");
        let customer = order.submission.private.customer.expect("a customer");
        let email = customer.email.as_deref();
        assert_eq!(email, Some("relay-77@marketplace.example"));
    }
}
