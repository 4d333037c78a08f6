//! The other names of an order that its events make known.

use std::collections::BTreeSet;

use orderhub_domain::canonical::Terms;
use orderhub_domain::ids::Slug;
use orderhub_domain::order::{Event, LabelEvidence, Order, PaymentEvidence, Recorded, ReturnEvent};

use crate::ports::{OrderRef, RefKind};

/// References that these events make known for the first time.
///
/// A label for the way back does not say through which connection its parcel will be heard of: it may be any
/// of `carriers`. A label for the way out is known by its carrier too: others than who sold it may follow it.
pub(super) fn new_refs(
    before: Option<&Order>,
    next: &Order,
    events: &[Recorded],
    carriers: &BTreeSet<Slug>,
) -> Vec<OrderRef> {
    let mut refs: Vec<OrderRef> = Vec::new();
    let mut know = |reference: OrderRef| {
        if !refs.contains(&reference) {
            refs.push(reference);
        }
    };
    let named = |kind, scope: &str, value: &str| OrderRef {
        kind,
        scope: scope.to_owned(),
        value: value.to_owned(),
    };
    for recorded in events {
        match &recorded.event {
            Event::Received(received) => {
                for tender in &received.draft.tenders {
                    if let Terms::Authorized {
                        gateway: Some(gateway),
                        reference: Some(reference),
                        ..
                    } = &tender.terms
                    {
                        know(named(RefKind::Payment, gateway.as_str(), reference));
                    }
                }
            }
            Event::PaymentReported {
                tender, payment, ..
            } => {
                let index = usize::from(tender.saturating_sub(1));
                let known = before
                    .and_then(|order| order.tenders.get(index))
                    .and_then(|tender| tender.reference.as_deref());
                let gateway = next.tenders.get(index).and_then(|tender| tender.gateway());
                if let (Some(gateway), Some(reference)) = (gateway, payment_reference(payment))
                    && known != Some(reference)
                {
                    know(named(RefKind::Payment, gateway.as_str(), reference));
                }
            }
            Event::LabelReported {
                label:
                    LabelEvidence::Bought {
                        account,
                        carrier,
                        tracking_number,
                        ..
                    },
                ..
            } => {
                know(named(RefKind::Tracking, account.as_str(), tracking_number));
                know(OrderRef::of_parcel(carrier, tracking_number));
            }
            Event::Return(ReturnEvent::LabelIssued { label, .. }) => {
                for account in carriers {
                    let number = &label.tracking_number;
                    know(named(RefKind::Tracking, account.as_str(), number));
                }
            }
            _ => {}
        }
    }
    refs
}

/// The name that the order's own channel has for it, when this is its first event. The order is found by it
/// without any reference.
pub(super) fn own_name(first: &Recorded) -> Option<OrderRef> {
    match &first.event {
        Event::Received(received) => Some(OrderRef {
            kind: RefKind::Order,
            scope: received.channel_slug.to_string(),
            value: received.draft.external_id.clone(),
        }),
        _ => None,
    }
}

fn payment_reference(evidence: &PaymentEvidence) -> Option<&str> {
    match evidence {
        PaymentEvidence::ActionRequired { reference }
        | PaymentEvidence::Authorized { reference, .. }
        | PaymentEvidence::Captured { reference, .. }
        | PaymentEvidence::Voided { reference }
        | PaymentEvidence::Refunded { reference, .. } => Some(reference),
        PaymentEvidence::Declined { reference, .. } => reference.as_deref(),
        _ => None,
    }
}
