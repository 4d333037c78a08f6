//! Messages that say many things at once: each counts for itself, and a bad one takes nothing with it.

use orderhub_domain::order::{PaymentEvidence, Reported};
use serde_json::{Value, json};

use super::scene::{Vendor, as_it_is, changed, eur, taking, topic, vendor};
use crate::port::{Inbound, Resource, Statement};
use crate::specimen::{Taken, Thing};

/// A signed item about something that happened to the payment, and what came around it.
fn signed(adyen: &Vendor, what: Taken) -> (Statement, Value) {
    let stated = adyen.stated(Thing::Taking(&taking(what)), as_it_is);
    let around = adyen.signed(stated);
    let body: Value = serde_json::from_slice(&around.raw).expect("JSON");
    let item = body["notificationItems"][0].clone();
    (around, item)
}

fn part(amount: &str) -> Reported {
    Reported::Part {
        reference: "MOD77".to_owned(),
        amount: eur(amount),
    }
}

#[test]
fn trap_17_one_bad_item_of_adyens_loses_nothing_else() {
    let adyen = vendor("adyen");
    let (around, captured) = signed(&adyen, Taken::Captured);
    let (_, refunded) = signed(&adyen, Taken::Refunded);
    let mut forged = refunded.clone();
    forged["NotificationRequestItem"]["amount"]["value"] = 999_999.into();
    let shapeless = json!({ "NotificationRequestItem": { "success": "true" } });
    let items = json!([captured, shapeless, 7, forged, refunded, refunded]);
    let message = changed(around, |body| body["notificationItems"] = items);
    assert_eq!(adyen.verify(&message), Ok(()));
    let read = adyen.read(&message);
    assert_eq!(read.len(), 6, "{read:?}");
    let known: Vec<_> = read
        .iter()
        .filter_map(|item| match item {
            Inbound::Payment { evidence, .. } => Some(evidence.clone()),
            _ => None,
        })
        .collect();
    let reference = || "PSP77".to_owned();
    let refund = || PaymentEvidence::Refunded {
        reference: reference(),
        amount: part("15.00"),
    };
    let capture = PaymentEvidence::Captured {
        reference: reference(),
        amount: part("15.00"),
    };
    // The same refund twice has one id, by which its repeat is recognised.
    assert_eq!(known, [capture, refund(), refund()]);
    for (place, item) in [(2, &read[1]), (3, &read[2])] {
        let Inbound::Unreadable { reason } = item else {
            panic!("item {place} is read as {item:?}");
        };
        assert!(reason.starts_with(&format!("item {place}:")), "{reason}");
    }
    assert_eq!(topic(read[3].clone()), "unsigned:REFUND");
}

#[test]
fn trap_17_one_bad_change_of_clovers_loses_nothing_else() {
    let clover = vendor("clover");
    let change = |object: Value| json!({ "objectId": object, "type": "UPDATE", "ts": 1 });
    let ours = [
        change("O:OWN1".into()),
        change(5.into()),
        json!("nothing at all"),
        change("O:OWN2".into()),
        change("O:OWN1".into()),
    ];
    let body = json!({
        "appId": "OWNAPP",
        "merchants": { "OTHER": [change("O:OWN3".into())], "acme": ours },
    });
    let read = clover.hears(&[], &body.to_string());
    let named: Vec<_> = read
        .iter()
        .filter_map(|item| match item {
            Inbound::Changed(Resource { id, .. }) => Some(id.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(named, ["OWN1", "OWN2"], "each order once");
    let bad = read
        .iter()
        .filter(|item| matches!(item, Inbound::Unreadable { .. }));
    assert_eq!(bad.count(), 2, "{read:?}");
    let kept = read
        .iter()
        .find(|item| matches!(item, Inbound::Unknown { .. }));
    let kept = topic(kept.expect("another merchant's").clone());
    assert_eq!(kept, "another_merchant:O.UPDATE");
}
