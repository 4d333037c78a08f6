//! What PayPal's events ask for: each names a thing that is looked up. The event itself proves nothing
//! beyond that, so one that is late or repeated changes nothing
//! (developer.paypal.com/api/rest/webhooks/event-names).

use super::wire::{Event, Subject};
use crate::port::{Inbound, Resource};
use crate::wire::{code, path_id, unreadable};

/// What an event says, whether it was pushed or asked for.
pub(super) fn read(body: &[u8]) -> Vec<Inbound> {
    let event: Event<'_> = match serde_json::from_slice(body) {
        Ok(event) => event,
        Err(error) => {
            let reason = unreadable(&error);
            return vec![Inbound::Unreadable { reason }];
        }
    };
    let unknown = |why: &str| {
        let name = code(&event.kind);
        let name = name.unwrap_or_else(|| "an event without a plain name".to_owned());
        let topic = format!("{why}{name}");
        vec![Inbound::Unknown { topic }]
    };
    let Some((of, happened)) = event.kind.rsplit_once('.') else {
        return unknown("");
    };
    let kind = match (of, happened, event.resource_type.as_deref()) {
        // A buyer's approval is not a payment.
        ("CHECKOUT.ORDER", "COMPLETED", _) => "order",
        ("CHECKOUT.ORDER" | "CHECKOUT.PAYMENT-APPROVAL", ..) => return unknown("not_yet:"),
        ("PAYMENT.AUTHORIZATION", ..) => "authorization",
        ("PAYMENT.CAPTURE" | "PAYMENT.REFUND", _, Some("refund")) | ("PAYMENT.REFUND", ..) => {
            "refund"
        }
        ("PAYMENT.CAPTURE", ..) => "capture",
        ("CUSTOMER.DISPUTE", ..) => "dispute",
        _ => return unknown(""),
    };
    let subject: Subject = match serde_json::from_str(event.resource.get()) {
        Ok(subject) => subject,
        Err(error) => {
            let reason = unreadable(&error);
            return vec![Inbound::Unreadable { reason }];
        }
    };
    // All events of one checkout order ask for the same look-up, where they say whose they are.
    let order = subject.order().filter(|_| kind != "dispute");
    let (kind, id) = match (
        order,
        subject.dispute_id.as_deref().or(subject.id.as_deref()),
    ) {
        (Some(order), _) => ("order", Some(order)),
        (None, own) => (kind, own),
    };
    let Some(id) = id.and_then(path_id) else {
        let reason = "the event does not name what it is about".to_owned();
        return vec![Inbound::Unreadable { reason }];
    };
    vec![Inbound::Changed(Resource {
        kind: kind.to_owned(),
        id: id.to_owned(),
    })]
}
